use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use app::{
    domain::{access::ProjectRole, group::Group},
    store::embedded::{Fault, Faults},
};
use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::{ANA, BOB, ZOE, acme, assert_mirrors, id, names, path};

/// A group with everything that can hang on it: members, a role, two authors.
async fn laden(app: &TestApp, name: &str) -> Group {
    app.set_role(ZOE, "admin");
    let group = app.group(ANA, name, &[BOB, ZOE]).await;
    let project = app.project(ANA, name).await;
    app.grant_group(&project, &group, ProjectRole::Editor).await;
    let renamed = json!({ "name": format!("{name} 2") });
    let zoe = app.sign_in(ZOE).await;
    zoe.patch(&path(&group)).json(&renamed).await.ok();
    group
}

#[tokio::test]
async fn a_deleted_group_leaves_its_members_and_nothing_else() {
    let app = acme().await;
    let group = laden(&app, "Sales").await;
    let ana = app.sign_in(ANA).await;
    assert!(names(&app, &group.id.to_string()).len() >= 12);
    assert_snapshot!(ana.delete(&path(&group)).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    for reply in [
        ana.get(&path(&group)).await,
        ana.delete(&path(&group)).await,
    ] {
        assert_eq!(reply.refusal(), "404 NotFoundError");
    }
    assert_eq!(ana.get("/api/v1/org/groups").await.ok()["data"], json!([]));
    // What is left within the request: the head, and the job.
    assert_eq!(names(&app, &group.id.to_string()).len(), 2);
    app.group(ANA, "Sales 2", &[]).await;

    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert_eq!(names(&app, &group.id.to_string()), []);
    assert_eq!(id(&app, BOB).await.len(), 36);
    assert_mirrors(&app);
}

#[tokio::test]
async fn a_deletion_that_dies_at_any_call_is_finished_by_the_worker() {
    let app = acme().await;
    let ana = app.sign_in(ANA).await;
    for fault in [Fault::Failed, Fault::AnswerLost] {
        for n in 0.. {
            let group = laden(&app, &format!("{fault:?} {n}")).await;
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = calls.clone();
            let faults: Faults =
                Arc::new(move |_| (counted.fetch_add(1, Ordering::Relaxed) >= n).then_some(fault));
            let reply = app.behind(faults).send(ana.delete(&path(&group))).await;
            let gone = ana.get(&path(&group)).await.status == 404;
            assert!(
                gone || reply.refusal() == "503 UnexpectedServerError",
                "call {n}: {reply}"
            );
            if !gone {
                ana.delete(&path(&group)).await.ok();
            }
            app.work(worker::run).await;
            app.wait(2);
            app.work(worker::run).await;
            assert_eq!(
                names(&app, &group.id.to_string()),
                [],
                "{fault:?} from call {n}"
            );
            assert_mirrors(&app);
            if calls.load(Ordering::Relaxed) <= n {
                assert!(n > 8, "the deletion makes {n} calls only");
                break;
            }
        }
    }
}

/// The same with a worker that dies.
#[tokio::test]
async fn a_worker_that_dies_at_any_call_is_followed_by_another() {
    let app = acme().await;
    let ana = app.sign_in(ANA).await;
    for n in 0..30 {
        let group = laden(&app, &format!("Group {n}")).await;
        // The request marks the group and does no more.
        let marked = AtomicUsize::new(0);
        let faults: Faults = Arc::new(move |name| {
            let transactions = usize::from(name == "TransactWriteItems");
            let before = marked.fetch_add(transactions, Ordering::Relaxed);
            (before >= 1).then_some(Fault::Failed)
        });
        let reply = app.behind(faults).send(ana.delete(&path(&group))).await;
        assert_eq!(reply.status, 200);
        let calls = AtomicUsize::new(0);
        let dying: Faults = Arc::new(move |_| {
            (calls.fetch_add(1, Ordering::Relaxed) >= n).then_some(Fault::Failed)
        });
        let store = app::store::Store::new(
            app.table.with_faults(dying).client(),
            &app.app.config.table,
            app.app.random.clone(),
        );
        for job in app.app.store.late_open_jobs().await.unwrap() {
            let _ = worker::run(&app.app.over(store.clone()), job).await;
        }
        app.wait(6);
        app.work(worker::run).await;
        app.wait(2);
        app.work(worker::run).await;
        assert_eq!(names(&app, &group.id.to_string()), [], "from call {n}");
        assert_mirrors(&app);
    }
}
