//! What is wrong with a project's content, and renaming in it. Work is begun anew by each call: there is one more of it.

use app::domain::{
    content::{ChartBody, Content, ContentKind},
    id::SpaceId,
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";

fn explore() -> Value {
    let dimension = |name: &str| {
        json!({
            "fieldType": "dimension", "type": "string", "name": name, "label": name, "table": "orders", "tableLabel": "Orders",
            "sql": "${TABLE}.x", "compiledSql": "\"orders\".x", "hidden": false,
        })
    };
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "status": dimension("status"), "state": dimension("state") }, "metrics": {},
        } },
    })
}

/// Ana, her project, and a chart in it that asks for a field which is gone.
async fn charted(app: &TestApp) -> (Actor<'_>, String, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let path = format!("/api/v1/projects/{}", project.id);
    let explores = format!("{path}/explores");
    ana.put(&explores).json(&json!([explore()])).await.ok();
    let space = ana.post(&format!("{path}/spaces"));
    let space = space.json(&json!({ "name": "Space" })).await.ok();
    let body = json!({
        "tableName": "orders", "chartConfig": { "type": "table" },
        "metricQuery": { "exploreName": "orders", "dimensions": ["orders_gone"] },
    });
    let body: ChartBody = serde_json::from_value(body).unwrap();
    let head = Content {
        space: SpaceId::parse(&text(&space["uuid"])),
        shown: saved::chart::shown(&body),
        ..app.head(ANA, project.id, ContentKind::Chart, "Chart").await
    };
    let chart = app.stored(head, &body).await.id.to_string();
    (ana, path, chart)
}

/// The same, validated.
async fn validated(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, path, _) = charted(app).await;
    let validate = format!("{path}/validate");
    ana.post(&validate).json(&json!({})).await.ok();
    app.work(worker::run).await;
    (ana, validate)
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!(
            "ValidateProject",
            "",
            |app| {
                let (ana, path, _) = charted(app).await;
                Plan::post(&ana, format!("{path}/validate"), json!({}))
            },
            Again::More
        ),
        scenario!(
            "ValidateProject",
            "with explores",
            |app| {
                let (ana, path, _) = charted(app).await;
                let body = json!({ "explores": [explore()] });
                Plan::post(&ana, format!("{path}/validate"), body)
            },
            Again::More
        ),
        scenario!("ValidateProject", "with an idempotency key", |app| {
            let (ana, path, _) = charted(app).await;
            Plan::post(&ana, format!("{path}/validate"), json!({})).keyed("once")
        }),
        scenario!("GetLatestValidationResults", "", |app| {
            let (ana, path) = validated(app).await;
            Plan::get(&ana, path)
        }),
        scenario!("DeleteValidationDismiss", "", |app| {
            let (ana, path) = validated(app).await;
            let found = ana.get(&path).await.ok();
            let id = found[0]["validationId"].as_u64().unwrap();
            Plan::delete(&ana, format!("{path}/{id}"))
        }),
        scenario!(
            "rename",
            "",
            |app| {
                let (ana, path, _) = charted(app).await;
                let body = json!({ "from": "orders", "to": "sales", "type": "model" });
                Plan::post(&ana, format!("{path}/rename"), body)
            },
            Again::More
        ),
        scenario!("rename", "with an idempotency key", |app| {
            let (ana, path, _) = charted(app).await;
            let body = json!({ "from": "orders", "to": "sales", "type": "model" });
            Plan::post(&ana, format!("{path}/rename"), body).keyed("once")
        }),
        scenario!("renameChart", "", |app| {
            let (ana, path, chart) = charted(app).await;
            let body = json!({ "from": "orders_gone", "to": "orders_status", "type": "field" });
            Plan::post(&ana, format!("{path}/rename/chart/{chart}"), body)
        }),
        scenario!("renameChartFields", "", |app| {
            let (ana, path, chart) = charted(app).await;
            Plan::get(&ana, format!("{path}/rename/chart/{chart}/fields"))
        }),
    ]
}
