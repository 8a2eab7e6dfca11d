use app::domain::id::QueryId;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Says, TestApp};
use warehouse::Type;

use crate::shop::{by_status, column, explore, file, numbers, open};

fn download(changes: &Value) -> Value {
    let mut body = by_status();
    for (key, value) in [
        ("onlyRaw", json!(false)),
        ("csvLimit", json!(null)),
        ("showTableNames", json!(false)),
        ("columnOrder", json!(["orders_revenue", "orders_status"])),
    ] {
        body[key] = value;
    }
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// Begins a file and answers it, once it is there: whether rows were left out, and its text.
async fn made(app: &TestApp, who: &Actor<'_>, project: &str, changes: &Value) -> (bool, String) {
    let path = format!("{}/downloadCsv", explore(project));
    let begun = who.post(&path).json(&download(changes)).await.ok();
    app.work(worker::run).await;
    let id = QueryId::parse(begun["jobId"].as_str().unwrap()).unwrap();
    let found = app.app.store.query(id, app.app.clock.now()).await.unwrap();
    let found = found.unwrap();
    let outcome = found.outcome.as_ref().unwrap();
    let link = query::export::link_of_job(&app.app, &found, outcome).await;
    (outcome.truncated, file(app, &link.unwrap()).await)
}

#[tokio::test]
async fn a_query_becomes_a_file_with_harmless_cells() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let (truncated, text) = made(&app, &ana, &project, &json!({})).await;
    assert!(!truncated);
    assert_snapshot!(text, @r#"
    ﻿Revenue,Status,Orders
    $100.00,'=1+1,1
    $30.50,completed,3
    $5.25,returned,1
    "#);
    let path = format!("{}/downloadCsv", explore(&project));
    let answer = ana.post(&path).json(&download(&json!({}))).await;
    assert!(answer.header("warning").unwrap().contains("/download"));
}

#[tokio::test]
async fn a_slow_file_is_made_by_the_worker() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let raw = json!({ "onlyRaw": true, "hiddenFields": ["orders_count"], "showTableNames": true, "customLabels": { "orders_status": "State" } });
    let (_, text) = made(&app, &ana, &project, &raw).await;
    assert_snapshot!(text, @r#"
    ﻿Orders Revenue,State
    100,'=1+1
    30.5,completed
    5.25,returned
    "#);
    assert_eq!(app.warehouse.asked().len(), 2);
}

#[tokio::test]
async fn a_file_ends_with_its_limit_and_says_so() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let one =
        json!({ "dimensions": ["orders_order_id"], "metrics": [], "sorts": [], "columnOrder": [] });
    let with = |limit: Value| {
        let mut changes = one.clone();
        changes["csvLimit"] = limit;
        changes
    };
    // What the statement asked for is all there is.
    app.warehouse.say(numbers(7));
    let (truncated, text) = made(&app, &ana, &project, &with(json!(7))).await;
    assert!(!truncated);
    assert_eq!(text.lines().count(), 8);
    app.warehouse.say(numbers(100_001));
    let (truncated, text) = made(&app, &ana, &project, &with(json!(null))).await;
    assert!(truncated);
    assert_eq!(text.lines().count(), 100_001);
    let asked = app.warehouse.asked();
    assert!(asked[1].sql.ends_with("LIMIT 100001"), "{}", asked[1].sql);
}

#[tokio::test]
async fn whoever_may_not_change_the_number_of_rows_gets_the_querys_own() {
    let app = TestApp::new(local::api()).await;
    let (_, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let (_, text) = made(
        &app,
        &vic,
        &project,
        &json!({ "csvLimit": null, "limit": 2 }),
    )
    .await;
    assert_eq!(text.lines().count(), 3);
    assert!(app.warehouse.asked()[0].sql.ends_with("LIMIT 2"));
}

#[tokio::test]
async fn turned_files_have_a_column_for_each_value() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let turned = json!({
        "dimensions": ["orders_status", "orders_owner"], "metrics": ["orders_count"], "columnOrder": [],
        "pivotConfig": { "pivotDimensions": ["orders_owner"] },
    });
    let (_, text) = made(&app, &ana, &project, &turned).await;
    assert_snapshot!(text, @r#"
    ﻿owner,ana,bob
    Status,Orders,Orders
    '=1+1,1,
    completed,1,2
    returned,1,
    "#);
}

#[tokio::test]
async fn whoever_may_not_and_whatever_is_wrong_is_refused() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let eve = app.admin("eve@other.com", "Other").await;
    let mem = app.in_role("mem@acme.com", "member").await;
    let path = format!("{}/downloadCsv", explore(&project));
    for (who, changes, refusal) in [
        (&eve, json!({}), "404 NotExistsError"),
        (&mem, json!({}), "403 ForbiddenError"),
        (&ana, json!({ "onlyRaw": "yes" }), "422 ValidateError"),
        (&ana, json!({ "csvLimit": -5 }), "400 ParameterError"),
        (&ana, json!({ "pivotConfig": 7 }), "400 ParameterError"),
        (&ana, json!({ "metrics": ["x"] }), "400 FieldReferenceError"),
        (
            &ana,
            json!({ "dimensions": [], "metrics": [], "sorts": [] }),
            "400 ParameterError",
        ),
    ] {
        let answer = who.post(&path).json(&download(&changes)).await;
        assert_eq!(answer.refusal(), refusal, "{changes}");
    }
    assert!(app.warehouse.asked().is_empty());
}

#[tokio::test]
async fn turned_files_keep_the_rows_of_hidden_columns_apart() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let turned = json!({
        "dimensions": ["orders_status", "orders_owner"], "metrics": ["orders_count"], "columnOrder": [],
        "pivotConfig": { "pivotDimensions": ["orders_owner"] }, "hiddenFields": ["orders_status"],
    });
    let (truncated, text) = made(&app, &ana, &project, &turned).await;
    assert!(!truncated);
    assert_eq!(
        text,
        "\u{feff}owner,ana,bob\n,Orders,Orders\n,1,\n,1,2\n,1,\n"
    );
}

#[tokio::test]
async fn turned_files_end_with_their_limit_and_say_so() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    // Three columns: 33,333 rows, and one that tells there are more.
    let rows: Vec<_> = (0..33_334)
        .map(|at| vec![json!(at.to_string()), json!("ana"), json!(1)])
        .collect();
    let columns = vec![
        column("orders_status", Type::Text),
        column("orders_owner", Type::Text),
        column("orders_count", Type::Integer),
    ];
    // By the worker, which may take its time.
    app.warehouse.say(Says::TooLate);
    app.warehouse.say(Says::Rows(columns, vec![rows]));
    let turned = json!({
        "dimensions": ["orders_status", "orders_owner"], "metrics": ["orders_count"], "columnOrder": [],
        "pivotConfig": { "pivotDimensions": ["orders_owner"] }, "hiddenFields": ["orders_status"],
    });
    let (truncated, text) = made(&app, &ana, &project, &turned).await;
    assert!(truncated);
    assert_eq!(text.lines().count(), 2 + 33_333);
}

#[tokio::test]
async fn a_file_of_hidden_columns_only_is_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let all = json!(["orders_status", "orders_count", "orders_revenue"]);
    let hidden = download(&json!({ "hiddenFields": all }));
    let path = format!("{}/downloadCsv", explore(&project));
    let answer = ana.post(&path).json(&hidden).await;
    assert_eq!(answer.refusal(), "400 ParameterError");
}
