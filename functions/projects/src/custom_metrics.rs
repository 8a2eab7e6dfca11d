//! The metrics that only saved charts know (reference 20 §9).

use app::{
    App, InProject, Ok, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::{ChartBody, Content, ContentKind},
    },
};
use axum::extract::State;
use saved::Contents;
use semantic::{model::friendly, query::AdditionalMetric};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::dbt_yml;

/// A metric that a chart defines for itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomMetric {
    /// The uuid that clients keep with it; its own name, where they keep none.
    name: String,
    label: String,
    model_name: String,
    /// As dbt would define it.
    yml: String,
    chart_label: String,
    chart_url: String,
}

impl CustomMetric {
    fn new(app: &App, chart: &Content, metric: &AdditionalMetric) -> Self {
        let uuid = metric.rest.get("uuid").and_then(Value::as_str);
        let (site, project, id) = (&app.config.site_url, chart.project, chart.id);
        Self {
            name: uuid.unwrap_or(&metric.name).to_owned(),
            label: label(metric),
            model_name: metric.table.clone(),
            yml: dbt_yml::of_metric(metric),
            chart_label: chart.name.clone(),
            chart_url: format!(
                "{}/projects/{project}/saved/{id}",
                site.trim_end_matches('/')
            ),
        }
    }
}

/// What people call a metric.
pub(crate) fn label(metric: &AdditionalMetric) -> String {
    let label = metric.label.clone();
    label.unwrap_or_else(|| friendly(&metric.name))
}

/// Lists the metrics that saved charts define for themselves, by the names of the charts: of the charts that the caller may see
/// and, if they belong to a dashboard, that are on a tile of it.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/custom-metrics", operation_id = "getCustomMetrics", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<CustomMetric>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_custom_metrics(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Vec<CustomMetric>>> {
    project.require(Action::View, Subject::Project)?;
    let contents = Contents::read(&app, &project).await?;
    let charts = contents
        .seen()
        .filter(|row| row.what == ContentKind::Chart && !contents.index.is_orphan(row));
    let mut charts: Vec<&Content> = charts.collect();
    charts.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));

    let mut found = Vec::new();
    let store = &app.store;
    store
        .each_latest(&charts, |chart, version| {
            let body: ChartBody = version.body.unpack_json()?;
            let metrics = body.metric_query.additional_metrics.iter().flatten();
            found.extend(metrics.map(|metric| CustomMetric::new(&app, chart, metric)));
            Ok(())
        })
        .await?;
    Ok(Reply(found))
}
