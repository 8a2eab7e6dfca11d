//! Reading notices, and noting which were seen.

use app::{
    App, CurrentUser, Done, DoneOk, Error, Json, Kind, Ok, Path, Query, Reply, Result, Timestamp,
    domain::{
        id::NotificationId,
        notification::{CommentPlace, Notification, NotificationResource},
    },
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A notice as its addressee sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationDashboardComment)]
pub(crate) struct NotificationView {
    notification_id: NotificationId,
    resource_type: NotificationResource,
    created_at: Timestamp,
    viewed: bool,
    /// The comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resource_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<String>,
    /// Relative to the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metadata: Option<CommentPlace>,
}

impl NotificationView {
    fn new(notification: Notification) -> Self {
        Self {
            notification_id: notification.id,
            resource_type: notification.resource_type,
            created_at: notification.created_at,
            viewed: notification.viewed,
            resource_uuid: notification.resource,
            message: notification.message,
            url: notification.url,
            metadata: notification.metadata,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetNotifications {
    /// There is one kind so far.
    #[serde(rename = "type")]
    _type: NotificationResource,
}

/// Lists the caller's own notices, the newest 200, the newest first.
#[utoipa::path(get, path = "/api/v1/notifications", operation_id = "getNotifications", tag = "Notifications",
               params(GetNotifications), responses((status = 200, body = Ok<Vec<NotificationView>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_notifications(
    State(app): State<App>,
    user: CurrentUser,
    Query(_): Query<GetNotifications>,
) -> Result<Reply<Vec<NotificationView>>> {
    let found = app.store.notifications(user.id, app.clock.now()).await?;
    Ok(Reply(
        found.into_iter().map(NotificationView::new).collect(),
    ))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct NotificationPath {
    notification_id: String,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdateNotification {
    viewed: bool,
}

/// Notes that the caller has seen one of their own notices, or not; nothing else of it can be changed.
#[utoipa::path(patch, path = "/api/v1/notifications/{notificationId}", operation_id = "updateNotification", tag = "Notifications",
               params(NotificationPath), request_body = UpdateNotification,
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_notification(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<NotificationPath>,
    Json(body): Json<UpdateNotification>,
) -> Result<Done> {
    let id = NotificationId::parse(&path.notification_id);
    let id = id.ok_or(Error::NotFound(Kind::Notification))?;
    let now = app.clock.now();
    app.store
        .view_notification(user.id, id, body.viewed, now)
        .await?;
    Ok(Done)
}
