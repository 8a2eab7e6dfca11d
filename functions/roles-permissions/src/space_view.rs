//! Spaces as clients see them.

use app::{
    App, Result,
    domain::{
        access::{Action, SpaceRole, Subject},
        content::{Content, ContentKind},
        id::{GroupId, OrganizationId, PinnedListId, ProjectId, SpaceId, UserId},
        pins::Pins,
        space::{Entry, Space},
    },
    spaces::Spaces,
};
use saved::{
    Contents,
    count::Counts,
    list::{ChartItem, DashboardItem, Facts},
};
use serde::Serialize;
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
    pinned_list_uuid: Option<PinnedListId>,
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
    /// Charts and SQL charts directly in it.
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
    pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pinned_list_order: Option<u32>,
    slug: String,
    #[schema(required)]
    parent_space_uuid: Option<SpaceId>,
    path: String,
    /// Charts and SQL charts directly in it, the latest first.
    queries: Vec<ChartItem>,
    dashboards: Vec<DashboardItem>,
    child_spaces: Vec<SpaceSummary>,
    /// Everybody who may enter, for those who may manage the space; for others their own entry.
    access: Vec<Entry>,
    /// Groups that were let in; for those who may not manage the space, their own.
    groups_access: Vec<SpaceGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breadcrumbs: Option<Vec<SpaceBreadcrumb>>,
}

/// What a list of spaces is made of.
struct Summaries<'a> {
    spaces: &'a Spaces<'a>,
    pins: Option<&'a Pins>,
    counts: Counts,
}

impl Summaries<'_> {
    fn one(&self, space: &Space) -> SpaceSummary {
        let root = self.spaces.tree.root_of(space);
        let (pinned_list_uuid, pinned_list_order) = pinned(self.pins, space);
        let count = self.counts.get(space.id);
        SpaceSummary {
            organization_uuid: self.spaces.project.organization(),
            project_uuid: space.project,
            uuid: space.id,
            name: space.name.clone(),
            is_private: root.is_private,
            pinned_list_uuid,
            pinned_list_order,
            slug: space.slug.clone(),
            parent_space_uuid: space.parent,
            path: space.path.clone(),
            access: root.users.keys().copied().collect(),
            user_access: None,
            chart_count: count.charts,
            dashboard_count: count.dashboards,
        }
    }
}

/// The list that a space is pinned to, and where.
fn pinned(pins: Option<&Pins>, space: &Space) -> (Option<PinnedListId>, Option<u32>) {
    pins.and_then(|pins| Some((pins.id, pins.order_of(space.id)?)))
        .unzip()
}

/// Those that the caller may see, by path.
pub(crate) fn seen(contents: &Contents<'_>, pins: Option<&Pins>) -> Vec<SpaceSummary> {
    let spaces = &contents.spaces;
    let summaries = Summaries {
        spaces,
        pins,
        counts: Counts::of(&contents.index),
    };
    let all = spaces.tree.by_path().into_iter();
    let seen = all.filter(|space| spaces.may(Action::View, Subject::Space, space));
    seen.map(|space| SpaceSummary {
        user_access: spaces.entry(space),
        ..summaries.one(space)
    })
    .collect()
}

/// A space that was just made: nothing is in it yet, and clients do not look for who may enter.
pub(crate) fn fresh(spaces: &Spaces<'_>, space: &Space) -> SpaceView {
    SpaceView {
        organization_uuid: spaces.project.organization(),
        project_uuid: space.project,
        uuid: space.id,
        name: space.name.clone(),
        is_private: spaces.tree.root_of(space).is_private,
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

/// What lies directly in a space and the caller may see, the latest first.
fn rows<'a>(contents: &'a Contents<'_>, space: &Space) -> Vec<&'a Content> {
    let here = |row: &&Content| row.dashboard.is_none() && row.space == Some(space.id);
    let rows = contents.index.live().filter(here);
    let mut rows: Vec<_> = rows.filter(|row| contents.may(Action::View, row)).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.updated_at), row.id));
    rows
}

/// A space with everything about it.
pub(crate) async fn view(app: &App, contents: &Contents<'_>, space: &Space) -> Result<SpaceView> {
    let spaces = &contents.spaces;
    let root = spaces.tree.root_of(space);
    let project = &spaces.project.access.project;
    // Who else may enter is for those who decide on it.
    let manages = spaces.may(Action::Manage, Subject::Space, space);
    let own = &spaces.project.user.groups;
    let groups = root.groups.keys().copied();
    let groups = groups.filter(|group| manages || own.contains(group));
    let groups = groups.collect();
    let access = async {
        if manages {
            app.store.space_access(project, root).await
        } else {
            Ok(spaces.entry(space).into_iter().collect())
        }
    };
    let rows = rows(contents, space);
    let (access, names, facts) = tokio::try_join!(
        access,
        app.store.group_names(project.organization, &groups),
        Facts::read(app, project.id, &rows),
    )?;

    let shared = root.groups.iter().filter_map(|(group, role)| {
        Some(SpaceGroup {
            group_uuid: *group,
            group_name: names.get(group)?.clone(),
            space_role: *role,
        })
    });
    let mut groups_access: Vec<_> = shared.collect();
    groups_access.sort_by(|a, b| (&a.group_name, a.group_uuid).cmp(&(&b.group_name, b.group_uuid)));
    let crumbs = spaces.tree.breadcrumbs(space).into_iter();
    let crumbs = crumbs.map(|crumb| SpaceBreadcrumb {
        name: crumb.name.clone(),
        uuid: crumb.id,
    });
    let (pinned_list_uuid, pinned_list_order) = pinned(facts.pins.as_ref(), space);
    let (dashboards, queries): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|row| row.what == ContentKind::Dashboard);
    let queries = queries.into_iter();
    let dashboards = dashboards.into_iter();
    Ok(SpaceView {
        pinned_list_uuid,
        pinned_list_order,
        queries: queries
            .filter_map(|row| facts.chart(contents, row))
            .collect(),
        dashboards: dashboards
            .filter_map(|row| facts.dashboard(contents, row))
            .collect(),
        child_spaces: children(contents, space, facts.pins.as_ref()),
        access,
        groups_access,
        breadcrumbs: Some(crumbs.collect()),
        ..fresh(spaces, space)
    })
}

/// The spaces directly in one that the caller may see.
fn children(contents: &Contents<'_>, space: &Space, pins: Option<&Pins>) -> Vec<SpaceSummary> {
    let spaces = &contents.spaces;
    let summaries = Summaries {
        spaces,
        pins,
        counts: Counts::of(&contents.index),
    };
    let children = spaces.tree.children_of(space.id).into_iter();
    let seen = children.filter(|child| spaces.may(Action::View, Subject::Space, child));
    seen.map(|child| summaries.one(child)).collect()
}
