//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire; what
//! the layers around every route answer stands in `wire.rs` and `paths.rs`, what becomes of sessions in `session.rs`.

mod feature_flag;
mod flash;
mod health;
mod login;
mod password_reset;
mod paths;
mod session;
mod wire;

use app::Api;
use serde_json::json;
use testing::{Actor, Answer, TestApp};

/// The routes of this area, and those that sessions are for.
fn api() -> Api {
    ::auth::router()
        .merge(my_account::router())
        .merge(organizations::router())
}

/// Signs somebody in with this password.
async fn log_in(actor: &Actor<'_>, email: &str, password: &str) -> Answer {
    let sent = json!({ "email": email, "password": password });
    actor.post("/api/v1/login").json(&sent).await
}

/// The status and error of signing in anew from the usual address.
async fn can_log_in(app: &TestApp, email: &str, password: &str) -> String {
    log_in(&app.anonymous(), email, password).await.refusal()
}
