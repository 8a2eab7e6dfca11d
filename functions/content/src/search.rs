//! Searching a project (reference 26 §6).

mod explores;
mod words;

use app::{
    App, Error, InProject, Ok, Path, Query, Reply, Result, Timestamp,
    domain::{
        access::{Action, Object, Subject},
        content::{ChartKind, Content, ContentKind},
        id::{ContentId, SpaceId, UserId},
    },
};
use axum::extract::State;
use saved::{Contents, list::ValidationSummary};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use explores::{FoundField, FoundTable};
use words::{Best, Words};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;
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
/// or of the description; of tables and fields any word may be anywhere in the label or the description. Fields are looked for in
/// the first 200 explores by label. Where a kind has more than ten, or there are more explores, the header
/// `Zerodash-Search-Truncated: true` says so.
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
    let (contents, explores) = tokio::try_join!(
        Contents::read(&app, &project),
        explores::search(&app, &project, &words, &query),
    )?;

    let mut search = Search {
        contents: &contents,
        words: &words,
        made,
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

/// When, and by whom, what is found was made.
#[derive(Default)]
struct Made {
    from: Option<i64>,
    /// The first millisecond that is too late.
    until: Option<i64>,
    by: Option<UserId>,
}

impl Made {
    /// Reads the dates, if a kind is searched that has any.
    ///
    /// # Errors
    /// `Invalid` for a date that is none, lies in the future, or before the first one; and for an id that is none.
    fn of(app: &App, query: &SearchQuery) -> Result<Self> {
        use SearchItemType::{Chart, Dashboard, Space, SqlChart};
        let dated = [Chart, Dashboard, Space, SqlChart];
        if !dated.into_iter().any(|kind| query.has(kind)) {
            return Ok(Self::default());
        }
        let now = app.clock.now();
        let from = day(query.from_date.as_deref(), "fromDate", now)?;
        let to = day(query.to_date.as_deref(), "toDate", now)?;
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Error::invalid("fromDate lies behind toDate"));
        }
        let by = query.created_by_uuid.as_deref();
        let by = by.map(|id| {
            UserId::parse(id).ok_or_else(|| Error::invalid("createdByUuid is the id of a user"))
        });
        Ok(Self {
            from,
            until: to.map(|to| to + DAY),
            by: by.transpose()?,
        })
    }

    fn fits(&self, at: Timestamp, by: Option<UserId>) -> bool {
        let at = at.millis();
        self.from.is_none_or(|from| at >= from)
            && self.until.is_none_or(|until| at < until)
            && self.by.is_none_or(|wanted| by == Some(wanted))
    }
}

/// When a day begins, in milliseconds.
fn day(text: Option<&str>, name: &str, now: Timestamp) -> Result<Option<i64>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let at = Timestamp::parse(text);
    let at = at.ok_or_else(|| Error::invalid(format!("{name} is a date, as 2026-01-31")))?;
    if at > now {
        return Err(Error::invalid(format!("{name} lies in the future")));
    }
    Ok(Some(at.millis() - at.millis().rem_euclid(DAY)))
}

/// What is searched, and how.
struct Search<'a> {
    contents: &'a Contents<'a>,
    words: &'a Words,
    made: Made,
    is_cut: bool,
}

impl Search<'_> {
    fn best<T>(&mut self, found: Best<T>) -> Vec<T> {
        let (best, is_cut) = found.finish();
        self.is_cut |= is_cut;
        best
    }

    fn spaces(&mut self, query: &SearchQuery) -> Vec<FoundContent> {
        let mut best = Best::default();
        if query.has(SearchItemType::Space) {
            let spaces = &self.contents.spaces;
            for space in spaces.tree.by_path() {
                let rank = self.words.rank(&space.name, None);
                let Some(rank) =
                    rank.filter(|_| self.made.fits(space.created_at, space.created_by))
                else {
                    continue;
                };
                if spaces.may(Action::View, Subject::Space, space) {
                    let found = FoundContent {
                        uuid: space.id.to_string(),
                        name: space.name.clone(),
                        description: None,
                        slug: space.slug.clone(),
                        space_uuid: space.id,
                        chart_type: None,
                        validation_errors: Vec::new(),
                        rank,
                    };
                    best.add(rank, &space.name, found);
                }
            }
        }
        self.best(best)
    }

    fn heads(
        &mut self,
        query: &SearchQuery,
        kind: SearchItemType,
        what: ContentKind,
    ) -> Vec<FoundContent> {
        let mut best = Best::default();
        if query.has(kind) {
            let index = &self.contents.index;
            for row in index.live().filter(|row| row.what == what) {
                let rank = self.words.rank(&row.name, row.description.as_deref());
                let fits = self.made.fits(row.created_at, row.updated_by);
                let Some(rank) = rank.filter(|_| fits && !index.is_orphan(row)) else {
                    continue;
                };
                if let Some(found) = self.head(row, rank) {
                    best.add(rank, &row.name, found);
                }
            }
        }
        self.best(best)
    }

    /// A chart or a dashboard, if the caller may see it.
    fn head(&self, row: &Content, rank: f64) -> Option<FoundContent> {
        let space = self.contents.space_of(row)?;
        let chart_type = row.shown.chart_kind.unwrap_or(ChartKind::VerticalBar);
        let is_chart = row.what != ContentKind::Dashboard;
        self.contents.may(Action::View, row).then(|| FoundContent {
            uuid: row.id.to_string(),
            name: row.name.clone(),
            description: row.description.clone(),
            slug: row.slug.clone(),
            space_uuid: space.id,
            chart_type: is_chart.then_some(chart_type),
            validation_errors: Vec::new(),
            rank,
        })
    }

    fn tabs(&mut self, query: &SearchQuery) -> Vec<FoundTab> {
        let mut best = Best::default();
        if query.has(SearchItemType::DashboardTab) && !self.words.is_empty() {
            for row in self.contents.index.live() {
                let tabs = row.shown.tabs.iter();
                let found: Vec<_> = tabs
                    .filter(|(_, name)| self.words.is_part_of(name))
                    .collect();
                let space = self.contents.space_of(row);
                let Some(space) = space.filter(|_| !found.is_empty()) else {
                    continue;
                };
                if self.contents.may(Action::View, row) {
                    for (uuid, name) in found {
                        let tab = FoundTab {
                            uuid: uuid.clone(),
                            name: name.clone(),
                            dashboard_uuid: row.id,
                            dashboard_name: row.name.clone(),
                            space_uuid: space.id,
                        };
                        best.add(1.0, name, tab);
                    }
                }
            }
        }
        self.best(best)
    }
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
