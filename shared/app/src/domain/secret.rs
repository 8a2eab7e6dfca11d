//! Text that must not be shown.

use std::fmt;

use serde::Deserialize;

/// A secret from a request or a generator. It has no `Display` and no `Serialize`, and its `Debug` says `[secret]`.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself: to hash, to seal, to mail, or to answer once to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// SHA-256 in hexadecimal: how tokens, sessions and links of 128 random bits and more are stored and found.
pub fn sha256_hex(text: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(text.as_bytes()))
}

/// What `seal.rs` made of a secret: safe to store, of no use without the key it was sealed under.
#[derive(Clone, serde::Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedBytes {
    /// The data key, wrapped by the customer's key; empty where a key file seals directly.
    #[serde(default)]
    pub wrapped_key: String,
    /// Nonce and ciphertext, base64.
    pub ciphertext: String,
}

impl fmt::Debug for SealedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}
