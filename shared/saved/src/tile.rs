//! Tiles of dashboards as clients send and see them (reference 21 §3.1).

use app::{
    Error, Result,
    domain::{
        content::{
            Content, ContentKind, Index, MOST_TABS, MOST_TILES, Tab, Tile, TileFace, TileType,
        },
        id::ContentId,
    },
    random::Random,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{html, kept};

/// Characters of a tile's text.
const LONGEST_TEXT: usize = 50_000;
/// Characters of a title, and of an id that clients choose.
const LONGEST_TITLE: usize = 1_000;
/// Where a tile may be, and how large: cells of the grid.
const FARTHEST: f64 = 100_000.0;

/// A tile that a client sends; one without an id gets one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateDashboardTile)]
pub struct SentTile {
    #[schema(nullable = false)]
    pub uuid: Option<String>,
    #[serde(rename = "type")]
    pub kind: TileType,
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    pub tab_uuid: Option<String>,
    /// By type: `savedChartUuid`, `savedSqlUuid`, `savedSemanticViewerChartUuid`, `chartName`, `chartSlug`, `title`, `hideTitle`,
    /// `content`, `url`.
    #[schema(value_type = Object)]
    pub properties: Map<String, Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// A tile as clients see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardTile)]
pub struct ShownTile {
    pub uuid: String,
    #[serde(rename = "type")]
    pub kind: TileType,
    #[serde(serialize_with = "semantic::number::plain")]
    pub x: f64,
    #[serde(serialize_with = "semantic::number::plain")]
    pub y: f64,
    #[serde(serialize_with = "semantic::number::plain")]
    pub w: f64,
    #[serde(serialize_with = "semantic::number::plain")]
    pub h: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tab_uuid: Option<String>,
    #[schema(value_type = Object)]
    pub properties: Map<String, Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// Reads a property that is text, or absent.
fn text(properties: &Map<String, Value>, name: &str, most: usize) -> Result<Option<String>> {
    match properties.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().nth(most).is_none() => Ok(Some(text.clone())),
        Some(_) => Err(Error::invalid(format!(
            "\"{name}\" of a tile is text of at most {most} characters"
        ))),
    }
}

fn flag(properties: &Map<String, Value>, name: &str) -> Result<Option<bool>> {
    match properties.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Error::invalid(format!(
            "\"{name}\" of a tile is true or false"
        ))),
    }
}

fn chart(
    properties: &Map<String, Value>,
    name: &str,
    what: ContentKind,
) -> Result<Option<ContentId>> {
    match text(properties, name, LONGEST_TITLE)? {
        None => Ok(None),
        Some(id) => ContentId::parse(&id)
            .map(Some)
            .ok_or(Error::NotFound(what.named())),
    }
}

impl SentTile {
    /// As it is kept.
    ///
    /// # Errors
    /// `Invalid` for a property or a place that no tile has; `NotFound` for a chart's id that is none.
    pub fn read(self, random: &Random) -> Result<Tile> {
        let properties = &self.properties;
        let places = [self.x, self.y, self.w, self.h];
        if !places.iter().all(|at| (-FARTHEST..=FARTHEST).contains(at)) {
            return Err(Error::invalid(
                "A tile lies within 100000 cells of the grid",
            ));
        }
        let hide_title = flag(properties, "hideTitle")?;
        let title = text(properties, "title", LONGEST_TITLE)?;
        let face = match self.kind {
            TileType::SavedChart => TileFace::SavedChart {
                chart: chart(properties, "savedChartUuid", ContentKind::Chart)?,
                title,
                hide_title,
            },
            TileType::SqlChart => TileFace::SqlChart {
                chart: chart(properties, "savedSqlUuid", ContentKind::SqlChart)?,
                title,
                hide_title,
            },
            TileType::SemanticViewerChart => TileFace::SemanticViewerChart {
                chart: text(properties, "savedSemanticViewerChartUuid", LONGEST_TITLE)?,
                chart_name: text(properties, "chartName", LONGEST_TITLE)?.unwrap_or_default(),
                chart_slug: text(properties, "chartSlug", LONGEST_TITLE)?,
                title,
                hide_title,
            },
            TileType::Markdown => TileFace::Markdown {
                title: title.unwrap_or_default(),
                content: html::clean_markdown(
                    &text(properties, "content", LONGEST_TEXT)?.unwrap_or_default(),
                ),
                hide_title,
            },
            TileType::Loom => TileFace::Loom {
                title: title.unwrap_or_default(),
                url: url(text(properties, "url", LONGEST_TITLE)?.unwrap_or_default())?,
                hide_title,
            },
        };
        let uuid = match self.uuid.filter(|uuid| !uuid.is_empty()) {
            Some(uuid) if uuid.len() <= 100 => uuid,
            Some(_) => return Err(Error::invalid("A tile's id has at most 100 characters")),
            None => ContentId::new(random).to_string(),
        };
        Ok(Tile {
            uuid,
            x: self.x,
            y: self.y,
            w: self.w,
            h: self.h,
            tab_uuid: self.tab_uuid,
            face,
            rest: kept::of_tile(self.rest),
            properties_rest: kept::of_properties(self.properties),
        })
    }
}

/// What a frame loads: nothing but pages.
fn url(text: String) -> Result<String> {
    let lower = text.trim().to_ascii_lowercase();
    let fits = lower.is_empty() || lower.starts_with("https://") || lower.starts_with("http://");
    if fits {
        Ok(text)
    } else {
        Err(Error::invalid(
            "\"url\" of a tile begins with https:// or http://",
        ))
    }
}

/// Tiles and tabs that fit together: no id twice, and every tile on a tab that is there, or on none.
///
/// # Errors
/// `Invalid` for what does not fit.
pub fn fit(tiles: &[Tile], tabs: &[Tab]) -> Result<()> {
    if tiles.len() > MOST_TILES || tabs.len() > MOST_TABS {
        return Err(Error::invalid(format!(
            "A dashboard has at most {MOST_TILES} tiles and {MOST_TABS} tabs"
        )));
    }
    let mut ids = std::collections::BTreeSet::new();
    if let Some(twice) = tiles.iter().find(|tile| !ids.insert(tile.uuid.as_str())) {
        let id = &twice.uuid;
        return Err(Error::invalid(format!("Two tiles have the id \"{id}\"")));
    }
    let mut ids = std::collections::BTreeSet::new();
    for tab in tabs {
        let long = tab.name.chars().nth(LONGEST_TITLE).is_some();
        if tab.uuid.is_empty() || tab.uuid.len() > 100 || long {
            return Err(Error::invalid(
                "A tab has an id of 1 to 100 characters and a name of at most 1000",
            ));
        }
        if !ids.insert(tab.uuid.as_str()) {
            let id = &tab.uuid;
            return Err(Error::invalid(format!("Two tabs have the id \"{id}\"")));
        }
    }
    let lost = |tile: &&Tile| {
        tile.tab_uuid
            .as_deref()
            .is_some_and(|tab| !ids.contains(tab))
    };
    match tiles.iter().find(lost) {
        Some(tile) => Err(Error::invalid(format!(
            "The tile \"{}\" is on a tab that the dashboard does not have",
            tile.uuid
        ))),
        None => Ok(()),
    }
}

/// What is told of the charts on tiles.
pub struct Charts<'a> {
    pub index: &'a Index,
    /// Whether the caller may know the chart's name; what they may not see has none.
    pub may_see: &'a dyn Fn(&Content) -> bool,
    pub dashboard: ContentId,
}

/// A tile as the caller sees it. A chart that is gone has no id.
pub fn show(tile: &Tile, charts: &Charts<'_>) -> ShownTile {
    let mut properties = tile.properties_rest.clone();
    properties.extend(properties_of(&tile.face, charts));
    ShownTile {
        uuid: tile.uuid.clone(),
        kind: tile.face.kind(),
        x: tile.x,
        y: tile.y,
        w: tile.w,
        h: tile.h,
        tab_uuid: tile.tab_uuid.clone(),
        properties,
        rest: tile.rest.clone(),
    }
}

/// The properties of a tile as the caller sees them, without what else clients keep with them.
pub fn properties_of(face: &TileFace, charts: &Charts<'_>) -> Map<String, Value> {
    let found = face.shows();
    let found = found.and_then(|(what, id)| charts.index.get(what, id));
    let known = found.filter(|chart| (charts.may_see)(chart));
    let name = known.map(|chart| chart.name.clone());
    let slug = known.map(|chart| chart.slug.clone());
    let id = found.map(|chart| chart.id);
    let shown = match face {
        TileFace::SavedChart {
            title, hide_title, ..
        } => json!({
            "savedChartUuid": id, "title": title.as_deref().unwrap_or(""), "hideTitle": hide_title.unwrap_or(false),
            "belongsToDashboard": found.is_some_and(|chart| chart.dashboard == Some(charts.dashboard)),
            "chartName": name, "chartSlug": slug.unwrap_or_default(),
            "lastVersionChartKind": known.and_then(|chart| chart.shown.chart_kind),
        }),
        TileFace::SqlChart {
            title, hide_title, ..
        } => json!({
            "savedSqlUuid": id, "title": title.as_deref().unwrap_or(""), "hideTitle": hide_title.unwrap_or(false),
            "chartName": name.unwrap_or_default(), "chartSlug": slug.unwrap_or_default(),
        }),
        TileFace::SemanticViewerChart {
            chart,
            chart_name,
            chart_slug,
            title,
            hide_title,
        } => json!({
            "savedSemanticViewerChartUuid": chart, "title": title.as_deref().unwrap_or(""),
            "hideTitle": hide_title.unwrap_or(false), "chartName": chart_name,
            "chartSlug": chart_slug.as_deref().unwrap_or(""),
        }),
        TileFace::Markdown {
            title,
            content,
            hide_title,
        } => {
            json!({ "title": title, "content": content, "hideTitle": hide_title.unwrap_or(false) })
        }
        TileFace::Loom {
            title,
            url,
            hide_title,
        } => json!({ "title": title, "url": url, "hideTitle": hide_title.unwrap_or(false) }),
    };
    let Value::Object(mut properties) = shown else {
        return Map::new();
    };
    // A kind that is not known is absent on the wire, never null.
    properties.retain(|name, value| name != "lastVersionChartKind" || !value.is_null());
    properties
}
