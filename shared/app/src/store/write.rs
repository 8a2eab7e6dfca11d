//! The whole expression vocabulary of the project; `apply.rs` carries it out.
//!
//! A write that can fail says what its failure means, on the same line: `.when_absent().or(Error::Exists(Kind::Email))`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::{Item, keys::Key};
use crate::{Error, Result, clock::Timestamp, domain::id::JobId};

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
    NotEqual(&'static str, AttributeValue),
    Fewer(&'static str, u32),
}

/// A change of one entry of a map.
struct Entry {
    map: &'static str,
    key: String,
    /// None removes it.
    value: Option<AttributeValue>,
}

/// One change of one item, with the conditions that it stands under.
#[must_use]
pub(super) struct Write {
    pub(super) action: Action,
    key: Key,
    item: Result<Item>,
    sets: Vec<(&'static str, AttributeValue)>,
    adds: Vec<(&'static str, i64)>,
    removes: Vec<&'static str>,
    /// What is put into a set of texts, and what is taken out of one.
    joins: Vec<(&'static str, String)>,
    leaves: Vec<(&'static str, String)>,
    entries: Vec<Entry>,
    conditions: Vec<Condition>,
    lost: Option<Error>,
    /// The job that this begins, if it does.
    pub(super) job: Option<JobId>,
}

impl Write {
    fn new(action: Action, key: Key) -> Self {
        Self {
            action,
            key,
            item: Ok(Item::new()),
            sets: Vec::new(),
            adds: Vec::new(),
            removes: Vec::new(),
            joins: Vec::new(),
            leaves: Vec::new(),
            entries: Vec::new(),
            conditions: Vec::new(),
            lost: None,
            job: None,
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

    /// Whether it is about this item.
    pub(super) fn is_on(&self, key: &Key) -> bool {
        self.key == *key
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

    /// Removes a field of an update.
    pub(super) fn remove(mut self, name: &'static str) -> Self {
        self.removes.push(name);
        self
    }

    /// Puts a text into a set; absent counts as empty.
    pub(super) fn join(mut self, name: &'static str, value: impl ToString) -> Self {
        self.joins.push((name, value.to_string()));
        self
    }

    /// Takes a text out of a set, if it is there.
    pub(super) fn leave(mut self, name: &'static str, value: impl ToString) -> Self {
        self.leaves.push((name, value.to_string()));
        self
    }

    /// Sets one entry of a map, which has to be there (an empty one will do).
    pub(super) fn set_entry(
        mut self,
        map: &'static str,
        key: impl ToString,
        value: impl Serialize,
    ) -> Self {
        match serde_dynamo::to_attribute_value(value) {
            Ok(value) => self.entries.push(Entry {
                map,
                key: key.to_string(),
                value: Some(value),
            }),
            Err(error) => {
                self.item = Err(Error::Internal(
                    anyhow::Error::new(error).context(format!("storing an entry of {map}")),
                ))
            }
        }
        self
    }

    /// Removes one entry of a map, which has to be there.
    pub(super) fn remove_entry(mut self, map: &'static str, key: impl ToString) -> Self {
        self.entries.push(Entry {
            map,
            key: key.to_string(),
            value: None,
        });
        self
    }

    /// Where the item stands in the index, which lags: for clean-up and look-ups that may be late.
    pub(super) fn indexed(self, (pk, sk): (String, String)) -> Self {
        if matches!(self.action, Action::Update) {
            return self.set("gsi1pk", pk).set("gsi1sk", sk);
        }
        self.field("gsi1pk", AttributeValue::S(pk))
            .field("gsi1sk", AttributeValue::S(sk))
    }

    /// Only if there is such an item, and it is not being deleted.
    pub(super) fn when_live(self) -> Self {
        self.when_present().when_missing("deletedAt")
    }

    /// Only if the field is absent or has another value.
    pub(super) fn when_not_equal(self, name: &'static str, value: impl Serialize) -> Self {
        match serde_dynamo::to_attribute_value(value) {
            Ok(value) => self.when(Condition::NotEqual(name, value)),
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

    /// Only if the set has exactly these texts; absent is empty.
    pub(super) fn when_same_set<T: ToString>(
        self,
        name: &'static str,
        texts: impl IntoIterator<Item = T>,
    ) -> Self {
        let texts: Vec<_> = texts.into_iter().map(|text| text.to_string()).collect();
        if texts.is_empty() {
            return self.when_missing(name);
        }
        self.when(Condition::Equal(name, AttributeValue::Ss(texts)))
    }

    /// Only if the set or map has fewer elements; absent counts as none.
    pub(super) fn when_fewer(self, name: &'static str, limit: u32) -> Self {
        self.when(Condition::Fewer(name, limit))
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

    /// Marks the write of a new job.
    pub(super) fn begins(mut self, job: JobId) -> Self {
        self.job = Some(job);
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

    /// A key of a map is data: it gets a name by its position.
    fn key(&mut self, at: usize, key: &str) -> String {
        let term = format!("#k{at}");
        self.names.insert(term.clone(), key.to_owned());
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
            Condition::NotEqual(name, value) => {
                let (name, value) = (self.name(name), self.value(value.clone()));
                format!("(attribute_not_exists({name}) OR {name} <> {value})")
            }
            Condition::Fewer(name, limit) => {
                let (name, value) = (
                    self.name(name),
                    self.value(AttributeValue::N(limit.to_string())),
                );
                format!("(attribute_not_exists({name}) OR size({name}) < {value})")
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
            let mut removes: Vec<_> = self.removes.iter().map(|name| terms.name(name)).collect();
            for (at, entry) in self.entries.iter().enumerate() {
                let path = format!("{}.{}", terms.name(entry.map), terms.key(at, &entry.key));
                match &entry.value {
                    Some(value) => sets.push(format!("{path} = {}", terms.value(value.clone()))),
                    None => removes.push(path),
                }
            }
            let mut adds: Vec<_> = self
                .adds
                .iter()
                .map(|(name, by)| (*name, AttributeValue::N(by.to_string())))
                .map(|(name, value)| format!("{} {}", terms.name(name), terms.value(value)))
                .collect();
            let set = |text: &String| AttributeValue::Ss(vec![text.clone()]);
            adds.extend(
                self.joins
                    .iter()
                    .map(|(name, text)| format!("{} {}", terms.name(name), terms.value(set(text)))),
            );
            let deletes: Vec<_> = self
                .leaves
                .iter()
                .map(|(name, text)| format!("{} {}", terms.name(name), terms.value(set(text))))
                .collect();
            let clauses = [
                ("SET", sets),
                ("REMOVE", removes),
                ("ADD", adds),
                ("DELETE", deletes),
            ];
            update = clauses
                .into_iter()
                .filter(|(_, terms)| !terms.is_empty())
                .map(|(name, terms)| format!("{name} {}", terms.join(", ")))
                .collect::<Vec<_>>()
                .join(" ");
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
