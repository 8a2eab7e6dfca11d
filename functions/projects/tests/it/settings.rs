use app::domain::access::ProjectRole;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

const ANA: &str = "ana@acme.com";

async fn own<'a>(app: &'a TestApp) -> (Actor<'a>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    (ana, format!("/api/v1/projects/{}", project.id))
}

#[tokio::test]
async fn a_preview_comes_only_from_where_its_admin_may_make_one() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let mine = app.project(ANA, "Mine").await;
    let shop = app.project(ANA, "Shop").await;
    let bob = app.in_role("bob@acme.com", "member").await;
    app.grant(&mine, "bob@acme.com", ProjectRole::Admin).await;
    app.grant(&shop, "bob@acme.com", ProjectRole::Viewer).await;
    let body = json!({"name": "P", "type": "PREVIEW", "dbtVersion": "v1.9", "dbtConnection": {"type": "none"}, "upstreamProjectUuid": mine.id});
    let made = bob.post("/api/v1/org/projects").json(&body).await.ok();
    let preview = made["project"]["projectUuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/projects/{preview}/metadata");
    let upstream = json!({ "upstreamProjectUuid": shop.id });
    // Its tables would be the shop's, of which Bob sees what the shop shows a viewer.
    assert_eq!(
        bob.patch(&path).json(&upstream).await.refusal(),
        "403 ForbiddenError"
    );
    ana.patch(&path).json(&upstream).await.ok();
}

#[tokio::test]
async fn a_project_comes_from_another_one_of_its_organisation_that_is_no_preview() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, path) = own(&app).await;
    let other = app.project(ANA, "Other").await.id;
    app.admin("bob@other.com", "Other").await;
    let foreign = app.project("bob@other.com", "Theirs").await.id;
    let preview = json!({"name": "P", "type": "PREVIEW", "dbtVersion": "v1.9", "dbtConnection": {"type": "none"}, "upstreamProjectUuid": other});
    let preview =
        ana.post("/api/v1/org/projects").json(&preview).await.ok()["project"]["projectUuid"]
            .clone();
    let set = |upstream: Value| {
        let body = json!({ "upstreamProjectUuid": upstream });
        ana.patch(&format!("{path}/metadata")).json(&body)
    };
    let own = path.rsplit('/').next().unwrap().to_owned();
    for (upstream, refusal) in [
        (json!(own), "400 ParameterError"),
        (preview, "400 ParameterError"),
        (json!(foreign), "404 NotExistsError"),
        (
            json!("00000000-0000-4000-8000-000000000000"),
            "404 NotExistsError",
        ),
        (json!("x"), "404 NotExistsError"),
        (json!(["x", "y"]), "422 ValidateError"),
    ] {
        assert_eq!(set(upstream.clone()).await.refusal(), refusal, "{upstream}");
    }
    set(json!(other)).await.ok();
    set(json!(other)).await.ok();
    assert_eq!(
        ana.get(&path).await.ok()["upstreamProjectUuid"],
        json!(other)
    );
    ana.patch(&format!("{path}/metadata"))
        .json(&json!({}))
        .await
        .ok();
    assert_eq!(
        ana.get(&path).await.ok()["upstreamProjectUuid"],
        json!(other)
    );
    set(Value::Null).await.ok();
    assert_eq!(
        ana.get(&path).await.ok()["upstreamProjectUuid"],
        Value::Null
    );
}

#[tokio::test]
async fn schedules_are_in_a_zone_that_there_is() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let set = |zone: &str| {
        let body = json!({ "schedulerTimezone": zone });
        ana.patch(&format!("{path}/schedulerSettings")).json(&body)
    };
    assert_eq!(ana.get(&path).await.ok()["schedulerTimezone"], "UTC");
    for zone in ["Mars/Olympus", "", "europe/berlin'"] {
        assert_eq!(set(zone).await.refusal(), "400 ParameterError", "{zone}");
    }
    set("Europe/Berlin").await.ok();
    assert_eq!(
        ana.get(&path).await.ok()["schedulerTimezone"],
        "Europe/Berlin"
    );
}

#[tokio::test]
async fn a_choice_of_tables_is_kept_and_filters_the_list() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let tables = format!("{path}/tablesConfiguration");
    assert_snapshot!(ana.get(&tables).await, @r#"
    200 {
      "results": {
        "tableSelection": {
          "type": "ALL",
          "value": null
        }
      },
      "status": "ok"
    }
    "#);
    let error =
        |name: &str, tags: Value| json!({"name": name, "label": name, "tags": tags, "errors": []});
    let sent = json!([error("a", json!(["core"])), error("b", json!([]))]);
    ana.put(&format!("{path}/explores")).json(&sent).await.ok();
    let listed = async |query: &str| {
        let list = ana.get(&format!("{path}/explores{query}")).await.ok();
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let choose = |by: &str, value: Value| {
        let body = json!({"tableSelection": {"type": by, "value": value}});
        ana.patch(&tables).json(&body)
    };
    choose("WITH_TAGS", json!(["core"])).await.ok();
    assert_eq!(listed("?filtered=true").await, ["a"]);
    assert_eq!(listed("?filtered=yes").await, ["a", "b"]);
    assert_eq!(listed("").await, ["a", "b"]);
    choose("WITH_NAMES", json!(["b"])).await.ok();
    assert_eq!(listed("?filtered=true").await, ["b"]);
    assert_eq!(
        choose("SOME", json!([])).await.refusal(),
        "422 ValidateError"
    );
    assert_eq!(
        ana.patch(&tables).json(&json!({})).await.refusal(),
        "422 ValidateError"
    );
    assert_eq!(
        ana.get(&tables).await.ok()["tableSelection"]["type"],
        "WITH_NAMES"
    );
}

#[tokio::test]
async fn a_semantic_layer_keeps_its_token_to_itself() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let layer = format!("{path}/semantic-layer-connection");
    let set = |body: Value| ana.patch(&layer).json(&body);
    for incomplete in [
        json!({"type": "CUBE", "domain": "https://cube.example.com"}),
        json!({"type": "CUBE", "token": "s3cret", "domain": "cube"}),
        json!({"type": "DBT", "token": "s3cret", "domain": "https://dbt.example.com"}),
    ] {
        assert_eq!(set(incomplete).await.refusal(), "400 ParameterError");
    }
    assert_eq!(
        set(json!({"type": "OTHER"})).await.refusal(),
        "422 ValidateError"
    );
    set(json!({"type": "CUBE", "token": "s3cret", "domain": "https://cube.example.com"}))
        .await
        .ok();
    // A token is not sent to a domain that it was not given for.
    let elsewhere = json!({"type": "CUBE", "domain": "https://new.example.com"});
    assert_eq!(set(elsewhere).await.refusal(), "400 ParameterError");
    // Where it stays, it need not be sent again.
    set(json!({"type": "CUBE", "domain": "https://cube.example.com"}))
        .await
        .ok();
    set(json!({"type": "CUBE", "token": "s3cret", "domain": "https://new.example.com"}))
        .await
        .ok();
    let shown = ana.get(&path).await;
    assert_eq!(
        shown.ok()["semanticLayerConnection"]["domain"],
        "https://new.example.com"
    );
    assert!(!shown.text.contains("s3cret"));
    assert!(!format!("{:?}", app.items()).contains("s3cret"));
    // Another type has to be complete.
    assert_eq!(
        set(json!({"type": "DBT", "domain": "https://dbt.example.com", "environmentId": "1"}))
            .await
            .refusal(),
        "400 ParameterError"
    );
    ana.delete(&layer).await.ok();
    ana.delete(&layer).await.ok();
    assert_eq!(
        ana.get(&path).await.ok()["semanticLayerConnection"],
        Value::Null
    );
}

#[tokio::test]
async fn a_login_is_preferred_where_it_fits_and_is_ones_own() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@acme.com").await;
    let bare = app.project(ANA, "Bare").await.id;
    let made = json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "v1.9", "dbtConnection": {"type": "none"},
        "warehouseConnection": {"type": "postgres", "host": "h", "port": 5432, "user": "u", "password": "p", "dbname": "d", "schema": "s"},
    });
    let made = ana.post("/api/v1/org/projects").json(&made).await.ok();
    let path = format!(
        "/api/v1/projects/{}/user-credentials",
        made["project"]["projectUuid"].as_str().unwrap()
    );
    let login = async |who: &Actor<'_>, kind: &str| {
        let body = json!({"name": kind, "credentials": {"type": kind, "user": "reader", "password": "hunter2-hunter2"}});
        who.post("/api/v1/user/warehouseCredentials")
            .json(&body)
            .await
            .ok()["uuid"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_snapshot!(vic.get(&path).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    login(&vic, "redshift").await;
    assert_eq!(vic.get(&path).await.text, r#"{"status":"ok"}"#);
    let first = login(&vic, "postgres").await;
    app.wait(1);
    let second = login(&vic, "postgres").await;
    assert_eq!(vic.get(&path).await.ok()["uuid"], json!(first));
    vic.patch(&format!("{path}/{second}")).await.ok();
    assert_eq!(vic.get(&path).await.ok()["uuid"], json!(second));
    vic.delete(&format!("/api/v1/user/warehouseCredentials/{second}"))
        .await
        .ok();
    assert_eq!(vic.get(&path).await.ok()["uuid"], json!(first));
    let anas = login(&ana, "postgres").await;
    for unknown in [anas.as_str(), "00000000-0000-4000-8000-000000000000", "x"] {
        assert_eq!(
            vic.patch(&format!("{path}/{unknown}")).await.refusal(),
            "404 NotFoundError"
        );
    }
    let bare = format!("/api/v1/projects/{bare}/user-credentials");
    assert_eq!(vic.get(&bare).await.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn a_preview_offers_what_its_upstream_offers_when_it_shall() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let chosen = json!({ "tableSelection": { "type": "WITH_TAGS", "value": ["core"] } });
    ana.patch(&format!("{path}/tablesConfiguration"))
        .json(&chosen)
        .await
        .ok();
    let everything = json!({ "tableSelection": { "type": "ALL", "value": null } });
    for (configuration, offered) in [("prod", chosen), ("all", everything)] {
        let body = json!({
            "name": "P", "type": "PREVIEW", "dbtVersion": "v1.9", "dbtConnection": { "type": "none" },
            "upstreamProjectUuid": path.rsplit('/').next(), "tableConfiguration": configuration,
        });
        let made = ana.post("/api/v1/org/projects").json(&body).await.ok();
        let id = made["project"]["projectUuid"].as_str().unwrap();
        let path = format!("/api/v1/projects/{id}/tablesConfiguration");
        assert_eq!(ana.get(&path).await.ok(), offered, "{configuration}");
    }
}
