//! Where two documents differ.

use std::collections::BTreeSet;

use app::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::equal;

/// Places that are told at most.
const MOST_PLACES: usize = 100;
/// Bytes of a value that is told whole; of a longer one, so many characters of its JSON are.
const LONGEST_VALUE: usize = 500;
/// What a document says of itself.
const BESIDE: [&str; 3] = ["updatedAt", "downloadedAt", "version"];

/// A place of a document that is changed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChangedPlace {
    /// A JSON pointer.
    pub path: String,
    /// Absent where nothing was. A long value is cut: the beginning of its JSON, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Absent where nothing is any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// The places of a document that are changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedPlaces {
    pub places: Vec<ChangedPlace>,
    /// Whether there are more places than are told.
    pub places_cut: bool,
}

/// Where a document differs from another one: innermost places, by name and by number.
///
/// # Errors
/// `Internal` when one cannot be written.
pub fn changed<T: Serialize>(before: &T, after: &T) -> Result<ChangedPlaces> {
    let json = |document: &T| {
        let json = serde_json::to_value(document);
        let mut json = json.map_err(|error| Error::Internal(error.into()))?;
        if let Value::Object(fields) = &mut json {
            fields.retain(|name, _| !BESIDE.contains(&name.as_str()));
        }
        Ok::<_, Error>(json)
    };
    let (before, after) = (json(before)?, json(after)?);
    let mut found = ChangedPlaces::default();
    found.compare("", Some(&before), Some(&after));
    Ok(found)
}

impl ChangedPlaces {
    fn compare(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        if self.places_cut {
            return;
        }
        match (before, after) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                self.compare_fields(path, before, after);
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) => {
                self.compare_items(path, before, after);
            }
            (Some(before), Some(after)) if equal(before, after) => {}
            (None, None) => {}
            _ if self.places.len() == MOST_PLACES => self.places_cut = true,
            _ => self.places.push(ChangedPlace {
                path: path.to_owned(),
                before: before.map(cut),
                after: after.map(cut),
            }),
        }
    }

    fn compare_fields(
        &mut self,
        path: &str,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) {
        let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for name in names {
            let step = name.replace('~', "~0").replace('/', "~1");
            let path = format!("{path}/{step}");
            self.compare(&path, before.get(name), after.get(name));
        }
    }

    /// What is the same at both ends has only moved.
    fn compare_items(&mut self, path: &str, before: &[Value], after: &[Value]) {
        let pairs = before.iter().zip(after);
        let start = pairs.take_while(|(a, b)| equal(a, b)).count();
        let rests = (before.iter().skip(start), after.iter().skip(start));
        let pairs = rests.0.rev().zip(rests.1.rev());
        let end = pairs.take_while(|(a, b)| equal(a, b)).count();
        let (olds, news) = (before.len() - end, after.len() - end);
        for at in start..olds.max(news) {
            let old = before.get(at).filter(|_| at < olds);
            let new = after.get(at).filter(|_| at < news);
            self.compare(&format!("{path}/{at}"), old, new);
        }
    }
}

fn cut(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= LONGEST_VALUE {
        return value.clone();
    }
    let begin: String = text.chars().take(LONGEST_VALUE).collect();
    json!(format!("{begin}…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: Value, after: Value) -> Value {
        json!(changed(&before, &after).unwrap().places)
    }

    #[test]
    fn the_innermost_places_are_told() {
        let before = json!({
            "same": { "a": 1.0 }, "changed": { "deep": [1, { "b": "x" }] }, "gone": null, "a/b~c": 1, "updatedAt": "1",
        });
        let after = json!({
            "same": { "a": 1 }, "changed": { "deep": [1, { "b": "y" }] }, "new": [2], "a/b~c": 2, "updatedAt": "2",
        });
        let expected = json!([
            { "path": "/a~1b~0c", "before": 1, "after": 2 },
            { "path": "/changed/deep/1/b", "before": "x", "after": "y" },
            { "path": "/gone", "before": null },
            { "path": "/new", "after": [2] },
        ]);
        assert_eq!(told(before.clone(), after), expected);
        assert_eq!(told(before.clone(), before), json!([]));
    }

    #[test]
    fn what_comes_into_a_list_or_goes_changes_nothing_behind_it() {
        let (short, long) = (json!(["a", "c"]), json!(["a", "b", "c"]));
        let expected = json!([{ "path": "/1", "after": "b" }]);
        assert_eq!(told(short.clone(), long.clone()), expected);
        let expected = json!([{ "path": "/1", "before": "b" }]);
        assert_eq!(told(long, short), expected);
        let expected = json!([{ "path": "/1", "after": "a" }]);
        assert_eq!(told(json!(["a"]), json!(["a", "a"])), expected);
    }

    #[test]
    fn there_is_an_end_to_places_and_values() {
        let list = |value: &str| json!(vec![json!({ "a": value }); 101]);
        let found = changed(&list("x"), &list("y")).unwrap();
        assert_eq!((found.places.len(), found.places_cut), (100, true));
        let found = changed(&list("x").as_array().unwrap()[..100].to_vec(), &Vec::new());
        assert!(!found.unwrap().places_cut);
        let long = "é".repeat(1_000);
        let found = told(json!({ "a": long }), json!({ "a": 1 }));
        let before = found[0]["before"].as_str().unwrap();
        assert!(before.starts_with("\"éé") && before.ends_with('…'));
        assert_eq!(before.chars().count(), 501);
    }
}
