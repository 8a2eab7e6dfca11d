use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::{ANA, BOB, ZOE, acme, assert_mirrors, id, path};

/// Somebody is in so many groups, none of which is there.
fn fill(app: &TestApp, email: &str, many: usize) {
    let groups: Vec<_> = (0..many)
        .map(|_| app.app.random.uuid().to_string())
        .collect();
    let items = app.items();
    let of = |kind: &str| {
        let found = items.values();
        let mut found =
            found.filter(|item| item["kind"]["S"] == kind && item["email"]["S"] == email);
        found.next().unwrap().clone()
    };
    for kind in ["user", "member"] {
        let mut item = of(kind);
        item["groups"] = json!({ "SS": groups });
        app.put_item(&item);
    }
}

#[tokio::test]
async fn members_are_listed_by_address_as_they_are_now() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[ZOE, BOB]).await;
    let (ana, bob) = (app.sign_in(ANA).await, app.sign_in(BOB).await);
    let members = format!("{}/members", path(&group));
    assert_snapshot!(ana.get(&members).await, @r#"
    200 {
      "results": [
        {
          "email": "bob@example.com",
          "firstName": "bob",
          "lastName": "Test",
          "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
        },
        {
          "email": "zoe@example.com",
          "firstName": "zoe",
          "lastName": "Test",
          "userUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf"
        }
      ],
      "status": "ok"
    }
    "#);
    let named = json!({ "firstName": "Robert", "email": "zz@example.com" });
    bob.patch("/api/v1/user/me").json(&named).await.ok();
    let listed = ana.get(&members).await.ok();
    assert_eq!(
        (&listed[0]["email"], &listed[1]["firstName"]),
        (&json!(ZOE), &json!("Robert"))
    );
    assert_eq!(listed[1]["email"], "zz@example.com");
    assert_mirrors(&app);
}

#[tokio::test]
async fn coming_and_going_tell_whether_anything_changed() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[]).await;
    let ana = app.sign_in(ANA).await;
    let bob = format!("{}/members/{}", path(&group), id(&app, BOB).await);
    assert_snapshot!(ana.put(&bob).await, @r#"
    201 {
      "status": "ok"
    }
    "#);
    let (before, again) = (app.items(), ana.put(&bob).await);
    assert_eq!((again.status.as_u16(), again.text.as_str()), (204, ""));
    assert_eq!(app.items(), before);
    assert_mirrors(&app);

    assert_snapshot!(ana.delete(&bob).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    let (before, again) = (app.items(), ana.delete(&bob).await);
    assert_eq!((again.status.as_u16(), again.text.as_str()), (204, ""));
    assert_eq!(app.items(), before);
    assert_mirrors(&app);
}

#[tokio::test]
async fn whoever_is_no_member_of_the_organization_is_not_found() {
    let app = acme().await;
    app.admin("oda@other.example", "Other").await;
    app.verified("eve@elsewhere.example").await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    let (oda, eve) = (
        id(&app, "oda@other.example").await,
        id(&app, "eve@elsewhere.example").await,
    );
    let ana = app.sign_in(ANA).await;
    let before = app.items();
    for user in [
        &*oda,
        &eve,
        "00000000-0000-4000-8000-000000000000",
        "not-a-uuid",
    ] {
        let member = format!("{}/members/{user}", path(&group));
        let reply = ana.put(&member).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{user}");
        assert_eq!(reply.json()["error"]["message"], "User not found");
        assert_eq!(ana.delete(&member).await.status, 204, "{user}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn nobody_is_in_more_than_a_thousand_groups() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[]).await;
    let ana = app.sign_in(ANA).await;
    let bob = id(&app, BOB).await;
    let member = format!("{}/members/{bob}", path(&group));
    fill(&app, BOB, 1000);
    let before = app.items();
    assert_snapshot!(ana.put(&member).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "Nobody can be in more than 1000 groups",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    let (zoe, one) = (id(&app, ZOE).await, |id: &Value| json!({ "userUuid": id }));
    let sent = json!({ "name": "New", "members": [one(&json!(zoe)), one(&json!(bob))] });
    assert_eq!(
        ana.patch(&path(&group)).json(&sent).await.refusal(),
        "400 ParameterError"
    );
    let sent = json!({ "name": "New", "members": [one(&json!(bob))] });
    let reply = ana.post("/api/v1/org/groups").json(&sent).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
    fill(&app, BOB, 999);
    // What an earlier try of the same request did is no reason to refuse it.
    for _ in 0..2 {
        let call = ana.post("/api/v1/org/groups").json(&sent);
        let reply = call.header("idempotency-key", "once").await;
        assert_eq!(reply.status, 201, "{reply}");
    }
    assert_eq!(ana.put(&member).await.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn whoever_deletes_their_account_is_in_no_group() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[ZOE, BOB]).await;
    app.set_role(BOB, "admin");
    app.sign_in(BOB).await.delete("/api/v1/user/me").await.ok();
    let ana = app.sign_in(ANA).await;
    let found = ana
        .get(&format!("{}?includeMembers=9", path(&group)))
        .await
        .ok();
    assert_eq!(found["memberUuids"], json!([id(&app, ZOE).await]));
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert_mirrors(&app);
}
