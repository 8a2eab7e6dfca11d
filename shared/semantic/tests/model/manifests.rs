//! What a manifest is, and what is none.

use serde_json::{Value, json};

use semantic::Dialect;
use semantic::model::{Project, explores};

use super::fixture::*;

#[test]
fn what_is_no_manifest_is_told_in_a_sentence() {
    for (json, wanted) in [
        (
            "",
            "The manifest cannot be read: EOF while parsing a value at line 1 column 0",
        ),
        (
            "[]",
            "This is no manifest of dbt: `metadata.dbt_schema_version` is missing",
        ),
        (
            "{}",
            "This is no manifest of dbt: `metadata.dbt_schema_version` is missing",
        ),
        (
            r#"{"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v6.json"}}"#,
            "The manifest is of version 6; versions from 7 (dbt 1.3) on can be read",
        ),
        (
            r#"{"nodes":5}"#,
            "The manifest cannot be read: invalid type: integer `5`, expected an object at line 1 column 10",
        ),
    ] {
        let error = Project::from_slice(json.as_bytes()).expect_err(json);
        assert_eq!(error.to_string(), wanted);
    }
}

#[test]
fn only_models_that_exist_in_the_warehouse_are_explores() {
    let mut models = shop();
    let mut seed = model("seed", json!({}), &[("id", json!({}))]);
    seed["resource_type"] = json!("seed");
    let mut ephemeral = model("ephemeral", json!({}), &[("id", json!({}))]);
    ephemeral["config"]["materialized"] = json!("ephemeral");
    models.extend([seed, ephemeral]);
    let outcomes = compile(&models);
    let names: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.explore.name())
        .collect();
    assert_eq!(names, ["orders", "orders_alone", "customers"]);
}

#[test]
fn the_latest_version_of_a_model_counts() {
    let version = |version: u32| {
        let mut m = model(
            "m",
            json!({ "label": format!("v{version}") }),
            &[("id", json!({}))],
        );
        m["version"] = json!(version);
        m["latest_version"] = json!(2);
        m
    };
    let outcomes = compile(&[version(1), version(2), version(3)]);
    assert_eq!(outcomes.len(), 1);
    assert_eq!(explore(&outcomes, "m").label, "v2");
    assert_eq!(outcomes[0].warnings, ["Several models are called \"m\""]);
}

#[test]
fn the_same_manifest_gives_the_same_bytes() {
    let manifest = manifest_of(&shop()).to_string();
    let written = || {
        let all =
            explores(manifest.as_bytes(), None, &settings(Dialect::Postgres)).expect("a manifest");
        serde_json::to_string(&all).expect("JSON")
    };
    assert_eq!(written(), written());
}

#[test]
fn a_reader_gives_what_a_slice_gives() {
    let manifest = manifest_of(&shop()).to_string();
    let settings = settings(Dialect::Trino);
    let from_slice = Project::from_slice(manifest.as_bytes()).expect("a manifest");
    let from_reader = Project::from_reader(manifest.as_bytes()).expect("a manifest");
    let all = |project: &Project| project.explores(None, &settings).collect::<Vec<_>>();
    assert_eq!(all(&from_slice), all(&from_reader));
    assert_eq!(from_reader.models(), 2);
}

#[test]
fn an_explore_that_is_written_can_be_read() {
    for outcome in compile(&shop()) {
        let json: Value = serde_json::to_value(&outcome.explore).expect("JSON");
        let read: semantic::ExploreOrError = serde_json::from_value(json).expect("an explore");
        assert_eq!(read, outcome.explore);
    }
}
