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
        ("getUserWarehouseCredentialsPreference", "", |named| {
            get(of(named, "/user-credentials"))
        }),
        ("updateUserWarehouseCredentialsPreference", "", |named| {
            let path = of(named, &format!("/user-credentials/{}", named.login));
            (Method::PATCH, path, None)
        }),
        ("getCustomMetrics", "", |named| {
            get(of(named, "/custom-metrics"))
        }),
        ("updateProjectMetadata", "", |named| {
            let body = json!({ "upstreamProjectUuid": null });
            with(Method::PATCH, of(named, "/metadata"), body)
        }),
        ("updateSchedulerSettings", "", |named| {
            let body = json!({ "schedulerTimezone": "Europe/Berlin" });
            with(Method::PATCH, of(named, "/schedulerSettings"), body)
        }),
        ("GetTablesConfiguration", "", |named| {
            get(of(named, "/tablesConfiguration"))
        }),
        ("UpdateTablesConfiguration", "", |named| {
            let body = json!({ "tableSelection": { "type": "WITH_TAGS", "value": ["core"] } });
            with(Method::PATCH, of(named, "/tablesConfiguration"), body)
        }),
        ("updateProjectSemanticLayerConnection", "", |named| {
            let body =
                json!({ "type": "CUBE", "token": "t", "domain": "https://cube.example.com" });
            with(Method::PATCH, of(named, "/semantic-layer-connection"), body)
        }),
        ("deleteProjectSemanticLayerConnection", "", |named| {
            delete(of(named, "/semantic-layer-connection"))
        }),
        ("getTags", "", |named| get(of(named, "/tags"))),
        ("createTag", "", |named| {
            let body = json!({ "name": "New", "color": "gray" });
            with(Method::POST, of(named, "/tags"), body)
        }),
        ("updateTag", "", |named| {
            let path = of(named, &format!("/tags/{}", named.tag));
            with(Method::PATCH, path, json!({ "name": "Other" }))
        }),
        ("deleteTag", "", |named| {
            delete(of(named, &format!("/tags/{}", named.tag)))
        }),
        ("replaceYamlTags", "", |named| {
            with(Method::PUT, of(named, "/tags/yaml"), json!([]))
        }),
        ("UpdateProject", "", |named| {
            let body = json!({
                "dbtConnection": { "type": "none" },
                "warehouseConnection": {
                    "type": "trino", "host": "h", "port": 8080, "dbname": "d", "schema": "s", "http_scheme": "https",
                    "user": "u", "password": "p",
                },
            });
            with(Method::PATCH, of(named, ""), body)
        }),
        ("refresh", "", |named| {
            (Method::POST, of(named, "/refresh"), None)
        }),
        ("GetJob", "", |named| {
            get(format!("/api/v1/jobs/{}", named.compilation))
        }),
        ("webhook", "", |named| {
            with(Method::POST, of(named, "/dbt-cloud/webhook"), json!({}))
        }),
    ]
}
