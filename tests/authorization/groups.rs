//! Groups and their roles.

use http::Method;
use serde_json::json;

use super::rows::{Named, Row, delete, get, with};

fn group(named: &Named) -> String {
    format!("/api/v1/groups/{}", named.group)
}

fn member(named: &Named) -> String {
    format!("{}/members/{}", group(named), named.member)
}

fn project(named: &Named) -> String {
    format!("{}/projects/{}", group(named), named.project)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("ListGroupsInOrganization", "", |_| {
            get("/api/v1/org/groups")
        }),
        ("ListGroupsInOrganization", "with members", |_| {
            get("/api/v1/org/groups?includeMembers=1&page=1&pageSize=10")
        }),
        ("CreateGroupInOrganization", "", |named| {
            let body = json!({ "name": "New", "members": [{ "userUuid": named.member }] });
            with(Method::POST, "/api/v1/org/groups", body)
        }),
        ("getGroup", "", |named| get(group(named))),
        ("getGroup", "with members", |named| {
            get(format!("{}?includeMembers=10", group(named)))
        }),
        ("updateGroup", "", |named| {
            with(Method::PATCH, group(named), json!({ "name": "New" }))
        }),
        ("updateGroup", "without members", |named| {
            with(Method::PATCH, group(named), json!({ "members": [] }))
        }),
        ("deleteGroup", "", |named| delete(group(named))),
        ("getGroupMembers", "", |named| {
            get(format!("{}/members", group(named)))
        }),
        ("addUserToGroup", "who is in it", |named| {
            (Method::PUT, member(named), None)
        }),
        ("removeUserFromGroup", "", |named| delete(member(named))),
        ("addProjectAccessToGroup", "", |named| {
            with(Method::POST, project(named), json!({ "role": "viewer" }))
        }),
        ("updateProjectAccessForGroup", "that has none", |named| {
            with(Method::PATCH, project(named), json!({ "role": "viewer" }))
        }),
        ("removeProjectAccessFromGroup", "that has none", |named| {
            delete(project(named))
        }),
    ]
}
