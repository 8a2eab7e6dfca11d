use chrono::{Days, Months};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{
    beside, compared, count, counted, customers, day, month, numbers, open, revenue, series, week,
    year_later,
};

fn previous() -> Value {
    json!({ "comparison": "previous_period" })
}

fn adjacent() -> Value {
    json!({ "comparison": "previous_period", "period": "adjacent" })
}

#[tokio::test]
async fn months_stand_beside_those_of_the_year_before() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    for (days, before) in [
        (("2024-01-01", "2024-12-31"), ("2023-01-01", "2023-12-31")),
        // February of 29 days beside one of 28, and the other way round: both are whole.
        (("2024-02-01", "2024-02-29"), ("2023-02-01", "2023-02-28")),
        (("2025-02-01", "2025-02-28"), ("2024-02-01", "2024-02-29")),
        // Over the end of a year, and months that have only begun.
        (("2023-11-10", "2024-01-15"), ("2022-11-10", "2023-01-15")),
    ] {
        let answer = series(
            &ana,
            &project,
            "customers",
            days,
            &compared(&previous(), None),
        )
        .await;
        let own = counted(days, |order| month(order.day), customers);
        let other = counted(
            before,
            |order| month(order.day) + Months::new(12),
            customers,
        );
        assert_eq!(numbers(&answer.ok()), beside(&own, &other), "{days:?}");
    }
}

#[tokio::test]
async fn days_stand_beside_the_same_days_of_the_year_before() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let by_day = compared(&previous(), Some(("ordered_at", "DAY")));
    for (days, before) in [
        (("2024-02-20", "2024-03-10"), ("2023-02-20", "2023-03-10")),
        // The leap day of the year before has no day to stand beside, the days around it have.
        (("2025-02-20", "2025-03-10"), ("2024-02-20", "2024-03-10")),
        (("2025-02-28", "2025-02-28"), ("2024-02-28", "2024-02-28")),
        // Beside the leap day there is nothing.
        (("2024-02-29", "2024-03-10"), ("2023-03-01", "2023-03-10")),
        (("2023-12-20", "2024-01-10"), ("2022-12-20", "2023-01-10")),
        // Clocks go forward and back; days stay days.
        (("2024-03-25", "2024-04-05"), ("2023-03-25", "2023-04-05")),
        (("2024-10-20", "2024-11-05"), ("2023-10-20", "2023-11-05")),
    ] {
        let found = series(&ana, &project, "revenue", days, &by_day).await.ok();
        let own = counted(days, |order| order.day, revenue);
        let other = counted(before, |order| year_later(order.day), revenue);
        let other = other
            .into_iter()
            .filter_map(|(day, value)| Some((day?, value)))
            .collect();
        assert_eq!(numbers(&found), beside(&own, &other), "{days:?}");
    }
}

#[tokio::test]
async fn weeks_stand_beside_the_week_that_is_52_weeks_before() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let by_week = compared(&previous(), Some(("ordered_at", "WEEK")));
    for (days, before) in [
        (("2024-01-01", "2024-01-14"), ("2023-01-02", "2023-01-15")),
        (("2024-12-20", "2025-01-12"), ("2023-12-22", "2024-01-14")),
    ] {
        let found = series(&ana, &project, "customers", days, &by_week)
            .await
            .ok();
        let own = counted(days, |order| week(order.day, 0), customers);
        let other = counted(
            before,
            |order| week(order.day, 0) + Days::new(364),
            customers,
        );
        assert!(own.keys().eq(other.keys()), "{days:?}");
        assert_eq!(numbers(&found), beside(&own, &other), "{days:?}");
    }
}

#[tokio::test]
async fn the_period_before_may_be_the_one_right_before() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let days = ("2024-03-01", "2024-05-31");
    let found = series(
        &ana,
        &project,
        "customers",
        days,
        &compared(&adjacent(), None),
    )
    .await
    .ok();
    let own = counted(days, |order| month(order.day), customers);
    let before = ("2023-12-01", "2024-02-29");
    let other = counted(before, |order| month(order.day) + Months::new(3), customers);
    assert_eq!(numbers(&found), beside(&own, &other));

    let days = ("2024-02-01", "2024-02-29");
    let by_day = compared(&adjacent(), Some(("ordered_at", "DAY")));
    let found = series(&ana, &project, "revenue", days, &by_day).await.ok();
    let own = counted(days, |order| order.day, revenue);
    let other = counted(
        ("2024-01-03", "2024-01-31"),
        |order| order.day + Days::new(29),
        revenue,
    );
    assert_eq!(numbers(&found), beside(&own, &other));
}

#[tokio::test]
async fn what_one_side_lacks_is_null() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let days = ("2022-12-01", "2023-01-31");
    let mut found = series(
        &ana,
        &project,
        "revenue",
        days,
        &compared(&previous(), None),
    )
    .await
    .ok();
    for part in ["metric", "compareMetric"] {
        assert_eq!(found[part]["name"], "revenue");
        assert_eq!(found[part]["timeDimension"]["interval"], "MONTH");
    }
    assert_eq!(found["segmentDimension"], Value::Null);
    let points = serde_json::to_string_pretty(&found["results"].take()).unwrap();
    assert_snapshot!(points, @r#"
    [
      {
        "compareMetric": {
          "label": "Previous Period",
          "value": null
        },
        "date": "2022-12-01T00:00:00.000Z",
        "dateValue": 1669852800000,
        "metric": {
          "formatted": "$416.25",
          "label": "Revenue",
          "value": 416.25
        },
        "segment": null
      },
      {
        "compareMetric": {
          "label": "Previous Period",
          "value": null
        },
        "date": "2023-01-01T00:00:00.000Z",
        "dateValue": 1672531200000,
        "metric": {
          "formatted": "$2,374.00",
          "label": "Revenue",
          "value": 2374.0
        },
        "segment": null
      }
    ]
    "#);
    assert_eq!(app.warehouse.asked().len(), 2);
}

#[tokio::test]
async fn another_metric_stands_beside_along_its_own_dates() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let days = ("2024-01-01", "2024-06-30");
    let other = |name: &str, label: &str| json!({ "comparison": "different_metric", "metric": { "table": "orders", "name": name, "label": label } });
    let body = compared(&other("customers", "People"), None);
    let found = series(&ana, &project, "revenue", days, &body).await.ok();
    let own = counted(days, |order| month(order.day), revenue);
    let beside_it = counted(days, |order| month(order.day), customers);
    assert_eq!(numbers(&found), beside(&own, &beside_it));
    assert_eq!(found["compareMetric"]["name"], "customers");
    assert_eq!(found["results"][0]["compareMetric"]["label"], "People");
    assert_eq!(found["results"][0]["metric"]["label"], "Revenue");
    let fields: Vec<_> = found["fields"].as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "orders_customers",
            "orders_ordered_at_month",
            "orders_revenue"
        ]
    );

    // Shipped three days later, by month like the other one, though it is by day elsewhere.
    let body = compared(&other("shipped", ""), None);
    let found = series(&ana, &project, "revenue", days, &body).await.ok();
    let shipped = |order: &crate::shop::Order| month(order.day + Days::new(3));
    let beside_it = counted(("2023-12-29", "2024-06-27"), shipped, count);
    assert_eq!(numbers(&found), beside(&own, &beside_it));
    assert_eq!(found["results"][0]["compareMetric"]["label"], "shipped");
    let time = json!({ "table": "orders", "field": "shipped_on", "interval": "MONTH" });
    assert_eq!(found["compareMetric"]["timeDimension"], time);
    assert_eq!(
        found["fields"]["orders_shipped_on_month"]["timeInterval"],
        "MONTH"
    );
}

#[tokio::test]
async fn a_filter_holds_for_both_sides() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let days = ("2024-02-01", "2024-03-31");
    let mut body = compared(&previous(), None);
    body["filter"] = json!({ "id": "f", "target": { "fieldId": "orders_owner" }, "operator": "equals", "values": ["bob"] });
    let found = series(&ana, &project, "count", days, &body).await.ok();
    let plain = series(&ana, &project, "of_bob", days, &compared(&previous(), None))
        .await
        .ok();
    assert_eq!(numbers(&found), numbers(&plain));
    assert!(numbers(&found).iter().all(|(.., before)| before.is_some()));
    let first = day("2024-02-01");
    assert_eq!(
        found["results"][0]["dateValue"],
        first
            .and_hms_opt(0, 0, 0)
            .unwrap()
            .and_utc()
            .timestamp_millis()
    );
}
