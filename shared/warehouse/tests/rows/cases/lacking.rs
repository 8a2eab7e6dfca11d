//! Rows that an outer join did not find are no rows, whatever is made of them and whatever else is selected; and totals are of the
//! rows that they stand under.

use serde_json::{Value, json};

use crate::check::Case;
use crate::data::ORDERS;
use crate::explores::{self, with_metric};
use crate::shop::*;

fn status(row: &Row) -> Value {
    json!(row.order.and_then(|order| order.status))
}

fn name(row: &Row) -> Value {
    json!(row.customer.map(|customer| customer.name))
}

fn total(rows: &[Row]) -> Value {
    sum(orders_in(rows).iter().map(|order| order.amount))
}

fn with_metrics(explore: Value, table: &str, metrics: &[[&str; 4]]) -> Value {
    metrics
        .iter()
        .fold(explore, |explore, [name, r#type, sql, compiled]| {
            with_metric(explore, table, name, r#type, [sql, compiled], json!({}))
        })
}

#[tokio::test]
async fn what_is_made_of_nothing_is_not_counted_with_or_without_other_metrics() {
    let explore = with_metrics(
        explores::customers_first(),
        "items",
        &[
            [
                "unnamed",
                "sum",
                "CASE WHEN ${TABLE}.sku IS NULL THEN 1 ELSE 0 END",
                "SUM(CASE WHEN \"items\".sku IS NULL THEN 1 ELSE 0 END)",
            ],
            ["ones", "sum", "1", "SUM(1)"],
            ["rows", "count", "1", "COUNT(1)"],
            ["stars", "count", "*", "COUNT(*)"],
            ["halves", "sum", "0.5", "SUM(0.5)"],
            [
                "skus",
                "count_distinct",
                "COALESCE(${TABLE}.sku, '?')",
                "COUNT(DISTINCT COALESCE(\"items\".sku, '?'))",
            ],
            [
                "least",
                "min",
                "COALESCE(${TABLE}.quantity, 0)",
                "MIN(COALESCE(\"items\".quantity, 0))",
            ],
        ],
    );
    let ids = [
        "items_unnamed",
        "items_ones",
        "items_rows",
        "items_stars",
        "items_halves",
        "items_skus",
        "items_least",
    ];
    let answer = |rows: &[Row]| {
        let items = items_in(rows);
        let mut skus: Vec<_> = items.iter().map(|item| item.sku.unwrap_or("?")).collect();
        skus.sort_unstable();
        skus.dedup();
        vec![
            whole_sum(items.iter().map(|item| Some(i32::from(item.sku.is_none())))),
            whole_sum(items.iter().map(|_| Some(1))),
            json!(items.len()),
            json!(items.len()),
            sum(items.iter().map(|_| Some(50))),
            json!(skus.len()),
            json!(items.iter().map(|item| item.quantity.unwrap_or(0)).min()),
        ]
    };
    let joined = || customers().with_orders().with_items();
    for (id, value) in ids.iter().zip(answer(&joined())) {
        Case::on(explore.clone())
            .metrics(&[id])
            .answers(vec![vec![value]])
            .await;
    }
    let case = || Case::on(explore.clone()).metrics(&ids);
    case().answers(vec![answer(&joined())]).await;
    case()
        .dimensions(&["customers_name"])
        .answers(grouped(joined(), name, answer))
        .await;
    let more = [&ids[..], &["payments_count"]].concat();
    Case::on(explore.clone())
        .dimensions(&["customers_name"])
        .metrics(&more)
        .answers(grouped(
            customers().with_orders().with_payments().with_items(),
            name,
            |rows| [answer(rows), vec![json!(payments_in(rows).len())]].concat(),
        ))
        .await;
}

#[tokio::test]
async fn a_value_over_two_tables_needs_a_row_of_its_own() {
    let explore = with_metric(
        explores::customers_first(),
        "items",
        "charged",
        "sum",
        [
            "COALESCE(${TABLE}.quantity, 0) + COALESCE(${orders.order_id}, 1)",
            "SUM(COALESCE(\"items\".quantity, 0) + COALESCE((\"orders\".order_id), 1))",
        ],
        json!({"tablesReferences": ["items", "orders"]}),
    );
    let answer = |rows: &[Row]| {
        let charged = items_in(rows)
            .into_iter()
            .map(|item| Some(item.quantity.unwrap_or(0) + item.order));
        vec![whole_sum(charged), json!(payments_in(rows).len())]
    };
    let rows = || customers().with_orders().with_payments().with_items();
    let case = |ids: &[&str]| Case::on(explore.clone()).metrics(ids);
    case(&["items_charged", "payments_count"])
        .answers(vec![answer(&rows())])
        .await;
    case(&["items_charged"])
        .answers(vec![vec![answer(&rows())[0].clone()]])
        .await;
}

#[tokio::test]
async fn a_base_table_lacks_rows_too_where_a_join_keeps_the_other_side() {
    let explore = with_metrics(
        explores::orders_and_payments("right"),
        "orders",
        &[
            ["stars", "count", "*", "COUNT(*)"],
            ["ones", "sum", "1", "SUM(1)"],
        ],
    );
    let paid = orders()
        .into_iter()
        .filter(|row| {
            vec![*row]
                .with_payments()
                .iter()
                .any(|row| row.payment.is_some())
        })
        .count();
    assert!(paid < ORDERS.len());
    let case = |ids: &[&str]| Case::on(explore.clone()).metrics(ids);
    case(&["orders_stars", "orders_ones", "payments_count"])
        .answers(vec![vec![json!(paid), json!(paid), json!(13)]])
        .await;
}

#[tokio::test]
async fn opaque_sql_that_may_count_nothing_is_told() {
    let explore = with_metrics(
        explores::customers_first(),
        "items",
        &[
            ["all", "number", "COUNT(*)", "COUNT(*)"],
            [
                "mean",
                "number",
                "SUM(${TABLE}.price) / NULLIF(COUNT(${TABLE}.item_id), 0)",
                "SUM(\"items\".price) / NULLIF(COUNT(\"items\".item_id), 0)",
            ],
        ],
    );
    let warnings = |id: &str| Case::on(explore.clone()).metrics(&[id]).warnings();
    assert!(
        matches!(warnings("items_all").as_slice(), [one] if one.contains("\"all\"")),
        "{:?}",
        warnings("items_all")
    );
    assert_eq!(warnings("items_mean"), [""; 0]);
}

#[tokio::test]
async fn a_count_of_stars_is_protected() {
    let explore = with_metrics(
        explores::orders(),
        "orders",
        &[["stars", "count", "*", "COUNT(*)"]],
    );
    let answer = |rows: &[Row]| vec![json!(orders_in(rows).len()), json!(items_in(rows).len())];
    let case = || Case::on(explore.clone()).metrics(&["orders_stars", "items_count"]);
    case().answers(vec![answer(&orders().with_items())]).await;
    case()
        .dimensions(&["orders_status"])
        .answers(grouped(orders().with_items(), status, answer))
        .await;
}

/// A total fits its rows: where the join of a dimension leaves out rows or adds some, it does so in the total.
#[tokio::test]
async fn totals_are_of_the_rows_that_the_joins_of_their_dimensions_leave() {
    let matched: Vec<_> = orders()
        .with_payments()
        .into_iter()
        .filter(|row| row.payment.is_some())
        .collect();
    let answer = |rows: &[Row]| vec![total(rows), json!(orders_in(rows).len())];
    for (kind, rows) in [
        ("inner", matched.clone()),
        ("right", matched),
        ("left", orders()),
        ("full", orders()),
    ] {
        let case = || {
            Case::on(explores::orders_and_payments(kind))
                .dimensions(&["orders_status", "payments_method"])
                .metrics(&["orders_total", "orders_count"])
        };
        case().total().answers(vec![answer(&rows)]).await;
        let mut expected = grouped(rows.clone(), status, answer);
        // Payments of no order are a group of their own, or in that of orders without a status.
        if matches!(kind, "right" | "full") && !expected.iter().any(|row| row[0].is_null()) {
            expected.push(vec![Value::Null, Value::Null, json!(0)]);
        }
        for (key, case) in case().subtotals() {
            assert_eq!(key, "orders_status");
            case.answers(expected.clone()).await;
        }
    }
}
