//! Who may do what with which space (reference 03 §3.4), over HTTP, as one table. Each cell: the role that the list tells
//! the caller, what reading the space answers, what renaming it answers.

use std::fmt::Write as _;

use app::domain::access::ProjectRole;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::spaces::{ANA, id, id_of, made, share, share_group, spaces};

const CALLER: &str = "cal@example.com";

/// Where a role is from: the organisation, the project, or a group's role in the project.
#[derive(Clone, Copy)]
enum Source {
    Organization,
    Project,
    Group,
}

const ROWS: [(Source, &str); 16] = {
    use Source::{Group, Organization, Project};
    [
        (Organization, "member"),
        (Organization, "viewer"),
        (Organization, "interactive_viewer"),
        (Organization, "editor"),
        (Organization, "developer"),
        (Organization, "admin"),
        (Project, "viewer"),
        (Project, "interactive_viewer"),
        (Project, "editor"),
        (Project, "developer"),
        (Project, "admin"),
        (Group, "viewer"),
        (Group, "interactive_viewer"),
        (Group, "editor"),
        (Group, "developer"),
        (Group, "admin"),
    ]
};

/// Whether it is private, whether a group of the caller's was let in rather than they, and as what.
const COLUMNS: [(&str, bool, bool, Option<&str>); 9] = [
    ("public", false, false, None),
    ("public, viewer", false, false, Some("viewer")),
    ("public, admin", false, false, Some("admin")),
    ("private", true, false, None),
    ("private, viewer", true, false, Some("viewer")),
    ("private, editor", true, false, Some("editor")),
    ("private, admin", true, false, Some("admin")),
    ("private, group editor", true, true, Some("editor")),
    ("private, group admin", true, true, Some("admin")),
];

async fn cell(caller: &Actor<'_>, list: &Value, space: &str) -> String {
    let found = list
        .as_array()
        .and_then(|list| list.iter().find(|one| one["uuid"] == id_of(space)));
    let role = found.map_or("-", |space| {
        space["userAccess"]["role"].as_str().unwrap_or("none")
    });
    let seen = caller.get(space).await;
    assert_eq!(seen.status == 200, found.is_some(), "{seen}");
    let name = json!({ "name": "Space" });
    let renamed = caller.patch(space).json(&name).await;
    format!(
        "{role} {} {}",
        seen.status.as_u16(),
        renamed.status.as_u16()
    )
}

#[tokio::test]
async fn who_may_do_what_with_which_space() {
    let mut table = format!("{:34}", "");
    for (title, ..) in COLUMNS {
        write!(table, "{title:24}").unwrap();
    }
    for (source, role) in ROWS {
        let app = TestApp::new(local::api()).await;
        let ana = app.admin(ANA, "Acme").await;
        let project = app.project(ANA, "Sales").await;
        let caller = match source {
            Source::Organization => app.in_role(CALLER, role).await,
            Source::Project | Source::Group => app.in_role(CALLER, "member").await,
        };
        let group = app.group(ANA, "Group", &[CALLER]).await;
        let project_role = || serde_json::from_value::<ProjectRole>(json!(role)).unwrap();
        let from = match source {
            Source::Organization => "organization",
            Source::Project => {
                app.grant(&project, CALLER, project_role()).await;
                "project"
            }
            Source::Group => {
                app.grant_group(&project, &group, project_role()).await;
                "group"
            }
        };
        let mut made_spaces = Vec::new();
        for (_, is_private, by_group, granted) in COLUMNS {
            let body = json!({ "name": "Space", "isPrivate": is_private });
            let space = made(&ana, &project, &body).await;
            if let Some(granted) = granted {
                let shared = if by_group {
                    share_group(&ana, &space, &group.id.to_string(), granted).await
                } else {
                    share(&ana, &space, &id(&app, CALLER).await, granted).await
                };
                shared.ok();
            }
            made_spaces.push(space);
        }
        let list = caller.get(&spaces(&project)).await.json()["results"].clone();
        table = table.trim_end().to_owned();
        write!(table, "\n{:34}", format!("{from} {role}")).unwrap();
        for space in &made_spaces {
            write!(table, "{:24}", cell(&caller, &list, space).await).unwrap();
        }
    }
    assert_snapshot!(table.trim_end());
}
