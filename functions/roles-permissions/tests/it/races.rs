//! Grants while what they name goes. After the deletions' second walks no item names what is gone, and no grant stands
//! on one side only.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use app::{
    domain::{
        access::ProjectRole,
        job::{Job, Task},
        project::Project,
    },
    store::Until,
};
use serde_json::{Value, json};
use testing::TestApp;

const ANA: &str = "ana@acme.com";
const ROUNDS: usize = 15;

/// Lets the worker do both walks.
async fn settle(app: &TestApp) {
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
}

/// What still names something, beside what ends by itself.
fn names(app: &TestApp, id: &str) -> Vec<(String, String)> {
    let passing = ["SESSION#", "IDEMPOTENCY#", "LINK#"];
    let items = app.items().into_iter();
    let items = items.filter(|((pk, sk), item)| {
        !passing.iter().any(|prefix| pk.starts_with(prefix))
            && (pk.contains(id) || sk.contains(id) || item.to_string().contains(id))
    });
    items.map(|(key, _)| key).collect()
}

/// Every grant stands on both sides, and the organisation's list counts them.
fn assert_paired(app: &TestApp) {
    let items = app.items();
    let of_kinds = |kinds: [&str; 2]| -> BTreeSet<[String; 4]> {
        let items = items.values();
        let items = items.filter(|item| kinds.iter().any(|kind| item["kind"]["S"] == *kind));
        let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or("").to_owned();
        let fields = ["project", "user", "group", "role"];
        items
            .map(|item| fields.map(|name| text(item, name)))
            .collect()
    };
    let here = of_kinds(["project member", "project group"]);
    assert_eq!(here, of_kinds(["granted project", "group project"]));
    for row in items
        .values()
        .filter(|item| item["kind"]["S"] == "project row")
    {
        let grants = here.iter().filter(|grant| row["id"]["S"] == grant[0]);
        let (people, groups): (Vec<_>, Vec<_>) = grants.partition(|grant| !grant[1].is_empty());
        let members = row["members"]["N"].as_str().unwrap_or("0");
        let listed = row["groups"]["SS"].as_array().map_or(0, Vec::len);
        assert_eq!(members, people.len().to_string(), "{row}");
        assert_eq!(listed, groups.len(), "{row}");
    }
}

async fn grant(app: &TestApp, cookie: &str, project: &Project, email: &str) -> String {
    let caller = app.anonymous().with_cookie(cookie);
    let path = format!("/api/v1/projects/{}/access", project.id);
    let body = json!({ "email": email, "role": "viewer", "sendEmail": true });
    caller.post(&path).json(&body).await.refusal()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_while_its_user_goes_leaves_nothing_of_them() {
    let app = TestApp::new(local::api()).await;
    let cookie = app.admin(ANA, "Acme").await.cookie().unwrap();
    let mut known = BTreeSet::new();
    for round in 0..ROUNDS {
        let email = format!("bob{round}@acme.com");
        let bob = app.in_role(&email, "admin").await;
        let id = app.account(&email).await.id.to_string();
        let projects = [app.project(ANA, "A").await, app.project(ANA, "B").await];
        let (one, two, gone) = tokio::join!(
            grant(&app, &cookie, &projects[0], &email),
            grant(&app, &cookie, &projects[1], &email),
            async { bob.delete("/api/v1/user/me").await },
        );
        gone.ok();
        known.extend([one, two]);
        settle(&app).await;
        assert_eq!(names(&app, &id), [], "round {round}");
        assert_paired(&app);
    }
    let expected = [
        "200 (no error)",
        "404 NotExistsError",
        "409 AlreadyProcessingError",
    ];
    assert!(
        known
            .iter()
            .all(|answer| expected.contains(&answer.as_str())),
        "{known:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_while_its_project_goes_leaves_nothing_of_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let cookie = ana.cookie().unwrap();
    app.in_role("bob@acme.com", "member").await;
    let group = app.group(ANA, "Group", &["bob@acme.com"]).await;
    for round in 0..ROUNDS {
        let sales = app.project(ANA, "Sales").await;
        let path = format!("/api/v1/org/projects/{}", sales.id);
        let (granted, by_group, gone) = tokio::join!(
            grant(&app, &cookie, &sales, "bob@acme.com"),
            app.app
                .store
                .grant_project_to_group(&sales, group.id, ProjectRole::Editor),
            async { ana.delete(&path).await },
        );
        gone.ok();
        assert!(
            ["200 (no error)", "404 NotExistsError"].contains(&granted.as_str()),
            "{granted}"
        );
        drop(by_group);
        settle(&app).await;
        assert_eq!(names(&app, &sales.id.to_string()), [], "round {round}");
        assert_paired(&app);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_while_its_group_goes_leaves_nothing_of_it() {
    let app = TestApp::new(local::api()).await;
    app.admin(ANA, "Acme").await;
    app.in_role("bob@acme.com", "member").await;
    let store = &app.app.store;
    for round in 0..ROUNDS {
        let sales = app.project(ANA, "Sales").await;
        let group = app
            .group(ANA, &format!("Group {round}"), &["bob@acme.com"])
            .await;
        let now = app.app.clock.now();
        let task = Task::DeleteGroup { group: group.id };
        let job = Job::new(task, &app.app.random, now);
        let gone = async {
            store.delete_group(&group, &job, now).await.unwrap();
            store.walk_soon(&job.task).await;
        };
        let granted = store.grant_project_to_group(&sales, group.id, ProjectRole::Editor);
        let _ = tokio::join!(granted, gone);
        settle(&app).await;
        assert_eq!(names(&app, &group.id.to_string()), [], "round {round}");
        assert_paired(&app);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_simultaneous_grants_one_is_made_and_changes_keep_both_sides_equal() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    let cookie = ana.cookie().unwrap();
    app.in_role("bob@acme.com", "member").await;
    let id = app.account("bob@acme.com").await.id;
    let sales = app.project(ANA, "Sales").await;
    let path = format!("/api/v1/projects/{}/access/{id}", sales.id);
    for _ in 0..ROUNDS {
        let give = || grant(&app, &cookie, &sales, "bob@acme.com");
        let mut answers: [String; 3] = tokio::join!(give(), give(), give()).into();
        answers.sort();
        assert_eq!(
            answers,
            [
                "200 (no error)",
                "409 AlreadyExistsError",
                "409 AlreadyExistsError"
            ]
        );
        let change = async |role: &str| {
            ana.patch(&path)
                .json(&json!({ "role": role }))
                .await
                .refusal()
        };
        let (one, two, three) = tokio::join!(change("admin"), change("editor"), async {
            ana.delete(&path).await.refusal()
        });
        assert_eq!(three, "200 (no error)");
        for answer in [one, two] {
            assert!(
                ["200 (no error)", "404 NotFoundError"].contains(&answer.as_str()),
                "{answer}"
            );
        }
        assert_paired(&app);
        assert_eq!(
            app.app.store.project_member(sales.id, id).await.unwrap(),
            None
        );
    }
    app.work(worker::run).await;
}

/// Access to a preview is copied while those who have it go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_preview_that_is_made_while_people_and_groups_go_lets_in_nobody_who_is_gone() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..ROUNDS / 3 {
        let sales = app.project(ANA, "Sales").await;
        let email = format!("bob{round}@acme.com");
        let bob = app.in_role(&email, "admin").await;
        let id = app.account(&email).await.id.to_string();
        app.grant(&sales, &email, ProjectRole::Viewer).await;
        let body = json!({ "name": "P", "type": "PREVIEW", "dbtVersion": "latest", "dbtConnection": { "type": "none" }, "upstreamProjectUuid": sales.id });
        let (made, gone) = tokio::join!(
            async { ana.post("/api/v1/org/projects").json(&body).await },
            async { bob.delete("/api/v1/user/me").await },
        );
        made.ok();
        gone.ok();
        settle(&app).await;
        assert_eq!(names(&app, &id), [], "round {round}");
        assert_paired(&app);
    }
    let until = Until::after(Duration::from_secs(60));
    let project = app.project(ANA, "Sales").await.id;
    assert!(
        app.app
            .store
            .walk(&Task::DeleteProject { project }, until)
            .await
            .unwrap()
    );
}
