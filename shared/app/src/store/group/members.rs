//! Who is in a group: the item in the group, the group's id in the profile and in the row of the member list, and the
//! group's count, in one transaction each.

use std::{collections::BTreeMap, slice, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    super::{Store, keys, mirror::GroupMember, write::Write},
    TRIES,
};
use crate::{
    Error, Result,
    domain::{
        group::Group,
        id::{GroupId, OrganizationId, UserId},
        user::{MOST_GROUPS, User},
    },
    error::Kind,
};

/// A join or a leave is three actions, and a chunk has two of its own; a transaction takes a hundred.
const CHUNK: usize = 25;
/// How many requests go on at once while members are read.
const AT_ONCE: usize = 8;
/// Profiles in one read.
const PROFILES: usize = 100;

/// Which way people go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

impl Store {
    /// Who is in a group, by address. One request per megabyte of ids, and one per hundred profiles.
    pub async fn group_members(&self, group: &Group) -> Result<Vec<User>> {
        let mut members = self.members_of_groups(slice::from_ref(group)).await?;
        Ok(members.pop().unwrap_or_default())
    }

    /// Who is in each of several groups, by address. A request or two per group, and one per hundred profiles.
    pub async fn members_of_groups(&self, groups: &[Group]) -> Result<Vec<Vec<User>>> {
        let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
        let ids: Vec<Vec<UserId>> = stream::iter(ids)
            .map(|group| self.group_member_ids(group))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let users = self.profiles(ids.iter().flatten().copied()).await?;
        let members = groups.iter().zip(ids).map(|(group, ids)| {
            let found = ids.iter().filter_map(|id| users.get(id));
            let found = found.filter(|user| user.organization == Some(group.organization));
            let mut found: Vec<User> = found.cloned().collect();
            found.sort_by(|a, b| (&a.email, a.id).cmp(&(&b.email, b.id)));
            found
        });
        Ok(members.collect())
    }

    /// The ids of a group's members.
    pub async fn group_member_ids(&self, group: GroupId) -> Result<Vec<UserId>> {
        let pk = keys::group_partition(group);
        let members: Vec<GroupMember> = self.all(&pk, keys::MEMBERS).await?;
        Ok(members.into_iter().map(|member| member.user).collect())
    }

    /// The profiles of any number of users, several reads at once.
    async fn profiles(
        &self,
        ids: impl IntoIterator<Item = UserId>,
    ) -> Result<BTreeMap<UserId, User>> {
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let chunks: Vec<_> = ids.chunks(PROFILES).map(<[_]>::to_vec).collect();
        let found: Vec<_> = stream::iter(chunks)
            .map(|chunk| self.users(chunk))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Those of these users who are members of the organisation.
    ///
    /// # Errors
    /// `Invalid` when one of the members is in too many groups to be in one more.
    pub async fn who_may_join(
        &self,
        organization: OrganizationId,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<Vec<UserId>> {
        let found = self.profiles(users).await?.into_values();
        let members: Vec<User> = found
            .filter(|user| user.organization == Some(organization))
            .collect();
        has_room(&members)?;
        Ok(members.into_iter().map(|user| user.id).collect())
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

    /// Puts members of the organisation into a group, in chunks that may be repeated; answers how many came in. Whoever
    /// is in it stays, whoever is no member of the organisation is left out.
    ///
    /// # Errors
    /// `Invalid` when somebody is in too many groups; `NotFound` when the group is gone; `Changed` when somebody does not
    /// hold still. Earlier chunks stay.
    pub async fn join_group(&self, group: &Group, users: &[UserId]) -> Result<usize> {
        self.move_all(Way::In, group, users).await
    }

    /// Takes members out of a group, in chunks that may be repeated; answers how many went. Whoever is not in it is fine.
    ///
    /// # Errors
    /// `NotFound` when the group is gone; `Changed` when somebody does not hold still. Earlier chunks stay.
    pub async fn leave_group(&self, group: &Group, users: &[UserId]) -> Result<usize> {
        self.move_all(Way::Out, group, users).await
    }

    async fn move_all(&self, way: Way, group: &Group, users: &[UserId]) -> Result<usize> {
        let mut moved = 0;
        for chunk in users.chunks(CHUNK) {
            for attempt in 0..=TRIES {
                match self.move_chunk(way, group, chunk).await {
                    // Somebody changed since they were read: once more, as they are now.
                    Err(
                        Error::Changed(_) | Error::Exists(_) | Error::NotFound(Kind::GroupMember),
                    ) if attempt < TRIES => {}
                    done => {
                        moved += done?;
                        break;
                    }
                }
                let pause = 1 + self.random.below(10 << attempt.min(5));
                tokio::time::sleep(Duration::from_millis(u64::from(pause))).await;
            }
        }
        Ok(moved)
    }

    async fn move_chunk(&self, way: Way, group: &Group, chunk: &[UserId]) -> Result<usize> {
        let (id, organization) = (group.id, group.organization);
        let found = self.users(chunk.iter().copied()).await?.into_values();
        let moving: Vec<User> = found
            .filter(|user| user.organization == Some(organization))
            .filter(|user| user.groups.contains(&id) == (way == Way::Out))
            .collect();
        if moving.is_empty() {
            return Ok(0);
        }
        let mut writes = Vec::new();
        if way == Way::In {
            has_room(&moving)?;
            writes.push(Self::group_stays(id));
        }
        for user in &moving {
            let [member, profile, listed, _] = match way {
                Way::In => Self::joins_group(id, organization, user),
                Way::Out => Self::leaves_group(id, organization, user),
            };
            writes.extend([member, profile, listed]);
        }
        // One item takes one action in a transaction: they are counted together.
        let count = i64::try_from(moving.len()).unwrap_or(i64::MAX);
        let by = if way == Way::In { count } else { -count };
        let row = Write::update(keys::group_row(organization, id)).add("members", by);
        writes.push(row.when_present().or(Error::NotFound(Kind::Group)));
        self.apply(writes).await?;
        Ok(moving.len())
    }
}

/// Fails with a sentence when one of these users is in as many groups as anybody can be.
fn has_room(users: &[User]) -> Result<()> {
    if users
        .iter()
        .all(|user| user.groups.len() < MOST_GROUPS as usize)
    {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Nobody can be in more than {MOST_GROUPS} groups"
    )))
}
