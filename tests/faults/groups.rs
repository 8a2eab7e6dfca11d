//! Groups and their roles.

use app::domain::{access::ProjectRole, group::Group};
use http::Method;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario};

const ANA: &str = "ana@example.com";
const BOB: &str = "bob@example.com";
const ZOE: &str = "zoe@example.com";
const GROUPS: &str = "/api/v1/org/groups";

/// Ana, admin of an organisation with Bob and Zoe.
async fn acme(app: &TestApp) -> Actor<'_> {
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    app.viewer(ZOE).await;
    ana
}

/// The same with a group that Bob is in; its path.
async fn group(app: &TestApp) -> (Actor<'_>, String) {
    let ana = acme(app).await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    app.wait(1);
    (ana, path(&group))
}

fn path(group: &Group) -> String {
    format!("/api/v1/groups/{}", group.id)
}

/// The same with a project, and the role of the group in it if there is one.
async fn grant(app: &TestApp, role: Option<ProjectRole>) -> (Actor<'_>, String) {
    let ana = acme(app).await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    let project = app.project(ANA, "Jaffle").await;
    if let Some(role) = role {
        app.grant_group(&project, &group, role).await;
    }
    (ana, format!("{}/projects/{}", path(&group), project.id))
}

async fn members(app: &TestApp, emails: &[&str]) -> Value {
    let mut members = Vec::new();
    for email in emails {
        members.push(json!({ "userUuid": app.account(email).await.id }));
    }
    json!(members)
}

/// Whether a member of the group has a role in any project.
async fn has_role(app: &TestApp) -> bool {
    let bob = app.account(BOB).await;
    !app.app.store.project_roles(&bob).await.unwrap().is_empty()
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("ListGroupsInOrganization", "", |app| {
            let (ana, _) = group(app).await;
            Plan::get(&ana, format!("{GROUPS}?includeMembers=1&page=1&pageSize=5"))
        }),
        scenario!(
            "CreateGroupInOrganization",
            "",
            |app| Plan::post(&acme(app).await, GROUPS, json!({ "name": "Sales" })),
            refused!("409 AlreadyExistsError", |_app| ())
        ),
        Scenario {
            resumes: true,
            ..scenario!(
                "CreateGroupInOrganization",
                "with members and an idempotency key",
                |app| {
                    let ana = acme(app).await;
                    let members = members(app, &[ANA, BOB, ZOE]).await;
                    let body = json!({ "name": "Sales", "members": members });
                    Plan::post(&ana, GROUPS, body).keyed("once")
                }
            )
        },
        scenario!("getGroup", "", |app| {
            let (ana, one) = group(app).await;
            Plan::get(&ana, format!("{one}?includeMembers=1"))
        }),
        scenario!("updateGroup", "with another name", |app| {
            let (ana, one) = group(app).await;
            Plan::patch(&ana, one, json!({ "name": "Marketing" }))
        }),
        Scenario {
            resumes: true,
            ..scenario!(
                "updateGroup",
                "with another name and other members",
                |app| {
                    let (ana, one) = group(app).await;
                    let members = members(app, &[ANA, ZOE]).await;
                    let body = json!({ "name": "Marketing", "members": members });
                    Plan::patch(&ana, one, body)
                }
            )
        },
        scenario!(
            "deleteGroup",
            "with a member and a role",
            |app| {
                let (ana, one) = grant(app, Some(ProjectRole::Editor)).await;
                let (one, _) = one.split_once("/projects/").unwrap();
                Plan::delete(&ana, one)
            },
            refused!("404 NotFoundError", |app| assert!(!has_role(app).await))
        ),
        scenario!("getGroupMembers", "", |app| {
            let (ana, one) = group(app).await;
            Plan::get(&ana, format!("{one}/members"))
        }),
        scenario!(
            "addUserToGroup",
            "",
            |app| {
                let (ana, one) = group(app).await;
                let zoe = app.account(ZOE).await.id;
                Plan::new(&ana, Method::PUT, format!("{one}/members/{zoe}"))
            },
            refused!("204 (no error)", |app| {
                assert_eq!(app.account(ZOE).await.groups.len(), 1);
            })
        ),
        scenario!(
            "removeUserFromGroup",
            "",
            |app| {
                let (ana, one) = group(app).await;
                let bob = app.account(BOB).await.id;
                Plan::delete(&ana, format!("{one}/members/{bob}"))
            },
            refused!("204 (no error)", |app| {
                assert_eq!(app.account(BOB).await.groups.len(), 0);
            })
        ),
        scenario!(
            "addProjectAccessToGroup",
            "",
            |app| {
                let (ana, one) = grant(app, None).await;
                Plan::post(&ana, one, json!({ "role": "editor" }))
            },
            refused!("409 AlreadyExistsError", |app| assert!(has_role(app).await))
        ),
        scenario!(
            "addProjectAccessToGroup",
            "with an idempotency key",
            |app| {
                let (ana, one) = grant(app, None).await;
                Plan::post(&ana, one, json!({ "role": "editor" })).keyed("once")
            }
        ),
        scenario!("updateProjectAccessForGroup", "", |app| {
            let (ana, one) = grant(app, Some(ProjectRole::Editor)).await;
            Plan::patch(&ana, one, json!({ "role": "viewer" }))
        }),
        scenario!(
            "removeProjectAccessFromGroup",
            "",
            |app| {
                let (ana, one) = grant(app, Some(ProjectRole::Editor)).await;
                Plan::delete(&ana, one)
            },
            refused!("204 (no error)", |app| assert!(!has_role(app).await))
        ),
    ]
}
