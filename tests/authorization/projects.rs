//! Projects and who may enter them.

use http::Method;
use serde_json::{Value, json};

use super::rows::{ANA, Named, Row, delete, get, with};

const PROJECTS: &str = "/api/v1/org/projects";

fn of(named: &Named, rest: &str) -> String {
    format!("/api/v1/projects/{}{rest}", named.project)
}

fn project(kind: &str) -> Value {
    json!({ "name": "New", "type": kind, "dbtVersion": "latest", "dbtConnection": { "type": "none" } })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("ListOrganizationProjects", "", |_| get(PROJECTS)),
        ("CreateProject", "", |_| {
            with(Method::POST, PROJECTS, project("DEFAULT"))
        }),
        ("CreateProject", "that is a preview", |_| {
            with(Method::POST, PROJECTS, project("PREVIEW"))
        }),
        ("CreateProject", "that is a preview of one", |named| {
            let mut body = project("PREVIEW");
            body["upstreamProjectUuid"] = json!(named.project);
            with(Method::POST, PROJECTS, body)
        }),
        ("DeleteProject", "", |named| {
            delete(format!("{PROJECTS}/{}", named.project))
        }),
        ("GetProject", "", |named| get(of(named, ""))),
        ("GetProjectGroupAccesses", "", |named| {
            get(of(named, "/groupAccesses"))
        }),
        ("GetProjectAccessList", "", |named| {
            get(of(named, "/access"))
        }),
        ("GetProjectMemberAccess", "", |named| {
            get(of(named, &format!("/user/{}", named.member)))
        }),
        ("GrantProjectAccessToUser", "", |named| {
            let body = json!({ "email": ANA, "role": "viewer", "sendEmail": true });
            with(Method::POST, of(named, "/access"), body)
        }),
        ("UpdateProjectAccessForUser", "", |named| {
            let path = of(named, &format!("/access/{}", named.member));
            with(Method::PATCH, path, json!({ "role": "editor" }))
        }),
        ("RevokeProjectAccessForUser", "", |named| {
            delete(of(named, &format!("/access/{}", named.member)))
        }),
    ]
}
