//! Notices in somebody's inbox.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    clock::Timestamp,
    domain::id::{NotificationId, UserId},
    random::Random,
};

/// How long a notice is kept (reference 05, "Do better").
pub const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// The most that a list shows, the newest of them (reference 05, "Do better").
pub const MOST_SHOWN: usize = 200;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiNotificationResourceType)]
pub enum NotificationResource {
    DashboardComments,
}

/// Where the comment is that a notice is about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationDashboardTileCommentMetadata)]
pub struct CommentPlace {
    pub dashboard_uuid: String,
    pub dashboard_name: String,
    pub dashboard_tile_uuid: String,
    pub dashboard_tile_name: String,
}

/// A notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub id: NotificationId,
    pub user: UserId,
    pub resource_type: NotificationResource,
    /// The comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Relative to the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<CommentPlace>,
    #[serde(default)]
    pub viewed: bool,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Notification {
    /// A notice of a comment, not seen yet and without words.
    pub fn new(user: UserId, random: &Random, now: Timestamp) -> Self {
        Self {
            id: fresh_id(random, now),
            user,
            resource_type: NotificationResource::DashboardComments,
            resource: None,
            message: None,
            url: None,
            metadata: None,
            viewed: false,
            created_at: now,
            expires_at: now + KEPT,
        }
    }
}

/// An id that sorts by time, so that an inbox is read from its end: a version-7 uuid (RFC 9562 §5.7).
fn fresh_id(random: &Random, now: Timestamp) -> NotificationId {
    let other = NotificationId::new(random);
    let tail: String = other.simple().chars().skip(13).collect();
    let timed = format!("{:012x}7{tail}", now.millis());
    NotificationId::from_simple(&timed).unwrap_or(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let random = Random::seeded(1);
        let ids = [0, 1, 1_769_851_800_000, 253_402_300_799_999]
            .map(|at| fresh_id(&random, Timestamp::from_millis(at)).to_string());
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| id.as_bytes()[14] == b'7'), "{ids:?}");
    }
}
