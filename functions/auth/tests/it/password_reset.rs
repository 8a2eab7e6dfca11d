use insta::assert_snapshot;
use serde_json::json;
use testing::{Answer, PASSWORD, TestApp};

use crate::{api, can_log_in, log_in};

const ASK: &str = "/api/v1/password-reset";
const NEW: &str = "green-giraffe-8";

async fn ask(app: &TestApp, email: &str) -> Answer {
    let sent = json!({ "email": email });
    app.anonymous().post(ASK).json(&sent).await
}

async fn look(app: &TestApp, code: &str) -> Answer {
    app.anonymous().get(&format!("{ASK}/{code}")).await
}

async fn reset(app: &TestApp, code: &str, password: &str) -> Answer {
    let sent = json!({ "code": code, "newPassword": password });
    app.anonymous()
        .post("/api/v1/user/password/reset")
        .json(&sent)
        .await
}

#[tokio::test]
async fn a_link_sets_a_new_password_once() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    assert_snapshot!(ask(&app, "Ana@Example.com").await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_snapshot!(app.mails()[0]);
    let code = app.reset_code();
    assert_eq!(code.len(), 30);
    assert!(
        code.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    );
    let items: Vec<_> = app.items().into_iter().collect();
    assert!(!format!("{items:?}").contains(&code));
    look(&app, &code).await.ok();
    look(&app, &code).await.ok();

    app.wait(1);
    let reply = reset(&app, &code, NEW).await;
    assert_snapshot!(reply, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(reply.header("set-cookie"), None);
    // Every session is over, the address is no more verified than before, and the owner is told.
    assert_eq!(
        ana.get("/api/v1/user").await.refusal(),
        "401 AuthorizationError"
    );
    assert_eq!(
        can_log_in(&app, "ana@example.com", PASSWORD).await,
        "401 AuthorizationError"
    );
    log_in(&ana, "ana@example.com", NEW).await.ok();
    assert_eq!(
        ana.get("/api/v1/user/me/email/status").await.ok()["isVerified"],
        false
    );
    assert!(app.mails()[1].contains("Subject: Your password was changed"));

    assert_snapshot!(reset(&app, &code, "third-giraffe-9").await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Password reset link does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(look(&app, &code).await.refusal(), "404 NotExistsError");
    assert_eq!(
        can_log_in(&app, "ana@example.com", NEW).await,
        "200 (no error)"
    );
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    let known = ask(&app, "ana@example.com").await;
    for unknown in ["nobody@example.com", "not an address", ""] {
        let reply = ask(&app, unknown).await;
        assert_eq!((reply.status, &reply.text), (known.status, &known.text));
        assert_eq!(reply.headers, known.headers);
    }
    assert_eq!(app.mails().len(), 1);
    app.break_mail();
    let reply = ask(&app, "ana@example.com").await;
    assert_eq!((reply.status, &reply.text), (known.status, &known.text));
}

#[tokio::test]
async fn a_link_works_for_a_day() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    ask(&app, "ana@example.com").await.ok();
    let code = app.reset_code();
    app.wait(24 * 60 - 1);
    look(&app, &code).await.ok();
    app.wait(1);
    assert_snapshot!(look(&app, &code).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Password reset link does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        reset(&app, &code, NEW).await.refusal(),
        "404 NotExistsError"
    );
    assert_eq!(
        can_log_in(&app, "ana@example.com", PASSWORD).await,
        "200 (no error)"
    );
}

#[tokio::test]
async fn of_several_links_the_first_that_is_used_ends_the_others() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    ask(&app, "ana@example.com").await.ok();
    let first = app.reset_code();
    ask(&app, "ana@example.com").await.ok();
    let second = app.reset_code();
    assert_ne!(first, second);
    look(&app, &first).await.ok();

    reset(&app, &second, NEW).await.ok();
    assert_eq!(look(&app, &first).await.refusal(), "404 NotExistsError");
    assert_eq!(
        reset(&app, &first, "third-giraffe-9").await.refusal(),
        "404 NotExistsError"
    );
}

#[tokio::test]
async fn another_password_or_address_ends_a_link() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    ask(&app, "ana@example.com").await.ok();
    let code = app.reset_code();
    let moved = json!({ "email": "ana@new.example.com" });
    ana.patch("/api/v1/user/me").json(&moved).await.ok();
    assert_eq!(look(&app, &code).await.refusal(), "404 NotExistsError");
    assert_eq!(
        reset(&app, &code, NEW).await.refusal(),
        "404 NotExistsError"
    );

    ask(&app, "ana@new.example.com").await.ok();
    let code = app.reset_code();
    let change = json!({ "password": PASSWORD, "newPassword": NEW });
    ana.post("/api/v1/user/password").json(&change).await.ok();
    assert_eq!(
        reset(&app, &code, "third-giraffe-9").await.refusal(),
        "404 NotExistsError"
    );
    assert_eq!(
        can_log_in(&app, "ana@new.example.com", NEW).await,
        "200 (no error)"
    );
}

#[tokio::test]
async fn a_link_to_somebody_who_is_gone_does_nothing() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    ask(&app, "ana@example.com").await.ok();
    let code = app.reset_code();
    ana.delete("/api/v1/user/me").await.ok();
    app.user("ana@example.com").await;
    assert_eq!(
        reset(&app, &code, NEW).await.refusal(),
        "404 NotExistsError"
    );
    assert_eq!(
        can_log_in(&app, "ana@example.com", PASSWORD).await,
        "200 (no error)"
    );
}

#[tokio::test]
async fn a_weak_password_leaves_the_link_usable() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    ask(&app, "ana@example.com").await.ok();
    let code = app.reset_code();
    let before = app.items();
    for weak in ["short-1", "onlyletters", "Password123"] {
        let reply = reset(&app, &code, weak).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{weak}");
        assert!(!reply.text.contains(weak) && !reply.text.contains(&code));
    }
    assert_eq!(app.items(), before);
    reset(&app, &code, NEW).await.ok();
}

#[tokio::test]
async fn what_is_no_code_and_no_form_is_refused_without_repeating_it() {
    let app = TestApp::new(api()).await;
    for code in ["x", "a%20b", &"x".repeat(5000)] {
        assert_eq!(look(&app, code).await.refusal(), "404 NotExistsError");
        assert_eq!(reset(&app, code, NEW).await.refusal(), "404 NotExistsError");
    }
    for code in ["%FF", "a%00b"] {
        assert_eq!(look(&app, code).await.refusal(), "422 ValidateError");
    }
    let wrong = json!({ "code": 123_456_789, "newPassword": [NEW] });
    let anonymous = app.anonymous();
    let reply = anonymous
        .post("/api/v1/user/password/reset")
        .json(&wrong)
        .await;
    assert_snapshot!(reply, @r#"
    422 {
      "error": {
        "data": {
          "body.code": {
            "message": "invalid string value"
          },
          "body.newPassword": {
            "message": "invalid string value"
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    assert_snapshot!(anonymous.post(ASK).json(&json!({ "mail": "x" })).await, @r#"
    422 {
      "error": {
        "data": {
          "body.email": {
            "message": "'email' is required"
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
}

#[tokio::test]
async fn links_are_limited_per_account_known_or_not() {
    let app = TestApp::with(api(), &[("ZERODASH_LIMIT_RESET_ACCOUNT", "2/3600")]).await;
    app.user("ana@example.com").await;
    for email in ["ana@example.com", "nobody@example.com"] {
        ask(&app, email).await.ok();
        ask(&app, &email.to_uppercase()).await.ok();
        let refused = ask(&app, email).await;
        assert_eq!(refused.refusal(), "429 TooManyRequestsError");
        assert_eq!(refused.header("retry-after"), Some("1800"));
    }
    assert_eq!(app.mails().len(), 2);
    look(&app, &app.reset_code()).await.ok();
}

#[tokio::test]
async fn links_are_limited_per_address() {
    let app = TestApp::with(api(), &[("ZERODASH_LIMIT_RESET_ADDRESS", "1/600")]).await;
    ask(&app, "a@example.com").await.ok();
    assert_eq!(
        ask(&app, "b@example.com").await.refusal(),
        "429 TooManyRequestsError"
    );
    let elsewhere = app.anonymous().at("198.51.100.7");
    elsewhere
        .post(ASK)
        .json(&json!({ "email": "b@example.com" }))
        .await
        .ok();
}

/// However close together: the link is a condition of the write that sets the password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_simultaneous_uses_of_a_link_one_counts() {
    for _ in 0..3 {
        let app = TestApp::new(api()).await;
        app.user("ana@example.com").await;
        ask(&app, "ana@example.com").await.ok();
        let code = app.reset_code();
        let (first, second) = tokio::join!(
            reset(&app, &code, NEW),
            reset(&app, &code, "third-giraffe-9")
        );
        let won = [first.status == 200, second.status == 200];
        assert!(won[0] ^ won[1], "{first} {second}");
        let password = if won[0] { NEW } else { "third-giraffe-9" };
        assert_eq!(
            can_log_in(&app, "ana@example.com", password).await,
            "200 (no error)"
        );
    }
}

#[tokio::test]
async fn a_link_does_not_come_back_with_the_address() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    ask(&app, "ana@example.com").await.ok();
    let code = app.reset_code();
    for email in ["ana@new.example.com", "ana@example.com"] {
        app.wait(1);
        let moved = json!({ "email": email });
        ana.patch("/api/v1/user/me").json(&moved).await.ok();
    }
    assert_eq!(look(&app, &code).await.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn what_is_no_address_uses_up_nobody_elses_links() {
    let app = TestApp::with(api(), &[("ZERODASH_LIMIT_RESET_ACCOUNT", "1/3600")]).await;
    for typo in ["ana", "ana@example", ""] {
        ask(&app, typo).await.ok();
    }
    assert_eq!(app.mails().len(), 0);
}

#[tokio::test]
async fn a_browser_with_a_session_that_a_reset_ended_signs_in_at_once() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    ask(&app, "ana@example.com").await.ok();
    reset(&app, &app.reset_code(), NEW).await.ok();
    log_in(&ana, "ana@example.com", NEW).await.ok();
    ana.get("/api/v1/user").await.ok();
}

#[tokio::test]
async fn a_reset_ends_the_tokens_that_a_stranger_made() {
    let app = TestApp::new(api()).await;
    let stranger = app.user("ceo@example.com").await;
    let made = json!({ "name": "Acme" });
    stranger.put("/api/v1/org").json(&made).await.ok();
    let token = json!({ "description": "x", "expiresAt": null, "autoGenerated": false });
    let path = "/api/v1/user/me/personal-access-tokens";
    let made = stranger.post(path).json(&token).await.ok();
    let client = stranger.with_token(made["token"].as_str().unwrap());
    client.get("/api/v1/user").await.ok();

    ask(&app, "ceo@example.com").await.ok();
    reset(&app, &app.reset_code(), NEW).await.ok();
    let refused = client.get("/api/v1/user").await;
    assert_eq!(refused.refusal(), "401 AuthorizationError");
}
