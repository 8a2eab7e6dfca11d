use app::{
    Timestamp,
    domain::{
        access::ProjectRole,
        id::JobId,
        job::{ATTEMPTS, Job},
    },
    store::Taken,
};
use serde_json::json;
use testing::TestApp;
use tokio::task::JoinSet;

/// An installation with one job: a mail to Bob.
async fn with_a_mail() -> (TestApp, JobId) {
    let app = TestApp::new(local::api()).await;
    {
        let ana = app.admin("ana@example.com", "Acme").await;
        app.viewer("bob@example.com").await;
        let project = app.project("ana@example.com", "Jaffle").await;
        let body = json!({ "email": "bob@example.com", "role": "viewer", "sendEmail": true });
        let path = format!("/api/v1/projects/{}/access", project.id);
        ana.post(&path).json(&body).await.ok();
    }
    let open = app.app.store.late_open_jobs().await.unwrap();
    let [job] = open.as_slice() else {
        panic!("one job, not {open:?}")
    };
    let job = *job;
    (app, job)
}

fn mails(app: &TestApp) -> usize {
    let to_bob = |mail: &&String| mail.contains("To: <bob@example.com>");
    app.mails().iter().filter(to_bob).count()
}

async fn taken(app: &TestApp, job: JobId) -> Job {
    match app.app.store.take_job(job, app.app.clock.now()).await {
        Ok(Taken::Yes(job)) => *job,
        other => panic!("not taken: {other:?}"),
    }
}

async fn open(app: &TestApp) -> Vec<JobId> {
    app.app.store.late_open_jobs().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_done_once_however_many_workers_hear_of_it() {
    for _ in 0..20 {
        let (app, job) = with_a_mail().await;
        let mut workers = JoinSet::new();
        for _ in 0..8 {
            let app = app.app.clone();
            workers.spawn(async move { worker::run(&app, job).await });
        }
        while let Some(done) = workers.join_next().await {
            done.unwrap().unwrap();
        }
        assert_eq!((mails(&app), open(&app).await.len()), (1, 0));
    }
}

#[tokio::test]
async fn a_job_of_a_worker_that_died_is_done_when_its_lease_is_over() {
    let (app, job) = with_a_mail().await;
    taken(&app, job).await;

    let then: Option<Timestamp> = worker::run(&app.app, job).await.unwrap();
    assert_eq!(then.unwrap().to_string(), "2026-01-31T09:35:00.000Z");
    assert_eq!(mails(&app), 0);

    app.wait(5);
    assert_eq!(worker::run(&app.app, job).await.unwrap(), None);
    assert_eq!((mails(&app), open(&app).await.len()), (1, 0));
}

#[tokio::test]
async fn a_worker_that_stays_at_a_job_keeps_it() {
    let (app, job) = with_a_mail().await;
    let first = taken(&app, job).await;
    let store = &app.app.store;
    app.wait(4);
    store.keep_job(&first, app.app.clock.now()).await.unwrap();
    app.wait(4);
    let then = worker::run(&app.app, job).await.unwrap();
    assert_eq!(then.unwrap().to_string(), "2026-01-31T09:39:00.000Z");

    app.wait(1);
    let second = taken(&app, job).await;
    let now = app.app.clock.now();
    assert!(store.keep_job(&first, now).await.is_err());
    store.finish_job(&second).await.unwrap();
    // It is over: nobody can be at it.
    assert!(store.keep_job(&second, now).await.is_err());
    assert!(app.items().values().all(|item| item["kind"]["S"] != "job"));
}

#[tokio::test]
async fn who_has_lost_a_job_can_neither_end_it_nor_let_it_go() {
    let (app, job) = with_a_mail().await;
    let first = taken(&app, job).await;
    app.wait(5);
    let second = taken(&app, job).await;

    let (store, now) = (&app.app.store, app.app.clock.now());
    assert!(store.finish_job(&first).await.is_err());
    assert!(store.put_off_job(&first, now).await.is_err());
    assert!(store.park_job(&first, now).await.is_err());
    assert_eq!(open(&app).await, [job]);
    store.finish_job(&second).await.unwrap();
    assert!(open(&app).await.is_empty());
}

#[tokio::test]
async fn a_mail_that_cannot_leave_is_tried_again_later_and_later() {
    let (app, job) = with_a_mail().await;
    app.break_mail();
    let mut waits = Vec::new();
    let mut last = app.app.clock.now();
    while let Some(then) = worker::run(&app.app, job).await.unwrap() {
        waits.push(then.since(last).as_secs());
        app.app.clock.advance(then.since(app.app.clock.now()));
        last = app.app.clock.now();
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900]);
    assert_eq!(waits.len() + 1, ATTEMPTS as usize);

    // It was given up: nobody is called back, and it can be looked at.
    app.mend_mail();
    assert_eq!(worker::run(&app.app, job).await.unwrap(), None);
    assert_eq!((mails(&app), open(&app).await.len()), (0, 0));
    let parked = app
        .items()
        .into_values()
        .find(|item| item["kind"]["S"] == "job");
    let parked = parked.expect("the job that was given up");
    assert_eq!(parked["failedAt"]["S"], json!(last));
    // Nothing of what is behind it.
    assert_eq!(
        parked["reason"]["S"],
        "what it needs did not answer, however often it was tried"
    );
    assert!(parked["ttl"]["N"].is_string());
}

#[tokio::test]
async fn a_mail_goes_out_once_it_can() {
    let (app, job) = with_a_mail().await;
    app.break_mail();
    let then = worker::run(&app.app, job).await.unwrap().unwrap();
    app.mend_mail();
    // Not before it is due.
    assert_eq!(worker::run(&app.app, job).await.unwrap(), Some(then));
    app.wait(1);
    assert_eq!(worker::run(&app.app, job).await.unwrap(), None);
    assert_eq!(mails(&app), 1);
}

#[tokio::test]
async fn a_job_that_is_not_there_is_over() {
    let app = TestApp::new(local::api()).await;
    let job = JobId::new(&app.app.random);
    assert_eq!(worker::run(&app.app, job).await.unwrap(), None);
    assert!(app.items().is_empty());
}

#[tokio::test]
async fn what_lost_its_reason_is_not_mailed() {
    let (app, job) = with_a_mail().await;
    let project = app.project("ana@example.com", "Other").await;
    let _ = (project, ProjectRole::Viewer);
    let items = app.items();
    let head = items
        .iter()
        .find(|(_, item)| item["kind"]["S"] == "project" && item["name"]["S"] == "Jaffle");
    let mut gone = head.expect("the project").1.clone();
    gone["deletedAt"] = json!({ "S": app.app.clock.now() });
    app.put_item(&gone);
    assert_eq!(worker::run(&app.app, job).await.unwrap(), None);
    assert_eq!(mails(&app), 0);
}

#[tokio::test]
async fn a_process_that_is_alone_need_not_wait_for_the_lease_of_the_one_before() {
    let (app, job) = with_a_mail().await;
    let dead = taken(&app, job).await;
    app.app.store.release_job(job).await.unwrap();
    assert_eq!(worker::run(&app.app, job).await.unwrap(), None);
    assert_eq!(mails(&app), 1);
    assert!(app.app.store.finish_job(&dead).await.is_err());
    // One that is done is nothing to let go of.
    app.app.store.release_job(job).await.unwrap();
    assert!(app.items().values().all(|item| item["kind"]["S"] != "job"));
}
