//! Groups of members.

use super::{Store, keys, project::Owned, write::Write};
use crate::{
    Error, Result,
    domain::{
        group::Group,
        id::{GroupId, UserId},
        user::User,
    },
    error::Kind,
};

impl Store {
    /// A group's head; none once it was deleted.
    pub async fn group(&self, id: GroupId) -> Result<Option<Group>> {
        let found: Option<Group> = self.get(&keys::group(id)).await?;
        Ok(found.filter(|group| group.deleted_at.is_none()))
    }

    /// A new group without members, on its organisation's list.
    ///
    /// # Errors
    /// `Exists` when the name is taken; `NotFound` when the organisation is being deleted; `Changed` when the creator is
    /// no member any more.
    pub async fn create_group(&self, group: &Group, creator: UserId) -> Result<()> {
        let organization = group.organization;
        self.apply([
            Self::organization_stays(organization),
            Self::member_stays(organization, creator),
            Write::put(
                keys::group_name(organization, &group.name),
                "group name",
                &Owned {},
            )
            .when_absent()
            .or(Error::Exists(Kind::Group)),
            Write::put(keys::group(group.id), "group", group)
                .when_absent()
                .or(Error::Exists(Kind::Group)),
            Write::put(keys::group_row(organization, group.id), "group row", group),
            Write::put(keys::owned_group(creator, group.id), "owned", &Owned {}),
        ])
        .await
    }

    /// Puts a member of the organisation into a group.
    ///
    /// # Errors
    /// `Exists` when they are in it; `NotFound` when the group is gone; `Changed` when their profile changed meanwhile or
    /// they are in too many groups.
    pub async fn add_to_group(&self, group: &Group, user: &User) -> Result<()> {
        let joins = Self::joins_group(group.id, group.organization, user);
        self.apply(std::iter::once(Self::group_stays(group.id)).chain(joins))
            .await
    }
}
