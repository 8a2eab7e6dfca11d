//! Saved charts that are asked so that their rows are kept and polled (reference 13 §11).

use app::{
    App, Beside, Error, InProject, Json, Kind, Ok, Reply, Result,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
        id::ContentId,
        query::Purpose,
    },
};
use axum::extract::State;
use query::{
    answer::{MetricQueryAsked, submit_question},
    asked::Manner,
    chart,
    dashboard::{OnDashboard, note_date},
    question::{How, said},
};
use saved::{Place, activity::viewed, dashboard::ShownFilters};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A chart that is to be asked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskChart {
    chart_uuid: String,
    /// A version of the chart; without, the latest.
    #[schema(nullable = false)]
    version_uuid: Option<String>,
    #[serde(flatten)]
    how: HowAsked,
}

/// How a chart is to be asked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HowChartIsAsked)]
pub(crate) struct HowAsked {
    /// Rows at most instead of the chart's own number; null for all.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<f64>)]
    limit: Option<Option<f64>>,
    /// What the query is for; warehouses are told.
    #[schema(nullable = false)]
    context: Option<String>,
    /// Whether rows that another query left will not do.
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
}

impl HowAsked {
    fn context(&self) -> &str {
        self.context.as_deref().unwrap_or("api")
    }

    fn manner(&self) -> Manner {
        Manner {
            purpose: Purpose::Rows,
            fresh: self.invalidate_cache.unwrap_or(false),
        }
    }
}

/// A chart of this project that the caller may see.
///
/// # Errors
/// `NotFound` for one that is not there; `Forbidden` for one of another project of the organisation, too.
async fn visible(app: &App, project: &InProject, id: &str) -> Result<Content> {
    project.require(Action::View, Subject::Project)?;
    let missing = || Error::NotFound(Kind::Chart);
    let id = ContentId::parse(id).ok_or_else(missing)?;
    let found = app.store.content(ContentKind::Chart, id).await?;
    let found = found.filter(|head| head.organization == project.organization());
    let head = found.ok_or_else(missing)?;
    if head.project != project.id() {
        return Err(NOT_ALLOWED);
    }
    Place::of(app, project, &head)
        .await?
        .require(Action::View)?;
    Ok(head)
}

/// Asks a chart, and counts that it was opened; its rows are read by `GetAsyncQueryResults`.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/chart", operation_id = "ExecuteAsyncSavedChartQuery", tag = "Query",
               params(("projectUuid" = String, Path)), request_body = AskChart,
               responses((status = 200, body = Ok<MetricQueryAsked>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn execute_async_saved_chart_query(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    Json(body): Json<AskChart>,
) -> Result<Reply<MetricQueryAsked>> {
    let head = visible(&app, &project, &body.chart_uuid).await?;
    let version = chart::body(&app, &head, body.version_uuid.as_deref()).await?;
    let asking = chart::ask(&app, &project, &version, How::default(), |query, _| {
        chart::limited(query, body.how.limit);
        Ok(())
    });
    let (question, ()) = asking.await?;
    let tags = chart::tagged(&question, body.how.context(), head.id, None)?;
    let manner = body.how.manner();
    let submitted = submit_question(&app, &project, &question, tags, manner).await?;
    viewed(&app, &beside, &project, &head);
    Ok(Reply(MetricQueryAsked::new(
        &app,
        question,
        &submitted.query,
    )))
}

/// A chart that is to be asked as a dashboard shows it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskDashboardChart {
    chart_uuid: String,
    #[serde(flatten)]
    on: OnDashboard,
    #[serde(flatten)]
    how: HowAsked,
}

/// A chart that was asked as a dashboard shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardChartAsked {
    #[serde(flatten)]
    asked: MetricQueryAsked,
    /// The rules that were laid over the chart, with the fields that they look at.
    applied_dashboard_filters: ShownFilters,
}

/// Asks a chart as a dashboard shows it, and counts that it was opened; its rows are read by `GetAsyncQueryResults`.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/dashboard-chart", operation_id = "ExecuteAsyncDashboardChartQuery", tag = "Query",
               params(("projectUuid" = String, Path)), request_body = AskDashboardChart,
               responses((status = 200, body = Ok<DashboardChartAsked>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn execute_async_dashboard_chart_query(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    Json(body): Json<AskDashboardChart>,
) -> Result<Reply<DashboardChartAsked>> {
    let head = visible(&app, &project, &body.chart_uuid).await?;
    let version = chart::body(&app, &head, None).await?;
    let (dashboard, overlay) = body.on.read()?;
    let along = chart::x_field(&version);
    let asking = chart::ask(
        &app,
        &project,
        &version,
        How::default(),
        |query, explore| {
            let applied = overlay.lay(query, explore)?;
            note_date(query, explore, along.as_deref());
            chart::limited(query, body.how.limit);
            Ok(applied)
        },
    );
    let (question, applied) = asking.await?;
    let tags = chart::tagged(&question, body.how.context(), head.id, dashboard)?;
    let manner = body.how.manner();
    let submitted = submit_question(&app, &project, &question, tags, manner).await?;
    viewed(&app, &beside, &project, &head);
    Ok(Reply(DashboardChartAsked {
        asked: MetricQueryAsked::new(&app, question, &submitted.query),
        applied_dashboard_filters: applied.into(),
    }))
}
