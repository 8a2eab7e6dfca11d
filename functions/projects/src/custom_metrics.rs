//! The metrics that only saved charts know.

use app::{
    InProject, Ok, Reply, Result,
    domain::access::{Action, Subject},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A metric that a chart defines for itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomMetric {
    name: String,
    label: String,
    model_name: String,
    /// As dbt would define it.
    yml: String,
    chart_label: String,
    chart_url: String,
}

/// Lists the metrics that a project's saved charts define for themselves. As long as nothing saves charts, there are none.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/custom-metrics", operation_id = "getCustomMetrics", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<CustomMetric>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_custom_metrics(project: InProject) -> Result<Reply<Vec<CustomMetric>>> {
    project.require(Action::View, Subject::Project)?;
    Ok(Reply(Vec::new()))
}
