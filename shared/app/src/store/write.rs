//! The whole expression vocabulary of the project; `apply.rs` carries it out.
//!
//! A write that can fail says what its failure means, on the same line: `.when_absent().or(Error::Exists(Kind::Email))`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::{Item, keys::Key};
use crate::{Error, Result, clock::Timestamp};

/// DynamoDB takes 400 KB an item; the rest is room for names and keys.
const LARGEST_ITEM: usize = 380 * 1024;

pub(super) enum Action {
    Put,
    Update,
    Delete,
    Check,
}

enum Condition {
    Absent,
    Present,
    Equal(&'static str, AttributeValue),
    Missing(&'static str),
    Below(&'static str, u32),
    After(&'static str, Timestamp),
    MissingOrBefore(&'static str, Timestamp),
}

/// One change of one item, with the conditions that it stands under.
#[must_use]
pub(super) struct Write {
    pub(super) action: Action,
    key: Key,
    item: Result<Item>,
    sets: Vec<(&'static str, AttributeValue)>,
    adds: Vec<(&'static str, i64)>,
    conditions: Vec<Condition>,
    lost: Option<Error>,
}

impl Write {
    fn new(action: Action, key: Key) -> Self {
        Self {
            action,
            key,
            item: Ok(Item::new()),
            sets: Vec::new(),
            adds: Vec::new(),
            conditions: Vec::new(),
            lost: None,
        }
    }

    /// Writes a whole item: the domain struct, its kind, and the keys.
    pub(super) fn put(key: Key, kind: &'static str, value: &impl Serialize) -> Self {
        let mut write = Self::new(Action::Put, key);
        write.item = serde_dynamo::to_item::<_, Item>(value).map_err(|error| {
            Error::Internal(anyhow::Error::new(error).context(format!("storing a {kind}")))
        });
        write.field("kind", AttributeValue::S(kind.to_owned()))
    }

    /// Changes fields of an item.
    pub(super) fn update(key: Key) -> Self {
        Self::new(Action::Update, key)
    }

    /// Removes an item; one that is gone already is no failure, unless a condition says so.
    pub(super) fn delete(key: Key) -> Self {
        Self::new(Action::Delete, key)
    }

    /// Changes nothing, but has to hold for the rest of the transaction to happen.
    pub(super) fn check(key: Key) -> Self {
        Self::new(Action::Check, key)
    }

    fn field(mut self, name: &str, value: AttributeValue) -> Self {
        if let Ok(item) = &mut self.item {
            item.insert(name.to_owned(), value);
        }
        self
    }

    /// When the table may remove the item; days late, so reads and conditions compare the time themselves.
    pub(super) fn expires(mut self, at: Timestamp) -> Self {
        let value = AttributeValue::N(at.seconds().to_string());
        if matches!(self.action, Action::Update) {
            self.sets.push(("ttl", value));
            return self;
        }
        self.field("ttl", value)
    }

    /// Sets a field of an update.
    pub(super) fn set(mut self, name: &'static str, value: impl Serialize) -> Self {
        match serde_dynamo::to_attribute_value(value) {
            Ok(value) => self.sets.push((name, value)),
            Err(error) => {
                self.item = Err(Error::Internal(
                    anyhow::Error::new(error).context(format!("storing {name}")),
                ))
            }
        }
        self
    }

    /// Adds to a number; absent counts as zero.
    pub(super) fn add(mut self, name: &'static str, amount: i64) -> Self {
        self.adds.push((name, amount));
        self
    }

    /// Only if there is no such item.
    pub(super) fn when_absent(self) -> Self {
        self.when(Condition::Absent)
    }

    /// Only if there is such an item.
    pub(super) fn when_present(self) -> Self {
        self.when(Condition::Present)
    }

    /// Only if the field has this value.
    pub(super) fn when_equal(self, name: &'static str, value: impl Serialize) -> Self {
        match serde_dynamo::to_attribute_value(value) {
            Ok(value) => self.when(Condition::Equal(name, value)),
            Err(error) => {
                let lost =
                    Error::Internal(anyhow::Error::new(error).context(format!("comparing {name}")));
                Self {
                    item: Err(lost),
                    ..self
                }
            }
        }
    }

    /// Only if the field is not there.
    pub(super) fn when_missing(self, name: &'static str) -> Self {
        self.when(Condition::Missing(name))
    }

    /// Only if the number is below the limit; absent counts as zero.
    pub(super) fn when_below(self, name: &'static str, limit: u32) -> Self {
        self.when(Condition::Below(name, limit))
    }

    /// Only if the instant lies after this one.
    pub(super) fn when_after(self, name: &'static str, instant: Timestamp) -> Self {
        self.when(Condition::After(name, instant))
    }

    /// Only if the instant is absent or lies before this one.
    pub(super) fn when_missing_or_before(self, name: &'static str, instant: Timestamp) -> Self {
        self.when(Condition::MissingOrBefore(name, instant))
    }

    fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// What a failed condition means.
    pub(super) fn or(mut self, meaning: Error) -> Self {
        self.lost = Some(meaning);
        self
    }
}

/// A write as DynamoDB wants it.
pub(super) struct Rendered {
    pub(super) key: Item,
    pub(super) item: Item,
    pub(super) update: String,
    pub(super) condition: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

#[derive(Default)]
struct Terms {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Terms {
    fn name(&mut self, name: &str) -> String {
        let term = format!("#{name}");
        self.names.insert(term.clone(), name.to_owned());
        term
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let term = format!(":v{}", self.values.len());
        self.values.insert(term.clone(), value);
        term
    }

    fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::Absent => format!("attribute_not_exists({})", self.name("pk")),
            Condition::Present => format!("attribute_exists({})", self.name("pk")),
            Condition::Missing(name) => format!("attribute_not_exists({})", self.name(name)),
            Condition::Equal(name, value) => {
                format!("{} = {}", self.name(name), self.value(value.clone()))
            }
            Condition::Below(name, limit) => {
                let (name, value) = (
                    self.name(name),
                    self.value(AttributeValue::N(limit.to_string())),
                );
                format!("(attribute_not_exists({name}) OR {name} < {value})")
            }
            Condition::After(name, at) => format!(
                "{} > {}",
                self.name(name),
                self.value(AttributeValue::S(at.to_string()))
            ),
            Condition::MissingOrBefore(name, at) => {
                let (name, value) = (
                    self.name(name),
                    self.value(AttributeValue::S(at.to_string())),
                );
                format!("(attribute_not_exists({name}) OR {name} < {value})")
            }
        }
    }
}

impl Write {
    /// Checks the size and writes out the expressions. `w` marks the call.
    pub(super) fn render(&mut self, w: &str) -> Result<Rendered> {
        let mut item = std::mem::replace(&mut self.item, Ok(Item::new()))?;
        let mut terms = Terms::default();
        let mut update = String::new();
        if matches!(self.action, Action::Update) {
            let mut sets = vec![format!(
                "{} = {}",
                terms.name("w"),
                terms.value(AttributeValue::S(w.to_owned()))
            )];
            for (name, value) in &self.sets {
                sets.push(format!(
                    "{} = {}",
                    terms.name(name),
                    terms.value(value.clone())
                ));
            }
            update = format!("SET {}", sets.join(", "));
            let adds: Vec<_> = self
                .adds
                .iter()
                .map(|(name, by)| {
                    format!(
                        "{} {}",
                        terms.name(name),
                        terms.value(AttributeValue::N(by.to_string()))
                    )
                })
                .collect();
            if !adds.is_empty() {
                update += &format!(" ADD {}", adds.join(", "));
            }
        }
        let conditions: Vec<_> = self
            .conditions
            .iter()
            .map(|condition| terms.condition(condition))
            .collect();
        let key = key_item(&self.key);
        if matches!(self.action, Action::Put) {
            item.extend(key.clone());
            item.insert("w".into(), AttributeValue::S(w.to_owned()));
        }
        let size = size_of(&item) + terms.values.values().map(value_size).sum::<usize>();
        if size > LARGEST_ITEM {
            return Err(Error::invalid("This is larger than one record can be"));
        }
        Ok(Rendered {
            key,
            item,
            update,
            condition: (!conditions.is_empty()).then(|| conditions.join(" AND ")),
            names: (!terms.names.is_empty()).then_some(terms.names),
            values: (!terms.values.is_empty()).then_some(terms.values),
        })
    }

    pub(super) fn lost(&mut self) -> Error {
        let key = &self.key;
        self.lost.take().unwrap_or_else(|| {
            Error::Internal(anyhow::anyhow!(
                "a condition without a meaning failed on {}",
                key.sk.split('#').next().unwrap_or("")
            ))
        })
    }
}

/// The key attributes of an item.
pub(super) fn key_item(key: &Key) -> Item {
    Item::from([
        ("pk".into(), AttributeValue::S(key.pk.clone())),
        ("sk".into(), AttributeValue::S(key.sk.clone())),
    ])
}

fn size_of(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + value_size(value))
        .sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(list) => {
            3 + list
                .iter()
                .map(|value| 1 + value_size(value))
                .sum::<usize>()
        }
        AttributeValue::M(map) => 3 + size_of(map),
        AttributeValue::Ss(set) | AttributeValue::Ns(set) => set.iter().map(String::len).sum(),
        AttributeValue::Bs(set) => set.iter().map(|bytes| bytes.as_ref().len()).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
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
    use crate::{error::Kind, random::Random, store::apply::One};

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
                    RetryConfig::standard()
                        .with_initial_backoff(std::time::Duration::from_millis(1)),
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
        let table = Canned::new(|_, _| {
            cancelled(&[("ValidationError", Value::Null), ("None", Value::Null)])
        });
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
}
