//! All rows of a query as JSON lines: over a connection, and from a function of the cloud.

use app::{
    http::Stack,
    lambda::{self, Answer},
};
use serde_json::{Value, json};
use testing::{Actor, Says, TestApp, noise};
use warehouse::Type;

use crate::shop::{ask, column, every_order, file, open};

/// Rows of a thousand characters each and more.
fn long_rows(count: usize, text: &str) -> (Says, String) {
    let texts: Vec<_> = (0..count).map(|at| format!("{at} {text}")).collect();
    let lines = texts
        .iter()
        .map(|text| format!("{}\n", json!({ "orders_owner": text })));
    let lines = lines.collect();
    let rows: Vec<_> = texts.iter().map(|text| vec![json!(text)]).collect();
    let batches = rows.chunks(500).map(<[_]>::to_vec).collect();
    let says = Says::Rows(vec![column("orders_owner", Type::Text)], batches);
    (says, lines)
}

/// Where older clients read the same lines.
fn older(query: &str) -> String {
    query
        .replace("/v2/", "/v1/")
        .replace("/query/", "/sqlRunner/results/")
}

/// What a function answers to somebody who reads this.
async fn from_function(app: &TestApp, who: &Actor<'_>, path: &str, headers: Value) -> Answer {
    let event = json!({
        "rawPath": path, "headers": headers, "cookies": [who.cookie().unwrap()],
        "requestContext": { "stage": "$default", "http": { "method": "GET", "sourceIp": "192.0.2.1" } },
    });
    let stack = Stack::new(local::api(), app.app.clone());
    lambda::answer(&stack, serde_json::from_value(event).unwrap()).await
}

#[tokio::test]
async fn over_a_connection_all_rows_are_sent_however_many() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let (says, lines) = long_rows(6_500, &"x".repeat(1_000));
    app.warehouse.say(says);
    let query = ask(&ana, &project, &every_order()).await;
    for path in [format!("{query}/results"), older(&query)] {
        let answer = ana.get(&path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.text == lines, "{path}: {}", answer.text.len());
    }
}

#[tokio::test]
async fn a_query_without_rows_has_no_lines() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(long_rows(0, "").0);
    let query = ask(&ana, &project, &every_order()).await;
    let answer = ana.get(&format!("{query}/results")).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
}

#[tokio::test]
async fn a_function_answers_what_fits_once_it_is_compressed() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let (says, lines) = long_rows(6_500, &"x".repeat(1_000));
    app.warehouse.say(says);
    let query = ask(&ana, &project, &every_order()).await;
    for path in [format!("{query}/results"), older(&query)] {
        let gzip = json!({ "accept-encoding": "gzip, deflate" });
        let answer = from_function(&app, &ana, &path, gzip).await;
        assert_eq!(answer.status_code, 200, "{}", answer.body);
        assert_eq!(answer.headers["content-encoding"], "gzip");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(answer.is_base64_encoded);
        // Whoever does not take that is led to a file.
        let answer = from_function(&app, &ana, &path, json!({})).await;
        assert_eq!(answer.status_code, 307);
        assert!(file(&app, &answer.headers["location"]).await == lines);
    }
}

#[tokio::test]
async fn a_function_answers_what_fits_as_it_is() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let (says, lines) = long_rows(4_000, &"x".repeat(1_000));
    app.warehouse.say(says);
    let query = ask(&ana, &project, &every_order()).await;
    let path = format!("{query}/results");
    let answer = from_function(&app, &ana, &path, json!({})).await;
    assert_eq!(answer.status_code, 200);
    assert!(!answer.is_base64_encoded);
    assert!(answer.body == lines, "{}", answer.body.len());
}

#[tokio::test]
async fn a_function_leads_to_a_file_when_nothing_makes_the_rows_fit() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    // As long as what is looked back for, so that no row is like the one before.
    let (says, lines) = long_rows(200, &noise(40_000));
    app.warehouse.say(says);
    let query = ask(&ana, &project, &every_order()).await;
    let path = format!("{query}/results");
    let gzip = json!({ "accept-encoding": "gzip" });
    let answer = from_function(&app, &ana, &path, gzip).await;
    assert_eq!(answer.status_code, 307);
    assert!(file(&app, &answer.headers["location"]).await == lines);
}
