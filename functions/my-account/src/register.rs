//! Signing up.

use app::{
    App, Beside, ClientAddress, Error, Json, Kind, Ok, Reply, Result, Visitor,
    domain::{
        email::EmailAddress,
        id::UserId,
        limit::Limit,
        otp::Otp,
        password::Password,
        secret::Secret,
        user::{User, person_name},
    },
    error::{FieldError, Fields},
    mail::Message,
    store::SignUp,
    view::UserView,
};
use axum::extract::State;
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use utoipa::ToSchema;

use crate::invitation;

/// Which form it is depends on whether there is an `inviteCode`.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum RegisterOrActivateUser {
    Invited(ActivateUserWithInviteCode),
    Fresh(CreateUserArgs),
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivateUserWithInviteCode {
    #[schema(write_only)]
    pub(crate) invite_code: Secret,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    #[schema(write_only)]
    pub(crate) password: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateUserArgs {
    email: EmailAddress,
    first_name: String,
    last_name: String,
    #[schema(write_only)]
    password: Secret,
    /// The key decides which form it is, whatever its value.
    #[serde(default, rename = "inviteCode", deserialize_with = "is_there")]
    #[schema(ignore)]
    has_invite_code: bool,
}

fn is_there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

/// Signs somebody up, or lets in who was invited: account, passcode mail, session. Succeeds, with a session, whether or not the mail goes out:
/// asking for another passcode is the retry.
#[utoipa::path(post, path = "/api/v1/user", operation_id = "RegisterUser", tag = "My Account",
               request_body = RegisterOrActivateUser, responses((status = 200, body = Ok<UserView>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn register_user(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
    beside: Beside,
    Json(body): Json<RegisterOrActivateUser>,
) -> Result<Reply<UserView>> {
    let body = match body {
        RegisterOrActivateUser::Fresh(body) if body.has_invite_code => {
            let message = "an inviteCode is text".to_owned();
            let field = FieldError {
                message,
                value: None,
            };
            return Err(Error::Malformed(Fields::from([("body".to_owned(), field)])));
        }
        RegisterOrActivateUser::Fresh(body) => body,
        RegisterOrActivateUser::Invited(body) => {
            return invitation::accept(app, visitor, address, beside, body).await;
        }
    };
    let (first_name, last_name) = (
        person_name(&body.first_name)?,
        person_name(&body.last_name)?,
    );
    let password = Password::new(body.password)?;
    let now = app.clock.now();
    let limits = &app.config.limits;
    // Counted whatever comes of it: the answer tells whether an address is taken, and hashing is expensive.
    let registered = limits.counter(Limit::RegisterAddress, address.as_str(), now);
    app.store.count([&registered], now).await?;
    gate(&app, &body.email).await?;
    if app.store.user_of_email(&body.email).await?.is_some() {
        return Err(Error::Exists(Kind::Email));
    }

    let user = User::new(
        UserId::new(&app.random),
        body.email,
        first_name,
        last_name,
        now,
    );
    let counters = [
        limits.counter(Limit::PasscodeRequestAccount, user.email.as_str(), now),
        limits.counter(Limit::PasscodeRequestAddress, address.as_str(), now),
    ];
    let hash = app.hash(password).await?;
    let (otp, code) = Otp::issue(&user.email, &app.otp_key().await?, &app.random, now);
    let old = visitor.0.map(|caller| caller.token);
    let (token, session) = app.new_session(&user);
    let sign_up = SignUp {
        user: &user,
        password: &hash,
        otp: &otp,
        session: (&token, &session),
        old_session: old.as_ref(),
        counters: counters.each_ref(),
    };
    app.store.register(sign_up, now).await?;
    beside.set_session(&token, &session);

    mail_passcode(&app, &beside, &otp, &code);
    Ok(Reply(UserView::with_rules(&app, user).await?))
}

/// Mails a passcode beside the answer.
pub(crate) fn mail_passcode(app: &App, beside: &Beside, otp: &Otp, code: &Secret) {
    let (mail, email) = (app.mail.clone(), otp.email.clone());
    let message = Message::passcode(code, otp.expires_at);
    beside.run("mail a passcode", async move {
        mail.send(&email, message).await
    });
}

/// Without passwords, nobody begins with one.
pub(crate) fn password_gate(app: &App) -> Result<()> {
    if !app.config.password_login {
        return Err(Error::Forbidden(
            "Signing up with a password is turned off here",
        ));
    }
    Ok(())
}

/// A server for one organisation takes in nobody else once it has one, unless that one takes in the address's domain.
async fn gate(app: &App, email: &EmailAddress) -> Result<()> {
    let full = !app.config.allow_multiple_orgs
        && app.store.has_organization().await?
        && !app.store.is_domain_allowed(email.domain()).await?;
    if full {
        return Err(Error::Forbidden(
            "Ask an admin of the organization for an invitation",
        ));
    }
    password_gate(app)
}
