//! What a project stores of charts and dashboards, and of what is said of them.

use app::domain::{
    content::{ChartBody, ContentKind, DashboardBody, SqlChartBody},
    id::{ContentId, ProjectId, WorkId},
    work::{CopyOf, WorkKind},
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::text;

const TILE: &str = "tile-1";

/// A chart, an SQL chart and a dashboard that shows them, opened, pinned and commented on; what of it a path can name.
pub(super) async fn journey(app: &TestApp, ana: &Actor<'_>, project: &str, space: &str) -> Value {
    let path = format!("/api/v1/projects/{project}");
    let made = async |rest: &str, body: Value, name: &str| {
        let answer = ana.post(&format!("{path}{rest}")).json(&body).await;
        assert!(answer.status.is_success(), "{rest}: {answer}");
        text(&answer.json()["results"][name])
    };
    let query = json!({
        "exploreName": "orders", "dimensions": [], "metrics": ["orders_count"], "filters": {}, "sorts": [], "limit": 500,
        "tableCalculations": [],
    });
    let chart = json!({
        "name": "Orders", "description": "how many", "spaceUuid": space, "tableName": "orders", "metricQuery": query,
        "chartConfig": { "type": "big_number", "config": { "label": "Orders" } }, "tableConfig": { "columnOrder": [] },
    });
    let chart = made("/saved", chart, "uuid").await;
    let sql = json!({
        "name": "By SQL", "description": null, "sql": "SELECT 1 AS one", "limit": 10, "spaceUuid": space,
        "config": { "type": "table", "metadata": { "version": 1 }, "columns": {} },
    });
    let sql = made("/sqlRunner/saved", sql, "savedSqlUuid").await;
    let tile = json!({
        "uuid": TILE, "type": "saved_chart", "x": 0, "y": 0, "w": 6, "h": 3, "tabUuid": "tab",
        "properties": { "savedChartUuid": chart },
    });
    let dashboard = json!({
        "name": "Board", "spaceUuid": space, "tiles": [tile], "tabs": [{ "uuid": "tab", "name": "First", "order": 0 }],
    });
    let dashboard = made("/dashboards", dashboard, "uuid").await;

    ana.get(&format!("/api/v1/saved/{chart}")).await.ok();
    let pinning = format!("/api/v1/saved/{chart}/pinning");
    ana.patch(&pinning).await.ok();
    let comment = json!({ "text": "look", "textHtml": "<p>look</p>", "mentions": [] });
    let comments = format!("/api/v1/comments/dashboards/{dashboard}/{TILE}");
    let said = ana.post(&comments).json(&comment).await;
    assert!(said.status.is_success(), "{said}");
    let columns = json!({ "columnConfig": [{ "column": "label", "isVisible": true }] });
    let spotlight = format!("{path}/spotlight/table/config");
    assert_eq!(ana.post(&spotlight).json(&columns).await.status, 201);
    let preview = ProjectId::parse(&preview_of(app, project)).unwrap();
    json!({ "chart": chart, "sqlChart": sql, "dashboard": dashboard, "preview": preview })
}

/// The preview that was made before, with the work that copies into it.
fn preview_of(app: &TestApp, project: &str) -> String {
    let mut heads = app.items().into_values();
    let preview = heads.find(|item| item["upstream"]["S"] == project);
    text(&preview.unwrap()["id"]["S"])
}

/// Everything is there and says what it said.
pub(super) async fn is_read(app: &TestApp, ana: &Actor<'_>, project: &str, known: &Value) {
    let id = |name: &str| ContentId::parse(known[name].as_str().unwrap()).unwrap();
    let store = &app.app.store;
    let owner = ProjectId::parse(project).unwrap();

    // content, version.
    let head = store.content(ContentKind::Chart, id("chart")).await;
    let chart = head.unwrap().unwrap();
    assert_eq!(
        (chart.name.as_str(), chart.slug.as_str()),
        ("Orders", "orders")
    );
    let version = store.latest(&chart).await.unwrap();
    let body: ChartBody = version.body.unpack_json().unwrap();
    assert_eq!(body.metric_query.metrics, ["orders_count"]);
    assert_eq!(body.chart_config["config"]["label"], "Orders");
    let head = store.content(ContentKind::Dashboard, id("dashboard")).await;
    let version = store.latest(&head.unwrap().unwrap()).await.unwrap();
    let body: DashboardBody = version.body.unpack_json().unwrap();
    assert_eq!(body.tiles[0].uuid, TILE);
    let shows = body.tiles[0].face.shows();
    assert_eq!(shows, Some((ContentKind::Chart, chart.id)));
    let head = store.content(ContentKind::SqlChart, id("sqlChart")).await;
    let version = store.latest(&head.unwrap().unwrap()).await.unwrap();
    let body: SqlChartBody = version.body.unpack_json().unwrap();
    assert_eq!(body.sql, "SELECT 1 AS one");

    // content index: a part of it; content slug: one of them.
    let index = store.index(owner).await.unwrap();
    let all = [id("chart"), id("dashboard"), id("sqlChart")];
    assert!(index.live().count() > 0);
    assert!(index.live().all(|row| all.contains(&row.id)));
    let mut found = Vec::new();
    for (what, slug) in [
        (ContentKind::Chart, "orders"),
        (ContentKind::Dashboard, "board"),
        (ContentKind::SqlChart, "by-sql"),
    ] {
        found.extend(store.content_of_slug(owner, what, slug).await.unwrap());
    }
    assert!(found.len() == 1 && all.contains(&found[0]));

    // views, activity, pins, comment, spotlight.
    let views = store.views(&[(ContentKind::Chart, chart.id)]).await;
    assert_eq!(views.unwrap()[0].views, 1);
    let did = store.activity(owner, app.app.clock.now()).await.unwrap();
    assert_eq!((did.len(), did[0].chart_views), (1, 1));
    let pins = store.pins(owner).await.unwrap().unwrap();
    assert!(pins.order_of(chart.id).is_some());
    let comments = store.comments(id("dashboard")).await.unwrap();
    assert_eq!((comments.len(), comments[0].text.as_str()), (1, "look"));
    let path = format!("/api/v1/projects/{project}/spotlight/table/config");
    let columns = ana.get(&path).await.ok()["columnConfig"].clone();
    assert_eq!(columns, json!([{ "column": "label", "isVisible": true }]));

    // work, project work.
    let preview = ProjectId::parse(known["preview"].as_str().unwrap()).unwrap();
    let work = store.work(WorkId::first_of(preview), app.app.clock.now());
    let work = work.await.unwrap().unwrap();
    assert_eq!((work.what, work.project), (WorkKind::CopyContent, preview));
    let input: CopyOf = work.input.unpack_json().unwrap();
    assert_eq!(input.from, owner);
}
