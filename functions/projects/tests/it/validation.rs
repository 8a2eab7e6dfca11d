use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{Shop, broken, explore, lines, preview, query, table};

fn orders() -> Value {
    explore("orders", &[table("orders", &["status", "day"])])
}

fn filter(field: &str, table: &str, tiles: Value) -> Value {
    json!({
        "id": "1", "operator": "equals", "values": ["x"], "target": { "fieldId": field, "tableName": table }, "tileTargets": tiles,
    })
}

#[tokio::test]
async fn a_removed_field_is_told_for_the_chart_and_for_the_dashboard_it_is_on() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[orders()]).await;
    let good = shop
        .chart("Good", &shop.space, query("orders", &["orders_status"]))
        .await;
    let bad = shop
        .chart("Bad", &shop.space, query("orders", &["orders_gone"]))
        .await;
    shop.dashboard("Board", &shop.space, &[bad, good, bad], &[])
        .await;
    let found = shop.validate(&json!({})).await;
    assert_snapshot!(format!("{:#}", json!(found)), @r#"
    [
      {
        "chartKind": "table",
        "chartUuid": "0ea5a2e7-aaf6-45c9-8324-3028c42e0024",
        "chartViews": 0,
        "createdAt": "2026-01-31T09:30:00.000Z",
        "error": "Dimension error: the field 'orders_gone' no longer exists",
        "errorType": "dimension",
        "fieldName": "orders_gone",
        "lastUpdatedAt": "2026-01-31T09:30:00.000Z",
        "lastUpdatedBy": "ana Test",
        "name": "Bad",
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "source": "chart",
        "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
        "validationId": 8480956266367249
      },
      {
        "chartKind": "table",
        "chartUuid": "0ea5a2e7-aaf6-45c9-8324-3028c42e0024",
        "chartViews": 0,
        "createdAt": "2026-01-31T09:30:00.000Z",
        "error": "Sorting error: the field 'orders_gone' no longer exists",
        "errorType": "sorting",
        "fieldName": "orders_gone",
        "lastUpdatedAt": "2026-01-31T09:30:00.000Z",
        "lastUpdatedBy": "ana Test",
        "name": "Bad",
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "source": "chart",
        "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
        "validationId": 4712985445824399
      },
      {
        "chartName": "Bad",
        "createdAt": "2026-01-31T09:30:00.000Z",
        "dashboardUuid": "4e80f050-9d27-42aa-bc27-4db1befe8f64",
        "dashboardViews": 0,
        "error": "The chart 'Bad' is broken on this dashboard.",
        "errorType": "chart",
        "lastUpdatedAt": "2026-01-31T09:30:00.000Z",
        "lastUpdatedBy": "ana Test",
        "name": "Board",
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "source": "dashboard",
        "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
        "validationId": 1537572893114835
      }
    ]
    "#);
    assert_eq!(
        lines(&found),
        [
            "chart dimension Bad: Dimension error: the field 'orders_gone' no longer exists",
            "chart sorting Bad: Sorting error: the field 'orders_gone' no longer exists",
            "dashboard chart Board: The chart 'Bad' is broken on this dashboard.",
        ]
    );
    // Mended, nothing is left.
    let mended = explore("orders", &[table("orders", &["status", "gone"])]);
    shop.deploy(&[mended]).await;
    app.work(worker::run).await;
    assert!(shop.found(&shop.ana).await.is_empty());
}

#[tokio::test]
async fn fields_are_those_of_the_explore_by_its_name_whatever_its_base_table() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let wide = explore(
        "orders_wide",
        &[table("orders", &["status"]), table("people", &["name"])],
    );
    shop.deploy(&[orders(), wide]).await;
    shop.chart("Wide", &shop.space, query("orders_wide", &["people_name"]))
        .await;
    shop.chart("Narrow", &shop.space, query("orders", &["people_name"]))
        .await;
    shop.chart("Lost", &shop.space, query("gone", &["gone_x"]))
        .await;
    let found = lines(
        &shop
            .validate(&json!({ "validationTargets": ["charts"] }))
            .await,
    );
    assert_eq!(
        found,
        [
            "chart dimension Lost: Dimension error: the field 'gone_x' no longer exists",
            "chart sorting Lost: Sorting error: the field 'gone_x' no longer exists",
            "chart dimension Narrow: Dimension error: the field 'people_name' no longer exists",
            "chart sorting Narrow: Sorting error: the field 'people_name' no longer exists",
        ]
    );
}

#[tokio::test]
async fn filters_of_a_dashboard_are_held_against_any_explore_and_those_of_a_tile_against_its_own() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[orders(), explore("people", &[table("people", &["name"])])])
        .await;
    let chart = shop
        .chart("Good", &shop.space, query("orders", &["orders_status"]))
        .await;
    let of_tile = |field: &str| json!({ "0": { "fieldId": field, "tableName": "orders" }, "9": { "fieldId": "x", "tableName": "x" } });
    let sql =
        json!({ "0": { "fieldId": "column", "tableName": "t", "isSqlColumn": true }, "1": false });
    let filters = [
        filter("people_name", "people", of_tile("orders_status")),
        filter("people_name", "people", of_tile("people_name")),
        filter("people_gone", "people", sql),
    ];
    shop.dashboard("Board", &shop.space, &[chart], &filters)
        .await;
    assert_eq!(
        lines(&shop.validate(&json!({})).await),
        [
            "dashboard filter Board: Filter error: the field 'people_name' no longer exists",
            "dashboard filter Board: Filter error: the field 'people_gone' no longer exists",
        ]
    );
}

#[tokio::test]
async fn models_that_do_not_compile_are_told_to_everybody_who_may_validate() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let models = [
        orders(),
        broken(
            "lost",
            "NO_DIMENSIONS_FOUND",
            "Join \"x\" of \"lost\" is not there",
        ),
        broken("odd", "METADATA_PARSE_ERROR", "odd"),
        broken("empty", "NO_DIMENSIONS_FOUND", "No dimensions available"),
    ];
    shop.deploy(&models).await;
    app.work(worker::run).await;
    let all = [
        "table model lost: Join \"x\" of \"lost\" is not there",
        "table model odd: odd",
    ];
    assert_eq!(lines(&shop.found(&dev).await), all);
    let chosen = json!({ "tableSelection": { "type": "WITH_NAMES", "value": ["orders", "odd"] } });
    let path = format!("{}/tablesConfiguration", shop.path);
    shop.ana.patch(&path).json(&chosen).await.ok();
    let found = shop
        .validate(&json!({ "validationTargets": ["tables"] }))
        .await;
    assert_eq!(lines(&found), ["table model odd: odd"]);
}

#[tokio::test]
async fn models_that_attributes_hide_are_not_told() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let id = app.account("dev@acme.com").await.id;
    let team = json!({ "name": "team", "attributeDefault": null, "users": [{ "userUuid": id, "value": "sales" }], "groups": [] });
    shop.ana.post("/api/v1/org/attributes").json(&team).await;
    let mut secret = broken("secret", "METADATA_PARSE_ERROR", "no join");
    secret["tables"] = json!({ "secret": { "requiredAttributes": { "team": "sales" } } });
    let models = [secret, broken("open", "METADATA_PARSE_ERROR", "no metric")];
    let some = ["table model open: no metric"].to_vec();
    let all = [some[0], "table model secret: no join"].to_vec();
    shop.deploy(&models).await;
    app.work(worker::run).await;
    assert_eq!(lines(&shop.found(&dev).await), all);
    assert_eq!(lines(&shop.found(&shop.ana).await), some);

    // Nor where a validation brings them.
    let path = format!("{}/validate", shop.path);
    let body = json!({ "explores": models, "validationTargets": ["tables"] });
    let begun = dev.post(&path).json(&body).await.ok();
    app.work(worker::run).await;
    let path = format!("{path}?jobId={}", begun["jobId"].as_str().unwrap());
    for (who, told) in [(&dev, &all), (&shop.ana, &some)] {
        let found = who.get(&path).await.ok();
        assert_eq!(&lines(found.as_array().unwrap()), told);
    }
}

#[tokio::test]
async fn what_brings_its_explores_has_its_own_result_and_leaves_the_list() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[orders()]).await;
    shop.chart("Chart", &shop.space, query("orders", &["orders_status"]))
        .await;
    shop.chart("Other", &shop.space, query("elsewhere", &["elsewhere_x"]))
        .await;
    assert_eq!(shop.validate(&json!({})).await.len(), 2);

    let branch = explore("orders", &[table("orders", &["day"])]);
    let body = json!({ "explores": [branch, broken("lost", "METADATA_PARSE_ERROR", "no")], "validationTargets": [] });
    let path = format!("{}/validate", shop.path);
    let begun = shop.ana.post(&path).json(&body).await.ok();
    let of_job = format!("{path}?jobId={}", begun["jobId"].as_str().unwrap());
    // Nothing before it is over, then all at once.
    assert_eq!(shop.ana.get(&of_job).await.ok(), json!([]));
    app.work(worker::run).await;
    let found = shop.ana.get(&of_job).await.ok();
    assert_eq!(
        lines(found.as_array().unwrap()),
        [
            "table model lost: no",
            "chart dimension Chart: Dimension error: the field 'orders_status' no longer exists",
            "chart sorting Chart: Sorting error: the field 'orders_status' no longer exists",
        ]
    );
    let own = shop.found(&shop.ana).await;
    assert!(own.iter().all(|one| one["name"] == "Other"));
    // A run of the project's own does not take it away.
    shop.validate(&json!({})).await;
    assert_eq!(shop.ana.get(&of_job).await.ok(), found);
    for unknown in ["x", "00000000-0000-4000-8000-000000000000"] {
        let path = format!("{path}?jobId={unknown}&fromSettings=true");
        assert_eq!(shop.ana.get(&path).await.refusal(), "404 NotFoundError");
    }
}

#[tokio::test]
async fn explores_that_a_piece_of_work_does_not_hold_lie_beside_it() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.chart("Chart", &shop.space, query("e0", &["e0_gone"]))
        .await;
    // Names that do not pack well.
    let random = &app.app.random;
    let explores: Vec<_> = (0..50)
        .map(|at| {
            let names: Vec<String> = (0..400)
                .map(|_| format!("f{}", random.uuid().simple()))
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let name = format!("e{at}");
            explore(&name, &[table(&name, &names)])
        })
        .collect();
    let (id, went) = shop
        .job("/validate", &json!({ "explores": explores }))
        .await;
    assert_eq!(went["status"], "completed", "{went}");
    let path = format!("{}/validate?jobId={id}", shop.path);
    let found = shop.ana.get(&path).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_lies_where_somebody_does_not_get_has_neither_name_nor_text() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    shop.deploy(&[orders()]).await;
    let secret = shop
        .chart("Secret", &shop.private, query("orders", &["orders_hidden"]))
        .await;
    shop.dashboard("Board", &shop.space, &[secret], &[]).await;
    shop.validate(&json!({})).await;
    let found = shop.found(&dev).await;
    assert_snapshot!(format!("{:#}", json!(found)), @r#"
    [
      {
        "chartViews": 0,
        "createdAt": "2026-01-31T09:30:00.000Z",
        "error": "Something is wrong with private content",
        "errorType": "dimension",
        "name": "Private content",
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "source": "chart",
        "validationId": 7148839540633254
      },
      {
        "chartViews": 0,
        "createdAt": "2026-01-31T09:30:00.000Z",
        "error": "Something is wrong with private content",
        "errorType": "sorting",
        "name": "Private content",
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "source": "chart",
        "validationId": 7291934344273122
      },
      {
        "chartName": "Private content",
        "createdAt": "2026-01-31T09:30:00.000Z",
        "dashboardUuid": "695da845-2ce0-4d82-8d4c-b7515764196f",
        "dashboardViews": 0,
        "error": "A chart is broken on this dashboard.",
        "errorType": "chart",
        "lastUpdatedAt": "2026-01-31T09:30:00.000Z",
        "lastUpdatedBy": "ana Test",
        "name": "Board",
        "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
        "source": "dashboard",
        "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
        "validationId": 5892391466702378
      }
    ]
    "#);
    let text = json!(found).to_string();
    assert!(!text.contains("Secret") && !text.contains("orders_hidden"));
    assert!(!text.contains(&secret.to_string()));
    assert!(
        json!(shop.found(&shop.ana).await)
            .to_string()
            .contains("orders_hidden")
    );
}

#[tokio::test]
async fn what_was_dismissed_stays_so_until_it_is_mended() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[orders()]).await;
    shop.chart("Chart", &shop.space, query("orders", &["orders_gone"]))
        .await;
    let found = shop.validate(&json!({})).await;
    let id = found[0]["validationId"].as_u64().unwrap();
    let path = format!("{}/validate/{id}", shop.path);
    for _ in 0..2 {
        let done = shop.ana.delete(&path).await;
        assert_eq!(done.json(), json!({ "status": "ok" }));
    }
    assert_eq!(shop.found(&shop.ana).await, found[1..]);
    // The next run finds it again, and it stays dismissed.
    let again = shop.validate(&json!({})).await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0]["validationId"], found[1]["validationId"]);
    // Mended and broken again it is news.
    shop.deploy(&[explore("orders", &[table("orders", &["gone"])])])
        .await;
    app.work(worker::run).await;
    shop.deploy(&[orders()]).await;
    app.work(worker::run).await;
    assert_eq!(shop.found(&shop.ana).await.len(), 2);
    for unknown in ["1", "0", "-1", "1.5", "1e300"] {
        let path = format!("{}/validate/{unknown}", shop.path);
        assert_eq!(shop.ana.delete(&path).await.refusal(), "404 NotFoundError");
    }
}

#[tokio::test]
async fn a_deploy_is_followed_by_a_validation_but_in_previews() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.chart("Chart", &shop.space, query("orders", &["orders_gone"]))
        .await;
    shop.deploy(&[orders()]).await;
    app.work(worker::run).await;
    assert_eq!(shop.found(&shop.ana).await.len(), 2);

    let other = preview(&shop).await;
    let path = format!("/api/v1/projects/{other}");
    let sent = json!([orders(), broken("lost", "METADATA_PARSE_ERROR", "no")]);
    shop.ana
        .put(&format!("{path}/explores"))
        .json(&sent)
        .await
        .ok();
    app.work(worker::run).await;
    let found = shop.ana.get(&format!("{path}/validate")).await.ok();
    assert_eq!(found, json!([]));
}

#[tokio::test]
async fn what_is_no_validation_is_refused() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let path = format!("{}/validate", shop.path);
    for body in [
        json!({ "validationTargets": ["people"] }),
        json!({ "validationTargets": "charts" }),
        json!({ "explores": {} }),
        json!({ "explores": [1] }),
        json!({ "explores": [{ "name": "x" }] }),
        json!({ "explores": [{ "name": "", "tables": {} }] }),
        json!([]),
    ] {
        let refused = shop.ana.post(&path).json(&body).await;
        assert_eq!(refused.refusal(), "400 ParameterError", "{body}");
    }
    // Older clients send no body at all.
    assert!(shop.ana.post(&path).await.ok()["jobId"].is_string());
    let body = json!({ "explores": null, "validationTargets": null });
    assert!(shop.ana.post(&path).json(&body).await.ok()["jobId"].is_string());
    let deleted = format!("{path}/1");
    for refused in [
        ed.post(&path).json(&json!({})).await,
        ed.get(&path).await,
        ed.delete(&deleted).await,
    ] {
        assert_eq!(refused.refusal(), "403 ForbiddenError");
    }
    let pages = format!("{path}?page=1&pageSize=1");
    assert_eq!(shop.ana.get(&pages).await.ok(), json!([]));
    let pages = format!("{path}?page=-1&pageSize=1");
    assert_eq!(shop.ana.get(&pages).await.refusal(), "422 PaginationError");
}

#[tokio::test]
async fn a_chart_that_was_deleted_since_is_broken_on_no_dashboard() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[orders()]).await;
    let wanted = query("orders", &["orders_gone"]);
    let bad = shop.chart("Bad", &shop.space, wanted.clone()).await;
    let other = shop.chart("Other", &shop.space, wanted).await;
    shop.dashboard("Board", &shop.space, &[bad, other], &[])
        .await;
    let of_board = |found: &[Value]| -> Vec<Value> {
        let found = found.iter().filter(|one| one["source"] == "dashboard");
        found.map(|one| one["chartName"].clone()).collect()
    };
    assert_eq!(of_board(&shop.validate(&json!({})).await).len(), 2);
    let path = format!("/api/v1/saved/{bad}");
    assert_eq!(shop.ana.delete(&path).await.json()["status"], "ok");
    let found = shop.found(&shop.ana).await;
    assert_eq!(of_board(&found), [json!("Other")]);
    assert!(found.iter().all(|one| one["name"] != "Bad"));
}

#[tokio::test]
async fn a_filter_may_be_by_what_a_chart_on_the_dashboard_brings_itself() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[orders()]).await;
    let mut wanted = query("orders", &["orders_status"]);
    wanted["additionalMetrics"] =
        json!([{ "table": "orders", "name": "cm", "type": "max", "sql": "${TABLE}.status" }]);
    wanted["customDimensions"] = json!([{
        "id": "bin", "name": "B", "table": "orders", "type": "bin", "dimensionId": "orders_status", "binType": "fixed_number",
        "binNumber": 3,
    }]);
    wanted["tableCalculations"] = json!([{ "name": "calc", "displayName": "C", "sql": "1" }]);
    let own = shop.chart("Own", &shop.space, wanted).await;
    let plain = shop
        .chart("Plain", &shop.space, query("orders", &["orders_status"]))
        .await;
    let tile = |at: &str, field: &str| json!({ at: { "fieldId": field, "tableName": "orders" } });
    let good = ["orders_cm", "bin", "calc"].map(|id| filter(id, "orders", tile("0", id)));
    shop.dashboard("Good", &shop.space, &[own, plain], &good)
        .await;
    // On another chart's tile, and on another dashboard, it is nothing.
    let bad = filter("orders_cm", "orders", tile("1", "bin"));
    shop.dashboard("Half", &shop.space, &[own, plain], &[bad])
        .await;
    let bad = filter("orders_cm", "orders", json!({}));
    shop.dashboard("None", &shop.space, &[plain], &[bad]).await;
    let told = [
        "dashboard filter Half: Filter error: the field 'bin' no longer exists",
        "dashboard filter None: Filter error: the field 'orders_cm' no longer exists",
    ];
    assert_eq!(lines(&shop.validate(&json!({})).await), told);
    // With explores of somebody's own, too, whether that of the chart is one of them or not.
    let others = explore("others", &[table("others", &["x"])]);
    let body = json!({ "explores": [others] });
    let (id, _) = shop.job("/validate", &body).await;
    let path = format!("{}/validate?jobId={id}", shop.path);
    let found = shop.ana.get(&path).await.ok();
    assert_eq!(lines(found.as_array().unwrap()), told[1..]);
}

#[tokio::test]
async fn a_request_that_comes_again_with_its_key_begins_one_validation() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let path = format!("{}/validate", shop.path);
    let begin = async |key: &str, body: &Value| {
        let call = shop.ana.post(&path).json(body);
        let begun = call.header("idempotency-key", key).await.ok();
        begun["jobId"].as_str().unwrap().to_owned()
    };
    let all = json!({});
    let given = json!({ "explores": [orders()] });
    let other = json!({ "explores": [explore("sales", &[table("sales", &["id"])])] });
    let first = begin("one", &all).await;
    let second = begin("one", &given).await;
    assert_eq!(begin("one", &all).await, first);
    assert_eq!(begin("one", &given).await, second);
    // Another body and another key are another request.
    assert_ne!(first, second);
    assert_ne!(begin("one", &other).await, second);
    assert_ne!(begin("two", &given).await, second);
    app.work(worker::run).await;
    assert_eq!(begin("one", &all).await, first);
    let none = shop.ana.post(&path).header("idempotency-key", "one");
    none.await.ok();
}

/// Versions are read a few at a time: none is left out between two of these, and what stands on a dashboard is known by then.
#[tokio::test]
async fn of_many_charts_and_dashboards_each_is_looked_at_once() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[orders()]).await;
    let mut expected = Vec::new();
    let mut boards = Vec::new();
    for at in 0..103 {
        let (chart, board) = (format!("Chart {at:03}"), format!("Board {at:03}"));
        let field = if at % 2 == 0 { "status" } else { "gone" };
        let asked = query("orders", &[format!("orders_{field}").as_str()]);
        let id = shop.chart(&chart, &shop.space, asked).await;
        let rule = filter("orders_lost", "orders", json!({}));
        shop.dashboard(&board, &shop.space, &[id], &[rule]).await;
        boards.push(format!(
            "dashboard filter {board}: Filter error: the field 'orders_lost' no longer exists"
        ));
        if field == "gone" {
            for (kind, what) in [("dimension", "Dimension"), ("sorting", "Sorting")] {
                let error = format!("{what} error: the field 'orders_gone' no longer exists");
                expected.push(format!("chart {kind} {chart}: {error}"));
            }
            boards.push(format!(
                "dashboard chart {board}: The chart '{chart}' is broken on this dashboard."
            ));
        }
    }
    expected.extend(boards);
    assert_eq!(lines(&shop.validate(&json!({})).await), expected);
}
