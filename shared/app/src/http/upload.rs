//! Bodies that may be large: read after the caller is known, and not taken apart.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use serde::de::{Deserialize, Error as _, IgnoredAny};
use sha2::Digest as _;

use super::body::{as_it_is, has_json, not_json, read_bytes};
use crate::{App, Error, Result, domain::secret::sha256_hex};

/// The largest body of an upload, in bytes. On Lambda the platform's 6 MB come first: what is larger comes in batches.
pub const LARGEST_UPLOAD: usize = 64 * 1024 * 1024;

/// A large JSON body as it came, unread. The operation says `x-upload` in the document.
pub struct Upload(Bytes);

impl Upload {
    /// What it says, read once and borrowed from it.
    ///
    /// # Errors
    /// `Invalid` when it is no JSON; what `wrong` makes of JSON that is no `T`.
    pub fn read<'a, T: Deserialize<'a>>(
        &'a self,
        wrong: impl FnOnce(serde_json::Error) -> Error,
    ) -> Result<T> {
        serde_json::from_slice(&self.0).map_err(|error| {
            if error.is_data() {
                wrong(error)
            } else {
                not_json(&error)
            }
        })
    }
}

impl Upload {
    /// What an object says; serde would take an array for one, its fields in their order.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_object<'a, T: Deserialize<'a>>(
        &'a self,
        wrong: impl FnOnce(serde_json::Error) -> Error,
    ) -> Result<T> {
        if self.0.trim_ascii_start().starts_with(b"[") {
            self.read::<IgnoredAny>(|_| Error::invalid("This is no JSON"))?;
            return Err(wrong(serde_json::Error::custom("an array is no object")));
        }
        self.read(wrong)
    }
}

impl Upload {
    /// The idempotency key of a request with this body: what made the key out of the request has not seen the body.
    pub fn keyed(&self, key: Option<String>) -> Option<String> {
        let body = || hex::encode(sha2::Sha256::digest(&self.0));
        key.map(|key| sha256_hex(&format!("{key}\n{}", body())))
    }
}

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
        as_it_is(&parts.headers)?;
        Ok(Self(bytes))
    }
}
