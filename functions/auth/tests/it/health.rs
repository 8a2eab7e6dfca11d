use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::api;

const HEALTH: &str = "/api/v1/health";

#[tokio::test]
async fn it_says_what_the_server_can_do() {
    let app = TestApp::new(api()).await;
    assert_snapshot!(app.anonymous().get(HEALTH).await, @r#"
    200 {
      "results": {
        "appearance": {},
        "auth": {
          "azuread": {
            "enabled": false,
            "loginPath": "/login/azuread"
          },
          "disablePasswordAuthentication": false,
          "google": {
            "enableGCloudADC": false,
            "enabled": false,
            "loginPath": "/login/google"
          },
          "oidc": {
            "enabled": false,
            "loginPath": "/login/oidc"
          },
          "okta": {
            "enabled": false,
            "loginPath": "/login/okta"
          },
          "oneLogin": {
            "enabled": false,
            "loginPath": "/login/oneLogin"
          },
          "pat": {},
          "snowflake": {
            "enabled": false
          }
        },
        "hasCacheAutocompleResults": false,
        "hasEmailClient": true,
        "hasExtendedUsageAnalytics": false,
        "hasGithub": false,
        "hasHeadlessBrowser": false,
        "hasMicrosoftTeams": false,
        "hasSlack": false,
        "healthy": true,
        "intercom": {
          "apiBase": "",
          "appId": ""
        },
        "isAuthenticated": false,
        "isServiceAccountEnabled": false,
        "latest": {
          "version": "0.1791.0"
        },
        "localDbtEnabled": false,
        "mode": "default",
        "pivotTable": {
          "maxColumnLimit": 60
        },
        "pylon": {
          "appId": ""
        },
        "query": {
          "csvCellsLimit": 100000,
          "defaultLimit": 500,
          "maxLimit": 5000,
          "maxPageSize": 2500
        },
        "requiresOrgRegistration": true,
        "rudder": {},
        "sentry": {
          "environment": "",
          "frontend": {
            "dsn": ""
          },
          "profilesSampleRate": 0,
          "release": "0.1791.0",
          "tracesSampleRate": 0
        },
        "siteUrl": "http://127.0.0.1:8080",
        "staticIp": "",
        "version": "0.1791.0"
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn it_follows_the_settings() {
    let settings = [
        ("ZERODASH_SITE_URL", "https://bi.example.com/"),
        ("ZERODASH_PASSWORD_LOGIN", "false"),
        ("ZERODASH_TOKEN_MAX_DAYS", "30"),
        ("ZERODASH_COMPATIBLE_RELEASE", "0.9999.0"),
    ];
    let app = TestApp::with(api(), &settings).await;
    let health = app.anonymous().get(HEALTH).await.ok();
    assert_eq!(health["siteUrl"], "https://bi.example.com");
    assert_eq!(health["auth"]["disablePasswordAuthentication"], true);
    assert_eq!(
        health["auth"]["pat"],
        json!({ "maxExpirationTimeInDays": 30 })
    );
    assert_eq!(
        (&health["version"], &health["latest"]["version"]),
        (&json!("0.9999.0"), &json!("0.9999.0"))
    );
}

#[tokio::test]
async fn it_knows_whether_somebody_is_signed_in_and_whether_there_is_an_organization() {
    let app = TestApp::new(api()).await;
    let ana = app.verified("ana@example.com").await;
    let told = async |actor: &testing::Actor<'_>| {
        let health = actor.get(HEALTH).await.ok();
        (
            health["isAuthenticated"].clone(),
            health["requiresOrgRegistration"].clone(),
        )
    };
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(told(&ana).await, (yes.clone(), yes.clone()));
    assert_eq!(told(&app.anonymous()).await, (no.clone(), yes.clone()));
    ana.put("/api/v1/org")
        .json(&json!({ "name": "Acme" }))
        .await
        .ok();
    assert_eq!(told(&ana).await, (yes, no.clone()));
    assert_eq!(told(&app.anonymous()).await, (no.clone(), no));
}

#[tokio::test]
async fn a_process_that_lives_says_so() {
    let app = TestApp::new(api()).await;
    let reply = app.anonymous().get("/api/v1/livez").await;
    assert_snapshot!(reply.text, @r#"{"status":"ok"}"#);
}
