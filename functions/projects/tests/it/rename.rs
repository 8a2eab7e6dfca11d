use app::domain::content::ContentKind;
use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{Shop, explore, query, table};

fn payment(fields: &[&str]) -> Value {
    explore("payment", &[table("payment", fields)])
}

/// An explore that joins the model, one of a similar name, and the model under an alias.
fn orders(model: &str) -> Value {
    let mut alias = table("refund", &["id"]);
    alias["originalName"] = json!(model);
    let tables = [
        table("orders", &["id"]),
        table(model, &["id", "id_x"]),
        table("payments", &["id"]),
        alias,
    ];
    explore("orders", &tables)
}

#[tokio::test]
async fn a_model_is_renamed_in_its_charts_and_in_those_of_explores_that_join_it() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[payment(&["id", "id_x"]), orders("payment")])
        .await;
    let own = shop
        .chart(
            "Own",
            &shop.private,
            query("payment", &["payment_id", "payment_id_x"]),
        )
        .await;
    let fields = ["payment_id", "payments_id", "refund_id", "orders_id"];
    let joining = shop
        .chart("Joining", &shop.space, query("orders", &fields))
        .await;
    let other = shop
        .chart("Other", &shop.space, query("orders", &["payments_id"]))
        .await;
    let rule = json!({
        "id": "1", "operator": "equals", "values": ["payment_id"],
        "target": { "fieldId": "payment_id", "tableName": "payment" },
        "tileTargets": { "0": { "fieldId": "payment_id_x", "tableName": "payment" } },
    });
    let board = shop.dashboard("Board", &shop.space, &[own], &[rule]).await;
    shop.dashboard("Plain", &shop.space, &[own], &[]).await;

    let body = json!({ "from": "payment", "to": "pay", "type": "model", "dryRun": true });
    let (_, dry) = shop.job("/rename", &body).await;
    assert_eq!(dry["status"], "completed", "{dry}");
    let names = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        let mut names: Vec<_> = list
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let results = &dry["details"]["results"];
    assert_eq!(names(&results["charts"]), ["Joining", "Own"]);
    assert_eq!(names(&results["dashboards"]), ["Board"]);
    assert_eq!(results["alerts"], json!([]));
    assert_eq!(results["dashboardSchedulers"], json!([]));
    let places = dry["details"]["places"].as_array().unwrap();
    let path = |path: &str| {
        places
            .iter()
            .any(|one| one["path"] == path && one["uuid"] == json!(joining))
    };
    assert!(path("metricQuery.dimensions[0]") && path("metricQuery.sorts[0].fieldId"));
    assert!(!path("metricQuery.dimensions[1]"));
    assert_eq!(shop.kept(own).await.0, 1);

    let body = json!({ "from": "payment", "to": "pay", "type": "model" });
    let (_, went) = shop.job("/rename", &body).await;
    assert_eq!(went["details"]["results"], *results);
    assert_eq!(went["details"]["failed"], json!([]));
    let (number, kept) = shop.kept(own).await;
    assert_eq!(number, 2);
    assert_eq!(kept["tableName"], "pay");
    assert_eq!(
        kept["metricQuery"]["dimensions"],
        json!(["pay_id", "pay_id_x"])
    );
    let (_, kept) = shop.kept(joining).await;
    assert_eq!(kept["tableName"], "orders");
    assert_eq!(
        kept["metricQuery"]["dimensions"],
        json!(["pay_id", "payments_id", "refund_id", "orders_id"])
    );
    assert_eq!(shop.kept(other).await.0, 1);
    let (number, kept) = shop.latest(ContentKind::Dashboard, board).await;
    assert_eq!(number, 2);
    let rule = &kept["filters"]["dimensions"][0];
    assert_eq!(
        rule["target"],
        json!({ "fieldId": "pay_id", "tableName": "pay" })
    );
    assert_eq!(rule["tileTargets"]["0"]["fieldId"], "pay_id_x");
    assert_eq!(rule["values"], json!(["payment_id"]));

    // Again there is nothing to do; once dbt has the new name too, the content fits.
    let (_, again) = shop.job("/rename", &body).await;
    assert_eq!(again["details"]["results"]["charts"], json!([]));
    assert_eq!(shop.kept(own).await.0, 2);
    let pay = explore("pay", &[table("pay", &["id", "id_x"])]);
    shop.deploy(&[pay, orders("pay")]).await;
    assert!(shop.validate(&json!({})).await.is_empty());
}

#[tokio::test]
async fn a_field_is_renamed_before_or_after_dbt_has_the_new_name() {
    for deployed in [["id", "id_x"], ["uid", "id_x"]] {
        let app = TestApp::new(local::api()).await;
        let shop = Shop::new(&app).await;
        shop.deploy(&[payment(&deployed)]).await;
        let chart = shop
            .chart(
                "Chart",
                &shop.space,
                query("payment", &["payment_id", "payment_id_x"]),
            )
            .await;
        let body = json!({ "from": "id", "to": "uid", "type": "field" });
        let (_, went) = shop.job("/rename", &body).await;
        assert_eq!(went["status"], "completed", "{went}");
        let (number, kept) = shop.kept(chart).await;
        assert_eq!(number, 2);
        assert_eq!(
            kept["metricQuery"]["dimensions"],
            json!(["payment_uid", "payment_id_x"])
        );
    }
}

#[tokio::test]
async fn a_field_of_several_models_needs_the_model_and_a_joined_one_is_none_of_it() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let people = explore("people", &[table("people", &["id"])]);
    shop.deploy(&[payment(&["id", "id_x"]), people, orders("payment")])
        .await;
    let chart = shop
        .chart(
            "Chart",
            &shop.space,
            query("orders", &["payment_id", "orders_id", "refund_id"]),
        )
        .await;
    let errors = [
        (
            json!({ "from": "id", "to": "uid", "type": "field" }),
            "Several models",
        ),
        (
            json!({ "from": "x", "to": "y", "type": "field" }),
            "not found",
        ),
        (
            json!({ "from": "x", "to": "y", "type": "model" }),
            "not found",
        ),
        (
            json!({ "from": "id", "to": "uid", "type": "field", "model": "gone" }),
            "not found",
        ),
        (
            json!({ "from": "id_x", "to": "y", "type": "field", "model": "orders" }),
            "\"payment\"",
        ),
    ];
    for (body, part) in errors {
        let (_, went) = shop.job("/rename", &body).await;
        assert_eq!(went["status"], "error", "{body}");
        let error = went["details"]["error"].as_str().unwrap();
        assert!(error.contains(part), "{body}: {error}");
    }
    let body = json!({ "from": "id", "to": "uid", "type": "field", "model": "payment" });
    shop.job("/rename", &body).await;
    // Under its alias, too.
    assert_eq!(
        shop.kept(chart).await.1["metricQuery"]["dimensions"],
        json!(["payment_uid", "orders_id", "refund_uid"])
    );
}

#[tokio::test]
async fn one_chart_is_renamed_at_once_and_everything_else_on_demand() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[payment(&["uid", "id_x"]), orders("payment")])
        .await;
    let mut wanted = query("payment", &["payment_id", "calc"]);
    wanted["dimensions"] = json!(["payment_id"]);
    wanted["tableCalculations"] =
        json!([{ "name": "calc", "displayName": "C", "sql": "${payment.id} + ${payment.id_x}" }]);
    let chart = shop.chart("Chart", &shop.space, wanted).await;
    let other = shop
        .chart("Other", &shop.space, query("payment", &["payment_id"]))
        .await;
    let path = format!("{}/rename/chart/{chart}", shop.path);
    let fields = shop.ana.get(&format!("{path}/fields")).await.ok();
    assert_eq!(
        fields["fields"],
        json!({ "payment": ["payment_id_x", "payment_uid", "payment_n"] })
    );
    let field =
        |from: &str, to: &str| json!({ "from": from, "to": to, "type": "field", "fixAll": false });
    for (body, refusal) in [
        (field("payment_id", "payment_id"), "400 ParameterError"),
        (field("payment_id", ""), "400 ParameterError"),
        (field("payment_id", "payment_gone"), "404 NotFoundError"),
        (field("payment_id", "calc"), "501 NotImplemented"),
        (
            json!({ "from": "payment", "to": "gone", "type": "model" }),
            "404 NotFoundError",
        ),
        (
            json!({ "from": "orders_id", "to": "payment_uid", "type": "field", "fixAll": true }),
            "400 ParameterError",
        ),
    ] {
        let refused = shop.ana.post(&path).json(&body).await;
        assert_eq!(refused.refusal(), refusal, "{body}");
    }
    let stale = shop.ana.post(&path).header("if-match", "\"7\"");
    let stale = stale.json(&field("payment_id", "payment_uid")).await;
    assert_eq!(stale.refusal(), "409 AlreadyProcessingError");
    assert_eq!(shop.kept(chart).await.0, 1);

    let done = shop.ana.post(&path);
    let done = done.json(&field("payment_id", "payment_uid")).await;
    assert_eq!(done.header("etag"), Some("\"2\""));
    assert_eq!(done.ok(), json!({}));
    let (_, kept) = shop.kept(chart).await;
    assert_eq!(kept["metricQuery"]["dimensions"], json!(["payment_uid"]));
    assert_eq!(
        kept["metricQuery"]["tableCalculations"][0]["sql"],
        "${payment.uid} + ${payment.id_x}"
    );
    assert_eq!(shop.kept(other).await.0, 1);
    let all = json!({ "from": "payment_id", "to": "payment_uid", "type": "field", "fixAll": true });
    assert!(shop.ana.post(&path).json(&all).await.ok()["jobId"].is_string());
    app.work(worker::run).await;
    assert_eq!(
        shop.kept(other).await.1["metricQuery"]["dimensions"],
        json!(["payment_uid"])
    );
    assert_eq!(shop.kept(chart).await.0, 2);
}

#[tokio::test]
async fn what_is_no_rename_is_refused() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let lost = shop
        .chart("Lost", &shop.space, query("gone", &["gone_x"]))
        .await;
    let path = format!("{}/rename", shop.path);
    let body = |from: &str, to: &str| json!({ "from": from, "to": to, "type": "model" });
    for (from, to) in [("a", "a"), ("", "a"), ("a", " "), ("a", "b\nc")] {
        let refused = shop.ana.post(&path).json(&body(from, to)).await;
        assert_eq!(refused.refusal(), "400 ParameterError", "{from} {to}");
    }
    let odd = json!({ "from": "a", "to": "b", "type": "table" });
    let odd = shop.ana.post(&path).json(&odd).await;
    assert_eq!(odd.refusal(), "422 ValidateError");
    for unknown in ["x", "00000000-0000-4000-8000-000000000000"] {
        let path = format!("{path}/chart/{unknown}");
        let refused = shop.ana.post(&path).json(&body("a", "b")).await;
        assert_eq!(refused.refusal(), "404 NotFoundError");
        let refused = shop.ana.get(&format!("{path}/fields")).await;
        assert_eq!(refused.refusal(), "404 NotFoundError");
    }
    let fields = format!("{path}/chart/{lost}/fields");
    assert_eq!(shop.ana.get(&fields).await.refusal(), "404 NotFoundError");
    for refused in [
        ed.post(&path).json(&body("a", "b")).await,
        ed.post(&format!("{path}/chart/{lost}"))
            .json(&body("a", "b"))
            .await,
        ed.get(&fields).await,
    ] {
        assert_eq!(refused.refusal(), "403 ForbiddenError");
    }
}

#[tokio::test]
async fn a_chart_that_somebody_may_not_see_is_neither_renamed_in_nor_told_of() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    shop.deploy(&[payment(&["id", "id_x"])]).await;
    let fields = query("payment", &["payment_id"]);
    let hidden = shop.chart("Hidden", &shop.private, fields.clone()).await;
    let open = shop.chart("Open", &shop.space, fields).await;
    let body =
        json!({ "from": "payment_id", "to": "payment_id_x", "type": "field", "fixAll": true });
    let path = |chart| format!("{}/rename/chart/{chart}", shop.path);
    let refused = dev.post(&path(hidden)).json(&body).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    let refused = dev.get(&format!("{}/fields", path(hidden))).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    assert_eq!(shop.kept(hidden).await.0, 1);
    dev.get(&format!("{}/fields", path(open))).await.ok();
    let body = json!({ "from": "payment_id", "to": "payment_id_x", "type": "field" });
    dev.post(&path(open)).json(&body).await.ok();
    assert_eq!(shop.kept(open).await.0, 2);
    shop.ana.post(&path(hidden)).json(&body).await.ok();
    assert_eq!(shop.kept(hidden).await.0, 2);
}

#[tokio::test]
async fn what_somebody_may_not_see_is_renamed_in_without_a_word_of_which_it_is() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    shop.deploy(&[payment(&["id"])]).await;
    let fields = query("payment", &["payment_id"]);
    let hidden = shop.chart("Hidden", &shop.private, fields.clone()).await;
    let open = shop.chart("Open", &shop.space, fields).await;
    let rule = json!({
        "id": "1", "operator": "isNull", "target": { "fieldId": "payment_id", "tableName": "payment" },
    });
    let board = shop
        .dashboard("Board", &shop.private, &[hidden], &[rule])
        .await;
    for dry in [true, false] {
        let body = json!({ "from": "id", "to": "uid", "type": "field", "dryRun": dry });
        let path = format!("{}/rename", shop.path);
        let begun = dev.post(&path).json(&body).await.ok();
        app.work(worker::run).await;
        let id = begun["jobId"].as_str().unwrap();
        let path = format!("/api/v1/schedulers/job/{id}/status");
        let went = dev.get(&path).await.ok();
        assert_eq!(went["status"], "completed", "{went}");
        let charts = went["details"]["results"]["charts"].as_array().unwrap();
        assert_eq!(charts.len(), 2);
        assert!(charts.contains(&json!({ "name": "Private content" })));
        assert!(charts.contains(&json!({ "uuid": open, "name": "Open" })));
        assert_eq!(
            went["details"]["results"]["dashboards"],
            json!([{ "name": "Private content" }])
        );
        let places = went["details"]["places"].as_array().unwrap();
        assert!(!places.is_empty() && places.iter().all(|one| one["uuid"] == json!(open)));
        let text = went.to_string();
        for secret in [hidden.to_string(), board.to_string(), "Hidden".to_owned()] {
            assert!(!text.contains(&secret), "{secret}");
        }
    }
    for chart in [hidden, open] {
        let (number, kept) = shop.kept(chart).await;
        assert_eq!(number, 2);
        assert_eq!(kept["metricQuery"]["dimensions"], json!(["payment_uid"]));
    }
    let (number, _) = shop.latest(ContentKind::Dashboard, board).await;
    assert_eq!(number, 2);
}

#[tokio::test]
async fn a_filter_by_a_metric_that_a_chart_brings_follows_it() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[payment(&["id"])]).await;
    let mut wanted = query("payment", &["payment_id"]);
    wanted["metrics"] = json!(["payment_cm"]);
    wanted["additionalMetrics"] =
        json!([{ "table": "payment", "name": "cm", "type": "max", "sql": "${TABLE}.id" }]);
    let chart = shop.chart("Chart", &shop.space, wanted).await;
    let target = json!({ "fieldId": "payment_cm", "tableName": "payment" });
    let rule = json!({
        "id": "1", "operator": "isNull", "target": target, "tileTargets": { "0": target },
    });
    let board = shop
        .dashboard("Board", &shop.space, &[chart], &[rule])
        .await;
    assert!(shop.validate(&json!({})).await.is_empty());

    let body = json!({ "from": "payment", "to": "pay", "type": "model" });
    shop.job("/rename", &body).await;
    let (_, kept) = shop.kept(chart).await;
    assert_eq!(kept["metricQuery"]["metrics"], json!(["pay_cm"]));
    let (_, kept) = shop.latest(ContentKind::Dashboard, board).await;
    let rule = &kept["filters"]["dimensions"][0];
    let renamed = json!({ "fieldId": "pay_cm", "tableName": "pay" });
    assert_eq!(rule["target"], renamed);
    assert_eq!(rule["tileTargets"]["0"], renamed);
    shop.deploy(&[explore("pay", &[table("pay", &["id"])])])
        .await;
    assert!(shop.validate(&json!({})).await.is_empty());
}

#[tokio::test]
async fn what_came_of_a_rename_is_told_to_whoever_began_it_alone() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let adi = app.in_role("adi@acme.com", "admin").await;
    shop.deploy(&[payment(&["id"])]).await;
    let fields = query("payment", &["payment_id"]);
    shop.chart("Hidden", &shop.private, fields).await;
    let status = |id: &str| format!("/api/v1/schedulers/job/{id}/status");
    for dry in [true, false] {
        let body = json!({ "from": "id", "to": "uid", "type": "field", "dryRun": dry });
        let (id, went) = shop.job("/rename", &body).await;
        // Its owner sees the chart, and where in it.
        assert_eq!(went["details"]["results"]["charts"][0]["name"], "Hidden");
        assert!(!went["details"]["places"].as_array().unwrap().is_empty());
        for other in [&dev, &adi] {
            let seen = other.get(&status(&id)).await.ok();
            assert_eq!(seen["status"], "completed", "dry: {dry}");
            for key in ["results", "places"] {
                assert_eq!(seen["details"].get(key), None, "dry: {dry}");
            }
        }
    }
    // It is a developer's own as well, done or not.
    let body = json!({ "from": "uid", "to": "id", "type": "field", "dryRun": true });
    let begun = dev.post(&format!("{}/rename", shop.path)).json(&body).await;
    let begun = begun.ok();
    let path = status(begun["jobId"].as_str().unwrap());
    assert_eq!(shop.ana.get(&path).await.ok()["status"], "scheduled");
    app.work(worker::run).await;
    let seen = shop.ana.get(&path).await.ok();
    assert_eq!(seen["status"], "completed");
    assert_eq!(seen["details"].get("results"), None);
    dev.get(&path).await.ok();
}

#[tokio::test]
async fn a_request_that_comes_again_with_its_key_begins_one_rename() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let pay = explore("pay", &[table("pay", &["id", "id_x"])]);
    shop.deploy(&[payment(&["id", "id_x"]), pay]).await;
    let own = query("payment", &["payment_id"]);
    let own = shop.chart("Own", &shop.space, own).await;
    let begin = async |path: &str, body: &Value| {
        let call = shop.ana.post(&format!("{}{path}", shop.path)).json(body);
        let begun = call.header("idempotency-key", "one").await.ok();
        begun["jobId"].as_str().unwrap().to_owned()
    };
    let dry = json!({ "from": "payment", "to": "pay", "type": "model", "dryRun": true });
    let first = begin("/rename", &dry).await;
    assert_eq!(begin("/rename", &dry).await, first);
    let chart = format!("/rename/chart/{own}");
    let all = json!({ "from": "payment", "to": "pay", "type": "model", "fixAll": true });
    let everywhere = begin(&chart, &all).await;
    assert_ne!(everywhere, first);
    app.work(worker::run).await;
    assert_eq!(begin(&chart, &all).await, everywhere);
    assert_eq!(begin("/rename", &dry).await, first);
    assert_eq!(shop.kept(own).await.0, 2);
}

/// Versions are read a few at a time: none is left out between two of these.
#[tokio::test]
async fn of_many_charts_and_dashboards_each_is_renamed_in_once() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    shop.deploy(&[payment(&["id"])]).await;
    let rule = json!({
        "id": "1", "operator": "isNull", "target": { "fieldId": "payment_id", "tableName": "payment" },
    });
    let (mut charts, mut boards) = (Vec::new(), Vec::new());
    for at in 0..103 {
        let asked = query("payment", &["payment_id"]);
        let chart = shop.chart(&format!("Chart {at}"), &shop.space, asked).await;
        let (name, rules) = (format!("Board {at}"), [rule.clone()]);
        boards.push(shop.dashboard(&name, &shop.space, &[chart], &rules).await);
        charts.push(chart);
    }
    let body = json!({ "from": "id", "to": "uid", "type": "field" });
    let (_, went) = shop.job("/rename", &body).await;
    assert_eq!(went["status"], "completed", "{went}");
    for chart in charts {
        let (number, kept) = shop.kept(chart).await;
        let asked = &kept["metricQuery"]["dimensions"];
        assert_eq!((number, asked), (2, &json!(["payment_uid"])));
    }
    for board in boards {
        let (number, kept) = shop.latest(ContentKind::Dashboard, board).await;
        let target = &kept["filters"]["dimensions"][0]["target"]["fieldId"];
        assert_eq!((number, target), (2, &json!("payment_uid")));
    }
}
