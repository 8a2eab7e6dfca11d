//! Charts and dashboards as lists have them (reference 20 "Charts list", 21 §1, §3.2).

use std::collections::BTreeMap;

use app::{
    App, Result, Timestamp,
    domain::{
        content::{ChartKind, Content, ContentKind, TileType, Views},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId},
        pins::Pins,
        validation::{Finding, Validation},
    },
};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::{
    contents::Contents,
    people::{Names, UpdatedByUser},
};

/// Where the rows of a chart come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChartSourceType)]
pub enum ChartSource {
    DbtExplore,
    Sql,
}

/// What is wrong with a chart or a dashboard, in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ValidationSummary)]
pub struct ValidationSummary {
    pub validation_id: u64,
    pub error: String,
    pub created_at: Timestamp,
}

/// A chart or an SQL chart in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SpaceQuery)]
pub struct ChartItem {
    pub uuid: ContentId,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub slug: String,
    pub space_uuid: SpaceId,
    pub space_name: String,
    pub project_uuid: ProjectId,
    pub organization_uuid: OrganizationId,
    #[schema(required)]
    pub dashboard_uuid: Option<ContentId>,
    #[schema(required)]
    pub dashboard_name: Option<String>,
    pub source: ChartSource,
    #[serde(serialize_with = "kind_or_bars")]
    #[schema(value_type = ChartKind)]
    pub chart_kind: Option<ChartKind>,
    /// Of a chart of an explore.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chart_type: Option<String>,
    pub updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_by_user: Option<UpdatedByUser>,
    #[schema(required)]
    pub pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pub pinned_list_order: Option<u32>,
    pub views: u64,
    #[schema(required)]
    pub first_viewed_at: Option<Timestamp>,
    pub validation_errors: Vec<ValidationSummary>,
}

/// What lists show where nothing else is known (reference 21 §2.12).
fn kind_or_bars<S: Serializer>(kind: &Option<ChartKind>, serializer: S) -> Result<S::Ok, S::Error> {
    kind.unwrap_or(ChartKind::VerticalBar).serialize(serializer)
}

/// A dashboard in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardBasicDetailsWithTileTypes)]
pub struct DashboardItem {
    pub uuid: ContentId,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub slug: String,
    pub updated_at: Timestamp,
    pub project_uuid: ProjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_by_user: Option<UpdatedByUser>,
    pub organization_uuid: OrganizationId,
    pub space_uuid: SpaceId,
    pub views: u64,
    #[schema(required)]
    pub first_viewed_at: Option<Timestamp>,
    #[schema(required)]
    pub pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pub pinned_list_order: Option<u32>,
    pub tile_types: Vec<TileType>,
    pub validation_errors: Vec<ValidationSummary>,
}

/// What is known of the things in a list beside their rows: authors, pins, views, errors. Each is read in batches.
pub struct Facts {
    pub names: Names,
    pub pins: Option<Pins>,
    pub views: BTreeMap<ContentId, Views>,
    pub errors: Errors,
}

/// What the project's last validation found and nobody dismissed.
#[derive(Default)]
pub struct Errors {
    contents: BTreeMap<ContentId, Vec<ValidationSummary>>,
    explores: BTreeMap<String, Vec<ValidationSummary>>,
}

impl Errors {
    /// Reads them: one request, and one more for those that an item does not hold.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn read(app: &App, project: ProjectId) -> Result<Self> {
        let (validation, findings) = app.store.findings(project).await?;
        Ok(Self::new(&validation, findings))
    }

    /// Of a chart that is broken on a dashboard the name is not told: it may lie where who reads the list does not get.
    fn new(validation: &Validation, findings: Vec<Finding>) -> Self {
        let mut errors = Self::default();
        let Some(created_at) = validation.found_at else {
            return errors;
        };
        for one in findings {
            if validation.dismissed.contains(&one.id) {
                continue;
            }
            let error = match one.chart {
                Some(_) => "A chart is broken on this dashboard.".to_owned(),
                None => one.error,
            };
            let told = match one.content {
                Some(id) => errors.contents.entry(id).or_default(),
                None => errors.explores.entry(one.name).or_default(),
            };
            told.push(ValidationSummary {
                validation_id: one.id,
                error,
                created_at,
            });
        }
        errors
    }

    /// Of a chart or a dashboard.
    pub fn of(&self, id: ContentId) -> Vec<ValidationSummary> {
        self.contents.get(&id).cloned().unwrap_or_default()
    }

    /// Of an explore.
    pub fn of_explore(&self, name: &str) -> Vec<ValidationSummary> {
        self.explores.get(name).cloned().unwrap_or_default()
    }
}

impl Facts {
    /// Reads them for these rows of a project.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn read(app: &App, project: ProjectId, rows: &[&Content]) -> Result<Self> {
        let wanted: Vec<(ContentKind, ContentId)> =
            rows.iter().map(|row| (row.what, row.id)).collect();
        let (names, pins, views, errors) = tokio::try_join!(
            Names::of(app, rows.iter().copied()),
            app.store.pins(project),
            app.store.views(&wanted),
            Errors::read(app, project),
        )?;
        let ids = wanted.into_iter().map(|(_, id)| id);
        Ok(Self {
            names,
            pins,
            views: ids.zip(views).collect(),
            errors,
        })
    }

    pub(crate) fn pinned(&self, id: ContentId) -> (Option<PinnedListId>, Option<u32>) {
        let found = self.pins.as_ref();
        let found = found.and_then(|pins| Some((pins.id, pins.order_of(id)?)));
        found.unzip()
    }

    /// A chart or an SQL chart; none where its space is gone.
    pub fn chart(&self, contents: &Contents<'_>, row: &Content) -> Option<ChartItem> {
        let space = contents.space_of(row)?;
        let dashboard = row
            .dashboard
            .and_then(|id| contents.index.get(ContentKind::Dashboard, id));
        let (pinned_list_uuid, pinned_list_order) = self.pinned(row.id);
        let views = self.views.get(&row.id).copied().unwrap_or_default();
        let is_sql = row.what == ContentKind::SqlChart;
        Some(ChartItem {
            uuid: row.id,
            name: row.name.clone(),
            description: row.description.clone(),
            slug: row.slug.clone(),
            space_uuid: space.id,
            space_name: space.name.clone(),
            project_uuid: row.project,
            organization_uuid: row.organization,
            dashboard_uuid: row.dashboard,
            dashboard_name: dashboard.map(|dashboard| dashboard.name.clone()),
            source: if is_sql {
                ChartSource::Sql
            } else {
                ChartSource::DbtExplore
            },
            chart_kind: row.shown.chart_kind,
            chart_type: row.shown.chart_type.clone(),
            updated_at: row.updated_at,
            updated_by_user: self.names.get(row.updated_by),
            pinned_list_uuid,
            pinned_list_order,
            views: views.views,
            first_viewed_at: views.first_viewed_at,
            validation_errors: self.errors.of(row.id),
        })
    }

    /// A dashboard; none where its space is gone.
    pub fn dashboard(&self, contents: &Contents<'_>, row: &Content) -> Option<DashboardItem> {
        let space = contents.space_of(row)?;
        let (pinned_list_uuid, pinned_list_order) = self.pinned(row.id);
        let views = self.views.get(&row.id).copied().unwrap_or_default();
        Some(DashboardItem {
            uuid: row.id,
            name: row.name.clone(),
            description: row.description.clone(),
            slug: row.slug.clone(),
            updated_at: row.updated_at,
            project_uuid: row.project,
            updated_by_user: self.names.get(row.updated_by),
            organization_uuid: row.organization,
            space_uuid: space.id,
            views: views.views,
            first_viewed_at: views.first_viewed_at,
            pinned_list_uuid,
            pinned_list_order,
            tile_types: row.shown.tile_types.iter().copied().collect(),
            validation_errors: self.errors.of(row.id),
        })
    }
}
