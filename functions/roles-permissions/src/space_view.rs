//! Spaces as clients see them, and as the caller may use them.

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Object, SpaceRole, Subject},
        id::{GroupId, OrganizationId, ProjectId, SpaceId, UserId},
        space::{Entry, InSpace, MOST_SPACES, Space, SpaceTree, Standing},
    },
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A space as lists have it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceSummary {
    organization_uuid: OrganizationId,
    project_uuid: ProjectId,
    uuid: SpaceId,
    name: String,
    is_private: bool,
    #[schema(required)]
    pinned_list_uuid: Option<String>,
    #[schema(required)]
    pinned_list_order: Option<u32>,
    slug: String,
    #[schema(required)]
    parent_space_uuid: Option<SpaceId>,
    path: String,
    /// Who was let in, each by themself.
    access: Vec<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_access: Option<Entry>,
    chart_count: u32,
    dashboard_count: u32,
}

/// One step from the root space to a space.
#[derive(Serialize, ToSchema)]
pub(crate) struct SpaceBreadcrumb {
    name: String,
    uuid: SpaceId,
}

/// A group that was let in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceGroup {
    group_uuid: GroupId,
    group_name: String,
    space_role: SpaceRole,
}

/// A space with what is in it, and who may enter.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Space)]
pub(crate) struct SpaceView {
    organization_uuid: OrganizationId,
    project_uuid: ProjectId,
    uuid: SpaceId,
    name: String,
    is_private: bool,
    #[schema(required)]
    pinned_list_uuid: Option<String>,
    #[schema(required)]
    pinned_list_order: Option<u32>,
    slug: String,
    #[schema(required)]
    parent_space_uuid: Option<SpaceId>,
    path: String,
    #[schema(value_type = Vec<Object>)]
    queries: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    dashboards: Vec<Value>,
    child_spaces: Vec<SpaceSummary>,
    access: Vec<Entry>,
    groups_access: Vec<SpaceGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breadcrumbs: Option<Vec<SpaceBreadcrumb>>,
}

/// What the caller is in a root space.
fn own(project: &InProject, root: &Space) -> Option<InSpace> {
    let user = &project.user;
    let groups = project.access.groups.iter().map(|(_, role)| *role);
    let standing = Standing {
        organization: project.role(),
        project: project.access.direct,
        groups: groups.max(),
        space: root.users.get(&user.id).copied(),
        space_groups: root.role_of_groups(&user.groups),
    };
    standing.in_space(root.is_private)
}

/// A root space, or anything below it, as the thing that something is done to.
pub(crate) fn object(project: &InProject, root: &Space) -> Object {
    let role = own(project, root).map(|own| own.role);
    Object {
        space: Some((root.is_private, role)),
        ..project.object()
    }
}

/// The spaces of the path's project, as the caller finds them.
pub(crate) struct Spaces<'a> {
    pub(crate) project: &'a InProject,
    pub(crate) tree: SpaceTree,
}

impl<'a> Spaces<'a> {
    pub(crate) async fn read(app: &App, project: &'a InProject) -> Result<Self> {
        let tree = app.store.spaces(project.id()).await?;
        Ok(Self { project, tree })
    }

    /// A space of this project: another's is none.
    pub(crate) fn find(&self, id: SpaceId) -> Result<&Space> {
        self.tree.get(id).ok_or(Error::NotFound(Kind::Space))
    }

    pub(crate) fn require(&self, action: Action, space: &Space) -> Result<()> {
        let object = object(self.project, self.tree.root_of(space));
        self.project.require_on(action, Subject::Space, &object)
    }

    /// Where a new space goes: into one that the caller may manage, or to the roots.
    pub(crate) fn parent(&self, id: Option<SpaceId>) -> Result<Option<&Space>> {
        let parent = id.map(|id| self.find(id)).transpose()?;
        if let Some(parent) = parent {
            self.require(Action::Manage, parent)?;
        }
        // Who comes at the same time is not counted: a few more do no harm.
        if self.tree.len() >= MOST_SPACES {
            return Err(Error::invalid("A project has at most 1000 spaces"));
        }
        Ok(parent)
    }

    /// Those that the caller may see.
    pub(crate) fn seen(&self) -> Vec<SpaceSummary> {
        let spaces = self.tree.by_path().into_iter();
        let seen = spaces.filter(|space| {
            let object = object(self.project, self.tree.root_of(space));
            self.project.may(Action::View, Subject::Space, &object)
        });
        seen.map(|space| {
            let entry = own(self.project, self.tree.root_of(space));
            SpaceSummary {
                user_access: entry.map(|entry| Entry::of(&self.project.user, entry)),
                ..self.summary(space)
            }
        })
        .collect()
    }

    fn summary(&self, space: &Space) -> SpaceSummary {
        let root = self.tree.root_of(space);
        SpaceSummary {
            organization_uuid: self.project.organization(),
            project_uuid: space.project,
            uuid: space.id,
            name: space.name.clone(),
            is_private: root.is_private,
            pinned_list_uuid: None,
            pinned_list_order: None,
            slug: space.slug.clone(),
            parent_space_uuid: space.parent,
            path: space.path.clone(),
            access: root.users.keys().copied().collect(),
            user_access: None,
            chart_count: 0,
            dashboard_count: 0,
        }
    }

    /// A space that was just made: nothing is in it yet, and clients do not look for who may enter.
    pub(crate) fn fresh(&self, space: &Space) -> SpaceView {
        SpaceView {
            organization_uuid: self.project.organization(),
            project_uuid: space.project,
            uuid: space.id,
            name: space.name.clone(),
            is_private: self.tree.root_of(space).is_private,
            pinned_list_uuid: None,
            pinned_list_order: None,
            slug: space.slug.clone(),
            parent_space_uuid: space.parent,
            path: space.path.clone(),
            queries: Vec::new(),
            dashboards: Vec::new(),
            child_spaces: Vec::new(),
            access: Vec::new(),
            groups_access: Vec::new(),
            breadcrumbs: None,
        }
    }

    /// A space with everything about it.
    pub(crate) async fn view(&self, app: &App, space: &Space) -> Result<SpaceView> {
        let root = self.tree.root_of(space);
        let project = &self.project.access.project;
        let groups = root.groups.keys().copied().collect();
        let (access, names) = tokio::try_join!(
            app.store.space_access(project, root),
            app.store.group_names(project.organization, &groups),
        )?;

        let shared = root.groups.iter().filter_map(|(group, role)| {
            Some(SpaceGroup {
                group_uuid: *group,
                group_name: names.get(group)?.clone(),
                space_role: *role,
            })
        });
        let mut groups_access: Vec<_> = shared.collect();
        groups_access
            .sort_by(|a, b| (&a.group_name, a.group_uuid).cmp(&(&b.group_name, b.group_uuid)));
        let crumbs = self.tree.breadcrumbs(space).into_iter();
        let crumbs = crumbs.map(|crumb| SpaceBreadcrumb {
            name: crumb.name.clone(),
            uuid: crumb.id,
        });
        let children = self.tree.children_of(space.id).into_iter();
        Ok(SpaceView {
            child_spaces: children.map(|child| self.summary(child)).collect(),
            access,
            groups_access,
            breadcrumbs: Some(crumbs.collect()),
            ..self.fresh(space)
        })
    }
}
