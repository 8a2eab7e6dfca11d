use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, PASSWORD, TestApp};

use crate::{MANY, NOBODYS, ORG, api, text};

const USER: &str = "/api/v1/user";

async fn found(actor: &Actor<'_>, name: &str) -> Answer {
    actor.put(ORG).json(&json!({ "name": name })).await
}

#[tokio::test]
async fn whoever_founds_an_organization_is_its_admin_in_a_new_session() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@acme.com").await;
    let elsewhere = app.anonymous();
    let login = json!({ "email": "ana@acme.com", "password": PASSWORD });
    elsewhere.post("/api/v1/login").json(&login).await.ok();
    let old = ana.cookie().unwrap();

    assert_snapshot!(found(&ana, " Acme_Works-1 ").await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_ne!(ana.cookie().unwrap(), old);
    assert_snapshot!(ana.get(ORG).await, @r#"
    200 {
      "results": {
        "name": "Acme_Works-1",
        "needsProject": true,
        "organizationUuid": "08ae601f-6497-4461-980e-b9dac7e3c1dc"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(ana.get(USER).await.ok()["role"], "admin");

    let replaced = app.anonymous().with_cookie(&old).get(USER).await;
    assert_eq!(replaced.refusal(), "401 AuthorizationError");
    let ended = elsewhere.get("/api/v1/livez").await;
    ended.ok();
    let ended = elsewhere.get("/api/v1/health").await;
    assert_snapshot!(ended, @r#"
    401 {
      "error": {
        "data": {},
        "message": "This session has ended, sign in again",
        "name": "InvalidUser",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_snapshot!(ended.header("set-cookie").unwrap(), @"connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax");
    assert_eq!(
        elsewhere.get(USER).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn an_organization_begins_with_six_palettes_of_twenty_colours() {
    let app = TestApp::new(api()).await;
    found(&app.user("ana@acme.com").await, "Acme").await.ok();
    let items = app.items();
    let palettes: Vec<_> = items
        .values()
        .filter(|item| item["kind"]["S"] == "palette")
        .collect();
    let mut names: Vec<_> = palettes
        .iter()
        .map(|item| item["name"]["S"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "Business",
            "Data Matrix",
            "Default",
            "Modern",
            "Retro",
            "Zerodash"
        ]
    );
    assert!(
        palettes
            .iter()
            .all(|item| item["colors"]["L"].as_array().map(Vec::len) == Some(20))
    );
}

#[tokio::test]
async fn every_member_reads_it_and_nobody_else() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let bob = app.viewer("bob@acme.com").await;
    assert_eq!(bob.get(ORG).await.ok(), ana.get(ORG).await.ok());
    let token = bob.by_token().await;
    assert_eq!(token.get(ORG).await.ok()["name"], "Acme");

    let stranger = app.user("eve@other.com").await;
    assert_snapshot!(stranger.get(ORG).await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "You do not belong to an organization",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        app.anonymous().get(ORG).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn a_server_for_one_organization_has_one() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@acme.com").await;
    let bob = app.user("bob@other.com").await;
    found(&ana, "Acme").await.ok();
    let before = app.items();
    assert_snapshot!(found(&bob, "Other").await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "This server serves one organization, and it exists",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(found(&ana, "Second").await.refusal(), "403 ForbiddenError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_server_for_many_has_one_per_founder() {
    let app = TestApp::with(api(), &MANY).await;
    let (ana, bob) = (
        app.user("ana@acme.com").await,
        app.user("bob@other.com").await,
    );
    found(&ana, "Acme").await.ok();
    found(&bob, "Acme").await.ok();
    assert_ne!(
        ana.get(ORG).await.ok()["organizationUuid"],
        bob.get(ORG).await.ok()["organizationUuid"]
    );
    let before = app.items();
    assert_snapshot!(found(&ana, "Second").await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "You already belong to an organization",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_name_is_plain_and_not_blank() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@acme.com").await;
    let before = app.items();
    for name in [
        "",
        "  ",
        "Acme & Sons",
        "Ämter",
        "a/b",
        "a\nb",
        "<b>",
        &"x".repeat(256),
    ] {
        assert_eq!(
            found(&ana, name).await.refusal(),
            "400 ParameterError",
            "{name:?}"
        );
    }
    for body in [
        json!({}),
        json!({ "name": 5 }),
        json!({ "name": null }),
        json!({ "name": { "a": 1 } }),
    ] {
        assert_eq!(
            ana.put(ORG).json(&body).await.refusal(),
            "422 ValidateError",
            "{body}"
        );
    }
    assert_eq!(app.items(), before);
    assert_eq!(
        app.anonymous().put(ORG).json(&json!({})).await.refusal(),
        "401 AuthorizationError"
    );
    found(&ana, &"x".repeat(255)).await.ok();
}

fn organizations(app: &TestApp) -> usize {
    let items = app.items();
    items
        .values()
        .filter(|item| item["kind"]["S"] == "organization")
        .count()
}

/// The gate is a condition of the write: whoever comes second finds it closed, with nothing of theirs written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_simultaneous_foundings_one_makes_the_organization() {
    for _ in 0..5 {
        let app = TestApp::new(api()).await;
        let (ana, bob) = (
            app.user("ana@acme.com").await,
            app.user("bob@other.com").await,
        );
        let (first, second) = tokio::join!(found(&ana, "Acme"), found(&bob, "Other"));
        let mut answers = [first.refusal(), second.refusal()];
        answers.sort();
        assert_eq!(answers, ["200 (no error)", "403 ForbiddenError"]);
        assert_eq!(organizations(&app), 1);
        let roles = [
            ana.get(USER).await.ok()["role"].clone(),
            bob.get(USER).await.ok()["role"].clone(),
        ];
        assert_eq!(roles.iter().filter(|role| **role == Value::Null).count(), 1);
    }
}

/// One founder with two windows: one organisation, and one of the sessions goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_founder_who_clicks_twice_has_one_organization() {
    for _ in 0..3 {
        let app = TestApp::with(api(), &MANY).await;
        let cookie = app.user("ana@acme.com").await.cookie().unwrap();
        let (one, two) = (
            app.anonymous().with_cookie(&cookie),
            app.anonymous().with_cookie(&cookie),
        );
        let (first, second) = tokio::join!(found(&one, "Acme"), found(&two, "Acme"));
        assert!(
            (first.status == 200) ^ (second.status == 200),
            "{first} {second}"
        );
        assert_eq!(organizations(&app), 1);
        let winner = if first.status == 200 { one } else { two };
        assert_eq!(winner.get(ORG).await.ok()["name"], "Acme");
    }
}

async fn change(actor: &Actor<'_>, body: &Value) -> Answer {
    actor.patch(ORG).json(body).await
}

/// The id of an organisation's palette; preset ones have the same names everywhere.
fn palette(app: &TestApp, organization: &str, name: &str) -> String {
    let items = app.items();
    let found = items.iter().find(|((pk, _), item)| {
        pk.ends_with(organization) && item["kind"]["S"] == "palette" && item["name"]["S"] == name
    });
    found.map_or_else(String::new, |(_, item)| text(&item["id"]["S"]))
}

#[tokio::test]
async fn an_admin_changes_the_name_the_first_project_and_the_palette() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let project = app.project("ana@acme.com", "Sales").await;
    let id = text(&ana.get(ORG).await.ok()["organizationUuid"]);
    let sent = json!({ "name": " Acme_Works-1 ", "defaultProjectUuid": project.id,
        "colorPaletteUuid": palette(&app, &id, "Default"), "chartColors": ["#123456"], "needsProject": true });
    assert_snapshot!(change(&ana, &sent).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_snapshot!(ana.get(ORG).await, @r##"
    200 {
      "results": {
        "chartColors": [
          "#5470c6",
          "#91cc75",
          "#fac858",
          "#ee6666",
          "#73c0de",
          "#3ba272",
          "#fc8452",
          "#9a60b4",
          "#ea7ccc",
          "#3a4f9b",
          "#6ba851",
          "#d9a431",
          "#c94343",
          "#4f9fbf",
          "#2a7d56",
          "#d8652f",
          "#784793",
          "#c45aa6",
          "#8397d6",
          "#b5dca1"
        ],
        "defaultProjectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "name": "Acme_Works-1",
        "needsProject": false,
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170"
      },
      "status": "ok"
    }
    "##);
    let one = json!({ "colorPaletteUuid": palette(&app, &id, "Modern") });
    change(&ana, &one).await.ok();
    let after = ana.get(ORG).await.ok();
    assert_eq!(after["name"], "Acme_Works-1");
    assert_eq!(after["chartColors"][0], "#7162ff");
    assert_eq!(after["defaultProjectUuid"], json!(project.id));
}

#[tokio::test]
async fn no_change_changes_nothing() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let before = app.items();
    for body in [json!({}), json!({ "chartColors": [] })] {
        assert_eq!(change(&ana, &body).await.status, 200);
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_name_can_not_be_blanked_and_has_the_rule_of_the_founding() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let before = app.items();
    for name in ["", "  ", "Acme & Sons", "Ämter", "<b>", &"x".repeat(256)] {
        let reply = change(&ana, &json!({ "name": name })).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name:?}");
    }
    for body in [
        json!({ "name": null }),
        json!({ "defaultProjectUuid": null }),
        json!({ "colorPaletteUuid": 1 }),
        json!({ "chartColors": [1] }),
    ] {
        let reply = change(&ana, &body).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{body}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn what_it_points_at_is_its_own_and_there() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    let theirs = app.project("oda@other.com", "Theirs").await;
    let gone = app.project("ana@acme.com", "Gone").await;
    set_deleted(&app, &gone.id.to_string());
    let other = text(&oda.get(ORG).await.ok()["organizationUuid"]);
    let before = app.items();
    for id in [NOBODYS, "x", &theirs.id.to_string(), &gone.id.to_string()] {
        let sent = json!({ "name": "New", "defaultProjectUuid": id });
        let reply = change(&ana, &sent).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{id}");
        assert_eq!(reply.json()["error"]["message"], "Project not found");
    }
    for id in [NOBODYS, "x", &palette(&app, &other, "Default")] {
        let sent = json!({ "name": "New", "colorPaletteUuid": id });
        let reply = change(&ana, &sent).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{id}");
        assert_eq!(reply.json()["error"]["message"], "Color palette not found");
    }
    assert_eq!(app.items(), before);
}

/// Marks a project's head as a deletion does.
fn set_deleted(app: &TestApp, id: &str) {
    let items = app.items();
    let key = (format!("PROJECT#{id}"), "PROFILE".to_owned());
    let mut item = items.get(&key).cloned().unwrap_or_default();
    item["deletedAt"] = json!({ "S": "2026-01-31T09:30:00.000Z" });
    app.put_item(&item);
}

#[tokio::test]
async fn only_an_admin_with_a_session_changes_it() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let body = json!({ "name": "New" });
    for role in [
        "member",
        "viewer",
        "interactive_viewer",
        "editor",
        "developer",
    ] {
        let email = format!("{role}@acme.com").replace('_', "-");
        let actor = app.in_role(&email, role).await;
        assert_eq!(
            change(&actor, &body).await.refusal(),
            "403 ForbiddenError",
            "{role}"
        );
    }
    let stranger = app.user("eve@other.com").await;
    assert_eq!(
        change(&stranger, &body).await.refusal(),
        "403 ForbiddenError"
    );
    let token = ana.by_token().await;
    for actor in [&token, &app.anonymous()] {
        let reply = change(actor, &body).await;
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
    assert_eq!(ana.get(ORG).await.ok()["name"], "Acme");
}
