//! Spaces and who may enter them.

use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";
const EDA: &str = "eda@example.com";

async fn spaces(app: &TestApp) -> String {
    let project = app.project(ANA, "Sales").await;
    format!("/api/v1/projects/{}/spaces", project.id)
}

async fn made(actor: &Actor<'_>, spaces: &str, body: Value) -> Value {
    actor.post(spaces).json(&body).await.ok()
}

/// A public space with one in it, which Ana and a group of Eda's were let into; its path.
async fn space(app: &TestApp, ana: &Actor<'_>) -> String {
    let spaces = spaces(app).await;
    let root = made(ana, &spaces, json!({ "name": "Root", "isPrivate": false })).await;
    let inside = json!({ "name": "In", "parentSpaceUuid": root["uuid"] });
    made(ana, &spaces, inside).await;
    let path = format!("{spaces}/{}", text(&root["uuid"]));
    let group = app.group(ANA, "Analysts", &[EDA]).await;
    let body = json!({ "groupUuid": group.id, "spaceRole": "viewer" });
    let share = format!("{path}/group/share");
    ana.post(&share).json(&body).await.ok();
    path
}

async fn eda(app: &TestApp) -> (Actor<'_>, String) {
    let eda = app.in_role(EDA, "editor").await;
    let id = app.account(EDA).await.id.to_string();
    (eda, id)
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("ListSpacesInProject", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let (eda, _) = eda(app).await;
            space(app, &ana).await;
            let spaces = spaces(app).await;
            Plan::get(&eda, spaces)
        }),
        scenario!("GetSpace", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let (eda, _) = eda(app).await;
            Plan::get(&eda, space(app, &ana).await)
        }),
        scenario!(
            "CreateSpaceInProject",
            "",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                Plan::post(&ana, spaces(app).await, json!({ "name": "New" }))
            },
            Again::More
        ),
        scenario!(
            "CreateSpaceInProject",
            "with an idempotency key, and somebody who is let in",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let (_, user) = eda(app).await;
                let spaces = spaces(app).await;
                let access = json!([{ "userUuid": user, "role": "editor" }]);
                let body = json!({ "name": "New", "access": access });
                Plan::post(&ana, spaces, body).keyed("once")
            }
        ),
        scenario!(
            "CreateSpaceInProject",
            "with an idempotency key, in another space",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let spaces = spaces(app).await;
                let root = made(&ana, &spaces, json!({ "name": "Root" })).await;
                let body = json!({ "name": "In", "parentSpaceUuid": root["uuid"] });
                Plan::post(&ana, spaces, body).keyed("once")
            }
        ),
        scenario!("UpdateSpace", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            eda(app).await;
            let space = space(app, &ana).await;
            Plan::patch(&ana, space, json!({ "name": "New" }))
        }),
        scenario!("UpdateSpace", "that is closed by an editor", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let (eda, _) = eda(app).await;
            let space = space(app, &ana).await;
            Plan::patch(&eda, space, json!({ "name": "New", "isPrivate": true }))
        }),
        Scenario {
            resumes: true,
            ..scenario!(
                "DeleteSpace",
                "with one in it, and a group that was let in",
                |app| {
                    let ana = app.admin(ANA, "Acme").await;
                    eda(app).await;
                    let space = space(app, &ana).await;
                    Plan::delete(&ana, space)
                },
                refused!("404 NotFoundError", |_app| ())
            )
        },
        scenario!("AddSpaceUserAccess", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let (_, user) = eda(app).await;
            let path = format!("{}/share", space(app, &ana).await);
            let body = json!({ "userUuid": user, "spaceRole": "editor" });
            Plan::post(&ana, path, body)
        }),
        scenario!("RevokeSpaceAccessForUser", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            eda(app).await;
            let space = space(app, &ana).await;
            let user = app.account(ANA).await.id;
            Plan::delete(&ana, format!("{space}/share/{user}"))
        }),
        scenario!("AddSpaceGroupAccess", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            eda(app).await;
            let path = format!("{}/group/share", space(app, &ana).await);
            let group = app.group(ANA, "Others", &[]).await;
            let body = json!({ "groupUuid": group.id, "spaceRole": "editor" });
            Plan::post(&ana, path, body)
        }),
        scenario!("RevokeGroupSpaceAccess", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            eda(app).await;
            let space = space(app, &ana).await;
            let seen = ana.get(&space).await.ok();
            let group = text(&seen["groupsAccess"][0]["groupUuid"]);
            Plan::delete(&ana, format!("{space}/group/share/{group}"))
        }),
    ]
}
