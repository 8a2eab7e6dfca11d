use app::domain::{access::ProjectRole, group::Group, project::Project};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::{ANA, BOB, ZOE, acme, id, path};

fn grant(group: &Group, project: &Project) -> String {
    format!("{}/projects/{}", path(group), project.id)
}

/// Which subjects somebody may manage in a project, as clients read it.
async fn manages(app: &TestApp, email: &str, project: &Project) -> Vec<String> {
    let user = app.sign_in(email).await.get("/api/v1/user").await.ok();
    let rules = user["abilityRules"].as_array().unwrap().iter();
    let here = rules.filter(|rule| {
        rule["conditions"]["projectUuid"] == json!(project.id) && rule["action"] == "manage"
    });
    here.map(|rule| rule["subject"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_role_is_given_changed_and_taken_away() {
    let app = acme().await;
    let (group, project) = (
        app.group(ANA, "Sales", &[BOB]).await,
        app.project(ANA, "Jaffle").await,
    );
    let (ana, one) = (app.sign_in(ANA).await, grant(&group, &project));
    assert_snapshot!(ana.post(&one).json(&json!({ "role": "editor" })).await, @r#"
    200 {
      "results": {
        "groupUuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5",
        "projectUuid": "695da845-2ce0-4d82-8d4c-b7515764196f",
        "role": "editor"
      },
      "status": "ok"
    }
    "#);
    let before = app.items();
    assert_snapshot!(ana.post(&one).json(&json!({ "role": "viewer" })).await, @r#"
    409 {
      "error": {
        "data": {},
        "message": "Access to the project already exists",
        "name": "AlreadyExistsError",
        "statusCode": 409
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);
    assert_snapshot!(ana.patch(&one).json(&json!({ "role": "interactive_viewer" })).await, @r#"
    200 {
      "results": {
        "groupUuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5",
        "projectUuid": "695da845-2ce0-4d82-8d4c-b7515764196f",
        "role": "interactive_viewer"
      },
      "status": "ok"
    }
    "#);
    let access = app
        .app
        .store
        .project_access(project.id, &app.account(BOB).await)
        .await;
    assert_eq!(
        access.unwrap().unwrap().groups,
        [(group.id, ProjectRole::InteractiveViewer)]
    );
    let roles = app
        .app
        .store
        .project_roles(&app.account(BOB).await)
        .await
        .unwrap();
    assert_eq!(roles, [(project.id, ProjectRole::InteractiveViewer)]);

    assert_snapshot!(ana.delete(&one).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    let again = ana.delete(&one).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (204, ""));
    assert_snapshot!(ana.patch(&one).json(&json!({ "role": "viewer" })).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Access to the project not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for wrong in [
        json!({}),
        json!({ "role": "member" }),
        json!({ "role": 5 }),
        json!([]),
    ] {
        assert_eq!(
            ana.post(&one).json(&wrong).await.refusal(),
            "422 ValidateError",
            "{wrong}"
        );
        assert_eq!(
            ana.patch(&one).json(&wrong).await.refusal(),
            "422 ValidateError",
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn members_of_a_group_have_its_role_at_once_and_lose_it_at_once() {
    let app = acme().await;
    let (group, project) = (
        app.group(ANA, "Sales", &[]).await,
        app.project(ANA, "Jaffle").await,
    );
    let (ana, one) = (app.sign_in(ANA).await, grant(&group, &project));
    let member = format!("{}/members/{}", path(&group), id(&app, BOB).await);
    let editor = json!({ "role": "editor" });
    assert_eq!(manages(&app, BOB, &project).await, [""; 0]);

    ana.post(&one).json(&editor).await.ok();
    assert_eq!(ana.put(&member).await.status, 201);
    assert!(
        manages(&app, BOB, &project)
            .await
            .contains(&"PinnedItems".to_owned())
    );
    assert_eq!(manages(&app, ZOE, &project).await, [""; 0]);
    ana.patch(&one)
        .json(&json!({ "role": "viewer" }))
        .await
        .ok();
    assert_eq!(manages(&app, BOB, &project).await, ["ExportCsv"]);

    assert_eq!(ana.delete(&member).await.status, 200);
    assert_eq!(manages(&app, BOB, &project).await, [""; 0]);
    assert_eq!(ana.put(&member).await.status, 201);
    assert_eq!(ana.delete(&one).await.status, 200);
    assert_eq!(manages(&app, BOB, &project).await, [""; 0]);

    ana.post(&one).json(&editor).await.ok();
    assert!(!manages(&app, BOB, &project).await.is_empty());
    ana.delete(&path(&group)).await.ok();
    assert_eq!(manages(&app, BOB, &project).await, [""; 0]);
    let access = app
        .app
        .store
        .project_access(project.id, &app.account(BOB).await)
        .await;
    assert_eq!(access.unwrap().unwrap().groups, []);
}

#[tokio::test]
async fn a_change_of_role_moves_the_role_nowhere_else() {
    let app = acme().await;
    app.admin("oda@other.example", "Other").await;
    let (group, other) = (
        app.group(ANA, "Sales", &[BOB]).await,
        app.group(ANA, "Other", &[]).await,
    );
    let project = app.project(ANA, "Jaffle").await;
    let foreign = app.project("oda@other.example", "Theirs").await;
    app.grant_group(&project, &group, ProjectRole::Viewer).await;
    let ana = app.sign_in(ANA).await;
    let before = app.items();
    let sent = json!({
        "role": "viewer", "projectUuid": foreign.id, "groupUuid": other.id,
        "project_id": 1, "project_uuid": foreign.id, "group_uuid": other.id, "organizationUuid": foreign.organization,
    });
    let reply = ana.patch(&grant(&group, &project)).json(&sent).await.ok();
    assert_eq!(
        reply,
        json!({ "projectUuid": project.id, "groupUuid": group.id, "role": "viewer" })
    );
    let without_mark = |items: std::collections::BTreeMap<_, Value>| {
        let items = items.into_iter().map(|(key, mut item)| {
            item.as_object_mut().unwrap().remove("w");
            (key, item)
        });
        items.collect::<Vec<_>>()
    };
    assert_eq!(without_mark(app.items()), without_mark(before));
}

#[tokio::test]
async fn a_project_of_another_organization_is_as_unknown_as_none() {
    let app = acme().await;
    app.admin("oda@other.example", "Other").await;
    let group = app.group(ANA, "Sales", &[]).await;
    let foreign = app
        .project("oda@other.example", "Theirs")
        .await
        .id
        .to_string();
    let ana = app.sign_in(ANA).await;
    let before = app.items();
    for project in [
        &*foreign,
        "00000000-0000-4000-8000-000000000000",
        "not-a-uuid",
    ] {
        let one = format!("{}/projects/{project}", path(&group));
        let role = json!({ "role": "admin" });
        for reply in [
            ana.post(&one).json(&role).await,
            ana.patch(&one).json(&role).await,
            ana.delete(&one).await,
        ] {
            assert_eq!(reply.refusal(), "404 NotExistsError", "{project}");
        }
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_repeated_request_gives_no_second_role() {
    let app = acme().await;
    let (group, project) = (
        app.group(ANA, "Sales", &[]).await,
        app.project(ANA, "Jaffle").await,
    );
    let ana = app.sign_in(ANA).await;
    let give = async |path: String, role: &str| {
        let call = ana.post(&path).json(&json!({ "role": role }));
        call.header("idempotency-key", "once").await
    };
    let one = grant(&group, &project);
    let first = give(one.clone(), "editor").await;
    let before = app.items();
    assert_eq!(give(one.clone(), "editor").await.text, first.text);
    assert_eq!(app.items(), before);
    // The key of another request is no key of this one.
    let other = app.project(ANA, "Second").await;
    give(grant(&group, &other), "viewer").await.ok();
    ana.delete(&one).await;
    assert_eq!(
        give(one, "editor").await.refusal(),
        "409 AlreadyProcessingError"
    );
}
