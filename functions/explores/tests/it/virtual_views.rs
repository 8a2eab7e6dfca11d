use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::{
    given::names,
    shop::{ask, open, orders, raw},
};

fn views(project: &str) -> String {
    format!("/api/v1/projects/{project}/sqlRunner/virtual-view")
}

fn list(project: &str) -> String {
    format!("/api/v1/projects/{project}/explores")
}

fn view(name: &str) -> Value {
    json!({
        "name": name, "sql": "SELECT owner, COUNT(*) AS \"Orders made\", MAX(ordered_at) AS latest FROM jaffle.orders GROUP BY owner -- all;",
        "columns": [
            { "reference": "owner", "type": "string" }, { "reference": "Orders made", "type": "number" },
            { "reference": "latest", "type": "timestamp" },
        ],
    })
}

fn with(mut body: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

async fn explores(who: &Actor<'_>, project: &str) -> Vec<String> {
    let found = who.get(&list(project)).await.ok();
    let mut found: Vec<_> = names(&found).into_iter().map(str::to_owned).collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_metric_query_asks_a_virtual_view() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let made = ana.post(&views(&project)).json(&view("By Owner")).await;
    assert_eq!(made.ok(), json!({ "name": "by_owner" }));
    let explore = ana.get(&format!("{}/by_owner", list(&project))).await.ok();
    assert_eq!(explore["type"], "virtual");
    assert_eq!(explore["label"], "By owner");
    let table = &explore["tables"]["by_owner"];
    assert_eq!(table["dimensions"]["Orders made"]["type"], "number");
    assert_eq!(table["dimensions"]["Orders made"]["label"], "Orders made");
    let query = json!({
        "exploreName": "by_owner", "dimensions": ["by_owner_owner", "by_owner_Orders made"], "metrics": [],
        "filters": { "dimensions": { "id": "g", "and": [
            { "id": "r", "target": { "fieldId": "by_owner_Orders made" }, "operator": "greaterThan", "values": [2] },
        ] } },
        "sorts": [], "limit": 10, "tableCalculations": [],
    });
    let at = ask(&ana, &project, &query).await;
    let page = ana.get(&at).await.ok();
    let rows = raw(&page["rows"], &["by_owner_owner", "by_owner_Orders made"]);
    assert_eq!(rows, [[json!("ana"), json!(3)]]);
    // Viewers see it among the explores.
    let vic = app.in_role("vic@acme.com", "viewer").await;
    assert_eq!(explores(&vic, &project).await, ["by_owner", "orders"]);
}

#[tokio::test]
async fn one_name_is_checked_and_stored() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    ana.post(&views(&project)).json(&view("My View")).await.ok();
    for name in [
        "My View", "my_view", "my view", "MY-VIEW", "myView", "orders", "Orders",
    ] {
        let again = ana.post(&views(&project)).json(&view(name)).await;
        assert_eq!(again.refusal(), "409 AlreadyExistsError", "{name}");
    }
    assert_eq!(explores(&ana, &project).await, ["my_view", "orders"]);
}

#[tokio::test]
async fn a_view_gets_another_statement_and_label() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    ana.post(&views(&project)).json(&view("mine")).await.ok();
    let path = format!("{}/mine", views(&project));
    let new = json!({ "name": "All of mine", "sql": "SELECT 1 AS one", "columns": [{ "reference": "one" }] });
    let changed = ana.put(&path).json(&new).await;
    assert_eq!(changed.ok(), json!({ "name": "mine" }));
    let explore = ana.get(&format!("{}/mine", list(&project))).await.ok();
    assert_eq!(explore["label"], "All of mine");
    assert_eq!(explore["tables"]["mine"]["sqlTable"], "(SELECT 1 AS one)");
    let columns = explore["tables"]["mine"]["dimensions"].as_object().unwrap();
    assert_eq!(columns.keys().collect::<Vec<_>>(), ["one"]);
    // The same again is no change.
    ana.put(&path).json(&new).await.ok();
    for name in ["none", "orders", "My%20View"] {
        let path = format!("{}/{name}", views(&project));
        let answer = ana.put(&path).json(&new).await;
        assert_eq!(answer.refusal(), "404 NotFoundError", "{name}");
    }
    assert_eq!(explores(&ana, &project).await, ["mine", "orders"]);
}

#[tokio::test]
async fn a_view_is_removed_and_deployed_explores_stay() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    ana.post(&views(&project)).json(&view("mine")).await.ok();
    ana.delete(&format!("{}/mine", views(&project))).await.ok();
    ana.delete(&format!("{}/mine", views(&project))).await.ok();
    ana.delete(&format!("{}/orders", views(&project)))
        .await
        .ok();
    assert_eq!(explores(&ana, &project).await, ["orders"]);
    let gone = ana.get(&format!("{}/mine", list(&project))).await;
    assert_eq!(gone.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn a_view_outlives_deploys_and_sweeps() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    ana.post(&views(&project)).json(&view("mine")).await.ok();
    let deploy = json!([
        orders(false),
        with(orders(false), &json!({ "name": "mine" }))
    ]);
    ana.put(&list(&project)).json(&deploy).await.ok();
    assert_eq!(explores(&ana, &project).await, ["mine", "orders"]);
    app.wait(24 * 60);
    let login = json!({ "email": crate::given::ANA, "password": testing::PASSWORD });
    ana.post("/api/v1/login").json(&login).await.ok();
    app.work(worker::run).await;
    let kept = ana.get(&format!("{}/mine", list(&project))).await.ok();
    assert_eq!(kept["type"], "virtual");
}

#[tokio::test]
async fn views_and_deploys_at_once_lose_nothing() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let (path, explores_path) = (views(&project), list(&project));
    let (one, two) = (view("one"), view("two"));
    let deploy = json!([
        orders(false),
        with(orders(false), &json!({ "name": "more" }))
    ]);
    let (first, second, third) = tokio::join!(
        ana.post(&path).json(&one).into_future(),
        ana.post(&path).json(&two).into_future(),
        ana.put(&explores_path).json(&deploy).into_future(),
    );
    for answer in [first, second, third] {
        answer.ok();
    }
    assert_eq!(
        explores(&ana, &project).await,
        ["more", "one", "orders", "two"]
    );
}

#[tokio::test]
async fn what_is_no_view_is_refused() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let path = views(&project);
    let many: Vec<_> = (0..1001)
        .map(|at| json!({ "reference": format!("c{at}") }))
        .collect();
    for (more, refusal) in [
        (json!({ "name": "" }), "400 ParameterError"),
        (json!({ "name": "___" }), "400 ParameterError"),
        (json!({ "name": "x".repeat(256) }), "400 ParameterError"),
        (json!({ "sql": " ; " }), "400 ParameterError"),
        (json!({ "sql": "x".repeat(200_001) }), "400 ParameterError"),
        (json!({ "columns": [] }), "400 ParameterError"),
        (
            json!({ "columns": [{ "reference": "" }] }),
            "400 ParameterError",
        ),
        (
            json!({ "columns": [{ "reference": "a" }, { "reference": "a" }] }),
            "400 ParameterError",
        ),
        (
            json!({ "columns": [{ "reference": "a.b" }, { "reference": "a__b" }] }),
            "400 ParameterError",
        ),
        (json!({ "columns": many }), "400 ParameterError"),
        (
            json!({ "columns": [{ "reference": "a", "type": "blob" }] }),
            "422 ValidateError",
        ),
        (json!({ "columns": [{}] }), "422 ValidateError"),
    ] {
        let answer = ana.post(&path).json(&with(view("mine"), &more)).await;
        let about = more.to_string();
        assert_eq!(
            answer.refusal(),
            refusal,
            "{}",
            about.chars().take(80).collect::<String>()
        );
    }
    let ed = app.in_role("ed@acme.com", "editor").await;
    let eve = app.admin("eve@other.com", "Other").await;
    for (who, refusal) in [(&ed, "403 ForbiddenError"), (&eve, "404 NotExistsError")] {
        let one = format!("{path}/mine");
        assert_eq!(who.post(&path).json(&view("mine")).await.refusal(), refusal);
        assert_eq!(who.put(&one).json(&view("mine")).await.refusal(), refusal);
        assert_eq!(who.delete(&one).await.refusal(), refusal);
    }
    assert_eq!(explores(&ana, &project).await, ["orders"]);
}

#[tokio::test]
async fn names_of_columns_are_no_sql() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let column = "a\" FROM x; DROP TABLE y; --";
    let body =
        json!({ "name": "odd", "sql": "SELECT 1 AS a", "columns": [{ "reference": column }] });
    ana.post(&views(&project)).json(&body).await.ok();
    let explore = ana.get(&format!("{}/odd", list(&project))).await.ok();
    let compiled = &explore["tables"]["odd"]["dimensions"][column]["compiledSql"];
    assert_eq!(compiled, "\"odd\".\"a\"\" FROM x; DROP TABLE y; --\"");
}

#[tokio::test]
async fn a_request_that_comes_again_makes_one_view() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = views(&project);
    let make = async |key: &str, name: &str| {
        let call = ana.post(&path).header("idempotency-key", key);
        call.json(&view(name)).await
    };
    let first = make("one", "mine").await;
    assert_eq!(first.ok(), json!({ "name": "mine" }));
    assert_eq!(make("one", "mine").await.text, first.text);
    // Another key and another body are another request.
    let second = make("two", "mine").await;
    assert_eq!(second.refusal(), "409 AlreadyExistsError");
    let other = make("one", "other").await;
    assert_eq!(other.ok(), json!({ "name": "other" }));
    let (here, there) = tokio::join!(make("three", "third"), make("three", "third"));
    assert_eq!(here.ok(), json!({ "name": "third" }));
    assert_eq!(there.ok(), json!({ "name": "third" }));
    assert_eq!(
        explores(&ana, &project).await,
        ["mine", "orders", "other", "third"]
    );
    // What was removed since cannot be shown again, and is not made again.
    ana.delete(&format!("{path}/mine")).await.ok();
    let again = make("one", "mine").await;
    assert_eq!(again.refusal(), "409 AlreadyProcessingError");
    assert_eq!(make("two", "mine").await.ok(), json!({ "name": "mine" }));
}
