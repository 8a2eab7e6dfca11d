//! Groups of members: heads and names here, who is in them in `members.rs`, their roles in projects in `roles.rs`.

mod members;
mod roles;

use super::{Store, keys, project::Owned, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        group::Group,
        id::{GroupId, OrganizationId, UserId},
    },
    error::Kind,
};

/// How often a change is tried whose subjects change meanwhile.
const TRIES: u32 = 8;
/// What claims on new groups are kept under.
const CREATED: &str = "group";

/// A caller's key for what must happen once, if they sent one.
#[derive(Debug, Clone, Copy)]
pub struct Once<'a> {
    pub user: UserId,
    pub client_key: Option<&'a str>,
    pub now: Timestamp,
}

impl Once<'_> {
    fn claim(&self, kind: &'static str, made: &str) -> Option<Write> {
        let claim = Store::claim_write(self.user, (kind, self.client_key?), made, self.now);
        Some(claim.or(Error::Changed(Kind::Group)))
    }
}

impl Store {
    /// A group's head; none once it was deleted.
    pub async fn group(&self, id: GroupId) -> Result<Option<Group>> {
        let found: Option<Group> = self.get(&keys::group(id)).await?;
        Ok(found.filter(|group| group.deleted_at.is_none()))
    }

    /// A group of an organisation, by what a path calls it.
    ///
    /// # Errors
    /// `NotFound` for none, for another organisation's, and for what is no id.
    pub async fn group_of(&self, organization: OrganizationId, id: &str) -> Result<Group> {
        let unknown = || Error::NotFound(Kind::Group);
        let id = GroupId::parse(id).ok_or_else(unknown)?;
        let found = self.group(id).await?;
        found
            .filter(|group| group.organization == organization)
            .ok_or_else(unknown)
    }

    /// The groups of an organisation, by name.
    pub async fn groups(&self, organization: OrganizationId) -> Result<Vec<Group>> {
        let pk = keys::organization_partition(organization);
        let mut groups: Vec<Group> = self.all(&pk, keys::GROUPS).await?;
        groups.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(groups)
    }

    /// A new group without members, on its organisation's list.
    ///
    /// # Errors
    /// As [`Store::create_group_once`].
    pub async fn create_group(&self, group: &Group, creator: UserId) -> Result<()> {
        let once = Once {
            user: creator,
            client_key: None,
            now: group.created_at,
        };
        self.create_group_once(group, once).await
    }

    /// A new group without members, on its organisation's list, and the claim of its creator's idempotency key.
    ///
    /// # Errors
    /// `Exists` when the name is taken; `NotFound` when the organisation is being deleted; `Changed` when the creator is
    /// no member any more, or when a request with the same key was first.
    pub async fn create_group_once(&self, group: &Group, once: Once<'_>) -> Result<()> {
        let (organization, creator) = (group.organization, once.user);
        let writes = [
            Self::organization_stays(organization),
            Self::member_stays(organization, creator),
            Self::group_name_write(organization, &group.name),
            Write::put(keys::group(group.id), "group", group)
                .when_absent()
                .or(Error::Exists(Kind::Group)),
            Write::put(keys::group_row(organization, group.id), "group row", group),
            Write::put(keys::owned_group(creator, group.id), "owned", &Owned {}),
        ];
        let claim = once.claim(CREATED, &group.id.to_string());
        self.apply(claim.into_iter().chain(writes)).await
    }

    /// The group that an earlier request with this key made, if it is there.
    pub async fn group_made_before(&self, once: Once<'_>) -> Result<Option<Group>> {
        let made = self
            .made_before(once.user, (CREATED, once.client_key), once.now)
            .await?;
        match made.as_deref().and_then(GroupId::parse) {
            Some(id) => self.group(id).await,
            None => Ok(None),
        }
    }

    /// The claim on a group's name.
    fn group_name_write(organization: OrganizationId, name: &str) -> Write {
        Write::put(
            keys::group_name(organization, name),
            "group name",
            &Owned {},
        )
        .when_absent()
        .or(Error::Exists(Kind::Group))
    }

    /// Gives a group another name; the one that it has is fine, and changes nothing. Tried again when the group changed
    /// since it was read.
    ///
    /// # Errors
    /// `Exists` when the name is taken; `NotFound` when the group is gone; `Changed` when it does not hold still, or when
    /// `by` is no member any more.
    pub async fn rename_group(
        &self,
        mut group: Group,
        name: &str,
        by: UserId,
        now: Timestamp,
    ) -> Result<Group> {
        for _ in 0..TRIES {
            if group.name == name {
                return Ok(group);
            }
            match self.apply(Self::rename_writes(&group, name, by, now)).await {
                Err(Error::Changed(Kind::Group)) => {}
                done => {
                    done?;
                    group.name = name.to_owned();
                    (group.updated_at, group.updated_by) = (now, Some(by));
                    return Ok(group);
                }
            }
            let again = self.group(group.id).await?;
            group = again.ok_or(Error::NotFound(Kind::Group))?;
        }
        Err(Error::Changed(Kind::Group))
    }

    fn rename_writes(old: &Group, name: &str, by: UserId, now: Timestamp) -> Vec<Write> {
        let (id, organization) = (old.id, old.organization);
        let set = |key| {
            Write::update(key)
                .set("name", name)
                .set("updatedAt", now)
                .set("updatedBy", by)
        };
        let head = set(keys::group(id))
            .when_live()
            .when_equal("name", &old.name);
        let head = match old.updated_by {
            Some(before) => head.when_equal("updatedBy", before),
            None => head.when_missing("updatedBy"),
        };
        let row = set(keys::group_row(organization, id)).when_present();
        let mut writes = vec![
            head.or(Error::Changed(Kind::Group)),
            row.or(Error::Changed(Kind::Group)),
            Self::member_stays(organization, by),
            Self::group_name_write(organization, name),
            Write::delete(keys::group_name(organization, &old.name)),
            Write::put(keys::owned_group(by, id), "owned", &Owned {}),
        ];
        // Whom the group names no more need not lead to it.
        let before = old.updated_by.filter(|before| *before != by);
        let before = before.filter(|before| Some(*before) != old.created_by);
        writes.extend(before.map(|before| Write::delete(keys::owned_group(before, id))));
        writes
    }
}
