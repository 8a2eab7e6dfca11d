//! Five thousand explores are deployed in batches, again and again, while readers list and compile: no reader ever sees an
//! error, or a mixture of two deploys.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use testing::TestApp;

use crate::given::{ANA, explore, query};

const EXPLORES: usize = 5_000;
const BATCH: usize = 1_000;

/// All explores of a deploy; every tenth is the same in all of them.
fn set(mark: &str) -> Vec<Value> {
    (0..EXPLORES)
        .map(|at| explore(&format!("e{at}"), if at % 10 == 0 { "same" } else { mark }))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_reader_sees_an_error_or_a_mixture() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await.id.to_string();
    let list = format!("/api/v1/projects/{project}/explores");
    let cookie = ana.cookie().unwrap();
    ana.put(&list).json(&json!(set("m0"))).await.ok();

    let over = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicUsize::new(0));
    let mut readers = Vec::new();
    for reader in 0..2 {
        let (app, over, reads) = (app.clone(), over.clone(), reads.clone());
        let (list, cookie) = (list.clone(), cookie.clone());
        readers.push(tokio::spawn(async move {
            let who = app.anonymous().with_cookie(&cookie);
            let mut at = reader;
            while !over.load(Ordering::Relaxed) {
                let seen = who.get(&list).await.ok();
                let seen = seen.as_array().unwrap();
                assert_eq!(seen.len(), EXPLORES);
                let mut marks: Vec<_> = seen
                    .iter()
                    .map(|one| one["tags"][0].as_str().unwrap())
                    .collect();
                marks.sort_unstable();
                marks.dedup();
                assert_eq!(marks.len(), 2, "a mixture: {marks:?}");
                for _ in 0..20 {
                    at = (at + 37) % EXPLORES;
                    let name = format!("e{at}");
                    let compiled = who
                        .post(&format!("{list}/{name}/compileQuery"))
                        .json(&query(&name))
                        .await
                        .ok();
                    assert!(compiled.as_str().unwrap().contains("\"db\".\"s\""));
                }
                reads.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }

    for round in 1..=2 {
        let begun = ana
            .post(&format!("/api/v2/projects/{project}/deploy"))
            .await
            .ok();
        let session = begun["deploySessionUuid"].as_str().unwrap().to_owned();
        let path = format!("/api/v2/projects/{project}/deploy/{session}");
        for (number, batch) in set(&format!("m{round}")).chunks(BATCH).enumerate() {
            let sent = json!({"batchNumber": number, "explores": batch});
            ana.post(&format!("{path}/batch")).json(&sent).await.ok();
        }
        let finalized = ana.post(&format!("{path}/finalize")).await.ok();
        assert_eq!(finalized["exploreCount"], EXPLORES);
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(reads.load(Ordering::Relaxed) >= 2);
    let last = ana.get(&format!("{list}/e1")).await.ok();
    assert_eq!(last["label"], "e1 m2");
}
