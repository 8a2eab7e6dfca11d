//! Browser sessions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        id::{OrganizationId, UserId},
        secret::{Secret, sha256_hex},
        user::User,
    },
    random::Random,
};

/// However busy, a session ends (NIST SP 800-63B §4.1.3).
pub const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What the browser holds: the user's id, 24 random bytes, a dot, a random tail, and the id of the organisation, so that
/// one read finds all that a request needs. Only its hash is stored; there is no signature to check, and none is needed.
#[derive(Debug, Clone)]
pub struct SessionToken {
    pub user: UserId,
    /// Where the user belonged when it was made; older ones do not say.
    pub organization: Option<OrganizationId>,
    secret: Secret,
}

impl SessionToken {
    /// A fresh one.
    pub fn new(user: UserId, organization: Option<OrganizationId>, random: &Random) -> Self {
        let text = format!(
            "{}{}.{}{}",
            user.simple(),
            random.url_safe::<24>(),
            random.url_safe::<18>(),
            organization.map(|id| id.simple()).unwrap_or_default()
        );
        Self {
            user,
            organization,
            secret: Secret::new(text),
        }
    }

    /// Reads the value of the cookie; `None` when it cannot be one of ours.
    pub fn parse(cookie: &str) -> Option<Self> {
        let text = cookie
            .strip_prefix("s%3A")
            .or_else(|| cookie.strip_prefix("s%3a"))
            .or_else(|| cookie.strip_prefix("s:"))?;
        const SHORT: usize = 32 + 32 + 1 + 24;
        let known = text.is_ascii()
            && (text.len() == SHORT || text.len() == SHORT + 32)
            && text.as_bytes().get(64) == Some(&b'.');
        let user = UserId::from_simple(known.then(|| text.get(..32))??)?;
        let organization = match text.get(SHORT..).unwrap_or_default() {
            "" => None,
            id => Some(OrganizationId::from_simple(id)?),
        };
        Some(Self {
            user,
            organization,
            secret: Secret::new(text.to_owned()),
        })
    }

    /// The value of the cookie; it has no `=`.
    pub fn cookie_value(&self) -> String {
        format!("s%3A{}", self.secret.reveal())
    }

    /// The key that the session is stored under.
    pub fn hash(&self) -> String {
        sha256_hex(self.secret.reveal())
    }
}

/// A session as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub user: UserId,
    /// The organisation at the time of signing in; another one ends the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// The user's login epoch at the time of signing in; another one ends the session.
    pub epoch: u32,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Session {
    /// A session for a user as they are now.
    pub fn new(user: &User, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            user: user.id,
            organization: user.organization,
            epoch: user.login_epoch,
            created_at: now,
            expires_at: now + lifetime.min(ABSOLUTE),
        }
    }

    /// When the session would end if it were renewed now; `None` while more than 23/24 of its life remain, or when the
    /// absolute end leaves nothing to gain.
    pub fn renewed(&self, now: Timestamp, lifetime: Duration) -> Option<Timestamp> {
        let end = (now + lifetime).min(self.created_at + ABSOLUTE);
        let due = self.expires_at.since(now) <= lifetime / 24 * 23;
        (due && end > self.expires_at).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn session() -> Session {
        let user = UserId::new(&Random::seeded(1));
        let start = Timestamp::from_millis(0);
        Session {
            user,
            organization: None,
            epoch: 0,
            created_at: start,
            expires_at: start + DAY,
        }
    }

    #[test]
    fn a_cookie_reads_back_and_has_no_equals_sign() {
        let random = &Random::System;
        for organization in [None, Some(OrganizationId::new(random))] {
            let token = SessionToken::new(UserId::new(random), organization, random);
            let read = SessionToken::parse(&token.cookie_value()).unwrap();
            assert_eq!((read.user, read.hash()), (token.user, token.hash()));
            assert_eq!(read.organization, organization);
            assert!(!token.cookie_value().contains('='));
        }
        let token = SessionToken::new(UserId::new(random), None, random);
        for wrong in [
            "",
            "s%3A",
            "s%3Ax.y",
            &token.cookie_value()[1..],
            &format!("{}x", token.cookie_value()),
            "s:é",
        ] {
            assert!(SessionToken::parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn it_is_renewed_after_an_hour_and_never_beyond_thirty_days() {
        let session = session();
        let hours = |n: u64| session.created_at + Duration::from_secs(n * 3600);
        assert_eq!(session.renewed(hours(0), DAY), None);
        assert_eq!(session.renewed(hours(1), DAY), Some(hours(25)));
        let old = Session {
            expires_at: hours(30 * 24),
            ..session.clone()
        };
        assert_eq!(old.renewed(hours(30 * 24 - 1), DAY), None);
    }
}
