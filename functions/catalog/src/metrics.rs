//! The metrics of a project (reference 23 §3.5, §3.11).

use app::{
    App, Error, InProject, Ok, Query, Reply, Result,
    domain::{
        access::{Action, Subject},
        catalog::{CatalogField, has_metrics},
        id::TagId,
        paging::{PageQuery, Pagination},
        search::Words,
    },
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    explores::Explores,
    items::{MOST, fields},
};

/// What stands for having no category.
const UNCATEGORIZED: &str = "__uncategorized__";

/// Tells whether any explore has a metric of its own, whoever may see it and whatever the project offers.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/dataCatalog/metrics/has", operation_id = "hasMetricsInCatalog",
               tag = "Catalog", params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<bool>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn has_metrics_in_catalog(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<bool>> {
    project.require(Action::View, Subject::Project)?;
    let entries = app.store.explores(project.id()).await?;
    if entries.iter().any(|entry| entry.has_metrics == Some(true)) {
        return Ok(Reply(true));
    }
    // What an earlier release deployed does not say.
    let untold = entries.iter();
    let untold = untold.filter(|entry| entry.has_metrics.is_none() && !entry.is_error);
    for entry in untold {
        let Some(body) = app.store.body_of(project.id(), entry).await? else {
            continue;
        };
        if has_metrics(&body.text)? {
            return Ok(Reply(true));
        }
    }
    Ok(Reply(false))
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ApiSortDirection {
    #[default]
    Asc,
    Desc,
}

/// What metrics are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Column {
    Name,
    #[default]
    Label,
    Description,
    ChartUsage,
    Id,
    /// No order of its own.
    Same,
}

impl Column {
    fn of(name: Option<&str>) -> Result<Self> {
        Ok(match name {
            None => Self::default(),
            Some("name") => Self::Name,
            Some("label") => Self::Label,
            Some("description") => Self::Description,
            Some("chartUsage") => Self::ChartUsage,
            Some("catalogSearchUuid") => Self::Id,
            Some("type" | "icon" | "requiredAttributes") => Self::Same,
            Some(_) => {
                return Err(Error::invalid(
                    "Metrics are sorted by name, label, description, type, chartUsage, requiredAttributes, catalogSearchUuid or icon",
                ));
            }
        })
    }

    fn key(self, metric: &CatalogField) -> (u64, String) {
        match self {
            Self::Name => (0, metric.name.to_lowercase()),
            Self::Label => (0, metric.label.to_lowercase()),
            Self::Description => {
                let description = metric.description.as_deref();
                (0, description.unwrap_or_default().to_lowercase())
            }
            Self::ChartUsage => (metric.chart_usage.unwrap_or_default(), String::new()),
            Self::Id => (0, metric.catalog_search_uuid.clone()),
            Self::Same => (0, String::new()),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct MetricsQuery {
    /// Each of its words has to begin a word of the name, the label or the description.
    #[param(nullable = false)]
    search: Option<String>,
    /// Counted from 1; without it and a size, the first 50 are answered.
    #[param(nullable = false)]
    page: Option<f64>,
    /// At most 1,000.
    #[param(nullable = false)]
    page_size: Option<f64>,
    #[param(nullable = false)]
    sort: Option<String>,
    #[param(nullable = false, inline)]
    order: Option<ApiSortDirection>,
    /// Ids of tags, any of which a metric has; `__uncategorized__` for those without any.
    #[param(nullable = false)]
    categories: Option<Vec<String>>,
}

/// Metrics, and which page of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct MetricsCatalog {
    data: Vec<CatalogField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pagination: Option<Pagination>,
}

/// Whether metrics are in one of the categories that are asked for.
struct Categories {
    tags: Vec<TagId>,
    none: bool,
}

impl Categories {
    fn of(named: &[String]) -> Result<Self> {
        let tags = named.iter().filter(|name| *name != UNCATEGORIZED);
        let tags = tags.map(|id| {
            let id = TagId::parse(id);
            id.ok_or_else(|| Error::invalid("A category is the id of a tag"))
        });
        Ok(Self {
            tags: tags.collect::<Result<_>>()?,
            none: named.iter().any(|name| name == UNCATEGORIZED),
        })
    }

    fn have(&self, metric: &CatalogField) -> bool {
        let asked = self.none || !self.tags.is_empty();
        let mut own = metric.categories.iter();
        !asked
            || (self.none && metric.categories.is_empty())
            || own.any(|one| self.tags.contains(&one.tag_uuid))
    }
}

/// Lists the metrics that the project shows and offers, and the caller's attributes do not hide: what matches a search best
/// first.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/dataCatalog/metrics", operation_id = "getMetricsCatalog",
               tag = "Catalog", params(("projectUuid" = String, Path), MetricsQuery),
               responses((status = 200, body = Ok<MetricsCatalog>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_metrics_catalog(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<MetricsQuery>,
) -> Result<Reply<MetricsCatalog>> {
    project.require(Action::View, Subject::Project)?;
    let page = PageQuery::of(query.page, query.page_size)?;
    let column = Column::of(query.sort.as_deref())?;
    let categories = Categories::of(query.categories.as_deref().unwrap_or_default())?;
    let explores = Explores::read(&app, &project).await?;
    let metrics = fields(&app, &project, &explores, CatalogField::is_shown).await?;

    let words = Words::of(query.search.as_deref().unwrap_or_default());
    let ranked = metrics.into_iter().filter_map(|metric| {
        let rank = if words.is_empty() {
            Some(0.0)
        } else {
            metric.rank(&words)
        };
        rank.map(|rank| (rank, metric))
    });
    let mut ranked: Vec<(f64, CatalogField)> = ranked
        .filter(|(_, metric)| categories.have(metric))
        .collect();
    sort(&mut ranked, column, query.order.unwrap_or_default());
    let total = u64::try_from(ranked.len()).unwrap_or(u64::MAX);
    let (skip, take) = page.map_or((0, MOST), |page| (page.skip(), page.take()));
    let data = ranked.into_iter().map(|(_, metric)| metric);
    Ok(Reply(MetricsCatalog {
        data: data.skip(skip).take(take).collect(),
        pagination: page.map(|page| page.pagination(total)),
    }))
}

/// By rank; then as it is asked for; then by label and id, so that pages never overlap.
fn sort(metrics: &mut [(f64, CatalogField)], column: Column, order: ApiSortDirection) {
    metrics.sort_by(|(a, one), (b, other)| {
        let asked = column.key(one).cmp(&column.key(other));
        let asked = match order {
            ApiSortDirection::Asc => asked,
            ApiSortDirection::Desc => asked.reverse(),
        };
        let last =
            |metric: &CatalogField| (metric.label.clone(), metric.catalog_search_uuid.clone());
        b.total_cmp(a)
            .then(asked)
            .then_with(|| last(one).cmp(&last(other)))
    });
}
