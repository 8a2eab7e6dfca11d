//! Files of a query's rows that the worker makes.

use app::{
    domain::{
        id::JobId,
        job::{Job, Task},
    },
    store::Taken,
};
use serde_json::{Value, json};
use testing::{Actor, Says, TestApp};

use crate::shop::{ask, every_order, explore, file, numbers, open, queries};

/// The jobs that somebody polls.
async fn waiting(app: &TestApp) -> Vec<JobId> {
    let store = &app.app.store;
    let mut work = Vec::new();
    for id in store.late_open_jobs().await.unwrap() {
        let job = store.job(id).await.unwrap().unwrap();
        if matches!(job.task, Task::Work { .. }) {
            work.push(id);
        }
    }
    work
}

/// Somebody takes the job and is never heard of again.
async fn taken(app: &TestApp, job: JobId) -> Job {
    match app.app.store.take_job(job, app.app.clock.now()).await {
        Ok(Taken::Yes(job)) => *job,
        other => panic!("not taken: {other:?}"),
    }
}

fn wanted() -> Value {
    json!({ "type": "csv", "onlyRaw": true, "byteOrderMark": false, "customLabels": { "a": "A", "b": "B", "c": "C" } })
}

async fn begin(who: &Actor<'_>, query: &str, wanted: &Value) -> String {
    let path = format!("{query}/schedule-download");
    let begun = who.post(&path).json(wanted).await.ok();
    begun["jobId"].as_str().unwrap().to_owned()
}

async fn status(who: &Actor<'_>, job: &str) -> Value {
    let path = format!("/api/v1/schedulers/job/{job}/status");
    who.get(&path).await.ok()
}

/// Ana, and three rows of hers.
async fn asked(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, project) = open(app).await;
    app.warehouse.say(numbers(3));
    let query = ask(&ana, &project, &every_order()).await;
    (ana, query)
}

#[tokio::test]
async fn a_file_that_was_begun_is_polled_and_answered_by_the_same_request() {
    let app = TestApp::new(local::api()).await;
    let (ana, query) = asked(&app).await;
    let job = begin(&ana, &query, &wanted()).await;
    assert_eq!(status(&ana, &job).await["status"], "scheduled");
    let early = ana.post(&format!("{query}/download")).json(&wanted());
    assert_eq!(
        early.await.json()["error"],
        json!({
            "statusCode": 400, "name": "TimeoutError", "data": { "jobId": job },
            "message": "The file is not there yet, and goes on being made: GET /api/v1/schedulers/job/{jobId}/status tells when it is, \
                        and the same request answers it then",
        })
    );

    app.work(worker::run).await;
    let done = status(&ana, &job).await;
    assert_eq!(
        (&done["status"], &done["details"]["truncated"]),
        (&json!("completed"), &json!(false))
    );
    let polled = done["details"]["fileUrl"].as_str().unwrap();
    assert_eq!(file(&app, polled).await, "order_id\n0\n1\n2\n");
    let made = ana.post(&format!("{query}/download")).json(&wanted());
    let made = made.await.ok();
    let of = |url: &str| {
        let token = url.rsplit('/').next().unwrap();
        let link = app.app.files.follow(token, app.app.clock.now()).unwrap();
        link.file.as_str().to_owned()
    };
    let name = of(polled);
    assert_eq!(of(made["fileUrl"].as_str().unwrap()), name);
    // Nothing that anybody is told leads to it but the link.
    let id = query.rsplit('/').next().unwrap();
    let tag = name.rsplit_once(&format!("{id}-")).unwrap().1;
    assert!(tag.len() > 20, "{name}");
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn the_same_file_is_begun_once_and_another_one_is_another() {
    let app = TestApp::new(local::api()).await;
    let (ana, query) = asked(&app).await;
    let once = wanted();
    let (one, other) = tokio::join!(begin(&ana, &query, &once), begin(&ana, &query, &once));
    assert_eq!(one, other);
    assert_eq!(begin(&ana, &query, &once).await, one);
    assert_eq!(waiting(&app).await.len(), 1);
    let lines = begin(&ana, &query, &json!({})).await;
    assert_ne!(lines, one);
    app.work(worker::run).await;
    assert_eq!(begin(&ana, &query, &once).await, one);
    let done = status(&ana, &lines).await;
    let text = file(&app, done["details"]["fileUrl"].as_str().unwrap()).await;
    assert_eq!(text.lines().next(), Some("{\"orders_order_id\":0}"));
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn rows_of_a_statement_are_taken_away_as_well() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(numbers(2));
    let path = format!("{}/sql", queries(&project));
    let body = json!({ "sql": "SELECT order_id AS orders_order_id FROM orders" });
    let asked = ana.post(&path).json(&body).await.ok();
    let query = format!(
        "{}/{}",
        queries(&project),
        asked["queryUuid"].as_str().unwrap()
    );
    let job = begin(&ana, &query, &wanted()).await;
    app.work(worker::run).await;
    let done = status(&ana, &job).await;
    let text = file(&app, done["details"]["fileUrl"].as_str().unwrap()).await;
    assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), ["0", "1"]);
}

#[tokio::test]
async fn many_rows_are_a_job_at_once_and_no_other_job_waits_behind_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, query) = asked(&app).await;
    let mut items = app.items().into_values();
    let small = items.find(|item| item["kind"]["S"] == "query").unwrap();
    let mut large = small.clone();
    large["outcome"]["M"]["bytes"]["N"] = json!("100000000");
    app.put_item(&large);

    let download = format!("{query}/download");
    let refused = ana.post(&download).json(&wanted()).await;
    assert_eq!(refused.refusal(), "400 TimeoutError");
    let job = refused.json()["error"]["data"]["jobId"].clone();
    let waits = waiting(&app).await;
    let [waits] = waits[..] else {
        panic!("one job, not {waits:?}")
    };
    let now = app.app.clock.now();
    assert_eq!(worker::run(&app.app, waits).await.unwrap(), Some(now));
    let job = job.as_str().unwrap();
    assert_eq!(status(&ana, job).await["status"], "scheduled");

    app.put_item(&small);
    app.work(worker::run).await;
    assert_eq!(status(&ana, job).await["status"], "completed");
    let made = ana.post(&download).json(&wanted()).await.ok();
    let text = file(&app, made["fileUrl"].as_str().unwrap()).await;
    assert_eq!(text, "order_id\n0\n1\n2\n");
}

#[tokio::test]
async fn a_file_whose_workers_were_lost_is_made_until_there_were_too_many() {
    for (lost, goes) in [(7, "completed"), (8, "error")] {
        let app = TestApp::new(local::api()).await;
        let (ana, query) = asked(&app).await;
        let job = begin(&ana, &query, &wanted()).await;
        let waits = waiting(&app).await[0];
        for _ in 0..lost {
            taken(&app, waits).await;
            app.wait(6);
        }
        app.work(worker::run).await;
        let done = status(&ana, &job).await;
        assert_eq!(done["status"], goes, "{done}");
        if goes == "error" {
            assert_eq!(
                done["details"]["error"],
                "The file stopped the worker again and again; ask for less"
            );
            assert_eq!(done["details"].get("fileUrl"), None);
        }
        assert!(waiting(&app).await.is_empty());
    }
}

#[tokio::test]
async fn a_file_that_was_given_up_is_begun_anew_a_few_times() {
    let app = TestApp::new(local::api()).await;
    let (ana, query) = asked(&app).await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let job = begin(&ana, &query, &wanted()).await;
        assert!(!jobs.contains(&job));
        let mut taken = taken(&app, waiting(&app).await[0]).await;
        taken.reason = Some("no files".to_owned());
        let now = app.app.clock.now();
        app.app.store.park_job(&taken, now).await.unwrap();
        let parked = status(&ana, &job).await;
        assert_eq!(parked["status"], "error");
        let why = &parked["details"]["error"];
        assert_eq!(why, "The job could not be run: no files");
        jobs.push(job);
    }
    for way in ["schedule-download", "download"] {
        let path = format!("{query}/{way}");
        let refused = ana.post(&path).json(&wanted()).await;
        assert_eq!(refused.refusal(), "400 ParameterError");
        assert_eq!(
            refused.json()["error"]["message"],
            "The job could not be run: no files"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_a_file_says_why_and_is_not_tried_again() {
    let app = TestApp::new(local::api()).await;
    let (ana, query) = asked(&app).await;
    let hidden = json!({ "type": "csv", "hiddenFields": ["orders_order_id"] });
    let job = begin(&ana, &query, &hidden).await;
    app.work(worker::run).await;
    let failed = status(&ana, &job).await;
    assert_eq!(failed["status"], "error");
    assert_eq!(failed["details"]["error"], "Every column is hidden");
    let refused = ana.post(&format!("{query}/download")).json(&hidden).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    assert_eq!(begin(&ana, &query, &hidden).await, job);
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn a_file_is_its_owners() {
    let app = TestApp::new(local::api()).await;
    let (ana, query) = asked(&app).await;
    let job = begin(&ana, &query, &wanted()).await;
    app.work(worker::run).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let path = format!("{query}/schedule-download");
    let refused = dev.post(&path).json(&wanted()).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
    let seen = status(&dev, &job).await;
    assert_eq!(seen["status"], "completed");
    assert_eq!(seen["details"].get("fileUrl"), None);
    let none = "00000000-0000-4000-8000-000000000000";
    let (before, _) = query.rsplit_once('/').unwrap();
    let missing = format!("{before}/{none}/schedule-download");
    let refused = ana.post(&missing).json(&wanted()).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn there_is_no_file_of_rows_that_are_not_there_yet() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let query = ask(&ana, &project, &every_order()).await;
    let path = format!("{query}/schedule-download");
    let early = ana.post(&path).json(&wanted()).await;
    assert_eq!(early.refusal(), "409 AlreadyProcessingError");
    assert!(waiting(&app).await.is_empty());
}

#[tokio::test]
async fn the_job_of_a_csv_file_is_no_query_with_rows() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(numbers(3));
    let mut body = every_order();
    for (key, value) in [
        ("onlyRaw", json!(true)),
        ("showTableNames", json!(false)),
        ("columnOrder", json!([])),
    ] {
        body[key] = value;
    }
    let path = format!("{}/downloadCsv", explore(&project));
    let begun = ana.post(&path).json(&body).await.ok();
    app.work(worker::run).await;
    let job = begun["jobId"].as_str().unwrap();
    assert_eq!(status(&ana, job).await["status"], "completed");
    let query = format!("{}/{job}", queries(&project));
    let lines = format!("/api/v1/projects/{project}/sqlRunner/results/{job}");
    for path in [query.clone(), format!("{query}/results"), lines] {
        let refused = ana.get(&path).await;
        assert_eq!(refused.refusal(), "404 NotFoundError", "{path}");
    }
    for path in ["download", "schedule-download"] {
        let path = format!("{query}/{path}");
        let refused = ana.post(&path).json(&wanted()).await;
        assert_eq!(refused.refusal(), "404 NotFoundError", "{path}");
    }
    assert!(waiting(&app).await.is_empty());
}
