//! A small project, and ways to change it.

use chrono::{DateTime, Utc};
use semantic::explore::{Dimension, Explore, ExploreError, Metric};
use semantic::model::{
    Catalog, Category, ManifestError, Outcome, Project, ProjectSettings, SpotlightSettings,
};
use semantic::{Dialect, ExploreOrError};
use serde_json::{Value, json};

pub(crate) fn settings(dialect: Dialect) -> ProjectSettings {
    let category = |label: &str| Category {
        label: label.to_owned(),
        color: None,
    };
    ProjectSettings {
        dialect,
        start_of_week: None,
        spotlight: SpotlightSettings {
            default_visibility: "show".to_owned(),
            categories: [
                ("core".to_owned(), category("Core")),
                ("sales".to_owned(), category("Sales")),
            ]
            .into(),
        },
        now: "2025-03-12T12:00:00Z"
            .parse::<DateTime<Utc>>()
            .expect("a date"),
    }
}

/// A model with its `lightdash` meta, and its columns with theirs.
pub(crate) fn model(name: &str, meta: Value, columns: &[(&str, Value)]) -> Value {
    let columns: serde_json::Map<String, Value> = columns
        .iter()
        .map(|(name, meta)| {
            let column =
                json!({ "name": name, "description": format!("The {name}"), "meta": meta });
            ((*name).to_owned(), column)
        })
        .collect();
    json!({
        "resource_type": "model",
        "name": name,
        "alias": name,
        "database": "db",
        "schema": "shop",
        "relation_name": format!("\"db\".\"shop\".\"{name}\""),
        "description": "",
        "config": { "materialized": "table", "tags": [] },
        "tags": ["mart"],
        "meta": meta,
        "columns": columns,
        "depends_on": { "nodes": [] },
        "path": format!("marts/{name}.sql"),
        "patch_path": "shop://models/schema.yml",
    })
}

pub(crate) fn manifest_of(models: &[Value]) -> Value {
    // Keys in the order of the models: this JSON sorts them.
    let nodes: serde_json::Map<String, Value> = models
        .iter()
        .enumerate()
        .map(|(at, model)| (format!("model.shop.{at:02}.{}", name(model)), model.clone()))
        .collect();
    json!({
        "metadata": { "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v11.json" },
        "nodes": nodes,
    })
}

fn name(model: &Value) -> String {
    model["name"].as_str().unwrap_or("nameless").to_owned()
}

pub(crate) fn read(manifest: &Value) -> Result<Project, ManifestError> {
    Project::from_slice(manifest.to_string().as_bytes())
}

pub(crate) fn compile_for(
    dialect: Dialect,
    catalog: Option<&Catalog>,
    models: &[Value],
) -> Vec<Outcome> {
    let project = read(&manifest_of(models)).expect("a manifest");
    project.explores(catalog, &settings(dialect)).collect()
}

pub(crate) fn compile(models: &[Value]) -> Vec<Outcome> {
    compile_for(Dialect::Postgres, None, models)
}

pub(crate) fn explore(outcomes: &[Outcome], name: &str) -> Explore {
    match &find(outcomes, name).explore {
        ExploreOrError::Explore(explore) => (**explore).clone(),
        ExploreOrError::Error(error) => panic!("{error:?}"),
    }
}

pub(crate) fn error(outcomes: &[Outcome], name: &str) -> ExploreError {
    match &find(outcomes, name).explore {
        ExploreOrError::Error(error) => (**error).clone(),
        ExploreOrError::Explore(_) => panic!("{name} is no error"),
    }
}

/// `TYPE: message`, one a line.
pub(crate) fn messages(outcomes: &[Outcome], name: &str) -> String {
    let errors = error(outcomes, name).errors;
    let lines = errors.iter().map(|one| {
        let error_type = serde_json::to_value(one.error_type).expect("JSON");
        format!(
            "{}: {}",
            error_type.as_str().unwrap_or_default(),
            one.message
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(crate) fn find<'a>(outcomes: &'a [Outcome], name: &str) -> &'a Outcome {
    let found = outcomes
        .iter()
        .find(|outcome| outcome.explore.name() == name);
    found.unwrap_or_else(|| panic!("no explore {name}"))
}

pub(crate) fn dimension(explore: &Explore, table: &str, key: &str) -> Dimension {
    let dimensions = &explore.tables[table].dimensions;
    dimensions
        .get(key)
        .unwrap_or_else(|| panic!("no dimension {key}"))
        .clone()
}

pub(crate) fn metric(explore: &Explore, table: &str, key: &str) -> Metric {
    let metrics = &explore.tables[table].metrics;
    metrics
        .get(key)
        .unwrap_or_else(|| panic!("no metric {key}"))
        .clone()
}

/// A project that has something of everything.
pub(crate) fn shop() -> Vec<Value> {
    let orders = model(
        "orders",
        json!({
            "label": "All orders",
            "group_label": "Sales",
            "primary_key": "id",
            "order_fields_by": "index",
            "sql_filter": "${TABLE}.region = ${ld.attr.region} AND ${status} != 'x'",
            "required_filters": [{ "created": "inThePast 14 days" }, { "status": "open%", "required": false }],
            "default_filters": [{ "customers.name": "A%" }, { "status": "twice" }],
            "group_details": { "money": { "label": "Money", "description": "What it costs", "other": 1 } },
            "default_time_dimension": { "field": "created", "interval": "DAY" },
            "spotlight": { "visibility": "hide", "categories": ["core"] },
            "joins": [
                { "join": "customers", "sql_on": "${customers.id} = ${orders.customer_id}", "relationship": "many-to-one" },
                {
                    "join": "customers", "alias": "payer", "type": "inner", "fields": ["name", "customers"],
                    "sql_on": "${payer.id} = ${orders.payer_id} AND ${TABLE}.live",
                },
            ],
            "explores": {
                "orders_alone": { "label": "Orders alone", "description": "Without customers", "joins": [
                    { "join": "customers", "sql_on": "${customers.id} = ${orders.customer_id}", "hidden": true, "always": true },
                ] },
            },
            "metrics": {
                "ratio": { "type": "number", "sql": "${total} / NULLIF(${rows}, 0)", "format": "percent", "round": 2 },
                "named": { "type": "count_distinct", "sql": "${customers.name}" },
            },
        }),
        &[
            (
                "id",
                json!({ "dimension": { "type": "number", "hidden": true }, "metrics": { "rows": { "type": "count" } } }),
            ),
            ("customer_id", json!({ "dimension": { "type": "number" } })),
            ("payer_id", json!({ "dimension": { "type": "number" } })),
            (
                "status",
                json!({ "dimension": { "sql": "UPPER(${TABLE}.status)", "required_attributes": { "team": ["a", "b"] } } }),
            ),
            (
                "created",
                json!({ "dimension": { "type": "timestamp", "label": "Created", "groups": ["times"], "time_intervals": ["raw", "DAY", "moon", "day_of_week_name"] } }),
            ),
            (
                "amount",
                json!({
                    "dimension": { "type": "number", "format": "usd", "tags": "pii" },
                    "additional_dimensions": {
                        "amount_k": { "type": "number", "sql": "${amount} / 1000" },
                        "paid_at": { "type": "date", "sql": "${TABLE}.paid", "hidden": true, "time_intervals": ["MONTH"] },
                    },
                    "metrics": {
                        "total": { "type": "sum", "spotlight": { "visibility": "show", "categories": ["sales", "core"] } },
                        "open_total": { "type": "sum", "filters": [{ "STATUS": "!closed" }, { "customers.name": ["A", "B"] }] },
                        "p90": { "type": "percentile", "percentile": 90, "show_underlying_values": ["status", "customers.name"] },
                    },
                }),
            ),
        ],
    );
    let customers = model(
        "customers",
        json!({ "required_attributes": { "is_admin": true }, "primary_key": ["id", "name"] }),
        &[
            ("id", json!({ "dimension": { "type": "number" } })),
            (
                "name",
                json!({ "metrics": { "customers": { "type": "count_distinct", "label": "How many" }, "longest": { "type": "max", "sql": "LENGTH(${title})" } } }),
            ),
            ("title", json!({})),
        ],
    );
    vec![orders, customers]
}
