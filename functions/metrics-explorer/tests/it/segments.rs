use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{
    Order, alone, compared, count, counted, customers, month, open, revenue, series,
};

const DAYS: (&str, &str) = ("2024-01-01", "2024-03-31");

fn by(segment: &str) -> Value {
    compared(
        &json!({ "comparison": "none", "segmentDimension": segment }),
        None,
    )
}

/// Months and segments with their numbers, in their order.
fn points(results: &Value) -> Vec<(String, Option<String>, f64)> {
    let point = |point: &Value| {
        (
            point["date"].as_str().unwrap()[..10].to_owned(),
            point["segment"].as_str().map(str::to_owned),
            point["metric"]["value"].as_f64().unwrap(),
        )
    };
    results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(point)
        .collect()
}

/// The ten largest, those that are equal in the order of their names, nothing last.
fn largest(number: fn(&[&Order]) -> f64) -> Vec<Option<String>> {
    let all = counted(DAYS, |order| order.shop.clone(), number);
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by(|(one, first), (other, second)| {
        let names = (one.is_none(), one).cmp(&(other.is_none(), other));
        second.total_cmp(first).then(names)
    });
    all.truncate(10);
    all.into_iter().map(|(shop, _)| shop).collect()
}

#[tokio::test]
async fn the_ten_largest_segments_are_shown() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    for (metric, number) in [
        ("revenue", revenue as fn(&[&Order]) -> f64),
        ("count", count),
        ("customers", customers),
    ] {
        let found = series(&ana, &project, metric, DAYS, &by("orders_shop"))
            .await
            .ok();
        let order = largest(number);
        let all = counted(DAYS, |order| (month(order.day), order.shop.clone()), number);
        let shown = all.into_iter().filter_map(|((month, shop), number)| {
            let place = order.iter().position(|one| *one == shop)?;
            Some(((month, place), (month.to_string(), shop, number)))
        });
        let expected: Vec<_> = shown.collect::<BTreeMap<_, _>>().into_values().collect();
        assert_eq!(points(&found), expected, "{metric}");
        assert_eq!(found["hasFilteredSeries"], true);
        assert_eq!(found["segmentDimension"]["name"], "shop");
        assert_eq!(found["compareMetric"], Value::Null);
        assert!(found["fields"]["orders_shop"].is_object());
    }
}

#[tokio::test]
async fn nothing_is_not_the_text_null() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let found = series(
        &ana,
        &project,
        "revenue",
        ("2024-01-01", "2024-01-31"),
        &by("orders_shop"),
    )
    .await
    .ok();
    let results = found["results"].as_array().unwrap();
    let of = |segment: Value| {
        results
            .iter()
            .find(|point| point["segment"] == segment)
            .unwrap()
    };
    assert_eq!(of(Value::Null)["metric"]["label"], "∅");
    assert_eq!(of(json!("null"))["metric"]["label"], "null");
    let expected = counted(
        ("2024-01-01", "2024-01-31"),
        |order| order.shop.clone(),
        revenue,
    );
    assert_eq!(of(Value::Null)["metric"]["value"], expected[&None]);
    assert_eq!(
        of(json!("null"))["metric"]["value"],
        expected[&Some("null".to_owned())]
    );
}

#[tokio::test]
async fn a_filter_holds_for_the_choice_of_segments() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let few = ["shop a", "shop h"];
    let mut body = by("orders_shop");
    body["filter"] = json!({ "id": "f", "target": { "fieldId": "orders_shop" }, "operator": "equals", "values": few });
    let found = series(&ana, &project, "count", DAYS, &body).await.ok();
    let all = counted(DAYS, |order| (month(order.day), order.shop.clone()), count);
    let expected = all
        .into_iter()
        .filter(|((_, shop), _)| shop.as_deref().is_some_and(|shop| few.contains(&shop)));
    let mut expected: Vec<_> = expected
        .map(|((month, shop), number)| (month.to_string(), shop, number))
        .collect();
    let mut found_points = points(&found);
    expected.sort_by(|one, other| one.partial_cmp(other).unwrap());
    found_points.sort_by(|one, other| one.partial_cmp(other).unwrap());
    assert_eq!(found_points, expected);
    assert_eq!(found["hasFilteredSeries"], false);
}

#[tokio::test]
async fn what_is_true_or_false_is_a_segment_too() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let found = series(
        &ana,
        &project,
        "count",
        ("2024-01-01", "2024-01-31"),
        &by("orders_gift"),
    )
    .await
    .ok();
    let expected = counted(("2024-01-01", "2024-01-31"), |order| order.gift, count);
    let expected = vec![
        (
            "2024-01-01".to_owned(),
            Some("false".to_owned()),
            expected[&false],
        ),
        (
            "2024-01-01".to_owned(),
            Some("true".to_owned()),
            expected[&true],
        ),
    ];
    assert_eq!(points(&found), expected);
    assert_eq!(found["hasFilteredSeries"], false);
    // One statement for the choice, one for the points; without segments just one.
    let sql: Vec<_> = app
        .warehouse
        .asked()
        .into_iter()
        .map(|one| one.sql)
        .collect();
    assert_snapshot!(sql.join("\n\n"), @r#"
    SELECT
      "orders".gift AS "orders_gift",
      COUNT("orders".order_id) AS "orders_count"
    FROM "postgres"."jaffle"."orders" AS "orders"
    WHERE ((
      ("orders".ordered_at) >= (TIMESTAMP '2024-01-01 00:00:00')
    ) AND (
      ("orders".ordered_at) < (TIMESTAMP '2024-02-01 00:00:00')
    ))
    GROUP BY 1
    ORDER BY "orders_count" DESC NULLS LAST, "orders_gift" NULLS LAST
    LIMIT 11

    SELECT
      DATE_TRUNC('MONTH', "orders".ordered_at) AS "orders_ordered_at_month",
      "orders".gift AS "orders_gift",
      COUNT("orders".order_id) AS "orders_count"
    FROM "postgres"."jaffle"."orders" AS "orders"
    WHERE ((
      ("orders".ordered_at) >= (TIMESTAMP '2024-01-01 00:00:00')
    ) AND (
      ("orders".ordered_at) < (TIMESTAMP '2024-02-01 00:00:00')
    ))
    GROUP BY 1,2
    ORDER BY "orders_ordered_at_month" NULLS LAST
    LIMIT 5001
    "#);
    series(&ana, &project, "count", DAYS, &alone(None))
        .await
        .ok();
    assert_eq!(app.warehouse.asked().len(), 3);
}
