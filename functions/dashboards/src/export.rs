//! Taking a dashboard away: the rows of its charts as files; a picture of it, where one can be made (reference 24 §7).

use app::{
    App, CurrentUser, Error, Json, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::{ContentKind, DashboardBody, DashboardFilters},
        id::WorkId,
        work::WorkKind,
    },
};
use axum::extract::State;
use saved::{Found, dashboard::ShownFilters, dashboard_csv::DashboardCsv};
use semantic::query::Granularity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportPath {
    dashboard_uuid: String,
}

/// What is laid over the charts.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportDashboardCsv {
    /// Instead of the dashboard's own.
    #[schema(nullable = false)]
    filters: Option<ShownFilters>,
    /// The zoom of the dates.
    date_zoom_granularity: Option<Granularity>,
}

/// An export that was begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardExportBegun {
    job_id: WorkId,
}

/// A dashboard that the caller may see.
async fn visible(app: &App, user: CurrentUser, id: &str) -> Result<Found> {
    let found = saved::find(app, user, ContentKind::Dashboard, id).await?;
    found.place(app).await?.require(Action::View)?;
    Ok(found)
}

/// Begins an archive with the rows of each of a dashboard's charts as CSV, and a list of what could not be exported;
/// `getSchedulerJobStatus` tells when it is there, and where: `url` of its details.
#[utoipa::path(post, path = "/api/v1/dashboards/{dashboardUuid}/exportCsv", operation_id = "exportCsvDashboard", tag = "Dashboards",
               params(("dashboardUuid" = String, Path)), request_body = ExportDashboardCsv,
               responses((status = 200, body = Ok<DashboardExportBegun>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn export_csv_dashboard(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ExportPath>,
    Json(body): Json<ExportDashboardCsv>,
) -> Result<Reply<DashboardExportBegun>> {
    let found = visible(&app, user, &path.dashboard_uuid).await?;
    found.project.require(Action::Manage, Subject::ExportCsv)?;
    let filters = match body.filters {
        Some(sent) => DashboardFilters::from(sent),
        None => {
            let version = app.store.latest(&found.head).await?;
            version.body.unpack_json::<DashboardBody>()?.filters
        }
    };
    let input = DashboardCsv {
        dashboard: found.head.id,
        version: found.head.latest,
        filters,
        granularity: body.date_zoom_granularity,
    };
    let begun = saved::work::begin(&app, &found.project, WorkKind::DashboardCsv, &input);
    let job_id = begun.await?.id;
    Ok(Reply(DashboardExportBegun { job_id }))
}

/// Tells that no picture of a dashboard is made here, to whoever may see it.
#[utoipa::path(post, path = "/api/v1/dashboards/{dashboardUuid}/export", operation_id = "exportDashboard", tag = "Dashboards",
               params(("dashboardUuid" = String, Path)), responses((status = 200, body = Ok<String>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn export_dashboard(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ExportPath>,
) -> Result<Reply<String>> {
    visible(&app, user, &path.dashboard_uuid).await?;
    Err(Error::MissingConfig(
        "This installation makes no pictures of dashboards; take the rows of their charts with POST /api/v1/dashboards/{dashboardUuid}/exportCsv"
            .to_owned(),
    ))
}
