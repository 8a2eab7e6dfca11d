//! Charts as documents (reference 22 §1.2, §2).

use app::{
    App, InProject, Result, Timestamp,
    domain::content::{ChartBody, Content, ContentKind},
};
use semantic::MetricQuery;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{DownloadParams, FORMAT, Page, Selection, language, space_slug};
use crate::{
    chart::{ChartConfig, ChartPivotConfig, ChartTableConfig},
    contents::Contents,
};

/// A chart as a document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartAsCode {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub table_name: String,
    pub updated_at: Timestamp,
    #[schema(value_type = app::view::ShownMetricQuery)]
    pub metric_query: MetricQuery,
    #[schema(value_type = ChartConfig)]
    pub chart_config: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pivot_config: Option<ChartPivotConfig>,
    pub table_config: ChartTableConfig,
    pub slug: String,
    /// Of a chart that belongs to a dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dashboard_slug: Option<String>,
    pub space_slug: String,
    pub version: u32,
    pub downloaded_at: Timestamp,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// Charts as documents.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartsAsCode {
    pub charts: Vec<ChartAsCode>,
    /// By the places of the charts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    pub language_map: Option<Vec<Value>>,
    pub missing_ids: Vec<String>,
    pub total: usize,
    /// Where the next page begins; `total` after the last one.
    pub offset: usize,
}

/// A chart as somebody uploads it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpsertChartAsCode)]
pub struct ChartDocument {
    pub name: String,
    pub description: Option<String>,
    pub table_name: String,
    /// When it was last changed where it comes from. Content decides on what is a change.
    pub updated_at: Timestamp,
    pub metric_query: MetricQuery,
    pub chart_config: ChartConfig,
    pub pivot_config: Option<ChartPivotConfig>,
    pub table_config: ChartTableConfig,
    pub slug: String,
    pub dashboard_slug: Option<String>,
    pub space_slug: String,
    pub version: f64,
    pub downloaded_at: Option<Timestamp>,
    pub skip_space_create: Option<bool>,
    pub public_space_create: Option<bool>,
    pub force: Option<bool>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// A page of the charts that the caller may see: two requests, and one for what is in them.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn download(
    app: &App,
    project: &InProject,
    params: &DownloadParams,
) -> Result<ChartsAsCode> {
    let contents = Contents::read(app, project).await?;
    let selection = Selection::of(&contents, ContentKind::Chart, params.ids.as_deref());
    let mut page = Page::read(app, &selection, params.offset).await?;
    let (now, mapped) = (app.clock.now(), params.language_map == Some(true));
    let (made, offset) = page.documents(|row, version| {
        let body: ChartBody = version.body.unpack_json()?;
        let words = mapped.then(|| language::chart(row, &body));
        Ok((document(&contents, row, body, now)?, words))
    })?;
    let (charts, words): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    Ok(ChartsAsCode {
        charts,
        language_map: mapped.then(|| words.into_iter().flatten().collect()),
        missing_ids: selection.missing,
        total: page.total,
        offset,
    })
}

/// A chart in one of its versions as a document.
///
/// # Errors
/// `NotFound` when its space is gone.
pub(super) fn document(
    contents: &Contents<'_>,
    row: &Content,
    body: ChartBody,
    now: Timestamp,
) -> Result<ChartAsCode> {
    let dashboard = row
        .dashboard
        .and_then(|id| contents.index.get(ContentKind::Dashboard, id));
    Ok(ChartAsCode {
        name: row.name.clone(),
        description: row.description.clone(),
        table_name: body.table_name,
        updated_at: row.updated_at,
        metric_query: body.metric_query,
        chart_config: body.chart_config,
        pivot_config: body.pivot.map(|columns| ChartPivotConfig {
            columns,
            rest: body.pivot_config_rest,
        }),
        table_config: ChartTableConfig {
            column_order: body.column_order,
            rest: body.table_config_rest,
        },
        slug: row.slug.clone(),
        dashboard_slug: dashboard.map(|dashboard| dashboard.slug.clone()),
        space_slug: space_slug(contents, row)?,
        version: FORMAT,
        downloaded_at: now,
        rest: body.rest,
    })
}
