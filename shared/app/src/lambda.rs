//! The same stack as an AWS Lambda function behind an HTTP API (payload format 2.0).
//!
//! Events are read here and not by `lambda_http`: that one builds an address from the decoded path before anybody sees
//! the raw one, and panics on what no address can hold.

#[cfg(feature = "jobs")]
mod jobs;

use std::collections::BTreeMap;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::IntoResponse,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use lambda_runtime::{LambdaEvent, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};
use serde::{Deserialize, Serialize};

use crate::{
    App, Error,
    http::{Api, InFunction, PeerAddress, Stack, log},
};

#[cfg(feature = "jobs")]
pub use jobs::{AT_ONCE, Again, Work, work};
pub use lambda_runtime::Error as RuntimeError;

/// Lambda takes 6 MB in either direction.
pub(crate) const LARGEST_ANSWER: usize = 6_000_000;
/// Bytes of headers at most that an answer gets behind its handler.
const HEADERS: usize = 16 * 1024;
/// Escaping makes at most six bytes of one.
const WORST_ESCAPE: usize = 6;
/// In a path, everything but RFC 3986's unreserved characters and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');
/// In a query, which is encoded already, what no address can hold.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// An event of an HTTP API, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Decoded, and with the stage in front unless that is `$default`.
    raw_path: String,
    raw_query_string: String,
    cookies: Option<Vec<String>>,
    headers: BTreeMap<String, String>,
    request_context: Context,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    stage: String,
    http: ContextHttp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContextHttp {
    method: String,
    source_ip: String,
}

/// What an HTTP API takes for an answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub status_code: u16,
    pub headers: BTreeMap<String, String>,
    pub cookies: Vec<String>,
    pub body: String,
    pub is_base64_encoded: bool,
}

/// Runs a function until the platform ends it. Log, app and connection are set up once, during init.
///
/// # Errors
/// When the environment cannot be used, or the runtime's interface fails.
pub async fn run(api: Api) -> Result<(), RuntimeError> {
    log::init(log::filter_from_env().as_deref(), std::io::stdout);
    let app = App::from_env().await.inspect_err(|error| {
        tracing::error!(cause = error.cause(), "The function cannot start.");
    })?;
    app.store.warm_up().await;
    let stack = Stack::new(api, app);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Event>| {
        let stack = stack.clone();
        async move { Ok::<_, RuntimeError>(answer(&stack, event.payload).await) }
    }))
    .await
}

/// Answers one event. An invocation fails only if the process does.
pub async fn answer(stack: &Stack, event: Event) -> Answer {
    let response = match request(event) {
        Ok(request) => stack.answer(request).await,
        Err(error) => error.into_response(),
    };
    let (parts, body) = response.into_parts();
    let answer = match to_bytes(body, LARGEST_ANSWER).await {
        Ok(bytes) => Answer::new(parts.status, &parts.headers, bytes.into()),
        Err(_) => return too_large().await,
    };
    if answer.fits(LARGEST_ANSWER) {
        answer
    } else {
        too_large().await
    }
}

/// Whether an answer of a handler is carried, with the headers that it gets.
pub(crate) fn carries(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
    Answer::new(status, headers, body.to_vec()).fits(LARGEST_ANSWER - HEADERS)
}

async fn too_large() -> Answer {
    let (parts, body) = Error::AnswerTooLarge.into_response().into_parts();
    Answer::new(
        parts.status,
        &parts.headers,
        to_bytes(body, LARGEST_ANSWER)
            .await
            .unwrap_or_default()
            .into(),
    )
}

impl Answer {
    fn new(status: StatusCode, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut joined: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in headers
            .iter()
            .filter(|(name, _)| *name != header::SET_COOKIE)
        {
            let entry = joined.entry(name.to_string()).or_default();
            if !entry.is_empty() {
                entry.push_str(", ");
            }
            entry.push_str(&text(value));
        }
        let (body, is_base64_encoded) = match String::from_utf8(body) {
            Ok(text) => (text, false),
            Err(bytes) => (STANDARD.encode(bytes.as_bytes()), true),
        };
        let cookies = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(text)
            .collect();
        Self {
            status_code: status.as_u16(),
            headers: joined,
            cookies,
            body,
            is_base64_encoded,
        }
    }

    /// Whether the platform carries it. What it carries is JSON, in which each quote of the body has a backslash.
    fn fits(&self, most: usize) -> bool {
        self.body.len() < most / WORST_ESCAPE
            || serde_json::to_vec(self).is_ok_and(|json| json.len() <= most)
    }
}

/// The request behind an event. The path is encoded again byte by byte: `%23` would lose the query string otherwise,
/// and `%252F` be decoded twice. What no request can hold is left out, or refused when nothing can stand in for it.
fn request(event: Event) -> Result<Request, Error> {
    let context = &event.request_context;
    let path = percent_encode(path(&event.raw_path, &context.stage).as_bytes(), PATH).to_string();
    let query = percent_encode(event.raw_query_string.as_bytes(), QUERY).to_string();
    let target = if query.is_empty() {
        format!("/{path}")
    } else {
        format!("/{path}?{query}")
    };
    let unreadable = |_| Error::invalid("The address cannot be read");
    let body = match event.body {
        Some(text) if event.is_base64_encoded => STANDARD
            .decode(text)
            .map_err(|_| Error::invalid("The body is not base64"))?,
        body => body.unwrap_or_default().into_bytes(),
    };
    let mut request = Request::new(Body::from(body));
    *request.uri_mut() = target.parse().map_err(unreadable)?;
    *request.method_mut() = Method::from_bytes(context.http.method.as_bytes())
        .map_err(|_| Error::invalid("The method cannot be read"))?;
    request.extensions_mut().insert(InFunction);
    if let Ok(address) = context.http.source_ip.parse() {
        request.extensions_mut().insert(PeerAddress(address));
    }
    let cookies = event
        .cookies
        .map(|cookies| ("cookie".to_owned(), cookies.join("; ")));
    for (name, value) in event.headers.into_iter().chain(cookies) {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            request.headers_mut().insert(name, value);
        }
    }
    Ok(request)
}

/// The decoded path without the stage and the first slash.
fn path<'a>(raw: &'a str, stage: &str) -> &'a str {
    let raw = raw.strip_prefix('/').unwrap_or(raw);
    if stage.is_empty() {
        return raw;
    }
    match raw.strip_prefix(stage) {
        Some("") => "",
        Some(rest) => rest.strip_prefix('/').unwrap_or(raw),
        None => raw,
    }
}
