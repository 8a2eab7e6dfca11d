//! What compiling costs: `cargo bench -p semantic --bench compile`.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use semantic::{Explore, MetricQuery, Options, compile};
use serde_json::{Value, json};

/// An explore of three tables with forty dimensions and twenty metrics each.
fn explore() -> Value {
    let table = |name: &str| {
        let mut dimensions = serde_json::Map::new();
        let mut metrics = serde_json::Map::new();
        for at in 0..40 {
            let (field, kind) = match at % 4 {
                0 => (format!("id_{at}"), "number"),
                1 => (format!("name_{at}"), "string"),
                2 => (format!("at_{at}"), "timestamp"),
                _ => (format!("flag_{at}"), "boolean"),
            };
            dimensions.insert(
                field.clone(),
                json!({"fieldType": "dimension", "type": kind, "name": field, "label": field, "table": name, "tableLabel": name,
                       "sql": format!("${{TABLE}}.{field}"), "compiledSql": format!("\"{name}\".{field}"), "hidden": false,
                       "tablesReferences": [name]}),
            );
        }
        for at in 0..20 {
            let field = format!("sum_{at}");
            metrics.insert(
                field.clone(),
                json!({"fieldType": "metric", "type": "sum", "name": field, "label": field, "table": name, "tableLabel": name,
                       "sql": "${TABLE}.id_0", "compiledSql": format!("SUM(\"{name}\".id_0)"), "hidden": false, "filters": [],
                       "tablesReferences": [name]}),
            );
        }
        json!({"name": name, "label": name, "database": "db", "schema": "s", "sqlTable": format!("\"db\".\"s\".\"{name}\""),
               "primaryKey": ["id_0"], "dimensions": dimensions, "metrics": metrics, "lineageGraph": {}})
    };
    let join = |name: &str, relationship: &str| {
        json!({"table": name, "sqlOn": format!("${{orders.id_4}} = ${{{name}.id_0}}"), "relationship": relationship,
               "compiledSqlOn": format!("(\"orders\".id_4) = (\"{name}\".id_0)"), "tablesReferences": ["orders", name]})
    };
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "targetDatabase": "postgres",
        "joinedTables": [join("customers", "many-to-one"), join("stores", "many-to-one"), join("items", "one-to-many")],
        "tables": {"orders": table("orders"), "customers": table("customers"), "stores": table("stores"), "items": table("items")},
    })
}

/// Three dimensions, three metrics, two joins, four filters.
fn typical() -> Value {
    let rule = |id: &str, operator: &str, values: Value| json!({"id": id, "target": {"fieldId": id}, "operator": operator, "values": values});
    json!({
        "exploreName": "orders",
        "dimensions": ["orders_at_2", "customers_name_1", "stores_name_5"],
        "metrics": ["orders_sum_0", "orders_sum_1", "orders_sum_2"],
        "filters": {"dimensions": {"id": "g", "and": [
            rule("orders_at_2", "inThePast", json!([90])),
            rule("customers_name_1", "equals", json!(["a", "b", "c"])),
            rule("stores_name_5", "include", json!(["x"])),
            rule("orders_id_8", "greaterThan", json!([10])),
        ]}},
        "sorts": [{"fieldId": "orders_sum_0", "descending": true}],
        "limit": 500, "tableCalculations": []
    })
}

/// The same with a join that multiplies rows, filters on metrics, calculations and ranges.
fn large() -> Value {
    let mut query = typical();
    query["dimensions"] = json!([
        "orders_at_2",
        "customers_name_1",
        "stores_name_5",
        "items_name_9",
        "items_at_10",
        "bins"
    ]);
    let metrics: Vec<String> = (0..20)
        .flat_map(|at| {
            [
                format!("orders_sum_{at}"),
                format!("items_sum_{at}"),
                format!("customers_sum_{at}"),
            ]
        })
        .collect();
    query["metrics"] = json!(metrics);
    query["filters"]["metrics"] = json!({"id": "m", "and": [
        {"id": "1", "target": {"fieldId": "orders_sum_0"}, "operator": "greaterThan", "values": [1]}]});
    query["customDimensions"] = json!([{"id": "bins", "name": "bins", "table": "orders", "type": "bin", "dimensionId": "orders_id_8",
        "binType": "fixed_number", "binNumber": 20}]);
    let calculation = |at: usize| json!({"name": format!("c{at}"), "displayName": "c", "sql": format!("${{orders.sum_{at}}} / SUM(${{orders.sum_{at}}}) OVER ()")});
    query["tableCalculations"] = json!((0..10).map(calculation).collect::<Vec<_>>());
    query
}

fn benches(criterion: &mut Criterion) {
    let text = explore().to_string();
    let explore: Explore = serde_json::from_str(&text).unwrap();
    let options = Options::new("2026-01-15T10:00:00Z".parse().unwrap());
    for (name, query) in [("typical", typical()), ("large", large())] {
        let query: MetricQuery = serde_json::from_value(query).unwrap();
        let length = compile(&explore, &query, &options).unwrap().sql.len();
        criterion.bench_function(&format!("compile/{name} ({length} bytes)"), |bench| {
            bench.iter(|| compile(black_box(&explore), black_box(&query), &options));
        });
    }
    criterion.bench_function(&format!("read/explore ({} bytes)", text.len()), |bench| {
        bench.iter(|| serde_json::from_str::<Explore>(black_box(&text)));
    });
}

criterion_group!(all, benches);
criterion_main!(all);
