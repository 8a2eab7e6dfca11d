//! Moving charts, dashboards and spaces into other spaces (reference 26 §5.2).

mod told;

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Done, DoneOk, Error, InProject, Json, Kind, Result, Timestamp,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
        id::{ContentId, SpaceId},
        space::Space,
    },
    spaces::Spaces,
    store::{Edit, MOVES, SpaceMove},
};
use axum::extract::State;
use saved::{Contents, contents::subject, list::ChartSource};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::list::ContentType;
use told::{Moved, Refused, of_space, once_each};

/// How often a move is tried that others came in the way of: each time, one of them got on.
const TRIES: usize = 10;
/// How much is moved with one request.
const MOST_ITEMS: usize = 500;

/// The one action there is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ContentActionType {
    Move,
}

/// Where something is to go.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContentActionMove {
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "there is no other action")]
    kind: ContentActionType,
    /// Null is the root, for spaces alone.
    #[schema(required)]
    target_space_uuid: Option<String>,
}

/// What is to be moved.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemPayload {
    uuid: String,
    content_type: ContentType,
    /// Of a chart; without, it is looked for among both.
    #[schema(nullable = false)]
    source: Option<ChartSource>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ApiContentActionBody)]
pub(crate) struct MoveContent {
    item: ItemPayload,
    action: ContentActionMove,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ApiContentBulkActionBody)]
pub(crate) struct BulkMoveContent {
    content: Vec<ItemPayload>,
    action: ContentActionMove,
}

/// Moves a chart, a dashboard or a space. A chart that belongs to a dashboard leaves it. A space takes everything in it along,
/// and is from then on as open as its new root; one that becomes a root stays as open as it was.
#[utoipa::path(post, path = "/api/v2/content/{projectUuid}/move", operation_id = "Move content", tag = "Content",
               params(("projectUuid" = String, Path)), request_body = MoveContent, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn move_content(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<MoveContent>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;

    move_all(&app, &project, &[body.item], &body.action).await
}

/// Moves up to 500 things. Whether all are there and may be moved is asked before anything is written: the error's data lists
/// under `errors` each that may not, by its type and id. Then they are written 50 at a time, spaces one by one; an error that
/// comes halfway lists what was moved under `moved`, and what is not known to be under `notMoved`. What lies there already is
/// left alone, so that it may be repeated then.
#[utoipa::path(post, path = "/api/v2/content/bulk-action/{projectUuid}/move", operation_id = "Bulk move content", tag = "Content",
               params(("projectUuid" = String, Path)), request_body = BulkMoveContent, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn bulk_move_content(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<BulkMoveContent>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    if body.content.len() > MOST_ITEMS {
        return Err(Error::invalid(format!(
            "At most {MOST_ITEMS} things are moved at once"
        )));
    }

    move_all(&app, &project, &body.content, &body.action).await
}

async fn move_all(
    app: &App,
    project: &InProject,
    items: &[ItemPayload],
    action: &ContentActionMove,
) -> Result<Done> {
    let mut moved = Moved::default();
    let done = try_all(app, project, (items, action), &mut moved).await;
    done.map_err(|error| moved.tell(items, error))
        .map(|()| Done)
}

async fn try_all(
    app: &App,
    project: &InProject,
    (items, action): (&[ItemPayload], &ContentActionMove),
    moved: &mut Moved,
) -> Result<()> {
    for _ in 0..TRIES {
        let contents = Contents::read(app, project).await?;
        let wanted = Wanted::check(&contents, items, action, app.clock.now())?;
        match wanted.write(app, project, moved).await {
            Err(Error::Changed(_)) => {}
            done => return done,
        }
    }
    Err(Error::Changed(Kind::Space))
}

/// What is to be moved, all of which may be.
struct Wanted<'a> {
    /// None is the root.
    target: Option<&'a Space>,
    heads: BTreeMap<ContentId, &'a Content>,
    spaces: BTreeSet<SpaceId>,
}

impl<'a> Wanted<'a> {
    /// Reads a request: the target first, then every thing, and whether the caller may move it there. All that may not be
    /// moved is told.
    ///
    /// # Errors
    /// `NotFound` for what is not of the project; `Invalid` for a chart or a dashboard to the root, for a space into itself
    /// or with more in it than is moved at once, and for a single space that lies there; `Forbidden` when one of them may not
    /// be moved.
    fn check(
        contents: &'a Contents<'a>,
        items: &[ItemPayload],
        action: &ContentActionMove,
        now: Timestamp,
    ) -> Result<Self> {
        let target = action.target_space_uuid.as_deref();
        let target = target.map(|id| contents.spaces.named(id)).transpose()?;
        let mut wanted = Self {
            target,
            heads: BTreeMap::new(),
            spaces: BTreeSet::new(),
        };
        let mut refused = Refused::default();
        for item in once_each(items) {
            if let Err(error) = wanted.add(contents, item, now) {
                refused.note(item, error);
            }
        }
        refused.done()?;
        let parent = target.map(|target| target.id);
        let mut spaces = wanted.spaces.iter();
        let space = spaces.next().and_then(|id| contents.spaces.tree.get(*id));
        if items.len() == 1 && space.is_some_and(|space| space.parent == parent) {
            return Err(Error::invalid("The space lies there already"));
        }
        Ok(wanted)
    }

    /// Puts in a thing that may be moved.
    fn add(
        &mut self,
        contents: &'a Contents<'a>,
        item: &ItemPayload,
        now: Timestamp,
    ) -> Result<()> {
        let spaces = &contents.spaces;
        let Some(kinds) = kinds(item) else {
            let space = spaces.named(&item.uuid)?;
            may_move(spaces, space, self.target)?;
            space_move(spaces, space, self.target).fits(now)?;
            self.spaces.insert(space.id);
            return Ok(());
        };
        let head = find(contents, kinds, &item.uuid)?;
        let root = || Error::invalid("Only spaces can be moved to the root of a project");
        let target = self.target.ok_or_else(root)?;
        contents.require(Action::Update, head)?;
        spaces.require(Action::Update, subject(head.what), target)?;
        self.heads.insert(head.id, head);
        Ok(())
    }

    async fn write(&self, app: &App, project: &InProject, moved: &mut Moved) -> Result<()> {
        moved.begin();
        if let Some(target) = self.target {
            let heads = self.heads.values().copied();
            let (there, heads): (Vec<_>, Vec<_>) =
                heads.partition(|head| head.space == Some(target.id));
            moved.heads(there.iter().map(|head| head.id));
            for chunk in heads.chunks(MOVES) {
                move_heads(app, chunk, target).await?;
                moved.heads(chunk.iter().map(|head| head.id));
            }
        }
        for id in &self.spaces {
            let done = move_space(app, project, *id, self.target.map(|target| target.id)).await;
            done.map_err(|error| of_space(*id, error))?;
            moved.space(*id);
        }
        Ok(())
    }
}

/// What a chart or a dashboard may be; none for a space.
fn kinds(item: &ItemPayload) -> Option<&'static [ContentKind]> {
    match (item.content_type, item.source) {
        (ContentType::Space, _) => None,
        (ContentType::Dashboard, _) => Some(&[ContentKind::Dashboard]),
        (ContentType::Chart, Some(ChartSource::DbtExplore)) => Some(&[ContentKind::Chart]),
        (ContentType::Chart, Some(ChartSource::Sql)) => Some(&[ContentKind::SqlChart]),
        (ContentType::Chart, None) => Some(&[ContentKind::Chart, ContentKind::SqlChart]),
    }
}

fn find<'a>(contents: &'a Contents<'_>, kinds: &[ContentKind], uuid: &str) -> Result<&'a Content> {
    let id = ContentId::parse(uuid);
    let found = id.and_then(|id| kinds.iter().find_map(|what| contents.index.get(*what, id)));
    let named = kinds.first().map_or(Kind::Chart, |what| what.named());
    found.ok_or(Error::NotFound(named))
}

/// Lets the caller go on only if they may move a space there, and it can lie there.
fn may_move(spaces: &Spaces<'_>, space: &Space, target: Option<&Space>) -> Result<()> {
    spaces.require(Action::Manage, Subject::Space, space)?;
    match target {
        Some(target) => spaces.require(Action::Manage, Subject::Space, target)?,
        None => spaces.project.require(Action::Create, Subject::Space)?,
    }
    spaces.tree.may_lie_in(space, target)
}

fn space_move<'a>(
    spaces: &'a Spaces<'_>,
    space: &'a Space,
    target: Option<&'a Space>,
) -> SpaceMove<'a> {
    SpaceMove {
        organization: spaces.project.organization(),
        tree: &spaces.tree,
        space,
        target,
    }
}

/// Moves charts and dashboards, if they are as the index had them when it was asked whether they may be moved.
async fn move_heads(app: &App, rows: &[&Content], target: &Space) -> Result<()> {
    let wanted: Vec<_> = rows.iter().map(|row| (row.what, row.id)).collect();
    let heads = app.store.contents(&wanted).await?;
    let same = |(head, row): (&Content, &&Content)| head.id == row.id && head.rev == row.rev;
    if heads.len() != rows.len() || !heads.iter().zip(rows).all(same) {
        return Err(Error::Changed(Kind::ContentIndex));
    }
    let edits = heads.iter().map(|head| {
        let moved = Content {
            space: Some(target.id),
            dashboard: None,
            ..head.clone()
        };
        Edit::change(head, moved)
    });
    let edits: Vec<_> = edits.collect();
    let (now, kept) = (app.clock.now(), app.config.deleted_content);
    app.store.move_contents(target, &edits, kept, now).await
}

/// Moves a space, as the spaces are then: others were moved before it, or are by somebody else.
async fn move_space(
    app: &App,
    project: &InProject,
    id: SpaceId,
    target: Option<SpaceId>,
) -> Result<()> {
    for _ in 0..TRIES {
        let spaces = Spaces::read(app, project).await?;
        let space = spaces.find(id)?;
        let target = target.map(|target| spaces.find(target)).transpose()?;
        may_move(&spaces, space, target)?;
        let tree = &spaces.tree;
        let paths = tree.moved_paths(space, target)?;
        let within: BTreeSet<_> = paths.iter().map(|(one, _)| one.id).collect();
        let taken = |path: &String| {
            let there = tree.at_path(path);
            there.is_some_and(|there| !within.contains(&there.id))
        };
        // Documents name spaces by their paths.
        if paths.iter().any(|(_, path)| taken(path)) {
            return Err(Error::Exists(Kind::Space));
        }
        let moved = space_move(&spaces, space, target);
        match app.store.move_space(moved, app.clock.now()).await {
            Err(Error::Changed(_)) => {}
            done => return done,
        }
    }
    Err(Error::Changed(Kind::Space))
}
