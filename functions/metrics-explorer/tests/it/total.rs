use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

use crate::shop::{Order, close, count, counted, customers, explore, mean, open, revenue};

const YEAR: (&str, &str) = ("2024-01-01", "2024-12-31");

async fn total(
    who: &Actor<'_>,
    project: &str,
    metric: &str,
    frame: &str,
    days: (&str, &str),
) -> Answer {
    let path = path(project, metric, frame, days);
    who.post(&path)
        .json(&json!({ "comparisonType": "previous_period" }))
        .await
}

fn path(project: &str, metric: &str, frame: &str, (first, last): (&str, &str)) -> String {
    format!(
        "/api/v1/projects/{project}/metricsExplorer/orders/{metric}/runMetricTotal?timeFrame={frame}&startDate={first}&endDate={last}"
    )
}

fn by_hand(days: (&str, &str), number: fn(&[&Order]) -> f64) -> f64 {
    counted(days, |_| (), number)[&()]
}

#[tokio::test]
async fn a_total_with_what_it_is() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    assert_snapshot!(total(&ana, &project, "customers", "YEAR", YEAR).await, @"");
    // Nothing is compared unless somebody says so; older clients send neither a granularity nor, maybe, a body.
    for call in [
        ana.post(&path(&project, "customers", "YEAR", YEAR)),
        ana.post(&path(&project, "customers", "YEAR", YEAR))
            .json(&json!({})),
        ana.post(&path(&project, "customers", "YEAR", YEAR))
            .json(&json!({ "comparisonType": "none" })),
    ] {
        let found = call.await.ok();
        assert_eq!(found["value"], by_hand(YEAR, customers));
        assert_eq!(found["comparisonValue"], Value::Null);
    }
    assert_eq!(app.warehouse.asked().len(), 5);
}

/// Neither distinct counts nor averages are sums of those of the months.
#[tokio::test]
async fn a_total_is_computed_over_the_rows() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let before = ("2023-01-01", "2023-12-31");
    for (metric, number) in [
        ("revenue", revenue as fn(&[&Order]) -> f64),
        ("count", count),
        ("customers", customers),
        ("mean", mean),
    ] {
        let found = total(&ana, &project, metric, "YEAR", YEAR).await.ok();
        let values =
            [&found["value"], &found["comparisonValue"]].map(|value| value.as_f64().unwrap());
        let expected = [YEAR, before].map(|days| by_hand(days, number));
        assert!(
            values
                .iter()
                .zip(expected)
                .all(|(one, other)| close(*one, other)),
            "{metric}: {values:?} {expected:?}"
        );
    }
}

#[tokio::test]
async fn every_time_frame_goes_back_by_itself() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    for (frame, days, before) in [
        (
            "YEAR",
            ("2024-05-15", "2024-05-20"),
            ("2023-05-15", "2023-05-20"),
        ),
        (
            "YEAR",
            ("2024-02-01", "2024-02-29"),
            ("2023-02-01", "2023-02-28"),
        ),
        (
            "YEAR",
            ("2025-02-01", "2025-02-28"),
            ("2024-02-01", "2024-02-29"),
        ),
        (
            "YEAR",
            ("2024-02-29", "2024-02-29"),
            ("2023-02-28", "2023-02-28"),
        ),
        (
            "YEAR&granularity=DAY",
            ("2025-02-20", "2025-03-10"),
            ("2024-02-20", "2024-03-10"),
        ),
        (
            "YEAR&granularity=WEEK",
            ("2024-01-01", "2024-01-14"),
            ("2023-01-02", "2023-01-15"),
        ),
        (
            "QUARTER",
            ("2024-04-01", "2024-06-30"),
            ("2024-01-01", "2024-03-31"),
        ),
        (
            "MONTH",
            ("2024-03-01", "2024-03-31"),
            ("2024-02-01", "2024-02-29"),
        ),
        (
            "MONTH&granularity=DAY",
            ("2024-03-01", "2024-03-30"),
            ("2024-02-01", "2024-02-29"),
        ),
        (
            "MONTH&granularity=WEEK",
            ("2024-01-01", "2024-01-31"),
            ("2023-12-01", "2023-12-31"),
        ),
        (
            "WEEK",
            ("2024-03-04", "2024-03-10"),
            ("2024-02-26", "2024-03-03"),
        ),
        (
            "DAY",
            ("2024-03-01", "2024-03-01"),
            ("2024-02-29", "2024-02-29"),
        ),
    ] {
        let found = total(&ana, &project, "customers", frame, days).await.ok();
        let counted = [days, before].map(|days| by_hand(days, customers));
        let found =
            [&found["value"], &found["comparisonValue"]].map(|value| value.as_f64().unwrap());
        assert_eq!(found, counted, "{frame} {days:?}");
    }
}

#[tokio::test]
async fn a_total_is_along_the_dates_of_its_metric() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let found = total(
        &ana,
        &project,
        "shipped",
        "MONTH",
        ("2024-01-01", "2024-01-31"),
    )
    .await
    .ok();
    assert_eq!(found["value"], by_hand(("2023-12-29", "2024-01-28"), count));
    assert_eq!(
        found["comparisonValue"],
        by_hand(("2023-11-28", "2023-12-28"), count)
    );
    let time = json!({ "table": "orders", "field": "shipped_on", "interval": "DAY" });
    assert_eq!(found["metric"]["timeDimension"], time);
    // Nothing was ordered: no rows are none, and the sum of nothing is nothing.
    let long_ago = ("1999-01-01", "1999-12-31");
    let found = total(&ana, &project, "count", "YEAR", long_ago).await.ok();
    assert_eq!(
        (&found["value"], &found["comparisonValue"]),
        (&json!(0.0), &json!(0.0))
    );
    let found = total(&ana, &project, "revenue", "YEAR", long_ago)
        .await
        .ok();
    assert_eq!(
        (&found["value"], &found["comparisonValue"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_total_that_makes_no_sense_is_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    for (frame, refusal) in [
        ("HOUR", "400 ParameterError"),
        ("RAW", "400 ParameterError"),
        ("MONTH_NAME", "400 ParameterError"),
        ("YEAR&granularity=MONTH_NUM", "400 ParameterError"),
        ("DECADE", "422 ValidateError"),
        ("YEAR&granularity=DECADE", "422 ValidateError"),
    ] {
        let answer = total(&ana, &project, "count", frame, YEAR).await;
        assert_eq!(answer.refusal(), refusal, "{frame}");
    }
    let body = json!({ "comparisonType": "next_period" });
    let answer = ana
        .post(&path(&project, "count", "YEAR", YEAR))
        .json(&body)
        .await;
    assert_eq!(answer.refusal(), "422 ValidateError");
    for days in [
        ("2024-02-30", "2024-03-01"),
        ("2024-03-01", "2024-02-01"),
        ("0001-01-01", "0001-01-02"),
    ] {
        let answer = total(&ana, &project, "count", "YEAR", days).await;
        assert_eq!(answer.refusal(), "400 ParameterError", "{days:?}");
    }
    let mut dateless = explore();
    let table = &mut dateless["tables"]["orders"];
    table["defaultTimeDimension"] = Value::Null;
    let fields = table["dimensions"].as_object_mut().unwrap();
    fields.retain(|name, _| !name.starts_with("ordered_at") && !name.starts_with("shipped_on"));
    let list = format!("/api/v1/projects/{project}/explores");
    ana.put(&list).json(&json!([dateless])).await.ok();
    let answer = total(&ana, &project, "count", "YEAR", YEAR).await;
    assert_eq!(answer.refusal(), "400 ParameterError");
    assert!(app.warehouse.asked().is_empty());
}
