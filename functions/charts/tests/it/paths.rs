//! No two spaces are at one path: documents name spaces by theirs.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use testing::TestApp;

use crate::{
    made::{Made, chart_path, made, text},
    places::{Request, answered, crossed, moving, space_path, upload},
};

async fn space_in(made: &Made<'_>, name: &str, parent: &str) -> Value {
    let body = json!({ "name": name, "parentSpaceUuid": parent });
    let path = format!("{}/spaces", made.path);
    made.ana.post(&path).json(&body).await.ok()
}

/// The paths of all spaces, in order.
async fn paths(made: &Made<'_>) -> Vec<String> {
    let list = made.ana.get(&format!("{}/spaces", made.path)).await.ok();
    let all = list.as_array().unwrap().iter();
    let mut paths: Vec<_> = all.map(|space| text(&space["path"])).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn spaces_of_one_name_that_are_made_at_once_have_two_paths() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let path = format!("{}/spaces", made.path);
    for (body, taken, begins) in [
        (json!({ "name": "Same" }), "same", "same_"),
        (
            json!({ "name": "Twin", "parentSpaceUuid": made.space }),
            "public.twin",
            "public.twin_",
        ),
    ] {
        let request = || (Method::POST, path.clone(), body.clone());
        let (first, second) = crossed(&app, &made, request(), request()).await;
        assert_eq!(second.ok()["path"], taken);
        let other = text(&first.ok()["path"]);
        assert!(other.starts_with(begins), "{other}");
    }
    assert_eq!(paths(&made).await.len(), 5);
}

#[tokio::test]
async fn no_space_comes_to_where_another_one_is() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let cookie = made.ana.cookie().unwrap();
    let same = made.space("Same", false).await;
    // A space of a document has the path that the document says, whatever slug is free.
    let uploaded = answered(&app, &cookie, upload(&made, "a", "public/same")).await;
    uploaded.ok();
    let all = ["public", "public.same", "same"];
    assert_eq!(paths(&made).await, all);

    let before = app.items();
    let request = moving(&made, "space", &same, &made.space);
    let moved = answered(&app, &cookie, request).await;
    assert_eq!(moved.refusal(), "409 AlreadyExistsError");
    assert_eq!(before, app.items());

    // Its slug alone may be free.
    made.ana.delete(&space_path(&made, &same)).await.ok();
    let path = text(&space_in(&made, "Same", &made.space).await["path"]);
    assert!(path.starts_with("public.same_"), "{path}");
    // Documents name the one that was there first.
    let uploaded = answered(&app, &cookie, upload(&made, "b", "public/same")).await;
    assert_eq!(uploaded.ok()["spaces"][1]["action"], "no changes");
    assert_eq!(paths(&made).await, ["public", "public.same", path.as_str()]);
}

#[tokio::test]
async fn a_space_is_moved_to_a_path_or_a_document_makes_one_there() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let same = made.space("Same", false).await;
    let request = moving(&made, "space", &same, &made.space);
    let document = upload(&made, "a", "public/same");
    let (moved, uploaded) = crossed(&app, &made, request, document).await;
    uploaded.ok();
    assert_eq!(moved.refusal(), "409 AlreadyExistsError");
    assert_eq!(paths(&made).await, ["public", "public.same", "same"]);

    let other = made.space("Other", false).await;
    let request = moving(&made, "space", &other, &made.space);
    let document = upload(&made, "b", "public/other");
    let (uploaded, moved) = crossed(&app, &made, document, request).await;
    moved.ok();
    let chart = chart_path(&uploaded.ok()["charts"][0]["data"]);
    let read = made.ana.get(&chart).await.ok();
    assert_eq!(read["spaceUuid"], json!(other));
    let all = ["public", "public.other", "public.same", "same"];
    assert_eq!(paths(&made).await, all);
}

/// A space becomes a root.
fn to_root(made: &Made<'_>, space: &str) -> Request {
    let (method, path, mut body) = moving(made, "space", space, "");
    body["action"]["targetSpaceUuid"] = Value::Null;
    (method, path, body)
}

/// A document of a dashboard in a space that it names by its path.
fn upload_board(made: &Made<'_>, slug: &str, space: &str) -> Request {
    let body = json!({
        "name": "Board", "slug": slug, "spaceSlug": space, "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z",
        "tiles": [], "tabs": [], "filters": { "dimensions": [], "metrics": [], "tableCalculations": [] },
    });
    let path = format!("{}/dashboards/{slug}/code", made.path);
    (Method::POST, path, body)
}

#[tokio::test]
async fn a_space_becomes_a_root_or_a_document_makes_a_root_there() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    for (name, document) in [
        ("First", upload(&made, "a", "first")),
        ("Second", upload_board(&made, "b", "second")),
    ] {
        let inner = text(&space_in(&made, name, &made.space).await["uuid"]);
        let request = to_root(&made, &inner);
        let (moved, uploaded) = crossed(&app, &made, request, document).await;
        uploaded.ok();
        assert_eq!(moved.refusal(), "409 AlreadyExistsError", "{name}");
    }
    let all = ["first", "public", "public.first", "public.second", "second"];
    assert_eq!(paths(&made).await, all);

    for (name, document) in [
        ("Third", upload(&made, "c", "third")),
        ("Fourth", upload_board(&made, "d", "fourth")),
    ] {
        let inner = text(&space_in(&made, name, &made.space).await["uuid"]);
        let request = to_root(&made, &inner);
        let (uploaded, moved) = crossed(&app, &made, document, request).await;
        moved.ok();
        let root = &uploaded.ok()["spaces"][0];
        assert_eq!(root["data"]["uuid"], json!(inner), "{name}");
    }
    let all = [
        "first",
        "fourth",
        "public",
        "public.first",
        "public.second",
        "second",
        "third",
    ];
    assert_eq!(paths(&made).await, all);
}

#[tokio::test]
async fn what_left_a_path_leaves_it_to_others() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let cookie = made.ana.cookie().unwrap();
    let inner = text(&space_in(&made, "Same", &made.space).await["uuid"]);
    let deep = space_in(&made, "Deep", &inner).await;
    assert_eq!(deep["path"], "public.same.deep");
    answered(&app, &cookie, to_root(&made, &inner)).await.ok();
    let request = upload(&made, "a", "public/same/deep");
    answered(&app, &cookie, request).await.ok();
    let all = [
        "public",
        "public.same",
        "public.same.deep",
        "same",
        "same.deep",
    ];
    assert_eq!(paths(&made).await, all);

    made.ana.delete(&space_path(&made, &inner)).await.ok();
    let request = upload(&made, "b", "same/deep");
    answered(&app, &cookie, request).await.ok();
    assert_eq!(paths(&made).await, all);
    // What lies in a space keeps its last step when that is moved, whatever its slug.
    let spaces = made.ana.get(&format!("{}/spaces", made.path)).await.ok();
    let mut spaces = spaces.as_array().unwrap().iter();
    let same = spaces.find(|space| space["path"] == "public.same");
    let request = to_root(&made, &text(&same.unwrap()["uuid"]));
    answered(&app, &cookie, request).await.ok();
    let all = [
        "public",
        "public_same",
        "public_same.deep",
        "same",
        "same.deep",
    ];
    assert_eq!(paths(&made).await, all);
}
