//! Charts as documents in a repository (reference 22).

use app::{
    App, InProject, Json, Ok, Path, Query, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use saved::{
    code::{
        DownloadParams, UploadParams,
        chart::{self, ChartDocument, ChartsAsCode},
        chart_upload,
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

/// A page of the project's charts as documents, by slug: up to a hundred, and fewer where they are large. An id that names
/// nothing the caller may see is in `missingIds`.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/charts/code", operation_id = "getChartsAsCode", tag = "Projects",
               params(("projectUuid" = String, Path), DownloadParams), responses((status = 200, body = Ok<ChartsAsCode>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_charts_as_code(
    State(app): State<App>,
    project: InProject,
    Query(params): Query<DownloadParams>,
) -> Result<Reply<ChartsAsCode>> {
    project.require(Action::Manage, Subject::ContentAsCode)?;
    Ok(Reply(chart::download(&app, &project, &params).await?))
}

/// Makes the chart that a document describes, or changes the one of its slug to it. What is the same already stays as it is,
/// without a new version.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/charts/{slug}/code", operation_id = "upsertChartAsCode", tag = "Projects",
               params(("projectUuid" = String, Path), SlugPath, UploadParams), request_body = ChartDocument,
               responses((status = 200, body = Ok<Changes>)), extensions(("x-tier" = json!("mission")), ("x-saves" = json!(true))))]
pub(crate) async fn upsert_chart_as_code(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SlugPath>,
    Query(params): Query<UploadParams>,
    Json(body): Json<ChartDocument>,
) -> Result<Reply<Changes>> {
    project.require(Action::Manage, Subject::ContentAsCode)?;
    let changes = Box::pin(chart_upload::upload(
        &app, &project, &path.slug, body, &params,
    ));
    Ok(Reply(changes.await?))
}
