use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::shop::{open, queries};

const SQL: &str = "SELECT owner, status, amount FROM jaffle.orders ORDER BY order_id";

fn runner(project: &str) -> String {
    format!("/api/v1/projects/{project}/sqlRunner")
}

fn saved(project: &str) -> String {
    format!("{}/saved", runner(project))
}

fn table() -> Value {
    json!({ "type": "table", "metadata": { "version": 1 }, "columns": { "owner": { "visible": true } } })
}

fn bars() -> Value {
    json!({
        "type": "vertical_bar", "metadata": { "version": 1 }, "display": {},
        "fieldConfig": {
            "x": { "reference": "owner", "type": "category" }, "y": [{ "reference": "amount", "aggregation": "sum" }],
            "groupBy": [], "sortBy": [{ "reference": "owner", "direction": "DESC" }],
        },
    })
}

fn chart(space: &str) -> Value {
    json!({ "name": "Amounts", "description": "By owner", "sql": SQL, "limit": 3, "config": table(), "spaceUuid": space })
}

fn with(mut body: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

async fn space(who: &Actor<'_>, project: &str, name: &str, private: bool) -> String {
    let body = json!({ "name": name, "isPrivate": private });
    let made = who.post(&format!("/api/v1/projects/{project}/spaces"));
    let made = made.json(&body).await.ok();
    made["uuid"].as_str().unwrap().to_owned()
}

/// Makes a chart and answers where it is.
async fn make(who: &Actor<'_>, project: &str, body: &Value) -> String {
    let made = who.post(&saved(project)).json(body).await.ok();
    let id = made["savedSqlUuid"].as_str().unwrap();
    format!("{}/{id}", saved(project))
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// The rows of a job, as lines.
async fn lines(who: &Actor<'_>, project: &str, begun: &Value) -> String {
    let job = begun["jobId"].as_str().unwrap();
    let rows = format!("{}/results/{job}", runner(project));
    who.get(&rows).await.text
}

#[tokio::test]
async fn an_sql_chart_is_saved_and_read_by_id_and_by_slug() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let answer = ana.post(&saved(&project)).json(&chart(&space)).await;
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let made = answer.ok();
    assert_eq!(made["slug"], "amounts");
    let path = format!(
        "{}/{}",
        saved(&project),
        made["savedSqlUuid"].as_str().unwrap()
    );
    let read = ana.get(&path).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    let read = read.ok();
    assert_eq!(read["name"], "Amounts");
    assert_eq!(read["description"], "By owner");
    assert_eq!(read["sql"], SQL);
    assert_eq!(read["limit"], 3);
    // Options are the client's own, and kept as they are.
    assert_eq!(read["config"], table());
    assert_eq!(read["chartKind"], "table");
    assert_eq!(read["space"]["uuid"], json!(space));
    assert_eq!(read["dashboard"], Value::Null);
    assert_eq!(read["views"], 0);
    let by_slug = ana.get(&format!("{}/slug/amounts", saved(&project))).await;
    assert_eq!(by_slug.ok(), read);
    // Reading does not count, and a second of the name has another slug.
    assert_eq!(ana.get(&path).await.ok()["views"], 0);
    let again = ana.post(&saved(&project)).json(&chart(&space)).await.ok();
    assert_eq!(again["slug"], "amounts-1");
}

#[tokio::test]
async fn a_request_with_a_key_makes_one_chart() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let ask = || {
        let call = ana.post(&saved(&project)).json(&chart(&space));
        call.header("idempotency-key", "one")
    };
    let first = ask().await.ok();
    assert_eq!(ask().await.ok(), first);
}

#[tokio::test]
async fn an_sql_chart_is_renamed_moved_and_versioned() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let here = space(&ana, &project, "Here", false).await;
    let there = space(&ana, &project, "There", false).await;
    let path = make(&ana, &project, &chart(&here)).await;
    let new =
        json!({ "unversionedData": { "name": "Other", "description": null, "spaceUuid": there } });
    let moved = ana.patch(&path).json(&new).await;
    assert_eq!(moved.header("etag"), Some("\"2\""));
    assert_eq!(moved.ok()["savedSqlVersionUuid"], Value::Null);
    let read = ana.get(&path).await.ok();
    assert_eq!(read["name"], "Other");
    assert_eq!(read["description"], Value::Null);
    assert_eq!(read["space"]["uuid"], json!(there));
    assert_eq!(read["slug"], "amounts");

    let version =
        json!({ "versionedData": { "sql": "SELECT 1 AS one", "limit": 5000, "config": bars() } });
    let changed = ana.patch(&path).json(&version).await.ok();
    assert!(changed["savedSqlVersionUuid"].is_string());
    let read = ana.get(&path).await.ok();
    assert_eq!(read["sql"], "SELECT 1 AS one");
    assert_eq!(read["chartKind"], "vertical_bar");
    // What is as it was is no change.
    let same = ana.patch(&path).json(&new).await;
    assert_eq!(same.header("etag"), Some("\"3\""));
    let nothing = ana.patch(&path).json(&json!({})).await;
    assert_eq!(nothing.header("etag"), Some("\"3\""));
}

#[tokio::test]
async fn of_two_editors_who_name_a_revision_one_wins() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let path = make(&ana, &project, &chart(&space)).await;
    let rename = |name: &str| json!({ "unversionedData": { "name": name, "description": null, "spaceUuid": space } });
    let edit = |name: &str| ana.patch(&path).json(&rename(name));
    edit("First").header("if-match", "\"1\"").await.ok();
    let late = edit("Second").header("if-match", "\"1\"").await;
    assert_eq!(late.refusal(), "409 AlreadyProcessingError");
    assert_eq!(ana.get(&path).await.ok()["name"], "First");
    // Whoever names none is applied to the newest.
    edit("Third").await.ok();
    assert_eq!(ana.get(&path).await.ok()["name"], "Third");
    let late = ana.delete(&path).header("if-match", "\"1\"").await;
    assert_eq!(late.refusal(), "409 AlreadyProcessingError");
}

/// Saves a statement as a new version.
async fn save(who: &Actor<'_>, path: &str, sql: &str) {
    let new = json!({ "versionedData": { "sql": sql, "limit": 7, "config": bars() } });
    who.patch(path).json(&new).await.ok();
}

fn version_ids(history: &Value) -> Vec<String> {
    let all = history["history"].as_array().unwrap().iter();
    all.map(|one| one["versionUuid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_save_is_in_the_history_and_can_be_gone_back_to() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let path = make(&ana, &project, &chart(&space)).await;
    app.wait(1);
    save(&ana, &path, "SELECT 1 AS one").await;
    let renamed =
        json!({ "unversionedData": { "name": "Later", "description": null, "spaceUuid": space } });
    ana.patch(&path).json(&renamed).await.ok();

    let history = ana.get(&format!("{path}/history")).await.ok();
    let ids = version_ids(&history);
    assert_eq!(ids.len(), 2);
    assert_eq!(history.get("before"), None);
    assert_eq!(history["history"][0]["savedSqlUuid"], id(&path));
    assert!(
        history["history"][1]["createdAt"].as_str() < history["history"][0]["createdAt"].as_str()
    );
    assert!(history["history"][1]["createdBy"]["firstName"].is_string());

    let then = ana.get(&format!("{path}/version/{}", ids[1])).await.ok();
    assert_eq!(then["versionUuid"], json!(ids[1]));
    assert_eq!(then["chart"]["sql"], SQL);
    assert_eq!(then["chart"]["chartKind"], "table");
    assert_eq!(then["chart"]["name"], "Later");
    assert_eq!(then["chart"]["lastUpdatedAt"], then["createdAt"]);

    let rollback = format!("{path}/rollback/{}", ids[1]);
    let late = ana.post(&rollback).header("if-match", "\"1\"").await;
    assert_eq!(late.refusal(), "409 AlreadyProcessingError");
    let back = ana.post(&rollback).await;
    assert_eq!(back.header("etag"), Some("\"4\""));
    let now = ana.get(&path).await.ok();
    assert_eq!((&now["sql"], &now["limit"]), (&json!(SQL), &json!(3)));
    assert_eq!(
        (&now["chartKind"], &now["name"]),
        (&json!("table"), &json!("Later"))
    );
    // Nothing is lost, and again is nothing more.
    let again = ana.post(&rollback).await;
    assert_eq!(again.header("etag"), Some("\"4\""));
    let history = ana.get(&format!("{path}/history")).await.ok();
    assert_eq!(version_ids(&history)[1..], ids);
}

#[tokio::test]
async fn a_long_history_is_read_in_parts() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let path = make(&ana, &project, &chart(&space)).await;
    for at in 0..101 {
        save(&ana, &path, &format!("SELECT {at} AS one")).await;
    }
    let first = ana.get(&format!("{path}/history")).await.ok();
    let ids = version_ids(&first);
    assert_eq!((ids.len(), &first["before"]), (100, &json!(ids[99])));
    let rest = format!("{path}/history?before={}", ids[99]);
    let rest = ana.get(&rest).await.ok();
    assert_eq!((version_ids(&rest).len(), rest.get("before")), (2, None));
    let oldest = version_ids(&rest).remove(1);
    let then = ana.get(&format!("{path}/version/{oldest}")).await.ok();
    assert_eq!(then["chart"]["sql"], SQL);
    let nothing = ana.get(&format!("{path}/history?before={oldest}")).await;
    assert_eq!(nothing.ok(), json!({ "history": [] }));
}

#[tokio::test]
async fn versions_are_as_private_as_their_chart() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let private = space(&ana, &project, "Private", true).await;
    let public = space(&ana, &project, "Public", false).await;
    let hidden = make(&ana, &project, &chart(&private)).await;
    let shown = make(&ana, &project, &chart(&public)).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let first = async |path: &str| {
        let history = ana.get(&format!("{path}/history")).await.ok();
        version_ids(&history).remove(0)
    };
    let (of_hidden, of_shown) = (first(&hidden).await, first(&shown).await);
    for part in ["history".to_owned(), format!("version/{of_hidden}")] {
        let reply = dev.get(&format!("{hidden}/{part}")).await;
        assert_eq!(reply.refusal(), "403 ForbiddenError", "{part}");
    }
    let back = dev.post(&format!("{hidden}/rollback/{of_hidden}")).await;
    assert_eq!(back.refusal(), "403 ForbiddenError");
    // Who writes no statements reads the old ones, and brings none of them back.
    ed.get(&format!("{shown}/version/{of_shown}")).await.ok();
    let back = ed.post(&format!("{shown}/rollback/{of_shown}")).await;
    assert_eq!(back.refusal(), "403 ForbiddenError");
    for version in [of_hidden.as_str(), id(&shown), "none"] {
        for part in ["version/", "history?before="] {
            let reply = dev.get(&format!("{shown}/{part}{version}")).await;
            assert_eq!(reply.refusal(), "404 NotFoundError", "{part}{version}");
        }
        let back = dev.post(&format!("{shown}/rollback/{version}")).await;
        assert_eq!(back.refusal(), "404 NotFoundError", "{version}");
    }
}

#[tokio::test]
async fn a_deleted_chart_is_gone_and_its_slug_is_free() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let path = make(&ana, &project, &chart(&space)).await;
    ana.delete(&path).await.ok();
    assert_eq!(ana.get(&path).await.refusal(), "404 NotFoundError");
    assert_eq!(ana.delete(&path).await.refusal(), "404 NotFoundError");
    let slug = format!("{}/slug/amounts", saved(&project));
    assert_eq!(ana.get(&slug).await.refusal(), "404 NotFoundError");
    let again = ana.post(&saved(&project)).json(&chart(&space)).await.ok();
    assert_eq!(again["slug"], "amounts");
}

#[tokio::test]
async fn its_rows_are_a_job_which_counts_a_view() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let path = make(&ana, &project, &chart(&space)).await;
    let vic = app.in_role("vic@acme.com", "viewer").await;
    let begun = vic.get(&format!("{path}/results-job")).await.ok();
    let rows = lines(&vic, &project, &begun).await;
    let expected = "{\"owner\":\"ana\",\"status\":\"completed\",\"amount\":10.5}\n\
        {\"owner\":\"bob\",\"status\":\"completed\",\"amount\":20}\n\
        {\"owner\":\"ana\",\"status\":\"returned\",\"amount\":5.25}\n";
    assert_eq!(rows, expected);
    let by_slug = format!("{}/slug/amounts/results-job", saved(&project));
    let begun = vic.get(&by_slug).await.ok();
    assert_eq!(lines(&vic, &project, &begun).await, expected);
    assert_eq!(ana.get(&path).await.ok()["views"], 2);
    // A script opens nothing.
    let body = json!({ "description": "", "expiresAt": "2026-03-01", "autoGenerated": false });
    let tokens = "/api/v1/user/me/personal-access-tokens";
    let token = ana.post(tokens).json(&body).await.json()["results"].clone();
    let script = ana.with_token(token["token"].as_str().unwrap());
    script.get(&format!("{path}/results-job")).await.ok();
    assert_eq!(ana.get(&path).await.ok()["views"], 2);
}

#[tokio::test]
async fn who_sees_a_chart_turns_its_rows_and_no_others() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let path = make(&ana, &project, &chart(&space)).await;
    let vic = app.in_role("vic@acme.com", "viewer").await;
    let turn = json!({
        "sql": "SELECT 'secret' AS owner, 1 AS amount", "limit": 10, "indexColumn": { "reference": "owner", "type": "category" },
        "valuesColumns": [{ "reference": "amount", "aggregation": "sum" }],
        "sortBy": [{ "reference": "owner", "direction": "ASC" }],
    });
    let run = format!("{}/runPivotQuery", runner(&project));
    let own = vic.post(&run).json(&turn).await;
    assert_eq!(own.refusal(), "403 ForbiddenError");
    let named = with(turn, &json!({ "savedSqlUuid": id(&path) }));
    let begun = vic.post(&run).json(&named).await.ok();
    // The statement of the chart, not the one that was sent.
    let rows = lines(&vic, &project, &begun).await;
    assert!(rows.contains("ana") && !rows.contains("secret"), "{rows}");
    let none = with(named, &json!({ "savedSqlUuid": "none" }));
    let none = vic.post(&run).json(&none).await;
    assert_eq!(none.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_saved_chart_is_asked_and_turned_as_it_is_drawn() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let plain = make(&ana, &project, &chart(&space)).await;
    let drawn = with(chart(&space), &json!({ "name": "Bars", "config": bars() }));
    let drawn = make(&ana, &project, &drawn).await;
    let vic = app.in_role("vic@acme.com", "viewer").await;
    let ask = format!("{}/sql-chart", queries(&project));
    let rows = async |body: Value| {
        let asked = vic.post(&ask).json(&body).await.ok();
        let query = asked["queryUuid"].as_str().unwrap().to_owned();
        vic.get(&format!("{}/{query}", queries(&project)))
            .await
            .ok()
    };
    let page = rows(json!({ "savedSqlUuid": id(&plain) })).await;
    assert_eq!(page["totalResults"], 3);
    assert_eq!(page["pivotDetails"], Value::Null);
    let page = rows(json!({ "slug": "amounts", "limit": 2 })).await;
    assert_eq!(page["totalResults"], 2);
    let page = rows(json!({ "slug": "amounts", "limit": null })).await;
    assert_eq!(page["totalResults"], 5);
    let page = rows(json!({ "savedSqlUuid": id(&drawn) })).await;
    assert_eq!(page["totalResults"], 2);
    assert_eq!(page["rows"][0]["owner"]["value"]["raw"], "bob");
    for (body, refusal) in [
        (json!({}), "400 ParameterError"),
        (json!({ "slug": "none" }), "404 NotFoundError"),
        (json!({ "savedSqlUuid": "../x" }), "404 NotFoundError"),
        (
            json!({ "slug": "amounts", "limit": -1 }),
            "422 ValidateError",
        ),
    ] {
        let answer = vic.post(&ask).json(&body).await;
        assert_eq!(answer.refusal(), refusal, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_chart_is_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let long = "x".repeat(200_001);
    for (more, refusal) in [
        (json!({ "sql": "" }), "400 ParameterError"),
        (json!({ "sql": " ;\n" }), "400 ParameterError"),
        (json!({ "sql": long }), "400 ParameterError"),
        (json!({ "limit": 0 }), "400 ParameterError"),
        (json!({ "limit": 5001 }), "400 ParameterError"),
        (json!({ "limit": 1.5 }), "400 ParameterError"),
        (json!({ "limit": -1 }), "400 ParameterError"),
        (json!({ "name": " " }), "400 ParameterError"),
        (json!({ "name": "x".repeat(256) }), "400 ParameterError"),
        (
            json!({ "description": "x".repeat(5001) }),
            "400 ParameterError",
        ),
        (json!({ "spaceUuid": "none" }), "404 NotFoundError"),
        (json!({ "config": {} }), "422 ValidateError"),
        (
            json!({ "config": { "type": "cake", "metadata": { "version": 1 } } }),
            "422 ValidateError",
        ),
        (json!({ "config": "table" }), "422 ValidateError"),
    ] {
        let body = with(chart(&space), &more);
        let answer = ana.post(&saved(&project)).json(&body).await;
        assert_eq!(
            answer.refusal(),
            refusal,
            "{}",
            &more.to_string()[..more.to_string().len().min(80)]
        );
    }
    let path = make(&ana, &project, &chart(&space)).await;
    let bad = json!({ "versionedData": { "sql": " ", "limit": 1, "config": table() } });
    assert_eq!(
        ana.patch(&path).json(&bad).await.refusal(),
        "400 ParameterError"
    );
    assert_eq!(ana.get(&path).await.header("etag"), Some("\"1\""));
}

#[tokio::test]
async fn charts_are_of_their_project_and_as_private_as_their_space() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let private = space(&ana, &project, "Private", true).await;
    let public = space(&ana, &project, "Public", false).await;
    let hidden = make(&ana, &project, &chart(&private)).await;
    let shown = make(
        &ana,
        &project,
        &with(chart(&public), &json!({ "name": "Shown" })),
    )
    .await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let slug = format!("{}/slug/amounts", saved(&project));
    let (job, slug_job) = (
        format!("{hidden}/results-job"),
        format!("{slug}/results-job"),
    );
    for (part, refusal) in [
        (&hidden, "403 ForbiddenError"),
        (&job, "403 ForbiddenError"),
        (&slug, "404 NotFoundError"),
        (&slug_job, "404 NotFoundError"),
    ] {
        assert_eq!(dev.get(part).await.refusal(), refusal, "{part}");
        assert_eq!(
            eve.get(part).await.refusal(),
            "404 NotExistsError",
            "{part}"
        );
    }
    // A slug that they may not see is as one that nothing has.
    let nothing = slug.replace("amounts", "nothing");
    assert_eq!(dev.get(&slug).await.text, dev.get(&nothing).await.text);
    let ask = format!("{}/sql-chart", queries(&project));
    let asked = async |slug: &str| dev.post(&ask).json(&json!({ "slug": slug })).await.text;
    assert_eq!(asked("amounts").await, asked("nothing").await);
    assert_eq!(dev.delete(&hidden).await.refusal(), "403 ForbiddenError");
    // Neither out of a space nor into one that is closed to them.
    let into = |space: &str| json!({ "unversionedData": { "name": "x", "description": null, "spaceUuid": space } });
    let out = dev.patch(&hidden).json(&into(&public)).await;
    assert_eq!(out.refusal(), "403 ForbiddenError");
    let inside = dev.patch(&shown).json(&into(&private)).await;
    assert_eq!(inside.refusal(), "403 ForbiddenError");
    let made = dev.post(&saved(&project)).json(&chart(&private)).await;
    assert_eq!(made.refusal(), "403 ForbiddenError");
    // Editors delete, but do not write statements.
    let made = ed.post(&saved(&project)).json(&chart(&public)).await;
    assert_eq!(made.refusal(), "403 ForbiddenError");
    assert_eq!(
        ed.patch(&shown).json(&into(&public)).await.refusal(),
        "403 ForbiddenError"
    );
    ed.delete(&shown).await.ok();
    // In a project of Eve's there is no such chart.
    let theirs = app.project("eve@other.com", "Theirs").await.id.to_string();
    let path = hidden.replace(&project, &theirs);
    assert_eq!(eve.get(&path).await.refusal(), "404 NotFoundError");
    assert_eq!(eve.delete(&path).await.refusal(), "404 NotFoundError");
    let ask = format!("{}/sql-chart", queries(&theirs));
    let asked = eve
        .post(&ask)
        .json(&json!({ "savedSqlUuid": id(&hidden) }))
        .await;
    assert_eq!(asked.refusal(), "404 NotFoundError");
    assert_eq!(ana.get(&hidden).await.ok()["name"], "Amounts");
}

#[tokio::test]
async fn an_sql_chart_may_be_as_large_as_an_item_holds() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let space = space(&ana, &project, "Reports", false).await;
    let columns = (0..12_000).map(|at| {
        (
            format!("column_{at}"),
            json!({ "visible": true, "frozen": false }),
        )
    });
    let columns: serde_json::Map<String, Value> = columns.collect();
    let mut config = table();
    config["columns"] = json!(columns);
    let body = with(chart(&space), &json!({ "config": config }));
    assert!(body.to_string().len() > 500_000);
    let path = make(&ana, &project, &body).await;
    assert!(ana.get(&path).await.ok()["config"] == config);
    let before = app.items();
    let mut noisy = table();
    noisy["noise"] = json!(testing::noise(600_000));
    let large = json!({ "versionedData": { "sql": SQL, "limit": 3, "config": noisy } });
    let reply = ana.patch(&path).json(&large).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert!(app.items() == before);
}
