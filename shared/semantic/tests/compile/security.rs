//! Row-level security, and what a client may put into SQL.

use proptest::prelude::*;
use semantic::{Reason, compile};
use serde_json::{Value, json};
use sqlparser::{ast::Statement, dialect::PostgreSqlDialect, parser::Parser};

use crate::shop::{explore, options, query, read};

fn with_filter(table: &str, compiled: &str, uncompiled: &str) -> Value {
    let mut explore = explore();
    explore["tables"][table]["sqlWhere"] = json!(compiled);
    explore["tables"][table]["uncompiledSqlWhere"] = json!(uncompiled);
    explore
}

#[test]
fn a_row_filter_stays_one_condition() {
    let explore = with_filter("orders", "a = 1 OR b = 2", "a = 1 OR b = 2");
    let filter = json!({"filters": {"dimensions": {"id": "1", "and": [
        {"id": "2", "target": {"fieldId": "orders_status"}, "operator": "equals", "values": ["x"]}]}}});
    let compiled = compile(&read(explore), &query(filter), &options()).unwrap();
    assert!(
        compiled.sql.contains("WHERE (a = 1 OR b = 2) AND ("),
        "{}",
        compiled.sql
    );
}

#[test]
fn a_joined_table_keeps_its_row_filter() {
    let explore = with_filter(
        "customers",
        "\"customers\".region IN (${lightdash.attributes.region})",
        "${TABLE}.region IN (${lightdash.attributes.region})",
    );
    let ask = json!({"dimensions": ["customers_name"]});
    let without = compile(&read(explore.clone()), &query(ask.clone()), &options()).unwrap_err();
    assert_eq!(without.reason(), Reason::Forbidden);
    let mut options = options();
    let values = vec!["EU".to_owned(), "it's".to_owned()];
    options
        .attributes
        .values
        .insert("region".to_owned(), values);
    let compiled = compile(&read(explore), &query(ask), &options).unwrap();
    let expected = "LEFT OUTER JOIN (SELECT * FROM \"db\".\"s\".\"customers\" AS \"customers\" WHERE \
                    (\"customers\".region IN ('EU', 'it''s'))) AS \"customers\"";
    assert!(compiled.sql.contains(expected), "{}", compiled.sql);
}

#[test]
fn a_table_that_is_joined_again_keeps_its_row_filter() {
    let filter = "\"orders\".region = 'EU'";
    let explore = with_filter("orders", filter, "${TABLE}.region = 'EU'");
    let opaque = json!({
        "dimensions": ["items_sku"], "metrics": ["orders_all"], "additionalMetrics": [
            { "table": "orders", "name": "all", "type": "number", "sql": "STRING_AGG(${TABLE}.status, ',')" }],
    });
    let compiled = compile(&read(explore), &query(opaque), &options()).unwrap();
    let again = "LEFT OUTER JOIN (SELECT * FROM \"db\".\"s\".\"orders\" AS \"orders\" WHERE (\"orders\".region = 'EU')) AS \"orders\"";
    assert!(compiled.sql.contains(again), "{}", compiled.sql);
}

#[test]
fn a_join_that_always_is_leaves_rows_out_for_whoever_may_not_see_it_too() {
    let mut explore = explore();
    explore["joinedTables"][0]["always"] = json!(true);
    explore["joinedTables"][0]["type"] = json!("inner");
    let table = explore["joinedTables"][0]["table"]
        .as_str()
        .unwrap()
        .to_owned();
    explore["tables"][&table]["requiredAttributes"] = json!({ "team": "finance" });
    let ask = json!({ "dimensions": ["orders_status"], "metrics": [] });
    let compiled = compile(&read(explore), &query(ask), &options()).unwrap();
    assert!(compiled.sql.contains("INNER JOIN"), "{}", compiled.sql);
}

#[test]
fn a_row_filter_that_names_another_table_joins_it() {
    let explore = with_filter(
        "orders",
        "(\"customers\".region) = 'EU'",
        "${customers.region} = 'EU'",
    );
    let compiled = compile(&read(explore), &query(json!({})), &options()).unwrap();
    assert!(
        compiled.sql.contains("JOIN \"db\".\"s\".\"customers\""),
        "{}",
        compiled.sql
    );
}

/// A filter of payments that names customers, with payments joined so.
fn crossing(join_type: &str) -> Value {
    let mut explore = with_filter(
        "payments",
        "(\"customers\".region) = 'EU' OR \"payments\".public",
        "${customers.region} = 'EU' OR ${TABLE}.public",
    );
    explore["joinedTables"][2]["type"] = json!(join_type);
    explore
}

#[test]
fn a_row_filter_that_names_another_table_may_hold_in_the_join_that_drops_rows() {
    let ask = json!({"dimensions": ["payments_method"]});
    for (join_type, word) in [("left", "LEFT OUTER"), ("inner", "INNER")] {
        let compiled = compile(&read(crossing(join_type)), &query(ask.clone()), &options());
        let sql = compiled.unwrap().sql;
        let join = format!(
            "{word} JOIN \"db\".\"s\".\"payments\" AS \"payments\"\n  \
             ON ((\"orders\".order_id) = (\"payments\".order_id)) AND ((\"customers\".region) = 'EU' OR \"payments\".public)"
        );
        assert!(sql.contains(&join) && !sql.contains("WHERE"), "{sql}");
    }
}

#[test]
fn an_unproved_address_is_nobodys() {
    let explore = with_filter(
        "orders",
        "owner = ${ld.user.email}",
        "owner = ${ld.user.email}",
    );
    let refused = compile(&read(explore.clone()), &query(json!({})), &options()).unwrap_err();
    assert_eq!(refused.reason(), Reason::Forbidden);
    let mut options = options();
    options.attributes.email = Some("o'hara@example.com".to_owned());
    let compiled = compile(&read(explore), &query(json!({})), &options).unwrap();
    assert!(
        compiled.sql.contains("(owner = 'o''hara@example.com')"),
        "{}",
        compiled.sql
    );
}

#[test]
fn a_table_name_takes_only_what_names_are_made_of() {
    let mut explore = explore();
    explore["tables"]["orders"]["sqlTable"] = json!("db.s.orders_${ld.attr.tenant}");
    let ask = |tenant: &str| {
        let mut options = options();
        options
            .attributes
            .values
            .insert("tenant".to_owned(), vec![tenant.to_owned()]);
        compile(&read(explore.clone()), &query(json!({})), &options)
    };
    assert!(
        ask("acme-1")
            .unwrap()
            .sql
            .contains("FROM db.s.orders_acme-1 AS")
    );
    for tenant in ["a; DROP TABLE b", "a--", "a b", "", "a'b", "(select 1)"] {
        assert_eq!(
            ask(tenant).unwrap_err().reason(),
            Reason::Forbidden,
            "{tenant}"
        );
    }
}

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\""),
        Just("'"),
        Just("\\"),
        Just(";"),
        Just("--"),
        Just("/*"),
        Just(")"),
        Just(" AS x"),
        Just("${"),
        Just("a"),
        Just("ü"),
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a client calls its columns and writes into its filters: it is one statement that selects these columns.
    #[test]
    fn names_and_values_never_change_the_statement(name in nasty(), id in nasty(), value in nasty()) {
        prop_assume!(name != id);
        let ask = json!({
            "dimensions": ["orders_status", id],
            "customDimensions": [{"id": id, "name": "x", "table": "orders", "type": "sql", "sql": "${orders.amount} + 1", "dimensionType": "number"}],
            "tableCalculations": [{"name": name, "displayName": name, "sql": "${orders.total} + 1"}],
            "sorts": [{"fieldId": name, "descending": true}, {"fieldId": id, "descending": false}],
            "filters": {
                "dimensions": {"id": "1", "or": [
                    {"id": "2", "target": {"fieldId": "orders_status"}, "operator": "equals", "values": [value]},
                    {"id": "3", "target": {"fieldId": "orders_status"}, "operator": "include", "values": [value]},
                ]},
                "tableCalculations": {"id": "4", "and": [
                    {"id": "5", "target": {"fieldId": name}, "operator": "notEquals", "values": [value]},
                ]},
            },
        });
        let compiled = compile(&read(explore()), &query(ask), &options()).unwrap();
        let parsed = Parser::parse_sql(&PostgreSqlDialect {}, &compiled.sql);
        let statements = parsed.map_err(|error| TestCaseError::fail(format!("{error}: {}", compiled.sql)))?;
        let [Statement::Query(one)] = statements.as_slice() else {
            return Err(TestCaseError::fail(compiled.sql));
        };
        let select = one.body.as_select().unwrap();
        prop_assert_eq!(select.projection.len(), 4, "{}", compiled.sql);
    }
}

#[test]
fn filters_of_own_sql_come_after_row_filters() {
    const FENCE: &str = "\nLIMIT 2147483647\n)";
    let hidden = || {
        with_filter(
            "orders",
            "\"orders\".region = 'EU'",
            "${TABLE}.region = 'EU'",
        )
    };
    let of_calculation = json!({
        "dimensions": ["orders_status"], "metrics": [],
        "tableCalculations": [{ "name": "tell", "displayName": "tell", "type": "number", "sql": "1 / LENGTH(${orders.status})" }],
        "filters": { "tableCalculations": { "id": "1", "and": [
            { "id": "2", "target": { "fieldId": "tell" }, "operator": "equals", "values": [1] }] } },
    });
    let of_metric = json!({
        "dimensions": ["orders_status"], "metrics": [], "additionalMetrics": [
            { "table": "orders", "name": "tell", "type": "number", "sql": "1 / MAX(LENGTH(${TABLE}.status))" }],
        "filters": { "metrics": { "id": "1", "and": [
            { "id": "2", "target": { "fieldId": "orders_tell" }, "operator": "equals", "values": [1] }] } },
    });
    for ask in [of_calculation, of_metric] {
        let sql = |explore: Value| {
            let compiled = compile(&read(explore), &query(ask.clone()), &options());
            compiled.unwrap().sql
        };
        let fenced = sql(hidden());
        assert_eq!(fenced.matches(FENCE).count(), 1, "{fenced}");
        let open = sql(explore());
        assert!(!open.contains(FENCE), "{open}");
    }
}
