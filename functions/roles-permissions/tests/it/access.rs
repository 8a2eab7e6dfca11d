#![expect(
    clippy::unwrap_used,
    reason = "what a helper does not find fails its test"
)]

use app::domain::{access::ProjectRole, project::Project};
use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

const ANA: &str = "ana@acme.com";
const BOB: &str = "bob@acme.com";
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

fn of(project: &Project, rest: &str) -> String {
    format!("/api/v1/projects/{}{rest}", project.id)
}

fn grant(email: &str, role: &str) -> Value {
    json!({ "email": email, "role": role, "sendEmail": false })
}

async fn give(actor: &Actor<'_>, project: &Project, email: &str, role: &str) -> Answer {
    let path = of(project, "/access");
    actor.post(&path).json(&grant(email, role)).await
}

/// Both sides of somebody's grant, as the table has them.
fn pair(app: &TestApp, project: &Project, user: impl std::fmt::Display) -> [Option<Value>; 2] {
    let keys = [
        (format!("PROJECT#{}", project.id), format!("MEMBER#{user}")),
        (format!("GRANTS#{user}"), format!("PROJECT#{}", project.id)),
    ];
    let items = app.items();
    keys.map(|key| items.get(&key).map(|item| item["role"]["S"].clone()))
}

/// How many the organisation's list says have a role of their own in a project.
async fn counted(app: &TestApp, project: &Project) -> u64 {
    let rows = app.app.store.projects_of(project.organization, None).await;
    let rows = rows.unwrap().into_iter();
    let mut row = rows.filter(|row| row.id == project.id);
    row.next().unwrap().members
}

#[tokio::test]
async fn a_member_gets_a_role_changes_it_and_loses_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let bob = app.in_role(BOB, "member").await;
    let sales = app.project(ANA, "Sales").await;
    let id = app.account(BOB).await.id;
    assert_eq!(
        bob.get(&of(&sales, "")).await.refusal(),
        "403 ForbiddenError"
    );

    assert_snapshot!(give(&ana, &sales, " BOB@Acme.com", "viewer").await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_snapshot!(bob.get(&of(&sales, &format!("/user/{id}"))).await, @r#"
    200 {
      "results": {
        "email": "bob@acme.com",
        "firstName": "bob",
        "lastName": "Test",
        "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
        "role": "viewer",
        "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(counted(&app, &sales).await, 1);
    assert_snapshot!(give(&ana, &sales, BOB, "admin").await, @r#"
    409 {
      "error": {
        "data": {},
        "message": "Access to the project already exists",
        "name": "AlreadyExistsError",
        "statusCode": 409
      },
      "status": "error"
    }
    "#);

    let one = of(&sales, &format!("/access/{id}"));
    assert_snapshot!(ana.patch(&one).json(&json!({ "role": "admin" })).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    let admin = Some(json!("admin"));
    assert_eq!(pair(&app, &sales, id), [admin.clone(), admin]);
    assert_eq!(counted(&app, &sales).await, 1);
    // An admin of the project removes themselves, and nobody keeps them.
    assert_snapshot!(bob.delete(&one).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(pair(&app, &sales, id), [None, None]);
    assert_eq!(counted(&app, &sales).await, 0);
    assert_eq!(bob.delete(&one).await.refusal(), "403 ForbiddenError");
    let before = app.items();
    ana.delete(&one).await.ok();
    ana.delete(&of(&sales, "/access/x")).await.ok();
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn the_list_has_direct_roles_only_by_address_with_names_as_they_are_now() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    assert_eq!(ana.get(&of(&sales, "/access")).await.ok(), json!([]));
    for email in ["Zoe@acme.com", "cid@acme.com", BOB] {
        let email = email.to_lowercase();
        app.in_role(&email, "member").await;
        app.grant(&sales, &email, ProjectRole::Developer).await;
    }
    app.in_role("gil@acme.com", "member").await;
    let group = app.group(ANA, "Group", &["gil@acme.com"]).await;
    app.grant_group(&sales, &group, ProjectRole::Admin).await;
    let zoe = app.anonymous();
    let login = json!({ "email": "zoe@acme.com", "password": testing::PASSWORD });
    zoe.post("/api/v1/login").json(&login).await.ok();
    let renamed = json!({ "firstName": "Zoë", "email": "aaa@acme.com" });
    zoe.patch("/api/v1/user/me").json(&renamed).await.ok();

    let listed = ana.get(&of(&sales, "/access")).await.ok();
    let listed: Vec<_> = listed.as_array().unwrap().iter().collect();
    let shown = listed
        .iter()
        .map(|one| format!("{} {} {}", one["email"], one["firstName"], one["role"]));
    assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r#"
    "aaa@acme.com" "Zoë" "developer"
    "bob@acme.com" "bob" "developer"
    "cid@acme.com" "cid" "developer"
    "#);
}

#[tokio::test]
async fn whoever_has_no_role_of_their_own_is_not_found() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    let id = app.account(ANA).await.id.to_string();
    let before = app.items();
    assert_snapshot!(ana.get(&of(&sales, &format!("/user/{id}"))).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Access to the project not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for user in [id.as_str(), NOBODYS, "x"] {
        let reply = ana.get(&of(&sales, &format!("/user/{user}"))).await;
        assert_eq!(reply.refusal(), "404 NotFoundError");
        let path = of(&sales, &format!("/access/{user}"));
        let reply = ana.patch(&path).json(&json!({ "role": "viewer" })).await;
        assert_eq!(reply.refusal(), "404 NotFoundError");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_role_is_for_members_of_the_organization_pending_ones_too() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    app.admin("oda@other.com", "Other").await;
    app.user("eve@x.com").await;
    let before = app.items();
    assert_snapshot!(give(&ana, &sales, "oda@other.com", "viewer").await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Member does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for email in ["eve@x.com", "nobody@acme.com", "x", ""] {
        let reply = give(&ana, &sales, email, "viewer").await;
        assert_eq!(reply.refusal(), "404 NotExistsError", "{email}");
    }
    for body in [
        json!({}),
        grant(ANA, "member"),
        json!({ "email": ANA, "role": "viewer" }),
        json!({ "email": 5, "role": "viewer", "sendEmail": true }),
        json!({ "email": ANA, "role": "viewer", "sendEmail": "maybe" }),
    ] {
        let reply = ana.post(&of(&sales, "/access")).json(&body).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{body}");
    }
    assert_eq!(app.items(), before);

    // Nobody has accepted yet: there is nothing to sign in with.
    app.in_role("pen@acme.com", "member").await;
    let pen = app.account("pen@acme.com").await;
    let key = (format!("USER#{}", pen.id), "PROFILE".to_owned());
    let mut item = app.items().remove(&key).unwrap();
    item["hasPassword"] = json!({ "BOOL": false });
    app.put_item(&item);
    give(&ana, &sales, "pen@acme.com", "viewer").await.ok();
}

#[tokio::test]
async fn whoever_gets_in_is_told_when_asked_for_and_once() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.in_role(BOB, "member").await;
    app.in_role("cid@acme.com", "member").await;
    let sales = app.project(ANA, "Sales").await;
    let sent = app.mails().len();
    give(&ana, &sales, "cid@acme.com", "viewer").await.ok();
    app.work(worker::run).await;
    assert_eq!(app.mails().len(), sent);

    let told = json!({ "email": BOB, "role": "interactive_viewer", "sendEmail": true });
    // A mail that cannot leave does not take the role back.
    app.break_mail();
    ana.post(&of(&sales, "/access")).json(&told).await.ok();
    app.work(worker::run).await;
    app.mend_mail();
    assert_eq!(
        ana.post(&of(&sales, "/access")).json(&told).await.refusal(),
        "409 AlreadyExistsError"
    );
    app.wait(1);
    app.work(worker::run).await;
    app.wait(30);
    app.work(worker::run).await;
    let mails = app.mails();
    assert_eq!(mails.len(), sent + 1);
    let mail = mails.last().unwrap();
    for part in [
        BOB,
        "Subject: ana Test invited you to Sales",
        &format!("/projects/{}/home", sales.id),
        "explore",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
}

/// Every route in a project, with a caller's answers.
async fn answers(actor: &Actor<'_>, project: &Project, user: &str) -> Vec<(String, String)> {
    let role = json!({ "role": "viewer" });
    let routes = [
        (Method::GET, String::new(), None),
        (Method::GET, "/groupAccesses".into(), None),
        (Method::GET, "/access".into(), None),
        (Method::GET, format!("/user/{user}"), None),
        (
            Method::POST,
            "/access".into(),
            Some(grant("kim@acme.com", "viewer")),
        ),
        (Method::PATCH, format!("/access/{user}"), Some(role)),
        (Method::DELETE, format!("/access/{NOBODYS}"), None),
    ];
    let mut answers = Vec::new();
    for (method, rest, body) in routes {
        let path = of(project, &rest);
        let call = actor.call(method.clone(), &path);
        let answer = match body {
            Some(body) => call.json(&body).await,
            None => call.await,
        };
        let name = rest.replace(user, "{user}").replace(NOBODYS, "{user}");
        answers.push((format!("{method} {name}"), answer.refusal()));
    }
    answers
}

#[tokio::test]
async fn who_may_do_what_follows_from_all_their_roles() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    app.in_role("kim@acme.com", "member").await;
    let sales = app.project(ANA, "Sales").await;
    let mut actors = vec![("admin".to_owned(), ana)];
    actors.push(("stranger".into(), app.user("eve@x.com").await));
    actors.push((
        "other's admin".into(),
        app.admin("oda@other.com", "Other").await,
    ));
    actors.push(("anonymous".into(), app.anonymous()));
    for role in ["member", "viewer", "developer"] {
        let email = format!("{}@acme.com", role.to_lowercase());
        actors.push((role.into(), app.in_role(&email, role).await));
    }
    for (name, role) in [
        ("viewer here", ProjectRole::Viewer),
        ("developer here", ProjectRole::Developer),
        ("admin here", ProjectRole::Admin),
    ] {
        let email = format!("{}@acme.com", name.replace(' ', "-"));
        actors.push((name.into(), app.in_role(&email, "member").await));
        app.grant(&sales, &email, role).await;
    }
    for (name, role) in [
        ("viewer by group", ProjectRole::Viewer),
        ("admin by group", ProjectRole::Admin),
    ] {
        let email = format!("{}@acme.com", name.replace(' ', "-"));
        actors.push((name.into(), app.in_role(&email, "member").await));
        let group = app.group(ANA, name, &[&email]).await;
        app.grant_group(&sales, &group, role).await;
    }
    let user = app.account("viewer-here@acme.com").await.id.to_string();
    let mut lines = Vec::new();
    for (name, actor) in &actors {
        let line = answers(actor, &sales, &user).await;
        if lines.is_empty() {
            let head = line.iter().map(|(route, _)| format!("{route:22}"));
            lines.push(format!("{:17}{}", "", head.collect::<String>().trim_end()));
        }
        let cells = line.iter().map(|(_, answer)| {
            format!(
                "{:22}",
                answer.replace(" (no error)", "").replace("Error", "")
            )
        });
        lines.push(format!("{name:17}{}", cells.collect::<String>().trim_end()));
        // The next one may give it again.
        let kim = app.account("kim@acme.com").await.id;
        app.app
            .store
            .revoke_project_from_user(&sales, kim)
            .await
            .unwrap();
    }
    assert_snapshot!(lines.join("\n"), @"
                     GET                   GET /groupAccesses    GET /access           GET /user/{user}      POST /access          PATCH /access/{user}  DELETE /access/{user}
    admin            200                   200                   200                   200                   200                   200                   200
    stranger         403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden
    other's admin    404 NotExists         404 NotExists         404 NotExists         404 NotExists         404 NotExists         404 NotExists         404 NotExists
    anonymous        401 Authorization     401 Authorization     401 Authorization     401 Authorization     401 Authorization     401 Authorization     401 Authorization
    member           403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden         403 Forbidden
    viewer           200                   403 Forbidden         200                   200                   403 Forbidden         403 Forbidden         403 Forbidden
    developer        200                   403 Forbidden         200                   200                   403 Forbidden         403 Forbidden         403 Forbidden
    viewer here      200                   403 Forbidden         200                   200                   403 Forbidden         403 Forbidden         403 Forbidden
    developer here   200                   403 Forbidden         200                   200                   403 Forbidden         403 Forbidden         403 Forbidden
    admin here       200                   200                   200                   200                   200                   200                   200
    viewer by group  200                   403 Forbidden         200                   200                   403 Forbidden         403 Forbidden         403 Forbidden
    admin by group   200                   200                   200                   200                   200                   200                   200
    ");
}

#[tokio::test]
async fn a_project_of_another_organization_is_as_one_that_is_not_there() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    let sales = app.project(ANA, "Sales").await;
    let user = app.account(ANA).await.id.to_string();
    app.grant(&sales, ANA, ProjectRole::Viewer).await;
    let before = app.items();
    for (route, answer) in answers(&oda, &sales, &user).await {
        assert_eq!(answer, "404 NotExistsError", "{route}");
    }
    for id in [NOBODYS, "x", "%23"] {
        for rest in ["", "/access", "/groupAccesses"] {
            let reply = oda.get(&format!("/api/v1/projects/{id}{rest}")).await;
            assert_eq!(reply.refusal(), "404 NotExistsError", "{id}{rest}");
        }
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_groups_role_counts_as_soon_as_it_is_given_or_taken() {
    let app = TestApp::new(local::api()).await;
    app.admin(ANA, "Acme").await;
    let bob = app.in_role(BOB, "member").await;
    let sales = app.project(ANA, "Sales").await;
    let group = app.group(ANA, "Group", &[]).await;
    app.grant_group(&sales, &group, ProjectRole::Viewer).await;
    let enters = async || bob.get(&of(&sales, "")).await.status.as_u16();
    assert_eq!(enters().await, 403);
    let user = app.account(BOB).await;
    app.app.store.add_to_group(&group, &user).await.unwrap();
    assert_eq!(enters().await, 200);
    let now = app.app.clock.now();
    let task = app::domain::job::Task::DeleteGroup { group: group.id };
    let job = app::domain::job::Job::new(task, &app.app.random, now);
    app.app.store.delete_group(&group, &job, now).await.unwrap();
    app.app.store.walk_soon(&job.task).await;
    assert_eq!(enters().await, 403);
}

#[tokio::test]
async fn whoever_took_an_address_and_never_proved_it_gets_nothing_that_is_meant_for_its_owner() {
    let app = testing::TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    let bob = app.viewer("bob@example.com").await;
    let project = app.project("ana@example.com", "Jaffle").await;
    let taken = serde_json::json!({ "email": "ceo@example.com" });
    bob.patch("/api/v1/user/me").json(&taken).await.ok();
    let before = app.items();
    let body =
        serde_json::json!({ "email": "ceo@example.com", "role": "admin", "sendEmail": true });
    let path = format!("/api/v1/projects/{}/access", project.id);
    let reply = ana.post(&path).json(&body).await;
    assert_eq!(reply.refusal(), "404 NotExistsError");
    assert_eq!(app.items(), before);
}
