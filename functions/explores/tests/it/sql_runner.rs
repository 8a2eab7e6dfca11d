use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Says, TestApp};
use warehouse::Error;

use crate::shop::{file, open, open_with, orders, queries, raw};

fn runner(project: &str) -> String {
    format!("/api/v1/projects/{project}/sqlRunner")
}

#[tokio::test]
async fn tables_and_their_columns_are_listed() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = runner(&project);
    assert_snapshot!(ana.get(&format!("{path}/tables")).await, @r#"
    200 {
      "results": {
        "postgres": {
          "jaffle": {
            "orders": {}
          }
        }
      },
      "status": "ok"
    }
    "#);
    let fields = format!("{path}/fields?tableName=orders&schemaName=jaffle&databaseName=postgres");
    assert_snapshot!(ana.get(&fields).await, @r#"
    200 {
      "results": {
        "amount": "number",
        "order_id": "number",
        "ordered_at": "timestamp",
        "owner": "string",
        "status": "string"
      },
      "status": "ok"
    }
    "#);
    // Names that some clients use.
    let other = format!("{path}/fields?table=orders&schema=jaffle");
    assert_eq!(ana.get(&other).await.ok(), ana.get(&fields).await.ok());
    for (params, refusal) in [
        ("", "400 ParameterError"),
        ("tableName=orders", "400 ParameterError"),
        ("schemaName=jaffle", "400 ParameterError"),
        ("tableName=none&schemaName=jaffle", "404 NotFoundError"),
        ("tableName=orders&schemaName=none", "404 NotFoundError"),
        (
            "tableName=orders&schemaName=jaffle&databaseName=none",
            "404 NotFoundError",
        ),
        (
            "tableName=..%2f..%2fkey&schemaName=jaffle",
            "404 NotFoundError",
        ),
        (
            "tableName=%27%3B--&schemaName=%27%3B--",
            "404 NotFoundError",
        ),
    ] {
        let answer = ana.get(&format!("{path}/fields?{params}")).await;
        assert_eq!(answer.refusal(), refusal, "{params}");
    }
    ana.post(&format!("{path}/refresh-catalog")).await.ok();
}

/// The names of the tables that somebody is told of.
async fn listed(who: &Actor<'_>, project: &str) -> Vec<String> {
    let found = who.get(&format!("{}/tables", runner(project))).await.ok();
    let tables = found["postgres"]["jaffle"].as_object().unwrap();
    tables.keys().cloned().collect()
}

/// One more table in the project's warehouse.
fn add_table(app: &TestApp, project: &str, name: &str) {
    let file = app
        .folder("warehouse")
        .join(project)
        .join(format!("{name}.csv"));
    std::fs::write(file, "id\n1\n").unwrap();
}

#[tokio::test]
async fn tables_are_listed_as_they_were_until_they_are_read_anew() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    assert_eq!(listed(&ana, &project).await, ["orders"]);
    add_table(&app, &project, "people");
    app.wait(59);
    assert_eq!(listed(&ana, &project).await, ["orders"]);
    assert_eq!(listed(&dev, &project).await, ["orders"]);
    let refresh = format!("{}/refresh-catalog", runner(&project));
    dev.post(&refresh).await.ok();
    assert_eq!(listed(&ana, &project).await, ["orders", "people"]);
    // Without anybody's word after an hour.
    add_table(&app, &project, "shops");
    app.wait(59);
    assert_eq!(listed(&ana, &project).await, ["orders", "people"]);
    app.wait(1);
    assert_eq!(listed(&ana, &project).await, ["orders", "people", "shops"]);
}

#[tokio::test]
async fn whoever_reads_the_tables_anew_is_told_what_the_warehouse_says() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    assert_eq!(listed(&ana, &project).await, ["orders"]);
    let refusal = Error::Connection("the password is wrong".to_owned());
    app.warehouse.always(Says::Refuses(refusal));
    let refresh = format!("{}/refresh-catalog", runner(&project));
    let refused = ana.post(&refresh).await;
    assert_eq!(refused.refusal(), "400 WarehouseConnectionError");
    assert!(refused.text.contains("the password is wrong"), "{refused}");
    // What was there stays until it is old; then there is nothing but the refusal.
    assert_eq!(listed(&ana, &project).await, ["orders"]);
    app.wait(60);
    let tables = ana.get(&format!("{}/tables", runner(&project))).await;
    assert_eq!(tables.refusal(), "400 WarehouseConnectionError");
}

#[tokio::test]
async fn what_a_login_of_ones_own_lists_is_not_for_somebody_else() {
    let app = TestApp::new(local::api()).await;
    let own = json!({ "requireUserCredentials": true });
    let (ana, project) = open_with(&app, &orders(false), &own).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let refresh = format!("{}/refresh-catalog", runner(&project));
    let refused = ana.post(&refresh).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
    for who in [&ana, &dev] {
        let login = json!({ "name": "mine", "credentials": { "type": "postgres", "user": "same", "password": "pass-word-1" } });
        let login = who.post("/api/v1/user/warehouseCredentials").json(&login);
        login.await.ok();
    }
    assert_eq!(listed(&ana, &project).await, ["orders"]);
    add_table(&app, &project, "people");
    assert_eq!(listed(&dev, &project).await, ["orders", "people"]);
    dev.post(&refresh).await.ok();
    assert_eq!(listed(&ana, &project).await, ["orders"]);
    ana.post(&refresh).await.ok();
    assert_eq!(listed(&ana, &project).await, ["orders", "people"]);
}

#[tokio::test]
async fn a_statement_is_run_and_its_rows_are_read_by_line() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = runner(&project);
    let body = json!({ "sql": "SELECT order_id, status, amount FROM jaffle.orders ORDER BY 1", "limit": 4 });
    let begun = ana.post(&format!("{path}/run")).json(&body).await.ok();
    let id = begun["jobId"].as_str().unwrap();
    let rows = ana.get(&format!("{path}/results/{id}")).await;
    assert_snapshot!(rows.text, @r#"
    {"order_id":1,"status":"completed","amount":10.5}
    {"order_id":2,"status":"completed","amount":20}
    {"order_id":3,"status":"returned","amount":5.25}
    {"order_id":4,"status":"completed","amount":null}
    "#);
    // A slow one is the worker's.
    app.warehouse.say(Says::TooLate);
    let begun = ana.post(&format!("{path}/run")).json(&body).await.ok();
    let later = format!("{path}/results/{}", begun["jobId"].as_str().unwrap());
    assert_eq!(
        ana.get(&later).await.refusal(),
        "409 AlreadyProcessingError"
    );
    app.work(worker::run).await;
    assert_eq!(ana.get(&later).await.text, rows.text);
}

#[tokio::test]
async fn columns_of_one_name_are_told_apart_wherever_rows_are_read() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let sql = "SELECT o.order_id, p.order_id, p.amount FROM jaffle.orders AS o \
               JOIN jaffle.orders AS p ON o.order_id = p.order_id + 1 ORDER BY o.order_id LIMIT 2";
    let body = json!({ "sql": sql });
    let names = ["order_id", "order_id_2", "amount"];
    let lines = "{\"order_id\":2,\"order_id_2\":1,\"amount\":10.5}\n{\"order_id\":3,\"order_id_2\":2,\"amount\":20}\n";

    let path = runner(&project);
    let begun = ana.post(&format!("{path}/run")).json(&body).await.ok();
    let id = begun["jobId"].as_str().unwrap();
    let rows = ana.get(&format!("{path}/results/{id}")).await;
    assert_eq!(rows.text, lines);
    let status = format!("/api/v1/schedulers/job/{id}/status");
    let details = ana.get(&status).await.ok()["details"].clone();
    let columns = names.map(|name| json!({ "reference": name, "type": "number" }));
    assert_eq!(details["columns"], json!(columns));

    let path = format!("/api/v1/projects/{project}/sqlQuery");
    let answer = ana.post(&path).json(&body).await.ok();
    assert_eq!(
        answer["rows"][0],
        json!({ "order_id": 2, "order_id_2": 1, "amount": 10.5 })
    );
    for name in names {
        assert_eq!(
            answer["fields"][name],
            json!({ "type": "number" }),
            "{name}"
        );
    }

    let path = queries(&project);
    let asked = ana.post(&format!("{path}/sql")).json(&body).await.ok();
    let query = format!("{path}/{}", asked["queryUuid"].as_str().unwrap());
    let page = ana.get(&query).await.ok();
    assert_eq!(
        json!(raw(&page["rows"], &names)),
        json!([[2, 1, 10.5], [3, 2, 20]])
    );
    for name in names {
        let column = json!({ "reference": name, "type": "number" });
        assert_eq!(page["columns"][name], column);
    }
    assert_eq!(ana.get(&format!("{query}/results")).await.text, lines);
    let wanted = json!({ "type": "csv", "onlyRaw": true, "byteOrderMark": false });
    let made = ana.post(&format!("{query}/download")).json(&wanted).await;
    assert_eq!(
        file(&app, made.ok()["fileUrl"].as_str().unwrap()).await,
        "order_id,order_id_2,amount\n2,1,10.5\n3,2,20\n"
    );
}

#[tokio::test]
async fn rows_of_a_statement_can_be_turned() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = runner(&project);
    let body = json!({
        "sql": "SELECT owner, status, amount FROM jaffle.orders", "limit": 10,
        "indexColumn": { "reference": "owner", "type": "category" },
        "valuesColumns": [{ "reference": "amount", "aggregation": "sum" }],
        "groupByColumns": [{ "reference": "status" }],
        "sortBy": [{ "reference": "owner", "direction": "ASC" }],
    });
    let begun = ana
        .post(&format!("{path}/runPivotQuery"))
        .json(&body)
        .await
        .ok();
    let id = begun["jobId"].as_str().unwrap();
    let rows = ana.get(&format!("{path}/results/{id}")).await;
    assert_eq!(rows.status, 200, "{rows}");
    assert_snapshot!(rows.text, @r#"
    {"owner":"ana","amount_sum_=1+1":100,"amount_sum_completed":10.5,"amount_sum_returned":5.25}
    {"owner":"bob","amount_sum_=1+1":null,"amount_sum_completed":20,"amount_sum_returned":null}
    "#);
}

#[tokio::test]
async fn columns_may_be_called_like_those_that_turning_adds() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = runner(&project);
    for (index, group) in [
        ("row_index", "column_index"),
        ("total_columns", "row_index"),
        ("amount_sum", "status"),
    ] {
        let body = json!({
            "sql": format!("SELECT owner AS {index}, status AS {group}, amount FROM jaffle.orders"), "limit": 10,
            "indexColumn": { "reference": index, "type": "category" },
            "valuesColumns": [{ "reference": "amount", "aggregation": "sum" }],
            "groupByColumns": [{ "reference": group }],
        });
        let begun = ana.post(&format!("{path}/runPivotQuery")).json(&body).await;
        let id = begun.ok()["jobId"].as_str().unwrap().to_owned();
        let rows = ana.get(&format!("{path}/results/{id}")).await;
        assert_eq!(rows.status, 200, "{rows}");
        let lines: Vec<Value> = rows
            .text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(
            json!(lines),
            json!([
                { index: "ana", "amount_sum_=1+1": 100, "amount_sum_completed": 10.5, "amount_sum_returned": 5.25 },
                { index: "bob", "amount_sum_=1+1": null, "amount_sum_completed": 20, "amount_sum_returned": null },
            ])
        );
    }
}

#[tokio::test]
async fn results_are_found_by_ids_and_by_whoever_ran_the_statement() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let path = runner(&project);
    let body = json!({ "sql": "SELECT 1 AS one" });
    let begun = ana.post(&format!("{path}/run")).json(&body).await.ok();
    let id = begun["jobId"].as_str().unwrap();
    let mine = format!("{path}/results/{id}");
    assert_eq!(dev.get(&mine).await.refusal(), "404 NotFoundError");
    for name in [
        "..%2f..%2fkey",
        "..%252f..%252fkey",
        "%2e%2e%2fkey",
        "..%5c..%5ckey",
        "key",
        &format!("{id}.jsonl"),
        &format!("..%2frows%2f{project}%2f{id}-0.jsonl"),
        "00000000-0000-4000-8000-000000000000",
    ] {
        let answer = ana.get(&format!("{path}/results/{name}")).await;
        assert_eq!(answer.refusal(), "404 NotFoundError", "{name}");
    }
    for name in ["a%00b", &format!("{id}%00")] {
        let answer = ana.get(&format!("{path}/results/{name}")).await;
        assert_eq!(answer.refusal(), "422 ValidateError", "{name}");
    }
    let up = ana.get(&format!("{path}/results/../../key")).await;
    assert_eq!(up.status, 404);
    ana.get(&mine).await;
}

#[tokio::test]
async fn the_runner_is_for_those_who_may_write_sql() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let path = runner(&project);
    let run = json!({ "sql": "SELECT 1" });
    let turn = json!({ "sql": "SELECT 1 AS a", "indexColumn": { "reference": "a", "type": "category" }, "valuesColumns": [{ "reference": "a", "aggregation": "sum" }] });
    for (who, refusal) in [(&ed, "403 ForbiddenError"), (&eve, "404 NotExistsError")] {
        for part in ["tables", "fields?tableName=orders&schemaName=jaffle"] {
            assert_eq!(who.get(&format!("{path}/{part}")).await.refusal(), refusal);
        }
        for (part, body) in [("run", &run), ("runPivotQuery", &turn)] {
            let answer = who.post(&format!("{path}/{part}")).json(body).await;
            assert_eq!(answer.refusal(), refusal, "{part}");
        }
        let refresh = who.post(&format!("{path}/refresh-catalog")).await;
        assert_eq!(refresh.refusal(), refusal);
    }
    for (part, body, refusal) in [
        ("run", json!({}), "422 ValidateError"),
        ("run", json!({ "sql": " " }), "400 ParameterError"),
        (
            "run",
            json!({ "sql": "SELECT 1", "limit": 0.5 }),
            "400 ParameterError",
        ),
        (
            "run",
            json!({ "sql": "SELECT 1", "limit": -1 }),
            "400 ParameterError",
        ),
        (
            "runPivotQuery",
            json!({ "sql": "SELECT 1" }),
            "422 ValidateError",
        ),
    ] {
        let answer = ana.post(&format!("{path}/{part}")).json(&body).await;
        assert_eq!(answer.refusal(), refusal, "{body}");
    }
    assert!(app.warehouse.asked().is_empty());
    let _: Value = ana
        .post(&format!("{path}/runPivotQuery"))
        .json(&turn)
        .await
        .ok();
}
