//! New charts: from a definition, or as the copy of another one.

use std::collections::BTreeSet;

use app::{
    App, Error, IdempotencyKey, InProject, Json, Kind, Ok, Query, Result,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{ChartBody, Content, ContentKind, Shown, content_description, content_name},
        id::{ContentId, SpaceId},
        packed::Packed,
        slug::slug_of,
        space::Space,
    },
    spaces::Spaces,
    store::NewContent,
};
use axum::extract::State;
use saved::{
    Place,
    chart::{ChartDefinition, SavedChart},
    once,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Tagged,
    charts::{require_explore, require_own_sql, shown},
};

/// Which of them it is, the parameter `duplicateFrom` says.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NewSavedChart {
    Whole(Box<CreateSavedChart>),
    Copy(DuplicateSavedChart),
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSavedChart {
    name: String,
    description: Option<String>,
    /// Where it goes; without, into the oldest root space that is open to all of the project or to the caller.
    space_uuid: Option<String>,
    /// The dashboard that it belongs to; then it lies where that does.
    dashboard_uuid: Option<String>,
    #[serde(flatten)]
    definition: ChartDefinition,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DuplicateSavedChart {
    chart_name: String,
    chart_desc: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct DuplicateQuery {
    /// The chart that is copied.
    #[param(nullable = false)]
    duplicate_from: Option<String>,
}

/// Makes a chart, or copies the latest version of one to where that lies. Its explore has to be there.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/saved", operation_id = "createSavedChart", tag = "Charts",
               params(("projectUuid" = String, Path), DuplicateQuery), request_body = NewSavedChart,
               responses((status = 200, body = Ok<SavedChart>)),
               extensions(("x-tier" = json!("legacy")), ("x-saves" = json!(true))))]
pub(crate) async fn create_saved_chart(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<DuplicateQuery>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<NewSavedChart>,
) -> Result<Tagged<SavedChart>> {
    project.require(Action::View, Subject::Project)?;
    let once = (ContentKind::Chart, key.as_deref());
    if let Some(made) = once::made_before(&app, &project, once).await? {
        return shown(&app, &project, &made).await;
    }
    let new = match (query.duplicate_from, body) {
        (None, NewSavedChart::Whole(body)) => whole(&app, &project, *body).await?,
        (Some(source), NewSavedChart::Copy(body)) => copy(&app, &project, &source, body).await?,
        _ => {
            return Err(Error::invalid(
                "A copy has \"duplicateFrom\" in the query and \"chartName\" in the body; another new chart has neither",
            ));
        }
    };
    let (kept, now) = (app.config.deleted_content, app.clock.now());
    let made = app.store.create_content(new, key.as_deref(), kept, now);
    let made = once::made(&app, &project, once, made.await).await?;

    shown(&app, &project, &made).await
}

/// A space, or the dashboard that a chart belongs to.
type Where = (Option<SpaceId>, Option<ContentId>);

/// A chart from its definition.
async fn whole(app: &App, project: &InProject, body: CreateSavedChart) -> Result<NewContent> {
    let spaces = Spaces::read(app, project).await?;
    let place = match (body.dashboard_uuid.as_deref(), body.space_uuid.as_deref()) {
        (Some(dashboard), _) => in_dashboard(app, &spaces, dashboard).await?,
        (None, Some(space)) => in_space(&spaces, spaces.named(space)?)?,
        (None, None) => in_space(&spaces, first_root(&spaces)?)?,
    };
    let name = content_name(&body.name)?;
    let description = content_description(body.description.as_deref())?;
    let (chart, shown) = body.definition.read()?;
    require_own_sql(project, &chart)?;
    require_explore(app, project, &chart.table_name).await?;

    new(app, project, (name, description), place, (chart, shown))
}

/// The copy of a chart of the same project, where that lies.
async fn copy(
    app: &App,
    project: &InProject,
    source: &str,
    body: DuplicateSavedChart,
) -> Result<NewContent> {
    let missing = || Error::NotFound(Kind::Chart);
    let id = ContentId::parse(source).ok_or_else(missing)?;
    let head = app.store.content(ContentKind::Chart, id).await?;
    let head = head.filter(|head| head.project == project.id());
    let head = head.ok_or_else(missing)?;
    let place = Place::of(app, project, &head).await?;
    place.require(Action::View)?;
    place.require(Action::Create)?;
    let name = content_name(&body.chart_name)?;
    let description = content_description(body.chart_desc.as_deref())?;
    let version = app.store.latest(&head).await?;
    let chart: ChartBody = version.body.unpack_json()?;
    require_own_sql(project, &chart)?;

    let shown = saved::chart::shown(&chart);
    let place = (head.space, head.dashboard);
    new(app, project, (name, description), place, (chart, shown))
}

fn new(
    app: &App,
    project: &InProject,
    (name, description): (String, Option<String>),
    (space, dashboard): Where,
    (body, shown): (ChartBody, Shown),
) -> Result<NewContent> {
    let (author, now) = (Some(project.user.id), app.clock.now());
    let head = Content {
        id: ContentId::new(&app.random),
        what: ContentKind::Chart,
        project: project.id(),
        organization: project.organization(),
        slug: slug_of(&name, &app.random),
        name,
        description,
        space,
        dashboard,
        rev: 0,
        latest: 0,
        created_at: now,
        created_by: author,
        updated_at: now,
        updated_by: author,
        deleted_at: None,
        shown,
        tiled: BTreeSet::new(),
    };
    Ok(NewContent {
        head,
        body: Packed::pack_version(&body)?,
        any_slug: true,
    })
}

fn in_space(spaces: &Spaces<'_>, space: &Space) -> Result<Where> {
    spaces.require(Action::Create, Subject::SavedChart, space)?;
    Ok((Some(space.id), None))
}

async fn in_dashboard(app: &App, spaces: &Spaces<'_>, named: &str) -> Result<Where> {
    let missing = || Error::NotFound(Kind::Dashboard);
    let id = ContentId::parse(named).ok_or_else(missing)?;
    let found = app.store.content(ContentKind::Dashboard, id).await?;
    let found = found.filter(|found| found.project == spaces.project.id());
    let space = found.and_then(|found| found.space);
    let space = space.and_then(|id| spaces.tree.get(id));
    in_space(spaces, space.ok_or_else(missing)?)?;
    Ok((None, Some(id)))
}

/// The oldest root space that is open to all of the project, or that the caller was let into, and where they may make charts.
fn first_root<'a>(spaces: &'a Spaces<'_>) -> Result<&'a Space> {
    let roots = spaces.tree.by_path().into_iter();
    let mut roots: Vec<&Space> = roots
        .filter(|space| {
            let own = spaces.own(space);
            let is_open = own.is_some_and(|own| !space.is_private || own.has_direct_access);
            space.parent.is_none() && is_open
        })
        .collect();
    roots.sort_by_key(|space| (space.created_at, space.id));
    let may = |space: &&Space| spaces.may(Action::Create, Subject::SavedChart, space);
    match roots.iter().copied().find(may) {
        Some(space) => Ok(space),
        None if roots.is_empty() => Err(Error::NotFound(Kind::Space)),
        None => Err(NOT_ALLOWED),
    }
}
