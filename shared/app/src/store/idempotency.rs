//! Requests that come twice: a claim on the client's key, with what the first one made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Ends, Store, keys, live, write::Write};
use crate::{Result, clock::Timestamp, domain::id::UserId};

/// How long a repeated request finds what the first one made.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    made: String,
    expires_at: Timestamp,
}

impl Ends for Claim {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Store {
    /// The claim of a key (with the kind of what it makes), to be written with what it stands for; only if there is none that is alive.
    pub(super) fn claim_write(
        user: UserId,
        client_key: (&'static str, &str),
        made: &str,
        now: Timestamp,
    ) -> Write {
        let claim = Claim {
            made: made.to_owned(),
            expires_at: now + KEPT,
        };
        let write = Write::put(
            keys::idempotency(user, client_key),
            "idempotency claim",
            &claim,
        );
        write
            .expires(claim.expires_at)
            .when_missing_or_over("expiresAt", now)
    }

    /// The id of what an earlier request with this key made.
    pub async fn made_before(
        &self,
        user: UserId,
        client_key: (&'static str, &str),
        now: Timestamp,
    ) -> Result<Option<String>> {
        let claim = self
            .get::<Claim>(&keys::idempotency(user, client_key))
            .await?;
        Ok(live(claim, now).map(|claim| claim.made))
    }
}
