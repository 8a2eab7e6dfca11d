use insta::assert_snapshot;
use serde_json::json;
use testing::{Actor, Answer, TestApp};

use crate::{api, set};

const LIST: &str = "/api/v1/user/identities";

/// Removes one of the logins that `TestApp::identify` makes.
async fn remove(actor: &Actor<'_>, which: &str) -> Answer {
    let issuer = format!("https://id.example/{which}");
    let sent = json!({ "issuer": issuer, "email": "ana@example.com" });
    actor.delete("/api/v1/user/identity").json(&sent).await
}

#[tokio::test]
async fn every_type_of_provider_has_its_list() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    app.identify("ana@example.com");
    assert_snapshot!(ana.get(LIST).await, @r#"
    200 {
      "results": {
        "azuread": [],
        "google": [],
        "oidc": [
          {
            "createdAt": "2026-01-31T09:30:00.000Z",
            "email": "ana@example.com",
            "issuer": "https://id.example/one",
            "issuerType": "oidc"
          },
          {
            "createdAt": "2026-01-31T09:30:00.000Z",
            "email": "ana@example.com",
            "issuer": "https://id.example/two",
            "issuerType": "oidc"
          }
        ],
        "okta": [],
        "oneLogin": [],
        "slack": [],
        "snowflake": []
      },
      "status": "ok"
    }
    "#);
    let reply = app.anonymous().get(LIST).await;
    assert_eq!(reply.refusal(), "401 AuthorizationError");
}

#[tokio::test]
async fn a_login_goes_as_long_as_another_way_in_stays() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    app.identify("ana@example.com");
    set(
        &app,
        "ana@example.com",
        "hasPassword",
        json!({ "BOOL": false }),
    );

    assert_snapshot!(remove(&ana, "one").await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_snapshot!(remove(&ana, "one").await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Login identity not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    let before = app.items();
    assert_snapshot!(remove(&ana, "two").await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "This is your last way to sign in",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);
    let claims = before.keys().filter(|(pk, _)| pk.starts_with("IDENTITY#"));
    assert_eq!(claims.count(), 1);
    let left = ana.get(LIST).await.ok()["oidc"].clone();
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(left[0]["issuer"], "https://id.example/two");
}

#[tokio::test]
async fn beside_a_password_the_last_one_may_go() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    app.identify("ana@example.com");
    remove(&ana, "one").await.ok();
    remove(&ana, "two").await.ok();
    assert_eq!(ana.get(LIST).await.ok()["oidc"], json!([]));
}

#[tokio::test]
async fn somebody_elses_login_is_not_found_and_stays() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    app.identify("ana@example.com");
    let bob = app.user("bob@example.com").await;
    let before = app.items();
    assert_eq!(remove(&bob, "one").await.refusal(), "404 NotFoundError");
    let wrong = json!({ "issuer": 1 });
    let reply = bob.delete("/api/v1/user/identity").json(&wrong).await;
    assert_snapshot!(reply, @r#"
    422 {
      "error": {
        "data": {
          "body.email": {
            "message": "'email' is required"
          },
          "body.issuer": {
            "message": "invalid string value",
            "value": 1
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    let stranger = remove(&app.anonymous(), "one").await;
    assert_eq!(stranger.refusal(), "401 AuthorizationError");
    assert_eq!(app.items(), before);
}

/// Both ways in could go at once only if each write did not look at the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_simultaneous_removals_a_way_in_is_left() {
    let app = TestApp::new(api()).await;
    let cookie = app.user("ana@example.com").await.cookie().unwrap();
    app.identify("ana@example.com");
    set(
        &app,
        "ana@example.com",
        "hasPassword",
        json!({ "BOOL": false }),
    );
    let other = async |which| {
        let ana = app.anonymous().with_cookie(&cookie);
        remove(&ana, which).await.status == 200
    };
    let (one, two) = tokio::join!(other("one"), other("two"));
    assert!(one ^ two);
    let ana = app.anonymous().with_cookie(&cookie);
    let left = ana.get(LIST).await.ok()["oidc"].clone();
    assert_eq!(left.as_array().map(Vec::len), Some(1));
}
