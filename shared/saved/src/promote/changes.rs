//! What an upload or a promotion changes, as clients see it (reference 21 §5, 22).

use app::{
    App, CurrentUser, Error, Kind, Result, Timestamp,
    domain::{
        content::{ChartBody, Content, ContentKind, DashboardBody, Tab},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId, UserId},
        space::Space,
    },
};
use semantic::MetricQuery;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    chart::{ChartConfig, ChartPivotConfig, ChartTableConfig},
    code::space::outward,
    contents::Contents,
    dashboard::{DashboardView, ShownConfig, ShownFilters},
    people::{Names, UpdatedByUser},
    tile::ShownTile,
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
pub struct ChangedDashboard {
    pub action: Act,
    pub data: PromotedDashboard,
}

/// A chart, and what becomes of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PromotedChartChange)]
pub struct ChangedChart {
    pub action: Act,
    pub data: PromotedChart,
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
    pub uuid: ContentId,
    /// The chart that it comes from; its own where there is no other.
    pub old_uuid: ContentId,
    pub project_uuid: ProjectId,
    pub organization_uuid: OrganizationId,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub slug: String,
    pub table_name: String,
    #[schema(value_type = app::view::ShownMetricQuery)]
    pub metric_query: MetricQuery,
    #[schema(value_type = ChartConfig)]
    pub chart_config: Value,
    pub table_config: ChartTableConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pivot_config: Option<ChartPivotConfig>,
    pub updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_by_user: Option<UpdatedByUser>,
    pub space_uuid: SpaceId,
    pub space_name: String,
    pub space_slug: String,
    pub space_path: String,
    #[schema(required)]
    pub dashboard_uuid: Option<ContentId>,
    #[schema(required)]
    pub dashboard_name: Option<String>,
    #[schema(required)]
    pub pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pub pinned_list_order: Option<u32>,
    pub color_palette: Vec<String>,
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
        Ok(Self {
            uuid: head.id,
            old_uuid: old,
            project_uuid: head.project,
            organization_uuid: head.organization,
            name: head.name.clone(),
            description: head.description.clone(),
            slug: head.slug.clone(),
            table_name: body.table_name,
            metric_query: body.metric_query,
            chart_config: body.chart_config,
            table_config: ChartTableConfig {
                column_order: body.column_order,
            },
            pivot_config: body.pivot.map(|columns| ChartPivotConfig { columns }),
            updated_at: head.updated_at,
            updated_by_user: beside.names.get(head.updated_by),
            space_uuid: space.id,
            space_name: space.name.clone(),
            space_slug: outward(&space.path),
            space_path: space.path.clone(),
            dashboard_uuid: head.dashboard,
            dashboard_name: dashboard.map(|dashboard| dashboard.name.clone()),
            pinned_list_uuid: None,
            pinned_list_order: None,
            color_palette: beside.palette.to_vec(),
        })
    }
}

/// A dashboard as it is to be.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotedDashboard {
    pub uuid: ContentId,
    pub project_uuid: ProjectId,
    pub organization_uuid: OrganizationId,
    pub dashboard_version_id: u32,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub slug: String,
    pub updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_by_user: Option<UpdatedByUser>,
    pub tiles: Vec<ShownTile>,
    pub tabs: Vec<Tab>,
    pub filters: ShownFilters,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<ShownConfig>)]
    pub config: Option<Value>,
    pub space_uuid: SpaceId,
    pub space_name: String,
    pub space_slug: String,
    pub space_path: String,
    pub views: u64,
    #[schema(required)]
    pub first_viewed_at: Option<Timestamp>,
    #[schema(required)]
    pub pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pub pinned_list_order: Option<u32>,
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
        let view = DashboardView::read(app, contents, head, body).await?;
        let space = contents.spaces.find(view.space_uuid)?;
        Ok(Self {
            uuid: view.uuid,
            project_uuid: view.project_uuid,
            organization_uuid: view.organization_uuid,
            dashboard_version_id: view.dashboard_version_id,
            name: view.name,
            description: view.description,
            slug: view.slug,
            updated_at: view.updated_at,
            updated_by_user: view.updated_by_user,
            tiles: view.tiles,
            tabs: view.tabs,
            filters: view.filters,
            config: view.config,
            space_uuid: view.space_uuid,
            space_name: view.space_name,
            space_slug: outward(&space.path),
            space_path: space.path.clone(),
            views: view.views,
            first_viewed_at: view.first_viewed_at,
            pinned_list_uuid: view.pinned_list_uuid,
            pinned_list_order: view.pinned_list_order,
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
