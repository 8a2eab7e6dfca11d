use app::{
    domain::{
        content::{Content, ContentKind},
        id::{ContentId, SpaceId},
        project::Project,
    },
    store::{Edit, Slug},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::spaces::{ANA, BOB, id_of, made, spaces, text};

/// What something lies in.
enum In<'a> {
    Space(&'a str),
    Dashboard(ContentId),
}

async fn stored(
    app: &TestApp,
    project: &Project,
    (what, name): (ContentKind, &str),
    place: In<'_>,
) -> Content {
    let (space, dashboard) = match place {
        In::Space(path) => (SpaceId::parse(&id_of(path)), None),
        In::Dashboard(id) => (None, Some(id)),
    };
    let head = Content {
        space,
        dashboard,
        ..app.head(ANA, project.id, what, name).await
    };
    app.stored(head, &json!({})).await
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| text(&one["name"])).collect()
}

#[tokio::test]
async fn a_space_shows_what_lies_directly_in_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let root = made(
        &ana,
        &project,
        &json!({ "name": "Root", "isPrivate": false }),
    )
    .await;
    let inside = json!({ "name": "Child", "parentSpaceUuid": id_of(&root) });
    let child = made(&ana, &project, &inside).await;
    stored(
        &app,
        &project,
        (ContentKind::Chart, "Chart"),
        In::Space(&root),
    )
    .await;
    app.wait(1);
    stored(
        &app,
        &project,
        (ContentKind::SqlChart, "SQL"),
        In::Space(&root),
    )
    .await;
    let board = (ContentKind::Dashboard, "Board");
    let board = stored(&app, &project, board, In::Space(&root)).await;
    let own = (ContentKind::Chart, "Own");
    stored(&app, &project, own, In::Dashboard(board.id)).await;
    stored(
        &app,
        &project,
        (ContentKind::Chart, "Below"),
        In::Space(&child),
    )
    .await;

    let seen = ana.get(&root).await;
    assert_eq!(names(&seen.ok()["queries"]), ["SQL", "Chart"]);
    assert_eq!(names(&seen.ok()["dashboards"]), ["Board"]);
    assert_eq!(seen.ok()["childSpaces"][0]["chartCount"], 1);
    assert_snapshot!(seen, @r#"
    200 {
      "results": {
        "access": [
          {
            "email": "ana@example.com",
            "firstName": "ana",
            "hasDirectAccess": true,
            "inheritedFrom": "organization",
            "inheritedRole": "admin",
            "lastName": "Test",
            "projectRole": "admin",
            "role": "admin",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          }
        ],
        "breadcrumbs": [
          {
            "name": "Root",
            "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51"
          }
        ],
        "childSpaces": [
          {
            "access": [
              "54743dc5-e24d-4a41-bb15-9584c1226df6"
            ],
            "chartCount": 1,
            "dashboardCount": 0,
            "isPrivate": false,
            "name": "Child",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "parentSpaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "path": "root.child",
            "pinnedListOrder": null,
            "pinnedListUuid": null,
            "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
            "slug": "child",
            "uuid": "ac4ec3c2-0c52-4ea1-8bbb-9af450e650d5"
          }
        ],
        "dashboards": [
          {
            "firstViewedAt": null,
            "name": "Board",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "pinnedListOrder": null,
            "pinnedListUuid": null,
            "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
            "slug": "board",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "tileTypes": [],
            "updatedAt": "2026-01-31T09:31:00.000Z",
            "updatedByUser": {
              "firstName": "ana",
              "lastName": "Test",
              "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "uuid": "dd80c67f-e5f8-41f1-9d73-ced4c8acf3d0",
            "validationErrors": [],
            "views": 0
          }
        ],
        "groupsAccess": [],
        "isPrivate": false,
        "name": "Root",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "parentSpaceUuid": null,
        "path": "root",
        "pinnedListOrder": null,
        "pinnedListUuid": null,
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "queries": [
          {
            "chartKind": "vertical_bar",
            "dashboardName": null,
            "dashboardUuid": null,
            "firstViewedAt": null,
            "name": "SQL",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "pinnedListOrder": null,
            "pinnedListUuid": null,
            "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
            "slug": "sql",
            "source": "sql",
            "spaceName": "Root",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "updatedAt": "2026-01-31T09:31:00.000Z",
            "updatedByUser": {
              "firstName": "ana",
              "lastName": "Test",
              "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "uuid": "1b46ffba-46e8-487d-b4f1-2faa6dd8be71",
            "validationErrors": [],
            "views": 0
          },
          {
            "chartKind": "vertical_bar",
            "dashboardName": null,
            "dashboardUuid": null,
            "firstViewedAt": null,
            "name": "Chart",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "pinnedListOrder": null,
            "pinnedListUuid": null,
            "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
            "slug": "chart",
            "source": "dbt_explore",
            "spaceName": "Root",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "updatedAt": "2026-01-31T09:30:00.000Z",
            "updatedByUser": {
              "firstName": "ana",
              "lastName": "Test",
              "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "uuid": "320f9037-3ced-4242-891f-53ad91e39c88",
            "validationErrors": [],
            "views": 0
          }
        ],
        "slug": "root",
        "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51"
      },
      "status": "ok"
    }
    "#);

    let list = ana.get(&spaces(&project)).await.ok();
    let counts = |at: usize| (&list[at]["chartCount"], &list[at]["dashboardCount"]);
    assert_eq!(names(&list), ["Root", "Child"]);
    assert_eq!(counts(0), (&json!(2), &json!(1)));
    assert_eq!(counts(1), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_deleted_space_takes_its_content_along_which_can_be_restored() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let root = made(&ana, &project, &json!({ "name": "Root" })).await;
    let other = made(&ana, &project, &json!({ "name": "Other" })).await;
    let inside = json!({ "name": "Child", "parentSpaceUuid": id_of(&root) });
    let child = made(&ana, &project, &inside).await;
    let mut gone = Vec::new();
    for at in 0..30 {
        let name = format!("Chart {at}");
        gone.push(
            stored(
                &app,
                &project,
                (ContentKind::Chart, &name),
                In::Space(&root),
            )
            .await,
        );
    }
    let board = (ContentKind::Dashboard, "Board");
    let board = stored(&app, &project, board, In::Space(&child)).await;
    let own = (ContentKind::Chart, "Own");
    gone.push(stored(&app, &project, own, In::Dashboard(board.id)).await);
    gone.push(board);
    let stays = (ContentKind::Chart, "Stays");
    let stays = stored(&app, &project, stays, In::Space(&other)).await;

    ana.delete(&root).await.ok();
    let store = &app.app.store;
    let index = store.index(project.id).await.unwrap();
    let left: Vec<_> = index.live().map(|row| row.id).collect();
    assert_eq!(left, [stays.id]);
    assert_eq!(index.deleted().count(), gone.len());
    for head in &gone {
        let deleted = store.content_or_deleted(head.what, head.id).await.unwrap();
        assert!(deleted.unwrap().deleted_at.is_some(), "{}", head.name);
        let slug = store.content_of_slug(project.id, head.what, &head.slug);
        assert_eq!(slug.await.unwrap(), None, "{}", head.name);
    }
    // One of them comes back, elsewhere.
    let head = store.content_or_deleted(ContentKind::Chart, gone[0].id);
    let head = head.await.unwrap().unwrap();
    let back = Edit {
        slug: Slug::Claimed,
        ..Edit::change(
            &head,
            Content {
                deleted_at: None,
                space: SpaceId::parse(&id_of(&other)),
                ..head.clone()
            },
        )
    };
    let (now, kept) = (app.app.clock.now(), app.app.config.deleted_content);
    store
        .edit_content(project.id, &[back], kept, now)
        .await
        .unwrap();
    let seen = ana.get(&other).await.ok();
    assert_eq!(seen["queries"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_space_is_pinned_and_unpinned() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let bob = app.viewer(BOB).await;
    let eva = app.in_role("eva@example.com", "editor").await;
    let project = app.project(ANA, "Sales").await;
    let open = made(
        &ana,
        &project,
        &json!({ "name": "Open", "isPrivate": false }),
    )
    .await;
    let closed = made(&ana, &project, &json!({ "name": "Closed" })).await;
    let pin = |space: &str| format!("{space}/pinning");

    let before = app.items();
    let reply = bob.patch(&pin(&open)).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    let reply = eva.patch(&pin(&closed)).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    let reply = eva.patch(&pin(&format!("{}/x", spaces(&project)))).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
    assert_eq!(before, app.items());

    let seen = eva.patch(&pin(&open)).await.ok();
    assert_eq!(seen["pinnedListOrder"], 100);
    let list = text(&seen["pinnedListUuid"]);
    let listed = bob.get(&spaces(&project)).await.ok();
    assert_eq!(listed[0]["pinnedListUuid"], json!(list));
    let seen = ana.patch(&pin(&closed)).await.ok();
    assert_eq!(seen["pinnedListUuid"], json!(list));
    let seen = ana.patch(&pin(&open)).await.ok();
    assert_eq!(seen["pinnedListUuid"], Value::Null);
    assert_eq!(seen["pinnedListOrder"], Value::Null);
}

#[tokio::test]
async fn two_pins_at_once_are_two_pins() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let mut pins = Vec::new();
    for at in 0..4 {
        let body = json!({ "name": format!("Space {at}") });
        pins.push(format!("{}/pinning", made(&ana, &project, &body).await));
    }
    let send = |at: usize| ana.patch(&pins[at]).into_future();
    let (a, b, c, d) = tokio::join!(send(0), send(1), send(2), send(3));
    for reply in [a, b, c, d] {
        reply.ok();
    }
    let found = app.app.store.pins(project.id).await.unwrap().unwrap();
    assert_eq!(found.orders.len(), 4);
}
