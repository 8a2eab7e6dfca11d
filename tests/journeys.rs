//! Whole stories, through every area, as clients live them.

use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, PASSWORD, TestApp};

const USER: &str = "/api/v1/user";
const ME: &str = "/api/v1/user/me";
const ORGANIZATION: &str = "/api/v1/org";
const OTP: &str = "/api/v1/user/me/email/otp";
const STATUS: &str = "/api/v1/user/me/email/status";
const ALLOWED: &str = "/api/v1/user/me/allowedOrganizations";
const TOKENS: &str = "/api/v1/user/me/personal-access-tokens";
const LOGINS: &str = "/api/v1/user/warehouseCredentials";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn sign_up(caller: &Actor<'_>, email: &str) -> Answer {
    let body =
        json!({ "email": email, "firstName": "Ana", "lastName": "Sol", "password": PASSWORD });
    caller.post(USER).json(&body).await
}

async fn login(caller: &Actor<'_>, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    caller.post("/api/v1/login").json(&body).await
}

/// Tries the passcode of the newest mail.
async fn verify(app: &TestApp, caller: &Actor<'_>) -> Value {
    caller
        .get(&format!("{STATUS}?passcode={}", app.passcode()))
        .await
        .ok()
}

fn join(found: &Value) -> String {
    format!(
        "{ME}/joinOrganization/{}",
        text(&found[0]["organizationUuid"])
    )
}

#[tokio::test]
async fn two_colleagues_from_signing_up_to_a_forgotten_password() {
    let app = TestApp::new(local::api()).await;

    // Ana signs up, proves her address, founds the organisation and opens it to her domain.
    let ana = app.anonymous();
    let health = ana.get("/api/v1/health").await.ok();
    assert_eq!(
        (
            &health["isAuthenticated"],
            &health["requiresOrgRegistration"]
        ),
        (&json!(false), &json!(true))
    );
    assert_snapshot!(sign_up(&ana, "Ana@Example.com").await, @r#"
    200 {
      "results": {
        "abilityRules": [],
        "createdAt": "2026-01-31T09:30:00.000Z",
        "email": "ana@example.com",
        "firstName": "Ana",
        "isActive": true,
        "isMarketingOptedIn": false,
        "isPending": false,
        "isSetupComplete": false,
        "isTrackingAnonymized": true,
        "lastName": "Sol",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "userId": 1967420051,
        "userUuid": "ea88e527-a819-4062-8680-488a0d74b233"
      },
      "status": "ok"
    }
    "#);
    assert_eq!(
        verify(&app, &ana).await,
        json!({ "email": "ana@example.com", "isVerified": true })
    );
    let first_session = ana.cookie().unwrap();
    ana.put(ORGANIZATION)
        .json(&json!({ "name": "Acme" }))
        .await
        .ok();
    let stale = app.anonymous().with_cookie(&first_session);
    assert_eq!(stale.get(USER).await.refusal(), "401 AuthorizationError");
    let setup = json!({ "organizationName": "Acme", "jobTitle": "Analyst", "enableEmailDomainAccess": true });
    assert_eq!(
        ana.patch(&format!("{ME}/complete")).json(&setup).await.ok()["isSetupComplete"],
        true
    );
    assert_snapshot!(ana.get(ORGANIZATION).await, @r#"
    200 {
      "results": {
        "name": "Acme",
        "needsProject": true,
        "organizationUuid": "6497b461-980e-49da-87e3-c1dc2e135fe3"
      },
      "status": "ok"
    }
    "#);

    // Ben is of the same domain: he may sign up, and join once his address is proven.
    let ben = app.anonymous();
    let health = ben.get("/api/v1/health").await.ok();
    assert_eq!(health["requiresOrgRegistration"], false);
    sign_up(&ben, "ben@example.com").await.ok();
    assert_eq!(ben.get(ALLOWED).await.ok(), json!([]));
    assert_eq!(ben.get(ORGANIZATION).await.refusal(), "403 ForbiddenError");
    verify(&app, &ben).await;
    let found = ben.get(ALLOWED).await.ok();
    assert_snapshot!(format!("{found:#}"), @r#"
    [
      {
        "membersCount": 1,
        "name": "Acme",
        "organizationUuid": "6497b461-980e-49da-87e3-c1dc2e135fe3"
      }
    ]
    "#);
    ben.post(&join(&found)).await.ok();
    assert_eq!(ben.get(ORGANIZATION).await.ok()["name"], "Acme");
    let me = ben.get(USER).await.ok();
    assert_eq!(
        (&me["role"], &me["organizationName"]),
        (&json!("viewer"), &json!("Acme"))
    );
    assert_eq!(ana.get(ALLOWED).await.ok()[0]["membersCount"], 2);

    // What a viewer may not.
    assert_eq!(ben.delete(ME).await.refusal(), "403 ForbiddenError");
    let rename = json!({ "organizationName": "Ben's" });
    assert_eq!(
        ben.patch(&format!("{ME}/complete"))
            .json(&rename)
            .await
            .refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(
        ben.put(ORGANIZATION)
            .json(&json!({ "name": "Second" }))
            .await
            .refusal(),
        "403 ForbiddenError"
    );

    // A token does what its owner may.
    let body = json!({ "description": "ci", "expiresAt": null, "autoGenerated": true });
    let token = ben.post(TOKENS).json(&body).await.ok();
    let script = ben.with_token(&text(&token["token"]));
    assert_eq!(script.get(USER).await.ok()["email"], "ben@example.com");
    assert_eq!(script.put(OTP).await.refusal(), "401 AuthorizationError");

    // Ben forgets his password.
    let forgotten = json!({ "email": "BEN@example.com" });
    app.anonymous()
        .post("/api/v1/password-reset")
        .json(&forgotten)
        .await
        .ok();
    let reset = json!({ "code": app.reset_code(), "newPassword": "wrong-horse-22" });
    app.anonymous()
        .post("/api/v1/user/password/reset")
        .json(&reset)
        .await
        .ok();
    assert_eq!(ben.get(USER).await.refusal(), "401 AuthorizationError");
    assert_eq!(
        login(&ben, "ben@example.com", PASSWORD).await.refusal(),
        "401 AuthorizationError"
    );
    login(&ben, "ben@example.com", "wrong-horse-22").await.ok();
    assert_eq!(ben.get(ORGANIZATION).await.ok()["name"], "Acme");
    assert_eq!(ana.get(USER).await.status, 200);
}

#[tokio::test]
async fn the_command_line_signs_in_and_makes_itself_a_token() {
    let app = TestApp::new(local::api()).await;
    app.admin("ana@example.com", "Acme").await;

    // It takes the text between the first `=` and the next `=` or `;` of the first cookie.
    let answer = login(&app.anonymous(), "ana@example.com", PASSWORD).await;
    let first = answer.header("set-cookie").unwrap();
    let value = first.split(['=', ';']).nth(1).unwrap();
    let command_line = app.anonymous().with_cookie(&format!("connect.sid={value}"));
    let body = json!({
        "expiresAt": "2026-03-02T09:30:00.000Z",
        "description": "Generated by the command line",
        "autoGenerated": true,
    });
    let made = command_line.post(TOKENS).json(&body).await;
    assert_snapshot!(made, @r#"
    200 {
      "results": {
        "createdAt": "2026-01-31T09:30:00.000Z",
        "description": "Generated by the command line",
        "expiresAt": "2026-03-02T09:30:00.000Z",
        "lastUsedAt": null,
        "rotatedAt": null,
        "token": "ldpat_91e39c88f9a01999202a084be4b7d7d0",
        "uuid": "51ebb154-dcf2-4a43-9d3c-66c0d0b5bb7f"
      },
      "status": "ok"
    }
    "#);

    let token = text(&made.ok()["token"]);
    let command_line = command_line.with_token(&token);
    assert_eq!(command_line.get(USER).await.ok()["role"], "admin");
    assert_eq!(
        command_line.get("/api/v1/health").await.ok()["isAuthenticated"],
        false
    );

    // Rotated: the old secret is worth nothing from then on. Expired: neither is the new one.
    let uuid = text(&made.ok()["uuid"]);
    let path = format!("{TOKENS}/{uuid}/rotate");
    let body = json!({ "expiresAt": "2026-04-01T00:00:00.000Z" });
    let rotated = command_line.patch(&path).json(&body).await.ok();
    assert_eq!(rotated["uuid"], uuid);
    assert_eq!(
        command_line.get(USER).await.refusal(),
        "401 AuthorizationError"
    );
    let command_line = command_line.with_token(&text(&rotated["token"]));
    assert_eq!(command_line.get(USER).await.status, 200);
    app.wait(60 * 24 * 60);
    assert_eq!(
        command_line.get(USER).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn an_installation_with_its_organisation_takes_in_nobody_else() {
    let app = TestApp::new(local::api()).await;
    app.admin("ana@example.com", "Acme").await;

    assert_eq!(
        sign_up(&app.anonymous(), "eve@other.example")
            .await
            .refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(
        sign_up(&app.anonymous(), "ana@example.com").await.refusal(),
        "409 AlreadyExistsError"
    );
    // Who signed up before there was an organisation founds no second one, and finds none to join.
    let dan = app.verified("dan@other.example").await;
    assert_eq!(
        dan.put(ORGANIZATION)
            .json(&json!({ "name": "Other" }))
            .await
            .refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(dan.get(ALLOWED).await.ok(), json!([]));
}

#[tokio::test]
async fn an_address_that_was_never_proven_opens_no_door() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    let found = ana.get(ALLOWED).await.ok();

    // Eve proves an address of her own, and then claims one of the organisation's domain.
    let eve = app.verified("eve@other.example").await;
    let body = json!({ "email": "eve@example.com" });
    eve.patch(ME).json(&body).await.ok();
    assert_eq!(
        eve.get(STATUS).await.ok(),
        json!({ "email": "eve@example.com", "isVerified": false })
    );
    assert_eq!(eve.get(ALLOWED).await.ok(), json!([]));
    assert_eq!(
        eve.post(&join(&found)).await.refusal(),
        "403 ForbiddenError"
    );
    // Her old address has been told; its passcode is not the new one's.
    assert!(
        app.mails()
            .last()
            .unwrap()
            .contains("To: <eve@other.example>"),
        "{:?}",
        app.mails().last()
    );

    eve.put(OTP).await.ok();
    assert!(
        app.mails()
            .last()
            .unwrap()
            .contains("To: <eve@example.com>")
    );
    assert_eq!(verify(&app, &eve).await["isVerified"], true);
    eve.post(&join(&found)).await.ok();
}

#[tokio::test]
async fn who_goes_leaves_nothing_behind() {
    let app = TestApp::new(local::api()).await;
    let keys = |app: &TestApp| app.items().into_keys().collect::<Vec<_>>();
    let ana = app.admin("ana@example.com", "Acme").await;
    assert_eq!(ana.delete(ME).await.refusal(), "403 ForbiddenError");
    let before = keys(&app);

    let ben = app.viewer("ben@example.com").await;
    app.set_role("ben@example.com", "admin");
    app.identify("ben@example.com");
    let body = json!({ "description": "ci", "expiresAt": null, "autoGenerated": false });
    let token = ben.post(TOKENS).json(&body).await.ok();
    let credentials = json!({ "type": "trino", "user": "reader", "password": "hunter2-hunter2" });
    ben.post(LOGINS)
        .json(&json!({ "name": "dwh", "credentials": credentials }))
        .await
        .ok();
    ben.put(OTP).await.ok();
    let script = ben.with_token(&text(&token["token"]));
    ben.delete(ME).await.ok();

    assert_eq!(script.get(USER).await.refusal(), "401 AuthorizationError");
    assert_eq!(ana.get(ALLOWED).await.ok()[0]["membersCount"], 1);
    // The worker walks twice, a minute apart.
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert_eq!(keys(&app), before);
    // The address is free again.
    assert_eq!(
        login(&ben, "ben@example.com", PASSWORD).await.refusal(),
        "401 AuthorizationError"
    );
    sign_up(&ben, "ben@example.com").await.ok();
}

#[tokio::test]
async fn somebody_who_is_deactivated_is_out_at_once() {
    let app = TestApp::new(local::api()).await;
    app.admin("ana@example.com", "Acme").await;
    let ben = app.viewer("ben@example.com").await;
    let body = json!({ "description": "ci", "expiresAt": null, "autoGenerated": false });
    let token = ben.post(TOKENS).json(&body).await.ok();
    let script = ben.with_token(&text(&token["token"]));
    app.deactivate("ben@example.com");

    assert_eq!(script.get(USER).await.refusal(), "401 AuthorizationError");
    assert_eq!(ben.get(USER).await.refusal(), "403 DeactivatedAccountError");
    // The session is over, and so is the next sign-in; only somebody with the password learns why.
    assert_eq!(ben.cookie(), None);
    assert_eq!(ben.get(USER).await.refusal(), "401 AuthorizationError");
    assert_eq!(
        login(&ben, "ben@example.com", PASSWORD).await.refusal(),
        "403 DeactivatedAccountError"
    );
    assert_eq!(
        login(&ben, "ben@example.com", "wrong-horse-22")
            .await
            .refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn a_busy_session_lives_on_and_an_idle_one_ends() {
    let app = TestApp::new(local::api()).await;
    let busy = app.user("ana@example.com").await;
    let idle = app.user("ben@example.com").await;
    for _ in 0..10 {
        app.wait(20 * 60);
        assert_eq!(busy.get(USER).await.status, 200);
    }
    assert_eq!(idle.get(USER).await.refusal(), "401 AuthorizationError");
    // However busy, thirty days are the end of it.
    for _ in 0..26 {
        app.wait(20 * 60);
        busy.get(USER).await;
    }
    assert_eq!(busy.get(USER).await.refusal(), "401 AuthorizationError");
}

#[tokio::test]
async fn clients_may_be_careless_with_paths() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    for path in ["/api/v1/org", "/api/v1/org/", "/API/v1/Org"] {
        assert_eq!(ana.get(path).await.ok()["name"], "Acme", "{path}");
    }
    let head = ana.call(http::Method::HEAD, ORGANIZATION).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    let options = app
        .anonymous()
        .call(http::Method::OPTIONS, ORGANIZATION)
        .await;
    assert_snapshot!(options.header("allow").unwrap(), @"GET, HEAD, OPTIONS, PATCH, PUT");
    assert_snapshot!(app.anonymous().get("/api/v1/no/such").await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Route not found",
        "name": "NotFoundError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
}

const PROJECTS: &str = "/api/v1/org/projects";

/// A project over the test's warehouse, with an explore: the first part of its paths.
async fn shop(ana: &Actor<'_>, name: &str) -> String {
    let body = json!({
        "name": name, "type": "DEFAULT", "dbtVersion": "v1.9", "dbtConnection": { "type": "none" },
        "warehouseConnection": {
            "type": "postgres", "host": "embedded", "port": 5432, "user": "", "password": "", "dbname": "postgres", "schema": "s",
        },
    });
    let made = ana.post(PROJECTS).json(&body).await.ok();
    let path = format!("/api/v1/projects/{}", text(&made["project"]["projectUuid"]));
    let field = |kind: &str, of: &str, name: &str| {
        json!({
            "fieldType": kind, "type": of, "name": name, "label": name, "table": "orders", "tableLabel": "Orders",
            "sql": format!("${{TABLE}}.{name}"), "compiledSql": format!("\"orders\".{name}"), "hidden": false,
        })
    };
    let explore = json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "status": field("dimension", "string", "status") },
            "metrics": { "orders": field("metric", "count", "orders"), "revenue": field("metric", "sum", "revenue") },
        } },
    });
    let explores = format!("{path}/explores");
    ana.put(&explores).json(&json!([explore])).await.ok();
    path
}

fn by_status(metric: &str) -> Value {
    json!({
        "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [metric], "filters": {},
            "sorts": [{ "fieldId": metric, "descending": true }], "limit": 500, "tableCalculations": [],
        },
        "chartConfig": { "type": "table", "config": { "showTableNames": false } },
        "tableConfig": { "columnOrder": ["orders_status", metric] },
    })
}

/// A chart in the first space of a project, and a dashboard that shows it and says something; the chart's id.
async fn furnish(who: &Actor<'_>, path: &str) -> String {
    let spaces = who.get(&format!("{path}/spaces")).await.ok();
    let space = &spaces[0]["uuid"];
    let mut chart = by_status("orders_orders");
    chart["name"] = json!("Orders by status");
    chart["description"] = json!("How many there are");
    chart["spaceUuid"] = space.clone();
    let chart = who.post(&format!("{path}/saved")).json(&chart).await.ok();
    let chart = text(&chart["uuid"]);
    let tile = |id: &str, kind: &str, properties: Value| json!({ "uuid": id, "type": kind, "x": 0, "y": 0, "w": 6, "h": 3, "tabUuid": "t", "properties": properties });
    let target = json!({ "fieldId": "orders_status", "tableName": "orders" });
    let filter = json!({
        "id": "f", "label": "Status", "operator": "equals", "values": ["done"], "target": target, "tileTargets": { "1": target },
    });
    let board = json!({
        "name": "Overview", "spaceUuid": space, "tabs": [{ "uuid": "t", "name": "First", "order": 0 }],
        "filters": { "dimensions": [filter], "metrics": [], "tableCalculations": [] },
        "config": { "isDateZoomDisabled": true },
        "tiles": [
            tile("1", "saved_chart", json!({ "savedChartUuid": chart, "title": "All of them" })),
            tile("2", "saved_chart", json!({ "savedChartUuid": chart })),
            tile("3", "markdown", json!({ "title": "Note", "content": "**hello**" })),
        ],
    });
    let made = who.post(&format!("{path}/dashboards")).json(&board).await;
    assert!(made.status.is_success(), "{made}");
    chart
}

#[tokio::test]
async fn what_an_analyst_tries_out_in_a_preview_comes_to_production() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    let dana = app.in_role("dana@example.com", "developer").await;
    let production = shop(&ana, "Sales").await;
    let chart = format!("/api/v1/saved/{}", furnish(&dana, &production).await);

    // She makes a preview, and waits for what is saved to come.
    let body = json!({ "name": "Dana tries revenue", "copyContent": true });
    let begun = dana.post(&format!("{production}/createPreview"));
    let begun = begun.json(&body).await.ok();
    app.work(worker::run).await;
    let job = format!("/api/v1/jobs/{}", text(&begun["compileJobUuid"]));
    assert_eq!(dana.get(&job).await.ok()["jobStatus"], "DONE");
    let preview = format!("/api/v1/projects/{}", text(&begun["projectUuid"]));
    let boards = dana.get(&format!("{preview}/dashboards")).await.ok();
    assert_eq!(boards[0]["name"], "Overview");
    let charts = dana.get(&format!("{preview}/charts")).await.ok();
    assert_eq!(charts[0]["slug"], "orders-by-status");
    let copy = format!("/api/v1/saved/{}", text(&charts[0]["uuid"]));
    assert_ne!(copy, chart);

    // A while later. What she changes there changes nothing elsewhere.
    app.wait(5);
    let better = by_status("orders_revenue");
    let versions = format!("{copy}/version");
    dana.post(&versions).json(&better).await.ok();
    let metrics = async |path: &str| dana.get(path).await.ok()["metricQuery"]["metrics"].clone();
    assert_eq!(metrics(&chart).await, json!(["orders_orders"]));

    // She looks at what would come, and lets it.
    let diff = dana.get(&format!("{copy}/promoteDiff")).await.ok();
    assert_eq!(diff["charts"][0]["action"], "update");
    let promoted = dana.post(&format!("{copy}/promote")).await.ok();
    assert_eq!(format!("/api/v1/saved/{}", text(&promoted["uuid"])), chart);
    assert_eq!(metrics(&chart).await, json!(["orders_revenue"]));
    let history = dana.get(&format!("{chart}/history")).await.ok();
    assert_eq!(history["history"].as_array().unwrap().len(), 2);
    let diff = dana.get(&format!("{copy}/promoteDiff")).await.ok();
    assert_eq!(diff["charts"][0]["action"], "no changes");

    // The preview goes, and with it nothing else.
    let id = text(&begun["projectUuid"]);
    dana.delete(&format!("{PROJECTS}/{id}")).await.ok();
    app.work(worker::run).await;
    assert_eq!(dana.get(&copy).await.refusal(), "404 NotFoundError");
    assert_eq!(metrics(&chart).await, json!(["orders_revenue"]));
}

/// What is downloaded of a kind, by its slug, without times and the ids of tiles.
async fn downloaded(who: &Actor<'_>, path: &str, kind: &str) -> Value {
    let mut found = who.get(&format!("{path}/{kind}/code")).await.ok();
    assert_eq!(found["offset"], found["total"]);
    for one in found[kind].as_array_mut().unwrap() {
        for time in ["updatedAt", "downloadedAt"] {
            assert!(one[time].take().is_string(), "{time}: {one}");
        }
        for tile in one["tiles"].as_array_mut().into_iter().flatten() {
            tile.as_object_mut().unwrap().remove("uuid");
        }
    }
    found[kind].take()
}

#[tokio::test]
async fn what_is_downloaded_of_one_project_is_uploaded_into_another() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    let (from, to) = (shop(&ana, "Sales").await, shop(&ana, "Copy").await);
    furnish(&ana, &from).await;
    for action in ["create", "no changes"] {
        for kind in ["charts", "dashboards"] {
            let found = ana.get(&format!("{from}/{kind}/code")).await.ok();
            let [document] = &found[kind].as_array().unwrap()[..] else {
                panic!("one of each: {found}");
            };
            let slug = text(&document["slug"]);
            let sent = ana.post(&format!("{to}/{kind}/{slug}/code"));
            let sent = sent.json(document).await.ok();
            assert_eq!(sent[kind][0]["action"], action, "{sent}");
        }
    }
    for kind in ["charts", "dashboards"] {
        let there = downloaded(&ana, &to, kind).await;
        assert_eq!(there, downloaded(&ana, &from, kind).await);
    }
}
