//! The same stack as an AWS Lambda function behind an HTTP API.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
};
use lambda_http::{RequestExt, request::RequestContext, service_fn};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::{
    App, Error,
    http::{Api, PeerAddress, Stack, log},
};
use axum::response::IntoResponse;

pub use lambda_http::Error as RuntimeError;

/// Lambda takes 6 MB in either direction; base64 and the envelope around a reply need their share of it.
const LARGEST_ANSWER: usize = 4_400_000;
/// Everything but RFC 3986's unreserved characters and the slash.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

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
    lambda_http::run(service_fn(move |event| {
        let stack = stack.clone();
        async move { Ok::<_, RuntimeError>(answer(&stack, event).await) }
    }))
    .await
}

/// Answers one event. An invocation fails only if the process does.
pub async fn answer(
    stack: &Stack,
    event: lambda_http::Request,
) -> http::Response<lambda_http::Body> {
    let (parts, body) = stack.answer(request(event)).await.into_parts();
    let (parts, bytes) = match to_bytes(body, LARGEST_ANSWER).await {
        Ok(bytes) => (parts, bytes),
        Err(_) => {
            let (parts, body) = Error::AnswerTooLarge.into_response().into_parts();
            (
                parts,
                to_bytes(body, LARGEST_ANSWER).await.unwrap_or_default(),
            )
        }
    };
    let mut response = http::Response::new(match String::from_utf8(bytes.to_vec()) {
        Ok(text) if text.is_empty() => lambda_http::Body::Empty,
        Ok(text) => lambda_http::Body::Text(text),
        Err(_) => lambda_http::Body::Binary(bytes.to_vec()),
    });
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response
}

/// The request behind an event. An HTTP API hands over decoded paths, so the path is encoded again byte by byte: `%23`
/// would lose the query string otherwise, and `%252F` be decoded twice.
fn request(event: lambda_http::Request) -> Request {
    let path = path(&event);
    let query = event
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let source = match event.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context
            .http
            .source_ip
            .as_deref()
            .and_then(|ip| ip.parse().ok()),
        _ => None,
    };
    let (mut parts, body) = event.into_parts();
    let path = percent_encode(path.as_bytes(), ENCODED).to_string();
    parts.uri = format!("{path}{query}").parse().unwrap_or_default();
    parts.extensions.clear();
    if let Some(address) = source {
        parts.extensions.insert(PeerAddress(address));
    }
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    Request::from_parts(parts, body)
}

/// The decoded path without the stage, which only `$default` leaves out by itself.
fn path(event: &lambda_http::Request) -> String {
    let raw = event.raw_http_path();
    let stage = match event.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.stage.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let path = raw
        .strip_prefix(&format!("/{stage}"))
        .filter(|rest| !stage.is_empty() && rest.starts_with('/'))
        .unwrap_or(raw);
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}
