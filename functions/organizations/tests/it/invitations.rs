use app::domain::job::{Job, Task};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

use crate::api;

const LINKS: &str = "/api/v1/invite-links";
const USER: &str = "/api/v1/user";
const ANA: &str = "ana@acme.com";
const GUS: &str = "gus@guest.com";
const MANY: [(&str, &str); 1] = [("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")];

async fn invite(admin: &Actor<'_>, email: &str) -> Answer {
    admin.post(LINKS).json(&json!({ "email": email })).await
}

fn code(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer}");
    answer.json()["results"]["inviteCode"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn look(app: &TestApp, code: &str) -> Answer {
    app.anonymous().get(&format!("{LINKS}/{code}")).await
}

fn kinds(app: &TestApp, kind: &str) -> Vec<Value> {
    let items = app.items();
    let of = items.values().filter(|item| item["kind"]["S"] == kind);
    of.cloned().collect()
}

/// Every item as text, once the mails have left: no code may be in it.
async fn stored(app: &TestApp) -> String {
    app.work(worker::run).await;
    json!(app.items().values().collect::<Vec<_>>()).to_string()
}

#[tokio::test]
async fn an_address_that_nobody_has_becomes_a_pending_member_with_a_link_in_the_mail() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let reply = invite(&ana, "Gus@Guest.com").await;
    assert_snapshot!(reply, @r#"
    201 {
      "results": {
        "email": "gus@guest.com",
        "expiresAt": "2026-02-03T09:30:00.000Z",
        "inviteCode": "dEoC1D9KC8hp_fRT1pPKVYn126RW6-",
        "inviteUrl": "http://127.0.0.1:8080/invite/dEoC1D9KC8hp_fRT1pPKVYn126RW6-",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "userUuid": "0be582eb-7d2c-452a-a6da-5b396b1d6188"
      },
      "status": "ok"
    }
    "#);
    let code = code(&reply);
    assert_eq!(code.len(), 30);
    let before = json!(app.items().values().collect::<Vec<_>>()).to_string();
    assert!(
        !before.contains(&code),
        "in clear in the table, before the mail left"
    );
    assert!(!stored(&app).await.contains(&code));

    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("<gus@guest.com>"));
    assert!(mails[0].contains("Acme"));
    assert!(mails[0].contains(&format!("/invite/{code}?from=email")));

    let gus = app.account(GUS).await;
    assert!(gus.is_pending() && !gus.email_verified && gus.first_name.is_empty());
    let members = kinds(&app, "member");
    let row = members.iter().find(|row| row["email"]["S"] == GUS).unwrap();
    assert_eq!(row["role"]["S"], "member");
    assert_eq!(row["isPending"]["BOOL"], true);
    assert_eq!(row["inviteExpiresAt"]["S"], "2026-02-03T09:30:00.000Z");
    assert_eq!(kinds(&app, "counts")[0]["members"]["N"], "2");
    let ends = json!({ "N": "1770111000" });
    assert_eq!(kinds(&app, "invitation")[0]["ttl"], ends);
    assert_eq!(kinds(&app, "invitation link")[0]["ttl"], ends);

    let seen = look(&app, &code).await;
    assert_eq!(seen.ok(), reply.json()["results"]);
}

#[tokio::test]
async fn a_role_and_an_end_may_be_chosen() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sent = json!({ "email": GUS, "role": "editor", "expiresAt": "2026-03-02T09:30:00.000Z" });
    let reply = ana.post(LINKS).json(&sent).await;
    assert_eq!(reply.json()["results"]["expiresAt"], sent["expiresAt"]);
    assert_eq!(json!(app.account(GUS).await.role), "editor");

    let before = app.items();
    for end in [
        "2026-01-31T09:30:00.000Z",
        "2020-01-01",
        "2026-03-02T09:30:00.001Z",
    ] {
        let reply = ana
            .post(LINKS)
            .json(&json!({ "email": GUS, "expiresAt": end }))
            .await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{end}");
    }
    for wrong in [
        json!({}),
        json!({ "email": "gus" }),
        json!({ "email": GUS, "role": "owner" }),
        json!({ "email": GUS, "expiresAt": "soon" }),
    ] {
        let reply = ana.post(LINKS).json(&wrong).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{wrong}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_second_invitation_ends_the_first_and_keeps_the_role() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let first = code(&invite(&ana, GUS).await);
    let gus = app.account(GUS).await;
    app.wait(1);
    let sent = json!({ "email": GUS, "role": "admin", "expiresAt": "2026-02-28T00:00:00.000Z" });
    let second = ana.post(LINKS).json(&sent).await;
    assert_eq!(second.json()["results"]["userUuid"], gus.id.to_string());
    assert_eq!(look(&app, &first).await.refusal(), "404 NotExistsError");
    look(&app, &code(&second)).await.ok();
    assert_eq!(json!(app.account(GUS).await.role), "member");
    let members = kinds(&app, "member");
    let row = members.iter().find(|row| row["email"]["S"] == GUS).unwrap();
    assert_eq!(row["inviteExpiresAt"]["S"], sent["expiresAt"]);
    assert_eq!(
        (
            kinds(&app, "invitation").len(),
            kinds(&app, "invitation link").len()
        ),
        (1, 1)
    );
    assert_eq!(kinds(&app, "counts")[0]["members"]["N"], "2");
    // The first was replaced before its mail went out: its link would lead nowhere.
    app.work(worker::run).await;
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains(&code(&second)));
}

#[tokio::test]
async fn whoever_is_in_an_organization_is_not_invited() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin(ANA, "Acme").await;
    app.admin("oda@other.com", "Other").await;
    app.viewer("bob@acme.com").await;
    let before = app.items();
    assert_snapshot!(invite(&ana, "oda@other.com").await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "Somebody with this address belongs to another organization",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    for member in ["bob@acme.com", ANA] {
        assert_eq!(invite(&ana, member).await.refusal(), "400 ParameterError");
    }
    assert_eq!(app.items(), before);

    // Somebody else's pending member, too.
    let oda = app.anonymous();
    let login = json!({ "email": "oda@other.com", "password": testing::PASSWORD });
    oda.post("/api/v1/login").json(&login).await.ok();
    invite(&oda, GUS).await;
    let before = app.items();
    assert_eq!(invite(&ana, GUS).await.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
}

/// Nobody is drafted without consent.
#[tokio::test]
async fn an_account_without_an_organization_stays_without_one_until_it_accepts() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let gus = app.verified(GUS).await;
    let reply = invite(&ana, GUS).await;
    assert_eq!(
        reply.json()["results"]["userUuid"],
        app.account(GUS).await.id.to_string()
    );
    assert_eq!(gus.get("/api/v1/org").await.refusal(), "403 ForbiddenError");
    assert_eq!(
        (kinds(&app, "member").len(), kinds(&app, "invitation").len()),
        (1, 1)
    );
    look(&app, &code(&reply)).await.ok();
    app.work(worker::run).await;
    assert_eq!(app.mails().len(), 1);

    // Another address is another mailbox: the link leads to nobody.
    let sent = json!({ "email": "gus@elsewhere.com" });
    gus.patch("/api/v1/user/me").json(&sent).await.ok();
    assert_eq!(
        look(&app, &code(&reply)).await.refusal(),
        "404 NotExistsError"
    );
}

#[tokio::test]
async fn an_invitation_ends_in_its_very_moment_and_is_gone() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = code(&invite(&ana, GUS).await);
    app.wait(72 * 60 - 1);
    look(&app, &code).await.ok();
    app.wait(1);
    assert_snapshot!(look(&app, &code).await, @r#"
    406 {
      "error": {
        "data": {},
        "message": "Invitation has expired",
        "name": "ExpiredError",
        "statusCode": 406
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        (
            kinds(&app, "invitation").len(),
            kinds(&app, "invitation link").len()
        ),
        (0, 0)
    );
    assert_snapshot!(look(&app, &code).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Invitation does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    // They can be invited again.
    let admin = app.anonymous();
    let login = json!({ "email": ANA, "password": testing::PASSWORD });
    admin.post("/api/v1/login").json(&login).await.ok();
    look(&app, &self::code(&invite(&admin, GUS).await))
        .await
        .ok();
}

#[tokio::test]
async fn revoking_ends_every_invitation_of_the_organization_and_no_other() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    app.verified("out@side.com").await;
    let mut codes = Vec::new();
    for at in 0..20 {
        codes.push(code(&invite(&ana, &format!("gus{at}@guest.com")).await));
    }
    codes.push(code(&invite(&ana, "out@side.com").await));
    let theirs = code(&invite(&oda, GUS).await);

    assert_snapshot!(ana.delete(LINKS).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    for code in codes {
        assert_eq!(look(&app, &code).await.refusal(), "404 NotExistsError");
    }
    look(&app, &theirs).await.ok();
    assert_eq!(
        (
            kinds(&app, "invitation").len(),
            kinds(&app, "invitation link").len()
        ),
        (1, 1)
    );
    let members = kinds(&app, "member");
    let open = members
        .iter()
        .filter(|row| !row["inviteExpiresAt"].is_null());
    assert_eq!(open.count(), 1);
    // Pending members stay.
    assert!(app.account("gus7@guest.com").await.is_pending());
    ana.delete(LINKS).await.ok();
}

#[tokio::test]
async fn invitations_are_for_admins() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let eve = app.user("eve@other.com").await;
    let token = ana.by_token().await;
    code(&invite(&token, GUS).await);
    let before = app.items();
    for (actor, refusal) in [
        (&dev, "403 ForbiddenError"),
        (&eve, "403 ForbiddenError"),
        (&app.anonymous(), "401 AuthorizationError"),
    ] {
        assert_eq!(invite(actor, "new@guest.com").await.refusal(), refusal);
        assert_eq!(actor.delete(LINKS).await.refusal(), refusal);
    }
    assert_eq!(app.items(), before);
    token.delete(LINKS).await.ok();
}

#[tokio::test]
async fn invitations_and_looks_are_limited() {
    let limits = [
        ("ZERODASH_LIMIT_INVITATION_ORGANIZATION", "2/600"),
        ("ZERODASH_LIMIT_INVITATION_ADDRESS", "3/600"),
    ];
    let app = TestApp::with(api(), &limits).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = code(&invite(&ana, GUS).await);
    invite(&ana, GUS).await;
    let refused = invite(&ana, GUS).await;
    assert_eq!(refused.refusal(), "429 TooManyRequestsError");
    assert_eq!(refused.header("retry-after"), Some("600"));

    for _ in 0..3 {
        assert_eq!(look(&app, &code).await.refusal(), "404 NotExistsError");
    }
    let accept = json!({ "inviteCode": code, "firstName": "", "lastName": "", "password": "blue-giraffe-7" });
    for refused in [
        look(&app, &code).await,
        app.anonymous().post(USER).json(&accept).await,
    ] {
        assert_eq!(refused.refusal(), "429 TooManyRequestsError");
    }
}

#[tokio::test]
async fn a_repeated_request_invites_once() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sent = json!({ "email": GUS });
    let post = async || {
        ana.post(LINKS)
            .json(&sent)
            .header("idempotency-key", "k1")
            .await
    };
    let first = code(&post().await);
    // The code cannot be shown a second time.
    assert_eq!(post().await.refusal(), "409 AlreadyExistsError");
    look(&app, &first).await.ok();
    app.work(worker::run).await;
    assert_eq!(app.mails().len(), 1);
}

#[tokio::test]
async fn deleting_a_pending_member_ends_the_invitation() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = code(&invite(&ana, GUS).await);
    let gus = app.account(GUS).await;
    let now = app.app.clock.now();
    let job = Job::new(Task::DeleteUser { user: gus.id }, &app.app.random, now);
    app.app
        .store
        .delete_user(&gus, None, &job, now)
        .await
        .unwrap();
    let accept = json!({ "inviteCode": code, "firstName": "", "lastName": "", "password": "blue-giraffe-7" });
    let accept = async || app.anonymous().post(USER).json(&accept).await.refusal();
    // At once, and when all of it is removed.
    assert_eq!(look(&app, &code).await.refusal(), "404 NotExistsError");
    assert_eq!(accept().await, "404 NotExistsError");
    app.app.store.walk_soon(&job.task).await;
    assert_eq!(
        (
            kinds(&app, "invitation").len(),
            kinds(&app, "invitation link").len()
        ),
        (0, 0)
    );
    assert_eq!(accept().await, "404 NotExistsError");
    // The address is free for another invitation.
    self::code(&invite(&ana, GUS).await);
}

/// Two admins at once: one link works, and it is the newest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_simultaneous_invitations_one_code_works() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..20 {
        let email = format!("gus{round}@guest.com");
        let (a, b) = tokio::join!(invite(&ana, &email), invite(&ana, &email));
        let mut works = 0;
        for answer in [&a, &b] {
            works += usize::from(look(&app, &code(answer)).await.status == 200);
        }
        assert_eq!(works, 1);
    }
    assert_eq!(kinds(&app, "counts")[0]["members"]["N"], "21");
    assert_eq!(
        (
            kinds(&app, "invitation").len(),
            kinds(&app, "invitation link").len()
        ),
        (20, 20)
    );
}

/// Whoever is first has the address: an invited one becomes a pending member, or the account that signed up is invited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_up_against_an_invitation_makes_one_account() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..20 {
        let email = format!("gus{round}@guest.com");
        let form = json!({ "email": email, "firstName": "Gus", "lastName": "", "password": "blue-giraffe-7" });
        let visitor = app.anonymous();
        let (invited, signed_up) =
            tokio::join!(invite(&ana, &email), visitor.post(USER).json(&form));
        code(&invited);
        let account = app.account(&email).await;
        match signed_up.refusal().as_str() {
            "200 (no error)" => assert!(!account.is_pending() && account.organization.is_none()),
            "409 AlreadyExistsError" => assert!(account.is_pending()),
            other => panic!("{other}"),
        }
        assert_eq!(
            invited.json()["results"]["userUuid"],
            account.id.to_string()
        );
    }
    let pending = kinds(&app, "user")
        .iter()
        .filter(|user| user["hasPassword"]["BOOL"] == false)
        .count();
    assert_eq!(kinds(&app, "member").len(), 1 + pending);
    assert_eq!(
        kinds(&app, "counts")[0]["members"]["N"],
        (1 + pending).to_string()
    );
}

#[tokio::test]
async fn a_guest_whose_invitation_was_taken_back_gets_in_by_no_reset_either() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    invite(&ana, GUS).await;
    let reset = json!({ "email": GUS });
    app.anonymous()
        .post("/api/v1/password-reset")
        .json(&reset)
        .await
        .ok();
    let path = format!("/api/v1/password-reset/{}", app.reset_code());
    app.anonymous().get(&path).await.ok();
    ana.delete(LINKS).await.ok();
    let gone = app.anonymous().get(&path).await;
    assert_eq!(gone.refusal(), "404 NotExistsError");
    let mails = app.mails().len();
    app.anonymous()
        .post("/api/v1/password-reset")
        .json(&reset)
        .await
        .ok();
    assert_eq!(app.mails().len(), mails);
}
