use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::{admin, api, stored};

pub(crate) const CREDENTIALS: &str = "/api/v1/user/warehouseCredentials";

fn one(id: &Value) -> String {
    format!("{CREDENTIALS}/{}", id.as_str().unwrap_or_default())
}

pub(crate) fn postgres(name: &str) -> Value {
    json!({ "name": name, "credentials": { "type": "postgres", "user": "reader", "password": "s3cret-pg" } })
}

#[tokio::test]
async fn a_login_is_stored_sealed_and_shown_without_its_secret() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    assert_snapshot!(ana.post(CREDENTIALS).json(&postgres(" Mine ")).await, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "credentials": {
          "type": "postgres",
          "user": "reader"
        },
        "name": "Mine",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "uuid": "c8b37396-9a0d-45f4-a73e-f5a1bf418b0b"
      },
      "status": "ok"
    }
    "#);
    assert_snapshot!(ana.get(CREDENTIALS).await, @r#"
    200 {
      "results": [
        {
          "createdAt": "2026-01-31T09:30:00.000Z",
          "credentials": {
            "type": "postgres",
            "user": "reader"
          },
          "name": "Mine",
          "updatedAt": "2026-01-31T09:30:00.000Z",
          "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
          "uuid": "c8b37396-9a0d-45f4-a73e-f5a1bf418b0b"
        }
      ],
      "status": "ok"
    }
    "#);
    assert!(!stored(&app).contains("s3cret-pg"));
}

#[tokio::test]
async fn every_type_of_warehouse_keeps_its_secrets() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let logins = [
        json!({ "type": "postgres", "user": "u1", "password": "s3cret-a" }),
        json!({ "type": "redshift", "user": "u2", "password": "s3cret-b" }),
        json!({ "type": "trino", "user": "u3", "password": "s3cret-c" }),
        json!({ "type": "clickhouse", "user": "u4", "password": "s3cret-d" }),
        json!({ "type": "snowflake", "user": "u5" }),
        json!({ "type": "snowflake", "user": "u6", "password": "s3cret-e", "authenticationType": "password" }),
        json!({ "type": "snowflake", "user": "u7", "token": "s3cret-f", "authenticationType": "sso" }),
        json!({ "type": "bigquery", "keyfileContents": { "private_key": "s3cret-g" }, "authenticationType": "private_key" }),
        json!({ "type": "databricks", "personalAccessToken": "s3cret-h" }),
        json!({ "type": "athena", "accessKeyId": "s3cret-i", "secretAccessKey": "s3cret-j" }),
    ];
    for login in logins {
        let sent = json!({ "name": "x", "credentials": login });
        let made = ana.post(CREDENTIALS).json(&sent).await.ok();
        let mut shown = json!({ "type": login["type"] });
        if login["user"].is_string() {
            shown["user"] = login["user"].clone();
        }
        assert_eq!(made["credentials"], shown);
        app.wait(1);
    }
    let listed = ana.get(CREDENTIALS).await;
    assert_eq!(listed.ok().as_array().map(Vec::len), Some(10));
    let types: Vec<_> = listed
        .ok()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["credentials"]["type"].clone())
        .collect();
    assert_eq!(types[..2], [json!("postgres"), json!("redshift")]);
    assert!(!listed.text.contains("s3cret") && !stored(&app).contains("s3cret"));
}

#[tokio::test]
async fn what_fits_no_warehouse_is_refused_without_repeating_it() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let refuse = async |credentials: Value| {
        let sent = json!({ "name": "x", "credentials": credentials });
        let reply = ana.post(CREDENTIALS).json(&sent).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{credentials}");
        assert!(!reply.text.contains("s3cret"), "{reply}");
        reply
    };
    let reply = refuse(json!({ "type": "postgres", "password": "s3cret" })).await;
    let fields = reply.json()["error"]["data"].clone();
    let names: Vec<_> = fields.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["body.credentials"]);
    assert_eq!(fields["body.credentials"]["value"], Value::Null);
    for login in [
        json!({ "type": "mysql", "user": "u", "password": "s3cret" }),
        json!({ "user": "u", "password": "s3cret" }),
        json!({ "type": "postgres", "user": "u", "password": ["s3cret"] }),
        json!({ "type": "postgres", "user": "u", "password": "s3cret\u{0}" }),
        json!({ "type": "trino", "user": "u", "password": { "s3cret": 1 } }),
        json!({ "type": "bigquery", "keyfileContents": "s3cret" }),
        json!({ "type": "snowflake", "user": "u", "token": "s3cret", "authenticationType": "s3cret" }),
        json!({ "type": "databricks", "personalAccessToken": 5 }),
        json!("s3cret"),
        json!(null),
    ] {
        refuse(login).await;
    }
    assert_snapshot!(ana.post(CREDENTIALS).json(&json!({ "name": 5 })).await, @r#"
    422 {
      "error": {
        "data": {
          "body.credentials": {
            "message": "'credentials' is required"
          },
          "body.name": {
            "message": "invalid string value",
            "value": 5
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    for name in ["", " ", "a\nb", &"x".repeat(256)] {
        let reply = ana.post(CREDENTIALS).json(&postgres(name)).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name:?}");
        assert!(!reply.text.contains("s3cret"));
    }
    assert_eq!(ana.get(CREDENTIALS).await.ok(), json!([]));
}

#[tokio::test]
async fn a_login_that_is_larger_than_any_is_refused() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let key = "k".repeat(200 * 1024);
    let mut sent = postgres("x");
    sent["credentials"]["password"] = json!(key);
    assert_snapshot!(ana.post(CREDENTIALS).json(&sent).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "A warehouse login has at most 32 KB",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    assert_eq!(ana.get(CREDENTIALS).await.ok(), json!([]));
}

#[tokio::test]
async fn a_change_replaces_name_type_and_secret() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let made = ana.post(CREDENTIALS).json(&postgres("Mine")).await.ok();
    let path = one(&made["uuid"]);
    let before = stored(&app);
    app.wait(1);
    let sent = json!({ "name": "Ours", "credentials": { "type": "snowflake", "user": "writer", "token": "s3cret-sf" } });
    assert_snapshot!(ana.patch(&path).json(&sent).await, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "credentials": {
          "type": "snowflake",
          "user": "writer"
        },
        "name": "Ours",
        "updatedAt": "2026-01-31T09:31:00.000Z",
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "uuid": "c8b37396-9a0d-45f4-a73e-f5a1bf418b0b"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(
        ana.get(CREDENTIALS).await.ok().as_array().map(Vec::len),
        Some(1)
    );
    assert!(!stored(&app).contains("s3cret"));
    assert_ne!(stored(&app), before);

    // The secret has to come again.
    let sent = json!({ "name": "Ours", "credentials": { "type": "postgres", "user": "x" } });
    assert_eq!(
        ana.patch(&path).json(&sent).await.refusal(),
        "422 ValidateError"
    );
    assert_eq!(
        ana.patch(&path).json(&postgres("")).await.refusal(),
        "400 ParameterError"
    );
    let now = ana.get(CREDENTIALS).await.ok();
    assert_eq!(
        (&now[0]["name"], &now[0]["credentials"]),
        (
            &json!("Ours"),
            &json!({ "type": "snowflake", "user": "writer" })
        )
    );
}

#[tokio::test]
async fn somebody_elses_login_is_neither_seen_nor_changed_nor_deleted() {
    let app = TestApp::new(api()).await;
    let (ana, bob) = (
        app.user("ana@example.com").await,
        app.user("bob@example.com").await,
    );
    let made = ana.post(CREDENTIALS).json(&postgres("Mine")).await.ok();
    let path = one(&made["uuid"]);
    let before = app.items();
    assert_eq!(bob.get(CREDENTIALS).await.ok(), json!([]));
    assert_snapshot!(bob.patch(&path).json(&postgres("Stolen")).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Warehouse credentials not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for unknown in ["6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e", "not-a-uuid"] {
        let path = one(&json!(unknown));
        let reply = bob.patch(&path).json(&postgres("x")).await;
        assert_eq!(reply.refusal(), "404 NotFoundError");
        bob.delete(&path).await.ok();
    }
    assert_snapshot!(bob.delete(&path).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(app.items(), before);

    ana.delete(&path).await.ok();
    ana.delete(&path).await.ok();
    assert_eq!(ana.get(CREDENTIALS).await.ok(), json!([]));
    let reply = ana.patch(&path).json(&postgres("x")).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_token_opens_them_and_a_stranger_does_not() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    let token = ana.by_token().await;
    let made = token.post(CREDENTIALS).json(&postgres("Mine")).await.ok();
    assert_eq!(ana.get(CREDENTIALS).await.ok()[0]["uuid"], made["uuid"]);
    let nobody = app.anonymous();
    for reply in [
        nobody.get(CREDENTIALS).await,
        nobody.post(CREDENTIALS).json(&json!({})).await,
        nobody.patch(&one(&made["uuid"])).json(&postgres("x")).await,
        nobody.delete(&one(&made["uuid"])).await,
    ] {
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
}
