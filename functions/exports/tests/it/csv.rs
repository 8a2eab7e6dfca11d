use app::store::Taken;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Says, TestApp};
use warehouse::Error;

use crate::given::{begin, downloaded, open, path, poll, rows, waiting};

#[tokio::test]
async fn a_quick_file_is_there_when_it_is_first_asked_for() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let job = begin(&ana, &project, &json!({})).await;
    let answer = poll(&ana, &job).await;
    assert_eq!(answer.header("x-truncated"), Some("false"));
    let told = answer.ok();
    assert_eq!(
        (&told["status"], &told["truncated"]),
        (&json!("completed"), &json!(false))
    );
    let url = told["url"].as_str().unwrap();
    let begins = format!("http://127.0.0.1:8080/api/v1/projects/{project}/csv/");
    assert!(url.starts_with(&begins), "{url}");
    // Whoever has the link has the file.
    let file = app.anonymous().get(&path(&told["url"])).await;
    let text = file.text.strip_prefix('\u{feff}').unwrap();
    assert_snapshot!(text.replace('\r', "<CR>").replace('\t', "<TAB>"), @r#"
    Status,Revenue
    completed,$30.50
    '=1+1,-$100.00
    '+49 30,$0.00
    '-x,
    '@sum,$1.00
    '<TAB>x,$1.00
    "'<CR>x",$1.00
    "say ""so"", now",$1.00
    "#);
}

#[tokio::test]
async fn a_slow_file_is_scheduled_then_started_then_there() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let job = begin(&ana, &project, &json!({})).await;
    let is = |status: &str| json!({ "url": "", "status": status, "truncated": false });
    assert_eq!(poll(&ana, &job).await.ok(), is("scheduled"));
    let (store, now) = (&app.app.store, app.app.clock.now());
    let taken = store.take_job(waiting(&app).await, now).await.unwrap();
    let Taken::Yes(taken) = taken else { panic!() };
    assert_eq!(poll(&ana, &job).await.ok(), is("started"));
    store.put_off_job(&taken, now).await.unwrap();
    app.work(worker::run).await;
    assert_eq!(poll(&ana, &job).await.ok()["status"], "completed");
}

#[tokio::test]
async fn a_file_that_failed_is_not_there_and_says_why() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let refuses = || {
        Says::Refuses(Error::Query {
            message: "division by zero".to_owned(),
            line: Some(2),
            character: None,
        })
    };
    app.warehouse.say(refuses());
    let job = begin(&ana, &project, &json!({})).await;
    assert_snapshot!(poll(&ana, &job).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "division by zero",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    // The same from the worker.
    app.warehouse.say(Says::TooLate);
    app.warehouse.say(refuses());
    let job = begin(&ana, &project, &json!({})).await;
    app.work(worker::run).await;
    let answer = poll(&ana, &job).await;
    assert_eq!(answer.refusal(), "404 NotExistsError");
    assert_eq!(answer.json()["error"]["message"], "division by zero");
}

#[tokio::test]
async fn a_file_that_the_worker_gave_up_failed() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let job = begin(&ana, &project, &json!({})).await;
    let (store, now) = (&app.app.store, app.app.clock.now());
    let taken = store.take_job(waiting(&app).await, now).await.unwrap();
    let Taken::Yes(taken) = taken else { panic!() };
    store.park_job(&taken, now).await.unwrap();
    assert_eq!(poll(&ana, &job).await.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn rows_that_are_left_out_are_told_in_the_body_the_header_and_the_name() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    // Two columns of 100,000 cells.
    let many = vec![("x", json!("1")); 50_001];
    app.warehouse.say(rows(many));
    let job = begin(&ana, &project, &json!({})).await;
    let answer = poll(&ana, &job).await;
    assert_eq!(answer.header("x-truncated"), Some("true"));
    let told = answer.ok();
    assert_eq!(told["truncated"], true);
    let file = app.anonymous().get(&path(&told["url"])).await;
    assert_eq!(file.text.lines().count(), 50_001);
    assert_eq!(
        file.header("content-disposition"),
        Some(
            "attachment; filename=\"csv-incomplete_results-orders-2026-01-31-09-30-00-0000.csv\"; \
             filename*=UTF-8''csv-incomplete_results-orders-2026-01-31-09-30-00-0000.csv"
        )
    );
}

#[tokio::test]
async fn a_file_is_for_whoever_began_it() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let job = begin(&ana, &project, &json!({})).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let new = app.user("new@nowhere.org").await;
    for (who, refusal) in [
        (&dev, "404 NotFoundError"),
        (&eve, "404 NotFoundError"),
        (&new, "403 ForbiddenError"),
        (&app.anonymous(), "401 AuthorizationError"),
    ] {
        assert_eq!(poll(who, &job).await.refusal(), refusal);
    }
    // A query that is no CSV job.
    let other = downloaded(&ana, &project, &json!({ "type": "csv" })).await;
    assert!(other.contains("/csv/"));
    let key = app.items().into_keys().find_map(|(pk, _)| {
        let id = pk.strip_prefix("QUERY#")?;
        (id != job).then(|| id.to_owned())
    });
    let answer = poll(&ana, &key.unwrap()).await;
    assert_eq!(answer.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn whoever_was_let_out_of_the_project_gets_no_link_any_more() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let bob = app.in_role("bob@acme.com", "member").await;
    let access = format!("/api/v1/projects/{project}/access");
    let body = json!({ "email": "bob@acme.com", "role": "editor", "sendEmail": false });
    ana.post(&access).json(&body).await.ok();
    let job = begin(&bob, &project, &json!({})).await;
    assert_eq!(poll(&bob, &job).await.ok()["status"], "completed");
    let id = app.account("bob@acme.com").await.id;
    ana.delete(&format!("{access}/{id}")).await.ok();
    assert_eq!(poll(&bob, &job).await.refusal(), "403 ForbiddenError");
    ana.delete(&format!("/api/v1/org/projects/{project}"))
        .await
        .ok();
    assert_eq!(poll(&bob, &job).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_job_is_found_by_its_id_only_and_for_a_day() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let job = begin(&ana, &project, &json!({})).await;
    let long = "a".repeat(60_000);
    for id in [
        "..",
        "../key",
        "..%2f..%2fkey",
        "%2e%2e%2fkey",
        "%252e%252e%252fkey",
        "..%5ckey",
        "%20",
        "null",
        &format!("{job}%2f.."),
        &format!("{{{job}}}").replace(['{', '}'], "%7b"),
        &job.replace('-', ""),
        &long,
        "00000000-0000-4000-8000-000000000000",
    ] {
        let answer = poll(&ana, id).await;
        assert_eq!(
            answer.refusal(),
            "404 NotFoundError",
            "{}",
            &id[..id.len().min(60)]
        );
    }
    for id in ["a%00b", "%00", &format!("{job}%00")] {
        assert_eq!(poll(&ana, id).await.refusal(), "422 ValidateError", "{id}");
    }
    // Bytes that are no text.
    assert_eq!(poll(&ana, "%ff%fe").await.refusal(), "422 ValidateError");
    let slash = ana.get(&format!("/api/v1/csv/{job}/")).await;
    assert_eq!(slash.status, 200);
    app.wait(24 * 60);
    let body = json!({ "email": crate::given::ANA, "password": testing::PASSWORD });
    ana.post("/api/v1/login").json(&body).await.ok();
    assert_eq!(poll(&ana, &job).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn ten_polls_at_once_get_ten_links_to_one_file() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let job = begin(&ana, &project, &json!({})).await;
    let mut texts = Vec::new();
    let polls = (0..10).map(|_| poll(&ana, &job));
    for answer in futures_util::future::join_all(polls).await {
        let url: Value = answer.ok()["url"].clone();
        texts.push(app.anonymous().get(&path(&url)).await.text);
    }
    assert!(texts.iter().all(|text| *text == texts[0]));
    assert_eq!(app.warehouse.asked().len(), 1);
}
