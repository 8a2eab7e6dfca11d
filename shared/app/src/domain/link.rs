//! Links that are mailed and work once: password resets.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        email::EmailAddress,
        id::UserId,
        secret::{Secret, sha256_hex},
        user::User,
    },
    random::Random,
};

/// Reference 01 §1.4.
pub const RESET_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A password reset as it is stored, under the hash of its code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResetLink {
    pub user: UserId,
    /// The address that it was sent to; when the account has another one by now, the link is worth nothing.
    pub email: EmailAddress,
    /// When the account had got that address, if it ever had another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_changed_at: Option<Timestamp>,
    /// The login epoch when it was sent; a password set since then ends all open links.
    pub epoch: u32,
    pub expires_at: Timestamp,
}

impl ResetLink {
    /// A link for a user, and its code.
    pub fn issue(user: &User, random: &Random, now: Timestamp) -> (ResetLink, Secret) {
        let link = ResetLink {
            user: user.id,
            email: user.email.clone(),
            email_changed_at: user.email_changed_at,
            epoch: user.login_epoch,
            expires_at: now + RESET_LIFETIME,
        };
        (link, new_code(random))
    }

    /// Whether the link still works for the account as it is now.
    pub fn is_usable(&self, user: &User, now: Timestamp) -> bool {
        now < self.expires_at
            && user.id == self.user
            && user.email == self.email
            && user.email_changed_at == self.email_changed_at
            && user.login_epoch == self.epoch
    }
}

/// The code of a mailed link: 30 characters of `A–Z a–z 0–9 _ -`, 180 bits.
pub fn new_code(random: &Random) -> Secret {
    // 23 bytes give 31 characters.
    let mut code = random.url_safe::<23>();
    code.truncate(30);
    Secret::new(code)
}

/// The key that a code is stored under.
pub fn code_hash(code: &str) -> String {
    sha256_hex(code)
}
