use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{ANA, BOB, ZOE, acme, assert_mirrors, crowd, id, names, path};

const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

fn members(ids: &[&str]) -> Value {
    let members: Vec<_> = ids.iter().map(|id| json!({ "userUuid": id })).collect();
    json!({ "members": members })
}

#[tokio::test]
async fn a_group_is_shown_with_as_many_members_as_are_asked_for() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[ZOE, BOB]).await;
    let ana = app.sign_in(ANA).await;
    let of = |query: &str| format!("{}{query}", path(&group));
    assert_snapshot!(ana.get(&of("")).await, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "name": "Sales",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "updatedByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "uuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5"
      },
      "status": "ok"
    }
    "#);
    assert_snapshot!(ana.get(&of("?includeMembers=1.000000")).await, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "memberUuids": [
          "ee8383a4-e685-4acd-ba22-effaf4ed8686",
          "6dd8be71-867a-4d93-baf8-b8c80f9ecacf"
        ],
        "members": [
          {
            "email": "bob@example.com",
            "firstName": "bob",
            "lastName": "Test",
            "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
          }
        ],
        "name": "Sales",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "updatedByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "uuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5"
      },
      "status": "ok"
    }
    "#);
    let ids = json!([id(&app, BOB).await, id(&app, ZOE).await]);
    for (query, shown) in [
        ("?includeMembers=0.000000", vec![]),
        ("?includeMembers=-1", vec![]),
        ("?includeMembers=5&offset=1", vec![ZOE]),
        ("?includeMembers=1&offset=1.0", vec![ZOE]),
        ("?includeMembers=5&offset=2", vec![]),
        ("?includeMembers=1e300&offset=-1", vec![BOB, ZOE]),
    ] {
        let found = ana.get(&of(query)).await.ok();
        let emails = found["members"].as_array().unwrap().iter();
        let emails: Vec<_> = emails
            .map(|member| member["email"].as_str().unwrap())
            .collect();
        assert_eq!(emails, shown, "{query}");
        assert_eq!(found["memberUuids"], ids, "{query}");
    }
    assert_eq!(ana.get(&of("?offset=1")).await.ok().get("members"), None);
    let refused = ana.get(&of("?includeMembers=all")).await;
    assert_eq!(refused.refusal(), "422 ValidateError");
}

#[tokio::test]
async fn a_group_of_another_organization_is_as_unknown_as_none() {
    let app = acme().await;
    let oda = app.admin("oda@other.example", "Other").await;
    let foreign = app.group(ANA, "Sales", &[BOB]).await.id.to_string();
    let own = app.group("oda@other.example", "Own", &[]).await;
    let project = app.project("oda@other.example", "Jaffle").await.id;
    let (me, before) = (id(&app, "oda@other.example").await, app.items());
    for group in [&foreign, NOBODYS, "not-a-uuid", "%C3%A4"] {
        let one = format!("/api/v1/groups/{group}");
        let (member, grant) = (
            format!("{one}/members/{me}"),
            format!("{one}/projects/{project}"),
        );
        let role = json!({ "role": "viewer" });
        for reply in [
            oda.get(&one).await,
            oda.get(&format!("{one}?includeMembers=1")).await,
            oda.patch(&one).json(&json!({ "name": "Mine" })).await,
            oda.delete(&one).await,
            oda.get(&format!("{one}/members")).await,
            oda.put(&member).await,
            oda.delete(&member).await,
            oda.post(&grant).json(&role).await,
            oda.patch(&grant).json(&role).await,
            oda.delete(&grant).await,
        ] {
            assert_eq!(reply.refusal(), "404 NotFoundError", "{reply}");
            assert_eq!(reply.json()["error"]["message"], "Group not found");
        }
    }
    assert_eq!(app.items(), before);
    oda.get(&path(&own)).await.ok();
}

#[tokio::test]
async fn nobody_but_an_admin_sees_or_changes_a_group() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    let project = app.project(ANA, "Jaffle").await;
    // An admin of the project is no admin of the organisation.
    app.grant(&project, ZOE, app::domain::access::ProjectRole::Admin)
        .await;
    let one = path(&group);
    let (member, grant) = (
        format!("{one}/members/{}", id(&app, ZOE).await),
        format!("{one}/projects/{}", project.id),
    );
    let (bob, zoe) = (app.sign_in(BOB).await, app.sign_in(ZOE).await);
    let dev = app.in_role("dev@example.com", "developer").await;
    let alone = app.verified("eve@elsewhere.example").await;
    let anonymous = app.anonymous();
    let before = app.items();
    for (actor, refusal) in [
        (&bob, "403 ForbiddenError"),
        (&zoe, "403 ForbiddenError"),
        (&dev, "403 ForbiddenError"),
        (&alone, "403 ForbiddenError"),
        (&anonymous, "401 AuthorizationError"),
    ] {
        let role = json!({ "role": "viewer" });
        for reply in [
            actor.get(&one).await,
            actor.patch(&one).json(&json!({ "name": "Mine" })).await,
            actor.delete(&one).await,
            actor.get(&format!("{one}/members")).await,
            actor.put(&member).await,
            actor.delete(&member).await,
            actor.post(&grant).json(&role).await,
            actor.patch(&grant).json(&role).await,
            actor.delete(&grant).await,
        ] {
            assert_eq!(reply.refusal(), refusal);
        }
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_new_name_is_noted_and_frees_the_old_one() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    app.in_role("adi@example.com", "admin").await;
    let (ana, adi) = (app.sign_in(ANA).await, app.sign_in("adi@example.com").await);
    app.wait(1);
    let renamed = json!({ "name": " Marketing " });
    assert_snapshot!(adi.patch(&path(&group)).json(&renamed).await, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "memberUuids": [
          "ee8383a4-e685-4acd-ba22-effaf4ed8686"
        ],
        "members": [
          {
            "email": "bob@example.com",
            "firstName": "bob",
            "lastName": "Test",
            "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
          }
        ],
        "name": "Marketing",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "updatedAt": "2026-01-31T09:31:00.000Z",
        "updatedByUserUuid": "695da845-2ce0-4d82-8d4c-b7515764196f",
        "uuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(
        ana.get("/api/v1/org/groups").await.ok()["data"][0]["name"],
        "Marketing"
    );

    // The name that it has, and none, change nothing.
    app.wait(1);
    let before = app.items();
    for name in ["Marketing", " Marketing", ""] {
        let reply = ana
            .patch(&path(&group))
            .json(&json!({ "name": name }))
            .await
            .ok();
        assert_eq!(reply["updatedAt"], "2026-01-31T09:31:00.000Z");
    }
    ana.patch(&path(&group)).json(&json!({})).await.ok();
    assert_eq!(app.items(), before);

    app.group(ANA, "Sales", &[]).await;
    assert_snapshot!(ana.patch(&path(&group)).json(&json!({ "name": "Sales" })).await, @r#"
    409 {
      "error": {
        "data": {},
        "message": "Group already exists",
        "name": "AlreadyExistsError",
        "statusCode": 409
      },
      "status": "error"
    }
    "#);
    // Whoever renamed it last is named, whoever did before is not.
    ana.patch(&path(&group))
        .json(&json!({ "name": "sales" }))
        .await
        .ok();
    let adi = id(&app, "adi@example.com").await;
    let owned = names(&app, &group.id.to_string()).into_iter();
    assert!(
        !owned
            .map(|(pk, _)| pk)
            .any(|pk| pk == format!("OWNED#{adi}"))
    );
}

#[tokio::test]
async fn a_name_or_a_list_that_breaks_a_rule_changes_nothing() {
    let app = acme().await;
    let oda = app.admin("oda@other.example", "Other").await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    let (zoe, foreign) = (id(&app, ZOE).await, id(&app, "oda@other.example").await);
    let ana = app.sign_in(ANA).await;
    let before = app.items();
    for name in [" ", "\t", "a\nb", &"x".repeat(256)] {
        let reply = ana
            .patch(&path(&group))
            .json(&json!({ "name": name }))
            .await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name:?}");
    }
    let many = vec![zoe.as_str(); 10_001];
    for wrong in [
        members(&[&zoe, &foreign]),
        members(&[&zoe, NOBODYS]),
        members(&[&zoe, "not-a-uuid"]),
    ] {
        let mut sent = wrong;
        sent["name"] = json!("Marketing");
        let reply = ana.patch(&path(&group)).json(&sent).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{sent}");
    }
    let reply = ana.patch(&path(&group)).json(&members(&many)).await;
    assert_eq!(reply.refusal(), "413 ParameterError");
    for wrong in [
        json!({ "name": 5 }),
        json!({ "members": [{}] }),
        json!({ "members": [{ "userUuid": 5 }] }),
    ] {
        let reply = ana.patch(&path(&group)).json(&wrong).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{wrong}");
    }
    assert_eq!(app.items(), before);
    oda.get("/api/v1/org").await.ok();
}

#[tokio::test]
async fn a_list_becomes_the_exact_members_and_nothing_else() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[BOB]).await;
    let (bob, zoe, me) = (
        id(&app, BOB).await,
        id(&app, ZOE).await,
        id(&app, ANA).await,
    );
    let ana = app.sign_in(ANA).await;
    app.wait(1);
    for wanted in [vec![&*zoe, &me], vec![&me, &bob, &bob], vec![&*bob], vec![]] {
        let reply = ana.patch(&path(&group)).json(&members(&wanted)).await.ok();
        let mut uuids: Vec<_> = reply["memberUuids"].as_array().unwrap().iter().collect();
        let mut expected: Vec<_> = wanted.iter().map(|id| json!(id)).collect();
        uuids.sort_by_key(|id| id.to_string());
        expected.sort_by_key(Value::to_string);
        expected.dedup();
        assert_eq!(uuids, expected.iter().collect::<Vec<_>>());
        assert_eq!(
            (&reply["updatedAt"], &reply["updatedByUserUuid"]),
            (&json!(group.updated_at), &json!(group.updated_by))
        );
        assert_mirrors(&app);
    }
    // Only what is documented of a member is read.
    let sent = json!({ "members": [{ "userUuid": zoe, "groupUuid": NOBODYS }], "organizationUuid": NOBODYS });
    let reply = ana.patch(&path(&group)).json(&sent).await.ok();
    assert_eq!(reply["organizationUuid"], json!(group.organization));
    assert_mirrors(&app);
}

#[tokio::test]
async fn a_thousand_members_come_and_go_in_one_request() {
    let app = acme().await;
    let group = app.group(ANA, "Sales", &[BOB, ZOE]).await;
    let crowd = crowd(&app, 1000).await;
    let ana = app.sign_in(ANA).await;
    let all: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let reply = ana.patch(&path(&group)).json(&members(&all)).await.ok();
    assert_eq!(reply["members"].as_array().map(Vec::len), Some(1000));
    assert_eq!(reply["members"][999]["email"], "copy00999@example.com");
    assert_mirrors(&app);
    let listed = ana.get(&format!("{}/members", path(&group))).await.ok();
    assert_eq!(listed.as_array().map(Vec::len), Some(1000));

    let half = members(&all[..500]);
    let reply = ana.patch(&path(&group)).json(&half).await.ok();
    assert_eq!(reply["memberUuids"].as_array().map(Vec::len), Some(500));
    assert_mirrors(&app);
}
