//! Metrics of columns, of models, and of dbt.

use insta::assert_snapshot;
use semantic::Dialect;
use serde_json::json;

use super::fixture::*;

#[test]
fn a_metric_of_a_column_takes_from_it_what_it_does_not_say() {
    let explore = explore(&compile(&shop()), "orders");
    let total = metric(&explore, "orders", "total");
    assert_snapshot!(serde_json::to_string(&total).expect("JSON"), @r#"{"fieldType":"metric","type":"sum","name":"total","label":"Total","table":"orders","tableLabel":"All orders","sql":"${TABLE}.amount","compiledSql":"SUM(\"orders\".amount)","description":"Sum of Amount","hidden":false,"groups":[],"filters":[],"dimensionReference":"orders_amount","spotlight":{"visibility":"show","categories":["core","sales"]},"index":4,"tablesReferences":["orders"]}"#);
    let keys: Vec<&str> = explore.tables["orders"]
        .metrics
        .keys()
        .map(String::as_str)
        .collect();
    // Of the model, then of the columns; this JSON sorts them.
    assert_eq!(
        keys,
        ["named", "ratio", "open_total", "p90", "total", "rows"]
    );
}

#[test]
fn a_metric_inherits_who_may_see_its_column() {
    let column = json!({
        "dimension": { "required_attributes": { "team": "a" } },
        "metrics": { "n": { "type": "count", "required_attributes": { "level": 3, "team": "b" } }, "m": { "type": "count" } },
    });
    let explore = explore(&compile(&[model("m", json!({}), &[("a", column)])]), "m");
    let required =
        |key| serde_json::to_value(metric(&explore, "m", key).required_attributes).expect("JSON");
    assert_eq!(required("m"), json!({ "team": "a" }));
    assert_eq!(required("n"), json!({ "level": "3", "team": "a" }));
}

#[test]
fn metrics_refer_to_dimensions_or_to_metrics() {
    let explore = explore(&compile(&shop()), "orders");
    let sql = |key| metric(&explore, "orders", key).compiled_sql;
    assert_eq!(
        sql("ratio"),
        "(SUM(\"orders\".amount)) / NULLIF((COUNT(\"orders\".id)), 0)"
    );
    assert_eq!(sql("named"), "COUNT(DISTINCT (\"customers\".name))");
    let named = metric(&explore, "orders", "named");
    assert_eq!(
        named.tables_references,
        Some(vec!["orders".to_owned(), "customers".to_owned()])
    );
    assert_eq!(
        serde_json::to_value(&named.tables_required_attributes).expect("JSON"),
        json!({ "customers": { "is_admin": "true" } })
    );
    assert_eq!(named.description, None);
    assert_eq!(
        sql("p90"),
        "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY \"orders\".amount)"
    );
}

#[test]
fn filters_stand_inside_the_aggregate() {
    let explore = explore(&compile(&shop()), "orders");
    let open = metric(&explore, "orders", "open_total");
    assert_snapshot!(open.compiled_sql, @r#"SUM(CASE WHEN (((UPPER("orders".status)) NOT IN ('closed') OR (UPPER("orders".status)) IS NULL) AND ("customers".name) IN ('A','B')) THEN ("orders".amount) ELSE NULL END)"#);
    let mut filters = open.filters;
    for filter in &mut filters {
        filter.id.clear();
    }
    assert_snapshot!(serde_json::to_string(&filters).expect("JSON"), @r#"[{"id":"","target":{"fieldRef":"STATUS"},"operator":"notEquals","values":["closed"]},{"id":"","target":{"fieldRef":"customers.name"},"operator":"equals","values":["A","B"]}]"#);
}

#[test]
fn what_a_filter_says_depends_on_the_field() {
    let filters = |filter| json!({ "metrics": { "n": { "type": "count", "filters": [filter] } } });
    let sql = |field: &str, value: serde_json::Value| {
        let n = filters(json!({ field: value }));
        let columns = [
            ("id", n),
            ("text", json!({})),
            ("number", json!({ "dimension": { "type": "number" } })),
            ("day", json!({ "dimension": { "type": "date" } })),
        ];
        let outcomes = compile(&[model("m", json!({}), &columns)]);
        let sql = metric(&explore(&outcomes, "m"), "m", "n").compiled_sql;
        let warnings = outcomes[0].warnings.join("");
        let condition = sql
            .trim_start_matches("COUNT(CASE WHEN ")
            .trim_end_matches(" THEN (\"m\".id) ELSE NULL END)");
        format!("{condition}{warnings}")
    };
    assert_eq!(sql("text", json!("> -3")), "((\"m\".text) IN ('> -3'))");
    assert_eq!(sql("number", json!("> -3")), "((\"m\".number) > (-3))");
    assert_eq!(sql("text", json!("a,b")), "((\"m\".text) IN ('a,b'))");
    assert_eq!(sql("number", json!("1, 2")), "((\"m\".number) IN (1,2))");
    assert_eq!(sql("text", json!("it's")), "((\"m\".text) IN ('it''s'))");
    assert_eq!(
        sql("day", json!("inThePast 2 completed weeks")),
        "(((\"m\".day) >= (DATE '2025-02-24') AND (\"m\".day) < (DATE '2025-03-10')))"
    );
    assert!(sql("text", json!("!a%")).contains("\"!\" has no effect"));
}

#[test]
fn spotlight_is_the_metrics_then_the_models_then_the_projects() {
    let explore = explore(&compile(&shop()), "orders");
    let spotlight =
        |table, key| serde_json::to_value(metric(&explore, table, key).spotlight).expect("JSON");
    assert_eq!(
        spotlight("orders", "total"),
        json!({ "visibility": "show", "categories": ["core", "sales"] })
    );
    assert_eq!(
        spotlight("orders", "rows"),
        json!({ "visibility": "hide", "categories": ["core"] })
    );
    assert_eq!(
        spotlight("customers", "customers"),
        json!({ "visibility": "show", "categories": [] })
    );
    assert_eq!(
        serde_json::to_value(&explore.spotlight).expect("JSON"),
        json!({ "visibility": "hide", "categories": ["core"] })
    );
}

#[test]
fn metrics_of_dbt_are_read_up_to_version_9() {
    let orders = model(
        "orders",
        json!({}),
        &[("status", json!({})), ("amount", json!({}))],
    );
    let mut manifest = manifest_of(&[orders]);
    manifest["metrics"] = json!({
        "metric.shop.revenue": {
            "name": "revenue", "label": "Revenue", "description": "All of it", "calculation_method": "sum",
            "expression": "amount", "filters": [{ "field": "status", "operator": "=", "value": "'paid'" }],
            "depends_on": { "nodes": ["model.shop.00.orders"] }, "meta": { "hidden": true },
        },
        "metric.shop.half": {
            "name": "half", "label": "Half", "calculation_method": "derived",
            "expression": "revenue / 2 + revenue_2", "metrics": [["revenue"]],
            "depends_on": { "nodes": ["metric.shop.revenue"] }, "meta": {},
        },
        "metric.shop.new": { "name": "new", "type": "simple", "type_params": {} },
    });
    let metrics = |version: u32| {
        let mut manifest = manifest.clone();
        manifest["metadata"]["dbt_schema_version"] = json!(format!(
            "https://schemas.getdbt.com/dbt/manifest/v{version}.json"
        ));
        let project = read(&manifest).expect("a manifest");
        let outcomes: Vec<_> = project
            .explores(None, &settings(Dialect::Postgres))
            .collect();
        explore(&outcomes, "orders").tables["orders"]
            .metrics
            .clone()
    };
    let found = metrics(9);
    assert_eq!(
        found["revenue"].compiled_sql,
        "SUM(CASE WHEN (\"orders\".status = 'paid') THEN \"orders\".amount ELSE NULL END)"
    );
    assert!(found["revenue"].hidden);
    assert_eq!(found["half"].sql, "${revenue} / 2 + revenue_2");
    assert!(metrics(10).is_empty());
}
