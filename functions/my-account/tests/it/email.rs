use std::sync::Arc;

use insta::assert_snapshot;
use testing::TestApp;

const OTP: &str = "/api/v1/user/me/email/otp";
const STATUS: &str = "/api/v1/user/me/email/status";

fn guess(code: &str) -> String {
    format!("{STATUS}?passcode={code}")
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    let digits = code.parse::<u32>().unwrap_or_default();
    format!("{:06}", (digits + 1) % 1_000_000)
}

#[tokio::test]
async fn a_second_passcode_replaces_the_first() {
    let app = TestApp::new(my_account::router()).await;
    let ana = app.user("ana@example.com").await;

    ana.put(OTP).await.ok();
    let first = app.passcode();
    app.wait(1);
    let reply = ana.put(OTP).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": false,
        "otp": {
          "createdAt": "2026-01-31T09:31:00.000Z",
          "expiresAt": "2026-01-31T09:41:00.000Z",
          "isExpired": false,
          "isMaxAttempts": false,
          "numberOfAttempts": 0
        }
      },
      "status": "ok"
    }
    "#);
    let second = app.passcode();

    assert_ne!(first, second);
    assert_snapshot!(ana.get(&guess(&first)).await, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": false,
        "otp": {
          "createdAt": "2026-01-31T09:31:00.000Z",
          "expiresAt": "2026-01-31T09:41:00.000Z",
          "isExpired": false,
          "isMaxAttempts": false,
          "numberOfAttempts": 1
        }
      },
      "status": "ok"
    }
    "#);
    assert_snapshot!(ana.get(&guess(&second)).await, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": true
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn the_mail_has_everything_one_needs() {
    let app = TestApp::new(my_account::router()).await;
    app.user("ana@example.com").await.put(OTP).await.ok();
    assert_snapshot!(app.mails().join("\n=====\n"));
}

#[tokio::test]
async fn a_wrong_passcode_is_counted_and_the_sixth_is_not_even_compared() {
    let app = TestApp::new(my_account::router()).await;
    let ana = app.user("ana@example.com").await;
    ana.put(OTP).await.ok();
    let code = app.passcode();

    for attempts in 1..=5 {
        let status = ana.get(&guess(&wrong(&code))).await.ok();
        assert_eq!(status["otp"]["numberOfAttempts"], attempts);
        assert_eq!(status["otp"]["isMaxAttempts"], attempts == 5);
    }
    assert_snapshot!(ana.get(&guess(&code)).await, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": false,
        "otp": {
          "createdAt": "2026-01-31T09:30:00.000Z",
          "expiresAt": "2026-01-31T09:40:00.000Z",
          "isExpired": false,
          "isMaxAttempts": true,
          "numberOfAttempts": 5
        }
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn a_passcode_is_worth_nothing_after_ten_minutes() {
    let app = TestApp::new(my_account::router()).await;
    let ana = app.user("ana@example.com").await;
    ana.put(OTP).await.ok();
    app.wait(10);

    let status = ana.get(&guess(&app.passcode())).await.ok();
    assert_eq!(status["isVerified"], false);
    assert_eq!(status["otp"]["isExpired"], true);
    assert_eq!(status["otp"]["numberOfAttempts"], 0);

    ana.put(OTP).await.ok();
    assert_eq!(
        ana.get(&guess(&app.passcode())).await.ok()["isVerified"],
        true
    );
}

#[tokio::test]
async fn a_passcode_works_once() {
    let app = TestApp::new(my_account::router()).await;
    let ana = app.user("ana@example.com").await;
    ana.put(OTP).await.ok();
    let code = app.passcode();

    assert_snapshot!(ana.get(&guess(&code)).await, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": true
      },
      "status": "ok"
    }
    "#);
    assert_snapshot!(ana.get(&guess(&code)).await, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": true
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn whoever_is_verified_may_still_ask_and_a_wrong_guess_does_not_take_it_back() {
    let app = TestApp::new(my_account::router()).await;
    let ana = app.verified("ana@example.com").await;

    assert_snapshot!(ana.put(OTP).await, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": true,
        "otp": {
          "createdAt": "2026-01-31T09:30:00.000Z",
          "expiresAt": "2026-01-31T09:40:00.000Z",
          "isExpired": false,
          "isMaxAttempts": false,
          "numberOfAttempts": 0
        }
      },
      "status": "ok"
    }
    "#);
    let status = ana.get(&guess(&wrong(&app.passcode()))).await.ok();
    assert_eq!(
        (&status["isVerified"], &status["otp"]["numberOfAttempts"]),
        (&true.into(), &1.into())
    );
}

#[tokio::test]
async fn another_users_passcode_is_a_wrong_one() {
    let app = TestApp::new(my_account::router()).await;
    let (ana, bob) = (
        app.user("ana@example.com").await,
        app.user("bob@example.com").await,
    );
    bob.put(OTP).await.ok();
    ana.put(OTP).await.ok();
    let for_ana = app.passcode();

    assert_eq!(bob.get(&guess(&for_ana)).await.ok()["isVerified"], false);
    assert_eq!(ana.get(&guess(&for_ana)).await.ok()["isVerified"], true);
}

#[tokio::test]
async fn while_mail_cannot_be_sent_asking_is_answered_503_and_asking_again_is_the_retry() {
    let app = TestApp::new(my_account::router()).await;
    let ana = app.user("ana@example.com").await;
    app.break_mail();

    let refused = ana.put(OTP).await;
    assert_snapshot!(refused, @r#"
    503 {
      "error": {
        "data": {},
        "message": "The service is not available right now, try again",
        "name": "UnexpectedServerError",
        "statusCode": 503
      },
      "status": "error"
    }
    "#);
    assert_eq!(refused.header("retry-after"), Some("1"));

    app.mend_mail();
    ana.put(OTP).await.ok();
    assert_eq!(
        ana.get(&guess(&app.passcode())).await.ok()["isVerified"],
        true
    );
}

#[tokio::test]
async fn too_many_requests_leave_the_valid_passcode_as_it_is() {
    let app = TestApp::with(
        my_account::router(),
        &[("ZERODASH_LIMIT_PASSCODE_REQUEST_ACCOUNT", "2/3600")],
    )
    .await;
    let ana = app.user("ana@example.com").await;
    ana.put(OTP).await.ok();
    ana.put(OTP).await.ok();

    let refused = ana.put(OTP).await;
    assert_snapshot!(refused, @r#"
    429 {
      "error": {
        "data": {},
        "message": "Too many requests, try again later",
        "name": "TooManyRequestsError",
        "statusCode": 429
      },
      "status": "error"
    }
    "#);
    assert_eq!(refused.header("retry-after"), Some("1800"));
    assert_eq!(app.mails().len(), 2);
    assert_eq!(
        ana.get(&guess(&app.passcode())).await.ok()["isVerified"],
        true
    );

    app.wait(30);
    ana.put(OTP).await.ok();
}

#[tokio::test]
async fn guesses_are_limited_over_all_passcodes_of_an_account() {
    let app = TestApp::with(
        my_account::router(),
        &[("ZERODASH_LIMIT_PASSCODE_ATTEMPT_ACCOUNT", "6/86400")],
    )
    .await;
    let ana = app.user("ana@example.com").await;
    for _ in 0..2 {
        ana.put(OTP).await.ok();
        for _ in 0..3 {
            ana.get(&guess(&wrong(&app.passcode()))).await.ok();
        }
    }
    ana.put(OTP).await.ok();
    let refused = ana.get(&guess(&app.passcode())).await;
    assert_eq!(refused.refusal(), "429 TooManyRequestsError");
    assert_eq!(refused.header("retry-after"), Some("52200"));
    assert_eq!(ana.get(STATUS).await.ok()["otp"]["numberOfAttempts"], 0);
}

#[tokio::test]
async fn guesses_are_limited_per_address() {
    let app = TestApp::with(
        my_account::router(),
        &[("ZERODASH_LIMIT_PASSCODE_ATTEMPT_ADDRESS", "1/600")],
    )
    .await;
    let (ana, bob) = (
        app.user("ana@example.com").await,
        app.user("bob@example.com").await,
    );
    ana.put(OTP).await.ok();
    ana.get(&guess("000000")).await.ok();
    assert_eq!(
        bob.get(&guess("000000")).await.refusal(),
        "429 TooManyRequestsError"
    );
    bob.at("198.51.100.7").get(&guess("000000")).await.ok();
}

#[tokio::test]
async fn an_office_of_a_hundred_signs_up_within_ten_minutes() {
    let app = TestApp::with(my_account::router(), &[]).await;
    for person in 0..100 {
        let actor = app.user(&format!("person{person}@example.com")).await;
        actor.put(OTP).await.ok();
        actor.get(&guess(&wrong(&app.passcode()))).await.ok();
        actor.put(OTP).await.ok();
        assert_eq!(
            actor.get(&guess(&app.passcode())).await.ok()["isVerified"],
            true
        );
    }
}

#[tokio::test]
async fn the_status_is_for_nobody_to_keep() {
    let app = TestApp::new(my_account::router()).await;
    let reply = app.user("ana@example.com").await.get(STATUS).await;
    assert_eq!(
        (reply.header("cache-control"), reply.header("etag")),
        (Some("no-store"), None)
    );
}

#[tokio::test]
async fn passcodes_are_for_sessions_only() {
    let app = TestApp::new(my_account::router()).await;
    let token = app
        .anonymous()
        .with_token("ldpat_00000000000000000000000000000000");
    for reply in [
        token.put(OTP).await,
        token.get(STATUS).await,
        app.anonymous().put(OTP).await,
    ] {
        assert_eq!(reply.refusal(), "401 AuthorizationError");
    }
}

#[tokio::test]
async fn a_passcode_that_comes_twice_is_no_passcode() {
    let app = TestApp::new(my_account::router()).await;
    let ana = app.user("ana@example.com").await;
    assert_snapshot!(ana.get(&format!("{STATUS}?passcode=111111&passcode=222222")).await, @r#"
    422 {
      "error": {
        "data": {
          "passcode": {
            "message": "invalid string value"
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

/// Whatever the concurrency: at most five guesses are compared, and exactly one right one verifies.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_simultaneous_guesses_five_are_compared() {
    for round in 0..5 {
        let app = Arc::new(
            TestApp::with(my_account::router(), &[("ZERODASH_LIMIT_FACTOR", "100")]).await,
        );
        let ana = app.user("ana@example.com").await;
        ana.put(OTP).await.ok();
        let code = app.passcode();
        let cookie = ana.cookie().unwrap();

        // Rounds with one right guess among 200, and with all of them wrong.
        let right = |index: usize| round % 2 == 0 && index == 100;
        let mut tasks = tokio::task::JoinSet::new();
        for index in 0..200 {
            let (app, cookie) = (app.clone(), cookie.clone());
            let guessed = if right(index) {
                code.clone()
            } else {
                wrong(&code)
            };
            tasks.spawn(async move {
                app.anonymous()
                    .with_cookie(&cookie)
                    .get(&guess(&guessed))
                    .await
                    .ok()
            });
        }
        let answers = tasks.join_all().await;

        let counted: Vec<_> = answers
            .iter()
            .filter_map(|status| status["otp"]["numberOfAttempts"].as_u64())
            .collect();
        let verified = answers
            .iter()
            .filter(|status| status["isVerified"] == true && status["otp"].is_null())
            .count();
        assert!(counted.iter().all(|attempts| *attempts <= 5));
        let after = ana.get(STATUS).await.ok();
        match after["isVerified"].as_bool() {
            Some(true) => assert!(verified >= 1 && after["otp"].is_null()),
            _ => assert_eq!(
                (verified, &after["otp"]["numberOfAttempts"]),
                (0, &5.into())
            ),
        }
    }
}

/// 200 times the right code at once: one transaction verifies, and nothing is left to try.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_right_guesses_one_verifies() {
    let app =
        Arc::new(TestApp::with(my_account::router(), &[("ZERODASH_LIMIT_FACTOR", "100")]).await);
    let ana = app.user("ana@example.com").await;
    ana.put(OTP).await.ok();
    let (code, cookie) = (app.passcode(), ana.cookie().unwrap());

    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (app, cookie, path) = (app.clone(), cookie.clone(), guess(&code));
        tasks.spawn(async move { app.anonymous().with_cookie(&cookie).get(&path).await.ok() });
    }
    tasks.join_all().await;

    assert_snapshot!(ana.get(STATUS).await, @r#"
    200 {
      "results": {
        "email": "ana@example.com",
        "isVerified": true
      },
      "status": "ok"
    }
    "#);
    let users: Vec<_> = app
        .items()
        .into_iter()
        .filter(|((pk, _), _)| pk.starts_with("LOGIN#"))
        .map(|((_, sk), _)| sk)
        .collect();
    assert_eq!(users, ["PASSWORD"]);
}

#[tokio::test]
async fn deleting_and_signing_up_again_resets_no_limit() {
    let limit = ("ZERODASH_LIMIT_PASSCODE_ATTEMPT_ACCOUNT", "3/86400");
    let app = TestApp::with(my_account::router(), &[limit]).await;
    for _ in 0..3 {
        let ana = app.user("ana@example.com").await;
        ana.get(&guess("000000")).await.ok();
        ana.delete("/api/v1/user/me").await.ok();
    }
    let again = app.user("ana@example.com").await;
    assert_eq!(
        again.get(&guess("000000")).await.refusal(),
        "429 TooManyRequestsError"
    );
}
