//! Removing what several kinds of things leave behind.

use serde::Serialize;

use super::{Finished, KEYS, Place, Until, gone_is_fine};
use crate::{
    Error, Result,
    domain::id::OrganizationId,
    error::Kind,
    store::{Store, keys, write::Write},
};

impl Store {
    /// The values that somebody or a group has of the organisation's attributes.
    pub(super) async fn drop_attributes_of(
        &self,
        organization: OrganizationId,
        map: &'static str,
        id: &str,
    ) -> Result<()> {
        let pk = keys::organization_partition(organization);
        for Place { sk } in self.all::<Place>(&pk, keys::ATTRIBUTES).await? {
            let key = keys::Key { pk: pk.clone(), sk };
            let entry = Write::update(key).remove_entry(map, id).when_present();
            gone_is_fine(
                self.apply([entry.or(Error::NotFound(Kind::Attribute))])
                    .await,
            )?;
        }
        Ok(())
    }

    /// Removes a field of a head and of its row, if it still names what is gone.
    pub(super) async fn clear_reference(
        &self,
        keys: [keys::Key; 2],
        name: &'static str,
        gone: impl Serialize + Copy,
    ) -> Result<()> {
        for key in keys {
            let write = Write::update(key)
                .remove(name)
                .when_equal(name, gone)
                .or(Error::Changed(Kind::User));
            gone_is_fine(self.apply([write]).await)?;
        }
        Ok(())
    }

    /// Removes what the items under a prefix lead to, by what their keys say behind it, and then those items.
    pub(super) async fn drop_pointed_at(
        &self,
        pk: &str,
        prefix: &str,
        leads_to: impl Fn(&str) -> Option<keys::Key>,
        until: Until,
    ) -> Result<Finished> {
        loop {
            let pointers = self.keys_under(pk, prefix, KEYS).await?;
            if pointers.is_empty() {
                return Ok(true);
            }
            let rests = pointers
                .iter()
                .filter_map(|key| key.sk.strip_prefix(prefix));
            let targets: Vec<_> = rests.filter_map(&leads_to).collect();
            self.delete_all(&targets).await?;
            self.delete_all(&pointers).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
    }

    /// Removes everything in a partition under a prefix, but for one.
    pub(super) async fn clear(
        &self,
        pk: &str,
        prefix: &str,
        but: Option<&keys::Key>,
        until: Until,
    ) -> Result<Finished> {
        loop {
            let mut keys = self.keys_under(pk, prefix, KEYS).await?;
            keys.retain(|key| Some(key) != but);
            if keys.is_empty() {
                return Ok(true);
            }
            self.delete_all(&keys).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
    }
}
