//! Personal access tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{TokenId, UserId},
        secret::{Secret, sha256_hex},
    },
    random::Random,
};

/// Every token is issued with it, so that secret scanners know one; older ones without it are accepted.
const PREFIX: &str = "ldpat_";
/// A token may be rotated again after this long (reference 01 §1.9).
const ROTATION_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The secret that a client sends.
pub struct TokenSecret(Secret);

impl TokenSecret {
    /// 16 random bytes in hexadecimal, behind the prefix.
    pub fn new(random: &Random) -> Self {
        Self(Secret::new(format!(
            "{PREFIX}{}",
            hex::encode(random.bytes::<16>())
        )))
    }

    /// Reads what a client sent; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX).unwrap_or(text);
        let known = digits.len() == 32
            && digits
                .bytes()
                .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
        known.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The key that the token is stored under.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.reveal())
    }

    /// The secret, to answer once to its owner.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// A token as its owner sees it; the secret is not part of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: TokenId,
    pub user: UserId,
    pub description: String,
    pub created_at: Timestamp,
    #[serde(default)]
    pub rotated_at: Option<Timestamp>,
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Hash of the current secret: what to delete when it is rotated.
    pub hash: String,
}

impl Token {
    /// Past its expiry; the instant itself is past.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// The same token with a new secret.
    ///
    /// # Errors
    /// `Invalid` for a token that never expires, and within the hour after the last rotation.
    pub fn rotated(
        &self,
        secret: &TokenSecret,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Token> {
        if self.expires_at.is_none() {
            return Err(Error::invalid(
                "A token without an expiry date cannot be rotated",
            ));
        }
        if self
            .rotated_at
            .is_some_and(|at| now.since(at) < ROTATION_PAUSE)
        {
            return Err(Error::invalid(
                "This token was rotated less than an hour ago",
            ));
        }
        Ok(Token {
            rotated_at: Some(now),
            expires_at: Some(expires_at),
            hash: secret.hash(),
            ..self.clone()
        })
    }
}

/// Checks a wished expiry against the clock and the server's longest lifetime in days.
///
/// # Errors
/// `Invalid` for the past, for more than the longest lifetime, and for none where there is one.
pub fn check_expiry(
    expires_at: Option<Timestamp>,
    now: Timestamp,
    longest_days: Option<u32>,
) -> Result<()> {
    let latest = longest_days.map(|days| now + Duration::from_secs(u64::from(days) * 24 * 60 * 60));
    match (expires_at, latest) {
        (Some(at), _) if at <= now => Err(Error::invalid("The expiry date lies in the past")),
        (Some(at), Some(latest)) if at > latest => Err(Error::invalid(
            "The expiry date is later than this server allows",
        )),
        (None, Some(_)) => Err(Error::invalid("This server asks for an expiry date")),
        _ => Ok(()),
    }
}
