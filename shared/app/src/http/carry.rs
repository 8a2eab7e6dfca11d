//! How an answer travels: compressed where its caller takes that, and no larger than what carries it.

use std::{convert::Infallible, future::ready};

use axum::{body::Body, extract::FromRequestParts, response::Response};
use http::{
    Extensions, HeaderMap, HeaderValue, Request, StatusCode, Version, header, request::Parts,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower::{ServiceExt, service_fn};
use tower_http::compression::{Compression, CompressionLevel, Predicate, predicate::SizeAbove};

use crate::{
    App, Error,
    lambda::{LARGEST_ANSWER, carries},
};

/// What is shorter fits into a packet as it is.
const WORTHWHILE: u16 = 1024;

/// The encodings that a caller takes.
pub(super) fn accepted(headers: &HeaderMap) -> HeaderMap {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter();
    all.map(|value| (header::ACCEPT_ENCODING, value.clone()))
        .collect()
}

/// An answer, compressed where its caller takes that and it becomes smaller. A handler may have done so already.
pub(super) async fn compressed(accepted: HeaderMap, response: Response) -> Response {
    let mut asked = Request::new(());
    *asked.headers_mut() = accepted;
    let mut whole = Some(response);
    let given = service_fn(move |_: Request<()>| {
        ready(Ok::<_, Infallible>(whole.take().unwrap_or_default()))
    });
    let service = Compression::new(given)
        // Half the time of the default, for rows that come out a quarter larger.
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(WORTHWHILE).and(shrinks));
    let answer = service.oneshot(asked).await;
    let mut response = answer.unwrap_or_else(|never| match never {}).map(Body::new);
    let is_compressed = response.headers().contains_key(header::CONTENT_ENCODING);
    let tag = response.headers().get(header::ETAG);
    let tag = tag.and_then(|tag| tag.to_str().ok());
    // A strong tag is of the very bytes that are sent.
    let strong = tag.filter(|tag| is_compressed && tag.starts_with('"'));
    let weak = strong.and_then(|tag| HeaderValue::from_str(&format!("W/{tag}")).ok());
    if let Some(weak) = weak {
        response.headers_mut().insert(header::ETAG, weak);
    }
    response
}

/// Whether an answer becomes smaller: spreadsheets and archives are compressed already.
fn shrinks(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/") || kind.starts_with("application/json")
}

/// In a request that a function of the cloud answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InFunction;

/// What carries the answer to a request: a function, which carries so much, or a connection, which carries anything.
#[derive(Debug, Clone)]
pub struct Carrier {
    accepted: HeaderMap,
    is_function: bool,
}

impl Carrier {
    /// Whether answers may have any size, and take any time.
    pub fn carries_anything(&self) -> bool {
        !self.is_function
    }

    /// An answer as a function carries it, read as a whole; nothing when it is too large for that.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub async fn carried(&self, response: Response) -> Result<Option<Response>, Error> {
        let response = compressed(self.accepted.clone(), response).await;
        let (parts, body) = response.into_parts();
        match Limited::new(body, LARGEST_ANSWER).collect().await {
            Ok(body) => {
                let bytes = body.to_bytes();
                let fits = carries(parts.status, &parts.headers, &bytes);
                Ok(fits.then(|| Response::from_parts(parts, Body::from(bytes))))
            }
            Err(error) if error.is::<LengthLimitError>() => Ok(None),
            Err(error) => {
                let cause = anyhow::anyhow!("an answer could not be read: {error}");
                Err(Error::Unavailable(cause))
            }
        }
    }
}

impl FromRequestParts<App> for Carrier {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        Ok(Self {
            accepted: accepted(&parts.headers),
            is_function: parts.extensions.get::<InFunction>().is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip() -> HeaderMap {
        HeaderMap::from_iter([(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("br, gzip"),
        )])
    }

    fn answer(kind: &'static str, bytes: usize) -> Response {
        Response::builder()
            .header(header::CONTENT_TYPE, kind)
            .header(header::ETAG, "\"3\"")
            .header(header::CONTENT_LENGTH, bytes)
            .body(Body::from("x".repeat(bytes)))
            .unwrap()
    }

    #[tokio::test]
    async fn long_text_is_compressed_for_whoever_takes_that() {
        let whole = answer("application/json; charset=utf-8", 100_000);
        let (parts, body) = compressed(gzip(), whole).await.into_parts();
        assert_eq!(parts.headers[header::CONTENT_ENCODING], "gzip");
        assert_eq!(parts.headers[header::ETAG], "W/\"3\"");
        assert_eq!(parts.headers.get(header::CONTENT_LENGTH), None);
        let bytes = body.collect().await.unwrap().to_bytes();
        assert!(bytes.len() < 1_000, "{}", bytes.len());
        // At the end of a gzip file is how long it is without.
        assert_eq!(bytes[bytes.len() - 4..], 100_000_u32.to_le_bytes());
    }

    #[tokio::test]
    async fn what_is_short_or_compressed_or_not_asked_for_is_sent_as_it_is() {
        let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        let not = HeaderValue::from_static("gzip;q=0, identity");
        let not = HeaderMap::from_iter([(header::ACCEPT_ENCODING, not)]);
        for (accepted, kind, bytes) in [
            (gzip(), "text/csv", 1_000),
            (gzip(), sheet, 100_000),
            (HeaderMap::new(), "text/csv", 100_000),
            (not, "text/csv", 100_000),
        ] {
            let (parts, body) = compressed(accepted, answer(kind, bytes)).await.into_parts();
            assert_eq!(parts.headers.get(header::CONTENT_ENCODING), None, "{kind}");
            assert_eq!(parts.headers[header::ETAG], "\"3\"");
            assert_eq!(parts.headers[header::CONTENT_LENGTH], bytes.to_string());
            assert_eq!(body.collect().await.unwrap().to_bytes().len(), bytes);
        }
    }

    #[tokio::test]
    async fn a_function_carries_six_megabytes_as_they_travel() {
        let carrier = |accepted| Carrier {
            accepted,
            is_function: true,
        };
        for (accepted, bytes, fits) in [
            (HeaderMap::new(), 5_000_000, true),
            (HeaderMap::new(), 5_999_000, false),
            (HeaderMap::new(), 7_000_000, false),
            (gzip(), 7_000_000, true),
        ] {
            let whole = answer("application/json", bytes);
            let carried = carrier(accepted).carried(whole).await.unwrap();
            assert_eq!(carried.is_some(), fits, "{bytes}");
        }
    }
}
