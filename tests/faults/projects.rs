//! Projects and who may enter them.

use app::domain::{access::ProjectRole, project::Project};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario};

const ANA: &str = "ana@example.com";
const MIA: &str = "mia@example.com";
const PROJECTS: &str = "/api/v1/org/projects";

fn body() -> Value {
    json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "latest", "dbtConnection": { "type": "none" },
        "warehouseConnection": {
            "type": "trino", "host": "h", "port": 8080, "dbname": "d", "schema": "s", "http_scheme": "https", "user": "u",
            "password": "hunter2-hunter2",
        },
    })
}

/// The same project with another port, without its password.
fn change() -> Value {
    let mut change = json!({ "name": "Revenue", "dbtConnection": { "type": "none" } });
    change["warehouseConnection"] = body()["warehouseConnection"].clone();
    change["warehouseConnection"]["port"] = json!(8443);
    change["warehouseConnection"]["password"] = json!("");
    change
}

fn preview(upstream: &Project) -> Value {
    json!({
        "name": "Preview", "type": "PREVIEW", "dbtVersion": "latest", "dbtConnection": { "type": "none" },
        "upstreamProjectUuid": upstream.id,
    })
}

/// Ana, and a project that lets in Mia and a group that Mia is in.
async fn shared(app: &TestApp) -> (Actor<'_>, Project) {
    let ana = app.admin(ANA, "Acme").await;
    app.in_role(MIA, "member").await;
    let sales = app.project(ANA, "Sales").await;
    app.grant(&sales, MIA, ProjectRole::Viewer).await;
    let group = app.group(ANA, "Group", &[MIA]).await;
    app.grant_group(&sales, &group, ProjectRole::Editor).await;
    (ana, sales)
}

fn of(project: &Project, rest: &str) -> String {
    format!("/api/v1/projects/{}{rest}", project.id)
}

async fn mias(app: &TestApp, project: &Project, route: &str) -> String {
    of(project, &format!("/{route}/{}", app.account(MIA).await.id))
}

async fn role_of_mia(app: &TestApp) -> Option<ProjectRole> {
    let mia = app.account(MIA).await;
    let roles = app.app.store.project_roles(&mia).await.unwrap();
    roles.first().map(|(_, role)| *role)
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("ListOrganizationProjects", "", |app| {
            let (ana, _) = shared(app).await;
            Plan::get(&ana, PROJECTS)
        }),
        scenario!("ListOrganizationProjects", "by a mere member", |app| {
            shared(app).await;
            let zoe = app.in_role("zoe@example.com", "member").await;
            let other = app.project(ANA, "Other").await;
            app.grant(&other, "zoe@example.com", ProjectRole::Viewer)
                .await;
            Plan::get(&zoe, PROJECTS)
        }),
        scenario!(
            "CreateProject",
            "",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                Plan::post(&ana, PROJECTS, body())
            },
            Again::More
        ),
        scenario!("CreateProject", "with an idempotency key", |app| {
            let ana = app.admin(ANA, "Acme").await;
            Plan::post(&ana, PROJECTS, body()).keyed("once")
        }),
        scenario!(
            "CreateProject",
            "that is a preview of a shared one",
            |app| {
                let (ana, sales) = shared(app).await;
                Plan::post(&ana, PROJECTS, preview(&sales)).keyed("once")
            }
        ),
        scenario!(
            "DeleteProject",
            "",
            |app| {
                let (ana, sales) = shared(app).await;
                Plan::delete(&ana, format!("{PROJECTS}/{}", sales.id))
            },
            refused!("404 NotExistsError", |app| {
                let ana = app.account(ANA).await;
                let organization = ana.organization.unwrap();
                let left = app.app.store.projects_of(organization, None).await;
                assert!(left.unwrap().is_empty());
            })
        ),
        scenario!("GetProject", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let made = ana.post(PROJECTS).json(&body()).await.ok();
            let id = super::scenario::text(&made["project"]["projectUuid"]);
            Plan::get(&ana, format!("/api/v1/projects/{id}"))
        }),
        scenario!("GetProjectGroupAccesses", "", |app| {
            let (ana, sales) = shared(app).await;
            Plan::get(&ana, of(&sales, "/groupAccesses"))
        }),
        scenario!("GetProjectAccessList", "", |app| {
            let (ana, sales) = shared(app).await;
            Plan::get(&ana, of(&sales, "/access"))
        }),
        scenario!("GetProjectMemberAccess", "", |app| {
            let (ana, sales) = shared(app).await;
            Plan::get(&ana, mias(app, &sales, "user").await)
        }),
        scenario!(
            "GrantProjectAccessToUser",
            "",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                app.in_role(MIA, "member").await;
                let sales = app.project(ANA, "Sales").await;
                let body = json!({ "email": MIA, "role": "editor", "sendEmail": true });
                Plan::post(&ana, of(&sales, "/access"), body)
            },
            refused!("409 AlreadyExistsError", |app| {
                assert_eq!(role_of_mia(app).await, Some(ProjectRole::Editor));
            })
        ),
        scenario!("UpdateProjectAccessForUser", "", |app| {
            let (ana, sales) = shared(app).await;
            let path = mias(app, &sales, "access").await;
            Plan::patch(&ana, path, json!({ "role": "admin" }))
        }),
        scenario!("RevokeProjectAccessForUser", "", |app| {
            let (ana, sales) = shared(app).await;
            let path = mias(app, &sales, "access").await;
            Plan::delete(&ana, path)
        }),
        scenario!("getUserWarehouseCredentialsPreference", "", |app| {
            let (ana, path) = connected(app).await;
            login(&ana).await;
            Plan::get(&ana, format!("{path}/user-credentials"))
        }),
        scenario!("updateUserWarehouseCredentialsPreference", "", |app| {
            let (ana, path) = connected(app).await;
            let login = login(&ana).await;
            let path = format!("{path}/user-credentials/{login}");
            Plan::new(&ana, http::Method::PATCH, path)
        }),
        scenario!("getCustomMetrics", "", |app| {
            let (ana, sales) = shared(app).await;
            Plan::get(&ana, of(&sales, "/custom-metrics"))
        }),
        scenario!("updateProjectMetadata", "", |app| {
            let (ana, sales) = shared(app).await;
            let made = ana.post(PROJECTS).json(&preview(&sales)).await.ok();
            let id = super::scenario::text(&made["project"]["projectUuid"]);
            let other = app.project(ANA, "Other").await;
            let path = format!("/api/v1/projects/{id}/metadata");
            Plan::patch(&ana, path, json!({ "upstreamProjectUuid": other.id }))
        }),
        scenario!("updateSchedulerSettings", "", |app| {
            let (ana, sales) = shared(app).await;
            let body = json!({ "schedulerTimezone": "Europe/Berlin" });
            Plan::patch(&ana, of(&sales, "/schedulerSettings"), body)
        }),
        scenario!("GetTablesConfiguration", "", |app| {
            let (ana, sales) = shared(app).await;
            Plan::get(&ana, of(&sales, "/tablesConfiguration"))
        }),
        scenario!("UpdateTablesConfiguration", "", |app| {
            let (ana, sales) = shared(app).await;
            let body = json!({ "tableSelection": { "type": "WITH_NAMES", "value": ["a"] } });
            Plan::patch(&ana, of(&sales, "/tablesConfiguration"), body)
        }),
        scenario!("updateProjectSemanticLayerConnection", "", |app| {
            let (ana, sales) = shared(app).await;
            Plan::patch(&ana, of(&sales, "/semantic-layer-connection"), cube("t"))
        }),
        scenario!(
            "updateProjectSemanticLayerConnection",
            "of one that is there",
            |app| {
                let (ana, sales) = shared(app).await;
                let path = of(&sales, "/semantic-layer-connection");
                ana.patch(&path).json(&cube("old")).await.ok();
                Plan::patch(
                    &ana,
                    path,
                    json!({ "type": "CUBE", "token": "new", "domain": "https://other.example.com" }),
                )
            }
        ),
        scenario!("deleteProjectSemanticLayerConnection", "", |app| {
            let (ana, sales) = shared(app).await;
            let path = of(&sales, "/semantic-layer-connection");
            ana.patch(&path).json(&cube("old")).await.ok();
            Plan::delete(&ana, path)
        }),
        scenario!("getTags", "", |app| {
            let (ana, path) = tagged(app).await;
            Plan::get(&ana, path.rsplit_once('/').unwrap().0)
        }),
        scenario!("createTag", "with an idempotency key", |app| {
            let (ana, sales) = shared(app).await;
            let body = json!({ "name": "Core", "color": "blue" });
            Plan::post(&ana, of(&sales, "/tags"), body).keyed("once")
        }),
        scenario!(
            "createTag",
            "",
            |app| {
                let (ana, sales) = shared(app).await;
                Plan::post(
                    &ana,
                    of(&sales, "/tags"),
                    json!({ "name": "Core", "color": "blue" }),
                )
            },
            refused!("409 AlreadyExistsError", |app| {
                let _ = app;
            })
        ),
        scenario!("updateTag", "", |app| {
            let (ana, path) = tagged(app).await;
            Plan::patch(&ana, path, json!({ "name": "Other" }))
        }),
        scenario!(
            "deleteTag",
            "",
            |app| {
                let (ana, path) = tagged(app).await;
                Plan::delete(&ana, path)
            },
            refused!("404 NotFoundError", |app| {
                let _ = app;
            })
        ),
        scenario!("replaceYamlTags", "", |app| {
            let (ana, sales) = shared(app).await;
            let path = of(&sales, "/tags/yaml");
            let old = json!([{ "name": "Old", "color": "gray", "yamlReference": "old" }]);
            ana.put(&path).json(&old).await.ok();
            let new = json!([{ "name": "New", "color": "gray", "yamlReference": "new" }]);
            Plan::new(&ana, http::Method::PUT, path).json(new)
        }),
        scenario!(
            "UpdateProject",
            "",
            |app| {
                let (ana, path) = connected(app).await;
                Plan::patch(&ana, path, change())
            },
            Again::More
        ),
        scenario!("UpdateProject", "with an idempotency key", |app| {
            let (ana, path) = connected(app).await;
            Plan::patch(&ana, path, change()).keyed("once")
        }),
        scenario!(
            "refresh",
            "",
            |app| {
                let (ana, sales) = shared(app).await;
                Plan::new(&ana, http::Method::POST, of(&sales, "/refresh"))
            },
            Again::More
        ),
        scenario!("refresh", "with an idempotency key", |app| {
            let (ana, sales) = shared(app).await;
            Plan::new(&ana, http::Method::POST, of(&sales, "/refresh")).keyed("once")
        }),
        scenario!("GetJob", "", |app| {
            let (ana, sales) = shared(app).await;
            let begun = ana.post(&of(&sales, "/refresh")).await.ok();
            let id = super::scenario::text(&begun["jobUuid"]);
            Plan::get(&ana, format!("/api/v1/jobs/{id}"))
        }),
        scenario!("webhook", "", |app| {
            let (ana, sales) = shared(app).await;
            Plan::post(&ana, of(&sales, "/dbt-cloud/webhook"), json!({}))
        }),
    ]
}

fn cube(token: &str) -> Value {
    json!({ "type": "CUBE", "token": token, "domain": "https://cube.example.com" })
}

/// Ana, and her project that has a warehouse.
async fn connected(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let made = ana.post(PROJECTS).json(&body()).await.ok();
    let id = super::scenario::text(&made["project"]["projectUuid"]);
    (ana, format!("/api/v1/projects/{id}"))
}

/// A login of the kind of that warehouse.
async fn login(who: &Actor<'_>) -> String {
    let credentials = json!({ "type": "trino", "user": "reader", "password": "hunter2-hunter2" });
    let body = json!({ "name": "dwh", "credentials": credentials });
    let made = who
        .post("/api/v1/user/warehouseCredentials")
        .json(&body)
        .await;
    super::scenario::text(&made.ok()["uuid"])
}

/// Ana, and a tag of her project.
async fn tagged(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, sales) = shared(app).await;
    let tags = of(&sales, "/tags");
    let made = ana
        .post(&tags)
        .json(&json!({ "name": "Core", "color": "blue" }))
        .await;
    let id = super::scenario::text(&made.json()["results"]["tagUuid"]);
    (ana, format!("{tags}/{id}"))
}
