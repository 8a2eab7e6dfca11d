use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use app::store::embedded::Faults;
use serde_json::{Value, json};
use testing::TestApp;

use crate::given::{BOB, Given, NOBODYS, at, filters, installation, markdown, text, tile, with};

/// How many requests to the table a dashboard takes that was opened before.
async fn requests(app: &TestApp, given: &Given<'_>, dashboard: &Value) -> usize {
    given.ana.get(&at(dashboard)).await.ok();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let faults: Faults = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        None
    });
    let answer = app.behind(faults).send(given.ana.get(&at(dashboard))).await;
    answer.ok();
    calls.load(Ordering::Relaxed)
}

#[tokio::test]
async fn fifty_tiles_take_as_many_requests_as_one() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let small = given.made(&with(&json!([markdown("a")]))).await;
    let mut tiles = Vec::new();
    for at in 0..50 {
        let chart = given.chart(&format!("Chart {at}"), &given.space).await;
        tiles.push(tile(&format!("tile {at}"), chart));
    }
    let large = given.made(&with(&json!(tiles))).await;
    assert_eq!(large["tiles"].as_array().unwrap().len(), 50);
    // Session and user; head; project and access; spaces; index; version; author; pins; views; and three to count.
    assert_eq!(requests(&app, &given, &small).await, 12);
    assert_eq!(requests(&app, &given, &large).await, 12);
}

#[tokio::test]
async fn opening_is_counted_and_counting_is_for_who_may_view() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let private = given.space("Private", true).await;
    let mut body = with(&json!([]));
    body["spaceUuid"] = json!(private);
    let made = given.made(&body).await;
    let views = format!("{}/views", at(&made));
    assert_eq!(given.ana.get(&views).await.ok(), json!(0));
    given.ana.get(&at(&made)).await.ok();
    given.ana.get(&at(&made)).await.ok();
    assert_eq!(given.ana.get(&views).await.ok(), json!(2));
    let read = given.ana.get(&at(&made)).await.ok();
    assert_eq!(read["views"], json!(2));
    assert_eq!(read["firstViewedAt"], json!("2026-01-31T09:30:00.000Z"));

    let viewer = app.viewer(BOB).await;
    assert_eq!(viewer.get(&views).await.refusal(), "403 ForbiddenError");
    assert_eq!(viewer.get(&at(&made)).await.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn what_is_not_there_or_is_anothers_is_not_found() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([]))).await;
    let stranger = app.admin("oda@other.example", "Other").await;
    let chart = given.chart("Chart", &given.space).await;
    for path in [
        at(&made),
        format!("{}/views", at(&made)),
        format!("{}/history", at(&made)),
        format!("/api/v1/comments/dashboards/{}", text(&made["uuid"])),
    ] {
        assert_eq!(
            stranger.get(&path).await.refusal(),
            "404 NotFoundError",
            "{path}"
        );
    }
    for id in [
        NOBODYS.to_owned(),
        "no id".replace(' ', "-"),
        chart.to_string(),
    ] {
        let path = format!("/api/v1/dashboards/{id}");
        assert_eq!(given.ana.get(&path).await.refusal(), "404 NotFoundError");
        assert_eq!(given.ana.delete(&path).await.refusal(), "404 NotFoundError");
        let patched = given.ana.patch(&path).json(&json!({ "name": "x" })).await;
        assert_eq!(patched.refusal(), "404 NotFoundError");
    }
}

#[tokio::test]
async fn charts_in_spaces_that_the_caller_cannot_view_have_no_names() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let private = given.space("Private", true).await;
    let hidden = given.chart("Salaries", &private).await;
    let open = given.chart("Revenue", &given.space).await;
    let made = given
        .made(&with(&json!([tile("a", hidden), tile("b", open)])))
        .await;
    let name =
        |dashboard: &Value, at: usize| dashboard["tiles"][at]["properties"]["chartName"].clone();
    assert_eq!(name(&made, 0), json!("Salaries"));

    let viewer = app.viewer(BOB).await;
    let seen = viewer.get(&at(&made)).await;
    assert!(!seen.text.contains("alaries"), "{seen}");
    let seen = seen.ok();
    assert_eq!(name(&seen, 0), json!(null));
    assert_eq!(name(&seen, 1), json!("Revenue"));
    let hidden = seen["tiles"][0]["properties"].as_object().unwrap();
    assert!(!hidden.contains_key("lastVersionChartKind"));
}

#[tokio::test]
async fn a_pin_is_put_and_taken_away_by_who_may_pin() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([]))).await;
    let path = format!("{}/pinning", at(&made));
    let pinned = given.ana.patch(&path).await.ok();
    assert_eq!(pinned["isPinned"], json!(true));
    assert_eq!(pinned["projectUuid"], json!(given.project.id));
    assert_eq!(pinned["spaceUuid"], json!(given.space));
    let read = given.ana.get(&at(&made)).await.ok();
    assert_eq!(read["pinnedListUuid"], pinned["pinnedListUuid"]);
    let again = given.ana.patch(&path).await.ok();
    assert_eq!(again["isPinned"], json!(false));
    let read = given.ana.get(&at(&made)).await.ok();
    assert_eq!(read["pinnedListUuid"], json!(null));

    let viewer = app.viewer(BOB).await;
    assert_eq!(viewer.patch(&path).await.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn what_was_read_can_be_sent_back() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let chart = given.chart("Revenue", &given.space).await;
    let mut body = with(&json!([tile("a", chart), markdown("b")]));
    body["filters"] =
        filters(&json!({ "a": { "fieldId": "orders_status", "tableName": "orders" } }));
    body["config"] = json!({ "isDateZoomDisabled": true });
    let made = given.made(&body).await;
    // Older servers answer null for a tab that a tile does not have.
    let mut read = given.ana.get(&at(&made)).await.ok();
    for tile in read["tiles"].as_array_mut().unwrap() {
        tile["tabUuid"] = json!(null);
    }
    let some = json!({ "name": read["name"], "tiles": read["tiles"], "filters": read["filters"], "tabs": read["tabs"] });
    for sent in [&some, &read] {
        let patched = given.ana.patch(&at(&made)).json(sent).await;
        assert_eq!(patched.header("etag"), Some("\"1\""), "{patched}");
        let patched = patched.ok();
        for part in ["tiles", "tabs", "filters", "config", "dashboardVersionId"] {
            assert_eq!(patched[part], made[part], "{part}");
        }
        let copy = given.made(sent).await;
        for part in ["tiles", "tabs", "filters"] {
            assert_eq!(copy[part], made[part], "{part}");
        }
    }
}
