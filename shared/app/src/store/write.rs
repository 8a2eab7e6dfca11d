//! The whole expression vocabulary of the project; `apply.rs` carries it out.
//!
//! A write that can fail says what its failure means, on the same line: `.when_absent().or(Error::Exists(Kind::Email))`.

mod render;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::{Item, keys::Key};
use crate::{Error, Result, clock::Timestamp, domain::id::JobId};

pub(super) use render::key_item;

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
