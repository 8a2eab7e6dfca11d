//! What is absurd is refused, and soon: none of these may take long, whatever the machine.

use semantic::reference::{Piece, pieces};
use semantic::{MetricQuery, compile};
use serde_json::{Value, json};

use crate::shop::{explore, options, query, read};

fn refused(changes: Value) -> semantic::CompileErrors {
    let query: MetricQuery = query(changes);
    compile(&read(explore()), &query, &options()).expect_err("a query that is refused")
}

fn ids(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("orders_x{number}"))
        .collect()
}

#[test]
fn more_than_a_thousand_of_a_kind_are_refused() {
    let errors = refused(json!({"dimensions": ids(1_001), "metrics": ids(1_001)}));
    let told: Vec<_> = errors.0.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(told, ["dimensions", "metrics"]);
}

#[test]
fn only_the_first_of_many_errors_say_what_may_have_been_meant() {
    let errors = refused(json!({"dimensions": vec!["orders_statu"; 1], "metrics": ids(300)}));
    assert_eq!(errors.0.len(), 100);
    let hints = errors.0.iter().filter(|one| one.hint.is_some()).count();
    assert!((1..=10).contains(&hints), "{hints}");
}

#[test]
fn hints_do_not_name_what_attributes_hide() {
    let mut hidden = explore();
    hidden["tables"]["orders"]["dimensions"]["status"]["requiredAttributes"] =
        json!({"team": "finance"});
    let query = query(json!({"dimensions": ["orders_statu"], "metrics": []}));
    let errors = compile(&read(hidden), &query, &options()).expect_err("an unknown field");
    assert!(!errors.to_string().contains("orders_status"), "{errors}");
    let errors = compile(&read(explore()), &query, &options()).expect_err("an unknown field");
    assert!(errors.to_string().contains("orders_status"), "{errors}");
}

/// Looking for the end of each beginning in all that follows, this would be ninety thousand million steps.
#[test]
fn text_that_is_full_of_beginnings_is_read_once() {
    let text = "${ ".repeat(300_000) + "}";
    let found: Vec<_> = pieces(&text).collect();
    assert!(matches!(found.as_slice(), [Piece::Text(all)] if *all == text));
    let after = format!("{text}${{orders.status}}");
    assert!(matches!(
        pieces(&after).last(),
        Some(Piece::Field {
            table: Some("orders"),
            field: "status"
        })
    ));
}

#[test]
fn a_leap_second_is_the_end_of_the_second_before() {
    let found = crate::shop::sql(json!({
        "dimensions": ["orders_status"],
        "filters": {"dimensions": {"id": "1", "and": [{"id": "2", "target": {"fieldId": "orders_ordered_at"}, "operator": "equals",
                                                        "values": ["2016-12-31T23:59:60Z"]}]}},
    }));
    assert!(!found.contains(":60"), "{found}");
    assert!(found.contains("2016-12-31 23:59:59"), "{found}");
}
