//! What no set names any more is removed, and nothing else.

use serde_json::{Value, json};
use testing::TestApp;

use crate::given::{ANA, explore, names};

fn count(app: &TestApp, prefix: &str) -> usize {
    app.items()
        .keys()
        .filter(|(pk, _)| pk.starts_with(prefix))
        .count()
}

#[tokio::test]
async fn ten_sets_are_kept_and_what_older_ones_named_goes() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let list = format!("/api/v1/projects/{}/explores", project.id);
    for round in 0..15 {
        let sent = json!([
            explore("orders", &format!("m{round}")),
            explore("same", "a")
        ]);
        ana.put(&list).json(&sent).await.ok();
        app.wait(1);
    }
    assert_eq!(count(&app, "BODY#"), 16);
    app.work(worker::run).await;
    assert_eq!(count(&app, "BODY#"), 16);
    app.wait(60 * 4);
    app.work(worker::run).await;
    // Ten sets, each with an explore of its own, and the one of all.
    assert_eq!(count(&app, "BODY#"), 11);
    assert_eq!(
        ana.get(&format!("{list}/orders")).await.ok()["label"],
        "orders m14"
    );
    assert_eq!(names(&ana.get(&list).await.ok()), ["orders", "same"]);
}

#[tokio::test]
async fn what_a_deploy_that_was_given_up_has_written_goes() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    ana.put(&list)
        .json(&json!([explore("orders", "a")]))
        .await
        .ok();
    let begun = ana
        .post(&format!("/api/v2/projects/{project}/deploy"))
        .await
        .ok();
    let session = begun["deploySessionUuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/projects/{project}/deploy/{session}/batch");
    let sent = json!({"batchNumber": 1, "explores": [explore("lost", "b")]});
    ana.post(&path).json(&sent).await.ok();
    assert_eq!((count(&app, "BODY#"), count(&app, "DEPLOY#")), (2, 2));
    app.wait(60 * 4);
    app.work(worker::run).await;
    assert_eq!((count(&app, "BODY#"), count(&app, "DEPLOY#")), (1, 0));
    assert_eq!(names(&ana.get(&list).await.ok()), ["orders"]);
}

/// A batch left an explore out, as the set that counted had it; then others deploy without it, and time goes by.
#[tokio::test]
async fn what_a_batch_relies_on_is_there_when_it_is_finalised() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    ana.put(&list)
        .json(&json!([explore("kept", "a")]))
        .await
        .ok();
    app.wait(60 * 5);
    let begun = ana
        .post(&format!("/api/v2/projects/{project}/deploy"))
        .await
        .ok();
    let session = begun["deploySessionUuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/projects/{project}/deploy/{session}");
    let sent = json!({"batchNumber": 1, "explores": [explore("kept", "a")]});
    ana.post(&format!("{path}/batch")).json(&sent).await.ok();
    for round in 0..12 {
        ana.put(&list)
            .json(&json!([explore("other", &format!("m{round}"))]))
            .await
            .ok();
    }
    app.wait(30);
    // The sweep of the very first deploy is long due.
    app.work(worker::run).await;
    ana.post(&format!("{path}/finalize")).await.ok();
    assert_eq!(
        ana.get(&format!("{list}/kept")).await.ok()["label"],
        "kept a"
    );
    assert_eq!(names(&ana.get(&list).await.ok()), ["kept"]);
}

#[tokio::test]
async fn a_deleted_project_leaves_nothing_of_its_explores() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    let many: Vec<Value> = (0..40).map(|at| explore(&format!("e{at}"), "a")).collect();
    ana.put(&list).json(&json!(many)).await.ok();
    let begun = ana
        .post(&format!("/api/v2/projects/{project}/deploy"))
        .await
        .ok();
    let session = begun["deploySessionUuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/projects/{project}/deploy/{session}/batch");
    ana.post(&path)
        .json(&json!({"batchNumber": 1, "explores": [explore("x", "b")]}))
        .await
        .ok();
    ana.delete(&format!("/api/v1/org/projects/{project}"))
        .await
        .ok();
    app.work(worker::run).await;
    app.wait(60 * 8);
    app.work(worker::run).await;
    let left: Vec<_> = app
        .items()
        .into_keys()
        .filter(|(pk, sk)| pk.contains(&project) || pk.contains(&session) || sk.contains(&project))
        .collect();
    assert_eq!(left, []);
}
