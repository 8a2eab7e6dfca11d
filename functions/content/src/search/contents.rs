//! Searching what is saved in a project: spaces, charts, dashboards and their tabs.

use app::{
    App, Error, Result, Timestamp,
    domain::{
        access::{Action, Subject},
        content::{ChartKind, Content, ContentKind},
        id::UserId,
        search::Words,
    },
};
use saved::{Contents, list::Errors};

use super::{FoundContent, FoundTab, SearchItemType, SearchQuery, best::Best};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// When, and by whom, what is found was made.
#[derive(Default)]
pub(super) struct Made {
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
    pub(super) fn of(app: &App, query: &SearchQuery) -> Result<Self> {
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
pub(super) struct Search<'a> {
    pub(super) contents: &'a Contents<'a>,
    pub(super) words: &'a Words,
    pub(super) made: Made,
    pub(super) errors: &'a Errors,
    /// Whether there was more than is answered.
    pub(super) is_cut: bool,
}

impl Search<'_> {
    fn best<T>(&mut self, found: Best<T>) -> Vec<T> {
        let (best, is_cut) = found.finish();
        self.is_cut |= is_cut;
        best
    }

    pub(super) fn spaces(&mut self, query: &SearchQuery) -> Vec<FoundContent> {
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

    pub(super) fn heads(
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
            validation_errors: self.errors.of(row.id),
            rank,
        })
    }

    pub(super) fn tabs(&mut self, query: &SearchQuery) -> Vec<FoundTab> {
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
