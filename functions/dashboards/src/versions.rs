//! The versions of a dashboard: every save of its tiles, tabs, filters or options made one.

use app::{
    App, CurrentUser, Done, DoneOk, IfMatch, Ok, Path, Query, Reply, Result, Timestamp,
    domain::{
        access::Action,
        content::{Content, ContentKind, DashboardBody, Version},
        id::ContentId,
    },
};
use axum::extract::State;
use saved::{
    Contents, Names,
    dashboard::DashboardView,
    edit::Editing,
    people::UpdatedByUser,
    versions::{HistoryParams, history, version_of},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    change::versioned,
    dashboards::{DashboardPath, Tagged},
};

/// Versions that a part of the history shows.
const MOST_SHOWN: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct DashboardVersionPath {
    dashboard_uuid: String,
    version_uuid: String,
}

/// A version in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardVersionSummary {
    dashboard_uuid: ContentId,
    version_uuid: ContentId,
    created_at: Timestamp,
    /// None once their account is gone.
    #[schema(required)]
    created_by: Option<UpdatedByUser>,
}

impl DashboardVersionSummary {
    fn new(version: &Version, names: &Names) -> Self {
        Self {
            dashboard_uuid: version.of,
            version_uuid: version.id(),
            created_at: version.created_at,
            created_by: names.get(version.created_by),
        }
    }
}

/// The versions of a dashboard.
#[derive(Serialize, ToSchema)]
pub(crate) struct DashboardHistory {
    history: Vec<DashboardVersionSummary>,
    /// What to ask with for older versions; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<ContentId>,
}

/// A version, and the dashboard as it was then.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardVersion {
    #[serde(flatten)]
    summary: DashboardVersionSummary,
    dashboard: DashboardView,
}

/// Lists the newest hundred versions of a dashboard, the newest first; with `before`, older ones.
#[utoipa::path(get, path = "/api/v1/dashboards/{dashboardUuid}/history", operation_id = "getDashboardHistory", tag = "Dashboards",
               params(DashboardPath, HistoryParams), responses((status = 200, body = Ok<DashboardHistory>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_dashboard_history(
    State(app): State<App>,
    user: CurrentUser,
    Query(params): Query<HistoryParams>,
    Path(path): Path<DashboardPath>,
) -> Result<Reply<DashboardHistory>> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    found.place(&app).await?.require(Action::View)?;

    let part = history(&app, &found.head, &params, MOST_SHOWN).await?;
    let authors = part
        .versions
        .iter()
        .filter_map(|version| version.created_by);
    let names = Names::read(&app, authors).await?;
    let history = part.versions.iter();
    let history = history.map(|version| DashboardVersionSummary::new(version, &names));
    Ok(Reply(DashboardHistory {
        history: history.collect(),
        before: part.before,
    }))
}

/// Answers a dashboard as a version has it. Name and space are today's; it does not count as opened.
#[utoipa::path(get, path = "/api/v1/dashboards/{dashboardUuid}/version/{versionUuid}", operation_id = "getDashboardVersion", tag = "Dashboards",
               params(DashboardVersionPath), responses((status = 200, body = Ok<DashboardVersion>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_dashboard_version(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<DashboardVersionPath>,
) -> Result<Reply<DashboardVersion>> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    let contents = Contents::read(&app, &found.project).await?;
    contents.require(Action::View, &found.head)?;
    let version = version_of(&app, &found.head, &path.version_uuid).await?;

    let then = Content {
        latest: version.number,
        updated_at: version.created_at,
        updated_by: version.created_by,
        ..found.head.clone()
    };
    let body = version.body.unpack_json()?;
    let dashboard = DashboardView::read(&app, &contents, &then, body).await?;
    let names = Names::read(&app, version.created_by).await?;
    Ok(Reply(DashboardVersion {
        summary: DashboardVersionSummary::new(&version, &names),
        dashboard,
    }))
}

/// Makes a new version that holds what an earlier one does. Nothing is lost; name and space stay. Nothing is written where the
/// latest version holds the same.
#[utoipa::path(post, path = "/api/v1/dashboards/{dashboardUuid}/rollback/{versionUuid}", operation_id = "rollbackDashboard", tag = "Dashboards",
               params(DashboardVersionPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn rollback_dashboard(
    State(app): State<App>,
    user: CurrentUser,
    IfMatch(rev): IfMatch,
    Path(path): Path<DashboardVersionPath>,
) -> Result<Tagged<Done>> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    found.place(&app).await?.require(Action::Update)?;
    let version = version_of(&app, &found.head, &path.version_uuid).await?;
    let body: DashboardBody = version.body.unpack_json()?;

    let author = found.project.user.id;
    let mut editing = Editing::new(&found.head, rev);
    let head = loop {
        let head = &editing.head()?;
        let change = async {
            let latest: DashboardBody = app.store.latest(head).await?.body.unpack_json()?;
            if latest == body {
                return Ok(None);
            }
            versioned(&app, author, (head, head.clone()), &body).map(Some)
        };
        if let Some(done) = editing.apply(&app, change.await).await? {
            break done;
        }
    };
    Ok((app::http::etag(head.rev), Done))
}
