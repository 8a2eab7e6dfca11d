use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{PASSWORD, TestApp};

use crate::{api, can_log_in, log_in};

const LOGIN: &str = "/api/v1/login";
const USER: &str = "/api/v1/user";
const WRONG: &str = "yellow-giraffe-1";

#[tokio::test]
async fn whoever_has_the_password_gets_a_session() {
    let app = TestApp::new(api()).await;
    app.admin("ana@example.com", "Acme").await;
    let ana = app.anonymous();
    let reply = log_in(&ana, "ana@example.com", PASSWORD).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "email": "ana@example.com",
        "firstName": "ana",
        "isActive": true,
        "isMarketingOptedIn": false,
        "isPending": false,
        "isSetupComplete": true,
        "isTrackingAnonymized": true,
        "lastName": "Test",
        "organizationCreatedAt": "2026-01-31T09:30:00.000Z",
        "organizationName": "Acme",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "role": "admin",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "userId": 708452066,
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
      },
      "status": "ok"
    }
    "#);
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.starts_with("connect.sid=s%3A"));
    assert_snapshot!(cookie.split_once("; ").unwrap().1, @"Path=/; Expires=Sun, 01 Feb 2026 09:30:00 GMT; HttpOnly; SameSite=Lax");
    ana.get(USER).await.ok();
    // The address is compared in any letter case, the password is not.
    assert_eq!(
        can_log_in(&app, "ANA@Example.com", PASSWORD).await,
        "200 (no error)"
    );
    assert_eq!(
        can_log_in(&app, "ana@example.com", &PASSWORD.to_uppercase()).await,
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_the_pair_is_answered_alike() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    let before = app.items();
    let refused = log_in(&app.anonymous(), "ana@example.com", WRONG).await;
    assert_snapshot!(refused, @r#"
    401 {
      "error": {
        "data": {},
        "message": "You are not signed in, or the credentials were not recognised",
        "name": "AuthorizationError",
        "statusCode": 401
      },
      "status": "error"
    }
    "#);
    assert_eq!(refused.header("set-cookie"), None);
    for (email, password) in [
        (json!("nobody@example.com"), json!(WRONG)),
        (json!("not an address"), json!(WRONG)),
        (json!("ana@example.com "), json!(PASSWORD)),
        (json!("ana@example.com"), json!("x".repeat(100_000))),
        (json!("ana@example.com"), json!(12_345_678)),
        (json!("ana@example.com"), json!({ "$ne": "" })),
        (json!(["ana@example.com"]), json!(PASSWORD)),
        (json!(true), json!(PASSWORD)),
    ] {
        let sent = json!({ "email": email, "password": password });
        let reply = app.anonymous().post(LOGIN).json(&sent).await;
        assert_eq!(
            (reply.status, &reply.text),
            (refused.status, &refused.text),
            "{email}"
        );
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn email_and_password_have_to_be_sent_in_the_body() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    for sent in [
        json!({}),
        json!({ "email": "ana@example.com" }),
        json!({ "password": PASSWORD }),
        json!({ "email": "", "password": PASSWORD }),
        json!({ "email": "ana@example.com", "password": "" }),
        json!({ "email": null, "password": null }),
    ] {
        let reply = app.anonymous().post(LOGIN).json(&sent).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{sent}");
        assert!(!reply.text.contains(PASSWORD));
    }
    let query = format!("{LOGIN}?email=ana@example.com&password={PASSWORD}");
    assert_eq!(
        app.anonymous().post(&query).await.refusal(),
        "400 ParameterError"
    );
    let form = format!("email=ana%40example.com&password={PASSWORD}");
    let reply = app
        .anonymous()
        .post(LOGIN)
        .body("application/x-www-form-urlencoded", form)
        .await;
    assert_eq!(reply.refusal(), "415 ParameterError");
}

#[tokio::test]
async fn nobody_signs_in_where_passwords_are_turned_off() {
    let app = TestApp::with(api(), &[("ZERODASH_PASSWORD_LOGIN", "false")]).await;
    app.user("ana@example.com").await;
    for password in [PASSWORD, WRONG] {
        assert_eq!(
            can_log_in(&app, "ana@example.com", password).await,
            "403 ForbiddenError"
        );
    }
}

#[tokio::test]
async fn whoever_is_deactivated_is_told_so_only_with_the_right_password() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    app.deactivate("ana@example.com");
    assert_snapshot!(log_in(&app.anonymous(), "ana@example.com", PASSWORD).await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "This account is deactivated",
        "name": "DeactivatedAccountError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        can_log_in(&app, "ana@example.com", WRONG).await,
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let cookie = ana.cookie().unwrap();
    let elsewhere = app.anonymous();
    log_in(&elsewhere, "ana@example.com", PASSWORD).await.ok();

    let reply = ana.get("/api/v1/logout").await;
    assert_snapshot!(reply, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_snapshot!(reply.header("set-cookie").unwrap(), @"connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax");
    let old = app.anonymous().with_cookie(&cookie).get(USER).await;
    assert_eq!(old.refusal(), "401 AuthorizationError");
    elsewhere.get(USER).await.ok();
    assert_eq!(
        app.anonymous().get("/api/v1/logout").await.ok(),
        Value::Null
    );
}

const TIGHT: [(&str, &str); 1] = [("ZERODASH_LIMIT_LOGIN_PAIR", "2/900")];

#[tokio::test]
async fn failures_are_limited_per_account_and_address_whatever_the_letter_case() {
    let app = TestApp::with(api(), &TIGHT).await;
    app.user("ana@example.com").await;
    for email in ["ana@example.com", "ANA@example.com"] {
        assert_eq!(
            can_log_in(&app, email, WRONG).await,
            "401 AuthorizationError"
        );
    }
    let refused = log_in(&app.anonymous(), "Ana@example.com", PASSWORD).await;
    assert_snapshot!(refused, @r#"
    429 {
      "error": {
        "data": {},
        "message": "Too many requests, try again later",
        "name": "TooManyRequestsError",
        "statusCode": 429
      },
      "status": "error"
    }
    "#);
    assert_eq!(refused.header("retry-after"), Some("900"));
    // Nobody else is locked out: not from elsewhere, and not another account from here.
    let elsewhere = app.anonymous().at("198.51.100.7");
    log_in(&elsewhere, "ana@example.com", PASSWORD).await.ok();
    app.user("bob@example.com").await;
    assert_eq!(
        can_log_in(&app, "bob@example.com", PASSWORD).await,
        "200 (no error)"
    );
    app.wait(15);
    assert_eq!(
        can_log_in(&app, "ana@example.com", PASSWORD).await,
        "200 (no error)"
    );
}

#[tokio::test]
async fn unknown_accounts_are_limited_like_known_ones() {
    let app = TestApp::with(api(), &TIGHT).await;
    let expected = [
        "401 AuthorizationError",
        "401 AuthorizationError",
        "429 TooManyRequestsError",
    ];
    for answer in expected {
        assert_eq!(can_log_in(&app, "nobody@example.com", WRONG).await, answer);
    }
}

#[tokio::test]
async fn failures_are_limited_per_account_from_everywhere() {
    let app = TestApp::with(api(), &[("ZERODASH_LIMIT_LOGIN_ACCOUNT", "3/86400")]).await;
    app.user("ana@example.com").await;
    for last in 1..=3 {
        let actor = app.anonymous().at(&format!("198.51.100.{last}"));
        assert_eq!(
            log_in(&actor, "ana@example.com", WRONG).await.refusal(),
            "401 AuthorizationError"
        );
    }
    let refused = log_in(&app.anonymous(), "ana@example.com", PASSWORD).await;
    assert_eq!(refused.refusal(), "429 TooManyRequestsError");
    assert_eq!(refused.header("retry-after"), Some("52200"));
}

#[tokio::test]
async fn failures_are_limited_per_address_over_all_accounts() {
    let app = TestApp::with(api(), &[("ZERODASH_LIMIT_LOGIN_ADDRESS", "3/600")]).await;
    app.user("ana@example.com").await;
    for number in 0..3 {
        let email = format!("nobody{number}@example.com");
        assert_eq!(
            can_log_in(&app, &email, WRONG).await,
            "401 AuthorizationError"
        );
    }
    assert_eq!(
        can_log_in(&app, "ana@example.com", PASSWORD).await,
        "429 TooManyRequestsError"
    );
    let elsewhere = app.anonymous().at("198.51.100.7");
    log_in(&elsewhere, "ana@example.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn successes_are_never_limited() {
    let tight = [
        ("ZERODASH_LIMIT_LOGIN_PAIR", "2/900"),
        ("ZERODASH_LIMIT_LOGIN_ACCOUNT", "2/86400"),
        ("ZERODASH_LIMIT_LOGIN_ADDRESS", "2/600"),
    ];
    let app = TestApp::with(api(), &tight).await;
    app.user("ana@example.com").await;
    // One failure stays counted; what is taken back is only the success's own.
    assert_eq!(
        can_log_in(&app, "ana@example.com", WRONG).await,
        "401 AuthorizationError"
    );
    for _ in 0..8 {
        assert_eq!(
            can_log_in(&app, "ana@example.com", PASSWORD).await,
            "200 (no error)"
        );
    }
    assert_eq!(
        can_log_in(&app, "ana@example.com", WRONG).await,
        "401 AuthorizationError"
    );
    assert_eq!(
        can_log_in(&app, "ana@example.com", PASSWORD).await,
        "429 TooManyRequestsError"
    );
}

#[tokio::test]
async fn one_address_that_is_held_back_locks_nobody_else_out() {
    let tight = [
        ("ZERODASH_LIMIT_LOGIN_PAIR", "2/900"),
        ("ZERODASH_LIMIT_LOGIN_ACCOUNT", "5/86400"),
    ];
    let app = TestApp::with(api(), &tight).await;
    app.user("ana@example.com").await;
    for _ in 0..10 {
        can_log_in(&app, "ana@example.com", WRONG).await;
    }
    let elsewhere = app.anonymous().at("198.51.100.7");
    log_in(&elsewhere, "ana@example.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_one_came_with() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let before = ana.cookie().unwrap();
    log_in(&ana, "ana@example.com", PASSWORD).await.ok();
    let old = app.anonymous().with_cookie(&before);
    assert_eq!(old.get(USER).await.refusal(), "401 AuthorizationError");
    ana.get(USER).await.ok();
}
