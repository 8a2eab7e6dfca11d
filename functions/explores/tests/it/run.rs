use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Says, TestApp};
use warehouse::{Error, Type};

use crate::shop::{ask, by_status, column, every_order, explore, open, orders, raw};

#[tokio::test]
async fn rows_come_raw_and_formatted() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/runQuery", explore(&project));
    let answer = ana.post(&path).json(&by_status()).await;
    assert!(
        answer
            .header("warning")
            .unwrap()
            .contains("/query/metric-query")
    );
    assert_snapshot!(serde_json::to_string_pretty(&answer.ok()["rows"]).unwrap(), @r#"
    [
      {
        "orders_count": {
          "value": {
            "formatted": "1",
            "raw": 1
          }
        },
        "orders_revenue": {
          "value": {
            "formatted": "$100.00",
            "raw": 100
          }
        },
        "orders_status": {
          "value": {
            "formatted": "=1+1",
            "raw": "=1+1"
          }
        }
      },
      {
        "orders_count": {
          "value": {
            "formatted": "3",
            "raw": 3
          }
        },
        "orders_revenue": {
          "value": {
            "formatted": "$30.50",
            "raw": 30.5
          }
        },
        "orders_status": {
          "value": {
            "formatted": "completed",
            "raw": "completed"
          }
        }
      },
      {
        "orders_count": {
          "value": {
            "formatted": "1",
            "raw": 1
          }
        },
        "orders_revenue": {
          "value": {
            "formatted": "$5.25",
            "raw": 5.25
          }
        },
        "orders_status": {
          "value": {
            "formatted": "returned",
            "raw": "returned"
          }
        }
      }
    ]
    "#);
    let results = answer.ok();
    assert_eq!(results["cacheMetadata"], json!({ "cacheHit": false }));
    assert_eq!(results["fields"]["orders_revenue"]["format"], "usd");
    assert_eq!(results["metricQuery"]["limit"], 500);
}

#[tokio::test]
async fn what_stands_beside_a_query_is_not_told_as_the_querys() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/runQuery", explore(&project));
    let mut query = by_status();
    (query["csvLimit"], query["later"]) = (json!(5), json!(1));
    query["sorts"] = json!([{ "fieldId": "orders_status", "descending": false, "later": 2 }]);
    let told = ana.post(&path).json(&query).await.ok()["metricQuery"].clone();
    assert_eq!(told["sorts"], query["sorts"]);
    assert_eq!((told.get("csvLimit"), told.get("later")), (None, None));
}

#[tokio::test]
async fn metrics_of_the_query_are_shown_as_it_says() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let mut query = by_status();
    query["metrics"] = json!(["orders_ids"]);
    query["additionalMetrics"] =
        json!([{ "table": "orders", "name": "ids", "type": "sum", "sql": "${TABLE}.order_id" }]);
    query["metricOverrides"] = json!({ "orders_ids": { "formatOptions": { "type": "percent" } } });
    let path = format!("{}/runQuery", explore(&project));
    let older = ana.post(&path).json(&query).await.ok();
    let newer = ana.get(&ask(&ana, &project, &query).await).await.ok();
    for answer in [older, newer] {
        let shown = |at: usize| answer["rows"][at]["orders_ids"]["value"].clone();
        assert_eq!(
            [shown(0), shown(1), shown(2)],
            [
                json!({ "raw": 5, "formatted": "500%" }),
                json!({ "raw": 7, "formatted": "700%" }),
                json!({ "raw": 3, "formatted": "300%" }),
            ]
        );
    }
}

#[tokio::test]
async fn dates_are_instants_and_months_are_shown_as_months() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/runQuery", explore(&project));
    let mut query = by_status();
    query["dimensions"] = json!(["orders_ordered_at_month"]);
    query["metrics"] = json!(["orders_revenue"]);
    query["sorts"] = json!([{ "fieldId": "orders_ordered_at_month", "descending": true }]);
    let rows = ana.post(&path).json(&query).await.ok()["rows"].clone();
    let month = |at: usize| rows[at]["orders_ordered_at_month"]["value"].clone();
    assert_eq!(
        month(0),
        json!({ "raw": "2024-03-01T00:00:00Z", "formatted": "2024-03" })
    );
    let found = raw(&rows, &["orders_ordered_at_month", "orders_revenue"]);
    let expected = [
        json!(["2024-03-01T00:00:00Z", 100]),
        json!(["2024-02-01T00:00:00Z", 5.25]),
        json!(["2024-01-01T00:00:00Z", 30.5]),
    ];
    assert_eq!(json!(found), json!(expected));
}

#[tokio::test]
async fn whoever_may_not_ask_is_refused() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let ivy = app.in_role("ivy@acme.com", "interactive_viewer").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let path = format!("{}/runQuery", explore(&project));
    let under = format!("{}/runUnderlyingDataQuery", explore(&project));
    let sql = format!("/api/v1/projects/{project}/sqlQuery");
    let select = json!({ "sql": "SELECT 1 AS one" });
    for (who, path, body, refusal) in [
        (&vic, &path, by_status(), "403 ForbiddenError"),
        (&vic, &under, by_status(), "403 ForbiddenError"),
        (&ivy, &sql, select.clone(), "403 ForbiddenError"),
        (&eve, &path, by_status(), "404 NotExistsError"),
        (&eve, &under, by_status(), "404 NotExistsError"),
        (&eve, &sql, select.clone(), "404 NotExistsError"),
        (
            &app.anonymous(),
            &path,
            by_status(),
            "401 AuthorizationError",
        ),
    ] {
        assert_eq!(
            who.post(path).json(&body).await.refusal(),
            refusal,
            "{path}"
        );
    }
    for who in [&ana, &ivy] {
        who.post(&path).json(&by_status()).await.ok();
        who.post(&under).json(&every_order()).await.ok();
    }
    assert_eq!(app.warehouse.asked().len(), 4);
}

#[tokio::test]
async fn a_bad_query_is_refused_before_anything_is_asked() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/runQuery", explore(&project));
    let changed = |key: &str, value: Value| {
        let mut query = by_status();
        query[key] = value;
        query
    };
    let mut empty = changed("csvLimit", Value::Null);
    empty["dimensions"] = json!([]);
    empty["metrics"] = json!([]);
    for (body, refusal) in [
        (changed("limit", json!(5001)), "400 ParameterError"),
        (changed("limit", json!("all")), "422 ValidateError"),
        (changed("dimensions", json!(7)), "422 ValidateError"),
        (
            changed("metrics", json!(["orders_other"])),
            "400 FieldReferenceError",
        ),
        (changed("csvLimit", json!(-1)), "400 ParameterError"),
        (changed("csvLimit", json!(1.5)), "400 ParameterError"),
        (
            changed("timezone", json!("Mars/Olympus")),
            "400 ParameterError",
        ),
        (empty, "400 ParameterError"),
        (json!([]), "422 ValidateError"),
    ] {
        assert_eq!(
            ana.post(&path).json(&body).await.refusal(),
            refusal,
            "{body}"
        );
    }
    let nowhere = path.replace("/orders/", "/nothing/");
    assert_eq!(
        ana.post(&nowhere).json(&by_status()).await.refusal(),
        "404 NotExistsError"
    );
    assert!(app.warehouse.asked().is_empty());
}

#[tokio::test]
async fn a_number_of_rows_beside_the_query_counts_within_100_000_cells() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("{}/runQuery", explore(&project));
    for (limit, sql) in [
        (Value::Null, "LIMIT 33333"),
        (json!(2), "LIMIT 2"),
        (json!(9_000_000), "LIMIT 33333"),
    ] {
        let mut query = by_status();
        query["csvLimit"] = limit;
        let found = ana.post(&path).json(&query).await.ok();
        assert_eq!(found["metricQuery"]["limit"], 500);
        let asked = app.warehouse.asked();
        assert!(asked.last().unwrap().sql.ends_with(sql), "{asked:?}");
    }
}

#[tokio::test]
async fn warehouses_are_told_who_asks_for_what() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    ana.post(&format!("{}/runQuery", explore(&project)))
        .json(&by_status())
        .await
        .ok();
    let user = app.account("ana@acme.com").await;
    let tags = app.warehouse.asked()[0].tags.clone();
    assert_eq!(
        tags,
        [
            ("organization_uuid", user.organization.unwrap().to_string()),
            ("project_uuid", project),
            ("user_uuid", user.id.to_string()),
            ("query_context", "exploreView".to_owned()),
            ("explore_name", "orders".to_owned()),
        ]
    );
}

#[tokio::test]
async fn what_takes_too_long_names_the_way_for_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::TooLate);
    let path = format!("{}/runQuery", explore(&project));
    assert_snapshot!(ana.post(&path).json(&by_status()).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "The warehouse did not answer within 25 seconds. Queries that take longer are asked by POST /api/v2/projects/{projectUuid}/query/metric-query, and polled",
        "name": "TimeoutError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
}

#[tokio::test]
async fn a_warehouse_that_refuses_says_where() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    app.warehouse.say(Says::Refuses(Error::Query {
        message: "column \"x\" does not exist".to_owned(),
        line: Some(3),
        character: Some(7),
    }));
    let path = format!("{}/runQuery", explore(&project));
    assert_snapshot!(ana.post(&path).json(&by_status()).await, @r#"
    400 {
      "error": {
        "data": {
          "charNumber": 7,
          "lineNumber": 3
        },
        "message": "column \"x\" does not exist",
        "name": "WarehouseQueryError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    let gone = Error::Connection("the warehouse closed the connection".to_owned());
    let columns = vec![column("orders_status", Type::Text)];
    app.warehouse
        .say(Says::Breaks(columns, vec![vec![json!("x")]], gone));
    let half = ana.post(&path).json(&by_status()).await;
    assert_eq!(half.refusal(), "400 WarehouseConnectionError");
}

#[tokio::test]
async fn rows_that_are_too_large_for_an_answer_are_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let row = || vec![json!("x".repeat(10 << 20))];
    let batches = (0..1000).map(|_| vec![row()]).take(5).collect();
    let columns = vec![column("orders_status", Type::Text)];
    app.warehouse.say(Says::Rows(columns, batches));
    let path = format!("{}/runQuery", explore(&project));
    let answer = ana.post(&path).json(&by_status()).await;
    assert_eq!(answer.refusal(), "413 ParameterError");
}

#[tokio::test]
async fn columns_of_mixed_and_long_values_keep_what_they_are() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let columns = vec![
        column("orders_status", Type::Text),
        column("orders_count", Type::Integer),
        column("orders_revenue", Type::Decimal),
    ];
    let rows = vec![
        vec![json!("a"), json!(9_007_199_254_740_993_i64), json!("0.10")],
        vec![
            json!(null),
            json!(null),
            json!("123456789012345678901234.5"),
        ],
        vec![json!("12"), json!(-1), json!("NaN")],
    ];
    app.warehouse.say(Says::Rows(columns, vec![rows]));
    let path = format!("{}/runQuery", explore(&project));
    let rows = ana.post(&path).json(&by_status()).await.ok()["rows"].clone();
    let found = raw(&rows, &["orders_status", "orders_count", "orders_revenue"]);
    let expected = json!([
        ["a", "9007199254740993", 0.1],
        [null, null, "123456789012345678901234.5"],
        ["12", -1, "NaN"],
    ]);
    assert_eq!(json!(found), expected);
    assert_eq!(rows[1]["orders_status"]["value"]["formatted"], "∅");
}

#[tokio::test]
async fn a_statement_answers_raw_rows_and_types() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v1/projects/{project}/sqlQuery");
    let sql = "SELECT status, count(*) AS n, sum(amount) AS paid, max(ordered_at) AS last FROM jaffle.orders WHERE owner = 'ana' \
               GROUP BY 1 ORDER BY 1 DESC;\n";
    assert_snapshot!(ana.post(&path).json(&json!({ "sql": sql })).await, @r#"
    200 {
      "results": {
        "fields": {
          "last": {
            "type": "timestamp"
          },
          "n": {
            "type": "number"
          },
          "paid": {
            "type": "number"
          },
          "status": {
            "type": "string"
          }
        },
        "rows": [
          {
            "last": "2024-02-01T09:00:00Z",
            "n": 1,
            "paid": 5.25,
            "status": "returned"
          },
          {
            "last": "2024-01-15T10:00:00Z",
            "n": 1,
            "paid": 10.5,
            "status": "completed"
          },
          {
            "last": "2024-03-05T08:15:00Z",
            "n": 1,
            "paid": 100,
            "status": "=1+1"
          }
        ]
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn a_statement_only_reads() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v1/projects/{project}/sqlQuery");
    for (sql, refusal) in [
        ("", "400 ParameterError"),
        (" ; ", "400 ParameterError"),
        ("DELETE FROM jaffle.orders", "400 WarehouseQueryError"),
        ("DROP TABLE jaffle.orders", "400 WarehouseQueryError"),
        ("SELECT 1; SELECT 2", "400 WarehouseQueryError"),
        ("COPY (SELECT 1) TO '/tmp/x.csv'", "400 WarehouseQueryError"),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "400 WarehouseQueryError",
        ),
        ("SELECT * FROM '/etc/passwd'", "400 WarehouseQueryError"),
        ("SELECT * FROM jaffle.nothing", "400 WarehouseQueryError"),
        ("SELEC 1", "400 WarehouseQueryError"),
    ] {
        let body = json!({ "sql": sql });
        assert_eq!(
            ana.post(&path).json(&body).await.refusal(),
            refusal,
            "{sql}"
        );
    }
    assert_eq!(
        ana.post(&path).json(&json!({ "sql": 1 })).await.refusal(),
        "422 ValidateError"
    );
}

#[tokio::test]
async fn nobody_asks_more_often_than_the_limit() {
    let limits = [
        ("ZERODASH_LIMIT_QUERY_USER", "2/60"),
        ("ZERODASH_LIMIT_QUERY_ORGANIZATION", "3/60"),
    ];
    let app = TestApp::with(local::api(), &limits).await;
    let (ana, project) = open(&app).await;
    let ivy = app.in_role("ivy@acme.com", "interactive_viewer").await;
    let path = format!("{}/runQuery", explore(&project));
    for _ in 0..2 {
        ana.post(&path).json(&by_status()).await.ok();
    }
    let third = ana.post(&path).json(&by_status()).await;
    assert_eq!(third.refusal(), "429 TooManyRequestsError");
    assert!(third.header("retry-after").is_some());
    // The organisation has one left.
    ivy.post(&path).json(&by_status()).await.ok();
    let another = format!("/api/v2/projects/{project}/query/metric-query");
    let asked = json!({ "query": by_status() });
    assert_eq!(
        ivy.post(&another).json(&asked).await.refusal(),
        "429 TooManyRequestsError"
    );
    app.wait(1);
    ana.post(&path).json(&by_status()).await.ok();
    assert_eq!(app.warehouse.asked().len(), 4);
}

#[tokio::test]
async fn a_project_without_a_warehouse_says_so() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let project = app.project("ana@acme.com", "Bare").await.id.to_string();
    ana.put(&format!("/api/v1/projects/{project}/explores"))
        .json(&json!([orders(false)]))
        .await
        .ok();
    let path = format!("{}/runQuery", explore(&project));
    let answer = ana.post(&path).json(&by_status()).await;
    assert_eq!(answer.refusal(), "404 NotFoundError");
}
