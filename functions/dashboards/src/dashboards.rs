//! Reading one dashboard.

use app::{
    App, Beside, CurrentUser, Ok, Path, Reply, Result,
    domain::{
        access::Action,
        content::{Content, ContentKind},
    },
    http::etag,
};
use axum::{extract::State, http::HeaderName};
use saved::{Contents, activity::viewed, dashboard::DashboardView};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct DashboardPath {
    pub(crate) dashboard_uuid: String,
}

/// An answer with the revision that the next edit starts from.
pub(crate) type Tagged<T> = ([(HeaderName, String); 1], T);

/// A dashboard as the caller sees it, with its latest version.
pub(crate) async fn seen(
    app: &App,
    contents: &Contents<'_>,
    head: &Content,
) -> Result<DashboardView> {
    let latest = app.store.latest(head).await?;
    DashboardView::read(app, contents, head, latest.body.unpack_json()?).await
}

/// Answers a dashboard, and counts that somebody opened it: reads by token are no views. Ten reads of the table and at most three
/// writes, however many tiles it has; explores are not read.
#[utoipa::path(get, path = "/api/v1/dashboards/{dashboardUuid}", operation_id = "getDashboard", tag = "Dashboards",
               params(DashboardPath), responses((status = 200, body = Ok<DashboardView>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_dashboard(
    State(app): State<App>,
    user: CurrentUser,
    beside: Beside,
    Path(path): Path<DashboardPath>,
) -> Result<Tagged<Reply<DashboardView>>> {
    let found = saved::find(&app, user, ContentKind::Dashboard, &path.dashboard_uuid).await?;
    let head = &found.head;
    let contents = Contents::read(&app, &found.project).await?;
    contents.require(Action::View, head)?;

    let view = seen(&app, &contents, head).await?;
    viewed(&app, &beside, &found.project, head);
    Ok((etag(head.rev), Reply(view)))
}

/// Tells how often a dashboard was opened.
#[utoipa::path(get, path = "/api/v1/dashboards/{dashboardUuid}/views", operation_id = "getDashboardViews", tag = "Dashboards",
               params(DashboardPath), responses((status = 200, body = Ok<u64>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_dashboard_views(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<DashboardPath>,
) -> Result<Reply<u64>> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    found.place(&app).await?.require(Action::View)?;

    let views = app.store.views(&[(kind, found.head.id)]).await?;
    Ok(Reply(views.first().map_or(0, |views| views.views)))
}
