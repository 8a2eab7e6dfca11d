use serde_json::json;

use crate::given::{BOB, Given, NOBODYS, at, installation, markdown, text, with};

#[tokio::test]
async fn every_save_is_in_the_history_and_can_be_gone_back_to() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([markdown("a")]))).await;
    let path = at(&made);
    app.wait(1);
    let save = json!({ "name": "Later", "tiles": [markdown("b")] });
    given.ana.patch(&path).json(&save).await.ok();

    let history = given.ana.get(&format!("{path}/history")).await.ok();
    let history = history["history"].as_array().unwrap().clone();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0]["createdAt"], json!("2026-01-31T09:31:00.000Z"));
    assert_eq!(history[1]["createdBy"]["firstName"], json!("ana"));
    let first = text(&history[1]["versionUuid"]);

    let then = given.ana.get(&format!("{path}/version/{first}")).await.ok();
    assert_eq!(then["versionUuid"], json!(first));
    assert_eq!(then["dashboard"]["tiles"], made["tiles"]);
    assert_eq!(then["dashboard"]["dashboardVersionId"], json!(1));
    assert_eq!(then["dashboard"]["name"], json!("Later"));
    assert_eq!(then["dashboard"]["views"], json!(0));

    let back = given.ana.post(&format!("{path}/rollback/{first}")).await;
    assert_eq!(back.header("etag"), Some("\"3\""));
    let now = given.ana.get(&path).await.ok();
    assert_eq!(now["tiles"], made["tiles"]);
    assert_eq!(now["dashboardVersionId"], json!(3));
    assert_eq!(now["name"], json!("Later"));
    // Again is nothing more.
    let back = given.ana.post(&format!("{path}/rollback/{first}/")).await;
    assert_eq!(back.header("etag"), Some("\"3\""));
}

#[tokio::test]
async fn versions_of_another_dashboard_are_not_found() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let (one, other) = (
        given.made(&with(&json!([]))).await,
        given.made(&with(&json!([]))).await,
    );
    let history = given.ana.get(&format!("{}/history", at(&other))).await.ok();
    let version = text(&history["history"][0]["versionUuid"]);
    for id in [
        version,
        text(&one["uuid"]),
        NOBODYS.to_owned(),
        "no-id".to_owned(),
    ] {
        let read = given.ana.get(&format!("{}/version/{id}", at(&one))).await;
        assert_eq!(read.refusal(), "404 NotFoundError");
        let back = given.ana.post(&format!("{}/rollback/{id}", at(&one))).await;
        assert_eq!(back.refusal(), "404 NotFoundError");
    }
    let viewer = app.viewer(BOB).await;
    let history = format!("{}/history", at(&one));
    let seen = viewer.get(&history).await.ok();
    let version = text(&seen["history"][0]["versionUuid"]);
    let back = viewer
        .post(&format!("{}/rollback/{version}", at(&one)))
        .await;
    assert_eq!(back.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn the_history_shows_the_newest_hundred() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([]))).await;
    let path = at(&made);
    for at in 0..104 {
        let save = json!({ "tiles": [markdown(&format!("tile {at}"))] });
        given.ana.patch(&path).json(&save).await.ok();
    }
    let history = given.ana.get(&format!("{path}/history")).await.ok();
    let listed = history["history"].as_array().unwrap();
    assert_eq!(listed.len(), 100);
    let last = text(&listed[99]["versionUuid"]);
    assert_eq!(history["before"], json!(last));
    let older = format!("{path}/history?before={last}");
    let older = given.ana.get(&older).await.ok();
    assert_eq!(older["history"].as_array().unwrap().len(), 5);
    assert_eq!(older.get("before"), None);
    let first = text(&older["history"][4]["versionUuid"]);
    let then = given.ana.get(&format!("{path}/version/{first}")).await.ok();
    assert_eq!(then["dashboard"]["tiles"], json!([]));
}
