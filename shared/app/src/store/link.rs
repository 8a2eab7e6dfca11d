//! Mailed links.

use super::{Store, keys, live, write::Write};
use crate::{Result, clock::Timestamp, domain::link::ResetLink};

impl Store {
    /// Stores a reset link under the hash of its code.
    pub async fn put_reset_link(&self, code_hash: &str, link: &ResetLink) -> Result<()> {
        self.apply([Write::put(keys::link(code_hash), "reset link", link).expires(link.expires_at)])
            .await
    }

    /// The reset link behind a code, unless it has expired.
    pub async fn reset_link(&self, code_hash: &str, now: Timestamp) -> Result<Option<ResetLink>> {
        Ok(live(self.get(&keys::link(code_hash)).await?, now))
    }
}
