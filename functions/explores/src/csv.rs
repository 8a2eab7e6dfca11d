//! A metric query as a CSV file (reference 13 §9).

use app::{
    App, InProject, Json, Ok, Path, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use query::{
    Question,
    answer::{JobBegun, superseded, tags},
    csv::{Cut, begin},
    question::said,
};
use semantic::MetricQuery;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::explores::ExplorePath;

/// A metric query, and what the file is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadCsv {
    #[serde(flatten)]
    query: MetricQuery,
    only_raw: bool,
    show_table_names: bool,
    column_order: Vec<String>,
    /// Rows at most; null for all that have 100,000 cells. Counts only for those who may change it.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<f64>)]
    csv_limit: Option<Option<f64>>,
    #[schema(nullable = false)]
    custom_labels: Option<std::collections::HashMap<String, String>>,
    #[schema(nullable = false)]
    hidden_fields: Option<Vec<String>>,
    #[schema(nullable = false)]
    chart_name: Option<String>,
    #[schema(nullable = false)]
    pivot_config: Option<Value>,
    /// Whether the file begins with a byte-order mark; it does unless this says no.
    #[schema(nullable = false)]
    byte_order_mark: Option<bool>,
    /// What older clients send instead of `pivotConfig`.
    #[schema(nullable = false)]
    pivot_columns: Option<Vec<String>>,
}

/// Begins a CSV file of a metric query; `getCsvUrl` tells when it is there.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/explores/{exploreId}/downloadCsv", operation_id = "DownloadCsvFromExplore", tag = "Projects",
               params(("projectUuid" = String, Path), ("exploreId" = String, Path)), request_body = DownloadCsv,
               responses((status = 200, body = Ok<JobBegun>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn download_csv_from_explore(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ExplorePath>,
    Json(body): Json<DownloadCsv>,
) -> Result<impl IntoResponse> {
    project.require(Action::Manage, Subject::ExportCsv)?;
    let may_change = project.may(Action::Manage, Subject::ChangeCsvResults, &project.object());
    let limit = body.csv_limit.filter(|_| may_change);
    let Cut { most, how } = Cut::of(&body.query, limit)?;
    let pivot = body.pivot_config.or(body
        .pivot_columns
        .filter(|columns| !columns.is_empty())
        .map(|columns| json!({ "pivotDimensions": columns })));
    let wanted = json!({
        "onlyRaw": body.only_raw, "showTableNames": body.show_table_names, "columnOrder": body.column_order,
        "customLabels": body.custom_labels.unwrap_or_default(), "hiddenFields": body.hidden_fields.unwrap_or_default(),
        "pivotConfig": pivot, "name": body.chart_name, "byteOrderMark": body.byte_order_mark,
    });
    let question = Question::ask(&app, &project, &path.explore_id, body.query, how).await?;
    let tags = tags(&question, "csvDownload")?;
    let begun = begin(&app, &project, &question, tags, (wanted, most)).await?;
    let text = superseded("/api/v2/projects/{projectUuid}/query/{queryUuid}/download");
    Ok((AppendHeaders([("Warning", text)]), Reply(begun)))
}
