use chrono::{Datelike, NaiveDate};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{
    alone, close, count, counted, customers, day, explore, lone, mean, merge, month, numbers, open,
    open_with, revenue, series, week,
};

const YEAR: (&str, &str) = ("2024-01-01", "2024-12-31");

#[tokio::test]
async fn a_metric_over_time_with_what_it_is() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let answer = series(
        &ana,
        &project,
        "revenue",
        ("2024-01-01", "2024-02-29"),
        &alone(None),
    )
    .await;
    assert_snapshot!(answer, @"");
}

#[tokio::test]
async fn months_are_what_is_counted_by_hand() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let by_month = |order: &crate::shop::Order| month(order.day);
    for (metric, count) in [
        ("revenue", revenue as fn(&[&crate::shop::Order]) -> f64),
        ("count", count),
        ("customers", customers),
    ] {
        let found = series(&ana, &project, metric, YEAR, &alone(None))
            .await
            .ok();
        assert_eq!(lone(&found), counted(YEAR, by_month, count), "{metric}");
    }
    let found = lone(
        &series(&ana, &project, "mean", YEAR, &alone(None))
            .await
            .ok(),
    );
    let expected = counted(YEAR, by_month, mean);
    assert_eq!(found.len(), 12);
    for (month, value) in expected {
        assert!(close(found[&month], value), "{month}");
    }
    let found = series(&ana, &project, "of_bob", YEAR, &alone(None))
        .await
        .ok();
    let of_bob = |orders: &[&crate::shop::Order]| {
        f64::from(
            u32::try_from(orders.iter().filter(|order| order.owner == "bob").count()).unwrap(),
        )
    };
    assert_eq!(lone(&found), counted(YEAR, by_month, of_bob));
}

/// The rule is on the dates themselves, so nothing of the first and the last month is lost.
#[tokio::test]
async fn days_may_begin_and_end_in_the_middle_of_a_month() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let days = ("2024-01-20", "2024-03-05");
    let found = series(&ana, &project, "count", days, &alone(None))
        .await
        .ok();
    let expected = counted(days, |order| month(order.day), count);
    assert_eq!(expected.len(), 3);
    assert_eq!(lone(&found), expected);
    // The last day counts to its end, and the next one not at all: orders come at half past every hour.
    for one in ["2024-03-05", "2024-03-06", "2024-03-07", "2024-02-29"] {
        let found = series(
            &ana,
            &project,
            "count",
            (one, one),
            &alone(Some(("ordered_at", "DAY"))),
        )
        .await
        .ok();
        assert_eq!(
            lone(&found),
            counted((one, one), |order| order.day, count),
            "{one}"
        );
    }
}

#[tokio::test]
async fn every_interval_whether_the_explore_lists_it_or_not() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let quarter = |day: NaiveDate| {
        day.with_day(1)
            .unwrap()
            .with_month(day.month0() / 3 * 3 + 1)
            .unwrap()
    };
    let year = |day: NaiveDate| day.with_day(1).unwrap().with_month(1).unwrap();
    let days = ("2023-11-05", "2024-05-20");
    for (interval, key) in [
        ("DAY", (|day| day) as fn(NaiveDate) -> NaiveDate),
        ("WEEK", |day| week(day, 0)),
        ("MONTH", month),
        ("QUARTER", quarter),
        ("YEAR", year),
    ] {
        let body = alone(Some(("ordered_at", interval)));
        let found = series(&ana, &project, "revenue", days, &body).await.ok();
        assert_eq!(
            lone(&found),
            counted(days, |order| key(order.day), revenue),
            "{interval}"
        );
        let id = format!("orders_ordered_at_{}", interval.to_lowercase());
        let told = &found["fields"][&id];
        assert_eq!(told["timeInterval"], interval, "{}", found["fields"]);
        assert_eq!(told["timeIntervalBaseDimensionName"], "ordered_at");
        let time = json!({ "table": "orders", "field": "ordered_at", "interval": interval });
        assert_eq!(found["metric"]["timeDimension"], time);
    }
    let body = alone(Some(("ordered_at", "HOUR")));
    let found = series(&ana, &project, "count", ("2024-02-28", "2024-03-01"), &body)
        .await
        .ok();
    let by_hour = counted(
        ("2024-02-28", "2024-03-01"),
        |order| (order.day, order.hour),
        count,
    );
    let expected: Vec<_> = by_hour
        .into_iter()
        .map(|((day, hour), value)| (format!("{day}T{hour:02}:00:00.000Z"), Some(value), None))
        .collect();
    assert_eq!(numbers(&found), expected);
    // The interval of a date, and the date itself.
    let body = alone(Some(("ordered_at_month", "YEAR")));
    let found = series(&ana, &project, "count", YEAR, &body).await.ok();
    assert_eq!(lone(&found), counted(YEAR, |order| year(order.day), count));
}

#[tokio::test]
async fn weeks_begin_where_the_connection_says() {
    for begins in [0_u64, 2, 6] {
        let app = TestApp::new(local::api()).await;
        let (ana, project) = open_with(&app, &explore(), &json!({ "startOfWeek": begins })).await;
        let body = alone(Some(("ordered_at", "WEEK")));
        let found = series(&ana, &project, "customers", YEAR, &body).await.ok();
        let expected = counted(YEAR, |order| week(order.day, begins), customers);
        assert_eq!(lone(&found), expected, "{begins}");
    }
}

#[tokio::test]
async fn a_metric_has_its_own_dates_or_those_of_its_model_or_the_only_ones() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let list = format!("/api/v1/projects/{project}/explores");
    let asked = async |explore: &Value, metric: &str| {
        ana.put(&list).json(&json!([explore])).await.ok();
        let days = ("2024-02-01", "2024-02-02");
        let metric = series(&ana, &project, metric, days, &alone(None))
            .await
            .ok()["metric"]
            .clone();
        let available = metric["availableTimeDimensions"].as_array();
        let names = available.map(|all| {
            let names = all
                .iter()
                .map(|field| field["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        });
        let time = metric["timeDimension"].clone();
        (time["field"].clone(), time["interval"].clone(), names)
    };
    let said = explore();
    assert_eq!(
        asked(&said, "count").await,
        (json!("ordered_at"), json!("MONTH"), None)
    );
    assert_eq!(
        asked(&said, "shipped").await,
        (json!("shipped_on"), json!("DAY"), None)
    );
    // Nobody says: the first there is, and the others to choose from.
    let mut silent = said.clone();
    let table = &mut silent["tables"]["orders"];
    table["defaultTimeDimension"] = Value::Null;
    let names = vec!["ordered_at".to_owned(), "shipped_on".to_owned()];
    assert_eq!(
        asked(&silent, "count").await,
        (json!("ordered_at"), json!("MONTH"), Some(names))
    );
    // What is hidden, and what is said of something that is not there, does not count.
    let table = &mut silent["tables"]["orders"];
    table["dimensions"]["ordered_at"]["hidden"] = json!(true);
    table["metrics"]["count"]["defaultTimeDimension"] =
        json!({ "field": "gone", "interval": "DAY" });
    assert_eq!(
        asked(&silent, "count").await,
        (json!("shipped_on"), json!("MONTH"), None)
    );
    // No interval: what suits the days.
    let mut open = said.clone();
    open["tables"]["orders"]["defaultTimeDimension"] = json!({ "field": "ordered_at" });
    assert_eq!(
        asked(&open, "count").await,
        (json!("ordered_at"), json!("DAY"), None)
    );
    for (days, interval) in [
        (("2024-01-01", "2024-04-02"), "DAY"),
        (("2024-01-01", "2024-04-03"), "MONTH"),
        (("2024-01-01", "2025-01-06"), "MONTH"),
        (("2024-01-01", "2025-01-07"), "YEAR"),
    ] {
        let found = series(&ana, &project, "count", days, &alone(None))
            .await
            .ok();
        assert_eq!(
            found["metric"]["timeDimension"]["interval"], interval,
            "{days:?}"
        );
    }
}

#[tokio::test]
async fn a_filter_is_a_rule_more() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let mut body = alone(None);
    merge(
        &mut body,
        json!({ "filter": { "id": "f", "target": { "fieldId": "orders_owner" }, "operator": "equals", "values": ["bob"] } }),
    );
    let filtered = series(&ana, &project, "count", YEAR, &body).await.ok();
    let of_bob = series(&ana, &project, "of_bob", YEAR, &alone(None))
        .await
        .ok();
    assert_eq!(lone(&filtered), lone(&of_bob));
    body["filter"]["disabled"] = json!(true);
    let all = series(&ana, &project, "count", YEAR, &body).await.ok();
    assert_eq!(lone(&all), counted(YEAR, |order| month(order.day), count));
    // Days without an order have no point, and no order at all none.
    let none = series(
        &ana,
        &project,
        "count",
        ("1999-01-01", "1999-12-31"),
        &alone(None),
    )
    .await
    .ok();
    assert_eq!(none["results"], json!([]));
    assert_eq!(none["hasFilteredSeries"], false);
}

#[tokio::test]
async fn numbers_come_as_they_are_shown_too_and_text_is_none() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let days = ("2024-01-01", "2024-01-31");
    let found = series(&ana, &project, "revenue", days, &alone(None))
        .await
        .ok();
    let sum = lone(&found)[&day("2024-01-01")];
    let shown = &found["results"][0]["metric"]["formatted"];
    let plain = shown.as_str().unwrap().replace(['$', ','], "");
    assert!(close(plain.parse().unwrap(), sum), "{shown}");
    assert!(shown.as_str().unwrap().starts_with('$'));
    let found = series(&ana, &project, "last", days, &alone(None))
        .await
        .ok();
    let value = json!({ "value": null, "label": "Last", "formatted": "shop i" });
    assert_eq!(found["results"][0]["metric"], value);
}
