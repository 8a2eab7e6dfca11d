//! What these tests deploy.

use serde_json::{Value, json};

pub(crate) const ANA: &str = "ana@acme.com";

/// An explore of one table with a dimension and a metric; `mark` is in its label and in its SQL.
pub(crate) fn explore(name: &str, mark: &str) -> Value {
    json!({
        "name": name, "label": format!("{name} {mark}"), "tags": [mark], "baseTable": name, "joinedTables": [],
        "targetDatabase": "postgres",
        "tables": {name: {
            "name": name, "label": name, "database": "db", "schema": "s", "sqlTable": format!("\"db\".\"s\".\"{mark}\""),
            "description": format!("All {name}"), "lineageGraph": {},
            "groupDetails": {"future": {"kept": [1, 2.50, "ü"]}},
            "dimensions": {"status": {
                "fieldType": "dimension", "type": "string", "name": "status", "label": "Status", "table": name, "tableLabel": name,
                "sql": "${TABLE}.status", "compiledSql": format!("\"{name}\".status"), "hidden": false, "tablesReferences": [name],
            }},
            "metrics": {"total": {
                "fieldType": "metric", "type": "sum", "name": "total", "label": "Total", "table": name, "tableLabel": name,
                "sql": "${TABLE}.amount", "compiledSql": format!("SUM(\"{name}\".amount)"), "hidden": false, "filters": [],
                "tablesReferences": [name],
            }},
        }},
    })
}

/// A model that could not be compiled.
pub(crate) fn broken(name: &str) -> Value {
    json!({
        "name": name, "label": name, "tags": ["core"], "groupLabel": "Broken",
        "errors": [{"type": "NO_DIMENSIONS_FOUND", "message": "No columns"}],
    })
}

/// A query on such an explore.
pub(crate) fn query(name: &str) -> Value {
    json!({
        "exploreName": name, "dimensions": [format!("{name}_status")], "metrics": [format!("{name}_total")], "filters": {},
        "sorts": [], "limit": 500, "tableCalculations": [],
    })
}

/// The names in a list.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}
