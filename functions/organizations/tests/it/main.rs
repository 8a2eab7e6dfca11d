//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod allowed_domains;
mod attributes;
mod deletion;
mod groups;
mod invitations;
mod members;
mod onboarding;
mod organization;
mod palettes;
mod projects;

use app::Api;
use serde_json::{Value, json};
use testing::TestApp;

/// The routes of this area, and the account's.
fn api() -> Api {
    ::organizations::router()
        .merge(my_account::router())
        .merge(auth::router())
}

const ORG: &str = "/api/v1/org";
const USERS: &str = "/api/v1/org/users";
const MANY: [(&str, &str); 1] = [("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")];
/// Well-formed, and nobody's.
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The id of an account.
async fn id_of(app: &TestApp, email: &str) -> String {
    app.account(email).await.id.to_string()
}

/// Gives a field of somebody's profile or row a value that no route gives it so far.
fn set(app: &TestApp, kind: &str, email: &str, field: &str, value: Value) {
    let items = app.items();
    let item = items
        .values()
        .find(|item| item["kind"]["S"] == kind && item["email"]["S"] == email);
    let mut item = item.cloned().unwrap_or_default();
    item[field] = value;
    app.put_item(&item);
}

/// Lets somebody be as if invited: nothing to sign in with, and an invitation that ends then.
fn make_pending(app: &TestApp, email: &str, until: &str) {
    set(app, "user", email, "hasPassword", json!({ "BOOL": false }));
    set(app, "member", email, "isPending", json!({ "BOOL": true }));
    let until = json!({ "S": until });
    set(app, "member", email, "inviteExpiresAt", until);
}
