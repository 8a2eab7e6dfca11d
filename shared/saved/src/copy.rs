//! Copying what is saved in a project into a preview of it (reference 20 §5.2): explores, spaces with who was let in, charts
//! and dashboards as they are now. What a copy is called follows from what it is a copy of: whoever begins again finds what
//! is there, and goes on behind it.

mod left;

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Error, Kind, Result,
    domain::{
        content::{Content, ContentKind, DashboardBody, Index, Shown, shard},
        id::{ContentId, ProjectId, SpaceId},
        packed::Packed,
        space::{Space, SpaceTree},
        work::{CopyOf, Work},
    },
    store::{EDITS, Edit, NewContent},
};
use serde::Serialize;
use serde_json::json;

use crate::{dashboard, edit::edit_all, work::Came};
use left::Left;

/// How many copies are told that have another slug.
const MOST_TOLD: usize = 100;

/// How far it is: clients read it when it is done.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied {
    explores: usize,
    spaces: usize,
    /// Charts, dashboards and SQL charts.
    contents: usize,
    /// Copies under another slug, as somebody took theirs meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    renamed: Vec<Renamed>,
}

/// A copy under another slug. What it is called is for those who may see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    content_type: &'static str,
    uuid: String,
}

impl Copied {
    fn note_renamed(&mut self, content_type: &'static str, copy: impl ToString) {
        if self.renamed.len() < MOST_TOLD {
            let uuid = copy.to_string();
            self.renamed.push(Renamed { content_type, uuid });
        }
    }
}

/// Copies everything. The source may change meanwhile: it is copied as it was when this began, or began again. What cannot be
/// copied is told with the reason, and does not keep the rest from being.
///
/// # Errors
/// `NotExists` when one of the projects is gone; `Unavailable` when the table does not answer.
pub async fn run(app: &App, work: &Work) -> Came {
    let CopyOf { from } = work.input.unpack_json()?;
    for project in [from, work.project] {
        let there = app.store.project(project).await?;
        there.ok_or(Error::NotExists(Kind::Project))?;
    }
    let now = app.clock.now();
    let explores = app.store.copy_explores(from, work.project, now).await?;
    let mut copied = Copied {
        explores,
        ..Copied::default()
    };
    let tree = app.store.spaces(from).await?;
    let spaces = spaces(app, work, &tree, &mut copied).await?;
    let sources = tree.by_path().into_iter();
    let uncopied = sources.filter(|space| !spaces.contains_key(&space.id));
    let mut left: Vec<_> = uncopied.map(Left::space).collect();
    copied.spaces = spaces.len();
    app.store.note_progress(work.id, &copied).await?;
    let copy = Copying {
        app,
        to: work.project,
        index: app.store.index(from).await?,
        spaces,
    };
    copy.contents(work, &mut copied, &mut left).await?;
    let mut came = json!(copied);
    left::tell(app, work, (from, copy.index), &left, &mut came).await?;
    Ok(came)
}

/// Copies the spaces, those that others lie in first. Answers which there are, by what they are copies of.
async fn spaces(
    app: &App,
    work: &Work,
    tree: &SpaceTree,
    copied: &mut Copied,
) -> Result<BTreeMap<SpaceId, Space>> {
    let mut sources: Vec<_> = tree.by_path();
    sources.sort_by_key(|space| tree.breadcrumbs(space).len());
    let mut copies = BTreeMap::new();
    for source in sources {
        let copy = space(tree, source, work.project, &copies);
        if let Some(there) = app.store.copy_space(work.organization, &copy).await? {
            if there.slug != source.slug {
                copied.note_renamed("space", there.id);
            }
            copies.insert(source.id, there);
        }
    }
    Ok(copies)
}

/// A space as it is to be in the other project, where the one that it lies in may be called differently.
fn space(
    tree: &SpaceTree,
    source: &Space,
    to: ProjectId,
    copies: &BTreeMap<SpaceId, Space>,
) -> Space {
    let parent = source.parent.and_then(|parent| tree.get(parent));
    let above = parent.and_then(|parent| Some((parent, copies.get(&parent.id)?)));
    let path = above.and_then(|(parent, copy)| {
        let own = source.path.strip_prefix(parent.path.as_str())?;
        Some(format!("{}{own}", copy.path))
    });
    Space {
        id: SpaceId::derived(to, source.id),
        project: to,
        parent: source.parent.map(|parent| SpaceId::derived(to, parent)),
        path: path.unwrap_or_else(|| source.path.clone()),
        ..source.clone()
    }
}

/// A copy of what lies in the spaces.
struct Copying<'a> {
    app: &'a App,
    to: ProjectId,
    /// Of the project that is copied.
    index: Index,
    /// The copies of its spaces.
    spaces: BTreeMap<SpaceId, Space>,
}

impl Copying<'_> {
    async fn contents(&self, work: &Work, copied: &mut Copied, left: &mut Vec<Left>) -> Result<()> {
        let there = self.app.store.index(self.to).await?;
        let there: BTreeSet<_> = there
            .live()
            .chain(there.deleted())
            .map(|row| row.id)
            .collect();
        let (rows, without): (Vec<_>, Vec<_>) =
            self.index.live().partition(|row| self.is_copied(row));
        // What is nowhere any more goes with what it was in.
        let without = without.into_iter();
        let without = without.filter(|row| self.index.space_of(row).is_some());
        left.extend(without.map(|row| Left::content(row, "Its space was not copied")));
        let (done, mut open): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| there.contains(&self.copy_of(row.id)));
        copied.contents += done.len();
        // A dashboard comes when its charts are there, and what stands in one part of the index together.
        open.sort_by_key(|row| {
            let part = shard(self.copy_of(row.id));
            (is_dashboard(row), part, row.id)
        });
        for chunk in open.chunks(EDITS) {
            let (rows, edits) = self.edits(chunk, left).await?;
            let written = self.write(&rows, &edits, left).await?;
            self.views(&written).await?;
            copied.contents += written.len();
            self.app.store.note_progress(work.id, &*copied).await?;
        }
        self.tell_renamed(copied).await
    }

    /// Tells which copies have another slug, whichever worker made them.
    async fn tell_renamed(&self, copied: &mut Copied) -> Result<()> {
        let there = self.app.store.index(self.to).await?;
        for row in self.index.live() {
            let copy = there.get(row.what, self.copy_of(row.id));
            if let Some(copy) = copy.filter(|copy| copy.slug != row.slug) {
                let content_type = match row.what {
                    ContentKind::Chart => "chart",
                    ContentKind::SqlChart => "sql_chart",
                    ContentKind::Dashboard => "dashboard",
                };
                copied.note_renamed(content_type, copy.id);
            }
        }
        Ok(())
    }

    fn copy_of(&self, id: ContentId) -> ContentId {
        ContentId::derived(self.to, id)
    }

    /// Whether something lies where there is a copy of the space.
    fn is_copied(&self, row: &Content) -> bool {
        let space = self.index.space_of(row);
        space.is_some_and(|space| self.spaces.contains_key(&space))
    }

    /// New things, as the others are now, beside those.
    async fn edits<'b>(
        &self,
        chunk: &[&'b Content],
        left: &mut Vec<Left>,
    ) -> Result<(Vec<&'b Content>, Vec<Edit>)> {
        let store = &self.app.store;
        let versions = store.latest_of(chunk).await?;
        let versions = versions.into_iter();
        let mut versions: BTreeMap<_, _> = versions.map(|one| (one.of, one.body)).collect();
        // What the index does not have: which charts a dashboard ever had on its tiles.
        let dashboards = chunk.iter().filter(|row| is_dashboard(row));
        let dashboards: Vec<_> = dashboards.map(|row| (row.what, row.id)).collect();
        let heads = store.contents(&dashboards).await?;
        let tiled: BTreeMap<_, _> = heads.iter().map(|head| (head.id, &head.tiled)).collect();
        let (mut rows, mut edits) = (Vec::new(), Vec::new());
        for row in chunk.iter().copied() {
            let Some(body) = versions.remove(&row.id) else {
                left.push(Left::content(row, "It was deleted meanwhile"));
                continue;
            };
            let (body, shown) = self.body(row, body)?;
            let tiled = tiled.get(&row.id).into_iter().copied().flatten();
            let head = Content {
                id: self.copy_of(row.id),
                project: self.to,
                space: row.space.map(|space| SpaceId::derived(self.to, space)),
                dashboard: row.dashboard.map(|dashboard| self.copy_of(dashboard)),
                rev: 0,
                latest: 0,
                shown,
                tiled: tiled.map(|chart| self.copy_of(*chart)).collect(),
                ..row.clone()
            };
            rows.push(row);
            edits.push(Edit::create(head, body));
        }
        Ok((rows, edits))
    }

    /// What a version holds, with the copies of charts on a dashboard's tiles; of those that are not copied nothing is left.
    fn body(&self, row: &Content, packed: Packed) -> Result<(Packed, Shown)> {
        if !is_dashboard(row) {
            return Ok((packed, row.shown.clone()));
        }
        let mut body: DashboardBody = packed.unpack_json()?;
        for tile in &mut body.tiles {
            let chart = tile.face.shows();
            let chart = chart.and_then(|(what, id)| self.index.get(what, id));
            let chart = chart.filter(|chart| self.is_copied(chart));
            tile.face.show(chart.map(|chart| self.copy_of(chart.id)));
        }
        let shown = dashboard::shown(&body);
        Ok((Packed::pack_json(&body)?, shown))
    }

    /// Makes new things: together, or one by one when somebody came in between or one of them cannot be made. Answers what
    /// they are copies of.
    async fn write<'b>(
        &self,
        rows: &[&'b Content],
        edits: &[Edit],
        left: &mut Vec<Left>,
    ) -> Result<Vec<&'b Content>> {
        match edit_all(self.app, edits).await {
            Err(error) if ends(&error) => return Err(error),
            Err(_) => {}
            Ok(()) => return Ok(rows.to_vec()),
        }
        let mut written = Vec::new();
        for (row, edit) in rows.iter().copied().zip(edits) {
            match self.write_one(edit).await {
                Err(error) if ends(&error) => return Err(error),
                Err(error) => left.push(Left::content(row, error)),
                Ok(()) => written.push(row),
            }
        }
        Ok(written)
    }

    /// Makes one new thing that is not there yet, under another slug when somebody took it.
    async fn write_one(&self, edit: &Edit) -> Result<()> {
        let (store, head) = (&self.app.store, &edit.new);
        let there = store.content_or_deleted(head.what, head.id).await?;
        let (None, Some(body)) = (there, &edit.version) else {
            return Ok(());
        };
        let new = NewContent {
            head: head.clone(),
            body: body.clone(),
            any_slug: true,
        };
        let (kept, now) = (self.app.config.deleted_content, self.app.clock.now());
        match store.create_content(new, None, kept, now).await {
            // Somebody else copies it, too.
            Err(Error::Changed(_)) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    /// Dashboards go on counting where the others are.
    async fn views(&self, chunk: &[&Content]) -> Result<()> {
        let dashboards = chunk.iter().filter(|row| is_dashboard(row));
        let copies: Vec<_> = dashboards
            .map(|row| (row.id, self.copy_of(row.id)))
            .collect();
        let what = ContentKind::Dashboard;
        self.app.store.copy_views(self.to, what, &copies).await
    }
}

/// Whether an error is nothing of one thing's own.
fn ends(error: &Error) -> bool {
    matches!(
        error,
        Error::NotExists(_) | Error::TooMany { .. } | Error::Unavailable(_) | Error::Internal(_)
    )
}

fn is_dashboard(row: &Content) -> bool {
    row.what == ContentKind::Dashboard
}
