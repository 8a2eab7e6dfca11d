//! Lists of charts, and what the home page shows.

use app::domain::{content::ContentKind, id::ContentId};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::made::{chart_path, definition, made, names, text, with};

#[tokio::test]
async fn charts_are_listed_for_those_who_may_see_them() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let private = made.space("Private", true).await;
    made.chart_in("B", &made.space).await;
    made.chart_in("A", &made.space).await;
    made.chart_in("Hidden", &private).await;
    let path = format!("{}/charts", made.path);
    let listed = made.ana.get(&path).await;
    assert_snapshot!(listed, @r#"
    200 {
      "results": [
        {
          "chartKind": "vertical_bar",
          "chartType": "cartesian",
          "dashboardName": null,
          "dashboardUuid": null,
          "firstViewedAt": null,
          "name": "A",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
          "pinnedListOrder": null,
          "pinnedListUuid": null,
          "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
          "slug": "a",
          "source": "dbt_explore",
          "spaceName": "Public",
          "spaceUuid": "eb7d836d-3132-4b8a-9c80-4c1428cc29b4",
          "updatedAt": "2026-01-31T09:30:00.000Z",
          "updatedByUser": {
            "firstName": "ana",
            "lastName": "Test",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          },
          "uuid": "9031efbe-99b9-40e0-9c55-6dc18c11ecee",
          "validationErrors": [],
          "views": 0
        },
        {
          "chartKind": "vertical_bar",
          "chartType": "cartesian",
          "dashboardName": null,
          "dashboardUuid": null,
          "firstViewedAt": null,
          "name": "B",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
          "pinnedListOrder": null,
          "pinnedListUuid": null,
          "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
          "slug": "b",
          "source": "dbt_explore",
          "spaceName": "Public",
          "spaceUuid": "eb7d836d-3132-4b8a-9c80-4c1428cc29b4",
          "updatedAt": "2026-01-31T09:30:00.000Z",
          "updatedByUser": {
            "firstName": "ana",
            "lastName": "Test",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          },
          "uuid": "5d73ced4-c8ac-43d0-821f-72b6efc8b035",
          "validationErrors": [],
          "views": 0
        },
        {
          "chartKind": "vertical_bar",
          "chartType": "cartesian",
          "dashboardName": null,
          "dashboardUuid": null,
          "firstViewedAt": null,
          "name": "Hidden",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
          "pinnedListOrder": null,
          "pinnedListUuid": null,
          "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
          "slug": "hidden",
          "source": "dbt_explore",
          "spaceName": "Private",
          "spaceUuid": "ea5d42f7-1b46-4fba-86e8-b87d74f12faa",
          "updatedAt": "2026-01-31T09:30:00.000Z",
          "updatedByUser": {
            "firstName": "ana",
            "lastName": "Test",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          },
          "uuid": "025c592c-211b-4cd8-9632-e7cf3dac4695",
          "validationErrors": [],
          "views": 0
        }
      ],
      "status": "ok"
    }
    "#);
    assert_eq!(names(&listed.ok()), ["A", "B", "Hidden"]);
    let vic = app.viewer("vic@acme.com").await;
    assert_eq!(names(&vic.get(&path).await.ok()), ["A", "B"]);
    let mem = app.in_role("mem@acme.com", "member").await;
    assert_eq!(mem.get(&path).await.refusal(), "403 ForbiddenError");
    let summaries = format!("{}/chart-summaries", made.path);
    assert_eq!(names(&vic.get(&summaries).await.ok()), ["A", "B"]);
}

#[tokio::test]
async fn charts_of_dashboards_are_in_no_list_of_spaces() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    made.chart_in("Alone", &made.space).await;
    let dashboards = format!("{}/dashboards", made.path);
    let body = json!({ "name": "Board", "tiles": [], "tabs": [], "spaceUuid": made.space });
    let board = made.ana.post(&dashboards).json(&body).await.json();
    let board = text(&board["results"]["uuid"]);
    let own = json!({ "name": "Own", "dashboardUuid": board });
    let own = with(definition(), own);
    let own = made.ana.post(&made.saved()).json(&own).await.ok();
    assert_eq!(own["dashboardUuid"], json!(board));
    assert_eq!(own["dashboardName"], "Board");
    assert_eq!(own["spaceUuid"], json!(made.space));

    let list = async |path: &str| made.ana.get(&format!("{}/{path}", made.path)).await.ok();
    assert_eq!(names(&list("charts").await), ["Alone"]);
    // On no tile yet.
    assert_eq!(names(&list("chart-summaries").await), ["Alone"]);
    let tile = json!({
        "type": "saved_chart", "x": 0, "y": 0, "w": 9, "h": 9, "properties": { "savedChartUuid": own["uuid"] },
    });
    let body = json!({ "tiles": [tile], "tabs": [] });
    let path = format!("/api/v1/dashboards/{board}");
    made.ana.patch(&path).json(&body).await.ok();
    assert_eq!(names(&list("charts").await), ["Alone"]);
    assert_eq!(names(&list("chart-summaries").await), ["Alone", "Own"]);
    let without = list("chart-summaries?excludeChartsSavedInDashboard=true").await;
    assert_eq!(names(&without), ["Alone"]);

    // A chart that leaves its dashboard has a space.
    let body = json!({ "spaceUuid": made.space });
    let moved = made.ana.patch(&chart_path(&own)).json(&body).await.ok();
    assert_eq!(moved["dashboardUuid"], Value::Null);
    assert_eq!(names(&list("charts").await), ["Alone", "Own"]);
}

#[tokio::test]
async fn a_project_tells_whether_it_has_charts() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = format!("{}/hasSavedCharts", made.path);
    assert_eq!(made.ana.get(&path).await.ok(), json!(false));
    let chart = made.chart("Revenue").await;
    assert_eq!(made.ana.get(&path).await.ok(), json!(true));
    made.ana.delete(&chart).await.ok();
    assert_eq!(made.ana.get(&path).await.ok(), json!(false));
}

#[tokio::test]
async fn the_home_page_shows_what_is_opened_and_what_is_new() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let private = made.space("Private", true).await;
    let old = made.chart("Old").await;
    app.wait(1);
    made.chart("New").await;
    made.chart_in("Hidden", &private).await;
    for _ in 0..3 {
        made.ana.get(&old).await.ok();
    }
    let path = format!("{}/most-popular-and-recently-updated", made.path);
    let eda = app.in_role("eda@acme.com", "editor").await;
    let shown = eda.get(&path).await.ok();
    assert_eq!(names(&shown["mostPopular"]), ["Old", "New"]);
    assert_eq!(names(&shown["recentlyUpdated"]), ["New", "Old"]);
    assert_eq!(shown["mostPopular"][0]["views"], 3);
    for number in 0..12 {
        made.chart(&format!("More {number}")).await;
    }
    let shown = eda.get(&path).await.ok();
    assert_eq!(shown["mostPopular"].as_array().unwrap().len(), 10);
    assert_eq!(shown["recentlyUpdated"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn counts_of_many_charts_come_in_the_order_of_the_charts() {
    let app = TestApp::new(local::api()).await;
    let (store, now) = (&app.app.store, app.app.clock.now());
    let ids: Vec<_> = (0..950)
        .map(|_| (ContentKind::Chart, ContentId::new(&app.app.random)))
        .collect();
    // In the first batch, in one of the middle, and in the last.
    let opened = [(99, 1), (500, 2), (949, 3)];
    for (at, times) in opened {
        for _ in 0..times {
            let (what, id) = ids[at];
            store.count_view(what, id, now).await.unwrap();
        }
    }
    let counts = store.views(&ids).await.unwrap();
    assert_eq!(counts.len(), ids.len());
    let viewed = counts.iter().enumerate();
    let viewed = viewed.filter(|(_, count)| count.views > 0);
    let viewed: Vec<_> = viewed.map(|(at, count)| (at, count.views)).collect();
    assert_eq!(viewed, opened);
}

#[tokio::test]
async fn metrics_that_charts_define_are_listed_for_those_who_see_the_charts() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let private = made.space("Private", true).await;
    for (name, space) in [("Open", &made.space), ("Hidden", &private)] {
        let mut body = with(definition(), json!({ "name": name, "spaceUuid": space }));
        body["metricQuery"]["additionalMetrics"] = json!([{
            "table": "orders", "name": "big", "label": "Big ones", "type": "sum", "sql": "${TABLE}.amount", "uuid": "u-1",
        }]);
        made.ana.post(&made.saved()).json(&body).await.ok();
    }
    let path = format!("{}/custom-metrics", made.path);
    let found = made.ana.get(&path).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 2);
    let vic = app.viewer("vic@acme.com").await;
    let found = vic.get(&path).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let found = &found[0];
    assert_eq!(found["name"], "u-1");
    assert_eq!(found["label"], "Big ones");
    assert_eq!(found["modelName"], "orders");
    assert_eq!(found["yml"], "big:\n  label: Big ones\n  type: sum\n");
    assert_eq!(found["chartLabel"], "Open");
    let url = text(&found["chartUrl"]);
    assert!(url.starts_with("http") && url.contains("/saved/"), "{url}");
}
