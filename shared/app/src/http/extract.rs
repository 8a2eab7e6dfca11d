//! Extractors that check a request against its operation's document before a handler sees it.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    api::{Operation, Parameter},
    check::{Checker, Place},
};
use crate::{
    App, Error, Result,
    domain::secret::sha256_hex,
    error::{FieldError, Fields},
};

/// The parameters of the path, by position, as they came; the stack puts them into the request.
#[derive(Clone)]
pub(super) struct RawParameters(pub(super) Vec<String>);

/// The body, read and parsed by the stack before anything else looks at the request.
#[derive(Clone)]
pub(super) enum RawBody {
    /// None, or one that the operation does not read.
    Empty,
    Json(Value),
    /// Something in another media type.
    Other,
}

fn from_stack<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T> {
    let missing = || Error::Internal(anyhow::anyhow!("the stack left an extension out"));
    parts.extensions.get::<T>().cloned().ok_or_else(missing)
}

/// Turns checked values into the handler's type. The schema and the type come from one struct, so what passes the
/// check and is no such type is told as a whole.
fn into_type<T: DeserializeOwned>(checker: Checker<'_>, value: Value, whole: &str) -> Result<T> {
    if !checker.errors.is_empty() {
        return Err(Error::Malformed(checker.errors));
    }
    let field = |_| FieldError {
        message: "does not have the documented shape".into(),
        value: None,
    };
    serde_json::from_value(value)
        .map_err(|error| Error::Malformed(Fields::from([(whole.to_owned(), field(error))])))
}

/// One parameter of the path, as text.
pub(crate) fn path_parameter(parts: &Parts, name: &str) -> Option<String> {
    let operation = parts.extensions.get::<Arc<Operation>>()?;
    let RawParameters(raw) = parts.extensions.get()?;
    let (_, raw) = operation
        .path_names()
        .zip(raw)
        .find(|(known, _)| *known == name)?;
    let text = percent_decode_str(raw).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// The parameters of the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let operation: Arc<Operation> = from_stack(parts)?;
        let RawParameters(raw) = from_stack(parts)?;
        let mut checker = Checker {
            schemas: &operation.schemas,
            errors: Fields::new(),
        };
        let mut object = Map::new();
        for (name, raw) in operation.path_names().zip(raw) {
            let value = decoded(&raw, name, &mut checker);
            let schema = operation
                .parameters
                .iter()
                .find(|known| known.place == "path" && known.name == name);
            let schema = schema.map_or(&Value::Null, |known| &known.schema);
            object.insert(
                name.to_owned(),
                checker.value(schema, value, Place::new(name, name)),
            );
        }
        into_type(checker, Value::Object(object), "path").map(Path)
    }
}

fn decoded(raw: &str, name: &str, checker: &mut Checker<'_>) -> Value {
    match percent_decode_str(raw).decode_utf8() {
        Ok(text) => Value::String(text.into_owned()),
        Err(_) => {
            checker.errors.insert(
                name.to_owned(),
                FieldError {
                    message: "invalid string value".into(),
                    value: None,
                },
            );
            Value::String(String::new())
        }
    }
}

/// The query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let operation: Arc<Operation> = from_stack(parts)?;
        let mut checker = Checker {
            schemas: &operation.schemas,
            errors: Fields::new(),
        };
        let mut sent = Map::new();
        for pair in parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decode_str(&name.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned();
            // What nobody asked for may be anything.
            let known = |known: &Parameter| known.place == "query" && known.name == name;
            if !operation.parameters.iter().any(known) {
                continue;
            }
            let value = decoded(&raw.replace('+', " "), &name, &mut checker);
            // A parameter that comes twice is a list, as older clients mean it, and fails where text belongs.
            match sent.get_mut(&name) {
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
                None => {
                    sent.insert(name, value);
                }
            }
        }
        let mut object = Map::new();
        for known in operation
            .parameters
            .iter()
            .filter(|known| known.place == "query")
        {
            match sent.remove(&known.name) {
                Some(value) => {
                    let value =
                        checker.value(&known.schema, value, Place::new(&known.name, &known.name));
                    object.insert(known.name.clone(), value);
                }
                None if known.required => checker.missing(&known.name, &known.name),
                None => {}
            }
        }
        into_type(checker, Value::Object(object), "query").map(Query)
    }
}

/// The body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        let (mut parts, _) = request.into_parts();
        let operation: Arc<Operation> = from_stack(&parts)?;
        let body = parts.extensions.remove().unwrap_or(RawBody::Empty);
        let value = match body {
            RawBody::Json(value) => value,
            RawBody::Empty => Value::Object(Map::new()),
            RawBody::Other => return Err(Error::UnsupportedMediaType),
        };
        let mut checker = Checker {
            schemas: &operation.schemas,
            errors: Fields::new(),
        };
        let schema = operation.body.as_ref().unwrap_or(&Value::Null);
        let value = checker.value(schema, value, Place::new("body", "body"));
        into_type(checker, value, "body").map(Json)
    }
}

/// Who is at the other end of the connection; the gateway, Lambda and the tests put it into the request.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub IpAddr);

/// The caller's address, for limits: the peer's, or what the stated number of our own proxies say of it. IPv6 counts
/// by /64, as one household or server has that many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(String);

impl ClientAddress {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!(
                "{}/64",
                Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 64))
            ),
        })
    }
}

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let peer = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
        let forwarded = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut hops: Vec<IpAddr> = forwarded
            .flat_map(|list| list.split(','))
            .filter_map(|hop| hop.trim().parse().ok())
            .collect();
        hops.extend(peer);
        // The last entry is the peer itself; each proxy of ours vouches for the entry before its own.
        let at = hops.len().saturating_sub(1 + app.config.trusted_hops);
        let address = hops.get(at).copied().or(peer);
        Ok(address.map_or_else(|| Self("unknown".into()), Self::of))
    }
}

/// The header `Idempotency-Key`: a request that comes again with it makes nothing new. It is answered with what the first
/// one made, or with 409 where that cannot be shown again. What is kept is the hash of the key and of the whole request:
/// another request with the same key is another one, and never answered with what this one made.
pub struct IdempotencyKey(pub Option<String>);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let Some(header) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        let key = header
            .to_str()
            .ok()
            .filter(|key| (1..=255).contains(&key.len()));
        let key = key.ok_or_else(|| {
            Error::invalid("An Idempotency-Key has 1 to 255 visible ASCII characters")
        })?;
        // Parsed, so that neither blanks nor the order of fields matter; a hash of a secret could be guessed at. In what saves a
        // chart or a dashboard is none, whatever its fields are called.
        let saves = from_stack::<Arc<Operation>>(parts)?.saves;
        let body = match parts.extensions.get::<RawBody>() {
            Some(RawBody::Json(value)) if saves => value.to_string(),
            Some(RawBody::Json(value)) => without_secrets(value).to_string(),
            _ => String::new(),
        };
        let request = format!("{key}\n{} {}\n{body}", parts.method, parts.uri);
        Ok(Self(Some(sha256_hex(&request))))
    }
}

/// The header `If-Match`: the revision that an edit starts from, as `ETag` tells it. Without, or with `*`, an edit is applied
/// to whatever is newest.
pub struct IfMatch(pub Option<u64>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let Some(header) = parts.headers.get(http::header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let text = header.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let number = text.trim_start_matches("W/").trim_matches('"').parse();
        let number = number.map_err(|_| {
            Error::invalid("If-Match is a revision as ETag tells it, for example \"3\"")
        })?;
        Ok(Self(Some(number)))
    }
}

/// The header that tells a revision.
pub fn etag(rev: u64) -> [(http::HeaderName, String); 1] {
    [(http::header::ETAG, format!("\"{rev}\""))]
}

/// A body with everything left out that may be, or hold, a secret.
fn without_secrets(value: &Value) -> Value {
    const SECRETS: [&str; 8] = [
        "cert",
        "code",
        "connection",
        "credential",
        "key",
        "pass",
        "secret",
        "token",
    ];
    match value {
        Value::Object(fields) => {
            let open = fields.iter().filter(|(name, _)| {
                let name = name.to_lowercase();
                !SECRETS.iter().any(|secret| name.contains(secret))
            });
            let open = open.map(|(name, value)| (name.clone(), without_secrets(value)));
            Value::Object(open.collect())
        }
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_no_part_of_a_request() {
        let sent = serde_json::json!({
            "name": "x", "users": [{ "password": "p", "value": 1 }], "dbtConnection": { "a": 1 }, "privateKey": "k",
        });
        let kept = serde_json::json!({ "name": "x", "users": [{ "value": 1 }] });
        assert_eq!(without_secrets(&sent), kept);
    }

    #[test]
    fn addresses_count_alone_or_by_household() {
        for (address, counted) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(
                ClientAddress::of(address.parse().unwrap()).as_str(),
                counted
            );
        }
    }
}
