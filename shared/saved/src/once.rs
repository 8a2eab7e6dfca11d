//! Work that a request with an idempotency key begins once, however often it comes.

use app::{
    App, InProject, Result,
    domain::{
        id::WorkId,
        packed::Packed,
        work::{Work, WorkKind},
    },
};
use serde::Serialize;

use crate::work;

/// The work that an earlier request of the caller's with the same key began.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub(crate) async fn before(
    app: &App,
    project: &InProject,
    key: Option<&str>,
) -> Result<Option<WorkId>> {
    match key {
        Some(key) => {
            let (user, now) = (project.user.id, app.clock.now());
            app.store.work_begun_before(user, key, now).await
        }
        None => Ok(None),
    }
}

/// Begins a piece of work that no request with this key has begun.
///
/// # Errors
/// As [`work::begin`]; `Changed` when a request with the same key was a moment earlier.
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
    app.store.create_work_once(&work, &job, key).await?;
    Ok(id)
}
