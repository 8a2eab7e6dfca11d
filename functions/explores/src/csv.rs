//! A metric query as a CSV file (reference 13 §9).

use app::{
    App, InProject, Json, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        id::QueryId,
        query::Purpose,
    },
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use query::{
    Asked, Question,
    asked::Manner,
    login::Overrides,
    question::{How, rows_at_most},
    run::Tags,
    submit,
};
use semantic::MetricQuery;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{explores::ExplorePath, run::said};

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
    /// What older clients send instead of `pivotConfig`.
    #[schema(nullable = false)]
    pivot_columns: Option<Vec<String>>,
}

/// A job that was begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobBegun {
    pub(crate) job_id: QueryId,
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
    let most = rows_at_most(&body.query, limit)?;
    // Where the file ends before what was asked for, one row more tells whether there are more.
    let cut = limit.is_some_and(|wanted| wanted.is_none_or(|rows| rows > f64::from(most)));
    let asked_for = most + u32::from(cut);
    let how = How {
        limit: limit.map(|_| asked_for),
        row_limit: Some(asked_for),
    };
    let pivot = body.pivot_config.or(body
        .pivot_columns
        .filter(|columns| !columns.is_empty())
        .map(|columns| json!({ "pivotDimensions": columns })));
    let wanted = json!({
        "onlyRaw": body.only_raw, "showTableNames": body.show_table_names, "columnOrder": body.column_order,
        "customLabels": body.custom_labels.unwrap_or_default(), "hiddenFields": body.hidden_fields.unwrap_or_default(),
        "pivotConfig": pivot, "name": body.chart_name,
    });
    let _: query::export::Wanted = serde_json::from_value(wanted.clone())
        .map_err(|error| app::Error::invalid(format!("pivotConfig: {error}")))?;
    let question = Question::ask(&app, &project, &path.explore_id, body.query, how).await?;
    let asked = Asked {
        sql: question.compiled.sql.clone(),
        overrides: Overrides::of(question.explore()?),
        tags: Tags {
            context: "csvDownload".to_owned(),
            explore: Some(question.explore()?.name.clone()),
        },
        fields: question.fields,
        most: Some(u64::from(most)),
        csv: wanted,
        ..Asked::default()
    };
    let manner = Manner {
        purpose: Purpose::Csv,
        fresh: true,
    };
    let submitted = submit(&app, (&project).into(), &asked, manner).await?;
    let text = "299 - \"This still works; new clients use POST /api/v2/projects/{projectUuid}/query/{queryUuid}/download\"";
    let reply = Reply(JobBegun {
        job_id: submitted.query.id,
    });
    Ok((AppendHeaders([("Warning", text)]), reply))
}
