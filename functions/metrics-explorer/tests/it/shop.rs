//! A project with orders of 2022 to 2025, and the same orders here, to count by hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use chrono::{Datelike, Days, Months, NaiveDate};
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

pub(crate) const ANA: &str = "ana@acme.com";

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// One order. Amounts are quarters, so that sums of them are exact.
pub(crate) struct Order {
    pub(crate) day: NaiveDate,
    pub(crate) hour: u32,
    pub(crate) amount: f64,
    pub(crate) customer: u64,
    /// Nothing, and the text `null`, are two of the twelve.
    pub(crate) shop: Option<String>,
    pub(crate) owner: &'static str,
    pub(crate) gift: bool,
}

/// Up to three orders a day from the 26th of December 2022 to the 31st of March 2025; on some days none.
pub(crate) fn orders() -> Vec<Order> {
    let mut all = Vec::new();
    let mut next = 0_u64;
    for day in day("2022-12-26")
        .iter_days()
        .take_while(|day| *day <= self::day("2025-03-31"))
    {
        // The last days of February have one each: some comparisons are about them.
        let count = if (day.month(), day.day()) >= (2, 28) && day.month() == 2 {
            1
        } else {
            u64::from(day.ordinal()) * 7 % 4
        };
        for _ in 0..count {
            next += 1;
            let shop = match next % 23 {
                0..3 => None,
                3..5 => Some("null".to_owned()),
                other => Some(format!(
                    "shop {}",
                    char::from(b'a' + u8::try_from(other / 2 - 2).unwrap())
                )),
            };
            all.push(Order {
                day,
                hour: u32::try_from(next * 5 % 24).unwrap(),
                amount: f64::from(u32::try_from(next * 37 % 400).unwrap()) / 4.0,
                customer: next * next % 17,
                shop,
                owner: if next.is_multiple_of(3) { "bob" } else { "ana" },
                gift: next.is_multiple_of(5),
            });
        }
    }
    all
}

fn csv() -> String {
    let mut text = "order_id,amount,customer,shop,owner,gift,ordered_at,shipped_on\n".to_owned();
    for (at, order) in orders().iter().enumerate() {
        let shop = order.shop.as_deref().unwrap_or("-");
        let shipped = order.day + Days::new(3);
        writeln!(
            text,
            "{},{},{},{shop},{},{},{} {:02}:30:00,{shipped}",
            at + 1,
            order.amount,
            order.customer,
            order.owner,
            order.gift,
            order.day,
            order.hour,
        )
        .unwrap();
    }
    text
}

fn field(kind: &str, r#type: &str, name: &str, sql: &str, more: Value) -> Value {
    let mut field = json!({
        "fieldType": kind, "type": r#type, "name": name, "label": name, "table": "orders", "tableLabel": "Orders",
        "sql": sql, "compiledSql": sql.replace("${TABLE}", "\"orders\""), "hidden": false, "tablesReferences": ["orders"],
    });
    merge(&mut field, more);
    field
}

pub(crate) fn merge(value: &mut Value, more: Value) {
    for (key, one) in more.as_object().unwrap() {
        value[key] = one.clone();
    }
}

fn dimension(r#type: &str, name: &str, more: Value) -> Value {
    field(
        "dimension",
        r#type,
        name,
        &format!("${{TABLE}}.{name}"),
        more,
    )
}

fn interval(base: &str, interval: &str, r#type: &str) -> Value {
    let name = format!("{base}_{}", interval.to_lowercase());
    let sql = format!("DATE_TRUNC('{interval}', ${{TABLE}}.{base})");
    let more = json!({ "timeInterval": interval, "timeIntervalBaseDimensionName": base });
    field("dimension", r#type, &name, &sql, more)
}

/// The explore of the orders. Its metrics are counted along `ordered_at` by month, unless they say otherwise.
pub(crate) fn explore() -> Value {
    let base = json!({ "isIntervalBase": true });
    let metric = |r#type, name, sql: &str, more| {
        let mut metric = field("metric", r#type, name, sql, more);
        // What is aggregated, without what aggregates.
        let inner = sql
            .split_once('(')
            .and_then(|(_, inner)| inner.strip_suffix(')'));
        metric["sql"] = json!(inner.unwrap_or(sql).trim_start_matches("DISTINCT "));
        metric
    };
    let completed = json!([{ "id": "f", "target": { "fieldRef": "owner" }, "operator": "equals", "values": ["bob"] }]);
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "postgres", "schema": "jaffle",
            "sqlTable": "\"postgres\".\"jaffle\".\"orders\"", "lineageGraph": {}, "primaryKey": ["order_id"],
            "defaultTimeDimension": { "field": "ordered_at", "interval": "MONTH" },
            "dimensions": {
                "order_id": dimension("number", "order_id", json!({})),
                "shop": field("dimension", "string", "shop", "NULLIF(${TABLE}.shop, '-')", json!({})),
                "owner": dimension("string", "owner", json!({})),
                "gift": dimension("boolean", "gift", json!({})),
                "ordered_at": dimension("timestamp", "ordered_at", base.clone()),
                "ordered_at_month": interval("ordered_at", "MONTH", "date"),
                "ordered_at_week": interval("ordered_at", "WEEK", "date"),
                "ordered_at_hour": interval("ordered_at", "HOUR", "timestamp"),
                "shipped_on": dimension("date", "shipped_on", base),
                "shipped_on_day": interval("shipped_on", "DAY", "date"),
            },
            "metrics": {
                "revenue": metric("sum", "revenue", "SUM(${TABLE}.amount)", json!({ "label": "Revenue", "format": "usd" })),
                "count": metric("count", "count", "COUNT(${TABLE}.order_id)", json!({ "label": "Orders" })),
                "customers": metric("count_distinct", "customers", "COUNT(DISTINCT ${TABLE}.customer)", json!({ "label": "Customers" })),
                "mean": metric("average", "mean", "AVG(${TABLE}.amount)", json!({ "label": "Mean" })),
                "of_bob": metric("count", "of_bob", "COUNT(${TABLE}.order_id)", json!({ "label": "Of Bob", "filters": completed })),
                "shipped": metric("count", "shipped", "COUNT(${TABLE}.order_id)", json!({
                    "label": "Shipped", "defaultTimeDimension": { "field": "shipped_on", "interval": "DAY" } })),
                "last": metric("max", "last", "MAX(${TABLE}.shop)", json!({ "label": "Last" })),
            },
        } },
    })
}

/// Ana, and her project with the orders.
pub(crate) async fn open(app: &TestApp) -> (Actor<'_>, String) {
    open_with(app, &explore(), &json!({})).await
}

/// The same with this explore, and more in the connection.
pub(crate) async fn open_with<'a>(
    app: &'a TestApp,
    explore: &Value,
    more: &Value,
) -> (Actor<'a>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let mut more = more.clone();
    more["schema"] = json!("jaffle");
    let explores = [explore.clone()];
    let project = ana.open_project("Jaffle", &more, &explores).await;
    let data = app.folder("warehouse").join(&project);
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("orders.csv"), csv()).unwrap();
    app.warehouse
        .behind(warehouse::embedded::projects(app.folder("warehouse")));
    (ana, project)
}

/// Where a metric is asked for.
pub(crate) fn path(project: &str, metric: &str, days: (&str, &str)) -> String {
    let (first, last) = days;
    format!(
        "/api/v1/projects/{project}/metricsExplorer/orders/{metric}/runMetricExplorerQuery?startDate={first}&endDate={last}"
    )
}

/// A metric over time.
pub(crate) async fn series(
    who: &Actor<'_>,
    project: &str,
    metric: &str,
    days: (&str, &str),
    body: &Value,
) -> Answer {
    who.post(&path(project, metric, days)).json(body).await
}

/// Without a comparison, along these dates instead of the default, if any.
pub(crate) fn alone(along: Option<(&str, &str)>) -> Value {
    compared(
        &json!({ "comparison": "none", "segmentDimension": null }),
        along,
    )
}

pub(crate) fn compared(query: &Value, along: Option<(&str, &str)>) -> Value {
    let mut body = json!({ "query": query });
    if let Some((field, interval)) = along {
        body["timeDimensionOverride"] =
            json!({ "table": "orders", "field": field, "interval": interval });
    }
    body
}

/// Dates and numbers of the answer.
pub(crate) fn numbers(results: &Value) -> Vec<(String, Option<f64>, Option<f64>)> {
    let point = |point: &Value| {
        (
            point["date"].as_str().unwrap().to_owned(),
            point["metric"]["value"].as_f64(),
            point["compareMetric"]["value"].as_f64(),
        )
    };
    results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(point)
        .collect()
}

/// The same of one metric alone.
pub(crate) fn lone(results: &Value) -> BTreeMap<NaiveDate, f64> {
    let found = numbers(results).into_iter();
    found
        .map(|(date, value, _)| (day(&date[..10]), value.unwrap()))
        .collect()
}

/// The orders of some days, by something, counted by somebody.
pub(crate) fn counted<K: Ord>(
    days: (&str, &str),
    key: impl Fn(&Order) -> K,
    count: fn(&[&Order]) -> f64,
) -> BTreeMap<K, f64> {
    let all = orders();
    let mut groups: BTreeMap<K, Vec<&Order>> = BTreeMap::new();
    for order in &all {
        if (day(days.0)..=day(days.1)).contains(&order.day) {
            groups.entry(key(order)).or_default().push(order);
        }
    }
    groups
        .into_iter()
        .map(|(key, orders)| (key, count(&orders)))
        .collect()
}

pub(crate) fn revenue(orders: &[&Order]) -> f64 {
    orders.iter().map(|order| order.amount).sum()
}

pub(crate) fn count(orders: &[&Order]) -> f64 {
    f64::from(u32::try_from(orders.len()).unwrap())
}

pub(crate) fn customers(orders: &[&Order]) -> f64 {
    let all: BTreeSet<_> = orders.iter().map(|order| order.customer).collect();
    f64::from(u32::try_from(all.len()).unwrap())
}

pub(crate) fn mean(orders: &[&Order]) -> f64 {
    revenue(orders) / count(orders)
}

pub(crate) fn month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap()
}

/// The first day of a week that begins so many days after Monday.
pub(crate) fn week(day: NaiveDate, begins: u64) -> NaiveDate {
    let since = (u64::from(day.weekday().num_days_from_monday()) + 7 - begins) % 7;
    day - Days::new(since)
}

/// A year later; nothing for the 29th of February.
pub(crate) fn year_later(day: NaiveDate) -> Option<NaiveDate> {
    let there = day + Months::new(12);
    (there.day() == day.day()).then_some(there)
}

/// Both metrics side by side, as answers have them.
pub(crate) fn beside(
    own: &BTreeMap<NaiveDate, f64>,
    other: &BTreeMap<NaiveDate, f64>,
) -> Vec<(String, Option<f64>, Option<f64>)> {
    let days: BTreeSet<_> = own.keys().chain(other.keys()).collect();
    let point = |day: &NaiveDate| {
        (
            format!("{day}T00:00:00.000Z"),
            own.get(day).copied(),
            other.get(day).copied(),
        )
    };
    days.into_iter().map(point).collect()
}

/// Whether two lists of numbers are the same, but for how doubles are added up.
pub(crate) fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9 * one.abs().max(1.0)
}
