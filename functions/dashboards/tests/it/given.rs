//! What these tests begin with.

use app::domain::{
    content::{ChartBody, Content, ContentKind},
    id::{ContentId, SpaceId},
    project::Project,
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

pub(crate) const ANA: &str = "ana@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Two organisations are possible.
pub(crate) async fn installation() -> TestApp {
    TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await
}

/// Ana's project with a public space.
pub(crate) struct Given<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) ana: Actor<'a>,
    pub(crate) project: Project,
    pub(crate) space: String,
}

/// Where a dashboard is.
pub(crate) fn at(dashboard: &Value) -> String {
    format!("/api/v1/dashboards/{}", text(&dashboard["uuid"]))
}

/// A tile of text.
pub(crate) fn markdown(id: &str) -> Value {
    json!({
        "uuid": id, "type": "markdown", "x": 0, "y": 0, "w": 12, "h": 4,
        "properties": { "title": format!("Title of {id}"), "content": "# Hello" },
    })
}

/// A tile with a chart.
pub(crate) fn tile(id: &str, chart: impl ToString) -> Value {
    json!({
        "uuid": id, "type": "saved_chart", "x": 0, "y": 4, "w": 12, "h": 4,
        "properties": { "savedChartUuid": chart.to_string(), "title": "" },
    })
}

/// A dashboard with these tiles.
pub(crate) fn with(tiles: &Value) -> Value {
    json!({ "name": "Sales", "tiles": tiles, "tabs": [] })
}

/// A filter rule on a field of the explore, with targets by tile.
pub(crate) fn filters(targets: &Value) -> Value {
    json!({
        "dimensions": [{
            "id": "1", "operator": "equals", "values": ["a"], "label": "Status",
            "target": { "fieldId": "orders_status", "tableName": "orders" }, "tileTargets": targets,
        }],
        "metrics": [], "tableCalculations": [],
    })
}

impl<'a> Given<'a> {
    pub(crate) async fn new(app: &'a TestApp) -> Self {
        let ana = app.admin(ANA, "Acme").await;
        let project = app.project(ANA, "Jaffle").await;
        let space = made_space(&ana, &project, "Public", false).await;
        Self {
            app,
            ana,
            project,
            space,
        }
    }

    pub(crate) fn dashboards(&self) -> String {
        format!("/api/v1/projects/{}/dashboards", self.project.id)
    }

    pub(crate) async fn space(&self, name: &str, is_private: bool) -> String {
        made_space(&self.ana, &self.project, name, is_private).await
    }

    /// Makes a dashboard in the public space.
    pub(crate) async fn made(&self, body: &Value) -> Value {
        let mut body = body.clone();
        if body["spaceUuid"].is_null() {
            body["spaceUuid"] = json!(self.space);
        }
        let made = self.ana.post(&self.dashboards()).json(&body).await;
        assert_eq!(made.status, 201, "{made}");
        made.json()["results"].clone()
    }

    /// Makes a chart in a space.
    pub(crate) async fn chart(&self, name: &str, space: &str) -> ContentId {
        self.put(name, Some(space), None).await
    }

    /// Makes a chart within a dashboard.
    pub(crate) async fn chart_within(&self, name: &str, dashboard: &Value) -> ContentId {
        self.put(name, None, Some(dashboard)).await
    }

    async fn put(&self, name: &str, space: Option<&str>, within: Option<&Value>) -> ContentId {
        let body = chart_body();
        let project = self.project.id;
        let head = Content {
            space: space.map(|space| SpaceId::parse(space).unwrap()),
            dashboard: within.map(|one| ContentId::parse(one["uuid"].as_str().unwrap()).unwrap()),
            created_by: None,
            updated_by: None,
            shown: saved::chart::shown(&body),
            ..self.app.head(ANA, project, ContentKind::Chart, name).await
        };
        self.app.stored(head, &body).await.id
    }

    /// Deletes a chart.
    pub(crate) async fn delete_chart(&self, id: ContentId) {
        let store = &self.app.app.store;
        let head = store.content(ContentKind::Chart, id).await.unwrap();
        let edit = app::store::Edit::delete(&head.unwrap(), self.app.app.clock.now());
        saved::edit::edit_all(&self.app.app, &[edit]).await.unwrap();
    }

    /// Whether a chart is there.
    pub(crate) async fn has_chart(&self, id: ContentId) -> bool {
        let store = &self.app.app.store;
        let head = store.content(ContentKind::Chart, id).await;
        head.unwrap().is_some()
    }
}

async fn made_space(ana: &Actor<'_>, project: &Project, name: &str, is_private: bool) -> String {
    let path = format!("/api/v1/projects/{}/spaces", project.id);
    let body = json!({ "name": name, "isPrivate": is_private });
    let made = ana.post(&path).json(&body).await.ok();
    text(&made["uuid"])
}

fn chart_body() -> ChartBody {
    let body = json!({
        "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_total"], "filters": {}, "sorts": [],
            "limit": 500, "tableCalculations": [],
        },
        "chartConfig": { "type": "table", "config": {} }, "columnOrder": [],
    });
    serde_json::from_value(body).unwrap()
}

/// An explore of one table, with a field that is hidden.
pub(crate) fn explore(name: &str) -> Value {
    let dimension = |field: &str, hidden: bool| {
        json!({
            "fieldType": "dimension", "type": "string", "name": field, "label": field, "table": name, "tableLabel": name,
            "sql": format!("${{TABLE}}.{field}"), "compiledSql": format!("\"{name}\".{field}"), "hidden": hidden,
            "tablesReferences": [name],
        })
    };
    json!({
        "name": name, "label": name, "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": "postgres",
        "tables": {name: {
            "name": name, "label": name, "database": "db", "schema": "s", "sqlTable": format!("\"db\".\"s\".\"{name}\""),
            "lineageGraph": {},
            "dimensions": { "status": dimension("status", false), "secret": dimension("secret", true), "city": dimension("city", false) },
            "metrics": {},
        }},
    })
}
