use app::domain::notification::{CommentPlace, Notification};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

const INBOX: &str = "/api/v1/notifications?type=dashboardComments";
const ANA: &str = "ana@example.com";

/// A notice to somebody, as comments will make it.
async fn notify(app: &TestApp, email: &str, message: &str) -> Notification {
    let user = app.account(email).await;
    let notification = Notification {
        resource: Some("6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e".into()),
        message: Some(message.into()),
        url: Some("/dashboards/1".into()),
        metadata: Some(CommentPlace {
            dashboard_uuid: "1".into(),
            dashboard_name: "Sales".into(),
            dashboard_tile_uuid: "2".into(),
            dashboard_tile_name: "Revenue".into(),
        }),
        ..Notification::new(user.id, &app.app.random, app.app.clock.now())
    };
    app.app.store.put_notification(&notification).await.unwrap();
    notification
}

fn one(notification: &Notification) -> String {
    format!("/api/v1/notifications/{}", notification.id)
}

fn messages(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_inbox_shows_its_owners_notices_newest_first() {
    let app = TestApp::new(local::api()).await;
    let (ana, bob) = (app.user(ANA).await, app.user("bob@example.com").await);
    assert_eq!(ana.get(INBOX).await.ok(), json!([]));
    notify(&app, ANA, "first").await;
    app.wait(1);
    notify(&app, ANA, "second").await;
    notify(&app, "bob@example.com", "Bob's").await;
    assert_snapshot!(ana.get(INBOX).await, @r#"
    200 {
      "results": [
        {
          "createdAt": "2026-01-31T09:31:00.000Z",
          "message": "second",
          "metadata": {
            "dashboardName": "Sales",
            "dashboardTileName": "Revenue",
            "dashboardTileUuid": "2",
            "dashboardUuid": "1"
          },
          "notificationId": "019c1364-3420-7ec9-a765-63301f6fe19b",
          "resourceType": "dashboardComments",
          "resourceUuid": "6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e",
          "url": "/dashboards/1",
          "viewed": false
        },
        {
          "createdAt": "2026-01-31T09:30:00.000Z",
          "message": "first",
          "metadata": {
            "dashboardName": "Sales",
            "dashboardTileName": "Revenue",
            "dashboardTileUuid": "2",
            "dashboardUuid": "1"
          },
          "notificationId": "019c1363-49c0-734c-82b9-e830a96bcb14",
          "resourceType": "dashboardComments",
          "resourceUuid": "6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e",
          "url": "/dashboards/1",
          "viewed": false
        }
      ],
      "status": "ok"
    }
    "#);
    assert_eq!(messages(&bob.get(INBOX).await.ok()), ["Bob's"]);
    let plain = Notification::new(
        app.account(ANA).await.id,
        &app.app.random,
        app.app.clock.now(),
    );
    app.app.store.put_notification(&plain).await.unwrap();
    let shown = ana.get(INBOX).await.ok();
    assert!(
        shown
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one.get("message").is_none())
    );
}

#[tokio::test]
async fn the_type_has_to_be_known() {
    let app = TestApp::new(local::api()).await;
    let ana = app.user(ANA).await;
    assert_snapshot!(ana.get("/api/v1/notifications").await, @r#"
    422 {
      "error": {
        "data": {
          "type": {
            "message": "'type' is required"
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    for query in ["?type=", "?type=charts", "?type=dashboardComments&type=x"] {
        let reply = ana.get(&format!("/api/v1/notifications{query}")).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{query}");
    }
    assert_eq!(
        app.anonymous().get(INBOX).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn an_inbox_shows_the_newest_two_hundred_of_ninety_days() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let ana = ana.by_token().await;
    let old = notify(&app, ANA, "old").await;
    app.wait(1);
    for n in 0..201 {
        notify(&app, ANA, &format!("{n}")).await;
        app.wait(1);
    }
    let shown = ana.get(INBOX).await.ok();
    let shown = messages(&shown);
    assert_eq!((shown.len(), shown[0], shown[199]), (200, "200", "1"));

    app.wait(90 * 24 * 60 - 201);
    let shown = ana.get(INBOX).await.ok();
    assert_eq!(messages(&shown).len(), 200);
    app.wait(100);
    let shown = ana.get(INBOX).await.ok();
    let shown = messages(&shown);
    assert_eq!((shown[0], shown.last()), ("200", Some(&"101")));
    let reply = ana.patch(&one(&old)).json(&json!({ "viewed": true })).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn its_owner_notes_that_a_notice_was_seen_and_changes_nothing_else() {
    let app = TestApp::new(local::api()).await;
    let (ana, bob) = (app.user(ANA).await, app.user("bob@example.com").await);
    let (first, _) = (
        notify(&app, ANA, "first").await,
        notify(&app, ANA, "other").await,
    );
    let bobs = app.account("bob@example.com").await.id;
    let sent = json!({
        "viewed": true, "message": "x", "url": "https://evil.example", "userUuid": bobs, "user": bobs,
        "createdAt": "2020-01-01", "resourceType": "x", "metadata": null,
    });
    let before = ana.get(INBOX).await.ok();
    assert_snapshot!(ana.patch(&one(&first)).json(&sent).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    let mut expected = before;
    let mut list = expected.as_array_mut().unwrap().iter_mut();
    list.find(|one| one["message"] == "first").unwrap()["viewed"] = json!(true);
    assert_eq!(ana.get(INBOX).await.ok(), expected);
    assert_eq!(bob.get(INBOX).await.ok(), json!([]));
    ana.patch(&one(&first))
        .json(&json!({ "viewed": false }))
        .await
        .ok();
    let now = ana.get(INBOX).await.ok();
    assert!(
        now.as_array()
            .unwrap()
            .iter()
            .all(|one| one["viewed"] == json!(false))
    );
    for wrong in [json!({}), json!({ "viewed": "maybe" })] {
        let reply = ana.patch(&one(&first)).json(&wrong).await;
        assert_eq!(reply.refusal(), "422 ValidateError");
    }
}

#[tokio::test]
async fn somebody_elses_notice_is_as_unknown_as_none() {
    let app = TestApp::new(local::api()).await;
    let bob = app.user("bob@example.com").await;
    app.user(ANA).await;
    let anas = notify(&app, ANA, "secret").await.id.to_string();
    let seen = json!({ "viewed": true });
    let before = app.items();
    for id in [&*anas, "00000000-0000-4000-8000-000000000000", "not-a-uuid"] {
        let path = format!("/api/v1/notifications/{id}");
        let reply = bob.patch(&path).json(&seen).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{id}");
        let reply = app.anonymous().patch(&path).json(&seen).await;
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn an_inbox_goes_with_its_owner() {
    let app = TestApp::new(local::api()).await;
    let ana = app.user(ANA).await;
    let sent = notify(&app, ANA, "first").await;
    ana.delete("/api/v1/user/me").await.ok();
    assert!(!app.items().keys().any(|(pk, _)| pk.starts_with("INBOX#")));
    let late = app.app.store.put_notification(&sent).await;
    assert!(matches!(late, Err(app::Error::Changed(_))));
}
