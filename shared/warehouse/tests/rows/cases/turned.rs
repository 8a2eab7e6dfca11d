//! Totals, subtotals and turned rows.

use serde_json::{Value, json};

use crate::check::{Case, answers, rule};
use crate::explores;
use crate::shop::*;

fn status(row: &Row) -> Value {
    json!(row.order.and_then(|order| order.status))
}

fn method(row: &Row) -> Value {
    json!(row.payment.and_then(|payment| payment.method))
}

fn answer(rows: &[Row]) -> Vec<Value> {
    vec![
        sum(orders_in(rows).iter().map(|order| order.amount)),
        sum(payments_in(rows).iter().map(|payment| payment.amount)),
        average(orders_in(rows).iter().map(|order| euros(order.amount))),
    ]
}

fn case() -> Case {
    Case::on(explores::orders())
        .dimensions(&["orders_status", "payments_method"])
        .metrics(&["orders_total", "payments_total", "orders_average"])
        .sorted("orders_total", true)
}

#[tokio::test]
async fn a_total_is_of_all_rows_not_of_the_groups() {
    case()
        .total()
        .answers(vec![answer(&orders().with_payments())])
        .await;
    // Filters on dimensions hold, those on metrics do not.
    let left: Vec<_> = orders()
        .with_payments()
        .into_iter()
        .filter(|row| method(row) == json!("card"))
        .collect();
    case()
        .filter(rule("payments_method", "equals", json!(["card"])))
        .metric_filter(rule("orders_total", "greaterThan", json!([50])))
        .calculation("double", "${orders.total} * 2")
        .total()
        .answers(vec![answer(&left)])
        .await;
}

#[tokio::test]
async fn subtotals_are_of_all_rows_of_their_groups() {
    let all = case().subtotals();
    let keys: Vec<_> = all.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["orders_status"]);
    for (_, case) in all {
        case.answers(grouped(orders().with_payments(), status, answer))
            .await;
    }
}

/// The values in ascending order, null last: the place of each, from 1.
fn place(of: &Value, all: &[Vec<Value>], column: usize) -> usize {
    let mut values: Vec<_> = all.iter().map(|row| row[column].clone()).collect();
    values.sort_by_key(|value| (value.is_null(), value.as_str().map(str::to_owned)));
    values.dedup();
    1 + values.iter().position(|value| value == of).unwrap()
}

/// Status, method and the total of the orders.
fn cells() -> Vec<Vec<Value>> {
    let key = |row: &Row| json!([status(row), method(row)]);
    grouped(orders().with_payments(), key, |rows| {
        vec![answer(rows)[0].clone()]
    })
    .into_iter()
    .map(|row| [row[0].as_array().unwrap().clone(), vec![row[1].clone()]].concat())
    .collect()
}

#[tokio::test]
async fn rows_are_turned_into_columns() {
    let cells = cells();
    let columns = cells.iter().map(|row| place(&row[1], &cells, 1)).max();
    let turned = |most: usize, columns: Value| -> Vec<Vec<Value>> {
        let mut rows: Vec<_> = cells
            .iter()
            .map(|row| {
                let at = (place(&row[0], &cells, 0), place(&row[1], &cells, 1));
                (at, row)
            })
            .filter(|((row, _), _)| *row <= most)
            .collect();
        rows.sort_by_key(|(at, _)| *at);
        rows.into_iter()
            .map(|((row, column), cell)| {
                vec![
                    cell[0].clone(),
                    cell[2].clone(),
                    cell[1].clone(),
                    json!(row),
                    json!(column),
                    columns.clone(),
                ]
            })
            .collect()
    };
    let case = || {
        Case::on(explores::orders())
            .dimensions(&["orders_status", "payments_method"])
            .metrics(&["orders_total"])
    };
    let names = [
        "orders_status",
        "orders_total_sum",
        "payments_method",
        "row_index",
        "column_index",
        "total_columns",
    ];
    let pivot = json!({
        "indexColumn": {"reference": "orders_status", "type": "category"},
        "valuesColumns": [{"reference": "orders_total", "aggregation": "sum"}],
        "groupByColumns": [{"reference": "payments_method"}],
        "sortBy": [{"reference": "orders_status", "direction": "ASC"}],
    });
    let sql = case().pivoted(pivot.clone(), None);
    answers(&sql, &names, true, turned(500, json!(columns))).await;
    // Two rows, and the columns that they have.
    let first: std::collections::BTreeSet<_> = cells
        .iter()
        .filter(|row| place(&row[0], &cells, 0) <= 2)
        .map(|row| row[1].to_string())
        .collect();
    let sql = case().pivoted(pivot, Some(2));
    answers(&sql, &names, true, turned(2, json!(first.len()))).await;
}

#[tokio::test]
async fn turned_without_columns_rows_are_aggregated() {
    let mut expected: Vec<(Value, i64, usize)> = Vec::new();
    let cents = |value: &Value| {
        let text = value.as_str().unwrap_or("0");
        (text.parse::<f64>().unwrap() * 100.0).round() as i64
    };
    for cell in cells() {
        let known = usize::from(!cell[2].is_null());
        match expected.iter_mut().find(|one| one.0 == cell[1]) {
            Some(one) => {
                one.1 = one.1.max(cents(&cell[2]));
                one.2 += known;
            }
            None => expected.push((cell[1].clone(), cents(&cell[2]), known)),
        }
    }
    let expected = expected
        .into_iter()
        .map(|(method, most, count)| vec![method, money(most), json!(count)])
        .collect();
    let case = Case::on(explores::orders())
        .dimensions(&["orders_status", "payments_method"])
        .metrics(&["orders_total"]);
    let sql = case.pivoted(
        json!({
            "indexColumn": {"reference": "payments_method", "type": "category"},
            "valuesColumns": [
                {"reference": "orders_total", "aggregation": "max"}, {"reference": "orders_total", "aggregation": "count"}
            ],
        }),
        None,
    );
    let names = ["payments_method", "orders_total_max", "orders_total_count"];
    answers(&sql, &names, false, expected).await;
    // Any value of a group of one is that value.
    let case = Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&["orders_total"]);
    let sql = case.pivoted(
        json!({
            "indexColumn": {"reference": "orders_status", "type": "category"},
            "valuesColumns": [{"reference": "orders_total", "aggregation": "any"}],
            "sortBy": [{"reference": "orders_status", "direction": "DESC"}],
        }),
        None,
    );
    let mut expected = grouped(orders(), status, |rows| vec![answer(rows)[0].clone()]);
    expected.sort_by_key(|row| (row[0].is_null(), row[0].as_str().map(str::to_owned)));
    expected.reverse();
    answers(&sql, &["orders_status", "orders_total_any"], true, expected).await;
}
