//! Organisations: members, domains, palettes, attributes, invitations.

use http::Method;
use serde_json::json;

use super::rows::{Row, delete, get, with};

const USERS: &str = "/api/v1/org/users";

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("UpdateMyOrganization", "", |_| {
            with(Method::PATCH, "/api/v1/org", json!({ "name": "New" }))
        }),
        (
            "UpdateMyOrganization",
            "with a project and a palette",
            |named| {
                let body = json!({ "defaultProjectUuid": named.project, "colorPaletteUuid": named.palette });
                with(Method::PATCH, "/api/v1/org", body)
            },
        ),
        ("DeleteMyOrganization", "", |named| {
            delete(format!("/api/v1/org/{}", named.organization))
        }),
        ("ListOrganizationMembers", "", |_| get(USERS)),
        (
            "ListOrganizationMembers",
            "with groups and a project",
            |named| {
                get(format!(
                    "{USERS}?includeGroups=10&projectUuid={}",
                    named.project
                ))
            },
        ),
        ("GetOrganizationMemberByUuid", "", |named| {
            get(format!("{USERS}/{}", named.member))
        }),
        ("GetOrganizationMemberByEmail", "", |_| {
            get(format!("{USERS}/email/mia@example.com"))
        }),
        ("UpdateOrganizationMember", "", |named| {
            let body = json!({ "role": "editor" });
            with(Method::PATCH, format!("{USERS}/{}", named.member), body)
        }),
        ("DeleteOrganizationMember", "", |named| {
            delete(format!("/api/v1/org/user/{}", named.member))
        }),
    ]
}
