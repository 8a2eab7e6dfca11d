//! Files of rows, as clients order them: which columns, in which order, called what, turned how.

use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Says, TestApp};
use warehouse::Type;

use crate::shop::{ask, by_status, column, every_order, explore, file, numbers, open};

/// Asks by status and takes the file.
async fn taken(app: &TestApp, query: &Value, body: &Value) -> String {
    let (ana, project) = open(app).await;
    let path = ask(&ana, &project, query).await;
    let made = ana.post(&format!("{path}/download")).json(body).await;
    file(app, made.ok()["fileUrl"].as_str().unwrap()).await
}

#[tokio::test]
async fn listed_columns_come_first_and_hidden_ones_not_at_all() {
    let app = TestApp::new(local::api()).await;
    let wanted = json!({
        "type": "csv", "columnOrder": ["orders_revenue", "nothing", "orders_revenue"], "hiddenFields": ["orders_count", "nothing"],
    });
    let text = taken(&app, &by_status(), &wanted).await;
    let text = text.strip_prefix('\u{feff}').unwrap();
    assert_snapshot!(text, @r"
    Revenue,Status
    $100.00,'=1+1
    $30.50,completed
    $5.25,returned
    ");
}

#[tokio::test]
async fn labels_are_custom_or_with_the_table_and_harmless() {
    let app = TestApp::new(local::api()).await;
    let wanted = json!({
        "type": "csv", "onlyRaw": true, "showTableNames": true,
        "customLabels": { "orders_status": "=cmd()", "orders_count": "", "nothing": "x" },
    });
    let text = taken(&app, &by_status(), &wanted).await;
    let text = text.strip_prefix('\u{feff}').unwrap();
    assert_snapshot!(text, @r"
    '=cmd(),Orders Orders,Orders Revenue
    '=1+1,1,100
    completed,3,30.5
    returned,1,5.25
    ");
}

#[tokio::test]
async fn two_columns_of_one_label_are_told_apart() {
    let mut query = by_status();
    query["metrics"] = json!(["orders_revenue"]);
    query["tableCalculations"] =
        json!([{ "name": "half", "displayName": "Revenue", "sql": "${orders.revenue} / 2" }]);
    for only_raw in [false, true] {
        let app = TestApp::new(local::api()).await;
        let wanted = json!({ "type": "csv", "onlyRaw": only_raw, "byteOrderMark": false });
        let text = taken(&app, &query, &wanted).await;
        assert!(
            text.starts_with("Status,Orders Revenue,Revenue\n"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_byte_order_mark_can_be_left_out() {
    let app = TestApp::new(local::api()).await;
    let wanted = json!({ "type": "csv", "byteOrderMark": false });
    let text = taken(&app, &every_order(), &wanted).await;
    assert!(text.starts_with("order_id,"), "{text}");
}

#[tokio::test]
async fn text_that_would_be_computed_is_not_and_numbers_are_numbers() {
    let app = TestApp::new(local::api()).await;
    let columns = vec![
        column("orders_status", Type::Text),
        column("orders_count", Type::Integer),
        column("orders_revenue", Type::Decimal),
    ];
    let bad = [
        "=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝x", "x=1", "", "'x",
    ];
    let rows = bad.map(|text| vec![json!(text), json!(-5), json!("-12.50")]);
    app.warehouse.say(Says::Rows(columns, vec![rows.to_vec()]));
    let wanted = json!({ "type": "csv", "onlyRaw": true, "byteOrderMark": false });
    let text = taken(&app, &by_status(), &wanted).await;
    assert_eq!(
        text,
        "Status,Orders,Revenue\n\
         '=1+1,-5,-12.50\n'+1,-5,-12.50\n'-1,-5,-12.50\n'@x,-5,-12.50\n'\tx,-5,-12.50\n\"'\rx\",-5,-12.50\n\"'\nx\",-5,-12.50\n\
         '＝x,-5,-12.50\nx=1,-5,-12.50\n,-5,-12.50\n'x,-5,-12.50\n"
    );
}

#[tokio::test]
async fn turned_rows_have_metrics_as_rows_and_totals() {
    let app = TestApp::new(local::api()).await;
    let mut query = by_status();
    query["dimensions"] = json!(["orders_status", "orders_owner"]);
    query["metrics"] = json!(["orders_count", "orders_revenue"]);
    query["sorts"] = json!([{ "fieldId": "orders_status", "descending": false }, { "fieldId": "orders_owner", "descending": false }]);
    let wanted = json!({
        "type": "csv", "byteOrderMark": false,
        "pivotConfig": { "pivotDimensions": ["orders_owner"], "metricsAsRows": true, "rowTotals": true,
                         "hiddenMetricFieldIds": ["orders_revenue"] },
    });
    let text = taken(&app, &query, &wanted).await;
    assert_snapshot!(text, @r"
    Status,owner,ana,bob,Total
    '=1+1,Orders,1,,1
    completed,Orders,1,2,3
    returned,Orders,1,,1
    ");
}

#[tokio::test]
async fn a_file_is_called_as_wished() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let query = ask(&ana, &project, &by_status()).await;
    for (wish, called) in [
        (
            "données",
            "filename=\"donnes.csv\"; filename*=UTF-8''donn%C3%A9es.csv",
        ),
        (
            "plan.csv",
            "filename=\"plan.csv\"; filename*=UTF-8''plan.csv",
        ),
        (
            "a/../b\"\r\n",
            "filename=\"a_._b_.csv\"; filename*=UTF-8''a_._b_.csv",
        ),
        (
            "...",
            "filename=\"download.csv\"; filename*=UTF-8''download.csv",
        ),
    ] {
        let body = json!({ "type": "csv", "attachmentDownloadName": wish });
        let made = ana.post(&format!("{query}/download")).json(&body).await;
        assert_eq!(made.header("x-truncated"), Some("false"));
        let made = made.ok();
        let token = made["fileUrl"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap();
        let link = app.app.files.follow(token, app.app.clock.now()).unwrap();
        assert_eq!(link.disposition, format!("attachment; {called}"));
    }
}

#[tokio::test]
async fn an_answer_without_rows_has_a_header() {
    let app = TestApp::new(local::api()).await;
    app.warehouse.say(numbers(0));
    let wanted = json!({ "type": "csv", "byteOrderMark": false });
    let text = taken(&app, &every_order(), &wanted).await;
    assert_eq!(text, "order_id\n");
}

#[tokio::test]
async fn a_csv_job_takes_the_limit_of_the_query_all_or_a_number() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/downloadCsv", explore(&project));
    let mut body = every_order();
    for (key, value) in
        json!({ "limit": 2, "onlyRaw": true, "showTableNames": false, "columnOrder": [] })
            .as_object()
            .unwrap()
    {
        body[key] = value.clone();
    }
    for (limit, sql) in [
        (None, "LIMIT 2"),
        (Some(json!(null)), "LIMIT 50001"),
        (Some(json!(3)), "LIMIT 3"),
        (Some(json!(1e9)), "LIMIT 50001"),
    ] {
        let mut body = body.clone();
        if let Some(limit) = &limit {
            body["csvLimit"] = limit.clone();
        }
        ana.post(&path).json(&body).await.ok();
        let asked = app.warehouse.asked();
        let last = &asked.last().unwrap().sql;
        assert!(last.ends_with(sql), "{limit:?}: {last}");
    }
}

#[tokio::test]
async fn totals_beside_metrics_that_are_rows_are_shown_like_them() {
    let app = TestApp::new(local::api()).await;
    let mut query = by_status();
    query["dimensions"] = json!(["orders_status", "orders_owner"]);
    query["metrics"] = json!(["orders_revenue"]);
    query["sorts"] = json!([{ "fieldId": "orders_status", "descending": false }, { "fieldId": "orders_owner", "descending": false }]);
    let wanted = json!({
        "type": "csv", "byteOrderMark": false,
        "pivotConfig": { "pivotDimensions": ["orders_owner"], "metricsAsRows": true, "rowTotals": true },
    });
    let text = taken(&app, &query, &wanted).await;
    assert_snapshot!(text, @r"
    Status,owner,ana,bob,Total
    '=1+1,Revenue,$100.00,,$100.00
    completed,Revenue,$10.50,$20.00,$30.50
    returned,Revenue,$5.25,,$5.25
    ");
}

#[tokio::test]
async fn a_download_of_hidden_columns_only_is_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = ask(&ana, &project, &by_status()).await;
    let all = json!(["orders_status", "orders_count", "orders_revenue"]);
    for kind in ["csv", "xlsx"] {
        let wanted = json!({ "type": kind, "hiddenFields": all });
        let made = ana.post(&format!("{path}/download")).json(&wanted).await;
        assert_eq!(made.refusal(), "400 ParameterError", "{kind}");
    }
}
