//! One broken model is one explore error.

use serde_json::{Value, json};

use super::fixture::*;

fn of(meta: Value, column: Value) -> String {
    let id =
        json!({ "dimension": { "type": "number" }, "metrics": { "rows": { "type": "count" } } });
    let outcomes = compile(&[
        model("m", meta, &[("id", id.clone()), ("a", column)]),
        model("fine", json!({}), &[("id", id)]),
    ]);
    assert_eq!(outcomes.len(), 2);
    explore(&outcomes, "fine");
    assert_eq!(error(&outcomes, "m").tags, Some(vec!["mart".to_owned()]));
    messages(&outcomes, "m")
}

#[test]
fn what_is_written_wrong_has_a_place() {
    for (meta, column, wanted) in [
        (
            json!({}),
            json!({ "dimension": { "type": "weird" } }),
            "columns.a.meta.dimension.type cannot be \"weird\"; one of string, number, timestamp, date, boolean is",
        ),
        (
            json!({}),
            json!({ "metrics": { "n": { "type": "cuont" } } }),
            "columns.a.meta.metrics.n.type cannot be \"cuont\"; did you mean \"count\"?",
        ),
        (
            json!({}),
            json!({ "metrics": { "n": {} } }),
            "columns.a.meta.metrics.n.type is missing",
        ),
        (
            json!({}),
            json!({ "metrics": { "n": 5 } }),
            "columns.a.meta.metrics.n has to be a mapping",
        ),
        (
            json!({}),
            json!({ "metrics": [] }),
            "columns.a.meta.metrics has to be a mapping",
        ),
        (
            json!({}),
            json!({ "metrics": { "id": { "type": "count" } } }),
            "A metric and a dimension have the same name: id",
        ),
        (
            json!({}),
            json!({ "dimension": { "name": "TABLE" } }),
            "columns.a.meta.dimension: no dimension can be called \"TABLE\"",
        ),
        (
            json!({ "joins": [{ "join": "fine" }] }),
            json!({}),
            "meta.joins.0.sql_on is missing",
        ),
        (
            json!({ "joins": [{ "join": "fine", "sql_on": "1=1", "type": "outer" }] }),
            json!({}),
            "meta.joins.0.type cannot be \"outer\"; one of inner, left, right, full is",
        ),
        (
            json!({ "order_fields_by": "size" }),
            json!({}),
            "meta.order_fields_by cannot be \"size\"; one of label, index is",
        ),
        (
            json!({ "spotlight": { "categories": ["missing"] } }),
            json!({}),
            "meta.spotlight.categories: the project has no category \"missing\"",
        ),
        (
            json!({ "metrics": { "n": { "type": "number", "sql": "1", "filters": [{ "id": 1 }] } } }),
            json!({}),
            "meta.metrics.n.filters: only metrics that aggregate can have filters",
        ),
        (
            json!({ "metrics": { "n": { "type": "sum" } } }),
            json!({}),
            "meta.metrics.n.sql is missing",
        ),
        (
            json!({ "required_attributes": ["a"] }),
            json!({}),
            "meta.required_attributes has to be a mapping",
        ),
        (json!([]), json!({}), "meta has to be a mapping"),
    ] {
        assert_eq!(of(meta, column), format!("METADATA_PARSE_ERROR: {wanted}"));
    }
}

#[test]
fn what_cannot_be_compiled_says_why() {
    let number = |sql: &str| json!({ "metrics": { "n": { "type": "number", "sql": sql } } });
    let sum = |sql: &str| json!({ "metrics": { "n": { "type": "sum", "sql": sql } } });
    for (meta, column, wanted) in [
        (
            sum("${xyzzy}"),
            json!({}),
            "The metric \"m.n\" has a reference: \"m\" has no dimension \"xyzzy\"",
        ),
        (
            sum("${idd}"),
            json!({}),
            "The metric \"m.n\" has a reference: \"m\" has no dimension \"idd\"; did you mean \"id\"?",
        ),
        (
            sum("${rows}"),
            json!({}),
            "The metric \"m.n\" has a reference: \"m.rows\" is a metric, and only a dimension can stand there",
        ),
        (
            number("${id}"),
            json!({}),
            "The metric \"m.n\" has a reference: \"m.id\" is a dimension, and only a metric can stand there",
        ),
        (
            sum("${fine.id}"),
            json!({}),
            "The metric \"m.n\" has a reference: no table \"fine\" is joined",
        ),
        (
            sum("${a.b.c}"),
            json!({}),
            "The metric \"m.n\" has the reference ${a.b.c}, which is neither a field nor a field of a table",
        ),
        (
            number("${n} + 1"),
            json!({}),
            "The metric \"m.n\" refers to itself",
        ),
        (
            number("${m.n} + 1"),
            json!({}),
            "The metric \"m.n\" refers to itself",
        ),
        (
            json!({}),
            json!({ "dimension": { "sql": "${b}" }, "additional_dimensions": { "b": { "sql": "${a}" } } }),
            "The dimension \"m.a\" is defined by itself: m.a → m.b → m.a",
        ),
        (
            json!({ "joins": [{ "join": "missing", "sql_on": "1=1" }] }),
            json!({}),
            "There is no model \"missing\" that \"m\" could join",
        ),
        (
            json!({ "joins": [{ "join": "fine", "sql_on": "${fine.idd} = ${a}" }] }),
            json!({}),
            "The join of \"fine\" has a reference: \"fine\" has no dimension \"idd\"; did you mean \"id\"?",
        ),
        (
            json!({ "joins": [{ "join": "fine", "sql_on": "1=1" }, { "join": "fine", "sql_on": "2=2" }] }),
            json!({}),
            "The explore \"m\" has two tables called \"fine\"; give one of the joins an `alias`",
        ),
        (
            json!({ "sql_filter": "${missing} = 1" }),
            json!({}),
            "The `sql_filter` of \"m\" has a reference: \"m\" has no dimension \"missing\"",
        ),
        (
            json!({}),
            json!({ "metrics": { "n": { "type": "count", "filters": [{ "missing": 1 }] } } }),
            "The metric \"m.n\" has a filter on \"missing\": \"m\" has no dimension \"missing\"",
        ),
        (
            json!({}),
            json!({ "metrics": { "n": { "type": "count", "filters": [{ "id": "x" }] } } }),
            "The metric \"m.n\" has a filter on \"id\": \"x\" is not a number",
        ),
        (
            json!({}),
            json!({ "metrics": { "n": { "type": "count", "show_underlying_values": ["missing"] } } }),
            "The metric \"m.n\" shows an underlying value that is none: \"m\" has no dimension \"missing\"",
        ),
        (
            json!({}),
            json!({ "dimension": { "name": "id" } }),
            "Two fields have the id \"m_id\"",
        ),
    ] {
        assert_eq!(of(meta, column), format!("NO_DIMENSIONS_FOUND: {wanted}"));
    }
}

#[test]
fn a_model_without_columns_has_no_dimensions() {
    let outcomes = compile(&[model("m", json!({}), &[])]);
    assert_eq!(
        messages(&outcomes, "m"),
        "NO_DIMENSIONS_FOUND: The model \"m\" has no dimensions"
    );
}

#[test]
fn a_model_needs_a_database_and_a_relation() {
    let mut m = model("m", json!({}), &[("id", json!({}))]);
    m["database"] = Value::Null;
    m["relation_name"] = Value::Null;
    assert_eq!(
        messages(&compile(&[m.clone()]), "m"),
        "METADATA_PARSE_ERROR: The model \"m\" has no database\n\
         METADATA_PARSE_ERROR: The model \"m\" has neither a relation nor a `sql_from`"
    );
    m["meta"]["sql_from"] = json!("(select 1)");
    let outcomes = compile_for(semantic::Dialect::Databricks, None, &[m]);
    let table = &explore(&outcomes, "m").tables["m"];
    assert_eq!(
        (table.database.as_str(), table.sql_table.as_str()),
        ("DEFAULT", "(select 1)")
    );
}

#[test]
fn a_model_that_is_none_is_an_error_of_its_own() {
    let mut broken = model("m", json!({}), &[("id", json!({}))]);
    broken["columns"] = json!(5);
    let outcomes = compile(&[broken, model("fine", json!({}), &[("id", json!({}))])]);
    assert!(
        messages(&outcomes, "m")
            .starts_with("METADATA_PARSE_ERROR: The model \"m\" cannot be read: invalid type")
    );
    explore(&outcomes, "fine");
}

#[test]
fn explores_that_join_a_broken_model_lose_only_its_broken_fields() {
    let mut models = shop();
    models[1]["columns"]["title"]["meta"] = json!({ "dimension": { "type": "weird" } });
    let outcomes = compile(&models);
    error(&outcomes, "customers");
    let explore = explore(&outcomes, "orders");
    let customers = &explore.tables["customers"];
    assert_eq!(
        customers.dimensions.keys().collect::<Vec<_>>(),
        ["id", "name"]
    );
    // What needs the field is gone with it.
    assert_eq!(customers.metrics.keys().collect::<Vec<_>>(), ["customers"]);
    let warnings = &find(&outcomes, "orders").warnings;
    for wanted in [
        "Left out: \"customers.title\", which is broken in the model \"customers\"",
        "Left out: The metric \"customers.longest\" has a reference: \"customers.title\" is broken itself",
    ] {
        assert!(warnings.iter().any(|one| one == wanted), "{warnings:?}");
    }
}

#[test]
fn fields_of_joined_models_that_need_other_tables_are_left_out() {
    let mut models = shop();
    models.push(model(
        "visits",
        json!({ "joins": [{ "join": "orders", "sql_on": "${orders.id} = ${visits.order_id}" }] }),
        &[("order_id", json!({}))],
    ));
    let outcomes = compile(&models);
    let orders = &explore(&outcomes, "visits").tables["orders"];
    assert!(orders.metrics.contains_key("total"));
    // They need `customers`, which `visits` does not join.
    for key in ["named", "open_total", "p90"] {
        assert!(!orders.metrics.contains_key(key), "{key}");
    }
}

#[test]
fn a_model_whose_rows_nobody_can_restrict_cannot_be_joined() {
    for meta in [
        json!({ "sql_filter": { "a": 1 } }),
        json!({ "required_attributes": { "a": { "b": 1 } } }),
    ] {
        let mut models = shop();
        models[1]["meta"] = meta;
        assert_eq!(
            messages(&compile(&models), "orders"),
            "NO_DIMENSIONS_FOUND: The model \"customers\", which \"orders\" joins, is broken"
        );
    }
    let mut models = shop();
    models[1]["meta"] = json!({ "sql_filter": "${missing} = 1" });
    assert_eq!(
        messages(&compile(&models), "orders"),
        "NO_DIMENSIONS_FOUND: The `sql_filter` of \"customers\" has a reference: \"customers\" has no dimension \"missing\"\n\
         NO_DIMENSIONS_FOUND: The `sql_filter` of \"payer\" has a reference: \"payer\" has no dimension \"missing\""
    );
}

#[test]
fn whom_a_model_is_not_for_is_kept_where_it_cannot_be_compiled() {
    let secret = |meta: Value| {
        let mut meta = meta;
        meta["required_attributes"] = json!({ "team": "sales" });
        error(&compile(&[model("m", meta, &[])]), "m")
    };
    for meta in [json!({}), json!({ "sql_filter": { "a": 1 } })] {
        let error = serde_json::to_value(secret(meta)).expect("JSON");
        assert_eq!(error["baseTable"], "m");
        assert_eq!(
            error["tables"],
            json!({ "m": { "requiredAttributes": { "team": "sales" } } })
        );
    }
    let open = error(&compile(&[model("m", json!({}), &[])]), "m");
    let open = serde_json::to_value(open).expect("JSON");
    assert_eq!(
        (&open["baseTable"], &open["tables"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn fields_of_different_tables_with_one_id_are_told() {
    let a = model(
        "a",
        json!({ "joins": [{ "join": "a_b", "sql_on": "${a_b.c} = ${a.b_c}" }] }),
        &[("b_c", json!({}))],
    );
    let outcomes = compile(&[
        a,
        model("a_b", json!({}), &[("c", json!({})), ("d", json!({}))]),
    ]);
    let explore = explore(&outcomes, "a");
    assert_eq!(
        explore.tables["a_b"].dimensions.keys().collect::<Vec<_>>(),
        ["d"]
    );
    assert_eq!(
        find(&outcomes, "a").warnings,
        ["Left out: Two fields have the id \"a_b_c\"; one of \"a_b\""]
    );
}

#[test]
fn several_problems_are_told_at_once() {
    let text = of(
        json!({ "order_fields_by": "size", "joins": [{}] }),
        json!({ "dimension": { "type": "weird", "round": "two" } }),
    );
    assert_eq!(text.lines().count(), 5, "{text}");
}
