//! How somebody may sign in.

use app::{App, ClientAddress, Ok, Query, Reply, Result, Visitor, domain::limit::Limit};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Address {
    #[param(nullable = false)]
    #[serde(rename = "email")]
    _email: Option<String>,
}

/// The ways to sign in, and where to go at once when there is only one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginOptions {
    show_options: Vec<LoginOptionTypes>,
    force_redirect: bool,
}

/// A way to sign in. Only what is set up on the server is listed, and only passwords can be so far.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LoginOptionTypes {
    Email,
}

/// Lists the ways to sign in. An account's own methods are narrowed to those that are set up here, and an account with
/// none of them is answered like no account: so the answer is the same for every address, and tells nothing.
#[utoipa::path(get, path = "/api/v1/user/login-options", operation_id = "getLoginOptions", tag = "My Account",
               params(Address), responses((status = 200, body = Ok<LoginOptions>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_login_options(
    State(app): State<App>,
    _: Visitor,
    address: ClientAddress,
    Query(_): Query<Address>,
) -> Result<Reply<LoginOptions>> {
    let now = app.clock.now();
    let counter = app
        .config
        .limits
        .counter(Limit::LoginOptionsAddress, address.as_str(), now);
    app.store.count([&counter], now).await?;

    let show_options = app
        .config
        .password_login
        .then_some(LoginOptionTypes::Email)
        .into_iter()
        .collect();
    Ok(Reply(LoginOptions {
        show_options,
        force_redirect: false,
    }))
}
