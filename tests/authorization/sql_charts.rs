//! Saved SQL charts, virtual views, and who uses a project.

use app::domain::id::ContentId;
use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Row, delete, get, with};

/// An SQL chart in a space.
pub(super) fn chart(space: &str) -> Value {
    json!({
        "name": "By SQL", "description": null, "sql": "SELECT 1 AS one", "limit": 10, "spaceUuid": space,
        "config": { "type": "table", "metadata": { "version": 1 }, "columns": {} },
    })
}

/// A virtual view.
pub(super) fn view(name: &str) -> Value {
    let columns = json!([{ "reference": "one", "type": "number" }]);
    json!({ "name": name, "sql": "SELECT 1 AS one", "columns": columns })
}

fn runner(named: &Named, part: &str) -> String {
    format!("/api/v1/projects/{}/sqlRunner/{part}", named.project)
}

fn saved(named: &Named, part: &str) -> String {
    runner(named, &format!("saved/{}{part}", named.sql_chart))
}

fn first_version(named: &Named) -> ContentId {
    let chart = ContentId::parse(&named.sql_chart);
    chart.expect("an id").version(1)
}

fn queries(named: &Named, part: &str) -> String {
    format!("/api/v2/projects/{}/query/{part}", named.project)
}

fn activity(named: &Named) -> String {
    format!("/api/v1/analytics/user-activity/{}", named.project)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("createSqlChart", "", |named| {
            with(Method::POST, runner(named, "saved"), chart(&named.space))
        }),
        ("createSqlChart", "in a private space", |named| {
            let body = chart(&named.private_space);
            with(Method::POST, runner(named, "saved"), body)
        }),
        ("getSavedSqlChart", "", |named| get(saved(named, ""))),
        ("getSavedSqlChartBySlug", "", |named| {
            get(runner(named, "saved/slug/by-sql"))
        }),
        ("updateSqlChart", "", |named| {
            let body = json!({ "unversionedData": { "name": "New", "description": null, "spaceUuid": named.space } });
            with(Method::PATCH, saved(named, ""), body)
        }),
        ("updateSqlChart", "into a private space", |named| {
            let body = json!({ "unversionedData": { "name": "New", "description": null, "spaceUuid": named.private_space } });
            with(Method::PATCH, saved(named, ""), body)
        }),
        ("getSqlChartHistory", "", |named| {
            get(saved(named, "/history"))
        }),
        ("getSqlChartVersion", "", |named| {
            get(saved(named, &format!("/version/{}", first_version(named))))
        }),
        ("rollbackSqlChart", "", |named| {
            let path = saved(named, &format!("/rollback/{}", first_version(named)));
            (Method::POST, path, None)
        }),
        ("deleteSqlChart", "", |named| delete(saved(named, ""))),
        ("getSavedSqlResultsJobByUuid", "", |named| {
            get(saved(named, "/results-job"))
        }),
        ("getSavedSqlResultsJob", "", |named| {
            get(runner(named, "saved/slug/by-sql/results-job"))
        }),
        ("runSqlPivotQuery", "of a saved chart", |named| {
            let body = json!({
                "sql": "", "savedSqlUuid": named.sql_chart, "indexColumn": { "reference": "one", "type": "category" },
                "valuesColumns": [{ "reference": "one", "aggregation": "sum" }],
            });
            with(Method::POST, runner(named, "runPivotQuery"), body)
        }),
        ("ExecuteAsyncSqlChartQuery", "", |named| {
            let body = json!({ "savedSqlUuid": named.sql_chart });
            with(Method::POST, queries(named, "sql-chart"), body)
        }),
        // There is no dashboard of this id: whoever may see the chart hears that.
        ("ExecuteAsyncDashboardSqlChartQuery", "", |named| {
            let body = json!({
                "savedSqlUuid": named.sql_chart, "dashboardUuid": "00000000-0000-4000-8000-000000000000", "tileUuid": "t",
                "dashboardFilters": { "dimensions": [], "metrics": [], "tableCalculations": [] }, "dashboardSorts": [],
            });
            with(Method::POST, queries(named, "dashboard-sql-chart"), body)
        }),
        ("createVirtualView", "", |named| {
            with(Method::POST, runner(named, "virtual-view"), view("New"))
        }),
        ("updateVirtualView", "", |named| {
            let path = runner(named, "virtual-view/orders_by_sql");
            with(Method::PUT, path, view("Orders"))
        }),
        ("deleteVirtualView", "", |named| {
            delete(runner(named, "virtual-view/orders_by_sql"))
        }),
        ("getUserActivity", "", |named| get(activity(named))),
        ("downloadUserActivityCsv", "", |named| {
            (Method::POST, format!("{}/download", activity(named)), None)
        }),
    ]
}
