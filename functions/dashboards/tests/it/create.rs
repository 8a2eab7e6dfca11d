use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::given::{BOB, Given, NOBODYS, at, filters, installation, markdown, text, tile, with};

#[tokio::test]
async fn a_dashboard_is_answered_whole_and_read_again_as_it_was_answered() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let chart = given.chart("Revenue", &given.space).await;
    let body = json!({
        "name": " Sales & More ", "description": "What we sell", "spaceUuid": given.space,
        "tiles": [
            { "uuid": "a", "type": "saved_chart", "x": 0, "y": 0, "w": 6, "h": 4.5, "tabUuid": "one",
              "properties": { "savedChartUuid": chart, "title": "Mine", "hideTitle": true } },
            { "uuid": "b", "type": "markdown", "x": 6, "y": 0, "w": 6, "h": 4, "tabUuid": null,
              "properties": { "title": "T", "content": "> a & b<script>alert(1)</script>" } },
            { "uuid": "c", "type": "loom", "x": 0, "y": 4, "w": 6, "h": 4, "properties": { "title": "", "url": "https://x.example" } },
        ],
        "tabs": [{ "uuid": "one", "name": "First", "order": 0 }],
        "filters": filters(&json!({ "a": { "fieldId": "orders_status", "tableName": "orders" }, "z": false })),
        "config": { "isDateZoomDisabled": true, "later": 1 },
        "updatedByUser": { "userUuid": NOBODYS },
    });
    let reply = given.ana.post(&given.dashboards()).json(&body).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("etag"), Some("\"1\""));
    let made = reply.json()["results"].clone();
    assert_snapshot!(reply, @r#"
    201 {
      "results": {
        "access": [
          {
            "email": "ana@example.com",
            "firstName": "ana",
            "hasDirectAccess": true,
            "inheritedFrom": "organization",
            "inheritedRole": "admin",
            "lastName": "Test",
            "projectRole": "admin",
            "role": "admin",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          }
        ],
        "config": {
          "isDateZoomDisabled": true,
          "later": 1
        },
        "dashboardVersionId": 1,
        "description": "What we sell",
        "filters": {
          "dimensions": [
            {
              "id": "1",
              "label": "Status",
              "operator": "equals",
              "target": {
                "fieldId": "orders_status",
                "tableName": "orders"
              },
              "tileTargets": {
                "a": {
                  "fieldId": "orders_status",
                  "tableName": "orders"
                }
              },
              "values": [
                "a"
              ]
            }
          ],
          "metrics": [],
          "tableCalculations": []
        },
        "firstViewedAt": null,
        "isPrivate": false,
        "name": "Sales & More",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "pinnedListOrder": null,
        "pinnedListUuid": null,
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "slug": "sales-more",
        "spaceName": "Public",
        "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
        "tabs": [
          {
            "name": "First",
            "order": 0,
            "uuid": "one"
          }
        ],
        "tiles": [
          {
            "h": 4.5,
            "properties": {
              "belongsToDashboard": false,
              "chartName": "Revenue",
              "chartSlug": "revenue",
              "hideTitle": true,
              "lastVersionChartKind": "table",
              "savedChartUuid": "d12e4dff-951d-4ece-89f5-49d4ac4ec3c2",
              "title": "Mine"
            },
            "tabUuid": "one",
            "type": "saved_chart",
            "uuid": "a",
            "w": 6,
            "x": 0,
            "y": 0
          },
          {
            "h": 4,
            "properties": {
              "content": "> a & b",
              "hideTitle": false,
              "title": "T"
            },
            "type": "markdown",
            "uuid": "b",
            "w": 6,
            "x": 6,
            "y": 0
          },
          {
            "h": 4,
            "properties": {
              "hideTitle": false,
              "title": "",
              "url": "https://x.example"
            },
            "type": "loom",
            "uuid": "c",
            "w": 6,
            "x": 0,
            "y": 4
          }
        ],
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "updatedByUser": {
          "firstName": "ana",
          "lastName": "Test",
          "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
        },
        "uuid": "320f9037-3ced-4242-891f-53ad91e39c88",
        "views": 0
      },
      "status": "ok"
    }
    "#);
    // Targets of tiles that are not there are left out.
    let targets = &made["filters"]["dimensions"][0]["tileTargets"];
    assert_eq!(targets.as_object().unwrap().len(), 1);

    let read = given.ana.get(&at(&made)).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.ok(), made);
}

#[tokio::test]
async fn without_a_space_it_lies_in_the_first_root_that_the_caller_may_use() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.ana.post(&given.dashboards()).json(&with(&json!([])));
    let made = made.await.json()["results"].clone();
    let spaces = format!("/api/v1/projects/{}/spaces", given.project.id);
    let spaces = given.ana.get(&spaces).await.ok();
    let ids: Vec<_> = spaces
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["uuid"])
        .collect();
    assert!(ids.contains(&&made["spaceUuid"]));

    let viewer = app.viewer(BOB).await;
    let refused = viewer
        .post(&given.dashboards())
        .json(&with(&json!([])))
        .await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn names_may_be_the_same_and_slugs_are_not() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let slugs = [
        given.made(&with(&json!([]))).await["slug"].clone(),
        given.made(&with(&json!([]))).await["slug"].clone(),
    ];
    assert_eq!(slugs, [json!("sales"), json!("sales-1")]);
}

#[tokio::test]
async fn a_request_that_comes_twice_makes_one() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let dashboards = given.dashboards();
    let call = || {
        let call = given.ana.post(&dashboards).json(&with(&json!([])));
        call.header("idempotency-key", "once")
    };
    let first = call().await.json()["results"].clone();
    let second = call().await;
    assert_eq!(second.status, 201);
    assert_eq!(second.json()["results"], first);
    assert_eq!(
        given
            .ana
            .get(&dashboards)
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused_and_makes_nothing() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let other = app.admin("oda@other.example", "Other").await;
    let theirs = app.project("oda@other.example", "Theirs").await;
    let path = format!("/api/v1/projects/{}/spaces", theirs.id);
    let foreign_space = text(&other.post(&path).json(&json!({ "name": "S" })).await.ok()["uuid"]);
    let before = app.items();

    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = with(&json!([markdown("a")]));
        body["spaceUuid"] = json!(given.space);
        change(&mut body);
        body
    };
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Value));
    let cases: [Case<'_>; 14] = [
        ("404 NotFoundError", &|body| {
            body["tiles"] = json!([tile("a", NOBODYS)])
        }),
        ("404 NotFoundError", &|body| {
            body["tiles"] = json!([tile("a", "no id")])
        }),
        ("404 NotFoundError", &|body| {
            body["spaceUuid"] = json!(NOBODYS)
        }),
        ("404 NotFoundError", &|body| {
            body["spaceUuid"] = json!("no id")
        }),
        ("400 ParameterError", &|body| body["name"] = json!(" ")),
        ("400 ParameterError", &|body| {
            body["name"] = json!("x".repeat(256))
        }),
        ("400 ParameterError", &|body| {
            body["description"] = json!("x".repeat(5001))
        }),
        ("400 ParameterError", &|body| {
            body["tiles"] = json!([markdown("a"), markdown("a")])
        }),
        ("400 ParameterError", &|body| {
            body["tiles"][0]["tabUuid"] = json!("gone")
        }),
        ("400 ParameterError", &|body| {
            body["tiles"][0]["x"] = json!(1e300)
        }),
        ("400 ParameterError", &|body| {
            let tab = json!({ "uuid": "one", "name": "One", "order": 0 });
            body["tabs"] = json!([tab, tab]);
        }),
        ("400 ParameterError", &|body| {
            let filter = json!({ "id": "1", "operator": "equals" });
            body["filters"] =
                json!({ "dimensions": [filter], "metrics": [], "tableCalculations": [] });
        }),
        ("422 ValidateError", &|body| {
            body["tiles"][0]["type"] = json!("unheard_of")
        }),
        ("422 ValidateError", &|body| body["tiles"] = json!("none")),
    ];
    for (refusal, change) in cases {
        let body = changed(change);
        let reply = given.ana.post(&given.dashboards()).json(&body).await;
        assert_eq!(reply.refusal(), refusal, "{body}");
    }
    let foreign = changed(&|body| body["spaceUuid"] = json!(foreign_space));
    let reply = given.ana.post(&given.dashboards()).json(&foreign).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
    let large = changed(&|body| body["description"] = json!("x".repeat(5_000_000)));
    let reply = given.ana.post(&given.dashboards()).json(&large).await;
    assert_eq!(reply.refusal(), "413 ParameterError");
    let unknown = format!("/api/v1/projects/{NOBODYS}/dashboards");
    let reply = given.ana.post(&unknown).json(&changed(&|_| ())).await;
    assert_eq!(reply.refusal(), "404 NotExistsError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_tile_of_the_semantic_viewer_is_given_back_as_it_was_sent() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let tile = json!({
        "uuid": "a", "type": "semantic_viewer_chart", "x": 0, "y": 0, "w": 6, "h": 4,
        "properties": {
            "savedSemanticViewerChartUuid": "one", "chartName": "Orders", "chartSlug": "orders", "title": "Mine", "hideTitle": true,
        },
    });
    let gone = json!({ "savedSemanticViewerChartUuid": null, "chartName": "Gone" });
    let bare = json!({ "uuid": "b", "type": "semantic_viewer_chart", "x": 6, "y": 0, "w": 6, "h": 4, "properties": gone });
    let made = given.made(&with(&json!([tile, bare]))).await;
    let read = given.ana.get(&at(&made)).await.ok();
    assert_eq!(read["tiles"][0], tile);
    assert_eq!(
        read["tiles"][1]["properties"],
        json!({
            "savedSemanticViewerChartUuid": null, "chartName": "Gone", "chartSlug": "", "title": "", "hideTitle": false,
        })
    );
    let list = given.ana.get(&given.dashboards()).await.ok();
    assert_eq!(list[0]["tileTypes"], json!(["semantic_viewer_chart"]));

    // As a document, too: there it says what was sent, and is the same when it comes back.
    let found = given.ana.get(&format!("{}/code", given.dashboards()));
    let document = found.await.ok()["dashboards"][0].clone();
    assert_eq!(document["tiles"][0]["properties"], tile["properties"]);
    assert_eq!(document["tiles"][1]["properties"], gone);
    let path = format!("{}/{}/code", given.dashboards(), text(&made["slug"]));
    let told = given.ana.post(&path).json(&document).await.ok();
    assert_eq!(told["dashboards"][0]["action"], "no changes");
}
