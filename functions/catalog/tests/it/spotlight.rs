use serde_json::{Value, json};
use testing::TestApp;

const ANA: &str = "ana@acme.com";

fn columns() -> Value {
    json!({ "columnConfig": [
        { "column": "chartUsage", "isVisible": false }, { "column": "label", "isVisible": true },
        { "column": "tableLabel", "isVisible": true }, { "column": "description", "isVisible": true },
        { "column": "categories", "isVisible": true },
    ] })
}

#[tokio::test]
async fn a_list_is_shown_as_somebody_said_until_they_take_it_back() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let view = app.in_role("vic@acme.com", "viewer").await;
    let project = app.project(ANA, "Sales").await.id;
    let path = format!("/api/v1/projects/{project}/spotlight/table/config");
    // Clients have their own way until then.
    assert_eq!(view.get(&path).await.refusal(), "404 NotFoundError");
    ana.delete(&path).await.ok();

    let said = dev.post(&path).json(&columns()).await;
    assert_eq!(
        (said.status.as_u16(), said.json()),
        (201, json!({ "status": "ok" }))
    );
    let first = view.get(&path).await.ok();
    assert_eq!(first["columnConfig"], columns()["columnConfig"]);
    assert_eq!(first["projectUuid"], json!(project));

    let few = json!({ "columnConfig": [{ "column": "label", "isVisible": true }] });
    assert_eq!(ana.post(&path).json(&few).await.status, 201);
    let second = view.get(&path).await.ok();
    assert_eq!(second["columnConfig"], few["columnConfig"]);
    let id = "spotlightTableConfigUuid";
    assert_eq!(second[id], first[id]);

    dev.delete(&path).await.ok();
    assert_eq!(view.get(&path).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_column_stands_in_a_list_once_and_has_a_known_name() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await.id;
    let path = format!("/api/v1/projects/{project}/spotlight/table/config");
    let column = |name: &str| json!({ "column": name, "isVisible": true });
    let before = app.items();
    for (columns, refusal) in [
        (
            json!([column("label"), column("label")]),
            "400 ParameterError",
        ),
        (json!([column("price")]), "422 ValidateError"),
        (json!([{ "column": "label" }]), "422 ValidateError"),
        (json!("label"), "422 ValidateError"),
    ] {
        let body = json!({ "columnConfig": columns });
        let reply = ana.post(&path).json(&body).await;
        assert_eq!(reply.refusal(), refusal, "{columns}");
    }
    let reply = ana.post(&path).json(&json!({})).await;
    assert_eq!(reply.refusal(), "422 ValidateError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn developers_say_how_a_list_is_shown_and_nobody_elsewhere_sees_it() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let editor = app.in_role("ed@acme.com", "editor").await;
    let guest = app.in_role("gus@acme.com", "member").await;
    let oda = app.admin("oda@other.example", "Other").await;
    let project = app.project(ANA, "Sales").await.id;
    let path = format!("/api/v1/projects/{project}/spotlight/table/config");
    assert_eq!(ana.post(&path).json(&columns()).await.status, 201);
    for (who, refusal) in [
        (&editor, "403 ForbiddenError"),
        (&guest, "403 ForbiddenError"),
        (&oda, "404 NotExistsError"),
    ] {
        let said = who.post(&path).json(&columns()).await;
        assert_eq!(said.refusal(), refusal);
        assert_eq!(who.delete(&path).await.refusal(), refusal);
    }
    assert_eq!(editor.get(&path).await.status, 200);
    assert_eq!(guest.get(&path).await.refusal(), "403 ForbiddenError");
    assert_eq!(oda.get(&path).await.refusal(), "404 NotExistsError");
    // It goes with its project.
    ana.delete(&format!("/api/v1/org/projects/{project}"))
        .await
        .ok();
    let left = app.items().into_values();
    assert!(
        left.into_iter()
            .all(|item| item["kind"]["S"] != "spotlight")
    );
}
