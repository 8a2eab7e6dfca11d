//! The rows behind a cell.

use semantic::access::Hidden;
use semantic::underlying::{Behind, underlying};
use serde_json::json;

use crate::shop::{explore, query, read};

#[test]
fn a_metric_may_call_tables_by_their_models() {
    let mut explore = explore();
    let payments = &mut explore["tables"]["payments"];
    payments["originalName"] = json!("raw_payments");
    let paid = &mut payments["metrics"]["paid"];
    paid["showUnderlyingValues"] = json!(["raw_payments.METHOD", "orders.status", "payment_id"]);
    paid["filters"] = json!([
        {"id": "1", "target": {"fieldRef": "raw_payments.method"}, "operator": "equals", "values": ["card"]},
        {"id": "2", "target": {"fieldRef": "is_paid", "tableName": "orders"}, "operator": "equals", "values": [true]},
    ]);
    let source = query(json!({"metrics": ["payments_paid"]}));
    let behind = Behind {
        source: &source,
        item: Some("payments_paid"),
        hidden: &Hidden::default(),
    };
    let found = underlying(&read(explore), behind);
    let mut dimensions = found.dimensions;
    dimensions.sort();
    assert_eq!(
        dimensions,
        ["orders_status", "payments_method", "payments_payment_id"]
    );
    let rules = found.filters.dimensions.expect("filters").and;
    let ids: Vec<String> = rules
        .into_iter()
        .flatten()
        .filter_map(|rule| Some(rule.target?.field_id))
        .collect();
    assert_eq!(ids, ["payments_method", "orders_is_paid"]);
}
