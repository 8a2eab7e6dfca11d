use serde_json::{Value, json};

use crate::given::{BOB, Given, NOBODYS, at, filters, installation, markdown, tile, with};

fn tabs() -> Value {
    json!([{ "uuid": "one", "name": "One", "order": 0 }])
}

#[tokio::test]
async fn a_description_alone_is_a_change_and_no_version() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([]))).await;
    let body = json!({ "description": "Now with words" });
    let reply = given.ana.patch(&at(&made)).json(&body).await;
    assert_eq!(reply.header("etag"), Some("\"2\""));
    let changed = reply.ok();
    assert_eq!(changed["description"], json!("Now with words"));
    assert_eq!(changed["dashboardVersionId"], json!(1));
    assert_eq!(changed["slug"], made["slug"]);

    let emptied = given
        .ana
        .patch(&at(&made))
        .json(&json!({ "description": "" }));
    assert!(emptied.await.ok().get("description").is_none());
    let nothing = given.ana.patch(&at(&made)).json(&json!({})).await;
    assert_eq!(nothing.header("etag"), Some("\"3\""));
}

#[tokio::test]
async fn a_save_makes_a_version_and_keeps_what_was_not_sent() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let mut body = with(&json!([markdown("a"), markdown("b")]));
    body["tabs"] = tabs();
    body["tiles"][0]["tabUuid"] = json!("one");
    body["config"] = json!({ "isDateZoomDisabled": true });
    body["filters"] = filters(&json!({ "a": false, "b": false }));
    let made = given.made(&body).await;

    app.wait(5);
    let saved = json!({ "name": "Renamed", "tiles": [body["tiles"][0]], "config": null });
    let saved = given.ana.patch(&at(&made)).json(&saved).await.ok();
    assert_eq!(saved["name"], json!("Renamed"));
    assert_eq!(saved["slug"], made["slug"]);
    assert_eq!(saved["dashboardVersionId"], json!(2));
    assert_eq!(saved["updatedAt"], json!("2026-01-31T09:35:00.000Z"));
    assert_eq!(saved["tiles"].as_array().unwrap().len(), 1);
    assert_eq!(saved["tabs"], made["tabs"]);
    assert_eq!(saved["config"], json!({ "isDateZoomDisabled": true }));
    // The rule stays, its target on the tile that went does not.
    let targets = &saved["filters"]["dimensions"][0]["tileTargets"];
    assert_eq!(targets, &json!({ "a": false }));

    // A tab that a tile is on cannot be left out.
    let refused = given
        .ana
        .patch(&at(&made))
        .json(&json!({ "tabs": [] }))
        .await;
    assert_eq!(refused.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn two_editors_lose_nothing() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([markdown("a")]))).await;
    let save = |id: &str| json!({ "tiles": [markdown(id)] });
    let path = at(&made);
    let first = given
        .ana
        .patch(&path)
        .json(&save("b"))
        .header("if-match", "\"1\"");
    assert_eq!(first.await.header("etag"), Some("\"2\""));
    let second = given
        .ana
        .patch(&path)
        .json(&save("c"))
        .header("if-match", "\"1\"");
    assert_eq!(second.await.refusal(), "409 AlreadyProcessingError");
    // Who names no revision is applied to the newest one, and the history has both.
    given.ana.patch(&path).json(&save("c")).await.ok();
    let history = given.ana.get(&format!("{path}/history")).await.ok();
    assert_eq!(history["history"].as_array().unwrap().len(), 3);
    let nonsense = given
        .ana
        .patch(&path)
        .json(&save("d"))
        .header("if-match", "x");
    assert_eq!(nonsense.await.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn a_move_asks_both_spaces() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let private = given.space("Private", true).await;
    let made = given.made(&with(&json!([]))).await;
    let editor = app.in_role(BOB, "editor").await;
    let path = at(&made);
    let moved = json!({ "spaceUuid": private });
    assert_eq!(
        editor.patch(&path).json(&moved).await.refusal(),
        "403 ForbiddenError"
    );
    let unknown = json!({ "spaceUuid": NOBODYS });
    assert_eq!(
        editor.patch(&path).json(&unknown).await.refusal(),
        "404 NotFoundError"
    );
    let there = given.ana.patch(&path).json(&moved).await.ok();
    assert_eq!(there["spaceUuid"], json!(private));
    assert_eq!(there["isPrivate"], json!(true));
    let back = json!({ "spaceUuid": given.space });
    assert_eq!(
        editor.patch(&path).json(&back).await.refusal(),
        "403 ForbiddenError"
    );
}

#[tokio::test]
async fn a_chart_that_was_deleted_does_not_stop_a_save_and_an_unknown_one_does() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let chart = given.chart("Revenue", &given.space).await;
    let made = given.made(&with(&json!([tile("a", chart)]))).await;
    let path = at(&made);
    given.delete_chart(chart).await;
    let read = given.ana.get(&path).await.ok();
    assert_eq!(
        read["tiles"][0]["properties"]["savedChartUuid"],
        json!(null)
    );

    // As it was read before, and as it is read now.
    for tiles in [
        json!([tile("a", chart), markdown("b")]),
        json!([read["tiles"][0], markdown("c")]),
    ] {
        let saved = given
            .ana
            .patch(&path)
            .json(&json!({ "tiles": tiles }))
            .await
            .ok();
        assert_eq!(saved["tiles"].as_array().unwrap().len(), 2);
        assert_eq!(
            saved["tiles"][0]["properties"]["savedChartUuid"],
            json!(null)
        );
    }
    // The tile has kept its chart.
    let store = &app.app.store;
    let id = app::domain::id::ContentId::parse(made["uuid"].as_str().unwrap()).unwrap();
    let kind = app::domain::content::ContentKind::Dashboard;
    let head = store.content(kind, id).await.unwrap().unwrap();
    let latest = store.latest(&head).await.unwrap();
    let body: app::domain::content::DashboardBody = latest.body.unpack_json().unwrap();
    assert_eq!(body.tiles[0].face.shows().map(|(_, id)| id), Some(chart));

    let other = given.chart("Other", &given.space).await;
    given.delete_chart(other).await;
    for unknown in [other.to_string(), NOBODYS.to_owned()] {
        let tiles = json!({ "tiles": [tile("a", unknown)] });
        let refused = given.ana.patch(&path).json(&tiles).await;
        assert_eq!(refused.refusal(), "404 NotFoundError");
    }
}

#[tokio::test]
async fn charts_within_that_no_version_shows_go_an_hour_after_they_were_made() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([]))).await;
    let (shown, never) = (
        given.chart_within("Shown", &made).await,
        given.chart_within("Never", &made).await,
    );
    let path = at(&made);
    let save = |tiles: Value| given.ana.patch(&path).json(&json!({ "tiles": tiles }));
    save(json!([tile("a", shown)])).await.ok();
    assert!(given.has_chart(never).await, "it is about to get a tile");
    app.wait(61);
    save(json!([markdown("b")])).await.ok();
    assert!(given.has_chart(shown).await, "an older version shows it");
    assert!(!given.has_chart(never).await);
    let read = given.ana.get(&path).await.ok();
    assert_eq!(read["tiles"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_dashboard_goes_with_the_charts_within_it() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([]))).await;
    let mut within = Vec::new();
    for at in 0..30 {
        within.push(given.chart_within(&format!("Chart {at}"), &made).await);
    }
    let outside = given.chart("Outside", &given.space).await;
    let path = at(&made);
    let stale = given.ana.delete(&path).header("if-match", "\"7\"");
    assert_eq!(stale.await.refusal(), "409 AlreadyProcessingError");
    let viewer = app.viewer(BOB).await;
    assert_eq!(viewer.delete(&path).await.refusal(), "403 ForbiddenError");

    let deleted = given.ana.delete(&path).await;
    assert_eq!(deleted.text, r#"{"status":"ok"}"#);
    for chart in within {
        assert!(!given.has_chart(chart).await);
    }
    assert!(given.has_chart(outside).await);
    assert_eq!(given.ana.get(&path).await.refusal(), "404 NotFoundError");
    assert_eq!(given.ana.delete(&path).await.refusal(), "404 NotFoundError");
    // All of it can be restored: nothing was overwritten.
    let deleted = app.app.store.index(given.project.id).await.unwrap();
    assert_eq!(deleted.deleted().count(), 31);
    // Its slug is free again.
    assert_eq!(given.made(&with(&json!([]))).await["slug"], made["slug"]);
}
