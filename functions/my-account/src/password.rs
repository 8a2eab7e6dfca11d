//! The caller's password.

use app::{
    App, Beside, Done, DoneOk, Error, Json, Kind, Ok, Reply, Result, SessionUser,
    domain::{limit::Limit, password::Password, secret::Secret},
    mail::Message,
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

/// Says whether the caller has a password.
#[utoipa::path(get, path = "/api/v1/user/password", operation_id = "HasPassword", tag = "My Account",
               responses((status = 200, body = Ok<bool>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn has_password(user: SessionUser) -> Reply<bool> {
    Reply(user.has_password)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangePassword {
    /// The current one; not needed for the first.
    #[schema(write_only, nullable = false)]
    password: Option<Secret>,
    #[schema(write_only)]
    new_password: Secret,
}

/// Changes the caller's password. All their sessions and reset links end, this one too.
#[utoipa::path(post, path = "/api/v1/user/password", operation_id = "ChangePassword", tag = "My Account",
               request_body = ChangePassword, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn change_password(
    State(app): State<App>,
    user: SessionUser,
    beside: Beside,
    Json(body): Json<ChangePassword>,
) -> Result<Done> {
    let now = app.clock.now();
    let counter =
        app.config
            .limits
            .counter(Limit::PasswordChangeAccount, &user.id.to_string(), now);
    let password = Password::new(body.new_password)?;
    if let Some(stored) = app.store.password(user.id).await? {
        app.store.count([&counter], now).await?;
        let right = match body.password {
            Some(current) => app.verify(Some(stored), current).await?,
            None => false,
        };
        if !right {
            return Err(Error::NotFound(Kind::Password));
        }
        app.store.refund(&[counter]).await;
    }

    let hash = app.hash(password).await?;
    app.store.set_password(&user, &hash, None, now).await?;

    let (mail, email) = (app.mail.clone(), user.email.clone());
    let message = Message::password_changed(&app.config.site_url, now);
    beside.run(
        "mail a notice",
        async move { mail.send(&email, message).await },
    );
    beside.clear_session();
    Ok(Done)
}
