//! Files that are taken away, and the jobs that make them.

use serde_json::{Value, json};

use super::{
    explores::{list, with_more},
    rows::{Named, Row, get},
};

/// Where a CSV file is begun.
pub(super) fn begin(named: &Named) -> String {
    format!("{}/orders/downloadCsv", list(named))
}

pub(super) fn wanted() -> Value {
    with_more(
        &json!({ "onlyRaw": false, "csvLimit": null, "showTableNames": false, "columnOrder": [] }),
    )
}

pub(super) fn poll(named: &Named) -> String {
    format!("/api/v1/csv/{}", named.csv)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("getCsvUrl", "", |named| get(poll(named))),
        ("getCsvFile", "", |named| {
            let (project, file) = (&named.project, &named.file);
            get(format!("/api/v1/projects/{project}/csv/{file}"))
        }),
        ("getSchedulerJobStatus", "", |named| {
            get(format!("/api/v1/schedulers/job/{}/status", named.csv))
        }),
    ]
}
