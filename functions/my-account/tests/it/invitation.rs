use app::domain::job::{Job, Task};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, PASSWORD, TestApp};

use crate::{api, register::USER, stored};

const LINKS: &str = "/api/v1/invite-links";
const ANA: &str = "ana@acme.com";
const GUS: &str = "gus@guest.com";
const GUSTAV: &str = "blue-giraffe-7";
const MANY: [(&str, &str); 1] = [("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")];

async fn invite(admin: &Actor<'_>, email: &str, role: &str) -> String {
    let sent = json!({ "email": email, "role": role });
    let made = admin.post(LINKS).json(&sent).await;
    assert_eq!(made.status, 201, "{made}");
    made.json()["results"]["inviteCode"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn form(code: &str, password: &str) -> Value {
    json!({ "inviteCode": code, "firstName": " Gus ", "lastName": "Gray\t", "password": password })
}

async fn accept(actor: &Actor<'_>, code: &str, password: &str) -> Answer {
    actor.post(USER).json(&form(code, password)).await
}

fn count(app: &TestApp, kind: &str) -> usize {
    let items = app.items();
    items
        .values()
        .filter(|item| item["kind"]["S"] == kind)
        .count()
}

fn members(app: &TestApp) -> Value {
    let items = app.items();
    let counts = items.values().find(|item| item["kind"]["S"] == "counts");
    counts.map_or(Value::Null, |item| item["members"]["N"].clone())
}

#[tokio::test]
async fn whoever_was_invited_gets_in_with_names_a_password_a_session_and_a_passcode() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = invite(&ana, GUS, "editor").await;
    app.wait(1);
    let gus = app.anonymous();
    let mut user = accept(&gus, &code, GUSTAV).await.ok();
    let rules = user.as_object_mut().unwrap().remove("abilityRules");
    assert!(!rules.unwrap().as_array().unwrap().is_empty());
    assert_snapshot!(format!("{user:#}"), @r#"
    {
      "createdAt": "2026-01-31T09:30:00.000Z",
      "email": "gus@guest.com",
      "firstName": "Gus",
      "isActive": true,
      "isMarketingOptedIn": false,
      "isPending": false,
      "isSetupComplete": false,
      "isTrackingAnonymized": true,
      "lastName": "Gray",
      "organizationCreatedAt": "2026-01-31T09:30:00.000Z",
      "organizationName": "Acme",
      "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
      "role": "editor",
      "updatedAt": "2026-01-31T09:31:00.000Z",
      "userId": 99795317,
      "userUuid": "0be582eb-7d2c-452a-a6da-5b396b1d6188"
    }
    "#);
    assert_eq!(gus.get("/api/v1/org").await.ok()["name"], "Acme");
    assert_eq!(
        (count(&app, "invitation"), count(&app, "invitation link")),
        (0, 0)
    );
    assert_eq!(members(&app), "2");
    let items = app.items();
    let row = items
        .values()
        .find(|item| item["kind"]["S"] == "member" && item["email"]["S"] == GUS)
        .unwrap();
    assert_eq!(
        (
            &row["firstName"]["S"],
            &row["lastName"]["S"],
            &row["isPending"]["BOOL"],
            &row["inviteExpiresAt"]
        ),
        (&json!("Gus"), &json!("Gray"), &json!(false), &Value::Null)
    );
    // The code went to the admin, too, so it proves no address.
    let status = gus.get("/api/v1/user/me/email/status").await.ok();
    assert_eq!(status["isVerified"], false);
    assert!(app.mails()[0].contains("<gus@guest.com>"));
    let guess = format!("/api/v1/user/me/email/status?passcode={}", app.passcode());
    assert_eq!(gus.get(&guess).await.ok()["isVerified"], true);
    let login = json!({ "email": GUS, "password": GUSTAV });
    app.anonymous()
        .post("/api/v1/login")
        .json(&login)
        .await
        .ok();
    assert!(!stored(&app).contains(&code));

    let again = accept(&app.anonymous(), &code, GUSTAV).await;
    assert_eq!(again.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn the_callers_old_session_ends() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = invite(&ana, GUS, "viewer").await;
    let cookie = ana.cookie().unwrap();
    assert_eq!(accept(&ana, &code, GUSTAV).await.ok()["email"], GUS);
    assert_eq!(ana.get(USER).await.ok()["email"], GUS);
    let old = app.anonymous().with_cookie(&cookie);
    assert_eq!(old.get(USER).await.refusal(), "401 AuthorizationError");
}

#[tokio::test]
async fn an_admin_by_invitation_counts_as_one_once_they_accept() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = invite(&ana, GUS, "admin").await;
    assert_eq!(count(&app, "admin"), 1);
    // A pending admin is none: the only one stays.
    assert_eq!(
        ana.delete("/api/v1/user/me").await.refusal(),
        "403 ForbiddenError"
    );
    let gus = app.anonymous();
    accept(&gus, &code, GUSTAV).await.ok();
    assert_eq!(count(&app, "admin"), 2);
    ana.delete("/api/v1/user/me").await.ok();
    invite(&gus, "new@guest.com", "viewer").await;
}

#[tokio::test]
async fn the_password_comes_first_then_the_code_then_the_gate() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = invite(&ana, GUS, "viewer").await;
    let before = app.items();
    let guest = app.anonymous();
    assert_eq!(
        accept(&guest, "unknown", "short").await.refusal(),
        "400 ParameterError"
    );
    assert_eq!(
        accept(&guest, &code, "short").await.refusal(),
        "400 ParameterError"
    );
    assert_eq!(
        accept(&guest, "unknown", GUSTAV).await.refusal(),
        "404 NotExistsError"
    );
    let mut long = form(&code, GUSTAV);
    long["firstName"] = json!("x".repeat(256));
    let reply = guest.post(USER).json(&long).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);

    app.wait(72 * 60);
    assert_snapshot!(accept(&guest, &code, GUSTAV).await, @r#"
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
        (count(&app, "invitation"), count(&app, "invitation link")),
        (0, 0)
    );
    assert!(app.account(GUS).await.is_pending());
    assert_eq!(
        accept(&guest, &code, GUSTAV).await.refusal(),
        "404 NotExistsError"
    );
}

#[tokio::test]
async fn nobody_accepts_where_passwords_are_turned_off() {
    let app = TestApp::with(api(), &[("ZERODASH_PASSWORD_LOGIN", "false")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = invite(&ana, GUS, "viewer").await;
    let before = app.items();
    let guest = app.anonymous();
    assert_eq!(
        accept(&guest, &code, GUSTAV).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(
        accept(&guest, "unknown", GUSTAV).await.refusal(),
        "404 NotExistsError"
    );
    assert_eq!(app.items(), before);
}

/// The admin knows the code; it must not open somebody's account.
#[tokio::test]
async fn an_account_with_a_login_accepts_by_that_login_and_keeps_it() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let gus = app.verified(GUS).await;
    let code = invite(&ana, GUS, "editor").await;
    let before = app.items();
    for stranger in [app.anonymous(), app.sign_in(ANA).await] {
        let session = stranger.cookie();
        let reply = accept(&stranger, &code, GUSTAV).await;
        assert_eq!(reply.refusal(), "401 AuthorizationError");
        assert_eq!(stranger.cookie(), session);
    }
    let mut after = app.items();
    after.retain(|key, _| before.contains_key(key));
    assert_eq!(after, before);

    // With the password that is theirs, from anywhere.
    let elsewhere = app.anonymous();
    let user = accept(&elsewhere, &code, PASSWORD).await.ok();
    assert_eq!(
        (&user["firstName"], &user["role"], &user["organizationName"]),
        (&json!("gus"), &json!("editor"), &json!("Acme"))
    );
    assert_eq!(members(&app), "2");
    assert_eq!(
        (count(&app, "invitation"), count(&app, "invitation link")),
        (0, 0)
    );
    assert_eq!(elsewhere.get("/api/v1/org").await.ok()["name"], "Acme");
    // Sessions from before are of no organisation.
    assert_eq!(gus.get(USER).await.refusal(), "401 InvalidUser");
    app.sign_in(GUS).await;
    assert!(app.account(GUS).await.email_verified);
    assert_eq!(app.mails().len(), 0, "no passcode is needed");
}

#[tokio::test]
async fn an_account_with_a_session_accepts_with_it_alone() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let gus = app.verified(GUS).await;
    let code = invite(&ana, GUS, "admin").await;
    let cookie = gus.cookie().unwrap();
    accept(&gus, &code, GUSTAV).await.ok();
    assert_eq!(gus.get(USER).await.ok()["role"], "admin");
    assert_eq!(count(&app, "admin"), 2);
    let old = app.anonymous().with_cookie(&cookie);
    assert_eq!(old.get(USER).await.refusal(), "401 AuthorizationError");
    // The password is the old one.
    app.sign_in(GUS).await;
    let login = json!({ "email": GUS, "password": GUSTAV });
    let reply = app.anonymous().post("/api/v1/login").json(&login).await;
    assert_eq!(reply.refusal(), "401 AuthorizationError");
}

#[tokio::test]
async fn guesses_at_the_password_count_as_sign_ins() {
    let app = TestApp::with(api(), &[("ZERODASH_LIMIT_LOGIN_PAIR", "2/600")]).await;
    let ana = app.admin(ANA, "Acme").await;
    app.verified(GUS).await;
    let code = invite(&ana, GUS, "viewer").await;
    let guest = app.anonymous();
    for _ in 0..2 {
        assert_eq!(
            accept(&guest, &code, GUSTAV).await.refusal(),
            "401 AuthorizationError"
        );
    }
    assert_eq!(
        accept(&guest, &code, PASSWORD).await.refusal(),
        "429 TooManyRequestsError"
    );
    let login = json!({ "email": GUS, "password": PASSWORD });
    let reply = guest.post("/api/v1/login").json(&login).await;
    assert_eq!(reply.refusal(), "429 TooManyRequestsError");
    app.wait(10);
    accept(&guest, &code, PASSWORD).await.ok();
}

#[tokio::test]
async fn who_has_an_organization_by_now_or_is_deactivated_does_not_get_in() {
    let app = TestApp::with(api(), &MANY).await;
    let ana = app.admin(ANA, "Acme").await;
    let gus = app.verified(GUS).await;
    let code = invite(&ana, GUS, "viewer").await;
    gus.put("/api/v1/org")
        .json(&json!({ "name": "Own" }))
        .await
        .ok();
    let before = app.items();
    assert_snapshot!(accept(&gus, &code, PASSWORD).await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "You already belong to an organization",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    let stranger = accept(&app.anonymous(), &code, GUSTAV).await;
    assert_eq!(stranger.refusal(), "401 AuthorizationError");
    assert_eq!(app.items(), before);

    let code = invite(&ana, "new@guest.com", "viewer").await;
    app.deactivate("new@guest.com");
    let before = app.items();
    let reply = accept(&app.anonymous(), &code, GUSTAV).await;
    assert_eq!(reply.refusal(), "403 DeactivatedAccountError");
    assert_eq!(app.items(), before);
}

/// A reset link gives a pending account its first password; the invitation is then accepted as by anybody with a login.
#[tokio::test]
async fn a_pending_member_who_reset_the_password_accepts_with_that() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = invite(&ana, GUS, "editor").await;
    let sent = json!({ "email": GUS });
    app.anonymous()
        .post("/api/v1/password-reset")
        .json(&sent)
        .await
        .ok();
    let reset = json!({ "code": app.reset_code(), "newPassword": "green-giraffe-8" });
    app.anonymous()
        .post("/api/v1/user/password/reset")
        .json(&reset)
        .await
        .ok();
    let guest = app.anonymous();
    assert_eq!(
        accept(&guest, &code, GUSTAV).await.refusal(),
        "401 AuthorizationError"
    );
    let user = accept(&guest, &code, "green-giraffe-8").await.ok();
    assert_eq!(
        (&user["role"], &user["isPending"]),
        (&json!("editor"), &json!(false))
    );
    assert_eq!(members(&app), "2");
}

#[tokio::test]
async fn reset_links_from_before_are_over_once_the_invitation_is_accepted() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let code = invite(&ana, GUS, "editor").await;
    let sent = json!({ "email": GUS });
    app.anonymous()
        .post("/api/v1/password-reset")
        .json(&sent)
        .await
        .ok();
    let reset = json!({ "code": app.reset_code(), "newPassword": "green-giraffe-8" });
    accept(&app.anonymous(), &code, GUSTAV).await.ok();
    let reply = app
        .anonymous()
        .post("/api/v1/user/password/reset")
        .json(&reset)
        .await;
    assert_eq!(reply.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn a_second_invitation_ends_the_first() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let first = invite(&ana, GUS, "editor").await;
    let second = invite(&ana, GUS, "editor").await;
    let guest = app.anonymous();
    assert_eq!(
        accept(&guest, &first, GUSTAV).await.refusal(),
        "404 NotExistsError"
    );
    accept(&guest, &second, GUSTAV).await.ok();
}

#[tokio::test]
async fn nobody_accepts_into_an_organization_that_is_being_deleted() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.verified("out@side.com").await;
    let code = invite(&ana, "out@side.com", "editor").await;
    let admin = app.account(ANA).await;
    let organization = admin.organization.unwrap();
    let now = app.app.clock.now();
    let job = Job::new(
        Task::DeleteOrganization { organization },
        &app.app.random,
        now,
    );
    let store = &app.app.store;
    let deleted = store.delete_organization(organization, &admin, &job, now);
    deleted.await.unwrap();
    let before = app.items();
    let reply = accept(&app.anonymous(), &code, PASSWORD).await;
    assert_eq!(reply.refusal(), "404 NotExistsError");
    assert_eq!(app.items(), before);
    app.app.store.walk_soon(&job.task).await;
    assert_eq!(
        (count(&app, "invitation"), count(&app, "invitation link")),
        (0, 0)
    );
}

#[tokio::test]
async fn the_passcode_of_an_invited_account_counts_against_its_limit() {
    let app = TestApp::with(
        api(),
        &[("ZERODASH_LIMIT_PASSCODE_REQUEST_ADDRESS", "1/600")],
    )
    .await;
    let ana = app.admin(ANA, "Acme").await;
    let (one, two) = (
        invite(&ana, GUS, "viewer").await,
        invite(&ana, "new@guest.com", "viewer").await,
    );
    accept(&app.anonymous(), &one, GUSTAV).await.ok();
    let before = app.items();
    let reply = accept(&app.anonymous(), &two, GUSTAV).await;
    assert_eq!(reply.refusal(), "429 TooManyRequestsError");
    assert_eq!(app.items(), before);
    app.wait(10);
    accept(&app.anonymous(), &two, GUSTAV).await.ok();
}

/// The link works once: whoever is first has the account, with their own password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_accept_one_invitation_at_once_one_gets_in() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..20 {
        let email = format!("gus{round}@guest.com");
        let code = invite(&ana, &email, "viewer").await;
        let (one, two) = (app.anonymous(), app.anonymous());
        let (a, b) = tokio::join!(
            accept(&one, &code, "blue-giraffe-7"),
            accept(&two, &code, "green-giraffe-8"),
        );
        let first = a.status == 200;
        assert!(first ^ (b.status == 200), "{a} {b}");
        let lost = if first { &b } else { &a };
        assert!(
            ["404 NotExistsError", "406 ExpiredError"].contains(&lost.refusal().as_str()),
            "{lost}"
        );
        assert_eq!(lost.header("set-cookie"), None);
        let password = if first {
            "blue-giraffe-7"
        } else {
            "green-giraffe-8"
        };
        let login = json!({ "email": email, "password": password });
        app.anonymous()
            .post("/api/v1/login")
            .json(&login)
            .await
            .ok();
    }
    assert_eq!(
        (count(&app, "invitation"), count(&app, "invitation link")),
        (0, 0)
    );
    assert_eq!(members(&app), "21");
}

/// Taken back or accepted, never both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoking_against_accepting_has_one_outcome() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..20 {
        let email = format!("gus{round}@guest.com");
        let code = invite(&ana, &email, "viewer").await;
        let guest = app.anonymous();
        let (accepted, revoked) = tokio::join!(accept(&guest, &code, GUSTAV), ana.delete(LINKS));
        revoked.ok();
        let is_pending = app.account(&email).await.is_pending();
        match accepted.refusal().as_str() {
            "200 (no error)" => assert!(!is_pending),
            "404 NotExistsError" | "406 ExpiredError" => assert!(is_pending),
            other => panic!("{other}"),
        }
        assert_eq!(
            (count(&app, "invitation"), count(&app, "invitation link")),
            (0, 0)
        );
    }
    let items = app.items();
    assert!(items.values().all(|item| item["inviteExpiresAt"].is_null()));
}

/// A new invitation and the acceptance of the old one: whoever comes first ends the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inviting_again_against_accepting_leaves_no_second_way_in() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for round in 0..20 {
        let email = format!("gus{round}@guest.com");
        let code = invite(&ana, &email, "viewer").await;
        let guest = app.anonymous();
        let sent = json!({ "email": email });
        let (accepted, again) =
            tokio::join!(accept(&guest, &code, GUSTAV), ana.post(LINKS).json(&sent));
        match (accepted.status.as_u16(), again.status.as_u16()) {
            (200, 400) => assert!(!app.account(&email).await.is_pending()),
            (404 | 406, 201) => assert!(app.account(&email).await.is_pending()),
            other => panic!("{other:?}: {accepted} {again}"),
        }
        assert_eq!(count(&app, "invitation"), usize::from(again.status == 201));
        ana.delete(LINKS).await.ok();
    }
    assert_eq!(
        (count(&app, "invitation"), count(&app, "invitation link")),
        (0, 0)
    );
}

/// One person with two windows, one of them joining by the domain of the address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_against_joining_counts_one_member() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let organization = ana.get("/api/v1/org").await.ok();
    let path = format!(
        "/api/v1/user/me/joinOrganization/{}",
        organization["organizationUuid"].as_str().unwrap()
    );
    for round in 0..15 {
        let email = format!("bob{round}@acme.com");
        let bob = app.verified(&email).await;
        let code = invite(&ana, &email, "editor").await;
        let other = app.anonymous().with_cookie(&bob.cookie().unwrap());
        let (accepted, joined) = tokio::join!(accept(&other, &code, PASSWORD), bob.post(&path));
        let won = [&accepted, &joined]
            .iter()
            .filter(|answer| answer.status == 200)
            .count();
        assert!((1..=2).contains(&won), "{accepted} {joined}");
        assert_eq!(members(&app), (2 + round).to_string());
        let role = json!(app.account(&email).await.role);
        let items = app.items();
        let row = items
            .values()
            .find(|item| item["kind"]["S"] == "member" && item["email"]["S"] == email.as_str());
        assert_eq!(row.unwrap()["role"]["S"], role);
    }
}
