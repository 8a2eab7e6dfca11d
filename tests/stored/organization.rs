//! What an organisation stores.

use std::path::Path;

use app::domain::{
    id::{JobId, ProjectId, SpaceId},
    notification::Notification,
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::{ANA, content, explores, put, text};

const TUNNELED: &str = "s3cret-of-the-warehouse";

/// Ana has one of everything that an organisation can have; what of it a path can name.
pub(super) async fn journey(app: &TestApp, ana: &Actor<'_>, login: &str) -> Value {
    let made = async |path: &str, body: Value| {
        let answer = ana.post(path).json(&body).await;
        assert!(answer.status.is_success(), "{path}: {answer}");
        answer.json()["results"].clone()
    };
    let me = app.account(ANA).await.id;
    let key = made("/api/v1/ssh/key-pairs", json!({})).await;
    let warehouse = json!({
        "type": "postgres", "host": "db.example.com", "user": "reader", "password": TUNNELED, "port": 5432,
        "dbname": "dwh", "schema": "public",
    });
    let project = json!({
        "name": "Jaffle", "type": "DEFAULT", "dbtConnection": { "type": "none" }, "dbtVersion": "v1.9",
        "warehouseConnection": warehouse,
    });
    let project = made("/api/v1/org/projects", project).await;
    let project = text(&project["project"]["projectUuid"]);
    let preview = json!({
        "name": "Preview", "type": "PREVIEW", "dbtConnection": { "type": "none" }, "dbtVersion": "v1.9",
        "upstreamProjectUuid": project,
    });
    made("/api/v1/org/projects", preview).await;
    let group = json!({ "name": "Sales", "members": [{ "userUuid": me }] });
    let group = text(&made("/api/v1/org/groups", group).await["uuid"]);
    let grant = format!("/api/v1/groups/{group}/projects/{project}");
    made(&grant, json!({ "role": "editor" })).await;
    let access = format!("/api/v1/projects/{project}/access");
    // The mail of the grant stays a job, as nobody works here.
    let grant = json!({ "email": ANA, "role": "viewer", "sendEmail": true });
    made(&access, grant).await;
    let spaces = format!("/api/v1/projects/{project}/spaces");
    let space = text(&made(&spaces, json!({ "name": "Forecast" })).await["uuid"]);
    let share = format!("{spaces}/{space}/group/share");
    made(&share, json!({ "groupUuid": group, "spaceRole": "viewer" })).await;
    let attribute = json!({
        "name": "region", "attributeDefault": "none", "users": [{ "userUuid": me, "value": "south" }],
        "groups": [{ "groupUuid": group, "value": "north" }],
    });
    made("/api/v1/org/attributes", attribute).await;
    let link = json!({ "path": "/projects", "params": "?x=1" });
    let link = text(&made("/api/v1/share", link).await["nanoid"]);
    let invited = json!({ "email": "bob@example.com", "role": "editor" });
    let invited = made("/api/v1/invite-links", invited).await;
    let note = Notification::new(me, &app.app.random, app.app.clock.now());
    app.app.store.put_notification(&note).await.unwrap();
    let explores = explores::journey(app, ana, &project, login).await;
    let content = content::journey(app, ana, &project, &space).await;
    json!({
        "cookie": ana.cookie(), "project": project, "explores": explores, "content": content, "group": group, "space": space, "share": link,
        "publicKey": key["publicKey"], "invitation": invited["inviteCode"],
    })
}

/// Everything is there and says what it said. Of each kind there is one item, so lists are what is left of them.
pub(super) async fn is_read(version: &Path, known: &Value) {
    let app = TestApp::new(local::api()).await;
    let items = put(&app, version);
    let named = |name: &str| text(&known[name]);
    let ana = app.anonymous().with_cookie(&named("cookie"));
    let me = app.account(ANA).await;
    let (project, space) = (named("project"), named("space"));

    // user, member and counts; group, group row, group name, group member, owned.
    let found = ana.get("/api/v1/org/users?includeGroups=5").await.ok();
    assert_eq!(found["data"][0]["groups"][0]["name"], "Sales");
    let found = ana.get("/api/v1/org/groups?includeMembers=1").await.ok();
    assert_eq!(found["data"][0]["members"][0]["email"], ANA);
    let again = ana
        .post("/api/v1/org/groups")
        .json(&json!({ "name": "Sales" }));
    assert_eq!(again.await.refusal(), "409 AlreadyExistsError");

    // project, project row, warehouse and dbt connection, project member, granted project, project group, group project.
    let found = ana.get("/api/v1/org/projects").await.ok();
    assert_eq!(found[0]["name"], "Jaffle");
    let found = ana.get(&format!("/api/v1/projects/{project}")).await.ok();
    assert_eq!(found["warehouseConnection"]["host"], "db.example.com");
    assert_eq!(found["dbtConnection"]["type"], "none");
    let id = ProjectId::parse(&project).unwrap();
    let (warehouse, _) = app.app.store.connections(id).await.unwrap();
    let sealed = warehouse.unwrap().sealed;
    let opened = app.app.seal.open(&sealed, &[("project", &project)]).await;
    assert!(String::from_utf8_lossy(&opened.unwrap()).contains(TUNNELED));
    let found = ana.get(&format!("/api/v1/projects/{project}/access")).await;
    assert_eq!(found.ok()[0]["role"], "viewer");
    let path = format!("/api/v1/projects/{project}/groupAccesses");
    assert_eq!(ana.get(&path).await.ok()[0]["role"], "editor");
    assert_eq!(app.app.store.project_roles(&me).await.unwrap().len(), 2);

    // space, space slug, space path (from the fourth on), granted space, group space.
    let path = format!("/api/v1/projects/{project}/spaces");
    let spaces = ana.get(&path).await.ok();
    assert_eq!(spaces.as_array().unwrap().len(), 1);
    let stored = SpaceId::parse(spaces[0]["uuid"].as_str().unwrap()).unwrap();
    let found = ana.get(&format!("{path}/{stored}")).await.ok();
    assert_eq!(found["projectUuid"], project);
    if let Some(claim) = items.get("space path") {
        assert_eq!(claim["space"]["S"], space);
    }
    assert_eq!(items["granted space"]["space"]["S"], space);
    assert_eq!(items["group space"]["space"]["S"], space);

    // attribute, attribute name; share link; notification; ssh key; preview.
    let found = ana.get("/api/v1/org/attributes").await.ok();
    assert_eq!(found[0]["users"][0]["value"], "south");
    assert_eq!(found[0]["groups"][0]["value"], "north");
    let path = format!("/api/v1/share/{}", named("share"));
    assert_eq!(ana.get(&path).await.ok()["url"], "/projects?x=1");
    let path = "/api/v1/notifications?type=dashboardComments";
    assert_eq!(ana.get(path).await.ok().as_array().unwrap().len(), 1);
    let (public, now) = (named("publicKey"), app.app.clock.now());
    let organization = me.organization.unwrap();
    let key = app.app.store.ssh_key_of(organization, &public, now).await;
    assert_eq!(key.unwrap().unwrap().public_key, public);
    assert!(items["preview"]["sk"]["S"].is_string());

    if let Some(known) = known.get("explores") {
        explores::is_read(&app, &ana, &project, known).await;
    }
    if let Some(known) = known.get("content") {
        content::is_read(&app, &ana, &project, known).await;
    }

    // job: a mail that waits, or a sweep. Whichever it is, it can be done.
    let job = text(&items["job"]["id"]["S"]);
    let job = JobId::parse(&job).unwrap();
    if worker::run(&app.app, job).await.unwrap().is_some() {
        // It is not due yet.
        app.wait(60 * 4);
        assert_eq!(worker::run(&app.app, job).await.unwrap(), None);
    }

    // invitation, invitation link: of somebody whose account is not kept, so it leads nowhere, and can be taken back.
    let path = format!("/api/v1/invite-links/{}", named("invitation"));
    assert_eq!(ana.get(&path).await.refusal(), "404 NotExistsError");
    ana.delete("/api/v1/invite-links").await.ok();
    let left = app.items().into_values();
    let left = left.filter(|item| item["kind"]["S"] == "invitation link");
    assert_eq!(left.count(), 0);
}
