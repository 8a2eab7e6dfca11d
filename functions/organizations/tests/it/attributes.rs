use app::domain::job::{Job, Task};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

use crate::api;

const ATTRIBUTES: &str = "/api/v1/org/attributes";
const NOBODYS: &str = "6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e";
const ANA: &str = "ana@acme.com";

fn form(name: &str) -> Value {
    json!({ "name": name, "attributeDefault": null, "users": [], "groups": [] })
}

async fn create(ana: &Actor<'_>, body: &Value) -> Value {
    let made = ana.post(ATTRIBUTES).json(body).await;
    assert_eq!(made.status, 201, "{made}");
    made.json()["results"].clone()
}

fn path(attribute: &Value) -> String {
    format!(
        "{ATTRIBUTES}/{}",
        attribute["uuid"].as_str().unwrap_or_default()
    )
}

async fn replace(ana: &Actor<'_>, attribute: &Value, body: &Value) -> Answer {
    ana.put(&path(attribute)).json(body).await
}

async fn names(ana: &Actor<'_>) -> Vec<String> {
    let listed = ana.get(ATTRIBUTES).await.ok();
    let listed = listed.as_array().into_iter().flatten();
    listed
        .map(|one| one["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn an_attribute_has_a_value_per_user_and_group_and_is_replaced_as_a_whole() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer("bob@acme.com").await;
    let (ana_id, bob_id) = (
        app.account(ANA).await.id,
        app.account("bob@acme.com").await.id,
    );
    let group = app.group(ANA, "Sales", &["bob@acme.com"]).await;
    let body = json!({ "name": " region ", "description": "Where", "attributeDefault": "all",
        "users": [{ "userUuid": bob_id.to_string(), "value": "north" }, { "userUuid": ana_id.to_string(), "value": "" }],
        "groups": [{ "groupUuid": group.id.to_string(), "value": "south" }] });
    let made = ana.post(ATTRIBUTES).json(&body).await;
    assert_snapshot!(made, @r#"
    201 {
      "results": {
        "attributeDefault": "all",
        "createdAt": "2026-01-31T09:30:00.000Z",
        "description": "Where",
        "groups": [
          {
            "groupUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
            "value": "south"
          }
        ],
        "name": "region",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "users": [
          {
            "email": "ana@acme.com",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
            "value": ""
          },
          {
            "email": "bob@acme.com",
            "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
            "value": "north"
          }
        ],
        "uuid": "c42e0024-2ad0-4699-b199-a53d9031efbe"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(
        ana.get(ATTRIBUTES).await.ok(),
        json!([made.json()["results"]])
    );

    app.wait(1);
    let made = made.json()["results"].clone();
    let replaced = replace(&ana, &made, &form("area")).await;
    assert_snapshot!(replaced, @r#"
    201 {
      "results": {
        "attributeDefault": null,
        "createdAt": "2026-01-31T09:30:00.000Z",
        "groups": [],
        "name": "area",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "users": [],
        "uuid": "c42e0024-2ad0-4699-b199-a53d9031efbe"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(
        ana.get(ATTRIBUTES).await.ok(),
        json!([replaced.json()["results"]])
    );
    // The old name is free.
    create(&ana, &form("region")).await;
    assert_eq!(names(&ana).await, ["region", "area"]);

    assert_snapshot!(ana.delete(&path(&made)).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(
        ana.delete(&path(&made)).await.refusal(),
        "404 NotFoundError"
    );
    create(&ana, &form("area")).await;
}

#[tokio::test]
async fn a_name_is_taken_once_in_an_organization_and_letter_case_counts() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    create(&ana, &form("region")).await;
    let area = create(&ana, &form("area")).await;
    create(&ana, &form("Region")).await;
    create(&oda, &form("region")).await;
    let before = app.items();
    assert_snapshot!(ana.post(ATTRIBUTES).json(&form(" region")).await, @r#"
    409 {
      "error": {
        "data": {},
        "message": "User attribute already exists",
        "name": "AlreadyExistsError",
        "statusCode": 409
      },
      "status": "error"
    }
    "#);
    let reply = replace(&ana, &area, &form("region")).await;
    assert_eq!(reply.refusal(), "409 AlreadyExistsError");
    assert_eq!(app.items(), before);
    // Its own name is no other's.
    assert_eq!(replace(&ana, &area, &form("area")).await.status, 201);
}

#[tokio::test]
async fn values_are_of_users_and_groups_of_the_organization_once_each() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    app.admin("oda@other.com", "Other").await;
    app.verified("eve@nowhere.com").await;
    let (ana_id, oda_id) = (
        app.account(ANA).await.id,
        app.account("oda@other.com").await.id,
    );
    let eve_id = app.account("eve@nowhere.com").await.id;
    let (own, theirs) = (
        app.group(ANA, "Own", &[]).await,
        app.group("oda@other.com", "Theirs", &[]).await,
    );
    let kept = create(&ana, &form("kept")).await;
    let before = app.items();
    let user = |id: &str| json!({ "userUuid": id, "value": "x" });
    let group = |id: &str| json!({ "groupUuid": id, "value": "x" });
    let (ana_id, own_id) = (ana_id.to_string(), own.id.to_string());
    for (users, groups) in [
        (vec![user(&oda_id.to_string())], vec![]),
        (vec![user(&eve_id.to_string())], vec![]),
        (vec![user(NOBODYS)], vec![]),
        (vec![user("no-uuid")], vec![]),
        (vec![user(&ana_id), user(&ana_id)], vec![]),
        (vec![user(&ana_id)], vec![group(&theirs.id.to_string())]),
        (vec![], vec![group(NOBODYS)]),
        (vec![], vec![group(&own_id), group(&own_id)]),
        (vec![], vec![group(&ana_id)]),
    ] {
        let body =
            json!({ "name": "x", "attributeDefault": null, "users": users, "groups": groups });
        for reply in [
            ana.post(ATTRIBUTES).json(&body).await,
            replace(&ana, &kept, &body).await,
        ] {
            assert_eq!(reply.refusal(), "400 ParameterError", "{body}");
        }
    }
    for name in ["", "  ", "a\nb", &"x".repeat(256)] {
        let reply = ana.post(ATTRIBUTES).json(&form(name)).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{name:?}");
    }
    for body in [
        json!({ "name": "x", "users": [], "groups": [] }),
        json!({ "name": "x", "attributeDefault": null, "groups": [] }),
        json!({ "name": "x", "attributeDefault": null, "users": [] }),
        json!({ "attributeDefault": null, "users": [], "groups": [] }),
        json!({ "name": "x", "attributeDefault": null, "users": [{ "userUuid": ana_id }], "groups": [] }),
    ] {
        let reply = ana.post(ATTRIBUTES).json(&body).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{body}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn attributes_are_for_admins_and_another_organizations_are_none() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let oda = app.admin("oda@other.com", "Other").await;
    let eve = app.user("eve@nowhere.com").await;
    let made = create(&ana, &form("region")).await;
    let token = ana.by_token().await;
    assert_eq!(names(&token).await, ["region"]);

    let before = app.items();
    for (actor, refusal) in [
        (&dev, "403 ForbiddenError"),
        (&eve, "403 ForbiddenError"),
        (&app.anonymous(), "401 AuthorizationError"),
    ] {
        for reply in [
            actor.get(ATTRIBUTES).await,
            actor.post(ATTRIBUTES).json(&form("x")).await,
            replace(actor, &made, &form("x")).await,
            actor.delete(&path(&made)).await,
        ] {
            assert_eq!(reply.refusal(), refusal);
        }
    }
    assert_eq!(names(&oda).await, [""; 0]);
    for other in [
        &made,
        &json!({ "uuid": NOBODYS }),
        &json!({ "uuid": "no-uuid" }),
    ] {
        let reply = replace(&oda, other, &form("x")).await;
        assert_eq!(reply.refusal(), "404 NotFoundError");
        assert_eq!(
            oda.delete(&path(other)).await.refusal(),
            "404 NotFoundError"
        );
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn whoever_is_deleted_has_no_value_any_more() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer("bob@acme.com").await;
    let bob = app.account("bob@acme.com").await;
    let group = app.group(ANA, "Sales", &[]).await;
    let body = json!({ "name": "region", "attributeDefault": null,
        "users": [{ "userUuid": bob.id.to_string(), "value": "north" }],
        "groups": [{ "groupUuid": group.id.to_string(), "value": "south" }] });
    create(&ana, &body).await;
    let now = app.app.clock.now();
    let tasks = [
        Task::DeleteUser { user: bob.id },
        Task::DeleteGroup { group: group.id },
    ];
    let [user, team] = tasks.map(|task| Job::new(task, &app.app.random, now));
    let store = &app.app.store;
    store.delete_user(&bob, None, &user, now).await.unwrap();
    store.delete_group(&group, &team, now).await.unwrap();
    // At once, also while the entries are still there.
    let listed = ana.get(ATTRIBUTES).await.ok();
    assert_eq!(
        (&listed[0]["users"], &listed[0]["groups"]),
        (&json!([]), &json!([]))
    );

    store.walk_soon(&user.task).await;
    store.walk_soon(&team.task).await;
    let stored = app.items();
    let stored = stored
        .values()
        .find(|item| item["kind"]["S"] == "attribute")
        .unwrap();
    assert_eq!(
        (&stored["users"], &stored["groups"]),
        (&json!({ "M": {} }), &json!({ "M": {} }))
    );
    // The maps are there for the next value.
    assert_eq!(replace(&ana, &listed[0], &form("region")).await.status, 201);
}

#[tokio::test]
async fn texts_of_an_attribute_have_a_longest() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let long = "x".repeat(1000);
    let body = json!({ "name": "x", "attributeDefault": long, "users": [], "groups": [] });
    create(&ana, &body).await;
    assert_eq!(ana.get(ATTRIBUTES).await.ok()[0]["attributeDefault"], long);
    let body = json!({ "name": "y", "attributeDefault": "x".repeat(257 * 1024), "users": [], "groups": [] });
    let reply = ana.post(ATTRIBUTES).json(&body).await;
    assert_eq!(reply.status, 413);
    let me = app.account(ANA).await.id;
    let before = app.items();
    let longer = "x".repeat(1001);
    for (field, value) in [
        ("attributeDefault", json!(longer)),
        ("description", json!(longer)),
        ("users", json!([{ "userUuid": me, "value": longer }])),
    ] {
        let mut body = json!({ "name": "z", "attributeDefault": null, "users": [], "groups": [] });
        body[field] = value;
        let reply = ana.post(ATTRIBUTES).json(&body).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{field}");
    }
    assert_eq!(app.items(), before);
}

/// What the table cannot take is a refusal, not a failure, should a body ever be allowed to be larger.
#[tokio::test]
async fn an_attribute_larger_than_an_item_is_refused() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    create(&ana, &form("region")).await;
    let owner = app.account(ANA).await;
    let organization = owner.organization.unwrap();
    let store = &app.app.store;
    let old = store.attributes(organization).await.unwrap().remove(0);
    let mut large = old.clone();
    large.users.insert(owner.id, "x".repeat(381 * 1024));
    let refused = store.replace_attribute(organization, &old, &large).await;
    assert!(
        matches!(refused, Err(app::Error::Invalid(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_repeated_request_makes_one_attribute() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let body = form("region");
    let post = async || {
        ana.post(ATTRIBUTES)
            .json(&body)
            .header("idempotency-key", "k1")
            .await
    };
    let (first, again) = (post().await, post().await);
    assert_eq!((first.status.as_u16(), &first.text), (201, &again.text));
    assert_eq!(again.status, 201);
    assert_eq!(names(&ana).await, ["region"]);
}

#[tokio::test]
async fn an_organization_has_at_most_two_hundred_attributes() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for at in 0..200 {
        create(&ana, &form(&at.to_string())).await;
    }
    let reply = ana.post(ATTRIBUTES).json(&form("one more")).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
}

/// Renamed, replaced and deleted at once: one name claim for each attribute, and none for those that are gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_changes_leave_every_name_with_its_attribute() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..15 {
        let made = create(&ana, &form(&format!("first {round}"))).await;
        let (one, two) = (
            form(&format!("second {round}")),
            form(&format!("third {round}")),
        );
        let (a, b) = tokio::join!(replace(&ana, &made, &one), replace(&ana, &made, &two));
        assert_eq!(
            (a.status.as_u16(), b.status.as_u16()),
            (201, 201),
            "{a} {b}"
        );
        let gone = create(&ana, &form(&format!("gone {round}"))).await;
        let (body, path) = (form(&format!("renamed {round}")), path(&gone));
        let (a, b) = tokio::join!(replace(&ana, &gone, &body), ana.delete(&path));
        assert_eq!(b.status, 200);
        assert!(matches!(a.status.as_u16(), 201 | 404), "{a}");
    }
    let items = app.items();
    let of_kind = |kind: &'static str| {
        items
            .iter()
            .filter(move |(_, item)| item["kind"]["S"] == kind)
    };
    let mut names: Vec<_> = of_kind("attribute")
        .map(|(_, item)| item["name"]["S"].clone())
        .collect();
    let mut claims: Vec<_> = of_kind("attribute name")
        .map(|((_, sk), _)| json!(sk.trim_start_matches("ATTRIBUTENAME#")))
        .collect();
    names.sort_by_key(Value::to_string);
    claims.sort_by_key(Value::to_string);
    assert_eq!(names, claims);
    assert_eq!(names.len(), 15);
}

/// Of two that want one name, one has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_simultaneous_attributes_of_one_name_one_is_made() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..15 {
        let body = form(&format!("region {round}"));
        let (a, b) = tokio::join!(
            ana.post(ATTRIBUTES).json(&body),
            ana.post(ATTRIBUTES).json(&body)
        );
        let mut answers = [a.refusal(), b.refusal()];
        answers.sort();
        assert_eq!(answers, ["201 (no error)", "409 AlreadyExistsError"]);
    }
    assert_eq!(names(&ana).await.len(), 15);
}
