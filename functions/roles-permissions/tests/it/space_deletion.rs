use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use app::{
    domain::{access::SpaceRole, id::SpaceId, project::Project, space::Guest},
    store::embedded::{Fault, Faults},
};
use insta::assert_snapshot;
use serde_json::json;
use testing::{Actor, TestApp};

use crate::spaces::{ANA, NOBODYS, id, id_of, made, share, spaces};

/// Everything about spaces: their items, slugs, paths and mirrors.
pub(crate) fn kinds(app: &TestApp) -> Vec<(String, String, String)> {
    let items = app.items().into_iter();
    let about = items.filter_map(|((pk, sk), item)| {
        let kind = item["kind"]["S"].as_str()?.to_owned();
        let about = [
            "space",
            "space slug",
            "space path",
            "granted space",
            "group space",
        ];
        about.contains(&kind.as_str()).then_some((kind, pk, sk))
    });
    about.collect()
}

/// That every parent is there, every entry has its mirror, every mirror its entry, and every space its slug and its path.
fn assert_whole(app: &TestApp, about: &str) {
    let items = app.items();
    let of = |kind: &str| {
        let found = items.iter().filter(|(_, item)| item["kind"]["S"] == kind);
        found.collect::<Vec<_>>()
    };
    let spaces = of("space");
    let ids: BTreeSet<_> = spaces
        .iter()
        .map(|(_, item)| &item["id"]["S"])
        .map(|id| id.as_str().unwrap())
        .collect();
    let (mut expected, mut slugs, mut paths) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for ((project, _), item) in &spaces {
        let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
        if let Some(parent) = item["parent"]["S"].as_str() {
            assert!(ids.contains(parent), "{about}: a space without its parent");
        }
        let parent = item["parent"]["S"].as_str().unwrap_or("ROOT");
        let path = text("path");
        let step = path.rsplit('.').next().unwrap();
        paths.insert((project.clone(), format!("SPACEPATH#{parent}#{step}")));
        let tail = format!("SPACE#{}#{}", &project["PROJECT#".len()..], text("id"));
        for (map, partition) in [("users", "GRANTS"), ("groups", "GROUP")] {
            for guest in item[map]["M"].as_object().unwrap().keys() {
                expected.insert((format!("{partition}#{guest}"), tail.clone()));
            }
        }
        slugs.insert((project.clone(), format!("SLUG#space#{}", text("slug"))));
    }
    let keys = |kind: &str| {
        of(kind)
            .into_iter()
            .map(|(key, _)| key.clone())
            .collect::<BTreeSet<_>>()
    };
    let mirrors: BTreeSet<_> = keys("granted space")
        .union(&keys("group space"))
        .cloned()
        .collect();
    assert_eq!(mirrors, expected, "{about}: entries and mirrors");
    assert_eq!(keys("space slug"), slugs, "{about}: slugs");
    assert_eq!(keys("space path"), paths, "{about}: paths");
}

/// A root with more groups than one transaction takes, and spaces in it, of which some lie deep.
async fn forest(app: &TestApp, ana: &Actor<'_>, project: &Project, groups: usize) -> String {
    let root = made(ana, project, &json!({ "name": "Root" })).await;
    made(ana, project, &json!({ "name": "Other" })).await;
    let inside =
        |name: &str, parent: &str| json!({ "name": name, "parentSpaceUuid": id_of(parent) });
    let deep = made(ana, project, &inside("Deep", &root)).await;
    made(ana, project, &inside("Deeper", &deep)).await;
    made(ana, project, &inside("Flat", &root)).await;
    let store = &app.app.store;
    let space = store.space(project.id, SpaceId::parse(&id_of(&root)).unwrap());
    let space = space.await.unwrap().unwrap();
    for at in 0..groups {
        let group = app.group(ANA, &format!("Group {at}"), &[]).await;
        let guest = Guest::Group(group.id);
        let let_in = store.let_into_space(project.organization, &space, guest, SpaceRole::Viewer);
        let_in.await.unwrap();
    }
    root
}

#[tokio::test]
async fn a_space_goes_with_everything_in_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let nothing = app.items();
    let root = forest(&app, &ana, &project, 0).await;
    assert_whole(&app, "before");
    assert_snapshot!(ana.delete(&root).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_whole(&app, "after");
    let left = ana.get(&spaces(&project)).await.ok();
    assert_eq!(
        (left.as_array().map(Vec::len), &left[0]["name"]),
        (Some(1), &json!("Other"))
    );
    assert_eq!(ana.get(&root).await.refusal(), "404 NotFoundError");
    for gone in [
        root.as_str(),
        &format!("{}/{NOBODYS}", spaces(&project)),
        &format!("{}/x", spaces(&project)),
    ] {
        assert_eq!(ana.delete(gone).await.refusal(), "404 NotFoundError");
    }
    // The last one may go, too.
    let other = left[0]["uuid"].as_str().unwrap();
    ana.delete(&format!("{}/{other}", spaces(&project)))
        .await
        .ok();
    assert_eq!(app.items(), nothing);
}

#[tokio::test]
async fn only_who_manages_a_space_deletes_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let ivo = app.in_role("ivo@example.com", "interactive_viewer").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(
        &ana,
        &project,
        &json!({ "name": "Space", "isPrivate": false }),
    )
    .await;
    let body = json!({ "name": "In", "parentSpaceUuid": id_of(&space) });
    let nested = made(&ana, &project, &body).await;
    let before = app.items();
    for space in [&space, &nested] {
        assert_eq!(ivo.delete(space).await.refusal(), "403 ForbiddenError");
    }
    assert_eq!(before, app.items());
    share(&ana, &space, &id(&app, "ivo@example.com").await, "admin")
        .await
        .ok();
    ivo.delete(&nested).await.ok();
    ivo.delete(&space).await.ok();
    assert_eq!(kinds(&app), []);
}

#[tokio::test]
async fn a_hundred_spaces_and_groups_are_more_than_one_transaction() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let root = forest(&app, &ana, &project, 200).await;
    for at in 0..100 {
        let body = json!({ "name": format!("Space {at}"), "parentSpaceUuid": id_of(&root) });
        made(&ana, &project, &body).await;
    }
    assert_whole(&app, "before");
    ana.delete(&root).await.ok();
    assert_whole(&app, "after");
    assert_eq!(
        ana.get(&spaces(&project))
            .await
            .ok()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

/// Whoever deletes a space is in it by its grants only: they can go on until nothing is left.
#[tokio::test]
async fn a_deletion_that_was_killed_leaves_a_tree_and_is_gone_on_with() {
    let mut halfway = 0;
    for fault in [Fault::TimedOut, Fault::AnswerLost] {
        for n in 0.. {
            let app = TestApp::new(local::api()).await;
            let ana = app.admin(ANA, "Acme").await;
            let ivo = app.in_role("ivo@example.com", "interactive_viewer").await;
            let project = app.project(ANA, "Sales").await;
            let root = forest(&app, &ana, &project, 90).await;
            share(&ana, &root, &id(&app, "ivo@example.com").await, "admin")
                .await
                .ok();
            let before = kinds(&app);

            let calls = Arc::new(AtomicUsize::new(0));
            let counted = calls.clone();
            let faults: Faults =
                Arc::new(move |_| (counted.fetch_add(1, Ordering::Relaxed) >= n).then_some(fault));
            let killed = app.behind(faults).send(ivo.delete(&root)).await;
            let about = format!("{fault:?} from call {n}: {killed}");
            assert_whole(&app, &about);
            if calls.load(Ordering::Relaxed) <= n {
                assert_eq!(killed.status, 200, "{about}");
                break;
            }
            assert_eq!(killed.refusal(), "503 UnexpectedServerError", "{about}");
            let after = kinds(&app);
            let again = ivo.delete(&root).await;
            let left = kinds(&app);
            assert!(
                left.iter().all(|(kind, ..)| kind != "group space") && left.len() == 4,
                "{about}: {left:?}"
            );
            let happened = after == left;
            let expected = if happened {
                "404 NotFoundError"
            } else {
                "200 (no error)"
            };
            assert_eq!(again.refusal(), expected, "{about}");
            halfway += usize::from(!happened && after != before);
        }
    }
    assert!(halfway > 2, "only {halfway} deletions were killed halfway");
}

#[tokio::test]
async fn the_spaces_of_a_deleted_project_go_with_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    forest(&app, &ana, &project, 3).await;
    let now = app.app.clock.now();
    let task = app::domain::job::Task::DeleteProject {
        project: project.id,
    };
    let job = app::domain::job::Job::new(task, &app.app.random, now);
    app.app
        .store
        .delete_project(&project, &job, now)
        .await
        .unwrap();
    assert_eq!(
        ana.get(&spaces(&project)).await.refusal(),
        "404 NotExistsError"
    );
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert_eq!(kinds(&app), []);
}
