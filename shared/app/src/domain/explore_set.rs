//! The explores of a project: what of each is known without its body, and how a deploy is read.

use std::{collections::BTreeMap, fmt};

use semantic::{
    Explore,
    explore::{ExploreError, ExploreType, RequiredAttributes, Table},
};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{
    Error, Result,
    error::{FieldError, Fields},
};

/// The list of a project's explores is kept in so many parts by name: a deploy writes those that change.
pub const SHARDS: usize = 64;
/// Explores of one project; the parts of the list stay far below what an item holds.
pub const MOST_EXPLORES: usize = 50_000;
/// A name longer than any that a warehouse allows.
const LONGEST_NAME: usize = 500;
/// Bytes of what a list says of one explore: its label, tags, description and errors.
const LONGEST_ENTRY: usize = 64 * 1024;
/// How many things that are wrong with a deploy are told.
const MOST_ERRORS: usize = 100;

/// What content is called by: the SHA-256 of its bytes, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(String);

impl ContentHash {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The base table of an explore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseTable {
    pub name: String,
    pub label: String,
    #[serde(default)]
    pub hidden: bool,
}

/// What is known of an explore without reading it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub name: String,
    /// Lists are in the order of labels.
    pub label: String,
    pub body: ContentHash,
    /// How it stands in a list, ready to be answered.
    pub summary: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What the base table requires of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<RequiredAttributes>,
    /// Whether anything of it depends on who asks.
    #[serde(default)]
    pub personal: bool,
    /// Made of a SQL query here, and not deployed.
    #[serde(default)]
    pub is_virtual: bool,
    /// Cannot be asked anything; it says why.
    #[serde(default)]
    pub is_error: bool,
    /// The base table, where it is hidden or not called as the explore is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseTable>,
    /// Whether the base table has a metric that is not hidden. Lists of earlier releases do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_metrics: Option<bool>,
}

/// As much of a summary as searches need.
#[derive(Default, Deserialize)]
struct Described {
    #[serde(default)]
    description: Option<String>,
}

impl Entry {
    /// Which part of the list a name belongs to.
    pub fn shard(name: &str) -> usize {
        let first = Sha256::digest(name.as_bytes()).first().copied();
        usize::from(first.unwrap_or_default()) % SHARDS
    }

    /// Name and label of the base table, unless it is hidden.
    pub fn base_table(&self) -> Option<(&str, &str)> {
        match &self.base {
            Some(base) if base.hidden => None,
            Some(base) => Some((base.name.as_str(), base.label.as_str())),
            None => Some((self.name.as_str(), self.label.as_str())),
        }
    }

    /// The description of the base table.
    pub fn description(&self) -> Option<String> {
        let summary: Described = serde_json::from_str(self.summary.get()).unwrap_or_default();
        summary.description
    }

    /// Bytes of what it says, as good as exact.
    fn said(&self) -> usize {
        let required = self.required.iter().flatten();
        let required = required.map(|(name, values)| {
            name.len() + values.as_slice().iter().map(String::len).sum::<usize>()
        });
        let tags = self.tags.iter().map(String::len);
        let base = self.base.as_ref();
        let base = base.map_or(0, |base| base.name.len() + base.label.len());
        let told = self.label.len() + self.summary.get().len() + base;
        told + tags.sum::<usize>() + required.sum::<usize>()
    }
}

/// An explore of a deploy, as it was sent.
#[derive(Debug)]
pub struct Given<'a> {
    pub entry: Entry,
    pub body: &'a [u8],
}

/// What tells an explore from an explore error.
#[derive(Default, Deserialize)]
struct Probe<'a> {
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
}

/// Where an array of explores belongs, there is something else.
pub fn no_array(_: serde_json::Error) -> Error {
    let message = "invalid array value".into();
    let field = FieldError {
        message,
        value: None,
    };
    Error::Malformed(Fields::from([("body".to_owned(), field)]))
}

/// Reads the explores of a deploy: explores and explore errors. Of several with one name the last one counts.
///
/// # Errors
/// `InvalidFields` with everything that is wrong with them; `Invalid` when they are too many.
pub fn read_explores(elements: Vec<&RawValue>) -> Result<Vec<Given<'_>>> {
    if elements.len() > MOST_EXPLORES {
        return Err(Error::invalid(format!(
            "A project has at most {MOST_EXPLORES} explores"
        )));
    }
    let mut wrong = Fields::new();
    let mut given: BTreeMap<String, Given<'_>> = BTreeMap::new();
    for (at, element) in elements.into_iter().enumerate() {
        match read_explore(element) {
            Ok(one) => {
                given.insert(one.entry.name.clone(), one);
            }
            Err(message) if wrong.len() < MOST_ERRORS => {
                let field = FieldError {
                    message,
                    value: None,
                };
                wrong.insert(format!("body[{at}]"), field);
            }
            Err(_) => break,
        }
    }
    if wrong.is_empty() {
        Ok(given.into_values().collect())
    } else {
        Err(Error::InvalidFields(
            "Some explores of the deploy cannot be read; nothing was stored".into(),
            wrong,
        ))
    }
}

/// One of them; the error is a sentence.
fn read_explore(element: &RawValue) -> std::result::Result<Given<'_>, String> {
    let text = element.get();
    let told = |error: serde_json::Error| error.to_string();
    if !text.starts_with('{') {
        return Err("an explore is an object".to_owned());
    }
    // Whatever is in it can be read as a whole: a reader leaves parts of it out.
    serde_json::from_str::<Readable>(text).map_err(told)?;
    // Most have nothing of that name, and are not read twice.
    let probe: Probe<'_> = if text.contains("\"errors\"") || is_escaped(text) {
        serde_json::from_str(text).map_err(told)?
    } else {
        Probe::default()
    };
    let body = ContentHash::of(text.as_bytes());
    let entry = if probe.errors.is_some() {
        let error: ExploreError = serde_json::from_str(text).map_err(told)?;
        error_entry(&error, body)?
    } else {
        let explore = Explore::from_json(text).map_err(told)?;
        explore_entry(&explore, text, body)?
    };
    if entry.name.trim().is_empty()
        || entry.name.len() > LONGEST_NAME
        || entry.name.chars().any(char::is_control)
    {
        return Err(format!(
            "an explore has a name of 1 to {LONGEST_NAME} bytes without control characters"
        ));
    }
    if entry.said() > LONGEST_ENTRY {
        return Err(format!(
            "label, tags, description and errors of an explore have at most {LONGEST_ENTRY} bytes together"
        ));
    }
    Ok(Given {
        entry,
        body: text.as_bytes(),
    })
}

/// Whether letters of ASCII may be written as escapes, so that looking for words in it is not enough.
pub fn is_escaped(text: &str) -> bool {
    text.match_indices("\\u00")
        .any(|(at, found)| matches!(text.as_bytes().get(at + found.len()), Some(b'0'..=b'7')))
}

/// JSON that can be read into values: strings are text, numbers are in range, and it is not nested too deeply.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Readable)
    }
}

impl<'de> serde::de::Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> std::result::Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(
        self,
        mut all: A,
    ) -> std::result::Result<Self, A::Error> {
        while all.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(
        self,
        mut all: A,
    ) -> std::result::Result<Self, A::Error> {
        while all.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

fn raw(value: &serde_json::Value) -> std::result::Result<Box<RawValue>, String> {
    RawValue::from_string(value.to_string()).map_err(|error| error.to_string())
}

fn error_entry(error: &ExploreError, body: ContentHash) -> std::result::Result<Entry, String> {
    let tags = error.tags.clone().unwrap_or_default();
    let label = if error.label.is_empty() {
        &error.name
    } else {
        &error.label
    };
    let mut summary =
        json!({ "name": error.name, "label": label, "tags": tags, "errors": error.errors });
    if let (Some(group), Some(object)) = (&error.group_label, summary.as_object_mut()) {
        object.insert("groupLabel".into(), json!(group));
    }
    Ok(Entry {
        name: error.name.clone(),
        label: label.clone(),
        body,
        summary: raw(&summary)?,
        tags,
        required: error.required_attributes().cloned(),
        personal: false,
        is_virtual: false,
        is_error: true,
        base: None,
        has_metrics: Some(false),
    })
}

fn explore_entry(
    explore: &Explore,
    text: &str,
    body: ContentHash,
) -> std::result::Result<Entry, String> {
    let Some(base) = explore.tables.get(&explore.base_table) else {
        return Err(format!(
            "its base table \"{}\" is not among its tables",
            explore.base_table
        ));
    };
    if let Some(join) = explore
        .joined_tables
        .iter()
        .find(|join| !explore.tables.contains_key(&join.table))
    {
        return Err(format!(
            "its joined table \"{}\" is not among its tables",
            join.table
        ));
    }
    let is_virtual = explore.explore_type == Some(ExploreType::Virtual);
    let mut summary = json!({
        "name": explore.name, "label": explore.label, "tags": explore.tags, "databaseName": base.database, "schemaName": base.schema,
        "type": if is_virtual { "virtual" } else { "default" },
    });
    if let Some(object) = summary.as_object_mut() {
        let group = explore.group_label.as_ref();
        object.extend(group.map(|group| ("groupLabel".to_owned(), json!(group))));
        let about = base.description.as_ref();
        object.extend(about.map(|about| ("description".to_owned(), json!(about))));
    }
    let tables = explore.tables.values();
    let requires = tables.clone().any(|table| {
        table.required_attributes.is_some()
            || table
                .dimensions
                .values()
                .any(|one| one.required_attributes.is_some())
            || table
                .metrics
                .values()
                .any(|one| one.required_attributes.is_some())
    });
    Ok(Entry {
        name: explore.name.clone(),
        label: explore.label.clone(),
        body,
        summary: raw(&summary)?,
        tags: explore.tags.clone(),
        required: base.required_attributes.clone(),
        personal: requires
            || text.contains("${lightdash.")
            || text.contains("${ld.")
            || is_escaped(text),
        is_virtual,
        is_error: false,
        base: other_base(explore, base),
        has_metrics: Some(base.metrics.values().any(|metric| !metric.hidden)),
    })
}

/// The base table, where the explore does not say already what is to be known of it.
fn other_base(explore: &Explore, base: &Table) -> Option<BaseTable> {
    let hidden = base.hidden == Some(true);
    let is_same = base.name == explore.name && base.label == explore.label;
    (hidden || !is_same).then(|| BaseTable {
        name: base.name.clone(),
        label: base.label.clone(),
        hidden,
    })
}

/// Where a project's list is: the hash of each part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shards(pub Vec<Option<ContentHash>>);

/// The state of a session in which explores are deployed in batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeployStatus {
    Uploading,
    Completed,
}
