use app::{
    domain::{
        content::{Content, ContentKind, SqlChartBody},
        packed::Packed,
        project::Project,
    },
    store::Edit,
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::code::{ANA, BOB, chart, download, filled, stored, text, upload, upload_chart};

/// Ana, a project, and a filled preview of it.
async fn setting(app: &TestApp) -> (Actor<'_>, Project, Project) {
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    let body = json!({
        "name": "Preview", "type": "PREVIEW", "dbtVersion": "latest", "dbtConnection": { "type": "none" },
        "upstreamProjectUuid": sales.id,
    });
    let made = ana.post("/api/v1/org/projects").json(&body).await.ok();
    let mut preview = sales.clone();
    let id = made["project"]["projectUuid"].as_str();
    preview.id = serde_json::from_value(json!(id.unwrap())).unwrap();
    filled(app, &ana, &preview).await;
    (ana, sales, preview)
}

async fn path(app: &TestApp, project: &Project) -> String {
    format!(
        "/api/v1/dashboards/{}",
        stored(app, project, "board").await.0.id
    )
}

fn actions(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| text(&one["action"])).collect()
}

#[tokio::test]
async fn a_dashboard_goes_from_a_preview_to_its_project() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let path = path(&app, &preview).await;
    let before = app.items();
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["dashboards"]), ["create"]);
    assert_eq!(actions(&diff["charts"]), ["create", "create"]);
    assert_eq!(actions(&diff["spaces"]), ["create"]);
    assert_eq!(app.items(), before);

    let promoted = ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(promoted["projectUuid"], json!(sales.id));
    let (_, here) = stored(&app, &preview, "board").await;
    let (_, there) = stored(&app, &sales, "board").await;
    assert_eq!(here.filters, there.filters);
    assert_eq!(here.config, there.config);
    assert_eq!(here.tabs, there.tabs);
    let index = app.app.store.index(sales.id).await.unwrap();
    for (a, b) in here.tiles.iter().zip(&there.tiles) {
        assert_eq!(a.uuid, b.uuid);
        if let Some((what, id)) = b.face.shows() {
            assert!(index.get(what, id).is_some());
        }
    }
    // The SQL chart went with it, and all of it is the same document.
    assert!(index.by_slug(ContentKind::SqlChart, "s").is_some());
    let mut documents = [
        download(&ana, &preview, "").await,
        download(&ana, &sales, "").await,
    ];
    for document in &mut documents {
        document["dashboards"][0]
            .as_object_mut()
            .unwrap()
            .remove("updatedAt");
    }
    assert_eq!(documents[0], documents[1]);
}

#[tokio::test]
async fn a_dashboard_that_is_the_same_there_stays_and_one_that_is_not_keeps_its_tiles() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let path = path(&app, &preview).await;
    // It was made there by itself, so its tiles have other ids.
    filled(&app, &ana, &sales).await;
    let (_, before) = stored(&app, &sales, "board").await;
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["dashboards"]), ["no changes"]);
    assert_eq!(actions(&diff["charts"]), ["no changes", "no changes"]);
    let items = app.items();
    ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(app.items(), items);

    let mut body = download(&ana, &preview, "").await["dashboards"][0].clone();
    body["name"] = json!("Renamed");
    body["tiles"][2]["x"] = json!(9);
    upload(&ana, &preview, &body).await.ok();
    ana.post(&format!("{path}/promote")).await.ok();
    let (head, after) = stored(&app, &sales, "board").await;
    assert_eq!((head.name.as_str(), head.latest), ("Renamed", 2));
    for (a, b) in before.tiles.iter().zip(&after.tiles) {
        assert_eq!(a.uuid, b.uuid);
    }
    assert_eq!(before.filters, after.filters);
}

#[tokio::test]
async fn promotion_is_for_those_who_may() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let path = path(&app, &preview).await;
    let bob = app.in_role(BOB, "developer").await;
    for reply in [
        bob.get(&format!("{path}/promoteDiff")).await,
        bob.post(&format!("{path}/promote")).await,
    ] {
        assert_eq!(reply.refusal(), "403 ForbiddenError");
    }
    filled(&app, &ana, &sales).await;
    let home = format!(
        "/api/v1/dashboards/{}",
        stored(&app, &sales, "board").await.0.id
    );
    let reply = ana.post(&format!("{home}/promote")).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_promotion_of_many_charts_goes_on_in_steps() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let mut body = download(&ana, &preview, "").await["dashboards"][0].clone();
    let mut chart = ana
        .get(&format!(
            "/api/v1/projects/{}/charts/code?ids=a",
            preview.id
        ))
        .await
        .ok()["charts"][0]
        .clone();
    for number in 0..40 {
        let slug = format!("many-{number}");
        chart["slug"] = json!(slug);
        chart["dashboardSlug"] = json!("board");
        let path = format!("/api/v1/projects/{}/charts/{slug}/code", preview.id);
        ana.post(&path).json(&chart).await.ok();
        let tile = json!({ "type": "saved_chart", "x": 0, "y": 100 + number, "w": 1, "h": 1, "properties": { "chartSlug": slug } });
        body["tiles"].as_array_mut().unwrap().push(tile);
    }
    upload(&ana, &preview, &body).await.ok();
    let path = path(&app, &preview).await;
    ana.post(&format!("{path}/promote")).await.ok();
    let (head, there) = stored(&app, &sales, "board").await;
    assert_eq!(there.tiles.len(), 46);
    let index = app.app.store.index(sales.id).await.unwrap();
    let within = index.live().filter(|row| row.dashboard == Some(head.id));
    assert_eq!(within.count(), 40);
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["dashboards"]), ["no changes"]);
}

#[tokio::test]
async fn a_chart_that_is_about_to_be_tiled_there_stays_for_an_hour() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    filled(&app, &ana, &sales).await;
    let mut moved = chart("moved");
    upload_chart(&ana, &sales, &moved).await;
    app.wait(61);
    let mut made = chart("made");
    for body in [&mut moved, &mut made] {
        body["dashboardSlug"] = json!("board");
        upload_chart(&ana, &sales, body).await;
    }
    let there = async || {
        let index = app.app.store.index(sales.id).await.unwrap();
        let there = |slug| index.by_slug(ContentKind::Chart, slug).is_some();
        [there("moved"), there("made")]
    };
    let index = app.app.store.index(sales.id).await.unwrap();
    let row = index.by_slug(ContentKind::Chart, "moved").unwrap();
    assert_eq!((row.updated_at, row.latest), (app.app.clock.now(), 1));

    let from = path(&app, &preview).await;
    let promote = async |name: &str| {
        let mut body = download(&ana, &preview, "").await["dashboards"][0].clone();
        body["name"] = json!(name);
        upload(&ana, &preview, &body).await.ok();
        ana.post(&format!("{from}/promote")).await.ok();
    };
    promote("One").await;
    assert_eq!(there().await, [true, true]);
    let home = path(&app, &sales).await;
    ana.patch(&home).json(&json!({ "name": "Two" })).await.ok();
    assert_eq!(there().await, [true, true]);
    app.wait(61);
    promote("Three").await;
    assert_eq!(there().await, [false, false]);
}

/// Another version of an SQL chart, made now.
async fn changed(app: &TestApp, old: &Content, body: &SqlChartBody) {
    let (kept, now) = (app.app.config.deleted_content, app.app.clock.now());
    let new = Content {
        updated_at: now,
        ..old.clone()
    };
    let edit = Edit::version(old, new, Packed::pack_json(body).unwrap());
    let store = &app.app.store;
    let edited = store.edit_content(old.project, &[edit], kept, now).await;
    edited.unwrap();
}

#[tokio::test]
async fn what_an_sql_chart_says_goes_along() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let path = path(&app, &preview).await;
    ana.post(&format!("{path}/promote")).await.ok();
    let index = app.app.store.index(preview.id).await.unwrap();
    let row = index.by_slug(ContentKind::SqlChart, "s").unwrap();
    let body = SqlChartBody {
        sql: "SELECT 2".to_owned(),
        limit: 20,
        config: json!({ "type": "table" }),
    };
    app.wait(1);
    changed(&app, row, &body).await;
    let before = app.items();
    ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(app.items(), before);
    ana.post(&format!("{path}/promote")).await.ok();
    let index = app.app.store.index(sales.id).await.unwrap();
    let there = index.by_slug(ContentKind::SqlChart, "s").unwrap();
    let version = app.app.store.latest(there).await.unwrap();
    let after: SqlChartBody = version.body.unpack_json().unwrap();
    assert_eq!((&after, there.latest), (&body, 2));
    // The dashboard is the same, and all of it again is nothing, nor is what was changed there since taken back.
    assert_eq!(stored(&app, &sales, "board").await.0.latest, 1);
    let before = app.items();
    ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(app.items(), before);
    app.wait(1);
    let newer = SqlChartBody { limit: 30, ..after };
    changed(&app, there, &newer).await;
    let before = app.items();
    ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(app.items(), before);
}
