//! Metrics over joins: each row of a metric's table counts once in a group, however often a join repeats it.

use serde_json::{Value, json};

use crate::check::{Case, rule};
use crate::data::{CUSTOMERS, ORDERS, PAYMENTS};
use crate::explores;
use crate::shop::*;

fn status(row: &Row) -> Value {
    json!(row.order.and_then(|order| order.status))
}

fn method(row: &Row) -> Value {
    json!(row.payment.and_then(|payment| payment.method))
}

fn amounts(rows: &[Row]) -> Vec<Option<i64>> {
    orders_in(rows).iter().map(|order| order.amount).collect()
}

fn total(rows: &[Row]) -> Value {
    sum(amounts(rows))
}

fn paid(rows: &[Row]) -> Value {
    sum(payments_in(rows).iter().map(|payment| payment.amount))
}

#[tokio::test]
async fn without_joins_metrics_are_plain() {
    let metrics = [
        "total",
        "count",
        "average",
        "median",
        "smallest",
        "largest",
        "customers",
        "total_weight",
        "p90",
        "completed_total",
        "per_order",
        "last_date",
    ]
    .map(|name| format!("orders_{name}"));
    let metrics: Vec<_> = metrics.iter().map(String::as_str).collect();
    let expected = grouped(orders(), status, every_metric);
    Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&metrics)
        .answers(expected)
        .await;
    Case::on(explores::orders())
        .metrics(&metrics)
        .answers(vec![every_metric(&orders())])
        .await;
}

/// Of orders, in the order of the case above.
fn every_metric(rows: &[Row]) -> Vec<Value> {
    let all = orders_in(rows);
    let mut customers: Vec<_> = all.iter().filter_map(|order| order.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    let weights: Vec<_> = all.iter().map(|order| order.weight).collect();
    let cents = amounts(rows);
    let euro = |cents: Option<i64>| cents.map_or(Value::Null, money);
    let weight = weights.iter().flatten().sum::<f64>();
    let has_weight = weights.iter().any(Option::is_some);
    let completed = all
        .iter()
        .filter(|order| order.status == Some("completed"))
        .map(|order| order.amount);
    let per_order = cents.iter().flatten().sum::<i64>() as f64 / 100.0 / all.len() as f64;
    vec![
        total(rows),
        json!(all.len()),
        average(cents.iter().copied().map(euros)),
        percentile(cents.iter().copied().map(euros), 0.5),
        euro(cents.iter().flatten().min().copied()),
        euro(cents.iter().flatten().max().copied()),
        json!(customers.len()),
        if has_weight {
            json!(weight)
        } else {
            Value::Null
        },
        percentile(weights, 0.9),
        sum(completed),
        if cents.iter().any(Option::is_some) {
            json!(per_order)
        } else {
            Value::Null
        },
        json!(all.iter().filter_map(|order| order.date).max()),
    ]
}

#[tokio::test]
async fn an_order_with_three_payments_counts_once() {
    let metrics = [
        "total",
        "count",
        "average",
        "median",
        "smallest",
        "largest",
        "customers",
        "total_weight",
        "p90",
        "completed_total",
        "per_order",
        "last_date",
    ]
    .map(|name| format!("orders_{name}"));
    let mut ids: Vec<_> = metrics.iter().map(String::as_str).collect();
    ids.extend(["payments_total", "payments_count"]);
    let answer = |rows: &[Row]| {
        let mut row = every_metric(rows);
        row.extend([paid(rows), json!(payments_in(rows).len())]);
        row
    };
    let joined = || orders().with_payments();
    // Grouped by the base, by what is joined, and not at all.
    Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&ids)
        .answers(grouped(joined(), status, answer))
        .await;
    Case::on(explores::orders())
        .dimensions(&["payments_method"])
        .metrics(&ids)
        .answers(grouped(joined(), method, answer))
        .await;
    Case::on(explores::orders())
        .metrics(&ids)
        .answers(vec![answer(&joined())])
        .await;
}

#[tokio::test]
async fn each_inflated_metric_is_right_alone() {
    for (number, metric) in [
        "total",
        "count",
        "average",
        "median",
        "smallest",
        "largest",
        "customers",
        "total_weight",
        "p90",
        "completed_total",
        "per_order",
        "last_date",
    ]
    .iter()
    .enumerate()
    {
        let id = format!("orders_{metric}");
        let answer = |rows: &[Row]| vec![every_metric(rows)[number].clone()];
        let expected = grouped(orders().with_payments(), method, answer);
        Case::on(explores::orders())
            .dimensions(&["payments_method"])
            .metrics(&[&id])
            .answers(expected)
            .await;
    }
}

#[tokio::test]
async fn only_orders_that_have_such_a_payment_count_under_a_filter() {
    let rows: Vec<_> = orders()
        .with_payments()
        .into_iter()
        .filter(|row| {
            row.payment
                .is_some_and(|payment| payment.method == Some("card"))
        })
        .collect();
    let answer = |rows: &[Row]| vec![total(rows), json!(orders_in(rows).len()), paid(rows)];
    let case = || {
        Case::on(explores::orders())
            .metrics(&["orders_total", "orders_count", "payments_total"])
            .filter(rule("payments_method", "equals", json!(["card"])))
    };
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(rows.clone(), status, answer))
        .await;
    case().answers(vec![answer(&rows)]).await;
    // Nothing of the joined table is selected.
    Case::on(explores::orders())
        .metrics(&["orders_total"])
        .filter(rule("payments_method", "equals", json!(["card"])))
        .answers(vec![vec![total(&rows)]])
        .await;
}

#[tokio::test]
async fn a_customer_of_several_orders_counts_once_in_a_group() {
    let answer = |rows: &[Row]| {
        let customers = customers_in(rows);
        vec![
            json!(customers.len()),
            whole_sum(customers.iter().map(|customer| customer.tier)),
            average(
                customers
                    .iter()
                    .map(|customer| customer.tier.map(f64::from)),
            ),
            json!(orders_in(rows).len()),
            total(rows),
        ]
    };
    let case = || {
        Case::on(explores::orders()).metrics(&[
            "customers_count",
            "customers_tiers",
            "customers_average_tier",
            "orders_count",
            "orders_total",
        ])
    };
    let joined = || orders().with_customers();
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
    let region = |row: &Row| json!(row.customer.and_then(|customer| customer.region));
    case()
        .dimensions(&["customers_region"])
        .answers(grouped(joined(), region, answer))
        .await;
    case().answers(vec![answer(&joined())]).await;
}

#[tokio::test]
async fn two_joins_off_one_base_do_not_multiply_each_other() {
    let answer = |rows: &[Row]| {
        let items = items_in(rows);
        vec![
            total(rows),
            paid(rows),
            json!(payments_in(rows).len()),
            whole_sum(items.iter().map(|item| item.quantity)),
            sum(items.iter().map(|item| item.price)),
            json!(items.len()),
        ]
    };
    let case = || {
        Case::on(explores::orders()).metrics(&[
            "orders_total",
            "payments_total",
            "payments_count",
            "items_quantities",
            "items_prices",
            "items_count",
        ])
    };
    let joined = || orders().with_payments().with_items();
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
    case()
        .dimensions(&["payments_method"])
        .answers(grouped(joined(), method, answer))
        .await;
    case().answers(vec![answer(&joined())]).await;
}

#[tokio::test]
async fn a_chain_of_three_keeps_each_table_right() {
    let answer = |rows: &[Row]| {
        vec![
            total(rows),
            json!(items_in(rows).len()),
            sum(items_in(rows).iter().map(|item| item.price)),
            json!(shipments_in(rows).len()),
            whole_sum(shipments_in(rows).iter().map(|shipment| shipment.grams)),
        ]
    };
    let case = || {
        Case::on(explores::orders()).metrics(&[
            "orders_total",
            "items_count",
            "items_prices",
            "shipments_count",
            "shipments_weight",
        ])
    };
    let joined = || orders().with_items().with_shipments();
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
    let carrier = |row: &Row| json!(row.shipment.map(|shipment| shipment.carrier));
    case()
        .dimensions(&["shipments_carrier"])
        .answers(grouped(joined(), carrier, answer))
        .await;
    case().answers(vec![answer(&joined())]).await;
    // The table in the middle is not asked for.
    let answer = |rows: &[Row]| {
        vec![
            total(rows),
            whole_sum(shipments_in(rows).iter().map(|shipment| shipment.grams)),
        ]
    };
    Case::on(explores::orders())
        .dimensions(&["shipments_carrier"])
        .metrics(&["orders_total", "shipments_weight"])
        .answers(grouped(joined(), carrier, answer))
        .await;
}

#[tokio::test]
async fn many_to_many_counts_both_sides_once() {
    let answer = |rows: &[Row]| {
        let tags = tags_in(rows);
        vec![
            total(rows),
            json!(orders_in(rows).len()),
            json!(tags.len()),
            whole_sum(tags.iter().map(|tag| Some(tag.weight))),
        ]
    };
    let case = || {
        Case::on(explores::orders()).metrics(&[
            "orders_total",
            "orders_count",
            "tags_count",
            "tags_weights",
        ])
    };
    let joined = || orders().with_tags();
    let name = |row: &Row| json!(row.tag.map(|tag| tag.name));
    case()
        .dimensions(&["tags_name"])
        .answers(grouped(joined(), name, answer))
        .await;
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
    case().answers(vec![answer(&joined())]).await;
}

#[tokio::test]
async fn from_customers_to_orders_to_payments() {
    let answer = |rows: &[Row]| {
        let customers = customers_in(rows);
        vec![
            json!(customers.len()),
            whole_sum(customers.iter().map(|customer| customer.tier)),
            total(rows),
            json!(orders_in(rows).len()),
            paid(rows),
        ]
    };
    let case = || {
        Case::on(explores::customers_first()).metrics(&[
            "customers_count",
            "customers_tiers",
            "orders_total",
            "orders_count",
            "payments_total",
        ])
    };
    let joined = || customers().with_orders().with_payments();
    let region = |row: &Row| json!(row.customer.and_then(|customer| customer.region));
    case()
        .dimensions(&["customers_region"])
        .answers(grouped(joined(), region, answer))
        .await;
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
    case()
        .dimensions(&["payments_method"])
        .answers(grouped(joined(), method, answer))
        .await;
    case().answers(vec![answer(&joined())]).await;
}

#[tokio::test]
async fn a_ratio_over_two_tables_is_of_both_sums_each_right() {
    let share = |rows: &[Row]| {
        let whole = amounts(rows).into_iter().flatten().sum::<i64>();
        let part: Vec<_> = payments_in(rows)
            .iter()
            .filter_map(|payment| payment.amount)
            .collect();
        if whole == 0 || part.is_empty() || amounts(rows).iter().all(Option::is_none) {
            return Value::Null;
        }
        json!(part.iter().sum::<i64>() as f64 / whole as f64)
    };
    let joined = || orders().with_payments();
    let case = || Case::on(explores::orders());
    case()
        .metrics(&["payments_share_of_orders"])
        .answers(vec![vec![share(&joined())]])
        .await;
    case()
        .dimensions(&["orders_status"])
        .metrics(&["payments_share_of_orders"])
        .answers(grouped(joined(), status, |rows| vec![share(rows)]))
        .await;
    case()
        .dimensions(&["orders_status"])
        .metrics(&["orders_total", "payments_total", "payments_share_of_orders"])
        .answers(grouped(joined(), status, |rows| {
            vec![total(rows), paid(rows), share(rows)]
        }))
        .await;
}

#[tokio::test]
async fn filters_of_metrics_see_the_right_numbers() {
    let answer = |rows: &[Row]| vec![total(rows)];
    let over = |least: i64| {
        move |row: &Vec<Value>| {
            row[1]
                .as_str()
                .is_some_and(|text| text.parse::<f64>().unwrap() > least as f64)
        }
    };
    let expected: Vec<_> = grouped(orders().with_payments(), method, answer)
        .into_iter()
        .filter(over(30))
        .collect();
    Case::on(explores::orders())
        .dimensions(&["payments_method"])
        .metrics(&["orders_total"])
        .metric_filter(rule("orders_total", "greaterThan", json!([30])))
        .answers(expected)
        .await;
    // A metric that is only filtered by is not a column.
    let expected: Vec<_> = grouped(orders().with_payments(), method, |rows| {
        vec![total(rows), paid(rows)]
    })
    .into_iter()
    .filter(over(30))
    .map(|row| vec![row[0].clone(), row[2].clone()])
    .collect();
    Case::on(explores::orders())
        .dimensions(&["payments_method"])
        .metrics(&["payments_total"])
        .metric_filter(rule("orders_total", "greaterThan", json!([30])))
        .answers(expected)
        .await;
    // Only a filter needs the joined table.
    let expected: Vec<_> = grouped(orders().with_payments(), status, |rows| {
        vec![total(rows), json!(payments_in(rows).len())]
    })
    .into_iter()
    .filter(|row| row[2].as_u64().unwrap() >= 2)
    .map(|row| row[..2].to_vec())
    .collect();
    Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&["orders_total"])
        .metric_filter(rule("payments_count", "greaterThanOrEqual", json!([2])))
        .answers(expected)
        .await;
    // The same without a dimension: a row, or none.
    let case = |least: i64| {
        Case::on(explores::orders())
            .metrics(&["payments_total"])
            .metric_filter(rule("orders_total", "greaterThan", json!([least])))
    };
    case(30)
        .answers(vec![vec![paid(&orders().with_payments())]])
        .await;
    case(30_000).answers(Vec::new()).await;
}

#[tokio::test]
async fn null_keys_join_nothing_and_are_a_group() {
    let customer = |row: &Row| json!(row.order.and_then(|order| order.customer));
    let answer = |rows: &[Row]| vec![total(rows), paid(rows), json!(customers_in(rows).len())];
    Case::on(explores::orders())
        .dimensions(&["orders_customer_id"])
        .metrics(&["orders_total", "payments_total", "customers_count"])
        .answers(grouped(
            orders().with_payments().with_customers(),
            customer,
            answer,
        ))
        .await;
}

#[tokio::test]
async fn two_dimensions_with_nulls_find_their_group_again() {
    let key = |row: &Row| json!([status(row), method(row)]);
    let answer = |rows: &[Row]| vec![total(rows), json!(orders_in(rows).len()), paid(rows)];
    let expected = grouped(orders().with_payments(), key, answer)
        .into_iter()
        .map(|row| [row[0].as_array().unwrap().clone(), row[1..].to_vec()].concat())
        .collect();
    Case::on(explores::orders())
        .dimensions(&["orders_status", "payments_method"])
        .metrics(&["orders_total", "orders_count", "payments_total"])
        .answers(expected)
        .await;
}

#[tokio::test]
async fn a_table_without_rows_counts_nothing() {
    let refunds =
        ["total", "count", "average", "median", "reasons"].map(|name| format!("refunds_{name}"));
    let refunds: Vec<_> = refunds.iter().map(String::as_str).collect();
    let nothing = vec![Value::Null, json!(0), Value::Null, Value::Null, json!(0)];
    // As the base.
    let case = || Case::on(explores::refunds_first());
    case()
        .metrics(&refunds)
        .answers(vec![nothing.clone()])
        .await;
    case()
        .dimensions(&["refunds_reason"])
        .metrics(&refunds)
        .answers(Vec::new())
        .await;
    case()
        .dimensions(&["orders_status"])
        .metrics(&["orders_total"])
        .answers(Vec::new())
        .await;
    case()
        .metrics(&["orders_total", "refunds_total"])
        .answers(vec![vec![Value::Null, Value::Null]])
        .await;
    // As what is joined.
    let expected = grouped(orders(), status, |rows| {
        [vec![total(rows)], nothing.clone()].concat()
    });
    let metrics = [vec!["orders_total"], refunds].concat();
    Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&metrics)
        .answers(expected)
        .await;
    Case::on(explores::orders())
        .metrics(&["orders_total", "refunds_total"])
        .answers(vec![vec![total(&orders()), Value::Null]])
        .await;
}

#[tokio::test]
async fn inner_right_and_full_joins_keep_what_they_say() {
    let matched: Vec<_> = orders()
        .with_payments()
        .into_iter()
        .filter(|row| row.payment.is_some())
        .collect();
    let lonely: Vec<_> = PAYMENTS
        .iter()
        .filter(|payment| !ORDERS.iter().any(|order| payment.order == Some(order.id)))
        .map(|payment| Row {
            payment: Some(payment),
            ..Row::default()
        })
        .collect();
    assert_eq!(lonely.len(), 2);
    let answer = |rows: &[Row]| {
        vec![
            total(rows),
            json!(orders_in(rows).len()),
            paid(rows),
            json!(payments_in(rows).len()),
        ]
    };
    let metrics = [
        "orders_total",
        "orders_count",
        "payments_total",
        "payments_count",
    ];
    let kinds = [
        ("inner", matched.clone()),
        ("right", [matched.clone(), lonely.clone()].concat()),
        ("full", [orders().with_payments(), lonely].concat()),
    ];
    for (kind, rows) in kinds {
        let case = || Case::on(explores::orders_and_payments(kind)).metrics(&metrics);
        case()
            .dimensions(&["orders_status"])
            .answers(grouped(rows.clone(), status, answer))
            .await;
        case()
            .dimensions(&["payments_method"])
            .answers(grouped(rows.clone(), method, answer))
            .await;
        case().answers(vec![answer(&rows)]).await;
    }
}

#[tokio::test]
async fn dimensions_alone_are_distinct_rows() {
    let pairs = |rows: Vec<Row>| {
        grouped(
            rows,
            |row| json!([status(row), method(row)]),
            |_| Vec::new(),
        )
        .into_iter()
        .map(|row| row[0].as_array().unwrap().clone())
        .collect()
    };
    Case::on(explores::orders())
        .dimensions(&["orders_status", "payments_method"])
        .answers(pairs(orders().with_payments()))
        .await;
    let regions = grouped(
        customers(),
        |row| json!(row.customer.and_then(|customer| customer.region)),
        |_| Vec::new(),
    );
    Case::on(explores::customers_first())
        .dimensions(&["customers_region"])
        .answers(regions)
        .await;
    assert_eq!(CUSTOMERS.len(), 5);
}

#[tokio::test]
async fn a_table_that_is_always_joined_multiplies_nothing() {
    let explore = explores::with(explores::orders(), "/joinedTables/1/always", json!(true));
    let answer = |rows: &[Row]| vec![total(rows), json!(orders_in(rows).len())];
    Case::on(explore)
        .dimensions(&["orders_status"])
        .metrics(&["orders_total", "orders_count"])
        .answers(grouped(orders(), status, answer))
        .await;
}

#[tokio::test]
async fn metrics_of_this_query_alone_are_protected_too() {
    let metric = |table: &str, name: &str, r#type: &str, sql: &str, more: Value| {
        let mut metric =
            json!({"table": table, "name": name, "type": r#type, "sql": sql, "label": name});
        metric
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        metric
    };
    let answer = |rows: &[Row]| {
        let orders = orders_in(rows);
        let heavy = orders
            .iter()
            .filter(|order| order.weight.is_some_and(|weight| weight > 2.0));
        vec![
            sum(heavy.map(|order| order.amount)),
            percentile(orders.iter().map(|order| order.weight), 0.25),
            sum(payments_in(rows)
                .iter()
                .filter(|payment| payment.method == Some("card"))
                .map(|payment| payment.amount)),
        ]
    };
    let heavy = json!({"filters": [{"id": "h", "target": {"fieldRef": "orders.weight"}, "operator": "greaterThan", "values": [2]}]});
    let card = json!({"filters": [{"id": "c", "target": {"fieldRef": "payments.method"}, "operator": "equals", "values": ["card"]}]});
    Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&["orders_heavy", "orders_p25", "payments_by_card"])
        .add(
            "additionalMetrics",
            metric("orders", "heavy", "sum", "${TABLE}.amount", heavy),
        )
        .add(
            "additionalMetrics",
            metric(
                "orders",
                "p25",
                "percentile",
                "${TABLE}.weight",
                json!({"percentile": 25}),
            ),
        )
        .add(
            "additionalMetrics",
            metric("payments", "by_card", "sum", "${TABLE}.amount", card),
        )
        .answers(grouped(orders().with_payments(), status, answer))
        .await;
}
