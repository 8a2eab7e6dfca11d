//! What becomes of writes, against answers from a can: an emulator is never contended.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;
use crate::{
    error::Kind,
    random::Random,
    store::{keys::Key, write::LARGEST_ITEM},
};

/// What comes back for a request; `None` is silence.
type Answers = dyn Fn(usize, &Value) -> Option<(u16, Value)> + Send + Sync;

/// A table that answers as it is told, and keeps what it was asked.
#[derive(Clone)]
struct Canned {
    answers: Arc<Answers>,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Canned {
    fn new(
        answers: impl Fn(usize, &Value) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answers: Arc::new(answers),
            asked: Arc::default(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a client with answers from a can"
    )]
    fn store(&self) -> Store {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("a", "b", None, None, "canned"))
            .endpoint_url("http://canned.invalid")
            .retry_config(
                RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1)),
            )
            .http_client(self.clone());
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        Store::new(client, "table", Random::seeded(1))
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

impl fmt::Debug for Canned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canned")
    }
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let mut asked = self.asked.lock().unwrap();
        let answer = (self.answers)(asked.len(), &body);
        asked.push(body);
        HttpConnectorFuture::ready(match answer {
            Some((status, body)) => {
                let status = StatusCode::try_from(status).unwrap();
                Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
            }
            None => Err(ConnectorError::timeout("no answer in time".into())),
        })
    }
}

impl HttpClient for Canned {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn key(name: &str) -> Key {
    Key {
        pk: name.to_owned(),
        sk: "PART".into(),
    }
}

fn error(name: &str, mut more: Value) -> Option<(u16, Value)> {
    more["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{name}"));
    more["message"] = json!("canned");
    Some((400, more))
}

fn condition_failed(item: Value) -> Option<(u16, Value)> {
    error("ConditionalCheckFailedException", json!({ "Item": item }))
}

/// A cancelled transaction, with a reason for each of its writes.
fn cancelled(reasons: &[(&str, Value)]) -> Option<(u16, Value)> {
    let reasons: Vec<_> = reasons
        .iter()
        .map(|(code, item)| match item {
            Value::Null => json!({ "Code": code }),
            item => json!({ "Code": code, "Item": item }),
        })
        .collect();
    error(
        "TransactionCanceledException",
        json!({ "CancellationReasons": reasons }),
    )
}

const DONE: fn() -> Option<(u16, Value)> = || Some((200, json!({})));

/// The mark of the call in a single put.
fn mark(put: &Value) -> Value {
    put["Item"]["w"].clone()
}

fn put(name: &str) -> Write {
    Write::put(key(name), "thing", &json!({ "name": name }))
}

fn guarded(name: &str, meaning: Kind) -> Write {
    put(name).when_absent().or(Error::Exists(meaning))
}

#[tokio::test]
async fn a_put_that_stands_in_its_own_way_has_happened() {
    // The first answer is lost; the second try finds what the first one wrote.
    let table = Canned::new(|n, asked| match n {
        0 => None,
        _ => condition_failed(json!({ "w": mark(asked) })),
    });
    let made = table.store().apply([guarded("a", Kind::Email)]).await;
    assert!(made.is_ok(), "{made:?}");

    let asked = table.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(mark(&asked[0]), mark(&asked[1]));
    assert_eq!(asked[0]["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

#[tokio::test]
async fn an_update_that_stands_in_its_own_way_tells_the_item_that_it_made() {
    let table = Canned::new(|n, asked| match n {
        0 => None,
        _ => {
            let values = asked["ExpressionAttributeValues"].as_object().unwrap();
            let mark = values.values().find(|value| value["S"].is_string());
            condition_failed(json!({ "w": mark, "attempts": { "N": "5" } }))
        }
    });
    let guess = Write::update(key("a"))
        .add("attempts", 1)
        .when_below("attempts", 5);
    let Ok(One::Done(item)) = table.store().apply_telling(guess).await else {
        panic!("it has happened")
    };
    assert_eq!(item["attempts"], AttributeValue::N("5".into()));
}

#[tokio::test]
async fn what_somebody_else_wrote_stands_in_the_way() {
    for item in [
        json!({ "w": { "S": "another" } }),
        json!({ "name": { "S": "no mark" } }),
    ] {
        let table = Canned::new(move |_, _| condition_failed(item.clone()));
        let lost = table.store().apply([guarded("a", Kind::Email)]).await;
        assert!(matches!(lost, Err(Error::Exists(Kind::Email))), "{lost:?}");
        assert_eq!(table.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_failed_condition_of_an_update_tells_what_is_there() {
    let table = Canned::new(|_, _| condition_failed(json!({ "name": { "S": "theirs" } })));
    let write = Write::update(key("a")).set("name", "ours").when_present();
    let Ok(One::Lost(Some(item))) = table.store().apply_telling(write).await else {
        panic!("the condition failed")
    };
    assert_eq!(item["name"], AttributeValue::S("theirs".into()));
}

#[tokio::test]
async fn a_condition_without_a_meaning_is_a_bug() {
    let table = Canned::new(|_, _| condition_failed(Value::Null));
    let lost = table.store().apply([put("a").when_absent()]).await;
    assert!(matches!(lost, Err(Error::Internal(_))), "{lost:?}");
}

#[tokio::test]
async fn a_transaction_means_what_its_first_failed_condition_means() {
    let table = Canned::new(|_, _| {
        cancelled(&[
            ("None", Value::Null),
            ("ConditionalCheckFailed", json!({ "w": { "S": "another" } })),
            ("ConditionalCheckFailed", Value::Null),
        ])
    });
    let writes = [
        guarded("a", Kind::User),
        guarded("b", Kind::Email),
        guarded("c", Kind::Token),
    ];
    let lost = table.store().apply(writes).await;
    assert!(matches!(lost, Err(Error::Exists(Kind::Email))), "{lost:?}");
    assert_eq!(table.asked().len(), 1);
}

#[tokio::test]
async fn a_transaction_that_stands_in_its_own_way_has_happened() {
    let table = Canned::new(|n, asked| match n {
        0 => None,
        _ => {
            let mark = mark(&asked["TransactItems"][1]["Put"]);
            cancelled(&[
                ("ConditionalCheckFailed", Value::Null),
                ("ConditionalCheckFailed", json!({ "w": mark })),
            ])
        }
    });
    let writes = [guarded("a", Kind::User), guarded("b", Kind::Email)];
    let made = table.store().apply(writes).await;
    assert!(made.is_ok(), "{made:?}");

    // Both tries were one request to the table, and every write carried the same mark.
    let asked = table.asked();
    assert_eq!(
        asked[0]["ClientRequestToken"],
        asked[1]["ClientRequestToken"]
    );
    let marks = [0, 1].map(|at| mark(&asked[0]["TransactItems"][at]["Put"]));
    assert_eq!(marks[0], marks[1]);
}

#[tokio::test]
async fn a_transaction_that_lost_to_another_is_tried_again() {
    for code in [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ] {
        let table = Canned::new(move |n, _| match n {
            0 | 1 => cancelled(&[("None", Value::Null), (code, Value::Null)]),
            _ => DONE(),
        });
        let writes = [guarded("a", Kind::User), guarded("b", Kind::Email)];
        let made = table.store().apply(writes).await;
        assert!(made.is_ok(), "{code}: {made:?}");

        // The table was told each time that it is another request.
        let asked = table.asked();
        assert_eq!(asked.len(), 3);
        assert_ne!(
            asked[0]["ClientRequestToken"],
            asked[1]["ClientRequestToken"]
        );
    }
}

#[tokio::test]
async fn a_transaction_that_always_loses_is_unavailable_in_the_end() {
    let table = Canned::new(|_, _| {
        cancelled(&[("TransactionConflict", Value::Null), ("None", Value::Null)])
    });
    let writes = [guarded("a", Kind::User), guarded("b", Kind::Email)];
    let lost = table.store().apply(writes).await;
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
    assert_eq!(table.asked().len(), 8);
}

#[tokio::test]
async fn a_failed_condition_goes_before_a_conflict() {
    let table = Canned::new(|_, _| {
        cancelled(&[
            ("TransactionConflict", Value::Null),
            ("ConditionalCheckFailed", Value::Null),
        ])
    });
    let writes = [guarded("a", Kind::User), guarded("b", Kind::Email)];
    let lost = table.store().apply(writes).await;
    assert!(matches!(lost, Err(Error::Exists(Kind::Email))), "{lost:?}");
}

#[tokio::test]
async fn a_transaction_that_the_table_does_not_understand_is_a_bug_and_tried_once() {
    let table =
        Canned::new(|_, _| cancelled(&[("ValidationError", Value::Null), ("None", Value::Null)]));
    let writes = [guarded("a", Kind::User), guarded("b", Kind::Email)];
    let lost = table.store().apply(writes).await;
    assert!(matches!(lost, Err(Error::Internal(_))), "{lost:?}");
    assert_eq!(table.asked().len(), 1);
}

#[tokio::test]
async fn silence_and_throttling_are_unavailable_and_a_refused_request_is_a_bug() {
    let silent = Canned::new(|_, _| None);
    let throttled = Canned::new(|_, _| error("ThrottlingException", json!({})));
    for (table, what) in [(silent, "silent"), (throttled, "throttled")] {
        let lost = table.store().apply([put("a")]).await;
        assert!(
            matches!(lost, Err(Error::Unavailable(_))),
            "{what}: {lost:?}"
        );
        assert_eq!(table.asked().len(), 3, "{what}");
    }
    let refused = Canned::new(|_, _| error("ValidationException", json!({})));
    let lost = refused.store().apply([put("a")]).await;
    assert!(matches!(lost, Err(Error::Internal(_))), "{lost:?}");
    assert_eq!(refused.asked().len(), 1);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_anything_is_sent() {
    let table = Canned::new(|_, _| DONE());
    let large = "x".repeat(LARGEST_ITEM);
    let alone = Write::update(key("a")).set("name", &large);
    let lost = table.store().apply([alone]).await;
    assert!(matches!(lost, Err(Error::Invalid(_))), "{lost:?}");

    let other = Write::put(key("b"), "thing", &json!({ "name": large }));
    let lost = table.store().apply([put("a"), other]).await;
    assert!(matches!(lost, Err(Error::Invalid(_))), "{lost:?}");
    assert!(table.asked().is_empty());
}

#[tokio::test]
async fn nothing_to_write_is_done_at_once_and_a_check_alone_is_a_bug() {
    let table = Canned::new(|_, _| DONE());
    assert!(table.store().apply([]).await.is_ok());
    let check = Write::check(key("a")).when_present();
    let lost = table.store().apply([check]).await;
    assert!(matches!(lost, Err(Error::Internal(_))), "{lost:?}");
    assert!(table.asked().is_empty());
}
