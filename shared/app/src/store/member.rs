//! The members of an organisation: their list, their roles, and their going.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{LAST_ADMIN, Store, keys, page::read, project::Grant, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::{ProjectRole, Role},
        email::EmailAddress,
        id::{GroupId, OrganizationId, ProjectId, UserId},
        job::Job,
        organization::{Counts, Member},
        paging::{PageQuery, Words},
        user::User,
    },
    error::Kind,
};

/// How often a change is tried on somebody who changes at the same moment, or for whom the admin who was to stay goes.
const TRIES: u32 = 8;
/// A batch takes a hundred keys; for more groups their list is read instead.
const MOST_KEYS: usize = 100;

impl Store {
    /// Rows of the member list, by address and then id, and how many there are in all: of everybody, or of those who
    /// match the words; all of them, or one page. A page of everybody is the counts and a query, and what lies before it
    /// is read there but not sent; a search reads the whole list, a piece in memory at a time.
    pub async fn members(
        &self,
        organization: OrganizationId,
        words: Option<&Words>,
        page: Option<PageQuery>,
    ) -> Result<(Vec<Member>, u64)> {
        let pk = keys::organization_partition(organization);
        if let (Some(page), None) = (page, words) {
            let counts: Option<Counts> = self.get(&keys::counts(organization)).await?;
            let total = counts.unwrap_or_default().members;
            if usize::try_from(total).is_ok_and(|total| total <= page.skip()) {
                return Ok((Vec::new(), total));
            }
            let (skip, take) = (page.skip(), page.take());
            let rows = self.page(&pk, keys::MEMBERS, skip, take).await?;
            return Ok((rows, total));
        }
        let (mut found, mut total) = (Vec::new(), 0);
        self.each(&pk, keys::MEMBERS, |member: Member| {
            if words.is_some_and(|words| !member.matches(words)) {
                return;
            }
            if page.is_none_or(|page| page.has(total)) {
                found.push(member);
            }
            total += 1;
        })
        .await?;
        Ok((found, u64::try_from(total).unwrap_or(u64::MAX)))
    }

    /// The names of some groups of an organisation; one that is gone is left out. One batch for up to a hundred, else
    /// the whole list.
    pub async fn group_names(
        &self,
        organization: OrganizationId,
        groups: &BTreeSet<GroupId>,
    ) -> Result<BTreeMap<GroupId, String>> {
        #[derive(Deserialize)]
        struct Named {
            id: GroupId,
            name: String,
        }
        let rows: Vec<Named> = if groups.len() <= MOST_KEYS {
            let keys: Vec<_> = groups
                .iter()
                .map(|group| keys::group_row(organization, *group))
                .collect();
            let items = self.get_many(&keys).await?;
            items
                .into_iter()
                .flatten()
                .map(read)
                .collect::<Result<_>>()?
        } else {
            let pk = keys::organization_partition(organization);
            self.all(&pk, keys::GROUPS).await?
        };
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }

    /// The roles that groups have in a project.
    pub async fn roles_of_groups(
        &self,
        project: ProjectId,
    ) -> Result<BTreeMap<GroupId, ProjectRole>> {
        let pk = keys::project_partition(project);
        let grants: Vec<Grant> = self.all(&pk, keys::ACCESSES).await?;
        let of_group = |grant: Grant| Some((grant.group?, grant.role));
        Ok(grants.into_iter().filter_map(of_group).collect())
    }

    /// The account of a member of the organisation.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is another organisation's, or of none.
    async fn member_account(&self, organization: OrganizationId, id: UserId) -> Result<User> {
        let user = self.user(id).await?;
        user.filter(|user| user.organization == Some(organization))
            .ok_or(Error::NotFound(Kind::Member))
    }

    /// A member as they are now. Two requests: where the row is follows from the profile.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is another organisation's, or of none.
    pub async fn member(&self, organization: OrganizationId, id: UserId) -> Result<Member> {
        let user = self.member_account(organization, id).await?;
        let row = keys::member(organization, &user.email, id);
        let row: Option<Member> = self.get(&row).await?;
        Ok(Member {
            invite_expires_at: row.and_then(|row| row.invite_expires_at),
            ..Member::of(&user)
        })
    }

    /// A member by their address. Three requests, each needs the one before.
    ///
    /// # Errors
    /// As [`Store::member`].
    pub async fn member_of_email(
        &self,
        organization: OrganizationId,
        email: &EmailAddress,
    ) -> Result<Member> {
        let id = self.user_of_email(email).await?;
        self.member(organization, id.ok_or(Error::NotFound(Kind::Member))?)
            .await
    }

    /// Gives a member another role; the same one is fine. An organisation keeps an admin who can sign in: one who steps
    /// down needs another, in the same transaction.
    ///
    /// # Errors
    /// `NotFound` when they are no member; `Forbidden` when they are the only admin; `Changed` when they, or the admins,
    /// keep changing meanwhile.
    pub async fn change_role(
        &self,
        organization: OrganizationId,
        id: UserId,
        role: Role,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let user = self.member_account(organization, id).await?;
            if user.role == Some(role) {
                return Ok(());
            }
            let other = self.admin_who_stays(organization, &user).await?;
            match self
                .apply(role_writes(organization, &user, role, other))
                .await
            {
                Err(Error::Changed(_) | Error::Forbidden(_)) => {}
                done => return done,
            }
        }
        Err(Error::Changed(Kind::Member))
    }

    /// Deletes the account of a member; one of an admin needs another admin who stays.
    ///
    /// # Errors
    /// `NotFound` when they are no member; `Forbidden` when they are the only admin; `Changed` when they, or the admins,
    /// keep changing meanwhile.
    pub async fn delete_member(
        &self,
        organization: OrganizationId,
        id: UserId,
        job: &Job,
        now: Timestamp,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let user = self.member_account(organization, id).await?;
            let other = self.admin_who_stays(organization, &user).await?;
            match self.delete_user(&user, other, job, now).await {
                Err(Error::Changed(_) | Error::Forbidden(_)) => {}
                done => return done,
            }
        }
        Err(Error::Changed(Kind::Member))
    }

    /// For an admin, another one who can sign in; nobody needs to stay for anybody else.
    ///
    /// # Errors
    /// `Forbidden` when there is none.
    async fn admin_who_stays(
        &self,
        organization: OrganizationId,
        user: &User,
    ) -> Result<Option<UserId>> {
        if user.role != Some(Role::Admin) {
            return Ok(None);
        }
        let other = self.other_admin(organization, user.id).await?;
        other.map(Some).ok_or(Error::Forbidden(LAST_ADMIN))
    }

    /// Holds while somebody is an admin who can sign in.
    pub(super) fn admin_stays(organization: OrganizationId, admin: UserId) -> Write {
        Write::check(keys::admin(organization, admin))
            .when_present()
            .or(Error::Forbidden(LAST_ADMIN))
    }
}

/// The profile, the row, and the item that admins have who can sign in.
fn role_writes(
    organization: OrganizationId,
    user: &User,
    role: Role,
    other: Option<UserId>,
) -> Vec<Write> {
    let changed = || Error::Changed(Kind::Member);
    let profile = Write::update(keys::user(user.id))
        .set("role", role)
        .when_live()
        .when_equal("organization", organization)
        .when_equal("email", &user.email)
        .when_equal("role", user.role);
    // Whether they can sign in decides about the admin's item; a field that is not there is as its default.
    let profile = if user.has_password {
        profile.when_equal("hasPassword", true)
    } else {
        profile.when_not_equal("hasPassword", true)
    };
    let profile = if user.is_active {
        profile.when_not_equal("isActive", false)
    } else {
        profile.when_equal("isActive", false)
    };
    let row = Write::update(keys::member(organization, &user.email, user.id))
        .set("role", role)
        .when_present();
    let admin = if role == Role::Admin && user.is_active && !user.is_pending() {
        Store::admin_write(organization, user.id)
    } else {
        Write::delete(keys::admin(organization, user.id))
    };
    let mut writes = vec![profile.or(changed()), row.or(changed()), admin];
    writes.extend(other.map(|other| Store::admin_stays(organization, other)));
    writes
}
