//! What came of a rename, as whoever began it may read it.

use std::collections::HashSet;

use app::{
    App, Error, Result,
    domain::{
        content::{Content, ContentKind, Index},
        id::ContentId,
        work::Work,
    },
    spaces::Spaces,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    contents::Contents,
    validate::results::{PRIVATE, PRIVATE_ERROR, sees},
    work::as_its_owner,
};

/// Places that are told at most.
const MOST_PLACES: usize = 5_000;

/// An object that is renamed in; without its id where the reader may not see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uuid: Option<ContentId>,
    name: String,
}

/// Where in an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    uuid: ContentId,
    path: String,
}

/// What could not be renamed in, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uuid: Option<ContentId>,
    name: String,
    error: String,
}

impl Failed {
    pub(super) fn new(head: Content, error: &Error) -> Self {
        Self {
            uuid: Some(head.id),
            name: head.name,
            error: error.to_string(),
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Results {
    charts: Vec<Named>,
    dashboards: Vec<Named>,
    alerts: Vec<Value>,
    dashboard_schedulers: Vec<Value>,
}

/// What came of a rename, or would.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Outcome {
    results: Results,
    places: Vec<Place>,
    /// Whether there are more places than are told.
    places_cut: bool,
    pub(super) failed: Vec<Failed>,
}

impl Outcome {
    pub(super) fn add(&mut self, row: &Content, places: Vec<String>) {
        let list = match row.what {
            ContentKind::Dashboard => &mut self.results.dashboards,
            ContentKind::Chart | ContentKind::SqlChart => &mut self.results.charts,
        };
        let named = Named {
            uuid: Some(row.id),
            name: row.name.clone(),
        };
        if list.contains(&named) {
            return;
        }
        list.push(named);
        for path in places {
            if self.places.len() == MOST_PLACES {
                self.places_cut = true;
                return;
            }
            self.places.push(Place { uuid: row.id, path });
        }
    }

    /// The same for somebody who may see these: everything else has neither id nor name, and no places.
    pub(super) fn masked(mut self, seen: &HashSet<ContentId>) -> Self {
        let is_hidden = |id: Option<ContentId>| id.is_none_or(|id| !seen.contains(&id));
        let lists = [&mut self.results.charts, &mut self.results.dashboards];
        for one in lists.into_iter().flatten() {
            if is_hidden(one.uuid) {
                one.uuid = None;
                one.name = PRIVATE.to_owned();
            }
        }
        for one in &mut self.failed {
            if is_hidden(one.uuid) {
                one.uuid = None;
                one.name = PRIVATE.to_owned();
                one.error = PRIVATE_ERROR.to_owned();
            }
        }
        self.places.retain(|place| seen.contains(&place.uuid));
        self
    }
}

/// What whoever began the work may view of the project as it is now; nothing once they are not of it any more.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub(super) async fn seen(app: &App, work: &Work, index: Index) -> Result<HashSet<ContentId>> {
    let Some(project) = as_its_owner(app, work.user, work.project).await? else {
        return Ok(HashSet::new());
    };
    let spaces = Spaces::read(app, &project).await?;
    let contents = Contents { spaces, index };
    let rows = contents.index.live().filter(|row| sees(&contents, row));
    Ok(rows.map(|row| row.id).collect())
}
