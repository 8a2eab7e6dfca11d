//! What has another name now, as one explore sees it.

use std::collections::HashMap;

use semantic::MetricQuery;

use crate::validate::fields::{Sketch, field_id};

/// Old names and new ones. Ids are known ids, whole; nothing is ever searched for inside of a text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    explore: Option<(String, String)>,
    tables: HashMap<String, String>,
    ids: HashMap<String, String>,
    /// By table and field, as references name them.
    references: HashMap<String, HashMap<String, (String, String)>>,
}

impl Names {
    /// A model with these fields.
    pub(super) fn of_model<'a>(
        from: &str,
        to: &str,
        fields: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let fields = fields.into_iter();
        Self {
            explore: Some((from.to_owned(), to.to_owned())),
            tables: HashMap::from([(from.to_owned(), to.to_owned())]),
            ids: fields
                .map(|name| (field_id(from, name), field_id(to, name)))
                .collect(),
            references: HashMap::new(),
        }
    }

    /// A field of a table, which references may also call by its model.
    #[cfg(test)]
    pub(super) fn of_field(alias: &str, model: &str, from: &str, to: &str) -> Self {
        let mut names = Self::default();
        names.add_field(alias, model, from, to);
        names
    }

    /// A field whose id is another one's now, maybe of another table.
    pub(super) fn of_ids(
        (from_id, from): (&str, Option<(&str, &str)>),
        (to_id, to): (&str, (&str, &str)),
    ) -> Self {
        let mut names = Self::default();
        names.ids.insert(from_id.to_owned(), to_id.to_owned());
        if let Some((table, field)) = from {
            names.refer(table, field, to);
        }
        names
    }

    fn add_field(&mut self, alias: &str, model: &str, from: &str, to: &str) {
        self.ids.insert(field_id(alias, from), field_id(alias, to));
        self.refer(alias, from, (alias, to));
        if alias != model {
            self.refer(model, from, (model, to));
        }
    }

    fn refer(&mut self, table: &str, field: &str, (new_table, new): (&str, &str)) {
        let fields = self.references.entry(table.to_owned()).or_default();
        fields.insert(field.to_owned(), (new_table.to_owned(), new.to_owned()));
    }

    /// What a model that has another name changes in an explore: itself, or one that joins it, before or after it was
    /// deployed with the new name. None where it changes nothing.
    pub(super) fn model_in(
        explore: &str,
        sketches: &[&Sketch],
        (from, to): (&str, &str),
    ) -> Option<Self> {
        // Charts may go by the new name before it is deployed.
        let is_new = explore == to && sketches.iter().all(|sketch| sketch.name != explore);
        let mut known = explore == from || is_new;
        let mut fields = Vec::new();
        for sketch in sketches {
            for name in [from, to] {
                if sketch.model_of(name) == Some(name) {
                    // Others are read for their fields only.
                    known |= sketch.name == explore;
                    fields.extend(sketch.names_in(name));
                }
            }
        }
        known.then(|| Self::of_model(from, to, fields))
    }

    /// What a field of a model that has another name changes in an explore: under each alias that the model has there.
    pub(super) fn field_in(sketch: &Sketch, model: &str, (from, to): (&str, &str)) -> Option<Self> {
        let mut names = Self::default();
        for (alias, own) in sketch.models().filter(|(_, own)| *own == model) {
            names.add_field(alias, own, from, to);
        }
        (!names.ids.is_empty()).then_some(names)
    }

    /// The same, and the ids of a query's own metrics, which hang on their tables' names: it does not matter whether the query
    /// has the old ones or the new ones. None where it has no such metric.
    pub(super) fn with_own(&self, query: &MetricQuery) -> Option<Self> {
        let mut own = Self::default();
        for metric in query.additional_metrics.iter().flatten() {
            for (from, to) in &self.tables {
                if metric.table == *from || metric.table == *to {
                    let [old, new] = [from, to].map(|table| field_id(table, &metric.name));
                    own.ids.insert(old, new);
                }
            }
        }
        if own.ids.is_empty() {
            return None;
        }
        own.merge(self);
        Some(own)
    }

    /// Takes over what is not known yet.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.explore.is_none() {
            self.explore.clone_from(&other.explore);
        }
        for (from, to) in &other.tables {
            self.tables.entry(from.clone()).or_insert(to.clone());
        }
        for (from, to) in &other.ids {
            self.ids.entry(from.clone()).or_insert(to.clone());
        }
        for (table, fields) in &other.references {
            let own = self.references.entry(table.clone()).or_default();
            for (field, new) in fields {
                own.entry(field.clone()).or_insert(new.clone());
            }
        }
    }

    /// The new name of an explore.
    pub(super) fn explore(&self, name: &str) -> Option<&str> {
        let (from, to) = self.explore.as_ref()?;
        (from == name).then_some(to.as_str())
    }

    /// The new name of a table.
    pub(super) fn table(&self, name: &str) -> Option<&str> {
        self.tables.get(name).map(String::as_str)
    }

    /// The new id of a field.
    pub(super) fn id(&self, id: &str) -> Option<&str> {
        self.ids.get(id).map(String::as_str)
    }

    /// The new table and name of what a reference names.
    pub(super) fn reference<'a>(
        &'a self,
        table: &str,
        field: &'a str,
    ) -> Option<(&'a str, &'a str)> {
        let fields = self.references.get(table);
        if let Some((table, field)) = fields.and_then(|fields| fields.get(field)) {
            return Some((table.as_str(), field.as_str()));
        }
        Some((self.table(table)?, field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sketch(name: &str, tables: &serde_json::Value) -> Sketch {
        let explore = json!({ "name": name, "baseTable": name, "tables": tables });
        Sketch::read(&explore.to_string()).unwrap()
    }

    #[test]
    fn only_known_ids_of_the_model_itself_get_another_name() {
        let orders = sketch(
            "orders",
            &json!({
                "orders": { "name": "orders", "dimensions": { "id": { "name": "id" } } },
                "payment": { "name": "payment", "dimensions": { "id": { "name": "id" }, "id_x": { "name": "id_x" } } },
                "payment_method": { "name": "payment_method", "dimensions": { "name": { "name": "name" } } },
                "payments": { "name": "payments", "originalName": "payment", "dimensions": { "id": { "name": "id" } } },
            }),
        );
        let names = Names::model_in("orders", &[&orders], ("payment", "pay")).unwrap();
        assert_eq!(names.id("payment_id"), Some("pay_id"));
        assert_eq!(names.id("payment_id_x"), Some("pay_id_x"));
        for stays in [
            "payments_id",
            "payment_method_name",
            "payment_unknown",
            "payment",
            "payment_",
        ] {
            assert_eq!(names.id(stays), None, "{stays}");
        }
        assert_eq!(names.table("payments"), None);
        // An alias that is called like the model is another one.
        let other = sketch(
            "o",
            &json!({ "payment": { "originalName": "x", "dimensions": { "id": { "name": "id" } } } }),
        );
        assert!(Names::model_in("o", &[&other], ("payment", "pay")).is_none());
    }

    #[test]
    fn a_field_has_another_name_under_every_alias_of_its_model() {
        let orders = sketch(
            "orders",
            &json!({
                "buyer": { "originalName": "customers", "dimensions": {} }, "payer": { "originalName": "customers", "dimensions": {} },
                "customers_x": { "dimensions": {} },
            }),
        );
        let names = Names::field_in(&orders, "customers", ("name", "full_name")).unwrap();
        assert_eq!(names.id("buyer_name"), Some("buyer_full_name"));
        assert_eq!(names.id("payer_name"), Some("payer_full_name"));
        assert_eq!(names.id("customers_x_name"), None);
        assert_eq!(
            names.reference("customers", "name"),
            Some(("customers", "full_name"))
        );
        assert!(Names::field_in(&orders, "customers_x_y", ("a", "b")).is_none());
    }
}
