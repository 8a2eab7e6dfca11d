//! SQL charts as clients send and see them (reference 26 §7).

use std::collections::BTreeMap;

use app::{
    App, Error, Kind, Result, Timestamp,
    domain::{
        content::{ChartKind, Shown, SqlChartBody, Views},
        id::{ContentId, OrganizationId, ProjectId, SpaceId},
        space::Entry,
    },
};
use semantic::pivot::{Pivot, ValuesColumn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    find::Place,
    people::{Names, UpdatedByUser},
};

/// Characters of a statement that is kept.
pub const LONGEST_SQL: usize = 200_000;
/// Rows at most (reference 13 §2).
pub const MOST_ROWS: u32 = 5_000;
/// Rows where nobody says how many (reference 13 §2).
const USUAL_ROWS: u32 = 500;

/// How an SQL chart is drawn.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = VizBaseConfig)]
pub struct VizConfig {
    #[serde(rename = "type")]
    pub kind: ChartKind,
    pub metadata: VizMetadata,
    /// What is the client's own.
    #[serde(flatten)]
    pub options: BTreeMap<String, Value>,
}

/// Which form the options have.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct VizMetadata {
    pub version: f64,
}

/// What a version of an SQL chart is made of.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateVersionedSqlChart)]
pub struct SqlChartDefinition {
    pub sql: String,
    /// Rows at most: 500 if not said, never more than 5,000.
    #[schema(nullable = false)]
    pub limit: Option<f64>,
    #[schema(value_type = VizConfig)]
    pub config: Map<String, Value>,
}

impl SqlChartDefinition {
    /// As it is kept, and what of it lists show.
    ///
    /// # Errors
    /// `Invalid` without a statement, for one that is too long, and for a limit that is no number of rows.
    pub fn read(self) -> Result<(SqlChartBody, Shown)> {
        if self.sql.trim().trim_end_matches(';').trim().is_empty() {
            return Err(Error::invalid("An SQL chart needs a statement"));
        }
        if self.sql.chars().nth(LONGEST_SQL).is_some() {
            return Err(Error::invalid("A statement has at most 200000 characters"));
        }
        let body = SqlChartBody {
            sql: self.sql,
            limit: rows(self.limit)?,
            config: Value::Object(self.config),
        };
        let shown = shown(&body);
        Ok((body, shown))
    }
}

/// A number of rows of an SQL chart.
fn rows(sent: Option<f64>) -> Result<u32> {
    match sent {
        None => Ok(USUAL_ROWS),
        Some(limit) if (1.0..=f64::from(MOST_ROWS)).contains(&limit) && limit.fract() == 0.0 => {
            Ok(limit as u32)
        }
        Some(_) => Err(Error::invalid(
            "The limit of an SQL chart is a whole number of rows from 1 to 5000",
        )),
    }
}

/// What it is drawn as; a table where it does not say.
pub fn kind_of(body: &SqlChartBody) -> ChartKind {
    let kind = ChartKind::deserialize(&body.config["type"]);
    kind.unwrap_or(ChartKind::Table)
}

/// What of an SQL chart lists show.
pub fn shown(body: &SqlChartBody) -> Shown {
    Shown {
        chart_kind: Some(kind_of(body)),
        ..Shown::default()
    }
}

/// How the rows are turned for what is drawn: by its x, y and groups. None for a table, and as long as it has not both x and
/// y.
pub fn pivot_of(body: &SqlChartBody) -> Option<Pivot> {
    let fields = &body.config["fieldConfig"];
    if kind_of(body) == ChartKind::Table {
        return None;
    }
    let values = fields["y"].as_array().into_iter().flatten();
    let values = values.filter_map(|one| ValuesColumn::deserialize(one).ok());
    let values: Vec<_> = values.collect();
    if values.is_empty() {
        return None;
    }
    Some(Pivot {
        index_column: Some(Deserialize::deserialize(&fields["x"]).ok()?),
        values_columns: values,
        group_by_columns: Deserialize::deserialize(&fields["groupBy"]).unwrap_or_default(),
        sort_by: Deserialize::deserialize(&fields["sortBy"]).unwrap_or_default(),
    })
}

/// The space of an SQL chart.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SqlChartSpace {
    pub uuid: SpaceId,
    pub name: String,
    pub is_private: bool,
    /// The caller's own entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_access: Option<Entry>,
}

/// The dashboard of an SQL chart.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SqlChartDashboard {
    pub uuid: ContentId,
    pub name: String,
}

/// The project of an SQL chart.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SqlChartProject {
    pub project_uuid: ProjectId,
}

/// The organisation of an SQL chart.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SqlChartOrganization {
    pub organization_uuid: OrganizationId,
}

/// An SQL chart with its latest version.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SqlChart {
    pub saved_sql_uuid: ContentId,
    pub name: String,
    #[schema(required)]
    pub description: Option<String>,
    pub slug: String,
    pub sql: String,
    pub limit: u32,
    #[schema(value_type = VizConfig)]
    pub config: Value,
    pub chart_kind: ChartKind,
    pub created_at: Timestamp,
    #[schema(required)]
    pub created_by: Option<UpdatedByUser>,
    pub last_updated_at: Timestamp,
    #[schema(required)]
    pub last_updated_by: Option<UpdatedByUser>,
    pub space: SqlChartSpace,
    #[schema(required)]
    pub dashboard: Option<SqlChartDashboard>,
    pub project: SqlChartProject,
    pub organization: SqlChartOrganization,
    pub views: u64,
    /// When it was made, as long as nobody has opened it: clients read a time.
    pub first_viewed_at: Timestamp,
    pub last_viewed_at: Timestamp,
}

impl SqlChart {
    /// An SQL chart where it lies: reads its authors and how often it was opened.
    ///
    /// # Errors
    /// `NotFound` when its space is gone.
    pub async fn read(app: &App, place: &Place<'_>, body: SqlChartBody) -> Result<Self> {
        let head = place.head;
        let wanted = [(head.what, head.id)];
        let (names, views) = tokio::try_join!(Names::of(app, [head]), app.store.views(&wanted))?;
        let views: Views = views.first().copied().unwrap_or_default();
        let space = place.space().ok_or(Error::NotFound(Kind::SqlChart))?;
        let (access, is_private) = place.access();
        let dashboard = place.dashboard.as_ref();
        Ok(Self {
            saved_sql_uuid: head.id,
            name: head.name.clone(),
            description: head.description.clone(),
            slug: head.slug.clone(),
            chart_kind: kind_of(&body),
            sql: body.sql,
            limit: body.limit,
            config: body.config,
            created_at: head.created_at,
            created_by: names.get(head.created_by),
            last_updated_at: head.updated_at,
            last_updated_by: names.get(head.updated_by),
            space: SqlChartSpace {
                uuid: space.id,
                name: space.name.clone(),
                is_private,
                user_access: access.into_iter().next(),
            },
            dashboard: dashboard.map(|dashboard| SqlChartDashboard {
                uuid: dashboard.id,
                name: dashboard.name.clone(),
            }),
            project: SqlChartProject {
                project_uuid: head.project,
            },
            organization: SqlChartOrganization {
                organization_uuid: head.organization,
            },
            views: views.views,
            first_viewed_at: views.first_viewed_at.unwrap_or(head.created_at),
            last_viewed_at: views.last_viewed_at.unwrap_or(head.created_at),
        })
    }
}
