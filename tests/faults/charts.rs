//! Charts, their versions, and what was deleted.

use http::Method;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";

fn definition() -> Value {
    json!({
        "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
            "tableCalculations": [],
        },
        "chartConfig": { "type": "table" }, "tableConfig": { "columnOrder": [] },
    })
}

fn named(name: &str, space: &str) -> Value {
    let mut body = definition();
    body["name"] = json!(name);
    body["spaceUuid"] = json!(space);
    body
}

/// Ana, her project's path, and a public space of it.
async fn open(app: &TestApp) -> (Actor<'_>, String, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let path = format!("/api/v1/projects/{}", project.id);
    let explore = json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "status": {
                "fieldType": "dimension", "type": "string", "name": "status", "label": "Status", "table": "orders",
                "tableLabel": "Orders", "sql": "status", "compiledSql": "status", "hidden": false,
            } }, "metrics": {},
        } },
    });
    let explores = format!("{path}/explores");
    ana.put(&explores).json(&json!([explore])).await.ok();
    let spaces = format!("{path}/spaces");
    let body = json!({ "name": "Public", "isPrivate": false });
    let space = ana.post(&spaces).json(&body).await.ok();
    (ana, path, text(&space["uuid"]))
}

/// The same with a chart of two versions: Ana, the project's path, the chart's, and the space.
async fn charted(app: &TestApp) -> (Actor<'_>, String, String, String) {
    let (ana, path, space) = open(app).await;
    let saved = format!("{path}/saved");
    let made = ana.post(&saved).json(&named("Orders", &space)).await.ok();
    let chart = format!("/api/v1/saved/{}", text(&made["uuid"]));
    let version = format!("{chart}/version");
    ana.post(&version).json(&definition()).await.ok();
    (ana, path, chart, space)
}

/// The chart, deleted; where it is restored.
async fn deleted(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, path, chart, _) = charted(app).await;
    ana.delete(&chart).await.ok();
    let id = chart.rsplit('/').next().unwrap();
    let restore = format!("{path}/deleted/{id}/restore");
    (ana, restore)
}

async fn first_version(ana: &Actor<'_>, chart: &str) -> String {
    let history = ana.get(&format!("{chart}/history")).await.ok();
    text(&history["history"][1]["versionUuid"])
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = writing();
    all.extend(reading());
    all
}

fn writing() -> Vec<Scenario> {
    vec![
        scenario!(
            "createSavedChart",
            "",
            |app| {
                let (ana, path, space) = open(app).await;
                Plan::post(&ana, format!("{path}/saved"), named("New", &space))
            },
            Again::More
        ),
        scenario!("createSavedChart", "with an idempotency key", |app| {
            let (ana, path, space) = open(app).await;
            let body = named("New", &space);
            Plan::post(&ana, format!("{path}/saved"), body).keyed("once")
        }),
        scenario!("createSavedChart", "a copy, with a key", |app| {
            let (ana, path, chart, _) = charted(app).await;
            let source = chart.rsplit('/').next().unwrap();
            let path = format!("{path}/saved?duplicateFrom={source}");
            Plan::post(&ana, path, json!({ "chartName": "Copy" })).keyed("once")
        }),
        scenario!("updateSavedCharts", "", |app| {
            let (ana, path, chart, space) = charted(app).await;
            let id = chart.rsplit('/').next().unwrap();
            let one = json!({ "uuid": id, "name": "New", "spaceUuid": space });
            Plan::patch(&ana, format!("{path}/saved"), json!([one]))
        }),
        scenario!("updateSavedChart", "", |app| {
            let (ana, _, chart, _) = charted(app).await;
            Plan::patch(&ana, chart, json!({ "name": "New" }))
        }),
        scenario!(
            "deleteSavedChart",
            "",
            |app| {
                let (ana, _, chart, _) = charted(app).await;
                Plan::delete(&ana, chart)
            },
            refused!("404 NotFoundError", |_app| ())
        ),
        scenario!(
            "createSavedChartVersion",
            "",
            |app| {
                let (ana, _, chart, _) = charted(app).await;
                Plan::post(&ana, format!("{chart}/version"), definition())
            },
            Again::More
        ),
        scenario!(
            "postChartVersionRollback",
            "",
            |app| {
                let (ana, _, chart, _) = charted(app).await;
                let version = first_version(&ana, &chart).await;
                let path = format!("{chart}/rollback/{version}");
                Plan::new(&ana, Method::POST, path)
            },
            Again::More
        ),
        scenario!(
            "toggleSavedChartPinning",
            "",
            |app| {
                let (ana, _, chart, _) = charted(app).await;
                Plan::new(&ana, Method::PATCH, format!("{chart}/pinning"))
            },
            Again::More
        ),
        scenario!("restoreContent", "", |app| {
            let (ana, restore) = deleted(app).await;
            Plan::new(&ana, Method::POST, restore)
        }),
    ]
}

fn reading() -> Vec<Scenario> {
    vec![
        Scenario {
            beside: &["views"],
            ..scenario!("getSavedChart", "", |app| {
                let (ana, _, chart, _) = charted(app).await;
                Plan::get(&ana, chart)
            })
        },
        scenario!("getSavedChartViews", "", |app| {
            let (ana, _, chart, _) = charted(app).await;
            Plan::get(&ana, format!("{chart}/views"))
        }),
        scenario!("getSavedChartAvailableFilters", "", |app| {
            let (ana, _, chart, _) = charted(app).await;
            Plan::get(&ana, format!("{chart}/availableFilters"))
        }),
        scenario!("GetChartHistory", "", |app| {
            let (ana, _, chart, _) = charted(app).await;
            Plan::get(&ana, format!("{chart}/history"))
        }),
        scenario!("GetChartVersion", "", |app| {
            let (ana, _, chart, _) = charted(app).await;
            let version = first_version(&ana, &chart).await;
            Plan::get(&ana, format!("{chart}/version/{version}"))
        }),
        scenario!("ListChartsInProject", "", |app| {
            let (ana, path, ..) = charted(app).await;
            Plan::get(&ana, format!("{path}/charts"))
        }),
        scenario!("ListChartSummariesInProject", "", |app| {
            let (ana, path, ..) = charted(app).await;
            Plan::get(&ana, format!("{path}/chart-summaries"))
        }),
        scenario!("hasSavedCharts", "", |app| {
            let (ana, path, ..) = charted(app).await;
            Plan::get(&ana, format!("{path}/hasSavedCharts"))
        }),
        scenario!("getMostPopularAndRecentlyUpdated", "", |app| {
            let (ana, path, ..) = charted(app).await;
            Plan::get(&ana, format!("{path}/most-popular-and-recently-updated"))
        }),
        scenario!("listDeletedContent", "", |app| {
            let (ana, restore) = deleted(app).await;
            let (list, _) = restore.rsplit_once('/').unwrap();
            let (list, _) = list.rsplit_once('/').unwrap();
            Plan::get(&ana, list.to_owned())
        }),
    ]
}
