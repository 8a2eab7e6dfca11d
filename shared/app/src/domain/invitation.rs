//! Invitations into an organisation, by a mailed link that works once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::Role,
        email::EmailAddress,
        id::{OrganizationId, UserId},
        link::{code_hash, new_code},
        secret::Secret,
        user::User,
    },
    random::Random,
};

/// How long an invitation is open unless its sender says otherwise: what clients say, too (reference 02 §2.10).
pub const LIFETIME: Duration = Duration::from_secs(72 * 60 * 60);
/// The longest that an invitation may be open.
pub const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// An open invitation, as its organisation and its link have it. The code is kept as a hash only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub user: UserId,
    pub organization: OrganizationId,
    /// The address that it was sent to; when the account has another one by now, it is worth nothing.
    pub email: EmailAddress,
    /// The role that an account from elsewhere gets when it accepts; a pending member has theirs already.
    pub role: Role,
    pub code_hash: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Invitation {
    /// An invitation of somebody into an organisation, in a role, and its code.
    pub fn issue(
        user: &User,
        (organization, role): (OrganizationId, Role),
        expires_at: Timestamp,
        random: &Random,
        now: Timestamp,
    ) -> (Self, Secret) {
        let code = new_code(random);
        let invitation = Self {
            user: user.id,
            organization,
            email: user.email.clone(),
            role,
            code_hash: code_hash(code.reveal()),
            created_at: now,
            expires_at,
        };
        (invitation, code)
    }
}

/// Until when an invitation is open, as its sender asks, or [`LIFETIME`].
///
/// # Errors
/// `Invalid` when it would be over already, or lies further ahead than [`LONGEST`].
pub fn expiry(asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp> {
    let at = asked.unwrap_or(now + LIFETIME);
    if at <= now || at > now + LONGEST {
        return Err(Error::invalid(
            "An invitation expires in the future, at most 30 days from now",
        ));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_open_for_three_days_and_at_most_for_thirty() {
        let now = Timestamp::from_millis(1_000);
        assert_eq!(expiry(None, now).unwrap(), now + LIFETIME);
        for right in [Timestamp::from_millis(1_001), now + LONGEST] {
            assert_eq!(expiry(Some(right), now).unwrap(), right);
        }
        let late = now + LONGEST + Duration::from_millis(1);
        for wrong in [Timestamp::from_millis(0), now, late] {
            assert!(expiry(Some(wrong), now).is_err());
        }
    }
}
