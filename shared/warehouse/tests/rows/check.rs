//! Both databases, and when their answers are the same.

use std::sync::OnceLock;

use chrono::DateTime;
use chrono_tz::Tz;
use semantic::{Explore, MetricQuery, Options};
use serde_json::{Value, json};
use warehouse::embedded::Engine;
use warehouse::{Rows, Type};

use crate::{data, postgres};

/// One engine for all tests, as it is in production.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(data::engine)
}

/// What both answer to a query.
pub(crate) async fn both(sql: &str) -> (Result<Rows, String>, Result<Rows, String>) {
    let embedded = engine().query(sql).await.map_err(|error| error.to_string());
    (embedded, postgres::query(sql).await)
}

/// Numbers are numbers, whichever type they have: `date_part` is a double and `EXTRACT` a decimal.
pub(crate) fn is_number(r#type: Type) -> bool {
    matches!(r#type, Type::Integer | Type::Double | Type::Decimal)
}

/// The same value, but for the last digits of a number: doubles are added in another order, and quotients of decimals
/// are cut at another place.
pub(crate) fn same(one: &Value, other: &Value, number: bool) -> bool {
    if one == other {
        return true;
    }
    match (number, as_number(one), as_number(other)) {
        (true, Some(one), Some(other)) => {
            (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
        }
        _ => false,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// A metric query on an explore, and what it is asked with.
pub(crate) struct Case {
    explore: Value,
    query: Value,
    /// What JSON does not carry of a total or a subtotal.
    also_joins: Vec<String>,
    options: Options,
}

impl Case {
    /// Nothing selected, at most 500 rows, on a Wednesday afternoon, in UTC.
    pub(crate) fn on(explore: Value) -> Self {
        let query = json!({
            "exploreName": explore["name"], "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
            "tableCalculations": [], "additionalMetrics": [], "customDimensions": [],
        });
        let case = Self {
            explore,
            query,
            also_joins: Vec::new(),
            options: Options::new(DateTime::UNIX_EPOCH),
        };
        case.now("2024-05-15T14:35:50.123Z")
    }

    pub(crate) fn dimensions(mut self, ids: &[&str]) -> Self {
        self.query["dimensions"] = json!(ids);
        self
    }

    pub(crate) fn metrics(mut self, ids: &[&str]) -> Self {
        self.query["metrics"] = json!(ids);
        self
    }

    /// A rule or a group, joined to the others by AND.
    pub(crate) fn filter(self, item: Value) -> Self {
        self.add_filter("dimensions", item)
    }

    pub(crate) fn metric_filter(self, item: Value) -> Self {
        self.add_filter("metrics", item)
    }

    pub(crate) fn calculation_filter(self, item: Value) -> Self {
        self.add_filter("tableCalculations", item)
    }

    fn add_filter(mut self, kind: &str, item: Value) -> Self {
        let group = &mut self.query["filters"][kind];
        if group.is_null() {
            *group = json!({"id": kind, "and": []});
        }
        group["and"].as_array_mut().unwrap().push(item);
        self
    }

    /// The rows come in this order, and are compared in it.
    pub(crate) fn sorted(self, id: &str, descending: bool) -> Self {
        self.add("sorts", json!({"fieldId": id, "descending": descending}))
    }

    pub(crate) fn calculation(self, name: &str, sql: &str) -> Self {
        self.add(
            "tableCalculations",
            json!({"name": name, "displayName": name, "sql": sql, "type": "number"}),
        )
    }

    /// One more of a list of the query.
    pub(crate) fn add(mut self, list: &str, item: Value) -> Self {
        self.query[list].as_array_mut().unwrap().push(item);
        self
    }

    pub(crate) fn set(mut self, name: &str, value: Value) -> Self {
        self.query[name] = value;
        self
    }

    pub(crate) fn now(mut self, now: &str) -> Self {
        self.options.now = now.parse().expect("an instant");
        self
    }

    pub(crate) fn zone(mut self, zone: Tz) -> Self {
        self.options.timezone = zone;
        self
    }

    pub(crate) fn week(mut self, day: u8) -> Self {
        self.options.start_of_week = Some(day);
        self
    }

    pub(crate) fn attribute(mut self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.options
            .attributes
            .values
            .insert(name.to_owned(), values);
        self
    }

    pub(crate) fn custom_sql(mut self) -> Self {
        self.options.custom_sql = true;
        self
    }

    /// Both databases answer these rows, whose values stand in the order of dimensions, metrics and table calculations of
    /// the query.
    pub(crate) async fn answers(self, expected: Vec<Vec<Value>>) {
        let ids = self.ids();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let sorted = self.query["sorts"]
            .as_array()
            .is_some_and(|all| !all.is_empty());
        answers(&self.compile(), &ids, sorted, expected).await;
    }

    /// The query of the grand total.
    pub(crate) fn total(mut self) -> Self {
        let (_, query) = self.read();
        self.become_query(semantic::totals::total(&query));
        self
    }

    /// The queries of the subtotals by their keys; columns come in the order of the dimensions.
    pub(crate) fn subtotals(self) -> Vec<(String, Self)> {
        let (_, query) = self.read();
        semantic::totals::subtotals(&query, &query.dimensions, &[], 500)
            .into_iter()
            .map(|(key, query)| {
                let mut case = Self {
                    explore: self.explore.clone(),
                    query: Value::Null,
                    also_joins: Vec::new(),
                    options: self.options.clone(),
                };
                case.become_query(query);
                (key, case)
            })
            .collect()
    }

    fn become_query(&mut self, query: MetricQuery) {
        self.query = serde_json::to_value(&query).expect("a query");
        self.also_joins = query.also_joins;
    }

    /// The SQL that turns the rows.
    pub(crate) fn pivoted(&self, pivot: Value, limit: Option<u32>) -> String {
        let pivot = serde_json::from_value(pivot).expect("a pivot");
        semantic::pivot::pivot(semantic::Dialect::Postgres, &self.compile(), &pivot, limit)
            .expect("it can be turned")
    }

    /// What the compiler warns of.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let (explore, query) = self.read();
        let compiled = semantic::compile(&explore, &query, &self.options).expect("it compiles");
        compiled
            .warnings
            .into_iter()
            .map(|warning| warning.message)
            .collect()
    }

    /// The reasons why it does not compile.
    pub(crate) fn refusal(&self) -> String {
        let (explore, query) = self.read();
        match semantic::compile(&explore, &query, &self.options) {
            Ok(compiled) => panic!("it compiles:\n{}", compiled.sql),
            Err(errors) => errors.to_string(),
        }
    }

    fn read(&self) -> (Explore, MetricQuery) {
        let explore = serde_json::from_value(self.explore.clone()).expect("an explore");
        let mut query: MetricQuery = serde_json::from_value(self.query.clone()).expect("a query");
        query.also_joins.clone_from(&self.also_joins);
        (explore, query)
    }

    pub(crate) fn compile(&self) -> String {
        let (explore, query) = self.read();
        match semantic::compile(&explore, &query, &self.options) {
            Ok(compiled) => compiled.sql,
            Err(errors) => panic!("it does not compile: {errors:?}"),
        }
    }

    /// The ids of the columns, in the order in which rows are expected.
    fn ids(&self) -> Vec<String> {
        let names = |list: &str, key: Option<&str>| -> Vec<String> {
            let items = self.query[list].as_array().unwrap();
            let id = |item: &Value| {
                key.map_or(item, |key| &item[key])
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            items.iter().map(id).collect()
        };
        [
            names("dimensions", None),
            names("metrics", None),
            names("tableCalculations", Some("name")),
        ]
        .concat()
    }
}

/// Both databases answer these rows to SQL, in the order of these columns. Where it is not sorted, their order is their own.
pub(crate) async fn answers(sql: &str, ids: &[&str], sorted: bool, expected: Vec<Vec<Value>>) {
    let (embedded, postgres) = both(sql).await;
    let mut wrong = String::new();
    for (name, answer) in [("embedded", embedded), ("postgres", postgres)] {
        let difference = match answer {
            Ok(rows) => difference(rows, ids, sorted, expected.clone()),
            Err(error) => Some(error),
        };
        if let Some(difference) = difference {
            wrong += &format!("\n{name}: {difference}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}\n\n{sql}\n");
}

fn difference(
    rows: Rows,
    ids: &[&str],
    sorted: bool,
    mut expected: Vec<Vec<Value>>,
) -> Option<String> {
    let names: Vec<_> = rows
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let place = |id: &&str| names.iter().position(|name| name == id);
    let places = ids.iter().map(place).collect::<Option<Vec<_>>>();
    let Some(places) = places.filter(|places| places.len() == names.len()) else {
        return Some(format!("has columns {names:?}, not {ids:?}"));
    };
    let mut actual: Vec<Vec<Value>> = rows
        .rows
        .iter()
        .map(|row| places.iter().map(|place| row[*place].clone()).collect())
        .collect();
    if !sorted {
        // By what the rows say, written the same way in both.
        for rows in [&mut actual, &mut expected] {
            rows.sort_by_cached_key(|row| row.iter().map(sorting).collect::<Vec<_>>().join("|"));
        }
    }
    let numbers: Vec<_> = places
        .iter()
        .map(|place| is_number(rows.columns[*place].r#type))
        .collect();
    let same_row = |one: &Vec<Value>, other: &Vec<Value>| {
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .zip(&numbers)
                .all(|((one, other), number)| same(one, other, *number))
    };
    let same = actual.len() == expected.len()
        && actual
            .iter()
            .zip(&expected)
            .all(|(one, other)| same_row(one, other));
    (!same).then(|| format!("answers\n{}\nnot\n{}", shown(&actual), shown(&expected)))
}

fn sorting(value: &Value) -> String {
    match as_number(value) {
        Some(number) => format!("{number:020.6}"),
        None => value.to_string(),
    }
}

fn shown(rows: &[Vec<Value>]) -> String {
    rows.iter()
        .map(|row| format!("  {}", Value::from(row.clone())))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A rule of a filter.
pub(crate) fn rule(field: &str, operator: &str, values: Value) -> Value {
    json!({"id": field, "target": {"fieldId": field}, "operator": operator, "values": values})
}

/// A rule with a relative date: `inThePast`, 2, `days`.
pub(crate) fn relative(
    field: &str,
    operator: &str,
    number: i64,
    unit: &str,
    completed: bool,
) -> Value {
    let mut rule = rule(field, operator, json!([number]));
    rule["settings"] = json!({"unitOfTime": unit, "completed": completed});
    rule
}
