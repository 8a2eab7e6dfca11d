//! Previews: projects that look at the tables of another one, to try things out. Who may make one, and what it begins with.

use crate::{
    App, Error, InProject, Result, Timestamp,
    domain::{
        access::{Action, Object, ProjectKind, Subject},
        id::WorkId,
        job::{Job, Task},
        packed::Packed,
        project::Project,
        work::{CopyOf, Work, WorkKind},
    },
};

/// Lets the caller go on only if they may make a preview of a project.
///
/// # Errors
/// `Forbidden` otherwise, and when it is a preview itself.
pub fn require(upstream: &InProject) -> Result<()> {
    upstream.require(Action::View, Subject::Project)?;
    if upstream.access.project.kind_of == ProjectKind::Preview {
        return Err(Error::Forbidden("A preview has no previews"));
    }
    let made = Object {
        kind: Some(ProjectKind::Preview),
        upstream: Some(upstream.id()),
        ..Object::of(upstream.organization())
    };
    upstream.require_on(Action::Create, Subject::Project, &made)
}

/// The job that lets into a preview who is let into its upstream; none for one of nothing.
pub fn access(app: &App, preview: &Project, now: Timestamp) -> Option<Job> {
    let task = Task::CopyAccess {
        from: preview.upstream?,
        to: preview.id,
    };
    Some(Job::new(task, &app.random, now))
}

/// The work that copies into a preview what is saved in its upstream, with its job; none for one of nothing. It is begun by
/// whoever makes the preview.
///
/// # Errors
/// `Internal` when its input cannot be written.
pub fn content(app: &App, preview: &Project, now: Timestamp) -> Result<Option<(Work, Job)>> {
    let (Some(from), Some(by)) = (preview.upstream, preview.created_by) else {
        return Ok(None);
    };
    let work = (WorkId::first_of(preview.id), WorkKind::CopyContent);
    let place = (preview.id, preview.organization);
    let input = Packed::pack_json(&CopyOf { from })?;
    Ok(Some(Work::new(work, place, by, input, (&app.random, now))))
}
