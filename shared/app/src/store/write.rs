//! The whole expression vocabulary of the project; `apply.rs` carries it out.
//!
//! A write that can fail says what its failure means, on the same line: `.when_absent().or(Error::Exists(Kind::Email))`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::{Item, keys::Key};
use crate::{Error, Result, clock::Timestamp};

/// DynamoDB takes 400 KB an item; the rest is room for names and keys.
pub(super) const LARGEST_ITEM: usize = 380 * 1024;

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
    MissingOrOver(&'static str, Timestamp),
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

    /// Only if the instant is absent or is over: its own moment is past it, as for [`super::live`].
    pub(super) fn when_missing_or_over(self, name: &'static str, instant: Timestamp) -> Self {
        self.when(Condition::MissingOrOver(name, instant))
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
            Condition::MissingOrOver(name, at) => {
                let (name, value) = (
                    self.name(name),
                    self.value(AttributeValue::S(at.to_string())),
                );
                format!("(attribute_not_exists({name}) OR {name} <= {value})")
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
