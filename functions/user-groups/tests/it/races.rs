//! Requests at the same time: whatever the order, the table tells one story.

use serde_json::json;

use crate::{ANA, BOB, ZOE, acme, assert_mirrors, crowd, id, names, path};

const ROUNDS: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_that_is_deleted_while_it_grows_leaves_nothing() {
    let app = acme().await;
    let project = app.project(ANA, "Jaffle").await;
    let (ana, bob) = (app.sign_in(ANA).await, id(&app, BOB).await);
    let copies = crowd(&app, 60).await;
    let all: Vec<_> = copies.iter().map(|id| json!({ "userUuid": id })).collect();
    let mut groups = Vec::new();
    for round in 0..ROUNDS {
        let group = app.group(ANA, &format!("Group {round}"), &[ZOE]).await;
        let one = path(&group);
        let (member, grant) = (
            format!("{one}/members/{bob}"),
            format!("{one}/projects/{}", project.id),
        );
        let (role, crowd) = (
            json!({ "role": "editor" }),
            json!({ "members": all, "name": format!("New {round}") }),
        );
        let (deleted, joined, granted, changed) = tokio::join!(
            ana.delete(&one),
            ana.put(&member),
            ana.post(&grant).json(&role),
            ana.patch(&one).json(&crowd),
        );
        assert_eq!(deleted.status, 200, "{deleted}");
        for (reply, done) in [(joined, 201), (granted, 200), (changed, 200)] {
            let fine = reply.status == done || reply.status == 404;
            assert!(fine, "round {round}: {reply}");
        }
        assert_eq!(ana.get(&one).await.refusal(), "404 NotFoundError");
        let access = app
            .app
            .store
            .project_access(project.id, &app.account(ZOE).await)
            .await;
        assert_eq!(access.unwrap().unwrap().groups.len(), 0, "round {round}");
        groups.push(group);
    }
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    for group in groups {
        assert_eq!(names(&app, &group.id.to_string()), []);
    }
    assert_mirrors(&app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_want_one_name_one_gets_it() {
    let app = acme().await;
    let ana = app.sign_in(ANA).await;
    for round in 0..ROUNDS {
        let (a, b) = (
            app.group(ANA, &format!("A {round}"), &[]).await,
            app.group(ANA, &format!("B {round}"), &[]).await,
        );
        let name = json!({ "name": format!("Name {round}") });
        let (pa, pb) = (path(&a), path(&b));
        let (a, b, c) = tokio::join!(
            ana.patch(&pa).json(&name),
            ana.patch(&pb).json(&name),
            ana.post("/api/v1/org/groups").json(&name),
        );
        let got = [&a, &b, &c]
            .into_iter()
            .filter(|reply| reply.status.is_success());
        assert_eq!(got.count(), 1, "round {round}: {a} {b} {c}");
        let listed = ana.get("/api/v1/org/groups?searchQuery=Name").await.ok();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(round + 1));
    }
    // Each group has one claim on its name, and no other claim is left.
    let items = app.items();
    let of = |kind: &str| {
        items
            .values()
            .filter(|item| item["kind"]["S"] == kind)
            .count()
    };
    assert_eq!(of("group name"), of("group row"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_new_names_at_once_end_with_one_of_them() {
    let app = acme().await;
    app.in_role("adi@example.com", "admin").await;
    let (ana, adi) = (app.sign_in(ANA).await, app.sign_in("adi@example.com").await);
    let group = app.group(ANA, "Sales", &[]).await;
    let one = path(&group);
    for round in 0..ROUNDS {
        let (x, y) = (
            json!({ "name": format!("X {round}") }),
            json!({ "name": format!("Y {round}") }),
        );
        let (a, b) = tokio::join!(ana.patch(&one).json(&x), adi.patch(&one).json(&y));
        assert_eq!(
            (a.status.as_u16(), b.status.as_u16()),
            (200, 200),
            "{a} {b}"
        );
    }
    let items = app.items();
    let claims = items
        .values()
        .filter(|item| item["kind"]["S"] == "group name");
    assert_eq!(claims.count(), 1);
    ana.delete(&one).await.ok();
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert_eq!(names(&app, &group.id.to_string()), []);
}

/// Somebody's address, which the row of the member list goes by, changes while they are put into groups.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn somebody_who_changes_meanwhile_is_in_the_group_all_the_same() {
    let app = acme().await;
    let (ana, zoe) = (app.sign_in(ANA).await, app.sign_in(ZOE).await);
    let user = id(&app, ZOE).await;
    for round in 0..ROUNDS {
        let group = app.group(ANA, &format!("Group {round}"), &[]).await;
        let (one, member) = (path(&group), format!("{}/members/{user}", path(&group)));
        let moved = json!({ "email": format!("zoe{round}@example.com") });
        let listed = json!({ "members": [{ "userUuid": user }] });
        let (changed, put, patched) = tokio::join!(
            zoe.patch("/api/v1/user/me").json(&moved),
            ana.put(&member),
            ana.patch(&one).json(&listed),
        );
        assert!([200, 409].contains(&changed.status.as_u16()), "{changed}");
        assert!([201, 204].contains(&put.status.as_u16()), "{put}");
        assert_eq!(patched.status, 200, "{patched}");
        assert_mirrors(&app);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_role_is_given_once_and_taken_away_once() {
    let app = acme().await;
    let ana = app.sign_in(ANA).await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    for round in 0..ROUNDS {
        let project = app.project(ANA, &format!("Project {round}")).await;
        let one = format!("{}/projects/{}", path(&group), project.id);
        let (editor, viewer) = (json!({ "role": "editor" }), json!({ "role": "viewer" }));
        let (a, b) = tokio::join!(ana.post(&one).json(&editor), ana.post(&one).json(&viewer));
        let mut both = [a.refusal(), b.refusal()];
        both.sort();
        assert_eq!(
            both,
            ["200 (no error)", "409 AlreadyExistsError"],
            "round {round}"
        );
        let (a, b, c) = tokio::join!(
            ana.delete(&one),
            ana.patch(&one).json(&editor),
            ana.delete(&one)
        );
        let mut both = [a.status.as_u16(), c.status.as_u16()];
        both.sort();
        assert_eq!(both, [200, 204], "round {round}");
        assert!([200, 404].contains(&b.status.as_u16()), "{b}");
        let roles = app
            .app
            .store
            .project_roles(&app.account(BOB).await)
            .await
            .unwrap();
        assert_eq!(roles, [], "round {round}");
        let access = app
            .app
            .store
            .project_access(project.id, &app.account(BOB).await)
            .await;
        assert_eq!(access.unwrap().unwrap().groups, [], "round {round}");
    }
}
