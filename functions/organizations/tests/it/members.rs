use std::{collections::BTreeSet, sync::Arc};

use app::domain::access::ProjectRole;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};
use tokio::task::JoinSet;

use crate::{MANY, NOBODYS, ORG, USERS, api, id_of, make_pending, set};

const USER: &str = "/api/v1/user";
const ROLES: [&str; 6] = [
    "member",
    "viewer",
    "interactive_viewer",
    "editor",
    "developer",
    "admin",
];

async fn give(actor: &Actor<'_>, id: &str, role: &str) -> Answer {
    let path = format!("{USERS}/{id}");
    actor.patch(&path).json(&json!({ "role": role })).await
}

async fn remove(actor: &Actor<'_>, id: &str) -> Answer {
    actor.delete(&format!("{ORG}/user/{id}")).await
}

fn emails(list: &Value) -> Vec<&str> {
    let rows = list["data"].as_array();
    rows.into_iter()
        .flatten()
        .filter_map(|row| row["email"].as_str())
        .collect()
}

/// Who has the item of an admin who can sign in.
fn admins(app: &TestApp) -> BTreeSet<String> {
    let keys = app.items().into_keys();
    keys.filter_map(|(_, sk)| Some(sk.strip_prefix("ADMIN#")?.to_owned()))
        .collect()
}

/// Fails unless profiles, rows, admins' items and the count of members tell the same.
fn assert_consistent(app: &TestApp) {
    let items = app.items();
    let kind = |kind: &'static str| items.values().filter(move |item| item["kind"]["S"] == kind);
    let live = || {
        kind("user").filter(|user| user["organization"].is_object() && user["deletedAt"].is_null())
    };
    let told = |item: &Value, id: &str| {
        (
            item[id]["S"].clone().to_string(),
            item["role"]["S"].to_string(),
        )
    };
    let profiles: BTreeSet<_> = live().map(|user| told(user, "id")).collect();
    let rows: BTreeSet<_> = kind("member").map(|row| told(row, "user")).collect();
    assert_eq!(profiles, rows, "profiles and rows");
    let roles = live().filter(|user| user["role"]["S"] == "admin");
    let roles: BTreeSet<_> = roles
        .map(|user| user["id"]["S"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(roles, admins(app), "roles and admins");
    let counted: u64 = kind("counts")
        .map(|counts| counts["members"]["N"].as_str().unwrap().parse::<u64>())
        .sum::<Result<_, _>>()
        .unwrap();
    assert_eq!(counted, rows.len() as u64, "the count of members");
}

#[tokio::test]
async fn members_are_listed_by_their_address() {
    let app = TestApp::new(api()).await;
    app.admin("zoe@acme.com", "Acme").await;
    let bob = app.in_role("bob@acme.com", "member").await;
    assert_snapshot!(bob.get(USERS).await, @r#"
    200 {
      "results": {
        "data": [
          {
            "email": "bob@acme.com",
            "firstName": "bob",
            "isActive": true,
            "isInviteExpired": false,
            "isPending": false,
            "lastName": "Test",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "role": "member",
            "userCreatedAt": "2026-01-31T09:30:00.000Z",
            "userUpdatedAt": "2026-01-31T09:30:00.000Z",
            "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
          },
          {
            "email": "zoe@acme.com",
            "firstName": "zoe",
            "isActive": true,
            "isInviteExpired": false,
            "isPending": false,
            "lastName": "Test",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "role": "admin",
            "userCreatedAt": "2026-01-31T09:30:00.000Z",
            "userUpdatedAt": "2026-01-31T09:30:00.000Z",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          }
        ]
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn pages_follow_the_order_and_tell_how_much_there_is() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    for name in ["eve", "bob", "dan", "cat"] {
        app.viewer(&format!("{name}@acme.com")).await;
    }
    let page = async |query: &str| ana.get(&format!("{USERS}?{query}")).await.ok();
    let first = page("page=1&pageSize=2").await;
    assert_eq!(emails(&first), ["ana@acme.com", "bob@acme.com"]);
    assert_snapshot!(first["pagination"], @r#"{"page":1,"pageSize":2,"totalPageCount":3,"totalResults":5}"#);
    let second = page("page=2.000000&pageSize=2.9").await;
    assert_eq!(emails(&second), ["cat@acme.com", "dan@acme.com"]);
    assert_eq!(emails(&page("page=3&pageSize=2").await), ["eve@acme.com"]);
    for far in ["4", "1e300"] {
        let past = page(&format!("page={far}&pageSize=2")).await;
        assert_eq!(past["data"], json!([]));
        assert_eq!(past["pagination"]["totalResults"], 5);
    }
    let capped = page("page=1&pageSize=10000").await;
    assert_eq!(capped["pagination"]["pageSize"], 1000);
    for whole in [
        "page=1",
        "pageSize=2",
        "page=0&pageSize=2",
        "page=1&pageSize=0",
        "searchQuery=",
        "searchQuery=%20",
    ] {
        let list = page(whole).await;
        assert_eq!(emails(&list).len(), 5, "{whole}");
        assert!(list.get("pagination").is_none(), "{whole}");
    }
    for wrong in [
        "page=-1&pageSize=2",
        "page=1&pageSize=-2",
        "page=0.5&pageSize=2",
    ] {
        let reply = ana.get(&format!("{USERS}?{wrong}")).await;
        assert_eq!(reply.refusal(), "422 PaginationError", "{wrong}");
    }
    for wrong in ["page=abc", "page=", "page=1&page=2", "includeGroups=x"] {
        let reply = ana.get(&format!("{USERS}?{wrong}")).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{wrong}");
    }
}

#[tokio::test]
async fn a_search_finds_any_word_in_names_addresses_and_roles() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    for (name, role) in [
        ("bob", "editor"),
        ("cat", "viewer"),
        ("dan", "interactive_viewer"),
    ] {
        app.in_role(&format!("{name}@acme.com"), role).await;
    }
    let find = async |query: &str| ana.get(&format!("{USERS}?searchQuery={query}")).await.ok();
    assert_eq!(
        emails(&find("BOB%20cat%20bob").await),
        ["bob@acme.com", "cat@acme.com"]
    );
    assert_eq!(
        emails(&find("viewer").await),
        ["cat@acme.com", "dan@acme.com"]
    );
    assert_eq!(emails(&find("bob%20%20cat").await).len(), 2);
    assert_eq!(emails(&find("test").await).len(), 4);
    for none in [".*", "b%25b", "xyz"] {
        assert_eq!(find(none).await["data"], json!([]), "{none}");
    }
    let page = find("acme&page=2&pageSize=3").await;
    assert_eq!(emails(&page), ["dan@acme.com"]);
    assert_snapshot!(page["pagination"], @r#"{"page":2,"pageSize":3,"totalPageCount":2,"totalResults":4}"#);
}

#[tokio::test]
async fn groups_have_their_own_names_and_their_number_cuts_no_members() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let bob = "bob@acme.com";
    app.viewer(bob).await;
    // Made in an order in which names and ids do not sort alike.
    let mut made = Vec::new();
    for name in ["Zulu", "Alpha", "Mike", "Kilo"] {
        made.push(app.group("ana@acme.com", name, &[bob]).await);
    }
    let names: std::collections::BTreeMap<_, _> = made
        .iter()
        .map(|group| (group.id.to_string(), group.name.clone()))
        .collect();
    let list = async |query: &str| ana.get(&format!("{USERS}?{query}")).await.ok()["data"].clone();
    let of = |list: &Value, at: usize| -> Vec<(String, String)> {
        let groups = list[at]["groups"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        groups
            .map(|one| (text(&one["uuid"]), text(&one["name"])))
            .collect()
    };
    for query in ["includeGroups=10000", "includeGroups=10&page=1&pageSize=10"] {
        let all = list(query).await;
        assert_eq!(of(&all, 0), []);
        let groups = of(&all, 1);
        let shown: Vec<_> = groups.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(shown, ["Alpha", "Kilo", "Mike", "Zulu"]);
        assert!(groups.iter().all(|(id, name)| names[id] == *name));
    }
    let cut = list("includeGroups=1.000000").await;
    assert_eq!(cut.as_array().unwrap().len(), 2);
    assert_eq!(of(&cut, 1)[0].1, "Alpha");
    for none in ["", "includeGroups=0", "includeGroups=-1"] {
        assert!(list(none).await[1].get("groups").is_none(), "{none}");
    }
}

#[tokio::test]
async fn more_groups_than_a_batch_takes_are_named_too() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    for number in 0..105 {
        let name = format!("Group {number:03}");
        app.group("ana@acme.com", &name, &["ana@acme.com"]).await;
    }
    let found = ana.get(&format!("{USERS}?includeGroups=1000")).await.ok();
    let groups = found["data"][0]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 105);
    assert_eq!(groups[104]["name"], "Group 104");
}

#[tokio::test]
async fn with_a_project_the_highest_role_of_the_groups_stands_in_place_of_the_own() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    app.admin("oda@other.com", "Other").await;
    let bob = app.viewer("bob@acme.com").await;
    let cat = app.in_role("cat@acme.com", "member").await;
    let project = app.project("ana@acme.com", "Sales").await;
    let theirs = app.project("oda@other.com", "Theirs").await;
    for (name, role) in [
        ("A", ProjectRole::Editor),
        ("B", ProjectRole::Developer),
        ("C", ProjectRole::Viewer),
    ] {
        let group = app.group("ana@acme.com", name, &["bob@acme.com"]).await;
        app.grant_group(&project, &group, role).await;
    }
    app.group("ana@acme.com", "D", &["ana@acme.com"]).await;
    let role = async |actor: &Actor<'_>, query: &str| {
        let found = actor.get(&format!("{USERS}?{query}")).await.ok();
        let role = |at: usize| found["data"][at]["role"].as_str().unwrap().to_owned();
        [role(0), role(1)]
    };
    let asked = format!("includeGroups=5&projectUuid={}", project.id);
    for actor in [&ana, &bob] {
        assert_eq!(role(actor, &asked).await, ["admin", "developer"]);
    }
    // A project that cannot be seen is like none.
    assert_eq!(role(&cat, &asked).await, ["admin", "viewer"]);
    let foreign = format!("includeGroups=5&projectUuid={}", theirs.id);
    let alone = format!("projectUuid={}", project.id);
    for query in [
        &foreign,
        &alone,
        "includeGroups=5&projectUuid=x",
        &format!("includeGroups=5&projectUuid={NOBODYS}"),
    ] {
        assert_eq!(role(&ana, query).await, ["admin", "viewer"], "{query}");
    }
}

#[tokio::test]
async fn every_member_finds_one_by_id_or_address() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    app.admin("oda@other.com", "Other").await;
    app.user("eve@acme.com").await;
    let bob = app.in_role("bob@acme.com", "member").await;
    let id = id_of(&app, "ana@acme.com").await;
    let found = bob.get(&format!("{USERS}/{id}")).await;
    assert_snapshot!(found, @r#"
    200 {
      "results": {
        "email": "ana@acme.com",
        "firstName": "ana",
        "isActive": true,
        "isInviteExpired": false,
        "isPending": false,
        "lastName": "Test",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "role": "admin",
        "userCreatedAt": "2026-01-31T09:30:00.000Z",
        "userUpdatedAt": "2026-01-31T09:30:00.000Z",
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
      },
      "status": "ok"
    }
    "#);
    let by_email = bob.get(&format!("{USERS}/email/Ana@ACME.com")).await;
    assert_eq!(by_email.text, found.text);
    assert_eq!(
        bob.get(&format!("{USERS}/email/ana%40acme.com")).await.text,
        found.text
    );
    let token = bob.by_token().await;
    assert_eq!(token.get(&format!("{USERS}/{id}")).await.text, found.text);

    for other in ["oda@other.com", "eve@acme.com"] {
        let id = id_of(&app, other).await;
        for path in [format!("{USERS}/{id}"), format!("{USERS}/email/{other}")] {
            let reply = ana.get(&path).await;
            assert_eq!(reply.refusal(), "404 NotFoundError", "{path}");
        }
    }
    for unknown in [
        format!("{USERS}/{NOBODYS}"),
        // The contract's pattern is open at both ends.
        format!("{USERS}/x{NOBODYS}"),
        format!("{USERS}/email/nobody@acme.com"),
        format!("{USERS}/email/nowhere"),
    ] {
        let reply = ana.get(&unknown).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{unknown}");
    }
    assert_snapshot!(ana.get(&format!("{USERS}/not-a-uuid")).await, @r#"
    422 {
      "error": {
        "data": {
          "userUuid": {
            "message": "Not match in '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}'",
            "value": "not-a-uuid"
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
}

#[tokio::test]
async fn an_invitation_is_expired_when_its_end_has_come_and_it_is_still_open() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    app.viewer("bob@acme.com").await;
    make_pending(&app, "bob@acme.com", "2026-01-31T09:31:00.000Z");
    let id = id_of(&app, "bob@acme.com").await;
    let told = async || {
        let one = ana.get(&format!("{USERS}/{id}")).await.ok();
        let list = ana.get(USERS).await.ok();
        assert_eq!(list["data"][1], one);
        (one["isPending"].clone(), one["isInviteExpired"].clone())
    };
    assert_eq!(told().await, (json!(true), json!(false)));
    app.wait(1);
    assert_eq!(told().await, (json!(true), json!(true)));
    set(
        &app,
        "user",
        "bob@acme.com",
        "hasPassword",
        json!({ "BOOL": true }),
    );
    set(
        &app,
        "member",
        "bob@acme.com",
        "isPending",
        json!({ "BOOL": false }),
    );
    assert_eq!(told().await, (json!(false), json!(false)));
}

#[tokio::test]
async fn who_has_no_organization_sees_nobody() {
    let app = TestApp::new(api()).await;
    app.admin("ana@acme.com", "Acme").await;
    let id = id_of(&app, "ana@acme.com").await;
    let eve = app.user("eve@other.com").await;
    for path in [
        USERS.to_owned(),
        format!("{USERS}/{id}"),
        format!("{USERS}/email/ana@acme.com"),
    ] {
        assert_eq!(eve.get(&path).await.refusal(), "403 ForbiddenError");
        let reply = app.anonymous().get(&path).await;
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
    assert_eq!(
        give(&eve, &id, "viewer").await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(remove(&eve, &id).await.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn a_role_counts_at_once_in_every_session_and_the_profile_is_not_touched() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let bob = app.viewer("bob@acme.com").await;
    let id = id_of(&app, "bob@acme.com").await;
    app.wait(1);
    let reply = give(&ana, &id, "admin").await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "email": "bob@acme.com",
        "firstName": "bob",
        "isActive": true,
        "isInviteExpired": false,
        "isPending": false,
        "lastName": "Test",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "role": "admin",
        "userCreatedAt": "2026-01-31T09:30:00.000Z",
        "userUpdatedAt": "2026-01-31T09:30:00.000Z",
        "userUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
      },
      "status": "ok"
    }
    "#);
    assert!(admins(&app).contains(&id));
    assert_eq!(give(&bob, &id, "developer").await.ok()["role"], "developer");
    assert!(!admins(&app).contains(&id));
    assert_eq!(bob.get(USER).await.ok()["role"], "developer");
    assert_eq!(
        give(&bob, &id, "admin").await.refusal(),
        "403 ForbiddenError"
    );
    let token = ana.by_token().await;
    for role in ROLES {
        assert_eq!(give(&token, &id, role).await.ok()["role"], role);
        assert_consistent(&app);
    }
}

#[tokio::test]
async fn only_an_admin_gives_roles_and_only_to_members() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    app.admin("oda@other.com", "Other").await;
    app.user("eve@acme.com").await;
    let bob = id_of(&app, "ana@acme.com").await;
    for role in &ROLES[..5] {
        let email = format!("{role}@acme.com").replace('_', "-");
        let actor = app.in_role(&email, role).await;
        let before = app.items();
        assert_eq!(
            give(&actor, &bob, "viewer").await.refusal(),
            "403 ForbiddenError"
        );
        assert_eq!(remove(&actor, &bob).await.refusal(), "403 ForbiddenError");
        let own = id_of(&app, &email).await;
        assert_eq!(
            give(&actor, &own, "admin").await.refusal(),
            "403 ForbiddenError"
        );
        assert_eq!(remove(&actor, &own).await.refusal(), "403 ForbiddenError");
        assert_eq!(app.items(), before);
    }
    let before = app.items();
    for id in [
        id_of(&app, "oda@other.com").await,
        // Whoever has no organisation is deleted by nobody but themselves.
        id_of(&app, "eve@acme.com").await,
        NOBODYS.into(),
        "not-a-uuid".into(),
    ] {
        assert_eq!(
            give(&ana, &id, "viewer").await.refusal(),
            "404 NotFoundError",
            "{id}"
        );
        assert_eq!(
            remove(&ana, &id).await.refusal(),
            "404 NotFoundError",
            "{id}"
        );
    }
    let wrong = give(&ana, &bob, "owner").await;
    assert_eq!(wrong.refusal(), "422 ValidateError");
    let nothing = ana.patch(&format!("{USERS}/{bob}")).json(&json!({})).await;
    assert_eq!(nothing.refusal(), "422 ValidateError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn the_only_admin_who_can_sign_in_stays_and_may_stay_one() {
    let app = TestApp::new(api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    app.in_role("off@acme.com", "viewer").await;
    app.in_role("new@acme.com", "viewer").await;
    let id = id_of(&app, "ana@acme.com").await;
    // Neither one who is deactivated nor one who has not come yet can take over.
    app.deactivate("off@acme.com");
    make_pending(&app, "new@acme.com", "2026-03-01T00:00:00.000Z");
    for email in ["off@acme.com", "new@acme.com"] {
        let other = id_of(&app, email).await;
        assert_eq!(give(&ana, &other, "admin").await.ok()["role"], "admin");
    }
    assert_eq!(admins(&app), BTreeSet::from([id.clone()]));
    let before = app.items();
    assert_snapshot!(give(&ana, &id, "viewer").await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "An organization keeps at least one admin",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(remove(&ana, &id).await.refusal(), "403 ForbiddenError");
    assert_eq!(give(&ana, &id, "admin").await.ok()["role"], "admin");
    assert_eq!(app.items(), before);
    // And they may go as they came.
    for email in ["off@acme.com", "new@acme.com"] {
        let other = id_of(&app, email).await;
        assert_eq!(give(&ana, &other, "member").await.ok()["role"], "member");
    }
}

/// Acme with some admins: their ids and cookies, the first of them first.
async fn acme(admins: &[&str]) -> (Arc<TestApp>, Vec<(String, String)>) {
    let app = Arc::new(TestApp::new(api()).await);
    let mut found = Vec::new();
    for (at, name) in admins.iter().enumerate() {
        let email = format!("{name}@acme.com");
        let actor = match at {
            0 => app.admin(&email, "Acme").await,
            _ => app.in_role(&email, "admin").await,
        };
        found.push((id_of(&app, &email).await, actor.cookie().unwrap()));
    }
    (app, found)
}

/// What is done to somebody.
#[derive(Clone, Copy)]
enum Deed {
    Give(&'static str),
    Remove,
}

/// Everything at once, each by the session of a cookie; the statuses, in the order of the list.
async fn at_once(app: &Arc<TestApp>, deeds: Vec<(String, Deed, String)>) -> Vec<u16> {
    let mut tasks = JoinSet::new();
    for (at, (cookie, deed, target)) in deeds.into_iter().enumerate() {
        let app = app.clone();
        tasks.spawn(async move {
            let actor = app.anonymous().with_cookie(&cookie);
            let answer = match deed {
                Deed::Give(role) => give(&actor, &target, role).await,
                Deed::Remove => remove(&actor, &target).await,
            };
            (at, answer.status.as_u16())
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_unstable();
    answers.into_iter().map(|(_, status)| status).collect()
}

const ROUNDS: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_admins_who_demote_or_delete_each_other_one_remains() {
    let cases = [
        (Deed::Give("viewer"), Deed::Give("member")),
        (Deed::Remove, Deed::Remove),
        (Deed::Give("viewer"), Deed::Remove),
    ];
    for (one, two) in cases {
        for round in 0..ROUNDS {
            let (app, found) = acme(&["ana", "bob"]).await;
            let [(ana, ana_cookie), (bob, bob_cookie)] = found.try_into().unwrap();
            let deeds = vec![(ana_cookie, one, bob), (bob_cookie, two, ana)];
            let answers = at_once(&app, deeds).await;
            let done = answers.iter().filter(|status| **status == 200).count();
            assert_eq!(done, 1, "round {round}: {answers:?}");
            assert!(
                answers
                    .iter()
                    .all(|status| [200, 401, 403].contains(status)),
                "round {round}: {answers:?}"
            );
            assert_eq!(admins(&app).len(), 1, "round {round}");
            assert_consistent(&app);
        }
    }
}

/// Each of three steps down at once: whoever was counted on as the other admin may go, as long as one is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_three_admins_who_step_down_at_once_one_remains_and_two_are_let_go() {
    for round in 0..ROUNDS {
        let (app, found) = acme(&["ana", "bob", "cat"]).await;
        let deeds = found
            .iter()
            .enumerate()
            .map(|(at, (id, cookie))| {
                let deed = if at == 1 {
                    Deed::Remove
                } else {
                    Deed::Give("editor")
                };
                (cookie.clone(), deed, id.clone())
            })
            .collect();
        let mut answers = at_once(&app, deeds).await;
        answers.sort_unstable();
        assert_eq!(answers, [200, 200, 403], "round {round}");
        assert_eq!(admins(&app).len(), 1, "round {round}");
        assert_consistent(&app);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_removed_while_their_role_changes_is_gone_with_every_trace() {
    for round in 0..ROUNDS {
        let (app, found) = acme(&["ana"]).await;
        app.viewer("bob@acme.com").await;
        let bob = id_of(&app, "bob@acme.com").await;
        let (_, ana) = &found[0];
        let deeds = [Deed::Give("admin"), Deed::Remove, Deed::Give("editor")];
        let deeds = deeds.map(|deed| (ana.clone(), deed, bob.clone()));
        let answers = at_once(&app, deeds.into()).await;
        assert_eq!(answers[1], 200, "round {round}: {answers:?}");
        assert!(
            answers.iter().all(|status| [200, 404].contains(status)),
            "round {round}: {answers:?}"
        );
        assert_consistent(&app);
        assert_eq!(admins(&app).len(), 1, "round {round}");
    }
}

/// A profile's change rewrites the row that a change of role writes to.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_role_and_an_address_that_change_at_once_are_both_as_told() {
    for round in 0..ROUNDS {
        let (app, found) = acme(&["ana"]).await;
        let bob = app.viewer("bob@acme.com").await;
        let id = id_of(&app, "bob@acme.com").await;
        let ana = app.anonymous().with_cookie(&found[0].1);
        let moved = json!({ "email": "bob@new.example.com" });
        let (role, profile) = tokio::join!(
            give(&ana, &id, "editor"),
            bob.patch("/api/v1/user/me").json(&moved)
        );
        assert_eq!(role.status, 200, "round {round}: {role}");
        assert!([200, 409].contains(&profile.status.as_u16()), "{profile}");
        let one = ana.get(&format!("{USERS}/{id}")).await.ok();
        assert_eq!(one["role"], "editor");
        assert_consistent(&app);
    }
}
