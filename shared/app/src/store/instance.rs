//! The installation: whether somebody already has it, and its keys.

use serde::{Deserialize, Serialize};

use super::{Store, apply::One, keys, write::Write};
use crate::{Error, Result, domain::secret::SealedBytes};

/// The installation's own keys, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceKeys {
    /// The key of the passcodes' hashes.
    pub otp: SealedBytes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    #[serde(default)]
    organizations: u64,
}

impl Store {
    /// Whether any organisation exists.
    pub async fn has_organization(&self) -> Result<bool> {
        Ok(self
            .get::<Instance>(&keys::instance())
            .await?
            .unwrap_or_default()
            .organizations
            > 0)
    }

    /// The installation's keys, once made.
    pub async fn instance_keys(&self) -> Result<Option<InstanceKeys>> {
        self.get(&keys::instance_keys()).await
    }

    /// Stores the installation's keys; false when somebody else was first, and theirs are the ones to use.
    pub async fn put_instance_keys(&self, made: &InstanceKeys) -> Result<bool> {
        let write = Write::put(keys::instance_keys(), "instance keys", made).when_absent();
        Ok(matches!(self.apply_telling(write).await?, One::Done(_)))
    }

    /// One organisation more. `alone` is the single-organisation gate: only if there is none yet.
    pub(super) fn count_organization(alone: bool) -> Write {
        let write = Write::update(keys::instance())
            .set("kind", "instance")
            .add("organizations", 1);
        if !alone {
            return write;
        }
        write.when_below("organizations", 1).or(Error::Forbidden(
            "This server serves one organization, and it exists",
        ))
    }
}
