//! Dashboards as clients send and see them (reference 21 §3).

use std::{collections::BTreeSet, time::Duration};

use app::{
    App, Error, Kind, Result, Timestamp,
    domain::{
        access::Action,
        content::{Content, DashboardBody, DashboardFilters, Index, Shown, Tab, Tile},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId},
        space::Entry,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    contents::Contents,
    kept,
    list::Facts,
    people::UpdatedByUser,
    tile::{Charts, SentTile, ShownTile, fit, show},
};

/// A chart is made within a dashboard, or moved into it, before the dashboard is saved with a tile for it: whoever saves it in
/// between does not delete the chart.
pub const ABOUT_TO_BE_TILED: Duration = Duration::from_secs(60 * 60);
/// Filter rules of a dashboard at most.
const MOST_RULES: usize = 500;

/// The filters of a dashboard. A rule is a filter rule with `label`, `singleValue` and `tileTargets`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardFilters)]
pub struct ShownFilters {
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

impl From<DashboardFilters> for ShownFilters {
    fn from(filters: DashboardFilters) -> Self {
        Self {
            dimensions: filters.dimensions,
            metrics: filters.metrics,
            table_calculations: filters.table_calculations,
            rest: filters.rest,
        }
    }
}

impl From<ShownFilters> for DashboardFilters {
    fn from(filters: ShownFilters) -> Self {
        Self {
            dimensions: filters.dimensions,
            metrics: filters.metrics,
            table_calculations: filters.table_calculations,
            rest: filters.rest,
        }
    }
}

/// Options of a dashboard.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardConfig)]
pub struct ShownConfig {
    pub is_date_zoom_disabled: bool,
    /// What newer clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// What a version of a dashboard is made of.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Definition {
    pub tiles: Vec<SentTile>,
    pub tabs: Vec<Tab>,
    pub filters: Option<ShownFilters>,
    pub config: Option<ShownConfig>,
    /// What else clients keep with it.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Definition {
    /// As it is kept, and what of it lists show. Targets of tiles that are not there are left out.
    ///
    /// # Errors
    /// `Invalid` for tiles, tabs and filters that do not fit together; `NotFound` for a chart that is not of this project.
    pub fn read(self, app: &App, index: &Index) -> Result<(DashboardBody, Shown)> {
        let body = checked(self.into_body(app)?, index)?;
        let shown = shown(&body);
        Ok((body, shown))
    }

    /// As it is kept, without a look at how its parts fit together.
    ///
    /// # Errors
    /// `Invalid` for a tile that none can be; `NotFound` for a chart's id that is none.
    pub fn into_body(self, app: &App) -> Result<DashboardBody> {
        let tiles = self.tiles.into_iter();
        let tiles: Vec<Tile> = tiles
            .map(|tile| tile.read(&app.random))
            .collect::<Result<_>>()?;
        let filters = self.filters.unwrap_or_default();
        let config = self.config.map(serde_json::to_value).transpose();
        Ok(DashboardBody {
            tiles,
            tabs: self.tabs,
            filters: filters.into(),
            config: config.map_err(|error| Error::Internal(error.into()))?,
            rest: kept::of_content(self.rest),
        })
    }
}

/// A version whose parts fit together.
///
/// # Errors
/// `Invalid` for tiles, tabs and filters that do not; `NotFound` for a chart that is not of this project.
pub fn checked(body: DashboardBody, index: &Index) -> Result<DashboardBody> {
    checked_beside(body, index, &BTreeSet::new())
}

/// The same for a dashboard that had these charts on its tiles before: one of them that was deleted meanwhile is let through,
/// and shown as a chart that is gone.
///
/// # Errors
/// As [`checked`].
pub fn checked_beside(
    mut body: DashboardBody,
    index: &Index,
    tiled: &BTreeSet<ContentId>,
) -> Result<DashboardBody> {
    fit(&body.tiles, &body.tabs)?;
    for (what, id) in body.tiles.iter().filter_map(|tile| tile.face.shows()) {
        if index.get(what, id).is_none() && !tiled.contains(&id) {
            return Err(Error::NotFound(what.named()));
        }
    }
    if body.filters.rules().count() > MOST_RULES {
        return Err(Error::invalid(format!(
            "A dashboard has at most {MOST_RULES} filters"
        )));
    }
    let known: BTreeSet<String> = body.tiles.iter().map(|tile| tile.uuid.clone()).collect();
    for rule in body.filters.rules_mut() {
        check_rule(rule)?;
        if let Some(Value::Object(targets)) = rule.get_mut("tileTargets") {
            targets.retain(|tile, _| known.contains(tile));
        }
    }
    Ok(body)
}

/// A rule has an operator, and a target with a field and its table.
fn check_rule(rule: &Map<String, Value>) -> Result<()> {
    let target = rule.get("target");
    let names = |name: &str| target.is_some_and(|target| target[name].is_string());
    let operator = rule.get("operator").is_some_and(Value::is_string);
    let targets = rule.get("tileTargets");
    let targets = targets.is_none_or(|targets| targets.is_object() || targets.is_null());
    if names("fieldId") && names("tableName") && operator && targets {
        return Ok(());
    }
    Err(Error::invalid(
        "A dashboard's filter has an \"operator\", a \"target\" with \"fieldId\" and \"tableName\", and \"tileTargets\" by tile",
    ))
}

/// What of a dashboard lists show.
pub fn shown(body: &DashboardBody) -> Shown {
    let charts = body.tiles.iter().filter_map(|tile| tile.face.shows());
    let tabs = body.tabs.iter();
    Shown {
        charts: charts.map(|(_, id)| id).collect(),
        tile_types: body.tiles.iter().map(|tile| tile.face.kind()).collect(),
        tabs: tabs
            .map(|tab| (tab.uuid.clone(), tab.name.chars().take(100).collect()))
            .collect(),
        ..Shown::default()
    }
}

/// What every view of a dashboard with a version has.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardDAO)]
pub struct DashboardParts {
    pub uuid: ContentId,
    pub project_uuid: ProjectId,
    pub organization_uuid: OrganizationId,
    pub dashboard_version_id: u32,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub slug: String,
    pub updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_by_user: Option<UpdatedByUser>,
    pub tiles: Vec<ShownTile>,
    pub tabs: Vec<Tab>,
    pub filters: ShownFilters,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<ShownConfig>)]
    pub config: Option<Value>,
    pub space_uuid: SpaceId,
    pub space_name: String,
    pub views: u64,
    #[schema(required)]
    pub first_viewed_at: Option<Timestamp>,
    #[schema(required)]
    pub pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pub pinned_list_order: Option<u32>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub rest: Map<String, Value>,
}

/// A dashboard with its latest version.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dashboard)]
pub struct DashboardView {
    #[serde(flatten)]
    pub parts: DashboardParts,
    #[schema(required)]
    pub is_private: Option<bool>,
    /// The caller's own entry.
    #[schema(required)]
    pub access: Option<Vec<Entry>>,
}

impl DashboardView {
    /// A dashboard as the caller sees it: reads its author, the pins and its views beside the version, which the caller has
    /// read. The number of requests does not depend on the tiles.
    ///
    /// # Errors
    /// `NotFound` when its space is gone.
    pub async fn read(
        app: &App,
        contents: &Contents<'_>,
        head: &Content,
        body: DashboardBody,
    ) -> Result<Self> {
        let facts = Facts::read(app, head.project, &[head]).await?;
        Self::new(contents, head, body, &facts)
    }

    /// The same, with what is known of it and of others read before.
    ///
    /// # Errors
    /// `NotFound` when its space is gone.
    pub fn new(
        contents: &Contents<'_>,
        head: &Content,
        body: DashboardBody,
        facts: &Facts,
    ) -> Result<Self> {
        let space = contents.space_of(head);
        let space = space.ok_or(Error::NotFound(Kind::Dashboard))?;
        let may_see = |chart: &Content| contents.may(Action::View, chart);
        let charts = Charts {
            index: &contents.index,
            may_see: &may_see,
            dashboard: head.id,
        };
        let views = facts.views.get(&head.id).copied().unwrap_or_default();
        let (pinned_list_uuid, pinned_list_order) = facts.pinned(head.id);
        let parts = DashboardParts {
            uuid: head.id,
            project_uuid: head.project,
            organization_uuid: head.organization,
            dashboard_version_id: head.latest,
            name: head.name.clone(),
            description: head.description.clone(),
            slug: head.slug.clone(),
            updated_at: head.updated_at,
            updated_by_user: facts.names.get(head.updated_by),
            tiles: body.tiles.iter().map(|tile| show(tile, &charts)).collect(),
            tabs: body.tabs,
            filters: body.filters.into(),
            config: body.config,
            space_uuid: space.id,
            space_name: space.name.clone(),
            views: views.views,
            first_viewed_at: views.first_viewed_at,
            pinned_list_uuid,
            pinned_list_order,
            rest: body.rest,
        };
        Ok(Self {
            parts,
            is_private: Some(contents.spaces.tree.root_of(space).is_private),
            access: Some(contents.spaces.entry(space).into_iter().collect()),
        })
    }
}
