//! Bodies that may be large: read after the caller is known, and not taken apart.

use axum::extract::{FromRequest, Request};
use serde_json::value::RawValue;

use super::stack::{has_json, not_json, read_bytes};
use crate::{App, Error, Result};

/// The largest body of an upload, in bytes. On Lambda the platform's 6 MB come first: what is larger comes in batches.
pub const LARGEST_UPLOAD: usize = 64 * 1024 * 1024;

/// A large JSON body as it came. The operation says `x-upload` in the document.
pub struct Upload(pub Box<RawValue>);

impl FromRequest<App> for Upload {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let bytes = read_bytes(body, LARGEST_UPLOAD).await?;
        if bytes.is_empty() {
            return Err(Error::invalid("The request has no body"));
        }
        if !has_json(&parts.headers) {
            return Err(Error::UnsupportedMediaType);
        }
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Self).map_err(|error| not_json(&error))
    }
}
