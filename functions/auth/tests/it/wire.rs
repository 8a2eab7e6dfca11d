use axum::http::Method;
use insta::assert_snapshot;
use serde_json::json;
use testing::{PASSWORD, TestApp};

use crate::api;

const LOGIN: &str = "/api/v1/login";
const RESET: &str = "/api/v1/password-reset";
const ME: &str = "/api/v1/user/me";
const HEALTH: &str = "/api/v1/health";

#[tokio::test]
async fn malformed_json_is_told_even_to_strangers() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    let send = async |body: &[u8]| anonymous.patch(ME).body("application/json", body).await;
    assert_snapshot!(send(b"{\"firstName\": \"Ana\",\n \"x\": }").await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "The request body is not JSON (line 2, column 7)",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    let deep = "[".repeat(200);
    for body in [
        &b"{"[..],
        b"nope",
        b"{} {}",
        b"{\"a\": \"\xff\"}",
        b"\xef\xbb\xbf{}",
        b"{\"a\": 1e999}",
        br#"{"a": "\ud800"}"#,
        b"{\"a\": \"\x01\"}",
        b" ",
        deep.as_bytes(),
    ] {
        let reply = send(body).await;
        assert_eq!(
            reply.refusal(),
            "400 ParameterError",
            "{}",
            String::from_utf8_lossy(body)
        );
    }
    let secret = format!("{{\"password\": \"{PASSWORD}\", oops");
    assert!(!send(secret.as_bytes()).await.text.contains(PASSWORD));
}

#[tokio::test]
async fn a_stranger_with_a_body_of_the_wrong_shape_is_a_stranger_first() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    let wrong = json!({ "firstName": { "a": 1 } });
    assert_eq!(
        anonymous.patch(ME).json(&wrong).await.refusal(),
        "401 AuthorizationError"
    );
    let text = anonymous.patch(ME).body("text/plain", "x").await;
    assert_eq!(text.refusal(), "401 AuthorizationError");
    assert_eq!(
        anonymous.delete(ME).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn every_field_of_the_wrong_shape_is_told() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let wrong = json!({ "firstName": { "a": 1 }, "lastName": ["x"], "email": 5, "isTrackingAnonymized": "x" });
    assert_snapshot!(ana.patch(ME).json(&wrong).await, @r#"
    422 {
      "error": {
        "data": {
          "body.email": {
            "message": "invalid string value",
            "value": 5
          },
          "body.firstName": {
            "message": "invalid string value",
            "value": {
              "a": 1
            }
          },
          "body.isTrackingAnonymized": {
            "message": "invalid boolean value",
            "value": "x"
          },
          "body.lastName": {
            "message": "invalid string value",
            "value": [
              "x"
            ]
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    for body in [json!([]), json!("x"), json!(null), json!(5)] {
        let reply = ana.patch(ME).json(&body).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{body}");
        assert_eq!(
            reply.json()["error"]["data"]["body"]["message"],
            "invalid object"
        );
    }
    for nul in [
        json!({ "firstName": "a\u{0}b" }),
        json!({ "email": "ana\u{0}@example.com" }),
    ] {
        assert_eq!(
            ana.patch(ME).json(&nul).await.refusal(),
            "422 ValidateError"
        );
    }
    let nul = json!({ "email": "ana@example.com", "password": "a\u{0}b" });
    assert_eq!(
        app.anonymous().post(LOGIN).json(&nul).await.refusal(),
        "422 ValidateError"
    );
}

#[tokio::test]
async fn only_json_in_utf_8_is_read() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    let body = r#"{"email":"ana@example.com"}"#;
    for media_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/jsonx",
        "application/json; charset=latin1",
        "",
    ] {
        let reply = anonymous.post(RESET).body(media_type, body).await;
        assert_eq!(reply.refusal(), "415 ParameterError", "{media_type}");
    }
    for media_type in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
        "application/merge-patch+json",
    ] {
        let reply = anonymous.post(RESET).body(media_type, body).await;
        assert_eq!(reply.refusal(), "200 (no error)", "{media_type}");
    }
    assert_snapshot!(anonymous.post(RESET).body("text/plain", body).await, @r#"
    415 {
      "error": {
        "data": {},
        "message": "Send the body as application/json",
        "name": "ParameterError",
        "statusCode": 415
      },
      "status": "error"
    }
    "#);
    // What a route does not read may be anything; a body that is not there is an empty object.
    let ana = app.user("ana@example.com").await;
    ana.put("/api/v1/user/me/email/otp")
        .body("text/plain", "x")
        .await
        .ok();
    let reply = anonymous.post(RESET).await;
    assert_eq!(
        reply.json()["error"]["data"],
        json!({ "body.email": { "message": "'email' is required" } })
    );
}

#[tokio::test]
async fn a_body_that_is_packed_is_refused_as_that() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    let sent = json!({ "email": "ana@example.com" });
    for coding in ["gzip", "GZIP", "br", "identity, deflate"] {
        let call = anonymous.post(RESET).header("content-encoding", coding);
        let reply = call.json(&sent).await;
        assert_eq!(reply.refusal(), "415 ParameterError", "{coding}");
        assert_eq!(reply.header("accept-encoding"), Some("identity"));
    }
    let gzip = anonymous.post(RESET).header("content-encoding", "gzip");
    // What it is packed in is told before what is wrong with it.
    let reply = gzip.body("application/json", [0x1f_u8, 0x8b, 0x08]).await;
    assert_snapshot!(reply, @r#"
    415 {
      "error": {
        "data": {},
        "message": "Send the body as it is, without a Content-Encoding",
        "name": "ParameterError",
        "statusCode": 415
      },
      "status": "error"
    }
    "#);
    let plain = anonymous.post(RESET).header("content-encoding", "Identity");
    assert_eq!(plain.json(&sent).await.refusal(), "200 (no error)");
    // Nothing is not packed.
    let none = anonymous.post(RESET).header("content-encoding", "gzip");
    assert_eq!(none.await.refusal(), "422 ValidateError");
    let media_type = anonymous.post(RESET).body("text/plain", "x").await;
    assert_eq!(media_type.header("accept-encoding"), None);
}

#[tokio::test]
async fn a_body_has_256_kilobytes_at_most() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    let sized = |bytes: usize| {
        let mut body = br#"{"email":"ana@example.com"}"#.to_vec();
        body.resize(bytes, b' ');
        body
    };
    let most = 256 * 1024;
    let reply = anonymous
        .post(RESET)
        .body("application/json", sized(most))
        .await;
    reply.ok();
    let reply = anonymous
        .post(RESET)
        .body("application/json", sized(most + 1))
        .await;
    assert_snapshot!(reply, @r#"
    413 {
      "error": {
        "data": {},
        "message": "The request body is larger than 262144 bytes",
        "name": "ParameterError",
        "statusCode": 413
      },
      "status": "error"
    }
    "#);
}

#[tokio::test]
async fn an_answer_that_is_known_is_not_sent_again() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let first = ana.get("/api/v1/user").await;
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with("W/\""));
    for known in [tag, "*", &format!("\"other\", {tag}")] {
        let again = ana.get("/api/v1/user").header("if-none-match", known).await;
        assert_eq!(
            (
                again.status.as_u16(),
                again.text.as_str(),
                again.header("etag")
            ),
            (304, "", Some(tag))
        );
        assert_eq!(again.header("content-type"), None);
    }
    let bob = app.user("bob@example.com").await;
    let other = bob.get("/api/v1/user").header("if-none-match", tag).await;
    assert_eq!(other.ok()["email"], "bob@example.com");
    app.wait(1);
    ana.patch(ME)
        .json(&json!({ "firstName": "Anna" }))
        .await
        .ok();
    let changed = ana.get("/api/v1/user").header("if-none-match", tag).await;
    assert_eq!(changed.ok()["firstName"], "Anna");
    assert_eq!(
        app.anonymous().get("/api/v1/user").await.header("etag"),
        None
    );
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_out_of_trouble() {
    let app = TestApp::new(api()).await;
    let anonymous = app.anonymous();
    let ok = anonymous.get("/api/v1/livez").await;
    let names: Vec<_> = ok
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_snapshot!(names.join("\n"), @r#"
    content-type: application/json; charset=utf-8
    content-length: 15
    etag: W/"a29ee2b15c494311c5252176"
    strict-transport-security: max-age=31536000; includeSubDomains; preload
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    permissions-policy: camera=(), microphone=()
    cross-origin-opener-policy: same-origin
    vary: Cookie, Authorization, Accept-Encoding
    cache-control: private, no-cache
    lightdash-version: 0.1791.0
    "#);
    for reply in [
        anonymous.get("/api/v1/nothing").await,
        anonymous.get("/api/v1/user").await,
        anonymous.post(LOGIN).body("application/json", "{").await,
        anonymous.call(Method::OPTIONS, LOGIN).await,
        anonymous.call(Method::HEAD, HEALTH).await,
    ] {
        for (name, value) in &ok.headers {
            if !["content-length", "etag"].contains(&name.as_str()) {
                assert_eq!(reply.headers.get(name), Some(value), "{name}");
            }
        }
        assert_eq!(reply.header("x-powered-by"), None);
    }
}
