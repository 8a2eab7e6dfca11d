//! The values of a field, for filters (reference 13 §10).

use app::{
    App, Error, InProject, Json, Kind, Ok, Path, Reply, Result, Timestamp,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use query::{
    Question,
    answer::answer,
    question::{How, MOST_ROWS},
};
use semantic::{
    Explore, MetricQuery,
    explore::DimensionType,
    fields,
    query::{FilterItem, FilterTarget, Filters, Operator, Sort},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use warehouse::Raw;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldPath {
    field_id: String,
}

/// What is searched for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchField {
    /// The explore.
    table: String,
    /// What the values contain, in whatever case.
    search: String,
    /// How many values, 5,000 at most.
    limit: f64,
    /// Rules that hold beside it.
    #[schema(nullable = false)]
    filters: Option<FilterItem>,
    /// Here every search asks the warehouse.
    #[schema(nullable = false)]
    #[expect(dead_code, reason = "clients send it")]
    force_refresh: Option<bool>,
}

/// The values that were found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldValues {
    search: String,
    results: Vec<Value>,
    refreshed_at: Timestamp,
    cached: bool,
}

/// Searches the values of a dimension.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/field/{fieldId}/search", operation_id = "SearchFieldValues", tag = "Query",
               params(("projectUuid" = String, Path), ("fieldId" = String, Path)), request_body = SearchField,
               responses((status = 200, body = Ok<FieldValues>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn search_field_values(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<FieldPath>,
    Json(body): Json<SearchField>,
) -> Result<Reply<FieldValues>> {
    project.require(Action::View, Subject::Project)?;
    if !(1.0..=f64::from(MOST_ROWS)).contains(&body.limit) {
        return Err(Error::invalid(format!("limit is 1 to {MOST_ROWS}")));
    }
    let (_, explore) = query::explore::readable(&app, &project, &body.table).await?;
    let explore = explore.explore()?;
    let kind = kind(explore, &path.field_id)?;
    // Only text can be searched by the warehouse; of other values the first are looked through here.
    let (search, limit) = match kind {
        DimensionType::String => (body.search.as_str(), body.limit),
        _ => ("", f64::from(MOST_ROWS)),
    };
    let beside = body.filters.and_then(|filters| known(explore, filters));
    let query = query(&path.field_id, search, limit, beside);
    let question = Question::ask(&app, &project, &body.table, query, How::default()).await?;
    let rows = answer(&app, &project, &question, "filterAutocomplete").await?;
    let shown = rows.columns.first().map(|column| column.r#type);
    let values = rows.rows.iter().filter_map(|row| row.first().zip(shown));
    let values = values.map(|(value, shown)| json!(Raw(value, shown)));
    let wanted = body.search.to_lowercase();
    let found = |value: &Value| kind == DimensionType::String || text(value).contains(&wanted);
    Ok(Reply(FieldValues {
        search: body.search,
        results: values.filter(found).take(body.limit as usize).collect(),
        refreshed_at: app.clock.now(),
        cached: false,
    }))
}

/// What the values of a dimension are.
///
/// # Errors
/// `Invalid` for a metric, `NotExists` for nothing.
fn kind(explore: &Explore, id: &str) -> Result<DimensionType> {
    if let Some(dimension) = fields::dimension(explore, id) {
        return Ok(dimension.dimension_type);
    }
    if fields::metric(explore, id).is_some() {
        return Err(Error::invalid(
            "Only the values of dimensions can be searched",
        ));
    }
    Err(Error::NotExists(Kind::Field))
}

/// A filter without the rules of fields that are not there; nothing if none is left.
fn known(explore: &Explore, mut item: FilterItem) -> Option<FilterItem> {
    if let Some(target) = &item.target {
        fields::dimension(explore, &target.field_id)?;
        return Some(item);
    }
    let mut left = 0;
    for group in [&mut item.and, &mut item.or].into_iter().flatten() {
        let rules = std::mem::take(group).into_iter();
        *group = rules.filter_map(|rule| known(explore, rule)).collect();
        left += group.len();
    }
    (left > 0).then_some(item)
}

/// A value as it is searched.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    }
}

fn query(field: &str, search: &str, limit: f64, beside: Option<FilterItem>) -> MetricQuery {
    let rule = |operator, values| FilterItem {
        target: Some(FilterTarget {
            field_id: field.to_owned(),
            ..FilterTarget::default()
        }),
        operator: Some(operator),
        values: Some(values),
        ..FilterItem::default()
    };
    let mut rules = vec![rule(Operator::NotNull, Vec::new())];
    if !search.is_empty() {
        rules.push(rule(Operator::Include, vec![json!(search)]));
    }
    rules.extend(beside);
    MetricQuery {
        dimensions: vec![field.to_owned()],
        filters: Filters {
            dimensions: Some(FilterItem {
                and: Some(rules),
                ..FilterItem::default()
            }),
            ..Filters::default()
        },
        sorts: vec![Sort {
            field_id: field.to_owned(),
            ..Sort::default()
        }],
        limit,
        ..MetricQuery::default()
    }
}
