//! What a request with an idempotency key makes, or begins, once, however often it comes.

use app::{
    App, InProject, Result,
    domain::{
        content::{Content, ContentKind},
        id::{ContentId, SpaceId, WorkId},
        packed::Packed,
        space::Space,
        work::{Work, WorkKind},
    },
    store::made_once,
};
use serde::Serialize;

use crate::work;

/// What an earlier request of the caller's with the same key made; none once that was deleted.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn made_before(
    app: &App,
    project: &InProject,
    (what, key): (ContentKind, Option<&str>),
) -> Result<Option<Content>> {
    let (user, now) = (project.user.id, app.clock.now());
    let made = app.store.made_before(user, ("content", key), now).await?;
    let Some(id) = made.as_deref().and_then(ContentId::parse) else {
        return Ok(None);
    };
    let found = app.store.content(what, id).await?;
    Ok(found.filter(|head| head.project == project.id()))
}

/// What was made now, or by a request with the same key that was first meanwhile.
///
/// # Errors
/// Why nothing was made; `Unavailable` when the table does not answer.
pub async fn made(
    app: &App,
    project: &InProject,
    what: (ContentKind, Option<&str>),
    made: Result<Content>,
) -> Result<Content> {
    made_once(made, made_before(app, project, what)).await
}

/// The space that an earlier request of the caller's with the same key made; none once that was deleted.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn space_made_before(
    app: &App,
    project: &InProject,
    key: Option<&str>,
) -> Result<Option<Space>> {
    let (user, now) = (project.user.id, app.clock.now());
    let made = app.store.made_before(user, ("space", key), now).await?;
    match made.as_deref().and_then(SpaceId::parse) {
        Some(id) => app.store.space(project.id(), id).await,
        None => Ok(None),
    }
}

/// The space that was made now, or by a request with the same key that was first meanwhile.
///
/// # Errors
/// As [`made`].
pub async fn space_made(
    app: &App,
    project: &InProject,
    key: Option<&str>,
    made: Result<Space>,
) -> Result<Space> {
    made_once(made, space_made_before(app, project, key)).await
}

/// The work that an earlier request of the caller's with the same key began.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub(crate) async fn before(
    app: &App,
    project: &InProject,
    key: Option<&str>,
) -> Result<Option<WorkId>> {
    let (user, now) = (project.user.id, app.clock.now());
    app.store.work_begun_before(user, key, now).await
}

/// Begins a piece of work that no request with this key has begun. Answers that of another one that was first meanwhile.
///
/// # Errors
/// As [`work::begin`].
pub(crate) async fn begin(
    app: &App,
    project: &InProject,
    what: WorkKind,
    input: &impl Serialize,
    key: Option<&str>,
) -> Result<WorkId> {
    let Some(key) = key else {
        return Ok(work::begin(app, project, what, input).await?.id);
    };
    let id = WorkId::new(&app.random);
    let place = (project.id(), project.organization());
    let input = Packed::pack_json(input)?;
    let when = (&app.random, app.clock.now());
    let (work, job) = Work::new((id, what), place, project.user.id, input, when);
    let done = app.store.create_work_once(&work, &job, key).await;
    made_once(done.map(|()| id), before(app, project, Some(key))).await
}
