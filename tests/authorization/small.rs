//! Share links, SSH keys, notifications.

use http::Method;
use serde_json::json;

use super::rows::{Row, get, with};

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("CreateShareUrl", "", |_| {
            let body = json!({ "path": "/projects", "params": "?a=1" });
            with(Method::POST, "/api/v1/share", body)
        }),
        ("getShareUrl", "", |named| {
            get(format!("/api/v1/share/{}", named.share))
        }),
        ("createSshKeyPair", "", |_| {
            (Method::POST, "/api/v1/ssh/key-pairs".into(), None)
        }),
        ("getNotifications", "", |_| {
            get("/api/v1/notifications?type=dashboardComments")
        }),
        ("updateNotification", "", |named| {
            with(
                Method::PATCH,
                format!("/api/v1/notifications/{}", named.notification),
                json!({ "viewed": true }),
            )
        }),
    ]
}
