//! What a project stores of its explores and settings.

use app::domain::{
    id::{CompileJobId, DeployId, ProjectId},
    table_selection::TableSelectionType,
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::{ANA, text};

fn explore() -> Value {
    let metric = json!({
        "fieldType": "metric", "type": "count", "name": "count", "label": "Count", "table": "orders", "tableLabel": "Orders",
        "sql": "1", "compiledSql": "COUNT(1)", "hidden": false,
    });
    json!({
        "name": "orders", "label": "Orders", "tags": ["core"], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "d.s.orders", "lineageGraph": {},
            "requiredAttributes": { "region": "south" }, "dimensions": {}, "metrics": { "count": metric },
        } },
    })
}

/// Ana's project has an explore, a deploy under way, tags and settings; what of it a path can name.
pub(super) async fn journey(ana: &Actor<'_>, project: &str, login: &str) -> Value {
    let path = format!("/api/v1/projects/{project}");
    let list = format!("{path}/explores");
    ana.put(&list).json(&json!([explore()])).await.ok();
    let deploys = format!("/api/v2/projects/{project}/deploy");
    let deploy = text(&ana.post(&deploys).await.ok()["deploySessionUuid"]);
    let batch = json!({ "batchNumber": 1, "explores": [explore()] });
    let batches = format!("{deploys}/{deploy}/batch");
    ana.post(&batches).json(&batch).await.ok();
    let tag = json!({ "name": "Core", "color": "blue" });
    ana.post(&format!("{path}/tags")).json(&tag).await;
    let tables = json!({ "tableSelection": { "type": "WITH_TAGS", "value": ["core"] } });
    let configuration = format!("{path}/tablesConfiguration");
    ana.patch(&configuration).json(&tables).await.ok();
    let layer = json!({ "type": "CUBE", "token": "s3cret", "domain": "https://cube.example.com" });
    let connection = format!("{path}/semantic-layer-connection");
    ana.patch(&connection).json(&layer).await.ok();
    let preference = format!("{path}/user-credentials/{login}");
    ana.patch(&preference).await.ok();
    let job = text(&ana.post(&format!("{path}/refresh")).await.ok()["jobUuid"]);
    json!({ "deploy": deploy, "job": job, "login": login })
}

/// Everything is there and says what it said.
pub(super) async fn is_read(app: &TestApp, ana: &Actor<'_>, project: &str, known: &Value) {
    let path = format!("/api/v1/projects/{project}");
    let id = ProjectId::parse(project).unwrap();
    // explores, explore set, explore shard, explore.
    let found = ana.get(&format!("{path}/explores/orders")).await.ok();
    assert_eq!(found, explore());
    let found = ana.get(&format!("{path}/explores?filtered=true")).await;
    assert_eq!(found.ok()[0]["name"], "orders");
    // deploy, batch.
    let now = app.app.clock.now();
    let deploy = DeployId::parse(&text(&known["deploy"])).unwrap();
    let deploy = app.app.store.deploy(deploy, now).await.unwrap().unwrap();
    let counted = app.app.store.finalize_deploy(deploy.id, now).await.unwrap();
    assert_eq!(counted, 1);
    // tags, table selection, semantic layer.
    let found = ana.get(&format!("{path}/tags")).await.ok();
    assert_eq!(
        found[0]["createdBy"]["userUuid"],
        json!(app.account(ANA).await.id)
    );
    let selection = app.app.store.table_selection(id).await.unwrap();
    assert_eq!(selection.by, TableSelectionType::WithTags);
    let layer = app.app.store.semantic_layer(id).await.unwrap().unwrap();
    let opened = app
        .app
        .seal
        .open(&layer.sealed, &[("project", project)])
        .await;
    assert!(String::from_utf8_lossy(&opened.unwrap()).contains("s3cret"));
    // preference, preferrer; compile job, compilation.
    let found = ana.get(&format!("{path}/user-credentials")).await.ok();
    assert_eq!(found["uuid"], known["login"]);
    let job = CompileJobId::parse(&text(&known["job"])).unwrap();
    assert!(app.app.store.compile_job(job, now).await.unwrap().is_some());
}
