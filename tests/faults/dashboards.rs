//! Dashboards and the comments on them.

use http::Method;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";
const BOB: &str = "bob@example.com";

/// Where Ana's dashboards are, and a public space for them.
async fn project(app: &TestApp) -> (Actor<'_>, String, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await.id;
    let spaces = format!("/api/v1/projects/{project}/spaces");
    let body = json!({ "name": "Space", "isPrivate": false });
    let space = ana.post(&spaces).json(&body).await.ok();
    let dashboards = format!("/api/v1/projects/{project}/dashboards");
    (ana, dashboards, text(&space["uuid"]))
}

fn tile(id: &str) -> Value {
    json!({
        "uuid": id, "type": "markdown", "x": 0, "y": 0, "w": 6, "h": 4, "properties": { "title": "Tile", "content": "" },
    })
}

fn new(space: &str) -> Value {
    json!({ "name": "New", "tiles": [tile("a")], "tabs": [], "spaceUuid": space })
}

/// Ana, the path of a dashboard of hers, and where all of them are.
async fn made(app: &TestApp) -> (Actor<'_>, String, String) {
    let (ana, dashboards, space) = project(app).await;
    let made = ana.post(&dashboards).json(&new(&space)).await;
    let id = text(&made.json()["results"]["uuid"]);
    (ana, format!("/api/v1/dashboards/{id}"), dashboards)
}

/// The same with a second version; the path of the first one's id is the third.
async fn saved(app: &TestApp) -> (Actor<'_>, String, String) {
    let (ana, path, _) = made(app).await;
    let body = json!({ "tiles": [tile("b")] });
    ana.patch(&path).json(&body).await.ok();
    let history = ana.get(&format!("{path}/history")).await.ok();
    let first = text(&history["history"][1]["versionUuid"]);
    (ana, path, first)
}

/// Where the comments on a dashboard are.
fn comments(path: &str) -> String {
    path.replace("/v1/", "/v1/comments/")
}

fn saying(text: &str) -> Value {
    json!({ "text": text, "textHtml": "", "mentions": [] })
}

/// A thread with an answer; the path of its first comment.
async fn thread(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, path, _) = made(app).await;
    let tile = format!("{}/a", comments(&path));
    let first = text(&ana.post(&tile).json(&saying("Look")).await.ok());
    let mut answer = saying("I see");
    answer["replyTo"] = json!(first);
    ana.post(&tile).json(&answer).await.ok();
    (ana, format!("{}/{first}", comments(&path)))
}

fn changing() -> Vec<Scenario> {
    vec![
        scenario!(
            "createDashboard",
            "",
            |app| {
                let (ana, dashboards, space) = project(app).await;
                Plan::post(&ana, dashboards, new(&space))
            },
            Again::More
        ),
        scenario!("createDashboard", "with an idempotency key", |app| {
            let (ana, dashboards, space) = project(app).await;
            Plan::post(&ana, dashboards, new(&space)).keyed("once")
        }),
        scenario!(
            "createDashboard",
            "a copy, with an idempotency key",
            |app| {
                let (ana, path, dashboards) = made(app).await;
                let source = path.rsplit('/').next().unwrap();
                let path = format!("{dashboards}?duplicateFrom={source}");
                let body = json!({ "dashboardName": "Copy", "dashboardDesc": "" });
                Plan::post(&ana, path, body).keyed("once")
            }
        ),
        scenario!("updateDashboards", "", |app| {
            let (ana, path, dashboards) = made(app).await;
            let read = ana.get(&path).await.ok();
            let one =
                json!({ "uuid": read["uuid"], "name": "Renamed", "spaceUuid": read["spaceUuid"] });
            Plan::patch(&ana, dashboards, json!([one]))
        }),
        scenario!("updateDashboard", "with a new version", |app| {
            let (ana, path, _) = made(app).await;
            let body = json!({ "name": "Renamed", "tiles": [tile("b")] });
            Plan::patch(&ana, path, body)
        }),
        scenario!(
            "deleteDashboard",
            "",
            |app| {
                let (ana, path, _) = made(app).await;
                Plan::delete(&ana, path)
            },
            refused!("404 NotFoundError", |_app| ())
        ),
        scenario!("rollbackDashboard", "", |app| {
            let (ana, path, first) = saved(app).await;
            Plan::new(&ana, Method::POST, format!("{path}/rollback/{first}"))
        }),
        scenario!(
            "toggleDashboardPinning",
            "",
            |app| {
                let (ana, path, _) = made(app).await;
                Plan::new(&ana, Method::PATCH, format!("{path}/pinning"))
            },
            Again::More
        ),
    ]
}

fn reading() -> Vec<Scenario> {
    vec![
        scenario!("getDashboards", "", |app| {
            let (ana, _, dashboards) = made(app).await;
            Plan::get(&ana, dashboards)
        }),
        Scenario {
            // Who opened it is counted beside the answer.
            beside: &["", "views"],
            ..scenario!("getDashboard", "", |app| {
                let (ana, path, _) = made(app).await;
                Plan::get(&ana, path)
            })
        },
        scenario!("getDashboardViews", "", |app| {
            let (ana, path, _) = made(app).await;
            Plan::get(&ana, format!("{path}/views"))
        }),
        scenario!("getDashboardHistory", "", |app| {
            let (ana, path, _) = saved(app).await;
            Plan::get(&ana, format!("{path}/history"))
        }),
        scenario!("getDashboardVersion", "", |app| {
            let (ana, path, first) = saved(app).await;
            Plan::get(&ana, format!("{path}/version/{first}"))
        }),
        scenario!("getDashboardAvailableFilters", "of no chart", |app| {
            let (ana, ..) = made(app).await;
            Plan::post(&ana, "/api/v1/dashboards/availableFilters", json!([]))
        }),
        scenario!("getComments", "", |app| {
            let (ana, comment) = thread(app).await;
            let (comments, _) = comment.rsplit_once('/').unwrap();
            Plan::get(&ana, comments)
        }),
    ]
}

fn commenting() -> Vec<Scenario> {
    vec![
        scenario!(
            "createComment",
            "that mentions somebody",
            |app| {
                let (ana, path, _) = made(app).await;
                app.viewer(BOB).await;
                let mut body = saying("Look");
                body["mentions"] = json!([app.account(BOB).await.id]);
                Plan::post(&ana, format!("{}/a", comments(&path)), body)
            },
            Again::More
        ),
        scenario!("createComment", "with an idempotency key", |app| {
            let (ana, path, _) = made(app).await;
            let path = format!("{}/a", comments(&path));
            Plan::post(&ana, path, saying("Look")).keyed("once")
        }),
        scenario!("resolveComment", "", |app| {
            let (ana, comment) = thread(app).await;
            Plan::new(&ana, Method::PATCH, comment)
        }),
        Scenario {
            resumes: true,
            ..scenario!(
                "deleteComment",
                "with an answer",
                |app| {
                    let (ana, comment) = thread(app).await;
                    Plan::delete(&ana, comment)
                },
                refused!("404 NotFoundError", |_app| ())
            )
        },
    ]
}

pub(super) fn scenarios() -> Vec<Scenario> {
    [changing(), reading(), commenting()].concat()
}
