//! Searching a project (reference 26 §6).

mod best;
mod contents;
mod explores;

use app::{
    App, InProject, Ok, Path, Query, Reply, Result,
    domain::{
        access::{Action, Object, Subject},
        content::{ChartKind, ContentKind},
        id::{ContentId, SpaceId},
        search::Words,
    },
};
use axum::extract::State;
use saved::{
    Contents,
    list::{Errors, ValidationSummary},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use contents::{Made, Search};
use explores::{FoundField, FoundTable};

/// Characters of a search; more is cut off.
const LONGEST: usize = 500;

/// The kinds of what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SearchItemType {
    Dashboard,
    DashboardTab,
    Chart,
    /// As some clients call charts.
    SavedChart,
    SqlChart,
    Space,
    Table,
    Field,
    Page,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// The one kind that is searched; all without it.
    #[serde(rename = "type")]
    #[param(nullable = false, inline)]
    kind: Option<SearchItemType>,
    /// The first day, in UTC, on which spaces, charts and dashboards were made.
    #[param(nullable = false)]
    from_date: Option<String>,
    /// The last day.
    #[param(nullable = false)]
    to_date: Option<String>,
    /// Who made a space, and who changed a chart or a dashboard last.
    #[param(nullable = false)]
    created_by_uuid: Option<String>,
}

impl SearchQuery {
    fn has(&self, kind: SearchItemType) -> bool {
        let chart = kind == SearchItemType::Chart;
        self.kind
            .is_none_or(|one| one == kind || (chart && one == SearchItemType::SavedChart))
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SearchPath {
    query: String,
}

/// What a search found; of each kind the best ten. The kinds that were not asked for are empty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchResults {
    spaces: Vec<FoundContent>,
    dashboards: Vec<FoundContent>,
    saved_charts: Vec<FoundContent>,
    sql_charts: Vec<FoundContent>,
    tables: Vec<FoundTable>,
    fields: Vec<FoundField>,
    pages: Vec<FoundPage>,
    dashboard_tabs: Vec<FoundTab>,
}

/// A space, a dashboard, a chart or an SQL chart that was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundContent {
    uuid: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    slug: String,
    /// Of a space its own id.
    space_uuid: SpaceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    chart_type: Option<ChartKind>,
    validation_errors: Vec<ValidationSummary>,
    /// From 0 to 1: a whole word is more than the beginning of one, the name more than the description.
    #[serde(rename = "search_rank")]
    rank: f64,
}

/// A tab of a dashboard that was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundTab {
    uuid: String,
    name: String,
    dashboard_uuid: ContentId,
    dashboard_name: String,
    space_uuid: SpaceId,
}

/// A page of the product that was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundPage {
    uuid: String,
    name: String,
    url: String,
}

/// Whether something was left out because there is too much of it.
type Cut = Option<[(&'static str, &'static str); 1]>;

/// Searches a project for what the caller may see. Of spaces, dashboards and charts every word has to begin a word of the name
/// or of the description; of tables and fields any word may be anywhere in the label or the description. Tables are looked for in
/// all explores, joined ones and fields in 200: first those that have one of the words in their own name, label or description,
/// then by label. Where a kind has more than ten, or there are more explores, the header `Zerodash-Search-Truncated: true` says so.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/search/{query}", operation_id = "SearchProject", tag = "Content",
               params(("projectUuid" = String, Path), SearchPath, SearchQuery), responses((status = 200, body = Ok<SearchResults>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn search_project(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SearchPath>,
    Query(query): Query<SearchQuery>,
) -> Result<(Cut, Reply<SearchResults>)> {
    project.require(Action::View, Subject::Project)?;
    let text: String = path.query.chars().take(LONGEST).collect();
    let words = Words::of(&text);
    let made = Made::of(&app, &query)?;
    let (contents, mut explores, errors) = tokio::try_join!(
        Contents::read(&app, &project),
        explores::search(&app, &project, &words, &query),
        Errors::read(&app, project.id()),
    )?;
    explores.tell(&errors);

    let mut search = Search {
        contents: &contents,
        words: &words,
        made,
        errors: &errors,
        is_cut: explores.is_cut,
    };
    let results = SearchResults {
        spaces: search.spaces(&query),
        dashboards: search.heads(&query, SearchItemType::Dashboard, ContentKind::Dashboard),
        saved_charts: search.heads(&query, SearchItemType::Chart, ContentKind::Chart),
        sql_charts: search.heads(&query, SearchItemType::SqlChart, ContentKind::SqlChart),
        tables: explores.tables,
        fields: explores.fields,
        pages: pages(&project, &words, &query),
        dashboard_tabs: search.tabs(&query),
    };
    let cut = search
        .is_cut
        .then_some([("zerodash-search-truncated", "true")]);
    Ok((cut, Reply(results)))
}

/// The pages of the product.
fn pages(project: &InProject, words: &Words, query: &SearchQuery) -> Vec<FoundPage> {
    let organization = Object::of(project.organization());
    let asked = query.has(SearchItemType::Page) && !words.is_empty();
    if !asked || !project.may(Action::View, Subject::Analytics, &organization) {
        return Vec::new();
    }
    let name = "User activity";
    let id = project.id();
    let found = words.is_part_of(name).then(|| FoundPage {
        uuid: "user-activity".to_owned(),
        name: name.to_owned(),
        url: format!("/generalSettings/projectManagement/{id}/usageAnalytics"),
    });
    found.into_iter().collect()
}
