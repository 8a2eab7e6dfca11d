//! Dashboards as documents in a repository (reference 22).

use app::{
    App, InProject, Json, Ok, Path, Query, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use saved::{
    code::{
        DownloadParams, UploadParams,
        dashboard::{self, DashboardDocument, DashboardsAsCode},
        dashboard_upload,
    },
    promote::changes::Changes,
};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SlugPath {
    slug: String,
}

/// A page of the project's dashboards as documents, by slug: up to a hundred, and fewer where they are large. An id that names
/// nothing the caller may see is in `missingIds`.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/dashboards/code", operation_id = "getDashboardsAsCode", tag = "Projects",
               params(("projectUuid" = String, Path), DownloadParams), responses((status = 200, body = Ok<DashboardsAsCode>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_dashboards_as_code(
    State(app): State<App>,
    project: InProject,
    Query(params): Query<DownloadParams>,
) -> Result<Reply<DashboardsAsCode>> {
    project.require(Action::Manage, Subject::ContentAsCode)?;
    Ok(Reply(dashboard::download(&app, &project, &params).await?))
}

/// Makes the dashboard that a document describes, or changes the one of its slug to it. What is the same already stays as it
/// is, without a new version; tiles keep their ids, and comments stay on them. Its charts have to be there.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/dashboards/{slug}/code", operation_id = "upsertDashboardAsCode", tag = "Projects",
               params(("projectUuid" = String, Path), SlugPath, UploadParams), request_body = DashboardDocument,
               responses((status = 200, body = Ok<Changes>)), extensions(("x-tier" = json!("mission")), ("x-saves" = json!(true))))]
pub(crate) async fn upsert_dashboard_as_code(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SlugPath>,
    Query(params): Query<UploadParams>,
    Json(body): Json<DashboardDocument>,
) -> Result<Reply<Changes>> {
    project.require(Action::Manage, Subject::ContentAsCode)?;
    let changes = Box::pin(dashboard_upload::upload(
        &app, &project, &path.slug, body, &params,
    ));
    Ok(Reply(changes.await?))
}
