//! Settings of the organisation: domains, palettes, attributes, invitations.

use http::Method;
use serde_json::{Value, json};
use testing::PASSWORD;

use super::rows::{Row, delete, get, with};

const DOMAINS: &str = "/api/v1/org/allowedEmailDomains";
const PALETTES: &str = "/api/v1/org/color-palettes";
const ATTRIBUTES: &str = "/api/v1/org/attributes";
const LINKS: &str = "/api/v1/invite-links";

fn attribute(name: &str) -> Value {
    json!({ "name": name, "attributeDefault": null, "users": [], "groups": [] })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("ListOrganizationEmailDomains", "", |_| get(DOMAINS)),
        ("UpdateOrganizationEmailDomains", "", |_| {
            let body = json!({ "emailDomains": ["example.com"], "role": "editor", "projects": [] });
            with(Method::PATCH, DOMAINS, body)
        }),
        (
            "UpdateOrganizationEmailDomains",
            "with a project",
            |named| {
                let projects = json!([{ "projectUuid": named.project, "role": "viewer" }]);
                let body = json!({ "emailDomains": [], "role": "member", "projects": projects });
                with(Method::PATCH, DOMAINS, body)
            },
        ),
        ("ListColorPalettes", "", |_| get(PALETTES)),
        ("CreateColorPalette", "", |_| {
            let body = json!({ "name": "New", "colors": vec!["#123"; 20] });
            with(Method::POST, PALETTES, body)
        }),
        ("UpdateColorPalette", "", |named| {
            let body = json!({ "uuid": named.palette, "name": "New" });
            with(Method::PATCH, format!("{PALETTES}/{}", named.palette), body)
        }),
        ("DeleteColorPalette", "", |named| {
            delete(format!("{PALETTES}/{}", named.palette))
        }),
        ("SetActiveColorPalette", "", |named| {
            let path = format!("{PALETTES}/{}/active", named.palette);
            (Method::POST, path, None)
        }),
        ("getUserAttributes", "", |_| get(ATTRIBUTES)),
        ("createUserAttribute", "", |_| {
            with(Method::POST, ATTRIBUTES, attribute("new"))
        }),
        ("updateUserAttribute", "", |named| {
            let path = format!("{ATTRIBUTES}/{}", named.attribute);
            with(Method::PUT, path, attribute("new"))
        }),
        ("removeUserAttribute", "", |named| {
            delete(format!("{ATTRIBUTES}/{}", named.attribute))
        }),
        ("CreateInviteLink", "", |_| {
            with(Method::POST, LINKS, json!({ "email": "new@guest.com" }))
        }),
        ("GetInviteLink", "", |named| {
            get(format!("{LINKS}/{}", named.invitation))
        }),
        ("RevokeInviteLinks", "", |_| delete(LINKS)),
        ("RegisterUser", "with an invitation", |named| {
            let body = json!({ "inviteCode": named.invitation, "firstName": "", "lastName": "", "password": PASSWORD });
            with(Method::POST, "/api/v1/user", body)
        }),
    ]
}
