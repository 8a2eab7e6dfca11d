//! What there is to ask for: tables and fields, as a list or a search (reference 23 §3.1).

use std::collections::BTreeMap;

use app::{
    App, InProject, Ok, Query, Reply, Result,
    domain::{
        access::{Action, Subject},
        catalog::{
            CatalogField, CatalogFieldType, CatalogItem, CatalogTable, CatalogType, all_fields,
            own_fields,
        },
        content::ContentKind,
        search::Words,
    },
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::explores::{Explores, each};

/// What a search answers at most, and a list without pages.
pub(crate) const MOST: usize = 50;

/// What of the fields a search is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CatalogFilter {
    /// Has no effect.
    Tables,
    Dimensions,
    Metrics,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CatalogQuery {
    /// Each of its words has to begin a word of the name, the label or the description.
    #[param(nullable = false)]
    search: Option<String>,
    /// Without a search, tables are listed unless it is `field`.
    #[serde(rename = "type")]
    #[param(nullable = false, inline)]
    kind: Option<CatalogType>,
    /// Counts in a search.
    #[param(nullable = false, inline)]
    filter: Option<CatalogFilter>,
}

impl CatalogQuery {
    fn has(&self, field: &CatalogField) -> bool {
        match self.filter {
            Some(CatalogFilter::Dimensions) => field.field_type == CatalogFieldType::Dimension,
            Some(CatalogFilter::Metrics) => field.field_type == CatalogFieldType::Metric,
            Some(CatalogFilter::Tables) | None => true,
        }
    }
}

/// Lists the tables of a project, or their fields, or the fifty of both that match a search best, of what the caller's
/// attributes do not hide. Tables and what is searched are those that the project offers; explores that could not be compiled
/// are listed whatever it offers, and say why.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/dataCatalog", operation_id = "getCatalog", tag = "Catalog",
               params(("projectUuid" = String, Path), CatalogQuery), responses((status = 200, body = Ok<Vec<CatalogItem>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_catalog(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<CatalogQuery>,
) -> Result<Reply<Vec<CatalogItem>>> {
    project.require(Action::View, Subject::Project)?;
    let explores = Explores::read(&app, &project).await?;
    let words = Words::of(query.search.as_deref().unwrap_or_default());
    if !words.is_empty() {
        return search(&app, &project, &explores, (&words, &query))
            .await
            .map(Reply);
    }
    if query.kind != Some(CatalogType::Field) {
        return Ok(Reply(tables(&explores)));
    }
    let mut found = Vec::new();
    each(&app, &project, &explores.whole(), |text| {
        let fields = all_fields(text, &explores.attributes)?;
        found.extend(fields.into_iter().map(CatalogItem::Field));
        Ok(())
    })
    .await?;
    Ok(Reply(found))
}

fn tables(explores: &Explores) -> Vec<CatalogItem> {
    let entries = explores.entries.iter();
    let entries = entries.filter(|entry| entry.is_error || explores.has(entry));
    let tables = entries.map(CatalogTable::of);
    tables
        .filter(|table| !table.is_empty())
        .map(CatalogItem::Table)
        .collect()
}

async fn search(
    app: &App,
    project: &InProject,
    explores: &Explores,
    (words, query): (&Words, &CatalogQuery),
) -> Result<Vec<CatalogItem>> {
    let mut found: Vec<(f64, String, CatalogItem)> = Vec::new();
    if query.kind != Some(CatalogType::Field) {
        for entry in explores.offered() {
            let table = CatalogTable::of(entry).found(project.id());
            if let Some(rank) = table.rank(words) {
                found.push((rank, table.label.clone(), CatalogItem::Table(table)));
            }
        }
    }
    if query.kind != Some(CatalogType::Table) {
        for field in fields(app, project, explores, |field| query.has(field)).await? {
            if let Some(rank) = field.rank(words) {
                found.push((rank, field.label.clone(), CatalogItem::Field(field)));
            }
        }
    }
    found.sort_by(|(a, one, _), (b, other, _)| b.total_cmp(a).then_with(|| one.cmp(other)));
    found.truncate(MOST);
    Ok(found.into_iter().map(|(.., item)| item).collect())
}

/// The fields of the base tables of the explores that the project offers, as a search finds them: those that are wanted.
pub(crate) async fn fields(
    app: &App,
    project: &InProject,
    explores: &Explores,
    wanted: impl Fn(&CatalogField) -> bool + Send + Sync,
) -> Result<Vec<CatalogField>> {
    let (tags, index) =
        tokio::try_join!(app.store.tags(project.id()), app.store.index(project.id()))?;
    let mut charts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in index.live().filter(|row| row.what == ContentKind::Chart) {
        for field in &row.shown.fields {
            *charts.entry(field).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    each(app, project, &explores.offered(), |text| {
        let fields = own_fields(text, &explores.attributes)?;
        for field in fields.into_iter().filter(|field| wanted(field)) {
            let usage = charts.get(field.field_id().as_str()).copied();
            found.push(field.found(project.id(), &tags.all, usage.unwrap_or_default()));
        }
        Ok(())
    })
    .await?;
    Ok(found)
}
