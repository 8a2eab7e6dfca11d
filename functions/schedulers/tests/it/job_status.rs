use app::store::Taken;
use serde_json::{Value, json};
use testing::{Actor, Answer, Says, TestApp};
use warehouse::{Column, Error, Type};

fn explore() -> Value {
    let dimension = json!({
        "fieldType": "dimension", "type": "string", "name": "status", "label": "Status", "table": "orders", "tableLabel": "Orders",
        "sql": "${TABLE}.status", "compiledSql": "\"orders\".status", "hidden": false, "tablesReferences": ["orders"],
    });
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "status": dimension }, "metrics": {},
        } },
    })
}

/// Ana, and her project, whose warehouse answers one row.
async fn open(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin("ana@acme.com", "Acme").await;
    let column = Column {
        name: "orders_status".to_owned(),
        r#type: Type::Text,
    };
    let rows = vec![vec![vec![json!("completed")]]];
    app.warehouse.always(Says::Rows(vec![column], rows));
    let project = ana.open_project("Sales", &json!({}), &[explore()]).await;
    (ana, project)
}

fn query() -> Value {
    json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
        "tableCalculations": [], "onlyRaw": false, "csvLimit": null, "showTableNames": false, "columnOrder": [],
    })
}

async fn begin_csv(who: &Actor<'_>, project: &str) -> String {
    let path = format!("/api/v1/projects/{project}/explores/orders/downloadCsv");
    id(&who.post(&path).json(&query()).await.ok()["jobId"])
}

async fn begin_sql(who: &Actor<'_>, project: &str) -> String {
    let path = format!("/api/v1/projects/{project}/sqlRunner/run");
    let body = json!({ "sql": "SELECT status AS orders_status FROM orders" });
    id(&who.post(&path).json(&body).await.ok()["jobId"])
}

fn id(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn status(who: &Actor<'_>, job: &str) -> Answer {
    who.get(&format!("/api/v1/schedulers/job/{job}/status"))
        .await
}

/// What every job of Ana's tells, and more.
async fn details(app: &TestApp, project: &str, more: &Value) -> Value {
    let ana = app.account("ana@acme.com").await;
    let mut details = json!({ "projectUuid": project, "organizationUuid": ana.organization, "createdByUserUuid": ana.id });
    for (key, value) in more.as_object().unwrap() {
        details[key] = value.clone();
    }
    details
}

fn refuses() -> Says {
    Says::Refuses(Error::Query {
        message: "column \"x\" does not exist".to_owned(),
        line: Some(2),
        character: Some(8),
    })
}

#[tokio::test]
async fn a_csv_job_ends_with_a_link_to_its_file() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let job = begin_csv(&ana, &project).await;
    let nothing = details(&app, &project, &json!({})).await;
    assert_eq!(
        status(&ana, &job).await.ok(),
        json!({ "status": "scheduled", "details": nothing })
    );
    let (store, now) = (&app.app.store, app.app.clock.now());
    let waiting = store.late_open_jobs().await.unwrap()[0];
    let Taken::Yes(taken) = store.take_job(waiting, now).await.unwrap() else {
        panic!()
    };
    assert_eq!(status(&ana, &job).await.ok()["status"], "started");
    store.put_off_job(&taken, now).await.unwrap();
    app.work(worker::run).await;
    let done = status(&ana, &job).await.ok();
    assert_eq!(done["status"], "completed");
    assert_eq!(done["details"]["truncated"], false);
    let (_, path) = done["details"]["fileUrl"]
        .as_str()
        .unwrap()
        .split_once("/api/")
        .unwrap();
    let file = app.anonymous().get(&format!("/api/{path}")).await;
    assert_eq!(file.text, "\u{feff}Status\ncompleted\n");
    // Both ways to poll say the same.
    let polled = ana.get(&format!("/api/v1/csv/{job}")).await.ok();
    assert_eq!(polled["url"], done["details"]["fileUrl"]);
}

#[tokio::test]
async fn a_statement_ends_with_its_columns_and_where_its_rows_are() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let job = begin_sql(&ana, &project).await;
    let url = format!("/api/v1/projects/{project}/sqlRunner/results/{job}");
    let more = json!({
        "fileUrl": format!("http://127.0.0.1:8080{url}"), "truncated": false,
        "columns": [{ "reference": "orders_status", "type": "string" }],
    });
    let told = details(&app, &project, &more).await;
    assert_eq!(
        status(&ana, &job).await.ok(),
        json!({ "status": "completed", "details": told })
    );
    let rows = ana.get(&url).await;
    assert_eq!(rows.text, "{\"orders_status\":\"completed\"}\n");
}

#[tokio::test]
async fn a_turned_statement_ends_with_its_columns_and_rows() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let column = |name: &str, r#type| Column {
        name: name.to_owned(),
        r#type,
    };
    let columns = vec![
        column("owner", Type::Text),
        column("amount_sum", Type::Decimal),
        column("amount_count", Type::Integer),
        column("status", Type::Text),
        column("row_index", Type::Integer),
        column("column_index", Type::Integer),
        column("total_columns", Type::Integer),
    ];
    let rows = json!([
        ["ana", "10.5", 1, "paid", 1, 1, 4],
        ["ana", "2", 1, null, 1, 2, 4],
        ["bob", "7", 3, null, 2, 2, 4],
    ]);
    let rows = serde_json::from_value(rows).unwrap();
    app.warehouse.say(Says::Rows(columns, vec![rows]));
    let path = format!("/api/v1/projects/{project}/sqlRunner/runPivotQuery");
    let body = json!({
        "sql": "SELECT owner, status, amount FROM orders", "indexColumn": { "reference": "owner", "type": "category" },
        "valuesColumns": [{ "reference": "amount", "aggregation": "sum" }, { "reference": "amount", "aggregation": "count" }],
        "groupByColumns": [{ "reference": "status" }],
    });
    let job = id(&ana.post(&path).json(&body).await.ok()["jobId"]);
    let mut done = status(&ana, &job).await.ok();
    let url = done["details"]["fileUrl"].take();
    let (_, path) = url.as_str().unwrap().split_once("/api/").unwrap();
    let rows = ana.get(&format!("/api/{path}")).await;
    let lines: Vec<Value> = rows
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            json!({ "owner": "ana", "amount_sum_paid": 10.5, "amount_count_paid": 1, "amount_sum_null": 2, "amount_count_null": 1 }),
            json!({ "owner": "bob", "amount_sum_paid": null, "amount_count_paid": null, "amount_sum_null": 7, "amount_count_null": 3 }),
        ]
    );
    let column = |aggregation: &str, status: Value| {
        let suffix = status.as_str().unwrap_or("null");
        json!({
            "referenceField": "amount", "pivotColumnName": format!("amount_{aggregation}_{suffix}"), "aggregation": aggregation,
            "pivotValues": [{ "referenceField": "status", "value": status }],
        })
    };
    let paid = json!("paid");
    let more = json!({
        "fileUrl": null, "truncated": false, "columnCount": 4, "indexColumn": { "reference": "owner", "type": "category" },
        "valuesColumns": [column("sum", paid.clone()), column("count", paid), column("sum", json!(null)), column("count", json!(null))],
    });
    let told = details(&app, &project, &more).await;
    assert_eq!(done, json!({ "status": "completed", "details": told }));
}

#[tokio::test]
async fn a_query_is_a_job_as_well() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v2/projects/{project}/query/metric-query");
    let asked = ana
        .post(&path)
        .json(&json!({ "query": query() }))
        .await
        .ok();
    let job = id(&asked["queryUuid"]);
    let done = status(&ana, &job).await.ok();
    assert_eq!(done["status"], "completed");
    let url = done["details"]["fileUrl"].as_str().unwrap();
    assert!(url.ends_with(&format!("/query/{job}/results")), "{url}");
}

#[tokio::test]
async fn what_failed_says_why_and_where() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(refuses());
    let job = begin_sql(&ana, &project).await;
    let more = json!({ "error": "column \"x\" does not exist", "lineNumber": 2, "charNumber": 8 });
    let told = details(&app, &project, &more).await;
    assert_eq!(
        status(&ana, &job).await.ok(),
        json!({ "status": "error", "details": told })
    );
    app.warehouse.say(Says::TooLate);
    app.warehouse.say(refuses());
    let job = begin_csv(&ana, &project).await;
    app.work(worker::run).await;
    let failed = status(&ana, &job).await.ok();
    assert_eq!(failed["status"], "error");
    assert_eq!(failed["details"]["lineNumber"], 2);
}

#[tokio::test]
async fn what_was_cancelled_or_given_up_is_an_error() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let job = begin_csv(&ana, &project).await;
    let cancel = format!("/api/v2/projects/{project}/query/{job}/cancel");
    ana.post(&cancel).await.ok();
    let cancelled = status(&ana, &job).await.ok();
    assert_eq!(cancelled["details"]["error"], "The query was cancelled");
    app.work(worker::run).await;
    app.warehouse.say(Says::TooLate);
    let job = begin_sql(&ana, &project).await;
    let (store, now) = (&app.app.store, app.app.clock.now());
    let waiting = store.late_open_jobs().await.unwrap()[0];
    let Taken::Yes(taken) = store.take_job(waiting, now).await.unwrap() else {
        panic!()
    };
    store.park_job(&taken, now).await.unwrap();
    let parked = status(&ana, &job).await.ok();
    assert_eq!(parked["status"], "error");
    assert_eq!(
        parked["details"]["error"],
        "The query could not be run; ask again"
    );
    app.warehouse.say(Says::TooLate);
    let job = begin_sql(&ana, &project).await;
    let waiting = store.late_open_jobs().await.unwrap()[0];
    let Taken::Yes(mut taken) = store.take_job(waiting, now).await.unwrap() else {
        panic!()
    };
    taken.reason = Some("nothing answered".to_owned());
    store.park_job(&taken, now).await.unwrap();
    let parked = status(&ana, &job).await.ok();
    assert_eq!(
        parked["details"]["error"],
        "The query could not be run: nothing answered"
    );
}

#[tokio::test]
async fn a_job_is_for_whoever_began_it_and_developers_see_how_it_goes() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let job = begin_sql(&ana, &project).await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    app.warehouse.say(refuses());
    let refused = begin_sql(&ana, &project).await;
    let csv = begin_csv(&ana, &project).await;
    // Neither the rows nor what the warehouse says of them.
    let told = details(&app, &project, &json!({})).await;
    for (job, goes) in [
        (&job, "completed"),
        (&csv, "completed"),
        (&refused, "error"),
    ] {
        assert_eq!(
            status(&dev, job).await.ok(),
            json!({ "status": goes, "details": told })
        );
    }
    let polled = dev.get(&format!("/api/v1/csv/{csv}")).await;
    assert_eq!(polled.refusal(), "404 NotFoundError");
    let eve = app.admin("eve@other.com", "Other").await;
    let new = app.user("new@nowhere.org").await;
    for (who, refusal) in [
        (&ed, "404 NotFoundError"),
        (&eve, "404 NotFoundError"),
        (&new, "403 ForbiddenError"),
        (&app.anonymous(), "401 AuthorizationError"),
    ] {
        assert_eq!(status(who, &job).await.refusal(), refusal);
    }
    let long = "a".repeat(60_000);
    for id in [
        "..",
        "..%2f..%2fkey",
        "%2e%2e%2fkey",
        "%252e%252e%252fkey",
        &long,
        "00000000-0000-4000-8000-000000000000",
    ] {
        assert_eq!(status(&ana, id).await.refusal(), "404 NotFoundError");
    }
    for id in ["a%00b", &format!("{job}%00")] {
        assert_eq!(status(&ana, id).await.refusal(), "422 ValidateError");
    }
}
