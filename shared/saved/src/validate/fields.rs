//! Explores as far as a validation and a rename look at them: which fields there are, and by which names they go.

use std::collections::{BTreeMap, HashMap, HashSet};

use app::{Error, Result};
use semantic::explore::RequiredAttributes;
use serde::{Deserialize, Serialize};

/// The id of a field: `orders_status`; a point of a name is `__` (reference 11).
pub fn field_id(table: &str, name: &str) -> String {
    format!("{table}_{}", name.replace('.', "__"))
}

/// An explore, or an explore error, without everything but its names. Reading one skips the rest, which is most of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sketch {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_table: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tables: Option<BTreeMap<String, Table>>,
    /// Of an explore that could not be compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<Reason>>,
}

/// A table of an explore.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dimensions: Option<BTreeMap<String, Named>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metrics: Option<BTreeMap<String, Named>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    required_attributes: Option<RequiredAttributes>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Named {
    #[serde(default)]
    name: Option<String>,
}

/// Why an explore could not be compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reason {
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub message: String,
}

fn names(fields: Option<&BTreeMap<String, Named>>) -> impl Iterator<Item = (&str, &str)> {
    let all = fields.into_iter().flatten();
    all.map(|(key, field)| (key.as_str(), field.name.as_deref().unwrap_or(key)))
}

impl Table {
    /// Dimensions by key and name.
    fn dimensions(&self) -> impl Iterator<Item = (&str, &str)> {
        names(self.dimensions.as_ref())
    }

    fn metrics(&self) -> impl Iterator<Item = (&str, &str)> {
        names(self.metrics.as_ref())
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.dimensions().chain(self.metrics())
    }
}

impl Sketch {
    /// Reads an explore or an explore error.
    ///
    /// # Errors
    /// `Invalid` for what is neither.
    pub fn read(text: &str) -> Result<Self> {
        let read: serde_json::Result<Self> = serde_json::from_str(text);
        let sketch = read.map_err(|error| Error::invalid(format!("no explore: {error}")))?;
        let whole = sketch.errors.is_some() || sketch.tables.is_some();
        if sketch.name.is_empty() || !whole {
            return Err(Error::invalid(
                "no explore: it has a \"name\" and \"tables\", or \"errors\"",
            ));
        }
        Ok(sketch)
    }

    /// Why it cannot be asked anything; none where it can.
    pub fn errors(&self) -> Option<&[Reason]> {
        self.errors.as_deref()
    }

    /// What its base table requires of a user; where that is not among its tables, what one of the others does.
    pub fn required(&self) -> Option<&RequiredAttributes> {
        match self.table(self.base()) {
            Some(base) => base.required_attributes.as_ref(),
            None => self
                .tables()
                .find_map(|(_, table)| table.required_attributes.as_ref()),
        }
    }

    /// The tags of its model.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().flatten().map(String::as_str)
    }

    /// The alias of the base table.
    pub fn base(&self) -> &str {
        self.base_table.as_deref().unwrap_or(&self.name)
    }

    fn tables(&self) -> impl Iterator<Item = (&str, &Table)> {
        let all = self.tables.iter().flatten();
        all.map(|(alias, table)| (alias.as_str(), table))
    }

    fn table(&self, alias: &str) -> Option<&Table> {
        self.tables.as_ref()?.get(alias)
    }

    /// Every table by its alias, and the model that it is.
    pub fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tables()
            .map(|(alias, table)| (alias, table.original_name.as_deref().unwrap_or(alias)))
    }

    /// The model of a table.
    pub fn model_of(&self, alias: &str) -> Option<&str> {
        let mut all = self.models();
        all.find(|(own, _)| *own == alias).map(|(_, model)| model)
    }

    /// The names of a table's fields.
    pub fn names_in(&self, alias: &str) -> impl Iterator<Item = &str> {
        let table = self.table(alias).into_iter();
        table.flat_map(|table| table.fields().map(|(_, name)| name))
    }

    /// Whether a table has a field.
    pub fn has_name(&self, alias: &str, name: &str) -> bool {
        self.names_in(alias).any(|one| one == name)
    }

    /// The table and the name of the field with an id.
    pub fn field(&self, id: &str) -> Option<(&str, &str)> {
        self.tables().find_map(|(alias, table)| {
            let rest = id.strip_prefix(alias)?.strip_prefix('_')?;
            let mut names = table.fields().map(|(_, name)| name);
            let same = |name: &&str| *name == rest || name.replace('.', "__") == rest;
            Some((alias, names.find(same)?))
        })
    }

    /// The ids of every table's fields.
    pub fn ids(&self) -> BTreeMap<String, Vec<String>> {
        let ids = |alias: &str, table: &Table| -> Vec<String> {
            let names = table.fields().map(|(_, name)| name);
            names.map(|name| field_id(alias, name)).collect()
        };
        self.tables()
            .map(|(alias, table)| (alias.to_owned(), ids(alias, table)))
            .collect()
    }
}

/// What an explore has, to be looked up.
#[derive(Debug, Default)]
pub struct Fields {
    dimensions: HashSet<String>,
    metrics: HashSet<String>,
    /// Which of the tables a reference means: by alias, by name, by model.
    tables: HashMap<String, usize>,
    /// What references call the fields of each table, in lower case: letter case does not matter to them.
    names: Vec<HashSet<String>>,
}

impl From<&Sketch> for Fields {
    fn from(sketch: &Sketch) -> Self {
        let mut all = Self::default();
        for (at, (alias, table)) in sketch.tables().enumerate() {
            let dimensions = table.dimensions();
            all.dimensions
                .extend(dimensions.map(|(_, name)| field_id(alias, name)));
            let metrics = table.metrics();
            all.metrics
                .extend(metrics.map(|(_, name)| field_id(alias, name)));
            let both = table.fields().flat_map(|(key, name)| [key, name]);
            all.names.push(both.map(str::to_lowercase).collect());
            all.tables.insert(alias.to_owned(), at);
        }
        for (at, (_, table)) in sketch.tables().enumerate() {
            let others = table.name.iter().chain(&table.original_name);
            for other in others {
                all.tables.entry(other.clone()).or_insert(at);
            }
        }
        all
    }
}

impl Fields {
    /// Whether there is a dimension with an id.
    pub fn has_dimension(&self, id: &str) -> bool {
        self.dimensions.contains(id)
    }

    /// Whether there is a metric with an id.
    pub fn has_metric(&self, id: &str) -> bool {
        self.metrics.contains(id)
    }

    /// Whether there is a dimension or a metric with an id.
    pub fn has(&self, id: &str) -> bool {
        self.has_dimension(id) || self.has_metric(id)
    }

    /// Whether `${table.field}` means something.
    pub fn has_reference(&self, table: &str, field: &str) -> bool {
        let names = self.tables.get(table).and_then(|at| self.names.get(*at));
        names.is_some_and(|names| names.contains(&field.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_found_by_ids_and_by_references_through_aliases() {
        let explore = json!({
            "name": "payments", "baseTable": "payments", "label": "L", "tags": null,
            "tables": {
                "payments": { "name": "payments", "dimensions": { "ID": { "name": "id", "sql": "x" }, "a.b": { "name": "a.b" } }, "metrics": {} },
                "buyer": { "name": "buyer", "originalName": "customers", "dimensions": { "name": {} }, "metrics": { "n": { "name": "n" } } },
            },
        });
        let sketch = Sketch::read(&explore.to_string()).unwrap();
        let fields = Fields::from(&sketch);
        assert!(fields.has_dimension("payments_id") && fields.has_dimension("payments_a__b"));
        assert!(fields.has_metric("buyer_n") && !fields.has("customers_n"));
        assert!(fields.has_reference("customers", "N") && fields.has_reference("payments", "Id"));
        assert!(!fields.has_reference("payments", "n") && !fields.has_reference("x", "id"));
        assert_eq!(sketch.field("payments_a__b"), Some(("payments", "a.b")));
        assert_eq!(sketch.model_of("buyer"), Some("customers"));
        assert!(Sketch::read("[]").is_err() && Sketch::read(r#"{"name":"x"}"#).is_err());
        let kept = serde_json::to_string(&sketch).unwrap();
        assert_eq!(Sketch::read(&kept).unwrap().ids(), sketch.ids());
        assert!(!kept.contains("sql"));
    }
}
