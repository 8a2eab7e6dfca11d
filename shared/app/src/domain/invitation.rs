//! Invitations into an organisation, by a mailed link that works once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        access::Role,
        email::EmailAddress,
        id::{OrganizationId, UserId},
    },
};

/// How long an invitation is open unless its sender says otherwise: what clients say, too (reference 02 §2.10).
pub const LIFETIME: Duration = Duration::from_secs(72 * 60 * 60);
/// The longest that an invitation may be open.
pub const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// An open invitation, as its organisation and its link have it. The code is kept as a hash only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub user: UserId,
    pub organization: OrganizationId,
    /// The address that it was sent to; when the account has another one by now, it is worth nothing.
    pub email: EmailAddress,
    /// The role that an account from elsewhere gets when it accepts; a pending member has theirs already.
    pub role: Role,
    pub code_hash: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}
