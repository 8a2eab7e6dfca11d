//! How large a dashboard may be: a megabyte as it is sent, and what an item of the table holds as it is kept.

use serde_json::{Value, json};
use testing::{TestApp, noise};

use crate::given::{Given, at, with};

/// Tiles of these texts.
fn tiles(texts: &[&str]) -> Value {
    let tile = |(number, content): (usize, &&str)| {
        json!({
            "uuid": format!("tile-{number}"), "type": "markdown", "x": 0, "y": number, "w": 12, "h": 4,
            "properties": { "title": format!("Part {number}"), "content": content },
        })
    };
    texts.iter().enumerate().map(tile).collect()
}

#[tokio::test]
async fn a_dashboard_with_much_text_is_saved() {
    let app = TestApp::new(local::api()).await;
    let given = Given::new(&app).await;
    let text = "A line of text, and then another one.\n\n".repeat(1_000);
    let made = given.made(&with(&tiles(&[text.as_str(); 10]))).await;
    let more = json!({ "tiles": tiles(&[text.as_str(); 20]) });
    assert!(more.to_string().len() > 500_000);
    given.ana.patch(&at(&made)).json(&more).await.ok();
    let read = given.ana.get(&at(&made)).await.ok();
    assert_eq!(read["tiles"].as_array().unwrap().len(), 20);
    let found = given.ana.get(&format!("{}/code", given.dashboards()));
    let mut document = found.await.ok()["dashboards"][0].clone();
    document["name"] = json!("Another");
    let slug = document["slug"].as_str().unwrap().to_owned();
    let path = format!("{}/{slug}/code", given.dashboards());
    let told = given.ana.post(&path).json(&document).await.ok();
    assert_eq!(told["dashboards"][0]["action"], "update");
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_changes_nothing() {
    let app = TestApp::new(local::api()).await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&tiles(&["Small"]))).await;
    let before = app.items();
    for (count, refusal, says) in [
        (12, "400 ParameterError", "370 KB"),
        (22, "413 ParameterError", "1048576 bytes"),
    ] {
        let text = noise(count * 49_000);
        let texts: Vec<&str> = (0..count)
            .map(|at| &text[at * 49_000..(at + 1) * 49_000])
            .collect();
        let large = tiles(&texts);
        let post = given
            .ana
            .post(&given.dashboards())
            .json(&with(&large))
            .await;
        let patch = given.ana.patch(&at(&made));
        let patch = patch.json(&json!({ "tiles": large })).await;
        for reply in [post, patch] {
            assert_eq!(reply.refusal(), refusal);
            assert!(reply.text.contains(says), "{}", reply.text);
        }
    }
    assert!(app.items() == before);
}
