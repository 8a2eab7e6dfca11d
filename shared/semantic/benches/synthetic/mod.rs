//! A manifest of any size, like those of real projects.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

/// A manifest of so many models, each with 20 columns, 10 metrics and 2 joins (the first three without), code and documentation,
/// and a test per column. About 19 kB of JSON per model.
pub(crate) fn synthetic_manifest(models: usize) -> String {
    let mut out = Vec::with_capacity(models * 20_000);
    match write_synthetic_manifest(models, &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) => String::new(),
    }
}

/// The same, written piece by piece.
pub(crate) fn write_synthetic_manifest(models: usize, out: &mut impl Write) -> io::Result<()> {
    out.write_all(
        br#"{"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json","generated_at":"2025-01-31T12:00:00Z","adapter_type":"postgres"},"nodes":{"#,
    )?;
    for at in 0..models {
        let own = name(at);
        let separator = if at == 0 { "" } else { "," };
        write!(out, "{separator}\"model.shop.{own}\":{}", model(at))?;
        for (column, _) in COLUMNS {
            write!(
                out,
                ",\"test.shop.not_null_{own}_{column}\":{}",
                test(at, column)
            )?;
        }
    }
    out.write_all(br#"},"metrics":{}}"#)
}

/// The name of a model: `model_00042`.
fn name(at: usize) -> String {
    format!("model_{at:05}")
}

const COLUMNS: [(&str, &str); 20] = [
    ("id", "number"),
    ("parent_id", "number"),
    ("hub_id", "number"),
    ("created_at", "timestamp"),
    ("shipped_on", "date"),
    ("status", "string"),
    ("kind", "string"),
    ("is_open", "boolean"),
    ("amount", "number"),
    ("tax", "number"),
    ("discount", "number"),
    ("quantity", "number"),
    ("city", "string"),
    ("country", "string"),
    ("channel", "string"),
    ("campaign", "string"),
    ("note", "string"),
    ("weight", "number"),
    ("rating", "number"),
    ("email", "string"),
];

fn model(at: usize) -> Value {
    let own = name(at);
    let mut columns = Map::new();
    for (column, kind) in COLUMNS {
        let mut meta = json!({
            "dimension": { "type": kind, "label": format!("The {column}") },
        });
        if let Some(metrics) = metrics(column) {
            meta["metrics"] = metrics;
        }
        let described = json!({
            "name": column,
            "description": format!("What the column {column} of {own} has in it, in a sentence of some length."),
            "meta": meta,
            "config": { "meta": meta, "tags": [] },
            "data_type": null,
            "constraints": [],
            "quote": null,
            "tags": [],
        });
        columns.insert(column.to_owned(), described);
    }
    let mut meta = json!({
        "primary_key": "id",
        "metrics": {
            "share": { "type": "number", "sql": "${total} / NULLIF(${rows}, 0)", "format": "percent" },
            "net": { "type": "sum", "sql": "${amount} - ${tax}", "round": 2 },
            "score": { "type": "number", "sql": "${share} * 100" },
        },
    });
    if at >= 3 {
        let (parent, hub) = (name(at / 2), name(at % 3));
        meta["joins"] = json!([
            {
                "join": parent,
                "relationship": "many-to-one",
                "sql_on": format!("${{{parent}.id}} = ${{{own}.parent_id}}"),
            },
            {
                "join": hub,
                "alias": "hub",
                "sql_on": format!("${{hub.id}} = ${{{own}.hub_id}}"),
            },
        ]);
    }
    let group = at / 10 * 10;
    let parents: Vec<String> = (group..at)
        .map(|at| format!("model.shop.{}", name(at)))
        .collect();
    let code = "select id, parent_id, hub_id, created_at from {{ ref('raw') }} where amount > 0\n"
        .repeat(20);
    json!({
        "database": "warehouse",
        "schema": "shop",
        "name": own,
        "resource_type": "model",
        "package_name": "shop",
        "path": format!("marts/{own}.sql"),
        "original_file_path": format!("models/marts/{own}.sql"),
        "patch_path": "shop://models/marts/schema.yml",
        "unique_id": format!("model.shop.{own}"),
        "alias": own,
        "checksum": { "name": "sha256", "checksum": "0" },
        "config": { "enabled": true, "materialized": "table", "tags": ["mart"], "meta": meta },
        "tags": ["mart"],
        "description": format!("One row of {own} for each thing that happened."),
        "columns": columns,
        "meta": meta,
        "raw_code": code,
        "compiled_code": code,
        "relation_name": format!("\"warehouse\".\"shop\".\"{own}\""),
        "depends_on": { "macros": [], "nodes": parents },
    })
}

fn metrics(column: &str) -> Option<Value> {
    Some(match column {
        "id" => json!({
            "rows": { "type": "count" },
            "open_rows": { "type": "count", "filters": [{ "is_open": true }, { "status": "!closed" }] },
        }),
        "amount" => json!({
            "total": { "type": "sum", "format": "usd" },
            "mean": { "type": "average", "round": 2 },
            "recent": { "type": "sum", "filters": [{ "created_at": "inThePast 14 days" }] },
        }),
        "created_at" => json!({ "first": { "type": "min" } }),
        "rating" => json!({ "p90": { "type": "percentile", "percentile": 90 } }),
        _ => return None,
    })
}

fn test(at: usize, column: &str) -> Value {
    let own = name(at);
    json!({
        "name": format!("not_null_{own}_{column}"),
        "resource_type": "test",
        "unique_id": format!("test.shop.not_null_{own}_{column}"),
        "config": { "enabled": true, "severity": "ERROR" },
        "columns": {},
        "meta": {},
        "raw_code": "{{ test_not_null(**_dbt_generic_test_kwargs) }}",
        "depends_on": { "macros": ["macro.dbt.test_not_null"], "nodes": [format!("model.shop.{own}")] },
    })
}
