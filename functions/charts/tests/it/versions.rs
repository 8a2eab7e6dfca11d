//! Versions of charts.

use serde_json::{Value, json};
use testing::TestApp;

use crate::made::{Made, definition, made, text, with};

fn drawn_as(kind: &str) -> Value {
    with(definition(), json!({ "chartConfig": { "type": kind } }))
}

async fn history(made: &Made<'_>, path: &str) -> Vec<Value> {
    let found = made.ana.get(&format!("{path}/history")).await.ok();
    found["history"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_save_is_a_version_and_all_can_be_read() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    app.wait(1);
    // Clients that save send the name along.
    let body = with(drawn_as("table"), json!({ "name": "Ignored" }));
    let saved = made.ana.post(&format!("{path}/version")).json(&body).await;
    assert_eq!(saved.header("etag"), Some("\"2\""));
    let saved = saved.ok();
    assert_eq!(saved["name"], "Revenue");
    assert_eq!(saved["chartConfig"]["type"], "table");
    assert_eq!(saved["updatedAt"], "2026-01-31T09:31:00.000Z");

    let versions = history(&made, &path).await;
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0]["createdAt"], "2026-01-31T09:31:00.000Z");
    assert_eq!(versions[0]["createdBy"]["firstName"], "ana");
    let old = text(&versions[1]["versionUuid"]);
    let then = made.ana.get(&format!("{path}/version/{old}")).await.ok();
    assert_eq!(then["chart"]["chartConfig"]["type"], "cartesian");
    assert_eq!(then["chart"]["updatedAt"], "2026-01-31T09:30:00.000Z");
    assert_eq!(then["versionUuid"], json!(old));
}

#[tokio::test]
async fn two_editors_lose_nothing() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let eda = app.in_role("eda@acme.com", "editor").await;
    let path = made.chart("Revenue").await;
    let version = format!("{path}/version");
    // Both have read revision 1, and say so: who is second is told.
    let tag = made.ana.get(&path).await;
    let tag = tag.header("etag").unwrap();
    let first = made.ana.post(&version).json(&drawn_as("table"));
    first.header("if-match", tag).await.ok();
    let second = eda.post(&version).json(&drawn_as("pie"));
    let second = second.header("if-match", tag).await;
    assert_eq!(second.refusal(), "409 AlreadyProcessingError");
    let renamed = eda.patch(&path).json(&json!({ "name": "Costs" }));
    let renamed = renamed.header("if-match", tag).await;
    assert_eq!(renamed.refusal(), "409 AlreadyProcessingError");
    assert_eq!(history(&made, &path).await.len(), 2);

    // Neither says so, as older clients do: both are there, the later one on top.
    eda.post(&version).json(&drawn_as("pie")).await.ok();
    made.ana.post(&version).json(&drawn_as("funnel")).await.ok();
    let both = tokio::join!(
        async { eda.post(&version).json(&drawn_as("pie")).await },
        async { made.ana.post(&version).json(&drawn_as("table")).await },
    );
    assert_eq!((both.0.status.as_u16(), both.1.status.as_u16()), (200, 200));
    let versions = history(&made, &path).await;
    assert_eq!(versions.len(), 6);
    let mut kinds = Vec::new();
    for version in &versions {
        let path = format!("{path}/version/{}", text(&version["versionUuid"]));
        let chart = made.ana.get(&path).await.ok();
        kinds.push(text(&chart["chart"]["chartConfig"]["type"]));
    }
    kinds[..2].sort();
    assert_eq!(
        kinds,
        ["pie", "table", "funnel", "pie", "table", "cartesian"]
    );
    let garbage = made.ana.post(&version).json(&drawn_as("pie"));
    let garbage = garbage.header("if-match", "newest").await;
    assert_eq!(garbage.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn back_to_an_old_version_is_a_new_one() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    made.ana
        .post(&format!("{path}/version"))
        .json(&drawn_as("table"))
        .await
        .ok();
    made.ana
        .patch(&path)
        .json(&json!({ "name": "Costs" }))
        .await
        .ok();
    let old = text(&history(&made, &path).await[1]["versionUuid"]);
    // A slash at the end is fine.
    let back = made.ana.post(&format!("{path}/rollback/{old}/")).await;
    assert_eq!(back.json(), json!({ "status": "ok" }));
    let chart = made.ana.get(&path).await.ok();
    assert_eq!(chart["chartConfig"]["type"], "cartesian");
    assert_eq!(chart["name"], "Costs");
    assert_eq!(history(&made, &path).await.len(), 3);
    let charts = made.ana.get(&format!("{}/charts", made.path)).await.ok();
    assert_eq!(charts[0]["chartKind"], "vertical_bar");

    let vic = app.viewer("vic@acme.com").await;
    let refused = vic.post(&format!("{path}/rollback/{old}")).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    let stale = made.ana.post(&format!("{path}/rollback/{old}"));
    let stale = stale.header("if-match", "\"1\"").await;
    assert_eq!(stale.refusal(), "409 AlreadyProcessingError");
}

#[tokio::test]
async fn a_version_of_another_chart_is_not_there() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let (path, other) = (made.chart("A").await, made.chart("B").await);
    let foreign = text(&history(&made, &other).await[0]["versionUuid"]);
    let own = path.rsplit('/').next().unwrap();
    for version in [
        foreign.as_str(),
        own,
        "x",
        "00000000-0000-4000-8000-000000000000",
    ] {
        let read = made.ana.get(&format!("{path}/version/{version}")).await;
        assert_eq!(read.refusal(), "404 NotFoundError");
        let back = made.ana.post(&format!("{path}/rollback/{version}")).await;
        assert_eq!(back.refusal(), "404 NotFoundError");
    }
    assert_eq!(history(&made, &path).await.len(), 1);
}

#[tokio::test]
async fn the_history_goes_back_thirty_days_and_at_least_two_versions() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let save = async || {
        let path = format!("{path}/version");
        made.ana.post(&path).json(&drawn_as("table")).await.ok()
    };
    save().await;
    save().await;
    let first = text(&history(&made, &path).await[2]["versionUuid"]);
    app.wait(31 * 24 * 60);
    // Sessions end meanwhile.
    let login = json!({ "email": crate::made::ANA, "password": testing::PASSWORD });
    made.ana.post("/api/v1/login").json(&login).await.ok();
    assert_eq!(history(&made, &path).await.len(), 2);
    save().await;
    assert_eq!(history(&made, &path).await.len(), 2);
    // What the history leaves out is still there.
    let read = made.ana.get(&format!("{path}/version/{first}")).await.ok();
    assert_eq!(read["chart"]["chartConfig"]["type"], "cartesian");
    // And listed for who asks for what is older.
    let listed = made.ana.get(&format!("{path}/history")).await.ok();
    let last = text(&listed["before"]);
    assert_eq!(listed["history"][1]["versionUuid"], json!(last));
    let older = format!("{path}/history?before={last}");
    let older = made.ana.get(&older).await.ok();
    assert_eq!(older["history"].as_array().unwrap().len(), 2);
    assert_eq!(older["history"][1]["versionUuid"], json!(first));
    assert_eq!(older.get("before"), None);
    let nothing = made.ana.get(&format!("{path}/history?before=none")).await;
    assert_eq!(nothing.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_version_of_nothing_is_refused() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let version = format!("{path}/version");
    for (change, refusal) in [
        (json!({ "tableName": "lost" }), "404 NotExistsError"),
        (json!({ "tableName": "" }), "400 ParameterError"),
        (json!({ "metricQuery": null }), "422 ValidateError"),
        (json!({ "chartConfig": {} }), "422 ValidateError"),
    ] {
        let body = with(definition(), change);
        let answer = made.ana.post(&version).json(&body).await;
        assert_eq!(answer.refusal(), refusal);
    }
    let vic = app.viewer("vic@acme.com").await;
    let refused = vic.post(&version).json(&definition()).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    assert_eq!(history(&made, &path).await.len(), 1);
}
