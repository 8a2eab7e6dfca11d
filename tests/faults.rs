//! What a caller gets, and what is left in the table, when the table fails: every operation, at every call that it makes,
//! which does not happen, or happens and its answer is lost.
//!
//! To add a case, add a line to its area's file in `faults/`: the operation, what is special about it, what has to be there before,
//! the call, and what the same call answers again when it had happened and only its answer was lost. An operation of
//! the document without a line fails.

#[macro_use]
mod macros;
mod accounts;
mod asking;
mod catalog;
mod chart_rows;
mod charts;
mod code;
mod content;
mod dashboards;
mod explores;
mod files;
mod groups;
mod metrics;
mod organizations;
mod previews;
mod projects;
mod scenario;
mod settings;
mod small;
mod spaces;
mod sql_charts;
mod validation;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use app::{
    domain::packed::Packed,
    store::embedded::{Fault, Faults},
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::StatusCode;
use regex_lite::Regex;
use serde_json::Value;
use testing::{Answer, TestApp};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use scenario::{Again, Plan, Scenario};

/// Far more than any answer takes; what is slower hangs.
const HANGS: Duration = Duration::from_secs(30);

/// An installation, and the call that a scenario makes on it.
async fn prepared(scenario: &Scenario) -> (TestApp, Plan) {
    let app = TestApp::new(local::api()).await;
    let plan = (scenario.set_up)(&app).await;
    behind(&app).await;
    (app, plan)
}

type Items = BTreeMap<(String, String), Value>;

/// The table without what is only noted beside an answer.
fn exact(app: &TestApp, scenario: &Scenario) -> Items {
    let mut items = app.items();
    items.retain(|(pk, _), item| {
        // Who opened what, and how often, is counted beside the answer.
        if pk.starts_with("ACTIVITY#") || pk.starts_with("VIEWS#") {
            return false;
        }
        let kind = item["kind"]["S"].as_str().unwrap_or_default();
        // The installation's own keys are made by whoever needs them first, and stay.
        kind != "instance keys" && !scenario.beside.contains(&kind)
    });
    for item in items.values_mut() {
        let item = item.as_object_mut().unwrap();
        // The mark of the call that wrote it last, and notes whose loss nobody minds.
        item.retain(|name, _| name != "w" && name != "lastUsedAt");
        // What is random in a version is seen when it is unpacked.
        if item["kind"]["S"] == "version" {
            let body = item["body"]["B"].as_str().unwrap();
            let body = Packed(BASE64_STANDARD.decode(body).unwrap());
            item.insert("body".to_owned(), body.unpack_json().unwrap());
        }
    }
    by_rows(items)
}

/// The index of a project's content row by row: which part of it something new is in, is random.
fn by_rows(items: Items) -> Items {
    let split = |((pk, sk), item): ((String, String), Value)| {
        if item["kind"]["S"] != "content index" {
            return vec![((pk, sk), item)];
        }
        let rows = item["rows"]["B"].as_str().unwrap();
        let rows = Packed(BASE64_STANDARD.decode(rows).unwrap());
        let rows: Vec<Value> = rows.unpack_json().unwrap();
        let key = |row: &Value| (pk.clone(), format!("CONTENT#{}", row["id"]));
        rows.into_iter().map(|row| (key(&row), row)).collect()
    };
    items.into_iter().flat_map(split).collect()
}

/// The table with what is random and new since `before` left out, so that two runs can be compared.
fn shape(items: &Items, before: &Items) -> BTreeSet<String> {
    let known = format!("{before:?}");
    let random = Regex::new(
        r#"\$argon2id\$[^"]*|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(SHARE#|")[A-Za-z0-9_-]{21}"|(SHA256:|AAAAC3NzaC1lZDI1NTE5AAAAI)[A-Za-z0-9+/]{43}|"ciphertext":\{"S":"[^"]*"\}|"milliseconds":\{"N":"[0-9]+"\}"#,
    );
    let random = random.unwrap();
    let mut seen = BTreeMap::<String, usize>::new();
    for item in items.values() {
        let line = item.to_string();
        let line = random.replace_all(&line, |found: &regex_lite::Captures<'_>| {
            let found = &found[0];
            let kept = !found.starts_with("\"cipher") && known.contains(found);
            if kept {
                found.to_owned()
            } else {
                "(new)".to_owned()
            }
        });
        *seen.entry(line.into_owned()).or_default() += 1;
    }
    seen.into_iter()
        .map(|(line, times)| format!("{times} x {line}"))
        .collect()
}

/// A guess is counted like a limit: too much is fine.
fn without_attempts(items: &Items) -> Items {
    let mut items = items.clone();
    for item in items.values_mut() {
        item.as_object_mut().unwrap().remove("attempts");
    }
    items
}

/// Every way to use an operation that is tried, one by one.
fn scenarios() -> Vec<Scenario> {
    [
        accounts::scenarios(),
        organizations::scenarios(),
        settings::scenarios(),
        projects::scenarios(),
        previews::scenarios(),
        catalog::scenarios(),
        spaces::scenarios(),
        sql_charts::scenarios(),
        content::scenarios(),
        dashboards::scenarios(),
        explores::scenarios(),
        asking::scenarios(),
        chart_rows::scenarios(),
        files::scenarios(),
        metrics::scenarios(),
        charts::scenarios(),
        groups::scenarios(),
        small::scenarios(),
        code::scenarios(),
        validation::scenarios(),
    ]
    .concat()
}

/// What goes on behind the answer, with a table that works again.
async fn behind(app: &TestApp) {
    app.work(worker::run).await;
}

/// How a scenario goes when nothing fails.
struct Reference {
    status: StatusCode,
    after: BTreeSet<String>,
}

async fn reference(scenario: &Scenario, (app, plan): &(TestApp, Plan)) -> Reference {
    let app = app.fork().await;
    let before = exact(&app, scenario);
    let answer = plan.call(&plan.caller(&app)).await;
    behind(&app).await;
    Reference {
        status: answer.status,
        after: shape(&without_attempts(&exact(&app, scenario)), &before),
    }
}

/// The table fails from the `n`th call on, or only then. Answers whether the operation came that far.
async fn fails(
    scenario: &Scenario,
    (app, plan): &(TestApp, Plan),
    reference: &Reference,
    fault: Fault,
    n: usize,
    once: bool,
) -> bool {
    let about = format!(
        "{} {}: {fault:?} {} call {n}",
        scenario.operation,
        scenario.case,
        if once { "at" } else { "from" }
    );
    let app = app.fork().await;
    let before = exact(&app, scenario);

    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let faults: Faults = Arc::new(move |_| {
        let at = counted.fetch_add(1, Ordering::Relaxed);
        (if once { at == n } else { at >= n }).then_some(fault)
    });
    let faulty = app.behind(faults);
    let caller = plan.caller(&app);
    let answer = timeout(HANGS, faulty.send(plan.call(&caller))).await;
    let answer = answer.unwrap_or_else(|_| panic!("{about}: no answer"));
    let reached = calls.load(Ordering::Relaxed) > n;
    behind(&app).await;
    let after = exact(&app, scenario);
    let happened = shape(&without_attempts(&after), &before) == reference.after;

    if answer.status == reference.status {
        assert!(
            happened,
            "{about}: answered {answer}, but the table does not tell so:\n{}",
            difference(&reference.after, &shape(&after, &before))
        );
        return reached;
    }
    assert!(!once, "{about}: one fault was enough for {answer}");
    assert_unavailable(&about, &answer);

    let nothing = without_attempts(&after) == without_attempts(&before);
    assert!(
        nothing || happened || scenario.resumes,
        "{about}: half a change\n{}",
        difference(&shape(&before, &before), &shape(&after, &before))
    );

    let retry = plan.call(&caller).await;
    behind(&app).await;
    match &scenario.again {
        Again::Refused(refusals, check) if happened && !nothing => {
            assert!(
                refusals.contains(&retry.refusal().as_str()),
                "{about}: the retry got {retry}"
            );
            check(&app).await;
        }
        again => {
            assert_eq!(
                retry.status, reference.status,
                "{about}: the retry got {retry}"
            );
            let more = matches!(again, Again::More) && happened;
            let now = shape(&without_attempts(&exact(&app, scenario)), &before);
            assert!(
                more || now == reference.after,
                "{about}: after the retry\n{}",
                difference(&reference.after, &now)
            );
        }
    }
    reached
}

fn assert_unavailable(about: &str, answer: &Answer) {
    assert_eq!(
        answer.refusal(),
        "503 UnexpectedServerError",
        "{about}: {answer}"
    );
    assert!(
        answer.header("retry-after").is_some(),
        "{about}: when to come back is not said"
    );
}

fn difference(expected: &BTreeSet<String>, found: &BTreeSet<String>) -> String {
    let missing = expected.difference(found).map(|line| format!("- {line}\n"));
    let added = found.difference(expected).map(|line| format!("+ {line}\n"));
    missing.chain(added).collect()
}

/// What keeps a call from happening; one call after the other gets another of them.
const UNDONE: [Fault; 3] = [Fault::Throttled, Fault::Failed, Fault::TimedOut];

/// A call of every scenario that does not happen, and one that does and whose answer is lost: every call.
async fn everywhere(once: bool) {
    let mut tasks = JoinSet::new();
    // So many at once that a waiting answer is not taken for one that hangs.
    let places = Arc::new(Semaphore::new(4));
    for scenario in scenarios() {
        let places = places.clone();
        tasks.spawn(async move {
            let _place = places.acquire().await.unwrap();
            // Made once; every fault has a fork of it.
            let prepared = prepared(&scenario).await;
            let reference = reference(&scenario, &prepared).await;
            let mut faults = 0;
            for lost in [false, true] {
                let mut n = 0;
                let kind = |n: usize| {
                    if lost {
                        Fault::AnswerLost
                    } else {
                        UNDONE[n % 3]
                    }
                };
                while fails(&scenario, &prepared, &reference, kind(n), n, once).await {
                    n += 1;
                }
                faults += n;
            }
            faults
        });
    }
    let (mut faults, mut failed) = (0, 0);
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(count) => faults += count,
            Err(_) => failed += 1,
        }
    }
    assert_eq!(failed, 0, "scenarios failed, see above");
    assert!(
        faults > 400,
        "only {faults} faults: they do not reach the table any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fails_from_some_call_on_leaves_no_half_change_and_a_retry_helps() {
    everywhere(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failed_call_is_not_noticed() {
    everywhere(true).await;
}

#[test]
fn every_operation_has_a_scenario() {
    let document = local::api().document();
    let paths = document["paths"].as_object().unwrap().values();
    let known: BTreeSet<_> = paths
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let tried: BTreeSet<_> = scenarios()
        .iter()
        .map(|scenario| scenario.operation)
        .collect();
    assert_eq!(known, tried);
}
