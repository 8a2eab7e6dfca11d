//! Every operator on every type of field: which orders are left.
//!
//! Where an operator excludes values, rows without a value are left: they do not have the excluded one.

use serde_json::{Value, json};

use crate::check::{Case, rule};
use crate::data::{ORDERS, Order};
use crate::explores;

/// The orders that fit.
async fn leaves(filter: Value, fits: impl Fn(&Order) -> bool) {
    let expected = ORDERS
        .iter()
        .filter(|order| fits(order))
        .map(|order| vec![json!(order.id)])
        .collect();
    Case::on(explores::orders())
        .dimensions(&["orders_order_id"])
        .filter(filter)
        .answers(expected)
        .await;
}

#[tokio::test]
async fn of_text() {
    let of = |operator: &str, values: Value| rule("orders_status", operator, values);
    leaves(of("isNull", json!([])), |order| order.status.is_none()).await;
    leaves(of("notNull", json!([])), |order| order.status.is_some()).await;
    leaves(of("equals", json!(["placed", "returned"])), |order| {
        matches!(order.status, Some("placed" | "returned"))
    })
    .await;
    leaves(of("equals", json!(["Placed"])), |_| false).await;
    leaves(of("equals", json!(["it's 100%"])), |order| order.id == 8).await;
    leaves(of("equals", json!(["back\\slash"])), |order| order.id == 12).await;
    leaves(of("equals", json!(["' OR 1=1 --"])), |_| false).await;
    leaves(of("notEquals", json!(["placed", "returned"])), |order| {
        !matches!(order.status, Some("placed" | "returned"))
    })
    .await;
    leaves(of("startsWith", json!(["pl", "ret"])), |order| {
        matches!(order.status, Some("placed" | "returned"))
    })
    .await;
    leaves(of("startsWith", json!(["PL"])), |_| false).await;
    leaves(of("endsWith", json!(["ed"])), |order| {
        order.status.is_some_and(|status| status.ends_with("ed"))
    })
    .await;
    leaves(of("endsWith", json!(["00%"])), |order| order.id == 8).await;
    leaves(of("include", json!(["LAC", "'S"])), |order| {
        matches!(order.status, Some("placed" | "it's 100%"))
    })
    .await;
    // Wildcards and backslashes are letters like others.
    leaves(of("include", json!(["_"])), |_| false).await;
    leaves(of("include", json!(["%"])), |order| order.id == 8).await;
    leaves(of("include", json!(["k\\s"])), |order| order.id == 12).await;
    leaves(of("doesNotInclude", json!(["%", "lac"])), |order| {
        order
            .status
            .is_none_or(|status| !status.contains('%') && !status.contains("lac"))
    })
    .await;
    // Without values, a rule asks for nothing.
    leaves(of("equals", json!([])), |_| true).await;
    leaves(of("include", json!([])), |_| true).await;
}

#[tokio::test]
async fn of_numbers() {
    let of = |operator: &str, values: Value| rule("orders_amount", operator, values);
    let amount = |fits: fn(i64) -> bool| move |order: &Order| order.amount.is_some_and(fits);
    leaves(of("isNull", json!([])), |order| order.amount.is_none()).await;
    leaves(of("notNull", json!([])), |order| order.amount.is_some()).await;
    leaves(
        of("equals", json!([10, 20.5])),
        amount(|cents| matches!(cents, 10_00 | 20_50)),
    )
    .await;
    leaves(
        of("equals", json!(["10", "20.50"])),
        amount(|cents| matches!(cents, 10_00 | 20_50)),
    )
    .await;
    leaves(of("equals", json!([0])), amount(|cents| cents == 0)).await;
    leaves(of("notEquals", json!([10, 20.5])), |order| {
        !matches!(order.amount, Some(10_00 | 20_50))
    })
    .await;
    leaves(of("lessThan", json!([5.25])), amount(|cents| cents < 5_25)).await;
    leaves(
        of("lessThanOrEqual", json!([5.25])),
        amount(|cents| cents <= 5_25),
    )
    .await;
    leaves(
        of("greaterThan", json!([-3])),
        amount(|cents| cents > -3_00),
    )
    .await;
    leaves(
        of("greaterThanOrEqual", json!([-3])),
        amount(|cents| cents >= -3_00),
    )
    .await;
    leaves(
        of("inBetween", json!([0, 20.5])),
        amount(|cents| (0..=20_50).contains(&cents)),
    )
    .await;
    leaves(of("notInBetween", json!([0, 20.5])), |order| {
        order
            .amount
            .is_none_or(|cents| !(0..=20_50).contains(&cents))
    })
    .await;
    leaves(of("equals", json!([])), |_| true).await;
    leaves(
        rule("orders_weight", "greaterThan", json!([2.25])),
        |order| order.weight.is_some_and(|weight| weight > 2.25),
    )
    .await;
    leaves(
        rule("orders_weight", "equals", json!([0.125, 1e1])),
        |order| {
            order
                .weight
                .is_some_and(|weight| weight == 0.125 || weight == 10.0)
        },
    )
    .await;
}

#[tokio::test]
async fn of_booleans() {
    let of = |operator: &str, values: Value| rule("orders_is_gift", operator, values);
    leaves(of("isNull", json!([])), |order| order.gift.is_none()).await;
    leaves(of("notNull", json!([])), |order| order.gift.is_some()).await;
    leaves(of("equals", json!([true])), |order| {
        order.gift == Some(true)
    })
    .await;
    leaves(of("equals", json!([false])), |order| {
        order.gift == Some(false)
    })
    .await;
    leaves(of("equals", json!(["false"])), |order| {
        order.gift == Some(false)
    })
    .await;
    leaves(of("notEquals", json!([true])), |order| {
        order.gift != Some(true)
    })
    .await;
}

#[tokio::test]
async fn of_dates() {
    let of = |operator: &str, values: Value| rule("orders_order_date", operator, values);
    // As text, dates are in the order of time.
    let date = |fits: fn(&str) -> bool| move |order: &Order| order.date.is_some_and(fits);
    leaves(of("isNull", json!([])), |order| order.date.is_none()).await;
    leaves(of("notNull", json!([])), |order| order.date.is_some()).await;
    leaves(
        of("equals", json!(["2024-02-29"])),
        date(|day| day == "2024-02-29"),
    )
    .await;
    leaves(
        of("equals", json!(["2024-02-29T00:00:00Z"])),
        date(|day| day == "2024-02-29"),
    )
    .await;
    leaves(
        of("equals", json!(["2024-02-29", "2023-12-31"])),
        date(|day| day == "2024-02-29" || day == "2023-12-31"),
    )
    .await;
    leaves(of("notEquals", json!(["2024-02-29"])), |order| {
        order.date != Some("2024-02-29")
    })
    .await;
    leaves(
        of("lessThan", json!(["2024-02-29"])),
        date(|day| day < "2024-02-29"),
    )
    .await;
    leaves(
        of("lessThanOrEqual", json!(["2024-02-29"])),
        date(|day| day <= "2024-02-29"),
    )
    .await;
    leaves(
        of("greaterThan", json!(["2024-02-29"])),
        date(|day| day > "2024-02-29"),
    )
    .await;
    leaves(
        of("greaterThanOrEqual", json!(["2024-02-29"])),
        date(|day| day >= "2024-02-29"),
    )
    .await;
    leaves(
        of("inBetween", json!(["2024-01-01", "2024-02-29"])),
        date(|day| ("2024-01-01"..="2024-02-29").contains(&day)),
    )
    .await;
    leaves(
        of("notInBetween", json!(["2024-01-01", "2024-02-29"])),
        |order| {
            order
                .date
                .is_none_or(|day| !("2024-01-01"..="2024-02-29").contains(&day))
        },
    )
    .await;
    // A month is compared with its first day.
    leaves(
        rule("orders_order_date_month", "equals", json!(["2024-02-01"])),
        date(|day| day.starts_with("2024-02")),
    )
    .await;
    leaves(
        rule("orders_order_date_year", "notEquals", json!(["2024-01-01"])),
        |order| order.date.is_none_or(|day| !day.starts_with("2024")),
    )
    .await;
    leaves(
        rule("orders_order_date_month_num", "equals", json!([2])),
        date(|day| day.contains("-02-")),
    )
    .await;
    leaves(
        rule(
            "orders_order_date_month_name",
            "equals",
            json!(["February"]),
        ),
        date(|day| day.contains("-02-")),
    )
    .await;
}

#[tokio::test]
async fn of_timestamps() {
    let of = |operator: &str, values: Value| rule("orders_ordered_at", operator, values);
    let at = |fits: fn(&str) -> bool| move |order: &Order| order.at.is_some_and(fits);
    leaves(of("isNull", json!([])), |order| order.at.is_none()).await;
    leaves(of("notNull", json!([])), |order| order.at.is_some()).await;
    leaves(of("equals", json!(["2024-03-01T00:00:00Z"])), |order| {
        order.id == 4
    })
    .await;
    leaves(
        of("equals", json!(["2024-03-01T02:00:00+02:00"])),
        |order| order.id == 4,
    )
    .await;
    leaves(
        of("equals", json!(["2024-03-01", "2024-01-01T00:00:00.000Z"])),
        |order| matches!(order.id, 4 | 6),
    )
    .await;
    leaves(of("notEquals", json!(["2024-03-01T00:00:00Z"])), |order| {
        order.id != 4
    })
    .await;
    leaves(
        of("lessThan", json!(["2024-02-29T00:00:00Z"])),
        at(|at| at < "2024-02-29 00:00:00"),
    )
    .await;
    leaves(
        of("lessThanOrEqual", json!(["2024-02-29T00:00:00Z"])),
        at(|at| at <= "2024-02-29 00:00:00"),
    )
    .await;
    leaves(
        of("greaterThan", json!(["2024-02-29T23:59:59Z"])),
        at(|at| at > "2024-02-29 23:59:59"),
    )
    .await;
    leaves(
        of("greaterThanOrEqual", json!(["2024-12-30T12:00:00Z"])),
        at(|at| at >= "2024-12-30 12:00:00"),
    )
    .await;
    leaves(
        of(
            "inBetween",
            json!(["2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"]),
        ),
        at(|at| ("2024-02-29 00:00:00"..="2024-03-01 00:00:00").contains(&at)),
    )
    .await;
    leaves(
        of(
            "notInBetween",
            json!(["2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"]),
        ),
        |order| {
            order
                .at
                .is_none_or(|at| !("2024-02-29 00:00:00"..="2024-03-01 00:00:00").contains(&at))
        },
    )
    .await;
    leaves(
        rule("orders_ordered_at_day", "equals", json!(["2024-02-29"])),
        at(|at| at.starts_with("2024-02-29")),
    )
    .await;
    leaves(
        rule(
            "orders_ordered_at_hour",
            "equals",
            json!(["2024-02-29T23:00:00Z"]),
        ),
        |order| order.id == 3,
    )
    .await;
}

#[tokio::test]
async fn in_groups() {
    let placed = || rule("orders_status", "equals", json!(["placed"]));
    let cheap = || rule("orders_amount", "lessThan", json!([10]));
    let gift = || rule("orders_is_gift", "equals", json!([true]));
    let is_placed = |order: &Order| order.status == Some("placed");
    let is_cheap = |order: &Order| order.amount.is_some_and(|cents| cents < 10_00);
    let is_gift = |order: &Order| order.gift == Some(true);
    let nested = json!({"id": "a", "or": [placed(), {"id": "b", "and": [cheap(), gift()]}]});
    leaves(nested, |order| {
        is_placed(order) || (is_cheap(order) && is_gift(order))
    })
    .await;
    let nested = json!({"id": "a", "and": [gift(), {"id": "b", "or": [placed(), cheap()]}]});
    leaves(nested, |order| {
        is_gift(order) && (is_placed(order) || is_cheap(order))
    })
    .await;
    // Lists of values are alternatives of their own rule alone.
    let several = json!({"id": "a", "and": [gift(), rule("orders_status", "startsWith", json!(["pl", "comp"]))]});
    leaves(several, |order| {
        is_gift(order) && matches!(order.status, Some("placed" | "completed"))
    })
    .await;
    let several = json!({"id": "a", "or": [gift(), rule("orders_status", "doesNotInclude", json!(["pl", "it"]))]});
    leaves(several, |order| {
        is_gift(order)
            || order
                .status
                .is_none_or(|status| !status.contains("pl") && !status.contains("it"))
    })
    .await;
    // Empty groups and disabled rules ask for nothing.
    leaves(
        json!({"id": "a", "and": [placed(), {"id": "b", "or": []}]}),
        is_placed,
    )
    .await;
    let mut disabled = cheap();
    disabled["disabled"] = json!(true);
    leaves(
        json!({"id": "a", "and": [placed(), disabled.clone()]}),
        is_placed,
    )
    .await;
    leaves(json!({"id": "a", "or": [placed(), disabled]}), is_placed).await;
}
