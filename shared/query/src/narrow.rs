//! The filters of a dashboard on the rows of a statement: those count that name a column of it for the tile (reference 11 §17).

use app::{
    App, Error, Result,
    domain::{content::DashboardFilters, id::ProjectId},
};
use semantic::{
    Dialect,
    explore::DimensionType,
    filter::{FieldType, Rule, rule_sql},
    literal::identifier,
    query::{FilterItem, Operator},
    time::TimeContext,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::login;

/// What the rows of the statement are called.
const ROWS: &str = "sql_query";

/// A statement with filters on its rows.
pub struct Narrowed {
    pub sql: String,
    /// The filters that count, by kind, each with the column as its target.
    pub applied: Value,
}

/// Narrows the rows of a statement on a tile by the filters that name a column for it, and are not disabled.
///
/// # Errors
/// `Invalid` for a filter that cannot be said in SQL; `NotFound` when the project has no warehouse.
pub async fn narrow(
    app: &App,
    project: ProjectId,
    sql: &str,
    (filters, tile): (&DashboardFilters, &str),
) -> Result<Narrowed> {
    let own = |rules: &[Map<String, Value>]| -> Vec<Value> {
        rules.iter().filter_map(|rule| meant(rule, tile)).collect()
    };
    let kinds = [
        own(&filters.dimensions),
        own(&filters.metrics),
        own(&filters.table_calculations),
    ];
    let mut sql = sql.to_owned();
    if kinds.iter().any(|rules| !rules.is_empty()) {
        let time = TimeContext {
            now: app.clock.now().into(),
            timezone: chrono_tz::Tz::UTC,
            start_of_week: app.store.start_of_week(project).await?,
        };
        let dialect = login::dialect(app, project).await?;
        let rules = kinds.iter().flatten();
        let rules = rules.map(|rule| condition(dialect, rule, &time));
        let rules = rules.collect::<Result<Vec<_>>>()?.join("\n  AND ");
        let rows = identifier(dialect, ROWS);
        sql = format!("SELECT * FROM (\n{sql}\n) AS {rows}\nWHERE {rules}");
    }
    let [dimensions, metrics, calculations] = kinds;
    let applied = json!({
        "dimensions": dimensions, "metrics": metrics, "tableCalculations": calculations,
    });
    Ok(Narrowed { sql, applied })
}

/// A rule as it is meant for a tile: with the column as its target. None when it is not for the tile.
fn meant(rule: &Map<String, Value>, tile: &str) -> Option<Value> {
    let is = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
    let target = rule.get("tileTargets")?.get(tile)?;
    if is(rule.get("disabled")) || !is(target.get("isSqlColumn")) {
        return None;
    }
    let mut target = target.as_object()?.clone();
    let kind = rule.get("target").and_then(|own| own.get("fallbackType"));
    if let (false, Some(kind)) = (target.contains_key("fallbackType"), kind) {
        target.insert("fallbackType".to_owned(), kind.clone());
    }
    let mut meant = rule.clone();
    meant.insert("target".to_owned(), Value::Object(target));
    Some(Value::Object(meant))
}

/// The SQL of a rule.
fn condition(dialect: Dialect, rule: &Value, time: &TimeContext) -> Result<String> {
    let wrong = |why: String| Error::invalid(format!("dashboardFilters: {why}"));
    let item = FilterItem::deserialize(rule).map_err(|error| wrong(error.to_string()))?;
    let operator = item.operator;
    let operator = operator.ok_or_else(|| wrong("a filter has an operator".to_owned()))?;
    let column = rule["target"]["fieldId"].as_str().unwrap_or_default();
    let column = [ROWS, column].map(|name| identifier(dialect, name));
    let values = item.values.unwrap_or_default();
    let known = DimensionType::deserialize(&rule["target"]["fallbackType"]);
    let kind = known.map_or_else(|_| guessed(operator, &values), FieldType::from);
    let rule = Rule {
        operator,
        values: &values,
        settings: item.settings.as_ref(),
    };
    rule_sql(dialect, &column.join("."), kind, &rule, time).map_err(wrong)
}

/// What a column is taken for whose type nobody says.
fn guessed(operator: Operator, values: &[Value]) -> FieldType {
    let all = |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(is);
    if operator.is_relative() {
        FieldType::Timestamp
    } else if all(Value::is_boolean) {
        FieldType::Boolean
    } else if all(Value::is_number) {
        FieldType::Number
    } else {
        FieldType::String
    }
}
