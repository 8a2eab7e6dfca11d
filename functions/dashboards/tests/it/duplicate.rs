use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use app::{
    domain::{content::ContentKind, id::ContentId},
    store::embedded::{Fault, Faults},
};
use serde_json::{Value, json};

use crate::given::{
    BOB, Given, NOBODYS, at, explore, filters, installation, markdown, text, tile, with,
};

fn copy() -> Value {
    json!({ "dashboardName": "Copy of it", "dashboardDesc": "The same" })
}

fn chart_of(dashboard: &Value, at: usize) -> Value {
    dashboard["tiles"][at]["properties"]["savedChartUuid"].clone()
}

/// A dashboard with so many charts within it, each on a tile.
async fn with_charts(given: &Given<'_>, charts: usize) -> Value {
    let made = given.made(&with(&json!([]))).await;
    let mut tiles = Vec::new();
    for at in 0..charts {
        let chart = given.chart_within(&format!("Own {at}"), &made).await;
        tiles.push(tile(&format!("tile {at}"), chart));
    }
    let save = json!({ "tiles": tiles });
    given.ana.patch(&at(&made)).json(&save).await.ok()
}

#[tokio::test]
async fn a_copy_has_charts_of_its_own_and_everything_else_as_it_was() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let open = given.chart("Open", &given.space).await;
    let made = given.made(&with(&json!([]))).await;
    let (own, gone) = (
        given.chart_within("Own", &made).await,
        given.chart_within("Gone", &made).await,
    );
    let mut body = with(&json!([
        tile("a", own),
        tile("b", open),
        markdown("c"),
        tile("d", gone)
    ]));
    body["tabs"] = json!([{ "uuid": "one", "name": "One", "order": 0 }]);
    body["tiles"][0]["tabUuid"] = json!("one");
    body["filters"] =
        filters(&json!({ "a": { "fieldId": "orders_status", "tableName": "orders" } }));
    body["config"] = json!({ "isDateZoomDisabled": true });
    let source = given.ana.patch(&at(&made)).json(&body).await.ok();
    given.delete_chart(gone).await;

    let path = format!(
        "{}?duplicateFrom={}",
        given.dashboards(),
        text(&made["uuid"])
    );
    let reply = given.ana.post(&path).json(&copy()).await;
    assert_eq!(reply.status, 201, "{reply}");
    let copied = reply.json()["results"].clone();
    assert_eq!(copied["name"], json!("Copy of it"));
    assert_eq!(copied["description"], json!("The same"));
    assert_eq!(copied["slug"], json!("copy-of-it"));
    assert_eq!(copied["dashboardVersionId"], json!(1));
    for part in ["tabs", "filters", "config", "spaceUuid"] {
        assert_eq!(copied[part], source[part], "{part}");
    }
    for at in 0..4 {
        assert_eq!(copied["tiles"][at]["uuid"], source["tiles"][at]["uuid"]);
    }
    assert_ne!(chart_of(&copied, 0), json!(own));
    assert_eq!(chart_of(&copied, 1), json!(open));
    assert_eq!(copied["tiles"][2], source["tiles"][2]);
    assert_eq!(chart_of(&copied, 3), json!(null));
    assert_eq!(
        copied["tiles"][0]["properties"]["belongsToDashboard"],
        json!(true)
    );
    assert_eq!(
        copied["tiles"][0]["properties"]["chartSlug"],
        json!("own-1")
    );

    // The copy is its own: deleting it leaves the source as it was.
    given.ana.delete(&at(&copied)).await.ok();
    assert!(given.has_chart(own).await);
}

#[tokio::test]
async fn a_copy_of_many_charts_leaves_nothing_to_see_when_it_dies_halfway() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let source = with_charts(&given, 30).await;
    let path = format!(
        "{}?duplicateFrom={}",
        given.dashboards(),
        text(&source["uuid"])
    );
    let charts = format!(
        "{}?chartUuid={}",
        given.dashboards(),
        text(&chart_of(&source, 0))
    );
    let call = || {
        given
            .ana
            .post(&path)
            .json(&copy())
            .header("idempotency-key", "once")
    };
    for whole in 0..3 {
        let calls = Arc::new(AtomicUsize::new(0));
        let faults: Faults = Arc::new(move |operation: &str| {
            let written = operation == "TransactWriteItems";
            let at = calls.fetch_add(usize::from(written), Ordering::Relaxed);
            (written && at >= whole).then_some(Fault::TimedOut)
        });
        let answer = app.behind(faults).send(call()).await;
        assert_eq!(answer.refusal(), "503 UnexpectedServerError");
        let seen = given.ana.get(&given.dashboards()).await.ok();
        assert_eq!(seen.as_array().unwrap().len(), 1);
        assert_eq!(
            given.ana.get(&charts).await.ok().as_array().unwrap().len(),
            1
        );
    }
    let made = call().await.json()["results"].clone();
    assert_eq!(made["tiles"].as_array().unwrap().len(), 30);
    assert_eq!(call().await.json()["results"]["uuid"], made["uuid"]);
    for at in 0..30 {
        let id = ContentId::parse(chart_of(&made, at).as_str().unwrap()).unwrap();
        let head = app.app.store.content(ContentKind::Chart, id).await.unwrap();
        let own = head.unwrap().dashboard.map(|id| id.to_string());
        assert_eq!(own, Some(text(&made["uuid"])));
    }

    // What was left is deleted with a later save.
    let left = async || {
        let index = app.app.store.index(given.project.id).await.unwrap();
        let charts = index.live().filter(|row| row.dashboard.is_some());
        charts.count()
    };
    assert!(left().await > 60);
    app.wait(20 * 60 + 1);
    let save =
        json!({ "tiles": source["tiles"], "tabs": [{ "uuid": "one", "name": "One", "order": 0 }] });
    given.ana.patch(&at(&source)).json(&save).await.ok();
    assert_eq!(left().await, 60);
}

#[tokio::test]
async fn a_copy_is_named_and_nothing_else() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let source = given.made(&with(&json!([]))).await;
    let path = format!(
        "{}?duplicateFrom={}",
        given.dashboards(),
        text(&source["uuid"])
    );
    let refused = given.ana.post(&path).json(&with(&json!([]))).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    let refused = given.ana.post(&given.dashboards()).json(&copy()).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    let refused = given.ana.post(&path).json(&json!({})).await;
    assert_eq!(refused.refusal(), "422 ValidateError");
    for unknown in [NOBODYS, "no-id"] {
        let path = format!("{}?duplicateFrom={unknown}", given.dashboards());
        let refused = given.ana.post(&path).json(&copy()).await;
        assert_eq!(refused.refusal(), "404 NotFoundError");
    }
    // A dashboard of another project is none here.
    let other = app.project("ana@example.com", "Other").await;
    let elsewhere = format!(
        "/api/v1/projects/{}/dashboards?duplicateFrom={}",
        other.id,
        text(&source["uuid"])
    );
    let refused = given.ana.post(&elsewhere).json(&copy()).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
    let viewer = app.viewer(BOB).await;
    let refused = viewer.post(&path).json(&copy()).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn a_copy_gives_sql_to_nobody_who_may_write_none() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let eva = app.in_role("eva@example.com", "editor").await;
    let project = format!("/api/v1/projects/{}", given.project.id);
    let private = given.space("Private", true).await;
    let statement = json!({
        "sql": "SELECT salary FROM people", "limit": 1, "config": { "type": "table", "metadata": { "version": 1 } },
    });
    let mut sql = statement.clone();
    (sql["name"], sql["spaceUuid"]) = (json!("Salaries"), json!(private));
    let runner = format!("{project}/sqlRunner/saved");
    let sql = given.ana.post(&runner).json(&sql).await.ok();
    let sql = sql["savedSqlUuid"].clone();
    let mut shown = tile("sql", "");
    shown["type"] = json!("sql_chart");
    shown["properties"] = json!({ "savedSqlUuid": sql, "title": "" });
    let source = given.made(&with(&json!([shown]))).await;
    let path = format!(
        "{}?duplicateFrom={}",
        given.dashboards(),
        text(&source["uuid"])
    );
    let reply = eva.post(&path).json(&copy()).await;
    assert_eq!(reply.status, 201, "{reply}");
    assert!(!reply.text.contains("salary"), "{reply}");
    // Both show the same SQL chart, which is as closed to her as it was.
    let copied = given.ana.get(&at(&reply.json()["results"])).await.ok();
    assert_eq!(copied["tiles"][0]["properties"]["savedSqlUuid"], sql);
    let index = app.app.store.index(given.project.id).await.unwrap();
    let all = index.live();
    let all = all.filter(|row| row.what == ContentKind::SqlChart);
    assert_eq!(all.count(), 1);
    let chart = format!("{runner}/{}", text(&sql));
    let change = json!({ "versionedData": statement });
    for refused in [eva.get(&chart).await, eva.patch(&chart).json(&change).await] {
        assert_eq!(refused.refusal(), "403 ForbiddenError");
    }

    // A copy of a chart within the dashboard would be hers.
    let explores = json!([explore("orders")]);
    let deployed = given.ana.put(&format!("{project}/explores"));
    deployed.json(&explores).await.ok();
    let own = json!({
        "name": "Own", "dashboardUuid": source["uuid"], "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["own"], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
            "tableCalculations": [], "customDimensions": [{
                "id": "own", "name": "Own", "type": "sql", "table": "orders", "sql": "salary", "dimensionType": "string",
            }],
        },
        "chartConfig": { "type": "table" }, "tableConfig": { "columnOrder": [] },
    });
    let own = given.ana.post(&format!("{project}/saved")).json(&own).await;
    let save = json!({ "tiles": [tile("own", text(&own.ok()["uuid"]))] });
    given.ana.patch(&at(&source)).json(&save).await.ok();
    let before = app.items();
    let refused = eva.post(&path).json(&copy()).await;
    assert_eq!(refused.refusal(), "403 CustomSqlQueryForbiddenError");
    assert_eq!(before, app.items());
    let made = given.ana.post(&path).json(&copy()).await;
    assert_eq!(made.status, 201, "{made}");
}
