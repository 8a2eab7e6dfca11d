//! Joins, aliases and further explores.

use insta::assert_snapshot;
use serde_json::json;

use super::fixture::*;

#[test]
fn an_explore_has_its_joins() {
    let explore = explore(&compile(&shop()), "orders");
    assert_snapshot!(serde_json::to_string(&explore.joined_tables).expect("JSON"), @r#"[{"table":"customers","sqlOn":"${customers.id} = ${orders.customer_id}","compiledSqlOn":"(\"customers\".id) = (\"orders\".customer_id)","tablesReferences":["customers","orders"],"relationship":"many-to-one"},{"table":"payer","sqlOn":"${payer.id} = ${orders.payer_id} AND ${TABLE}.live","type":"inner","compiledSqlOn":"(\"payer\".id) = (\"orders\".payer_id) AND \"payer\".live","tablesReferences":["payer","orders"]}]"#);
    let mut bare = explore;
    bare.tables.clear();
    bare.joined_tables.clear();
    assert_snapshot!(serde_json::to_string(&bare).expect("JSON"), @r#"{"name":"orders","label":"All orders","tags":["mart"],"groupLabel":"Sales","baseTable":"orders","joinedTables":[],"tables":{},"targetDatabase":"postgres","ymlPath":"models/schema.yml","sqlPath":"marts/orders.sql","spotlight":{"visibility":"hide","categories":["core"]}}"#);
}

#[test]
fn a_joined_table_shows_the_fields_that_the_join_lists() {
    let explore = explore(&compile(&shop()), "orders");
    let payer = &explore.tables["payer"];
    assert_eq!(
        (payer.label.as_str(), payer.original_name.as_deref()),
        ("Payer", Some("customers"))
    );
    let dimensions: Vec<_> = payer
        .dimensions
        .iter()
        .map(|(key, one)| (key.as_str(), one.hidden))
        .collect();
    // `id` is there for the join's condition.
    assert_eq!(dimensions, [("id", true), ("name", false)]);
    assert_eq!(payer.metrics.keys().collect::<Vec<_>>(), ["customers"]);
    let customers = &payer.metrics["customers"];
    assert_eq!(customers.compiled_sql, "COUNT(DISTINCT \"payer\".name)");
    assert_eq!(
        (customers.table.as_str(), customers.table_label.as_str()),
        ("payer", "Payer")
    );
    assert_eq!(
        customers.dimension_reference.as_deref(),
        Some("customers_name")
    );
}

#[test]
fn what_listed_fields_refer_to_is_there_but_hidden() {
    let mut models = shop();
    models[0]["meta"]["joins"][1]["fields"] = json!(["longest"]);
    let explore = explore(&compile(&models), "orders");
    let payer = &explore.tables["payer"];
    assert_eq!(
        payer.metrics["longest"].compiled_sql,
        "MAX(LENGTH((\"payer\".title)))"
    );
    let dimensions: Vec<_> = payer
        .dimensions
        .iter()
        .map(|(key, one)| (key.as_str(), one.hidden))
        .collect();
    assert_eq!(dimensions, [("id", true), ("title", true)]);
}

#[test]
fn a_further_explore_has_joins_of_its_own() {
    let outcomes = compile(&shop());
    let explore = explore(&outcomes, "orders_alone");
    assert_eq!(
        (explore.label.as_str(), explore.group_label.as_deref()),
        ("Orders alone", Some("Sales"))
    );
    assert_eq!(explore.base_table, "orders");
    assert_eq!(
        explore.tables["orders"].description.as_deref(),
        Some("Without customers")
    );
    let customers = &explore.tables["customers"];
    assert_eq!(customers.hidden, Some(true));
    assert!(customers.dimensions.values().all(|one| one.hidden));
    assert!(customers.metrics.values().all(|one| one.hidden));
    assert_eq!(
        (
            explore.joined_tables[0].hidden,
            explore.joined_tables[0].always
        ),
        (Some(true), Some(true))
    );
}

#[test]
fn a_further_explore_cannot_take_the_name_of_a_model() {
    let mut models = shop();
    models[0]["meta"]["explores"] = json!({ "customers": { "joins": models[0]["meta"]["joins"] } });
    let outcomes = compile(&models);
    assert_eq!(outcomes.len(), 2);
    assert_eq!(explore(&outcomes, "customers").base_table, "customers");
    let message = "Left out: the explore \"customers\", since another one has that name";
    assert!(
        find(&outcomes, "orders")
            .warnings
            .iter()
            .any(|one| one == message)
    );
}

#[test]
fn references_find_a_model_under_its_alias() {
    let a = model(
        "a",
        json!({ "joins": [{ "join": "cust", "alias": "c1", "sql_on": "${a.id} = ${cust.id}" }] }),
        &[
            ("id", json!({})),
            ("nm", json!({ "dimension": { "sql": "${cust.name}" } })),
        ],
    );
    let cust = model("cust", json!({}), &[("id", json!({})), ("name", json!({}))]);
    let explore = explore(&compile(&[a, cust]), "a");
    assert_eq!(dimension(&explore, "a", "nm").compiled_sql, "(\"c1\".name)");
    assert_eq!(
        explore.joined_tables[0].compiled_sql_on,
        "(\"a\".id) = (\"c1\".id)"
    );
    assert_eq!(explore.tables["c1"].label, "C 1");
}

#[test]
fn a_model_can_join_itself() {
    let staff = model(
        "staff",
        json!({ "joins": [{ "join": "staff", "alias": "boss", "sql_on": "${boss.id} = ${staff.boss_id}" }] }),
        &[("id", json!({})), ("boss_id", json!({}))],
    );
    let explore = explore(&compile(&[staff]), "staff");
    assert_eq!(
        explore.joined_tables[0].compiled_sql_on,
        "(\"boss\".id) = (\"staff\".boss_id)"
    );
}

#[test]
fn lineage_is_what_a_model_comes_from_and_what_comes_from_it() {
    let column = [("id", json!({}))];
    let mut models: Vec<_> = ["raw", "mid", "mart", "other"]
        .iter()
        .map(|name| model(name, json!({}), &column))
        .collect();
    models[1]["depends_on"]["nodes"] = json!(["model.shop.00.raw", "source.shop.x"]);
    models[2]["depends_on"]["nodes"] = json!(["model.shop.01.mid", "model.shop.00.raw"]);
    let explore = explore(&compile(&models), "mid");
    assert_eq!(
        serde_json::to_value(&explore.tables["mid"].lineage_graph).expect("JSON"),
        json!({
            "mid": [{ "type": "model", "name": "raw" }],
            "raw": [],
            "mart": [{ "type": "model", "name": "mid" }, { "type": "model", "name": "raw" }],
        })
    );
}

#[test]
fn overrides_of_the_warehouse_are_kept() {
    let mut m = model("m", json!({}), &[("id", json!({}))]);
    m["config"]["snowflake_warehouse"] = json!("BIG");
    m["config"]["databricks_compute"] = json!("fast");
    m["config"]["tags"] = json!("one");
    let explore = explore(&compile(&[m]), "m");
    assert_eq!(explore.warehouse.as_deref(), Some("BIG"));
    assert_eq!(explore.databricks_compute.as_deref(), Some("fast"));
    assert_eq!(explore.tags, ["one"]);
}

#[test]
fn an_explore_with_very_many_joins_is_an_error() {
    let mut models = shop();
    let joins: Vec<_> = (0..501)
        .map(|at| json!({ "join": "customers", "alias": format!("c{at}"), "sql_on": format!("${{c{at}.id}} = ${{orders.customer_id}}") }))
        .collect();
    models[0]["meta"]["joins"] = json!(joins);
    assert_eq!(
        messages(&compile(&models), "orders"),
        "NO_DIMENSIONS_FOUND: The explore \"orders\" has more than 500 joins"
    );
}
