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
    /// A notice of a comment, not seen yet and without words. Ids sort by time, so that an inbox is read from its end.
    pub fn new(user: UserId, random: &Random, now: Timestamp) -> Self {
        Self {
            id: NotificationId::timed(random, now),
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
