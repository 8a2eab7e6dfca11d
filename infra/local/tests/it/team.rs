//! Four people and two organisations, from signing up to the end of one of them.

use std::{path::Path, thread, time::Duration};

use serde_json::{Value, json};

use crate::program::{Answer, Browser, HANGS, PASSWORD, Server, mail, passcode, text, verify};

const DBT: &str = "none";

/// Signed up with a verified address.
fn person(server: &Server, folder: &Path, email: &str, name: &str) -> Browser {
    let mut browser = Browser::new(server.address);
    let body =
        json!({ "email": email, "firstName": name, "lastName": "Test", "password": PASSWORD });
    ok(browser.json("POST", "/api/v1/user", &body));
    let verified = verify(&mut browser, &passcode(folder));
    assert_eq!(verified.body["results"]["isVerified"], true);
    browser
}

/// The results of an answer that has to be a success.
fn ok(answer: Answer) -> Value {
    assert!(
        (200..300).contains(&answer.status),
        "{} {}",
        answer.status,
        answer.body
    );
    answer.body["results"].clone()
}

fn refused(answer: &Answer) -> (u16, &str) {
    let name = answer.body["error"]["name"].as_str();
    (answer.status, name.unwrap_or_default())
}

/// What happens behind an answer happens soon.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let pause = Duration::from_millis(20);
    for _ in 0..HANGS.as_millis() / pause.as_millis() {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(pause);
    }
    panic!("{what} does not happen");
}

fn projects(browser: &mut Browser) -> Vec<String> {
    let found = ok(browser.get("/api/v1/org/projects"));
    let names = found.as_array().unwrap().iter();
    names.map(|project| text(&project["name"])).collect()
}

fn spaces(browser: &mut Browser, project: &str) -> Vec<String> {
    let found = ok(browser.get(&format!("/api/v1/projects/{project}/spaces")));
    let names = found.as_array().unwrap().iter();
    names.map(|space| text(&space["name"])).collect()
}

#[test]
fn four_people_and_two_organizations() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::with(folder, &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]);

    // Ana founds Acme, with a project, and opens it to her domain. Dan founds another one.
    let mut ana = person(&server, folder, "ana@acme.example", "Ana");
    ok(ana.json("PUT", "/api/v1/org", &json!({ "name": "Acme" })));
    let warehouse = json!({
        "type": "postgres", "host": "db.acme.example", "user": "reader", "password": "s3cret-of-the-warehouse",
        "port": 5432, "dbname": "dwh", "schema": "public",
    });
    let body = json!({
        "name": "Jaffle", "type": "DEFAULT", "dbtConnection": { "type": DBT }, "dbtVersion": "v1.9",
        "warehouseConnection": warehouse,
    });
    let made = ok(ana.json("POST", "/api/v1/org/projects", &body));
    let project = text(&made["project"]["projectUuid"]);
    assert!(!made.to_string().contains("s3cret"), "{made}");
    let body = json!({ "emailDomains": ["acme.example"], "role": "viewer", "projects": [] });
    ok(ana.json("PATCH", "/api/v1/org/allowedEmailDomains", &body));
    let mut dan = person(&server, folder, "dan@other.example", "Dan");
    ok(dan.json("PUT", "/api/v1/org", &json!({ "name": "Other" })));
    let body = json!({ "name": "Theirs", "type": "DEFAULT", "dbtConnection": { "type": DBT }, "dbtVersion": "v1.9" });
    ok(dan.json("POST", "/api/v1/org/projects", &body));

    // Bob is invited as an editor, and finds the mail.
    let body = json!({ "email": "bob@partner.example", "role": "editor" });
    let invited = ok(ana.json("POST", "/api/v1/invite-links", &body));
    let link = eventually("the invitation's mail", || {
        let there = std::fs::read_dir(folder.join("outbox")).unwrap();
        let mut names = there.map(|file| file.unwrap().file_name());
        names.find(|name| name.to_string_lossy().contains("-invitation-"))?;
        let mail = mail(folder, "-invitation-");
        let line = mail.lines().find(|line| line.contains("/invite/"))?;
        Some(line.to_owned())
    });
    let code = link.split("/invite/").nth(1).unwrap();
    let code = code.split('?').next().unwrap().to_owned();
    assert_eq!(json!(code), invited["inviteCode"]);
    let mut bob = Browser::new(server.address);
    let body =
        json!({ "inviteCode": code, "firstName": "Bob", "lastName": "Test", "password": PASSWORD });
    let accepted = ok(bob.json("POST", "/api/v1/user", &body));
    assert_eq!(accepted["role"], "editor");
    let again = Browser::new(server.address).json("POST", "/api/v1/user", &body);
    assert_eq!(refused(&again), (404, "NotExistsError"));

    // Cleo comes by the domain of her address.
    let mut cleo = person(&server, folder, "cleo@acme.example", "Cleo");
    let found = ok(cleo.get("/api/v1/user/me/allowedOrganizations"));
    let organization = text(&found[0]["organizationUuid"]);
    let join = format!("/api/v1/user/me/joinOrganization/{organization}");
    ok(cleo.json("POST", &join, &json!({})));
    assert_eq!(projects(&mut cleo), ["Jaffle"]);
    let members = ok(ana.get("/api/v1/org/users?page=1&pageSize=2"));
    assert_eq!(members["pagination"]["totalResults"], 3);
    let id = |browser: &mut Browser| text(&ok(browser.get("/api/v1/user"))["userUuid"]);
    let (ana_id, bob_id, cleo_id) = (id(&mut ana), id(&mut bob), id(&mut cleo));

    // As a mere member Cleo sees nothing of the project, until her group may.
    let body = json!({ "role": "member" });
    let role = |user: &str| format!("/api/v1/org/users/{user}");
    ok(ana.json("PATCH", &role(&cleo_id), &body));
    assert!(projects(&mut cleo).is_empty());
    let body = json!({ "name": "Sales", "members": [{ "userUuid": cleo_id }] });
    let group = text(&ok(ana.json("POST", "/api/v1/org/groups", &body))["uuid"]);
    let grant = format!("/api/v1/groups/{group}/projects/{project}");
    ok(ana.json("POST", &grant, &json!({ "role": "developer" })));
    assert_eq!(projects(&mut cleo), ["Jaffle"]);
    let rules = ok(cleo.get("/api/v1/user"))["abilityRules"].to_string();
    assert!(rules.contains(&project), "{rules}");

    // Bob keeps a space to himself, then lets the group in.
    let path = format!("/api/v1/projects/{project}/spaces");
    let space = ok(bob.json("POST", &path, &json!({ "name": "Forecast" })));
    let space = text(&space["uuid"]);
    assert_eq!(spaces(&mut bob, &project), ["Forecast", "Shared"]);
    assert_eq!(spaces(&mut cleo, &project), ["Shared"]);
    let share = format!("{path}/{space}/group/share");
    let body = json!({ "groupUuid": group, "spaceRole": "editor" });
    assert_eq!(
        refused(&cleo.json("POST", &share, &body)),
        (403, "ForbiddenError")
    );
    ok(bob.json("POST", &share, &body));
    assert_eq!(spaces(&mut cleo, &project), ["Forecast", "Shared"]);

    // A short link works for colleagues.
    let body = json!({ "path": "/projects", "params": "?x=1" });
    let code = text(&ok(bob.json("POST", "/api/v1/share", &body))["nanoid"]);
    let resolved = ok(cleo.get(&format!("/api/v1/share/{code}")));
    assert_eq!(resolved["url"], "/projects?x=1");

    // To Dan nothing of it is there, and nothing of his is changed by asking.
    for path in [
        format!("/api/v1/projects/{project}"),
        format!("{path}/{space}"),
        format!("/api/v1/groups/{group}"),
        format!("/api/v1/org/users/{cleo_id}"),
        format!("/api/v1/share/{code}"),
        format!("/api/v1/projects/{project}/access"),
    ] {
        assert_eq!(dan.get(&path).status, 404, "{path}");
    }
    let theft = dan.json("PATCH", &role(&cleo_id), &json!({ "role": "admin" }));
    assert_eq!(refused(&theft), (404, "NotFoundError"));

    // One admin stays, whoever wants to go; then Bob takes over.
    let stepping_down = ana.json("PATCH", &role(&ana_id), &json!({ "role": "viewer" }));
    assert_eq!(refused(&stepping_down), (403, "ForbiddenError"));
    ok(ana.json("PATCH", &role(&bob_id), &json!({ "role": "admin" })));
    ok(bob.json("DELETE", &format!("/api/v1/org/user/{ana_id}"), &json!({})));
    assert_eq!(refused(&ana.get("/api/v1/user")), (401, "InvalidUser"));

    // Without the group Cleo is out again.
    ok(bob.json("DELETE", &format!("/api/v1/groups/{group}"), &json!({})));
    assert!(projects(&mut cleo).is_empty());
    let gone = cleo.get(&format!("{path}/{space}"));
    assert_eq!(refused(&gone), (403, "ForbiddenError"));

    // The end of Acme is the end of everybody in it; the other organisation does not notice.
    ok(bob.json("DELETE", &format!("/api/v1/org/{organization}"), &json!({})));
    eventually("the end of Cleo's account", || {
        let answer = cleo.get("/api/v1/user");
        (answer.status == 401).then_some(())
    });
    let body = json!({ "email": "bob@partner.example", "password": PASSWORD });
    let login = bob.json("POST", "/api/v1/login", &body);
    assert_eq!(refused(&login), (401, "AuthorizationError"));
    assert_eq!(projects(&mut dan), ["Theirs"]);
    person(&server, folder, "ana@acme.example", "Ana");
    assert!(server.stop().0.success());
}
