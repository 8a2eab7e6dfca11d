use app::domain::job::{Job, Task};
use serde_json::json;
use testing::TestApp;

/// What names somebody, beside what ends by itself.
fn left_of(app: &TestApp, id: &str) -> Vec<(String, String)> {
    let passing = ["SESSION#", "IDEMPOTENCY#", "LINK#", "JOB#"];
    let items = app.items().into_iter();
    items
        .filter(|((pk, sk), item)| {
            !passing.iter().any(|prefix| pk.starts_with(prefix))
                && format!("{pk} {sk} {item}").contains(id)
        })
        .map(|(key, _)| key)
        .collect()
}

#[tokio::test]
async fn a_deletion_walks_twice_and_then_the_head_goes() {
    let app = TestApp::new(local::api()).await;
    app.admin("ana@example.com", "Acme").await;
    app.viewer("bob@example.com").await;
    let bob = app.account("bob@example.com").await;
    let now = app.app.clock.now();
    let job = Job::new(Task::DeleteUser { user: bob.id }, &app.app.random, now);
    let store = &app.app.store;
    store.delete_user(&bob, None, &job, now).await.unwrap();
    assert!(store.user(bob.id).await.unwrap().is_none());

    let then = worker::run(&app.app, job.id).await.unwrap();
    assert_eq!(then.unwrap().since(now).as_secs(), 60);
    let id = bob.id.to_string();
    assert_eq!(
        left_of(&app, &id),
        [(format!("USER#{id}"), "PROFILE".into())]
    );

    // Written by a request that had begun before.
    app.put_item(&json!({ "pk": { "S": format!("INBOX#{id}") }, "sk": { "S": "NOTE#1" } }));
    assert_eq!(worker::run(&app.app, job.id).await.unwrap(), then);
    app.wait(1);
    assert_eq!(worker::run(&app.app, job.id).await.unwrap(), None);
    assert!(left_of(&app, &id).is_empty());
    assert!(store.late_open_jobs().await.unwrap().is_empty());
}
