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

/// Decimals are counted as what they are: 7.77 is 111 times 0.07, and a double of it a little less.
#[tokio::test]
async fn bins_of_a_width_with_decimals() {
    for width in [1, 7, 25] {
        let key = |row: &Row| {
            let Some(cents) = amount(row) else {
                return Value::Null;
            };
            let text = |cents: i64| format!("{:.2}", cents as f64 / 100.0);
            let low = cents.div_euclid(width) * width;
            json!(format!("{} - {}", text(low), text(low + width)))
        };
        let decimal = width as f64 / 100.0;
        binned(bin(
            "bins",
            "orders_amount",
            json!({"binType": "fixed_width", "binWidth": decimal}),
        ))
        .answers(grouped(orders(), key, count))
        .await;
    }
}

/// Doubles too: what is written 0.3 is in the range that begins there.
#[tokio::test]
async fn bins_of_a_width_with_decimals_of_doubles() {
    let sql = |weight: &str| {
        let table = crate::data::SCHEMA;
        let case = binned(bin(
            "bins",
            "orders_weight",
            json!({"binType": "fixed_width", "binWidth": 0.1}),
        ));
        case.compile().replace(
            &format!("\"postgres\".\"{table}\".\"orders\""),
            &format!("(SELECT 1 AS order_id, 1.0 AS amount, CAST({weight} AS DOUBLE PRECISION) AS weight)"),
        )
    };
    let ids = ["bins", "orders_count", "orders_total"];
    for (weight, label) in [
        ("0.3", "0.3 - 0.4"),
        ("0.6", "0.6 - 0.7"),
        ("0.7", "0.7 - 0.8"),
        ("1.15", "1.1 - 1.2"),
        ("-0.3", "-0.3 - -0.2"),
        ("1234567.3", "1234567.3 - 1234567.4"),
    ] {
        let expected = vec![vec![json!(label), json!(1), json!("1.0")]];
        crate::check::answers(&sql(weight), &ids, false, expected).await;
    }
}

/// More bins than whole numbers between the least and the greatest.
#[tokio::test]
async fn a_fixed_number_of_bins_that_are_smaller_than_one() {
    let left: Vec<_> = orders()
        .into_iter()
        .filter(|row| {
            let weight = row.order.and_then(|order| order.weight);
            weight.is_some_and(|weight| weight < 2.0)
        })
        .collect();
    let weight = |row: &Row| row.order.unwrap().weight.unwrap();
    // From 0 to 2, in thousandths.
    for (number, step) in [(5_i64, 400), (8, 250), (2, 1_000)] {
        let key = |row: &Row| {
            let low = (weight(row) * 1000.0) as i64 / step * step;
            json!(format!(
                "{} - {}",
                low as f64 / 1000.0,
                (low + step) as f64 / 1000.0
            ))
        };
        let case = || {
            let more = json!({"binType": "fixed_number", "binNumber": number});
            binned(bin("bins", "orders_weight", more)).filter(rule(
                "orders_weight",
                "lessThan",
                json!([2]),
            ))
        };
        let text = |row: &Row| {
            let label = key(row).as_str().unwrap().to_owned();
            // Three decimals where eight ranges need them, unless it is whole.
            let side = |side: &str| match (number, side.contains('.')) {
                (8, true) => format!("{:.3}", side.parse::<f64>().unwrap()),
                _ => side.to_owned(),
            };
            let (low, high) = label.split_once(" - ").unwrap();
            json!(format!("{} - {}", side(low), side(high)))
        };
        let mut rows = grouped(left.clone(), text, count);
        case().answers(rows.clone()).await;
        rows.sort_by(|one, other| {
            let low = |row: &[Value]| {
                let text = row[0]
                    .as_str()
                    .unwrap()
                    .split(' ')
                    .next()
                    .unwrap()
                    .to_owned();
                text.parse::<f64>().unwrap()
            };
            low(one).total_cmp(&low(other))
        });
        case().sorted("bins", false).answers(rows).await;
    }
}

#[tokio::test]
async fn a_column_that_is_called_as_the_order_of_bins_is_not_it() {
    let key = |row: &Row| json!([of_ten(row), row.order.unwrap().status]);
    let expected = grouped(orders(), key, count).into_iter().map(|mut row| {
        let key = row.remove(0);
        [vec![key[0].clone(), key[1].clone()], row].concat()
    });
    let mut expected: Vec<Vec<Value>> = expected.collect();
    expected.sort_by_key(|row| {
        let low = row[0].as_str().map_or(i64::MAX, |text| {
            text.split(" - ").next().unwrap().parse().unwrap()
        });
        (low, row[1].is_null(), row[1].as_str().map(str::to_owned))
    });
    binned(bin(
        "bins",
        "orders_amount",
        json!({"binType": "fixed_width", "binWidth": 10}),
    ))
    .dimensions(&["bins", "bins_order"])
    .add(
        "customDimensions",
        json!({"id": "bins_order", "name": "x", "table": "orders", "type": "sql", "sql": "${orders.status}", "dimensionType": "string"}),
    )
    .sorted("bins", false)
    .sorted("bins_order", false)
    .answers(expected)
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
