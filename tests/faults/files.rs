//! Files that are taken away, and the jobs that make them.

use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::{
    asking::{open, query},
    scenario::{Again, Plan, Scenario, text},
};

/// Ana with a CSV file that is there; its job.
async fn made(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, project) = open(app).await;
    let mut body = query();
    body["onlyRaw"] = json!(false);
    body["csvLimit"] = Value::Null;
    body["showTableNames"] = json!(false);
    body["columnOrder"] = json!([]);
    let path = format!("/api/v1/projects/{project}/explores/orders/downloadCsv");
    let begun = ana.post(&path).json(&body).await.ok();
    (ana, text(&begun["jobId"]))
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("getCsvUrl", "", |app| {
            let (ana, job) = made(app).await;
            Plan::get(&ana, format!("/api/v1/csv/{job}"))
        }),
        scenario!("getCsvFile", "", |app| {
            let (ana, job) = made(app).await;
            let url = text(&ana.get(&format!("/api/v1/csv/{job}")).await.ok()["url"]);
            let (_, path) = url.split_once("/api/").unwrap();
            Plan::get(&app.anonymous(), format!("/api/{path}"))
        }),
        scenario!("getSchedulerJobStatus", "", |app| {
            let (ana, job) = made(app).await;
            Plan::get(&ana, format!("/api/v1/schedulers/job/{job}/status"))
        }),
    ]
}
