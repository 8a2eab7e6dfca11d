//! What a caller gets, and what is left in the table, when the table fails: every operation, every kind of fault, every
//! call that the operation makes.
//!
//! To add a case, add a line to [`scenarios`]: the operation, what is special about it, what has to be there before,
//! the call, and what the same call answers again when it had happened and only its answer was lost. An operation of
//! the document without a line fails.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use app::store::embedded::{Fault, Faults};
use http::{Method, StatusCode};
use regex_lite::Regex;
use serde_json::{Value, json};
use testing::{Actor, Answer, Call, PASSWORD, TestApp};
use tokio::{task::JoinSet, time::timeout};

const ANA: &str = "ana@example.com";
const NEW_PASSWORD: &str = "wrong-horse-22";
const TOKENS: &str = "/api/v1/user/me/personal-access-tokens";
const LOGINS: &str = "/api/v1/user/warehouseCredentials";
const ORGANIZATION: &str = "/api/v1/org";
const LATER: &str = "2026-03-01T00:00:00.000Z";
/// Far more than any answer takes; what is slower hangs.
const HANGS: Duration = Duration::from_secs(30);

type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One way to use an operation.
struct Scenario {
    operation: &'static str,
    case: &'static str,
    set_up: for<'a> fn(&'a TestApp) -> Soon<'a, Plan>,
    again: Again,
    /// Kinds of items that are written beside the answer: what becomes of them nobody minds.
    beside: &'static [&'static str],
    /// Whether a failure may leave a state from which the same call goes on.
    resumes: bool,
}

/// What the same call answers when it had happened, and only its answer was lost.
enum Again {
    /// The same, and the table is as if it had come once.
    Same,
    /// The same, and there is one more of what it makes.
    More,
    /// One of these, because it had happened; then this holds.
    Refused(
        &'static [&'static str],
        for<'a> fn(&'a TestApp) -> Soon<'a, ()>,
    ),
}

/// The call, whoever makes it.
struct Plan {
    cookie: Option<String>,
    token: Option<String>,
    method: Method,
    path: String,
    body: Option<Value>,
    key: Option<&'static str>,
}

impl Plan {
    fn new(actor: &Actor<'_>, method: Method, path: impl Into<String>) -> Self {
        Self {
            cookie: actor.cookie(),
            token: None,
            method,
            path: path.into(),
            body: None,
            key: None,
        }
    }

    fn get(actor: &Actor<'_>, path: impl Into<String>) -> Self {
        Self::new(actor, Method::GET, path)
    }

    fn post(actor: &Actor<'_>, path: impl Into<String>, body: Value) -> Self {
        Self::new(actor, Method::POST, path).json(body)
    }

    fn patch(actor: &Actor<'_>, path: impl Into<String>, body: Value) -> Self {
        Self::new(actor, Method::PATCH, path).json(body)
    }

    fn delete(actor: &Actor<'_>, path: impl Into<String>) -> Self {
        Self::new(actor, Method::DELETE, path)
    }

    fn json(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    fn by_token(self, token: Value) -> Self {
        Self {
            cookie: None,
            token: Some(text(&token)),
            ..self
        }
    }

    fn keyed(self, key: &'static str) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    fn caller<'a>(&self, app: &'a TestApp) -> Actor<'a> {
        let caller = app.anonymous();
        match (&self.cookie, &self.token) {
            (Some(cookie), _) => caller.with_cookie(cookie),
            (None, Some(token)) => caller.with_token(token),
            (None, None) => caller,
        }
    }

    fn call<'a>(&self, caller: &'a Actor<'_>) -> Call<'a> {
        let mut call = caller.call(self.method.clone(), &self.path);
        if let Some(body) = &self.body {
            call = call.json(body);
        }
        if let Some(key) = self.key {
            call = call.header("idempotency-key", key);
        }
        call
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn login(password: &str) -> Value {
    json!({ "email": ANA, "password": password })
}

async fn signs_in(app: &TestApp, email: &str, password: &str) -> StatusCode {
    let body = json!({ "email": email, "password": password });
    app.anonymous()
        .post("/api/v1/login")
        .json(&body)
        .await
        .status
}

/// Ana signs in and belongs to an organisation.
async fn belongs(app: &TestApp, email: &str) {
    let caller = app.anonymous();
    let body = json!({ "email": email, "password": PASSWORD });
    caller.post("/api/v1/login").json(&body).await.ok();
    caller.get(ORGANIZATION).await.ok();
}

async fn token(ana: &Actor<'_>) -> Value {
    let body = json!({ "description": "ci", "expiresAt": LATER, "autoGenerated": false });
    ana.post(TOKENS).json(&body).await.ok()
}

fn warehouse(user: &str) -> Value {
    json!({ "name": "dwh", "credentials": { "type": "postgres", "user": user, "password": "hunter2-hunter2" } })
}

async fn warehouse_login(ana: &Actor<'_>) -> String {
    let made = ana.post(LOGINS).json(&warehouse("reader")).await.ok();
    format!("{LOGINS}/{}", text(&made["uuid"]))
}

/// Ana, a member like others, with everything that can hang on her.
async fn laden(app: &TestApp) -> Actor<'_> {
    app.admin("bob@example.com", "Acme").await;
    let ana = app.viewer(ANA).await;
    token(&ana).await;
    token(&ana).await;
    warehouse_login(&ana).await;
    ana
}

async fn reset_code(app: &TestApp) -> String {
    let body = json!({ "email": ANA });
    app.anonymous()
        .post("/api/v1/password-reset")
        .json(&body)
        .await
        .ok();
    app.reset_code()
}

fn sign_up(email: &str) -> Value {
    json!({ "email": email, "firstName": "Ana", "lastName": "Sol", "password": PASSWORD })
}

macro_rules! scenario {
    ($operation:literal, $case:literal, |$app:ident| $plan:expr) => {
        scenario!($operation, $case, |$app| $plan, Again::Same)
    };
    ($operation:literal, $case:literal, |$app:ident| $plan:expr, $again:expr) => {
        Scenario {
            operation: $operation,
            case: $case,
            set_up: |$app| Box::pin(async move { $plan }),
            again: $again,
            beside: &[],
            resumes: false,
        }
    };
}

macro_rules! refused {
    ($($refusal:literal)|+, |$app:ident| $check:expr) => {
        Again::Refused(&[$($refusal),+], |$app| Box::pin(async move { $check }))
    };
}

fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        scenario!("GetLivez", "", |app| Plan::get(
            &app.anonymous(),
            "/api/v1/livez"
        )),
        scenario!("GetFlash", "", |app| Plan::get(
            &app.anonymous(),
            "/api/v1/flash"
        )),
        scenario!("Get feature flag", "", |app| Plan::get(
            &app.anonymous(),
            "/api/v2/feature-flag/any"
        )),
        scenario!("GetHealth", "by a stranger", |app| Plan::get(
            &app.anonymous(),
            "/api/v1/health"
        )),
        scenario!("GetHealth", "with a session", |app| Plan::get(
            &app.user(ANA).await,
            "/api/v1/health"
        )),
        scenario!(
            "Login",
            "",
            |app| {
                app.admin(ANA, "Acme").await;
                Plan::post(&app.anonymous(), "/api/v1/login", login(PASSWORD))
            },
            Again::More
        ),
        scenario!("Login", "with a wrong password", |app| {
            app.user(ANA).await;
            Plan::post(&app.anonymous(), "/api/v1/login", login(NEW_PASSWORD))
        }),
        scenario!("Logout", "", |app| Plan::get(
            &app.user(ANA).await,
            "/api/v1/logout"
        )),
        scenario!(
            "RequestPasswordReset",
            "",
            |app| {
                app.user(ANA).await;
                Plan::post(
                    &app.anonymous(),
                    "/api/v1/password-reset",
                    json!({ "email": ANA }),
                )
            },
            Again::More
        ),
        scenario!("RequestPasswordReset", "of nobody", |app| {
            Plan::post(
                &app.anonymous(),
                "/api/v1/password-reset",
                json!({ "email": ANA }),
            )
        }),
        scenario!("GetPasswordReset", "", |app| {
            app.user(ANA).await;
            Plan::get(
                &app.anonymous(),
                format!("/api/v1/password-reset/{}", reset_code(app).await),
            )
        }),
        scenario!(
            "ResetPassword",
            "",
            |app| {
                app.admin(ANA, "Acme").await;
                let body = json!({ "code": reset_code(app).await, "newPassword": NEW_PASSWORD });
                Plan::post(&app.anonymous(), "/api/v1/user/password/reset", body)
            },
            refused!("404 NotExistsError", |app| assert_eq!(
                signs_in(app, ANA, NEW_PASSWORD).await,
                200
            ))
        ),
        scenario!("GetAuthenticatedUser", "", |app| Plan::get(
            &app.admin(ANA, "Acme").await,
            "/api/v1/user"
        )),
        Scenario {
            beside: &["session"],
            ..scenario!(
                "GetAuthenticatedUser",
                "with a session that is renewed",
                |app| {
                    let ana = app.user(ANA).await;
                    app.wait(120);
                    Plan::get(&ana, "/api/v1/user")
                }
            )
        },
        scenario!("GetAuthenticatedUser", "by token", |app| {
            let ana = app.admin(ANA, "Acme").await;
            Plan::get(&ana, "/api/v1/user").by_token(token(&ana).await["token"].take())
        }),
        scenario!(
            "GetAuthenticatedUser",
            "by a token that has expired",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let plan =
                    Plan::get(&ana, "/api/v1/user").by_token(token(&ana).await["token"].take());
                app.wait(60 * 24 * 60);
                plan
            }
        ),
        scenario!(
            "RegisterUser",
            "",
            |app| Plan::post(&app.anonymous(), "/api/v1/user", sign_up(ANA)),
            refused!("409 AlreadyExistsError", |app| assert_eq!(
                signs_in(app, ANA, PASSWORD).await,
                200
            ))
        ),
        scenario!(
            "RegisterUser",
            "where an organisation takes in the domain",
            |app| {
                app.admin("bob@example.com", "Acme").await;
                Plan::post(&app.anonymous(), "/api/v1/user", sign_up(ANA))
            },
            refused!("409 AlreadyExistsError", |app| assert_eq!(
                signs_in(app, ANA, PASSWORD).await,
                200
            ))
        ),
        scenario!("RegisterUser", "with an address that is taken", |app| {
            app.user(ANA).await;
            Plan::post(&app.anonymous(), "/api/v1/user", sign_up(ANA))
        }),
        scenario!("getLoginOptions", "", |app| {
            Plan::get(
                &app.anonymous(),
                "/api/v1/user/login-options?email=ana@example.com",
            )
        }),
        scenario!("UpdateMe", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            app.wait(1);
            Plan::patch(&ana, "/api/v1/user/me", json!({ "firstName": "Anna" }))
        }),
        scenario!("UpdateMe", "with another address", |app| {
            let ana = app.admin(ANA, "Acme").await;
            app.wait(1);
            Plan::patch(
                &ana,
                "/api/v1/user/me",
                json!({ "email": "anna@example.com" }),
            )
        }),
        scenario!("CompleteMe", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            app.wait(1);
            Plan::patch(
                &ana,
                "/api/v1/user/me/complete",
                json!({ "isMarketingOptedIn": true }),
            )
        }),
        scenario!("CompleteMe", "with a name and a domain", |app| {
            let ana = app.verified(ANA).await;
            ana.put(ORGANIZATION)
                .json(&json!({ "name": "Acme" }))
                .await
                .ok();
            let body = json!({ "organizationName": "Acme Two", "enableEmailDomainAccess": true });
            Plan::patch(&ana, "/api/v1/user/me/complete", body)
        }),
        scenario!(
            "CreateEmailOneTimePasscode",
            "",
            |app| {
                let ana = app.user(ANA).await;
                app.wait(1);
                Plan::new(&ana, Method::PUT, "/api/v1/user/me/email/otp")
            },
            Again::More
        ),
        scenario!("GetEmailVerificationStatus", "", |app| {
            Plan::get(&app.user(ANA).await, "/api/v1/user/me/email/status")
        }),
        scenario!(
            "GetEmailVerificationStatus",
            "with the right passcode",
            |app| {
                let ana = app.user(ANA).await;
                ana.put("/api/v1/user/me/email/otp").await.ok();
                Plan::get(
                    &ana,
                    format!("/api/v1/user/me/email/status?passcode={}", app.passcode()),
                )
            }
        ),
        scenario!("ListMyAvailableOrganizations", "", |app| {
            Plan::get(
                &app.admin(ANA, "Acme").await,
                "/api/v1/user/me/allowedOrganizations",
            )
        }),
        scenario!(
            "JoinOrganization",
            "",
            |app| {
                app.admin("bob@example.com", "Acme").await;
                let ana = app.verified(ANA).await;
                let found = ana.get("/api/v1/user/me/allowedOrganizations").await.ok();
                let path = format!(
                    "/api/v1/user/me/joinOrganization/{}",
                    text(&found[0]["organizationUuid"])
                );
                Plan::new(&ana, Method::POST, path)
            },
            refused!("401 AuthorizationError", |app| belongs(app, ANA).await)
        ),
        scenario!(
            "CreateOrganization",
            "",
            |app| {
                let ana = app.verified(ANA).await;
                Plan::new(&ana, Method::PUT, ORGANIZATION).json(json!({ "name": "Acme" }))
            },
            refused!("401 AuthorizationError", |app| belongs(app, ANA).await)
        ),
        scenario!("GetMyOrganization", "", |app| Plan::get(
            &app.admin(ANA, "Acme").await,
            ORGANIZATION
        )),
        scenario!("GetOnboardingStatus", "", |app| {
            Plan::get(
                &app.admin(ANA, "Acme").await,
                "/api/v1/org/onboardingStatus",
            )
        }),
        scenario!(
            "ShowOnboardingSuccess",
            "",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                Plan::new(
                    &ana,
                    Method::POST,
                    "/api/v1/org/onboardingStatus/shownSuccess",
                )
            },
            refused!("404 NotExistsError", |_app| ())
        ),
        scenario!("Get personal access tokens", "", |app| Plan::get(
            &laden(app).await,
            TOKENS
        )),
        scenario!(
            "Create personal access token",
            "",
            |app| {
                let body = json!({ "description": "ci", "expiresAt": null, "autoGenerated": true });
                Plan::post(&app.admin(ANA, "Acme").await, TOKENS, body)
            },
            Again::More
        ),
        scenario!(
            "Create personal access token",
            "with an idempotency key",
            |app| {
                let body = json!({ "description": "ci", "expiresAt": null, "autoGenerated": true });
                Plan::post(&app.admin(ANA, "Acme").await, TOKENS, body).keyed("once")
            },
            refused!("409 AlreadyExistsError", |_app| ())
        ),
        scenario!("Delete personal access token", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let made = token(&ana).await;
            Plan::delete(&ana, format!("{TOKENS}/{}", text(&made["uuid"])))
        }),
        scenario!(
            "Rotate personal access token",
            "",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let made = token(&ana).await;
                Plan::patch(
                    &ana,
                    format!("{TOKENS}/{}/rotate", text(&made["uuid"])),
                    json!({ "expiresAt": LATER }),
                )
            },
            refused!("400 ParameterError", |_app| ())
        ),
        scenario!("getWarehouseCredentials", "", |app| Plan::get(
            &laden(app).await,
            LOGINS
        )),
        scenario!(
            "createWarehouseCredentials",
            "",
            |app| {
                let ana = app.user(ANA).await;
                Plan::post(&ana, LOGINS, warehouse("reader"))
            },
            Again::More
        ),
        scenario!(
            "createWarehouseCredentials",
            "with an idempotency key",
            |app| {
                let ana = app.user(ANA).await;
                Plan::post(&ana, LOGINS, warehouse("reader")).keyed("once")
            }
        ),
        scenario!("updateWarehouseCredentials", "", |app| {
            let ana = app.user(ANA).await;
            let path = warehouse_login(&ana).await;
            app.wait(1);
            Plan::patch(&ana, path, warehouse("writer"))
        }),
        scenario!("deleteWarehouseCredentials", "", |app| {
            let ana = app.user(ANA).await;
            let path = warehouse_login(&ana).await;
            Plan::delete(&ana, path)
        }),
        scenario!("HasPassword", "", |app| Plan::get(
            &app.user(ANA).await,
            "/api/v1/user/password"
        )),
        scenario!(
            "ChangePassword",
            "",
            |app| {
                let body = json!({ "password": PASSWORD, "newPassword": NEW_PASSWORD });
                Plan::post(&app.admin(ANA, "Acme").await, "/api/v1/user/password", body)
            },
            refused!("401 AuthorizationError", |app| assert_eq!(
                signs_in(app, ANA, NEW_PASSWORD).await,
                200
            ))
        ),
        scenario!("GetIdentities", "", |app| {
            let ana = app.user(ANA).await;
            app.identify(ANA);
            Plan::get(&ana, "/api/v1/user/identities")
        }),
        scenario!(
            "DeleteIdentity",
            "",
            |app| {
                let ana = app.user(ANA).await;
                app.identify(ANA);
                Plan::delete(&ana, "/api/v1/user/identity")
                    .json(json!({ "issuer": "https://id.example/one", "email": ANA }))
            },
            refused!("404 NotFoundError", |_app| ())
        ),
    ];
    for deletion in [
        scenario!(
            "DeleteMe",
            "without an organisation",
            |app| {
                let ana = app.user(ANA).await;
                warehouse_login(&ana).await;
                Plan::delete(&ana, "/api/v1/user/me")
            },
            refused!("401 InvalidUser" | "401 AuthorizationError", |app| {
                assert_eq!(signs_in(app, ANA, PASSWORD).await, 401);
            })
        ),
        scenario!(
            "DeleteMe",
            "as one of two admins, with tokens and logins",
            |app| {
                let ana = laden(app).await;
                app.promote(ANA);
                Plan::delete(&ana, "/api/v1/user/me")
            },
            refused!("401 InvalidUser" | "401 AuthorizationError", |app| {
                assert_eq!(signs_in(app, ANA, PASSWORD).await, 401);
            })
        ),
    ] {
        all.push(Scenario {
            beside: &["session"],
            resumes: true,
            ..deletion
        });
    }
    all
}

/// An installation, and the call that a scenario makes on it.
async fn prepared(scenario: &Scenario) -> (TestApp, Plan) {
    let app = TestApp::new(local::api()).await;
    let plan = (scenario.set_up)(&app).await;
    (app, plan)
}

type Items = BTreeMap<(String, String), Value>;

/// The table without what is only noted beside an answer.
fn exact(app: &TestApp, scenario: &Scenario) -> Items {
    let mut items = app.items();
    items.retain(|_, item| {
        let kind = item["kind"]["S"].as_str().unwrap_or_default();
        // The installation's own keys are made by whoever needs them first, and stay.
        kind != "instance keys" && !scenario.beside.contains(&kind)
    });
    for item in items.values_mut() {
        let item = item.as_object_mut().unwrap();
        // The mark of the call that wrote it last, and notes whose loss nobody minds.
        item.retain(|name, _| name != "w" && name != "lastUsedAt");
    }
    items
}

/// The table with what is random and new since `before` left out, so that two runs can be compared.
fn shape(items: &Items, before: &Items) -> BTreeSet<String> {
    let known = format!("{before:?}");
    let random = Regex::new(
        r#"\$argon2id\$[^"]*|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|"ciphertext":\{"S":"[^"]*"\}"#,
    );
    let random = random.unwrap();
    let mut seen = BTreeMap::<String, usize>::new();
    for item in items.values() {
        let line = item.to_string();
        let line = random.replace_all(&line, |found: &regex_lite::Captures<'_>| {
            let found = &found[0];
            let kept = !found.starts_with("\"cipher") && known.contains(found);
            if kept {
                found.to_owned()
            } else {
                "(new)".to_owned()
            }
        });
        *seen.entry(line.into_owned()).or_default() += 1;
    }
    seen.into_iter()
        .map(|(line, times)| format!("{times} x {line}"))
        .collect()
}

/// A guess is counted like a limit: too much is fine.
fn without_attempts(items: &Items) -> Items {
    let mut items = items.clone();
    for item in items.values_mut() {
        item.as_object_mut().unwrap().remove("attempts");
    }
    items
}

/// What an account's deletion may leave behind: announced, some tokens and logins gone, everything else there.
fn is_begun(before: &Items, after: &Items) -> bool {
    let still_there = after.iter().all(|(key, item)| {
        let mut item = item.clone();
        item.as_object_mut().unwrap().remove("deletingUntil");
        before.get(key) == Some(&item)
    });
    let gone: Vec<_> = before
        .iter()
        .filter(|(key, _)| !after.contains_key(*key))
        .map(|(_, item)| item["kind"]["S"].as_str().unwrap())
        .collect();
    let count = |kind: &str| gone.iter().filter(|gone| **gone == kind).count();
    let pairs = count("token") == count("token owner");
    still_there
        && pairs
        && count("token") + count("token owner") + count("warehouse credentials") == gone.len()
}

/// How a scenario goes when nothing fails.
struct Reference {
    status: StatusCode,
    before: BTreeSet<String>,
    after: BTreeSet<String>,
}

async fn reference(scenario: &Scenario) -> Reference {
    let (app, plan) = prepared(scenario).await;
    let before = exact(&app, scenario);
    let answer = plan.call(&plan.caller(&app)).await;
    Reference {
        status: answer.status,
        before: shape(&before, &before),
        after: shape(&without_attempts(&exact(&app, scenario)), &before),
    }
}

/// The table fails from the `n`th call on, or only then. Answers whether the operation came that far.
async fn fails(
    scenario: &Scenario,
    reference: &Reference,
    fault: Fault,
    n: usize,
    once: bool,
) -> bool {
    let about = format!(
        "{} {}: {fault:?} {} call {n}",
        scenario.operation,
        scenario.case,
        if once { "at" } else { "from" }
    );
    let (app, plan) = prepared(scenario).await;
    let before = exact(&app, scenario);
    assert_eq!(
        shape(&before, &before),
        reference.before,
        "{about}: the set-up does not repeat"
    );

    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let faults: Faults = Arc::new(move |_| {
        let at = counted.fetch_add(1, Ordering::Relaxed);
        (if once { at == n } else { at >= n }).then_some(fault)
    });
    let faulty = app.behind(local::api(), faults);
    let caller = plan.caller(&app);
    let answer = timeout(HANGS, faulty.send(plan.call(&caller))).await;
    let answer = answer.unwrap_or_else(|_| panic!("{about}: no answer"));
    let reached = calls.load(Ordering::Relaxed) > n;
    let after = exact(&app, scenario);
    let happened = shape(&without_attempts(&after), &before) == reference.after;

    if answer.status == reference.status {
        assert!(
            happened,
            "{about}: answered {answer}, but the table does not tell so:\n{}",
            difference(&reference.after, &shape(&after, &before))
        );
        return reached;
    }
    assert!(!once, "{about}: one fault was enough for {answer}");
    assert_unavailable(&about, &answer);

    let nothing = without_attempts(&after) == without_attempts(&before);
    let begun = scenario.resumes && is_begun(&before, &after);
    assert!(
        nothing || happened || begun,
        "{about}: half a change\n{}",
        difference(&shape(&before, &before), &shape(&after, &before))
    );

    let retry = plan.call(&caller).await;
    match &scenario.again {
        Again::Refused(refusals, check) if happened && !nothing => {
            assert!(
                refusals.contains(&retry.refusal().as_str()),
                "{about}: the retry got {retry}"
            );
            check(&app).await;
        }
        again => {
            assert_eq!(
                retry.status, reference.status,
                "{about}: the retry got {retry}"
            );
            let more = matches!(again, Again::More) && happened;
            let now = shape(&without_attempts(&exact(&app, scenario)), &before);
            assert!(
                more || now == reference.after,
                "{about}: after the retry\n{}",
                difference(&reference.after, &now)
            );
        }
    }
    reached
}

fn assert_unavailable(about: &str, answer: &Answer) {
    assert_eq!(
        answer.refusal(),
        "503 UnexpectedServerError",
        "{about}: {answer}"
    );
    assert!(
        answer.header("retry-after").is_some(),
        "{about}: when to come back is not said"
    );
}

fn difference(expected: &BTreeSet<String>, found: &BTreeSet<String>) -> String {
    let missing = expected.difference(found).map(|line| format!("- {line}\n"));
    let added = found.difference(expected).map(|line| format!("+ {line}\n"));
    missing.chain(added).collect()
}

const FAULTS: [Fault; 4] = [
    Fault::Throttled,
    Fault::Failed,
    Fault::TimedOut,
    Fault::AnswerLost,
];

/// Every fault at every call of every scenario.
async fn everywhere(once: bool) {
    let mut tasks = JoinSet::new();
    for scenario in scenarios() {
        tasks.spawn(async move {
            let reference = reference(&scenario).await;
            let mut faults = 0;
            for fault in FAULTS {
                let mut n = 0;
                while fails(&scenario, &reference, fault, n, once).await {
                    n += 1;
                }
                faults += n;
            }
            faults
        });
    }
    let (mut faults, mut failed) = (0, 0);
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(count) => faults += count,
            Err(_) => failed += 1,
        }
    }
    assert_eq!(failed, 0, "scenarios failed, see above");
    assert!(
        faults > 400,
        "only {faults} faults: they do not reach the table any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fails_from_some_call_on_leaves_no_half_change_and_a_retry_helps() {
    everywhere(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failed_call_is_not_noticed() {
    everywhere(true).await;
}

#[test]
fn every_operation_has_a_scenario() {
    let document = local::api().document();
    let paths = document["paths"].as_object().unwrap().values();
    let known: BTreeSet<_> = paths
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| text(&operation["operationId"]))
        .collect();
    let tried: BTreeSet<_> = scenarios()
        .iter()
        .map(|scenario| scenario.operation.to_owned())
        .collect();
    assert_eq!(known, tried);
}
