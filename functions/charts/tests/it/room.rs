//! A project that holds as much as it can.

use std::{collections::BTreeSet, iter::repeat_with};

use app::{
    domain::{
        content::{ChartBody, Content, ContentKind, LONGEST_DESCRIPTION},
        id::{ContentId, ProjectId, SpaceId},
        packed::Packed,
        user::User,
    },
    store::NewContent,
};
use serde_json::json;
use testing::TestApp;

use crate::{
    made::{ANA, Made, definition, made},
    restore::deleted,
};

/// Letters that do not pack well.
fn noise(app: &TestApp, letters: usize) -> String {
    let random = &app.app.random;
    let letter = || char::from_u32(0x4e00 + random.below(0x5000)).unwrap();
    repeat_with(letter).take(letters).collect()
}

/// A chart whose row is in the first part of the index.
fn numbered(
    app: &TestApp,
    (made, by): (&Made<'_>, &User),
    at: usize,
    description: Option<String>,
) -> NewContent {
    let body: ChartBody = serde_json::from_value(definition()).unwrap();
    let now = app.app.clock.now();
    let head = Content {
        id: ContentId::parse(&format!("00000000-0000-4000-8000-{at:012}")).unwrap(),
        what: ContentKind::Chart,
        project: ProjectId::parse(made.path.rsplit('/').next().unwrap()).unwrap(),
        organization: by.organization.unwrap(),
        slug: format!("chart-{at}"),
        name: format!("Chart {at}"),
        description,
        space: SpaceId::parse(&made.space),
        dashboard: None,
        rev: 0,
        latest: 0,
        created_at: now,
        created_by: Some(by.id),
        updated_at: now,
        updated_by: Some(by.id),
        deleted_at: None,
        shown: saved::chart::shown(&body),
        tiled: BTreeSet::new(),
    };
    NewContent {
        head,
        body: Packed::pack_json(&body).unwrap(),
        any_slug: false,
    }
}

#[tokio::test]
async fn deleting_makes_room_where_the_index_is_full() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let ana = app.account(ANA).await;
    let (kept, now) = (app.app.config.deleted_content, app.app.clock.now());
    let put = async |at: usize, description: Option<String>| {
        let new = numbered(&app, (&made, &ana), at, description);
        app.app.store.create_content(new, None, kept, now).await
    };
    let plain = put(0, None).await.unwrap();
    let mut charts = Vec::new();
    let full = loop {
        let long = noise(&app, LONGEST_DESCRIPTION);
        match put(charts.len() + 1, Some(long)).await {
            Ok(chart) => charts.push(format!("/api/v1/saved/{}", chart.id)),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, app::Error::Invalid(_)), "{full}");
    assert!(charts.len() > 40, "{}", charts.len());

    // More than the row that found no room.
    let grown =
        json!({ "name": noise(&app, 255), "description": noise(&app, LONGEST_DESCRIPTION) });
    let path = format!("/api/v1/saved/{}", plain.id);
    let before = app.items();
    let refused = made.ana.patch(&path).json(&grown).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    assert_eq!(before, app.items());
    for chart in &charts[..2] {
        made.ana.delete(chart).await.ok();
    }
    let changed = made.ana.patch(&path).json(&grown).await.ok();
    assert_eq!(changed["description"], grown["description"]);
    assert_eq!(deleted(&made).await.as_array().unwrap().len(), 2);
}
