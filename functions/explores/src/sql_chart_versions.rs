//! The versions of an SQL chart: every save of its statement, its limit or how it is drawn made one.

use app::{
    App, Done, DoneOk, IfMatch, InProject, Ok, Path, Query, Reply, Result, Timestamp,
    domain::{
        access::{Action, Subject},
        content::{Content, SqlChartBody, Version},
        id::ContentId,
        packed::Packed,
    },
    http::etag,
    store::Edit,
};
use axum::{extract::State, http::HeaderName};
use saved::{
    Names, Place,
    edit::Editing,
    people::UpdatedByUser,
    sql_chart::{self, SqlChart},
    versions::{HistoryParams, history, version_of},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sql_charts::{ChartPath, by_id};

/// Versions that a part of the history shows.
const MOST_SHOWN: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionPath {
    uuid: String,
    version_uuid: String,
}

/// A version in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SqlChartVersionSummary {
    saved_sql_uuid: ContentId,
    version_uuid: ContentId,
    created_at: Timestamp,
    /// None once their account is gone.
    #[schema(required)]
    created_by: Option<UpdatedByUser>,
}

impl SqlChartVersionSummary {
    fn new(version: &Version, names: &Names) -> Self {
        Self {
            saved_sql_uuid: version.of,
            version_uuid: version.id(),
            created_at: version.created_at,
            created_by: names.get(version.created_by),
        }
    }
}

/// The versions of an SQL chart, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SqlChartHistory {
    history: Vec<SqlChartVersionSummary>,
    /// What to ask with for older versions; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<ContentId>,
}

/// A version, and the SQL chart as it was then.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SqlChartVersion {
    #[serde(flatten)]
    summary: SqlChartVersionSummary,
    chart: SqlChart,
}

/// Lists the newest hundred versions of an SQL chart, the newest first; with `before`, older ones.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/{uuid}/history", operation_id = "getSqlChartHistory",
               tag = "SQL runner", params(("projectUuid" = String, Path), ("uuid" = String, Path), HistoryParams),
               responses((status = 200, body = Ok<SqlChartHistory>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_sql_chart_history(
    State(app): State<App>,
    project: InProject,
    Query(params): Query<HistoryParams>,
    Path(path): Path<ChartPath>,
) -> Result<Reply<SqlChartHistory>> {
    project.require(Action::View, Subject::Project)?;
    let head = by_id(&app, &project, &path.uuid).await?;
    let place = Place::of(&app, &project, &head).await?;
    place.require(Action::View)?;

    let part = history(&app, &head, &params, MOST_SHOWN).await?;
    let authors = part.versions.iter().filter_map(|one| one.created_by);
    let names = Names::read(&app, authors).await?;
    let history = part.versions.iter();
    let history = history.map(|version| SqlChartVersionSummary::new(version, &names));
    Ok(Reply(SqlChartHistory {
        history: history.collect(),
        before: part.before,
    }))
}

/// Answers an SQL chart as a version has it. Name and space are today's.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/{uuid}/version/{versionUuid}",
               operation_id = "getSqlChartVersion", tag = "SQL runner",
               params(("projectUuid" = String, Path), ("uuid" = String, Path), ("versionUuid" = String, Path)),
               responses((status = 200, body = Ok<SqlChartVersion>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_sql_chart_version(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<VersionPath>,
) -> Result<Reply<SqlChartVersion>> {
    project.require(Action::View, Subject::Project)?;
    let head = by_id(&app, &project, &path.uuid).await?;
    let place = Place::of(&app, &project, &head).await?;
    place.require(Action::View)?;
    let version = version_of(&app, &head, &path.version_uuid).await?;

    let then = Content {
        updated_at: version.created_at,
        updated_by: version.created_by,
        ..head.clone()
    };
    let place = Place::of(&app, &project, &then).await?;
    let names = Names::read(&app, version.created_by).await?;
    Ok(Reply(SqlChartVersion {
        summary: SqlChartVersionSummary::new(&version, &names),
        chart: SqlChart::read(&app, &place, version.body.unpack_json()?).await?,
    }))
}

/// Makes a new version that holds what an earlier one does. Nothing is lost; name and space stay. Nothing is written where the
/// latest version holds the same.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/{uuid}/rollback/{versionUuid}",
               operation_id = "rollbackSqlChart", tag = "SQL runner",
               params(("projectUuid" = String, Path), ("uuid" = String, Path), ("versionUuid" = String, Path)),
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn rollback_sql_chart(
    State(app): State<App>,
    project: InProject,
    IfMatch(rev): IfMatch,
    Path(path): Path<VersionPath>,
) -> Result<([(HeaderName, String); 1], Done)> {
    project.require(Action::Manage, Subject::CustomSql)?;
    let head = by_id(&app, &project, &path.uuid).await?;
    let place = Place::of(&app, &project, &head).await?;
    place.require(Action::Update)?;
    let version = version_of(&app, &head, &path.version_uuid).await?;
    let body: SqlChartBody = version.body.unpack_json()?;

    let mut editing = Editing::new(&head, rev);
    let done = loop {
        let head = &editing.head()?;
        let change = async {
            let latest: SqlChartBody = app.store.latest(head).await?.body.unpack_json()?;
            if latest == body {
                return Ok(None);
            }
            let new = Content {
                updated_at: app.clock.now(),
                updated_by: Some(project.user.id),
                shown: sql_chart::shown(&body),
                ..head.clone()
            };
            Packed::pack_version(&body).map(|body| Some(Edit::version(head, new, body)))
        };
        if let Some(done) = editing.apply(&app, change.await).await? {
            break done;
        }
    };
    Ok((etag(done.rev), Done))
}
