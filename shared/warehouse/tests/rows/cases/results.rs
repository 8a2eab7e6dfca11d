//! Order, limits, totals and table calculations.

use serde_json::{Value, json};

use crate::check::{Case, rule};
use crate::data::{EVENTS, date};
use crate::explores;
use crate::shop::*;

fn status(row: &Row) -> Value {
    json!(row.order.and_then(|order| order.status))
}

fn total(rows: &[Row]) -> Value {
    sum(orders_in(rows).iter().map(|order| order.amount))
}

/// Total amount by status, nulls last.
fn by_status() -> Vec<Vec<Value>> {
    let mut rows = grouped(orders(), status, |rows| vec![total(rows)]);
    rows.sort_by_key(|row| (row[0].is_null(), row[0].as_str().map(str::to_owned)));
    rows
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or(0.0)
}

fn case() -> Case {
    Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&["orders_total"])
}

#[tokio::test]
async fn nulls_come_last_ascending_and_first_descending() {
    let mut rows = by_status();
    case()
        .sorted("orders_status", false)
        .answers(rows.clone())
        .await;
    rows.reverse();
    case().sorted("orders_status", true).answers(rows).await;
}

#[tokio::test]
async fn nulls_come_where_the_sort_says() {
    let mut rows = by_status();
    let null = rows.pop().unwrap();
    assert!(null[0].is_null());
    let first = [vec![null.clone()], rows.clone()].concat();
    case()
        .add(
            "sorts",
            json!({"fieldId": "orders_status", "descending": false, "nullsFirst": true}),
        )
        .answers(first)
        .await;
    rows.reverse();
    rows.push(null);
    case()
        .add(
            "sorts",
            json!({"fieldId": "orders_status", "descending": true, "nullsFirst": false}),
        )
        .answers(rows)
        .await;
}

#[tokio::test]
async fn a_metric_sorts_and_the_limit_cuts_after_it() {
    let mut rows = by_status();
    rows.sort_by(|one, other| number(&other[1]).total_cmp(&number(&one[1])));
    case()
        .sorted("orders_total", true)
        .answers(rows.clone())
        .await;
    rows.truncate(2);
    case()
        .sorted("orders_total", true)
        .set("limit", json!(2))
        .answers(rows)
        .await;
    case()
        .sorted("orders_total", true)
        .set("limit", json!(0))
        .answers(Vec::new())
        .await;
}

#[tokio::test]
async fn two_sorts_one_after_the_other() {
    let mut rows = grouped(
        orders(),
        |row| json!(row.order.unwrap().gift),
        |rows| vec![json!(rows.len())],
    );
    rows.sort_by_key(|row| (row[1].as_u64(), row[0].is_null(), row[0].as_bool()));
    Case::on(explores::orders())
        .dimensions(&["orders_is_gift"])
        .metrics(&["orders_count"])
        .sorted("orders_count", false)
        .sorted("orders_is_gift", false)
        .answers(rows)
        .await;
}

#[tokio::test]
async fn a_protected_metric_sorts_and_is_cut() {
    let method = |row: &Row| json!(row.payment.and_then(|payment| payment.method));
    let mut rows = grouped(orders().with_payments(), method, |rows| vec![total(rows)]);
    rows.sort_by(|one, other| number(&other[1]).total_cmp(&number(&one[1])));
    rows.truncate(3);
    Case::on(explores::orders())
        .dimensions(&["payments_method"])
        .metrics(&["orders_total"])
        .sorted("orders_total", true)
        .set("limit", json!(3))
        .answers(rows)
        .await;
}

/// How often each name comes, by what it is named after.
fn counts(name: impl Fn(chrono::NaiveDate) -> (u32, String)) -> Vec<Vec<Value>> {
    let mut counts = std::collections::BTreeMap::<(u32, String), u64>::new();
    for day in EVENTS.iter().filter_map(|event| event.on).map(date) {
        *counts.entry(name(day)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((_, name), count)| vec![json!(name), json!(count)])
        .collect()
}

#[tokio::test]
async fn names_of_months_and_days_come_in_the_order_of_the_calendar() {
    use chrono::Datelike;
    let case = |dimension: &str, week: Option<u8>| {
        let case = Case::on(explores::events(week))
            .dimensions(&[dimension])
            .metrics(&["events_count"]);
        let case = case.filter(rule("events_day", "notNull", json!([])));
        match week {
            Some(day) => case.week(day),
            None => case,
        }
    };
    let months = counts(|day| (day.month(), day.format("%B").to_string()));
    case("events_day_month_name", None)
        .sorted("events_day_month_name", false)
        .answers(months.clone())
        .await;
    case("events_day_month_name", None)
        .sorted("events_day_month_name", true)
        .answers(months.into_iter().rev().collect())
        .await;
    // Weeks start on Sunday where nobody says.
    let days = |start: u32| {
        counts(move |day| {
            (
                (day.weekday().num_days_from_monday() + 7 - start) % 7,
                day.format("%A").to_string(),
            )
        })
    };
    case("events_day_day_of_week_name", None)
        .sorted("events_day_day_of_week_name", false)
        .answers(days(6))
        .await;
    for week in [0, 2, 6] {
        let expected = days(u32::from(week));
        case("events_day_day_of_week_name", Some(week))
            .sorted("events_day_day_of_week_name", false)
            .answers(expected.clone())
            .await;
        case("events_day_day_of_week_name", Some(week))
            .sorted("events_day_day_of_week_name", true)
            .answers(expected.into_iter().rev().collect())
            .await;
    }
    let quarters = counts(|day| (day.month0() / 3, format!("Q{}", day.month0() / 3 + 1)));
    case("events_day_quarter_name", None)
        .sorted("events_day_quarter_name", false)
        .answers(quarters)
        .await;
}

#[tokio::test]
async fn names_without_a_value_come_where_the_sort_says() {
    use chrono::Datelike;
    let months = counts(|day| (day.month(), day.format("%B").to_string()));
    let null = vec![Value::Null, json!(1)];
    let case = |descending: bool, first: bool| {
        Case::on(explores::events(None))
            .dimensions(&["events_day_month_name"])
            .metrics(&["events_count"])
            .add(
                "sorts",
                json!({"fieldId": "events_day_month_name", "descending": descending, "nullsFirst": first}),
            )
    };
    let ascending = |nulls_first: bool| {
        let mut rows = months.clone();
        rows.insert(if nulls_first { 0 } else { rows.len() }, null.clone());
        rows
    };
    case(false, true).answers(ascending(true)).await;
    case(false, false).answers(ascending(false)).await;
    let reversed = |rows: Vec<Vec<Value>>| rows.into_iter().rev().collect();
    case(true, true).answers(reversed(ascending(false))).await;
    case(true, false).answers(reversed(ascending(true))).await;
}

#[tokio::test]
async fn calculations_see_the_rows_that_a_limit_cuts() {
    let mut rows = by_status();
    let whole: f64 = rows.iter().map(|row| number(&row[1])).sum();
    for row in &mut rows {
        row.push(json!(number(&row[1]) / whole));
    }
    rows.truncate(2);
    case()
        .sorted("orders_status", false)
        .set("limit", json!(2))
        .calculation("share", "${orders.total} / SUM(${orders.total}) OVER()")
        .answers(rows)
        .await;
}

#[tokio::test]
async fn table_calculations_see_the_rows_of_the_answer() {
    let rows = by_status();
    let whole: f64 = rows.iter().map(|row| number(&row[1])).sum();
    let mut running = 0.0;
    let expected: Vec<_> = rows
        .iter()
        .map(|row| {
            let own = number(&row[1]);
            running += own;
            let rank = 1 + rows.iter().filter(|other| number(&other[1]) > own).count();
            vec![
                row[0].clone(),
                row[1].clone(),
                json!(running),
                json!(own / whole),
                json!(rank),
                json!(own * 2.0),
            ]
        })
        .collect();
    let case = || {
        case()
            .sorted("orders_status", false)
            .calculation("running", "SUM(${orders.total}) OVER(ORDER BY ${orders.status} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)")
            .calculation("share", "CAST(${orders.total} AS FLOAT) / CAST(NULLIF(SUM(${orders.total}) OVER(), 0) AS FLOAT)")
            .calculation("rank", "RANK() OVER(ORDER BY ${orders.total} DESC)")
            .calculation("double", "${orders.total} * 2")
    };
    case().answers(expected.clone()).await;
    // They are filtered last: what they see stays the whole answer.
    let filtered: Vec<_> = expected
        .iter()
        .filter(|row| row[4].as_u64().unwrap() <= 3)
        .cloned()
        .collect();
    case()
        .calculation_filter(rule("rank", "lessThanOrEqual", json!([3])))
        .answers(filtered.clone())
        .await;
    let both: Vec<_> = filtered
        .into_iter()
        .filter(|row| row[5].as_f64().unwrap() > 100.0)
        .collect();
    case()
        .calculation_filter(rule("rank", "lessThanOrEqual", json!([3])))
        .calculation_filter(rule("double", "greaterThan", json!([100])))
        .answers(both)
        .await;
}

#[tokio::test]
async fn metrics_are_filtered_before_table_calculations() {
    let rows: Vec<_> = by_status()
        .into_iter()
        .filter(|row| number(&row[1]) > 20.0)
        .collect();
    let whole: f64 = rows.iter().map(|row| number(&row[1])).sum();
    let expected = rows
        .iter()
        .map(|row| {
            vec![
                row[0].clone(),
                row[1].clone(),
                json!(number(&row[1]) / whole),
            ]
        })
        .collect();
    case()
        .metric_filter(rule("orders_total", "greaterThan", json!([20])))
        .calculation("share", "${orders.total} / SUM(${orders.total}) OVER()")
        .answers(expected)
        .await;
}

#[tokio::test]
async fn metric_filters_of_every_operator() {
    let rows = grouped(orders(), status, |rows| {
        vec![total(rows), json!(rows.len())]
    });
    let case = |operator: &str, values: Value| {
        Case::on(explores::orders())
            .dimensions(&["orders_status"])
            .metrics(&["orders_total", "orders_count"])
            .metric_filter(rule("orders_total", operator, values))
    };
    let kept = |fits: fn(f64) -> bool| {
        rows.iter()
            .filter(|row| fits(number(&row[1])))
            .cloned()
            .collect::<Vec<_>>()
    };
    case("equals", json!([99.99]))
        .answers(kept(|total| total == 99.99))
        .await;
    case("notEquals", json!([99.99]))
        .answers(kept(|total| total != 99.99))
        .await;
    case("lessThan", json!([15.75]))
        .answers(kept(|total| total < 15.75))
        .await;
    case("lessThanOrEqual", json!([15.75]))
        .answers(kept(|total| total <= 15.75))
        .await;
    case("greaterThan", json!([15.75]))
        .answers(kept(|total| total > 15.75))
        .await;
    case("greaterThanOrEqual", json!([15.75]))
        .answers(kept(|total| total >= 15.75))
        .await;
    case("inBetween", json!([0, 15.75]))
        .answers(kept(|total| (0.0..=15.75).contains(&total)))
        .await;
    case("notInBetween", json!([0, 15.75]))
        .answers(kept(|total| !(0.0..=15.75).contains(&total)))
        .await;
    case("isNull", json!([])).answers(Vec::new()).await;
    case("notNull", json!([])).answers(rows.clone()).await;
    // An OR of metrics is one of groups.
    let either = json!({"id": "o", "or": [
        rule("orders_total", "greaterThan", json!([90])), rule("orders_count", "equals", json!([1]))
    ]});
    let expected = rows
        .iter()
        .filter(|row| number(&row[1]) > 90.0 || row[2] == json!(1))
        .cloned()
        .collect();
    Case::on(explores::orders())
        .dimensions(&["orders_status"])
        .metrics(&["orders_total", "orders_count"])
        .metric_filter(either)
        .answers(expected)
        .await;
}

#[tokio::test]
async fn names_of_columns_may_have_quotes() {
    let expected = by_status()
        .into_iter()
        .map(|row| vec![row[0].clone(), row[1].clone(), json!(1)])
        .collect();
    case()
        .calculation("a \"quoted\" name; --", "1")
        .answers(expected)
        .await;
}
