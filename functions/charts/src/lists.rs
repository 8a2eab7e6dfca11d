//! The charts of a project (reference 20 "Charts list").

use app::{
    App, InProject, Ok, Query, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::{ChartKind, Content, ContentKind},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId},
        pins::Pins,
    },
};
use axum::extract::State;
use saved::{
    Contents,
    list::{ChartItem, ChartSource, Facts},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// By name; what has the same name, by id.
fn by_name(rows: &mut [&Content]) {
    rows.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
}

/// Lists the charts and SQL charts that lie in spaces, by name: those that the caller may see. Charts of dashboards are not
/// in it.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/charts", operation_id = "ListChartsInProject", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<ChartItem>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_charts_in_project(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Vec<ChartItem>>> {
    project.require(Action::View, Subject::Project)?;
    let contents = Contents::read(&app, &project).await?;
    let is_chart = |row: &&Content| row.what != ContentKind::Dashboard && row.dashboard.is_none();
    let mut rows: Vec<&Content> = contents.seen().filter(is_chart).collect();
    by_name(&mut rows);
    let facts = Facts::read(&app, project.id(), &rows).await?;

    let items = rows.into_iter();
    let items = items.filter_map(|row| facts.chart(&contents, row));
    Ok(Reply(items.collect()))
}

/// As much of a chart as choosing one takes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartSummary {
    uuid: ContentId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    slug: String,
    space_uuid: SpaceId,
    space_name: String,
    project_uuid: ProjectId,
    organization_uuid: OrganizationId,
    #[schema(required)]
    pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    dashboard_uuid: Option<ContentId>,
    #[schema(required)]
    dashboard_name: Option<String>,
    source: ChartSource,
    chart_kind: ChartKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    chart_type: Option<String>,
}

impl ChartSummary {
    /// None where the space is gone.
    fn new(contents: &Contents<'_>, row: &Content, pins: Option<&Pins>) -> Option<Self> {
        let space = contents.space_of(row)?;
        let dashboard = row
            .dashboard
            .and_then(|id| contents.index.get(ContentKind::Dashboard, id));
        let pinned = pins.filter(|pins| pins.order_of(row.id).is_some());
        Some(Self {
            uuid: row.id,
            name: row.name.clone(),
            description: row.description.clone(),
            slug: row.slug.clone(),
            space_uuid: space.id,
            space_name: space.name.clone(),
            project_uuid: row.project,
            organization_uuid: row.organization,
            pinned_list_uuid: pinned.map(|pins| pins.id),
            dashboard_uuid: row.dashboard,
            dashboard_name: dashboard.map(|dashboard| dashboard.name.clone()),
            source: ChartSource::DbtExplore,
            chart_kind: row.shown.chart_kind.unwrap_or(ChartKind::VerticalBar),
            chart_type: row.shown.chart_type.clone(),
        })
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SummariesQuery {
    /// Whether charts of dashboards are left out.
    #[param(nullable = false)]
    exclude_charts_saved_in_dashboard: Option<bool>,
}

/// Lists the charts of explores that the caller may see, by name; of the charts of dashboards those that are on a tile.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/chart-summaries", operation_id = "ListChartSummariesInProject",
               tag = "Projects", params(("projectUuid" = String, Path), SummariesQuery),
               responses((status = 200, body = Ok<Vec<ChartSummary>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_chart_summaries_in_project(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<SummariesQuery>,
) -> Result<Reply<Vec<ChartSummary>>> {
    project.require(Action::View, Subject::Project)?;
    let (contents, pins) =
        tokio::try_join!(Contents::read(&app, &project), app.store.pins(project.id()))?;
    let outside = query.exclude_charts_saved_in_dashboard == Some(true);
    let wanted = |row: &&Content| {
        let is_in = row.dashboard.is_some();
        row.what == ContentKind::Chart && !(is_in && (outside || contents.index.is_orphan(row)))
    };
    let mut rows: Vec<&Content> = contents.seen().filter(wanted).collect();
    by_name(&mut rows);

    let items = rows.into_iter();
    let items = items.filter_map(|row| ChartSummary::new(&contents, row, pins.as_ref()));
    Ok(Reply(items.collect()))
}

/// Tells whether any chart of an explore lies in a space of the project.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/hasSavedCharts", operation_id = "hasSavedCharts", tag = "Charts",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<bool>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn has_saved_charts(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<bool>> {
    project.require(Action::View, Subject::Project)?;
    let index = app.store.index(project.id()).await?;
    let mut rows = index.live();
    Ok(Reply(rows.any(|row| {
        row.what == ContentKind::Chart && row.space.is_some()
    })))
}
