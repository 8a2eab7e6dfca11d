//! The functions as they are deployed: each with its own routes, behind an HTTP API in small (`gateway/`) that chooses
//! between them by `template.yaml` and hands over events. A request that goes to the wrong function gets a 404.

mod api;
mod event;
pub(crate) mod routes;
pub(crate) mod yaml;

use std::{sync::Mutex, time::Duration};

use api::{Answer, Gateway, Request};
use app::{Api, Ok, Path, Query, Reply, http::Stack};
use http::Method;
use insta::assert_snapshot;
use routes::Route;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testing::TestApp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

const SOMETHING: &str = "5a1f3a0e-6f5b-4b8e-9f43-0a4a1b2c3d4e";

/// A browser: sends back the cookie that it was given last.
struct Browser<'a> {
    gateway: &'a Gateway,
    cookie: Mutex<Option<String>>,
}

impl<'a> Browser<'a> {
    fn new(gateway: &'a Gateway) -> Self {
        Self {
            gateway,
            cookie: Mutex::new(None),
        }
    }

    fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    async fn send(&self, mut request: Request) -> Answer {
        if let Some(cookie) = self.cookie() {
            // Beside others, as browsers have them.
            request = request.with("Cookie", &format!("theme=dark; {cookie}; last=1"));
        }
        let answer = self.gateway.send(&request).await;
        if let Some(set) = answer.header("set-cookie") {
            let pair = set.split(';').next().unwrap().to_owned();
            *self.cookie.lock().unwrap() = (!pair.ends_with('=')).then_some(pair);
        }
        answer
    }
}

fn route(key: &str, function: &str) -> Route {
    let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
    Route {
        method: method.into(),
        path: path.into(),
        function: function.into(),
    }
}

fn chosen(method: &str, path: &str) -> String {
    let routes = [
        "$default",
        "ANY /{proxy+}",
        "GET /pets/{proxy+}",
        "GET /pets/dog/{id}",
        "GET /pets/dog/1",
        "ANY /pets/dog/1",
        "POST /pets",
        "ANY /pets/cat/{proxy+}",
    ]
    .map(|key| route(key, "pets"));
    routes::choose(&routes, method, path).unwrap().key()
}

#[test]
fn the_most_specific_route_is_chosen() {
    // The developer guide's own examples, then ours.
    for (method, path, key) in [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat", "GET /pets/{proxy+}"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("PUT", "/pets/dog/1", "ANY /pets/dog/1"),
        ("PUT", "/pets/dog/2", "ANY /{proxy+}"),
        ("GET", "/pets/cat/1/2", "ANY /pets/cat/{proxy+}"),
        ("POST", "/pets", "POST /pets"),
        ("GET", "/pets", "ANY /{proxy+}"),
    ] {
        assert_eq!(chosen(method, path), key, "{method} {path}");
    }
}

#[test]
fn letter_case_and_the_last_slash_matter_to_a_route() {
    assert_eq!(chosen("GET", "/Pets/dog/1"), "ANY /{proxy+}");
    assert_eq!(chosen("POST", "/pets/"), "ANY /{proxy+}");
    assert_eq!(chosen("GET", "/pets/"), "GET /pets/{proxy+}");
    assert_eq!(chosen("GET", "/pets/dog/1/"), "GET /pets/{proxy+}");
}

#[test]
fn without_a_default_there_may_be_no_route() {
    let routes = [route("GET /pets", "pets")];
    assert_eq!(routes::choose(&routes, "GET", "/dogs"), None);
    assert_eq!(routes::choose(&routes, "POST", "/pets"), None);
    assert!(routes::choose(&routes, "GET", "/pets").is_some());
}

#[test]
fn short_forms_of_a_template_are_read() {
    let template = yaml::parse("a: !Ref B\nc: !GetAtt D.E\nf: !If [G, !Sub \"${H}\", 1]\ni: true");
    assert_eq!(
        template,
        json!({
            "a": { "Ref": "B" },
            "c": { "Fn::GetAtt": "D.E" },
            "f": { "Fn::If": ["G", { "Fn::Sub": "${H}" }, 1] },
            "i": true,
        })
    );
}

#[test]
fn a_request_becomes_an_event() {
    let request = Request::new("POST", "/api/v1/user/a%2Fb%20c?x=1&x=%32&y=")
        .with("Cookie", "one=1; two=2")
        .with("X-Twice", "a")
        .with("x-twice", "b")
        .with("X-Forwarded-For", "203.0.113.9")
        .body("image/png", [0xff, 0x00]);
    let event = event::of(&request, &route("ANY /api/v1/user/{proxy+}", "my-account"));
    assert_eq!(event["rawPath"], "/api/v1/user/a/b c");
    assert_eq!(event["rawQueryString"], "x=1&x=%32&y=");
    assert_eq!(
        event["queryStringParameters"],
        json!({ "x": "1,2", "y": "" })
    );
    assert_eq!(event["pathParameters"], json!({ "proxy": "a/b c" }));
    assert_eq!(event["cookies"], json!(["one=1", "two=2"]));
    assert_eq!(event["headers"]["cookie"], Value::Null);
    assert_eq!(event["headers"]["x-twice"], "a,b");
    assert_eq!(event["headers"]["x-forwarded-for"], "203.0.113.9,192.0.2.1");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "192.0.2.1");
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("/wA="), &json!(true))
    );

    let request = Request::new("PUT", "/x").json(&json!({ "name": "Zoë" }));
    let event = event::of(&request, &route("$default", "auth"));
    assert_eq!(event["body"], r#"{"name":"Zoë"}"#);
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["routeKey"], "$default");
}

#[tokio::test]
async fn every_operation_is_answered_as_in_one_process() {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    let document = local::api().document();
    let mut seen = 0;
    for (template, item) in document["paths"].as_object().unwrap() {
        let segments = template.split('/').map(|part| {
            if part.starts_with('{') {
                SOMETHING
            } else {
                part
            }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        for method in item.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let anonymous = app.anonymous();
            let whole = anonymous.call(method.clone(), &path).await;
            let apart = gateway.send(&Request::new(method.as_str(), &path)).await;
            assert_eq!(apart.status, whole.status, "{method} {path}");
            assert_eq!(apart.json(), whole.json(), "{method} {path}");
            for (name, value) in &whole.headers {
                let value = value.to_str().unwrap();
                assert_eq!(
                    apart.header(name.as_str()),
                    Some(value),
                    "{method} {path}: {name}"
                );
            }
            let allowed = gateway.send(&Request::new("OPTIONS", &path)).await;
            let list = allowed.header("allow").unwrap_or_default();
            assert!(list.contains(method.as_str()), "{method} {path}: {list}");
            seen += 1;
        }
    }
    assert!(seen >= 35, "{seen} operations");
}

#[tokio::test]
async fn somebody_signs_up_and_leaves() {
    let settings = [("ZERODASH_SITE_URL", "https://bi.example.com")];
    let app = TestApp::with(local::api(), &settings).await;
    let gateway = Gateway::new(&app.app);
    let ana = Browser::new(&gateway);

    let sign_up = json!({
        "email": "ana@example.com",
        "firstName": "Ana",
        "lastName": "Iglesias",
        "password": testing::PASSWORD,
    });
    let registered = ana
        .send(Request::new("POST", "/api/v1/user").json(&sign_up))
        .await;
    assert_eq!(registered.ok()["email"], "ana@example.com");
    let cookie = registered.header("set-cookie").unwrap();
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );

    let status = format!("/api/v1/user/me/email/status?passcode={}", app.passcode());
    let verified = ana.send(Request::get(&status)).await;
    assert_eq!(verified.ok()["isVerified"], true);
    assert_eq!(verified.header("cache-control"), Some("no-store"));

    let before = ana.cookie().unwrap();
    let organization = Request::new("PUT", "/api/v1/org").json(&json!({ "name": "Analysts" }));
    let created = ana.send(organization).await;
    assert_eq!(created.text(), r#"{"status":"ok"}"#);
    assert_ne!(ana.cookie().unwrap(), before);

    let user = ana.send(Request::get("/api/v1/user")).await;
    assert_eq!(user.ok()["organizationName"], "Analysts");
    let unchanged =
        Request::get("/api/v1/user").with("If-None-Match", user.header("etag").unwrap());
    let unchanged = ana.send(unchanged).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.text()), (304, ""));
    let health = ana.send(Request::get("/api/v1/health")).await;
    assert_eq!(health.ok()["isAuthenticated"], true);

    let old = Request::get("/api/v1/user").with("Cookie", &before);
    assert_eq!(gateway.send(&old).await.status.as_u16(), 401);

    let token = json!({ "description": "a script", "expiresAt": null, "autoGenerated": false });
    let token = Request::new("POST", "/api/v1/user/me/personal-access-tokens").json(&token);
    let token = ana.send(token).await.ok();
    let authorization = format!("ApiKey {}", token["token"].as_str().unwrap());
    let script = Request::get("/api/v1/org").with("Authorization", &authorization);
    assert_eq!(gateway.send(&script).await.ok()["name"], "Analysts");

    let cookie = ana.cookie().unwrap();
    let left = ana.send(Request::get("/api/v1/logout")).await;
    assert_eq!(left.text(), r#"{"status":"ok"}"#);
    assert_eq!(ana.cookie(), None);
    let again = Request::get("/api/v1/user").with("Cookie", &cookie);
    assert_eq!(gateway.send(&again).await.status.as_u16(), 401);
    assert_eq!(gateway.send(&script).await.status.as_u16(), 200);
}

#[tokio::test]
async fn what_nobody_owns_is_answered_by_auth() {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    for path in ["/", "/favicon.ico", "/api/v1/nothing", "/api/v1/orgs"] {
        assert_eq!(gateway.function_of("GET", path), Some("auth"), "{path}");
        let answer = gateway.send(&Request::get(path)).await;
        assert_eq!(
            answer.header("content-type"),
            Some("application/json; charset=utf-8")
        );
        assert_eq!(
            answer.to_string(),
            r#"404 {"error":{"data":{},"message":"Route not found","name":"NotFoundError","statusCode":404},"status":"error"}"#,
            "{path}"
        );
    }
}

#[tokio::test]
async fn odd_paths_arrive_as_they_were_meant() {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    for (sent, meant) in [
        ("a%23b", "a#b"),
        ("a%3Fb=c", "a?b=c"),
        ("a%252Fb", "a%2Fb"),
        ("a%20b+c", "a b+c"),
        ("%C3%BC", "ü"),
        ("a%26b;c", "a&b;c"),
        ("%22%5C", "\"\\"),
    ] {
        let answer = gateway
            .send(&Request::get(&format!("/api/v2/feature-flag/{sent}")))
            .await;
        assert_eq!(answer.ok()["id"], meant, "{sent}");
    }
    // The API decodes what separates segments, too.
    let answer = gateway
        .send(&Request::get("/api/v2/feature-flag/a%2Fb"))
        .await;
    assert_eq!(answer.status.as_u16(), 404);
}

#[tokio::test]
async fn path_habits_are_met() {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    for (method, path, status) in [
        // Paths of auth's that only `$default` takes.
        ("GET", "/api/v1/livez/", 200),
        ("GET", "/API/V1/Livez", 200),
        ("HEAD", "/api/v1/livez", 200),
        ("OPTIONS", "/api/v1/livez", 200),
        // A slash at the end goes to the greedy route.
        ("GET", "/api/v1/user/", 401),
        ("GET", "/api/v1/org/", 401),
        ("GET", "/api/v1/user/Identities/", 401),
        ("HEAD", "/api/v1/org", 401),
    ] {
        let answer = gateway.send(&Request::new(method, path)).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert!(method != "HEAD" || answer.body.is_empty());
    }
}

/// A known limit: routes of an HTTP API are exact, so the part of a path that chooses the function is, too.
#[tokio::test]
async fn the_part_of_a_path_that_chooses_the_function_is_exact() {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    for (method, path, function, in_one_process) in [
        ("GET", "/API/v1/user", "auth", 401),
        ("GET", "/api/v1/Org", "auth", 401),
        ("POST", "/api/v1/user/password/reset/", "my-account", 422),
        ("POST", "/api/v1/user/password/Reset", "my-account", 422),
    ] {
        assert_eq!(gateway.function_of(method, path), Some(function));
        let apart = gateway.send(&Request::new(method, path)).await;
        let anonymous = app.anonymous();
        let whole = anonymous.call(method.parse().unwrap(), path).await;
        let statuses = (apart.status.as_u16(), whole.status.as_u16());
        assert_eq!(statuses, (404, in_one_process), "{method} {path}");
    }
}

#[tokio::test]
async fn bodies_arrive() {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    let login = |media_type: &str, body: &[u8]| {
        Request::new("POST", "/api/v1/login").body(media_type, body)
    };
    let pair = br#"{"email":"nobody@example.com","password":"correct-horse-1"}"#;
    for (request, status) in [
        (login("application/json; charset=utf-8", pair), 401),
        // Text for the function, base64 for the API.
        (login("application/vnd.api+json", pair), 401),
        (login("application/json", b"{"), 400),
        (login("application/json", b"\xff\xfe"), 400),
        (
            login("application/x-www-form-urlencoded", b"email=a&password=b"),
            415,
        ),
        (login("application/json", b""), 400),
    ] {
        let answer = gateway.send(&request).await;
        assert_eq!(answer.status.as_u16(), status, "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn limits_count_by_the_address_that_the_api_saw() {
    let settings = [("ZERODASH_LIMIT_LOGIN_ADDRESS", "2/600")];
    let app = TestApp::with(local::api(), &settings).await;
    let gateway = Gateway::new(&app.app);
    let attempt = |number: u32, address: &str| {
        let pair =
            json!({ "email": format!("a{number}@example.com"), "password": "wrong-horse-1" });
        Request::new("POST", "/api/v1/login")
            .json(&pair)
            .with("X-Forwarded-For", &format!("198.51.100.{number}"))
            .at(address)
    };
    let mut statuses = Vec::new();
    for (number, address) in [
        (1, "192.0.2.1"),
        (2, "192.0.2.1"),
        (3, "192.0.2.1"),
        (4, "192.0.2.2"),
    ] {
        statuses.push(
            gateway
                .send(&attempt(number, address))
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(statuses, [401, 401, 429, 401]);
}

#[tokio::test]
async fn a_large_body_is_refused_by_whoever_sees_it_first() {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    let sent = |megabytes: f64| {
        let name = "x".repeat((megabytes * 1024.0 * 1024.0) as usize);
        Request::new("PUT", "/api/v1/org").json(&json!({ "name": name }))
    };
    for megabytes in [7.0, 11.0] {
        let answer = gateway.send(&sent(megabytes)).await;
        assert_eq!(
            answer.to_string(),
            r#"413 {"message":"Request Entity Too Large"}"#
        );
    }
    let answer = gateway.send(&sent(5.5)).await;
    assert_snapshot!(answer, @r#"413 {"error":{"data":{},"message":"The request body is larger than 262144 bytes","name":"ParameterError","statusCode":413},"status":"error"}"#);
    assert_eq!(gateway.send(&sent(0.2)).await.status.as_u16(), 401);
    // In base64 it is a third more.
    let binary = Request::new("PUT", "/api/v1/org").body("image/png", vec![0; 4_800_000]);
    assert_eq!(gateway.send(&binary).await.status.as_u16(), 413);
}

// What no operation of the product shows yet, on operations of our own. ---------------------------------------------

#[derive(Deserialize, Serialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Path)]
struct Thing {
    thing: String,
}

#[derive(Deserialize, Serialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
struct Filter {
    filter: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Echo {
    thing: String,
    filter: Option<String>,
}

/// Answers what it was asked.
#[utoipa::path(get, path = "/things/{thing}", params(Thing, Filter), responses((status = 200, body = Ok<Echo>)))]
async fn echo(Path(path): Path<Thing>, Query(query): Query<Filter>) -> Reply<Echo> {
    Reply(Echo {
        thing: path.thing,
        filter: query.filter,
    })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Amount {
    of: String,
    times: usize,
}

/// Answers a lot.
#[utoipa::path(get, path = "/lot", params(Amount), responses((status = 200, body = Ok<String>)))]
async fn lot(Query(amount): Query<Amount>) -> Reply<String> {
    Reply(amount.of.repeat(amount.times))
}

/// Takes its time.
#[utoipa::path(get, path = "/slow", responses((status = 200, body = Ok<String>)))]
async fn slow() -> Reply<String> {
    tokio::time::sleep(Duration::from_secs(60)).await;
    Reply("done".into())
}

async fn ours() -> Gateway {
    let api = || {
        Api::new()
            .routes(routes!(echo))
            .routes(routes!(lot))
            .routes(routes!(slow))
    };
    let app = TestApp::new(api()).await;
    let stack = Stack::new(api(), app.app.clone());
    Gateway::over(
        vec![route("$default", "ours")],
        [("ours".to_owned(), stack)],
    )
}

#[tokio::test]
async fn an_answer_that_the_platform_cannot_carry_is_a_413() {
    let gateway = ours().await;
    let answer = gateway.send(&Request::get("/lot?of=x&times=4000000")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.len()),
        (200, 4_000_028)
    );
    let answer = gateway.send(&Request::get("/lot?of=x&times=6000000")).await;
    assert_eq!(answer.status.as_u16(), 413);
    assert_snapshot!(answer, @r#"413 {"error":{"data":{},"message":"The answer is too large for one reply; ask for it in pages or as a file","name":"ParameterError","statusCode":413},"status":"error"}"#);
}

#[tokio::test]
async fn an_answer_is_compressed_for_whoever_takes_that() {
    let gateway = ours().await;
    let lot = |times| Request::get(&format!("/lot?of=x&times={times}"));
    let gzip = |request: Request| request.with("Accept-Encoding", "gzip, br");
    // Seven megabytes, which no function answers as they are.
    let answer = gateway.send(&gzip(lot(7_000_000))).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(
        answer.header("vary"),
        Some("Cookie, Authorization, Accept-Encoding")
    );
    assert_eq!(answer.header("content-length"), None);
    // A gzip file begins with its mark, and ends with how long it is without.
    assert!(answer.body.starts_with(&[0x1f, 0x8b]));
    assert!(answer.body.ends_with(&7_000_028_u32.to_le_bytes()));

    let (plain, packed) = (lot(2_000), gzip(lot(2_000)));
    let (plain, packed) = tokio::join!(gateway.send(&plain), gateway.send(&packed));
    assert_eq!(plain.header("content-encoding"), None);
    assert!(packed.body.len() < plain.body.len());
    let tag = packed.header("etag").unwrap();
    assert_eq!(plain.header("etag"), Some(tag));
    let known = gateway
        .send(&gzip(lot(2_000)).with("If-None-Match", tag))
        .await;
    assert_eq!(known.status.as_u16(), 304);
    assert_eq!(known.header("content-encoding"), None);
    let mut head = gzip(lot(2_000));
    head.method = "HEAD".into();
    let head = gateway.send(&head).await;
    assert_eq!(head.headers, packed.headers);

    let short = gateway.send(&gzip(lot(100))).await;
    assert_eq!(short.header("content-encoding"), None);
}

/// In the function's result each quote of the answer has a backslash before it.
#[tokio::test]
async fn an_answer_grows_on_its_way_and_still_is_no_bare_500() {
    let gateway = ours().await;
    let answer = gateway
        .send(&Request::get("/lot?of=%22&times=2000000"))
        .await;
    assert_ne!(answer.status.as_u16(), 500, "{answer}");
}

#[tokio::test]
async fn the_api_does_not_wait_for_ever() {
    let mut gateway = ours().await;
    gateway.patience = Duration::from_millis(50);
    let answer = gateway.send(&Request::get("/slow")).await;
    assert_snapshot!(answer, @r#"503 {"message":"Service Unavailable"}"#);
}

#[tokio::test]
async fn the_query_is_not_touched_by_what_the_path_holds() {
    let gateway = ours().await;
    for (target, thing, filter) in [
        ("/things/a?filter=b", "a", Some("b")),
        ("/things/a?filter=%23%26%3D%3F", "a", Some("#&=?")),
        ("/things/a?filter=b+c%2Bd", "a", Some("b c+d")),
        ("/things/a%2523?filter=b", "a%23", Some("b")),
        ("/things/a%23x?filter=b", "a#x", Some("b")),
        ("/things/a%3Fx?filter=b", "a?x", Some("b")),
        ("/things/a%3Ffilter=x", "a?filter=x", None),
    ] {
        let answer = gateway.send(&Request::get(target)).await.ok();
        assert_eq!(
            (&answer["thing"], &answer["filter"]),
            (&json!(thing), &json!(filter)),
            "{target}"
        );
    }
}

/// A request that cannot be read is a bare 500 otherwise, and an alarm.
#[tokio::test]
async fn every_byte_in_target_and_headers_gets_an_answer() {
    let gateway = ours().await;
    let signs = (0x21..=0x7e_u8)
        .map(char::from)
        .filter(|sign| !"?#%".contains(*sign));
    let mut requests = Vec::new();
    for sign in signs {
        requests.push(Request::get(&format!("/things/x{sign}x")));
        requests.push(Request::get(&format!("/things/x?filter=x{sign}x")));
    }
    for byte in 0..=0xff_u8 {
        requests.push(Request::get(&format!("/things/x%{byte:02x}x")));
        requests.push(Request::get(&format!("/things/x?filter=x%{byte:02x}x")));
    }
    for value in ["", "é", "a\tb", "😀", "\"\\"] {
        requests.push(Request::get("/things/x").with("X-Any", value));
        requests.push(Request::get("/things/x").with("Cookie", value));
    }
    let mut failed = Vec::new();
    for request in requests {
        if gateway.send(&request).await.status.is_server_error() {
            failed.push((request.target, request.headers));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Browsers send every cookie of the site, whoever set it.
async fn beside_cookies(others: &[&str]) {
    let app = TestApp::new(local::api()).await;
    let gateway = Gateway::new(&app.app);
    let session = app.verified("ana@example.com").await.cookie().unwrap();
    for other in others {
        let cookies = format!("{other}; {session}");
        let whole = app.anonymous().with_cookie(&cookies);
        assert_eq!(whole.get("/api/v1/user").await.status, 200, "{other}");
        let request = Request::get("/api/v1/user").with("Cookie", &cookies);
        let apart = gateway.send(&request).await;
        assert_eq!(apart.status.as_u16(), 200, "{other}");
    }
}

#[tokio::test]
async fn somebody_elses_cookie_signs_nobody_out() {
    beside_cookies(&["theme=dark", "empty=", "=", "quoted=\"a b\""]).await;
}

#[tokio::test]
async fn somebody_elses_cookie_in_letters_of_their_own_signs_nobody_out() {
    beside_cookies(&["name=Zoë"]).await;
}
