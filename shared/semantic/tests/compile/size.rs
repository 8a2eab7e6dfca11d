//! A small query stays a small query.

use semantic::{CompileErrors, Dialect, compile};
use serde_json::{Value, json};

use crate::shop::{explore, options, query, read};

const TOO_LONG: &str = "The SQL of the query gets too long";

fn messages(compiled: Result<semantic::Compiled, CompileErrors>) -> Vec<String> {
    let errors = compiled.map(|one| one.sql.len()).unwrap_err().0;
    errors.into_iter().map(|error| error.message).collect()
}

fn ask(explore: Value, changes: Value) -> Result<semantic::Compiled, CompileErrors> {
    compile(&read(explore), &query(changes), &options())
}

/// The shop, where the SQL of an amount has so many bytes.
fn long(bytes: usize) -> Value {
    let mut explore = explore();
    let sql = format!("(\"orders\".amount + {})", "1".repeat(bytes));
    explore["tables"]["orders"]["dimensions"]["amount"]["compiledSql"] = json!(sql);
    explore
}

fn bin(at: usize, count: usize) -> Value {
    json!({"id": format!("b{at}"), "name": "b", "table": "orders", "type": "bin", "dimensionId": "orders_amount",
           "binType": "fixed_number", "binNumber": count})
}

#[test]
fn many_ranges_of_a_long_field_are_too_long() {
    let one = json!({"dimensions": ["b0"], "customDimensions": [bin(0, 1000)]});
    assert!(messages(ask(long(100_000), one.clone())).contains(&TOO_LONG.to_owned()));
    let ids: Vec<String> = (0..100).map(|at| format!("b{at}")).collect();
    let bins: Vec<Value> = (0..100).map(|at| bin(at, 1000)).collect();
    let many = json!({"dimensions": ids, "customDimensions": bins});
    assert!(messages(ask(explore(), many)).contains(&TOO_LONG.to_owned()));
    assert!(ask(explore(), one).is_ok());
}

#[test]
fn listed_ranges_of_a_long_field_are_too_long() {
    let ranges: Vec<Value> = (0..1000)
        .map(|at| json!({"from": at, "to": at + 1}))
        .collect();
    let bins = json!([{"id": "b", "name": "b", "table": "orders", "type": "bin", "dimensionId": "orders_amount",
        "binType": "custom_range", "customRange": ranges}]);
    let listed = json!({"dimensions": ["b"], "customDimensions": bins});
    assert!(messages(ask(long(100_000), listed.clone())).contains(&TOO_LONG.to_owned()));
    assert!(ask(explore(), listed).is_ok());
}

#[test]
fn ranges_repeat_the_rows_they_are_of_only_so_often() {
    let values: Vec<String> = (0..1000).map(|at| format!("{at:0>200}")).collect();
    let ids: Vec<String> = (0..200).map(|at| format!("b{at}")).collect();
    let bins: Vec<Value> = (0..200).map(|at| bin(at, 1)).collect();
    let changes = json!({"dimensions": ids, "customDimensions": bins, "filters": {"dimensions": {"id": "1", "and": [
        {"id": "2", "target": {"fieldId": "orders_status"}, "operator": "equals", "values": values}]}}});
    assert_eq!(messages(ask(explore(), changes)), [TOO_LONG]);
}

#[test]
fn metrics_that_double_are_too_long() {
    let mut explore = explore();
    for at in 0..40 {
        let sql = match at {
            0 => "${total}".to_owned(),
            _ => format!("${{n{0}}} + ${{n{0}}}", at - 1),
        };
        explore["tables"]["orders"]["metrics"][format!("n{at}")] = json!({
            "fieldType": "metric", "type": "number", "name": format!("n{at}"), "label": "n", "table": "orders", "tableLabel": "n",
            "hidden": false, "sql": sql, "compiledSql": "1", "filters": [], "tablesReferences": ["orders"],
        });
    }
    let metric = |name: &str| ask(explore.clone(), json!({"metrics": [name]}));
    assert!(metric("orders_n8").is_ok());
    assert_eq!(messages(metric("orders_n39")), [TOO_LONG]);
}

#[test]
fn a_field_that_is_named_again_and_again_is_too_long() {
    let own = |count: usize| {
        json!({"metrics": ["orders_own"], "additionalMetrics": [
            {"table": "orders", "name": "own", "type": "sum", "sql": vec!["${amount}"; count].join("+")}]})
    };
    assert!(ask(long(10_000), own(10)).is_ok());
    assert_eq!(messages(ask(long(10_000), own(1000))), [TOO_LONG]);
    let dimension = json!({"dimensions": ["own"], "customDimensions": [{"id": "own", "name": "own", "table": "orders", "type": "sql",
        "sql": vec!["${amount}"; 1000].join("+"), "dimensionType": "number"}]});
    assert!(messages(ask(long(10_000), dimension)).contains(&TOO_LONG.to_owned()));
}

#[test]
fn twenty_thousand_references_are_too_long() {
    let sql = vec!["${amount}"; 20_000].join("+");
    let own = json!({"metrics": ["orders_own"], "additionalMetrics": [
        {"table": "orders", "name": "own", "type": "sum", "sql": sql}]});
    assert!(ask(explore(), own.clone()).is_ok());
    assert_eq!(messages(ask(long(200), own)), [TOO_LONG]);
}

#[test]
fn hundreds_of_ranges_of_a_thousand_are_too_long() {
    let ids: Vec<String> = (0..700).map(|at| format!("b{at}")).collect();
    let bins: Vec<Value> = (0..700).map(|at| bin(at, 1000)).collect();
    let changes = json!({"dimensions": ids, "customDimensions": bins});
    let found = messages(ask(explore(), changes));
    assert!(found.iter().all(|one| one == TOO_LONG), "{found:?}");
}

#[test]
fn ad_hoc_metrics_cannot_double_by_reference() {
    // A metric of the query is none that another one could name.
    let own = |at: usize| {
        let sql = match at {
            0 => "${total}".to_owned(),
            _ => format!("${{o{0}}} + ${{o{0}}}", at - 1),
        };
        json!({"table": "orders", "name": format!("o{at}"), "type": "number", "sql": sql})
    };
    let own: Vec<Value> = (0..40).map(own).collect();
    let changes = json!({"metrics": ["orders_o39"], "additionalMetrics": own});
    assert!(ask(explore(), changes).is_err());
}

#[test]
fn widths_and_limits_of_ranges_are_numbers_of_few_digits() {
    let width = |width: f64| {
        let bin = json!({"id": "b", "name": "b", "table": "orders", "type": "bin", "dimensionId": "orders_amount",
            "binType": "fixed_width", "binWidth": width});
        ask(
            explore(),
            json!({"dimensions": ["b"], "customDimensions": [bin]}),
        )
    };
    let limit = |from: f64, to: f64| {
        let bin = json!({"id": "b", "name": "b", "table": "orders", "type": "bin", "dimensionId": "orders_amount",
            "binType": "custom_range", "customRange": [{"from": from, "to": to}, {"from": to}, {"to": from}]});
        ask(
            explore(),
            json!({"dimensions": ["b"], "customDimensions": [bin]}),
        )
    };
    for bad in [1e300, 5e-324, 1.1e15, 9e-10] {
        let said = "A width of ranges has to be from 1e-9 to 1e15";
        assert_eq!(messages(width(bad)), [said], "{bad}");
        let said = "Limits of ranges have to be 0, or from 1e-9 to 1e15 on either side of it";
        assert_eq!(messages(limit(0.0, bad)), [said], "{bad}");
        assert_eq!(messages(limit(-bad, 0.0)), [said], "{bad}");
    }
    for good in [1e-9, 0.25, 10.0, 1e15] {
        assert!(width(good).is_ok(), "{good}");
        assert!(limit(-good, good).is_ok(), "{good}");
    }
    assert!(limit(-0.0, 1.0).is_ok());
}

#[test]
fn a_filter_repeats_its_field_only_so_often() {
    let filter = |operator: &str, count: usize| {
        let values: Vec<String> = (0..count).map(|at| at.to_string()).collect();
        json!({"filters": {"dimensions": {"id": "1", "and": [
            {"id": "2", "target": {"fieldId": "orders_status"}, "operator": operator, "values": values}]}}})
    };
    let mut explore = explore();
    explore["tables"]["orders"]["dimensions"]["status"]["compiledSql"] =
        json!(format!("'{}'", "x".repeat(1000)));
    assert_eq!(
        messages(ask(explore.clone(), filter("include", 5_000))).len(),
        1
    );
    for (operator, count) in [("include", 500), ("equals", 10_000)] {
        let compiled = ask(explore.clone(), filter(operator, count));
        assert!(compiled.is_ok(), "{operator}");
    }
}

#[test]
fn a_long_list_of_values_is_fine_and_no_endless_one() {
    let filter = |length: usize| {
        let values: Vec<String> = (0..10_000).map(|at| format!("{at:0>length$}")).collect();
        json!({"filters": {"dimensions": {"id": "1", "and": [
            {"id": "2", "target": {"fieldId": "orders_status"}, "operator": "equals", "values": values}]}}})
    };
    assert!(ask(explore(), filter(300)).is_ok());
    assert_eq!(messages(ask(explore(), filter(500))).len(), 1);
}

#[test]
fn names_are_repeated_only_so_often() {
    let name = "n".repeat(100_000);
    let sorts = vec![json!({"fieldId": name, "descending": true}); 1000];
    let changes = json!({"sorts": sorts, "tableCalculations": [{"name": name, "displayName": "n", "sql": "1"}]});
    assert_eq!(messages(ask(explore(), changes)), [TOO_LONG]);
}

#[test]
fn a_query_has_only_so_much_of_anything() {
    let rule = json!({"id": "2", "target": {"fieldId": "orders_status"}, "operator": "notNull"});
    let many = |count: usize| {
        (0..count)
            .map(|at| format!("orders_{at}"))
            .collect::<Vec<_>>()
    };
    let own = json!({"table": "orders", "name": "own", "type": "sum", "sql": "${amount}"});
    let mut filtered = own.clone();
    filtered["filters"] = json!(vec![
        json!({"id": "f", "target": {"fieldRef": "status"}, "operator": "notNull"});
        5_001
    ]);
    for (changes, message) in [
        (
            json!({"dimensions": many(1_001)}),
            "A query has at most 1000 dimensions",
        ),
        (
            json!({"metrics": many(1_001)}),
            "A query has at most 1000 metrics",
        ),
        (
            json!({"sorts": vec![json!({"fieldId": "orders_status"}); 1_001]}),
            "A query has at most 1000 sorts",
        ),
        (
            json!({"additionalMetrics": vec![own; 1_001]}),
            "A query has at most 1000 additionalMetrics",
        ),
        (
            json!({"customDimensions": vec![bin(0, 1); 1_001]}),
            "A query has at most 1000 customDimensions",
        ),
        (
            json!({"tableCalculations": vec![json!({"name": "x", "displayName": "x", "sql": "1"}); 1_001]}),
            "A query has at most 1000 tableCalculations",
        ),
        (
            json!({"filters": {"dimensions": {"id": "1", "or": vec![rule.clone(); 5_000]}}}),
            "A query has at most 5000 filters",
        ),
        (
            json!({"additionalMetrics": [filtered]}),
            "A query has at most 5000 filters",
        ),
    ] {
        assert_eq!(messages(ask(explore(), changes)), [message]);
    }
    let fine = json!({"filters": {"dimensions": {"id": "1", "or": vec![rule; 4_000]}}});
    assert!(ask(explore(), fine).is_ok());
}

#[test]
fn metrics_over_many_sets_of_tables_repeat_the_query_only_so_often() {
    let mut explore = long(100_000);
    for dialect in [Dialect::Postgres, Dialect::Bigquery] {
        explore["targetDatabase"] = json!(dialect);
        let sets = [
            "${amount}",
            "${amount} + ${payments.payment_id}",
            "${amount} + ${items.item_id}",
            "${payments.payment_id} + ${items.item_id}",
        ];
        let own = |(at, sql): (usize, &&str)| json!({"table": "orders", "name": format!("o{at}"), "type": "sum", "sql": sql});
        let metrics: Vec<String> = (0..sets.len()).map(|at| format!("orders_o{at}")).collect();
        let own: Vec<Value> = sets.iter().enumerate().map(own).collect();
        let dimensions: Vec<Value> = (0..12)
            .map(|at| json!({"id": format!("d{at}"), "name": "d", "type": "sql", "table": "orders", "sql": "${amount}", "dimensionType": "number"}))
            .collect();
        let ids: Vec<String> = (0..12).map(|at| format!("d{at}")).collect();
        let changes = json!({"dimensions": ids, "metrics": metrics, "additionalMetrics": own, "customDimensions": dimensions});
        assert_eq!(messages(ask(explore.clone(), changes)), [TOO_LONG]);
    }
}
