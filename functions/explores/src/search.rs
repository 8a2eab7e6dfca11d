//! The values of a field, for filters (reference 13 §10).

use std::sync::Arc;

use app::{
    App, Error, InProject, Json, Kind, Ok, Path, Reply, Result, Timestamp,
    domain::access::{Action, Subject},
    store::ExploreBody,
};
use axum::extract::State;
use query::{
    Question,
    answer::answer,
    explore::{model_of, readable},
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
    /// The explore, or the alias under which another one joins its table.
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
    let explore = explore_of(&app, &project, &body.table).await?;
    let explore = explore.explore()?;
    let of_model = |id: &str| of_model(id, &body.table, &explore.name);
    let field = of_model(&path.field_id);
    let kind = kind(explore, &field)?;
    // Only text can be searched by the warehouse; of other values the first are looked through here.
    let (search, limit) = match kind {
        DimensionType::String => (body.search.as_str(), body.limit),
        _ => ("", f64::from(MOST_ROWS)),
    };
    let beside = body.filters;
    let beside = beside.and_then(|filters| known(explore, filters, &of_model));
    let query = query(&field, search, limit, beside);
    let question = Question::ask(&app, &project, &explore.name, query, How::default()).await?;
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

/// The explore of a name; where there is none, that of the model which another explore joins under this alias.
async fn explore_of(app: &App, project: &InProject, table: &str) -> Result<Arc<ExploreBody>> {
    let found = match readable(app, project, table).await {
        Err(Error::NotExists(Kind::Explore)) => {
            let model = model_of(app, project, table).await?;
            let model = model.ok_or(Error::NotExists(Kind::Explore))?;
            readable(app, project, &model).await?
        }
        found => found?,
    };
    Ok(found.1)
}

/// The id of a field of a table as the model has it; other fields keep theirs.
fn of_model(id: &str, table: &str, model: &str) -> String {
    let name = id.strip_prefix(table);
    let name = name.and_then(|rest| rest.strip_prefix('_'));
    name.map_or_else(|| id.to_owned(), |name| format!("{model}_{name}"))
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

/// A filter of the model's fields, without the rules of fields that are not there; nothing if none is left.
fn known(
    explore: &Explore,
    mut item: FilterItem,
    of_model: &impl Fn(&str) -> String,
) -> Option<FilterItem> {
    if let Some(target) = &mut item.target {
        target.field_id = of_model(&target.field_id);
        fields::dimension(explore, &target.field_id)?;
        return Some(item);
    }
    let mut left = 0;
    for group in [&mut item.and, &mut item.or].into_iter().flatten() {
        let rules = std::mem::take(group).into_iter();
        *group = rules
            .filter_map(|rule| known(explore, rule, of_model))
            .collect();
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
