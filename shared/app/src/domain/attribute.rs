//! User attributes: names under which members and groups have values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{AttributeId, GroupId, UserId},
        user::LONGEST_NAME,
    },
};

/// How many attributes an organisation has at most: they are listed whole, and whoever goes is taken out of all of them.
pub const MOST_ATTRIBUTES: usize = 200;

/// The longest description, default or value, in characters.
pub const LONGEST_TEXT: usize = 1000;

/// An attribute with the values of everybody who has one. One item, so it is as large as one item can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    pub id: AttributeId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What members have who have no value otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute_default: Option<String>,
    /// Always stored, as entries are removed from it one by one.
    #[serde(default)]
    pub users: BTreeMap<UserId, String>,
    /// Always stored, as entries are removed from it one by one.
    #[serde(default)]
    pub groups: BTreeMap<GroupId, String>,
    pub created_at: Timestamp,
}

/// A name for an attribute: trimmed, 1 to 255 characters, no control characters. Unique in its organisation, case and
/// all.
///
/// # Errors
/// `Invalid` when it is not.
pub fn attribute_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "An attribute's name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}

/// Values by whom they are of; each has one.
///
/// # Errors
/// `Invalid` for an id that is none, and for one that comes twice.
pub fn values<I: Ord>(
    sent: impl IntoIterator<Item = (Option<I>, String)>,
    whose: &str,
) -> Result<BTreeMap<I, String>> {
    let mut values = BTreeMap::new();
    for (id, value) in sent {
        let id = id.ok_or_else(|| unknown(whose))?;
        short(&value)?;
        if values.insert(id, value).is_some() {
            return Err(Error::invalid(format!("A {whose} has one value")));
        }
    }
    Ok(values)
}

/// A description, a default, or a value: at most [`LONGEST_TEXT`] characters, as all of them are listed at once.
///
/// # Errors
/// `Invalid` when it is longer.
pub fn short(text: &str) -> Result<()> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(Error::invalid(format!(
            "Descriptions and values of an attribute have at most {LONGEST_TEXT} characters"
        )));
    }
    Ok(())
}

/// What is answered to a value of somebody, or some group, that is not of the organisation.
pub fn unknown(whose: &str) -> Error {
    Error::invalid(format!("There is no such {whose} in the organization"))
}
