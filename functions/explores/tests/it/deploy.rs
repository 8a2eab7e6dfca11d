use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
    mpsc,
};

use app::store::embedded::Faults;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::given::{ANA, broken, explore, names};

async fn started(who: &Actor<'_>, project: &str) -> String {
    let path = format!("/api/v2/projects/{project}/deploy");
    let begun = who.post(&path).await.ok();
    format!("{path}/{}", begun["deploySessionUuid"].as_str().unwrap())
}

fn batch(number: u32, explores: &[Value]) -> Value {
    json!({"batchNumber": number, "explores": explores})
}

#[tokio::test]
async fn batches_count_once_they_are_finalised_all_at_once() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    ana.put(&list)
        .json(&json!([explore("old", "a"), explore("same", "a")]))
        .await
        .ok();
    let session = started(&ana, &project).await;
    // Out of order, and the same name twice: the higher number counts.
    let second = batch(2, &[explore("orders", "second"), explore("same", "a")]);
    assert_snapshot!(ana.post(&format!("{session}/batch")).json(&second).await, @r#"
    200 {
      "results": {
        "batchNumber": 2,
        "exploreCount": 2
      },
      "status": "ok"
    }
    "#);
    let first = batch(1, &[explore("orders", "first"), explore("items", "b")]);
    ana.post(&format!("{session}/batch"))
        .json(&first)
        .await
        .ok();
    assert_eq!(names(&ana.get(&list).await.ok()), ["old", "same"]);

    assert_snapshot!(ana.post(&format!("{session}/finalize")).await, @r#"
    200 {
      "results": {
        "exploreCount": 3,
        "status": "completed"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(
        names(&ana.get(&list).await.ok()),
        ["items", "orders", "same"]
    );
    assert_eq!(
        ana.get(&format!("{list}/orders")).await.ok()["label"],
        "orders second"
    );

    // Again: the same answer, and nothing more is taken.
    let before = app.items();
    let again = ana.post(&format!("{session}/finalize")).await.ok();
    assert_eq!(again, json!({"exploreCount": 3, "status": "completed"}));
    let late = ana
        .post(&format!("{session}/batch"))
        .json(&batch(3, &[explore("late", "c")]))
        .await;
    assert_eq!(late.refusal(), "403 ForbiddenError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn attributes_hide_what_could_not_be_compiled_and_came_in_batches() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    let mut secret = broken("secret");
    secret["tables"] = json!({ "secret": { "requiredAttributes": { "team": "sales" } } });
    let session = started(&ana, &project).await;
    ana.post(&format!("{session}/batch"))
        .json(&batch(1, &[secret, broken("open")]))
        .await
        .ok();
    ana.post(&format!("{session}/finalize")).await.ok();
    assert_eq!(names(&ana.get(&list).await.ok()), ["open"]);
    let attribute = json!({"name": "team", "attributeDefault": "sales", "users": [], "groups": []});
    ana.post("/api/v1/org/attributes").json(&attribute).await;
    assert_eq!(names(&ana.get(&list).await.ok()), ["open", "secret"]);
}

#[tokio::test]
async fn a_batch_that_comes_twice_is_one_batch_and_another_of_its_number_takes_its_place() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    let session = started(&ana, &project).await;
    let path = format!("{session}/batch");
    let first = batch(0, &[explore("orders", "a")]);
    let answer = ana.post(&path).json(&first).await.ok();
    assert_eq!(ana.post(&path).json(&first).await.ok(), answer);
    ana.post(&path)
        .json(&batch(0, &[explore("items", "b")]))
        .await
        .ok();
    ana.post(&format!("{session}/finalize")).await.ok();
    assert_eq!(names(&ana.get(&list).await.ok()), ["items"]);
}

#[tokio::test]
async fn of_two_deploys_the_one_finalised_last_counts_as_a_whole() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    let (one, two) = (started(&ana, &project).await, started(&ana, &project).await);
    ana.post(&format!("{one}/batch"))
        .json(&batch(1, &[explore("a", "one"), explore("b", "one")]))
        .await
        .ok();
    ana.post(&format!("{two}/batch"))
        .json(&batch(1, &[explore("b", "two"), explore("c", "two")]))
        .await
        .ok();
    ana.post(&format!("{two}/finalize")).await.ok();
    ana.post(&format!("{one}/finalize")).await.ok();
    assert_eq!(names(&ana.get(&list).await.ok()), ["a", "b"]);
    assert_eq!(ana.get(&format!("{list}/b")).await.ok()["label"], "b one");
}

#[tokio::test]
async fn a_deploy_is_for_who_began_it_in_its_project_for_an_hour() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let other = app.project(ANA, "Other").await.id.to_string();
    let session = started(&ana, &project).await;
    let sent = batch(1, &[explore("orders", "a")]);
    let path = format!("{session}/batch");
    let before = app.items();
    assert_eq!(
        dev.post(&path).json(&sent).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(
        dev.post(&format!("{session}/finalize")).await.refusal(),
        "403 ForbiddenError"
    );
    let elsewhere = path.replace(&project, &other);
    assert_eq!(
        ana.post(&elsewhere).json(&sent).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(
        ed.post(&format!("/api/v2/projects/{project}/deploy"))
            .await
            .refusal(),
        "403 ForbiddenError"
    );
    for unknown in ["00000000-0000-4000-8000-000000000000", "x"] {
        let path = format!("/api/v2/projects/{project}/deploy/{unknown}");
        assert_eq!(
            ana.post(&format!("{path}/batch"))
                .json(&sent)
                .await
                .refusal(),
            "404 NotFoundError"
        );
        assert_eq!(
            ana.post(&format!("{path}/finalize")).await.refusal(),
            "404 NotFoundError"
        );
    }
    for wrong in [
        json!({}),
        json!([]),
        json!([[explore("orders", "a")], 1]),
        json!({"explores": [], "batchNumber": -1}),
        json!({"explores": [], "batchNumber": "one"}),
        json!({"batchNumber": 1}),
        json!({"explores": [7], "batchNumber": 1}),
    ] {
        assert_eq!(
            ana.post(&path).json(&wrong).await.refusal(),
            "400 ParameterError",
            "{wrong}"
        );
    }
    assert_eq!(
        ana.post(&path)
            .json(&json!({"explores": {}, "batchNumber": 1}))
            .await
            .refusal(),
        "400 ParameterError"
    );
    // Nothing came: there is nothing to finalise.
    assert_eq!(
        ana.post(&format!("{session}/finalize")).await.refusal(),
        "400 ParameterError"
    );
    assert_eq!(app.items(), before);

    app.wait(61);
    assert_eq!(
        ana.post(&path).json(&sent).await.refusal(),
        "404 NotFoundError"
    );
    assert_eq!(
        ana.post(&format!("{session}/finalize")).await.refusal(),
        "404 NotFoundError"
    );
}

#[tokio::test]
async fn a_deploy_of_another_organization_is_not_there() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let session = started(&ana, &project).await;
    let bob = app.admin("bob@example.org", "Other").await;
    let own = app.project("bob@example.org", "Own").await.id.to_string();
    let path = session.replace(&project, &own);
    let sent = batch(1, &[explore("orders", "a")]);
    let refused = bob.post(&format!("{path}/batch")).json(&sent).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
    let refused = bob.post(&format!("{path}/finalize")).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
}

/// The switch is held back until another batch was taken: what was answered with 200 counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_batch_that_is_taken_while_the_deploy_is_finalised_is_in_it() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    let session = started(&ana, &project).await;
    let path = format!("{session}/batch");
    let first = batch(1, &[explore("orders", "a")]);
    ana.post(&path).json(&first).await.ok();

    let (reached, held) = mpsc::channel();
    let (release, go_on) = mpsc::channel::<()>();
    let (go_on, once) = (Mutex::new(go_on), AtomicBool::new(true));
    let faults: Faults = Arc::new(move |operation| {
        if operation == "TransactWriteItems" && once.swap(false, Ordering::Relaxed) {
            reached.send(()).unwrap();
            go_on.lock().unwrap().recv().unwrap();
        }
        None
    });
    let (cookie, finalize) = (ana.cookie().unwrap(), format!("{session}/finalize"));
    let finalizing = tokio::spawn({
        let app = app.clone();
        async move {
            let faulty = app.behind(faults);
            let who = app.anonymous().with_cookie(&cookie);
            faulty.send(who.post(&finalize)).await
        }
    });
    tokio::task::spawn_blocking(move || held.recv().unwrap())
        .await
        .unwrap();
    let second = batch(2, &[explore("items", "a")]);
    ana.post(&path).json(&second).await.ok();
    release.send(()).unwrap();
    assert_eq!(finalizing.await.unwrap().ok()["exploreCount"], 2);
    let listed = ana.get(&list).await.ok();
    assert_eq!(names(&listed), ["items", "orders"]);
}
