//! The document: generated from the handlers, committed as `infra/openapi.json`, whole in itself. That answers fit it is
//! checked in every test that gets one (`testing::fits`). `UPDATE_OPENAPI=1 cargo test -p tests contract` writes
//! the file anew.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/openapi.json")
}

#[test]
fn the_committed_document_is_what_the_handlers_say() {
    let generated = format!("{:#}\n", local::api().document());
    if app::config::variable("UPDATE_OPENAPI").is_some() {
        fs::write(file(), &generated).unwrap();
    }
    let committed = fs::read_to_string(file()).unwrap_or_default();
    assert!(
        committed == generated,
        "infra/openapi.json is stale: UPDATE_OPENAPI=1 cargo test -p tests contract"
    );
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                found.extend(
                    object
                        .get("$ref")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = local::api().document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let target = document.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn operation_ids_are_unique_and_every_operation_has_a_tier() {
    let document = local::api().document();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} stands twice");
            let tier = operation["x-tier"].as_str().unwrap_or_default();
            assert!(
                ["mission", "client", "legacy"].contains(&tier),
                "{method} {path} has tier {tier:?}"
            );
        }
    }
}
