//! Content of several projects, search, and pinned lists.

use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Row, get, with};

/// A space that is moved, as either operation takes it.
fn moved(space: &str, target: &str) -> Value {
    let item = json!({ "contentType": "space", "uuid": space });
    let action = json!({ "type": "move", "targetSpaceUuid": target });
    json!({ "item": item, "content": [item], "action": action })
}

fn pinned(named: &Named) -> String {
    let list = "00000000-0000-4000-8000-000000000000";
    format!(
        "/api/v1/projects/{}/pinned-lists/{list}/items",
        named.project
    )
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("List content", "", |named| {
            let kinds = "contentTypes=chart&contentTypes=dashboard&contentTypes=space";
            let project = &named.project;
            get(format!("/api/v2/content?{kinds}&projectUuids={project}"))
        }),
        ("Move content", "", |named| {
            let body = moved(&named.space, &named.private_space);
            let path = format!("/api/v2/content/{}/move", named.project);
            with(Method::POST, path, body)
        }),
        ("Move content", "into a public space", |named| {
            let body = moved(&named.private_space, &named.space);
            let path = format!("/api/v2/content/{}/move", named.project);
            with(Method::POST, path, body)
        }),
        ("Bulk move content", "", |named| {
            let body = moved(&named.space, &named.private_space);
            let path = format!("/api/v2/content/bulk-action/{}/move", named.project);
            with(Method::POST, path, body)
        }),
        ("SearchProject", "", |named| {
            get(format!("/api/v1/projects/{}/search/orders", named.project))
        }),
        ("getPinnedItems", "", |named| get(pinned(named))),
        ("updatePinnedItemsOrder", "of another list", |named| {
            let path = format!("{}/order", pinned(named));
            with(Method::PATCH, path, json!([]))
        }),
        ("ToggleSpacePinning", "", |named| {
            let (project, space) = (&named.project, &named.space);
            let path = format!("/api/v1/projects/{project}/spaces/{space}/pinning");
            with(Method::PATCH, path, json!({}))
        }),
        ("ToggleSpacePinning", "of a private one", |named| {
            let (project, space) = (&named.project, &named.private_space);
            let path = format!("/api/v1/projects/{project}/spaces/{space}/pinning");
            with(Method::PATCH, path, json!({}))
        }),
    ]
}
