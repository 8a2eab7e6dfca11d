//! What stands in two partitions, because both sides list it: written and removed on both sides in one transaction.

use super::{Store, keys, project::Grant, write::Write};
use crate::{
    Error,
    domain::{
        access::ProjectRole,
        id::{GroupId, OrganizationId, ProjectId, UserId},
        user::{MOST_GROUPS, User},
    },
    error::Kind,
};

use serde::{Deserialize, Serialize};

/// A member of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GroupMember {
    pub(super) user: UserId,
}

impl Store {
    /// Holds while the organisation is there and is not being deleted.
    pub(super) fn organization_stays(organization: OrganizationId) -> Write {
        Write::check(keys::organization(organization))
            .when_live()
            .or(Error::NotFound(Kind::Organization))
    }

    /// Holds while the project is there and is not being deleted.
    pub(super) fn project_stays(project: ProjectId) -> Write {
        Write::check(keys::project(project))
            .when_live()
            .or(Error::NotExists(Kind::Project))
    }

    /// Holds while the group is there and is not being deleted.
    pub(super) fn group_stays(group: GroupId) -> Write {
        Write::check(keys::group(group))
            .when_live()
            .or(Error::NotFound(Kind::Group))
    }

    /// Holds while somebody is a member of the organisation.
    pub(super) fn member_stays(organization: OrganizationId, user: UserId) -> Write {
        Write::check(keys::user(user))
            .when_live()
            .when_equal("organization", organization)
            .or(Error::Changed(Kind::User))
    }

    /// Somebody joins a group of their organisation; the group's head is checked by the caller. Fails with `Exists` when
    /// they are in it, with `Changed` when their profile changed meanwhile or they are in too many.
    pub(super) fn joins_group(
        group: GroupId,
        organization: OrganizationId,
        user: &User,
    ) -> [Write; 4] {
        let changed = || Error::Changed(Kind::User);
        [
            Write::put(
                keys::group_member(group, user.id),
                "group member",
                &GroupMember { user: user.id },
            )
            .when_absent()
            .or(Error::Exists(Kind::GroupMember)),
            Write::update(keys::user(user.id))
                .join("groups", group)
                .when_live()
                .when_equal("organization", organization)
                .when_equal("email", &user.email)
                .when_fewer("groups", MOST_GROUPS)
                .or(changed()),
            Write::update(keys::member(organization, &user.email, user.id))
                .join("groups", group)
                .when_present()
                .or(changed()),
            Write::update(keys::group_row(organization, group))
                .add("members", 1)
                .when_present()
                .or(Error::NotFound(Kind::Group)),
        ]
    }

    /// Somebody leaves a group. Fails with `NotFound` when they are not in it, with `Changed` when their profile changed
    /// meanwhile or the group is being deleted.
    pub(super) fn leaves_group(
        group: GroupId,
        organization: OrganizationId,
        user: &User,
    ) -> [Write; 4] {
        let changed = || Error::Changed(Kind::User);
        [
            Write::delete(keys::group_member(group, user.id))
                .when_present()
                .or(Error::NotFound(Kind::GroupMember)),
            Write::update(keys::user(user.id))
                .leave("groups", group)
                .when_equal("email", &user.email)
                .or(changed()),
            Write::update(keys::member(organization, &user.email, user.id))
                .leave("groups", group)
                .when_present()
                .or(changed()),
            Write::update(keys::group_row(organization, group))
                .add("members", -1)
                .when_present()
                .or(changed()),
        ]
    }

    /// Somebody gets a role of their own in a project; project and user are checked by the caller. Fails with `Exists`
    /// when they have one.
    pub(super) fn grants_user(
        project: ProjectId,
        organization: OrganizationId,
        user: UserId,
        role: ProjectRole,
    ) -> [Write; 3] {
        let grant = Grant {
            project,
            user: Some(user),
            group: None,
            role,
        };
        [
            Write::put(
                keys::project_member(project, user),
                "project member",
                &grant,
            )
            .when_absent()
            .or(Error::Exists(Kind::ProjectAccess)),
            Write::put(
                keys::granted_project(user, project),
                "granted project",
                &grant,
            ),
            Self::project_row_update(project, organization).add("members", 1),
        ]
    }

    /// Somebody loses their own role in a project. Fails with `NotFound` when they have none.
    pub(super) fn revokes_user(
        project: ProjectId,
        organization: OrganizationId,
        user: UserId,
    ) -> [Write; 3] {
        [
            Write::delete(keys::project_member(project, user))
                .when_present()
                .or(Error::NotFound(Kind::ProjectAccess)),
            Write::delete(keys::granted_project(user, project)),
            Self::project_row_update(project, organization).add("members", -1),
        ]
    }

    /// A group gets a role in a project; project and group are checked by the caller. Fails with `Exists` when it has
    /// one.
    pub(super) fn grants_group(
        project: ProjectId,
        organization: OrganizationId,
        group: GroupId,
        role: ProjectRole,
    ) -> [Write; 3] {
        let grant = Grant {
            project,
            user: None,
            group: Some(group),
            role,
        };
        [
            Write::put(keys::project_group(project, group), "project group", &grant)
                .when_absent()
                .or(Error::Exists(Kind::ProjectAccess)),
            Write::put(keys::group_project(group, project), "group project", &grant),
            Self::project_row_update(project, organization).join("groups", group),
        ]
    }

    /// A group loses its role in a project. Fails with `NotFound` when it has none.
    pub(super) fn revokes_group(
        project: ProjectId,
        organization: OrganizationId,
        group: GroupId,
    ) -> [Write; 3] {
        [
            Write::delete(keys::project_group(project, group))
                .when_present()
                .or(Error::NotFound(Kind::ProjectAccess)),
            Write::delete(keys::group_project(group, project)),
            Self::project_row_update(project, organization).leave("groups", group),
        ]
    }

    pub(super) fn project_row_update(project: ProjectId, organization: OrganizationId) -> Write {
        Write::update(keys::project_row(organization, project))
            .when_present()
            .or(Error::NotExists(Kind::Project))
    }
}
