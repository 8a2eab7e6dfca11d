use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::{admin, api, open, stored};

pub(crate) const USER: &str = "/api/v1/user";

pub(crate) fn form(email: &str) -> Value {
    json!({ "email": email, "firstName": "Ana", "lastName": "Diaz", "password": "blue-giraffe-7" })
}

#[tokio::test]
async fn whoever_signs_up_has_an_account_a_session_and_a_passcode_in_the_mail() {
    let app = TestApp::new(api()).await;
    let ana = app.anonymous();

    let reply = ana.post(USER).json(&form("ana@example.com")).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "abilityRules": [],
        "createdAt": "2026-01-31T09:30:00.000Z",
        "email": "ana@example.com",
        "firstName": "Ana",
        "isActive": true,
        "isMarketingOptedIn": false,
        "isPending": false,
        "isSetupComplete": false,
        "isTrackingAnonymized": true,
        "lastName": "Diaz",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "userId": 862367834,
        "userUuid": "66cd60b5-a6b3-431c-9c3f-3585ea88e527"
      },
      "status": "ok"
    }
    "#);
    let cookie = reply.header("set-cookie").unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert_snapshot!(attributes, @"Path=/; Expires=Sun, 01 Feb 2026 09:30:00 GMT; HttpOnly; SameSite=Lax");
    assert_eq!(value.matches('=').count(), 1);
    assert!(value.starts_with("connect.sid=s%3A"));

    assert_eq!(app.mails().len(), 1);
    assert!(app.mails()[0].contains("<ana@example.com>"));
    let status = format!("/api/v1/user/me/email/status?passcode={}", app.passcode());
    assert_eq!(ana.get(&status).await.ok()["isVerified"], true);
    assert_eq!(ana.get(USER).await.ok()["email"], "ana@example.com");
}

#[tokio::test]
async fn cookies_are_secure_where_the_site_is() {
    let app = TestApp::with(api(), &[("ZERODASH_SITE_URL", "https://bi.example.com/")]).await;
    let reply = app
        .anonymous()
        .post(USER)
        .json(&form("ana@example.com"))
        .await;
    let cookie = reply.header("set-cookie").unwrap();
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn names_are_trimmed_and_addresses_are_kept_in_lower_case() {
    let app = TestApp::new(api()).await;
    let sent = json!({ "email": "Ana.Diaz@Example.COM", "firstName": " Ana\t", "lastName": " ", "password": "blue-giraffe-7" });
    let user = app.anonymous().post(USER).json(&sent).await.ok();
    assert_eq!(
        (&user["email"], &user["firstName"], &user["lastName"]),
        (&json!("ana.diaz@example.com"), &json!("Ana"), &json!(""))
    );
}

#[tokio::test]
async fn only_what_the_form_has_is_taken_from_it() {
    let app = TestApp::new(api()).await;
    let mut sent = form("ana@example.com");
    for (name, value) in [
        ("role", json!("admin")),
        (
            "organizationUuid",
            json!("6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e"),
        ),
        ("emailVerified", json!(true)),
        ("isSetupComplete", json!(true)),
        ("isMarketingOptedIn", json!(true)),
    ] {
        sent[name] = value;
    }
    let ana = app.anonymous();
    let user = ana.post(USER).json(&sent).await.ok();
    assert_eq!(user["role"], Value::Null);
    assert_eq!(user["isSetupComplete"], false);
    assert_eq!(user["isMarketingOptedIn"], false);
    let status = ana.get("/api/v1/user/me/email/status").await.ok();
    assert_eq!(status["isVerified"], false);
}

#[tokio::test]
async fn a_taken_address_is_taken_in_every_letter_case_and_nothing_changes() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    let before = app.items();

    let reply = app
        .anonymous()
        .post(USER)
        .json(&form("ANA@Example.com"))
        .await;
    assert_snapshot!(reply, @r#"
    409 {
      "error": {
        "data": {},
        "message": "E-mail address already exists",
        "name": "AlreadyExistsError",
        "statusCode": 409
      },
      "status": "error"
    }
    "#);
    assert_eq!(reply.header("set-cookie"), None);
    assert_eq!(app.items(), before);
    assert_eq!(app.mails().len(), 0);
}

/// Whatever the order: one account, one claim, and the other is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_simultaneous_registrations_of_one_address_one_wins() {
    for _ in 0..5 {
        let app = Arc::new(TestApp::new(api()).await);
        let mut tasks = tokio::task::JoinSet::new();
        for email in ["ana@example.com", "Ana@Example.com"] {
            let app = app.clone();
            tasks.spawn(async move {
                let reply = app.anonymous().post(USER).json(&form(email)).await;
                reply.refusal()
            });
        }
        let mut answers = tasks.join_all().await;
        answers.sort();
        assert_eq!(answers, ["200 (no error)", "409 AlreadyExistsError"]);
        let kinds = |prefix: &str| {
            let items = app.items();
            items
                .keys()
                .filter(|(pk, _)| pk.starts_with(prefix))
                .count()
        };
        assert_eq!(
            (
                kinds("USER#"),
                kinds("EMAIL#"),
                kinds("SESSION#"),
                kinds("LOGIN#")
            ),
            (1, 1, 1, 2)
        );
        assert_eq!(app.mails().len(), 1);
    }
}

#[tokio::test]
async fn signing_up_succeeds_while_mail_is_broken_and_asking_again_is_the_retry() {
    let app = TestApp::new(api()).await;
    let ana = app.anonymous();
    app.break_mail();
    ana.post(USER).json(&form("ana@example.com")).await.ok();
    assert!(ana.cookie().is_some());

    app.mend_mail();
    assert_eq!(app.mails().len(), 0);
    ana.put("/api/v1/user/me/email/otp").await.ok();
    let status = format!("/api/v1/user/me/email/status?passcode={}", app.passcode());
    assert_eq!(ana.get(&status).await.ok()["isVerified"], true);
}

#[tokio::test]
async fn a_server_for_one_organization_takes_in_nobody_else() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    let before = app.items();
    let reply = app
        .anonymous()
        .post(USER)
        .json(&form("bob@other.com"))
        .await;
    assert_snapshot!(reply, @r#"
    403 {
      "error": {
        "data": {},
        "message": "Ask an admin of the organization for an invitation",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);
    // Whether an address is known is not told here.
    let known = app.anonymous().post(USER).json(&form("ana@acme.com")).await;
    assert_eq!(known.text, reply.text);

    open(&ana).await;
    let colleague = app.anonymous().post(USER).json(&form("bob@acme.com")).await;
    assert_eq!(colleague.ok()["email"], "bob@acme.com");
    for stranger in ["bob@other.com", "bob@sub.acme.com", "bob@notacme.com"] {
        let reply = app.anonymous().post(USER).json(&form(stranger)).await;
        assert_eq!(reply.refusal(), "403 ForbiddenError", "{stranger}");
    }
}

#[tokio::test]
async fn a_server_for_many_organizations_takes_in_everybody() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    admin(&app, "ana@acme.com").await;
    let reply = app
        .anonymous()
        .post(USER)
        .json(&form("bob@other.com"))
        .await;
    assert_eq!(reply.ok()["email"], "bob@other.com");
}

#[tokio::test]
async fn nobody_signs_up_where_passwords_are_turned_off() {
    let app = TestApp::with(api(), &[("ZERODASH_PASSWORD_LOGIN", "false")]).await;
    app.user("ana@example.com").await;
    for email in ["ana@example.com", "bob@example.com"] {
        let reply = app.anonymous().post(USER).json(&form(email)).await;
        assert_eq!(reply.refusal(), "403 ForbiddenError");
    }
}

#[tokio::test]
async fn registrations_are_limited_per_address() {
    let limit = [("ZERODASH_LIMIT_REGISTER_ADDRESS", "2/600")];
    let app = TestApp::with(api(), &limit).await;
    let register = async |email: &str, from: &str| {
        let actor = app.anonymous().at(from);
        actor.post(USER).json(&form(email)).await
    };
    register("a@example.com", "192.0.2.7").await.ok();
    register("b@example.com", "192.0.2.7").await.ok();

    let refused = register("c@example.com", "192.0.2.7").await;
    assert_eq!(refused.refusal(), "429 TooManyRequestsError");
    assert_eq!(refused.header("retry-after"), Some("600"));
    assert_eq!(app.mails().len(), 2);
    register("c@example.com", "198.51.100.7").await.ok();
    app.wait(10);
    register("d@example.com", "192.0.2.7").await.ok();
}

#[tokio::test]
async fn neither_password_nor_passcode_nor_session_is_stored_in_clear() {
    let app = TestApp::new(api()).await;
    let ana = app.anonymous();
    ana.post(USER).json(&form("ana@example.com")).await.ok();

    let (stored, cookie) = (stored(&app), ana.cookie().unwrap());
    assert!(stored.contains("$argon2id$"));
    for secret in [
        "blue-giraffe-7",
        &format!("\"{}\"", app.passcode()),
        cookie.trim_start_matches("connect.sid=s%3A"),
    ] {
        assert!(!stored.contains(secret), "{secret}");
    }
}
