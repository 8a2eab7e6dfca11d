//! Dashboards as documents (reference 22 §1.3, §3). Our documents have more than others': `config`, the ids of filters, and
//! tiles of SQL charts that arrive.

use std::collections::BTreeMap;

use app::{
    App, InProject, Result, Timestamp,
    domain::{
        access::Action,
        content::{Content, ContentKind, DashboardBody, Tab, Tile, TileFace, TileType},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    DownloadParams, FORMAT, Page, Selection, language, space_slug,
    tiles::{rename_targets, slugs},
};
use crate::{
    contents::Contents,
    dashboard::{ShownConfig, ShownFilters},
};

/// A tile in a document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardTileAsCode)]
pub struct TileAsCode {
    /// Of a tile whose chart the caller may not see, and which therefore has no `chartSlug`: it keeps its chart by this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub uuid: Option<String>,
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
    /// What filters call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tile_slug: Option<String>,
    #[schema(value_type = Object)]
    pub properties: Map<String, Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// A dashboard as a document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardAsCode {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub updated_at: Timestamp,
    pub tiles: Vec<TileAsCode>,
    pub filters: ShownFilters,
    pub tabs: Vec<Tab>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<ShownConfig>)]
    pub config: Option<Value>,
    pub slug: String,
    pub space_slug: String,
    pub version: u32,
    pub downloaded_at: Timestamp,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// Dashboards as documents.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardsAsCode {
    pub dashboards: Vec<DashboardAsCode>,
    /// By the places of the dashboards.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    pub language_map: Option<Vec<Value>>,
    pub missing_ids: Vec<String>,
    pub total: usize,
    /// Where the next page begins; `total` after the last one.
    pub offset: usize,
}

/// A tile as somebody uploads it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpsertDashboardTileAsCode)]
pub struct TileDocument {
    /// Taken where the stored dashboard has such a tile.
    pub uuid: Option<String>,
    #[serde(rename = "type")]
    pub kind: TileType,
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    pub tab_uuid: Option<String>,
    pub tile_slug: Option<String>,
    /// As downloaded; a chart goes by `chartSlug`, which is null where there is none. Without it, the tile of this `uuid` keeps
    /// the chart that it has.
    #[schema(value_type = Object)]
    pub properties: Map<String, Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// The filters of a dashboard that is uploaded; `tileTargets` go by the slugs of tiles.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = UpsertDashboardFiltersAsCode)]
pub struct FiltersDocument {
    #[schema(value_type = Vec<Object>)]
    pub dimensions: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub metrics: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub table_calculations: Vec<Map<String, Value>>,
    /// What else clients keep with them.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// A dashboard as somebody uploads it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpsertDashboardAsCode)]
pub struct DashboardDocument {
    pub name: String,
    pub description: Option<String>,
    /// When it was last changed where it comes from. Content decides on what is a change.
    pub updated_at: Timestamp,
    pub tiles: Vec<TileDocument>,
    pub filters: FiltersDocument,
    pub tabs: Vec<Tab>,
    /// Kept as it is where it is absent.
    pub config: Option<ShownConfig>,
    pub slug: String,
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

/// A page of the dashboards that the caller may see: two requests, and one for what is in them.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn download(
    app: &App,
    project: &InProject,
    params: &DownloadParams,
) -> Result<DashboardsAsCode> {
    let contents = Contents::read(app, project).await?;
    let selection = Selection::of(&contents, ContentKind::Dashboard, params.ids.as_deref());
    let mut page = Page::read(app, &selection, params.offset).await?;
    let (now, mapped) = (app.clock.now(), params.language_map == Some(true));
    let may_see = |row: &Content| contents.may(Action::View, row);
    let (made, offset) = page.documents(|row, version| {
        let body: DashboardBody = version.body.unpack_json()?;
        let words = mapped.then(|| language::dashboard(row, &body, &contents.index, may_see));
        Ok((document(&contents, row, body, now)?, words))
    })?;
    let (dashboards, words): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    Ok(DashboardsAsCode {
        dashboards,
        language_map: mapped.then(|| words.into_iter().flatten().collect()),
        missing_ids: selection.missing,
        total: page.total,
        offset,
    })
}

/// A dashboard in one of its versions as a document.
///
/// # Errors
/// `NotFound` when its space is gone.
pub(super) fn document(
    contents: &Contents<'_>,
    row: &Content,
    mut body: DashboardBody,
    now: Timestamp,
) -> Result<DashboardAsCode> {
    let hidden = body.tiles.iter_mut().map(|tile| hide(contents, tile));
    let hidden: Vec<bool> = hidden.collect();
    let names = slugs(&body.tiles, &contents.index);
    // A tile without a slug goes by its id.
    let known = body.tiles.iter().zip(&names).map(|(tile, slug)| {
        let name = slug.clone().unwrap_or_else(|| tile.uuid.clone());
        (tile.uuid.clone(), name)
    });
    let known: BTreeMap<String, String> = known.collect();
    rename_targets(&mut body.filters, |tile| known.get(tile).cloned());
    let tiles = body.tiles.into_iter().zip(names).zip(hidden);
    Ok(DashboardAsCode {
        name: row.name.clone(),
        description: row.description.clone(),
        updated_at: row.updated_at,
        tiles: tiles
            .map(|((tile, slug), hidden)| tile_document(contents, tile, slug, hidden))
            .collect(),
        filters: body.filters.into(),
        tabs: body.tabs,
        config: body.config,
        slug: row.slug.clone(),
        space_slug: space_slug(contents, row)?,
        version: FORMAT,
        downloaded_at: now,
        rest: body.rest,
    })
}

/// The chart of a tile, as long as it is there.
fn chart_of<'a>(contents: &'a Contents<'_>, tile: &Tile) -> Option<&'a Content> {
    let (what, id) = tile.face.shows()?;
    contents.index.get(what, id)
}

/// Takes the chart off a tile that the caller may not see: a document tells neither its slug nor its name. Answers whether it
/// did.
fn hide(contents: &Contents<'_>, tile: &mut Tile) -> bool {
    let chart = chart_of(contents, tile);
    let hidden = chart.is_some_and(|chart| !contents.may(Action::View, chart));
    if hidden {
        tile.face.show(None);
    }
    hidden
}

fn tile_document(
    contents: &Contents<'_>,
    tile: Tile,
    slug: Option<String>,
    hidden: bool,
) -> TileAsCode {
    let chart = chart_of(contents, &tile);
    let slug_and_name = [
        ("chartSlug", chart.map(|chart| &chart.slug)),
        ("chartName", chart.map(|chart| &chart.name)),
    ];
    // Null says that there is no chart; of one that is hidden, nothing is said.
    let slug_and_name = slug_and_name.map(|(name, text)| (name, (!hidden).then(|| json!(text))));
    let (own, hide_title): (Vec<(&str, Option<Value>)>, _) = match &tile.face {
        TileFace::SavedChart {
            title, hide_title, ..
        }
        | TileFace::SqlChart {
            title, hide_title, ..
        } => {
            let title = ("title", title.as_ref().map(|title| json!(title)));
            (
                slug_and_name.into_iter().chain([title]).collect(),
                hide_title,
            )
        }
        TileFace::SemanticViewerChart {
            chart,
            chart_name,
            chart_slug,
            title,
            hide_title,
        } => {
            let own = [
                ("savedSemanticViewerChartUuid", Some(json!(chart))),
                ("chartName", Some(json!(chart_name))),
                ("chartSlug", chart_slug.as_ref().map(|slug| json!(slug))),
                ("title", title.as_ref().map(|title| json!(title))),
            ];
            (Vec::from(own), hide_title)
        }
        TileFace::Markdown {
            title,
            content,
            hide_title,
        } => {
            let own = [
                ("title", Some(json!(title))),
                ("content", Some(json!(content))),
            ];
            (Vec::from(own), hide_title)
        }
        TileFace::Loom {
            title,
            url,
            hide_title,
        } => {
            let own = [("title", Some(json!(title))), ("url", Some(json!(url)))];
            (Vec::from(own), hide_title)
        }
    };
    let own = own
        .into_iter()
        .chain([("hideTitle", hide_title.map(Value::Bool))]);
    // What was not sent stays absent.
    let own = own.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut properties = tile.properties_rest;
    properties.extend(own);
    TileAsCode {
        uuid: hidden.then_some(tile.uuid),
        kind: tile.face.kind(),
        x: tile.x,
        y: tile.y,
        w: tile.w,
        h: tile.h,
        tab_uuid: tile.tab_uuid,
        tile_slug: slug,
        properties,
        rest: tile.rest,
    }
}
