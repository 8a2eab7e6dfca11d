//! Writes as DynamoDB wants them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Action, Condition, LARGEST_ITEM, Write};
use crate::{
    Error, Result,
    store::{Item, keys::Key},
};

/// A write as DynamoDB wants it.
pub(in crate::store) struct Rendered {
    pub(in crate::store) key: Item,
    pub(in crate::store) item: Item,
    pub(in crate::store) update: String,
    pub(in crate::store) condition: Option<String>,
    pub(in crate::store) names: Option<HashMap<String, String>>,
    pub(in crate::store) values: Option<HashMap<String, AttributeValue>>,
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
    pub(in crate::store) fn render(&mut self, w: &str) -> Result<Rendered> {
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
}

/// The key attributes of an item.
pub(in crate::store) fn key_item(key: &Key) -> Item {
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
