use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::{
    admin, api,
    tokens::{TOKENS, TOMORROW, USER, make, rotation, text},
};
#[tokio::test]
async fn a_rotated_token_has_a_new_secret_and_the_old_one_ends_at_once() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    let (id, old) = make(&ana, json!(TOMORROW)).await;
    let old = app.anonymous().with_token(&old);
    old.get(USER).await.ok();
    app.wait(5);

    let body = json!({ "expiresAt": "2026-03-01T00:00:00Z" });
    let reply = ana.patch(&rotation(&id)).json(&body).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "description": "CI",
        "expiresAt": "2026-03-01T00:00:00.000Z",
        "lastUsedAt": "2026-01-31T09:30:00.000Z",
        "rotatedAt": "2026-01-31T09:35:00.000Z",
        "token": "ldpat_15840a5283c2b8203c1f96a1f5e0c122",
        "uuid": "fc39e2f3-9168-40dd-bb9a-3b01696bec22"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(old.get(USER).await.refusal(), "401 AuthorizationError");
    let secret = reply.ok()["token"].clone();
    let new = app.anonymous().with_token(text(&secret));
    new.get(USER).await.ok();
    assert_eq!(ana.get(TOKENS).await.ok().as_array().map(Vec::len), Some(1));

    // A token may rotate itself, an hour later.
    app.wait(59);
    assert_snapshot!(new.patch(&rotation(&id)).json(&body).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "This token was rotated less than an hour ago",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    app.wait(1);
    let again = new.patch(&rotation(&id)).json(&body).await.ok();
    assert_eq!(again["rotatedAt"], "2026-01-31T10:35:00.000Z");
    assert_eq!(new.get(USER).await.refusal(), "401 AuthorizationError");
    app.anonymous()
        .with_token(text(&again["token"]))
        .get(USER)
        .await
        .ok();
}

#[tokio::test]
async fn what_cannot_be_rotated_stays_as_it_is() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, bob) = (
        admin(&app, "ana@acme.com").await,
        admin(&app, "bob@other.com").await,
    );
    let (endless, _) = make(&ana, json!(null)).await;
    let (foreign, secret) = make(&bob, json!(TOMORROW)).await;
    let before = app.items();
    let body = json!({ "expiresAt": TOMORROW });
    assert_snapshot!(ana.patch(&rotation(&endless)).json(&body).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "A token without an expiry date cannot be rotated",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    assert_snapshot!(ana.patch(&rotation(&foreign)).json(&body).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Personal access token not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for unknown in ["6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e", "not-a-uuid"] {
        let reply = ana.patch(&rotation(unknown)).json(&body).await;
        assert_eq!(reply.refusal(), "404 NotFoundError");
    }
    for wrong in [json!(null), json!("2026-01-31T09:30:00Z")] {
        let reply = bob
            .patch(&rotation(&foreign))
            .json(&json!({ "expiresAt": wrong }))
            .await;
        assert!(["422 ValidateError", "400 ParameterError"].contains(&reply.refusal().as_str()));
    }
    assert_eq!(app.items(), before);
    app.anonymous().with_token(&secret).get(USER).await.ok();
}
