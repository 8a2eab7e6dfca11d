//! What these tests find there.

use app::domain::{
    content::{ChartKind, Content, ContentKind, Shown},
    id::{ContentId, SpaceId},
    project::Project,
    slug::slug_of,
};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

pub(crate) const ANA: &str = "ana@example.com";
pub(crate) const EVA: &str = "eva@example.com";
pub(crate) const VIC: &str = "vic@example.com";
pub(crate) const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The names of a list, in its order.
pub(crate) fn names(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["name"]))
        .collect()
}

/// A space that was made by a request.
pub(crate) async fn space(actor: &Actor<'_>, project: &Project, body: Value) -> SpaceId {
    let path = format!("/api/v1/projects/{}/spaces", project.id);
    let made = actor.post(&path).json(&body).await.ok();
    SpaceId::parse(&text(&made["uuid"])).unwrap()
}

pub(crate) async fn public(actor: &Actor<'_>, project: &Project, name: &str) -> SpaceId {
    space(actor, project, json!({ "name": name, "isPrivate": false })).await
}

pub(crate) async fn inside(
    actor: &Actor<'_>,
    project: &Project,
    (name, parent): (&str, SpaceId),
) -> SpaceId {
    let body = json!({ "name": name, "parentSpaceUuid": parent });
    space(actor, project, body).await
}

/// Something of Ana's, before it is stored.
pub(crate) async fn head(
    app: &TestApp,
    project: &Project,
    what: ContentKind,
    (name, space): (&str, SpaceId),
) -> Content {
    Content {
        space: Some(space),
        shown: Shown {
            chart_kind: (what != ContentKind::Dashboard).then_some(ChartKind::Table),
            ..Shown::default()
        },
        ..app.head(ANA, project.id, what, name).await
    }
}

pub(crate) async fn stored(app: &TestApp, head: Content) -> Content {
    app.stored(head, &json!({})).await
}

pub(crate) async fn chart(app: &TestApp, project: &Project, name: &str, space: SpaceId) -> Content {
    stored(
        app,
        head(app, project, ContentKind::Chart, (name, space)).await,
    )
    .await
}

pub(crate) async fn dashboard(
    app: &TestApp,
    project: &Project,
    name: &str,
    space: SpaceId,
) -> Content {
    let head = head(app, project, ContentKind::Dashboard, (name, space)).await;
    stored(app, head).await
}

/// A chart that belongs to a dashboard and is on it.
pub(crate) async fn chart_on(app: &TestApp, dashboard: &Content, name: &str) -> Content {
    let chart = Content {
        id: ContentId::new(&app.app.random),
        what: ContentKind::Chart,
        slug: slug_of(name, &app.app.random),
        name: name.to_owned(),
        space: None,
        dashboard: Some(dashboard.id),
        rev: 0,
        latest: 0,
        shown: Shown::default(),
        ..dashboard.clone()
    };
    stored(app, chart).await
}

/// What is stored of something now.
pub(crate) async fn now(app: &TestApp, head: &Content) -> Content {
    let found = app.app.store.content(head.what, head.id).await.unwrap();
    found.unwrap()
}

/// Two organisations are possible.
pub(crate) async fn installation() -> TestApp {
    TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await
}
