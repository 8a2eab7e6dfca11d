//! The rows of saved SQL charts: as jobs that are polled, and as queries that are kept (reference 13 §6, §11).

use app::{
    App, Beside, Error, InProject, Json, Kind, Ok, Path, Reply, Result,
    domain::{
        access::Action,
        content::{Content, ContentKind, DashboardFilters, SqlChartBody},
        id::{ContentId, QueryId},
        query::Purpose,
    },
};
use axum::extract::State;
use query::{
    Asked,
    answer::{CacheMetadata, JobBegun},
    asked::Manner,
    narrow::narrow,
    question::said,
    submit,
};
use saved::{Place, activity::viewed, sql_chart::pivot_of};
use semantic::pivot::Pivot;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    queries::SqlAsked,
    run::statement,
    sql_charts::{ChartPath, SlugPath, named, named_by_slug},
    sql_runner,
};

/// Begins the statement of an SQL chart, and counts that it was opened.
async fn begin(
    app: &App,
    project: &InProject,
    beside: &Beside,
    (head, body): (Content, SqlChartBody),
) -> Result<Reply<JobBegun>> {
    let asked = Asked {
        sql: statement(&body.sql)?.to_owned(),
        most: Some(u64::from(body.limit)),
        ..sql_runner::asked_for("sqlChartView")
    };
    viewed(app, beside, project, &head);
    sql_runner::begin(app, project.into(), &asked).await
}

/// Begins the statement of an SQL chart; `getSchedulerJobStatus` tells when its rows are there.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/{uuid}/results-job", operation_id = "getSavedSqlResultsJobByUuid",
               tag = "SQL runner", params(("projectUuid" = String, Path), ("uuid" = String, Path)),
               responses((status = 200, body = Ok<JobBegun>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_saved_sql_results_job_by_uuid(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    Path(path): Path<ChartPath>,
) -> Result<Reply<JobBegun>> {
    let found = named(&app, &project, &path.uuid).await?;
    begin(&app, &project, &beside, found).await
}

/// Begins the statement of an SQL chart by its slug.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/slug/{slug}/results-job", operation_id = "getSavedSqlResultsJob",
               tag = "SQL runner", params(("projectUuid" = String, Path), ("slug" = String, Path)),
               responses((status = 200, body = Ok<JobBegun>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_saved_sql_results_job(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    Path(path): Path<SlugPath>,
) -> Result<Reply<JobBegun>> {
    let found = named_by_slug(&app, &project, &path.slug).await?;
    begin(&app, &project, &beside, found).await
}

/// Which SQL chart is asked: by its id or by its slug.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskSqlChart {
    #[schema(nullable = false)]
    saved_sql_uuid: Option<String>,
    #[schema(nullable = false)]
    slug: Option<String>,
    /// Rows at most instead of the chart's own; null for all.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    limit: Option<Option<u32>>,
    #[schema(nullable = false)]
    context: Option<String>,
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
}

impl AskSqlChart {
    async fn find(&self, app: &App, project: &InProject) -> Result<(Content, SqlChartBody)> {
        match (&self.saved_sql_uuid, &self.slug) {
            (Some(id), _) => named(app, project, id).await,
            (None, Some(slug)) => named_by_slug(app, project, slug).await,
            (None, None) => Err(Error::invalid(
                "Say which SQL chart, by savedSqlUuid or by slug",
            )),
        }
    }

    /// A statement of the chart, turned as what is drawn needs it.
    async fn asked(
        &self,
        app: &App,
        project: &InProject,
        (sql, body): (&str, &SqlChartBody),
    ) -> Result<Asked> {
        let limit = self.limit.unwrap_or(Some(body.limit));
        let context = self.context.as_deref().unwrap_or("sqlChartView");
        let (sql, pivot) = turned(app, project, sql, (pivot_of(body), limit)).await?;
        Ok(Asked {
            sql,
            most: limit.filter(|_| pivot.is_none()).map(u64::from),
            metric_query: json!({ "exploreName": "sql_query_explorer" }),
            pivot,
            ..sql_runner::asked_for(context)
        })
    }

    fn manner(&self) -> Manner {
        Manner {
            purpose: Purpose::Rows,
            fresh: self.invalidate_cache.unwrap_or(false),
        }
    }
}

/// A statement that turns the rows of another one, if they are to be turned.
async fn turned(
    app: &App,
    project: &InProject,
    sql: &str,
    (pivot, limit): (Option<Pivot>, Option<u32>),
) -> Result<(String, Option<Pivot>)> {
    let Some(pivot) = pivot else {
        return Ok((sql.to_owned(), None));
    };
    let dialect = query::login::dialect(app, project.id()).await?;
    // Without a number it takes 500; all is more than anybody keeps.
    let limit = Some(limit.unwrap_or(i32::MAX.unsigned_abs()));
    let sql = semantic::pivot::pivot(dialect, sql, &pivot, limit)?;
    Ok((sql, Some(pivot)))
}

/// Asks a saved SQL chart; its rows are read by `GetAsyncQueryResults`.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/sql-chart", operation_id = "ExecuteAsyncSqlChartQuery", tag = "Query",
               params(("projectUuid" = String, Path)), request_body = AskSqlChart,
               responses((status = 200, body = Ok<SqlAsked>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn execute_async_sql_chart_query(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    Json(body): Json<AskSqlChart>,
) -> Result<Reply<SqlAsked>> {
    let (head, chart) = body.find(&app, &project).await?;
    let told = (statement(&chart.sql)?, &chart);
    let asked = body.asked(&app, &project, told).await?;
    viewed(&app, &beside, &project, &head);
    let submitted = submit(&app, (&project).into(), &asked, body.manner()).await?;
    match submitted.error {
        Some(error) => Err(error.into()),
        None => Ok(Reply(SqlAsked::of(&app, &submitted.query))),
    }
}

/// An SQL chart on a tile of a dashboard.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskDashboardSqlChart {
    #[serde(flatten)]
    chart: AskSqlChart,
    dashboard_uuid: String,
    tile_uuid: String,
    #[schema(value_type = Object)]
    dashboard_filters: DashboardFilters,
    /// Read and dropped: the statement has its own order.
    #[serde(rename = "dashboardSorts")]
    #[schema(nullable = false)]
    _dashboard_sorts: Option<Vec<Value>>,
}

/// An SQL chart that was asked on a dashboard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardSqlAsked {
    query_uuid: QueryId,
    cache_metadata: CacheMetadata,
    /// Of each kind, the rules that narrow its rows.
    #[schema(value_type = Object)]
    applied_dashboard_filters: Value,
}

/// Lets the caller go on only if they may see the dashboard.
async fn see_dashboard(app: &App, project: &InProject, id: &str) -> Result<()> {
    let missing = || Error::NotFound(Kind::Dashboard);
    let id = ContentId::parse(id).ok_or_else(missing)?;
    let found = app.store.content(ContentKind::Dashboard, id).await?;
    let found = found.filter(|head| head.project == project.id());
    let head = found.ok_or_else(missing)?;
    Place::of(app, project, &head).await?.require(Action::View)
}

/// Asks a saved SQL chart on a dashboard, with the dashboard's filters that name a column of it for the tile.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/dashboard-sql-chart", operation_id = "ExecuteAsyncDashboardSqlChartQuery",
               tag = "Query", params(("projectUuid" = String, Path)), request_body = AskDashboardSqlChart,
               responses((status = 200, body = Ok<DashboardSqlAsked>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn execute_async_dashboard_sql_chart_query(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    Json(body): Json<AskDashboardSqlChart>,
) -> Result<Reply<DashboardSqlAsked>> {
    let (head, chart) = body.chart.find(&app, &project).await?;
    see_dashboard(&app, &project, &body.dashboard_uuid).await?;
    let filters = (&body.dashboard_filters, body.tile_uuid.as_str());
    let narrowed = narrow(&app, project.id(), statement(&chart.sql)?, filters).await?;
    let told = (narrowed.sql.as_str(), &chart);
    let asked = body.chart.asked(&app, &project, told).await?;
    viewed(&app, &beside, &project, &head);
    let manner = body.chart.manner();
    let submitted = submit(&app, (&project).into(), &asked, manner).await?;
    match submitted.error {
        Some(error) => Err(error.into()),
        None => Ok(Reply(DashboardSqlAsked {
            query_uuid: submitted.query.id,
            cache_metadata: CacheMetadata::of(&app, &submitted.query),
            applied_dashboard_filters: narrowed.applied,
        })),
    }
}
