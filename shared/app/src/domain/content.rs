//! Charts, dashboards and SQL charts: what they have in common, and what is in a version of each (reference 21).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    Error, Kind, Result,
    clock::Timestamp,
    domain::{
        id::{ContentId, OrganizationId, ProjectId, SpaceId, UserId},
        packed::Packed,
        user::LONGEST_NAME,
    },
};

/// Characters of a description: it is part of every list.
pub const LONGEST_DESCRIPTION: usize = 2_000;
/// Tiles of a dashboard at most.
pub const MOST_TILES: usize = 500;
/// Tabs of a dashboard at most.
pub const MOST_TABS: usize = 100;
/// Into how many parts the index of a project's content is cut (design: store).
pub const SHARDS: usize = 16;

/// The kinds of what lies in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentKind {
    Chart,
    Dashboard,
    SqlChart,
}

impl ContentKind {
    /// What an error calls it.
    pub fn named(self) -> Kind {
        match self {
            ContentKind::Chart => Kind::Chart,
            ContentKind::Dashboard => Kind::Dashboard,
            ContentKind::SqlChart => Kind::SqlChart,
        }
    }
}

/// What a chart looks like, as lists show it (reference 21 §2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    Line,
    HorizontalBar,
    VerticalBar,
    Scatter,
    Area,
    Mixed,
    Pie,
    Table,
    BigNumber,
    Funnel,
    Custom,
}

/// The kinds of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DashboardTileTypes)]
pub enum TileType {
    SavedChart,
    SqlChart,
    SemanticViewerChart,
    Markdown,
    Loom,
}

/// The head of a chart, a dashboard or an SQL chart: what has no versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    pub id: ContentId,
    pub what: ContentKind,
    pub project: ProjectId,
    pub organization: OrganizationId,
    /// Unique among its kind in the project; never changed.
    pub slug: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The space that it lies in; none for a chart that belongs to a dashboard and lies where that does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<SpaceId>,
    /// The dashboard that a chart belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<ContentId>,
    /// Adds up with every edit: what `If-Match` names.
    #[serde(default)]
    pub rev: u64,
    /// The number of the latest version; versions count from 1.
    pub latest: u32,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// When the latest version was made.
    pub updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<UserId>,
    /// Since when it can only be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// What of the latest version lists show.
    #[serde(default)]
    pub shown: Shown,
    /// Of a dashboard: charts that any version of it had on a tile. One that none has goes with the next version.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tiled: BTreeSet<ContentId>,
}

/// What of a latest version lists show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_kind: Option<ChartKind>,
    /// The `type` of a chart's `chartConfig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_type: Option<String>,
    /// The explore that a chart asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explore: Option<String>,
    /// Ids of the dimensions and metrics that a chart asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Charts and SQL charts on a dashboard's tiles, each once.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub charts: BTreeSet<ContentId>,
    /// The types of a dashboard's tiles, each once.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tile_types: BTreeSet<TileType>,
    /// Names of a dashboard's tabs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tabs: Vec<(String, String)>,
}

/// The index of a project's content: every head, what is deleted among them.
#[derive(Debug, Clone, Default)]
pub struct Index {
    rows: BTreeMap<ContentId, Content>,
    slugs: BTreeMap<(ContentKind, String), ContentId>,
}

impl FromIterator<Content> for Index {
    fn from_iter<T: IntoIterator<Item = Content>>(rows: T) -> Self {
        let mut index = Self::default();
        for row in rows {
            if row.deleted_at.is_none() {
                index.slugs.insert((row.what, row.slug.clone()), row.id);
            }
            index.rows.insert(row.id, row);
        }
        index
    }
}

impl Index {
    /// What is there under an id, unless it was deleted.
    pub fn get(&self, what: ContentKind, id: ContentId) -> Option<&Content> {
        let found = self.rows.get(&id);
        found.filter(|row| row.what == what && row.deleted_at.is_none())
    }

    /// What is there under a slug.
    pub fn by_slug(&self, what: ContentKind, slug: &str) -> Option<&Content> {
        let id = self.slugs.get(&(what, slug.to_owned()))?;
        self.rows.get(id)
    }

    /// Takes a row in, in the place of what was there under its id.
    pub fn put(&mut self, row: Content) {
        if let Some(old) = self.rows.get(&row.id) {
            let key = (old.what, old.slug.clone());
            if self.slugs.get(&key) == Some(&row.id) {
                self.slugs.remove(&key);
            }
        }
        if row.deleted_at.is_none() {
            self.slugs.insert((row.what, row.slug.clone()), row.id);
        }
        self.rows.insert(row.id, row);
    }

    /// Everything that is there, by id.
    pub fn live(&self) -> impl Iterator<Item = &Content> {
        self.rows.values().filter(|row| row.deleted_at.is_none())
    }

    /// What was deleted and can be restored, by id.
    pub fn deleted(&self) -> impl Iterator<Item = &Content> {
        self.rows.values().filter(|row| row.deleted_at.is_some())
    }

    /// The space that something lies in: that of its dashboard, where it belongs to one. None when that is gone.
    pub fn space_of(&self, row: &Content) -> Option<SpaceId> {
        match row.dashboard {
            Some(dashboard) => self.get(ContentKind::Dashboard, dashboard)?.space,
            None => row.space,
        }
    }

    /// Whether a chart that belongs to a dashboard is on no tile of its latest version.
    pub fn is_orphan(&self, row: &Content) -> bool {
        let Some(id) = row.dashboard else {
            return false;
        };
        let dashboard = self.get(ContentKind::Dashboard, id);
        dashboard.is_none_or(|dashboard| !dashboard.shown.charts.contains(&row.id))
    }
}

/// In which part of the index something is.
pub fn shard(id: ContentId) -> usize {
    usize::from(id.as_bytes()[0]) % SHARDS
}

impl Content {
    /// Whether it is gone for good.
    pub fn is_over(&self, kept: Duration, now: Timestamp) -> bool {
        self.deleted_at.is_some_and(|at| at + kept <= now)
    }
}

/// A version: never changed once it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    pub of: ContentId,
    pub number: u32,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// A [`ChartBody`], [`DashboardBody`] or [`SqlChartBody`].
    pub body: Packed,
}

impl Version {
    /// What the version is called on the wire.
    pub fn id(&self) -> ContentId {
        self.of.version(self.number)
    }
}

/// A version of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartBody {
    pub table_name: String,
    pub metric_query: semantic::MetricQuery,
    /// `{type, config}`, as the client wrote it.
    pub chart_config: Value,
    #[serde(default)]
    pub column_order: Vec<String>,
    /// The columns that are turned; none where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pivot: Option<Vec<String>>,
    /// What else clients keep with it, beside the query.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub rest: Map<String, Value>,
    /// What else they keep with the order of the columns.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub table_config_rest: Map<String, Value>,
    /// What else they keep with the columns that are turned.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub pivot_config_rest: Map<String, Value>,
}

/// A version of an SQL chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlChartBody {
    pub sql: String,
    pub limit: u32,
    pub config: Value,
}

/// A version of a dashboard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardBody {
    #[serde(default)]
    pub tiles: Vec<Tile>,
    #[serde(default)]
    pub tabs: Vec<Tab>,
    #[serde(default)]
    pub filters: DashboardFilters,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// What else clients keep with it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub rest: Map<String, Value>,
}

/// A tab of a dashboard; its id is the client's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DashboardTab)]
pub struct Tab {
    pub uuid: String,
    pub name: String,
    #[serde(serialize_with = "semantic::number::plain")]
    pub order: f64,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// A tile of a dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tile {
    pub uuid: String,
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tab_uuid: Option<String>,
    #[serde(flatten)]
    pub face: TileFace,
    /// What else clients keep with it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub rest: Map<String, Value>,
    /// What else they keep with its `properties`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties_rest: Map<String, Value>,
}

/// What is on a tile. Options that were not sent stay absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    content = "properties",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum TileFace {
    SavedChart {
        /// None for a chart that is gone for good.
        #[serde(default)]
        chart: Option<ContentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hide_title: Option<bool>,
    },
    SqlChart {
        #[serde(default)]
        chart: Option<ContentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hide_title: Option<bool>,
    },
    /// A chart of the semantic viewer, which some clients know: kept as they sent it, and nothing is behind it.
    SemanticViewerChart {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chart: Option<String>,
        #[serde(default)]
        chart_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chart_slug: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hide_title: Option<bool>,
    },
    Markdown {
        #[serde(default)]
        title: String,
        /// HTML that is safe to show.
        #[serde(default)]
        content: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hide_title: Option<bool>,
    },
    Loom {
        #[serde(default)]
        title: String,
        #[serde(default)]
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hide_title: Option<bool>,
    },
}

impl TileFace {
    /// The type.
    pub fn kind(&self) -> TileType {
        match self {
            TileFace::SavedChart { .. } => TileType::SavedChart,
            TileFace::SqlChart { .. } => TileType::SqlChart,
            TileFace::SemanticViewerChart { .. } => TileType::SemanticViewerChart,
            TileFace::Markdown { .. } => TileType::Markdown,
            TileFace::Loom { .. } => TileType::Loom,
        }
    }

    /// The chart or SQL chart that it shows.
    pub fn shows(&self) -> Option<(ContentKind, ContentId)> {
        match self {
            TileFace::SavedChart { chart, .. } => Some((ContentKind::Chart, (*chart)?)),
            TileFace::SqlChart { chart, .. } => Some((ContentKind::SqlChart, (*chart)?)),
            TileFace::SemanticViewerChart { .. }
            | TileFace::Markdown { .. }
            | TileFace::Loom { .. } => None,
        }
    }

    /// Shows another chart of the same kind.
    pub fn show(&mut self, id: Option<ContentId>) {
        match self {
            TileFace::SavedChart { chart, .. } | TileFace::SqlChart { chart, .. } => *chart = id,
            TileFace::SemanticViewerChart { .. }
            | TileFace::Markdown { .. }
            | TileFace::Loom { .. } => {}
        }
    }
}

/// The filters of a dashboard; each rule as clients write it, with `tileTargets` by tile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DashboardFilters {
    pub dimensions: Vec<Map<String, Value>>,
    pub metrics: Vec<Map<String, Value>>,
    pub table_calculations: Vec<Map<String, Value>>,
    /// What else clients keep with them.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl DashboardFilters {
    /// All rules.
    pub fn rules(&self) -> impl Iterator<Item = &Map<String, Value>> {
        let rules = self.dimensions.iter().chain(&self.metrics);
        rules.chain(&self.table_calculations)
    }

    /// All rules, to be changed.
    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut Map<String, Value>> {
        let rules = self.dimensions.iter_mut().chain(&mut self.metrics);
        rules.chain(&mut self.table_calculations)
    }
}

/// A name of something in a space: trimmed, 1 to 255 characters, no control characters.
///
/// # Errors
/// `Invalid` when it is not.
pub fn content_name(text: &str) -> Result<String> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "A name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}

/// A description: at most 2,000 characters; an empty one is none.
///
/// # Errors
/// `Invalid` when it is longer.
pub fn content_description(text: Option<&str>) -> Result<Option<String>> {
    let text = text.filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().nth(LONGEST_DESCRIPTION).is_some()) {
        return Err(Error::invalid("A description has at most 2000 characters"));
    }
    Ok(text.map(str::to_owned))
}

/// How often something was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Views {
    pub views: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_viewed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_viewed_at: Option<Timestamp>,
}
