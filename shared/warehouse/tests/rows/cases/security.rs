//! Rows and fields that a user may not see, and filters that a model demands.

use serde_json::{Value, json};

use crate::check::{Case, relative, rule};
use crate::explores::{self, with};
use crate::shop::*;

fn status(row: &Row) -> Value {
    json!(row.order.and_then(|order| order.status))
}

fn total(rows: &[Row]) -> Value {
    sum(orders_in(rows).iter().map(|order| order.amount))
}

/// Rows of orders only with a status of the user's.
fn secured() -> Value {
    let explore = with(
        explores::orders(),
        "/tables/orders/sqlWhere",
        json!("\"orders\".status IN (${lightdash.attributes.status}) OR \"orders\".is_gift"),
    );
    with(
        explore,
        "/tables/orders/uncompiledSqlWhere",
        json!("${TABLE}.status IN (${lightdash.attributes.status}) OR ${TABLE}.is_gift"),
    )
}

#[tokio::test]
async fn the_filter_of_the_base_table_stands_in_parentheses() {
    let seen = |row: &Row| {
        row.order.is_some_and(|order| {
            matches!(order.status, Some("placed" | "it's 100%")) || order.gift == Some(true)
        })
    };
    let case = || {
        Case::on(secured())
            .attribute("status", &["placed", "it's 100%"])
            .dimensions(&["orders_status"])
            .metrics(&["orders_total"])
    };
    let rows: Vec<_> = orders().into_iter().filter(seen).collect();
    case()
        .answers(grouped(rows.clone(), status, |rows| vec![total(rows)]))
        .await;
    // OR in the model's filter does not open what the query's filter closes, nor the reverse.
    let cheap: Vec<_> = rows
        .into_iter()
        .filter(|row| row.order.unwrap().amount.is_some_and(|cents| cents < 20_00))
        .collect();
    case()
        .filter(rule("orders_amount", "lessThan", json!([20])))
        .answers(grouped(cheap, status, |rows| vec![total(rows)]))
        .await;
}

#[tokio::test]
async fn the_filter_of_the_base_table_holds_under_protection() {
    let rows: Vec<_> = orders()
        .into_iter()
        .filter(|row| {
            row.order
                .is_some_and(|order| order.status == Some("completed") || order.gift == Some(true))
        })
        .collect();
    let rows = rows.with_payments();
    let method = |row: &Row| json!(row.payment.and_then(|payment| payment.method));
    let answer = |rows: &[Row]| {
        vec![
            total(rows),
            sum(payments_in(rows).iter().map(|payment| payment.amount)),
        ]
    };
    Case::on(secured())
        .attribute("status", &["completed"])
        .dimensions(&["payments_method"])
        .metrics(&["orders_total", "payments_total"])
        .answers(grouped(rows, method, answer))
        .await;
}

#[tokio::test]
async fn quotes_in_an_attribute_are_letters() {
    let rows: Vec<_> = orders()
        .into_iter()
        .filter(|row| row.order.is_some_and(|order| order.gift == Some(true)))
        .collect();
    Case::on(secured())
        .attribute("status", &["x') OR 1=1 --", "$& $1 \\"])
        .dimensions(&["orders_status"])
        .metrics(&["orders_total"])
        .answers(grouped(rows, status, |rows| vec![total(rows)]))
        .await;
}

#[tokio::test]
async fn the_filter_of_a_joined_table_hides_its_rows() {
    // Customers of the user's region only. What an order of somebody else's customer has, its own columns, stays to be
    // decided by the orders' own filter; the hidden customer's columns are not to be seen.
    let explore = with(
        explores::orders(),
        "/tables/customers/sqlWhere",
        json!("\"customers\".region IN (${lightdash.attributes.region}) OR 1 = 2"),
    );
    let case = Case::on(explore)
        .attribute("region", &["north"])
        .dimensions(&["customers_name"])
        .metrics(&["customers_count"]);
    let sql = case.compile();
    let (embedded, postgres) = crate::check::both(&sql).await;
    for answer in [embedded.unwrap(), postgres.unwrap()] {
        let names: Vec<_> = answer.rows.iter().map(|row| row[0].clone()).collect();
        assert!(
            names.contains(&json!("Ana")) && names.contains(&json!("Çelik")),
            "{names:?}\n{sql}"
        );
        assert!(
            !names.contains(&json!("Bo O'Neil")) && !names.contains(&json!("Eve")),
            "{names:?}\n{sql}"
        );
    }
}

#[tokio::test]
async fn a_filter_of_the_callers_own_sql_does_not_meet_hidden_rows() {
    // An engine that filters early would fail on the first of them, and tell what is in it.
    let explore = with(
        explores::orders(),
        "/tables/orders/sqlWhere",
        json!("LOWER(TRIM(\"orders\".status)) = 'completed'"),
    );
    Case::on(explore)
        .dimensions(&["orders_status"])
        .calculation(
            "tell",
            "CASE WHEN ${orders.status} <> 'completed' THEN CAST(${orders.status} AS INTEGER) ELSE 1 END",
        )
        .calculation_filter(rule("tell", "equals", json!([1])))
        .answers(vec![vec![json!("completed"), json!(1)]])
        .await;
}

#[tokio::test]
async fn a_required_filter_holds_unless_the_query_has_one_on_the_field() {
    let required = json!([{
        "id": "r", "target": {"fieldRef": "status"}, "operator": "equals", "values": ["completed"], "required": true
    }]);
    let explore = || {
        with(
            explores::orders(),
            "/tables/orders/requiredFilters",
            required.clone(),
        )
    };
    let with_status = |wanted: Option<&'static str>| -> Vec<Row> {
        orders()
            .into_iter()
            .filter(|row| row.order.unwrap().status == wanted)
            .collect()
    };
    let case = || Case::on(explore()).metrics(&["orders_total", "orders_count"]);
    let answer = |rows: &[Row]| vec![vec![total(rows), json!(rows.len())]];
    case()
        .answers(answer(&with_status(Some("completed"))))
        .await;
    case()
        .filter(rule("orders_status", "equals", json!(["placed"])))
        .answers(answer(&with_status(Some("placed"))))
        .await;
    // A disabled rule is none.
    let mut disabled = rule("orders_status", "equals", json!(["placed"]));
    disabled["disabled"] = json!(true);
    case()
        .filter(disabled)
        .answers(answer(&with_status(Some("completed"))))
        .await;
    // Nor is one on what the query itself calls so.
    case()
        .custom_sql()
        .add(
            "customDimensions",
            json!({"id": "orders_status", "name": "x", "table": "orders", "type": "sql", "sql": "'x'", "dimensionType": "string"}),
        )
        .filter(rule("orders_status", "equals", json!(["x"])))
        .answers(answer(&with_status(Some("completed"))))
        .await;
    // One that is not required is only what clients begin with.
    let explore = with(
        explore(),
        "/tables/orders/requiredFilters/0/required",
        json!(false),
    );
    Case::on(explore)
        .metrics(&["orders_total", "orders_count"])
        .answers(answer(&orders()))
        .await;
}

#[tokio::test]
async fn a_required_filter_of_a_joined_table_leaves_the_rows_that_it_is_joined_to() {
    let required = json!([{
        "id": "r", "target": {"fieldRef": "region"}, "operator": "equals", "values": ["north"], "required": true
    }]);
    let explore = || {
        with(
            explores::orders(),
            "/tables/customers/requiredFilters",
            required.clone(),
        )
    };
    let of = |row: &Row, wanted: &str| {
        row.customer
            .filter(|customer| customer.region == Some(wanted))
    };
    let answer = |rows: &[Row]| vec![total(rows), json!(orders_in(rows).len())];
    let case = || {
        Case::on(explore())
            .dimensions(&["customers_name"])
            .metrics(&["orders_total", "orders_count"])
    };
    let name = |row: &Row| json!(of(row, "north").map(|customer| customer.name));
    case()
        .answers(grouped(orders().with_customers(), name, answer))
        .await;
    // The query's own filter is on the rows of the result, as ever.
    let south: Vec<_> = orders()
        .with_customers()
        .into_iter()
        .filter(|row| of(row, "south").is_some())
        .collect();
    case()
        .filter(rule("customers_region", "equals", json!(["south"])))
        .answers(grouped(
            south,
            |row| json!(row.customer.map(|customer| customer.name)),
            answer,
        ))
        .await;
    // Who is not asked is not joined.
    Case::on(explore())
        .metrics(&["orders_total", "orders_count"])
        .answers(vec![answer(&orders())])
        .await;
}

#[tokio::test]
async fn a_required_relative_date_counts_from_now() {
    let required = json!([{
        "id": "r", "target": {"fieldRef": "order_date"}, "operator": "inThePast", "values": [1],
        "settings": {"unitOfTime": "months", "completed": true}, "required": true
    }]);
    let explore = || {
        with(
            explores::orders(),
            "/tables/orders/requiredFilters",
            required.clone(),
        )
    };
    let ids = |wanted: &[i32]| wanted.iter().map(|id| vec![json!(id)]).collect::<Vec<_>>();
    let case = || {
        Case::on(explore())
            .now("2024-03-15T12:00:00Z")
            .dimensions(&["orders_order_id"])
    };
    case().answers(ids(&[1, 2, 3])).await;
    // An interval of the same date satisfies it.
    case()
        .filter(rule(
            "orders_order_date_year",
            "equals",
            json!(["2023-01-01"]),
        ))
        .answers(ids(&[5, 10]))
        .await;
    case()
        .filter(relative(
            "orders_order_date",
            "inThePast",
            1,
            "years",
            false,
        ))
        .answers(ids(&[1, 2, 3, 4, 5, 6, 11]))
        .await;
}

#[tokio::test]
async fn a_table_named_by_attributes_is_the_users() {
    let explore = with(
        explores::orders(),
        "/tables/orders/sqlTable",
        json!("\"postgres\".\"jaffle\".${ld.attr.table}"),
    );
    Case::on(explore.clone())
        .attribute("table", &["orders"])
        .metrics(&["orders_count"])
        .answers(vec![vec![json!(12)]])
        .await;
    let refused = Case::on(explore)
        .attribute("table", &["orders; DROP TABLE x"])
        .metrics(&["orders_count"])
        .refusal();
    assert!(!refused.is_empty());
}

#[tokio::test]
async fn a_missing_attribute_refuses() {
    let refused = Case::on(secured()).metrics(&["orders_count"]).refusal();
    assert!(refused.contains("status"), "{refused}");
}
