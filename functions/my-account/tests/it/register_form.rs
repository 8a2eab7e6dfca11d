use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::{
    api,
    register::{USER, form},
};

#[tokio::test]
async fn a_weak_password_is_refused_and_not_repeated() {
    let app = TestApp::new(api()).await;
    let before = app.items();
    let long = format!("a1{}", "x".repeat(255));
    for weak in ["blue-g7", "blueGiraffe", "12345678-9", "Password123", &long] {
        let mut sent = form("ana@example.com");
        sent["password"] = json!(weak);
        let reply = app.anonymous().post(USER).json(&sent).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{weak}");
        assert!(!reply.text.contains(weak));
    }
    assert_eq!(app.items(), before);
    // The longest that is taken, and one that is neither English nor short.
    for (email, password) in [
        ("ana@example.com", format!("a1{}", "x".repeat(254))),
        ("bob@example.com", "größe-über-a".to_owned()),
    ] {
        let mut sent = form(email);
        sent["password"] = json!(password);
        app.anonymous().post(USER).json(&sent).await.ok();
    }
}

#[tokio::test]
async fn what_fits_neither_form_is_told_under_the_body_without_any_value() {
    let app = TestApp::new(api()).await;
    let sent = json!({ "email": "ana@example", "firstName": 5, "password": ["blue-giraffe-7"] });
    assert_snapshot!(app.anonymous().post(USER).json(&sent).await, @r#"
    422 {
      "error": {
        "data": {
          "body": {
            "message": "matches none of the accepted forms: [{\"body.firstName\":{\"message\":\"invalid string value\"},\"body.inviteCode\":{\"message\":\"'inviteCode' is required\"},\"body.lastName\":{\"message\":\"'lastName' is required\"},\"body.password\":{\"message\":\"invalid string value\"}},{\"body.email\":{\"message\":\"Not match in '^(([^<>()[\\\\]\\\\\\\\.,;:\\\\s@\\\"]+(\\\\.[^<>()[\\\\]\\\\\\\\.,;:\\\\s@\\\"]+)*)|(\\\".+\\\"))@((\\\\[[0-9]{1,3}\\\\.[0-9]{1,3}\\\\.[0-9]{1,3}\\\\.[0-9]{1,3}\\\\])|(([a-zA-Z\\\\-0-9]+\\\\.)+[a-zA-Z]{2,}))$'\"},\"body.firstName\":{\"message\":\"invalid string value\"},\"body.lastName\":{\"message\":\"'lastName' is required\"},\"body.password\":{\"message\":\"invalid string value\"}}]"
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);

    let before = app.items();
    for address in [
        "",
        "ana",
        "@example.com",
        "ana@",
        "ana@example",
        "ana@@example.com",
        "ana@exa mple.com",
        " ana@example.com",
        "ana@example.com\n",
        "ana.@example.com",
        "a\u{0}na@example.com",
        &format!("{}@example.com", "a".repeat(250)),
    ] {
        let reply = app.anonymous().post(USER).json(&form(address)).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{address:?}");
        assert_eq!(reply.json()["error"]["data"]["body"]["value"], Value::Null);
        assert!(!reply.text.contains("giraffe"));
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_name_has_a_longest_length_and_no_control_characters() {
    let app = TestApp::new(api()).await;
    for (name, bad) in [
        ("firstName", "x".repeat(256)),
        ("lastName", "a\u{7}b".into()),
    ] {
        let mut sent = form("ana@example.com");
        sent[name] = json!(bad);
        let reply = app.anonymous().post(USER).json(&sent).await;
        assert_eq!(reply.refusal(), "400 ParameterError");
    }
    let mut sent = form("ana@example.com");
    sent["firstName"] = json!("é".repeat(255));
    app.anonymous().post(USER).json(&sent).await.ok();
}

#[tokio::test]
async fn with_an_invite_code_it_is_an_invitation_and_an_unknown_one_is_none() {
    let app = TestApp::new(api()).await;
    let mut sent = form("ana@example.com");
    sent["inviteCode"] = json!("kX2_dCw-7mQ0sVb4nH8aLpZ1tYrE5u");
    let before = app.items();
    assert_snapshot!(app.anonymous().post(USER).json(&sent).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Invitation does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);

    sent["password"] = json!("short-1");
    let reply = app.anonymous().post(USER).json(&sent).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn the_key_of_an_invite_code_decides_whatever_its_value() {
    let app = TestApp::new(api()).await;
    let before = app.items();
    for value in [json!(null), json!(7), json!({})] {
        let mut sent = form("ana@example.com");
        sent["inviteCode"] = value;
        let reply = app.anonymous().post(USER).json(&sent).await;
        assert_eq!(reply.refusal(), "422 ValidateError");
        assert!(reply.json()["error"]["data"]["body"].is_object(), "{reply}");
    }
    assert_eq!(app.items(), before);
}
