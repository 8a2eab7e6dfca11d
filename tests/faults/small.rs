//! Share links, SSH keys, notifications.

use app::domain::notification::Notification;
use http::Method;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";
const SHARE: &str = "/api/v1/share";
const KEYS: &str = "/api/v1/ssh/key-pairs";

fn target() -> Value {
    json!({ "path": "/projects", "params": "?a=1" })
}

/// Ana with a notice; its path.
async fn notified(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.user(ANA).await;
    let user = app.account(ANA).await.id;
    let notification = Notification::new(user, &app.app.random, app.app.clock.now());
    app.app.store.put_notification(&notification).await.unwrap();
    (ana, format!("/api/v1/notifications/{}", notification.id))
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!(
            "CreateShareUrl",
            "",
            |app| Plan::post(&app.admin(ANA, "Acme").await, SHARE, target()),
            Again::More
        ),
        scenario!("CreateShareUrl", "with an idempotency key", |app| {
            Plan::post(&app.admin(ANA, "Acme").await, SHARE, target()).keyed("once")
        }),
        scenario!("getShareUrl", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let made = ana.post(SHARE).json(&target()).await.json();
            Plan::get(
                &ana,
                format!("{SHARE}/{}", text(&made["results"]["nanoid"])),
            )
        }),
        scenario!(
            "createSshKeyPair",
            "",
            |app| Plan::new(&app.admin(ANA, "Acme").await, Method::POST, KEYS),
            Again::More
        ),
        scenario!("createSshKeyPair", "with an idempotency key", |app| {
            Plan::new(&app.admin(ANA, "Acme").await, Method::POST, KEYS).keyed("once")
        }),
        scenario!("getNotifications", "", |app| {
            let (ana, _) = notified(app).await;
            Plan::get(&ana, "/api/v1/notifications?type=dashboardComments")
        }),
        scenario!("updateNotification", "", |app| {
            let (ana, one) = notified(app).await;
            Plan::patch(&ana, one, json!({ "viewed": true }))
        }),
    ]
}
