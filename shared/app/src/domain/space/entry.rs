//! What somebody is in a space: from their roles in the organisation and the project, and from who was let in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::Space;
use crate::domain::{
    access::{ProjectRole, Role, SpaceRole},
    id::{GroupId, UserId},
    organization::Member,
    user::User,
};

/// How many people are shown of a space: 300 bytes each, half of what one answer can carry.
pub const MOST_SHOWN: usize = 10_000;

/// What somebody brings to the root of a space.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub organization: Role,
    /// Their own role in the project.
    pub project: Option<ProjectRole>,
    /// The strongest role of their groups in the project.
    pub groups: Option<ProjectRole>,
    /// Their own role in the space.
    pub space: Option<SpaceRole>,
    /// The strongest role of their groups in the space.
    pub space_groups: Option<SpaceRole>,
}

/// Where the strongest inherited role is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InheritedFrom {
    Organization,
    Project,
    Group,
    SpaceGroup,
}

/// What somebody is in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InSpace {
    pub role: SpaceRole,
    /// They or one of their groups were let in.
    pub has_direct_access: bool,
    pub inherited_role: ProjectRole,
    pub inherited_from: InheritedFrom,
    /// The stronger of their roles in the organisation and of their own in the project.
    pub project_role: Option<ProjectRole>,
}

impl Standing {
    /// What they are in a space; `None` for nothing. Being let in counts before what is inherited, also where it is less;
    /// an admin is an admin everywhere.
    pub fn in_space(self, is_private: bool) -> Option<InSpace> {
        let organization = self.organization.in_projects();
        let sources = [
            (organization, InheritedFrom::Organization),
            (self.project, InheritedFrom::Project),
            (self.groups, InheritedFrom::Group),
            (
                self.space_groups.map(ProjectRole::from),
                InheritedFrom::SpaceGroup,
            ),
        ];
        let known = sources
            .into_iter()
            .filter_map(|(role, from)| Some((role?, from)));
        // Of equal ones it is the last.
        let (inherited_role, inherited_from) = known.max_by_key(|(role, _)| *role)?;

        let granted = self.space.or(self.space_groups);
        let role = match (inherited_role, granted) {
            (ProjectRole::Admin, _) => SpaceRole::Admin,
            (_, Some(granted)) => granted,
            (_, None) if is_private => return None,
            (ProjectRole::Viewer | ProjectRole::InteractiveViewer, None) => SpaceRole::Viewer,
            (ProjectRole::Editor | ProjectRole::Developer, None) => SpaceRole::Editor,
        };
        Some(InSpace {
            role,
            has_direct_access: granted.is_some(),
            inherited_role,
            inherited_from,
            project_role: organization.max(self.project),
        })
    }
}

/// Somebody with access to a space, as clients see them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SpaceShare)]
pub struct Entry {
    pub user_uuid: UserId,
    first_name: String,
    last_name: String,
    email: String,
    pub role: SpaceRole,
    pub has_direct_access: bool,
    inherited_role: ProjectRole,
    inherited_from: InheritedFrom,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    project_role: Option<ProjectRole>,
}

impl Entry {
    fn new(id: UserId, [first, last, email]: [&str; 3], in_space: InSpace) -> Self {
        Self {
            user_uuid: id,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: email.to_owned(),
            role: in_space.role,
            has_direct_access: in_space.has_direct_access,
            inherited_role: in_space.inherited_role,
            inherited_from: in_space.inherited_from,
            project_role: in_space.project_role,
        }
    }

    /// A user's own entry.
    pub fn of(user: &User, in_space: InSpace) -> Self {
        let texts = [&user.first_name, &user.last_name, user.email.as_str()];
        Self::new(user.id, texts, in_space)
    }
}

/// How close somebody is to a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    LetIn,
    GroupLetIn,
    Inherited,
}

impl Nearness {
    fn next_nearer(self) -> Self {
        match self {
            Nearness::Inherited => Nearness::GroupLetIn,
            Nearness::GroupLetIn | Nearness::LetIn => Nearness::LetIn,
        }
    }
}

/// Gathers everybody with access to a space, one entry each. With more than [`MOST_SHOWN`], those who were not let in are
/// left out; with still more, those whose group was: they are told by the list of groups.
#[derive(Debug)]
pub struct AccessList<'a> {
    root: &'a Space,
    people: BTreeMap<UserId, ProjectRole>,
    groups: BTreeMap<GroupId, ProjectRole>,
    found: Vec<(Nearness, Entry)>,
    farthest: Nearness,
}

impl<'a> AccessList<'a> {
    /// An empty list for a root space; with the roles in its project, of people and of groups.
    pub fn new(
        root: &'a Space,
        people: BTreeMap<UserId, ProjectRole>,
        groups: BTreeMap<GroupId, ProjectRole>,
    ) -> Self {
        Self {
            root,
            people,
            groups,
            found: Vec::new(),
            farthest: Nearness::Inherited,
        }
    }

    /// Adds a member of the organisation, if they have access.
    pub fn add(&mut self, member: &Member) {
        let standing = Standing {
            organization: member.role.unwrap_or(Role::Member),
            project: self.people.get(&member.user).copied(),
            groups: self.role_of(&member.groups),
            space: self.root.users.get(&member.user).copied(),
            space_groups: self.root.role_of_groups(&member.groups),
        };
        let nearness = match (standing.space, standing.space_groups) {
            (Some(_), _) => Nearness::LetIn,
            (None, Some(_)) => Nearness::GroupLetIn,
            (None, None) => Nearness::Inherited,
        };
        let Some(in_space) = standing.in_space(self.root.is_private) else {
            return;
        };
        if nearness > self.farthest {
            return;
        }
        let texts = [&member.first_name, &member.last_name, member.email.as_str()];
        let entry = Entry::new(member.user, texts, in_space);
        self.found.push((nearness, entry));
        while self.found.len() > MOST_SHOWN && self.farthest > Nearness::LetIn {
            self.farthest = self.farthest.next_nearer();
            self.found
                .retain(|(nearness, _)| *nearness <= self.farthest);
        }
    }

    fn role_of(&self, groups: &BTreeSet<GroupId>) -> Option<ProjectRole> {
        let given = groups.iter().filter_map(|group| self.groups.get(group));
        given.max().copied()
    }

    /// Everybody, by address.
    pub fn finish(self) -> Vec<Entry> {
        let mut entries: Vec<_> = self.found.into_iter().map(|(_, entry)| entry).collect();
        entries.sort_by(|a, b| (&a.email, a.user_uuid).cmp(&(&b.email, b.user_uuid)));
        entries
    }
}
