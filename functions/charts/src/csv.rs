//! A saved chart as a CSV file (reference 13 §9).

use app::{
    App, CurrentUser, Json, Ok, Path, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use query::{
    answer::{JobBegun, superseded},
    chart,
    csv::{Cut, begin, file_of},
    dashboard::{Overlay, read_filters},
    question::said,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::results::{ChartPath, runnable};

/// What the file is to be; all else is as the chart says.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadChartCsv {
    only_raw: bool,
    /// Rows at most; null for all that have 100,000 cells. Counts only for those who may change it.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<f64>)]
    csv_limit: Option<Option<f64>>,
    /// The tile that the filters are for.
    #[schema(nullable = false)]
    tile_uuid: Option<String>,
    /// Rules in `dimensions`, `metrics` and `tableCalculations`.
    #[schema(nullable = false)]
    dashboard_filters: Option<Value>,
}

/// Begins a CSV file of a chart; `getCsvUrl` tells when it is there.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/downloadCsv", operation_id = "DownloadCsvFromSavedChart", tag = "Charts",
               params(("chartUuid" = String, Path)), request_body = DownloadChartCsv,
               responses((status = 200, body = Ok<JobBegun>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn download_csv_from_saved_chart(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
    Json(body): Json<DownloadChartCsv>,
) -> Result<impl IntoResponse> {
    let found = runnable(&app, user, &path.chart_uuid).await?;
    let project = &found.project;
    project.require(Action::Manage, Subject::ExportCsv)?;
    let may_change = project.may(Action::Manage, Subject::ChangeCsvResults, &project.object());
    let version = chart::body(&app, &found.head, None).await?;
    let limit = body.csv_limit.filter(|_| may_change);
    let Cut { most, how } = Cut::of_saved(&version.metric_query, limit)?;
    let overlay = Overlay::of(read_filters(body.dashboard_filters)?, body.tile_uuid);
    let asking = chart::ask(&app, project, &version, how, |query, explore| {
        overlay.lay(query, explore)
    });
    let (question, _) = asking.await?;
    let tags = chart::tagged(&question, "csvDownload", found.head.id, None)?;
    let wanted = file_of(&version, &found.head.name, body.only_raw);
    let begun = begin(&app, project, &question, tags, (wanted, most)).await?;
    let text = superseded("/api/v2/projects/{projectUuid}/query/{queryUuid}/download");
    Ok((AppendHeaders([("Warning", text)]), Reply(begun)))
}
