//! Groups: members of an organisation who get roles together.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{GroupId, OrganizationId, UserId},
        user::LONGEST_NAME,
    },
};

/// A group as its head and its organisation's list have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub id: GroupId,
    pub organization: OrganizationId,
    pub name: String,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    pub updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<UserId>,
    /// How many are in it; kept on the organisation's row.
    #[serde(default)]
    pub members: u64,
    /// From then on it is gone, and what hangs on it is being removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// A name for a group: trimmed, 1 to 255 characters, no control characters. Unique in its organisation, case and all.
///
/// # Errors
/// `Invalid` when it is not.
pub fn group_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "A group's name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}
