//! What was deleted, and comes back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use app::store::embedded::{Fault, Faults};
use serde_json::{Value, json};
use testing::TestApp;

use crate::made::{Made, chart_path, definition, made, names, text, with};

/// Where something deleted is restored.
pub(crate) fn restore(made: &Made<'_>, chart: &str) -> String {
    let id = chart.rsplit('/').next().unwrap();
    format!("{}/deleted/{id}/restore", made.path)
}

/// What can be restored.
pub(crate) async fn deleted(made: &Made<'_>) -> Value {
    made.ana.get(&format!("{}/deleted", made.path)).await.ok()
}

#[tokio::test]
async fn a_deleted_chart_comes_back_with_its_versions() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let version = format!("{path}/version");
    made.ana.post(&version).json(&definition()).await.ok();
    made.ana.delete(&path).await.ok();
    let list = deleted(&made).await;
    assert_eq!(list[0]["contentType"], "chart");
    assert_eq!(list[0]["spaceUuid"], json!(made.space));
    assert_eq!(list[0]["deletedAt"], "2026-01-31T09:30:00.000Z");
    assert_eq!(list[0]["restorableUntil"], "2026-03-02T09:30:00.000Z");

    let back = made.ana.post(&restore(&made, &path)).await.ok();
    assert_eq!(back["slug"], "revenue");
    assert_eq!(made.ana.get(&path).await.ok()["name"], "Revenue");
    let history = made.ana.get(&format!("{path}/history")).await.ok();
    assert_eq!(history["history"].as_array().unwrap().len(), 2);
    assert_eq!(deleted(&made).await, json!([]));
    // Again changes nothing.
    assert_eq!(made.ana.post(&restore(&made, &path)).await.ok(), back);
}

#[tokio::test]
async fn a_slug_that_was_taken_is_told_and_another_one_will_do() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    made.ana.delete(&path).await.ok();
    let taken = made.chart_in("Revenue", &made.space).await;
    assert_eq!(taken["slug"], "revenue");
    let restore = restore(&made, &path);
    let refused = made.ana.post(&restore).await;
    assert_eq!(refused.refusal(), "409 AlreadyExistsError");
    for slug in ["a/b", "é", ""] {
        let refused = made.ana.post(&restore).json(&json!({ "slug": slug })).await;
        assert_eq!(refused.refusal(), "400 ParameterError");
    }
    let body = json!({ "slug": "revenue-of-old" });
    let back = made.ana.post(&restore).json(&body).await.ok();
    assert_eq!(back["slug"], "revenue-of-old");
    assert_eq!(made.ana.get(&path).await.ok()["slug"], "revenue-of-old");
}

#[tokio::test]
async fn restoring_takes_the_right_to_change_it() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let made = made(&app).await;
    let private = made.space("Private", true).await;
    let (open, hidden) = (
        made.chart("Open").await,
        chart_path(&made.chart_in("Hidden", &private).await),
    );
    for chart in [&open, &hidden] {
        made.ana.delete(chart).await.ok();
    }
    let path = format!("{}/deleted", made.path);
    let vic = app.viewer("vic@acme.com").await;
    assert_eq!(names(&vic.get(&path).await.ok()), ["Open"]);
    let eda = app.in_role("eda@acme.com", "editor").await;
    for (who, chart) in [(&vic, &open), (&vic, &hidden), (&eda, &hidden)] {
        let refused = who.post(&restore(&made, chart)).await;
        assert_eq!(refused.refusal(), "403 ForbiddenError");
    }
    // Into a space that is not theirs neither.
    let body = json!({ "spaceUuid": private });
    let refused = eda.post(&restore(&made, &open)).json(&body).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    eda.post(&restore(&made, &open)).await.ok();
    let oda = app.admin("oda@other.com", "Other").await;
    let foreign = oda.post(&restore(&made, &hidden)).await;
    assert_eq!(foreign.refusal(), "404 NotExistsError");
    for id in ["x", "00000000-0000-4000-8000-000000000000"] {
        let none = made.ana.post(&restore(&made, id)).await;
        assert_eq!(none.refusal(), "404 NotFoundError");
    }
}

#[tokio::test]
async fn after_a_while_it_is_gone_for_good() {
    let settings = [("ZERODASH_DELETED_CONTENT_DAYS", "1")];
    let app = TestApp::with(local::api(), &settings).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    made.ana.delete(&path).await.ok();
    app.wait(24 * 60);
    let login = json!({ "email": "ana@acme.com", "password": testing::PASSWORD });
    made.ana.post("/api/v1/login").json(&login).await.ok();
    assert_eq!(deleted(&made).await, json!([]));
    let late = made.ana.post(&restore(&made, &path)).await;
    assert_eq!(late.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn what_lay_in_a_space_that_is_gone_comes_back_to_another() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let gone = made.space("Gone", false).await;
    let path = chart_path(&made.chart_in("Revenue", &gone).await);
    made.ana.delete(&path).await.ok();
    let space = format!("{}/spaces/{gone}", made.path);
    made.ana.delete(&space).await.ok();
    assert_eq!(deleted(&made).await[0]["spaceUuid"], Value::Null);
    let eda = app.in_role("eda@acme.com", "editor").await;
    let list = format!("{}/deleted", made.path);
    assert_eq!(eda.get(&list).await.ok(), json!([]));
    let restore = restore(&made, &path);
    assert_eq!(
        made.ana.post(&restore).await.refusal(),
        "400 ParameterError"
    );
    let body = json!({ "spaceUuid": made.space });
    made.ana.post(&restore).json(&body).await.ok();
    assert_eq!(
        made.ana.get(&path).await.ok()["spaceUuid"],
        json!(made.space)
    );
}

#[tokio::test]
async fn a_dashboard_comes_back_with_its_own_charts() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let dashboards = format!("{}/dashboards", made.path);
    let body = json!({ "name": "Board", "tiles": [], "tabs": [], "spaceUuid": made.space });
    let board = made.ana.post(&dashboards).json(&body).await.json();
    let board = text(&board["results"]["uuid"]);
    let own = json!({ "name": "Own", "dashboardUuid": board });
    let own = with(definition(), own);
    let own = chart_path(&made.ana.post(&made.saved()).json(&own).await.ok());
    let path = format!("/api/v1/dashboards/{board}");
    made.ana.delete(&path).await.ok();
    assert_eq!(made.ana.get(&own).await.refusal(), "404 NotFoundError");
    assert_eq!(names(&deleted(&made).await), ["Board"]);
    let back = made.ana.post(&restore(&made, &path)).await.ok();
    assert_eq!(back.get("renamed"), None);
    assert_eq!(made.ana.get(&path).await.ok()["name"], "Board");
    assert_eq!(made.ana.get(&own).await.ok()["dashboardUuid"], json!(board));
}

#[tokio::test]
async fn whoever_was_put_out_of_a_private_space_restores_nothing_of_it_once_it_is_gone() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let eda = app.in_role("eda@acme.com", "editor").await;
    let id = app.account("eda@acme.com").await.id;
    let private = made.space("Private", true).await;
    let space = format!("{}/spaces/{private}", made.path);
    let share = format!("{space}/share");
    let entry = json!({ "userUuid": id, "spaceRole": "editor" });
    made.ana.post(&share).json(&entry).await.ok();
    let body = json!({ "name": "Hers", "spaceUuid": private });
    let hers = with(definition(), body);
    let hers = chart_path(&eda.post(&made.saved()).json(&hers).await.ok());
    let others = chart_path(&made.chart_in("Another's", &private).await);
    made.ana.delete(&format!("{share}/{id}")).await.ok();
    made.ana.delete(&space).await.ok();

    let list = format!("{}/deleted", made.path);
    assert_eq!(eda.get(&list).await.ok(), json!([]));
    let into = json!({ "spaceUuid": made.space });
    for chart in [&hers, &others] {
        for body in [&json!({}), &into] {
            let refused = eda.post(&restore(&made, chart)).json(body).await;
            assert_eq!(refused.refusal(), "403 ForbiddenError", "{body}");
        }
        assert_eq!(eda.get(chart).await.refusal(), "404 NotFoundError");
    }
    assert_eq!(deleted(&made).await.as_array().unwrap().len(), 2);
    made.ana.post(&restore(&made, &hers)).json(&into).await.ok();
    assert_eq!(eda.get(&hers).await.ok()["spaceUuid"], json!(made.space));
}

/// A dashboard in the public space with so many charts of its own, each on a tile; their paths after its own.
async fn board(made: &Made<'_>, charts: usize) -> Vec<String> {
    let body = json!({ "name": "Board", "tiles": [], "tabs": [], "spaceUuid": made.space });
    let dashboards = format!("{}/dashboards", made.path);
    let board = made.ana.post(&dashboards).json(&body).await.json();
    let board = text(&board["results"]["uuid"]);
    let mut paths = vec![format!("/api/v1/dashboards/{board}")];
    let mut tiles = Vec::new();
    for at in 0..charts {
        let own = json!({ "name": format!("Own {at}"), "dashboardUuid": board });
        let own = with(definition(), own);
        let own = made.ana.post(&made.saved()).json(&own).await.ok();
        tiles.push(json!({
            "uuid": format!("tile {at}"), "type": "saved_chart", "x": 0, "y": at, "w": 12, "h": 1,
            "properties": { "savedChartUuid": own["uuid"], "title": "" },
        }));
        paths.push(chart_path(&own));
    }
    let save = json!({ "tiles": tiles });
    made.ana.patch(&paths[0]).json(&save).await.ok();
    paths
}

#[tokio::test]
async fn a_dashboard_whose_deletion_took_two_tries_comes_back_with_all_of_its_charts() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    // More than one transaction deletes.
    let paths = board(&made, 45).await;
    let calls = AtomicUsize::new(0);
    let faults: Faults = Arc::new(move |operation: &str| {
        let writes = operation == "TransactWriteItems";
        let at = calls.fetch_add(usize::from(writes), Ordering::Relaxed);
        (writes && at > 0).then_some(Fault::TimedOut)
    });
    let killed = app.behind(faults).send(made.ana.delete(&paths[0])).await;
    assert_eq!(killed.refusal(), "503 UnexpectedServerError");
    made.ana.get(&paths[0]).await.ok();
    app.wait(5);
    made.ana.delete(&paths[0]).await.ok();
    assert_eq!(names(&deleted(&made).await), ["Board"]);

    // Somebody takes the slug of one of them meanwhile.
    let taken = made.chart_in("Own 0", &made.space).await;
    assert_eq!(taken["slug"], "own-0");
    let back = made.ana.post(&restore(&made, &paths[0])).await.ok();
    let id = paths[1].rsplit('/').next();
    assert_eq!(
        back["renamed"],
        json!([{ "uuid": id, "name": "Own 0", "slug": "own-0-1", "formerSlug": "own-0" }])
    );
    let read = made.ana.get(&paths[0]).await.ok();
    assert_eq!(read["tiles"].as_array().unwrap().len(), 45);
    for (at, chart) in paths[1..].iter().enumerate() {
        let read = made.ana.get(chart).await.ok();
        let slug = match at {
            0 => "own-0-1".to_owned(),
            at => format!("own-{at}"),
        };
        assert_eq!(read["slug"], json!(slug));
    }
    assert_eq!(deleted(&made).await, json!([]));
}

#[tokio::test]
async fn until_its_last_minute_a_dashboard_can_be_restored() {
    let settings = [("ZERODASH_DELETED_CONTENT_DAYS", "1")];
    let app = TestApp::with(local::api(), &settings).await;
    let made = made(&app).await;
    let paths = board(&made, 1).await;
    let login = json!({ "email": "ana@acme.com", "password": testing::PASSWORD });
    for (minutes, refusal) in [
        (24 * 60 - 1, "200 (no error)"),
        (24 * 60, "404 NotFoundError"),
    ] {
        made.ana.delete(&paths[0]).await.ok();
        app.wait(minutes);
        made.ana.post("/api/v1/login").json(&login).await.ok();
        let back = made.ana.post(&restore(&made, &paths[0])).await;
        assert_eq!(back.refusal(), refusal);
        let own = made.ana.get(&paths[1]).await;
        assert_eq!(own.refusal(), refusal);
    }
    // Nor does a chart come back that went with it.
    let own = made.ana.post(&restore(&made, &paths[1])).await;
    assert_eq!(own.refusal(), "404 NotFoundError");
}
