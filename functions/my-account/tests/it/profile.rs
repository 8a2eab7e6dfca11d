use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::{admin, api, stored};

const USER: &str = "/api/v1/user";
const ME: &str = "/api/v1/user/me";
const COMPLETE: &str = "/api/v1/user/me/complete";

#[tokio::test]
async fn somebody_without_an_organization_may_do_nothing_yet() {
    let app = TestApp::new(api()).await;
    assert_snapshot!(app.user("ana@example.com").await.get(USER).await, @r#"
    200 {
      "results": {
        "abilityRules": [],
        "createdAt": "2026-01-31T09:30:00.000Z",
        "email": "ana@example.com",
        "firstName": "ana",
        "isActive": true,
        "isMarketingOptedIn": false,
        "isPending": false,
        "isSetupComplete": false,
        "isTrackingAnonymized": true,
        "lastName": "Test",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "userId": 708452066,
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn an_admin_reads_their_organization_and_all_that_they_may_do() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    let mut user = ana.get(USER).await.ok();
    let rules = user["abilityRules"].take();
    assert_snapshot!(format!("{user:#}"), @r#"
    {
      "abilityRules": null,
      "createdAt": "2026-01-31T09:30:00.000Z",
      "email": "ana@acme.com",
      "firstName": "ana",
      "isActive": true,
      "isMarketingOptedIn": false,
      "isPending": false,
      "isSetupComplete": false,
      "isTrackingAnonymized": true,
      "lastName": "Test",
      "organizationCreatedAt": "2026-01-31T09:30:00.000Z",
      "organizationName": "Acme",
      "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
      "role": "admin",
      "updatedAt": "2026-01-31T09:30:00.000Z",
      "userId": 708452066,
      "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
    }
    "#);

    let rules = rules.as_array().unwrap();
    let of = |action: &str, subject: &str| {
        let mut found = rules
            .iter()
            .filter(|rule| rule["action"] == action && rule["subject"] == subject);
        found.next().map(|rule| rule["conditions"].clone())
    };
    let own = json!({ "organizationUuid": user["organizationUuid"] });
    // What is one's own alone is so in any organisation.
    let elsewhere = rules
        .iter()
        .filter(|rule| rule["conditions"]["organizationUuid"] != own["organizationUuid"])
        .map(|rule| &rule["subject"]);
    assert_eq!(
        elsewhere.collect::<Vec<_>>(),
        ["JobStatus", "PersonalAccessToken"]
    );
    assert_eq!(of("manage", "Organization"), Some(own));
    assert_eq!(of("manage", "PersonalAccessToken"), Some(json!({})));
    // A token is as good as its owner.
    let by_token = ana.by_token().await;
    assert_eq!(by_token.get(USER).await.ok(), ana.get(USER).await.ok());
}

#[tokio::test]
async fn a_profile_is_for_whoever_is_signed_in() {
    let app = TestApp::new(api()).await;
    let reply = app.anonymous().get(USER).await;
    assert_snapshot!(reply, @r#"
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
    assert_eq!(
        reply.header("www-authenticate"),
        Some(r#"ApiKey realm="api""#)
    );
    let token = app
        .anonymous()
        .with_token("ldpat_00000000000000000000000000000000");
    for refused in [
        app.anonymous().patch(ME).json(&json!({})).await,
        app.anonymous().patch(COMPLETE).json(&json!({})).await,
        app.anonymous().delete(ME).await,
        token.patch(ME).json(&json!({})).await,
    ] {
        assert_eq!(refused.refusal(), "401 AuthorizationError");
    }
}

#[tokio::test]
async fn whoever_is_deactivated_loses_their_session() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    app.deactivate("ana@example.com");
    let cookie = ana.cookie().unwrap();
    let reply = ana.get(USER).await;
    assert_snapshot!(reply, @r#"
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
    assert_snapshot!(reply.header("set-cookie").unwrap(), @"connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax");
    let again = app.anonymous().with_cookie(&cookie).get(USER).await;
    assert_eq!(again.refusal(), "401 AuthorizationError");
}

#[tokio::test]
async fn what_is_sent_of_a_profile_is_changed_and_the_rest_stays() {
    let app = TestApp::new(api()).await;
    let ana = app.verified("ana@example.com").await;
    app.wait(1);
    let sent = json!({ "firstName": " Anna ", "isMarketingOptedIn": true, "role": "admin", "isActive": false });
    assert_snapshot!(ana.patch(ME).json(&sent).await, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "email": "ana@example.com",
        "firstName": "Anna",
        "isActive": true,
        "isMarketingOptedIn": true,
        "isPending": false,
        "isSetupComplete": false,
        "isTrackingAnonymized": true,
        "lastName": "Test",
        "updatedAt": "2026-01-31T09:31:00.000Z",
        "userId": 708452066,
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
      },
      "status": "ok"
    }
    "#);
    let sent =
        json!({ "lastName": "", "isTrackingAnonymized": false, "isMarketingOptedIn": "FALSE" });
    let user = ana.patch(ME).json(&sent).await.ok();
    assert_eq!(
        (
            &user["firstName"],
            &user["lastName"],
            &user["isTrackingAnonymized"],
            &user["isMarketingOptedIn"]
        ),
        (&json!("Anna"), &json!(""), &json!(false), &json!(false))
    );
    let mut read = ana.get(USER).await.ok();
    read.as_object_mut().unwrap().remove("abilityRules");
    assert_eq!(user, read);
    assert_eq!(app.mails().len(), 0);
}

#[tokio::test]
async fn another_address_is_unverified_frees_the_old_one_and_tells_it() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    ana.put("/api/v1/user/me/email/otp").await.ok();
    let sent = json!({ "email": "Ana@New.example.com" });
    let user = ana.patch(ME).json(&sent).await.ok();
    assert_eq!(user["email"], "ana@new.example.com");

    // The passcode for the old address is gone, and nothing was mailed to the new one.
    assert_snapshot!(ana.get("/api/v1/user/me/email/status").await, @r#"
    200 {
      "results": {
        "email": "ana@new.example.com",
        "isVerified": false
      },
      "status": "ok"
    }
    "#);
    assert_eq!(app.mails().len(), 2);
    assert_snapshot!(app.mails()[1]);
    assert_eq!(stored(&app).matches("ana@acme.com").count(), 0);
    assert_eq!(ana.get(USER).await.ok()["role"], "admin");

    let bob = app.user("bob@acme.com").await;
    let freed = json!({ "email": "ana@acme.com" });
    assert_eq!(
        bob.patch(ME).json(&freed).await.ok()["email"],
        "ana@acme.com"
    );
    app.sign_in("ana@new.example.com").await;
}

#[tokio::test]
async fn ones_own_address_in_another_letter_case_is_no_change() {
    let app = TestApp::new(api()).await;
    let ana = app.verified("ana@example.com").await;
    let sent = json!({ "email": "ANA@example.com" });
    assert_eq!(
        ana.patch(ME).json(&sent).await.ok()["email"],
        "ana@example.com"
    );
    let status = ana.get("/api/v1/user/me/email/status").await.ok();
    assert_eq!(status["isVerified"], true);
    assert_eq!(app.mails().len(), 0);
}

#[tokio::test]
async fn a_taken_address_changes_nothing() {
    let app = TestApp::new(api()).await;
    app.user("bob@example.com").await;
    let ana = app.verified("ana@example.com").await;
    let before = app.items();
    let sent = json!({ "email": "Bob@example.com", "firstName": "Other" });
    assert_snapshot!(ana.patch(ME).json(&sent).await, @r#"
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
    assert_eq!(app.items(), before);
    assert_eq!(app.mails().len(), 0);
}

#[tokio::test]
async fn a_profile_that_has_the_wrong_shape_is_refused() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let sent = json!({ "email": "nowhere", "firstName": 1, "isMarketingOptedIn": "maybe" });
    assert_snapshot!(ana.patch(ME).json(&sent).await, @r#"
    422 {
      "error": {
        "data": {
          "body.email": {
            "message": "Not match in '^(([^<>()[\\]\\\\.,;:\\s@\"]+(\\.[^<>()[\\]\\\\.,;:\\s@\"]+)*)|(\".+\"))@((\\[[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\])|(([a-zA-Z\\-0-9]+\\.)+[a-zA-Z]{2,}))$'",
            "value": "nowhere"
          },
          "body.firstName": {
            "message": "invalid string value",
            "value": 1
          },
          "body.isMarketingOptedIn": {
            "message": "invalid boolean value",
            "value": "maybe"
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    for name in ["x".repeat(256), "a\nb".into()] {
        let reply = ana.patch(ME).json(&json!({ "firstName": name })).await;
        assert_eq!(reply.refusal(), "400 ParameterError");
    }
}
