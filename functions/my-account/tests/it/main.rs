//! The area's tests: one file per file of routes, or several where there is much to say, each with the normal case and
//! every refusal, quoting the wire.

mod deletion;
mod email;
mod idempotency;
mod identities;
mod invitation;
mod login_options;
mod organizations;
mod password;
mod profile;
mod register;
mod register_form;
mod setup;
mod token_rotation;
mod tokens;
mod warehouse_credentials;

use app::Api;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

/// The routes that an account meets: this area's, signing in, and the organisation.
fn api() -> Api {
    my_account::router()
        .merge(auth::router())
        .merge(::organizations::router())
}

/// Somebody with a verified address and an organisation of their own, Acme.
async fn admin<'a>(app: &'a TestApp, email: &str) -> Actor<'a> {
    let actor = app.verified(email).await;
    actor
        .put("/api/v1/org")
        .json(&json!({ "name": "Acme" }))
        .await
        .ok();
    actor
}

/// Opens an admin's organisation to the domain of their address; answers its id.
async fn open(admin: &Actor<'_>) -> String {
    admin
        .patch("/api/v1/user/me/complete")
        .json(
            &json!({ "organizationName": "Acme", "jobTitle": "", "enableEmailDomainAccess": true,
            "isMarketingOptedIn": false, "isTrackingAnonymized": true }),
        )
        .await
        .ok();
    let organization = admin.get("/api/v1/org").await.ok();
    organization["organizationUuid"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Joins an organisation that takes in the actor's domain.
async fn join(actor: &Actor<'_>, organization: &str) {
    let path = format!("/api/v1/user/me/joinOrganization/{organization}");
    actor.post(&path).await.ok();
}

/// What the worker does of a deletion: a walk, and another a minute later.
async fn finish_deletion(app: &TestApp) {
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
}

/// Gives a field of somebody's profile a value that no route gives it so far.
fn set(app: &TestApp, email: &str, field: &str, value: Value) {
    let items = app.items();
    let user = items
        .values()
        .find(|item| item["kind"]["S"] == "user" && item["email"]["S"] == email);
    let mut user = user.cloned().unwrap_or_default();
    user[field] = value;
    app.put_item(&user);
}

/// Everything in the table, as text.
fn stored(app: &TestApp) -> String {
    let items = app.items();
    let items: Vec<&Value> = items.values().collect();
    json!(items).to_string()
}
