//! How large a chart may be: a megabyte as it is sent, and what an item of the table holds as it is kept.

use serde_json::{Value, json};
use testing::{TestApp, noise};

use crate::made::{chart_path, definition, made, with};

/// A version that is drawn from so many rows in its specification, some 25 bytes each.
fn drawn(rows: usize) -> Value {
    let row = |at: usize| json!({ "month": at, "total": at % 100 });
    let values: Vec<Value> = (0..rows).map(row).collect();
    with_spec(&json!({ "mark": "bar", "data": { "values": values } }))
}

fn with_spec(spec: &Value) -> Value {
    let config = json!({ "type": "custom", "config": { "spec": spec } });
    with(definition(), json!({ "chartConfig": config }))
}

fn document(definition: Value) -> Value {
    let more = json!({
        "name": "Large", "slug": "large", "spaceSlug": "large", "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z",
    });
    with(definition, more)
}

#[tokio::test]
async fn a_chart_with_a_large_specification_is_saved() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let large = drawn(20_000);
    assert!(large.to_string().len() > 400_000);
    let more = json!({ "name": "Large", "spaceUuid": made.space });
    let body = with(large.clone(), more);
    let saved = made.ana.post(&made.saved()).json(&body).await.ok();
    let path = chart_path(&saved);
    let read = made.ana.get(&path).await.ok();
    assert!(read["chartConfig"] == large["chartConfig"]);
    let version = format!("{path}/version");
    made.ana.post(&version).json(&drawn(21_000)).await.ok();
    let code = format!("{}/charts/large/code", made.path);
    // The slug is that of the chart.
    let told = made.ana.post(&code).json(&document(large)).await.ok();
    assert_eq!(told["charts"][0]["action"], "update");
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_changes_nothing() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Small").await;
    let (saved, version) = (made.saved(), format!("{path}/version"));
    let code = format!("{}/charts/large/code", made.path);
    let bodies = |definition: Value| {
        let more = json!({ "name": "Large", "spaceUuid": made.space });
        [
            (&saved, with(definition.clone(), more)),
            (&version, definition.clone()),
            (&code, document(definition)),
        ]
    };
    let before = app.items();
    let many: Vec<Value> = (0..41_000).map(|_| json!({ "a": 1 })).collect();
    for (spec, refusal, says) in [
        (
            json!(noise(1_100_000)),
            "413 ParameterError",
            "1048576 bytes",
        ),
        (
            json!({ "noise": noise(600_000) }),
            "400 ParameterError",
            "370 KB",
        ),
        (
            json!({ "many": many }),
            "400 ParameterError",
            "40000 objects",
        ),
    ] {
        for (path, body) in bodies(with_spec(&spec)) {
            let reply = made.ana.post(path).json(&body).await;
            assert_eq!(reply.refusal(), refusal, "{path}");
            assert!(reply.text.contains(says), "{path}: {}", reply.text);
        }
    }
    // Others take what they took.
    let long = json!([{ "uuid": "x", "name": noise(300_000), "description": "", "spaceUuid": made.space }]);
    let reply = made.ana.patch(&saved).json(&long).await;
    assert_eq!(reply.refusal(), "413 ParameterError");
    assert!(reply.text.contains("262144 bytes"), "{}", reply.text);
    assert!(app.items() == before);
}
