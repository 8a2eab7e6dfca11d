//! What clients keep with a dashboard, and has no name here.

use serde_json::{Value, json};

use crate::{
    code::{download, of, upload, upload_chart},
    given::{ANA, Given, NOBODYS, at, filters, installation, markdown, tile},
};

/// A dashboard with keys that no document names, at every level.
fn full(chart: impl ToString) -> Value {
    let (mut first, mut second) = (tile("a", chart), markdown("b"));
    for (one, value) in [
        (&mut first, json!({ "deep": [null, 1.5] })),
        (&mut second, json!(1)),
    ] {
        one["later"] = value.clone();
        one["properties"]["later"] = json!([value]);
    }
    let mut filters = filters(&json!({ "a": target() }));
    filters["later"] = json!([]);
    filters["dimensions"][0]["later"] = json!(1);
    filters["dimensions"][0]["target"] = target();
    json!({
        "name": "Kept", "tiles": [first, second], "tabs": [{ "uuid": "t", "name": "T", "order": 0, "later": true }],
        "filters": filters, "config": { "isDateZoomDisabled": false, "later": 1 }, "later": { "a": "b" },
    })
}

fn target() -> Value {
    json!({ "fieldId": "orders_status", "tableName": "orders", "later": 2 })
}

/// Everything that a dashboard has without a name here, but for the targets of tiles.
#[track_caller]
fn assert_kept(found: &Value) {
    let sent = full("");
    for place in [
        "/later",
        "/tiles/0/later",
        "/tiles/0/properties/later",
        "/tiles/1/later",
        "/tiles/1/properties/later",
        "/tabs",
        "/filters/later",
        "/filters/dimensions/0/later",
        "/filters/dimensions/0/target",
        "/config",
    ] {
        assert_eq!(found.pointer(place), sent.pointer(place), "{place}");
    }
}

fn action(changes: &Value) -> &str {
    changes["dashboards"][0]["action"].as_str().unwrap()
}

#[tokio::test]
async fn what_has_no_name_here_stays_with_a_dashboard_wherever_it_goes() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let (ana, project) = (&given.ana, &given.project);
    let chart = given.chart("Revenue", &given.space).await;
    let made = given.made(&full(chart)).await;
    assert_kept(&made);
    let found = ana.get(&at(&made)).await.ok();
    assert_kept(&found);
    let targets = &found["filters"]["dimensions"][0]["tileTargets"];
    assert_eq!(*targets, json!({ "a": target() }));

    let mut document = download(ana, project, "").await["dashboards"][0].clone();
    assert_kept(&document);
    let targets = &document["filters"]["dimensions"][0]["tileTargets"];
    assert_eq!(*targets, json!({ "revenue": target() }));
    let again = upload(ana, project, &document).await.ok();
    assert_eq!(action(&again), "no changes");

    let other = app.project(ANA, "Other").await;
    let charts = ana.get(&of(project, "/charts/code")).await.ok();
    upload_chart(ana, &other, &charts["charts"][0]).await;
    let arrived = upload(ana, &other, &document).await.ok();
    assert_eq!(action(&arrived), "create");
    let mut there = download(ana, &other, "").await["dashboards"][0].clone();
    for one in [&mut document, &mut there] {
        one.as_object_mut().unwrap().remove("updatedAt").unwrap();
    }
    assert_eq!(there, document);
}

#[tokio::test]
async fn a_document_changes_what_has_no_name_here() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let (ana, project) = (&given.ana, &given.project);
    let chart = given.chart("Revenue", &given.space).await;
    let made = given.made(&full(chart)).await;
    let mut document = download(ana, project, "").await["dashboards"][0].clone();
    for place in [
        "/later",
        "/tiles/0/later",
        "/tiles/0/properties/later",
        "/tiles/1/properties/later",
        "/tabs/0/later",
        "/filters/later",
        "/filters/dimensions/0/later",
        "/config/later",
    ] {
        *document.pointer_mut(place).unwrap() = json!("other");
        let changes = upload(ana, project, &document).await.ok();
        assert_eq!(action(&changes), "update", "{place}");
        let found = ana.get(&at(&made)).await.ok();
        assert_eq!(found.pointer(place), Some(&json!("other")), "{place}");
    }
}

#[tokio::test]
async fn a_change_takes_what_it_says_and_nothing_that_is_not_the_clients() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let chart = given.chart("Revenue", &given.space).await;
    let made = given.made(&full(chart)).await;
    let change = async |body: Value| given.ana.patch(&at(&made)).json(&body).await.ok();
    let renamed = change(json!({ "name": "Another" })).await;
    assert_kept(&renamed);

    let forged = json!({ "uuid": NOBODYS, "slug": "x", "isPrivate": "x", "views": "x", "force": true, "later": null });
    let same = change(forged).await;
    assert_eq!(same, renamed);

    let more = change(json!({ "later": 2, "next": [] })).await;
    assert_eq!((&more["later"], &more["next"]), (&json!(2), &json!([])));
    assert_eq!(more["dashboardVersionId"], 2);
    assert_eq!(more["tiles"], made["tiles"]);

    let mut tiles = more["tiles"].clone();
    tiles[1]["properties"]["later"] = json!("other");
    tiles[1]["tileSlug"] = json!("x");
    let changed = change(json!({ "tiles": tiles })).await;
    assert_eq!(changed["tiles"][0], made["tiles"][0]);
    assert_eq!(changed["tiles"][1]["properties"]["later"], "other");
    assert_eq!(changed["tiles"][1].get("tileSlug"), None);
    assert_eq!(changed["later"], 2);
}
