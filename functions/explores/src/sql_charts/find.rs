//! SQL charts by their ids and slugs, and what is in them for those who may see them.

use app::{
    App, Error, InProject, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, SqlChartBody},
        id::ContentId,
    },
};
use saved::Place;

use super::MISSING;

/// An SQL chart of the project by its id.
pub(crate) async fn by_id(app: &App, project: &InProject, id: &str) -> Result<Content> {
    let id = ContentId::parse(id).ok_or(MISSING)?;
    let found = app.store.content(ContentKind::SqlChart, id).await?;
    found
        .filter(|head| head.project == project.id())
        .ok_or(MISSING)
}

/// An SQL chart of the project by its slug.
pub(super) async fn by_slug(app: &App, project: &InProject, slug: &str) -> Result<Content> {
    let what = ContentKind::SqlChart;
    let id = app
        .store
        .content_of_slug(project.id(), what, slug)
        .await?
        .ok_or(MISSING)?;
    app.store.content(what, id).await?.ok_or(MISSING)
}

/// What is said of a slug to somebody who may not see its chart: the same as where nothing has it. Names can be guessed, ids
/// cannot.
pub(super) fn unseen(error: Error) -> Error {
    match error {
        Error::Forbidden(_) => MISSING,
        error => error,
    }
}

/// The latest version of an SQL chart, for those who may see it.
///
/// # Errors
/// `Forbidden` for others; `NotFound` when it is gone.
pub(super) async fn opened<'a>(
    app: &App,
    project: &'a InProject,
    head: &'a Content,
) -> Result<(Place<'a>, SqlChartBody)> {
    let (place, version) = tokio::try_join!(Place::of(app, project, head), app.store.latest(head))?;
    place.require(Action::View)?;
    Ok((place, version.body.unpack_json()?))
}

/// The head and the latest version of the SQL chart that an id names, for those who may see it.
///
/// # Errors
/// `NotFound` when the project has none; `Forbidden` for others.
pub(crate) async fn named(
    app: &App,
    project: &InProject,
    id: &str,
) -> Result<(Content, SqlChartBody)> {
    project.require(Action::View, Subject::Project)?;
    let head = by_id(app, project, id).await?;
    let (_, body) = opened(app, project, &head).await?;
    Ok((head, body))
}

/// The same by a slug.
///
/// # Errors
/// `NotFound` when the project has none, and for those who may not see it; `Forbidden` for those who may not see the project.
pub(crate) async fn named_by_slug(
    app: &App,
    project: &InProject,
    slug: &str,
) -> Result<(Content, SqlChartBody)> {
    project.require(Action::View, Subject::Project)?;
    let head = by_slug(app, project, slug).await?;
    let (_, body) = opened(app, project, &head).await.map_err(unseen)?;
    Ok((head, body))
}
