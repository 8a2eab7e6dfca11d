//! Who gets what answer: every operation × every kind of caller, as one table.
//!
//! To add an operation, add its line to [`requests`]: a request with nothing wrong about it but, maybe, the caller. An
//! operation without a line fails, and so does a line without an operation. Every cell has an installation of its own.
//!
//! Where a path names a token or a warehouse login, it is the caller's own if they can have one, else another's; for
//! the admin of another organisation it is always another's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, Call, PASSWORD, TestApp};
use tokio::task::JoinSet;

const ANA: &str = "ana@example.com";
const TOKENS: &str = "/api/v1/user/me/personal-access-tokens";
const LOGINS: &str = "/api/v1/user/warehouseCredentials";
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Anonymous,
    /// Signed up, nothing else.
    Unverified,
    /// Without an organisation, whose domain one takes in.
    Verified,
    Viewer,
    Admin,
    OtherAdmin,
    /// A viewer who may do nothing any more.
    Deactivated,
    /// An admin whose session has ended.
    ExpiredSession,
    /// An admin's.
    Token,
    ExpiredToken,
    UnknownToken,
    DeactivatedToken,
}

use Caller::{
    Admin, Anonymous, Deactivated, DeactivatedToken, ExpiredSession, ExpiredToken, OtherAdmin,
    Token, UnknownToken, Unverified, Verified, Viewer,
};

const CALLERS: [(Caller, &str); 12] = [
    (Anonymous, "anonymous"),
    (Unverified, "unverified"),
    (Verified, "verified"),
    (Viewer, "viewer"),
    (Admin, "admin"),
    (OtherAdmin, "other's admin"),
    (Deactivated, "deactivated"),
    (ExpiredSession, "expired session"),
    (Token, "token"),
    (ExpiredToken, "expired token"),
    (UnknownToken, "unknown token"),
    (DeactivatedToken, "deactivated's token"),
];

/// What a request may name.
struct Named {
    organization: String,
    token: String,
    login: String,
    code: String,
}

type Request = (Method, String, Option<Value>);
/// The operation, what is special about the request, and the request.
type Row = (&'static str, &'static str, fn(&Named) -> Request);

/// The requests of every operation; a second one of the same operation says what is special about it.
fn requests() -> Vec<Row> {
    fn get(path: impl Into<String>) -> Request {
        (Method::GET, path.into(), None)
    }
    fn with(method: Method, path: impl Into<String>, body: Value) -> Request {
        (method, path.into(), Some(body))
    }
    vec![
        ("GetLivez", "", |_| get("/api/v1/livez")),
        ("GetHealth", "", |_| get("/api/v1/health")),
        ("GetFlash", "", |_| get("/api/v1/flash")),
        ("Get feature flag", "", |_| get("/api/v2/feature-flag/any")),
        ("Login", "", |_| {
            with(
                Method::POST,
                "/api/v1/login",
                json!({ "email": ANA, "password": PASSWORD }),
            )
        }),
        ("Logout", "", |_| get("/api/v1/logout")),
        ("RequestPasswordReset", "", |_| {
            with(
                Method::POST,
                "/api/v1/password-reset",
                json!({ "email": ANA }),
            )
        }),
        ("GetPasswordReset", "", |named| {
            get(format!("/api/v1/password-reset/{}", named.code))
        }),
        ("ResetPassword", "", |named| {
            with(
                Method::POST,
                "/api/v1/user/password/reset",
                json!({ "code": named.code, "newPassword": "wrong-horse-22" }),
            )
        }),
        ("getLoginOptions", "", |_| get("/api/v1/user/login-options")),
        ("RegisterUser", "", |_| {
            let body = json!({ "email": "new@example.com", "firstName": "", "lastName": "", "password": PASSWORD });
            with(Method::POST, "/api/v1/user", body)
        }),
        ("GetAuthenticatedUser", "", |_| get("/api/v1/user")),
        ("UpdateMe", "", |_| {
            with(Method::PATCH, "/api/v1/user/me", json!({}))
        }),
        ("CompleteMe", "", |_| {
            with(Method::PATCH, "/api/v1/user/me/complete", json!({}))
        }),
        ("CompleteMe", "and the organisation", |_| {
            let body = json!({ "organizationName": "New", "enableEmailDomainAccess": true });
            with(Method::PATCH, "/api/v1/user/me/complete", body)
        }),
        ("DeleteMe", "", |_| {
            (Method::DELETE, "/api/v1/user/me".into(), None)
        }),
        ("CreateEmailOneTimePasscode", "", |_| {
            (Method::PUT, "/api/v1/user/me/email/otp".into(), None)
        }),
        ("GetEmailVerificationStatus", "", |_| {
            get("/api/v1/user/me/email/status")
        }),
        ("GetEmailVerificationStatus", "with a passcode", |_| {
            get("/api/v1/user/me/email/status?passcode=000000")
        }),
        ("ListMyAvailableOrganizations", "", |_| {
            get("/api/v1/user/me/allowedOrganizations")
        }),
        ("JoinOrganization", "", |named| {
            (
                Method::POST,
                format!("/api/v1/user/me/joinOrganization/{}", named.organization),
                None,
            )
        }),
        ("Get personal access tokens", "", |_| get(TOKENS)),
        ("Create personal access token", "", |_| {
            with(
                Method::POST,
                TOKENS,
                json!({ "description": "", "expiresAt": null, "autoGenerated": false }),
            )
        }),
        ("Delete personal access token", "", |named| {
            (Method::DELETE, format!("{TOKENS}/{}", named.token), None)
        }),
        ("Rotate personal access token", "", |named| {
            let body = json!({ "expiresAt": "2027-01-01" });
            with(
                Method::PATCH,
                format!("{TOKENS}/{}/rotate", named.token),
                body,
            )
        }),
        ("getWarehouseCredentials", "", |_| get(LOGINS)),
        ("createWarehouseCredentials", "", |_| {
            with(Method::POST, LOGINS, warehouse())
        }),
        ("updateWarehouseCredentials", "", |named| {
            with(
                Method::PATCH,
                format!("{LOGINS}/{}", named.login),
                warehouse(),
            )
        }),
        ("deleteWarehouseCredentials", "", |named| {
            (Method::DELETE, format!("{LOGINS}/{}", named.login), None)
        }),
        ("HasPassword", "", |_| get("/api/v1/user/password")),
        ("ChangePassword", "", |_| {
            let body = json!({ "password": PASSWORD, "newPassword": "wrong-horse-22" });
            with(Method::POST, "/api/v1/user/password", body)
        }),
        ("GetIdentities", "", |_| get("/api/v1/user/identities")),
        ("DeleteIdentity", "", |_| {
            let body = json!({ "issuer": "https://id.example/one", "email": ANA });
            with(Method::DELETE, "/api/v1/user/identity", body)
        }),
        ("GetMyOrganization", "", |_| get("/api/v1/org")),
        ("CreateOrganization", "", |_| {
            with(Method::PUT, "/api/v1/org", json!({ "name": "New" }))
        }),
        ("GetOnboardingStatus", "", |_| {
            get("/api/v1/org/onboardingStatus")
        }),
        ("ShowOnboardingSuccess", "", |_| {
            (
                Method::POST,
                "/api/v1/org/onboardingStatus/shownSuccess".into(),
                None,
            )
        }),
    ]
}

fn warehouse() -> Value {
    let credentials =
        json!({ "type": "postgres", "user": "reader", "password": "hunter2-hunter2" });
    json!({ "name": "dwh", "credentials": credentials })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn installation() -> TestApp {
    TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await
}

async fn token(owner: &Actor<'_>, expires_at: &str) -> Value {
    let body = json!({ "description": "", "expiresAt": expires_at, "autoGenerated": false });
    owner.post(TOKENS).json(&body).await.ok()
}

/// What somebody has that a path can name.
async fn belongings(owner: &Actor<'_>) -> (String, String) {
    let token = token(owner, "2027-01-01").await;
    let login = owner.post(LOGINS).json(&warehouse()).await.ok();
    (text(&token["uuid"]), text(&login["uuid"]))
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

fn call<'a>(actor: &'a Actor<'_>, (method, path, body): &Request) -> Call<'a> {
    let call = actor.call(method.clone(), path);
    match body {
        Some(body) => call.json(body),
        None => call,
    }
}

/// One cell: an installation with an organisation and its admin, the caller, and the request.
async fn cell(caller: Caller, request: fn(&Named) -> Request) -> Answer {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let found = ana.get("/api/v1/user/me/allowedOrganizations").await.ok();
    let organization = text(&found[0]["organizationUuid"]);
    let (mut token_id, mut login) = belongings(&ana).await;
    let actor = match caller {
        Anonymous => app.anonymous(),
        Unverified | Verified => {
            let actor = match caller {
                Unverified => app.user("eve@example.com").await,
                _ => app.verified("eve@example.com").await,
            };
            let made = actor.post(LOGINS).json(&warehouse()).await.ok();
            login = text(&made["uuid"]);
            actor
        }
        Viewer | Deactivated | DeactivatedToken => {
            let vic = app.viewer("vic@example.com").await;
            (token_id, login) = belongings(&vic).await;
            let secret = text(&token(&vic, "2027-01-01").await["token"]);
            if caller != Viewer {
                app.deactivate("vic@example.com");
            }
            if caller == DeactivatedToken {
                vic.with_token(&secret)
            } else {
                vic
            }
        }
        OtherAdmin => app.admin("oda@other.example", "Other").await,
        Admin => {
            app.identify(ANA);
            ana
        }
        ExpiredSession => {
            app.wait(24 * 60);
            ana
        }
        Token => ana.with_token(&text(&token(&ana, "2027-01-01").await["token"])),
        ExpiredToken => {
            let secret = text(&token(&ana, "2026-02-01").await["token"]);
            app.wait(24 * 60);
            ana.with_token(&secret)
        }
        UnknownToken => ana.with_token("ldpat_00000000000000000000000000000000"),
    };
    let named = Named {
        organization,
        token: token_id,
        login,
        code: reset_code(&app).await,
    };
    call(&actor, &request(&named)).await
}

/// Every operation of the document: its method and path by its id.
fn operations() -> BTreeMap<String, (String, String)> {
    let document = local::api().document();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let route = (method.to_uppercase(), path.clone());
            found.insert(text(&operation["operationId"]), route);
        }
    }
    found
}

#[test]
fn every_operation_has_a_request_and_it_goes_there() {
    let known = operations();
    let tried: BTreeSet<_> = requests().iter().map(|(id, ..)| (*id).to_owned()).collect();
    assert_eq!(known.keys().cloned().collect::<BTreeSet<_>>(), tried);
    let named = Named {
        organization: NOBODYS.into(),
        token: NOBODYS.into(),
        login: NOBODYS.into(),
        code: NOBODYS.into(),
    };
    for (id, _, request) in requests() {
        let (method, path, _) = request(&named);
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let (known_method, template) = &known[id];
        let same = |(known, sent): (&str, &str)| known.starts_with('{') || known == sent;
        assert_eq!(method.as_str(), known_method, "{id}");
        assert!(
            template.split('/').count() == path.split('/').count()
                && template.split('/').zip(path.split('/')).all(same),
            "{id} is at {template}, not at {path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_they_may() {
    let mut cells = JoinSet::new();
    for (row, (id, case, request)) in requests().into_iter().enumerate() {
        for (column, (caller, _)) in CALLERS.into_iter().enumerate() {
            cells.spawn(async move {
                let answer = cell(caller, request).await;
                assert_ne!(
                    answer.status.as_u16(),
                    422,
                    "{id} {case}: no valid request: {answer}"
                );
                assert!(answer.status.as_u16() < 500, "{id} {case}: {answer}");
                (row, column, shown(&answer))
            });
        }
    }
    let mut table = BTreeMap::new();
    while let Some(done) = cells.join_next().await {
        let (row, column, shown) = done.unwrap();
        table.insert((row, column), shown);
    }
    let mut lines = format!("{:49}", "");
    for (_, title) in CALLERS {
        write!(lines, "{:13}", title.split(' ').next().unwrap_or_default()).unwrap();
    }
    lines = lines.trim_end().to_owned();
    write!(lines, "\n{:49}", "").unwrap();
    for (_, title) in CALLERS {
        write!(lines, "{:13}", title.split(' ').nth(1).unwrap_or_default()).unwrap();
    }
    for (row, (id, case, _)) in requests().into_iter().enumerate() {
        lines = lines.trim_end().to_owned();
        write!(lines, "\n{:49}", format!("{id} {case}").trim_end()).unwrap();
        for column in 0..CALLERS.len() {
            write!(lines, "{:13}", table[&(row, column)]).unwrap();
        }
    }
    assert_snapshot!(lines.trim_end());
}

/// The status, and which kind of refusal it is where one status has several.
fn shown(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    let name = answer.json()["error"]["name"].as_str().map(str::to_owned);
    match name.as_deref() {
        Some("DeactivatedAccountError") => format!("{status} off"),
        Some("NotExistsError") => format!("{status} none"),
        Some("InvalidUser") => format!("{status} gone"),
        _ => status.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_somebody_else_is_neither_found_nor_changed() {
    let operations = operations();
    for (id, _, request) in requests() {
        let (method, template) = &operations[id];
        let parameter = template
            .split('{')
            .nth(1)
            .and_then(|rest| rest.split('}').next());
        let expected = match (parameter, method.as_str()) {
            (None | Some("featureFlagId" | "code"), _) => continue,
            (Some("personalAccessTokenUuid" | "uuid"), "DELETE") => "200 (no error)",
            (Some("personalAccessTokenUuid" | "uuid"), "PATCH") => "404 NotFoundError",
            (Some("organizationUuid"), "POST") => "403 ForbiddenError",
            other => panic!("{id}: say what another's {other:?} is answered with"),
        };
        for caller in [Viewer, OtherAdmin, Verified, Token] {
            let app = installation().await;
            let ana = app.admin(ANA, "Acme").await;
            let found = ana.get("/api/v1/user/me/allowedOrganizations").await.ok();
            let (token_id, login) = belongings(&ana).await;
            let actor = match caller {
                Viewer => app.viewer("vic@example.com").await,
                OtherAdmin => app.admin("oda@other.example", "Other").await,
                Verified => app.verified("eve@other.example").await,
                _ => {
                    let oda = app.admin("oda@other.example", "Other").await;
                    let secret = text(&token(&oda, "2027-01-01").await["token"]);
                    let oda = oda.with_token(&secret);
                    // Its use is noted now, and not again when it matters.
                    oda.get("/api/v1/user").await.ok();
                    oda
                }
            };
            let theirs = Named {
                organization: text(&found[0]["organizationUuid"]),
                token: token_id,
                login,
                code: String::new(),
            };
            let nobodys = Named {
                organization: NOBODYS.into(),
                token: NOBODYS.into(),
                login: NOBODYS.into(),
                code: String::new(),
            };

            let before = app.items();
            let answer = call(&actor, &request(&theirs)).await;
            let about = format!("{id} by {caller:?}: {answer}");
            let session_only = caller == Token && answer.status == 401;
            let no_organization = caller == Verified && answer.refusal() == "403 ForbiddenError";
            assert!(
                session_only || no_organization || answer.refusal() == expected,
                "{about}"
            );
            assert_eq!(before, app.items(), "{about}");
            let same = call(&actor, &request(&nobodys)).await;
            assert_eq!(
                answer.text, same.text,
                "{about}: the answer tells that it is there"
            );
        }
    }
}
