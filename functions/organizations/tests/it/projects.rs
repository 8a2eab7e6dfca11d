#![expect(
    clippy::unwrap_used,
    reason = "what a helper does not find fails its test"
)]

use app::domain::{access::ProjectRole, id::ProjectId, project::MOST_PROJECTS};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

use crate::api;

const PROJECTS: &str = "/api/v1/org/projects";
const ANA: &str = "ana@acme.com";
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

fn one(id: impl std::fmt::Display) -> String {
    format!("{PROJECTS}/{id}")
}

fn postgres() -> Value {
    json!({
        "type": "postgres", "host": "db.acme.com", "port": 5432, "user": "s3cret-user", "password": "s3cret-password",
        "dbname": "dwh", "schema": "public", "sslmode": "require", "sslcert": "s3cret-cert", "sslkey": null,
        "requireUserCredentials": true, "isAdmin": "s3cret-extra",
    })
}

fn project(name: &str) -> Value {
    json!({
        "name": name, "type": "DEFAULT", "dbtVersion": "v1.9",
        "dbtConnection": { "type": "none", "target": "prod" },
        "warehouseConnection": postgres(),
    })
}

fn preview(upstream: impl std::fmt::Display) -> Value {
    json!({
        "name": "Preview", "type": "PREVIEW", "dbtVersion": "latest", "upstreamProjectUuid": upstream.to_string(),
        "dbtConnection": { "type": "none" }, "copyContent": true, "tableConfiguration": "prod",
    })
}

async fn make(actor: &Actor<'_>, body: &Value) -> Answer {
    actor.post(PROJECTS).json(body).await
}

/// Names of the caller's list, in its order.
async fn names(actor: &Actor<'_>) -> Vec<String> {
    let listed = actor.get(PROJECTS).await.ok();
    let listed = listed.as_array().unwrap().iter();
    listed
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

fn id_of(made: &Answer) -> ProjectId {
    ProjectId::parse(made.ok()["project"]["projectUuid"].as_str().unwrap()).unwrap()
}

/// Everything that the table holds, as text.
fn stored(app: &TestApp) -> String {
    format!("{:?}", app.items())
}

/// Who has a role in a project, as the table has it: kind of key, and role.
async fn let_in(app: &TestApp, id: ProjectId) -> (usize, usize) {
    let store = &app.app.store;
    let people = store.project_members(id).await.unwrap().len();
    (people, store.project_groups(id).await.unwrap().len())
}

#[tokio::test]
async fn an_admin_makes_a_project_and_has_no_role_of_their_own_in_it() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let made = make(&ana, &project(" Sales ")).await;
    assert_snapshot!(made, @r#"
    200 {
      "results": {
        "hasContentCopy": false,
        "project": {
          "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
          "dbtConnection": {
            "target": "prod",
            "type": "none"
          },
          "dbtVersion": "v1.9",
          "name": "Sales",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
          "projectUuid": "f4ed8686-223c-4faa-a823-0b2ae000550e",
          "schedulerTimezone": "UTC",
          "type": "DEFAULT",
          "warehouseConnection": {
            "dbname": "dwh",
            "host": "db.acme.com",
            "port": 5432,
            "requireUserCredentials": true,
            "schema": "public",
            "sslmode": "require",
            "type": "postgres"
          }
        }
      },
      "status": "ok"
    }
    "#);
    assert_snapshot!(ana.get(PROJECTS).await, @r#"
    200 {
      "results": [
        {
          "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
          "name": "Sales",
          "projectUuid": "f4ed8686-223c-4faa-a823-0b2ae000550e",
          "requireUserCredentials": true,
          "type": "DEFAULT",
          "upstreamProjectUuid": null,
          "warehouseType": "postgres"
        }
      ],
      "status": "ok"
    }
    "#);
    assert_eq!(ana.get("/api/v1/org").await.ok()["needsProject"], false);
    assert_eq!(let_in(&app, id_of(&made)).await, (0, 0));
    // Without a warehouse, and by a client that sends a slash.
    app.wait(1);
    let mut bare = project("Bare");
    bare.as_object_mut().unwrap().remove("warehouseConnection");
    let bare = ana.post("/api/v1/org/projects/").json(&bare).await.ok();
    assert_eq!(bare["project"].get("warehouseConnection"), None);
    assert_eq!(bare["project"]["dbtVersion"], "v1.9");
    let listed = ana.get(PROJECTS).await.ok();
    assert_eq!(
        (
            listed[1].get("warehouseType"),
            &listed[1]["requireUserCredentials"]
        ),
        (None, &json!(false))
    );
}

#[tokio::test]
async fn what_is_secret_is_sealed_for_the_project_and_never_shown() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let mut sent = project("Sales");
    sent["dbtConnection"] = json!({
        "type": "github", "authorization_method": "personal_access_token", "personal_access_token": "s3cret-pat",
        "repository": "acme/dbt", "branch": "main", "project_sub_path": "/", "installation_id": "42",
        "environment": [{ "key": "DBT_PASSWORD", "value": "s3cret-value" }],
    });
    let made = make(&ana, &sent).await;
    assert!(!made.text.contains("s3cret"), "{made}");
    assert_eq!(
        made.ok()["project"]["dbtConnection"]["environment"],
        json!([{ "key": "DBT_PASSWORD", "value": "" }])
    );
    assert!(!stored(&app).contains("s3cret"));
    assert!(!ana.get(PROJECTS).await.text.contains("s3cret"));

    let id = id_of(&made);
    let (warehouse, dbt) = app.app.store.connections(id).await.unwrap();
    let text = id.to_string();
    let open = async |sealed| {
        let opened = app.app.seal.open(sealed, &[("project", &text)]).await;
        serde_json::from_slice::<Value>(&opened.unwrap()).unwrap()
    };
    let warehouse = warehouse.unwrap();
    let mut whole = postgres();
    whole.as_object_mut().unwrap().remove("isAdmin");
    whole["sshTunnelPrivateKey"] = Value::Null;
    whole["sslrootcert"] = Value::Null;
    assert_eq!(open(&warehouse.sealed).await, whole);
    assert_eq!(open(&dbt.unwrap().sealed).await, sent["dbtConnection"]);
    let other = [("project", NOBODYS)];
    assert!(app.app.seal.open(&warehouse.sealed, &other).await.is_err());
}

#[tokio::test]
async fn what_is_not_shaped_like_a_project_is_refused_without_its_secrets() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let before = app.items();
    let without = |name: &str| {
        let mut sent = project("Sales");
        sent.as_object_mut().unwrap().remove(name);
        sent
    };
    let with = |name: &str, value: Value| {
        let mut sent = project("Sales");
        sent[name] = value;
        sent
    };
    let with_warehouse = |name: &str, value: Value| {
        let mut warehouse = postgres();
        warehouse[name] = value;
        with("warehouseConnection", warehouse)
    };
    for sent in [
        json!({}),
        without("type"),
        without("name"),
        without("dbtConnection"),
        without("dbtVersion"),
        with("type", json!("OTHER")),
        with("dbtVersion", json!("v0")),
        with(
            "dbtConnection",
            json!({ "type": "svn", "api_key": "s3cret" }),
        ),
        with(
            "dbtConnection",
            json!({ "type": "dbt_cloud_ide", "environment_id": 5, "api_key": "s3cret" }),
        ),
        with(
            "dbtConnection",
            json!({ "type": "none", "environment": [{ "key": "a", "value": ["s3cret"] }] }),
        ),
        with("upstreamProjectUuid", json!(null)),
        with_warehouse("type", json!("mysql")),
        with_warehouse("password", json!(["s3cret"])),
        with_warehouse("password", json!("s3cret\u{0}")),
        with_warehouse("port", json!("s3cret")),
        with_warehouse("port", json!(65536)),
        with_warehouse("port", json!(-1)),
        with_warehouse("startOfWeek", json!(7)),
        with_warehouse("host", json!(null)),
    ] {
        let reply = make(&ana, &sent).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{sent}");
        assert!(!reply.text.contains("s3cret"), "{reply}");
    }
    for name in ["", "  ", "a\nb", &"x".repeat(256)] {
        let reply = make(&ana, &project(name)).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name:?}");
    }
    let large = with_warehouse("sslcert", json!("x".repeat(64 * 1024)));
    assert_eq!(make(&ana, &large).await.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn who_may_make_which_project_follows_from_their_roles() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = id_of(&make(&ana, &project("Sales")).await);
    let sales_of = app.app.store.project(sales).await.unwrap().unwrap();
    let alone = json!({ "name": "P", "type": "PREVIEW", "dbtVersion": "latest", "dbtConnection": { "type": "none" } });

    let dev = app.in_role("dev@acme.com", "developer").await;
    let edi = app.in_role("edi@acme.com", "editor").await;
    let mia = app.in_role("mia@acme.com", "member").await;
    let pat = app.in_role("pat@acme.com", "member").await;
    let gil = app.in_role("gil@acme.com", "member").await;
    let kim = app.in_role("kim@acme.com", "member").await;
    app.grant(&sales_of, "pat@acme.com", ProjectRole::Developer)
        .await;
    app.grant(&sales_of, "kim@acme.com", ProjectRole::Editor)
        .await;
    let group = app.group(ANA, "Devs", &["gil@acme.com"]).await;
    app.grant_group(&sales_of, &group, ProjectRole::Developer)
        .await;
    let stranger = app.user("eve@other.com").await;

    let mut lines = Vec::new();
    for (who, actor) in [
        ("stranger", &stranger),
        ("member", &mia),
        ("editor", &edi),
        ("developer", &dev),
        ("admin", &ana),
        ("developer here", &pat),
        ("developer here by group", &gil),
        ("editor here", &kim),
    ] {
        let mut line = format!("{who:24}");
        for body in [&project("New"), &alone, &preview(sales)] {
            line += &format!("{:20}", make(actor, body).await.refusal());
        }
        lines.push(line.trim_end().to_owned());
    }
    assert_snapshot!(lines.join("\n"), @"
    stranger                403 ForbiddenError  403 ForbiddenError  403 ForbiddenError
    member                  403 ForbiddenError  403 ForbiddenError  403 ForbiddenError
    editor                  403 ForbiddenError  403 ForbiddenError  403 ForbiddenError
    developer               403 ForbiddenError  200 (no error)      200 (no error)
    admin                   200 (no error)      200 (no error)      200 (no error)
    developer here          403 ForbiddenError  403 ForbiddenError  200 (no error)
    developer here by group 403 ForbiddenError  403 ForbiddenError  200 (no error)
    editor here             403 ForbiddenError  403 ForbiddenError  403 ForbiddenError
    ");
}

#[tokio::test]
async fn a_preview_is_of_a_project_of_the_organization_that_is_none_itself() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    let sales = id_of(&make(&ana, &project("Sales")).await);
    let theirs = id_of(&make(&oda, &project("Theirs")).await);
    let gone = id_of(&make(&ana, &project("Gone")).await);
    ana.delete(&one(gone)).await.ok();
    let of = id_of(&make(&ana, &preview(sales)).await);

    let before = app.items();
    let mut of_default = project("Sales");
    of_default["upstreamProjectUuid"] = json!(sales);
    assert_snapshot!(make(&ana, &of_default).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "Only a preview has a project that it is a preview of",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    assert_snapshot!(make(&ana, &preview(of)).await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "A preview has no previews",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_snapshot!(make(&ana, &preview(theirs)).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Project does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for upstream in [gone.to_string(), NOBODYS.into(), "x".into(), String::new()] {
        let reply = make(&ana, &preview(&upstream)).await;
        assert_eq!(reply.refusal(), "404 NotExistsError", "{upstream}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_preview_may_have_the_warehouse_of_its_upstream() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = id_of(&make(&ana, &project("Sales")).await);
    let mut sent = preview(sales);
    sent["copyWarehouseConnectionFromUpstreamProject"] = json!(true);
    sent["warehouseConnection"] = json!({
        "type": "trino", "host": "h", "port": 1, "dbname": "d", "schema": "s", "http_scheme": "https", "user": "u", "password": "p",
    });
    let made = make(&ana, &sent).await;
    assert_snapshot!(made, @r#"
    200 {
      "results": {
        "hasContentCopy": true,
        "project": {
          "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
          "dbtConnection": {
            "type": "none"
          },
          "dbtVersion": "latest",
          "name": "Preview",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
          "projectUuid": "15840a52-83c2-4820-bc1f-96a1f5e0c122",
          "schedulerTimezone": "UTC",
          "type": "PREVIEW",
          "upstreamProjectUuid": "f4ed8686-223c-4faa-a823-0b2ae000550e",
          "warehouseConnection": {
            "dbname": "dwh",
            "host": "db.acme.com",
            "port": 5432,
            "requireUserCredentials": true,
            "schema": "public",
            "sslmode": "require",
            "type": "postgres"
          }
        }
      },
      "status": "ok"
    }
    "#);
    let id = id_of(&made);
    let (warehouse, _) = app.app.store.connections(id).await.unwrap();
    let text = id.to_string();
    let context = [("project", text.as_str())];
    let opened = app
        .app
        .seal
        .open(&warehouse.unwrap().sealed, &context)
        .await;
    assert!(String::from_utf8_lossy(&opened.unwrap()).contains("s3cret-password"));
    assert!(!stored(&app).contains("s3cret"));

    let mut bare = project("Bare");
    bare.as_object_mut().unwrap().remove("warehouseConnection");
    sent["upstreamProjectUuid"] = json!(id_of(&make(&ana, &bare).await));
    let before = app.items();
    assert_snapshot!(make(&ana, &sent).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Warehouse credentials does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);
    // Nothing is copied for a project that is a preview of none.
    let mut alone = project("Alone");
    alone["copyWarehouseConnectionFromUpstreamProject"] = json!(true);
    make(&ana, &alone).await.ok();
}

#[tokio::test]
async fn a_preview_lets_in_whom_its_upstream_lets_in() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = id_of(&make(&ana, &project("Sales")).await);
    let sales_of = app.app.store.project(sales).await.unwrap().unwrap();
    // More than go in one transaction.
    for n in 0..60 {
        let email = format!("m{n}@acme.com");
        app.in_role(&email, "member").await;
        app.grant(&sales_of, &email, ProjectRole::Viewer).await;
    }
    let leo = app.in_role("leo@acme.com", "member").await;
    app.grant(&sales_of, "leo@acme.com", ProjectRole::Admin)
        .await;
    let gil = app.in_role("gil@acme.com", "member").await;
    for name in ["One", "Two"] {
        let group = app.group(ANA, name, &["gil@acme.com"]).await;
        app.grant_group(&sales_of, &group, ProjectRole::Editor)
            .await;
    }
    let made = make(&ana, &preview(sales)).await;
    assert_eq!(made.ok()["hasContentCopy"], true);
    let id = id_of(&made);
    assert_eq!(let_in(&app, id).await, (61, 2));
    for actor in [&leo, &gil] {
        assert_eq!(names(actor).await, ["Sales", "Preview"]);
    }
    let row = app.app.store.projects_of(sales_of.organization, None).await;
    let row = row.unwrap().into_iter().find(|row| row.id == id).unwrap();
    assert_eq!((row.members, row.groups.len()), (61, 2));
    // Nothing is left to do, and what was done may be done again.
    assert!(!stored(&app).contains("copyAccess"));
    app.app.store.copy_access(sales, id).await.unwrap();
    assert_eq!(let_in(&app, id).await, (61, 2));
    let row = app.app.store.projects_of(sales_of.organization, None).await;
    let row = row.unwrap().into_iter().find(|row| row.id == id).unwrap();
    assert_eq!(row.members, 61);
}

#[tokio::test]
async fn who_is_gone_is_not_let_into_a_preview_and_holds_nobody_up() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    let other = app.project(ANA, "Other").await;
    for email in ["bob@acme.com", "cid@acme.com", "dan@acme.com"] {
        app.in_role(email, "member").await;
        app.grant(&sales, email, ProjectRole::Viewer).await;
    }
    let group = app.group(ANA, "Gone", &[]).await;
    app.grant_group(&sales, &group, ProjectRole::Viewer).await;
    let stays = app.group(ANA, "Stays", &[]).await;
    app.grant_group(&sales, &stays, ProjectRole::Viewer).await;
    // Marked, and not walked yet; another one is let in already, with another role.
    let bob = app.account("bob@acme.com").await;
    let now = app.app.clock.now();
    let store = &app.app.store;
    let job = |task| app::domain::job::Job::new(task, &app.app.random, now);
    let task = job(app::domain::job::Task::DeleteUser { user: bob.id });
    store.delete_user(&bob, None, &task, now).await.unwrap();
    let task = job(app::domain::job::Task::DeleteGroup { group: group.id });
    store.delete_group(&group, &task, now).await.unwrap();
    app.grant(&other, "cid@acme.com", ProjectRole::Admin).await;

    store.copy_access(sales.id, other.id).await.unwrap();
    let cid = app.account("cid@acme.com").await;
    let role = store.project_member(other.id, cid.id).await.unwrap();
    assert_eq!(role, Some(ProjectRole::Admin));
    assert_eq!(let_in(&app, other.id).await, (2, 1));
    // Into what is gone itself nobody is let.
    ana.delete(&one(other.id)).await.ok();
    store.copy_access(sales.id, other.id).await.unwrap();
    assert_eq!(let_in(&app, other.id).await, (0, 0));
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_project_that_the_first_one_made() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let again = async |key: &str| {
        let call = ana.post(PROJECTS).json(&project("Sales"));
        call.header("idempotency-key", key).await
    };
    let first = again("k").await;
    let before = app.items();
    assert_eq!(again("k").await.ok(), first.ok());
    assert_eq!(app.items(), before);
    assert_ne!(again("other").await.ok(), first.ok());
    assert_eq!(again("").await.refusal(), "400 ParameterError");
    ana.delete(&one(id_of(&first))).await.ok();
    assert_eq!(again("k").await.refusal(), "409 AlreadyProcessingError");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_repeats_make_one_project() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..5 {
        let key = round.to_string();
        let make = async || {
            let call = ana.post(PROJECTS).json(&project("Sales"));
            call.header("idempotency-key", &key).await.refusal()
        };
        let answers: [String; 4] = tokio::join!(make(), make(), make(), make()).into();
        assert_eq!(answers, ["200 (no error)"; 4]);
        assert_eq!(names(&ana).await.len(), round + 1);
    }
}

#[tokio::test]
async fn an_organization_has_a_limited_number_of_projects() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let count = |projects: u32| {
        let items = app.items();
        let mut counts = items
            .into_values()
            .find(|item| item["kind"]["S"] == "counts")
            .unwrap();
        counts["projects"] = json!({ "N": projects.to_string() });
        app.put_item(&counts);
    };
    count(MOST_PROJECTS - 1);
    make(&ana, &project("Last")).await.ok();
    let before = app.items();
    assert_snapshot!(make(&ana, &project("Sales")).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "An organization has at most 10000 projects",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn the_list_has_what_the_caller_may_enter_in_a_fixed_order() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    app.project("oda@other.com", "Theirs").await;
    let vic = app.viewer("vic@acme.com").await;
    let mia = app.in_role("mia@acme.com", "member").await;
    let gil = app.in_role("gil@acme.com", "member").await;
    let mut made = Vec::new();
    for name in ["Old", "Young", "Few", "Many", "Group"] {
        made.push(app.project(ANA, name).await);
        app.wait(1);
    }
    let of = id_of(&make(&ana, &preview(made[3].id)).await);
    app.grant(&made[2], "mia@acme.com", ProjectRole::Viewer)
        .await;
    app.grant(&made[3], "mia@acme.com", ProjectRole::Viewer)
        .await;
    app.grant(&made[3], "vic@acme.com", ProjectRole::Viewer)
        .await;
    let group = app
        .group(ANA, "All", &[ANA, "vic@acme.com", "gil@acme.com"])
        .await;
    app.grant_group(&made[4], &group, ProjectRole::Viewer).await;
    let of = app.app.store.project(of).await.unwrap().unwrap();
    for email in [ANA, "vic@acme.com", "mia@acme.com", "gil@acme.com"] {
        app.grant(&of, email, ProjectRole::Viewer).await;
    }

    let all = ["Group", "Many", "Few", "Old", "Young", "Preview"];
    for actor in [&ana, &vic] {
        assert_eq!(names(actor).await, all);
    }
    assert_eq!(names(&mia).await, ["Many", "Few", "Preview"]);
    assert_eq!(names(&gil).await, ["Group", "Preview"]);
    assert_eq!(names(&oda).await, ["Theirs"]);
    let nobody = app.user("eve@x.com").await;
    assert_snapshot!(nobody.get(PROJECTS).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Organization does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        app.anonymous().get(PROJECTS).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn who_may_delete_which_project_follows_from_their_roles() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    let actors = [
        ("member", app.in_role("mia@acme.com", "member").await),
        ("editor", app.in_role("edi@acme.com", "editor").await),
        ("developer", app.in_role("dev@acme.com", "developer").await),
        (
            "developer here",
            app.in_role("pat@acme.com", "member").await,
        ),
        ("admin here", app.in_role("adi@acme.com", "member").await),
        ("admin", app.anonymous().with_cookie(&ana.cookie().unwrap())),
    ];
    app.grant(&sales, "pat@acme.com", ProjectRole::Developer)
        .await;
    app.grant(&sales, "adi@acme.com", ProjectRole::Admin).await;
    let pat = &actors[3].1;
    let mut lines = Vec::new();
    for (who, actor) in &actors {
        let default = app.project(ANA, "Default").await;
        for email in ["pat@acme.com", "adi@acme.com"] {
            let role = if email.starts_with("pat") {
                ProjectRole::Developer
            } else {
                ProjectRole::Admin
            };
            app.grant(&default, email, role).await;
        }
        let of = id_of(&make(&ana, &preview(sales.id)).await);
        let own = id_of(&make(pat, &preview(sales.id)).await);
        let mut line = format!("{who:18}");
        for id in [default.id, of, own] {
            line += &format!("{:20}", actor.delete(&one(id)).await.refusal());
        }
        lines.push(line.trim_end().to_owned());
    }
    assert_snapshot!(lines.join("\n"), @"
    member            403 ForbiddenError  403 ForbiddenError  403 ForbiddenError
    editor            403 ForbiddenError  403 ForbiddenError  403 ForbiddenError
    developer         403 ForbiddenError  200 (no error)      200 (no error)
    developer here    403 ForbiddenError  403 ForbiddenError  200 (no error)
    admin here        200 (no error)      200 (no error)      200 (no error)
    admin             200 (no error)      200 (no error)      200 (no error)
    ");
}

#[tokio::test]
async fn a_project_is_deleted_once_and_another_organizations_never() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    let sales = app.project(ANA, "Sales").await;
    let before = app.items();
    assert_snapshot!(oda.delete(&one(sales.id)).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Project does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for unknown in [NOBODYS, "x"] {
        assert_eq!(
            ana.delete(&one(unknown)).await.refusal(),
            "404 NotExistsError"
        );
    }
    assert_eq!(
        app.anonymous().delete(&one(sales.id)).await.refusal(),
        "401 AuthorizationError"
    );
    assert_eq!(app.items(), before);
    assert_snapshot!(ana.delete(&one(sales.id)).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(
        ana.delete(&one(sales.id)).await.refusal(),
        "404 NotExistsError"
    );
    assert_eq!(names(&ana).await, Vec::<String>::new());
    assert_eq!(ana.get("/api/v1/org").await.ok()["needsProject"], true);
}

#[tokio::test]
async fn a_preview_stays_when_its_upstream_goes_and_is_of_none_then() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    make(&ana, &preview(sales.id)).await.ok();
    let other = id_of(&make(&ana, &preview(sales.id)).await);
    assert_eq!(
        ana.get(PROJECTS).await.ok()[1]["upstreamProjectUuid"],
        json!(sales.id)
    );
    ana.delete(&one(other)).await.ok();
    ana.delete(&one(sales.id)).await.ok();
    assert_snapshot!(ana.get(PROJECTS).await, @r#"
    200 {
      "results": [
        {
          "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
          "name": "Preview",
          "projectUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
          "requireUserCredentials": false,
          "type": "PREVIEW",
          "upstreamProjectUuid": null
        }
      ],
      "status": "ok"
    }
    "#);
}

/// A preview is made with its upstream there, or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_that_is_made_while_its_upstream_goes_names_nothing_that_is_gone() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for _ in 0..10 {
        let sales = app.project(ANA, "Sales").await;
        let body = preview(sales.id);
        let path = one(sales.id);
        let (made, gone) = tokio::join!(make(&ana, &body), async { ana.delete(&path).await });
        gone.ok();
        if made.status == 200 {
            let walked = app::domain::job::Task::DeleteProject { project: sales.id };
            let until = app::store::Until::after(std::time::Duration::from_secs(60));
            assert!(app.app.store.walk(&walked, until).await.unwrap());
            let made = app.app.store.project(id_of(&made)).await.unwrap().unwrap();
            assert_eq!(made.upstream, None);
        } else {
            assert_eq!(made.refusal(), "404 NotExistsError");
        }
    }
}

#[tokio::test]
async fn an_ssh_tunnel_is_known_by_a_public_key_of_the_organization() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.example", "Other").await;
    let made = ana.post("/api/v1/ssh/key-pairs").await.json();
    let public = made["results"]["publicKey"].clone();
    let mut body = project("Behind a bastion");
    body["warehouseConnection"] = postgres();
    body["warehouseConnection"]["useSshTunnel"] = json!(true);
    body["warehouseConnection"]["sshTunnelPublicKey"] = public.clone();

    let made = make(&ana, &body).await.ok();
    let shown = &made["project"]["warehouseConnection"];
    assert_eq!(shown["sshTunnelPublicKey"], public);
    assert!(shown.get("sshTunnelPrivateKey").is_none(), "{shown}");
    let id = ProjectId::parse(made["project"]["projectUuid"].as_str().unwrap()).unwrap();
    let (warehouse, _) = app.app.store.connections(id).await.unwrap();
    let context = id.to_string();
    let sealed = warehouse.unwrap().sealed;
    let opened = app.app.seal.open(&sealed, &[("project", &context)]).await;
    let opened = String::from_utf8(opened.unwrap().to_vec()).unwrap();
    assert!(opened.contains("BEGIN OPENSSH PRIVATE KEY"));
    assert!(!stored(&app).contains("BEGIN OPENSSH PRIVATE KEY"));

    // To another organisation there is no such key.
    assert_eq!(make(&oda, &body).await.refusal(), "400 ParameterError");
    app.wait(31 * 24 * 60);
    let ana = app.sign_in(ANA).await;
    assert_eq!(make(&ana, &body).await.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn a_project_begins_with_a_public_space_and_a_preview_with_none() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let made = make(&ana, &project("Jaffle")).await;
    let id = id_of(&made);
    let preview = id_of(&make(&ana, &preview(id)).await);
    let spaces = async |id: ProjectId| {
        let path = format!("/api/v1/projects/{id}/spaces");
        ana.get(&path).await.ok()
    };
    let found = spaces(id).await;
    assert_eq!(found[0]["name"], "Shared");
    assert_eq!(found[0]["slug"], "shared");
    assert_eq!(found[0]["isPrivate"], false);
    assert_eq!(spaces(preview).await, json!([]));
}
