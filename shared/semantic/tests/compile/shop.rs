//! The explore that these tests ask: orders with their customers, items and payments.

use semantic::{CompileErrors, Compiled, Explore, MetricQuery, Options, compile};
use serde_json::{Map, Value, json};

fn dimension(table: &str, (name, kind): (&str, &str)) -> (String, Value) {
    let field = json!({
        "fieldType": "dimension", "type": kind, "name": name, "label": name, "table": table, "tableLabel": table, "hidden": false,
        "sql": format!("${{TABLE}}.{name}"), "compiledSql": format!("\"{table}\".{name}"), "tablesReferences": [table],
    });
    (name.to_owned(), field)
}

fn metric(table: &str, (name, kind, sql, compiled): (&str, &str, &str, &str)) -> (String, Value) {
    let field = json!({
        "fieldType": "metric", "type": kind, "name": name, "label": name, "table": table, "tableLabel": table, "hidden": false,
        "sql": sql, "compiledSql": compiled, "filters": [], "tablesReferences": [table],
    });
    (name.to_owned(), field)
}

type Metric<'a> = (&'a str, &'a str, &'a str, &'a str);

fn table(name: &str, key: &str, dimensions: &[(&str, &str)], metrics: &[Metric<'_>]) -> Value {
    let dimensions: Map<_, _> = dimensions.iter().map(|one| dimension(name, *one)).collect();
    let metrics: Map<_, _> = metrics.iter().map(|one| metric(name, *one)).collect();
    json!({
        "name": name, "label": name, "database": "db", "schema": "s", "sqlTable": format!("\"db\".\"s\".\"{name}\""),
        "primaryKey": [key], "dimensions": dimensions, "metrics": metrics, "lineageGraph": {},
    })
}

fn join(table: &str, other: &str, column: &str, relationship: &str) -> Value {
    json!({
        "table": table, "sqlOn": format!("${{{other}.{column}}} = ${{{table}.{column}}}"),
        "compiledSqlOn": format!("(\"{other}\".{column}) = (\"{table}\".{column})"), "tablesReferences": [other, table],
        "relationship": relationship,
    })
}

/// As JSON, so that a test can change it before it is read.
pub(crate) fn explore() -> Value {
    let orders = table(
        "orders",
        "order_id",
        &[
            ("order_id", "number"),
            ("customer_id", "number"),
            ("status", "string"),
            ("amount", "number"),
            ("ordered_at", "timestamp"),
            ("ordered_on", "date"),
            ("is_paid", "boolean"),
        ],
        &[
            ("total", "sum", "${TABLE}.amount", "SUM(\"orders\".amount)"),
            (
                "count",
                "count",
                "${order_id}",
                "COUNT((\"orders\".order_id))",
            ),
            (
                "mean",
                "number",
                "${total} / ${count}",
                "(SUM(\"orders\".amount)) / (COUNT((\"orders\".order_id)))",
            ),
            (
                "share",
                "number",
                "${payments.paid} / ${total}",
                "(SUM(\"payments\".amount)) / (SUM(\"orders\".amount))",
            ),
            (
                "first",
                "min",
                "${TABLE}.ordered_at",
                "MIN(\"orders\".ordered_at)",
            ),
        ],
    );
    let customers = table(
        "customers",
        "customer_id",
        &[
            ("customer_id", "number"),
            ("name", "string"),
            ("region", "string"),
        ],
        &[(
            "customers",
            "count",
            "${TABLE}.customer_id",
            "COUNT(\"customers\".customer_id)",
        )],
    );
    let items = table(
        "items",
        "item_id",
        &[
            ("item_id", "number"),
            ("order_id", "number"),
            ("sku", "string"),
        ],
        &[(
            "pieces",
            "sum",
            "${TABLE}.quantity",
            "SUM(\"items\".quantity)",
        )],
    );
    let payments = table(
        "payments",
        "payment_id",
        &[
            ("payment_id", "number"),
            ("order_id", "number"),
            ("method", "string"),
        ],
        &[("paid", "sum", "${TABLE}.amount", "SUM(\"payments\".amount)")],
    );
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "targetDatabase": "postgres",
        "tables": {"orders": orders, "customers": customers, "items": items, "payments": payments},
        "joinedTables": [
            join("customers", "orders", "customer_id", "many-to-one"),
            join("items", "orders", "order_id", "one-to-many"),
            join("payments", "orders", "order_id", "one-to-many"),
        ],
    })
}

pub(crate) fn options() -> Options {
    Options::new("2024-05-15T14:35:50Z".parse().expect("an instant"))
}

/// A query with what it lacks.
pub(crate) fn query(changes: Value) -> MetricQuery {
    let mut query = json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_total"], "filters": {}, "sorts": [],
        "limit": 500, "tableCalculations": [],
    });
    for (key, value) in changes.as_object().expect("an object") {
        query[key] = value.clone();
    }
    serde_json::from_value(query).expect("a query")
}

pub(crate) fn read(explore: Value) -> Explore {
    serde_json::from_value(explore).expect("an explore")
}

/// Compiles a query on the explore as it is.
pub(crate) fn try_compile(changes: Value) -> Result<Compiled, CompileErrors> {
    compile(&read(explore()), &query(changes), &options())
}

/// The SQL of a query.
pub(crate) fn sql(changes: Value) -> String {
    try_compile(changes).expect("a query that compiles").sql
}

/// What is wrong with a query: `path: sentence`.
pub(crate) fn wrong(changes: Value) -> Vec<String> {
    let errors = try_compile(changes).expect_err("a query that does not compile");
    errors
        .0
        .iter()
        .map(|error| format!("{}: {error}", error.path))
        .collect()
}
