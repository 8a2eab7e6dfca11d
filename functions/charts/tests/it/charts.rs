//! Creating, reading, changing and deleting charts.

use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::made::{ANA, chart_path, definition, made, names, text, with, with_sql};

#[tokio::test]
async fn a_chart_is_saved_and_read() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let body = json!({ "name": " Revenue by month ", "description": "", "spaceUuid": made.space });
    let body = with(definition(), body);
    let saved = made.ana.post(&made.saved()).json(&body).await;
    assert_eq!(saved.header("etag"), Some("\"1\""));
    assert_snapshot!(saved, @r##"
    200 {
      "results": {
        "access": [
          {
            "email": "ana@acme.com",
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
        "chartConfig": {
          "config": {
            "eChartsConfig": {
              "series": [
                {
                  "type": "bar"
                }
              ]
            },
            "layout": {}
          },
          "type": "cartesian"
        },
        "colorPalette": [
          "#5470c6",
          "#91cc75",
          "#fac858",
          "#ee6666",
          "#73c0de",
          "#3ba272",
          "#fc8452",
          "#9a60b4",
          "#ea7ccc"
        ],
        "dashboardName": null,
        "dashboardUuid": null,
        "isPrivate": false,
        "metricQuery": {
          "dimensions": [
            "orders_status"
          ],
          "exploreName": "orders",
          "filters": {},
          "limit": 500,
          "metrics": [
            "orders_total"
          ],
          "sorts": [],
          "tableCalculations": []
        },
        "name": "Revenue by month",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "pinnedListOrder": null,
        "pinnedListUuid": null,
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "slug": "revenue-by-month",
        "spaceName": "Public",
        "spaceUuid": "eb7d836d-3132-4b8a-9c80-4c1428cc29b4",
        "tableConfig": {
          "columnOrder": [
            "orders_status",
            "orders_total"
          ]
        },
        "tableName": "orders",
        "updatedAt": "2026-01-31T09:30:00.000Z",
        "updatedByUser": {
          "firstName": "ana",
          "lastName": "Test",
          "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
        },
        "uuid": "ea5d42f7-1b46-4fba-86e8-b87d74f12faa"
      },
      "status": "ok"
    }
    "##);
    let saved = saved.ok();
    let read = made.ana.get(&chart_path(&saved)).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.headers.get_all("etag").iter().count(), 1);
    assert_eq!(read.ok(), saved);
    assert_eq!(saved["name"], "Revenue by month");
    assert_eq!(saved["slug"], "revenue-by-month");
}

#[tokio::test]
async fn names_may_repeat_and_slugs_may_not() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let first = made.chart_in("Revenue", &made.space).await;
    let second = made.chart_in("Revenue", &made.space).await;
    assert_eq!(first["slug"], "revenue");
    assert_eq!(second["slug"], "revenue-1");
    // Renaming changes no slug.
    let body = json!({ "name": "Costs" });
    let renamed = made.ana.patch(&chart_path(&first)).json(&body).await.ok();
    assert_eq!(
        (&renamed["name"], &renamed["slug"]),
        (&json!("Costs"), &json!("revenue"))
    );
}

#[tokio::test]
async fn what_cannot_be_saved_is_refused_and_leaves_nothing() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let before = app.items();
    let nobody = "00000000-0000-4000-8000-000000000000";
    for (change, refusal) in [
        // No created-but-404: the explore is looked for first.
        (json!({ "tableName": "lost" }), "404 NotExistsError"),
        (json!({ "tableName": "" }), "400 ParameterError"),
        (json!({ "name": " " }), "400 ParameterError"),
        (json!({ "name": "x".repeat(256) }), "400 ParameterError"),
        (json!({ "name": "a\nb" }), "400 ParameterError"),
        (json!({ "name": 7 }), "422 ValidateError"),
        (
            json!({ "description": "x".repeat(5_001) }),
            "400 ParameterError",
        ),
        (json!({ "metricQuery": 7 }), "422 ValidateError"),
        (
            json!({ "chartConfig": { "type": "hologram" } }),
            "422 ValidateError",
        ),
        (json!({ "tableConfig": {} }), "422 ValidateError"),
        (json!({ "spaceUuid": nobody }), "404 NotFoundError"),
        (json!({ "spaceUuid": "../x" }), "404 NotFoundError"),
        (json!({ "dashboardUuid": nobody }), "404 NotFoundError"),
        (json!({ "dashboardUuid": made.space }), "404 NotFoundError"),
    ] {
        let body = json!({ "name": "New", "spaceUuid": made.space });
        let body = with(with(definition(), body), change.clone());
        let answer = made.ana.post(&made.saved()).json(&body).await;
        assert_eq!(
            answer.refusal(),
            refusal,
            "{}",
            change.to_string().get(..60).unwrap_or("x")
        );
    }
    // 5 MB are not even read.
    let large = json!({ "name": "New", "description": "x".repeat(5_000_000) });
    let large = with(definition(), large);
    let large = made.ana.post(&made.saved()).json(&large).await;
    assert_eq!(large.refusal(), "413 ParameterError");
    let nothing = made.ana.post(&made.saved()).json(&json!({})).await;
    assert_eq!(nothing.refusal(), "422 ValidateError");
    let list = made.ana.post(&made.saved()).json(&json!([])).await;
    assert_eq!(list.refusal(), "422 ValidateError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn fields_need_not_be_there() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let mut body = with(
        definition(),
        json!({ "name": "Old", "spaceUuid": made.space }),
    );
    body["metricQuery"]["dimensions"] = json!(["orders_gone"]);
    let saved = made.ana.post(&made.saved()).json(&body).await.ok();
    assert_eq!(saved["metricQuery"]["dimensions"], json!(["orders_gone"]));
}

#[tokio::test]
async fn the_query_is_of_the_explore_that_the_chart_names() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let mut body = with(
        definition(),
        json!({ "name": "New", "spaceUuid": made.space }),
    );
    body["metricQuery"]["exploreName"] = json!("another");
    body["metricQuery"]["metricOverrides"] = json!({ "orders_total": {}, "orders_none": {} });
    let saved = made.ana.post(&made.saved()).json(&body).await.ok();
    assert_eq!(saved["metricQuery"]["exploreName"], "orders");
    assert_eq!(
        saved["metricQuery"]["metricOverrides"],
        json!({ "orders_total": {} })
    );
}

#[tokio::test]
async fn without_a_space_it_goes_to_the_first_that_the_caller_comes_to() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let empty = app.project(ANA, "Empty").await.id;
    let body = with(definition(), json!({ "name": "New" }));
    let empty = format!("/api/v1/projects/{empty}/saved");
    let answer = made.ana.post(&empty).json(&body).await;
    assert_eq!(answer.refusal(), "404 NotFoundError");

    app.wait(1);
    made.space("Second", false).await;
    let eda = app.in_role("eda@acme.com", "editor").await;
    let saved = eda.post(&made.saved()).json(&body).await.ok();
    assert_eq!(saved["spaceUuid"], json!(made.space));
    let vic = app.viewer("vic@acme.com").await;
    let refused = vic.post(&made.saved()).json(&body).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn custom_sql_is_for_those_who_may_write_it() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let eda = app.in_role("eda@acme.com", "editor").await;
    let body = with(
        with_sql(),
        json!({ "name": "Own", "spaceUuid": made.space }),
    );
    let refusal = "403 CustomSqlQueryForbiddenError";
    let create = eda.post(&made.saved()).json(&body).await;
    assert_eq!(create.refusal(), refusal);

    let own = made.ana.post(&made.saved()).json(&body).await.ok();
    let copy = format!("{}?duplicateFrom={}", made.saved(), text(&own["uuid"]));
    let copied = eda.post(&copy).json(&json!({ "chartName": "Copy" })).await;
    assert_eq!(copied.refusal(), refusal);

    let path = chart_path(&own);
    let history = made.ana.get(&format!("{path}/history")).await.ok();
    let first = text(&history["history"][0]["versionUuid"]);
    let version = format!("{path}/version");
    assert_eq!(
        eda.post(&version).json(&with_sql()).await.refusal(),
        refusal
    );
    eda.post(&version).json(&definition()).await.ok();
    let back = eda.post(&format!("{path}/rollback/{first}")).await;
    assert_eq!(back.refusal(), refusal);
}

#[tokio::test]
async fn a_copy_is_of_the_latest_version_and_stays_where_its_source_is() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let table = json!({ "chartConfig": { "type": "table" } });
    let table = with(definition(), table);
    made.ana
        .post(&format!("{path}/version"))
        .json(&table)
        .await
        .ok();
    let source = path.rsplit('/').next().unwrap();
    let copy = format!("{}?duplicateFrom={source}", made.saved());
    let body = json!({ "chartName": "Copy", "chartDesc": "Of revenue" });
    let copied = made.ana.post(&copy).json(&body).await.ok();
    assert_ne!(copied["uuid"], json!(source));
    assert_eq!(copied["name"], "Copy");
    assert_eq!(copied["slug"], "copy");
    assert_eq!(copied["description"], "Of revenue");
    assert_eq!(copied["spaceUuid"], json!(made.space));
    assert_eq!(copied["chartConfig"]["type"], "table");

    let whole = with(definition(), json!({ "name": "New" }));
    for (path, body) in [(&copy, &whole), (&made.saved(), &body)] {
        let mixed = made.ana.post(path).json(body).await;
        assert_eq!(mixed.refusal(), "400 ParameterError");
    }
    let nobody = format!("{}?duplicateFrom=x", made.saved());
    let none = made.ana.post(&nobody).json(&body).await;
    assert_eq!(none.refusal(), "404 NotFoundError");
    // A chart of another project is not there.
    let other = app.project(ANA, "Other").await.id;
    let elsewhere = format!("/api/v1/projects/{other}/saved?duplicateFrom={source}");
    let none = made.ana.post(&elsewhere).json(&body).await;
    assert_eq!(none.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn the_same_request_with_a_key_makes_one_chart() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let body = with(
        definition(),
        json!({ "name": "Once", "spaceUuid": made.space }),
    );
    let post = async || {
        let path = made.saved();
        let call = made.ana.post(&path).json(&body);
        call.header("idempotency-key", "k").await.ok()
    };
    let (first, second) = (post().await, post().await);
    assert_eq!(first, second);
    let charts = made.ana.get(&format!("{}/charts", made.path)).await.ok();
    assert_eq!(names(&charts), ["Once"]);
}

#[tokio::test]
async fn another_chart_is_another_request_whatever_its_options_are_called() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let mut saved = Vec::new();
    for key in ["one", "two", "one"] {
        let body = with(
            definition(),
            json!({
                "name": "Sorted", "spaceUuid": made.space,
                "chartConfig": { "type": "table", "config": { "sortKey": key } },
            }),
        );
        let path = made.saved();
        let call = made.ana.post(&path).json(&body);
        let chart = call.header("idempotency-key", "k").await.ok();
        assert_eq!(chart["chartConfig"]["config"]["sortKey"], key);
        saved.push(chart["uuid"].clone());
    }
    assert_eq!(saved[0], saved[2]);
    assert_ne!(saved[0], saved[1]);
}

#[tokio::test]
async fn what_was_sent_alone_is_changed() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let patch = async |body: Value| made.ana.patch(&path).json(&body).await;
    // A description alone is a change.
    let changed = patch(json!({ "description": "By month" })).await;
    assert_eq!(changed.header("etag"), Some("\"2\""));
    assert_eq!(changed.ok()["description"], "By month");
    let renamed = patch(json!({ "name": "Costs" })).await.ok();
    assert_eq!(renamed["description"], "By month");
    assert_eq!(renamed["name"], "Costs");
    // Nothing is nothing.
    assert_eq!(patch(json!({})).await.header("etag"), Some("\"3\""));
    let cleared = patch(json!({ "description": null })).await.ok();
    assert!(cleared.get("description").is_none());
    // No new version.
    let history = made.ana.get(&format!("{path}/history")).await.ok();
    assert_eq!(history["history"].as_array().unwrap().len(), 1);
    for (body, refusal) in [
        (json!({ "name": "" }), "400 ParameterError"),
        (json!({ "name": null }), "422 ValidateError"),
        (
            json!({ "description": "x".repeat(5001) }),
            "400 ParameterError",
        ),
        (json!({ "spaceUuid": "x" }), "404 NotFoundError"),
        (json!({ "spaceUuid": ["x"] }), "422 ValidateError"),
    ] {
        assert_eq!(patch(body).await.refusal(), refusal);
    }
    // What older servers fail on.
    assert_eq!(patch(json!({ "spaceUuid": null })).await.status, 200);
}

#[tokio::test]
async fn a_move_takes_both_spaces() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let private = made.space("Private", true).await;
    let eda = app.in_role("eda@acme.com", "editor").await;
    let into = json!({ "spaceUuid": private });
    let refused = eda.patch(&path).json(&into).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    let moved = made.ana.patch(&path).json(&into).await.ok();
    assert_eq!(moved["spaceUuid"], json!(private));
    assert_eq!(moved["isPrivate"], true);
    // Out of a private space neither, nor seen at all.
    let out = json!({ "spaceUuid": made.space });
    assert_eq!(
        eda.patch(&path).json(&out).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(eda.get(&path).await.refusal(), "403 ForbiddenError");
    // A space of another project is none.
    let other = app.project(ANA, "Other").await.id;
    let spaces = format!("/api/v1/projects/{other}/spaces");
    let space = made
        .ana
        .post(&spaces)
        .json(&json!({ "name": "There" }))
        .await
        .ok();
    let foreign = json!({ "spaceUuid": space["uuid"] });
    let refused = made.ana.patch(&path).json(&foreign).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn several_are_changed_at_once_or_none() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let (a, b) = (
        made.chart_in("A", &made.space).await,
        made.chart_in("B", &made.space).await,
    );
    let private = made.space("Private", true).await;
    let one = |chart: &Value, name: &str, space: &str| json!({ "uuid": chart["uuid"], "name": name, "description": "Both", "spaceUuid": space });
    let path = made.saved();
    let eda = app.in_role("eda@acme.com", "editor").await;
    let body = json!([one(&a, "A2", &made.space), one(&b, "B2", &private)]);
    let refused = eda.patch(&path).json(&body).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    let charts = made.ana.get(&format!("{}/charts", made.path)).await.ok();
    assert_eq!(names(&charts), ["A", "B"]);

    let changed = made.ana.patch(&path).json(&body).await.ok();
    assert_eq!(names(&changed), ["A2", "B2"]);
    assert_eq!(changed[1]["spaceUuid"], json!(private));
    assert_eq!(changed[0]["description"], "Both");
    // From a space that the caller may not change in neither.
    let body = json!([one(&b, "B3", &made.space)]);
    let refused = eda.patch(&path).json(&body).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");

    let twice = json!([one(&a, "A", &made.space), one(&a, "A", &made.space)]);
    let many = json!(vec![one(&a, "A", &made.space); 51]);
    for (body, refusal) in [
        (twice, "400 ParameterError"),
        (many, "400 ParameterError"),
        (
            json!([{ "uuid": "x", "name": "A", "spaceUuid": made.space }]),
            "404 NotFoundError",
        ),
        (
            json!([{ "uuid": a["uuid"], "name": "A" }]),
            "422 ValidateError",
        ),
    ] {
        assert_eq!(made.ana.patch(&path).json(&body).await.refusal(), refusal);
    }
    assert_eq!(made.ana.patch(&path).json(&json!([])).await.ok(), json!([]));
}

#[tokio::test]
async fn a_deleted_chart_is_gone_and_deleting_it_again_is_not_found() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let vic = app.viewer("vic@acme.com").await;
    assert_eq!(vic.delete(&path).await.refusal(), "403 ForbiddenError");
    let stale = made.ana.delete(&path).header("if-match", "\"7\"").await;
    assert_eq!(stale.refusal(), "409 AlreadyProcessingError");
    assert_eq!(made.ana.delete(&path).await.status, 200);
    for call in ["", "/history", "/views", "/availableFilters"] {
        let gone = made.ana.get(&format!("{path}{call}")).await;
        assert_eq!(gone.refusal(), "404 NotFoundError");
    }
    assert_eq!(made.ana.delete(&path).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn another_organizations_chart_is_not_there() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let oda = app.admin("oda@other.com", "Other").await;
    assert_eq!(oda.get(&path).await.refusal(), "404 NotFoundError");
    assert_eq!(oda.delete(&path).await.refusal(), "404 NotFoundError");
    let body = with(definition(), json!({ "name": "New" }));
    let create = oda.post(&made.saved()).json(&body).await;
    assert_eq!(create.refusal(), "404 NotExistsError");
    let malformed = made.ana.get("/api/v1/saved/x").await;
    assert_eq!(malformed.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn views_are_counted() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = made.chart("Revenue").await;
    let views = format!("{path}/views");
    let never = made.ana.get(&views).await.ok();
    assert_eq!(
        never,
        json!({ "views": 0, "firstViewedAt": "2026-01-31T09:30:00.000Z" })
    );
    made.ana.get(&path).await.ok();
    app.wait(1);
    made.ana.get(&path).await.ok();
    // What programs read is no view.
    let body = json!({ "description": "", "expiresAt": "2027-01-01", "autoGenerated": false });
    let tokens = "/api/v1/user/me/personal-access-tokens";
    let token = made.ana.post(tokens).json(&body).await.ok();
    let program = made.ana.with_token(&text(&token["token"]));
    program.get(&path).await.ok();
    let twice = made.ana.get(&views).await.ok();
    assert_eq!(
        twice,
        json!({ "views": 2, "firstViewedAt": "2026-01-31T09:30:00.000Z" })
    );
}

#[tokio::test]
async fn a_chart_offers_the_dimensions_that_are_not_hidden() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let path = format!("{}/availableFilters", made.chart("Revenue").await);
    let offered = made.ana.get(&path).await.ok();
    assert_eq!(names(&offered), ["status"]);
    assert_eq!(offered[0]["fieldType"], "dimension");
    let others = json!([crate::made::explore("others")]);
    let explores = format!("{}/explores", made.path);
    made.ana.put(&explores).json(&others).await.ok();
    assert_eq!(made.ana.get(&path).await.refusal(), "404 NotExistsError");
}

#[tokio::test]
async fn a_pin_is_put_and_taken_away() {
    let app = TestApp::new(local::api()).await;
    let made = made(&app).await;
    let chart = made.chart("Revenue").await;
    let path = format!("{chart}/pinning");
    let vic = app.viewer("vic@acme.com").await;
    assert_eq!(vic.patch(&path).await.refusal(), "403 ForbiddenError");
    let pinned = made.ana.patch(&path).await.ok();
    assert_eq!(pinned["isPinned"], true);
    assert_eq!(pinned["spaceUuid"], json!(made.space));
    let read = made.ana.get(&chart).await.ok();
    assert_eq!(read["pinnedListUuid"], pinned["pinnedListUuid"]);
    let taken = made.ana.patch(&path).await.ok();
    assert_eq!(taken["isPinned"], false);
    assert_eq!(taken["pinnedListUuid"], pinned["pinnedListUuid"]);
    assert_eq!(
        made.ana.get(&chart).await.ok()["pinnedListUuid"],
        Value::Null
    );
}
