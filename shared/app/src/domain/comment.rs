//! Comments on the tiles of dashboards (reference 26 §1).

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::id::{CommentId, ContentId, UserId},
};

/// Characters of a comment, of its text and of its HTML.
pub const LONGEST_COMMENT: usize = 20_000;
/// People that one comment may mention: each takes a notice and a mail, of the hundred actions of a transaction.
pub const MOST_MENTIONS: usize = 30;
/// People that are told because they commented on the tile before, those who did so last: a notice each.
pub const MOST_TOLD: usize = 30;
/// Comments of a dashboard at most: they are read together.
pub const MOST_COMMENTS: usize = 10_000;

/// A comment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    pub id: CommentId,
    pub dashboard: ContentId,
    /// The tile, by its id.
    pub tile: String,
    pub text: String,
    /// Safe to show.
    pub html: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<CommentId>,
    /// None once their account is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    pub created_at: Timestamp,
    #[serde(default)]
    pub resolved: bool,
}
