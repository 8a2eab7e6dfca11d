use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use app::{
    domain::access::ProjectRole,
    store::{
        Store,
        embedded::{Fault, Faults},
    },
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, PASSWORD, TestApp};
use tokio::task::JoinSet;

use crate::{MANY, NOBODYS, ORG, USERS, api, id_of, text};

const ANA: &str = "ana@acme.com";
const BOB: &str = "bob@acme.com";
const ODA: &str = "oda@other.com";
const ME: &str = "/api/v1/user/me";

async fn own(actor: &Actor<'_>) -> String {
    text(&actor.get(ORG).await.ok()["organizationUuid"])
}

async fn delete(actor: &Actor<'_>, id: &str) -> Answer {
    actor.delete(&format!("{ORG}/{id}")).await
}

/// What the worker does of a deletion: a walk, and another a minute later.
async fn finish(app: &TestApp) {
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
}

type Items = BTreeMap<(String, String), Value>;

/// The table without what ends by itself, and without what differs whenever it is written.
fn lasting(app: &TestApp) -> Items {
    let mut items = app.items();
    items.retain(|(pk, sk), _| {
        let passing = ["SESSION#", "IDEMPOTENCY#"];
        !passing.iter().any(|prefix| pk.starts_with(prefix)) && sk != "LINK" && sk != "KEYS"
    });
    for item in items.values_mut().filter_map(Value::as_object_mut) {
        item.retain(|name, _| name != "w" && name != "lastUsedAt" && name != "sealed");
    }
    items
}

#[tokio::test]
async fn an_admin_deletes_the_organization_and_everybody_in_it() {
    let app = TestApp::new(api()).await;
    let nothing = lasting(&app);
    let ana = app.admin(ANA, "Acme").await;
    let bob = app.viewer(BOB).await;
    let token = bob.by_token().await;
    let reply = delete(&ana, &own(&ana).await).await;
    assert_snapshot!(reply, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_snapshot!(reply.header("set-cookie").unwrap(), @"connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax");
    assert_eq!(bob.get(ORG).await.refusal(), "401 InvalidUser");
    assert_eq!(token.get(ORG).await.refusal(), "401 AuthorizationError");
    for email in [ANA, BOB] {
        let login = json!({ "email": email, "password": PASSWORD });
        let reply = app.anonymous().post("/api/v1/login").json(&login).await;
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
    finish(&app).await;
    let left: Vec<_> = lasting(&app).into_keys().collect();
    let instance = ("INSTANCE".to_owned(), "ORGANISATION".to_owned());
    assert_eq!(nothing, Items::new());
    assert_eq!(left, [instance]);
    // The addresses are free, and so is the server.
    let ana = app.admin(ANA, "Acme").await;
    assert_eq!(ana.get(USERS).await.ok()["data"][0]["email"], ANA);
}

#[tokio::test]
async fn only_its_own_admin_deletes_an_organization() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin(ODA, "Other").await;
    let id = own(&ana).await;
    let developer = app.in_role("dev@acme.com", "developer").await;
    let member = app.in_role("mem@acme.com", "member").await;
    let eve = app.user("eve@other.com").await;
    let token = ana.by_token().await;
    let before = app.items();
    for actor in [&developer, &member] {
        assert_eq!(delete(actor, &id).await.refusal(), "403 ForbiddenError");
        let foreign = delete(actor, &own(&oda).await).await;
        assert_eq!(foreign.refusal(), "404 NotFoundError");
    }
    assert_eq!(delete(&eve, &id).await.refusal(), "403 ForbiddenError");
    assert_snapshot!(delete(&oda, &id).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Organization not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    for unknown in [NOBODYS, "not-a-uuid"] {
        assert_eq!(delete(&ana, unknown).await.refusal(), "404 NotFoundError");
    }
    for actor in [&token, &app.anonymous()] {
        let reply = delete(actor, &id).await;
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn whoever_removes_themselves_is_signed_out() {
    let app = TestApp::new(api()).await;
    app.admin(ANA, "Acme").await;
    let bob = app.in_role(BOB, "admin").await;
    let reply = bob
        .delete(&format!("{ORG}/user/{}", id_of(&app, BOB).await))
        .await;
    assert_snapshot!(reply, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(bob.cookie(), None);
    assert_eq!(bob.get(ORG).await.refusal(), "401 AuthorizationError");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_admins_who_delete_the_organization_at_once_one_does_it() {
    for round in 0..15 {
        let app = TestApp::new(api()).await;
        let ana = app.admin(ANA, "Acme").await;
        let bob = app.in_role(BOB, "admin").await;
        let cat = app.viewer("cat@acme.com").await;
        let id = own(&ana).await;
        let renamed = json!({ "firstName": "Catherine", "email": "cat@new.example.com" });
        let (one, two, _) = tokio::join!(
            delete(&ana, &id),
            delete(&bob, &id),
            cat.patch(ME).json(&renamed)
        );
        let answers = [one.status.as_u16(), two.status.as_u16()];
        assert!(answers.contains(&200), "round {round}: {one} {two}");
        assert!(
            answers
                .iter()
                .all(|status| [200, 401, 404, 409].contains(status)),
            "round {round}: {one} {two}"
        );
        finish(&app).await;
        let left: Vec<_> = lasting(&app).into_keys().collect();
        assert_eq!(left.len(), 1, "round {round}: {left:?}");
        app.admin(ANA, "Acme").await;
    }
}

/// Two organisations, and in Acme one of everything that can hang on it, or on Bob, who is its second admin.
struct Laden {
    app: TestApp,
    acme: String,
    bob: String,
    ana_cookie: String,
    bob_cookie: String,
    /// What there was when Acme was not.
    beside: Items,
}

impl Laden {
    /// The same in another installation.
    async fn copy(&self, raw: &Items) -> Self {
        let app = TestApp::with(api(), &MANY).await;
        raw.values().for_each(|item| app.put_item(item));
        Self {
            app,
            acme: self.acme.clone(),
            bob: self.bob.clone(),
            ana_cookie: self.ana_cookie.clone(),
            bob_cookie: self.bob_cookie.clone(),
            beside: self.beside.clone(),
        }
    }
}

async fn laden() -> Laden {
    let app = TestApp::with(api(), &MANY).await;
    let oda = app.admin(ODA, "Other").await;
    app.viewer("odd@other.com").await;
    let project = app.project(ODA, "Theirs").await;
    let group = app.group(ODA, "Theirs", &["odd@other.com"]).await;
    app.grant_group(&project, &group, ProjectRole::Editor).await;
    app.grant(&project, "odd@other.com", ProjectRole::Viewer)
        .await;
    oda.get(ORG).await.ok();
    let beside = lasting(&app);

    let ana = app.admin(ANA, "Acme").await;
    let acme = own(&ana).await;
    let bob = app.in_role(BOB, "admin").await;
    app.viewer("cat@acme.com").await;
    let (ana_cookie, bob_cookie) = (ana.cookie().unwrap(), bob.cookie().unwrap());
    ana.by_token().await;
    bob.by_token().await;
    bob.by_token().await;
    let login = json!({ "type": "postgres", "user": "reader", "password": "hunter2-hunter2" });
    let login = json!({ "name": "dwh", "credentials": login });
    let made = bob.post("/api/v1/user/warehouseCredentials").json(&login);
    made.header("idempotency-key", "once").await.ok();
    bob.put(&format!("{ME}/email/otp")).await.ok();
    app.identify(BOB);
    for (by, name) in [(ANA, "Ana's"), (BOB, "Bob's")] {
        let project = app.project(by, name).await;
        let group = app.group(by, name, &[ANA, BOB, "cat@acme.com"]).await;
        app.grant_group(&project, &group, ProjectRole::Developer)
            .await;
        app.grant(&project, BOB, ProjectRole::Admin).await;
        app.grant(&project, "cat@acme.com", ProjectRole::Viewer)
            .await;
        let sent = json!({ "defaultProjectUuid": project.id });
        ana.patch(ORG).json(&sent).await.ok();
    }
    let bob = id_of(&app, BOB).await;
    put_raw(&app, &acme, &bob, &id_of(&app, "cat@acme.com").await);
    Laden {
        app,
        acme,
        bob,
        ana_cookie,
        bob_cookie,
        beside,
    }
}

/// What other areas write: an attribute with values, an invitation, a share link, a notice.
fn put_raw(app: &TestApp, acme: &str, bob: &str, cat: &str) {
    let text = |value: &str| json!({ "S": value });
    let key = |pk: &str, sk: &str| json!({ "pk": text(pk), "sk": text(sk) });
    let put = |mut item: Value, more: Value| {
        let more = more.as_object().cloned().unwrap_or_default();
        item.as_object_mut().unwrap().extend(more);
        app.put_item(&item);
    };
    let organization = format!("ORG#{acme}");
    let values = json!({ "M": { bob: text("north"), cat: text("south") } });
    put(
        key(&organization, &format!("ATTRIBUTE#{NOBODYS}")),
        json!({ "kind": text("attribute"), "users": values, "groups": { "M": {} } }),
    );
    let at = text("2026-02-01T00:00:00.000Z");
    let invitation = json!({
        "kind": text("invitation"), "user": text(cat), "organization": text(acme), "email": text("cat@acme.com"),
        "role": text("viewer"), "codeHash": text("c0de"), "createdAt": at, "expiresAt": at,
    });
    put(
        key(&organization, &format!("INVITE#{cat}")),
        invitation.clone(),
    );
    put(key("LINK#c0de", "INVITATION"), invitation);
    put(
        key("SHARE#abc", "SHARE"),
        json!({ "kind": text("share link"), "gsi1pk": text(&format!("SHARES#{acme}")), "gsi1sk": text("abc") }),
    );
    put(
        key(&format!("INBOX#{bob}"), "NOTE#1"),
        json!({ "kind": text("notification") }),
    );
}

/// Who deletes what.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Organization,
    Me,
    Member,
}

/// Does it; the table may fail as told.
async fn done(laden: &Laden, deed: Deed, faults: Faults) -> Answer {
    let (cookie, path) = match deed {
        Deed::Organization => (&laden.ana_cookie, format!("{ORG}/{}", laden.acme)),
        Deed::Me => (&laden.bob_cookie, ME.to_owned()),
        Deed::Member => (&laden.ana_cookie, format!("{ORG}/user/{}", laden.bob)),
    };
    let caller = laden.app.anonymous().with_cookie(cookie);
    let faulty = laden.app.behind(faults);
    faulty.send(caller.delete(&path)).await
}

/// How the table is before, and after all is over, when nothing fails.
struct Reference {
    laden: Laden,
    /// Everything before, to begin from again.
    raw: Items,
    before: Items,
    after: Items,
}

async fn reference(deed: Deed) -> Reference {
    let laden = laden().await;
    let (raw, before) = (laden.app.items(), lasting(&laden.app));
    let reply = done(&laden, deed, Arc::new(|_| None)).await;
    assert_eq!(reply.status, 200, "{deed:?}: {reply}");
    finish(&laden.app).await;
    let after = lasting(&laden.app);
    let mut beside = laden.beside.clone();
    beside.retain(|(pk, _), _| pk != "INSTANCE");
    for (key, item) in &beside {
        assert_eq!(after.get(key), Some(item), "{deed:?}: another's {key:?}");
    }
    match deed {
        Deed::Organization => {
            let left = after.keys().filter(|(pk, _)| pk != "INSTANCE");
            assert!(left.eq(beside.keys()), "left: {:#?}", after.keys());
        }
        Deed::Me | Deed::Member => {
            let left = after.iter().filter(|(key, item)| {
                let text = format!("{key:?} {item}");
                text.contains(&laden.bob) || text.contains(BOB)
            });
            assert_eq!(
                left.map(|(key, _)| key).collect::<Vec<_>>(),
                Vec::<&(String, String)>::new()
            );
        }
    }
    Reference {
        laden,
        raw,
        before,
        after,
    }
}

#[tokio::test]
async fn nothing_is_left_of_what_was_deleted_and_nothing_else_is_touched() {
    for deed in [Deed::Organization, Deed::Me, Deed::Member] {
        reference(deed).await;
    }
}

/// From the `n`th call on, nothing goes.
fn dead_from(n: usize, fault: Fault) -> (Faults, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let faults: Faults =
        Arc::new(move |_| (counted.fetch_add(1, Ordering::Relaxed) >= n).then_some(fault));
    (faults, calls)
}

/// The request dies at its `n`th call, and the worker ends what had begun. Answers whether it came that far.
async fn request_dies(reference: &Reference, deed: Deed, fault: Fault, n: usize) -> bool {
    let laden = reference.laden.copy(&reference.raw).await;
    let (faults, calls) = dead_from(n, fault);
    let reply = done(&laden, deed, faults).await;
    let reached = calls.load(Ordering::Relaxed) > n;
    finish(&laden.app).await;
    let now = lasting(&laden.app);
    let about = format!("{deed:?}, {fault:?} from call {n}: {reply}");
    assert!(
        now == reference.after || (reply.status == 503 && now == reference.before),
        "{about}\n{}",
        told(&reference.after, &now)
    );
    reached
}

/// The request dies as soon as the deletion is written, the worker at its own `n`th call; the next worker ends it.
async fn worker_dies(reference: &Reference, deed: Deed, fault: Fault, n: usize) -> bool {
    let laden = reference.laden.copy(&reference.raw).await;
    let written = AtomicBool::new(false);
    let faults: Faults = Arc::new(move |operation| {
        let dead = written.load(Ordering::Relaxed);
        if operation == "TransactWriteItems" {
            written.store(true, Ordering::Relaxed);
        }
        dead.then_some(Fault::Failed)
    });
    let reply = done(&laden, deed, faults).await;
    assert_eq!(reply.status, 200, "{deed:?}: {reply}");

    let (app, (faults, calls)) = (&laden.app, dead_from(n, fault));
    let table = app.table.with_faults(faults);
    let store = Store::new(
        table.client(),
        &app.app.config.table,
        app.app.random.clone(),
    );
    let faulty = app.app.over(store);
    for job in app.app.store.late_open_jobs().await.unwrap() {
        let _ = worker::run(&faulty, job).await;
    }
    let reached = calls.load(Ordering::Relaxed) > n;
    // Until its lease is over.
    app.wait(6);
    finish(app).await;
    let now = lasting(app);
    assert!(
        now == reference.after,
        "{deed:?}, {fault:?} from call {n}\n{}",
        told(&reference.after, &now)
    );
    reached
}

fn told(expected: &Items, found: &Items) -> String {
    let line =
        |sign: char, (key, item): (&(String, String), &Value)| format!("{sign} {key:?} {item}\n");
    let missing = expected
        .iter()
        .filter(|(key, item)| found.get(*key) != Some(item));
    let added = found
        .iter()
        .filter(|(key, item)| expected.get(*key) != Some(item));
    missing
        .map(|one| line('-', one))
        .chain(added.map(|one| line('+', one)))
        .collect()
}

/// Every call of a deletion, until it needs no more of them.
async fn everywhere(deed: Deed) {
    let reference = Arc::new(reference(deed).await);
    let mut tasks = JoinSet::new();
    for by_worker in [false, true] {
        let reference = reference.clone();
        tasks.spawn(async move {
            for n in 0.. {
                let reached = if by_worker {
                    worker_dies(&reference, deed, Fault::AnswerLost, n).await
                } else {
                    request_dies(&reference, deed, Fault::Failed, n).await
                };
                if !reached {
                    return n;
                }
            }
            0
        });
    }
    let calls: Vec<_> = tasks.join_all().await;
    assert!(
        calls.iter().all(|calls| *calls > 15),
        "only {calls:?} calls: the deaths do not reach the table any more"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deletion_of_an_organization_goes_on_wherever_it_died() {
    everywhere(Deed::Organization).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deletion_of_oneself_goes_on_wherever_it_died() {
    everywhere(Deed::Me).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_removal_of_a_member_goes_on_wherever_it_died() {
    everywhere(Deed::Member).await;
}
