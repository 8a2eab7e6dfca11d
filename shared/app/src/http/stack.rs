//! The layers around the handlers, the same on Lambda, in the local gateway and in tests.
//!
//! In this order: find the route (any letter case, a slash at the end or not), answer `OPTIONS`, read and parse the
//! body, run the handler behind a net for panics, wait for what runs beside it, then cookie, `ETag`, gzip, headers, log.

use std::{any::Any, convert::Infallible, sync::Arc, time::Instant};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use sha2::Digest;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    Api, Beside, Done, Operation,
    body::read,
    carry::{accepted, compressed},
    extract::{RawBody, RawParameters},
    log::Line,
    paths::Paths,
};
use crate::{App, Error, error::Kind};

/// The whole of an API, ready for requests.
#[derive(Clone)]
pub struct Stack {
    /// The routes, and the same with the app.
    routes: Router<App>,
    router: Router,
    paths: Arc<Paths<Arc<Operation>>>,
    app: App,
    version: HeaderValue,
}

impl Stack {
    /// An API over an app.
    pub fn new(api: Api, app: App) -> Self {
        let (routes, paths) = api.into_parts();
        let routes = routes.layer(CatchPanicLayer::custom(panicked));
        Self {
            router: routes.clone().with_state(app.clone()),
            routes,
            paths: Arc::new(paths),
            version: HeaderValue::from_str(&app.config.version)
                .unwrap_or(HeaderValue::from_static("unknown")),
            app,
        }
    }

    /// The same API over another app.
    #[must_use]
    pub fn over(&self, app: App) -> Self {
        Self {
            router: self.routes.clone().with_state(app.clone()),
            app,
            ..self.clone()
        }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request) -> Response {
        let started = Instant::now();
        let id = self.app.random.url_safe::<9>();
        let method = request.method().clone();
        let if_none_match = request.headers().get(header::IF_NONE_MATCH).cloned();
        let accepted = accepted(request.headers());
        let beside = Beside::default();

        let mut route = String::from("unknown");
        let mut response = self
            .route(request, &beside, &mut route)
            .await
            .unwrap_or_else(IntoResponse::into_response);
        if let Some(cookie) = beside.finish(&self.app).await {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        if matches!(method, Method::GET | Method::HEAD) && response.status() == StatusCode::OK {
            response = tagged(response, if_none_match.as_ref()).await;
        }
        // Behind the tag, which is the same whether compressed or not.
        response = compressed(accepted, response).await;
        if method == Method::HEAD {
            *response.body_mut() = left_out();
        }
        self.add_headers(response.headers_mut());

        let error = response.extensions_mut().remove::<Arc<Error>>();
        let line = Line {
            request: &id,
            method: &method,
            route: &route,
            status: response.status(),
            took: started.elapsed(),
            error: error.as_deref(),
        };
        line.write();
        response
    }

    async fn route(
        &self,
        request: Request,
        beside: &Beside,
        route: &mut String,
    ) -> Result<Response, Error> {
        let found = self
            .paths
            .find(request.uri().path())
            .ok_or(Error::NotFound(Kind::Route))?;
        if request.method() == Method::OPTIONS {
            let allowed = HeaderValue::from_str(&found.allowed())
                .map_err(|error| Error::Internal(error.into()))?;
            return Ok(([(header::ALLOW, allowed)], Done).into_response());
        }
        let operation = found
            .operation(request.method())
            .ok_or_else(|| Error::NoSuchMethod(found.allowed()))?
            .clone();
        route.clone_from(&operation.template);

        let (mut parts, body) = request.into_parts();
        // A large body is read by its handler, once it is known who sends it.
        let (body, rest) = if operation.uploads {
            (RawBody::Empty, body)
        } else {
            let read = read(&parts.headers, body, &operation).await?;
            (read, Body::empty())
        };
        let query = parts
            .uri
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let uri = format!("{}{query}", found.path).parse::<Uri>();
        parts.uri = uri.map_err(|_| Error::NotFound(Kind::Route))?;
        // The body is left out at the very end, so that all headers are those of a GET.
        if parts.method == Method::HEAD {
            parts.method = Method::GET;
        }
        parts.extensions.insert(operation);
        parts.extensions.insert(RawParameters(found.parameters));
        parts.extensions.insert(body);
        parts.extensions.insert(beside.clone());
        let request = Request::from_parts(parts, rest);
        self.router
            .clone()
            .oneshot(request)
            .await
            .map_err(|never| match never {})
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        const FIXED: [(HeaderName, &str); 7] = [
            (
                header::STRICT_TRANSPORT_SECURITY,
                "max-age=31536000; includeSubDomains; preload",
            ),
            (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; frame-ancestors 'none'",
            ),
            (
                HeaderName::from_static("permissions-policy"),
                "camera=(), microphone=()",
            ),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
            (header::VARY, "Cookie, Authorization, Accept-Encoding"),
        ];
        for (name, value) in FIXED {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // What one person may see is kept by nobody in between.
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("private, no-cache"));
        headers.insert("lightdash-version", self.version.clone());
    }
}

/// A weak tag over the answer; a caller that has this very answer gets 304.
async fn tagged(response: Response, if_none_match: Option<&HeaderValue>) -> Response {
    // What nobody keeps may be larger than the memory: it is sent on as it comes. Where an edit starts from a revision, the tag is
    // that; more than the revision's is in the answer, so it does not tell whether the caller has it already.
    let kept = response.headers().get(header::CACHE_CONTROL);
    if kept.is_some_and(|value| value == "no-store")
        || response.headers().contains_key(header::ETAG)
    {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Error::AnswerTooLarge.into_response();
    };
    if bytes.is_empty() {
        return Response::from_parts(parts, Body::from(bytes));
    }
    let digest = sha2::Sha256::digest(&bytes);
    let tag = format!(
        "W/\"{}\"",
        hex::encode(digest.get(..12).unwrap_or_default())
    );
    let known = if_none_match.and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|list| {
        list.split(',')
            .any(|one| one.trim() == tag || one.trim() == "*")
    });
    parts
        .headers
        .extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
    if known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// The body of an answer to `HEAD`. How long it is remains unsaid: of what is known to be empty, a server says that the answer to
/// `GET` has no bytes.
fn left_out() -> Body {
    Body::from_stream(stream::empty::<Result<Bytes, Infallible>>())
}

/// A handler that panicked is a bug, and answered as one. What it said goes to the log.
fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let said = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    let said = said
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Error::Internal(anyhow::anyhow!("a handler panicked: {said}")).into_response()
}
