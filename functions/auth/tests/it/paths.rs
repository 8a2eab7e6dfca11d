use axum::http::Method;
use insta::assert_snapshot;
use serde_json::Value;
use testing::TestApp;

use crate::api;

const LOGIN: &str = "/api/v1/login";
const HEALTH: &str = "/api/v1/health";

#[tokio::test]
async fn below_api_what_is_unknown_is_told_in_json() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    assert_snapshot!(anonymous.get("/api/v1/nothing").await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Route not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/user/me/nothing",
        "/api/v1//user",
        "/api/v3/health",
        "/api/v1/health//",
        "/api/v1/%75ser",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let reply = anonymous.call(method, path).await;
            assert_eq!(reply.refusal(), "404 NotFoundError", "{path}");
            assert!(
                reply
                    .header("content-type")
                    .unwrap()
                    .starts_with("application/json")
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_method_is_told_with_those_that_are_known() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    let reply = anonymous
        .patch("/api/v1/user")
        .body("application/json", "{")
        .await;
    assert_snapshot!(reply, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Method not allowed here; allowed: GET, HEAD, OPTIONS, POST",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(anonymous.call(Method::HEAD, LOGIN).await.status, 404);
    let odd = Method::from_bytes(b"PROPFIND").unwrap();
    assert_eq!(
        anonymous.call(odd, HEALTH).await.header("allow"),
        Some("GET, HEAD, OPTIONS")
    );
    let asked = anonymous.call(Method::OPTIONS, "/api/v1/user").await;
    assert_eq!(
        (asked.status.as_u16(), asked.header("allow")),
        (200, Some("GET, HEAD, OPTIONS, POST"))
    );
    for name in asked.headers.keys() {
        assert!(!name.as_str().starts_with("access-control-"));
    }
}

#[tokio::test]
async fn letter_case_and_a_slash_at_the_end_do_not_matter() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    for path in ["/api/v1/user/", "/API/V1/USER", "/Api/v1/User/"] {
        assert_eq!(ana.get(path).await.ok()["email"], "ana@example.com");
    }
    let flag = app
        .anonymous()
        .get("/API/v2/Feature-Flag/MiXeD/")
        .await
        .ok();
    assert_eq!(flag["id"], "MiXeD");
    let status = ana
        .get("/api/v1/user/me/email/STATUS/?passcode=")
        .await
        .ok();
    assert_eq!(status["isVerified"], false);
}

#[tokio::test]
async fn asking_for_the_head_only_gives_no_body() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    for (path, status) in [
        ("/api/v1/user", 200),
        (HEALTH, 200),
        ("/api/v1/org", 403),
        ("/api/v1/nothing", 404),
    ] {
        let reply = ana.call(Method::HEAD, path).await;
        assert_eq!(reply.status, status, "{path}");
        assert!(
            reply
                .header("content-type")
                .unwrap()
                .starts_with("application/json")
        );
    }
    let reply = ana.call(Method::HEAD, "/api/v1/user").await;
    assert_eq!(reply.text, "");
}

#[tokio::test]
async fn what_a_query_cannot_mean_is_refused() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let status = "/api/v1/user/me/email/status";
    for query in ["passcode=1&passcode=2", "passcode=%FF", "passcode=a%00b"] {
        let reply = ana.get(&format!("{status}?{query}")).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{query}");
        assert_eq!(
            reply.json()["error"]["data"]["passcode"]["value"],
            Value::Null
        );
    }
    for query in ["", "passcode", "other=1&other=2", "&&"] {
        ana.get(&format!("{status}?{query}")).await.ok();
    }
    let reply = app.anonymous().get("/api/v2/feature-flag/a%00b").await;
    assert_snapshot!(reply, @r#"
    422 {
      "error": {
        "data": {
          "featureFlagId": {
            "message": "invalid string value",
            "value": "a\u0000b"
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    let long = "x".repeat(20_000);
    let flag = app
        .anonymous()
        .get(&format!("/api/v2/feature-flag/{long}"))
        .await
        .ok();
    assert_eq!(flag["enabled"], false);
}
