//! What a project stores of its explores and settings.

use app::{
    domain::{
        id::{CompileJobId, DeployId, OrganizationId, ProjectId, QueryId, UserId},
        packed::Packed,
        query::{CachedRows, KEPT, Outcome, Purpose, Query, QueryStatus},
        table_selection::TableSelectionType,
    },
    files::FileName,
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
pub(super) async fn journey(app: &TestApp, ana: &Actor<'_>, project: &str, login: &str) -> Value {
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
    let query = query(app, ana_id(app).await, ProjectId::parse(project).unwrap());
    let store = &app.app.store;
    store.create_query(&query, None).await.unwrap();
    let rows = CachedRows {
        outcome: query.outcome.clone().unwrap(),
        expires_at: query.expires_at,
    };
    store
        .cache_rows(query.project, "5e55", &rows)
        .await
        .unwrap();
    json!({ "deploy": deploy, "job": job, "login": login })
}

async fn ana_id(app: &TestApp) -> (OrganizationId, UserId) {
    let ana = app.account(ANA).await;
    (ana.organization.unwrap(), ana.id)
}

/// An answered question.
fn query(
    app: &TestApp,
    (organization, user): (OrganizationId, UserId),
    project: ProjectId,
) -> Query {
    let (id, now) = (QueryId::new(&app.app.random), app.app.clock.now());
    let outcome = Outcome {
        file: FileName::rows(project, id, 0).as_str().to_owned(),
        bytes: 12,
        columns: json!([{ "name": "orders_count", "type": "integer" }]),
        rows: 1,
        truncated: false,
        pivot: Value::Null,
        milliseconds: 5,
        asked_at: now,
        expires_at: now + KEPT,
    };
    let asked = json!({ "sql": "SELECT 1", "tags": { "context": "api" } });
    Query {
        id,
        project,
        organization,
        user,
        purpose: Purpose::Rows,
        status: QueryStatus::Ready,
        created_at: now,
        expires_at: now + KEPT,
        asked: Packed::pack_json(&asked).unwrap(),
        outcome: Some(outcome),
        failure: None,
        cached: false,
        page_size: None,
        job: None,
    }
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
    // Lists of earlier releases do not say whether there are metrics.
    let has = ana.get(&format!("{path}/dataCatalog/metrics/has")).await;
    assert_eq!(has.ok(), json!(true));
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
    // query, cached rows.
    let keys = app.items().into_keys();
    for key in keys.filter_map(|(pk, _)| pk.strip_prefix("QUERY#").map(QueryId::parse)) {
        let found = app.app.store.query(key.unwrap(), now).await.unwrap();
        let found = found.unwrap();
        assert_eq!(found.outcome.unwrap().rows, 1);
        let asked: query::Asked = found.asked.unpack_json().unwrap();
        assert_eq!(asked.sql, "SELECT 1");
        let rows = app.app.store.cached_rows(found.project, "5e55", now).await;
        assert_eq!(rows.unwrap().unwrap().outcome.milliseconds, 5);
    }
}
