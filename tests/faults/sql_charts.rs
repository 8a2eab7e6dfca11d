//! Saved SQL charts, virtual views, and who uses a project.

use http::Method;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::{
    asking::open,
    scenario::{Again, Plan, Scenario, text},
};

fn config() -> Value {
    json!({ "type": "table", "metadata": { "version": 1 }, "columns": {} })
}

fn chart(space: &str) -> Value {
    json!({
        "name": "By SQL", "description": "d", "sql": "SELECT 1 AS one", "limit": 10, "spaceUuid": space, "config": config(),
    })
}

fn view() -> Value {
    json!({ "name": "My View", "sql": "SELECT 1 AS one", "columns": [{ "reference": "one", "type": "number" }] })
}

/// Ana, where the runner of her project is, and a space.
async fn runner(app: &TestApp) -> (Actor<'_>, String, String) {
    let (ana, project) = open(app).await;
    let body = json!({ "name": "Space", "isPrivate": false });
    let spaces = format!("/api/v1/projects/{project}/spaces");
    let space = ana.post(&spaces).json(&body).await.ok();
    let runner = format!("/api/v1/projects/{project}/sqlRunner");
    (ana, runner, text(&space["uuid"]))
}

/// The same with an SQL chart, and where it is.
async fn saved(app: &TestApp) -> (Actor<'_>, String, String) {
    let (ana, runner, space) = runner(app).await;
    let saved = format!("{runner}/saved");
    let made = ana.post(&saved).json(&chart(&space)).await.ok();
    let path = format!("{saved}/{}", text(&made["savedSqlUuid"]));
    (ana, path, space)
}

/// The same with a second version, and the id of the first.
async fn saved_twice(app: &TestApp) -> (Actor<'_>, String, String) {
    let (ana, path, _) = saved(app).await;
    let new = json!({ "sql": "SELECT 2 AS one", "limit": 20, "config": config() });
    let body = json!({ "versionedData": new });
    ana.patch(&path).json(&body).await.ok();
    let history = ana.get(&format!("{path}/history")).await.ok();
    (ana, path, text(&history["history"][1]["versionUuid"]))
}

/// The same with a virtual view, and where it is.
async fn viewed(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, runner, _) = runner(app).await;
    let path = format!("{runner}/virtual-view");
    ana.post(&path).json(&view()).await.ok();
    (ana, format!("{path}/my_view"))
}

/// Where queries of the project of an SQL chart are, and its id.
fn queries(path: &str) -> (String, String) {
    let (project, id) = path.split_once("/sqlRunner/saved/").unwrap();
    let project = project.replace("/v1/", "/v2/");
    (format!("{project}/query"), id.to_owned())
}

fn charts() -> Vec<Scenario> {
    vec![
        scenario!(
            "createSqlChart",
            "",
            |app| {
                let (ana, runner, space) = runner(app).await;
                Plan::post(&ana, format!("{runner}/saved"), chart(&space))
            },
            Again::More
        ),
        scenario!("createSqlChart", "with a key", |app| {
            let (ana, runner, space) = runner(app).await;
            Plan::post(&ana, format!("{runner}/saved"), chart(&space)).keyed("one")
        }),
        scenario!("getSavedSqlChart", "", |app| {
            let (ana, path, _) = saved(app).await;
            Plan::get(&ana, path)
        }),
        scenario!("getSavedSqlChartBySlug", "", |app| {
            let (ana, runner, space) = runner(app).await;
            let saved = format!("{runner}/saved");
            ana.post(&saved).json(&chart(&space)).await.ok();
            Plan::get(&ana, format!("{saved}/slug/by-sql"))
        }),
        scenario!(
            "updateSqlChart",
            "a new version",
            |app| {
                let (ana, path, _) = saved(app).await;
                let new = json!({ "sql": "SELECT 2 AS one", "limit": 20, "config": config() });
                Plan::patch(&ana, path, json!({ "versionedData": new }))
            },
            Again::More
        ),
        scenario!("updateSqlChart", "another name", |app| {
            let (ana, path, space) = saved(app).await;
            let new = json!({ "name": "Other", "description": null, "spaceUuid": space });
            Plan::patch(&ana, path, json!({ "unversionedData": new }))
        }),
        scenario!("getSqlChartHistory", "", |app| {
            let (ana, path, _) = saved_twice(app).await;
            Plan::get(&ana, format!("{path}/history"))
        }),
        scenario!("getSqlChartVersion", "", |app| {
            let (ana, path, first) = saved_twice(app).await;
            Plan::get(&ana, format!("{path}/version/{first}"))
        }),
        scenario!("rollbackSqlChart", "", |app| {
            let (ana, path, first) = saved_twice(app).await;
            Plan::new(&ana, Method::POST, format!("{path}/rollback/{first}"))
        }),
        scenario!(
            "deleteSqlChart",
            "",
            |app| {
                let (ana, path, _) = saved(app).await;
                Plan::delete(&ana, path)
            },
            refused!("404 NotFoundError", |_app| ())
        ),
        scenario!(
            "getSavedSqlResultsJobByUuid",
            "",
            |app| {
                let (ana, path, _) = saved(app).await;
                Plan::get(&ana, format!("{path}/results-job"))
            },
            Again::More
        ),
        scenario!(
            "getSavedSqlResultsJob",
            "",
            |app| {
                let (ana, path, _) = saved(app).await;
                let (saved, _) = path.rsplit_once('/').unwrap();
                Plan::get(&ana, format!("{saved}/slug/by-sql/results-job"))
            },
            Again::More
        ),
        scenario!(
            "ExecuteAsyncSqlChartQuery",
            "",
            |app| {
                let (ana, path, _) = saved(app).await;
                let (queries, id) = queries(&path);
                let body = json!({ "savedSqlUuid": id });
                Plan::post(&ana, format!("{queries}/sql-chart"), body)
            },
            Again::More
        ),
        // There is no such dashboard, which is found out after everything was read.
        scenario!("ExecuteAsyncDashboardSqlChartQuery", "", |app| {
            let (ana, path, _) = saved(app).await;
            let (queries, id) = queries(&path);
            let body = json!({
                "savedSqlUuid": id, "dashboardUuid": id, "tileUuid": "t", "dashboardFilters": {}, "dashboardSorts": [],
            });
            Plan::post(&ana, format!("{queries}/dashboard-sql-chart"), body)
        }),
    ]
}

/// A part of a set that nothing names is swept later.
fn views() -> Vec<Scenario> {
    let views = vec![
        scenario!(
            "createVirtualView",
            "",
            |app| {
                let (ana, runner, _) = runner(app).await;
                Plan::post(&ana, format!("{runner}/virtual-view"), view())
            },
            refused!("409 AlreadyExistsError", |_app| ())
        ),
        scenario!("updateVirtualView", "", |app| {
            let (ana, path) = viewed(app).await;
            let new = json!({ "name": "Two", "sql": "SELECT 2 AS two", "columns": [{ "reference": "two" }] });
            Plan::new(&ana, Method::PUT, path).json(new)
        }),
        scenario!("deleteVirtualView", "", |app| {
            let (ana, path) = viewed(app).await;
            Plan::delete(&ana, path)
        }),
    ];
    let resumes = |one| Scenario {
        resumes: true,
        ..one
    };
    views.into_iter().map(resumes).collect()
}

fn activity() -> Vec<Scenario> {
    vec![
        scenario!("getUserActivity", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/analytics/user-activity/{project}");
            Plan::get(&ana, path)
        }),
        scenario!("downloadUserActivityCsv", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/analytics/user-activity/{project}/download");
            Plan::new(&ana, Method::POST, path)
        }),
    ]
}

pub(super) fn scenarios() -> Vec<Scenario> {
    [charts(), views(), activity()].concat()
}
