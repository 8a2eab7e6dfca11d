//! Metrics that are awkward to protect from joins that multiply rows: those that look into other tables, those whose SQL is
//! one opaque piece, and joins that do not say what they multiply.

use serde_json::{Value, json};

use crate::check::{Case, relative, rule};
use crate::data::{ORDERS, PAYMENTS, date};
use crate::explores::{self, undeclared, with, with_metric};
use crate::shop::*;

fn status(row: &Row) -> Value {
    json!(row.order.and_then(|order| order.status))
}

fn method(row: &Row) -> Value {
    json!(row.payment.and_then(|payment| payment.method))
}

fn total(rows: &[Row]) -> Value {
    sum(orders_in(rows).iter().map(|order| order.amount))
}

fn paid(rows: &[Row]) -> Value {
    sum(payments_in(rows).iter().map(|payment| payment.amount))
}

/// Nothing is null, not 0.
fn or_null(count: usize) -> Value {
    if count == 0 {
        Value::Null
    } else {
        json!(count)
    }
}

#[tokio::test]
async fn rows_that_lack_a_joined_row_count_each() {
    let compiled = "SUM(CASE WHEN (\"payments\".payment_id) IS NULL THEN 1 END)";
    let explore = with_metric(
        explores::orders(),
        "orders",
        "unpaid",
        "sum",
        [
            "CASE WHEN ${payments.payment_id} IS NULL THEN 1 END",
            compiled,
        ],
        json!({"tablesReferences": ["orders", "payments"]}),
    );
    let answer = |rows: &[Row]| {
        let unpaid = orders_in(rows)
            .into_iter()
            .filter(|order| PAYMENTS.iter().all(|one| one.order != Some(order.id)));
        vec![or_null(unpaid.count()), json!(items_in(rows).len())]
    };
    let joined = || orders().with_payments().with_items();
    let case = || Case::on(explore.clone()).metrics(&["orders_unpaid", "items_count"]);
    case().answers(vec![answer(&joined())]).await;
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
}

/// Orders that were paid by card at least once, whichever way the filter is asked for.
#[tokio::test]
async fn a_filter_on_a_joined_table_chooses_rows_and_does_not_repeat_them() {
    let filter = json!([{
        "id": "f", "target": {"fieldRef": "payments.method"}, "operator": "equals", "values": ["card"]
    }]);
    let more = json!({"filters": filter, "tablesReferences": ["orders", "payments"]});
    let mut explore = explores::orders();
    for (name, r#type) in [
        ("by_card", "sum"),
        ("of_card", "count"),
        ("card_average", "average"),
    ] {
        let column = if r#type == "count" {
            "order_id"
        } else {
            "amount"
        };
        explore = with_metric(
            explore,
            "orders",
            name,
            r#type,
            [&format!("${{TABLE}}.{column}"), "NULL"],
            more.clone(),
        );
    }
    let answer = |rows: &[Row]| {
        let by_card: Vec<_> = rows
            .iter()
            .filter(|row| row.payment.is_some_and(|one| one.method == Some("card")))
            .copied()
            .collect();
        vec![
            total(&by_card),
            json!(orders_in(&by_card).len()),
            average(orders_in(&by_card).iter().map(|order| euros(order.amount))),
        ]
    };
    let case = || {
        Case::on(explore.clone()).metrics(&[
            "orders_by_card",
            "orders_of_card",
            "orders_card_average",
        ])
    };
    let joined = || orders().with_payments();
    case().answers(vec![answer(&joined())]).await;
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
    case()
        .dimensions(&["payments_method"])
        .answers(grouped(joined(), method, answer))
        .await;
    // With one more table that multiplies.
    let sku = |row: &Row| json!(row.item.and_then(|item| item.sku));
    case()
        .dimensions(&["items_sku"])
        .answers(grouped(joined().with_items(), sku, answer))
        .await;
}

#[tokio::test]
async fn a_metric_of_no_column_counts_no_row_where_there_is_none() {
    let mut explore = explores::orders();
    for (name, r#type, sql, compiled) in [
        ("ones", "sum", "1", "SUM(1)"),
        ("rows", "count", "1", "COUNT(1)"),
        (
            "tiers_or_one",
            "sum",
            "COALESCE(${TABLE}.tier, 1)",
            "SUM(COALESCE(\"customers\".tier, 1))",
        ),
    ] {
        explore = with_metric(
            explore,
            "customers",
            name,
            r#type,
            [sql, compiled],
            json!({}),
        );
    }
    let answer = |rows: &[Row]| {
        let customers = customers_in(rows);
        vec![
            or_null(customers.len()),
            json!(customers.len()),
            whole_sum(customers.iter().map(|one| Some(one.tier.unwrap_or(1)))),
        ]
    };
    Case::on(explore)
        .dimensions(&["orders_status"])
        .metrics(&["customers_ones", "customers_rows", "customers_tiers_or_one"])
        .answers(grouped(orders().with_customers(), status, answer))
        .await;
}

#[tokio::test]
async fn opaque_sql_is_computed_over_its_rows_once() {
    let explore = with_metric(
        explores::orders(),
        "orders",
        "per_customer",
        "number",
        [
            "SUM(${TABLE}.amount) / NULLIF(COUNT(DISTINCT ${TABLE}.customer_id), 0)",
            "SUM(\"orders\".amount) / NULLIF(COUNT(DISTINCT \"orders\".customer_id), 0)",
        ],
        json!({}),
    );
    let explore = with_metric(
        explore,
        "orders",
        "has_gift",
        "boolean",
        ["BOOL_OR(${TABLE}.is_gift)", "BOOL_OR(\"orders\".is_gift)"],
        json!({}),
    );
    let answer = |rows: &[Row]| {
        let all = orders_in(rows);
        let mut customers: Vec<_> = all.iter().filter_map(|order| order.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        let amounts: Vec<_> = all.iter().filter_map(|order| order.amount).collect();
        let per_customer = if customers.is_empty() || amounts.is_empty() {
            Value::Null
        } else {
            json!(amounts.iter().sum::<i64>() as f64 / 100.0 / customers.len() as f64)
        };
        let gifts: Vec<_> = all.iter().filter_map(|order| order.gift).collect();
        let gift = if gifts.is_empty() {
            Value::Null
        } else {
            json!(gifts.contains(&true))
        };
        vec![per_customer, gift, paid(rows), total(rows)]
    };
    let case = || {
        Case::on(explore.clone()).metrics(&[
            "orders_per_customer",
            "orders_has_gift",
            "payments_total",
            "orders_total",
        ])
    };
    let joined = || orders().with_payments();
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
async fn opaque_sql_over_two_tables_is_warned_of() {
    let explore = with_metric(
        explores::orders(),
        "payments",
        "missing",
        "number",
        [
            "SUM(${orders.amount}) - SUM(${TABLE}.amount)",
            "SUM(\"orders\".amount) - SUM(\"payments\".amount)",
        ],
        json!({"tablesReferences": ["payments", "orders"]}),
    );
    let warnings = Case::on(explore).metrics(&["payments_missing"]).warnings();
    assert!(
        warnings.iter().any(|one| one.contains("\"missing\"")),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn joins_that_declare_nothing_are_known_by_keys() {
    let answer = |rows: &[Row]| {
        vec![
            total(rows),
            json!(orders_in(rows).len()),
            paid(rows),
            whole_sum(customers_in(rows).iter().map(|one| one.tier)),
            whole_sum(tags_in(rows).iter().map(|tag| Some(tag.weight))),
        ]
    };
    let joined = || orders().with_customers().with_payments().with_tags();
    let case = || {
        Case::on(undeclared(explores::orders())).metrics(&[
            "orders_total",
            "orders_count",
            "payments_total",
            "customers_tiers",
            "tags_weights",
        ])
    };
    case().answers(vec![answer(&joined())]).await;
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(joined(), status, answer))
        .await;
    case()
        .dimensions(&["payments_method"])
        .answers(grouped(joined(), method, answer))
        .await;
    assert_eq!(case().warnings(), [""; 0]);
}

#[tokio::test]
async fn what_cannot_be_protected_is_warned_of() {
    let keyless = with(explores::orders(), "/tables/orders/primaryKey", json!([]));
    let case = Case::on(keyless)
        .dimensions(&["payments_method"])
        .metrics(&["orders_total", "payments_total"]);
    let warnings = case.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("\"total\""),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn the_filter_of_a_joined_table_holds_in_every_part() {
    let explore = with(
        explores::orders(),
        "/tables/payments/sqlWhere",
        json!("\"payments\".method = 'card' OR \"payments\".amount > 40"),
    );
    // The order of a payment that is not to be seen stays.
    let mut rows: Vec<Row> = Vec::new();
    for order in orders() {
        let seen: Vec<_> = vec![order]
            .with_payments()
            .into_iter()
            .filter(|row| {
                row.payment.is_some_and(|one| {
                    one.method == Some("card") || one.amount.is_some_and(|cents| cents > 40_00)
                })
            })
            .collect();
        if seen.is_empty() {
            rows.push(order);
        }
        rows.extend(seen);
    }
    let answer = |rows: &[Row]| vec![total(rows), paid(rows), json!(payments_in(rows).len())];
    let case =
        || Case::on(explore.clone()).metrics(&["orders_total", "payments_total", "payments_count"]);
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(rows.clone(), status, answer))
        .await;
    case()
        .dimensions(&["payments_method"])
        .answers(grouped(rows, method, answer))
        .await;
}

#[tokio::test]
async fn a_relative_filter_of_a_metric_counts_from_now() {
    let explore = with_metric(
        explores::orders(),
        "orders",
        "recent",
        "sum",
        [
            "${TABLE}.amount",
            "SUM(CASE WHEN false THEN \"orders\".amount END)",
        ],
        json!({"filters": [{
            "id": "f", "target": {"fieldRef": "orders.order_date"}, "operator": "inThePast", "values": [2],
            "settings": {"unitOfTime": "days", "completed": true}
        }]}),
    );
    let recent = sum(ORDERS
        .iter()
        .filter(|order| {
            order
                .date
                .is_some_and(|day| ("2024-02-28"..="2024-02-29").contains(&day))
        })
        .map(|order| order.amount));
    let case = || {
        Case::on(explore.clone())
            .now("2024-03-01T12:00:00Z")
            .metrics(&["orders_recent", "payments_total"])
    };
    let (from, to) = (date("2024-02-28"), date("2024-02-29"));
    assert_eq!((to - from).num_days(), 1);
    case()
        .answers(vec![vec![recent.clone(), paid(&orders().with_payments())]])
        .await;
    // And the query's filter beside it.
    let case = case().filter(relative("orders_order_date", "inThePast", 1, "days", true));
    let day = orders()
        .into_iter()
        .filter(|row| row.order.unwrap().date == Some("2024-02-29"))
        .collect::<Vec<_>>();
    case.answers(vec![vec![total(&day), paid(&day.with_payments())]])
        .await;
}

#[tokio::test]
async fn groups_and_filters_from_different_joins() {
    // Grouped by what one join brings, filtered by what another brings, over the metrics of a third.
    let rows: Vec<_> = orders()
        .with_customers()
        .with_payments()
        .with_items()
        .into_iter()
        .filter(|row| {
            row.item
                .is_some_and(|item| matches!(item.sku, Some("tea" | "cake")))
        })
        .collect();
    let region = |row: &Row| json!(row.customer.and_then(|one| one.region));
    let answer = |rows: &[Row]| {
        vec![
            paid(rows),
            total(rows),
            percentile(orders_in(rows).iter().map(|order| euros(order.amount)), 0.5),
            percentile(payments_in(rows).iter().map(|one| euros(one.amount)), 0.5),
            json!(customers_in(rows).len()),
        ]
    };
    Case::on(explores::orders())
        .dimensions(&["customers_region"])
        .metrics(&[
            "payments_total",
            "orders_total",
            "orders_median",
            "payments_median",
            "customers_count",
        ])
        .filter(rule("items_sku", "equals", json!(["tea", "cake"])))
        .answers(grouped(rows, region, answer))
        .await;
}
