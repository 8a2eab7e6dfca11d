use std::{collections::BTreeMap, io::Read};

use app::domain::{
    id::WorkId,
    work::{Work, WorkStatus},
};
use serde_json::{Value, json};
use testing::{Actor, Says, TestApp};
use warehouse::{Column, Error, Type};

const ANA: &str = "ana@acme.com";

fn explore() -> Value {
    let dimension = |name: &str| {
        json!({
            "fieldType": "dimension", "type": "string", "name": name, "label": name, "table": "orders", "tableLabel": "Orders",
            "sql": format!("${{TABLE}}.{name}"), "compiledSql": format!("\"orders\".{name}"), "hidden": false,
        })
    };
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "status": dimension("status"), "owner": dimension("owner") }, "metrics": {},
        } },
    })
}

fn chart() -> Value {
    let query = json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
        "tableCalculations": [],
    });
    json!({ "metricQuery": query })
}

struct Shop<'a> {
    ana: Actor<'a>,
    project: String,
    space: String,
    private: String,
}

async fn open(app: &TestApp) -> Shop<'_> {
    let ana = app.admin(ANA, "Acme").await;
    let project = ana.open_project("Jaffle", &json!({}), &[explore()]).await;
    let mut spaces = Vec::new();
    for is_private in [false, true] {
        let path = format!("/api/v1/projects/{project}/spaces");
        let body = json!({ "name": "Space", "isPrivate": is_private });
        let made = ana.post(&path).json(&body).await.ok();
        spaces.push(made["uuid"].as_str().unwrap().to_owned());
    }
    let [space, private] = spaces.try_into().unwrap();
    app.warehouse.always(statuses(&["open", "closed"]));
    Shop {
        ana,
        project,
        space,
        private,
    }
}

fn statuses(all: &[&str]) -> Says {
    let column = Column {
        name: "orders_status".to_owned(),
        r#type: Type::Text,
    };
    let rows = all.iter().map(|status| vec![json!(status)]).collect();
    Says::Rows(vec![column], vec![rows])
}

impl Shop<'_> {
    async fn chart(&self, app: &TestApp, name: &str, chart: &Value) -> String {
        app.chart(ANA, (&self.project, &self.space), name, chart)
            .await
    }

    async fn dashboard(&self, app: &TestApp, charts: &[&str]) -> String {
        let place = (self.project.as_str(), self.space.as_str());
        app.dashboard(ANA, place, "Überblick: 1", charts).await
    }
}

/// Begins an export.
async fn begin(who: &Actor<'_>, dashboard: &str, body: &Value) -> WorkId {
    let path = format!("/api/v1/dashboards/{dashboard}/exportCsv");
    let begun = who.post(&path).json(body).await.ok();
    WorkId::parse(begun["jobId"].as_str().unwrap()).unwrap()
}

async fn state(app: &TestApp, id: WorkId) -> Work {
    let now = app.app.clock.now();
    app.app.store.work(id, now).await.unwrap().unwrap()
}

/// The texts of an archive by their names, once it is there; and the details of the job.
async fn archive(app: &TestApp, id: WorkId) -> (BTreeMap<String, String>, Value) {
    app.work(worker::run).await;
    let work = state(app, id).await;
    assert_eq!(work.status, WorkStatus::Completed, "{:?}", work.error);
    let details: Value = work.details.unwrap().unpack_json().unwrap();
    let token = details["url"].as_str().unwrap().rsplit('/').next();
    let link = app.app.files.follow(token.unwrap(), app.app.clock.now());
    let link = link.unwrap();
    assert_eq!(link.media_type, "application/zip");
    let bytes = app.app.files.read(&link.file, 0, 1 << 30).await.unwrap();
    assert_eq!(bytes.len() as u64, link.bytes);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let (name, mut text) = (file.name().unwrap().into_owned(), String::new());
        file.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    (files, details)
}

fn filters(rules: &[Value]) -> Value {
    json!({ "dimensions": rules, "metrics": [], "tableCalculations": [] })
}

#[tokio::test]
async fn every_chart_is_a_file_of_its_own_name_and_what_fails_is_told() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let sales = shop.chart(&app, "Sales", &chart()).await;
    let again = shop.chart(&app, "sales", &chart()).await;
    let mut broken = chart();
    broken["metricQuery"]["dimensions"] = json!(["orders_gone"]);
    let broken = shop.chart(&app, "Broken", &broken).await;
    let place = (shop.project.as_str(), shop.private.as_str());
    let hidden = app.chart(ANA, place, "Secret", &chart()).await;
    let gone = "00000000-0000-4000-8000-000000000000";
    let charts = [sales.as_str(), &again, &broken, &hidden, gone, &sales];
    let dashboard = shop.dashboard(&app, &charts).await;
    let vic = app.viewer("vic@acme.com").await;
    app.warehouse.say(statuses(&["first"]));
    app.warehouse
        .say(Says::Refuses(Error::query("no such table")));
    let id = begin(&vic, &dashboard, &json!({})).await;
    let (files, details) = archive(&app, id).await;
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["Sales (2).csv", "Sales.csv", "manifest.json"]);
    assert_eq!(files["Sales.csv"], "\u{feff}Orders status\nfirst\n");
    assert_eq!(
        files["Sales (2).csv"],
        "\u{feff}Orders status\nopen\nclosed\n"
    );
    let list: Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    let told = |at: usize| list[at]["error"].as_str().unwrap_or_default().to_owned();
    assert_eq!(list[0]["file"], "Sales.csv");
    assert_eq!((&list[0]["rows"], &list[5]["rows"]), (&json!(1), &json!(2)));
    assert_eq!(told(1), "no such table");
    assert!(told(2).contains("orders_gone"), "{}", told(2));
    assert_eq!(told(3), "You are not allowed to do this");
    assert_eq!(told(4), "Chart not found");
    // Who may not see a chart does not hear what it is called.
    assert!(!files["manifest.json"].contains("Secret"));
    assert_eq!(details["failed"].as_array().unwrap().len(), 4);
    assert_eq!(details["truncated"], false);
}

#[tokio::test]
async fn the_filters_of_the_export_or_of_the_dashboard_count() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let sales = shop.chart(&app, "Sales", &chart()).await;
    let dashboard = shop.dashboard(&app, &[&sales, &sales]).await;
    let rule = json!({
        "id": "r", "target": { "fieldId": "orders_owner", "tableName": "orders" }, "operator": "equals", "values": ["bob"], "label": "",
        "tileTargets": { "tile-1": false },
    });
    let body = json!({ "filters": filters(&[rule]), "dateZoomGranularity": "Month" });
    let id = begin(&shop.ana, &dashboard, &body).await;
    archive(&app, id).await;
    let asked = app.warehouse.asked();
    assert!(asked[0].sql.contains("'bob'"), "{}", asked[0].sql);
    assert!(!asked[1].sql.contains("'bob'"), "{}", asked[1].sql);
    assert!(asked[0].tags.contains(&("dashboard_uuid", dashboard)));
}

#[tokio::test]
async fn rows_of_sql_are_narrowed_where_a_filter_names_a_column_of_them() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let project = format!("/api/v1/projects/{}", shop.project);
    let sql_chart = json!({
        "name": "By SQL", "spaceUuid": shop.space, "sql": "SELECT status FROM orders;", "limit": 7,
        "config": { "type": "table", "metadata": { "version": 1 } },
    });
    let sql = shop.ana.post(&format!("{project}/sqlRunner/saved"));
    let sql = sql.json(&sql_chart).await.ok();
    let tile = |id: &str| {
        json!({
            "uuid": id, "type": "sql_chart", "x": 0, "y": 0, "w": 12, "h": 4,
            "properties": { "savedSqlUuid": sql["savedSqlUuid"], "title": "" },
        })
    };
    let body = json!({
        "name": "Sales", "spaceUuid": shop.space, "tiles": [tile("a"), tile("b")], "tabs": [],
    });
    let made = shop.ana.post(&format!("{project}/dashboards"));
    let made = made.json(&body).await;
    assert_eq!(made.status, 201, "{made}");
    let dashboard = made.json()["results"]["uuid"].as_str().unwrap().to_owned();
    let column = json!({ "fieldId": "status", "tableName": "", "isSqlColumn": true });
    let rule = |value: &str, targets: Value| {
        json!({
            "id": value, "target": { "fieldId": "orders_owner", "tableName": "orders" }, "operator": "equals", "values": [value],
            "label": "", "tileTargets": targets,
        })
    };
    let mut off = rule("closed", json!({ "b": column }));
    off["disabled"] = json!(true);
    let rules = [rule("open", json!({ "a": column, "b": false })), off];
    let body = json!({ "filters": filters(&rules) });
    let id = begin(&shop.ana, &dashboard, &body).await;
    let (files, details) = archive(&app, id).await;
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["By SQL (2).csv", "By SQL.csv", "manifest.json"]);
    assert_eq!(details["failed"], json!([]));
    let asked = app.warehouse.asked();
    let narrowed = &asked[0].sql;
    assert!(
        narrowed
            .starts_with("SELECT * FROM (\nSELECT status FROM orders\n) AS \"sql_query\"\nWHERE "),
        "{narrowed}"
    );
    assert!(narrowed.contains("\"sql_query\".\"status\""), "{narrowed}");
    assert!(narrowed.contains("'open'"), "{narrowed}");
    assert_eq!(asked[1].sql, "SELECT status FROM orders");
}

#[tokio::test]
async fn an_export_waits_where_its_owner_has_asked_too_often_and_goes_on() {
    let limits = [("ZERODASH_LIMIT_QUERY_USER", "1/60")];
    let app = TestApp::with(local::api(), &limits).await;
    let shop = open(&app).await;
    let sales = shop.chart(&app, "Sales", &chart()).await;
    let dashboard = shop.dashboard(&app, &[&sales, &sales]).await;
    let id = begin(&shop.ana, &dashboard, &json!({})).await;
    app.work(worker::run).await;
    assert_eq!(state(&app, id).await.status, WorkStatus::Started);
    assert_eq!(app.warehouse.asked().len(), 1);
    app.wait(2);
    let (files, _) = archive(&app, id).await;
    assert_eq!(files.len(), 3);
    // What was done is not done again.
    assert_eq!(app.warehouse.asked().len(), 2);
}

#[tokio::test]
async fn who_may_no_longer_see_the_dashboard_gets_nothing() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let sales = shop.chart(&app, "Sales", &chart()).await;
    let dashboard = shop.dashboard(&app, &[&sales]).await;
    let vic = app.viewer("vic@acme.com").await;
    let id = begin(&vic, &dashboard, &json!({})).await;
    app.set_role("vic@acme.com", "member");
    app.work(worker::run).await;
    let work = state(&app, id).await;
    assert_eq!(work.status, WorkStatus::Error);
    assert_eq!(
        work.error.as_deref(),
        Some("You are not allowed to do this")
    );
    assert!(app.warehouse.asked().is_empty());
}

#[tokio::test]
async fn exports_are_for_those_who_see_the_dashboard_and_pictures_are_not_made() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let shop = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let public = shop.dashboard(&app, &[]).await;
    let place = (shop.project.as_str(), shop.private.as_str());
    let hidden = app.dashboard(ANA, place, "Hidden", &[]).await;
    let nobodys = "00000000-0000-4000-8000-000000000000".to_owned();
    for part in ["exportCsv", "export"] {
        for (who, dashboard, refusal) in [
            (&vic, &hidden, "403 ForbiddenError"),
            (&eve, &public, "404 NotFoundError"),
            (&shop.ana, &nobodys, "404 NotFoundError"),
            (&shop.ana, &"none".to_owned(), "404 NotFoundError"),
            (&app.anonymous(), &public, "401 AuthorizationError"),
        ] {
            let path = format!("/api/v1/dashboards/{dashboard}/{part}");
            let answer = who.post(&path).json(&json!({})).await;
            assert_eq!(answer.refusal(), refusal, "{part}");
        }
    }
    let path = format!("/api/v1/dashboards/{public}/export");
    let answer = vic
        .post(&path)
        .json(&json!({ "queryFilters": "?a=1" }))
        .await;
    assert_eq!(answer.refusal(), "422 MissingConfigError");
    let path = format!("/api/v1/dashboards/{public}/exportCsv");
    for body in [
        json!({ "filters": 7 }),
        json!({ "filters": { "dimensions": [] } }),
        json!({ "dateZoomGranularity": "Century" }),
    ] {
        let answer = vic.post(&path).json(&body).await;
        assert_eq!(answer.refusal(), "422 ValidateError", "{body}");
    }
    // A dashboard without charts is an archive without files.
    let id = begin(&vic, &public, &json!({})).await;
    let (files, _) = archive(&app, id).await;
    assert_eq!(files["manifest.json"], "[]\n");
}
