//! One chart: reading, changing and deleting it, and how often it was opened.

use app::{
    App, Beside, CurrentUser, Done, DoneOk, Error, IfMatch, InProject, Json, Kind, Ok, Path, Reply,
    Result, Timestamp,
    domain::{
        access::{Action, Subject},
        content::{ChartBody, Content, ContentKind, content_description, content_name},
    },
    http::etag,
    store::Edit,
};
use axum::extract::State;
use saved::{Place, activity::viewed, chart::SavedChart, edit::Editing};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Tagged;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct ChartPath {
    pub(crate) chart_uuid: String,
}

/// A chart with its latest version and its revision, for those who may see it.
///
/// # Errors
/// `Forbidden` for others; `NotFound` when its space or its dashboard is gone.
pub(crate) async fn shown(
    app: &App,
    project: &InProject,
    head: &Content,
) -> Result<Tagged<SavedChart>> {
    let (place, version) = tokio::try_join!(Place::of(app, project, head), app.store.latest(head))?;
    place.require(Action::View)?;
    let chart = SavedChart::read(app, &place, version.body.unpack_json()?).await?;
    Ok((etag(head.rev), Reply(chart)))
}

/// Lets go on only those who may write the SQL that a chart has in dimensions of its own.
///
/// # Errors
/// `CustomSql` for others.
pub(crate) fn require_own_sql(project: &InProject, body: &ChartBody) -> Result<()> {
    saved::code::allow_sql(project, &body.metric_query)
}

/// Lets go on only with an explore that is there, compiled or not. Fields need not be there: validation tells.
///
/// # Errors
/// `NotExists` without it.
pub(crate) async fn require_explore(app: &App, project: &InProject, name: &str) -> Result<()> {
    let found = app.store.explore(project.id(), name).await?;
    found.map(|_| ()).ok_or(Error::NotExists(Kind::Explore))
}

/// Answers a chart with its latest version, and counts that somebody opened it: reads by token are no views.
#[utoipa::path(get, path = "/api/v1/saved/{chartUuid}", operation_id = "getSavedChart", tag = "Charts",
               params(ChartPath), responses((status = 200, body = Ok<SavedChart>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_saved_chart(
    State(app): State<App>,
    user: CurrentUser,
    beside: Beside,
    Path(path): Path<ChartPath>,
) -> Result<Tagged<SavedChart>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    let answer = shown(&app, &found.project, &found.head).await?;

    viewed(&app, &beside, &found.project, &found.head);
    Ok(answer)
}

/// What of a chart has no versions. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateSavedChart {
    #[schema(nullable = false)]
    name: Option<String>,
    /// Null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Where it goes. A chart of a dashboard leaves that, and its tiles still show it.
    space_uuid: Option<String>,
}

/// Tells a null from what is absent.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    sent: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(sent).map(Some)
}

impl UpdateSavedChart {
    /// The head as it is to be.
    fn applied(&self, place: &Place<'_>) -> Result<Content> {
        let mut new = place.head.clone();
        if let Some(name) = &self.name {
            new.name = content_name(name)?;
        }
        if let Some(description) = &self.description {
            new.description = content_description(description.as_deref())?;
        }
        if let Some(named) = &self.space_uuid {
            let space = place.spaces.named(named)?;
            if new.space != Some(space.id) {
                place
                    .spaces
                    .require(Action::Create, Subject::SavedChart, space)?;
                (new.space, new.dashboard) = (Some(space.id), None);
            }
        }
        Ok(new)
    }
}

/// Renames, describes or moves a chart: for those who may change it where it is, and make charts where it goes. The slug
/// stays, and there is no new version.
#[utoipa::path(patch, path = "/api/v1/saved/{chartUuid}", operation_id = "updateSavedChart", tag = "Charts",
               params(ChartPath), request_body = UpdateSavedChart, responses((status = 200, body = Ok<SavedChart>)),
               extensions(("x-tier" = json!("legacy")), ("x-saves" = json!(true))))]
pub(crate) async fn update_saved_chart(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
    IfMatch(rev): IfMatch,
    Json(body): Json<UpdateSavedChart>,
) -> Result<Tagged<SavedChart>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    let mut editing = Editing::new(&found.head, rev);
    let head = loop {
        let head = &editing.head()?;
        let change = async {
            let place = Place::of(&app, &found.project, head).await?;
            place.require(Action::Update)?;
            let new = body.applied(&place)?;
            Ok((new != *head).then(|| Edit::change(head, new)))
        };
        if let Some(done) = editing.apply(&app, change.await).await? {
            break done;
        }
    };

    shown(&app, &found.project, &head).await
}

/// Deletes a chart. It can be restored for a while; tiles that show it say that it is gone.
#[utoipa::path(delete, path = "/api/v1/saved/{chartUuid}", operation_id = "deleteSavedChart", tag = "Charts",
               params(ChartPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn delete_saved_chart(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
    IfMatch(rev): IfMatch,
) -> Result<Done> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    let mut editing = Editing::new(&found.head, rev);
    loop {
        let head = editing.head()?;
        let place = Place::of(&app, &found.project, &head).await?;
        place.require(Action::Delete)?;
        let edit = Edit::delete(&head, app.clock.now());
        if editing.apply(&app, Ok(Some(edit))).await?.is_some() {
            break;
        }
    }

    Ok(Done)
}

/// How often a chart was opened, and when first: now, if never.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartViews {
    views: u64,
    first_viewed_at: Timestamp,
}

/// Tells how often a chart was opened.
#[utoipa::path(get, path = "/api/v1/saved/{chartUuid}/views", operation_id = "getSavedChartViews", tag = "Charts",
               params(ChartPath), responses((status = 200, body = Ok<ChartViews>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_saved_chart_views(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
) -> Result<Reply<ChartViews>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    found.place(&app).await?.require(Action::View)?;
    let wanted = [(ContentKind::Chart, found.head.id)];
    let views = app.store.views(&wanted).await?;
    let views = views.first().copied().unwrap_or_default();

    Ok(Reply(ChartViews {
        views: views.views,
        first_viewed_at: views.first_viewed_at.unwrap_or_else(|| app.clock.now()),
    }))
}
