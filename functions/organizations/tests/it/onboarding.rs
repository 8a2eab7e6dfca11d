use insta::assert_snapshot;
use testing::TestApp;

use crate::api;

const STATUS: &str = "/api/v1/org/onboardingStatus";
const SHOWN: &str = "/api/v1/org/onboardingStatus/shownSuccess";

#[tokio::test]
async fn nobody_has_run_a_query_yet() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    assert_snapshot!(ana.get(STATUS).await, @r#"
    200 {
      "results": {
        "ranQuery": false
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn the_success_screen_is_shown_once_to_the_whole_organization() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let bob = app.viewer("bob@acme.com").await;
    let eve = app.admin("eve@other.com", "Other").await;
    assert_snapshot!(ana.post(SHOWN).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    let before = app.items();
    assert_snapshot!(bob.post(SHOWN).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Onboarding record does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(ana.post(SHOWN).await.refusal(), "404 NotExistsError");
    assert_eq!(app.items(), before);
    assert_eq!(ana.get(STATUS).await.ok()["ranQuery"], false);
    eve.post(SHOWN).await.ok();
}

#[tokio::test]
async fn it_needs_an_organization_and_a_session() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@acme.com").await;
    assert_eq!(ana.get(STATUS).await.refusal(), "404 NotExistsError");
    assert_eq!(ana.post(SHOWN).await.refusal(), "403 ForbiddenError");
    let token = app
        .anonymous()
        .with_token("ldpat_00000000000000000000000000000000");
    for reply in [
        token.get(STATUS).await,
        app.anonymous().get(STATUS).await,
        app.anonymous().post(SHOWN).await,
    ] {
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
}
