//! Tags of a project, also called categories: made by hand, or from the project's configuration file.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{TagId, UserId},
        user::LONGEST_NAME,
    },
    error::Kind,
    random::Random,
};

/// How many tags a project may have: they are one list in every answer, and one item of the table.
pub const MOST_TAGS: usize = 500;
/// A colour is any text that a style sheet may take for one; the longest functions of CSS have some 60 characters.
const LONGEST_COLOR: usize = 100;

/// A tag. Its name is the only one in its project, letter by letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    pub id: TagId,
    pub name: String,
    pub color: String,
    pub created_at: Timestamp,
    /// Who made it; they may be gone since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// What the project's configuration file calls it; absent for one that was made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yaml_reference: Option<String>,
}

/// A tag as a configuration file has it.
#[derive(Debug, Clone)]
pub struct YamlTag {
    pub name: String,
    pub color: String,
    pub reference: String,
}

/// All tags of a project. They change together: names are unique among them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tags {
    #[serde(default)]
    pub all: Vec<Tag>,
    /// Counts the changes.
    #[serde(default)]
    pub rev: u64,
}

/// Text of a tag: trimmed, 1 to 255 characters, no control characters.
fn short(text: &str, what: &str) -> Result<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= LONGEST_NAME;
    if !fits || text.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "{what} has 1 to 255 characters and no control characters"
        )));
    }
    Ok(text.to_owned())
}

/// A name for a tag.
///
/// # Errors
/// `Invalid` when it is not.
pub fn tag_name(text: &str) -> Result<String> {
    short(text, "The name of a tag")
}

/// A colour for a tag, as it came.
///
/// # Errors
/// `Invalid` when it is longer than a colour is.
pub fn tag_color(text: &str) -> Result<String> {
    if text.chars().count() > LONGEST_COLOR || text.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "The color of a tag has at most {LONGEST_COLOR} characters and no control characters"
        )));
    }
    Ok(text.to_owned())
}

impl YamlTag {
    /// A tag of a configuration file.
    ///
    /// # Errors
    /// `Invalid` when one of its texts is none.
    pub fn new(name: &str, color: &str, reference: &str) -> Result<Self> {
        Ok(Self {
            name: tag_name(name)?,
            color: tag_color(color)?,
            reference: short(reference, "The yamlReference of a tag")?,
        })
    }
}

impl Tags {
    /// The tag of an id.
    pub fn get(&self, id: TagId) -> Option<&Tag> {
        self.all.iter().find(|tag| tag.id == id)
    }

    /// The same with one more.
    ///
    /// # Errors
    /// `Exists` when its name is taken; `Invalid` when there are too many.
    pub fn with(mut self, tag: Tag) -> Result<Self> {
        self.all.push(tag);
        self.checked()
    }

    /// The same with one of them renamed, or in another colour.
    ///
    /// # Errors
    /// `NotFound` when there is no such tag; `Exists` when its new name is taken.
    pub fn changed(
        mut self,
        id: TagId,
        name: Option<String>,
        color: Option<String>,
    ) -> Result<Self> {
        let tag = self.all.iter_mut().find(|tag| tag.id == id);
        let tag = tag.ok_or(Error::NotFound(Kind::Tag))?;
        if let Some(name) = name {
            tag.name = name;
        }
        if let Some(color) = color {
            tag.color = color;
        }
        self.checked()
    }

    /// The same without one of them.
    ///
    /// # Errors
    /// `NotFound` when there is no such tag.
    pub fn without(mut self, id: TagId) -> Result<Self> {
        let before = self.all.len();
        self.all.retain(|tag| tag.id != id);
        if self.all.len() == before {
            return Err(Error::NotFound(Kind::Tag));
        }
        Ok(self)
    }

    /// The same with these in the place of all that came from a configuration file. A reference that is known keeps its
    /// tag; tags that were made by hand stay as they are.
    ///
    /// # Errors
    /// `Invalid` when a reference or a name stands there twice, or when there are too many; `Exists` when a name is that
    /// of a tag made by hand.
    pub fn with_yaml(
        mut self,
        list: Vec<YamlTag>,
        by: UserId,
        random: &Random,
        now: Timestamp,
    ) -> Result<Self> {
        let references: BTreeSet<_> = list.iter().map(|one| &one.reference).collect();
        let names: BTreeSet<_> = list.iter().map(|one| &one.name).collect();
        if references.len() < list.len() || names.len() < list.len() {
            return Err(Error::invalid(
                "Every name and every yamlReference may stand in the list once",
            ));
        }
        let (old, by_hand): (Vec<_>, Vec<_>) = self
            .all
            .into_iter()
            .partition(|tag| tag.yaml_reference.is_some());
        let mut old: BTreeMap<_, _> = old
            .into_iter()
            .map(|tag| (tag.yaml_reference.clone().unwrap_or_default(), tag))
            .collect();
        self.all = by_hand;
        for YamlTag {
            name,
            color,
            reference,
        } in list
        {
            let known = old.remove(&reference).unwrap_or_else(|| Tag {
                id: TagId::new(random),
                name: String::new(),
                color: String::new(),
                created_at: now,
                created_by: Some(by),
                yaml_reference: Some(reference),
            });
            self.all.push(Tag {
                name,
                color,
                ..known
            });
        }
        self.all.sort_by_key(|tag| (tag.created_at, tag.id));
        self.checked()
    }

    fn checked(self) -> Result<Self> {
        if self.all.len() > MOST_TAGS {
            return Err(Error::invalid(format!(
                "A project has at most {MOST_TAGS} tags"
            )));
        }
        let names: BTreeSet<_> = self.all.iter().map(|tag| &tag.name).collect();
        if names.len() < self.all.len() {
            return Err(Error::Exists(Kind::Tag));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn yaml(list: &[(&str, &str)]) -> Vec<YamlTag> {
        let tag = |(name, reference): &(&str, &str)| YamlTag::new(name, "gray", reference).unwrap();
        list.iter().map(tag).collect()
    }

    fn replaced(tags: Tags, list: &[(&str, &str)]) -> Result<Tags> {
        let random = Random::seeded(2);
        let by = UserId::new(&random);
        tags.with_yaml(yaml(list), by, &random, Timestamp::from_millis(0))
    }

    fn names(tags: &Tags) -> BTreeSet<&str> {
        tags.all.iter().map(|tag| tag.name.as_str()).collect()
    }

    fn by_hand(name: &str) -> Tags {
        let tag = Tag {
            id: TagId::new(&Random::seeded(1)),
            name: name.into(),
            color: "red".into(),
            created_at: Timestamp::from_millis(0),
            created_by: None,
            yaml_reference: None,
        };
        Tags::default().with(tag).unwrap()
    }

    #[test]
    fn two_tags_may_swap_their_names() {
        let first = replaced(by_hand("own"), &[("A", "a"), ("B", "b")]).unwrap();
        let second = replaced(first.clone(), &[("B", "a"), ("A", "b")]).unwrap();
        let of = |tags: &Tags, name: &str| tags.all.iter().find(|tag| tag.name == name).cloned();
        let (old, new) = (of(&first, "A").unwrap(), of(&second, "B").unwrap());
        assert_eq!(old.id, new.id);
        assert_eq!(names(&second), BTreeSet::from(["A", "B", "own"]));
    }

    #[test]
    fn what_is_refused() {
        for (list, refusal) in [
            ([("A", "a"), ("A", "b")], "Every name and every"),
            ([("A", "a"), ("B", "a")], "Every name and every"),
            ([("A", "a"), ("own", "b")], "Tag already exists"),
        ] {
            let error = replaced(by_hand("own"), &list).unwrap_err().to_string();
            assert!(error.starts_with(refusal), "{error}");
        }
        for name in ["", "  ", "a\nb", &"x".repeat(256)] {
            assert!(tag_name(name).is_err(), "{name}");
        }
        assert!(tag_color(&"x".repeat(101)).is_err());
        assert!(tag_color("").is_ok());
    }

    proptest! {
        #[test]
        fn a_replacement_leaves_what_was_sent_and_what_was_made_by_hand(
            first in prop::collection::btree_map("[a-f]", "[a-z]{1,3}", 0..6),
            second in prop::collection::btree_map("[a-f]", "[a-z]{1,3}", 0..6),
        ) {
            let list = |map: &BTreeMap<String, String>| -> Vec<(String, String)> {
                map.iter().map(|(reference, name)| (format!("{name}-{reference}"), reference.clone())).collect()
            };
            let (first, second) = (list(&first), list(&second));
            let plain = |list: &[(String, String)]| -> Vec<YamlTag> {
                list.iter().map(|(name, reference)| YamlTag::new(name, "c", reference).unwrap()).collect()
            };
            let random = Random::seeded(3);
            let by = UserId::new(&random);
            let at = Timestamp::from_millis(0);
            let tags = by_hand("own").with_yaml(plain(&first), by, &random, at).unwrap();
            let tags = tags.with_yaml(plain(&second), by, &random, at).unwrap();
            let left: BTreeSet<_> = tags.all.iter().map(|tag| tag.name.clone()).collect();
            let asked: BTreeSet<_> = second.into_iter().map(|(name, _)| name).chain(["own".to_owned()]).collect();
            prop_assert_eq!(left, asked);
            let again = tags.clone().with_yaml(plain(&list(&BTreeMap::new())), by, &random, at).unwrap();
            prop_assert_eq!(again.all.len(), 1);
        }
    }
}
