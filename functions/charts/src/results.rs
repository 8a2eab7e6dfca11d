//! The rows of saved charts in the same answer (reference 13 §4). Whoever may see a chart may run it.

use app::{
    App, Beside, CurrentUser, Json, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::{ChartBody, ContentKind},
        id::ContentId,
    },
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use query::{
    answer::{QueryResults, RowsOf, answer_or_kept, superseded},
    chart,
    dashboard::{OnDashboard, note_date},
    explore::seen,
    show::Shown,
};
use saved::{Found, activity::viewed, chart::SavedChart, dashboard::ShownFilters};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What is told whoever asks for a chart's rows in one piece.
const BY_CHART: &str = "/api/v2/projects/{projectUuid}/query/chart";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartPath {
    pub(crate) chart_uuid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionPath {
    chart_uuid: String,
    version_uuid: String,
}

/// Which rows will do.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunChart {
    /// Whether rows that another query left will not do.
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
}

/// A chart that the caller may see, and run for it.
///
/// # Errors
/// `NotFound` for one that is not there; `Forbidden`.
pub(crate) async fn runnable(app: &App, user: CurrentUser, id: &str) -> Result<Found> {
    let found = saved::find(app, user, ContentKind::Chart, id).await?;
    found.place(app).await?.require(Action::View)?;
    found.project.require(Action::View, Subject::Project)?;
    Ok(found)
}

/// Answers the rows of a chart, raw and formatted.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/results", operation_id = "PostChartResults", tag = "Charts",
               params(("chartUuid" = String, Path)), request_body = RunChart,
               responses((status = 200, body = Ok<QueryResults>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn post_chart_results(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
    Json(body): Json<RunChart>,
) -> Result<Response> {
    let found = runnable(&app, user, &path.chart_uuid).await?;
    let version = chart::body(&app, &found.head, None).await?;
    let fresh = body.invalidate_cache.unwrap_or(false);
    rows(&app, &found, &version, ("chartView", fresh)).await
}

/// Answers the rows of a version of a chart, raw and formatted.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/version/{versionUuid}/results", operation_id = "getChartVersionResults", tag = "Charts",
               params(("chartUuid" = String, Path), ("versionUuid" = String, Path)),
               responses((status = 200, body = Ok<QueryResults>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_chart_version_results(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<VersionPath>,
) -> Result<Response> {
    let found = runnable(&app, user, &path.chart_uuid).await?;
    let version = chart::body(&app, &found.head, Some(&path.version_uuid)).await?;
    rows(&app, &found, &version, ("chartHistory", false)).await
}

async fn rows(
    app: &App,
    found: &Found,
    version: &ChartBody,
    (context, fresh): (&str, bool),
) -> Result<Response> {
    let how = chart::in_one_piece(version)?;
    let asking = chart::ask(app, &found.project, version, how, |_, _| Ok(()));
    let (question, ()) = asking.await?;
    let tags = chart::tagged(&question, context, found.head.id, None)?;
    let asked = answer_or_kept(app, &found.project, &question, (&tags, fresh));
    let (rows, cache) = asked.await?;
    let shown = Shown::new(&rows.columns, &question.fields);
    let reply = Reply(RowsOf::new(&question, &shown, &rows, cache));
    Ok((AppendHeaders([("Warning", superseded(BY_CHART))]), reply).into_response())
}

/// How a chart is looked at on a dashboard, and which rows will do.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunTile {
    #[serde(flatten)]
    on: OnDashboard,
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
    /// Whether nobody but the clock asks.
    #[schema(nullable = false)]
    auto_refresh: Option<bool>,
}

/// A chart, its explore and its rows, with what the dashboard lays over it, for the document.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TileResults {
    chart: SavedChart,
    explore: semantic::Explore,
    applied_dashboard_filters: ShownFilters,
    #[serde(flatten)]
    results: QueryResults,
}

/// The same with the rows as they come.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TileRows<'a> {
    chart: SavedChart,
    explore: Box<RawValue>,
    applied_dashboard_filters: ShownFilters,
    #[serde(flatten)]
    rows: RowsOf<'a>,
}

/// Answers a chart with its explore and its rows as a dashboard shows them, and counts that it was opened.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/chart-and-results", operation_id = "PostDashboardTile", tag = "Charts",
               params(("chartUuid" = String, Path)), request_body = RunTile,
               responses((status = 200, body = Ok<TileResults>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn post_dashboard_tile(
    State(app): State<App>,
    user: CurrentUser,
    beside: Beside,
    Path(path): Path<ChartPath>,
    Json(body): Json<RunTile>,
) -> Result<Response> {
    let found = runnable(&app, user, &path.chart_uuid).await?;
    let version = chart::body(&app, &found.head, None).await?;
    let context = match body.auto_refresh {
        Some(true) => "autorefreshedDashboard",
        _ => "dashboardView",
    };
    let fresh = body.invalidate_cache.unwrap_or(false);
    let on = Looked { context, fresh };
    let reply = tile(&app, &found, version, body.on, on).await?;
    viewed(&app, &beside, &found.project, &found.head);
    Ok(reply)
}

/// What a tile is looked at for.
#[derive(Clone, Copy)]
struct Looked {
    context: &'static str,
    fresh: bool,
}

async fn tile(
    app: &App,
    found: &Found,
    version: ChartBody,
    on: OnDashboard,
    looked: Looked,
) -> Result<Response> {
    let (dashboard, overlay): (Option<ContentId>, _) = on.read()?;
    let (how, along) = (chart::in_one_piece(&version)?, chart::x_field(&version));
    let project = &found.project;
    let asking = chart::ask(app, project, &version, how, |query, explore| {
        let applied = overlay.lay(query, explore)?;
        note_date(query, explore, along.as_deref());
        Ok(applied)
    });
    let (question, applied) = asking.await?;
    let tags = chart::tagged(&question, looked.context, found.head.id, dashboard)?;
    let place = found.place(app).await?;
    let table = version.table_name.clone();
    let ((rows, cache), explore, chart) = tokio::try_join!(
        answer_or_kept(app, project, &question, (&tags, looked.fresh)),
        seen(app, project, &table),
        SavedChart::read(app, &place, version),
    )?;
    let shown = Shown::new(&rows.columns, &question.fields);
    let reply = TileRows {
        chart,
        explore,
        applied_dashboard_filters: applied.into(),
        rows: RowsOf::new(&question, &shown, &rows, cache),
    };
    let warning = superseded("/api/v2/projects/{projectUuid}/query/dashboard-chart");
    Ok((AppendHeaders([("Warning", warning)]), Reply(reply)).into_response())
}
