//! Requests at the same time, each on a thread of its own.

use std::sync::Arc;

use app::domain::{
    id::UserId,
    job::{Job, Task},
};
use axum::http::Method;
use serde_json::{Value, json};
use testing::{Answer, TestApp};
use tokio::task::JoinSet;

use crate::{
    space_access::traces,
    space_deletion::kinds,
    spaces::{ANA, BOB, fill, id, id_of, listed, made, spaces, text},
};

const VIC: &str = "vic@example.com";

/// Somebody's requests, and what they are answered, in their order.
async fn at_once(
    app: &Arc<TestApp>,
    cookie: &str,
    calls: Vec<(Method, String, Value)>,
) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for (at, (method, path, body)) in calls.into_iter().enumerate() {
        let (app, cookie) = (app.clone(), cookie.to_owned());
        tasks.spawn(async move {
            let actor = app.anonymous().with_cookie(&cookie);
            let call = actor.call(method, &path).json(&body);
            (
                at,
                call.header("idempotency-key", &path.replace('/', "")).await,
            )
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn sharing(space: &str, user: &str) -> (Method, String, Value) {
    let body = json!({ "userUuid": user, "spaceRole": "editor" });
    (Method::POST, format!("{space}/share"), body)
}

fn sharing_with_group(space: &str, group: &str) -> (Method, String, Value) {
    let body = json!({ "groupUuid": group, "spaceRole": "editor" });
    (Method::POST, format!("{space}/group/share"), body)
}

fn assert_among(answers: &[Answer], known: &[&str], about: &str) {
    for answer in answers {
        assert!(
            known.contains(&answer.refusal().as_str()),
            "{about}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn spaces_of_one_name_made_at_once_have_different_slugs() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..10 {
        let project = app.project(ANA, &format!("Sales {round}")).await;
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let (app, cookie, path) = (app.clone(), ana.cookie().unwrap(), spaces(&project));
            tasks.spawn(async move {
                let actor = app.anonymous().with_cookie(&cookie);
                let body = json!({ "name": "Same" });
                actor.post(&path).json(&body).await.ok()
            });
        }
        let made = tasks.join_all().await;
        let mut slugs: Vec<_> = made.iter().map(|space| text(&space["slug"])).collect();
        slugs.sort();
        slugs.dedup();
        assert_eq!(
            (slugs.len(), slugs[0].as_str()),
            (4, "same"),
            "round {round}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_repeats_make_one_space() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..10 {
        let project = app.project(ANA, &format!("Sales {round}")).await;
        let call = || (Method::POST, spaces(&project), json!({ "name": "Once" }));
        let calls = vec![call(), call(), call(), call()];
        let answers = at_once(&app, &ana.cookie().unwrap(), calls).await;
        assert_among(&answers, &["200 (no error)"], &format!("round {round}"));
        let made = ana.get(&spaces(&project)).await.ok();
        assert_eq!(listed(&made, "name"), ["Once"], "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_the_same_time_all_happen() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer(VIC).await;
    let project = app.project(ANA, "Sales").await;
    let vic_id = id(&app, VIC).await;
    let group = app.group(ANA, "Group", &[]).await.id.to_string();
    for round in 0..15 {
        let space = made(&ana, &project, &json!({ "name": "Open" })).await;
        let name = format!("Round {round}");
        let open = json!({ "name": name, "isPrivate": false });
        let calls = vec![
            (Method::PATCH, space.clone(), open),
            sharing(&space, &vic_id),
            sharing_with_group(&space, &group),
        ];
        let answers = at_once(&app, &ana.cookie().unwrap(), calls).await;
        assert_among(&answers, &["200 (no error)"], &name);
        vic.get(&space).await.ok();
        let seen = ana.get(&space).await.ok();
        assert_eq!(
            (&seen["name"], &seen["isPrivate"]),
            (&json!(name), &json!(false))
        );
        assert_eq!(seen["access"][1]["hasDirectAccess"], true, "{seen}");
        assert_eq!(seen["groupsAccess"][0]["groupUuid"], json!(group), "{seen}");
    }
}

/// Whoever is let in last finds no room; nobody gets a mirror without an entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_place_is_given_once() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    for email in [VIC, BOB] {
        app.viewer(email).await;
    }
    let users = [id(&app, VIC).await, id(&app, BOB).await];
    let project = app.project(ANA, "Sales").await;
    for round in 0..10 {
        let space = made(&ana, &project, &json!({ "name": "Space" })).await;
        fill(&app, &project, &space);
        let somebody = "00000000-0000-4000-8000-000000000999";
        ana.delete(&format!("{space}/share/{somebody}")).await.ok();
        let calls = users.iter().map(|user| sharing(&space, user)).collect();
        let answers = at_once(&app, &ana.cookie().unwrap(), calls).await;
        let mut answers: Vec<_> = answers.iter().map(Answer::refusal).collect();
        answers.sort();
        assert_eq!(
            answers,
            ["200 (no error)", "400 ParameterError"],
            "round {round}"
        );
        let mirrors = app.items().into_keys().filter(|(pk, sk)| {
            let theirs = users.iter().any(|user| pk.contains(user));
            theirs && pk.starts_with("GRANTS#") && sk.contains(&id_of(&space))
        });
        assert_eq!(mirrors.count(), 1, "round {round}");
    }
}

async fn delete(app: Arc<TestApp>, task: Task, email: String) {
    let (store, now) = (&app.app.store, app.app.clock.now());
    let job = Job::new(task, &app.app.random, now);
    match job.task {
        Task::DeleteGroup { group } => {
            let group = store.group(group).await.unwrap().unwrap();
            store.delete_group(&group, &job, now).await.unwrap();
        }
        _ => {
            let user = app.account(&email).await;
            store.delete_user(&user, None, &job, now).await.unwrap();
        }
    }
    store.walk_soon(&job.task).await;
}

/// Whoever is let in while they are deleted leaves neither entry nor mirror.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_deleted_while_being_let_in_is_not_left_in_the_space() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(&ana, &project, &json!({ "name": "Space" })).await;
    for round in 0..30 {
        let email = format!("u{round}@example.com");
        app.viewer(&email).await;
        let user = id(&app, &email).await;
        let group = app.group(ANA, &format!("G{round}"), &[]).await.id;
        let calls = vec![
            sharing(&space, &user),
            sharing_with_group(&space, &group.to_string()),
        ];
        let gone = Task::DeleteUser {
            user: UserId::parse(&user).unwrap(),
        };
        let gone = tokio::spawn(delete(app.clone(), gone, email.clone()));
        let group_gone = tokio::spawn(delete(app.clone(), Task::DeleteGroup { group }, email));
        let answers = at_once(&app, &ana.cookie().unwrap(), calls).await;
        gone.await.unwrap();
        group_gone.await.unwrap();
        let known = ["200 (no error)", "404 NotFoundError"];
        assert_among(&answers, &known, &format!("round {round}"));
        app.work(worker::run).await;
        app.wait(2);
        app.work(worker::run).await;
        for id in [user, group.to_string()] {
            assert_eq!(traces(&app, &id), Vec::<String>::new(), "round {round}");
        }
    }
    ana.get(&space).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_made_or_shared_while_a_space_goes_goes_with_it_or_is_refused() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    let bob = id(&app, BOB).await;
    let group = app.group(ANA, "Group", &[]).await.id.to_string();
    let project = app.project(ANA, "Sales").await;
    for round in 0..30 {
        let root = made(&ana, &project, &json!({ "name": "Root" })).await;
        let body = json!({ "name": "In", "parentSpaceUuid": id_of(&root) });
        let nested = made(&ana, &project, &body).await;
        let gone = || (Method::DELETE, root.clone(), json!({}));
        let late = json!({ "name": "Late", "parentSpaceUuid": id_of(&nested) });
        let path = format!("{}?round={round}", spaces(&project));
        let calls = vec![
            (Method::POST, path, late),
            sharing(&root, &bob),
            sharing_with_group(&root, &group),
            (Method::PATCH, root.clone(), json!({ "name": "New" })),
            gone(),
            gone(),
        ];
        let answers = at_once(&app, &ana.cookie().unwrap(), calls).await;
        let known = ["200 (no error)", "404 NotFoundError"];
        assert_among(&answers, &known, &format!("round {round}"));
        assert!(
            answers[4..].iter().any(|gone| gone.status == 200),
            "round {round}"
        );
        assert_eq!(kinds(&app), [], "round {round}");
    }
}
