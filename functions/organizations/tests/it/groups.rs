use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use app::store::embedded::{Fault, Faults};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::api;

const GROUPS: &str = "/api/v1/org/groups";
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";
const ANA: &str = "ana@example.com";
const BOB: &str = "bob@example.com";
const ZOE: &str = "zoe@example.com";

async fn installation() -> TestApp {
    TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await
}

async fn id(app: &TestApp, email: &str) -> Value {
    json!(app.account(email).await.id)
}

fn group(name: &str, members: &[&Value]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "userUuid": id })).collect();
    json!({ "name": name, "members": members })
}

async fn list(actor: &Actor<'_>, query: &str) -> Value {
    actor.get(&format!("{GROUPS}{query}")).await.ok()
}

fn names(list: &Value) -> Vec<&str> {
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|group| group["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn groups_are_listed_by_name_with_or_without_their_members() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    app.viewer(ZOE).await;
    app.group(ANA, "Sales", &[ZOE, BOB]).await;
    app.group(ANA, "Marketing", &[ZOE]).await;
    assert_snapshot!(ana.get(GROUPS).await, @r#"
    200 {
      "results": {
        "data": [
          {
            "createdAt": "2026-01-31T09:30:00.000Z",
            "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
            "name": "Marketing",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "updatedAt": "2026-01-31T09:30:00.000Z",
            "updatedByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
            "uuid": "c9b911b4-1dd8-44f8-97e9-a7cd71ca1fe1"
          },
          {
            "createdAt": "2026-01-31T09:30:00.000Z",
            "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
            "name": "Sales",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "updatedAt": "2026-01-31T09:30:00.000Z",
            "updatedByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
            "uuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5"
          }
        ]
      },
      "status": "ok"
    }
    "#);
    let all = ana
        .get(&format!("{GROUPS}?includeMembers=0&page=2&pageSize=1"))
        .await;
    assert_snapshot!(all, @r#"
    200 {
      "results": {
        "data": [
          {
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
                "groupUuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5",
                "lastName": "Test",
                "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
              },
              {
                "email": "zoe@example.com",
                "firstName": "zoe",
                "groupUuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5",
                "lastName": "Test",
                "userUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf"
              }
            ],
            "name": "Sales",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "updatedAt": "2026-01-31T09:30:00.000Z",
            "updatedByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
            "uuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5"
          }
        ],
        "pagination": {
          "page": 2,
          "pageSize": 1,
          "totalPageCount": 2,
          "totalResults": 2
        }
      },
      "status": "ok"
    }
    "#);
    for query in [
        "?includeMembers=5",
        "?includeMembers=0.000000",
        "?includeMembers=-1",
    ] {
        let found = list(&ana, query).await;
        assert_eq!(
            found["data"][0]["memberUuids"],
            json!([id(&app, ZOE).await]),
            "{query}"
        );
        assert_eq!(
            found["data"][1]["members"].as_array().map(Vec::len),
            Some(2),
            "{query}"
        );
    }
    assert_eq!(
        ana.get(&format!("{GROUPS}?includeMembers="))
            .await
            .refusal(),
        "422 ValidateError"
    );
}

#[tokio::test]
async fn a_list_can_be_read_in_pages_and_searched_by_name() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    for name in ["b", "Eins zwei", "a", "drei.*", "B"] {
        app.group(ANA, name, &[]).await;
    }
    assert_eq!(
        names(&list(&ana, "").await),
        ["B", "Eins zwei", "a", "b", "drei.*"]
    );
    for (query, found) in [
        ("?page=1&pageSize=2", vec!["B", "Eins zwei"]),
        ("?page=1.000000&pageSize=2.000000", vec!["B", "Eins zwei"]),
        ("?page=3&pageSize=2", vec!["drei.*"]),
        ("?page=4&pageSize=2", vec![]),
        ("?page=2&pageSize=2&searchQuery=EI+b+b", vec!["b", "drei.*"]),
        ("?searchQuery=B", vec!["B", "b"]),
        ("?searchQuery=.*", vec!["drei.*"]),
        ("?searchQuery=zwei%20a", vec!["Eins zwei", "a"]),
        ("?searchQuery=nothing", vec![]),
        ("?searchQuery=", vec!["B", "Eins zwei", "a", "b", "drei.*"]),
    ] {
        assert_eq!(names(&list(&ana, query).await), found, "{query}");
    }
    let pages = list(&ana, "?page=2&pageSize=2&searchQuery=EI+b").await;
    let expected = json!({ "page": 2, "pageSize": 2, "totalPageCount": 2, "totalResults": 4 });
    assert_eq!(pages["pagination"], expected);
    for whole in [
        "?page=1",
        "?pageSize=1",
        "?page=0&pageSize=1",
        "?page=1&pageSize=0.0",
    ] {
        let found = list(&ana, whole).await;
        assert_eq!(
            (names(&found).len(), found.get("pagination")),
            (5, None),
            "{whole}"
        );
    }
    let large = list(&ana, "?page=1&pageSize=5000").await;
    assert_eq!(large["pagination"]["pageSize"], 1000);
    for (query, refusal) in [
        ("?page=-1&pageSize=5", "422 PaginationError"),
        ("?page=1&pageSize=0.5", "422 PaginationError"),
        ("?page=abc", "422 ValidateError"),
        ("?page=&pageSize=1", "422 ValidateError"),
        ("?searchQuery=a&searchQuery=b", "422 ValidateError"),
    ] {
        let reply = ana.get(&format!("{GROUPS}{query}")).await;
        assert_eq!(reply.refusal(), refusal, "{query}");
    }
}

/// Totals tell as much as rows do, and a search would make them tell names.
#[tokio::test]
async fn whoever_may_not_see_groups_sees_none_and_counts_none() {
    let app = installation().await;
    app.admin(ANA, "Acme").await;
    app.group(ANA, "Sales", &[]).await;
    let bob = app.viewer(BOB).await;
    let dev = app.in_role("dev@example.com", "developer").await;
    let oda = app.admin("oda@other.example", "Other").await;
    let nothing = json!({ "page": 1, "pageSize": 5, "totalPageCount": 0, "totalResults": 0 });
    for actor in [&bob, &dev, &oda] {
        for query in [
            "?page=1&pageSize=5",
            "?page=1&pageSize=5&searchQuery=Sales&includeMembers=1",
        ] {
            let found = list(actor, query).await;
            assert_eq!(found, json!({ "data": [], "pagination": nothing }));
        }
        assert_eq!(list(actor, "").await, json!({ "data": [] }));
    }
    let eve = app.verified("eve@elsewhere.example").await;
    assert_eq!(eve.get(GROUPS).await.refusal(), "403 ForbiddenError");
    assert_eq!(
        app.anonymous().get(GROUPS).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn a_list_larger_than_any_answer_is_not_read() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.group(ANA, "Sales", &[]).await;
    let items = app.items();
    let row = items.values().find(|item| item["kind"]["S"] == "group row");
    let mut row = row.unwrap().clone();
    row["members"] = json!({ "N": "40001" });
    app.put_item(&row);
    let reply = ana.get(&format!("{GROUPS}?includeMembers=1")).await;
    assert_eq!(reply.refusal(), "413 ParameterError");
    list(&ana, "").await;
}

#[tokio::test]
async fn a_new_group_has_those_who_are_members_of_the_organization() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    app.viewer(ZOE).await;
    app.admin("oda@other.example", "Other").await;
    app.verified("eve@elsewhere.example").await;
    let (bob, zoe) = (id(&app, BOB).await, id(&app, ZOE).await);
    let (oda, eve) = (
        id(&app, "oda@other.example").await,
        id(&app, "eve@elsewhere.example").await,
    );
    let named = [
        &zoe,
        &bob,
        &zoe,
        &oda,
        &eve,
        &json!(NOBODYS),
        &json!("not-a-uuid"),
    ];
    assert_snapshot!(ana.post(GROUPS).json(&group(" Sales ", &named)).await, @r#"
    201 {
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
          },
          {
            "email": "zoe@example.com",
            "firstName": "zoe",
            "lastName": "Test",
            "userUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf"
          }
        ],
        "name": "Sales",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "updatedByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "uuid": "98782d14-439a-4b5d-8b2c-7de532b80544"
      },
      "status": "ok"
    }
    "#);
    let found = list(&ana, "?includeMembers=1").await;
    assert_eq!(found["data"][0]["memberUuids"], json!([bob, zoe]));
    // Without a list, and with more than is documented.
    let sent = json!({ "name": "Other", "uuid": NOBODYS, "organizationUuid": NOBODYS });
    let made = ana.post(GROUPS).json(&sent).await;
    assert_eq!(
        (made.status.as_u16(), &made.json()["results"]["members"]),
        (201, &json!([]))
    );
    assert_ne!(made.json()["results"]["uuid"], NOBODYS);
    assert_ne!(made.json()["results"]["organizationUuid"], NOBODYS);
}

#[tokio::test]
async fn a_group_that_breaks_a_rule_is_not_made() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.admin("oda@other.example", "Other").await;
    app.group("oda@other.example", "Sales", &[]).await;
    let make = async |name: &str| ana.post(GROUPS).json(&json!({ "name": name })).await;
    assert_eq!(make("Sales").await.status, 201);
    let bob = app.viewer(BOB).await;
    let dev = app.in_role("dev@example.com", "developer").await;
    let before = app.items();
    assert_snapshot!(make(" Sales ").await, @r#"
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
    for name in ["", " ", "a\u{7}b", &"x".repeat(256)] {
        assert_eq!(make(name).await.refusal(), "400 ParameterError", "{name:?}");
    }
    for wrong in [
        json!({}),
        json!({ "name": 5 }),
        json!({ "name": "x", "members": [{ "userUuid": 5 }] }),
        json!({ "name": "x", "members": ["y"] }),
    ] {
        let reply = ana.post(GROUPS).json(&wrong).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{wrong}");
    }
    let sent = json!({ "name": "Mine" });
    for actor in [&bob, &dev] {
        assert_eq!(
            actor.post(GROUPS).json(&sent).await.refusal(),
            "403 ForbiddenError"
        );
    }
    let reply = app.anonymous().post(GROUPS).json(&sent).await;
    assert_eq!(reply.refusal(), "401 AuthorizationError");
    assert_eq!(app.items(), before);
    // Letter case tells names apart.
    assert_eq!(make("sales").await.status, 201);
    assert_eq!(make(&"x".repeat(255)).await.status, 201);
}

#[tokio::test]
async fn a_repeated_request_makes_one_group() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    let sent = group("Sales", &[&id(&app, BOB).await]);
    let make = async || {
        let call = ana.post(GROUPS).json(&sent);
        call.header("idempotency-key", "once").await
    };
    let first = make().await;
    app.wait(1);
    let before = app.items();
    assert_eq!(
        (make().await.text, first.status.as_u16()),
        (first.text, 201)
    );
    assert_eq!(app.items(), before);
    // A key is kept for a day.
    app.wait(12 * 60);
    list(&ana, "").await;
    app.wait(12 * 60);
    assert_eq!(make().await.refusal(), "409 AlreadyExistsError");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_repeats_make_one_group() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    for round in 0..10 {
        let sent = group(&format!("Group {round}"), &[&id(&app, BOB).await]);
        let key = round.to_string();
        let make = async || {
            let call = ana.post(GROUPS).json(&sent);
            call.header("idempotency-key", &key).await
        };
        let answers: [_; 3] = tokio::join!(make(), make(), make()).into();
        for answer in answers {
            assert_eq!(answer.status, 201, "{answer}");
        }
        let last = make().await;
        assert_eq!(last.status, 201, "{last}");
        let found = list(&ana, "?includeMembers=1").await;
        assert_eq!(found["data"].as_array().map(Vec::len), Some(round + 1));
        assert_eq!(
            found["data"][round]["memberUuids"].as_array().map(Vec::len),
            Some(1)
        );
    }
}

/// A group of 60 takes three transactions of members. It may be smaller after a failure; the same request goes on.
#[tokio::test]
async fn a_request_that_dies_at_any_call_goes_on_with_its_key() {
    for n in 0.. {
        let app = installation().await;
        let ana = app.admin(ANA, "Acme").await;
        app.viewer(BOB).await;
        let items = app.items();
        let bob = id(&app, BOB).await;
        let mut members = Vec::new();
        for at in 0..60 {
            let copy = app.app.random.uuid().to_string();
            for item in items.values() {
                let kind = item["kind"]["S"].as_str().unwrap();
                if ["user", "member"].contains(&kind) && item["email"]["S"] == BOB {
                    let item = item.to_string().replace(bob.as_str().unwrap(), &copy);
                    let item = item.replace(BOB, &format!("copy{at}@example.com"));
                    app.put_item(&serde_json::from_str(&item).unwrap());
                }
            }
            members.push(json!(copy));
        }
        let sent = group("Sales", &members.iter().collect::<Vec<_>>());
        let make = || {
            ana.post(GROUPS)
                .json(&sent)
                .header("idempotency-key", "once")
        };
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let faults: Faults = Arc::new(move |_| {
            (counted.fetch_add(1, Ordering::Relaxed) >= n).then_some(Fault::Failed)
        });
        let faulty = app.behind(faults);
        let reply = faulty.send(make()).await;
        assert!([201, 503].contains(&reply.status.as_u16()), "{reply}");
        let again = make().await;
        assert_eq!(again.status, 201, "after call {n}: {again}");
        let uuids = &again.json()["results"]["memberUuids"];
        assert_eq!(uuids.as_array().map(Vec::len), Some(60), "after call {n}");
        assert_eq!(
            list(&ana, "").await["data"].as_array().map(Vec::len),
            Some(1)
        );
        if reply.status == 201 {
            assert!(n > 8, "it makes {n} calls only");
            return;
        }
    }
}
