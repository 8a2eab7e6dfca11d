//! What an upload or a promotion changes, as clients see it (reference 21 §5, 22).

use app::{
    App, CurrentUser, Error, Kind, Result,
    domain::{
        content::{ChartBody, Content, ContentKind, DashboardBody},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId, UserId},
        space::Space,
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    chart::ChartView,
    code::{places::ChangedPlaces, space::outward},
    contents::Contents,
    dashboard::{DashboardParts, DashboardView},
    people::Names,
};

/// What becomes of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PromotionAction)]
pub enum Act {
    #[serde(rename = "no changes")]
    NoChanges,
    Create,
    Update,
    Delete,
}

/// Everything that is changed, and what was looked at and stays.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PromotionChanges)]
pub struct Changes {
    pub spaces: Vec<ChangedSpace>,
    pub dashboards: Vec<ChangedDashboard>,
    pub charts: Vec<ChangedChart>,
}

/// A space, and what becomes of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PromotedSpaceChange)]
pub struct ChangedSpace {
    pub action: Act,
    pub data: PromotedSpace,
}

/// A dashboard, and what becomes of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PromotedDashboardChange)]
#[serde(rename_all = "camelCase")]
pub struct ChangedDashboard {
    pub action: Act,
    pub data: PromotedDashboard,
    /// Of the dry run of an upload: where the document of what is there is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub difference: Option<ChangedPlaces>,
    /// Of the dry run of an upload: slugs of charts that have to be there before the dashboard is uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub missing_charts: Option<Vec<String>>,
}

/// A chart, and what becomes of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PromotedChartChange)]
pub struct ChangedChart {
    pub action: Act,
    pub data: PromotedChart,
    /// Of the dry run of an upload: where the document of what is there is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub difference: Option<ChangedPlaces>,
}

/// A space as it is to be.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotedSpace {
    pub organization_uuid: OrganizationId,
    pub project_uuid: ProjectId,
    pub uuid: SpaceId,
    pub name: String,
    pub is_private: bool,
    /// Always null: pins are no part of this.
    #[schema(required)]
    pub pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pub pinned_list_order: Option<u32>,
    pub slug: String,
    #[schema(required)]
    pub parent_space_uuid: Option<SpaceId>,
    pub path: String,
    /// Who was let in, each by themself.
    pub access: Vec<UserId>,
    pub chart_count: usize,
    pub dashboard_count: usize,
}

impl PromotedSpace {
    /// A space of a project with what lies in it.
    pub fn new(contents: &Contents<'_>, space: &Space) -> Self {
        let root = contents.spaces.tree.root_of(space);
        let lies = |row: &&Content| row.space == Some(space.id);
        let (dashboards, charts): (Vec<_>, Vec<_>) = contents
            .index
            .live()
            .filter(lies)
            .partition(|row| row.what == ContentKind::Dashboard);
        Self {
            organization_uuid: contents.spaces.project.organization(),
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
            chart_count: charts.len(),
            dashboard_count: dashboards.len(),
        }
    }
}

/// A chart as it is to be. It has no pins: they are no part of this.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotedChart {
    #[serde(flatten)]
    pub view: ChartView,
    /// The chart that it comes from; its own where there is no other.
    pub old_uuid: ContentId,
    pub space_slug: String,
    pub space_path: String,
}

/// What is shown beside a chart.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// Where it lies, with the spaces and dashboards that are to be made.
    pub contents: &'a Contents<'a>,
    pub names: &'a Names,
    pub palette: &'a [String],
}

impl PromotedChart {
    /// A chart as it is to be, which comes from another.
    ///
    /// # Errors
    /// `NotFound` when its space is gone.
    pub fn new(
        beside: Beside<'_>,
        head: &Content,
        body: ChartBody,
        old: ContentId,
    ) -> Result<Self> {
        let contents = beside.contents;
        let space = contents.space_of(head);
        let space = space.ok_or(Error::NotFound(Kind::Chart))?;
        let dashboard = head
            .dashboard
            .and_then(|id| contents.index.get(ContentKind::Dashboard, id));
        let palette = beside.palette.to_vec();
        Ok(Self {
            view: ChartView::new(head, body, space, dashboard, beside.names, palette),
            old_uuid: old,
            space_slug: outward(&space.path),
            space_path: space.path.clone(),
        })
    }
}

/// A dashboard as it is to be.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotedDashboard {
    #[serde(flatten)]
    pub parts: DashboardParts,
    pub space_slug: String,
    pub space_path: String,
}

impl PromotedDashboard {
    /// A dashboard as it is to be. Its charts are those of the index, with what is to be made.
    ///
    /// # Errors
    /// `NotFound` when its space is gone.
    pub async fn read(
        app: &App,
        contents: &Contents<'_>,
        head: &Content,
        body: DashboardBody,
    ) -> Result<Self> {
        let DashboardView { parts, .. } = DashboardView::read(app, contents, head, body).await?;
        let space = contents.spaces.find(parts.space_uuid)?;
        Ok(Self {
            space_slug: outward(&space.path),
            space_path: space.path.clone(),
            parts,
        })
    }
}

/// The spaces from the root to the one that something lies in: which are made, and which are there.
///
/// # Errors
/// `NotFound` when the space is gone.
pub fn spaces_to(
    contents: &Contents<'_>,
    space: SpaceId,
    new: &[Space],
) -> Result<Vec<ChangedSpace>> {
    let innermost = contents.spaces.find(space)?;
    let crumbs = contents.spaces.tree.breadcrumbs(innermost).into_iter();
    Ok(crumbs
        .map(|space| ChangedSpace {
            action: if new.iter().any(|made| made.id == space.id) {
                Act::Create
            } else {
                Act::NoChanges
            },
            data: PromotedSpace::new(contents, space),
        })
        .collect())
}

/// The authors of some heads; the caller is known without being read.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn authors(app: &App, user: &CurrentUser, heads: &[&Content]) -> Result<Names> {
    let others = heads.iter().filter_map(|head| head.updated_by);
    let others: Vec<UserId> = others.filter(|id| *id != user.id).collect();
    if others.is_empty() {
        return Ok(Names::known([user.user.clone()]));
    }
    Names::read(app, others.into_iter().chain([user.id])).await
}
