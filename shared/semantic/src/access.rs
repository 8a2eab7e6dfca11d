//! What of an explore a user's attributes hide.

use std::collections::{BTreeMap, BTreeSet};

use crate::explore::{Explore, RequiredAttributes, Table};

/// The attributes of the user who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserAttributes {
    /// The address, if it is verified.
    pub email: Option<String>,
    /// The values by attribute. An attribute that the organisation does not have is not in it.
    pub values: BTreeMap<String, Vec<String>>,
}

impl UserAttributes {
    /// Whether every required attribute has one of the values asked for.
    pub fn satisfy(&self, required: &RequiredAttributes) -> bool {
        required.iter().all(|(attribute, wanted)| {
            self.values.get(attribute).is_some_and(|own| {
                own.iter()
                    .any(|value| wanted.as_slice().iter().any(|one| one == value))
            })
        })
    }

    fn allow(&self, required: Option<&RequiredAttributes>) -> bool {
        required.is_none_or(|required| self.satisfy(required))
    }
}

/// What is hidden.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hidden {
    /// The base table, and so the explore.
    pub base: bool,
    /// Keys of joined tables.
    pub tables: BTreeSet<String>,
    /// Keys of tables and, in them, of dimensions and metrics. Those of hidden tables are not listed.
    pub fields: BTreeSet<(String, String)>,
}

impl Hidden {
    /// Whether the user may see everything.
    pub fn is_empty(&self) -> bool {
        !self.base && self.tables.is_empty() && self.fields.is_empty()
    }
}

/// What the user's attributes hide of an explore: tables whose requirements are not met, fields whose own are not, and fields
/// whose SQL names a hidden table. Requirements on metrics alone count as well.
pub fn hidden(explore: &Explore, user: &UserAttributes) -> Hidden {
    let mut hidden = Hidden::default();
    if !explore.tables.values().any(requires) {
        return hidden;
    }
    for (key, table) in &explore.tables {
        if !user.allow(table.required_attributes.as_ref()) {
            if *key == explore.base_table {
                hidden.base = true;
            }
            hidden.tables.insert(key.clone());
        }
    }
    for (key, table) in &explore.tables {
        if hidden.tables.contains(key) {
            continue;
        }
        let dimensions = table.dimensions.iter().map(|(name, field)| {
            (
                name,
                field.required_attributes.as_ref(),
                field.tables_references.as_ref(),
            )
        });
        let metrics = table.metrics.iter().map(|(name, field)| {
            (
                name,
                field.required_attributes.as_ref(),
                field.tables_references.as_ref(),
            )
        });
        for (name, required, references) in dimensions.chain(metrics) {
            let elsewhere = || {
                references
                    .is_some_and(|tables| tables.iter().any(|table| hidden.tables.contains(table)))
            };
            if !user.allow(required) || elsewhere() {
                hidden.fields.insert((key.clone(), name.clone()));
            }
        }
    }
    hidden.tables.remove(&explore.base_table);
    hidden
}

/// Whether anything of a table is not for everybody.
fn requires(table: &Table) -> bool {
    table.required_attributes.is_some()
        || table
            .dimensions
            .values()
            .any(|field| field.required_attributes.is_some())
        || table
            .metrics
            .values()
            .any(|field| field.required_attributes.is_some())
}
