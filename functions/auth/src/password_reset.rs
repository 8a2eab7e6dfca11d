//! A new password for somebody who has forgotten theirs.

use app::{
    App, ClientAddress, Done, DoneOk, Error, Json, Kind, Path, Result, Visitor,
    domain::{
        email::EmailAddress,
        limit::Limit,
        link::{ResetLink, code_hash},
        password::Password,
        secret::Secret,
        user::User,
    },
    mail::Message,
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, ToSchema)]
pub(crate) struct RequestPasswordReset {
    email: String,
}

/// Mails a reset link. The answer is the same whether the address is known or not.
#[utoipa::path(post, path = "/api/v1/password-reset", operation_id = "RequestPasswordReset", tag = "My Account",
               request_body = RequestPasswordReset, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn request_password_reset(
    State(app): State<App>,
    _: Visitor,
    address: ClientAddress,
    beside: app::Beside,
    Json(body): Json<RequestPasswordReset>,
) -> Result<Done> {
    let now = app.clock.now();
    let counter = |limit, subject| app.config.limits.counter(limit, subject, now);
    app.store
        .count([&counter(Limit::ResetAddress, address.as_str())], now)
        .await?;
    let Some(email) = EmailAddress::parse(&body.email) else {
        return Ok(Done);
    };
    app.store
        .count([&counter(Limit::ResetAccount, email.as_str())], now)
        .await?;

    let known = app.store.login(&email).await?.map(|(user, _)| user);
    if let Some(user) = known
        && app.store.may_have_password(&user, now).await?
    {
        let (link, code) = ResetLink::issue(&user, &app.random, now);
        app.store
            .put_reset_link(&code_hash(code.reveal()), &link)
            .await?;
        let message = Message::reset(&app.config.site_url, &code, link.expires_at);
        // A failure is told to the log only: an error here would tell that the address is known.
        let mail = app.mail.clone();
        beside.run("mail a reset link", async move {
            mail.send(&email, message).await
        });
    }
    Ok(Done)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ResetCode {
    code: String,
}

/// Says whether a reset link still works.
#[utoipa::path(get, path = "/api/v1/password-reset/{code}", operation_id = "GetPasswordReset", tag = "My Account",
               params(ResetCode), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_password_reset(
    State(app): State<App>,
    _: Visitor,
    Path(path): Path<ResetCode>,
) -> Result<Done> {
    usable(&app, &code_hash(&path.code)).await?;

    Ok(Done)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetPassword {
    #[schema(write_only)]
    code: Secret,
    #[schema(write_only)]
    new_password: Secret,
}

/// Sets a password by link. The link is used up, all sessions, tokens and other links end, and nobody is signed in by it.
#[utoipa::path(post, path = "/api/v1/user/password/reset", operation_id = "ResetPassword", tag = "My Account",
               request_body = ResetPassword, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn reset_password(
    State(app): State<App>,
    _: Visitor,
    beside: app::Beside,
    Json(body): Json<ResetPassword>,
) -> Result<Done> {
    let link = code_hash(body.code.reveal());
    let user = usable(&app, &link).await?;
    let password = Password::new(body.new_password)?;

    let hash = app.hash(password).await?;
    let now = app.clock.now();
    // Whoever proves the mailbox must not find a stranger's key in the lock: tokens end, too. First while the link can
    // be used again, should this die; then once more, for one that was made until the sessions ended.
    app.store.delete_tokens(user.id).await?;
    app.store
        .set_password(&user, &hash, Some(&link), now)
        .await?;
    let (store, id) = (app.store.clone(), user.id);
    beside.run("end tokens", async move { store.delete_tokens(id).await });

    let (mail, message) = (
        app.mail.clone(),
        Message::password_changed(&app.config.site_url, now),
    );
    beside.run("mail a notice", async move {
        mail.send(&user.email, message).await
    });
    Ok(Done)
}

/// The user that a link works for.
async fn usable(app: &App, code_hash: &str) -> Result<User> {
    let now = app.clock.now();
    let gone = Error::NotExists(Kind::ResetLink);
    let Some(link) = app.store.reset_link(code_hash, now).await? else {
        return Err(gone);
    };
    let user = app.store.user(link.user).await?;
    let Some(user) = user.filter(|user| link.is_usable(user, now)) else {
        return Err(gone);
    };
    if app.store.may_have_password(&user, now).await? {
        Ok(user)
    } else {
        Err(gone)
    }
}
