use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::shop::{ORDERS, by_status, file, filters, of, open, rule};

/// Begins a file of a chart and answers it: whether rows were left out, and its lines.
async fn made(app: &TestApp, who: &Actor<'_>, chart: &str, changes: &Value) -> (bool, Vec<String>) {
    let mut body = json!({ "onlyRaw": false, "csvLimit": null, "dashboardFilters": filters(&[]) });
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    let begun = who.post(&of(chart, "downloadCsv")).json(&body).await;
    assert!(begun.header("warning").unwrap().contains("/download"));
    let (truncated, text) = file(app, &begun.ok()["jobId"]).await;
    let text = text.trim_start_matches('\u{feff}');
    (truncated, text.lines().map(str::to_owned).collect())
}

/// A table by status and owner.
fn table(config: &Value) -> Value {
    let mut chart = by_status(&json!({
        "dimensions": ["orders_status", "orders_owner"], "metrics": ["orders_count"],
        "sorts": [{ "fieldId": "orders_status", "descending": false }, { "fieldId": "orders_owner", "descending": false }],
    }));
    chart["chartConfig"] = json!({ "type": "table", "config": config });
    chart["columnOrder"] = json!(["orders_owner", "orders_status", "orders_count"]);
    chart
}

#[tokio::test]
async fn a_table_is_taken_as_it_is_drawn() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let columns =
        json!({ "orders_status": { "name": "State" }, "orders_count": { "visible": false } });
    let chart = table(&json!({ "columns": columns }));
    let chart = shop.chart(&app, &chart).await;
    let (truncated, lines) = made(&app, &shop.ana, &chart, &json!({})).await;
    assert!(!truncated);
    let mut expected: Vec<_> = ORDERS
        .iter()
        .map(|order| (order.status, order.owner))
        .collect();
    expected.sort_unstable();
    expected.dedup();
    let expected = expected
        .iter()
        .map(|(status, owner)| format!("{owner},{status}"));
    let expected: Vec<_> = ["Owner,State".to_owned()]
        .into_iter()
        .chain(expected)
        .collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_turned_table_is_turned() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let mut chart = table(&json!({ "showRowCalculation": true }));
    chart["pivot"] = json!(["orders_owner", "orders_gone"]);
    let chart = shop.chart(&app, &chart).await;
    let (_, lines) = made(&app, &shop.ana, &chart, &json!({})).await;
    let count = |status: &str, owner: &str| {
        let of = |order: &&crate::shop::Order| order.status == status && order.owner == owner;
        ORDERS.iter().filter(of).count()
    };
    let line = |status: &str| {
        let (ana, bob) = (count(status, "ana"), count(status, "bob"));
        let cell = |count: usize| match count {
            0 => String::new(),
            count => count.to_string(),
        };
        format!("{status},{},{},{}", cell(ana), cell(bob), ana + bob)
    };
    let rows: Vec<_> = ["completed", "open", "returned"].map(line).into();
    assert_eq!(lines.get(2..), Some(rows.as_slice()), "{lines:?}");
}

#[tokio::test]
async fn filters_and_the_number_of_rows_are_the_callers_who_may_change_it() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let chart = shop.chart(&app, &by_status(&json!({ "limit": 2 }))).await;
    let (_, lines) = made(&app, &shop.ana, &chart, &json!({})).await;
    assert_eq!(lines.len(), 4);
    let (_, lines) = made(&app, &shop.ana, &chart, &json!({ "csvLimit": 1 })).await;
    assert_eq!(lines.len(), 2);
    // A viewer gets the chart's own number.
    let (truncated, lines) = made(&app, &vic, &chart, &json!({})).await;
    assert_eq!((truncated, lines.len()), (false, 3));
    let mut one = rule("orders_status", &json!(["bob"]));
    one["tileTargets"] =
        json!({ "tile": { "fieldId": "orders_owner", "tableName": "orders" }, "other": false });
    let on = |tile: &str| json!({ "tileUuid": tile, "onlyRaw": true, "dashboardFilters": filters(std::slice::from_ref(&one)) });
    let (_, lines) = made(&app, &vic, &chart, &on("tile")).await;
    let bobs = ORDERS.iter().filter(|order| order.owner == "bob");
    let sum: f64 = bobs.clone().filter_map(|order| order.amount).sum();
    let first = lines.first().unwrap();
    assert_eq!(first, "Orders Status,Orders Orders,Orders Revenue");
    assert_eq!(lines[1..], [format!("completed,{},{sum}", bobs.count())]);
    let (_, lines) = made(&app, &vic, &chart, &on("other")).await;
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn a_file_has_its_header_also_without_rows_and_odd_wishes_are_refused() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let none = json!({ "dashboardFilters": filters(&[rule("orders_status", &json!(["nobody"]))]) });
    let (_, lines) = made(&app, &shop.ana, &chart, &none).await;
    assert_eq!(lines.len(), 1);
    for (body, refusal) in [
        (json!({}), "422 ValidateError"),
        (json!({ "onlyRaw": "yes" }), "422 ValidateError"),
        (
            json!({ "onlyRaw": true, "csvLimit": -1 }),
            "400 ParameterError",
        ),
        (
            json!({ "onlyRaw": true, "dashboardFilters": [] }),
            "400 ParameterError",
        ),
    ] {
        let answer = shop.ana.post(&of(&chart, "downloadCsv")).json(&body).await;
        assert_eq!(answer.refusal(), refusal, "{body}");
    }
}
