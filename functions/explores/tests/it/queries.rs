//! Queries that are kept: asked, read page by page, taken away as files.

use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Says, TestApp};
use warehouse::{Error, Type};

use crate::shop::{
    ask, by_status, column, every_order, explore, file, numbers, open, queries, raw,
};

#[tokio::test]
async fn a_quick_query_is_answered_at_once_and_read_by_its_id() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/metric-query", queries(&project));
    let body = json!({ "query": by_status(), "context": "exploreView" });
    let asked = ana.post(&path).json(&body).await.ok();
    assert_eq!(asked["cacheMetadata"], json!({ "cacheHit": false }));
    assert_eq!(asked["fields"]["orders_count"]["label"], "Orders");
    assert_eq!(asked["warnings"], json!([]));
    let id = asked["queryUuid"].as_str().unwrap();
    let mut page = ana.get(&format!("{}/{id}", queries(&project))).await.ok();
    // How long it took is not ours to say.
    for time in ["initialQueryExecutionMs", "resultsPageExecutionMs"] {
        assert!(page[time].is_u64());
        page[time] = json!(0);
    }
    page["rows"] = json!(page["rows"].as_array().unwrap().len());
    assert_snapshot!(serde_json::to_string_pretty(&page).unwrap(), @r#"
    {
      "columns": {
        "orders_count": {
          "reference": "orders_count",
          "type": "number"
        },
        "orders_revenue": {
          "reference": "orders_revenue",
          "type": "number"
        },
        "orders_status": {
          "reference": "orders_status",
          "type": "string"
        }
      },
      "expiresAt": "2026-02-01T09:30:00.000Z",
      "initialQueryExecutionMs": 0,
      "page": 1,
      "pageSize": 3,
      "pivotDetails": null,
      "queryUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
      "resultsPageExecutionMs": 0,
      "rows": 3,
      "status": "ready",
      "totalPageCount": 1,
      "totalResults": 3
    }
    "#);
    assert_eq!(app.warehouse.asked()[0].tags[3].1, "exploreView");
}

#[tokio::test]
async fn rows_are_read_page_by_page() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(numbers(2_501));
    let query = ask(&ana, &project, &every_order()).await;
    let page = async |params: &str| ana.get(&format!("{query}?{params}")).await;
    let first = page("").await.ok();
    assert_eq!(
        (
            &first["pageSize"],
            &first["totalPageCount"],
            &first["totalResults"]
        ),
        (&json!(500), &json!(6), &json!(2501))
    );
    assert_eq!(first["nextPage"], 2);
    assert_eq!(first.get("previousPage"), None);
    let last = page("page=6").await.ok();
    assert_eq!(raw(&last["rows"], &["orders_order_id"]), [[json!(2500)]]);
    assert_eq!(
        (&last["pageSize"], &last["previousPage"]),
        (&json!(1), &json!(5))
    );
    let odd = page("page=4&pageSize=700").await.ok();
    let found = raw(&odd["rows"], &["orders_order_id"]);
    assert_eq!(found.len(), 401);
    assert_eq!((&found[0][0], &found[400][0]), (&json!(2100), &json!(2500)));
    let mut all = Vec::new();
    for at in 1..=9 {
        let rows = page(&format!("page={at}&pageSize=300")).await.ok();
        all.extend(raw(&rows["rows"], &["orders_order_id"]));
    }
    let expected: Vec<_> = (0..2_501).map(|at| vec![json!(at)]).collect();
    assert_eq!(all, expected);
    for (params, refusal) in [
        ("page=7", "422 PaginationError"),
        ("page=0", "422 PaginationError"),
        ("page=1.5", "422 PaginationError"),
        ("pageSize=0", "422 PaginationError"),
        ("pageSize=2501", "422 PaginationError"),
        ("page=-1", "422 PaginationError"),
        ("page=1e300", "422 PaginationError"),
        ("page=x", "422 ValidateError"),
    ] {
        assert_eq!(page(params).await.refusal(), refusal, "{params}");
    }
    for (params, message) in [
        ("pageSize=2501", "A page has at most 2500 rows"),
        ("pageSize=1e300", "A page has at most 2500 rows"),
        (
            "page=7",
            "There is no page 7: the last page of 500 rows each is 6",
        ),
        (
            "page=3&pageSize=2500",
            "There is no page 3: the last page of 2500 rows each is 2",
        ),
        (
            "page=0",
            "Pages are numbered from 1, and have at least one row",
        ),
    ] {
        let answer = page(params).await;
        assert_eq!(answer.json()["error"]["message"], message, "{params}");
    }
    // Read from the file, not asked again.
    assert_eq!(app.warehouse.asked().len(), 1);
}

#[tokio::test]
async fn pages_that_nobody_sizes_are_as_long_as_the_first_that_was_read() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(numbers(2_501));
    let query = ask(&ana, &project, &every_order()).await;
    let page = async |params: &str| ana.get(&format!("{query}?{params}")).await;
    // What is refused is no page that was read.
    for refused in ["page=100&pageSize=100", "pageSize=2501"] {
        assert_eq!(page(refused).await.refusal(), "422 PaginationError");
    }
    let first = page("pageSize=300").await.ok();
    assert_eq!((&first["page"], &first["nextPage"]), (&json!(1), &json!(2)));
    let of = |page: &Value| {
        ["pageSize", "totalPageCount", "previousPage", "nextPage"].map(|key| page[key].clone())
    };
    let second = page("page=2").await.ok();
    assert_eq!(json!(of(&second)), json!([300, 9, 1, 3]));
    let ids = ["orders_order_id"];
    assert_eq!(raw(&second["rows"], &ids)[0], [json!(300)]);
    // One of another size is one of another size.
    let odd = page("page=2&pageSize=700").await.ok();
    assert_eq!(json!(of(&odd)), json!([700, 4, 1, 3]));
    let last = page("page=9").await.ok();
    assert_eq!(json!(of(&last)), json!([101, 9, 8, null]));
    assert_eq!(page("page=10").await.refusal(), "422 PaginationError");
    // The usual size is one, too.
    app.warehouse.say(numbers(2_501));
    let query = ask(&ana, &project, &every_order()).await;
    for (params, size, pages) in [("", 500, 6), ("?pageSize=100", 100, 26), ("", 500, 6)] {
        let page = ana.get(&format!("{query}{params}")).await.ok();
        assert_eq!(
            (&page["pageSize"], &page["totalPageCount"]),
            (&json!(size), &json!(pages)),
            "{params}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_rows_has_one_empty_page() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(numbers(0));
    let query = ask(&ana, &project, &every_order()).await;
    let page = ana.get(&query).await.ok();
    assert_eq!(page["rows"], json!([]));
    assert_eq!(
        (&page["totalPageCount"], &page["totalResults"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(page["columns"]["orders_order_id"]["type"], "number");
}

#[tokio::test]
async fn a_query_is_for_whoever_asked_it() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let dev = app.in_role("dev@acme.com", "admin").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let query = ask(&ana, &project, &by_status()).await;
    let second = app.project("ana@acme.com", "Second").await.id.to_string();
    let elsewhere = query.replace(&project, &second);
    let none = json!({});
    for (who, query, refusal) in [
        (&dev, &query, "404 NotFoundError"),
        (&eve, &query, "404 NotExistsError"),
        (&ana, &elsewhere, "404 NotFoundError"),
        (
            &ana,
            &format!("{}/none", queries(&project)),
            "404 NotFoundError",
        ),
        (
            &ana,
            &format!("{}/..%2f..%2fkey", queries(&project)),
            "404 NotFoundError",
        ),
        (
            &ana,
            &format!("{}/00000000-0000-4000-8000-000000000000", queries(&project)),
            "404 NotFoundError",
        ),
    ] {
        assert_eq!(who.get(query).await.refusal(), refusal, "{query}");
        let path = format!("{query}/results");
        assert_eq!(who.get(&path).await.refusal(), refusal, "{path}");
        let path = format!("{query}/cancel");
        assert_eq!(who.post(&path).await.refusal(), refusal, "{path}");
        let path = format!("{query}/download");
        assert_eq!(
            who.post(&path).json(&none).await.refusal(),
            refusal,
            "{path}"
        );
    }
    ana.get(&query).await.ok();
    app.wait(60 * 24);
    let login = json!({ "email": crate::given::ANA, "password": testing::PASSWORD });
    ana.post("/api/v1/login").json(&login).await.ok();
    assert_eq!(ana.get(&query).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn whoever_may_not_ask_cannot_begin() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let ivy = app.in_role("ivy@acme.com", "interactive_viewer").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let metric = format!("{}/metric-query", queries(&project));
    let sql = format!("{}/sql", queries(&project));
    let asked = json!({ "query": by_status() });
    let select = json!({ "sql": "SELECT 1" });
    for (who, path, body, refusal) in [
        (&vic, &metric, &asked, "403 ForbiddenError"),
        (&vic, &sql, &select, "403 ForbiddenError"),
        (&ivy, &sql, &select, "403 ForbiddenError"),
        (&eve, &metric, &asked, "404 NotExistsError"),
        (&ana, &metric, &json!({}), "422 ValidateError"),
        (
            &ana,
            &sql,
            &json!({ "sql": "SELECT 1", "limit": -1 }),
            "422 ValidateError",
        ),
        (&ana, &sql, &json!({ "sql": ";" }), "400 ParameterError"),
    ] {
        assert_eq!(
            who.post(path).json(body).await.refusal(),
            refusal,
            "{path} {body}"
        );
    }
    let mut own = by_status();
    own["dimensions"] = json!(["own"]);
    own["sorts"] = json!([]);
    own["customDimensions"] = json!([{ "id": "own", "name": "Own", "table": "orders", "type": "sql", "sql": "1", "dimensionType": "number" }]);
    let own = json!({ "query": own });
    assert_eq!(
        ivy.post(&metric).json(&own).await.refusal(),
        "403 CustomSqlQueryForbiddenError"
    );
    ivy.post(&metric).json(&asked).await.ok();
}

#[tokio::test]
async fn an_interval_that_the_explore_does_not_list_is_shown_and_taken_away_like_others() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let mut query = by_status();
    query["dimensions"] = json!(["orders_ordered_at_quarter"]);
    query["metrics"] = json!(["orders_count"]);
    query["sorts"] = json!([]);
    for (zoom, label, shown) in [
        (json!({}), "ordered_at quarter", "2024-Q1"),
        (json!({ "granularity": "Year" }), "ordered_at year", "2024"),
    ] {
        let path = format!("{}/metric-query", queries(&project));
        let body = json!({ "query": query, "dateZoom": zoom });
        let asked = ana.post(&path).json(&body).await.ok();
        let item = &asked["fields"]["orders_ordered_at_quarter"];
        assert_eq!(item["label"], label);
        let at = format!(
            "{}/{}",
            queries(&project),
            asked["queryUuid"].as_str().unwrap()
        );
        let rows = ana.get(&at).await.ok()["rows"].clone();
        assert_eq!(
            rows[0]["orders_ordered_at_quarter"]["value"],
            json!({ "raw": "2024-01-01T00:00:00Z", "formatted": shown })
        );
        let wanted = json!({ "type": "csv", "byteOrderMark": false });
        let made = ana.post(&format!("{at}/download")).json(&wanted).await.ok();
        let text = file(&app, made["fileUrl"].as_str().unwrap()).await;
        assert_eq!(text, format!("{label},Orders\n{shown},5\n"));
    }
}

#[tokio::test]
async fn a_zoom_is_taken_beside_the_query_and_in_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/metric-query", queries(&project));
    let mut query = by_status();
    query["dimensions"] = json!(["orders_ordered_at_month"]);
    query["metrics"] = json!(["orders_count"]);
    query["sorts"] = json!([]);
    let zoom = json!({ "granularity": "Year" });
    let mut nested = query.clone();
    nested["dateZoom"] = zoom.clone();
    for body in [
        json!({ "query": query, "dateZoom": zoom }),
        json!({ "query": nested }),
    ] {
        let asked = ana.post(&path).json(&body).await.ok();
        let at = format!(
            "{}/{}",
            queries(&project),
            asked["queryUuid"].as_str().unwrap()
        );
        let rows = ana.get(&at).await.ok()["rows"].clone();
        assert_eq!(
            json!(raw(&rows, &["orders_ordered_at_month", "orders_count"])),
            json!([["2024-01-01T00:00:00Z", 5]])
        );
        assert_eq!(
            rows[0]["orders_ordered_at_month"]["value"]["formatted"],
            "2024"
        );
        let item = &asked["fields"]["orders_ordered_at_month"];
        assert_eq!(item["label"], "ordered_at year");
        for (only_raw, first) in [(false, "2024"), (true, "2024-01-01")] {
            let wanted = json!({ "type": "csv", "onlyRaw": only_raw, "byteOrderMark": false });
            let made = ana.post(&format!("{at}/download")).json(&wanted).await.ok();
            let text = file(&app, made["fileUrl"].as_str().unwrap()).await;
            assert_eq!(text, format!("ordered_at year,Orders\n{first},5\n"));
        }
    }
}

#[tokio::test]
async fn what_breaks_off_in_the_middle_is_an_error_and_leaves_no_file() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let gone = Error::Connection("the warehouse closed the connection".to_owned());
    let columns = vec![column("orders_status", Type::Text)];
    let rows = vec![vec![json!("x")]; 10];
    app.warehouse.say(Says::Breaks(columns, rows, gone));
    let query = ask(&ana, &project, &by_status()).await;
    let id = query.rsplit('/').next().unwrap();
    let answer = ana.get(&query).await;
    let expected = json!({
        "queryUuid": id, "status": "error", "error": "the warehouse closed the connection",
    });
    assert_eq!(answer.ok(), expected);
    let results = ana.get(&format!("{query}/results")).await;
    assert_eq!(results.refusal(), "400 WarehouseQueryError");
    let folder = app.folder("files").join("rows").join(&project);
    let left = std::fs::read_dir(folder).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_huge_row_is_kept_and_is_on_no_page() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let columns = vec![column("orders_status", Type::Text)];
    let huge = "x".repeat(10 << 20);
    let rows = vec![vec![vec![json!(huge)], vec![json!("small")]]];
    app.warehouse.say(Says::Rows(columns, rows));
    let query = ask(&ana, &project, &by_status()).await;
    assert_eq!(ana.get(&query).await.refusal(), "413 ParameterError");
    // Whoever steps over it reads on.
    let second = ana.get(&format!("{query}?page=2&pageSize=1")).await.ok();
    assert_eq!(raw(&second["rows"], &["orders_status"]), [[json!("small")]]);
    let body = json!({ "type": "csv" });
    let made = ana
        .post(&format!("{query}/download"))
        .json(&body)
        .await
        .ok();
    let text = file(&app, made["fileUrl"].as_str().unwrap()).await;
    assert_eq!(text, format!("\u{feff}Status\n{huge}\nsmall\n"));
    let lines = ana.get(&format!("{query}/results")).await;
    assert_eq!(lines.status, 200);
    assert_eq!(
        lines.text,
        format!("{{\"orders_status\":\"{huge}\"}}\n{{\"orders_status\":\"small\"}}\n")
    );
}

#[tokio::test]
async fn rows_are_taken_away_as_csv_raw_or_as_they_are_shown() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let query = ask(&ana, &project, &by_status()).await;
    let download = async |body: Value| {
        let made = ana
            .post(&format!("{query}/download"))
            .json(&body)
            .await
            .ok();
        assert_eq!(made["truncated"], false);
        file(&app, made["fileUrl"].as_str().unwrap()).await
    };
    assert_snapshot!(download(json!({ "type": "csv" })).await, @r#"
    ﻿Status,Orders,Revenue
    '=1+1,1,$100.00
    completed,3,$30.50
    returned,1,$5.25
    "#);
    let wanted = json!({
        "type": "csv", "onlyRaw": true, "showTableNames": true, "columnOrder": ["orders_revenue"], "hiddenFields": ["orders_count"],
        "customLabels": { "orders_status": "What, became of it" },
    });
    assert_snapshot!(download(wanted).await, @r#"
    ﻿Orders Revenue,"What, became of it"
    100,'=1+1
    30.5,completed
    5.25,returned
    "#);
    assert_snapshot!(download(json!({})).await, @r#"
    {"orders_status":"=1+1","orders_count":1,"orders_revenue":100}
    {"orders_status":"completed","orders_count":3,"orders_revenue":30.5}
    {"orders_status":"returned","orders_count":1,"orders_revenue":5.25}
    "#);
    let pivot = json!({ "type": "csv", "pivotConfig": { "pivotDimensions": ["orders_status"] } });
    assert_snapshot!(download(pivot).await, @r#"
    ﻿Status,'=1+1,'=1+1,completed,completed,returned,returned
    ,Orders,Revenue,Orders,Revenue,Orders,Revenue
    ,1,$100.00,3,$30.50,1,$5.25
    "#);
    let sheet = download(json!({ "type": "xlsx" })).await;
    assert!(sheet.starts_with("PK"));
    let results = ana.get(&format!("{query}/results")).await;
    assert_eq!(results.header("content-type"), Some("application/json"));
    assert_snapshot!(results.text, @r#"
    {"orders_status":"=1+1","orders_count":1,"orders_revenue":100}
    {"orders_status":"completed","orders_count":3,"orders_revenue":30.5}
    {"orders_status":"returned","orders_count":1,"orders_revenue":5.25}
    "#);
}

#[tokio::test]
async fn doubles_come_as_the_warehouse_has_them_and_go_there_as_they_were_sent() {
    const DOUBLES: [&str; 3] = [
        "0.45110218428522253",
        "-524070745.81621724",
        "0.9424502837770503",
    ];
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let doubles = DOUBLES.map(|text| text.parse::<f64>().unwrap());
    let rows = doubles.iter().map(|double| vec![json!(double)]).collect();
    let columns = vec![column("orders_order_id", Type::Double)];
    app.warehouse.say(Says::Rows(columns, vec![rows]));
    let query = ask(&ana, &project, &every_order()).await;
    let page = ana.get(&query).await;
    for double in DOUBLES {
        let value = format!("\"raw\":{double}");
        assert!(page.text.contains(&value), "{double}: {page}");
    }
    let lines = DOUBLES.map(|double| format!("{{\"orders_order_id\":{double}}}\n"));
    let results = ana.get(&format!("{query}/results")).await;
    assert_eq!(results.text, lines.concat());
    let wanted = json!({ "type": "csv", "onlyRaw": true });
    let made = ana.post(&format!("{query}/download")).json(&wanted).await;
    let text = file(&app, made.ok()["fileUrl"].as_str().unwrap()).await;
    assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), DOUBLES);

    let mut query = every_order();
    query["filters"] = json!({ "dimensions": { "id": "1", "and": [
        { "id": "2", "target": { "fieldId": "orders_order_id" }, "operator": "equals", "values": doubles },
    ] } });
    let path = format!("{}/compileQuery", explore(&project));
    let compiled = ana.post(&path).json(&query).await.ok();
    for double in DOUBLES {
        assert!(compiled.as_str().unwrap().contains(double), "{compiled}");
    }
}

#[tokio::test]
async fn a_bad_wish_for_a_file_is_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let query = ask(&ana, &project, &by_status()).await;
    for (body, refusal) in [
        (json!({ "type": "pdf" }), "422 ValidateError"),
        (json!({ "columnOrder": [{}] }), "422 ValidateError"),
        (
            json!({ "type": "csv", "pivotConfig": 7 }),
            "400 ParameterError",
        ),
        (
            json!({ "type": "csv", "pivotConfig": { "pivotDimensions": ["nothing"] } }),
            "400 ParameterError",
        ),
    ] {
        let answer = ana.post(&format!("{query}/download")).json(&body).await;
        assert_eq!(answer.refusal(), refusal, "{body}");
    }
    let body = json!({ "type": "csv", "attachmentDownloadName": "../../données:\r\n\"x\"" });
    let made = ana
        .post(&format!("{query}/download"))
        .json(&body)
        .await
        .ok();
    let url = made["fileUrl"].as_str().unwrap();
    let token = url.rsplit('/').next().unwrap();
    let now = app.app.clock.now();
    let link = app.app.files.follow(token, now).unwrap();
    assert!(!link.disposition.contains(['\r', '\n']) && !link.disposition.contains(".."));
    // The link ends, and cannot be made up.
    let bent = format!("A{token}");
    assert!(app.app.files.follow(&bent, now).is_err());
    app.wait(60 * 24);
    assert!(app.app.files.follow(token, app.app.clock.now()).is_err());
}

#[tokio::test]
async fn statements_are_kept_like_queries() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/sql", queries(&project));
    let sql = "SELECT order_id, ordered_at FROM jaffle.orders ORDER BY 1";
    let body = json!({ "sql": sql, "limit": 2 });
    let asked = ana.post(&path).json(&body).await.ok();
    let at = format!(
        "{}/{}",
        queries(&project),
        asked["queryUuid"].as_str().unwrap()
    );
    let page = ana.get(&at).await.ok();
    assert_eq!(
        json!(raw(&page["rows"], &["order_id", "ordered_at"])),
        json!([[1, "2024-01-15T10:00:00Z"], [2, "2024-01-20T11:30:00Z"]])
    );
    assert_eq!(
        page["columns"]["ordered_at"],
        json!({ "reference": "ordered_at", "type": "timestamp" })
    );
    let wrong = json!({ "sql": "SELECT nothing FROM jaffle.orders" });
    assert_eq!(
        ana.post(&path).json(&wrong).await.refusal(),
        "400 WarehouseQueryError"
    );
    let turned = json!({
        "sql": "SELECT status, owner, amount FROM jaffle.orders",
        "pivotConfiguration": {
            "indexColumn": { "reference": "owner", "type": "category" },
            "valuesColumns": [{ "reference": "amount", "aggregation": "sum" }],
            "groupByColumns": [{ "reference": "status" }],
        },
    });
    let asked = ana.post(&path).json(&turned).await.ok();
    let at = format!(
        "{}/{}",
        queries(&project),
        asked["queryUuid"].as_str().unwrap()
    );
    let page = ana.get(&at).await.ok();
    assert_eq!(page["status"], "ready");
    assert_snapshot!(serde_json::to_string(&page["rows"]).unwrap(), @r#"[{"amount_sum_=1+1":{"value":{"formatted":"100","raw":100}},"amount_sum_completed":{"value":{"formatted":"10.5","raw":10.5}},"amount_sum_returned":{"value":{"formatted":"5.25","raw":5.25}},"owner":{"value":{"formatted":"ana","raw":"ana"}}},{"amount_sum_=1+1":{"value":{"formatted":"∅","raw":null}},"amount_sum_completed":{"value":{"formatted":"20","raw":20}},"amount_sum_returned":{"value":{"formatted":"∅","raw":null}},"owner":{"value":{"formatted":"bob","raw":"bob"}}}]"#);
}

/// What a warehouse answers to a turned statement: a value for each of these rows and columns.
fn turned_rows(cells: impl Iterator<Item = (usize, usize)>) -> Says {
    let columns = vec![
        column("owner", Type::Text),
        column("amount_sum", Type::Integer),
        column("status", Type::Text),
        column("row_index", Type::Integer),
        column("column_index", Type::Integer),
        column("total_columns", Type::Integer),
    ];
    let rows = cells.map(|(row, column)| {
        let (down, across) = (format!("r{row}"), format!("c{column}"));
        let (down, across) = (json!(down), json!(across));
        vec![
            down,
            json!(row),
            across,
            json!(row),
            json!(column),
            json!(1),
        ]
    });
    Says::Rows(columns, vec![rows.collect()])
}

#[tokio::test]
async fn turned_rows_come_whole_unless_they_have_too_many_cells() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/sql", queries(&project));
    let mut body = json!({
        "sql": "SELECT status, owner, amount FROM jaffle.orders",
        "pivotConfiguration": {
            "indexColumn": { "reference": "owner", "type": "category" },
            "valuesColumns": [{ "reference": "amount", "aggregation": "sum" }],
            "groupByColumns": [{ "reference": "status" }],
        },
    });
    let answer = turned_rows((1..=1_201).map(|at| (at, 1)));
    app.warehouse.say(answer);
    let asked = ana.post(&path).json(&body).await.ok();
    let id = asked["queryUuid"].as_str().unwrap();
    let page = ana
        .get(&format!("{}/{id}?page=3&pageSize=600", queries(&project)))
        .await
        .ok();
    assert_eq!(page["totalResults"], 1_201);
    let ids = ["owner", "amount_sum_c1"];
    assert_eq!(raw(&page["rows"], &ids), [[json!("r1201"), json!(1_201)]]);
    // Few values, and yet more than a million cells.
    let answer = turned_rows((1..=1_001).map(|at| (at, at)));
    app.warehouse.say(answer);
    body["limit"] = json!(2_000);
    let answer = ana.post(&path).json(&body).await;
    assert_eq!(answer.refusal(), "413 ParameterError");
}

#[test]
fn the_document_tells_a_page_from_a_query_without_one_by_its_status() {
    let document = local::api().document();
    let schemas = &document["components"]["schemas"];
    let follow = |schema: &Value| match schema["$ref"].as_str() {
        Some(reference) => schemas[reference.rsplit('/').next().unwrap()].clone(),
        None => schema.clone(),
    };
    let statuses = |schema: &Value| {
        let schema = follow(schema);
        let parts = schema["allOf"].as_array().cloned();
        let mut parts = parts.unwrap_or_else(|| vec![schema]).into_iter();
        let status = parts.find_map(|part| {
            let status = follow(&part)["properties"].get("status").cloned();
            status.map(|status| follow(&status))
        });
        status.unwrap()["enum"].clone()
    };
    let members = schemas["QueryPage"]["oneOf"].as_array().unwrap();
    let all: Vec<_> = members.iter().map(statuses).collect();
    assert_eq!(
        all,
        [json!(["ready"]), json!(["pending", "error", "cancelled"])]
    );
}
