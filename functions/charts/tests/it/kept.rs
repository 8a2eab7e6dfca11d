//! What clients keep with a chart, and has no name here.

use serde_json::{Value, json};
use testing::TestApp;

use crate::made::{ANA, chart_path, definition, made, text, with};

/// A chart with keys that no document names, at every level.
fn full() -> Value {
    let mut chart = definition();
    chart["metricQuery"] = json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_total"],
        "filters": { "dimensions": { "id": "g", "later": 1, "and": [{
            "id": "r", "operator": "notNull", "later": 2, "target": { "fieldId": "orders_status", "tableName": "orders", "later": 3 },
        }] }, "later": {} },
        "sorts": [{ "fieldId": "orders_total", "descending": true, "later": [1] }], "limit": 500,
        "tableCalculations": [{ "name": "half", "displayName": "Half", "sql": "${orders.total} / 2", "later": null }],
        "additionalMetrics": [{
            "table": "orders", "name": "own", "type": "count", "sql": "${TABLE}.id", "later": 9_007_199_254_740_993_u64,
            "filters": [{ "id": "f", "target": { "fieldRef": "orders.status", "later": true }, "operator": "notNull", "later": 4 }],
        }],
        "customDimensions": [{
            "id": "bin", "name": "Bin", "table": "orders", "type": "bin", "dimensionId": "orders_status", "binType": "custom_range",
            "customRange": [{ "from": 1, "to": 2, "later": "x" }], "later": 5,
        }],
        "dateZoom": { "granularity": "Day", "later": 1.5 },
        "later": { "deep": [null, 1, 2.5] },
    });
    chart["chartConfig"]["later"] = json!(true);
    chart["tableConfig"]["later"] = json!("x");
    chart["pivotConfig"] = json!({ "columns": ["orders_status"], "later": -1 });
    chart["later"] = json!({ "a": [1, "b"] });
    chart
}

#[track_caller]
fn assert_kept(found: &Value) {
    for (name, value) in full().as_object().unwrap() {
        assert_eq!(found[name], *value, "{name}");
    }
}

fn action(changes: &Value) -> &str {
    changes["charts"][0]["action"].as_str().unwrap()
}

#[tokio::test]
async fn what_has_no_name_here_stays_with_a_chart_wherever_it_goes() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let sent = with(full(), json!({ "name": "Kept", "spaceUuid": made.space }));
    let saved = made.ana.post(&made.saved()).json(&sent).await.ok();
    assert_kept(&saved);
    assert_kept(&made.ana.get(&chart_path(&saved)).await.ok());

    let list = format!("{}/charts/code", made.path);
    let mut document = made.ana.get(&list).await.ok()["charts"][0].clone();
    assert_kept(&document);
    let slug = text(&document["slug"]);
    let path = format!("{}/charts/{slug}/code", made.path);
    let again = made.ana.post(&path).json(&document).await.ok();
    assert_eq!(action(&again), "no changes");

    let other = app.project(ANA, "Other").await;
    let other = format!("/api/v1/projects/{}", other.id);
    let there = format!("{other}/charts/{slug}/code");
    let arrived = made.ana.post(&there).json(&document).await.ok();
    assert_eq!(action(&arrived), "create");
    let list = format!("{other}/charts/code");
    let mut there = made.ana.get(&list).await.ok()["charts"][0].clone();
    for one in [&mut document, &mut there] {
        one.as_object_mut().unwrap().remove("updatedAt").unwrap();
    }
    assert_eq!(there, document);
}

#[tokio::test]
async fn a_change_of_what_has_no_name_here_is_a_change() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let sent = with(full(), json!({ "name": "Kept", "spaceUuid": made.space }));
    let saved = made.ana.post(&made.saved()).json(&sent).await.ok();
    let list = format!("{}/charts/code", made.path);
    let mut document = made.ana.get(&list).await.ok()["charts"][0].clone();
    let path = format!("{}/charts/{}/code", made.path, text(&document["slug"]));
    for place in [
        "/later",
        "/metricQuery/later",
        "/metricQuery/filters/later",
        "/metricQuery/filters/dimensions/and/0/target/later",
        "/metricQuery/sorts/0/later",
        "/metricQuery/tableCalculations/0/later",
        "/metricQuery/additionalMetrics/0/filters/0/target/later",
        "/metricQuery/customDimensions/0/customRange/0/later",
        "/metricQuery/dateZoom/later",
        "/chartConfig/later",
        "/tableConfig/later",
        "/pivotConfig/later",
    ] {
        *document.pointer_mut(place).unwrap() = json!("other");
        let changes = made.ana.post(&path).json(&document).await.ok();
        assert_eq!(action(&changes), "update", "{place}");
        let found = made.ana.get(&chart_path(&saved)).await.ok();
        assert_eq!(found.pointer(place), Some(&json!("other")), "{place}");
    }
}

#[tokio::test]
async fn what_a_chart_says_of_itself_is_not_taken_from_who_sends_it() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let chart = made.chart_in("Mine", &made.space).await;
    let path = format!("{}/version", chart_path(&chart));
    let ours = [
        "uuid",
        "slug",
        "name",
        "spaceName",
        "updatedAt",
        "isPrivate",
        "access",
    ];
    let nobodys = ["views", "oldUuid", "needsUpdating", "force"];
    let mut sent = chart.clone();
    for name in ours.into_iter().chain(nobodys) {
        sent[name] = json!("forged");
    }
    let saved = made.ana.post(&path).json(&sent).await.ok();
    for name in ours {
        assert_eq!(saved[name], chart[name], "{name}");
    }
    for name in nobodys {
        assert_eq!(saved.get(name), None, "{name}");
    }
}
