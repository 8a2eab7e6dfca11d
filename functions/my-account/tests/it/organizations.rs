use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::{admin, api, finish_deletion, join, open};

const ALLOWED: &str = "/api/v1/user/me/allowedOrganizations";

fn joining(organization: &str) -> String {
    format!("/api/v1/user/me/joinOrganization/{organization}")
}

#[tokio::test]
async fn only_a_verified_address_of_the_very_domain_sees_what_it_may_join() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    open(&ana).await;
    assert_snapshot!(app.verified("bob@acme.com").await.get(ALLOWED).await, @r#"
    200 {
      "results": [
        {
          "membersCount": 1,
          "name": "Acme",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170"
        }
      ],
      "status": "ok"
    }
    "#);
    assert_eq!(ana.get(ALLOWED).await.ok()[0]["name"], "Acme");
    assert_eq!(
        app.user("eve@acme.com").await.get(ALLOWED).await.ok(),
        json!([])
    );
    for other in ["x@sub.acme.com", "x@notacme.com", "x@acme.com.org"] {
        let actor = app.verified(other).await;
        assert_eq!(actor.get(ALLOWED).await.ok(), json!([]), "{other}");
    }
    assert_eq!(
        app.anonymous().get(ALLOWED).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn of_two_organizations_of_a_domain_one_is_chosen() {
    let app = TestApp::with(api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    for (email, name) in [("zoe@acme.com", "Zebra"), ("ana@acme.com", "Aardvark")] {
        let founder = app.verified(email).await;
        founder
            .put("/api/v1/org")
            .json(&json!({ "name": name }))
            .await
            .ok();
        let sent = json!({ "organizationName": name, "enableEmailDomainAccess": true });
        founder
            .patch("/api/v1/user/me/complete")
            .json(&sent)
            .await
            .ok();
    }
    let bob = app.verified("bob@acme.com").await;
    let seen = bob.get(ALLOWED).await.ok();
    assert_eq!(
        (&seen[0]["name"], &seen[1]["name"]),
        (&json!("Aardvark"), &json!("Zebra"))
    );
    join(&bob, seen[1]["organizationUuid"].as_str().unwrap()).await;
    assert_eq!(bob.get("/api/v1/org").await.ok()["name"], "Zebra");
    assert_eq!(bob.get(ALLOWED).await.ok()[1]["membersCount"], 2);
}

#[tokio::test]
async fn joining_makes_a_viewer_with_a_new_session_and_ends_every_other() {
    let app = TestApp::new(api()).await;
    let organization = open(&admin(&app, "ana@acme.com").await).await;
    let bob = app.verified("bob@acme.com").await;
    let elsewhere = app.sign_in("bob@acme.com").await;
    let old = bob.cookie().unwrap();

    let reply = bob.post(&joining(&organization)).await;
    assert_snapshot!(reply, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_ne!(bob.cookie().unwrap(), old);
    assert_eq!(bob.get("/api/v1/user").await.ok()["role"], "viewer");

    let replaced = app.anonymous().with_cookie(&old).get("/api/v1/user").await;
    assert_eq!(replaced.refusal(), "401 AuthorizationError");
    let ended = elsewhere.get("/api/v1/user").await;
    assert_snapshot!(ended, @r#"
    401 {
      "error": {
        "data": {},
        "message": "This session has ended, sign in again",
        "name": "InvalidUser",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(elsewhere.cookie(), None);
    assert_eq!(bob.get(ALLOWED).await.ok()[0]["membersCount"], 2);
}

#[tokio::test]
async fn nobody_joins_whom_the_organization_does_not_take_in() {
    let app = TestApp::new(api()).await;
    let ana = admin(&app, "ana@acme.com").await;
    let bob = app.verified("bob@acme.com").await;
    let id = ana.get("/api/v1/org").await.ok()["organizationUuid"].clone();
    let id = id.as_str().unwrap();
    // Closed until it is opened.
    let before = app.items();
    assert_snapshot!(bob.post(&joining(id)).await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "This organization does not take in your e-mail domain",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);

    open(&ana).await;
    let unverified = app.user("eve@acme.com").await;
    let stranger = app.verified("eve@other.com").await;
    let before = app.items();
    assert_snapshot!(unverified.post(&joining(id)).await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "Verify your e-mail address first",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        stranger.post(&joining(id)).await.refusal(),
        "403 ForbiddenError"
    );
    assert_snapshot!(ana.post(&joining(id)).await, @r#"
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
    for unknown in ["6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e", "not-a-uuid", "%00"] {
        let reply = bob.post(&joining(unknown)).await;
        assert!(["403 ForbiddenError", "422 ValidateError"].contains(&reply.refusal().as_str()));
    }
    assert_eq!(app.items(), before);
    let reply = app.anonymous().post(&joining(id)).await;
    assert_eq!(reply.refusal(), "401 AuthorizationError");
}

/// Whichever comes first: who has gone joins nothing, and who has joined is a member, whom an admin removes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_being_deleted_joins_nothing() {
    for round in 0..10 {
        let app = TestApp::new(api()).await;
        let ana = admin(&app, "ana@acme.com").await;
        let organization = open(&ana).await;
        let cookie = app.verified("bob@acme.com").await.cookie().unwrap();
        let (one, two) = (
            app.anonymous().with_cookie(&cookie),
            app.anonymous().with_cookie(&cookie),
        );
        let (gone, joined) = tokio::join!(
            one.delete("/api/v1/user/me"),
            two.post(&joining(&organization))
        );
        assert!(
            (gone.status == 200) ^ (joined.status == 200),
            "round {round}: {gone} {joined}"
        );
        finish_deletion(&app).await;
        let members = if joined.status == 200 { 2 } else { 1 };
        assert_eq!(ana.get(ALLOWED).await.ok()[0]["membersCount"], members);
        let rows = app.items().into_keys();
        let rows = rows.filter(|(_, sk)| sk.starts_with("MEMBER#bob@acme.com#"));
        assert_eq!(rows.count(), members - 1, "round {round}");
    }
}

/// The membership is a condition of the write, not only of the read before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_simultaneous_joins_one_counts() {
    for _ in 0..3 {
        let app = TestApp::new(api()).await;
        let ana = admin(&app, "ana@acme.com").await;
        let organization = open(&ana).await;
        let cookie = app.verified("bob@acme.com").await.cookie().unwrap();
        let join = async || {
            let bob = app.anonymous().with_cookie(&cookie);
            bob.post(&joining(&organization)).await.status.as_u16()
        };
        let answers = tokio::join!(join(), join(), join(), join());
        let answers: [u16; 4] = answers.into();
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1);
        assert_eq!(ana.get(ALLOWED).await.ok()[0]["membersCount"], 2);
    }
}
