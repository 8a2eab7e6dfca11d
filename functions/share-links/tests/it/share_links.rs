use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

const SHARE: &str = "/api/v1/share";
const ANA: &str = "ana@example.com";

fn target(path: &str, params: &str) -> Value {
    json!({ "path": path, "params": params })
}

async fn installation() -> TestApp {
    TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await
}

fn one(link: &Value) -> String {
    format!("{SHARE}/{}", link["nanoid"].as_str().unwrap())
}

#[tokio::test]
async fn a_link_leads_every_member_to_its_place() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let sent = target(
        "/projects/1/tables/orders",
        "?create_saved_chart_version=%7B%7D",
    );
    let made = ana.post(SHARE).json(&sent).await;
    assert_snapshot!(made, @r#"
    201 {
      "results": {
        "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "host": "http://127.0.0.1:8080",
        "nanoid": "9O2GhiI8P6ooIwsq4ABVD",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "params": "?create_saved_chart_version=%7B%7D",
        "path": "/projects/1/tables/orders",
        "shareUrl": "http://127.0.0.1:8080/share/9O2GhiI8P6ooIwsq4ABVD",
        "url": "/projects/1/tables/orders?create_saved_chart_version=%7B%7D"
      },
      "status": "ok"
    }
    "#);
    let link = made.json()["results"].clone();
    let code = link["nanoid"].as_str().unwrap();
    assert_eq!(code.len(), 21);
    assert!(
        code.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    );

    let vic = app.in_role("vic@example.com", "member").await;
    assert_eq!(vic.get(&one(&link)).await.ok(), link);
    let token = ana.by_token().await;
    assert_eq!(token.get(&one(&link)).await.ok(), link);
    let made = token.post(SHARE).json(&target("/", "")).await;
    assert_eq!(
        (made.status.as_u16(), &made.json()["results"]["url"]),
        (201, &json!("/"))
    );
    // The same place again is another link.
    let again = ana.post(SHARE).json(&target("/", "")).await;
    assert_ne!(
        again.json()["results"]["nanoid"],
        made.json()["results"]["nanoid"]
    );
}

#[tokio::test]
async fn a_link_of_another_organization_is_as_unknown_as_none() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let link = ana.post(SHARE).json(&target("/secret", "")).await.json()["results"].clone();
    let oda = app.admin("oda@other.example", "Other").await;
    let eve = app.verified("eve@elsewhere.example").await;
    assert_snapshot!(oda.get(&one(&link)).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Share link not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    let long = "x".repeat(3000);
    for code in [
        "V1StGXR8_Z5jdHi6B-myT",
        "short",
        "V1StGXR8_Z5jdHi6B-my%23",
        &long,
    ] {
        let reply = ana.get(&format!("{SHARE}/{code}")).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{code}");
    }
    for reply in [
        eve.get(&one(&link)).await,
        eve.post(SHARE).json(&target("/", "")).await,
    ] {
        assert_eq!(reply.refusal(), "403 ForbiddenError");
    }
    for reply in [
        app.anonymous().get(&one(&link)).await,
        app.anonymous().post(SHARE).json(&target("/", "")).await,
    ] {
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
}

#[tokio::test]
async fn a_link_leads_nowhere_but_to_this_site() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let before = app.items();
    let (long_path, long_params) = ("/".repeat(2) + "x", format!("?{}", "x".repeat(64 * 1024)));
    let too_long = format!("/{}", "x".repeat(2048));
    for (path, params) in [
        ("", ""),
        ("projects/1", ""),
        ("https://evil.example", ""),
        ("javascript:alert(1)", ""),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("/\t/evil.example", ""),
        ("/a\r\nb", ""),
        (" /a", ""),
        ("/\u{85}", ""),
        (&*long_path, ""),
        (&*too_long, ""),
        ("/", "a=1"),
        ("/", "#x"),
        ("/", "?a\nb"),
        ("/", &*long_params),
    ] {
        let reply = ana.post(SHARE).json(&target(path, params)).await;
        assert_eq!(
            reply.refusal(),
            "400 ParameterError",
            "{path:?} {}",
            params.len()
        );
    }
    for wrong in [
        json!({}),
        json!({ "path": "/" }),
        json!({ "path": 5, "params": "" }),
    ] {
        assert_eq!(
            ana.post(SHARE).json(&wrong).await.refusal(),
            "422 ValidateError"
        );
    }
    assert_eq!(app.items(), before);
    let largest = target(
        &format!("/{}", "x".repeat(2047)),
        &format!("?{}", "x".repeat(65_535)),
    );
    let made = ana.post(SHARE).json(&largest).await.json()["results"].clone();
    assert_eq!(ana.get(&one(&made)).await.ok()["params"], largest["params"]);
}

#[tokio::test]
async fn a_link_outlives_its_creator_and_goes_with_the_organization() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let bob = app.in_role("bob@example.com", "admin").await;
    let link = bob.post(SHARE).json(&target("/", "?a")).await.json()["results"].clone();
    assert_eq!(
        ana.get(&one(&link)).await.ok()["createdByUserUuid"],
        link["createdByUserUuid"]
    );
    bob.delete("/api/v1/user/me").await.ok();
    let found = ana.get(&one(&link)).await.ok();
    assert_eq!(found.get("createdByUserUuid"), None);

    let bob = app.viewer("bob@example.com").await;
    let (admin, now) = (app.account(ANA).await, app.app.clock.now());
    let organization = admin.organization.unwrap();
    let task = app::domain::job::Task::DeleteOrganization { organization };
    let job = app::domain::job::Job::new(task, &app.app.random, now);
    app.app
        .store
        .delete_organization(organization, &admin, &job, now)
        .await
        .unwrap();
    let reply = bob.post(SHARE).json(&target("/", "")).await;
    assert_eq!(reply.refusal(), "401 InvalidUser");
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert!(
        !app.items()
            .values()
            .any(|item| item["kind"]["S"] == "share link")
    );
}

#[tokio::test]
async fn a_repeated_request_makes_one_link() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let make = async |path: &str| {
        let call = ana.post(SHARE).json(&target(path, ""));
        call.header("idempotency-key", "once").await
    };
    let first = make("/a").await;
    let before = app.items();
    assert_eq!(make("/a").await.text, first.text);
    assert_eq!(app.items(), before);
    // A key is kept for a day.
    app.wait(12 * 60);
    ana.get("/api/v1/user").await.ok();
    app.wait(12 * 60);
    let other = make("/a").await;
    assert_eq!(other.status, 201);
    assert_ne!(other.text, first.text);
}
