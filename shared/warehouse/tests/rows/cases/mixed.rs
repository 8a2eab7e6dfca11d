//! Filtered metrics beside others: a filter on a table of many rows per key must not change what stands beside it.

use serde_json::{Value, json};

use crate::check::{Case, rule};
use crate::data::{ITEMS, Order};
use crate::explores::{self, with, with_metric};
use crate::shop::*;

fn status(row: &Row) -> Value {
    json!(row.order.and_then(|order| order.status))
}

fn sku(row: &Row) -> Value {
    json!(row.item.and_then(|item| item.sku))
}

fn region(row: &Row) -> Value {
    json!(row.customer.and_then(|customer| customer.region))
}

fn amounts(orders: &[&Order]) -> Vec<Option<f64>> {
    orders.iter().map(|order| euros(order.amount)).collect()
}

fn total(rows: &[Row]) -> Value {
    sum(orders_in(rows).iter().map(|order| order.amount))
}

/// The rows of which some fit.
fn only(rows: &[Row], fits: impl Fn(&Row) -> bool) -> Vec<Row> {
    rows.iter().filter(|row| fits(row)).copied().collect()
}

fn is_tea(row: &Row) -> bool {
    row.item.is_some_and(|item| item.sku == Some("tea"))
}

fn is_card(row: &Row) -> bool {
    row.payment
        .is_some_and(|payment| payment.method == Some("card"))
}

/// `notEquals` lets nothing pass too: an order without items.
fn is_no_tea(row: &Row) -> bool {
    row.item.is_none_or(|item| item.sku != Some("tea"))
}

fn is_north(row: &Row) -> bool {
    row.customer
        .is_some_and(|customer| customer.region == Some("north"))
}

/// A metric of orders with a filter: its name, its type, the field, the operator and the value.
fn filtered(explore: Value, [name, r#type, field, operator, value]: [&str; 5]) -> Value {
    let column = if r#type == "count" {
        "order_id"
    } else {
        "amount"
    };
    let (table, _) = field.split_once('.').unwrap();
    let filter = json!([{"id": "f", "target": {"fieldRef": field}, "operator": operator, "values": [value]}]);
    with_metric(
        explore,
        "orders",
        name,
        r#type,
        [&format!("${{TABLE}}.{column}"), "NULL"],
        json!({"filters": filter, "percentile": 25, "tablesReferences": ["orders", table]}),
    )
}

/// Asks for metrics of the whole, then by a dimension, and compares both with what the joined rows say.
async fn holds(
    case: impl Fn() -> Case,
    joined: Vec<Row>,
    (dimension, of): (&str, fn(&Row) -> Value),
    answer: impl Fn(&[Row]) -> Vec<Value> + Copy,
) {
    case().answers(vec![answer(&joined)]).await;
    case()
        .dimensions(&[dimension])
        .answers(grouped(joined, of, answer))
        .await;
}

/// Orders with metrics that are filtered by what belongs to them.
fn explore() -> Value {
    let explore = [
        ["tea_total", "sum", "items.sku", "equals", "tea"],
        ["tea_count", "count", "items.sku", "equals", "tea"],
        ["tea_average", "average", "items.sku", "equals", "tea"],
        ["tea_median", "median", "items.sku", "equals", "tea"],
        ["tea_p25", "percentile", "items.sku", "equals", "tea"],
        ["other_count", "count", "items.sku", "notEquals", "tea"],
        ["card_total", "sum", "payments.method", "equals", "card"],
        ["north_total", "sum", "customers.region", "equals", "north"],
    ]
    .into_iter()
    .fold(explores::orders(), filtered);
    with_metric(
        explore,
        "orders",
        "tea_share",
        "number",
        ["${tea_total} / NULLIF(${total}, 0)", "NULL"],
        json!({"tablesReferences": ["orders", "items"]}),
    )
}

#[tokio::test]
async fn a_filtered_sum_does_not_change_the_sum_beside_it() {
    let answer = |rows: &[Row]| vec![total(rows), total(&only(rows, is_tea))];
    let case = || Case::on(explore()).metrics(&["orders_total", "orders_tea_total"]);
    let joined = || orders().with_items();
    holds(case, joined(), ("orders_status", status), answer).await;
    holds(case, joined(), ("items_sku", sku), answer).await;
}

#[tokio::test]
async fn counts_averages_and_medians_stay_right_beside_filtered_ones() {
    let answer = |rows: &[Row]| {
        let (all, tea) = (orders_in(rows), only(rows, is_tea));
        let tea = orders_in(&tea);
        vec![
            json!(all.len()),
            json!(tea.len()),
            average(amounts(&all)),
            average(amounts(&tea)),
            percentile(amounts(&all), 0.5),
            percentile(amounts(&tea), 0.5),
            percentile(amounts(&tea), 0.25),
            percentile(all.iter().map(|order| order.weight), 0.9),
        ]
    };
    let case = || {
        Case::on(explore()).metrics(&[
            "orders_count",
            "orders_tea_count",
            "orders_average",
            "orders_tea_average",
            "orders_median",
            "orders_tea_median",
            "orders_tea_p25",
            "orders_p90",
        ])
    };
    holds(
        case,
        orders().with_items(),
        ("orders_status", status),
        answer,
    )
    .await;
}

#[tokio::test]
async fn filters_on_two_tables_of_many_rows_stay_apart() {
    let answer = |rows: &[Row]| {
        vec![
            total(&only(rows, is_tea)),
            total(&only(rows, is_card)),
            total(rows),
        ]
    };
    let case =
        || Case::on(explore()).metrics(&["orders_tea_total", "orders_card_total", "orders_total"]);
    holds(
        case,
        orders().with_payments().with_items(),
        ("orders_status", status),
        answer,
    )
    .await;
}

#[tokio::test]
async fn a_filter_and_its_opposite_share_the_orders_that_have_both() {
    let answer = |rows: &[Row]| {
        vec![
            json!(orders_in(&only(rows, is_tea)).len()),
            json!(orders_in(&only(rows, is_no_tea)).len()),
            json!(orders_in(rows).len()),
        ]
    };
    let case =
        || Case::on(explore()).metrics(&["orders_tea_count", "orders_other_count", "orders_count"]);
    holds(
        case,
        orders().with_items(),
        ("orders_status", status),
        answer,
    )
    .await;
}

#[tokio::test]
async fn a_filter_on_what_a_row_determines_changes_nothing_either() {
    let answer = |rows: &[Row]| {
        vec![
            total(&only(rows, is_north)),
            total(rows),
            json!(items_in(rows).len()),
        ]
    };
    let case =
        || Case::on(explore()).metrics(&["orders_north_total", "orders_total", "items_count"]);
    holds(
        case,
        orders().with_customers().with_items(),
        ("customers_region", region),
        answer,
    )
    .await;
}

#[tokio::test]
async fn a_share_is_of_the_whole_and_not_of_what_the_filter_left_of_it() {
    let number = |value: Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let answer = |rows: &[Row]| {
        let parts = (number(total(&only(rows, is_tea))), number(total(rows)));
        vec![match parts {
            (Some(part), Some(whole)) if whole != 0.0 => json!(part / whole),
            _ => Value::Null,
        }]
    };
    let case = || Case::on(explore()).metrics(&["orders_tea_share"]);
    holds(
        case,
        orders().with_items(),
        ("orders_status", status),
        answer,
    )
    .await;
}

#[tokio::test]
async fn a_filtered_metric_that_only_a_filter_names_changes_nothing() {
    let expected = grouped(orders().with_items(), status, |rows| {
        vec![total(rows), json!(orders_in(&only(rows, is_tea)).len())]
    });
    let expected = expected
        .into_iter()
        .filter(|row| row[2].as_u64().unwrap() > 0)
        .map(|row| row[..2].to_vec())
        .collect();
    Case::on(explore())
        .dimensions(&["orders_status"])
        .metrics(&["orders_total"])
        .metric_filter(rule("orders_tea_count", "greaterThan", json!([0])))
        .answers(expected)
        .await;
}

#[tokio::test]
async fn metrics_of_three_tables_with_filters_on_each_other() {
    // Payments of orders with tea, items of orders paid by card, and both unfiltered.
    let filter = |field: &str, value: &str| json!([{"id": "f", "target": {"fieldRef": field}, "operator": "equals", "values": [value]}]);
    let explore = with_metric(
        explores::orders(),
        "payments",
        "for_tea",
        "sum",
        ["${TABLE}.amount", "NULL"],
        json!({"filters": filter("items.sku", "tea"), "tablesReferences": ["payments", "items"]}),
    );
    let explore = with_metric(
        explore,
        "items",
        "by_card",
        "sum",
        ["${TABLE}.quantity", "NULL"],
        json!({"filters": filter("payments.method", "card"), "tablesReferences": ["items", "payments"]}),
    );
    let paid = |rows: &[Row]| sum(payments_in(rows).iter().map(|one| one.amount));
    let pieces = |rows: &[Row]| whole_sum(items_in(rows).iter().map(|one| one.quantity));
    let answer = |rows: &[Row]| {
        vec![
            paid(&only(rows, is_tea)),
            paid(rows),
            pieces(&only(rows, is_card)),
            pieces(rows),
        ]
    };
    let case = || {
        Case::on(explore.clone()).metrics(&[
            "payments_for_tea",
            "payments_total",
            "items_by_card",
            "items_quantities",
        ])
    };
    holds(
        case,
        orders().with_payments().with_items(),
        ("orders_status", status),
        answer,
    )
    .await;
}

#[tokio::test]
async fn a_join_on_two_tables_does_not_make_one_determine_both() {
    // Items, as often as their order has payments of at least as many euros as there are pieces.
    let explore = [
        (
            "sqlOn",
            json!("${items.order_id} = ${orders.order_id} AND ${items.quantity} <= ${payments.amount}"),
        ),
        (
            "compiledSqlOn",
            json!("(\"items\".order_id) = (\"orders\".order_id) AND (\"items\".quantity) <= (\"payments\".amount)"),
        ),
        ("tablesReferences", json!(["items", "orders", "payments"])),
    ]
    .into_iter()
    .fold(explores::orders(), |explore, (name, value)| {
        with(explore, &format!("/joinedTables/2/{name}"), value)
    });
    let mut rows = Vec::new();
    for row in orders().with_payments() {
        let fits = |item: &&crate::data::Item| {
            let paid = row.payment.and_then(|payment| payment.amount);
            let enough = |(quantity, cents): (i32, i64)| i64::from(quantity) * 100 <= cents;
            Some(item.order) == row.order.map(|order| order.id)
                && item.quantity.zip(paid).is_some_and(enough)
        };
        let found: Vec<_> = ITEMS
            .iter()
            .filter(fits)
            .map(|item| Row {
                item: Some(item),
                ..row
            })
            .collect();
        rows.extend(if found.is_empty() { vec![row] } else { found });
    }
    let answer = |rows: &[Row]| {
        vec![
            whole_sum(items_in(rows).iter().map(|item| item.quantity)),
            json!(payments_in(rows).len()),
            total(rows),
        ]
    };
    let case = || {
        Case::on(explore.clone()).metrics(&["items_quantities", "payments_count", "orders_total"])
    };
    holds(case, rows, ("orders_status", status), answer).await;
}

#[tokio::test]
async fn a_metric_of_the_query_does_not_stand_in_for_one_of_the_same_name() {
    let largest = orders()
        .iter()
        .filter_map(|row| row.order.unwrap().amount)
        .max();
    let number = |value: Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let per_order = number(total(&orders())) / orders().len() as f64;
    let case = |metrics: &[&str]| {
        Case::on(explores::orders()).metrics(metrics).add(
            "additionalMetrics",
            json!({"table": "orders", "name": "total", "type": "max", "sql": "${TABLE}.amount", "label": "total"}),
        )
    };
    case(&["orders_total", "orders_per_order"])
        .answers(vec![vec![sum([largest]), json!(per_order)]])
        .await;
    case(&["orders_per_order", "orders_total"])
        .answers(vec![vec![json!(per_order), sum([largest])]])
        .await;
}
