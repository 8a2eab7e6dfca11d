#![expect(
    clippy::unwrap_used,
    reason = "what a helper does not find fails its test"
)]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use app::{
    domain::{access::ProjectRole, project::Project},
    store::embedded::{Fault, Faults},
};
use serde_json::json;
use testing::{Actor, TestApp};

const ANA: &str = "ana@acme.com";

/// What still names something.
fn names(app: &TestApp, id: &str) -> Vec<(String, String)> {
    let items = app.items().into_iter();
    let items = items.filter(|((pk, sk), item)| {
        pk.contains(id) || sk.contains(id) || item.to_string().contains(id)
    });
    items.map(|(key, _)| key).collect()
}

/// A project with everything that can hang on it, and an organisation around it.
async fn laden(app: &TestApp) -> (Actor<'_>, Project) {
    let ana = app.admin(ANA, "Acme").await;
    for email in ["bob@acme.com", "cid@acme.com"] {
        app.in_role(email, "member").await;
    }
    let body = json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "latest", "dbtConnection": { "type": "none" },
        "warehouseConnection": { "type": "trino", "host": "h", "port": 1, "dbname": "d", "schema": "s", "http_scheme": "https", "user": "u", "password": "p" },
    });
    let made = ana.post("/api/v1/org/projects").json(&body).await.ok();
    let id = made["project"]["projectUuid"].as_str().unwrap();
    let id = app::domain::id::ProjectId::parse(id).unwrap();
    let project = app.app.store.project(id).await.unwrap().unwrap();
    app.grant(&project, "bob@acme.com", ProjectRole::Admin)
        .await;
    app.grant(&project, "cid@acme.com", ProjectRole::Viewer)
        .await;
    let group = app.group(ANA, "Group", &["bob@acme.com"]).await;
    app.grant_group(&project, &group, ProjectRole::Editor).await;
    let preview = json!({ "name": "P", "type": "PREVIEW", "dbtVersion": "latest", "dbtConnection": { "type": "none" }, "upstreamProjectUuid": id });
    ana.post("/api/v1/org/projects").json(&preview).await.ok();
    (ana, project)
}

#[tokio::test]
async fn a_deleted_project_leaves_nothing() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = laden(&app).await;
    let id = project.id.to_string();
    assert!(names(&app, &id).len() >= 12);
    ana.delete(&format!("/api/v1/org/projects/{id}")).await.ok();
    // What is left until the second walk: the head, and the job.
    let left = names(&app, &id);
    assert_eq!(left.len(), 2, "{left:?}");
    for rest in ["", "/access", "/groupAccesses"] {
        let reply = ana.get(&format!("/api/v1/projects/{id}{rest}")).await;
        assert_eq!(reply.refusal(), "404 NotExistsError");
    }
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert_eq!(names(&app, &id), []);
}

/// The function dies at any call: the worker finishes what was begun, and what was not begun did not happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_is_killed_at_any_call_is_finished_by_the_worker() {
    let mut at = 0;
    loop {
        let app = TestApp::new(local::api()).await;
        let (ana, project) = laden(&app).await;
        let id = project.id.to_string();
        let path = format!("/api/v1/org/projects/{id}");
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let faults: Faults = Arc::new(move |_| {
            (counted.fetch_add(1, Ordering::Relaxed) >= at).then_some(Fault::TimedOut)
        });
        let faulty = app.behind(faults);
        let answer = faulty.send(ana.delete(&path)).await;
        if answer.status != 200 {
            assert_eq!(answer.refusal(), "503 UnexpectedServerError", "at {at}");
            assert_eq!(ana.get(&format!("/api/v1/projects/{id}")).await.status, 200);
            ana.delete(&path).await.ok();
        }
        app.work(worker::run).await;
        app.wait(2);
        app.work(worker::run).await;
        assert_eq!(names(&app, &id), [], "at {at}");
        if calls.load(Ordering::Relaxed) <= at {
            assert!(at > 8, "only {at} calls");
            return;
        }
        at += 1;
    }
}
