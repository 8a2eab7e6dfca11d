//! The whole expression vocabulary of the project, and the one way to write.
//!
//! A write that can fail says what its failure means, on the same line: `.when_absent().or(Error::Exists(Kind::Email))`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError,
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{
        AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValue,
        ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
    },
};
use serde::Serialize;

use super::{Item, Store, fault, keys::Key};
use crate::{Error, Result, clock::Timestamp};

/// DynamoDB takes 400 KB an item; the rest is room for names and keys.
const LARGEST_ITEM: usize = 380 * 1024;
/// How often a transaction that lost to another one is tried.
const TRANSACTION_TRIES: u32 = 8;

enum Action {
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
    action: Action,
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
struct Rendered {
    key: Item,
    item: Item,
    update: String,
    condition: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
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
    fn render(&mut self, w: &str) -> Result<Rendered> {
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

    fn lost(&mut self) -> Error {
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

/// Whether the item that stood in the way was written by this very call: then an earlier try of it had succeeded, and
/// only its answer was lost.
fn is_ours(item: Option<&Item>, w: &str) -> bool {
    matches!(item.and_then(|item| item.get("w")), Some(AttributeValue::S(by)) if by == w)
}

/// What became of one write.
pub(super) enum One {
    /// It happened; an update's item as it is now.
    Done(Item),
    /// The condition did not hold; the item that stood in the way, if any.
    Lost(Option<Item>),
}

impl Store {
    /// Does one write, or several as one transaction: all of them or none.
    ///
    /// # Errors
    /// The meaning of the first condition that failed; `Unavailable` when the table cannot be reached or stays
    /// contended; `Invalid` for an item that is too large.
    pub(super) async fn apply(&self, writes: impl IntoIterator<Item = Write>) -> Result<()> {
        let w = self.random.uuid().simple().to_string();
        let mut writes: Vec<_> = writes.into_iter().collect();
        match writes.as_mut_slice() {
            [] => Ok(()),
            [write] => match self.apply_one(write, &w).await? {
                One::Done(_) => Ok(()),
                One::Lost(_) => Err(write.lost()),
            },
            _ => self.apply_all(writes, &w).await,
        }
    }

    /// Does one write and tells what it found: of an update the new item, of a failed condition the old one.
    pub(super) async fn apply_telling(&self, mut write: Write) -> Result<One> {
        let w = self.random.uuid().simple().to_string();
        self.apply_one(&mut write, &w).await
    }

    async fn apply_one(&self, write: &mut Write, w: &str) -> Result<One> {
        let r = write.render(w)?;
        let old = match write.action {
            Action::Put => {
                let call = self
                    .client
                    .put_item()
                    .table_name(&*self.table)
                    .set_item(Some(r.item));
                let call = call
                    .set_condition_expression(r.condition)
                    .set_expression_attribute_names(r.names);
                let call = call.set_expression_attribute_values(r.values);
                match call
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .send()
                    .await
                {
                    Ok(_) => return Ok(One::Done(Item::new())),
                    Err(error) => match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                            failed.item.clone()
                        }
                        _ => return Err(fault("put an item", error)),
                    },
                }
            }
            Action::Update => {
                let call = self
                    .client
                    .update_item()
                    .table_name(&*self.table)
                    .set_key(Some(r.key));
                let call = call
                    .update_expression(r.update)
                    .set_condition_expression(r.condition);
                let call = call
                    .set_expression_attribute_names(r.names)
                    .set_expression_attribute_values(r.values);
                let call = call.return_values(ReturnValue::AllNew);
                match call
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .send()
                    .await
                {
                    Ok(output) => return Ok(One::Done(output.attributes.unwrap_or_default())),
                    Err(error) => match error.as_service_error() {
                        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                            failed.item.clone()
                        }
                        _ => return Err(fault("update an item", error)),
                    },
                }
            }
            Action::Delete => {
                let call = self
                    .client
                    .delete_item()
                    .table_name(&*self.table)
                    .set_key(Some(r.key));
                let call = call
                    .set_condition_expression(r.condition)
                    .set_expression_attribute_names(r.names);
                let call = call.set_expression_attribute_values(r.values);
                match call
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .send()
                    .await
                {
                    Ok(_) => return Ok(One::Done(Item::new())),
                    Err(error) => match error.as_service_error() {
                        Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                            failed.item.clone()
                        }
                        _ => return Err(fault("delete an item", error)),
                    },
                }
            }
            Action::Check => {
                return Err(Error::Internal(anyhow::anyhow!(
                    "a check alone writes nothing"
                )));
            }
        };
        match old {
            Some(item) if is_ours(Some(&item), w) => Ok(One::Done(item)),
            old => Ok(One::Lost(old)),
        }
    }

    async fn apply_all(&self, mut writes: Vec<Write>, w: &str) -> Result<()> {
        let items = writes
            .iter_mut()
            .map(|write| transact_item(write, w, &self.table))
            .collect::<Result<Vec<_>>>()?;
        for attempt in 0..TRANSACTION_TRIES {
            let token = self.random.uuid().to_string();
            let call = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()));
            let reasons = match call.client_request_token(token).send().await {
                Ok(_) => return Ok(()),
                Err(error) => match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                        canceled.cancellation_reasons().to_vec()
                    }
                    _ => return Err(fault("write a transaction", error)),
                },
            };
            let coded =
                |reason: &CancellationReason, code: &str| reason.code.as_deref() == Some(code);
            if reasons
                .iter()
                .any(|reason| is_ours(reason.item.as_ref(), w))
            {
                return Ok(());
            }
            if let Some(at) = reasons
                .iter()
                .position(|reason| coded(reason, "ConditionalCheckFailed"))
            {
                return Err(writes.get_mut(at).map_or_else(
                    || Error::Internal(anyhow::anyhow!("a reason too many")),
                    Write::lost,
                ));
            }
            let busy = [
                "TransactionConflict",
                "ThrottlingError",
                "ProvisionedThroughputExceeded",
            ];
            if !reasons
                .iter()
                .any(|reason| busy.iter().any(|code| coded(reason, code)))
            {
                let codes: Vec<_> = reasons
                    .iter()
                    .filter_map(|reason| reason.code.as_deref())
                    .collect();
                return Err(Error::Internal(anyhow::anyhow!(
                    "a transaction was cancelled: {}",
                    codes.join(", ")
                )));
            }
            let most = 10 << attempt.min(5);
            tokio::time::sleep(Duration::from_millis(u64::from(
                1 + self.random.below(most),
            )))
            .await;
        }
        Err(Error::Unavailable(anyhow::anyhow!(
            "a transaction lost to others {TRANSACTION_TRIES} times"
        )))
    }
}

fn transact_item(write: &mut Write, w: &str, table: &str) -> Result<TransactWriteItem> {
    let r = write.render(w)?;
    let built = match write.action {
        Action::Put => Put::builder()
            .table_name(table)
            .set_item(Some(r.item))
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|put| TransactWriteItem::builder().put(put)),
        Action::Update => Update::builder()
            .table_name(table)
            .set_key(Some(r.key))
            .update_expression(r.update)
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|update| TransactWriteItem::builder().update(update)),
        Action::Delete => Delete::builder()
            .table_name(table)
            .set_key(Some(r.key))
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|delete| TransactWriteItem::builder().delete(delete)),
        Action::Check => ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(r.key))
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|check| TransactWriteItem::builder().condition_check(check)),
    };
    built.map(|item| item.build()).map_err(|error| {
        Error::Internal(anyhow::Error::new(error).context("building a transaction"))
    })
}
