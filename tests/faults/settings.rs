//! Settings of the organisation: domains, palettes, attributes, invitations.

use http::Method;
use serde_json::{Value, json};
use testing::{Actor, PASSWORD, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";
const GUS: &str = "gus@guest.com";
const USER: &str = "/api/v1/user";
const DOMAINS: &str = "/api/v1/org/allowedEmailDomains";
const PALETTES: &str = "/api/v1/org/color-palettes";
const ATTRIBUTES: &str = "/api/v1/org/attributes";
const LINKS: &str = "/api/v1/invite-links";

async fn ana(app: &TestApp) -> Actor<'_> {
    app.admin(ANA, "Acme").await
}

fn domains(projects: &Value) -> Value {
    json!({ "emailDomains": ["example.com"], "role": "member", "projects": projects })
}

/// Opens Acme to mere members, with a role in two projects.
async fn opened(app: &TestApp) -> Actor<'_> {
    let ana = ana(app).await;
    let mut projects = Vec::new();
    for name in ["Sales", "Stock"] {
        let id = app.project(ANA, name).await.id.to_string();
        projects.push(json!({ "projectUuid": id, "role": "editor" }));
    }
    let body = domains(&json!(projects));
    ana.patch(DOMAINS).json(&body).await.ok();
    ana
}

fn palette() -> Value {
    json!({ "name": "Sea", "colors": vec!["#123"; 20] })
}

async fn made(ana: &Actor<'_>, path: &str, body: &Value) -> Value {
    let answer = ana.post(path).json(body).await;
    assert_eq!(answer.status, 201, "{answer}");
    answer.json()["results"].clone()
}

async fn palette_path(ana: &Actor<'_>) -> String {
    let made = made(ana, PALETTES, &palette()).await;
    format!("{PALETTES}/{}", text(&made["colorPaletteUuid"]))
}

/// An attribute with a value of Ana's and of a group.
async fn attribute(app: &TestApp, name: &str) -> Value {
    let user = app.account(ANA).await.id.to_string();
    let group = app.group(ANA, name, &[]).await.id.to_string();
    json!({ "name": name, "attributeDefault": null, "users": [{ "userUuid": user, "value": "x" }],
        "groups": [{ "groupUuid": group, "value": "y" }] })
}

async fn attribute_path(ana: &Actor<'_>, body: &Value) -> String {
    let made = made(ana, ATTRIBUTES, body).await;
    format!("{ATTRIBUTES}/{}", text(&made["uuid"]))
}

fn guest(email: &str) -> Value {
    json!({ "email": email, "role": "admin" })
}

async fn invited(ana: &Actor<'_>, email: &str) -> String {
    text(&made(ana, LINKS, &guest(email)).await["inviteCode"])
}

fn accepting(code: &str) -> Value {
    json!({ "inviteCode": code, "firstName": "Gus", "lastName": "Gray", "password": PASSWORD })
}

/// Gus signs in and belongs to an organisation.
async fn belongs(app: &TestApp, email: &str) {
    let caller = app.anonymous();
    let body = json!({ "email": email, "password": PASSWORD });
    caller.post("/api/v1/login").json(&body).await.ok();
    caller.get("/api/v1/org").await.ok();
}

pub(super) fn scenarios() -> Vec<Scenario> {
    [settings(), invitations()].concat()
}

fn settings() -> Vec<Scenario> {
    vec![
        scenario!("ListOrganizationEmailDomains", "", |app| Plan::get(
            &opened(app).await,
            DOMAINS
        )),
        scenario!("UpdateOrganizationEmailDomains", "", |app| {
            let ana = ana(app).await;
            let id = app.project(ANA, "Sales").await.id.to_string();
            let projects = json!([{ "projectUuid": id, "role": "editor" }]);
            Plan::patch(&ana, DOMAINS, domains(&projects))
        }),
        scenario!("UpdateOrganizationEmailDomains", "to none", |app| {
            let body = json!({ "emailDomains": [], "role": "viewer", "projects": [] });
            Plan::patch(&opened(app).await, DOMAINS, body)
        }),
        scenario!(
            "JoinOrganization",
            "with roles in projects",
            |app| {
                opened(app).await;
                let bob = app.verified("bob@example.com").await;
                let found = bob.get("/api/v1/user/me/allowedOrganizations").await.ok();
                let id = text(&found[0]["organizationUuid"]);
                let path = format!("/api/v1/user/me/joinOrganization/{id}");
                Plan::new(&bob, Method::POST, path)
            },
            refused!("401 AuthorizationError", |app| {
                belongs(app, "bob@example.com").await;
                let bob = app.account("bob@example.com").await;
                let roles = app.app.store.project_roles(&bob).await.unwrap();
                assert_eq!(roles.len(), 2);
            })
        ),
        scenario!("ListColorPalettes", "", |app| Plan::get(
            &ana(app).await,
            PALETTES
        )),
        scenario!(
            "CreateColorPalette",
            "",
            |app| Plan::post(&ana(app).await, PALETTES, palette()),
            Again::More
        ),
        scenario!("CreateColorPalette", "with a key", |app| {
            Plan::post(&ana(app).await, PALETTES, palette()).keyed("once")
        }),
        scenario!("UpdateColorPalette", "", |app| {
            let ana = ana(app).await;
            let body = json!({ "uuid": "", "name": "Lake" });
            Plan::patch(&ana, palette_path(&ana).await, body)
        }),
        scenario!(
            "DeleteColorPalette",
            "",
            |app| {
                let ana = ana(app).await;
                Plan::delete(&ana, palette_path(&ana).await)
            },
            refused!("404 NotFoundError", |_app| ())
        ),
        scenario!("SetActiveColorPalette", "", |app| {
            let ana = ana(app).await;
            let path = format!("{}/active", palette_path(&ana).await);
            Plan::new(&ana, Method::POST, path)
        }),
        scenario!("getUserAttributes", "", |app| {
            let ana = ana(app).await;
            attribute_path(&ana, &attribute(app, "region").await).await;
            Plan::get(&ana, ATTRIBUTES)
        }),
        scenario!(
            "createUserAttribute",
            "",
            |app| {
                let ana = ana(app).await;
                Plan::post(&ana, ATTRIBUTES, attribute(app, "region").await)
            },
            refused!("409 AlreadyExistsError", |_app| ())
        ),
        scenario!("createUserAttribute", "with a key", |app| {
            let ana = ana(app).await;
            let body = attribute(app, "region").await;
            Plan::post(&ana, ATTRIBUTES, body).keyed("once")
        }),
        scenario!("updateUserAttribute", "", |app| {
            let ana = ana(app).await;
            let path = attribute_path(&ana, &attribute(app, "region").await).await;
            Plan::new(&ana, Method::PUT, path).json(attribute(app, "area").await)
        }),
        scenario!(
            "removeUserAttribute",
            "",
            |app| {
                let ana = ana(app).await;
                let path = attribute_path(&ana, &attribute(app, "region").await).await;
                Plan::delete(&ana, path)
            },
            refused!("404 NotFoundError", |_app| ())
        ),
    ]
}

fn invitations() -> Vec<Scenario> {
    vec![
        // Whoever asks again gets another code; the one that nobody saw has ended.
        scenario!("CreateInviteLink", "", |app| Plan::post(
            &ana(app).await,
            LINKS,
            guest(GUS)
        )),
        scenario!("CreateInviteLink", "of a pending member", |app| {
            let ana = ana(app).await;
            invited(&ana, GUS).await;
            Plan::post(&ana, LINKS, guest(GUS))
        }),
        scenario!("CreateInviteLink", "of an account from elsewhere", |app| {
            let ana = ana(app).await;
            app.verified(GUS).await;
            Plan::post(&ana, LINKS, guest(GUS))
        }),
        scenario!(
            "CreateInviteLink",
            "with a key",
            |app| Plan::post(&ana(app).await, LINKS, guest(GUS)).keyed("once"),
            refused!("409 AlreadyExistsError", |app| assert!(
                app.account(GUS).await.is_pending()
            ))
        ),
        scenario!("GetInviteLink", "", |app| {
            let code = invited(&ana(app).await, GUS).await;
            Plan::get(&app.anonymous(), format!("{LINKS}/{code}"))
        }),
        scenario!(
            "GetInviteLink",
            "that has expired",
            |app| {
                let code = invited(&ana(app).await, GUS).await;
                app.wait(72 * 60);
                Plan::get(&app.anonymous(), format!("{LINKS}/{code}"))
            },
            refused!("404 NotExistsError", |_app| ())
        ),
        Scenario {
            resumes: true,
            ..scenario!("RevokeInviteLinks", "", |app| {
                let ana = ana(app).await;
                app.verified("out@side.com").await;
                for email in [GUS, "guy@guest.com", "out@side.com"] {
                    invited(&ana, email).await;
                }
                Plan::delete(&ana, LINKS)
            })
        },
        scenario!(
            "RegisterUser",
            "with an invitation",
            |app| {
                let code = invited(&ana(app).await, GUS).await;
                Plan::post(&app.anonymous(), USER, accepting(&code))
            },
            refused!("404 NotExistsError", |app| belongs(app, GUS).await)
        ),
        scenario!(
            "RegisterUser",
            "with an invitation, and an account",
            |app| {
                let ana = ana(app).await;
                app.verified(GUS).await;
                let code = invited(&ana, GUS).await;
                Plan::post(&app.anonymous(), USER, accepting(&code))
            },
            refused!("404 NotExistsError", |app| belongs(app, GUS).await)
        ),
        scenario!(
            "RegisterUser",
            "with an invitation, and a session",
            |app| {
                let ana = ana(app).await;
                let gus = app.verified(GUS).await;
                let code = invited(&ana, GUS).await;
                Plan::post(&gus, USER, accepting(&code))
            },
            refused!("404 NotExistsError", |app| belongs(app, GUS).await)
        ),
    ]
}
