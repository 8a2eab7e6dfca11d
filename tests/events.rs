//! Events of an HTTP API, answered as a deployed function answers them. A case is a file in `events/`, as CloudWatch
//! would show it (`{{…}}` is filled in by the test), and what comes of it. Paths in events are decoded already.

use std::{fmt, fs, path::Path};

use app::{http::Stack, lambda};
use http::HeaderMap;
use insta::assert_snapshot;
use serde_json::Value;
use testing::TestApp;

/// An answer; its `Display` is the status, the headers that are not on every answer, and the body.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for name in ["allow", "retry-after", "set-cookie", "www-authenticate"] {
            for value in self.headers.get_all(name) {
                writeln!(f, "{name}: {}", value.to_str().unwrap())?;
            }
        }
        write!(f, "{}", self.body)
    }
}

/// The text of an event.
fn event(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("events")
        .join(name)
        .with_extension("json");
    fs::read_to_string(path).unwrap_or_else(|_| panic!("no event {name}"))
}

/// Answers an event on a function that has every route.
async fn send(app: &TestApp, name: &str, filled: &[(&str, &str)]) -> Answer {
    let mut text = event(name);
    for (placeholder, value) in filled {
        let placeholder = format!("{{{{{placeholder}}}}}");
        assert!(text.contains(&placeholder), "no {placeholder} in {name}");
        text = text.replace(&placeholder, value);
    }
    assert!(!text.contains("{{"), "{name} is not filled in");
    let stack = Stack::new(local::api(), app.app.clone());
    let event = serde_json::from_str(&text).expect("an event");
    let answer = lambda::answer(&stack, event).await;
    assert!(!answer.is_base64_encoded, "{answer:?}");
    let mut headers = HeaderMap::new();
    let cookies = answer.cookies.iter().map(|cookie| ("set-cookie", cookie));
    let others = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value));
    for (name, value) in others.chain(cookies) {
        let name = name.parse::<http::HeaderName>().expect("a name");
        headers.append(name, value.parse().expect("a value"));
    }
    Answer {
        status: answer.status_code,
        headers,
        body: answer.body,
    }
}

async fn fresh(name: &str) -> Answer {
    send(&TestApp::new(local::api()).await, name, &[]).await
}

#[test]
fn every_event_has_what_real_ones_have() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let names = files.map(|file| file.file_name().into_string().unwrap());
    for name in names {
        let event: Value = serde_json::from_str(&event(&name)).unwrap();
        assert_eq!(event["version"], "2.0", "{name}");
        assert!(event["rawQueryString"].is_string(), "{name}");
        assert!(event["isBase64Encoded"].is_boolean(), "{name}");
        let context = &event["requestContext"];
        assert_eq!(event["routeKey"], context["routeKey"], "{name}");
        assert_eq!(event["rawPath"], context["http"]["path"], "{name}");
        for field in ["method", "protocol", "sourceIp", "userAgent"] {
            assert!(context["http"][field].is_string(), "{name}: {field}");
        }
        for field in ["accountId", "apiId", "domainName", "requestId", "stage"] {
            assert!(context[field].is_string(), "{name}: {field}");
        }
        let names = event["headers"].as_object().unwrap().keys();
        for header in names {
            assert_eq!(*header, header.to_lowercase(), "{name}");
        }
    }
}

#[tokio::test]
async fn the_event_of_the_build_check_is_answered() {
    let answer = fresh("health").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["results"]["healthy"], true);
}

#[tokio::test]
async fn a_decoded_path_is_read_as_it_was_meant() {
    for (name, meant) in [
        ("path_with_hash", "a#b"),
        ("path_with_question_mark", "a?b=c"),
        ("path_with_encoded_slash", "a%2Fb"),
        ("path_with_space", "new editor+1"),
        ("path_with_umlaut", "größe"),
        ("path_with_percent", "100%"),
        ("stage_in_path", "prod"),
        ("stage_of_custom_domain", "a#b"),
    ] {
        let answer = fresh(name).await;
        assert_eq!(answer.status, 200, "{name}: {answer}");
        assert_eq!(answer.json()["results"]["id"], meant, "{name}");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_and_letter_case_do_not_matter() {
    assert_snapshot!(fresh("trailing_slash").await, @r#"
    401
    www-authenticate: ApiKey realm="api"
    {"error":{"data":{},"message":"You are not signed in, or the credentials were not recognised","name":"AuthorizationError","statusCode":401},"status":"error"}
    "#);
    assert_snapshot!(fresh("other_letter_case").await, @r#"
    200
    {"status":"ok"}
    "#);
}

#[tokio::test]
async fn head_is_get_and_options_lists_what_there_is() {
    let answer = fresh("head").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let media_type = answer.header("content-type");
    assert_eq!(media_type, Some("application/json; charset=utf-8"));
    assert_snapshot!(fresh("options").await, @r#"
    200
    allow: GET, HEAD, OPTIONS, PATCH, PUT
    {"status":"ok"}
    "#);
}

#[tokio::test]
async fn what_is_not_there_is_the_envelope() {
    let unknown = fresh("unknown_path").await;
    assert_snapshot!(unknown, @r#"
    404
    {"error":{"data":{},"message":"Route not found","name":"NotFoundError","statusCode":404},"status":"error"}
    "#);
    assert_eq!(
        unknown.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    for name in ["outside_of_api", "empty_path"] {
        assert_eq!(fresh(name).await.to_string(), unknown.to_string());
    }
    assert_snapshot!(fresh("wrong_method").await, @r#"
    404
    allow: GET, HEAD, OPTIONS
    {"error":{"data":{},"message":"Method not allowed here; allowed: GET, HEAD, OPTIONS","name":"NotFoundError","statusCode":404},"status":"error"}
    "#);
}

#[tokio::test]
async fn every_answer_has_the_headers_of_the_product() {
    let answer = fresh("unknown_path").await;
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
    assert_snapshot!(headers.collect::<String>(), @"
    cache-control: private, no-cache
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json; charset=utf-8
    cross-origin-opener-policy: same-origin
    lightdash-version: 0.1791.0
    permissions-policy: camera=(), microphone=()
    referrer-policy: strict-origin-when-cross-origin
    strict-transport-security: max-age=31536000; includeSubDomains; preload
    vary: Cookie, Authorization, Accept-Encoding
    x-content-type-options: nosniff
    ");
}

#[tokio::test]
async fn a_session_comes_among_other_cookies() {
    let app = TestApp::new(local::api()).await;
    let session = app.verified("ana@example.com").await.cookie().unwrap();

    let answer = send(&app, "cookies", &[("session", &session)]).await;
    assert_eq!(answer.json()["results"]["email"], "ana@example.com");
    assert_snapshot!(send(&app, "no_cookies", &[]).await, @r#"
    401
    www-authenticate: ApiKey realm="api"
    {"error":{"data":{},"message":"You are not signed in, or the credentials were not recognised","name":"AuthorizationError","statusCode":401},"status":"error"}
    "#);
    assert_snapshot!(send(&app, "logout", &[("session", &session)]).await, @r#"
    200
    set-cookie: connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax
    {"status":"ok"}
    "#);
    assert_eq!(
        send(&app, "cookies", &[("session", &session)]).await.status,
        401
    );
}

#[tokio::test]
async fn a_session_leaves_as_a_cookie() {
    let app = TestApp::new(local::api()).await;
    let answer = send(&app, "sign_up", &[]).await;
    assert_eq!(answer.json()["results"]["lastName"], "Núñez");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 1);

    let cookie = cookies[0].to_str().unwrap();
    let (session, attributes) = cookie.split_once("; ").unwrap();
    assert_snapshot!(attributes, @"Path=/; Expires=Sun, 01 Feb 2026 09:30:00 GMT; HttpOnly; SameSite=Lax");
    let me = send(&app, "cookies", &[("session", session)]).await;
    assert_eq!(me.json()["results"]["email"], "ana@example.com");
}

#[tokio::test]
async fn a_body_is_missing() {
    assert_snapshot!(fresh("missing_body").await, @r#"
    422
    {"error":{"data":{"body":{"message":"matches none of the accepted forms: [{\"body.firstName\":{\"message\":\"'firstName' is required\"},\"body.inviteCode\":{\"message\":\"'inviteCode' is required\"},\"body.lastName\":{\"message\":\"'lastName' is required\"},\"body.password\":{\"message\":\"'password' is required\"}},{\"body.email\":{\"message\":\"'email' is required\"},\"body.firstName\":{\"message\":\"'firstName' is required\"},\"body.lastName\":{\"message\":\"'lastName' is required\"},\"body.password\":{\"message\":\"'password' is required\"}}]"}},"message":"","name":"ValidateError","statusCode":422},"status":"error"}
    "#);
}

#[tokio::test]
async fn a_body_comes_in_base64() {
    // Read, as the pair is looked up and not found.
    assert_snapshot!(fresh("json_in_base64").await, @r#"
    401
    www-authenticate: ApiKey realm="api"
    {"error":{"data":{},"message":"You are not signed in, or the credentials were not recognised","name":"AuthorizationError","statusCode":401},"status":"error"}
    "#);
    assert_snapshot!(fresh("body_that_is_no_text").await, @r#"
    400
    {"error":{"data":{},"message":"The request body is not JSON (line 1, column 11)","name":"ParameterError","statusCode":400},"status":"error"}
    "#);
    assert_snapshot!(fresh("body_of_another_type").await, @r#"
    415
    {"error":{"data":{},"message":"Send the body as application/json","name":"ParameterError","statusCode":415},"status":"error"}
    "#);
}

#[tokio::test]
async fn malformed_json_is_told_with_its_place() {
    assert_snapshot!(fresh("malformed_json").await, @r#"
    400
    {"error":{"data":{},"message":"The request body is not JSON (line 2, column 14)","name":"ParameterError","statusCode":400},"status":"error"}
    "#);
}

#[tokio::test]
async fn a_query_is_decoded_once() {
    let app = TestApp::new(local::api()).await;
    app.user("ana+bi@example.com").await;
    assert_snapshot!(send(&app, "encoded_query", &[]).await, @r#"
    200
    {"status":"ok","results":{"showOptions":["email"],"forceRedirect":false}}
    "#);
    assert_snapshot!(send(&app, "repeated_parameter", &[]).await, @r#"
    422
    {"error":{"data":{"email":{"message":"invalid string value","value":["ana+bi@example.com","a b%40c"]}},"message":"","name":"ValidateError","statusCode":422},"status":"error"}
    "#);
}

#[tokio::test]
async fn an_idempotency_key_arrives() {
    let app = TestApp::new(local::api()).await;
    let ana = app.verified("ana@example.com").await;
    ana.put("/api/v1/org")
        .json(&serde_json::json!({ "name": "Analysts" }))
        .await;
    let session = ana.cookie().unwrap();

    let first = send(&app, "idempotency_key", &[("session", &session)]).await;
    assert_eq!(first.status, 200, "{first}");
    let again = send(&app, "idempotency_key", &[("session", &session)]).await;
    assert_snapshot!(again, @r#"
    409
    {"error":{"data":{},"message":"Personal access token already exists","name":"AlreadyExistsError","statusCode":409},"status":"error"}
    "#);
    let tokens = ana.get("/api/v1/user/me/personal-access-tokens").await.ok();
    assert_eq!(tokens.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn limits_count_by_the_address_that_the_event_names() {
    let settings = [("ZERODASH_LIMIT_LOGIN_ADDRESS", "2/600")];
    let app = TestApp::with(local::api(), &settings).await;
    let attempt = async |email: &str, address: &str| {
        send(
            &app,
            "failed_login",
            &[("email", email), ("address", address)],
        )
        .await
    };
    assert_eq!(attempt("a@example.com", "192.0.2.7").await.status, 401);
    assert_eq!(attempt("b@example.com", "192.0.2.7").await.status, 401);
    assert_snapshot!(attempt("c@example.com", "192.0.2.7").await, @r#"
    429
    retry-after: 600
    {"error":{"data":{},"message":"Too many requests, try again later","name":"TooManyRequestsError","statusCode":429},"status":"error"}
    "#);
    assert_eq!(attempt("d@example.com", "192.0.2.8").await.status, 401);
    // A household counts as one.
    assert_eq!(
        attempt("e@example.com", "2001:db8:1:2::1").await.status,
        401
    );
    assert_eq!(
        attempt("f@example.com", "2001:db8:1:2::2").await.status,
        401
    );
    assert_eq!(
        attempt("g@example.com", "2001:db8:1:2:3::").await.status,
        429
    );
    assert_eq!(
        attempt("h@example.com", "2001:db8:1:3::1").await.status,
        401
    );
}
