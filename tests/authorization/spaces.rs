//! Spaces and who may enter them.

use http::Method;
use serde_json::json;

use super::rows::{Named, Row, delete, get, with};

fn spaces(named: &Named) -> String {
    format!("/api/v1/projects/{}/spaces", named.project)
}

fn space(named: &Named) -> String {
    format!("{}/{}", spaces(named), named.space)
}

fn private(named: &Named) -> String {
    format!("{}/{}", spaces(named), named.private_space)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("ListSpacesInProject", "", |named| get(spaces(named))),
        ("CreateSpaceInProject", "", |named| {
            with(Method::POST, spaces(named), json!({ "name": "New" }))
        }),
        ("CreateSpaceInProject", "in a private one", |named| {
            let body = json!({ "name": "New", "parentSpaceUuid": named.private_space });
            with(Method::POST, spaces(named), body)
        }),
        ("GetSpace", "", |named| get(space(named))),
        ("GetSpace", "a private one", |named| get(private(named))),
        ("UpdateSpace", "", |named| {
            with(Method::PATCH, space(named), json!({ "name": "New" }))
        }),
        ("UpdateSpace", "a private one", |named| {
            let body = json!({ "name": "New", "isPrivate": false });
            with(Method::PATCH, private(named), body)
        }),
        ("DeleteSpace", "", |named| delete(space(named))),
        ("DeleteSpace", "a private one", |named| {
            delete(private(named))
        }),
        ("AddSpaceUserAccess", "", |named| {
            let body = json!({ "userUuid": named.member, "spaceRole": "editor" });
            with(Method::POST, format!("{}/share", space(named)), body)
        }),
        ("AddSpaceUserAccess", "to a private one", |named| {
            let body = json!({ "userUuid": named.member, "spaceRole": "editor" });
            with(Method::POST, format!("{}/share", private(named)), body)
        }),
        ("RevokeSpaceAccessForUser", "", |named| {
            delete(format!("{}/share/{}", space(named), named.member))
        }),
        ("AddSpaceGroupAccess", "", |named| {
            let body = json!({ "groupUuid": named.group, "spaceRole": "editor" });
            with(Method::POST, format!("{}/group/share", space(named)), body)
        }),
        ("AddSpaceGroupAccess", "to a private one", |named| {
            let body = json!({ "groupUuid": named.group, "spaceRole": "editor" });
            with(
                Method::POST,
                format!("{}/group/share", private(named)),
                body,
            )
        }),
        ("RevokeGroupSpaceAccess", "", |named| {
            delete(format!("{}/group/share/{}", space(named), named.group))
        }),
    ]
}
