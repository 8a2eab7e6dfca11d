use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::{
    admin, api,
    tokens::{TOKENS, form},
    warehouse_credentials::{CREDENTIALS, postgres},
};

#[tokio::test]
async fn a_repeated_request_is_answered_with_what_the_first_one_made() {
    let app = TestApp::new(api()).await;
    let (ana, bob) = (
        app.user("ana@example.com").await,
        app.user("bob@example.com").await,
    );
    let first = ana
        .post(CREDENTIALS)
        .json(&postgres("Mine"))
        .header("idempotency-key", "k#1")
        .await;
    app.wait(1);
    let again = ana
        .post(CREDENTIALS)
        .json(&postgres("Mine"))
        .header("idempotency-key", "k#1")
        .await;
    assert_eq!(
        (first.text.clone(), first.ok()),
        (again.text.clone(), again.ok())
    );
    let other = bob
        .post(CREDENTIALS)
        .json(&postgres("Mine"))
        .header("idempotency-key", "k#1")
        .await
        .ok();
    assert_ne!(other["uuid"], first.ok()["uuid"]);
    let second = ana
        .post(CREDENTIALS)
        .json(&postgres("Mine"))
        .header("idempotency-key", "k#2")
        .await
        .ok();
    assert_ne!(second["uuid"], first.ok()["uuid"]);
    assert_eq!(
        ana.get(CREDENTIALS).await.ok().as_array().map(Vec::len),
        Some(2)
    );
    for key in ["", &"x".repeat(256)] {
        let reply = ana
            .post(CREDENTIALS)
            .json(&postgres("x"))
            .header("idempotency-key", key)
            .await;
        assert_eq!(reply.refusal(), "400 ParameterError");
    }
}

/// Simultaneous repeats make one login, and are answered with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_repeats_make_one_login() {
    let app = TestApp::new(api()).await;
    let cookie = app.user("ana@example.com").await.cookie().unwrap();
    let make = async || {
        let ana = app.anonymous().with_cookie(&cookie);
        let call = ana.post(CREDENTIALS).json(&postgres("Mine"));
        call.header("idempotency-key", "once").await.refusal()
    };
    let answers: [String; 4] = tokio::join!(make(), make(), make(), make()).into();
    for answer in &answers {
        assert_eq!(answer, "200 (no error)");
    }
    let ana = app.anonymous().with_cookie(&cookie);
    assert_eq!(
        ana.get(CREDENTIALS).await.ok().as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(make().await, "200 (no error)");
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_token() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    let make = async |key: &str| {
        let call = ana.post(TOKENS).json(&form(json!(null)));
        call.header("idempotency-key", key).await
    };
    make("once").await.ok();
    assert_snapshot!(make("once").await, @r#"
    409 {
      "error": {
        "data": {},
        "message": "Personal access token already exists",
        "name": "AlreadyExistsError",
        "statusCode": 409
      },
      "status": "error"
    }
    "#);
    assert_eq!(ana.get(TOKENS).await.ok().as_array().map(Vec::len), Some(1));
    make("twice").await.ok();
    assert_eq!(make(&"x".repeat(256)).await.refusal(), "400 ParameterError");
    // A key is kept for a day.
    app.wait(24 * 60 - 1);
    assert_eq!(make("once").await.refusal(), "409 AlreadyExistsError");
    app.wait(2);
    make("once").await.ok();
}
