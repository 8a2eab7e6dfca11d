use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Says, TestApp};
use warehouse::{Column, Error, Type};

use crate::shop::{
    alone, compared, count, counted, explore, lone, month, open, open_with, path, series,
};

const YEAR: (&str, &str) = ("2024-01-01", "2024-12-31");

fn total(project: &str) -> String {
    format!(
        "/api/v1/projects/{project}/metricsExplorer/orders/count/runMetricTotal?timeFrame=YEAR&startDate=2024-01-01&endDate=2024-12-31"
    )
}

#[tokio::test]
async fn whoever_sees_the_project_may_ask() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let mem = app.in_role("mem@acme.com", "member").await;
    let eve = app.admin("eve@other.com", "Other").await;
    for path in [path(&project, "count", YEAR), total(&project)] {
        let body = alone(None);
        for who in [&ana, &vic] {
            who.post(&path).json(&body).await.ok();
        }
        for (who, refusal) in [
            (&mem, "403 ForbiddenError"),
            (&eve, "404 NotExistsError"),
            (&app.anonymous(), "401 AuthorizationError"),
        ] {
            assert_eq!(
                who.post(&path).json(&body).await.refusal(),
                refusal,
                "{path}"
            );
        }
        for (part, other, refusal) in [
            ("/orders/", "/nothing/", "404 NotExistsError"),
            ("/count/", "/nothing/", "404 NotFoundError"),
            ("/count/", "/orders_count/", "404 NotFoundError"),
            ("/count/", "/shop/", "404 NotFoundError"),
            (project.as_str(), "nothing", "404 NotExistsError"),
        ] {
            let path = path.replacen(part, other, 1);
            assert_eq!(
                ana.post(&path).json(&body).await.refusal(),
                refusal,
                "{path}"
            );
        }
    }
    assert_eq!(app.warehouse.asked().len(), 4);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let good = alone(None);
    for days in [
        ("2024-12-31", "2024-01-01"),
        ("2024-1-1", "2024-12-31"),
        ("2023-02-29", "2024-12-31"),
        ("yesterday", "2024-12-31"),
        ("", ""),
        ("2024-01-01", "9999-12-31"),
        ("0000-01-01", "2024-12-31"),
    ] {
        let answer = series(&ana, &project, "count", days, &good).await;
        assert_eq!(answer.refusal(), "400 ParameterError", "{days:?}");
    }
    let early = compared(&json!({ "comparison": "previous_period" }), None);
    let answer = series(
        &ana,
        &project,
        "count",
        ("0001-01-01", "0001-12-31"),
        &early,
    )
    .await;
    assert_eq!(answer.refusal(), "400 ParameterError");
    let none =
        format!("/api/v1/projects/{project}/metricsExplorer/orders/count/runMetricExplorerQuery");
    assert_eq!(
        ana.post(&none).json(&good).await.refusal(),
        "422 ValidateError"
    );

    let other = |table: &str, name: &str| {
        compared(
            &json!({ "comparison": "different_metric", "metric": { "table": table, "name": name, "label": "x" } }),
            None,
        )
    };
    let segment = |id: &str| {
        compared(
            &json!({ "comparison": "none", "segmentDimension": id }),
            None,
        )
    };
    let filtered = |filter: Value| {
        let mut body = good.clone();
        body["filter"] = filter;
        body
    };
    for (body, refusal) in [
        (json!({}), "422 ValidateError"),
        (json!([]), "422 ValidateError"),
        (json!({ "query": {} }), "422 ValidateError"),
        (
            json!({ "query": { "comparison": "something" } }),
            "422 ValidateError",
        ),
        (
            json!({ "query": { "comparison": "different_metric" } }),
            "422 ValidateError",
        ),
        (
            json!({ "query": { "comparison": "previous_period", "period": "century" } }),
            "422 ValidateError",
        ),
        (alone(Some(("ordered_at", "DECADE"))), "422 ValidateError"),
        (
            alone(Some(("ordered_at", "MONTH_NAME"))),
            "400 ParameterError",
        ),
        (alone(Some(("ordered_at", "RAW"))), "400 ParameterError"),
        (alone(Some(("ordered_at", "MINUTE"))), "400 ParameterError"),
        (alone(Some(("shipped_on", "HOUR"))), "400 ParameterError"),
        (alone(Some(("shop", "DAY"))), "400 ParameterError"),
        (alone(Some(("nothing", "DAY"))), "400 ParameterError"),
        (other("orders", "nothing"), "404 NotFoundError"),
        (other("nothing", "count"), "404 NotFoundError"),
        (segment("orders_nothing"), "400 FieldReferenceError"),
        (segment("orders_ordered_at_month"), "400 ParameterError"),
        (
            filtered(
                json!({ "id": "f", "target": { "fieldId": "orders_nothing" }, "operator": "equals", "values": [1] }),
            ),
            "400 FieldReferenceError",
        ),
        (
            filtered(
                json!({ "id": "f", "target": { "fieldId": "orders_gift" }, "operator": "include", "values": ["x"] }),
            ),
            "400 CompileError",
        ),
    ] {
        let answer = series(&ana, &project, "count", YEAR, &body).await;
        assert_eq!(answer.refusal(), refusal, "{body}");
    }
    assert!(app.warehouse.asked().is_empty());
}

#[tokio::test]
async fn a_metric_without_dates_is_refused() {
    let app = TestApp::new(local::api()).await;
    let mut dateless = explore();
    let table = &mut dateless["tables"]["orders"];
    table["defaultTimeDimension"] = Value::Null;
    let fields = table["dimensions"].as_object_mut().unwrap();
    fields.retain(|name, _| !name.starts_with("ordered_at") && !name.starts_with("shipped_on"));
    let (ana, project) = open_with(&app, &dateless, &json!({})).await;
    assert_snapshot!(series(&ana, &project, "count", YEAR, &alone(None)).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "The metric \"count\" has no time dimension, and its explore has no dates",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
}

#[tokio::test]
async fn rows_and_fields_are_those_of_who_asks() {
    let app = TestApp::new(local::api()).await;
    let mut guarded = explore();
    let table = &mut guarded["tables"]["orders"];
    table["sqlWhere"] = json!("\"orders\".owner IN (${lightdash.attributes.owner})");
    table["uncompiledSqlWhere"] = json!("${TABLE}.owner IN (${lightdash.attributes.owner})");
    table["metrics"]["revenue"]["requiredAttributes"] = json!({ "owner": "ana" });
    table["dimensions"]["ordered_at"]["requiredAttributes"] = json!({ "owner": ["ana", "bob"] });
    let (ana, project) = open_with(&app, &guarded, &json!({})).await;
    let vic = app.viewer("vic@acme.com").await;
    let id = app.account("vic@acme.com").await.id;
    let attribute = json!({ "name": "owner", "attributeDefault": null, "users": [{ "userUuid": id, "value": "bob" }], "groups": [] });
    let made = ana.post("/api/v1/org/attributes").json(&attribute).await;
    assert_eq!(made.status, 201, "{made}");

    let found = series(&vic, &project, "count", YEAR, &alone(None))
        .await
        .ok();
    let of_bob = |orders: &[&crate::shop::Order]| {
        let own: Vec<_> = orders
            .iter()
            .filter(|order| order.owner == "bob")
            .copied()
            .collect();
        count(&own)
    };
    assert_eq!(
        lone(&found),
        counted(YEAR, |order| month(order.day), of_bob)
    );
    let total = vic.post(&total(&project)).await.ok();
    assert_eq!(total["value"], counted(YEAR, |_| (), of_bob)[&()]);
    // What Vic may not see is not there; and what has no dates that Ana may see goes by others.
    assert_eq!(
        series(&vic, &project, "revenue", YEAR, &alone(None))
            .await
            .refusal(),
        "404 NotFoundError"
    );
    let other = json!({ "comparison": "different_metric", "metric": { "table": "orders", "name": "revenue", "label": "x" } });
    assert_eq!(
        series(&vic, &project, "count", YEAR, &compared(&other, None))
            .await
            .refusal(),
        "404 NotFoundError"
    );
    assert_eq!(
        series(&ana, &project, "count", YEAR, &alone(None))
            .await
            .refusal(),
        "403 ForbiddenError"
    );
    let body = alone(Some(("ordered_at", "DAY")));
    assert_eq!(
        series(&ana, &project, "count", YEAR, &body).await.refusal(),
        "400 ParameterError"
    );
}

#[tokio::test]
async fn an_explore_that_is_not_for_somebody_is_not() {
    let app = TestApp::new(local::api()).await;
    let mut guarded = explore();
    guarded["tables"]["orders"]["requiredAttributes"] = json!({ "team": "sales" });
    let (ana, project) = open_with(&app, &guarded, &json!({})).await;
    let answer = series(&ana, &project, "count", YEAR, &alone(None)).await;
    assert_eq!(answer.refusal(), "401 AuthorizationError");
    assert_eq!(
        ana.post(&total(&project)).await.refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn more_points_than_a_chart_has_room_for_are_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let columns = || {
        let column = |name: &str, r#type| Column {
            name: name.to_owned(),
            r#type,
        };
        vec![
            column("orders_ordered_at_month", Type::Timestamp),
            column("orders_count", Type::Integer),
        ]
    };
    let rows = |count: usize| {
        let row = |at: usize| vec![json!(format!("2024-01-01T00:00:00.{at:06}Z")), json!(at)];
        vec![(0..count).map(row).collect()]
    };
    app.warehouse.say(Says::Rows(columns(), rows(5_000)));
    let found = series(&ana, &project, "count", YEAR, &alone(None))
        .await
        .ok();
    assert_eq!(found["results"].as_array().unwrap().len(), 5_000);
    assert!(app.warehouse.asked()[0].sql.ends_with("LIMIT 5001"));
    app.warehouse.say(Says::Rows(columns(), rows(5_001)));
    assert_snapshot!(series(&ana, &project, "count", YEAR, &alone(None)).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "The answer has more than 5000 points; choose fewer days or a coarser interval",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
}

#[tokio::test]
async fn values_that_are_no_numbers_are_null() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let column = |name: &str, r#type| Column {
        name: name.to_owned(),
        r#type,
    };
    let columns = vec![
        column("orders_ordered_at_month", Type::Date),
        column("orders_revenue", Type::Decimal),
    ];
    let rows = vec![
        vec![json!("2024-03-01"), json!("x")],
        vec![json!("infinity"), json!("1")],
        vec![json!("2024-02-01"), json!("")],
        vec![json!("2024-04-01"), json!("12345678901234567890.5")],
        vec![json!(null), json!("2")],
        vec![json!("2024-01-01"), json!("10.50")],
        vec![json!("2024-05-01"), json!("NaN")],
    ];
    app.warehouse.say(Says::Rows(columns, vec![rows]));
    let found = series(&ana, &project, "revenue", YEAR, &alone(None))
        .await
        .ok();
    let values: Vec<_> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["metric"]["value"].clone())
        .collect();
    let expected = json!([10.5, null, null, 12_345_678_901_234_567_890.5_f64, null]);
    assert_eq!(json!(values), expected);
}

#[tokio::test]
async fn what_the_warehouse_says_is_told() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let previous = compared(&json!({ "comparison": "previous_period" }), None);
    app.warehouse.say(Says::Refuses(Error::query("no")));
    let answer = series(&ana, &project, "count", YEAR, &previous).await;
    assert_eq!(answer.refusal(), "400 WarehouseQueryError");
    app.warehouse.say(Says::TooLate);
    let answer = series(&ana, &project, "count", YEAR, &alone(None)).await;
    assert_eq!(answer.refusal(), "400 TimeoutError");
    app.warehouse.say(Says::TooLate);
    assert_eq!(
        ana.post(&total(&project)).await.refusal(),
        "400 TimeoutError"
    );
    let tags = app.warehouse.asked()[0].tags.clone();
    assert_eq!(
        tags[3..],
        [
            ("query_context", "metricsExplorer".to_owned()),
            ("explore_name", "orders".to_owned())
        ]
    );
}

#[tokio::test]
async fn a_request_counts_once_however_often_it_asks() {
    let limits = [("ZERODASH_LIMIT_QUERY_USER", "2/60")];
    let app = TestApp::with(local::api(), &limits).await;
    let (ana, project) = open(&app).await;
    let previous = compared(&json!({ "comparison": "previous_period" }), None);
    for _ in 0..2 {
        series(&ana, &project, "count", YEAR, &previous).await.ok();
    }
    let third = series(&ana, &project, "count", YEAR, &previous).await;
    assert_eq!(third.refusal(), "429 TooManyRequestsError");
    assert_eq!(
        ana.post(&total(&project)).await.refusal(),
        "429 TooManyRequestsError"
    );
    assert_eq!(app.warehouse.asked().len(), 4);
}

#[tokio::test]
async fn a_project_without_a_warehouse_says_so() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@acme.com", "Acme").await;
    let project = app.project("ana@acme.com", "Bare").await.id.to_string();
    ana.put(&format!("/api/v1/projects/{project}/explores"))
        .json(&json!([explore()]))
        .await
        .ok();
    assert_eq!(
        series(&ana, &project, "count", YEAR, &alone(None))
            .await
            .refusal(),
        "404 NotFoundError"
    );
    assert_eq!(
        ana.post(&total(&project)).await.refusal(),
        "404 NotFoundError"
    );
}
