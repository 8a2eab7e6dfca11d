//! The bodies of requests: how large they may be, and reading them as JSON.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::{Operation, extract::RawBody};
use crate::Error;

/// The largest body that is read, in bytes. Parsed JSON takes up to three hundred times its size, before anybody is known
/// to be signed in, and a function has 256 MB. What needs more has to ask for it by itself.
pub const LARGEST_BODY: usize = 256 * 1024;
/// The largest body of an operation that saves a chart or a dashboard, with its texts and specifications.
pub const LARGEST_CONTENT: usize = 1024 * 1024;
/// Objects and lists of such a body at most: about as many as a small one can have. It is they that take the memory.
const MOST_NESTS: usize = 40_000;

/// Reads the body before anything else looks at the request, so that malformed JSON is told even to strangers.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    operation: &Operation,
) -> Result<RawBody, Error> {
    let most = if operation.saves {
        LARGEST_CONTENT
    } else {
        LARGEST_BODY
    };
    let bytes = read_bytes(body, most).await?;
    if bytes.is_empty() {
        return Ok(RawBody::Empty);
    }
    if !has_json(headers) {
        return Ok(if operation.body.is_some() {
            RawBody::Other
        } else {
            RawBody::Empty
        });
    }
    as_it_is(headers)?;
    if bytes.len() > LARGEST_BODY && nests(&bytes) > MOST_NESTS {
        return Err(Error::invalid(format!(
            "A request body of more than {LARGEST_BODY} bytes has at most {MOST_NESTS} objects and lists"
        )));
    }
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(RawBody::Json).map_err(|error| not_json(&error))
}

/// How many objects and lists a JSON text has.
fn nests(json: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}

/// A body of at most so many bytes.
pub(super) async fn read_bytes(body: Body, most: usize) -> Result<Bytes, Error> {
    let collected = Limited::new(body, most).collect().await.map_err(|error| {
        if error.downcast_ref::<LengthLimitError>().is_some() {
            Error::TooLarge(most)
        } else {
            Error::invalid("The request body did not arrive whole")
        }
    })?;
    Ok(collected.to_bytes())
}

/// The body cannot be read.
pub(super) fn not_json(error: &serde_json::Error) -> Error {
    Error::invalid(format!(
        "The request body is not JSON (line {}, column {})",
        error.line(),
        error.column()
    ))
}

/// Bodies are read as they come: nothing here unpacks one.
///
/// # Errors
/// `ContentEncoding` when it is packed.
pub(super) fn as_it_is(headers: &HeaderMap) -> Result<(), Error> {
    let plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let all = values.all(|value| {
        value
            .to_str()
            .is_ok_and(|list| list.split(',').map(str::trim).all(plain))
    });
    if all {
        Ok(())
    } else {
        Err(Error::ContentEncoding)
    }
}

/// Whether a body is said to be JSON.
pub(super) fn has_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    media_type.is_some_and(is_json)
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"))
    });
    let utf8 = |part: &str| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    json && parts.all(utf8)
}

#[cfg(test)]
mod tests {
    use super::nests;

    #[test]
    fn objects_and_lists_are_counted_and_texts_are_not() {
        for (json, count) in [
            (r#"{"a":[{},[]],"b":1}"#, 4),
            (r#""[{""#, 0),
            (r#"["\"[", "\\", {"[{": "\\\"{"}]"#, 2),
            ("1", 0),
        ] {
            assert_eq!(nests(json.as_bytes()), count, "{json}");
        }
    }
}
