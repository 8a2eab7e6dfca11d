//! A metric query, compiled for whoever asks it.

use std::sync::Arc;

use app::{
    App, Error, InProject, Result,
    domain::access::{Action, Subject},
    store::ExploreBody,
};
use semantic::{Compiled, Explore, MetricQuery, Options, UserAttributes, query::CustomDimension};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{attributes, explore};

/// Rows at most of the routes that answer in one piece (reference 13 §2).
pub const MOST_ROWS: u32 = 5_000;
/// Cells of a file at most, where a caller asks for all rows (reference 13 §2).
pub const MOST_CELLS: u32 = 100_000;

/// A metric query with its SQL and what its columns are.
pub struct Question {
    body: Arc<ExploreBody>,
    pub query: MetricQuery,
    pub compiled: Compiled,
    /// The items of the columns, by their ids.
    pub fields: Map<String, Value>,
    /// As [`How::saved`].
    pub(crate) saved: bool,
}

/// How a question is compiled.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// The number of rows instead of the query's own.
    pub limit: Option<u32>,
    /// Rows at most, whatever anybody says.
    pub row_limit: Option<u32>,
    /// Whether the query is a saved one: the SQL of its custom dimensions was looked at when it was saved. Ad-hoc metrics and
    /// calculations, which anybody may save, compute from what whoever runs it may see.
    pub saved: bool,
}

impl Question {
    /// The explore.
    ///
    /// # Errors
    /// None, as it was read before.
    pub fn explore(&self) -> Result<&Explore> {
        self.body.explore()
    }

    /// Compiles a metric query of an explore for the caller.
    ///
    /// # Errors
    /// `NotExists` for an explore that is not there, `Compile` with everything that is wrong, `CustomSql` when it has SQL of
    /// its own that the caller may not write.
    pub async fn ask(
        app: &App,
        project: &InProject,
        explore_name: &str,
        query: MetricQuery,
        how: How,
    ) -> Result<Self> {
        Self::ask_of(app, project, explore_name, how, |_| Ok(query)).await
    }

    /// The same for a query that is made for the explore as it is now.
    ///
    /// # Errors
    /// As [`Self::ask`], and what making the query says.
    pub async fn ask_of(
        app: &App,
        project: &InProject,
        explore_name: &str,
        how: How,
        query: impl FnOnce(&Explore) -> Result<MetricQuery>,
    ) -> Result<Self> {
        let custom_sql = project.may(Action::Manage, Subject::CustomSql, &project.object());
        let (found, start_of_week) = tokio::join!(
            explore::readable(app, project, explore_name),
            app.store.start_of_week(project.id()),
        );
        let (entry, body) = found?;
        let mut query = query(body.explore()?)?;
        if !custom_sql && !how.saved && has_sql_dimension(&query) {
            return Err(Error::CustomSql);
        }
        let attributes = if entry.personal {
            attributes::of_caller(app, project).await?
        } else {
            UserAttributes::default()
        };
        let options = Options {
            timezone: timezone(&query)?,
            start_of_week: start_of_week?,
            attributes,
            // Whoever opens a chart lends their rights to nobody who has saved it.
            custom_sql: custom_sql && !how.saved,
            saved_dimensions: how.saved,
            row_limit: how.row_limit,
            ..Options::new(app.clock.now().into())
        };
        query.give_ids();
        let explore = body.explore()?;
        let own = query.limit;
        query.limit = how.limit.map_or(own, f64::from);
        let compiled = semantic::compile(explore, &query, &options)?;
        query.limit = own;
        let fields = semantic::fields::items(explore, &query);
        Ok(Self {
            body,
            query,
            compiled,
            fields,
            saved: how.saved,
        })
    }
}

fn has_sql_dimension(query: &MetricQuery) -> bool {
    let custom = query.custom_dimensions.iter().flatten();
    custom
        .into_iter()
        .any(|custom| matches!(custom, CustomDimension::Sql(_)))
}

/// The zone of the query; UTC, if it names none.
fn timezone(query: &MetricQuery) -> Result<chrono_tz::Tz> {
    let Some(name) = query.timezone.as_deref().filter(|name| !name.is_empty()) else {
        return Ok(chrono_tz::Tz::UTC);
    };
    name.parse()
        .map_err(|_| Error::invalid(format!("There is no time zone \"{name}\"")))
}

/// How many columns a query has (reference 13 §2): dimensions, metrics and table calculations.
pub fn columns(query: &MetricQuery) -> usize {
    query.dimensions.len() + query.metrics.len() + query.table_calculations.len()
}

/// Tells `null` from silence.
///
/// # Errors
/// What is neither `null` nor such a value.
pub fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Rows at most of a caller who says so beside the query: `None` is silence, `Some(None)` all that fit into a file.
///
/// # Errors
/// `Invalid` when the query's own limit is too large, or it has no columns.
pub fn rows_at_most(query: &MetricQuery, wanted: Option<Option<f64>>) -> Result<u32> {
    let Some(wanted) = wanted else {
        if query.limit > f64::from(MOST_ROWS) {
            return Err(Error::invalid(format!(
                "A query has at most {MOST_ROWS} rows here; larger results are read page by page, by POST /api/v2/projects/{{projectUuid}}/query/metric-query"
            )));
        }
        return Ok(MOST_ROWS);
    };
    let columns = u32::try_from(columns(query)).unwrap_or(u32::MAX);
    let most = MOST_CELLS.checked_div(columns);
    let most = most.ok_or_else(|| Error::invalid("A query has at least one column"))?;
    match wanted {
        Some(rows) if !(0.0..=2_147_483_647.0).contains(&rows) || rows.fract() != 0.0 => {
            Err(Error::invalid("csvLimit is a whole number, or null"))
        }
        Some(rows) => Ok(most.min(rows as u32)),
        None => Ok(most),
    }
}
