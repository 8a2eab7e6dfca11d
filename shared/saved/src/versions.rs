//! Versions of charts, dashboards and SQL charts: by their ids, and as a history.

use app::{
    App, Error, Kind, Result, Timestamp,
    domain::{
        content::{Content, Version},
        id::ContentId,
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which versions to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// The id of a version: lists older ones, however old they are. `before` of an answer is the one to go on with.
    #[param(nullable = false)]
    pub before: Option<String>,
}

/// A part of a history.
pub struct Part {
    /// The newest first.
    pub versions: Vec<Version>,
    /// What to go on with; none where there is nothing older.
    pub before: Option<ContentId>,
}

impl Part {
    fn new(versions: Vec<Version>) -> Self {
        let last = versions.last().filter(|version| version.number > 1);
        Self {
            before: last.map(Version::id),
            versions,
        }
    }

    /// Leaves what was made before a time to those who ask for older versions, but for so many.
    #[must_use]
    pub fn since(mut self, since: Timestamp, least: usize) -> Self {
        let versions = self.versions.iter();
        let recent = versions.take_while(|version| version.created_at >= since);
        let recent = recent.count().max(least);
        self.versions.truncate(recent);
        Self::new(self.versions)
    }
}

/// The number of a version by its id.
fn number_of(head: &Content, id: &str) -> Result<u32> {
    let number = ContentId::parse(id).and_then(|id| head.id.number_of(id));
    let number = number.filter(|number| *number <= head.latest);
    number.ok_or(Error::NotFound(Kind::Version))
}

/// A version by its id.
///
/// # Errors
/// `NotFound` when there is none, or it is another thing's.
pub async fn version_of(app: &App, head: &Content, id: &str) -> Result<Version> {
    let number = number_of(head, id)?;
    let found = app.store.version(head.what, head.id, number).await?;
    found.ok_or(Error::NotFound(Kind::Version))
}

/// The newest versions, or those before one: at most `most`.
///
/// # Errors
/// `NotFound` when that one is none.
pub async fn history(app: &App, head: &Content, params: &HistoryParams, most: u32) -> Result<Part> {
    let last = match params.before.as_deref() {
        Some(id) => number_of(head, id)? - 1,
        None => head.latest,
    };
    let versions = app.store.versions(head, last, most).await?;
    Ok(Part::new(versions))
}
