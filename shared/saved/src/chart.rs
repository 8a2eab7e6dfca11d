//! Charts as clients send and see them (reference 21 §2).

use app::{
    App, Error, Result, Timestamp,
    domain::{
        content::{ChartBody, ChartKind, Content, Shown},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId},
        pins::Pins,
        space::{Entry, Space},
    },
};
use semantic::MetricQuery;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    find::Place,
    kept,
    people::{Names, UpdatedByUser},
};

/// Bytes of the id of a field, and of the name of an explore.
const LONGEST_ID: usize = 255;
/// More rows than anybody asks for.
const MOST_ROWS: f64 = 1e9;

/// What a chart is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartType {
    Cartesian,
    Table,
    BigNumber,
    Pie,
    Funnel,
    Custom,
}

/// How a chart is drawn; the options are the client's own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChartConfig {
    #[serde(rename = "type")]
    pub kind: ChartType,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub config: Option<Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// The order of the columns.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartTableConfig {
    pub column_order: Vec<String>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// The columns that are turned.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChartPivotConfig {
    pub columns: Vec<String>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// What a version of a chart is made of.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartDefinition {
    pub table_name: String,
    pub metric_query: MetricQuery,
    pub chart_config: ChartConfig,
    pub table_config: ChartTableConfig,
    pub pivot_config: Option<ChartPivotConfig>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

impl ChartDefinition {
    /// As it is kept, and what of it lists show.
    ///
    /// # Errors
    /// `Invalid` without an explore.
    pub fn read(self) -> Result<(ChartBody, Shown)> {
        if self.table_name.is_empty() || self.table_name.len() > LONGEST_ID {
            return Err(Error::invalid("A chart names its explore in \"tableName\""));
        }
        let mut query = self.metric_query;
        if !(query.limit >= 0.0 && query.limit <= MOST_ROWS && query.limit.fract() == 0.0) {
            return Err(Error::invalid("A chart's limit is a whole number of rows"));
        }
        query.explore_name.clone_from(&self.table_name);
        query.give_ids();
        if let Some(overrides) = &mut query.metric_overrides {
            overrides.retain(|id, _| query.metrics.contains(id));
        }
        let config = serde_json::to_value(&self.chart_config);
        let (pivot, pivot_config_rest) = match self.pivot_config {
            Some(pivot) => (Some(pivot.columns), pivot.rest),
            None => (None, Map::new()),
        };
        let body = ChartBody {
            table_name: self.table_name,
            metric_query: query,
            chart_config: config.map_err(|error| Error::Internal(error.into()))?,
            column_order: self.table_config.column_order,
            pivot,
            rest: kept::of_content(self.rest),
            table_config_rest: self.table_config.rest,
            pivot_config_rest,
        };
        let shown = shown(&body);
        Ok((body, shown))
    }
}

/// What of a chart lists show.
pub fn shown(body: &ChartBody) -> Shown {
    let kind = body.chart_config["type"].as_str();
    let query = &body.metric_query;
    let fields = query.dimensions.iter().chain(&query.metrics);
    Shown {
        chart_kind: kind_of(&body.chart_config),
        chart_type: kind.map(str::to_owned),
        explore: Some(body.table_name.clone()),
        // A hundred ids are 4 KB of every list, and no field has a longer one.
        fields: fields
            .filter(|id| id.len() <= LONGEST_ID)
            .take(100)
            .cloned()
            .collect(),
        ..Shown::default()
    }
}

/// What a chart looks like (reference 21 §2.12); none for a cartesian one without series.
pub fn kind_of(config: &Value) -> Option<ChartKind> {
    Some(match config["type"].as_str()? {
        "table" => ChartKind::Table,
        "big_number" => ChartKind::BigNumber,
        "pie" => ChartKind::Pie,
        "funnel" => ChartKind::Funnel,
        "custom" => ChartKind::Custom,
        _ => return cartesian(&config["config"]),
    })
}

fn cartesian(config: &Value) -> Option<ChartKind> {
    let series = config["eChartsConfig"]["series"].as_array()?;
    let look = |one: &Value| {
        let kind = one["type"].as_str().unwrap_or("").to_owned();
        let area = kind == "line" && one["areaStyle"].is_object();
        (kind, area)
    };
    let first = look(series.first()?);
    if series.iter().any(|one| look(one) != first) {
        return Some(ChartKind::Mixed);
    }
    let flipped = config["layout"]["flipAxes"].as_bool() == Some(true);
    Some(match (first.0.as_str(), first.1) {
        ("area", _) | ("line", true) => ChartKind::Area,
        ("bar", _) if flipped => ChartKind::HorizontalBar,
        ("line", false) => ChartKind::Line,
        ("scatter", _) => ChartKind::Scatter,
        _ => ChartKind::VerticalBar,
    })
}

/// What every view of a chart with a version has.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SavedChartDAO)]
pub struct ChartView {
    pub uuid: ContentId,
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
    #[schema(required)]
    pub dashboard_uuid: Option<ContentId>,
    #[schema(required)]
    pub dashboard_name: Option<String>,
    #[schema(required)]
    pub pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pub pinned_list_order: Option<u32>,
    pub color_palette: Vec<String>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

impl ChartView {
    /// A chart in its space and on its dashboard, if it belongs to one; pinned nowhere.
    pub fn new(
        head: &Content,
        body: ChartBody,
        space: &Space,
        dashboard: Option<&Content>,
        names: &Names,
        color_palette: Vec<String>,
    ) -> Self {
        Self {
            uuid: head.id,
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
                rest: body.table_config_rest,
            },
            pivot_config: body.pivot.map(|columns| ChartPivotConfig {
                columns,
                rest: body.pivot_config_rest,
            }),
            updated_at: head.updated_at,
            updated_by_user: names.get(head.updated_by),
            space_uuid: space.id,
            space_name: space.name.clone(),
            dashboard_uuid: head.dashboard,
            dashboard_name: dashboard.map(|dashboard| dashboard.name.clone()),
            pinned_list_uuid: None,
            pinned_list_order: None,
            color_palette,
            rest: body.rest,
        }
    }
}

/// A chart with its latest version, or another one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SavedChart {
    #[serde(flatten)]
    pub view: ChartView,
    pub is_private: bool,
    /// The caller's own entry.
    pub access: Vec<Entry>,
}

/// What is shown beside a chart.
pub struct Around<'a> {
    pub names: &'a Names,
    pub pins: Option<&'a Pins>,
    pub palette: Vec<String>,
}

impl SavedChart {
    /// A chart where it lies.
    ///
    /// # Errors
    /// `NotFound` when its space is gone.
    pub fn new(place: &Place<'_>, body: ChartBody, around: Around<'_>) -> Result<Self> {
        let head = place.head;
        let space = place.space().ok_or(Error::NotFound(app::Kind::Chart))?;
        let (access, is_private) = place.access();
        let mut view = ChartView::new(
            head,
            body,
            space,
            place.dashboard.as_ref(),
            around.names,
            around.palette,
        );
        if let Some(pins) = around.pins
            && let Some(order) = pins.order_of(head.id)
        {
            view.pinned_list_uuid = Some(pins.id);
            view.pinned_list_order = Some(order);
        }
        Ok(Self {
            view,
            is_private,
            access,
        })
    }

    /// A chart as the caller sees it: reads its author, the pins and the palette beside the latest version, which the
    /// caller has read.
    ///
    /// # Errors
    /// `NotFound` when its space is gone.
    pub async fn read(app: &App, place: &Place<'_>, body: ChartBody) -> Result<Self> {
        let head = place.head;
        let (names, pins, palette) = tokio::try_join!(
            Names::of(app, [head]),
            app.store.pins(head.project),
            palette(app, head.organization),
        )?;
        let around = Around {
            names: &names,
            pins: pins.as_ref(),
            palette,
        };
        Self::new(place, body, around)
    }
}

/// The colours of charts: the organisation's active palette, or those that clients have by themselves.
async fn palette(app: &App, organization: OrganizationId) -> Result<Vec<String>> {
    app.store.active_colors(organization).await
}
