//! A project with explores, charts and dashboards. What these tests do not ask for is written through the store.

use app::domain::{
    content::{ChartBody, Content, ContentKind, DashboardBody, Shown},
    id::{ContentId, ProjectId, SpaceId},
    project::Project,
};
use serde::Serialize;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

pub(crate) const ANA: &str = "ana@acme.com";

pub(crate) struct Shop<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) ana: Actor<'a>,
    pub(crate) project: Project,
    /// `/api/v1/projects/…`
    pub(crate) path: String,
    /// A public space.
    pub(crate) space: String,
    /// A space of Ana's alone.
    pub(crate) private: String,
}

/// A table with string dimensions and one metric, `n`.
pub(crate) fn table(name: &str, dimensions: &[&str]) -> Value {
    let dimension = |field: &&str| {
        let value = json!({
            "fieldType": "dimension", "type": "string", "name": field, "label": field, "table": name, "tableLabel": name,
            "sql": format!("${{TABLE}}.{field}"), "compiledSql": format!("\"{name}\".{field}"), "hidden": false,
        });
        ((*field).to_owned(), value)
    };
    let dimensions: serde_json::Map<_, _> = dimensions.iter().map(dimension).collect();
    json!({
        "name": name, "label": name, "database": "d", "schema": "s", "sqlTable": name, "lineageGraph": {}, "dimensions": dimensions,
        "metrics": { "n": {
            "fieldType": "metric", "type": "count", "name": "n", "label": "N", "table": name, "tableLabel": name, "sql": "*",
            "compiledSql": "COUNT(*)", "hidden": false,
        } },
    })
}

/// An explore; its first table is the base.
pub(crate) fn explore(name: &str, tables: &[Value]) -> Value {
    let joins = tables.iter().skip(1).map(|table| {
        json!({ "table": table["name"], "sqlOn": "true", "compiledSqlOn": "true", "type": "left" })
    });
    let joins: Vec<_> = joins.collect();
    let by_name = tables
        .iter()
        .map(|table| (table["name"].as_str().unwrap().to_owned(), table.clone()));
    json!({
        "name": name, "label": name, "tags": [], "baseTable": tables[0]["name"], "joinedTables": joins, "targetDatabase": "postgres",
        "tables": by_name.collect::<serde_json::Map<_, _>>(),
    })
}

/// A model that could not be compiled.
pub(crate) fn broken(name: &str, kind: &str, message: &str) -> Value {
    json!({ "name": name, "label": name, "errors": [{ "type": kind, "message": message }] })
}

/// A query of dimensions, sorted by the first one.
pub(crate) fn query(explore: &str, dimensions: &[&str]) -> Value {
    json!({
        "exploreName": explore, "dimensions": dimensions, "metrics": [], "filters": {}, "limit": 500, "tableCalculations": [],
        "sorts": [{ "fieldId": dimensions[0], "descending": false }],
    })
}

impl<'a> Shop<'a> {
    pub(crate) async fn new(app: &'a TestApp) -> Self {
        let ana = app.admin(ANA, "Acme").await;
        let project = app.project(ANA, "Sales").await;
        let path = format!("/api/v1/projects/{}", project.id);
        let mut spaces = Vec::new();
        for (name, private) in [("Public", false), ("Private", true)] {
            let body = json!({ "name": name, "isPrivate": private });
            let made = ana.post(&format!("{path}/spaces")).json(&body).await.ok();
            spaces.push(made["uuid"].as_str().unwrap().to_owned());
        }
        let private = spaces.pop().unwrap();
        Self {
            app,
            ana,
            project,
            path,
            space: spaces.pop().unwrap(),
            private,
        }
    }

    pub(crate) async fn deploy(&self, explores: &[Value]) {
        let path = format!("{}/explores", self.path);
        self.ana.put(&path).json(&json!(explores)).await.ok();
    }

    async fn put(
        &self,
        what: ContentKind,
        name: &str,
        space: &str,
        body: &impl Serialize,
        shown: Shown,
    ) -> ContentId {
        let head = Content {
            slug: name.to_lowercase(),
            space: SpaceId::parse(space),
            tiled: shown.charts.clone(),
            shown,
            ..self.app.head(ANA, self.project.id, what, name).await
        };
        self.app.stored(head, body).await.id
    }

    pub(crate) async fn chart(&self, name: &str, space: &str, query: Value) -> ContentId {
        let body = json!({ "tableName": query["exploreName"], "metricQuery": query, "chartConfig": { "type": "table", "config": {} } });
        let body: ChartBody = serde_json::from_value(body).unwrap();
        let shown = saved::chart::shown(&body);
        self.put(ContentKind::Chart, name, space, &body, shown)
            .await
    }

    /// A dashboard with charts on tiles that are called by their place: `0`, `1`, …
    pub(crate) async fn dashboard(
        &self,
        name: &str,
        space: &str,
        charts: &[ContentId],
        filters: &[Value],
    ) -> ContentId {
        let tiles = charts.iter().enumerate().map(|(at, chart)| {
            json!({
                "uuid": at.to_string(), "x": 0.0, "y": at as f64, "w": 1.0, "h": 1.0,
                "type": "saved_chart", "properties": { "chart": chart },
            })
        });
        let tiles: Vec<_> = tiles.collect();
        let body = json!({ "tiles": tiles, "filters": { "dimensions": filters } });
        let body: DashboardBody = serde_json::from_value(body).unwrap();
        let shown = saved::dashboard::shown(&body);
        self.put(ContentKind::Dashboard, name, space, &body, shown)
            .await
    }

    /// The newest version of a chart, as it is kept.
    pub(crate) async fn kept(&self, chart: ContentId) -> (u32, Value) {
        self.latest(ContentKind::Chart, chart).await
    }

    pub(crate) async fn latest(&self, what: ContentKind, id: ContentId) -> (u32, Value) {
        let store = &self.app.app.store;
        let head = store.content(what, id).await.unwrap().unwrap();
        let version = store.latest(&head).await.unwrap();
        (head.latest, version.body.unpack_json().unwrap())
    }

    /// Begins a job, does it, and answers its id and how it went.
    pub(crate) async fn job(&self, path: &str, body: &Value) -> (String, Value) {
        let path = format!("{}{path}", self.path);
        let begun = self.ana.post(&path).json(body).await.ok();
        let id = begun["jobId"].as_str().unwrap().to_owned();
        self.app.work(worker::run).await;
        let path = format!("/api/v1/schedulers/job/{id}/status");
        (id, self.ana.get(&path).await.ok())
    }

    /// Validates the project, and answers what is wrong.
    pub(crate) async fn validate(&self, body: &Value) -> Vec<Value> {
        let (_, went) = self.job("/validate", body).await;
        assert_eq!(went["status"], "completed", "{went}");
        self.found(&self.ana).await
    }

    /// What is wrong, as somebody sees it.
    pub(crate) async fn found(&self, who: &Actor<'_>) -> Vec<Value> {
        let found = who.get(&format!("{}/validate", self.path)).await.ok();
        found.as_array().unwrap().clone()
    }
}

/// `source errorType name: error`
pub(crate) fn lines(found: &[Value]) -> Vec<String> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or("-").to_owned();
    let line = |one: &Value| {
        let [source, kind, name, error] =
            ["source", "errorType", "name", "error"].map(|name| text(one, name));
        format!("{source} {kind} {name}: {error}")
    };
    found.iter().map(line).collect()
}

/// Another project of Ana's.
pub(crate) async fn preview(shop: &Shop<'_>) -> ProjectId {
    let body = json!({
        "name": "Preview", "type": "PREVIEW", "dbtConnection": { "type": "none" }, "dbtVersion": "v1.9",
        "upstreamProjectUuid": shop.project.id,
    });
    let made = shop
        .ana
        .post("/api/v1/org/projects")
        .json(&body)
        .await
        .json();
    let id = made["results"]["project"]["projectUuid"].as_str().unwrap();
    ProjectId::parse(id).unwrap()
}
