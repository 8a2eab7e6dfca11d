//! What a row is.

use http::Method;
use serde_json::{Value, json};

pub(super) const ANA: &str = "ana@example.com";
pub(super) const TOKENS: &str = "/api/v1/user/me/personal-access-tokens";
pub(super) const LOGINS: &str = "/api/v1/user/warehouseCredentials";

/// What a request may name. All of it is of the organisation that is asked about, or belongs to the caller where only
/// the caller could have it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) organization: String,
    /// The caller's own if they can have one.
    pub(super) token: String,
    /// A warehouse login, the caller's own.
    pub(super) login: String,
    /// Of a password reset.
    pub(super) code: String,
    /// Of an invitation.
    pub(super) invitation: String,
    /// A member with role viewer, `mia@example.com`, in the group, with a role of her own in the project.
    pub(super) member: String,
    pub(super) group: String,
    /// A project in which `member` is a viewer and `group` has no role.
    pub(super) project: String,
    /// A public root space of the project.
    pub(super) space: String,
    /// A private root space of the project.
    pub(super) private_space: String,
    pub(super) palette: String,
    pub(super) attribute: String,
    /// Code of a share link.
    pub(super) share: String,
    /// The caller's own notification.
    pub(super) notification: String,
    /// A tag of the project.
    pub(super) tag: String,
    /// A compilation of the project.
    pub(super) compilation: String,
    /// A deploy of the project that the caller began, if they can.
    pub(super) deploy: String,
    /// A query of the project that the caller asked, if they can.
    pub(super) query: String,
    /// A CSV job of the project that the caller began, if they can.
    pub(super) csv: String,
    /// What the link to its file ends with.
    pub(super) file: String,
    /// An SQL chart in the public space.
    pub(super) sql_chart: String,
    /// A chart in the public space, with two versions.
    pub(super) chart: String,
    /// A chart in the private space.
    pub(super) private_chart: String,
    /// The first version of the chart.
    pub(super) chart_version: String,
    /// A chart that was in the public space, and was deleted.
    pub(super) deleted_chart: String,
    /// A dashboard in the public space, with a tile `tile`.
    pub(super) dashboard: String,
    /// Its only version.
    pub(super) dashboard_version: String,
    /// One in the private space.
    pub(super) private_dashboard: String,
    /// Ana's comment on the tile.
    pub(super) comment: String,
    /// A chart with rows in the public space, and one in the private space.
    pub(super) asked_chart: String,
    pub(super) hidden_chart: String,
    /// A dashboard in the public space with the first of them.
    pub(super) asked_dashboard: String,
}

impl Named {
    /// Ids of nothing at all.
    pub(super) fn nobodys() -> Self {
        let id = || "00000000-0000-4000-8000-000000000000".to_owned();
        let code = || "none-none-none-none-n".to_owned();
        Self {
            organization: id(),
            token: id(),
            login: id(),
            code: code(),
            invitation: code(),
            member: id(),
            group: id(),
            project: id(),
            space: id(),
            private_space: id(),
            palette: id(),
            attribute: id(),
            share: code(),
            notification: id(),
            tag: id(),
            compilation: id(),
            deploy: id(),
            query: id(),
            csv: id(),
            file: code(),
            sql_chart: id(),
            chart: id(),
            private_chart: id(),
            chart_version: id(),
            deleted_chart: id(),
            dashboard: id(),
            dashboard_version: id(),
            private_dashboard: id(),
            comment: id(),
            asked_chart: id(),
            hidden_chart: id(),
            asked_dashboard: id(),
        }
    }
}

pub(super) type Request = (Method, String, Option<Value>);
/// The operation, what is special about the request, and the request.
pub(super) type Row = (&'static str, &'static str, fn(&Named) -> Request);

pub(super) fn get(path: impl Into<String>) -> Request {
    (Method::GET, path.into(), None)
}

pub(super) fn delete(path: impl Into<String>) -> Request {
    (Method::DELETE, path.into(), None)
}

pub(super) fn with(method: Method, path: impl Into<String>, body: Value) -> Request {
    (method, path.into(), Some(body))
}

pub(super) fn warehouse() -> Value {
    let credentials =
        json!({ "type": "postgres", "user": "reader", "password": "hunter2-hunter2" });
    json!({ "name": "dwh", "credentials": credentials })
}
