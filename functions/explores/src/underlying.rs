//! The rows behind a cell of a query that was asked before (reference 13 §11).

use app::{
    App, Error, InProject, Json, Ok, Reply, Result,
    domain::{
        access::{Action, Subject},
        query::Purpose,
    },
};
use axum::extract::State;
use query::{
    Asked, Question,
    answer::{MetricQueryAsked, submit_question, tags},
    asked::Manner,
    attributes,
    explore::readable,
    question::How,
};
use semantic::{
    MetricQuery,
    access::{Hidden, hidden},
    query::{DateZoom, FilterItem, Filters},
    underlying::{Behind, all_of, cut, underlying},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::queries;

/// Rows that are asked for where nobody says how many (reference 13 §11).
const USUAL_ROWS: f64 = 500.0;

/// Which rows are wanted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskUnderlyingData {
    /// The query whose cell it is: one of the caller's own.
    underlying_data_source_query_uuid: String,
    /// The column of the cell.
    #[schema(nullable = false)]
    underlying_data_item_id: Option<String>,
    /// What chooses the rows; the filters of the source do not count.
    filters: Filters,
    // How the date of the cell is cut, if not as the source says. What the rules equal it with is that; the rows are not cut.
    #[schema(nullable = false)]
    date_zoom: Option<DateZoom>,
    #[schema(nullable = false)]
    limit: Option<f64>,
    #[schema(nullable = false)]
    context: Option<String>,
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
}

/// Asks for the rows behind a cell of a query; they are read by `GetAsyncQueryResults`.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/underlying-data", operation_id = "ExecuteAsyncUnderlyingDataQuery",
               tag = "Query", params(("projectUuid" = String, Path)), request_body = AskUnderlyingData,
               responses((status = 200, body = Ok<MetricQueryAsked>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn execute_async_underlying_data_query(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<AskUnderlyingData>,
) -> Result<Reply<MetricQueryAsked>> {
    project.require(Action::View, Subject::UnderlyingData)?;
    let source = queries::own(&app, &project, &body.underlying_data_source_query_uuid).await?;
    let source: Asked = source.asked.unpack_json()?;
    // Of SQL, the rows have the source's only: whoever may ask that may see what is behind it.
    let how = How {
        saved: source.saved,
        ..How::default()
    };
    let source: MetricQuery = serde_json::from_value(source.metric_query)
        .map_err(|_| Error::invalid("There are no rows behind this query"))?;
    let name = source.explore_name.clone();
    let manner = Manner {
        purpose: Purpose::Rows,
        fresh: body.invalidate_cache.unwrap_or(false),
    };
    let context = body.context.clone();
    let query = behind(&app, &project, &source, body).await?;
    let question = Question::ask(&app, &project, &name, query, how).await?;
    let tags = tags(
        &question,
        context.as_deref().unwrap_or("viewUnderlyingData"),
    )?;
    let submitted = submit_question(&app, &project, &question, tags, manner).await?;
    Ok(Reply(MetricQueryAsked::new(
        &app,
        question,
        &submitted.query,
    )))
}

/// The query of the rows.
async fn behind(
    app: &App,
    project: &InProject,
    source: &MetricQuery,
    body: AskUnderlyingData,
) -> Result<MetricQuery> {
    let (entry, found) = readable(app, project, &source.explore_name).await?;
    let explore = found.explore()?;
    let hidden = if entry.personal {
        hidden(explore, &attributes::of_caller(app, project).await?)
    } else {
        Hidden::default()
    };
    let behind = Behind {
        source,
        item: body.underlying_data_item_id.as_deref(),
        hidden: &hidden,
    };
    let mut query = underlying(explore, behind);
    if query.dimensions.is_empty() {
        return Err(Error::invalid("There are no rows behind this cell"));
    }
    let own = query.filters.dimensions.take();
    query.filters = body.filters;
    let zooms = [&body.date_zoom, &source.date_zoom];
    let mut zooms = zooms.into_iter().flatten();
    let zoom = zooms.find(|zoom| zoom.granularity.is_some());
    if let (Some(zoom), Some(rules)) = (zoom, &mut query.filters.dimensions) {
        cut(explore, source, zoom, rules);
    }
    query.filters.dimensions = both(query.filters.dimensions.take(), own);
    query.limit = body.limit.unwrap_or(USUAL_ROWS);
    Ok(query)
}

/// What both let pass.
fn both(sent: Option<FilterItem>, own: Option<FilterItem>) -> Option<FilterItem> {
    let (Some(sent), Some(own)) = (&sent, &own) else {
        return sent.or(own);
    };
    // A rule that is said twice does no harm; one that only looks the same, and is left out for it, does.
    Some(all_of(vec![sent.clone(), own.clone()]))
}
