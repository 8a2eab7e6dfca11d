//! Comments on the tiles of a dashboard (reference 26 §1).

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, CurrentUser, Done, DoneOk, Error, IdempotencyKey, Json, Kind, Ok, Path, Reply, Result,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        comment::{Comment, LONGEST_COMMENT, MOST_COMMENTS, MOST_MENTIONS},
        content::{Content, ContentKind, DashboardBody, Tile},
        id::{CommentId, UserId},
    },
    store::made_once,
};
use axum::extract::State;
use saved::{
    Found, Names,
    comment::{CommentView, Reader, Told, mentioned},
    html,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::dashboards::DashboardPath;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct TilePath {
    dashboard_uuid: String,
    dashboard_tile_uuid: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct CommentPath {
    dashboard_uuid: String,
    comment_id: String,
}

/// The dashboard of a path, to somebody who may view it.
async fn viewed(app: &App, user: CurrentUser, id: &str) -> Result<Found> {
    let found = saved::find(app, user, ContentKind::Dashboard, id).await?;
    found.place(app).await?.require(Action::View)?;
    Ok(found)
}

/// The tiles of a dashboard's latest version.
async fn tiles(app: &App, head: &Content) -> Result<Vec<Tile>> {
    let latest = app.store.latest(head).await?;
    let body: DashboardBody = latest.body.unpack_json()?;
    Ok(body.tiles)
}

/// The comment of a path: of the path's dashboard, another's is none.
async fn comment(app: &App, head: &Content, id: &str) -> Result<Comment> {
    let missing = || Error::NotFound(Kind::Comment);
    let id = CommentId::parse(id).ok_or_else(missing)?;
    let found = app.store.comment(head.id, id).await?;
    found.ok_or_else(missing)
}

/// Lists the threads on a dashboard's tiles that are not resolved, by tile, the oldest first. Those on tiles that the latest
/// version does not have are left out.
#[utoipa::path(get, path = "/api/v1/comments/dashboards/{dashboardUuid}", operation_id = "getComments", tag = "Comments",
               params(DashboardPath), responses((status = 200, body = Ok<BTreeMap<String, Vec<CommentView>>>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_comments(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<DashboardPath>,
) -> Result<Reply<BTreeMap<String, Vec<CommentView>>>> {
    let found = viewed(&app, user, &path.dashboard_uuid).await?;
    let project = &found.project;
    project.require(Action::View, Subject::DashboardComments)?;

    let (tiles, comments) =
        tokio::try_join!(tiles(&app, &found.head), app.store.comments(found.head.id),)?;
    let authors = comments.iter().filter_map(|comment| comment.author);
    let names = Names::read(&app, authors).await?;
    let object = project.object();
    let reader = Reader {
        names: &names,
        user: project.user.id,
        manages: project.may(Action::Manage, Subject::DashboardComments, &object),
    };
    Ok(Reply(reader.threads(&comments, &tiles)))
}

/// What is said of a tile.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateComment {
    text: String,
    /// What could run is taken out.
    text_html: String,
    /// Ids of users. Those who may not view the dashboard are not told.
    mentions: Vec<String>,
    /// What is answered: a comment on the same tile.
    reply_to: Option<String>,
}

impl CreateComment {
    /// Whom it mentions, each once.
    fn mentions(&self) -> Result<BTreeSet<UserId>> {
        if self.mentions.len() > MOST_MENTIONS {
            return Err(Error::invalid("A comment mentions at most 30 people"));
        }
        let ids = self.mentions.iter();
        Ok(ids.filter_map(|id| UserId::parse(id)).collect())
    }

    /// The text, and the HTML that is safe to show.
    fn content(&self) -> Result<(String, String)> {
        let long = |text: &str| text.chars().nth(LONGEST_COMMENT).is_some();
        let html = html::clean(&self.text_html);
        if long(&self.text) || long(&self.text_html) || long(&html) {
            return Err(Error::invalid("A comment has at most 20000 characters"));
        }
        if self.text.trim().is_empty() && html.trim().is_empty() {
            return Err(Error::invalid("A comment says something"));
        }
        Ok((self.text.clone(), html))
    }

    /// The first comment of the thread that is answered, which has to be on the tile and open.
    fn thread(&self, comments: &[Comment], tile: &str) -> Result<Option<CommentId>> {
        let Some(id) = self.reply_to.as_deref() else {
            return Ok(None);
        };
        let id = CommentId::parse(id);
        let find = |id: CommentId| {
            let here = |one: &&Comment| one.id == id && one.tile == tile;
            comments.iter().find(here)
        };
        let answered = id.and_then(find);
        let first = answered.and_then(|one| find(one.reply_to.unwrap_or(one.id)));
        let first = first.ok_or(Error::NotFound(Kind::Comment))?;
        if first.resolved {
            return Err(Error::invalid("This thread is resolved"));
        }
        Ok(Some(first.id))
    }
}

/// Comments on a tile of a dashboard's latest version, and tells those who are mentioned or who commented on it before;
/// mentions are mailed, too. Answers the comment's id.
#[utoipa::path(post, path = "/api/v1/comments/dashboards/{dashboardUuid}/{dashboardTileUuid}", operation_id = "createComment", tag = "Comments",
               params(TilePath), request_body = CreateComment, responses((status = 200, body = Ok<CommentId>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn create_comment(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<TilePath>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateComment>,
) -> Result<Reply<CommentId>> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    let place = found.place(&app).await?;
    place.require(Action::View)?;
    let project = &found.project;
    project.require(Action::Create, Subject::DashboardComments)?;
    if let Some(earlier) = before(&app, project.user.id, key.as_deref()).await? {
        return Ok(Reply(earlier));
    }

    let (tiles, earlier) =
        tokio::try_join!(tiles(&app, &found.head), app.store.comments(found.head.id),)?;
    let tile = tiles
        .iter()
        .find(|tile| tile.uuid == path.dashboard_tile_uuid);
    let tile = tile.ok_or(Error::NotFound(Kind::Tile))?;
    if earlier.len() >= MOST_COMMENTS {
        return Err(Error::invalid("A dashboard has at most 10000 comments"));
    }
    let (text, html) = body.content()?;
    let now = app.clock.now();
    let comment = Comment {
        id: CommentId::timed(&app.random, now),
        dashboard: found.head.id,
        tile: tile.uuid.clone(),
        text,
        html,
        mentions: mentioned(&app, project, body.mentions()?).await?,
        reply_to: body.thread(&earlier, &tile.uuid)?,
        author: Some(project.user.id),
        created_at: now,
        resolved: false,
    };
    let told = Told::read(&app, &place, &comment, &earlier).await?;
    let (notices, mails) = told.letters(&app, &place, (&comment, tile));
    let store = &app.store;
    let done = store.create_comment(&comment, &notices, &mails, key.as_deref());
    let done = done.await.map(|()| comment.id);
    let earlier = before(&app, project.user.id, key.as_deref());
    Ok(Reply(made_once(done, earlier).await?))
}

/// The comment that an earlier request with the same idempotency key made.
async fn before(app: &App, user: UserId, key: Option<&str>) -> Result<Option<CommentId>> {
    let now = app.clock.now();
    let made = app.store.made_before(user, ("comment", key), now).await?;
    Ok(made.as_deref().and_then(CommentId::parse))
}

/// Resolves a thread: it is not listed any more. Any comment of it names it.
#[utoipa::path(patch, path = "/api/v1/comments/dashboards/{dashboardUuid}/{commentId}", operation_id = "resolveComment", tag = "Comments",
               params(CommentPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn resolve_comment(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<CommentPath>,
) -> Result<Done> {
    let found = viewed(&app, user, &path.dashboard_uuid).await?;
    found
        .project
        .require(Action::Manage, Subject::DashboardComments)?;
    let comment = comment(&app, &found.head, &path.comment_id).await?;

    let first = comment.reply_to.unwrap_or(comment.id);
    app.store.resolve_comment(found.head.id, first).await?;
    Ok(Done)
}

/// Deletes a comment, with everything that answers it: one's own, or anybody's for who manages comments.
#[utoipa::path(delete, path = "/api/v1/comments/dashboards/{dashboardUuid}/{commentId}", operation_id = "deleteComment", tag = "Comments",
               params(CommentPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn delete_comment(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<CommentPath>,
) -> Result<Done> {
    let found = viewed(&app, user, &path.dashboard_uuid).await?;
    let comment = comment(&app, &found.head, &path.comment_id).await?;
    let (project, store) = (&found.project, &app.store);
    let object = project.object();
    let manages = project.may(Action::Manage, Subject::DashboardComments, &object);
    if !manages && comment.author != Some(project.user.id) {
        return Err(NOT_ALLOWED);
    }

    let all = store.comments(found.head.id).await?.into_iter();
    let answers = all.filter(|one| one.reply_to == Some(comment.id));
    let answers: Vec<CommentId> = answers.map(|one| one.id).collect();
    store.delete_comments(found.head.id, &answers).await?;
    // Last, so that it can be named again when this fails halfway.
    store.delete_comments(found.head.id, &[comment.id]).await?;
    Ok(Done)
}
