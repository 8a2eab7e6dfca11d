use app::domain::{
    access::ProjectRole,
    job::{Job, Task},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::spaces::{ANA, NOBODYS, fill, id, id_of, installation, made, share, share_group};

const VIC: &str = "vic@example.com";

/// Address, role and whether they were let in, of everybody with access.
fn access(space: &Value) -> Vec<String> {
    let one = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let direct = entry["hasDirectAccess"].as_bool().unwrap();
        let mark = if direct { "!" } else { "" };
        format!("{} {}{mark}", text("email"), text("role"))
    };
    let entries = space["access"].as_array().unwrap();
    entries.iter().map(one).collect()
}

/// What the table says of somebody or a group beside the space: mirrors, and entries.
pub(crate) fn traces(app: &TestApp, id: &str) -> Vec<String> {
    let items = app.items().into_iter();
    let about = items.filter(|((pk, sk), item)| {
        let kind = item["kind"]["S"].as_str().unwrap_or_default();
        let space = ["space", "granted space", "group space"].contains(&kind);
        space && (pk.contains(id) || sk.contains(id) || item.to_string().contains(id))
    });
    about.map(|((pk, sk), _)| format!("{pk} / {sk}")).collect()
}

#[tokio::test]
async fn people_are_let_in_get_other_roles_and_are_put_out() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer(VIC).await;
    let project = app.project(ANA, "Sales").await;
    let space = made(&ana, &project, &json!({ "name": "Space" })).await;
    let vic_id = id(&app, VIC).await;
    assert_eq!(vic.get(&space).await.refusal(), "403 ForbiddenError");

    assert_snapshot!(share(&ana, &space, &vic_id, "viewer").await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    let before = app.items();
    share(&ana, &space, &vic_id, "viewer").await.ok();
    assert_eq!(before, app.items());
    let seen = ana.get(&space).await.ok();
    assert_eq!(
        access(&seen),
        ["ana@example.com admin!", "vic@example.com viewer!"]
    );
    // Who may not manage it does not hear of others.
    let seen = vic.get(&space).await.ok();
    assert_eq!(access(&seen), ["vic@example.com viewer!"]);
    share(&ana, &space, &vic_id, "editor").await.ok();
    let seen = vic.get(&space).await.ok();
    assert_eq!(access(&seen), ["vic@example.com editor!"]);
    share(&ana, &space, &vic_id, "admin").await.ok();
    app.set_role(VIC, "interactive_viewer");
    assert_eq!(access(&vic.get(&space).await.ok()).len(), 2);
    assert_eq!(traces(&app, &vic_id).len(), 2);

    let path = format!("{space}/share/{vic_id}");
    assert_snapshot!(ana.delete(&path).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(vic.get(&space).await.refusal(), "403 ForbiddenError");
    assert_eq!(traces(&app, &vic_id), Vec::<String>::new());
    let before = app.items();
    ana.delete(&path).await.ok();
    ana.delete(&format!("{space}/share/{NOBODYS}")).await.ok();
    let reply = ana.delete(&format!("{space}/share/nobody")).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn groups_are_let_in_get_other_roles_and_are_put_out() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer(VIC).await;
    let project = app.project(ANA, "Sales").await;
    let group = app.group(ANA, "Analysts", &[VIC]).await.id.to_string();
    let space = made(&ana, &project, &json!({ "name": "Space" })).await;

    assert_snapshot!(share_group(&ana, &space, &group, "viewer").await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    let before = app.items();
    share_group(&ana, &space, &group, "viewer").await.ok();
    assert_eq!(before, app.items());
    let seen = ana.get(&space).await.ok();
    assert_eq!(access(&seen)[1], "vic@example.com viewer!");
    let told = json!([{ "groupUuid": group, "groupName": "Analysts", "spaceRole": "viewer" }]);
    assert_eq!(seen["groupsAccess"], told);
    // Of groups, who may not manage it sees their own.
    let other = app.group(ANA, "Others", &[]).await.id.to_string();
    share_group(&ana, &space, &other, "viewer").await.ok();
    let seen = vic.get(&space).await.ok();
    assert_eq!(access(&seen), ["vic@example.com viewer!"]);
    assert_eq!(seen["groupsAccess"], told);
    ana.delete(&format!("{space}/group/share/{other}"))
        .await
        .ok();
    share_group(&ana, &space, &group, "editor").await.ok();
    assert_eq!(
        access(&vic.get(&space).await.ok()),
        ["vic@example.com editor!"]
    );

    let path = format!("{space}/group/share/{group}");
    assert_snapshot!(ana.delete(&path).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(vic.get(&space).await.refusal(), "403 ForbiddenError");
    assert_eq!(traces(&app, &group), Vec::<String>::new());
    let before = app.items();
    ana.delete(&path).await.ok();
    ana.delete(&format!("{space}/group/share/{NOBODYS}"))
        .await
        .ok();
    let reply = ana.delete(&format!("{space}/group/share/nobody")).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
    assert_eq!(before, app.items());
}

/// Upstream accepts people and groups of other organisations, and fails on unknown ones.
#[tokio::test]
async fn only_the_organizations_own_people_and_groups_are_let_in() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.admin("oda@other.example", "Other").await;
    app.verified("eve@example.com").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(&ana, &project, &json!({ "name": "Space" })).await;
    let foreign = app.group("oda@other.example", "Group", &[]).await;
    let deleted = app.group(ANA, "Gone", &[]).await;
    let (now, task) = (app.app.clock.now(), Task::DeleteGroup { group: deleted.id });
    let job = Job::new(task, &app.app.random, now);
    app.app
        .store
        .delete_group(&deleted, &job, now)
        .await
        .unwrap();

    let before = app.items();
    let oda = id(&app, "oda@other.example").await;
    let eve = id(&app, "eve@example.com").await;
    for user in [oda.as_str(), &eve, NOBODYS, "nobody"] {
        let reply = share(&ana, &space, user, "viewer").await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{user}");
    }
    let (foreign, deleted) = (foreign.id.to_string(), deleted.id.to_string());
    for group in [foreign.as_str(), &deleted, NOBODYS, "nobody"] {
        let reply = share_group(&ana, &space, group, "viewer").await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{group}");
    }
    for body in [
        json!({ "userUuid": eve }),
        json!({ "userUuid": eve, "spaceRole": "owner" }),
    ] {
        let reply = ana.post(&format!("{space}/share")).json(&body).await;
        assert_eq!(reply.refusal(), "422 ValidateError");
    }
    assert_eq!(before, app.items());
}

/// There it is a root, one may do it: asked in this order.
#[tokio::test]
async fn only_roots_are_shared_and_only_by_whoever_manages_them() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let eda = app.in_role("eda@example.com", "editor").await;
    let project = app.project(ANA, "Sales").await;
    let root = made(&ana, &project, &json!({ "name": "Root" })).await;
    let body = json!({ "name": "In", "parentSpaceUuid": id_of(&root) });
    let nested = made(&ana, &project, &body).await;
    let user = id(&app, "eda@example.com").await;
    let group = app.group(ANA, "Group", &[]).await.id.to_string();
    share(&ana, &root, &user, "editor").await.ok();

    let before = app.items();
    let mut messages = Vec::new();
    for (actor, space) in [(&ana, &nested), (&eda, &nested), (&eda, &root)] {
        for reply in [
            share(actor, space, &user, "admin").await,
            actor.delete(&format!("{space}/share/{user}")).await,
            share_group(actor, space, &group, "admin").await,
            actor.delete(&format!("{space}/group/share/{group}")).await,
        ] {
            assert_eq!(reply.refusal(), "403 ForbiddenError");
            let message = reply.json()["error"]["message"].clone();
            messages.push(message.as_str().unwrap().to_owned());
        }
    }
    messages.dedup();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("nested"), "{messages:?}");
    assert_eq!(before, app.items());
    share(&ana, &root, &user, "admin").await.ok();
    share_group(&eda, &root, &group, "viewer").await.ok();
}

#[tokio::test]
async fn a_full_space_takes_nobody_else_but_changes_the_roles_of_those_in_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(VIC).await;
    let project = app.project(ANA, "Sales").await;
    let space = made(&ana, &project, &json!({ "name": "Space" })).await;
    let [group, other] = [
        app.group(ANA, "A", &[]).await,
        app.group(ANA, "B", &[]).await,
    ];
    let [group, other] = [group.id.to_string(), other.id.to_string()];
    share_group(&ana, &space, &group, "viewer").await.ok();
    fill(&app, &project, &space);
    let vic = id(&app, VIC).await;
    assert_eq!(
        share(&ana, &space, &vic, "viewer").await.refusal(),
        "400 ParameterError"
    );
    let reply = share_group(&ana, &space, &other, "viewer").await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    share(&ana, &space, &id(&app, ANA).await, "editor")
        .await
        .ok();
    share_group(&ana, &space, &group, "admin").await.ok();
}

#[tokio::test]
async fn somebody_in_several_groups_appears_once() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.in_role(VIC, "member").await;
    let project = app.project(ANA, "Sales").await;
    let space = made(&ana, &project, &json!({ "name": "Space" })).await;
    for (name, role) in [("A", "viewer"), ("B", "editor"), ("C", "viewer")] {
        let group = app.group(ANA, name, &[VIC]).await;
        app.grant_group(&project, &group, ProjectRole::InteractiveViewer)
            .await;
        share_group(&ana, &space, &group.id.to_string(), role)
            .await
            .ok();
    }
    let seen = ana.get(&space).await.ok();
    assert_eq!(
        access(&seen),
        ["ana@example.com admin!", "vic@example.com editor!"]
    );
}
