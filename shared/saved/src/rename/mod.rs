//! Giving a model or a field another name in everything that is saved (reference 17 §6, §7).
//!
//! | Step | File |
//! |---|---|
//! | which model it is, and what that changes in each explore | `resolve.rs`, `names.rs` |
//! | in a chart | `query.rs`, `config.rs`, `sql.rs`, `vega.rs` |
//! | in a dashboard | `dashboard.rs` |
//! | in one chart alone | `one.rs` |
//! | what came of it, and what of that is told | `outcome.rs` |
//!
//! What is parsed is rewritten: ids that are known to be of the model, whole, and references. Values of filters and labels
//! stay. Each object that changes gets a new version, by itself: to do all of it again is safe and changes nothing more, and
//! to undo it is to go back to the version before. What whoever began it may not see is renamed in like everything else; they
//! are told that there is such content, but neither which nor where in it.

mod config;
mod dashboard;
mod names;
pub mod one;
mod outcome;
mod query;
mod resolve;
mod sql;
mod vega;

use std::collections::HashMap;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        content::{ChartBody, Content, ContentKind, DashboardBody, Index},
        id::{ContentId, UserId, WorkId},
        packed::Packed,
        work::{Work, WorkKind},
    },
    store::Edit,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{chart, edit::Editing, once, validate::each_latest, work::Came};
use names::Names;
use outcome::{Failed, Outcome, seen};
use resolve::Resolved;

/// Bytes of a name at most; no warehouse takes longer ones.
const LONGEST: usize = 500;
/// Heads that are read at once.
const AT_ONCE: usize = 100;

/// What has another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RenameType)]
pub enum RenameType {
    Model,
    Field,
}

/// What is to be renamed in a project. A field by its name alone; `model` says which one is meant where several have it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiRenameBody)]
pub struct Rename {
    pub from: String,
    pub to: String,
    #[serde(rename = "type")]
    pub kind: RenameType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
    /// Only says what would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dry_run: Option<bool>,
}

/// Two names of which the second can take the place of the first.
///
/// # Errors
/// `Invalid` when they are the same, or none.
pub fn differ(from: &str, to: &str) -> Result<()> {
    let fits = |name: &str| {
        !name.trim().is_empty() && name.len() <= LONGEST && !name.chars().any(char::is_control)
    };
    if !fits(from) || !fits(to) {
        return Err(Error::invalid(format!(
            "A name has 1 to {LONGEST} bytes and no control characters"
        )));
    }
    if from == to {
        return Err(Error::invalid("The old and the new name are the same"));
    }
    Ok(())
}

/// Begins a rename of everything in a project. A request that comes again with its key begins no other one.
///
/// # Errors
/// `Invalid` when there is nothing to rename; `NotExists` when the project is gone.
pub async fn begin(
    app: &App,
    project: &InProject,
    rename: &Rename,
    key: Option<&str>,
) -> Result<WorkId> {
    differ(&rename.from, &rename.to)?;
    match once::before(app, project, key).await? {
        Some(earlier) => Ok(earlier),
        None => once::begin(app, project, WorkKind::Rename, rename, key).await,
    }
}

/// Does a rename. May be repeated: what an earlier try has done is not done again, and told all the same.
///
/// # Errors
/// `NotFound` for a model or a field that is nowhere; `Invalid` for a field of several models; `Unavailable` when the table
/// does not answer.
pub(crate) async fn run(app: &App, work: &Work) -> Came {
    let rename: Rename = work.input.unpack_json()?;
    let mut outcome: Outcome = match &work.progress {
        Some(progress) => progress.unpack_json()?,
        None => Outcome::default(),
    };
    let index = app.store.index(work.project).await?;
    let mut resolved = resolve::resolve(app, work.project, &index, &rename).await?;
    let charts = of_kind(&index, ContentKind::Chart)
        .into_iter()
        .filter(|row| resolved.of(row).is_some())
        .collect::<Vec<_>>();
    let mut changed: Vec<&Content> = Vec::new();
    each_latest(app, &charts, |row, mut body: ChartBody| {
        resolved.note(row, &body);
        let Some(names) = resolved.of(row) else {
            return;
        };
        let places = query::rename(&mut body, names);
        if !places.is_empty() {
            outcome.add(row, places);
            changed.push(row);
        }
    })
    .await?;
    let boards = of_kind(&index, ContentKind::Dashboard);
    each_latest(app, &boards, |row, mut body: DashboardBody| {
        let tiles = resolved.tiles(&index, &body);
        let places = dashboard::rename(&mut body, &tiles, &resolved.any);
        if !places.is_empty() {
            outcome.add(row, places);
            changed.push(row);
        }
    })
    .await?;
    if rename.dry_run != Some(true) {
        app.store.note_progress(work.id, &outcome).await?;
        outcome.failed = apply(app, work.user, &index, &resolved, &changed).await?;
    }
    let outcome = outcome.masked(&seen(app, work, index).await?);
    serde_json::to_value(&outcome).map_err(|error| Error::Internal(error.into()))
}

fn of_kind(index: &Index, what: ContentKind) -> Vec<&Content> {
    index.live().filter(|row| row.what == what).collect()
}

/// Gives each object that changes a new version. One that cannot be changed is told, and the others are.
async fn apply(
    app: &App,
    user: UserId,
    index: &Index,
    resolved: &Resolved,
    changed: &[&Content],
) -> Result<Vec<Failed>> {
    let mut failed = Vec::new();
    for chunk in changed.chunks(AT_ONCE) {
        let wanted: Vec<_> = chunk.iter().map(|row| (row.what, row.id)).collect();
        // Rows of the index are no whole heads. What is gone meanwhile needs no new name.
        for head in app.store.contents(&wanted).await? {
            let done = match head.what {
                ContentKind::Dashboard => on_dashboard(app, user, index, resolved, &head).await,
                ContentKind::Chart | ContentKind::SqlChart => match resolved.of(&head) {
                    Some(names) => on_chart(app, user, names, &head, None).await.map(|_| ()),
                    None => Ok(()),
                },
            };
            match done {
                Ok(()) | Err(Error::NotFound(_)) => {}
                Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
                Err(error) => failed.push(Failed::new(head, &error)),
            }
        }
    }
    Ok(failed)
}

/// Renames in the newest version of a chart, if there is anything to rename.
///
/// # Errors
/// As [`Editing`].
async fn on_chart(
    app: &App,
    user: UserId,
    names: &Names,
    head: &Content,
    if_match: Option<u64>,
) -> Result<Content> {
    let mut editing = Editing::new(head, if_match);
    loop {
        let head = &editing.head()?;
        let change = async {
            let mut body: ChartBody = app.store.latest(head).await?.body.unpack_json()?;
            if query::rename(&mut body, names).is_empty() {
                return Ok(None);
            }
            let new = Content {
                updated_at: app.clock.now(),
                updated_by: Some(user),
                shown: chart::shown(&body),
                ..head.clone()
            };
            Ok(Some(Edit::version(head, new, Packed::pack_version(&body)?)))
        };
        if let Some(done) = editing.apply(app, change.await).await? {
            return Ok(done);
        }
    }
}

async fn on_dashboard(
    app: &App,
    user: UserId,
    index: &Index,
    resolved: &Resolved,
    head: &Content,
) -> Result<()> {
    let mut editing = Editing::new(head, None);
    loop {
        let head = &editing.head()?;
        let change = async {
            let mut body: DashboardBody = app.store.latest(head).await?.body.unpack_json()?;
            let tiles = resolved.tiles(index, &body);
            if dashboard::rename(&mut body, &tiles, &resolved.any).is_empty() {
                return Ok(None);
            }
            let new = Content {
                updated_at: app.clock.now(),
                updated_by: Some(user),
                ..head.clone()
            };
            Ok(Some(Edit::version(head, new, Packed::pack_version(&body)?)))
        };
        if editing.apply(app, change.await).await?.is_some() {
            return Ok(());
        }
    }
}

/// The chart of a path, in its project.
///
/// # Errors
/// `NotFound` when it is not there.
async fn chart_of(app: &App, project: &InProject, id: &str) -> Result<Content> {
    let missing = || Error::NotFound(Kind::Chart);
    let id = ContentId::parse(id).ok_or_else(missing)?;
    let head = app.store.content(ContentKind::Chart, id).await?;
    head.filter(|head| head.project == project.id())
        .ok_or_else(missing)
}

/// What a tile's chart has for names, by the tile.
type OfTiles<'a> = HashMap<String, &'a Names>;
