//! No input makes the compiler panic, or work for long.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use semantic::Dialect;
use semantic::model::Project;
use serde_json::{Value, json};

use super::fixture::*;

/// Values that are not expected where they are put.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!([])),
        Just(json!({})),
        Just(json!(["a", 1, null, { "b": [] }])),
        Just(json!(
            "${orders.amount} + ${total} ${rows} ${TABLE} ${a.b.c} ${"
        )),
        Just(json!("${ratio}")),
        Just(json!("number")),
        Just(json!("!%^")),
        Just(json!("between and")),
        Just(json!("inThePast 99999999999 years")),
        Just(json!("ümläut 'quote\" \\ \u{0} 売上")),
        "\\PC{0,12}".prop_map(Value::from),
    ]
}

/// Every place of a JSON value, as steps from its root.
fn places(value: &Value, at: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, one)| (key.clone(), one)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(key, one)| (key.to_string(), one))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        at.push(key);
        all.push(at.clone());
        places(child, at, all);
        at.pop();
    }
}

fn put(value: &mut Value, place: &[String], with: Value) {
    let mut target = value;
    for step in place {
        let next = match target {
            Value::Object(map) => map.get_mut(step),
            Value::Array(list) => step.parse().ok().and_then(|at: usize| list.get_mut(at)),
            _ => None,
        };
        match next {
            Some(next) => target = next,
            None => return,
        }
    }
    *target = with;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_project_with_anything_anywhere_gives_an_outcome_for_each_model(
        changes in prop::collection::vec((any::<prop::sample::Index>(), odd()), 1..6),
        dialect in 0..Dialect::ALL.len(),
    ) {
        let mut manifest = manifest_of(&shop());
        let mut all = Vec::new();
        places(&manifest["nodes"], &mut vec!["nodes".to_owned()], &mut all);
        for (place, value) in changes {
            put(&mut manifest, &all[place.index(all.len())], value);
        }
        let started = Instant::now();
        if let Ok(project) = read(&manifest) {
            let outcomes: Vec<_> = project.explores(None, &settings(Dialect::ALL[dialect])).collect();
            prop_assert!(outcomes.len() >= project.models());
            for outcome in &outcomes {
                serde_json::to_string(&outcome.explore).expect("JSON");
            }
        }
        prop_assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn bytes_that_are_cut_or_changed_are_refused_or_read(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = manifest_of(&shop()).to_string().into_bytes();
        let at = at.index(bytes.len());
        let _ = Project::from_slice(&bytes[..at]);
        bytes[at] = byte;
        if let Ok(project) = Project::from_slice(&bytes) {
            project.explores(None, &settings(Dialect::Postgres)).count();
        }
    }
}

/// Each dimension is twice the one before: the SQL doubles at each step.
#[test]
fn sql_that_would_grow_without_end_is_an_error() {
    let names: Vec<String> = (0..60).map(|at| format!("d{at}")).collect();
    let columns: Vec<(&str, Value)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let sql = match at {
                0 => "1".to_owned(),
                _ => format!("${{d{0}}} + ${{d{0}}}", at - 1),
            };
            (name.as_str(), json!({ "dimension": { "sql": sql } }))
        })
        .collect();
    let started = Instant::now();
    let text = messages(&compile(&[model("m", json!({}), &columns)]), "m");
    assert!(text.contains("has more than 200000 bytes of SQL"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_long_chain_and_a_long_circle_are_errors() {
    let chain = |count: usize, first: &str| -> Vec<(String, Value)> {
        (0..count)
            .map(|at| {
                let sql = match at {
                    0 => first.to_owned(),
                    _ => format!("${{d{}}}", at - 1),
                };
                (format!("d{at}"), json!({ "dimension": { "sql": sql } }))
            })
            .rev()
            .collect()
    };
    let messages = |columns: &[(String, Value)]| {
        let columns: Vec<(&str, Value)> = columns
            .iter()
            .map(|(name, meta)| (name.as_str(), meta.clone()))
            .collect();
        messages(&compile(&[model("m", json!({}), &columns)]), "m")
    };
    assert!(messages(&chain(20_000, "1")).contains("is more than 100 references deep"));
    assert!(messages(&chain(50, "${d49}")).contains("is defined by itself: m.d"));
}

#[test]
fn a_deeply_nested_meta_is_an_error_of_its_model() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let manifest = manifest_of(&[model(
        "m",
        json!({ "colors": "DEEP" }),
        &[("id", json!({}))],
    )]);
    let manifest = manifest.to_string().replace("\"DEEP\"", &deep);
    let project = Project::from_slice(manifest.as_bytes()).expect("a manifest");
    let outcomes: Vec<_> = project
        .explores(None, &settings(Dialect::Postgres))
        .collect();
    assert_eq!(
        messages(&outcomes, "m"),
        "METADATA_PARSE_ERROR: meta has to be a mapping"
    );
}
