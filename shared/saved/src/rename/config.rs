//! Renaming in how a chart is drawn. The options are the client's own: a text that is an id, or a key that is one, is renamed
//! where options name fields, and never where they hold words or values.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{query::Rewriter, vega};

/// What holds words, or values of rows.
const WORDS: [&str; 15] = [
    "color",
    "content",
    "description",
    "groupSortOverrides",
    "html",
    "label",
    "name",
    "prefix",
    "rightName",
    "suffix",
    "text",
    "title",
    "value",
    "valueLabel",
    "values",
];
/// What has fields for keys, and words for values.
const WORDS_BY_FIELD: [&str; 2] = ["colorOverrides", "labelOverrides"];
/// What has values of rows for keys, and words for values.
const BY_VALUE: [&str; 3] = [
    "groupColorOverrides",
    "groupLabelOverrides",
    "groupValueOptionOverrides",
];
/// What names a table.
const TABLES: [&str; 2] = ["table", "tableName"];

/// Whether a value is words or values, by what it is called.
fn is_word(name: &str, value: &Value) -> bool {
    WORDS.contains(&name) && !value.is_object()
}

impl Rewriter<'_> {
    /// Renames in `{type, config}`.
    pub(super) fn config(&mut self, config: &mut Value) {
        self.is_vega = config["type"] == "custom";
        self.series(config);
        self.walk("chartConfig", "", config);
    }

    /// A column of a turned table is called by its field, and by the fields and values that it stands for: what each such name
    /// is now.
    fn series(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.series(item)),
            Value::Object(object) => {
                if let Some((old, new)) = self.turned(object) {
                    self.own.insert(old, new);
                }
                object.values().for_each(|value| self.series(value));
            }
            _ => {}
        }
    }

    /// `{field, pivotValues: [{field, value}]}`: the column's name before and after, where that is another one.
    fn turned(&self, object: &Map<String, Value>) -> Option<(String, String)> {
        let field = object.get("field")?.as_str()?;
        let values = object.get("pivotValues")?.as_array()?;
        let (mut old, mut new) = (field.to_owned(), self.now(field));
        for one in values {
            let field = one["field"].as_str()?;
            let value = match &one["value"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            old.push_str(&format!(".{field}.{value}"));
            new.push_str(&format!(".{}.{value}", self.now(field)));
        }
        (old != new && !values.is_empty()).then_some((old, new))
    }

    fn now(&self, id: &str) -> String {
        self.new_id(id).unwrap_or_else(|| id.to_owned())
    }

    /// `key` is what the value is called in its object.
    pub(super) fn walk(&mut self, place: &str, key: &str, value: &mut Value) {
        match value {
            Value::String(text) if TABLES.contains(&key) => self.table(place, text),
            Value::String(text) if key == "tooltip" => self.tooltip(place, text),
            Value::String(text) => {
                self.id(place, text);
                if self.is_vega {
                    let new = vega::rename(key, text, |id| self.new_id(id));
                    self.put(place.to_owned(), text, new);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    self.walk(&format!("{place}[{at}]"), key, item);
                }
            }
            Value::Object(object) if !BY_VALUE.contains(&key) => self.object(place, key, object),
            _ => {}
        }
    }

    fn object(&mut self, place: &str, key: &str, object: &mut Map<String, Value>) {
        let of_words = WORDS_BY_FIELD.contains(&key);
        let known = std::mem::take(object);
        for (mut name, mut value) in known {
            let place = format!("{place}.{name}");
            if !is_word(&name, &value) && !of_words {
                self.walk(&place, &name, &mut value);
            }
            self.id(place, &mut name);
            object.insert(name, value);
        }
    }

    /// Renames in what else clients keep with a part of a query, as in options; keys stay.
    pub(super) fn kept(&mut self, place: &str, rest: &mut IndexMap<String, Value>) {
        for (name, value) in rest {
            if !is_word(name, value) {
                self.walk(&format!("{place}.{name}"), name, value);
            }
        }
    }

    /// HTML with `${id}` in it.
    fn tooltip(&mut self, place: &str, text: &mut String) {
        use semantic::reference::{Piece, pieces};
        let mut out = String::with_capacity(text.len());
        let mut changed = false;
        let mut rest = text.as_str();
        for piece in pieces(text) {
            let (written, new) = match piece {
                Piece::Text(text) => (text.len(), None),
                Piece::Table => ("${TABLE}".len(), None),
                Piece::Attribute { whole, .. } | Piece::Email { whole } => (whole.len(), None),
                Piece::Bad(inside) => (inside.len() + 3, None),
                Piece::Field { table, field } => {
                    let length = table.map_or(0, |table| table.len() + 1) + field.len() + 3;
                    let new = if table.is_none() {
                        self.new_id(field)
                    } else {
                        None
                    };
                    (length, new)
                }
            };
            let (same, after) = rest.split_at_checked(written).unwrap_or((rest, ""));
            rest = after;
            changed |= new.is_some();
            match new {
                Some(new) => out.push_str(&format!("${{{new}}}")),
                None => out.push_str(same),
            }
        }
        if changed {
            *text = out;
            self.places.push(place.to_owned());
        }
    }
}
