//! The person with an account.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::Role,
        email::EmailAddress,
        id::{GroupId, OrganizationId, UserId},
    },
};

/// Longest first, last and descriptive name, in characters.
pub const LONGEST_NAME: usize = 255;
/// The profile, which every request reads, holds the ids of the groups: 36 bytes each.
pub const MOST_GROUPS: u32 = 1000;

/// The profile: the one item about a user that every request reads. No secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: UserId,
    pub email: EmailAddress,
    #[serde(default)]
    pub email_verified: bool,
    pub first_name: String,
    pub last_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// The role in the organisation; present exactly when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    #[serde(default)]
    pub has_password: bool,
    #[serde(default)]
    pub identities: Vec<Identity>,
    #[serde(default = "yes")]
    pub is_tracking_anonymized: bool,
    #[serde(default)]
    pub is_marketing_opted_in: bool,
    #[serde(default)]
    pub is_setup_complete: bool,
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Adds up with each change of password; sessions and reset links of an earlier epoch are over.
    #[serde(default)]
    pub login_epoch: u32,
    /// When the account last got another address; reset links from before are over, also when it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_changed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The groups that the user is in, at most [`MOST_GROUPS`].
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        with = "serde_dynamo::string_set"
    )]
    pub groups: BTreeSet<GroupId>,
    /// When the account was deleted: from then on it is nobody's, and what hangs on it is being removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

fn yes() -> bool {
    true
}

impl User {
    /// A fresh account without an organisation.
    pub fn new(
        id: UserId,
        email: EmailAddress,
        first_name: String,
        last_name: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            email,
            email_verified: false,
            first_name,
            last_name,
            organization: None,
            role: None,
            has_password: true,
            identities: Vec::new(),
            is_tracking_anonymized: true,
            is_marketing_opted_in: false,
            is_setup_complete: false,
            is_active: true,
            login_epoch: 0,
            email_changed_at: None,
            created_at: now,
            updated_at: now,
            groups: BTreeSet::new(),
            deleted_at: None,
        }
    }

    /// Invited, not accepted: nothing to sign in with.
    pub fn is_pending(&self) -> bool {
        !self.has_password && self.identities.is_empty()
    }

    /// The organisation and the role in it.
    ///
    /// # Errors
    /// `Forbidden` for a user without an organisation.
    pub fn membership(&self) -> Result<(OrganizationId, Role)> {
        self.organization
            .zip(self.role)
            .ok_or(Error::Forbidden("You do not belong to an organization"))
    }
}

/// A login at a single sign-on provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub issuer_type: String,
    pub issuer: String,
    pub subject: String,
    pub email: String,
    pub created_at: Timestamp,
}

/// A name of a person: trimmed, at most 255 characters, no control characters. It may be empty.
///
/// # Errors
/// `Invalid` when it is longer or has control characters.
pub fn person_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "A name has at most 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}
