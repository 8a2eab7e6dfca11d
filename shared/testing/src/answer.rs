//! What came back.

use std::fmt;

use axum::{body::to_bytes, response::Response};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// An answer; its `Display` is the status and the body, for snapshots.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body; what is no text in it has a mark instead.
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self {
            status: parts.status,
            headers: parts.headers,
            text,
            bytes: bytes.to_vec(),
        }
    }

    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; `null` when there is none.
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The results of an answer that has to be 200.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self}");
        self.json()["results"].clone()
    }

    /// Status and error name, as `403 ForbiddenError`.
    pub fn refusal(&self) -> String {
        format!(
            "{} {}",
            self.status.as_u16(),
            self.json()["error"]["name"]
                .as_str()
                .unwrap_or("(no error)")
        )
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = match serde_json::from_str::<Value>(&self.text) {
            Ok(body) => format!("{body:#}"),
            Err(_) => self.text.clone(),
        };
        write!(f, "{} {body}", self.status.as_u16())
    }
}
