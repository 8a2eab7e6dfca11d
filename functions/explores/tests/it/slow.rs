//! Queries that the worker answers.

use std::{io::ErrorKind, net::TcpListener, time::Duration};

use app::{
    domain::{
        id::{JobId, QueryId},
        job::Task,
    },
    store::Taken,
};
use serde_json::json;
use testing::{Says, TestApp};
use tokio::{task::yield_now, time::timeout};
use warehouse::Error;

use crate::{
    given::ANA,
    shop::{ask, by_status, every_order, numbers, open, queries, raw},
};

/// Far more than anything here takes; what is slower hangs.
const HANGS: Duration = Duration::from_secs(30);

/// The jobs that ask, the soonest due first; those that sweep explores are due later.
async fn waiting(app: &TestApp) -> Vec<JobId> {
    let store = &app.app.store;
    let mut asking = Vec::new();
    for id in store.late_open_jobs().await.unwrap() {
        let job = store.job(id).await.unwrap().unwrap();
        if matches!(job.task, Task::RunQuery { .. }) {
            asking.push(id);
        }
    }
    asking
}

#[tokio::test]
async fn a_slow_query_is_pending_until_the_worker_has_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    let id = query.rsplit('/').next().unwrap();
    let pending = json!({ "queryUuid": id, "status": "pending" });
    assert_eq!(ana.get(&query).await.ok(), pending);
    let none = json!({});
    for early in [
        ana.post(&format!("{query}/download")).json(&none).await,
        ana.get(&format!("{query}/results")).await,
    ] {
        assert_eq!(early.refusal(), "409 AlreadyProcessingError");
        assert_eq!(
            early.json()["error"]["message"],
            "Query is not ready yet; ask again in a moment"
        );
    }
    app.work(worker::run).await;
    let page = ana.get(&query).await.ok();
    assert_eq!(page["status"], "ready");
    let ids = ["orders_status", "orders_count", "orders_revenue"];
    assert_eq!(
        json!(raw(&page["rows"], &ids)),
        json!([
            ["=1+1", 1, 100],
            ["completed", 3, 30.5],
            ["returned", 1, 5.25]
        ])
    );
    let times: Vec<u128> = app
        .warehouse
        .asked()
        .iter()
        .map(|one| one.time.as_millis())
        .collect();
    assert_eq!(times, [800, 230_000]);
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn a_job_that_comes_twice_is_done_once() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    let job = waiting(&app).await[0];
    let (one, other) = tokio::join!(worker::run(&app.app, job), worker::run(&app.app, job));
    one.unwrap();
    other.unwrap();
    worker::run(&app.app, job).await.unwrap();
    assert_eq!(ana.get(&query).await.ok()["status"], "ready");
    // At once, and by the worker.
    assert_eq!(app.warehouse.asked().len(), 2);
}

#[tokio::test]
async fn what_the_warehouse_says_to_the_worker_is_told() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    app.warehouse.say(Says::Refuses(Error::Query {
        message: "division by zero".to_owned(),
        line: Some(2),
        character: Some(5),
    }));
    let query = ask(&ana, &project, &by_status()).await;
    app.work(worker::run).await;
    let id = query.rsplit('/').next().unwrap();
    assert_eq!(
        ana.get(&query).await.ok(),
        json!({
            "queryUuid": id, "status": "error", "error": "division by zero", "errorData": { "lineNumber": 2, "charNumber": 5 },
        })
    );
    let none = json!({});
    let lines = query
        .replace("/v2/", "/v1/")
        .replace("/query/", "/sqlRunner/results/");
    for refused in [
        ana.get(&format!("{query}/results")).await,
        ana.post(&format!("{query}/download")).json(&none).await,
        ana.get(&lines).await,
    ] {
        assert_eq!(
            refused.json()["error"],
            json!({
                "statusCode": 400, "name": "WarehouseQueryError", "message": "division by zero",
                "data": { "lineNumber": 2, "charNumber": 5 },
            })
        );
    }
    let failed = ana.post(&format!("{query}/cancel")).await;
    failed.ok();
    assert_eq!(ana.get(&query).await.ok()["status"], "error");
    // An answer, not a fault: nobody tries again.
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn a_job_that_was_given_up_is_an_error_with_its_reason() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    let (store, now) = (&app.app.store, app.app.clock.now());
    let job = waiting(&app).await[0];
    let Taken::Yes(taken) = store.take_job(job, now).await.unwrap() else {
        panic!()
    };
    store.park_job(&taken, now).await.unwrap();
    let id = query.rsplit('/').next().unwrap();
    assert_eq!(
        ana.get(&query).await.ok(),
        json!({ "queryUuid": id, "status": "error", "error": "The query could not be run; ask again" })
    );
    let results = ana.get(&format!("{query}/results")).await;
    assert_eq!(results.refusal(), "400 ParameterError");
    assert_eq!(
        results.json()["error"]["message"],
        "The query could not be run; ask again"
    );
}

#[tokio::test]
async fn what_takes_longer_than_the_worker_may_is_an_error() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    app.work(worker::run).await;
    let page = ana.get(&query).await.ok();
    assert_eq!(page["status"], "error");
    assert_eq!(page["error"], "the query took longer than 230 seconds");
}

#[tokio::test]
async fn a_cancelled_query_is_never_asked() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    let cancel = format!("{query}/cancel");
    for _ in 0..2 {
        let done = ana.post(&cancel).await;
        // Null, and there: some clients look for it.
        assert_eq!(done.text, r#"{"status":"ok","results":null}"#);
    }
    app.work(worker::run).await;
    let id = query.rsplit('/').next().unwrap();
    let cancelled = json!({ "queryUuid": id, "status": "cancelled" });
    assert_eq!(ana.get(&query).await.ok(), cancelled);
    assert_eq!(app.warehouse.asked().len(), 1);
    let results = ana.get(&format!("{query}/results")).await;
    assert_eq!(results.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn cancelling_stops_the_statement_at_the_warehouse() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    app.warehouse.say(Says::Nothing);
    let query = ask(&ana, &project, &by_status()).await;
    let job = waiting(&app).await[0];
    let cancel = async {
        while app.warehouse.asked().len() < 2 {
            tokio::task::yield_now().await;
        }
        ana.post(&format!("{query}/cancel")).await.ok();
    };
    let (done, ()) = tokio::join!(worker::run(&app.app, job), cancel);
    done.unwrap();
    assert_eq!(app.warehouse.stopped(), 1);
    assert_eq!(ana.get(&query).await.ok()["status"], "cancelled");
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn cancelling_what_is_answered_changes_nothing() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let query = ask(&ana, &project, &by_status()).await;
    ana.post(&format!("{query}/cancel")).await.ok();
    assert_eq!(ana.get(&query).await.ok()["status"], "ready");
}

#[tokio::test]
async fn a_statement_that_never_answers_at_once_is_given_up_for_the_worker() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::Nothing);
    app.warehouse.say(numbers(3));
    let query = ask(&ana, &project, &every_order()).await;
    assert_eq!(app.warehouse.stopped(), 1);
    app.work(worker::run).await;
    assert_eq!(ana.get(&query).await.ok()["totalResults"], 3);
}

#[tokio::test]
async fn the_queries_of_a_project_that_is_gone_end() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    ana.delete(&format!("/api/v1/org/projects/{project}"))
        .await
        .ok();
    app.work(worker::run).await;
    assert_eq!(ana.get(&query).await.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn a_query_that_ends_worker_after_worker_is_an_error() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    let job = waiting(&app).await[0];
    for _ in 0..8 {
        // Somebody takes it and is never heard of again.
        let now = app.app.clock.now();
        let taken = app.app.store.take_job(job, now).await.unwrap();
        assert!(matches!(taken, Taken::Yes(_)));
        app.wait(6);
    }
    app.work(worker::run).await;
    let id = query.rsplit('/').next().unwrap();
    assert_eq!(
        ana.get(&query).await.ok(),
        json!({
            "queryUuid": id, "status": "error", "error": "The query stopped the worker again and again; ask for less",
        })
    );
    assert_eq!(app.warehouse.asked().len(), 1);
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn a_query_whose_workers_were_lost_a_few_times_is_answered() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    let job = waiting(&app).await[0];
    for _ in 0..7 {
        let now = app.app.clock.now();
        let taken = app.app.store.take_job(job, now).await.unwrap();
        assert!(matches!(taken, Taken::Yes(_)));
        app.wait(6);
    }
    app.work(worker::run).await;
    assert_eq!(ana.get(&query).await.ok()["status"], "ready");
}

#[tokio::test]
async fn a_query_that_is_paid_for_is_not_tried_within_the_request() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let trino = TcpListener::bind("127.0.0.1:0").unwrap();
    trino.set_nonblocking(true).unwrap();
    let port = trino.local_addr().unwrap().port();
    let made = json!({
        "name": "Jaffle", "type": "DEFAULT", "dbtVersion": "v1.9", "dbtConnection": { "type": "none" },
        "warehouseConnection": {
            "type": "trino", "host": "127.0.0.1", "port": port, "dbname": "d", "schema": "s", "http_scheme": "http", "user": "u",
            "password": "",
        },
    });
    let made = ana.post("/api/v1/org/projects").json(&made).await.ok();
    let queries = queries(made["project"]["projectUuid"].as_str().unwrap());
    let body = json!({ "sql": "SELECT 1" });
    let asked = ana.post(&format!("{queries}/sql")).json(&body).await.ok();
    let query = format!("{queries}/{}", asked["queryUuid"].as_str().unwrap());
    assert_eq!(ana.get(&query).await.ok()["status"], "pending");
    // Nobody has called.
    let called = trino.accept().unwrap_err();
    assert_eq!(called.kind(), ErrorKind::WouldBlock);
    assert_eq!(waiting(&app).await.len(), 1);
}

#[tokio::test]
async fn a_query_whose_turn_does_not_come_is_put_off_as_often_as_need_be() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &by_status()).await;
    let id = waiting(&app).await[0];
    let before = app.app.store.job(id).await.unwrap().unwrap();
    let whose = before.whose.unwrap().to_string();
    let turns = &app.app.warehouses.turns;
    let held = [turns.wait(&whose).await, turns.wait(&whose).await];
    // More often than a worker may be lost over a query, or than a job may fail.
    for _ in 0..12 {
        let now = app.app.clock.now();
        let then = worker::run_within(&app.app, id, Duration::ZERO).await;
        assert_eq!(then.unwrap(), Some(now + Duration::from_secs(5)));
        app.wait(1);
    }
    let job = app.app.store.job(id).await.unwrap().unwrap();
    assert_eq!((job.attempts, job.failures), (0, 0));
    drop(held);
    app.work(worker::run).await;
    assert_eq!(ana.get(&query).await.ok()["status"], "ready");
}

#[tokio::test]
async fn who_asks_for_little_does_not_wait_for_who_asks_for_much() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let bob = app.in_role("bob@acme.com", "editor").await;
    for _ in 0..20 {
        app.warehouse.say(Says::TooLate);
        ask(&ana, &project, &by_status()).await;
    }
    // None of hers is ever answered.
    app.warehouse.always(Says::Nothing);
    let (jobs, new) = local::jobs::Jobs::new();
    let worker = tokio::spawn(jobs.run(app.app.clone()));
    let two_run = async {
        while app.warehouse.asked().len() < 20 + 2 {
            yield_now().await;
        }
    };
    timeout(HANGS, two_run).await.unwrap();

    app.warehouse.say(Says::TooLate);
    app.warehouse.say(numbers(3));
    let query = ask(&bob, &project, &every_order()).await;
    let id = QueryId::parse(query.rsplit('/').next().unwrap()).unwrap();
    let found = app.app.store.query(id, app.app.clock.now()).await.unwrap();
    new.send(found.unwrap().job.unwrap()).unwrap();
    let answered = async {
        while bob.get(&query).await.ok()["status"] != "ready" {
            yield_now().await;
        }
    };
    timeout(HANGS, answered).await.unwrap();
    // Of hers, no more than two were begun.
    assert_eq!(app.warehouse.asked().len(), 20 + 2 + 2);
    worker.abort();
}
