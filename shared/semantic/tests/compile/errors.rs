//! What is wrong with a query, all of it, with its place and what may have been meant.

use semantic::{CompileErrors, Reason, compile};
use serde_json::json;

use crate::shop::{explore, options, query, read, sql, try_compile, wrong};

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let found = wrong(json!({
        "dimensions": ["orders_statsu", "orders_status"],
        "metrics": ["orders_totl"],
        "filters": {"dimensions": {"id": "1", "and": [
            {"id": "2", "target": {"fieldId": "orders_amount"}, "operator": "include", "values": ["x"]},
            {"id": "3", "target": {"fieldId": "orders_ordered_on"}, "operator": "equals", "values": ["someday"]},
        ]}},
        "sorts": [{"fieldId": "customers_name", "descending": false}],
        "limit": -1,
    }));
    assert_eq!(
        found,
        [
            "limit: A limit is a whole number from 0 to 2147483647",
            "dimensions[0]: The explore \"orders\" has no dimension \"orders_statsu\" (did you mean \"orders_status\"?)",
            "metrics[0]: The explore \"orders\" has no metric \"orders_totl\" (did you mean \"orders_total\"?)",
            "sorts[0]: \"customers_name\" is not among the selected fields",
            "filters.dimensions.and[0]: \"orders_amount\": The operator \"include\" is not for fields of type number",
            "filters.dimensions.and[1]: \"orders_ordered_on\": \"someday\" is not a date",
        ]
    );
}

#[test]
fn a_limit_is_a_number_of_rows() {
    for limit in [json!(1.5), json!(-1), json!(1e300), json!(2147483648_u64)] {
        assert_eq!(wrong(json!({ "limit": limit })).len(), 1);
    }
    assert!(sql(json!({ "limit": 0 })).ends_with("LIMIT 0"));
    assert!(sql(json!({ "limit": 2147483647 })).ends_with("LIMIT 2147483647"));
    let mut options = options();
    options.row_limit = Some(100);
    let compiled = compile(&read(explore()), &query(json!({"limit": 500})), &options).unwrap();
    assert!(compiled.sql.ends_with("LIMIT 100"));
}

#[test]
fn a_query_needs_something_to_select() {
    assert_eq!(
        wrong(json!({"dimensions": [], "metrics": []})),
        ["dimensions: Nothing is selected: a query needs a dimension or a metric"]
    );
}

#[test]
fn a_filter_that_is_neither_a_rule_nor_a_group_is_said_to_be_so() {
    let filter = |item| wrong(json!({"filters": {"dimensions": {"id": "1", "and": [item]}}}));
    assert_eq!(
        filter(json!({"id": "2", "target": {"fieldId": "orders_status"}})),
        [
            "filters.dimensions.and[0]: A filter has a target and an operator, or is a group with \"and\" or \"or\""
        ]
    );
    assert_eq!(
        filter(json!({"id": "2", "and": [], "or": []})),
        ["filters.dimensions.and[0]: A group of filters has \"and\" or \"or\", not both"]
    );
    let mut deep = json!({"id": "x", "target": {"fieldId": "orders_status"}, "operator": "isNull"});
    for _ in 0..40 {
        deep = json!({"id": "x", "and": [deep]});
    }
    assert_eq!(filter(deep).len(), 1);
}

#[test]
fn joins_that_need_each_other_are_an_error_and_no_endless_loop() {
    let mut explore = explore();
    for (at, other) in [(1, "payments"), (2, "items")] {
        explore["joinedTables"][at]["sqlOn"] =
            json!(format!("${{{other}.order_id}} = ${{TABLE}}.x"));
        explore["joinedTables"][at]["tablesReferences"] = json!([other]);
    }
    let errors = compile(
        &read(explore),
        &query(json!({"dimensions": ["items_sku"]})),
        &options(),
    )
    .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "The joins of items, payments need each other"
    );
}

#[test]
fn metrics_that_need_each_other_are_an_error_and_no_endless_loop() {
    let mut explore = explore();
    explore["tables"]["orders"]["metrics"]["mean"]["sql"] = json!("${share}");
    explore["tables"]["orders"]["metrics"]["share"]["sql"] = json!("${mean}");
    let errors = compile(
        &read(explore),
        &query(json!({"metrics": ["orders_mean"]})),
        &options(),
    )
    .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "The metric \"mean\" is defined by itself"
    );
}

#[test]
fn calculations_name_selected_fields_only() {
    let calculation = |name: &str, sql: &str| {
        wrong(json!({"tableCalculations": [{"name": name, "displayName": name, "sql": sql}]}))
    };
    assert_eq!(
        calculation("c", "${orders.count} * 2"),
        [
            "tableCalculations[0].sql: \"orders_count\" is not among the selected fields (did you mean \"orders_total\"?)"
        ]
    );
    assert_eq!(
        calculation("c", "${total}"),
        ["tableCalculations[0].sql: \"${total}\" names no field: write ${table.field}"]
    );
    assert_eq!(
        calculation("orders_total", "1"),
        ["tableCalculations[0].name: Another column is called \"orders_total\" already"]
    );
    assert_eq!(
        calculation("c", "(SELECT max(usename) FROM pg_user)"),
        ["tableCalculations[0].sql: \"SELECT\" needs the right to write custom SQL"]
    );
    assert_eq!(
        calculation("c", "1) FROM x; DROP TABLE y --"),
        ["tableCalculations[0].sql: Only one expression is allowed here"]
    );
}

#[test]
fn ranges_need_their_numbers() {
    let bin = |settings: serde_json::Value| {
        let mut bin = json!({"id": "b", "name": "b", "table": "orders", "type": "bin", "dimensionId": "orders_amount"});
        for (key, value) in settings.as_object().unwrap() {
            bin[key] = value.clone();
        }
        wrong(json!({"dimensions": ["b"], "customDimensions": [bin]}))
    };
    for settings in [
        json!({"binType": "fixed_width"}),
        json!({"binType": "fixed_width", "binWidth": 0}),
        json!({"binType": "fixed_width", "binWidth": -1}),
        json!({"binType": "fixed_number"}),
        json!({"binType": "fixed_number", "binNumber": 0}),
        json!({"binType": "fixed_number", "binNumber": 1e9}),
        json!({"binType": "fixed_number", "binNumber": 2.5}),
        json!({"binType": "custom_range"}),
        json!({"binType": "custom_range", "customRange": [{}]}),
        json!({"binType": "fixed_width", "binWidth": 5, "dimensionId": "orders_nothing"}),
    ] {
        assert_eq!(bin(settings.clone()).len(), 1, "{settings}");
    }
}

#[test]
fn what_attributes_hide_outweighs_what_is_wrong() {
    let mut hiding = explore();
    hiding["tables"]["customers"]["requiredAttributes"] = json!({"team": ["sales", "ops"]});
    hiding["tables"]["orders"]["dimensions"]["status"]["requiredAttributes"] =
        json!({"team": "sales"});
    let reason = |changes, team: Option<&str>| {
        let mut options = options();
        if let Some(team) = team {
            options
                .attributes
                .values
                .insert("team".to_owned(), vec![team.to_owned()]);
        }
        let compiled = compile(&read(hiding.clone()), &query(changes), &options);
        compiled.map(|_| ()).map_err(|errors| errors.reason())
    };
    let customers = json!({"dimensions": ["customers_name"]});
    assert_eq!(reason(customers.clone(), None), Err(Reason::Hidden));
    assert_eq!(reason(customers, Some("ops")), Ok(()));
    let status = json!({"dimensions": ["orders_status", "orders_nothing"]});
    assert_eq!(reason(status.clone(), Some("ops")), Err(Reason::Hidden));
    assert_eq!(reason(status, Some("sales")), Err(Reason::FieldReference));
    let filter = json!({"dimensions": [], "filters": {"dimensions": {"id": "1", "or": [
        {"id": "2", "target": {"fieldId": "customers_name"}, "operator": "isNull"}]}}});
    assert_eq!(reason(filter, None), Err(Reason::Hidden));
    let metric = json!({"dimensions": [], "metrics": ["x_y"], "additionalMetrics": [
        {"table": "customers", "name": "n", "type": "max", "sql": "${TABLE}.name"}]});
    assert_eq!(reason(metric, None), Err(Reason::Hidden));
}

#[test]
fn an_explore_without_its_base_table_is_an_error() {
    let mut broken = explore();
    broken["baseTable"] = json!("nothing");
    let compiled = compile(&read(broken), &query(json!({})), &options());
    assert!(matches!(compiled, Err(CompileErrors(errors)) if !errors.is_empty()));
}

#[test]
fn a_hundred_errors_are_enough() {
    let many: Vec<String> = (0..1000).map(|at| format!("orders_x{at}")).collect();
    let errors = try_compile(json!({ "dimensions": many })).unwrap_err();
    assert_eq!(errors.0.len(), 100);
}
