use insta::assert_snapshot;
use serde_json::json;
use testing::{PASSWORD, TestApp};

use crate::{api, log_in};

const USER: &str = "/api/v1/user";
const HOUR: u64 = 60;

#[tokio::test]
async fn a_session_is_renewed_once_an_hour() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let cookie = ana.cookie();
    app.wait(HOUR - 1);
    assert_eq!(ana.get(USER).await.header("set-cookie"), None);
    app.wait(1);
    let renewed = ana.get(USER).await;
    assert_eq!(
        renewed
            .header("set-cookie")
            .unwrap()
            .split_once("; ")
            .unwrap()
            .1,
        "Path=/; Expires=Sun, 01 Feb 2026 10:30:00 GMT; HttpOnly; SameSite=Lax"
    );
    assert_eq!(ana.cookie(), cookie);
    assert_eq!(ana.get(USER).await.header("set-cookie"), None);
    app.wait(24 * HOUR - 1);
    ana.get(USER).await.ok();
}

#[tokio::test]
async fn a_session_ends_a_day_after_its_last_use() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    app.wait(24 * HOUR);
    assert_snapshot!(ana.get(USER).await, @r#"
    401 {
      "error": {
        "data": {},
        "message": "You are not signed in, or the credentials were not recognised",
        "name": "AuthorizationError",
        "statusCode": 401
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        ana.get("/api/v1/health").await.ok()["isAuthenticated"],
        false
    );
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_however_busy() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    for _ in 0..59 {
        app.wait(12 * HOUR);
        ana.get(USER).await.ok();
    }
    app.wait(12 * HOUR - 1);
    ana.get(USER).await.ok();
    app.wait(1);
    assert_eq!(ana.get(USER).await.refusal(), "401 AuthorizationError");
}

#[tokio::test]
async fn a_server_may_end_idle_sessions_sooner() {
    let app = TestApp::with(api(), &[("ZERODASH_SESSION_HOURS", "2")]).await;
    let ana = app.user("ana@example.com").await;
    app.wait(2 * HOUR - 1);
    ana.get(USER).await.ok();
    app.wait(2 * HOUR);
    assert_eq!(ana.get(USER).await.refusal(), "401 AuthorizationError");
}

#[tokio::test]
async fn what_is_no_session_of_ours_is_like_no_cookie() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let cookie = ana.cookie().unwrap();
    let flipped = format!(
        "{}{}",
        &cookie[..cookie.len() - 1],
        if cookie.ends_with('A') { 'B' } else { 'A' }
    );
    for other in [
        "connect.sid=",
        "connect.sid=s%3Ax",
        "connect.sid",
        "connect.sid=%FF",
        &flipped,
        &cookie.replace("connect.sid", "other.sid"),
        &cookie[..cookie.len() - 1],
    ] {
        let actor = app.anonymous().with_cookie(other);
        assert_eq!(
            actor.get(USER).await.refusal(),
            "401 AuthorizationError",
            "{other}"
        );
        assert_eq!(
            actor.get("/api/v1/health").await.ok()["isAuthenticated"],
            false
        );
    }
    let among = format!("theme=dark; {cookie}; lang=en");
    app.anonymous().with_cookie(&among).get(USER).await.ok();
}

#[tokio::test]
async fn signing_in_anew_makes_another_session() {
    let app = TestApp::new(api()).await;
    let ana = app.user("ana@example.com").await;
    let cookie = ana.cookie();
    log_in(&ana, "ana@example.com", PASSWORD).await.ok();
    assert_ne!(ana.cookie(), cookie);
    ana.get(USER).await.ok();
}

#[tokio::test]
async fn a_change_from_another_site_is_refused_with_a_cookie() {
    let app = TestApp::with(api(), &[("ZERODASH_SITE_URL", "https://bi.example.com")]).await;
    let ana = app.user("ana@example.com").await;
    let before = app.items();
    let change = json!({ "firstName": "Eve" });
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "nonsense"),
        ("origin", "https://evil.example"),
        ("origin", "https://bi.example.com.evil.example"),
        ("origin", "http://bi.example.com"),
        ("origin", "null"),
    ] {
        let reply = ana
            .patch("/api/v1/user/me")
            .json(&change)
            .header(name, value)
            .await;
        assert_eq!(reply.refusal(), "403 ForbiddenError", "{name}: {value}");
        assert_eq!(reply.header("set-cookie"), None);
    }
    assert_eq!(app.items(), before);
    let reply = ana
        .delete("/api/v1/user/me")
        .header("sec-fetch-site", "cross-site")
        .await;
    assert_snapshot!(reply, @r#"
    403 {
      "error": {
        "data": {},
        "message": "This request came from another site",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);

    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", "https://bi.example.com"),
    ] {
        ana.patch("/api/v1/user/me")
            .json(&change)
            .header(name, value)
            .await
            .ok();
    }
    let same_host = ana
        .patch("/api/v1/user/me")
        .json(&change)
        .header("host", "10.0.0.5:8080");
    same_host
        .header("origin", "http://10.0.0.5:8080")
        .await
        .ok();
    // Reading is not changing, and whoever brings no cookie has no session to misuse.
    ana.get(USER)
        .header("sec-fetch-site", "cross-site")
        .await
        .ok();
    let sent = json!({ "email": "ana@example.com", "password": PASSWORD });
    let anonymous = app.anonymous();
    let login = anonymous.post("/api/v1/login").json(&sent);
    let login = login.header("origin", "https://app.example");
    login.await.ok();
}
