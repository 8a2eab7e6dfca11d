use app::domain::access::ProjectRole;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

use crate::api;

const DOMAINS: &str = "/api/v1/org/allowedEmailDomains";
const NOBODYS: &str = "6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e";
const ANA: &str = "ana@acme.com";

fn record(domains: &[&str], role: &str) -> Value {
    json!({ "emailDomains": domains, "role": role, "projects": [] })
}

async fn put(actor: &Actor<'_>, body: &Value) -> Answer {
    actor.patch(DOMAINS).json(body).await
}

/// An admin with a verified address whose organisation is closed.
async fn founder<'a>(app: &'a TestApp, email: &str) -> Actor<'a> {
    let founder = app.verified(email).await;
    founder
        .put("/api/v1/org")
        .json(&json!({ "name": "Acme" }))
        .await
        .ok();
    founder
}

/// Takes another address, and verifies it.
async fn moves(app: &TestApp, actor: &Actor<'_>, email: &str) {
    let sent = json!({ "email": email });
    actor.patch("/api/v1/user/me").json(&sent).await.ok();
    app.wait(1);
    actor.put("/api/v1/user/me/email/otp").await.ok();
    let guess = format!("/api/v1/user/me/email/status?passcode={}", app.passcode());
    assert_eq!(actor.get(&guess).await.ok()["isVerified"], true);
}

async fn may_join(actor: &Actor<'_>) -> usize {
    let found = actor.get("/api/v1/user/me/allowedOrganizations").await.ok();
    found.as_array().map_or(0, Vec::len)
}

fn rows(app: &TestApp) -> Vec<String> {
    let items = app.items();
    let rows = items
        .keys()
        .filter_map(|(pk, _)| pk.strip_prefix("DOMAIN#"));
    rows.map(str::to_owned).collect()
}

#[tokio::test]
async fn an_admin_opens_the_organization_to_the_domain_of_their_own_address() {
    let app = TestApp::new(api()).await;
    let ana = founder(&app, ANA).await;
    assert_snapshot!(ana.get(DOMAINS).await, @r#"
    200 {
      "results": {
        "emailDomains": [],
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "projects": [],
        "role": "viewer"
      },
      "status": "ok"
    }
    "#);
    let bob = app.verified("bob@acme.com").await;
    assert_eq!(may_join(&bob).await, 0);

    let reply = put(&ana, &record(&[" Acme.COM ", "acme.com"], "editor")).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "emailDomains": [
          "acme.com"
        ],
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "projects": [],
        "role": "editor"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(may_join(&bob).await, 1);
    let mem = app.in_role("mem@acme.com", "member").await;
    assert_eq!(mem.get(DOMAINS).await.text, reply.text);

    put(&ana, &record(&[], "member")).await.ok();
    assert_eq!(may_join(&bob).await, 0);
    assert_eq!(rows(&app), [""; 0]);
    assert_eq!(ana.get(DOMAINS).await.ok()["role"], "member");
}

#[tokio::test]
async fn an_admin_claims_only_the_domain_of_their_own_verified_address() {
    let app = TestApp::new(api()).await;
    let ana = founder(&app, ANA).await;
    put(&ana, &record(&["acme.com"], "viewer")).await.ok();
    let before = app.items();
    assert_snapshot!(put(&ana, &record(&["acme.com", "rival.com"], "viewer")).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "Only an admin with a verified address at rival.com can allow it",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    let reply = put(&ana, &record(&["sub.acme.com"], "viewer")).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);

    // What is there may stay, also when nobody has an address there any more.
    moves(&app, &ana, "ana@acme.org").await;
    put(&ana, &record(&["acme.org", "acme.com"], "viewer"))
        .await
        .ok();
    assert_eq!(rows(&app), ["acme.com", "acme.org"]);
    put(&ana, &record(&["acme.com"], "editor")).await.ok();
    assert_eq!(rows(&app), ["acme.com"]);

    let sent = json!({ "email": "ana@unverified.com" });
    ana.patch("/api/v1/user/me").json(&sent).await.ok();
    let reply = put(&ana, &record(&["unverified.com"], "viewer")).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn what_is_no_domain_or_a_public_one_is_refused_in_every_letter_case() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = founder(&app, "ana@gmail.com").await;
    let before = app.items();
    let sent = ["Gmail.com", "gmx.de", "acme.com"];
    assert_snapshot!(put(&ana, &record(&sent, "viewer")).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "Anybody can get an address there, so these cannot be allowed: gmail.com, gmx.de",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    for wrong in ["", "com", "a..b", "ana@acme.com", "*.acme.com", "acme .com"] {
        let reply = put(&ana, &record(&[wrong], "viewer")).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{wrong:?}");
    }
    let many: Vec<_> = (0..91).map(|at| format!("d{at}.com")).collect();
    let many = json!({ "emailDomains": many, "role": "viewer", "projects": [] });
    assert_eq!(put(&ana, &many).await.refusal(), "400 ParameterError");
    for wrong in [
        record(&[], "admin"),
        record(&[], "developer"),
        json!({ "emailDomains": [], "role": "viewer" }),
        json!({ "emailDomains": [], "projects": [] }),
        json!({ "role": "viewer", "projects": [] }),
        json!({ "emailDomains": [], "role": "viewer", "projects": [{ "projectUuid": NOBODYS, "role": "admin" }] }),
    ] {
        let reply = put(&ana, &wrong).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{wrong}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn only_admins_with_a_session_change_it() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let eve = app.user("eve@other.com").await;
    let token = ana.by_token().await;
    let before = app.items();
    let body = record(&[], "viewer");
    assert_eq!(put(&dev, &body).await.refusal(), "403 ForbiddenError");
    assert_eq!(put(&eve, &body).await.refusal(), "403 ForbiddenError");
    assert_snapshot!(eve.get(DOMAINS).await, @r#"
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
    for actor in [&token, &app.anonymous()] {
        assert_eq!(actor.get(DOMAINS).await.refusal(), "401 AuthorizationError");
        assert_eq!(put(actor, &body).await.refusal(), "401 AuthorizationError");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn projects_are_of_the_organization_when_they_are_listed_and_when_somebody_joins() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    app.admin("oda@other.com", "Other").await;
    let theirs = app.project("oda@other.com", "Theirs").await;
    let (sales, stock) = (
        app.project(ANA, "Sales").await,
        app.project(ANA, "Stock").await,
    );
    let listing = |projects: &[(String, &str)], role: &str| {
        let projects: Vec<_> = projects
            .iter()
            .map(|(id, role)| json!({ "projectUuid": id, "role": role }))
            .collect();
        json!({ "emailDomains": ["acme.com"], "role": role, "projects": projects })
    };
    let before = app.items();
    let sales_id = sales.id.to_string();
    for wrong in [
        vec![(theirs.id.to_string(), "viewer")],
        vec![(sales_id.clone(), "viewer"), (NOBODYS.to_owned(), "viewer")],
        vec![("no-uuid".to_owned(), "viewer")],
        vec![(sales_id.clone(), "viewer"), (sales_id.clone(), "editor")],
        vec![(sales_id.clone(), "viewer"); 21],
    ] {
        let reply = put(&ana, &listing(&wrong, "member")).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{wrong:?}");
    }
    assert_eq!(app.items(), before);

    let both = [
        (sales_id.clone(), "editor"),
        (stock.id.to_string(), "viewer"),
    ];
    let reply = put(&ana, &listing(&both, "member")).await.ok();
    assert_eq!(
        reply["projects"][0],
        json!({ "projectUuid": sales_id, "role": "editor" })
    );
    assert_eq!(ana.get(DOMAINS).await.ok(), reply);
    app.viewer("bob@acme.com").await;
    let bob = app.account("bob@acme.com").await;
    let roles = app.app.store.project_roles(&bob).await.unwrap();
    assert_eq!(roles.len(), 2);
    assert!(roles.contains(&(sales.id, ProjectRole::Editor)));
    assert!(roles.contains(&(stock.id, ProjectRole::Viewer)));
    let access = app.app.store.project_access(sales.id, &bob).await.unwrap();
    assert_eq!(access.unwrap().direct, Some(ProjectRole::Editor));

    // One that is gone is skipped, and shown no more.
    let now = app.app.clock.now();
    let task = app::domain::job::Task::DeleteProject { project: stock.id };
    let job = app::domain::job::Job::new(task, &app.app.random, now);
    app.app
        .store
        .delete_project(&stock, &job, now)
        .await
        .unwrap();
    app.viewer("cat@acme.com").await;
    let cat = app.account("cat@acme.com").await;
    let roles = app.app.store.project_roles(&cat).await.unwrap();
    assert_eq!(roles, [(sales.id, ProjectRole::Editor)]);
    assert_eq!(
        ana.get(DOMAINS).await.ok()["projects"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // Projects are for mere members only.
    put(&ana, &listing(&both[..1], "viewer")).await.ok();
    app.viewer("dan@acme.com").await;
    let dan = app.account("dan@acme.com").await;
    assert!(app.app.store.project_roles(&dan).await.unwrap().is_empty());
}

#[tokio::test]
async fn as_many_projects_as_can_be_listed_can_be_joined() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let mut projects = Vec::new();
    for at in 0..20 {
        let project = app.project(ANA, &at.to_string()).await;
        projects
            .push(json!({ "projectUuid": project.id.to_string(), "role": "interactive_viewer" }));
    }
    let sent = json!({ "emailDomains": ["acme.com"], "role": "member", "projects": projects });
    put(&ana, &sent).await.ok();
    app.viewer("bob@acme.com").await;
    let bob = app.account("bob@acme.com").await;
    assert_eq!(app.app.store.project_roles(&bob).await.unwrap().len(), 20);
}

/// The record is a condition of the write: rows and record always tell the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_changes_leave_one_of_them_whole() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for _ in 0..20 {
        let (open, closed) = (record(&["acme.com"], "editor"), record(&[], "member"));
        let (one, two) = tokio::join!(put(&ana, &open), put(&ana, &closed));
        for answer in [one, two] {
            assert!(matches!(answer.status.as_u16(), 200 | 409), "{answer}");
        }
        let now = ana.get(DOMAINS).await.ok();
        let expected: &[&str] = if now["role"] == "editor" {
            &["acme.com"]
        } else {
            &[]
        };
        assert_eq!(now["emailDomains"], json!(expected));
        assert_eq!(rows(&app), expected);
    }
}

/// Whoever joins while the role is being changed has the old one or the new one, with the projects of that very record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_while_the_record_changes_follows_one_record() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let projects = json!([{ "projectUuid": project.id.to_string(), "role": "editor" }]);
    let member = json!({ "emailDomains": ["acme.com"], "role": "member", "projects": projects });
    let viewer = record(&["acme.com"], "viewer");
    let organization = ana.get("/api/v1/org").await.ok();
    let path = format!(
        "/api/v1/user/me/joinOrganization/{}",
        organization["organizationUuid"].as_str().unwrap()
    );
    for at in 0..15 {
        put(&ana, &viewer).await.ok();
        let email = format!("bob{at}@acme.com");
        let bob = app.verified(&email).await;
        let (joined, changed) = tokio::join!(bob.post(&path), put(&ana, &member));
        joined.ok();
        changed.ok();
        let bob = app.account(&email).await;
        let roles = app.app.store.project_roles(&bob).await.unwrap();
        let is_member = bob.role == Some(app::domain::access::Role::Member);
        assert_eq!(roles.len(), usize::from(is_member));
    }
}
