use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::{admin, api, join, open};

const USER: &str = "/api/v1/user";
const ME: &str = "/api/v1/user/me";
const COMPLETE: &str = "/api/v1/user/me/complete";
const DOMAINS: &str = "/api/v1/user/me/allowedOrganizations";

#[tokio::test]
async fn whoever_finishes_the_setup_may_open_the_organization_to_colleagues() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    let bob = app.verified("bob@acme.com").await;
    let eve = app.user("eve@acme.com").await;
    assert_eq!(bob.get(DOMAINS).await.ok(), json!([]));
    app.wait(1);
    let sent = json!({ "organizationName": " Acme Works ", "jobTitle": "Analyst", "enableEmailDomainAccess": true,
        "isMarketingOptedIn": true, "isTrackingAnonymized": false });
    assert_snapshot!(ana.patch(COMPLETE).json(&sent).await, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "email": "ana@acme.com",
        "firstName": "ana",
        "isActive": true,
        "isMarketingOptedIn": true,
        "isPending": false,
        "isSetupComplete": true,
        "isTrackingAnonymized": false,
        "lastName": "Test",
        "organizationCreatedAt": "2026-01-31T09:30:00.000Z",
        "organizationName": "Acme Works",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "role": "admin",
        "updatedAt": "2026-01-31T09:31:00.000Z",
        "userId": 708452066,
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
      },
      "status": "ok"
    }
    "#);

    let seen = bob.get(DOMAINS).await.ok();
    assert_eq!(seen[0]["name"], "Acme Works");
    assert_eq!(eve.get(DOMAINS).await.ok(), json!([]));
    join(&bob, seen[0]["organizationUuid"].as_str().unwrap()).await;
    assert_eq!(bob.get(USER).await.ok()["role"], "viewer");

    // Members end their own setup, and rename nothing.
    let reply = bob.patch(COMPLETE).json(&sent).await;
    assert_snapshot!(reply, @r#"
    403 {
      "error": {
        "data": {},
        "message": "You are not allowed to do this",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    let sent = json!({ "jobTitle": "Analyst", "enableEmailDomainAccess": true });
    let user = bob.patch(COMPLETE).json(&sent).await.ok();
    assert_eq!(user["isSetupComplete"], true);
}

#[tokio::test]
async fn opening_it_again_replaces_the_domain() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    open(&ana).await;
    ana.patch(ME)
        .json(&json!({ "email": "ana@acme.org" }))
        .await
        .ok();
    ana.put("/api/v1/user/me/email/otp").await.ok();
    let guess = format!("/api/v1/user/me/email/status?passcode={}", app.passcode());
    ana.get(&guess).await.ok();
    open(&ana).await;

    let (old, new) = (
        app.verified("bob@acme.com").await,
        app.verified("eve@acme.org").await,
    );
    assert_eq!(old.get(DOMAINS).await.ok(), json!([]));
    assert_eq!(new.get(DOMAINS).await.ok()[0]["name"], "Acme");
}

#[tokio::test]
async fn a_setup_that_breaks_a_rule_changes_nothing() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let reply = app
        .user("bob@acme.com")
        .await
        .patch(COMPLETE)
        .json(&json!({}))
        .await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");

    let provider = admin(&app, "ana@gmail.com").await;
    let unverified = app.user("ana@acme.com").await;
    unverified
        .put("/api/v1/org")
        .json(&json!({ "name": "Acme" }))
        .await
        .ok();
    let before = app.items();
    let open = json!({ "organizationName": "Other", "enableEmailDomainAccess": true });
    assert_snapshot!(provider.patch(COMPLETE).json(&open).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "Anybody can get an address at gmail.com, so it cannot be allowed",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    let reply = unverified.patch(COMPLETE).json(&open).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    for name in ["Acme & Sons", "Ämter", " ", "a/b", "a\nb", &"x".repeat(256)] {
        let reply = unverified
            .patch(COMPLETE)
            .json(&json!({ "organizationName": name }))
            .await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name}");
    }
    assert_eq!(app.items(), before);
}
