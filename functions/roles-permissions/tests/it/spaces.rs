use app::domain::{access::ProjectRole, project::Project};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

pub(crate) const ANA: &str = "ana@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Where the spaces of a project are.
pub(crate) fn spaces(project: &Project) -> String {
    format!("/api/v1/projects/{}/spaces", project.id)
}

/// Makes a space; answers its path.
pub(crate) async fn made(actor: &Actor<'_>, project: &Project, body: &Value) -> String {
    let made = actor.post(&spaces(project)).json(body).await.ok();
    format!("{}/{}", spaces(project), text(&made["uuid"]))
}

/// The id of a space at a path.
pub(crate) fn id_of(space: &str) -> String {
    space.rsplit('/').next().unwrap_or_default().to_owned()
}

pub(crate) async fn share(actor: &Actor<'_>, space: &str, user: &str, role: &str) -> Answer {
    let body = json!({ "userUuid": user, "spaceRole": role });
    actor.post(&format!("{space}/share")).json(&body).await
}

pub(crate) async fn share_group(actor: &Actor<'_>, space: &str, group: &str, role: &str) -> Answer {
    let body = json!({ "groupUuid": group, "spaceRole": role });
    let path = format!("{space}/group/share");
    actor.post(&path).json(&body).await
}

pub(crate) async fn id(app: &TestApp, email: &str) -> String {
    app.account(email).await.id.to_string()
}

/// What a list of spaces is made of, by one field.
pub(crate) fn listed(spaces: &Value, field: &str) -> Vec<String> {
    spaces
        .as_array()
        .unwrap()
        .iter()
        .map(|space| text(&space[field]))
        .collect()
}

/// Two organisations are possible.
pub(crate) async fn installation() -> TestApp {
    TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await
}

#[tokio::test]
async fn a_space_is_private_and_its_makers_own() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    let project = app.project(ANA, "Sales").await;
    let body = json!({ "name": " Sales & More ", "color": "red" });
    let reply = ana.post(&spaces(&project)).json(&body).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "access": [],
        "childSpaces": [],
        "dashboards": [],
        "groupsAccess": [],
        "isPrivate": true,
        "name": "Sales & More",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "parentSpaceUuid": null,
        "path": "sales_more",
        "pinnedListOrder": null,
        "pinnedListUuid": null,
        "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
        "queries": [],
        "slug": "sales-more",
        "uuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525"
      },
      "status": "ok"
    }
    "#);

    assert_snapshot!(ana.get(&spaces(&project)).await, @r#"
    200 {
      "results": [
        {
          "access": [
            "54743dc5-e24d-4a41-bb15-9584c1226df6"
          ],
          "chartCount": 0,
          "dashboardCount": 0,
          "isPrivate": true,
          "name": "Sales & More",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
          "parentSpaceUuid": null,
          "path": "sales_more",
          "pinnedListOrder": null,
          "pinnedListUuid": null,
          "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
          "slug": "sales-more",
          "userAccess": {
            "email": "ana@example.com",
            "firstName": "ana",
            "hasDirectAccess": true,
            "inheritedFrom": "organization",
            "inheritedRole": "admin",
            "lastName": "Test",
            "projectRole": "admin",
            "role": "admin",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          },
          "uuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525"
        }
      ],
      "status": "ok"
    }
    "#);
    let space = format!("{}/{}", spaces(&project), text(&reply.ok()["uuid"]));
    assert_snapshot!(ana.get(&space).await, @r#"
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
            "name": "Sales & More",
            "uuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525"
          }
        ],
        "childSpaces": [],
        "dashboards": [],
        "groupsAccess": [],
        "isPrivate": true,
        "name": "Sales & More",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "parentSpaceUuid": null,
        "path": "sales_more",
        "pinnedListOrder": null,
        "pinnedListUuid": null,
        "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
        "queries": [],
        "slug": "sales-more",
        "uuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525"
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn everything_about_a_nested_space_is_told() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for email in ["zoe@example.com", BOB] {
        app.viewer(email).await;
    }
    let project = app.project(ANA, "Sales").await;
    app.grant(&project, "zoe@example.com", ProjectRole::Developer)
        .await;
    let group = app.group(ANA, "Analysts", &[BOB]).await;
    app.group(ANA, "Others", &[BOB]).await;
    app.grant_group(&project, &group, ProjectRole::InteractiveViewer)
        .await;
    let root = made(
        &ana,
        &project,
        &json!({ "name": "Root", "isPrivate": false }),
    )
    .await;
    share_group(&ana, &root, &group.id.to_string(), "editor")
        .await
        .ok();
    let body = json!({ "name": "In It", "parentSpaceUuid": id_of(&root) });
    let inner = made(&ana, &project, &body).await;
    let body = json!({ "name": "Leaf", "parentSpaceUuid": id_of(&inner), "isPrivate": true });
    made(&ana, &project, &body).await;
    assert_snapshot!(ana.get(&inner).await, @r#"
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
          },
          {
            "email": "bob@example.com",
            "firstName": "bob",
            "hasDirectAccess": true,
            "inheritedFrom": "space_group",
            "inheritedRole": "editor",
            "lastName": "Test",
            "projectRole": "viewer",
            "role": "editor",
            "userUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf"
          },
          {
            "email": "zoe@example.com",
            "firstName": "zoe",
            "hasDirectAccess": false,
            "inheritedFrom": "project",
            "inheritedRole": "developer",
            "lastName": "Test",
            "projectRole": "developer",
            "role": "editor",
            "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
          }
        ],
        "breadcrumbs": [
          {
            "name": "Root",
            "uuid": "a2e7249b-9827-4ba7-acbe-12f0f45eb1fb"
          },
          {
            "name": "In It",
            "uuid": "b69aa747-5694-41ea-8a69-9312b5c17ed2"
          }
        ],
        "childSpaces": [
          {
            "access": [
              "54743dc5-e24d-4a41-bb15-9584c1226df6"
            ],
            "chartCount": 0,
            "dashboardCount": 0,
            "isPrivate": false,
            "name": "Leaf",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "parentSpaceUuid": "b69aa747-5694-41ea-8a69-9312b5c17ed2",
            "path": "root.in_it.leaf",
            "pinnedListOrder": null,
            "pinnedListUuid": null,
            "projectUuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5",
            "slug": "leaf",
            "uuid": "1495f2b4-1884-412e-9374-c968dbe482c6"
          }
        ],
        "dashboards": [],
        "groupsAccess": [
          {
            "groupName": "Analysts",
            "groupUuid": "695da845-2ce0-4d82-8d4c-b7515764196f",
            "spaceRole": "editor"
          }
        ],
        "isPrivate": false,
        "name": "In It",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "parentSpaceUuid": "a2e7249b-9827-4ba7-acbe-12f0f45eb1fb",
        "path": "root.in_it",
        "pinnedListOrder": null,
        "pinnedListUuid": null,
        "projectUuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5",
        "queries": [],
        "slug": "in-it",
        "uuid": "b69aa747-5694-41ea-8a69-9312b5c17ed2"
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn the_list_is_in_the_order_of_paths_and_has_what_one_may_see() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@example.com").await;
    let project = app.project(ANA, "Sales").await;
    let root = made(&ana, &project, &json!({ "name": "b", "isPrivate": false })).await;
    let hidden = made(&ana, &project, &json!({ "name": "a" })).await;
    for (name, parent) in [("z", &root), ("y", &root), ("x", &hidden)] {
        made(
            &ana,
            &project,
            &json!({ "name": name, "parentSpaceUuid": id_of(parent) }),
        )
        .await;
    }
    let all = ana.get(&spaces(&project)).await.ok();
    assert_eq!(listed(&all, "path"), ["a", "a.x", "b", "b.y", "b.z"]);
    let seen = vic.get(&spaces(&project)).await.ok();
    assert_eq!(listed(&seen, "path"), ["b", "b.y", "b.z"]);
    share(&ana, &hidden, &id(&app, "vic@example.com").await, "viewer")
        .await
        .ok();
    let seen = vic.get(&spaces(&project)).await.ok();
    assert_eq!(listed(&seen, "path"), ["a", "a.x", "b", "b.y", "b.z"]);
    assert_eq!(seen[0]["userAccess"]["hasDirectAccess"], true);
    let access = seen[1]["access"].as_array().map(Vec::len);
    assert_eq!(access, Some(2), "{seen}");
}

#[tokio::test]
async fn a_space_is_shared_while_it_is_made() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@example.com").await;
    let project = app.project(ANA, "Sales").await;
    let [ana_id, vic_id] = [id(&app, ANA).await, id(&app, "vic@example.com").await];
    // The maker is admin, whatever they say of themselves.
    let access = json!([
        { "userUuid": vic_id, "role": "editor" },
        { "userUuid": ana_id, "role": "viewer" },
    ]);
    let space = made(&ana, &project, &json!({ "name": "Ours", "access": access })).await;
    let seen = ana.get(&space).await.ok();
    let roles: Vec<_> = seen["access"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (text(&entry["email"]), text(&entry["role"])))
        .collect();
    let expected = [(ANA, "admin"), ("vic@example.com", "editor")];
    assert_eq!(roles, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    vic.get(&space).await.ok();

    // Who is let into a nested space is let into its root: nothing is stored.
    let access = json!([{ "userUuid": vic_id, "role": "admin" }]);
    let body = json!({ "name": "In", "access": access, "parentSpaceUuid": id_of(&space) });
    let nested = made(&ana, &project, &body).await;
    let item = &app.items()[&(
        format!("PROJECT#{}", project.id),
        format!("SPACE#{}", id_of(&nested)),
    )];
    assert_eq!(
        (&item["users"], &item["groups"]),
        (&json!({ "M": {} }), &json!({ "M": {} }))
    );
    let seen = ana.get(&nested).await.ok();
    assert_eq!(seen["access"][1]["role"], "editor", "{seen}");
}

#[tokio::test]
async fn who_is_let_in_while_a_space_is_made_is_a_member_or_nothing_happens() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.admin("oda@other.example", "Other").await;
    app.verified("eve@example.com").await;
    let project = app.project(ANA, "Sales").await;
    let foreign = id(&app, "oda@other.example").await;
    let free = id(&app, "eve@example.com").await;
    let before = app.items();
    for user in [foreign.as_str(), &free, NOBODYS, "nobody"] {
        let access = json!([{ "userUuid": user, "role": "viewer" }]);
        let body = json!({ "name": "Ours", "access": access });
        let reply = ana.post(&spaces(&project)).json(&body).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{user}");
    }
    let one = json!({ "userUuid": NOBODYS, "role": "viewer" });
    let body = json!({ "name": "Ours", "access": vec![one; 41] });
    let reply = ana.post(&spaces(&project)).json(&body).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn forty_people_are_let_in_at_once() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let mut access = Vec::new();
    for at in 0..40 {
        let email = format!("u{at}@example.com");
        app.viewer(&email).await;
        access.push(json!({ "userUuid": id(&app, &email).await, "role": "viewer" }));
    }
    let root = made(&ana, &project, &json!({ "name": "Root" })).await;
    let body = json!({ "name": "All", "access": access });
    let call = ana.post(&spaces(&project)).json(&body);
    let space = call.header("idempotency-key", "once").await.ok();
    let path = format!("{}/{}", spaces(&project), text(&space["uuid"]));
    assert_eq!(
        ana.get(&path).await.ok()["access"].as_array().map(Vec::len),
        Some(41)
    );
    // The most that one transaction has: in another space, too.
    let body = json!({ "name": "In", "access": access, "parentSpaceUuid": id_of(&root) });
    ana.post(&spaces(&project)).json(&body).await.ok();
}

#[tokio::test]
async fn wrong_names_and_shapes_make_nothing() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(&ana, &project, &json!({ "name": "Space" })).await;
    let before = app.items();
    for name in ["", "  ", "a\tb", &"x".repeat(256)] {
        let body = json!({ "name": name });
        let reply = ana.post(&spaces(&project)).json(&body).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name:?}");
        let reply = ana.patch(&space).json(&body).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name:?}");
    }
    for body in [
        json!({}),
        json!({ "name": 1 }),
        json!({ "name": "x", "access": [{ "role": "owner" }] }),
        json!({ "name": "x", "parentSpaceUuid": 7 }),
    ] {
        let reply = ana.post(&spaces(&project)).json(&body).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{body}");
    }
    assert_eq!(
        ana.patch(&space).json(&json!({})).await.refusal(),
        "422 ValidateError"
    );
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn a_nested_space_needs_the_right_to_manage_where_it_goes() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let eda = app.in_role("eda@example.com", "editor").await;
    let project = app.project(ANA, "Sales").await;
    let other = app.project(ANA, "Other").await;
    let elsewhere = made(&ana, &other, &json!({ "name": "There" })).await;
    let private = made(&ana, &project, &json!({ "name": "Private" })).await;
    let inside = json!({ "name": "Deep", "parentSpaceUuid": id_of(&private) });
    let deep = made(&ana, &project, &inside).await;
    let public = made(
        &ana,
        &project,
        &json!({ "name": "Public", "isPrivate": false }),
    )
    .await;
    let eda_id = id(&app, "eda@example.com").await;
    share(&ana, &private, &eda_id, "editor").await.ok();

    let inside = |parent: &str| json!({ "name": "Mine", "parentSpaceUuid": parent });
    let before = app.items();
    for (parent, refusal) in [
        (id_of(&private), "403 ForbiddenError"),
        (id_of(&deep), "403 ForbiddenError"),
        (id_of(&elsewhere), "404 NotFoundError"),
        (NOBODYS.into(), "404 NotFoundError"),
        ("nowhere".into(), "404 NotFoundError"),
    ] {
        let reply = eda.post(&spaces(&project)).json(&inside(&parent)).await;
        assert_eq!(reply.refusal(), refusal, "{parent}");
    }
    assert_eq!(before, app.items());
    made(&eda, &project, &inside(&id_of(&public))).await;
    share(&ana, &private, &eda_id, "admin").await.ok();
    made(&eda, &project, &inside(&id_of(&deep))).await;
}

#[tokio::test]
async fn whoever_may_not_make_spaces_makes_none() {
    let app = TestApp::new(local::api()).await;
    app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    for (email, role, status) in [
        ("m@example.com", "member", 403),
        ("v@example.com", "viewer", 403),
        ("i@example.com", "interactive_viewer", 403),
        ("e@example.com", "editor", 200),
        ("d@example.com", "developer", 200),
    ] {
        let actor = app.in_role(email, role).await;
        let reply = actor
            .post(&spaces(&project))
            .json(&json!({ "name": "x" }))
            .await;
        assert_eq!(reply.status, status, "{role}");
    }
    let member = app.in_role("p@example.com", "member").await;
    assert_eq!(
        member.get(&spaces(&project)).await.refusal(),
        "403 ForbiddenError"
    );
    app.grant(&project, "p@example.com", ProjectRole::Editor)
        .await;
    made(&member, &project, &json!({ "name": "x" })).await;
    assert_eq!(
        member
            .get(&spaces(&project))
            .await
            .ok()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn one_name_gives_two_spaces_two_slugs() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let first = made(&ana, &project, &json!({ "name": "My Sales" })).await;
    let body = json!({ "name": "My sales!", "parentSpaceUuid": id_of(&first) });
    let second = ana.post(&spaces(&project)).json(&body).await.ok();
    let slug = text(&second["slug"]);
    let tail = slug.strip_prefix("my-sales-").unwrap();
    assert!(
        tail.len() == 10
            && tail
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    );
    assert_eq!(second["path"], format!("my_sales.my_sales_{tail}"));
    // Another project has its own slugs, and a deleted space frees its own.
    let other = app.project(ANA, "Other").await;
    let same = ana
        .post(&spaces(&other))
        .json(&json!({ "name": "My Sales" }))
        .await
        .ok();
    assert_eq!(same["slug"], "my-sales");
    ana.delete(&first).await.ok();
    let again = ana
        .post(&spaces(&project))
        .json(&json!({ "name": "My Sales" }))
        .await
        .ok();
    assert_eq!(again["slug"], "my-sales");
}

#[tokio::test]
async fn a_repeated_request_makes_one_space() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let path = spaces(&project);
    let root = made(&ana, &project, &json!({ "name": "Root" })).await;
    let body = json!({ "name": "Once", "parentSpaceUuid": id_of(&root) });
    let make = async || {
        let call = ana.post(&path).json(&body);
        call.header("idempotency-key", "once").await
    };
    let first = make().await;
    assert_eq!(make().await.ok(), first.ok());
    assert_eq!(listed(&ana.get(&path).await.ok(), "name"), ["Root", "Once"]);
    let reply = ana
        .post(&path)
        .json(&body)
        .header("idempotency-key", "")
        .await;
    assert_eq!(reply.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn a_project_has_at_most_a_thousand_spaces() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let first = made(&ana, &project, &json!({ "name": "First" })).await;
    let key = (
        format!("PROJECT#{}", project.id),
        format!("SPACE#{}", id_of(&first)),
    );
    let mut item = app.items()[&key].clone();
    for at in 1..1000 {
        let id = format!("00000000-0000-4000-8000-{at:012}");
        item["id"]["S"] = json!(id);
        item["sk"]["S"] = json!(format!("SPACE#{id}"));
        app.put_item(&item);
    }
    let reply = ana
        .post(&spaces(&project))
        .json(&json!({ "name": "x" }))
        .await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(
        ana.get(&spaces(&project))
            .await
            .ok()
            .as_array()
            .map(Vec::len),
        Some(1000)
    );
    ana.delete(&first).await.ok();
    made(&ana, &project, &json!({ "name": "x" })).await;
}

#[tokio::test]
async fn a_renamed_space_keeps_slug_and_path() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(&ana, &project, &json!({ "name": "Old Name" })).await;
    let renamed = ana
        .patch(&space)
        .json(&json!({ "name": " New Name " }))
        .await
        .ok();
    let shown = [
        &renamed["name"],
        &renamed["slug"],
        &renamed["path"],
        &renamed["isPrivate"],
    ];
    assert_eq!(
        shown,
        [
            &json!("New Name"),
            &json!("old-name"),
            &json!("old_name"),
            &json!(true)
        ]
    );
    assert_eq!(renamed, ana.get(&space).await.ok());
    // What changes nothing writes nothing.
    let before = app.items();
    ana.patch(&space)
        .json(&json!({ "name": "New Name", "isPrivate": true }))
        .await
        .ok();
    assert_eq!(before, app.items());
    for gone in [NOBODYS, "nothing"] {
        let path = format!("{}/{gone}", spaces(&project));
        let reply = ana.patch(&path).json(&json!({ "name": "x" })).await;
        assert_eq!(reply.refusal(), "404 NotFoundError");
    }
}

#[tokio::test]
async fn whether_a_nested_space_is_private_is_asked_of_its_root_before_the_right_to_change_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@example.com").await;
    let project = app.project(ANA, "Sales").await;
    let root = made(&ana, &project, &json!({ "name": "Root" })).await;
    let body = json!({ "name": "In", "parentSpaceUuid": id_of(&root) });
    let nested = made(&ana, &project, &body).await;
    let message = |reply: Answer| {
        assert_eq!(reply.refusal(), "403 ForbiddenError");
        text(&reply.json()["error"]["message"])
    };
    let private = json!({ "name": "In", "isPrivate": true });
    let expected = message(ana.patch(&nested).json(&private).await);
    assert_eq!(message(vic.patch(&nested).json(&private).await), expected);
    let other = message(vic.patch(&nested).json(&json!({ "name": "x" })).await);
    assert_ne!(other, expected);
    ana.patch(&nested)
        .json(&json!({ "name": "In 2" }))
        .await
        .ok();
}

#[tokio::test]
async fn whoever_closes_a_space_is_not_locked_out() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let eda = app.in_role("eda@example.com", "editor").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(
        &ana,
        &project,
        &json!({ "name": "Open", "isPrivate": false }),
    )
    .await;
    let body = json!({ "name": "Closed", "isPrivate": true });
    let closed = eda.patch(&space).json(&body).await.ok();
    assert_eq!(closed["isPrivate"], true);
    let roles: Vec<_> = closed["access"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                text(&one["email"]),
                text(&one["role"]),
                one["hasDirectAccess"].clone(),
            )
        })
        .collect();
    let admin = |email: &str| (email.to_owned(), "admin".to_owned(), json!(true));
    assert_eq!(roles, [admin(ANA), admin("eda@example.com")]);
    let mirror = (
        format!("GRANTS#{}", id(&app, "eda@example.com").await),
        format!("SPACE#{}#{}", project.id, id_of(&space)),
    );
    assert!(app.items().contains_key(&mirror));
    // Closing it again, or having been let in, gives nothing.
    eda.patch(&space)
        .json(&json!({ "name": "Open", "isPrivate": false }))
        .await
        .ok();
    share(&ana, &space, &id(&app, "eda@example.com").await, "viewer")
        .await
        .ok();
    let closed = eda.patch(&space).json(&body).await.ok();
    assert_eq!(closed["access"][0]["role"], "viewer", "{closed}");
}

#[tokio::test]
async fn a_full_space_is_closed_by_those_in_it_only() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let eda = app.in_role("eda@example.com", "editor").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(
        &ana,
        &project,
        &json!({ "name": "Open", "isPrivate": false }),
    )
    .await;
    fill(&app, &project, &space);
    let body = json!({ "name": "Closed", "isPrivate": true });
    assert_eq!(
        eda.patch(&space).json(&body).await.refusal(),
        "400 ParameterError"
    );
    ana.patch(&space).json(&body).await.ok();
}

/// Lets people and groups into a space until nobody else fits in.
pub(crate) fn fill(app: &TestApp, project: &Project, space: &str) {
    let key = (
        format!("PROJECT#{}", project.id),
        format!("SPACE#{}", id_of(space)),
    );
    let mut item = app.items()[&key].clone();
    for map in ["users", "groups"] {
        let entries = item[map]["M"].as_object_mut().unwrap();
        for at in entries.len()..1000 {
            let id = format!("00000000-0000-4000-8000-{at:012}");
            entries.insert(id, json!({ "S": "viewer" }));
        }
    }
    app.put_item(&item);
}

#[tokio::test]
async fn nested_spaces_follow_their_root() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@example.com").await;
    let project = app.project(ANA, "Sales").await;
    let root = made(
        &ana,
        &project,
        &json!({ "name": "Root", "isPrivate": false }),
    )
    .await;
    let mut deep = root.clone();
    for name in ["A", "B", "C"] {
        let body = json!({ "name": name, "parentSpaceUuid": id_of(&deep), "isPrivate": true });
        deep = made(&ana, &project, &body).await;
    }
    assert_eq!(vic.get(&deep).await.ok()["isPrivate"], false);
    ana.patch(&root)
        .json(&json!({ "name": "Root", "isPrivate": true }))
        .await
        .ok();
    assert_eq!(vic.get(&deep).await.refusal(), "403 ForbiddenError");
    assert_eq!(vic.get(&spaces(&project)).await.ok(), json!([]));
    let vic_id = id(&app, "vic@example.com").await;
    share(&ana, &root, &vic_id, "viewer").await.ok();
    let seen = vic.get(&deep).await.ok();
    assert_eq!(seen["isPrivate"], true);
    let names: Vec<_> = seen["breadcrumbs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|crumb| text(&crumb["name"]))
        .collect();
    assert_eq!(names, ["Root", "A", "B", "C"]);
    ana.delete(&format!("{root}/share/{vic_id}")).await.ok();
    assert_eq!(vic.get(&deep).await.refusal(), "403 ForbiddenError");
}

/// Every route that names a space, with a body that has nothing wrong.
pub(crate) async fn every_route(
    actor: &Actor<'_>,
    space: &str,
    user: &str,
    group: &str,
) -> Vec<Answer> {
    vec![
        actor.get(space).await,
        actor.patch(space).json(&json!({ "name": "Theirs" })).await,
        share(actor, space, user, "admin").await,
        actor.delete(&format!("{space}/share/{user}")).await,
        share_group(actor, space, group, "admin").await,
        actor.delete(&format!("{space}/group/share/{group}")).await,
        actor.delete(space).await,
    ]
}

/// Upstream answers any space of any project here, and lets a project's admin change them.
#[tokio::test]
async fn a_space_is_of_the_project_in_the_path_or_not_found() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let pia = app.in_role("pia@example.com", "member").await;
    let [mine, theirs] = [
        app.project(ANA, "Mine").await,
        app.project(ANA, "Theirs").await,
    ];
    app.grant(&mine, "pia@example.com", ProjectRole::Admin)
        .await;
    let group = app.group(ANA, "Group", &[]).await;
    let space = made(
        &ana,
        &theirs,
        &json!({ "name": "Secret", "isPrivate": false }),
    )
    .await;
    let (user, group) = (id(&app, "pia@example.com").await, group.id.to_string());
    let before = app.items();
    for actor in [&pia, &ana] {
        for id in [id_of(&space), NOBODYS.to_owned(), "nothing".to_owned()] {
            let path = format!("{}/{id}", spaces(&mine));
            for reply in every_route(actor, &path, &user, &group).await {
                assert_eq!(reply.refusal(), "404 NotFoundError", "{reply}");
            }
        }
    }
    for reply in every_route(&pia, &space, &user, &group).await {
        assert_eq!(reply.refusal(), "403 ForbiddenError", "{reply}");
    }
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn another_organizations_projects_and_spaces_are_not_there() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.example", "Other").await;
    let theirs = app.project(ANA, "Theirs").await;
    let mine = app.project("oda@other.example", "Mine").await;
    let space = made(
        &ana,
        &theirs,
        &json!({ "name": "Secret", "isPrivate": false }),
    )
    .await;
    let (user, group) = (
        id(&app, ANA).await,
        app.group(ANA, "Group", &[]).await.id.to_string(),
    );
    let before = app.items();
    for reply in every_route(&oda, &space, &user, &group).await {
        assert_eq!(reply.refusal(), "404 NotExistsError", "{reply}");
    }
    let through_mine = format!("{}/{}", spaces(&mine), id_of(&space));
    for reply in every_route(&oda, &through_mine, &user, &group).await {
        assert_eq!(reply.refusal(), "404 NotFoundError", "{reply}");
    }
    let list = spaces(&theirs);
    assert_eq!(oda.get(&list).await.refusal(), "404 NotExistsError");
    let reply = oda.post(&list).json(&json!({ "name": "x" })).await;
    assert_eq!(reply.refusal(), "404 NotExistsError");
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn a_null_opens_no_private_space() {
    let app = testing::TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    let project = app.project("ana@example.com", "Jaffle").await;
    let path = format!("/api/v1/projects/{}/spaces", project.id);
    let body = serde_json::json!({ "name": "Plans", "isPrivate": null });
    let made = ana.post(&path).json(&body).await.ok();
    assert_eq!(made["isPrivate"], true);
    let one = format!("{path}/{}", made["uuid"].as_str().unwrap());
    assert_eq!(ana.patch(&one).json(&body).await.ok()["isPrivate"], true);
}
