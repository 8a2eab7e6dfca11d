//! Reading the `lightdash` meta: plain JSON, of which each entry is checked where it is used, and every problem has a place.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::value::{Mapping, Meta};
use crate::error::closest;
use crate::explore::{InlineError, InlineErrorType, OneOrMany, RequiredAttributes};

/// What is wrong with a model. The same is not said twice, and not more than a few things are.
#[derive(Debug, Default)]
pub(super) struct Problems {
    told: Vec<InlineError>,
    /// Also those that are not told.
    count: usize,
}

impl Problems {
    /// How many are told.
    const MOST: usize = 20;

    /// What is written is wrong.
    pub(super) fn parse(&mut self, message: String) {
        self.add(InlineErrorType::MetadataParseError, message);
    }

    /// What is written cannot be compiled.
    pub(super) fn compile(&mut self, message: String) {
        self.add(InlineErrorType::NoDimensionsFound, message);
    }

    fn add(&mut self, error_type: InlineErrorType, message: String) {
        self.count += 1;
        if self.told.len() < Self::MOST && self.told.iter().all(|one| one.message != message) {
            self.told.push(InlineError {
                error_type,
                message,
            });
        }
    }

    /// How many there are: more than before means that what was read since is not what it should be.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What is told of them.
    pub(super) fn told(&self) -> &[InlineError] {
        &self.told
    }
}

/// A place in a model: `columns.status.meta.metrics.n`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    name: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn top(name: &'a str) -> Self {
        Self { above: None, name }
    }

    pub(super) fn at(&'a self, name: &'a str) -> Place<'a> {
        Place {
            above: Some(self),
            name,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(f, "{above}.")?;
        }
        f.write_str(self.name)
    }
}

/// The meta of a model or a column: that of `config` wins, key by key.
pub(super) fn overlay(
    meta: Option<&RawValue>,
    config: Option<&RawValue>,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Mapping {
    let mut read = |raw: Option<&RawValue>| match raw.map(|raw| serde_json::from_str(raw.get())) {
        None | Some(Ok(Meta::Null)) => Mapping::new(),
        Some(Ok(Meta::Mapping(map))) => map,
        Some(Ok(_) | Err(_)) => {
            problems.parse(format!("{place} has to be a mapping"));
            Mapping::new()
        }
    };
    if let (Some(one), Some(other)) = (meta, config)
        && one.get() == other.get()
    {
        return read(meta);
    }
    let mut base = read(meta);
    base.extend(read(config));
    base
}

/// A mapping of the meta, and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    pub map: &'a Mapping,
    pub place: Place<'a>,
}

impl<'a> Section<'a> {
    /// What is there; null is as good as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'a Meta> {
        self.map.get(key).filter(|value| **value != Meta::Null)
    }

    fn wrong<T>(&self, key: &str, wanted: &str, problems: &mut Problems) -> Option<T> {
        problems.parse(format!("{}.{key} has to be {wanted}", self.place));
        None
    }

    /// Text; numbers and truth values are taken as such.
    pub(super) fn text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        match self.get(key)?.scalar() {
            Some(text) => Some(text),
            None => self.wrong(key, "text", problems),
        }
    }

    /// Text that has something in it.
    pub(super) fn filled(&self, key: &str, problems: &mut Problems) -> Option<String> {
        self.text(key, problems).filter(|text| !text.is_empty())
    }

    /// One of several words, in any case.
    pub(super) fn word<T>(
        &self,
        key: &str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<T>
    where
        T: Copy,
    {
        let text = self.text(key, problems)?;
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text));
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = match closest(&text, names.iter().copied()) {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => format!("one of {} is", names.join(", ")),
        };
        problems.parse(format!("{}.{key} cannot be \"{text}\"; {hint}", self.place));
        None
    }

    /// Whether something is said and not false.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        Some(match self.get(key)? {
            Meta::Bool(value) => *value,
            Meta::Text(text) => !text.is_empty() && !text.eq_ignore_ascii_case("false"),
            Meta::Number(number) => number.as_f64() != Some(0.0),
            _ => true,
        })
    }

    /// One text or several.
    pub(super) fn texts(&self, key: &str, problems: &mut Problems) -> Option<Vec<String>> {
        match self.get(key)?.texts() {
            Some(texts) => Some(texts),
            None => self.wrong(key, "text, or a list of it", problems),
        }
    }

    /// A mapping.
    pub(super) fn map(&self, key: &str, problems: &mut Problems) -> Option<&'a Mapping> {
        match self.get(key)? {
            Meta::Mapping(map) => Some(map),
            _ => self.wrong(key, "a mapping", problems),
        }
    }

    /// A list.
    pub(super) fn list(&self, key: &str, problems: &mut Problems) -> Option<&'a [Meta]> {
        match self.get(key)? {
            Meta::List(list) => Some(list),
            _ => self.wrong(key, "a list", problems),
        }
    }

    /// A number.
    pub(super) fn number(&self, key: &str, problems: &mut Problems) -> Option<f64> {
        let number = match self.get(key)? {
            Meta::Number(number) => number.as_f64(),
            Meta::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Some(number),
            None => self.wrong(key, "a number", problems),
        }
    }

    /// Whatever is there, if it is a mapping.
    pub(super) fn mapping(&self, key: &str, problems: &mut Problems) -> Option<Value> {
        let value = self.get(key)?;
        self.map(key, problems).map(|_| value.to_json())
    }

    /// Whatever is there, if it is a list.
    pub(super) fn values(&self, key: &str, problems: &mut Problems) -> Option<Value> {
        let value = self.get(key)?;
        self.list(key, problems).map(|_| value.to_json())
    }

    /// The same, if it is a number.
    pub(super) fn numeric(&self, key: &str, problems: &mut Problems) -> Option<Value> {
        let value = self.get(key)?;
        self.number(key, problems).map(|_| value.to_json())
    }

    /// `groups`, or the older `group_label`.
    pub(super) fn groups(&self, problems: &mut Problems) -> Vec<String> {
        self.texts("groups", problems)
            .or_else(|| {
                self.filled("group_label", problems)
                    .map(|group| vec![group])
            })
            .unwrap_or_default()
    }

    /// Values of user attributes, by attribute.
    pub(super) fn required_attributes(
        &self,
        problems: &mut Problems,
    ) -> Option<RequiredAttributes> {
        let key = "required_attributes";
        let map = self.map(key, problems)?;
        let mut required = IndexMap::new();
        for (attribute, value) in map {
            let wanted = match value {
                Meta::List(_) => value.texts().map(OneOrMany::Many),
                _ => value.scalar().map(OneOrMany::One),
            };
            match wanted {
                Some(wanted) => required.insert(attribute.clone(), wanted),
                None => return self.wrong(key, "a mapping of texts or lists of them", problems),
            };
        }
        (!required.is_empty()).then_some(required)
    }
}
