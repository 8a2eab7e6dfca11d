//! Versions of a chart: new ones, the history, and back to an old one.

use std::time::Duration;

use app::{
    App, CurrentUser, Done, DoneOk, IfMatch, Json, Ok, Path, Query, Reply, Result, Timestamp,
    domain::{
        access::Action,
        content::{ChartBody, Content, ContentKind, Version},
        id::{ContentId, UserId},
        packed::Packed,
    },
    store::Edit,
};
use axum::extract::State;
use saved::{
    Found, Names, Place,
    chart::{ChartDefinition, SavedChart},
    edit::Editing,
    people::UpdatedByUser,
    versions::{HistoryParams, history, version_of},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Tagged,
    charts::{ChartPath, require_explore, require_own_sql, shown},
};

const DAY: u64 = 24 * 60 * 60;
/// How far back the history goes, from midnight on: what the contract's document says.
const WINDOW: Duration = Duration::from_secs(30 * DAY);
/// Versions in a history at most: the newest.
const MOST: u32 = 500;
/// Versions in a history at least, if there are as many: the current one, and one to go back to.
const LEAST: usize = 2;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct VersionPath {
    pub(crate) chart_uuid: String,
    pub(crate) version_uuid: String,
}

/// Writes a new version.
async fn save(app: &App, found: &Found, rev: Option<u64>, body: &ChartBody) -> Result<Content> {
    let (packed, shown) = (Packed::pack_version(body)?, saved::chart::shown(body));
    let mut editing = Editing::new(&found.head, rev);
    loop {
        let head = editing.head()?;
        let new = Content {
            updated_at: app.clock.now(),
            updated_by: Some(found.project.user.id),
            shown: shown.clone(),
            ..head.clone()
        };
        let edit = Edit::version(&head, new, packed.clone());
        if let Some(done) = editing.apply(app, Ok(Some(edit))).await? {
            return Ok(done);
        }
    }
}

/// Gives a chart a new version. Its explore has to be there; SQL of its own takes the permission to write some.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/version", operation_id = "createSavedChartVersion", tag = "Charts",
               params(ChartPath), request_body = ChartDefinition, responses((status = 200, body = Ok<SavedChart>)),
               extensions(("x-tier" = json!("legacy")), ("x-saves" = json!(true))))]
pub(crate) async fn create_saved_chart_version(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
    IfMatch(rev): IfMatch,
    Json(body): Json<ChartDefinition>,
) -> Result<Tagged<SavedChart>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    found.place(&app).await?.require(Action::Update)?;
    let (body, _) = body.read()?;
    require_own_sql(&found.project, &body)?;
    require_explore(&app, &found.project, &body.table_name).await?;
    let head = save(&app, &found, rev, &body).await?;

    shown(&app, &found.project, &head).await
}

/// When a version was made, and by whom.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartVersionSummary {
    chart_uuid: ContentId,
    version_uuid: ContentId,
    created_at: Timestamp,
    /// Without a name, once their account is gone.
    created_by: UpdatedByUser,
}

impl ChartVersionSummary {
    fn new(version: &Version, names: &Names) -> Self {
        let author = names.get(version.created_by);
        Self {
            chart_uuid: version.of,
            version_uuid: version.id(),
            created_at: version.created_at,
            created_by: author.unwrap_or_else(|| UpdatedByUser {
                user_uuid: version.created_by.unwrap_or_else(UserId::nobody),
                first_name: String::new(),
                last_name: String::new(),
            }),
        }
    }
}

/// The versions of a chart, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChartHistory {
    history: Vec<ChartVersionSummary>,
    /// What to ask with for older versions; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<ContentId>,
}

/// When the history begins.
fn window(now: Timestamp) -> Timestamp {
    let today = now.millis().rem_euclid(DAY as i64 * 1000);
    Timestamp::from_millis(now.millis() - today) - WINDOW
}

/// Lists the versions of the last 30 days, counted from midnight (UTC), and always the current one and the one before; the
/// newest 500 of them. Older versions are kept: with `before`, those before a version are listed, however old.
#[utoipa::path(get, path = "/api/v1/saved/{chartUuid}/history", operation_id = "GetChartHistory", tag = "Charts",
               params(ChartPath, HistoryParams), responses((status = 200, body = Ok<ChartHistory>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_chart_history(
    State(app): State<App>,
    user: CurrentUser,
    Query(params): Query<HistoryParams>,
    Path(path): Path<ChartPath>,
) -> Result<Reply<ChartHistory>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    found.place(&app).await?.require(Action::View)?;
    let mut part = history(&app, &found.head, &params, MOST).await?;
    if params.before.is_none() {
        part = part.since(window(app.clock.now()), LEAST);
    }
    let authors = part
        .versions
        .iter()
        .filter_map(|version| version.created_by);
    let names = Names::read(&app, authors).await?;

    let history = part
        .versions
        .iter()
        .map(|version| ChartVersionSummary::new(version, &names));
    Ok(Reply(ChartHistory {
        history: history.collect(),
        before: part.before,
    }))
}

/// A chart as it was in a version.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChartVersion {
    #[serde(flatten)]
    summary: ChartVersionSummary,
    chart: SavedChart,
}

/// Answers a chart as it was in a version: name and place are those of today.
#[utoipa::path(get, path = "/api/v1/saved/{chartUuid}/version/{versionUuid}", operation_id = "GetChartVersion", tag = "Charts",
               params(VersionPath), responses((status = 200, body = Ok<ChartVersion>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_chart_version(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<VersionPath>,
) -> Result<Reply<ChartVersion>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    found.place(&app).await?.require(Action::View)?;
    let version = version_of(&app, &found.head, &path.version_uuid).await?;
    let then = Content {
        updated_at: version.created_at,
        updated_by: version.created_by,
        ..found.head.clone()
    };
    let place = Place::of(&app, &found.project, &then).await?;
    let names = Names::read(&app, version.created_by).await?;

    Ok(Reply(ChartVersion {
        summary: ChartVersionSummary::new(&version, &names),
        chart: SavedChart::read(&app, &place, version.body.unpack_json()?).await?,
    }))
}

/// Gives a chart a new version that is as an old one was. Nothing is lost: the history has all of them.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/rollback/{versionUuid}", operation_id = "postChartVersionRollback",
               tag = "Charts", params(VersionPath), responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn post_chart_version_rollback(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<VersionPath>,
    IfMatch(rev): IfMatch,
) -> Result<Done> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    found.place(&app).await?.require(Action::Update)?;
    let version = version_of(&app, &found.head, &path.version_uuid).await?;
    let body: ChartBody = version.body.unpack_json()?;
    require_own_sql(&found.project, &body)?;
    save(&app, &found, rev, &body).await?;

    Ok(Done)
}
