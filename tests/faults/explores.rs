//! Explores: deploying, listing, compiling.

use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario};

const ANA: &str = "ana@example.com";

fn explore(name: &str, mark: &str) -> Value {
    json!({
        "name": name, "label": mark, "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": "postgres",
        "tables": { name: {
            "name": name, "label": name, "database": "d", "schema": "s", "sqlTable": mark, "lineageGraph": {},
            "dimensions": {}, "metrics": {
                "total": {
                    "fieldType": "metric", "type": "sum", "name": "total", "label": "Total", "table": name, "tableLabel": name,
                    "sql": "${TABLE}.a", "compiledSql": "SUM(a)", "hidden": false,
                },
            },
        } },
    })
}

/// Ana, her project with two explores, and where they are listed.
async fn deployed(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let list = format!("/api/v1/projects/{}/explores", project.id);
    let sent = json!([explore("orders", "old"), explore("items", "old")]);
    ana.put(&list).json(&sent).await.ok();
    (ana, list)
}

/// The same with a deploy under way, one batch of which is there.
async fn deploying(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, list) = deployed(app).await;
    let deploys = list.replace("/v1/", "/v2/").replace("/explores", "/deploy");
    let begun = ana.post(&deploys).await.ok();
    let path = format!(
        "{deploys}/{}",
        super::scenario::text(&begun["deploySessionUuid"])
    );
    let batch = json!({ "batchNumber": 1, "explores": [explore("orders", "new"), explore("items", "old")] });
    ana.post(&format!("{path}/batch")).json(&batch).await.ok();
    (ana, path)
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("GetExplores", "", |app| {
            let (ana, list) = deployed(app).await;
            Plan::get(&ana, format!("{list}?filtered=true"))
        }),
        scenario!("GetExplore", "", |app| {
            let (ana, list) = deployed(app).await;
            Plan::get(&ana, format!("{list}/orders"))
        }),
        scenario!("CompileQuery", "", |app| {
            let (ana, list) = deployed(app).await;
            let query = json!({
                "exploreName": "orders", "dimensions": [], "metrics": ["orders_total"], "filters": {}, "sorts": [], "limit": 500,
                "tableCalculations": [],
            });
            Plan::post(&ana, format!("{list}/orders/compileQuery"), query)
        }),
        Scenario {
            resumes: true,
            ..scenario!("SetExplores", "", |app| {
                let (ana, list) = deployed(app).await;
                let sent = json!([explore("orders", "new"), explore("items", "old")]);
                Plan::new(&ana, http::Method::PUT, list).json(sent)
            })
        },
        scenario!(
            "StartDeploy",
            "",
            |app| {
                let (ana, list) = deployed(app).await;
                let deploys = list.replace("/v1/", "/v2/").replace("/explores", "/deploy");
                Plan::new(&ana, http::Method::POST, deploys)
            },
            Again::More
        ),
        Scenario {
            resumes: true,
            ..scenario!("AddDeployBatch", "", |app| {
                let (ana, path) = deploying(app).await;
                let batch = json!({ "batchNumber": 2, "explores": [explore("people", "new")] });
                Plan::post(&ana, format!("{path}/batch"), batch)
            })
        },
        Scenario {
            resumes: true,
            ..scenario!("FinalizeDeploy", "", |app| {
                let (ana, path) = deploying(app).await;
                Plan::new(&ana, http::Method::POST, format!("{path}/finalize"))
            })
        },
    ]
}
