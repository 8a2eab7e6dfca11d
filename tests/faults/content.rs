//! Content of several projects, search, pinned lists, and spaces with something in them.

use app::domain::{
    content::{Content, ContentKind},
    id::{ContentId, SpaceId},
    project::Project,
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";

/// A project with two spaces, one of which has another one, a chart, and a dashboard with a chart of its own.
struct Filled {
    project: Project,
    from: String,
    inside: String,
    to: String,
    chart: ContentId,
    dashboard: ContentId,
}

async fn space(ana: &Actor<'_>, project: &Project, body: Value) -> String {
    let path = format!("/api/v1/projects/{}/spaces", project.id);
    let made = ana.post(&path).json(&body).await.ok();
    text(&made["uuid"])
}

async fn stored(
    app: &TestApp,
    project: &Project,
    (what, name): (ContentKind, &str),
    (space, dashboard): (Option<&str>, Option<ContentId>),
) -> ContentId {
    let head = Content {
        space: space.and_then(SpaceId::parse),
        dashboard,
        ..app.head(ANA, project.id, what, name).await
    };
    app.stored(head, &json!({})).await.id
}

async fn filled(app: &TestApp, ana: &Actor<'_>) -> Filled {
    let project = app.project(ANA, "Sales").await;
    let from = space(ana, &project, json!({ "name": "From" })).await;
    let to = space(ana, &project, json!({ "name": "To" })).await;
    let nested = json!({ "name": "In", "parentSpaceUuid": from });
    let inside = space(ana, &project, nested).await;
    let lies = (Some(from.as_str()), None);
    let chart = stored(app, &project, (ContentKind::Chart, "Chart"), lies).await;
    let dashboard = stored(app, &project, (ContentKind::Dashboard, "Board"), lies).await;
    let lies = (None, Some(dashboard));
    stored(app, &project, (ContentKind::Chart, "Own"), lies).await;
    Filled {
        project,
        from,
        inside,
        to,
        chart,
        dashboard,
    }
}

fn moved(item: Value, target: Value) -> Value {
    let action = json!({ "type": "move", "targetSpaceUuid": target });
    json!({ "item": item, "action": action })
}

async fn pin(ana: &Actor<'_>, filled: &Filled) -> String {
    let project = filled.project.id;
    let path = format!("/api/v1/projects/{project}/spaces/{}/pinning", filled.from);
    let seen = ana.patch(&path).await.ok();
    let list = text(&seen["pinnedListUuid"]);
    format!("/api/v1/projects/{project}/pinned-lists/{list}/items")
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = moves();
    scenarios.extend(others());
    scenarios
}

fn moves() -> Vec<Scenario> {
    vec![
        scenario!("Move content", "a chart", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let filled = filled(app, &ana).await;
            let item = json!({ "contentType": "chart", "uuid": filled.chart });
            let path = format!("/api/v2/content/{}/move", filled.project.id);
            Plan::post(&ana, path, moved(item, json!(filled.to)))
        }),
        scenario!(
            "Move content",
            "a space into another one",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let filled = filled(app, &ana).await;
                let item = json!({ "contentType": "space", "uuid": filled.from });
                let path = format!("/api/v2/content/{}/move", filled.project.id);
                Plan::post(&ana, path, moved(item, json!(filled.to)))
            },
            refused!("400 ParameterError", |_app| ())
        ),
        scenario!(
            "Move content",
            "a space to the root",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let filled = filled(app, &ana).await;
                let item = json!({ "contentType": "space", "uuid": filled.inside });
                let path = format!("/api/v2/content/{}/move", filled.project.id);
                Plan::post(&ana, path, moved(item, Value::Null))
            },
            refused!("400 ParameterError", |_app| ())
        ),
        Scenario {
            resumes: true,
            ..scenario!("Bulk move content", "of every kind", |app| {
                let ana = app.admin(ANA, "Acme").await;
                let filled = filled(app, &ana).await;
                let content = json!([
                    { "contentType": "chart", "source": "dbt_explore", "uuid": filled.chart },
                    { "contentType": "dashboard", "uuid": filled.dashboard },
                    { "contentType": "space", "uuid": filled.inside },
                ]);
                let action = json!({ "type": "move", "targetSpaceUuid": filled.to });
                let body = json!({ "content": content, "action": action });
                let path = format!("/api/v2/content/bulk-action/{}/move", filled.project.id);
                Plan::post(&ana, path, body)
            })
        },
        Scenario {
            resumes: true,
            ..scenario!(
                "DeleteSpace",
                "with charts and dashboards in it",
                |app| {
                    let ana = app.admin(ANA, "Acme").await;
                    let filled = filled(app, &ana).await;
                    let (project, space) = (filled.project.id, filled.from);
                    Plan::delete(&ana, format!("/api/v1/projects/{project}/spaces/{space}"))
                },
                refused!("404 NotFoundError", |_app| ())
            )
        },
    ]
}

fn others() -> Vec<Scenario> {
    vec![
        scenario!("List content", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            filled(app, &ana).await;
            let kinds = "contentTypes=chart&contentTypes=dashboard&contentTypes=space";
            Plan::get(&ana, format!("/api/v2/content?{kinds}"))
        }),
        scenario!("SearchProject", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let filled = filled(app, &ana).await;
            let project = filled.project.id;
            Plan::get(&ana, format!("/api/v1/projects/{project}/search/chart"))
        }),
        scenario!("getPinnedItems", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let filled = filled(app, &ana).await;
            Plan::get(&ana, pin(&ana, &filled).await)
        }),
        scenario!("updatePinnedItemsOrder", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let filled = filled(app, &ana).await;
            let path = format!("{}/order", pin(&ana, &filled).await);
            let data = json!({ "uuid": filled.from, "pinnedListOrder": 1 });
            Plan::patch(&ana, path, json!([{ "type": "space", "data": data }]))
        }),
        scenario!(
            "ToggleSpacePinning",
            "",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let filled = filled(app, &ana).await;
                let (project, space) = (filled.project.id, filled.from);
                let path = format!("/api/v1/projects/{project}/spaces/{space}/pinning");
                Plan::patch(&ana, path, json!({}))
            },
            // Once more takes the pin away.
            Again::More
        ),
    ]
}
