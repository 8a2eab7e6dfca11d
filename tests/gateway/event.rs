//! What an HTTP API makes of a request: the event in payload format 2.0.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{api::Request, routes::Route};

const DOMAIN: &str = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com";

/// The path of a target, decoded once.
pub(crate) fn decoded_path(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// The event of a request that takes a route.
pub(crate) fn of(request: &Request, route: &Route) -> Value {
    let path = decoded_path(&request.target);
    let query = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    let (headers, cookies) = headers(request);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key(),
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": DOMAIN,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.from,
                "userAgent": headers.get("user-agent").cloned().unwrap_or_default(),
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route.key(),
            "stage": "$default",
            "time": "31/Jan/2026:09:30:00 +0000",
            "timeEpoch": 1_769_851_800_000_i64,
        },
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(parameters(query));
    }
    if let Some(proxy) = route.path.strip_suffix("{proxy+}") {
        event["pathParameters"] = json!({ "proxy": path.strip_prefix(proxy).unwrap_or_default() });
    }
    let (body, is_base64) = body(request);
    if !request.body.is_empty() {
        event["body"] = json!(body);
    }
    event["isBase64Encoded"] = json!(is_base64);
    event
}

/// Names in small letters, repeated ones joined by commas, cookies in a list of their own; then what the API adds.
fn headers(request: &Request) -> (Map<String, Value>, Vec<String>) {
    let mut headers = Map::new();
    let mut cookies = Vec::new();
    let own = [
        ("x-forwarded-for", request.from.as_str()),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
        (
            "x-amzn-trace-id",
            "Root=1-697dcc18-0123456789abcdef01234567",
        ),
    ];
    let sent = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.as_str()))
        // Anybody may claim anything in `X-Forwarded-For`; the rest is the API's to say.
        .filter(|(name, _)| !["x-forwarded-port", "x-forwarded-proto"].contains(&name.as_str()));
    let all = sent.chain(own.map(|(name, value)| (name.to_owned(), value)));
    for (name, value) in all {
        if name == "cookie" {
            cookies.extend(value.split(';').map(|cookie| cookie.trim().to_owned()));
            continue;
        }
        let joined = match headers.get(&name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value.to_owned(),
        };
        headers.insert(name, json!(joined));
    }
    headers.insert(
        "content-length".into(),
        json!(request.body.len().to_string()),
    );
    headers.entry("host").or_insert(json!(DOMAIN));
    (headers, cookies)
}

/// Decoded, repeated ones joined by commas.
fn parameters(query: &str) -> Map<String, Value> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let mut found: Map<String, Value> = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        let joined = match found.get(&name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value,
        };
        found.insert(name, json!(joined));
    }
    found
}

/// Text as it is, by its media type; everything else in base64.
fn body(request: &Request) -> (String, bool) {
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.to_lowercase();
    let texts = [
        "text/",
        "application/json",
        "application/xml",
        "application/javascript",
    ];
    let text = String::from_utf8(request.body.clone())
        .ok()
        .filter(|_| texts.iter().any(|text| media_type.starts_with(text)));
    match text {
        Some(text) => (text, false),
        None => (STANDARD.encode(&request.body), !request.body.is_empty()),
    }
}
