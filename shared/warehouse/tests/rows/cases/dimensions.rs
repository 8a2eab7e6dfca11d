//! Dimensions that a query makes: bins, expressions, other intervals.

use serde_json::{Value, json};

use crate::check::{Case, rule};
use crate::data::ORDERS;
use crate::explores;
use crate::shop::*;

fn count(rows: &[Row]) -> Vec<Value> {
    vec![
        json!(orders_in(rows).len()),
        sum(orders_in(rows).iter().map(|order| order.amount)),
    ]
}

fn amount(row: &Row) -> Option<i64> {
    row.order.and_then(|order| order.amount)
}

fn bin(id: &str, dimension: &str, more: Value) -> Value {
    let (table, _) = dimension.split_once('_').unwrap();
    let mut bin =
        json!({"id": id, "name": id, "type": "bin", "table": table, "dimensionId": dimension});
    bin.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    bin
}

fn binned(bin: Value) -> Case {
    Case::on(explores::orders())
        .dimensions(&["bins"])
        .metrics(&["orders_count", "orders_total"])
        .add("customDimensions", bin)
}

/// Of a width of ten euros: `10 - 19`.
fn of_ten(row: &Row) -> Value {
    let Some(cents) = amount(row) else {
        return Value::Null;
    };
    let low = cents.div_euclid(10_00) * 10;
    json!(format!("{low} - {}", low + 9))
}

#[tokio::test]
async fn bins_of_a_fixed_width() {
    let bin = || {
        bin(
            "bins",
            "orders_amount",
            json!({"binType": "fixed_width", "binWidth": 10}),
        )
    };
    let rows = grouped(orders(), of_ten, count);
    binned(bin()).answers(rows.clone()).await;
    // In the order of their numbers, not of their texts; nulls last.
    let mut sorted = rows;
    sorted.sort_by_key(|row| {
        row[0].as_str().map_or(i64::MAX, |text| {
            text.split(" - ").next().unwrap().parse().unwrap()
        })
    });
    binned(bin()).sorted("bins", false).answers(sorted).await;
}

#[tokio::test]
async fn bins_of_a_fixed_width_of_doubles() {
    let key = |row: &Row| match row.order.and_then(|order| order.weight) {
        None => Value::Null,
        Some(weight) => {
            let low = (weight / 5.0).floor() as i64 * 5;
            json!(format!("{low} - {}", low + 4))
        }
    };
    binned(bin(
        "bins",
        "orders_weight",
        json!({"binType": "fixed_width", "binWidth": 5}),
    ))
    .answers(grouped(orders(), key, count))
    .await;
}

#[tokio::test]
async fn bins_of_custom_ranges() {
    let ranges = json!({"binType": "custom_range", "customRange": [{"to": 5}, {"from": 5, "to": 20.5}, {"from": 20.5}]});
    let key = |row: &Row| match amount(row) {
        None => Value::Null,
        Some(..5_00) => json!("<5"),
        Some(5_00..20_50) => json!("5-20.5"),
        Some(_) => json!("≥20.5"),
    };
    let bin = || bin("bins", "orders_amount", ranges.clone());
    let mut rows = grouped(orders(), key, count);
    binned(bin()).answers(rows.clone()).await;
    let order = [json!("<5"), json!("5-20.5"), json!("≥20.5"), Value::Null];
    rows.sort_by_key(|row| order.iter().position(|label| *label == row[0]));
    binned(bin()).sorted("bins", false).answers(rows).await;
}

/// Bounds of so many bins over all amounts of these rows: from the least, rounded down, in steps that are rounded down.
fn fixed_number(rows: &[Row], bins: i64) -> impl Fn(&Row) -> Value {
    let all: Vec<_> = rows.iter().filter_map(amount).collect();
    let (least, most) = (*all.iter().min().unwrap(), *all.iter().max().unwrap());
    let floor = least.div_euclid(100);
    let ceil = (most + 99).div_euclid(100);
    let width = (most - least).div_euclid(100 * bins);
    move |row: &Row| {
        let Some(cents) = amount(row) else {
            return Value::Null;
        };
        for bin in 0..bins {
            let (low, high) = (floor + width * bin, floor + width * (bin + 1));
            if bin == bins - 1 {
                return json!(format!("{low} - {ceil}"));
            }
            if (low * 100..high * 100).contains(&cents) {
                return json!(format!("{low} - {high}"));
            }
        }
        Value::Null
    }
}

#[tokio::test]
async fn a_fixed_number_of_bins() {
    let bin = |number: i64| {
        bin(
            "bins",
            "orders_amount",
            json!({"binType": "fixed_number", "binNumber": number}),
        )
    };
    let mut rows = grouped(orders(), fixed_number(&orders(), 4), count);
    binned(bin(4)).answers(rows.clone()).await;
    rows.sort_by_key(|row| {
        row[0].as_str().map_or(i64::MAX, |text| {
            text.split(" - ").next().unwrap().parse().unwrap()
        })
    });
    binned(bin(4)).sorted("bins", false).answers(rows).await;
}

#[tokio::test]
async fn a_fixed_number_of_bins_of_what_is_left() {
    // The bounds are those of the filtered rows.
    let left: Vec<_> = orders()
        .into_iter()
        .filter(|row| row.order.unwrap().status == Some("completed"))
        .collect();
    let expected = grouped(left.clone(), fixed_number(&left, 3), count);
    binned(bin(
        "bins",
        "orders_amount",
        json!({"binType": "fixed_number", "binNumber": 3}),
    ))
    .filter(rule("orders_status", "equals", json!(["completed"])))
    .answers(expected)
    .await;
}

#[tokio::test]
async fn bins_of_a_joined_table_and_protected_metrics() {
    let key = |row: &Row| match row.payment.and_then(|payment| payment.amount) {
        None => Value::Null,
        Some(cents) => {
            let low = cents.div_euclid(25_00) * 25;
            json!(format!("{low} - {}", low + 24))
        }
    };
    let bin = bin(
        "bins",
        "payments_amount",
        json!({"binType": "fixed_width", "binWidth": 25}),
    );
    binned(bin)
        .answers(grouped(orders().with_payments(), key, count))
        .await;
}

#[tokio::test]
async fn expressions_of_a_query() {
    let dimension = json!({
        "id": "kind", "name": "kind", "type": "sql", "table": "orders", "dimensionType": "string",
        "sql": "CASE WHEN ${orders.amount} > 20 THEN 'large' ELSE ${orders.status} END"
    });
    let key = |row: &Row| {
        let order = row.order.unwrap();
        if order.amount.is_some_and(|cents| cents > 20_00) {
            json!("large")
        } else {
            json!(order.status)
        }
    };
    let case = || {
        Case::on(explores::orders())
            .custom_sql()
            .dimensions(&["kind"])
            .metrics(&["orders_count", "orders_total"])
            .add("customDimensions", dimension.clone())
    };
    case().answers(grouped(orders(), key, count)).await;
    let large = orders()
        .into_iter()
        .filter(|row| key(row) == json!("large"))
        .collect();
    case()
        .filter(rule("kind", "equals", json!(["large"])))
        .answers(grouped(large, key, count))
        .await;
}

#[tokio::test]
async fn an_interval_that_the_explore_does_not_have() {
    let mut explore = explores::orders();
    let dimensions = explore["tables"]["orders"]["dimensions"]
        .as_object_mut()
        .unwrap();
    dimensions.retain(|name, _| !name.starts_with("order_date_"));
    let month = |row: &Row| {
        json!(
            row.order
                .and_then(|order| order.date)
                .map(|date| format!("{}-01T00:00:00Z", &date[..7]))
        )
    };
    Case::on(explore.clone())
        .dimensions(&["orders_order_date_month"])
        .metrics(&["orders_count", "orders_total"])
        .answers(grouped(orders(), month, count))
        .await;
    let february = ORDERS
        .iter()
        .filter(|order| order.date.is_some_and(|date| date.starts_with("2024-02")))
        .count();
    Case::on(explore)
        .metrics(&["orders_count"])
        .filter(rule(
            "orders_order_date_month",
            "equals",
            json!(["2024-02-01"]),
        ))
        .answers(vec![vec![json!(february)]])
        .await;
}

#[tokio::test]
async fn a_zoomed_date_keeps_its_id_and_its_filters() {
    let month = |row: &Row| {
        json!(
            row.order
                .and_then(|order| order.date)
                .map(|date| format!("{}-01T00:00:00Z", &date[..7]))
        )
    };
    let case = || {
        Case::on(explores::orders())
            .dimensions(&["orders_order_date_day"])
            .metrics(&["orders_count", "orders_total"])
            .set("dateZoom", json!({"granularity": "Month"}))
    };
    case().answers(grouped(orders(), month, count)).await;
    let leap = orders()
        .into_iter()
        .filter(|row| row.order.unwrap().date == Some("2024-02-29"))
        .collect();
    case()
        .filter(rule(
            "orders_order_date_day",
            "equals",
            json!(["2024-02-29"]),
        ))
        .answers(grouped(leap, month, count))
        .await;
}
