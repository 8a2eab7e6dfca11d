//! Signing in and out.

use app::{
    App, Beside, ClientAddress, Done, DoneOk, Error, Json, Ok, Reply, Result, Visitor,
    domain::{email::EmailAddress, limit::Limit, secret::Secret},
    view::UserView,
};
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What is sent is looked at by hand: what is missing is a 400, what is no text is just a wrong password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Login {
    #[schema(value_type = Value)]
    #[serde(default)]
    email: Value,
    #[schema(value_type = Value, write_only)]
    #[serde(default)]
    password: Value,
}

impl Login {
    /// The pair that was sent.
    ///
    /// # Errors
    /// `Invalid` when one is missing or empty, `Unauthenticated` when one is no text.
    fn pair(self) -> Result<(String, Secret)> {
        match (self.email, self.password) {
            (Value::Null, _) | (_, Value::Null) => Err(Error::invalid("Send email and password")),
            (Value::String(email), Value::String(password))
                if !email.is_empty() && !password.is_empty() =>
            {
                Ok((email, Secret::new(password)))
            }
            (Value::String(_), Value::String(_)) => Err(Error::invalid("Send email and password")),
            _ => Err(Error::Unauthenticated),
        }
    }
}

/// Signs in with a password; the answer to everything that is wrong with the pair is the same, and takes as long.
#[utoipa::path(post, path = "/api/v1/login", operation_id = "Login", tag = "My Account",
               request_body = Login, responses((status = 200, body = Ok<UserView>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn login(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
    beside: Beside,
    Json(body): Json<Login>,
) -> Result<Reply<UserView>> {
    let (email, password) = body.pair()?;
    if !app.config.password_login {
        return Err(Error::Forbidden(
            "Signing in with a password is turned off here",
        ));
    }
    let now = app.clock.now();
    let named = email.to_ascii_lowercase();
    let counter = |limit, subject: &str| app.config.limits.counter(limit, subject, now);
    let counters = [
        counter(Limit::LoginPair, &format!("{named} {}", address.as_str())),
        counter(Limit::LoginAccount, &named),
        counter(Limit::LoginAddress, address.as_str()),
    ];

    // Counted before the password is looked at, and taken back when it is right: only failures add up. The account comes
    // last, so that one address that is held back locks nobody else out.
    let [pair, account, from] = counters.each_ref();
    app.store.count([pair, from], now).await?;
    app.store.count([account], now).await?;
    let found = match EmailAddress::parse(&email) {
        Some(email) => app.store.login(&email).await?,
        None => None,
    };
    let (user, hash) = found.unzip();
    let right = app.verify(hash.flatten(), password).await?;
    let user = user.filter(|_| right).ok_or(Error::Unauthenticated)?;
    if !user.is_active {
        return Err(Error::Deactivated);
    }

    let (token, session) = app.new_session(&user);
    let old = visitor.0.map(|caller| caller.token);
    app.store
        .begin_session((&token, &session), old.as_ref())
        .await?;
    let store = app.store.clone();
    beside.run("take back counted sign-ins", async move {
        store.refund(&counters).await;
        Result::Ok(())
    });
    beside.set_session(&token, &session);
    Ok(Reply(UserView::without_rules(&app, user).await?))
}

/// Ends the caller's session, if any, and has the browser forget it. A GET, as clients know it.
#[utoipa::path(get, path = "/api/v1/logout", operation_id = "Logout", tag = "My Account",
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn logout(
    State(app): State<App>,
    visitor: Visitor,
    beside: Beside,
) -> Result<Done> {
    if let Some(caller) = visitor.0 {
        app.store.delete_session(&caller.token).await?;
    }

    beside.clear_session();
    Ok(Done)
}
