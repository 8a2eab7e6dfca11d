//! Who is let into a space, and everybody who may enter it.

use super::{Guest, SpaceRole, Store, Write, keys};
use crate::{
    Error, Result,
    domain::{
        id::OrganizationId,
        organization::Member,
        project::Project,
        space::{AccessList, Entry, MOST_GRANTS, Space},
    },
    error::Kind,
    store::project::Grant,
};

impl Store {
    /// Lets somebody or a group into a root space, or gives them another role there. Others may be let in at the same time.
    ///
    /// # Errors
    /// `NotFound` when the user is no member, or the group is gone; `NotExists` when the project is gone; `Changed` when
    /// the space is gone, or no root any more, or full.
    pub async fn let_into_space(
        &self,
        organization: OrganizationId,
        space: &Space,
        guest: Guest,
        role: SpaceRole,
    ) -> Result<()> {
        let entry = Write::update(keys::space(space.project, space.id))
            .add("rev", 1)
            .when_present()
            .when_missing("parent");
        let entry = guest.set(entry, role);
        let entry = if space.role_of(guest).is_some() {
            entry
        } else {
            entry.when_fewer(guest.map(), MOST_GRANTS)
        };
        self.apply([
            Self::project_stays(space.project),
            guest.stays(organization),
            entry.or(Error::Changed(Kind::Space)),
            guest.mirror_write(space),
        ])
        .await
    }

    /// Takes back what somebody or a group was given in a space.
    ///
    /// # Errors
    /// `NotFound` when the space is gone.
    pub async fn put_out_of_space(&self, space: &Space, guest: Guest) -> Result<()> {
        let entry = Write::update(keys::space(space.project, space.id))
            .add("rev", 1)
            .when_present()
            .or(Error::NotFound(Kind::Space));
        self.apply([guest.remove(entry), Write::delete(guest.mirror(space))])
            .await
    }

    /// Everybody with access to a root space of a project, by address. Three queries: the roles in the project, of people
    /// and of groups, then every member of the organisation.
    pub async fn space_access(&self, project: &Project, root: &Space) -> Result<Vec<Entry>> {
        let pk = keys::project_partition(project.id);
        let (people, groups) = tokio::try_join!(
            self.all::<Grant>(&pk, keys::MEMBERS),
            self.all::<Grant>(&pk, keys::ACCESSES),
        )?;
        let people = people
            .into_iter()
            .filter_map(|one| Some((one.user?, one.role)));
        let groups = groups
            .into_iter()
            .filter_map(|one| Some((one.group?, one.role)));
        let mut list = AccessList::new(root, people.collect(), groups.collect());
        let organization = keys::organization_partition(project.organization);
        self.each(&organization, keys::MEMBERS, |member: Member| {
            list.add(&member);
        })
        .await?;
        Ok(list.finish())
    }
}
