//! Finding tables and fields of an explore, and saying which one is meant.

use indexmap::IndexMap;

use super::sql::{Compiler, DEEPEST, Fault};
use super::table::Built;
use crate::error::closest;
use crate::explore::{Dimension, RequiredAttributes, Table};
use crate::filter::FieldType;

/// How many suggestions are looked for.
const MOST_HINTS: usize = 20;

/// A model as one explore sees it.
pub(super) struct Alias<'a> {
    /// The alias, where there is one.
    pub name: String,
    pub model: &'a str,
    pub label: String,
    pub hidden: bool,
    /// The only fields that are seen.
    pub fields: Option<&'a [String]>,
    pub built: &'a Built,
    pub table: &'a Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dimension,
    Metric,
}

/// A field by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub table: usize,
    pub kind: Kind,
    pub index: usize,
}

impl Alias<'_> {
    /// Whether the join lists a field, or lists none.
    pub(super) fn sees(&self, key: &str) -> bool {
        self.fields
            .is_none_or(|fields| fields.iter().any(|one| one == key))
    }

    /// The same for a dimension: with the one that it is an interval of, it is listed too.
    pub(super) fn sees_dimension(&self, key: &str, dimension: &Dimension) -> bool {
        self.sees(key)
            || self.sees(&dimension.name)
            || dimension
                .time_interval_base_dimension_name
                .as_deref()
                .is_some_and(|base| self.sees(base))
    }
}

impl Compiler<'_> {
    /// In the words of the user: `metric "n" of "orders"`.
    pub(super) fn describe(&self, field: Field) -> String {
        let kind = match field.kind {
            Kind::Dimension => "dimension",
            Kind::Metric => "metric",
        };
        format!("The {kind} \"{}\"", self.name(field))
    }

    /// Why something is broken, from what it needs down to the reason.
    pub(super) fn explain(&self, fault: &Fault) -> String {
        let mut fault = fault;
        let mut named = None;
        for _ in 0..DEEPEST {
            match fault {
                Fault::Says(message) => {
                    return match named {
                        None => message.clone(),
                        Some(field) => format!("it needs \"{}\": {message}", self.name(field)),
                    };
                }
                Fault::Needs(field) => {
                    named = named.or(Some(*field));
                    match self.faults.iter().find(|(one, _)| one == field) {
                        Some((_, next)) => fault = next,
                        None => break,
                    }
                }
            }
        }
        match named {
            Some(field) => format!("it needs \"{}\", which is broken", self.name(field)),
            None => "it is broken".to_owned(),
        }
    }

    /// `orders.status`
    pub(super) fn name(&self, field: Field) -> String {
        let Some(alias) = self.tables.get(field.table) else {
            return String::new();
        };
        let key = match field.kind {
            Kind::Dimension => alias
                .built
                .dimensions
                .get_index(field.index)
                .map(|(key, _)| key),
            Kind::Metric => alias
                .built
                .metrics
                .get_index(field.index)
                .map(|(key, _)| key),
        };
        format!(
            "{}.{}",
            alias.name,
            key.map(String::as_str).unwrap_or_default()
        )
    }

    /// A table by its alias, or by the name of its model.
    pub(super) fn table(&self, name: &str) -> Option<usize> {
        let by_alias = self.tables.iter().position(|alias| alias.name == name);
        by_alias.or_else(|| self.tables.iter().position(|alias| alias.model == name))
    }

    /// A field by reference; the error is the rest of a sentence.
    pub(super) fn find(
        &self,
        own: usize,
        table: Option<&str>,
        name: &str,
        kind: Kind,
    ) -> Result<Field, String> {
        let at = match table {
            None => own,
            Some(table) => self.table(table).ok_or_else(|| self.no_table(table))?,
        };
        let missing = || self.no_field(at, name, kind);
        let built = self.tables.get(at).ok_or_else(missing)?.built;
        let index = match kind {
            Kind::Dimension => built.dimensions.get_index_of(name).or_else(|| {
                built
                    .dimensions
                    .values()
                    .position(|dimension| dimension.name == name)
            }),
            Kind::Metric => built.metrics.get_index_of(name),
        };
        Ok(Field {
            table: at,
            kind,
            index: index.ok_or_else(missing)?,
        })
    }

    /// A dimension for a filter.
    pub(super) fn find_in_any_case(
        &self,
        own: usize,
        table: Option<&str>,
        name: &str,
    ) -> Result<Field, String> {
        self.find(own, table, name, Kind::Dimension)
            .or_else(|message| {
                let at = table.map_or(Some(own), |table| self.table(table));
                let built = at.and_then(|at| Some(self.tables.get(at)?.built));
                let same = |key: &String| key.eq_ignore_ascii_case(name);
                let index = built.and_then(|built| built.dimensions.keys().position(same));
                match (at, index) {
                    (Some(table), Some(index)) => Ok(Field {
                        table,
                        kind: Kind::Dimension,
                        index,
                    }),
                    _ => Err(message),
                }
            })
    }

    /// What the values of a dimension are.
    pub(super) fn field_type(&self, field: Field) -> Option<FieldType> {
        let built = self.tables.get(field.table)?.built;
        let (_, dimension): (_, &Dimension) = built.dimensions.get_index(field.index)?;
        Some(dimension.dimension_type.into())
    }

    /// The required attributes of tables, by alias.
    pub(super) fn required(
        &self,
        tables: &[usize],
    ) -> Option<IndexMap<String, RequiredAttributes>> {
        let required: IndexMap<String, RequiredAttributes> = tables
            .iter()
            .filter_map(|table| {
                let alias = self.tables.get(*table)?;
                let required = alias.table.required_attributes.clone()?;
                Some((alias.name.clone(), required))
            })
            .collect();
        (!required.is_empty()).then_some(required)
    }

    /// The aliases of tables.
    pub(super) fn aliases(&self, tables: &[usize]) -> Vec<String> {
        let aliases = tables.iter().filter_map(|table| self.tables.get(*table));
        aliases.map(|alias| alias.name.clone()).collect()
    }

    fn no_table(&self, name: &str) -> String {
        let names = self.tables.iter().map(|alias| alias.name.as_str());
        format!("no table \"{name}\" is joined{}", self.hint(name, names))
    }

    fn no_field(&self, table: usize, name: &str, kind: Kind) -> String {
        let Some(alias) = self.tables.get(table) else {
            return String::new();
        };
        let built = alias.built;
        if built.broken.contains(name) {
            return format!("\"{}.{name}\" is broken itself", alias.name);
        }
        let (what, other, is_other) = match kind {
            Kind::Dimension => ("dimension", "metric", built.metrics.contains_key(name)),
            Kind::Metric => ("metric", "dimension", built.dimensions.contains_key(name)),
        };
        if is_other {
            return format!(
                "\"{}.{name}\" is a {other}, and only a {what} can stand there",
                alias.name
            );
        }
        let hint = match kind {
            Kind::Dimension => self.hint(name, built.dimensions.keys().map(String::as_str)),
            Kind::Metric => self.hint(name, built.metrics.keys().map(String::as_str)),
        };
        format!("\"{}\" has no {what} \"{name}\"{hint}", alias.name)
    }

    fn hint<'n>(&self, name: &str, among: impl Iterator<Item = &'n str>) -> String {
        let looked_for = self.faults.len() < MOST_HINTS;
        match looked_for.then(|| closest(name, among)).flatten() {
            Some(close) => format!("; did you mean \"{close}\"?"),
            None => String::new(),
        }
    }
}
