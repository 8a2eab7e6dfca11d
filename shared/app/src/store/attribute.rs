//! User attributes.

use std::{cmp::Reverse, collections::BTreeSet};

use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        attribute::{Attribute, MOST_ATTRIBUTES},
        id::{AttributeId, GroupId, OrganizationId, UserId},
    },
    error::Kind,
};

/// Whose the name is.
#[derive(Serialize, Deserialize)]
struct NameClaim {
    attribute: AttributeId,
}

impl Store {
    /// An organisation's attributes, the newest first.
    pub async fn attributes(&self, organization: OrganizationId) -> Result<Vec<Attribute>> {
        let pk = keys::organization_partition(organization);
        let mut found: Vec<Attribute> = self.all(&pk, keys::ATTRIBUTES).await?;
        found.sort_by_key(|attribute| Reverse((attribute.created_at, attribute.id)));
        Ok(found)
    }

    /// One attribute of an organisation.
    pub async fn attribute(
        &self,
        organization: OrganizationId,
        id: AttributeId,
    ) -> Result<Option<Attribute>> {
        self.get(&keys::attribute(organization, id)).await
    }

    /// Which of these groups the organisation has.
    pub async fn groups_of(
        &self,
        organization: OrganizationId,
        ids: impl IntoIterator<Item = GroupId>,
    ) -> Result<BTreeSet<GroupId>> {
        let ids: Vec<_> = ids.into_iter().collect();
        let row = |id: &GroupId| keys::group_row(organization, *id);
        let rows: Vec<_> = ids.iter().map(row).collect();
        let rows = self.get_many(&rows).await?;
        let found = ids.into_iter().zip(rows);
        Ok(found.filter_map(|(id, row)| row.map(|_| id)).collect())
    }

    fn attribute_name_write(organization: OrganizationId, attribute: &Attribute) -> Write {
        let key = keys::attribute_name(organization, &attribute.name);
        let claim = NameClaim {
            attribute: attribute.id,
        };
        Write::put(key, "attribute name", &claim)
            .when_absent()
            .or(Error::Exists(Kind::Attribute))
    }

    /// A new attribute, its name, and the claim of the request's idempotency key. Two requests, as it counts first: of
    /// several at once each may be the last that there is room for.
    ///
    /// # Errors
    /// `Exists` when the name is taken; `Invalid` when there are too many, or it is too large; `NotFound` when the
    /// organisation is being deleted; `Changed` when a request with the same key was first.
    pub async fn create_attribute(
        &self,
        organization: OrganizationId,
        attribute: &Attribute,
        (by, client_key): (UserId, Option<&str>),
        now: Timestamp,
    ) -> Result<()> {
        let pk = keys::organization_partition(organization);
        let mut known = 0;
        self.each::<IgnoredAny>(&pk, keys::ATTRIBUTES, |_| known += 1)
            .await?;
        if known >= MOST_ATTRIBUTES {
            let sentence = format!("An organization has at most {MOST_ATTRIBUTES} attributes");
            return Err(Error::invalid(sentence));
        }
        let key = keys::attribute(organization, attribute.id);
        let mut writes = vec![
            Self::organization_stays(organization),
            Self::attribute_name_write(organization, attribute),
            Write::put(key, "attribute", attribute)
                .when_absent()
                .or(Error::Exists(Kind::Attribute)),
        ];
        writes.extend(client_key.map(|key| {
            Self::claim_write(by, ("attribute", key), &attribute.id.to_string(), now)
                .or(Error::Changed(Kind::Attribute))
        }));
        self.apply(writes).await
    }

    /// Puts an attribute in the place of the one that was read.
    ///
    /// # Errors
    /// `Exists` when its new name is taken; `Changed` when it was renamed meanwhile, or is gone; `Invalid` when it is too
    /// large.
    pub async fn replace_attribute(
        &self,
        organization: OrganizationId,
        old: &Attribute,
        new: &Attribute,
    ) -> Result<()> {
        let key = keys::attribute(organization, old.id);
        let mut writes = vec![
            Write::put(key, "attribute", new)
                .when_equal("name", &old.name)
                .or(Error::Changed(Kind::Attribute)),
        ];
        if old.name != new.name {
            let freed = keys::attribute_name(organization, &old.name);
            writes.push(Write::delete(freed));
            writes.push(Self::attribute_name_write(organization, new));
        }
        self.apply(writes).await
    }

    /// Deletes an attribute with all its values.
    ///
    /// # Errors
    /// `Changed` when it was renamed meanwhile, or is gone.
    pub async fn delete_attribute(
        &self,
        organization: OrganizationId,
        attribute: &Attribute,
    ) -> Result<()> {
        self.apply([
            Write::delete(keys::attribute(organization, attribute.id))
                .when_equal("name", &attribute.name)
                .or(Error::Changed(Kind::Attribute)),
            Write::delete(keys::attribute_name(organization, &attribute.name)),
        ])
        .await
    }
}
