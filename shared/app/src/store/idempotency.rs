//! Requests that come twice: a claim on the client's key, with what the first one made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Ends, Store, keys, live, write::Write};
use crate::{Error, Result, clock::Timestamp, domain::id::UserId};

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

/// What was made now, or by a request with the same key that was first meanwhile: `before` looks for that, and finds nothing
/// without a key. Nothing is written then but what the first one wrote: the claim stands in one transaction with what it is for.
///
/// # Errors
/// Why nothing was made, when no request with the key has made anything; what `before` answers.
pub async fn made_once<T>(
    made: Result<T>,
    before: impl Future<Output = Result<Option<T>>>,
) -> Result<T> {
    match made {
        // Besides its claim, what the other one took may be in the way: a name, or the last place that there was.
        Err(lost @ (Error::Changed(_) | Error::Exists(_) | Error::Invalid(_))) => {
            before.await?.ok_or(lost)
        }
        made => made,
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

    /// The id of what an earlier request with this key made; nothing without a key.
    pub async fn made_before(
        &self,
        user: UserId,
        (kind, client_key): (&'static str, Option<&str>),
        now: Timestamp,
    ) -> Result<Option<String>> {
        let Some(client_key) = client_key else {
            return Ok(None);
        };
        let claim = self
            .get::<Claim>(&keys::idempotency(user, (kind, client_key)))
            .await?;
        Ok(live(claim, now).map(|claim| claim.made))
    }
}
