//! What the data says, computed in plain Rust.
//!
//! A metric of a table is meant over that table's rows, each once: in a group of joined rows, over the different rows of
//! that table that are in it. This is written down here once, by nested loops over the constants, and knows nothing of keys,
//! CTEs or SQL.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::data::{
    CUSTOMERS, Customer, ITEMS, Item, ORDER_TAGS, ORDERS, Order, PAYMENTS, Payment, SHIPMENTS,
    Shipment, TAGS, Tag,
};

/// A row of the joined tables; `None` where a left join found nothing.
#[derive(Clone, Copy, Default)]
pub(crate) struct Row {
    pub(crate) order: Option<&'static Order>,
    pub(crate) customer: Option<&'static Customer>,
    pub(crate) payment: Option<&'static Payment>,
    pub(crate) item: Option<&'static Item>,
    pub(crate) shipment: Option<&'static Shipment>,
    pub(crate) tag: Option<&'static Tag>,
}

/// Each order.
pub(crate) fn orders() -> Vec<Row> {
    ORDERS
        .iter()
        .map(|order| Row {
            order: Some(order),
            ..Row::default()
        })
        .collect()
}

/// Each customer.
pub(crate) fn customers() -> Vec<Row> {
    CUSTOMERS
        .iter()
        .map(|customer| Row {
            customer: Some(customer),
            ..Row::default()
        })
        .collect()
}

/// Each row with each of what belongs to it, or once with nothing.
fn left_join<T: 'static>(
    rows: Vec<Row>,
    all: &'static [T],
    fits: impl Fn(&Row, &T) -> bool,
    put: impl Fn(Row, &'static T) -> Row,
) -> Vec<Row> {
    let mut joined = Vec::new();
    for row in rows {
        let found: Vec<_> = all
            .iter()
            .filter(|one| fits(&row, one))
            .map(|one| put(row, one))
            .collect();
        if found.is_empty() {
            joined.push(row);
        }
        joined.extend(found);
    }
    joined
}

pub(crate) trait Joins {
    fn with_customers(self) -> Vec<Row>;
    fn with_orders(self) -> Vec<Row>;
    fn with_payments(self) -> Vec<Row>;
    fn with_items(self) -> Vec<Row>;
    fn with_shipments(self) -> Vec<Row>;
    fn with_tags(self) -> Vec<Row>;
}

impl Joins for Vec<Row> {
    fn with_customers(self) -> Vec<Row> {
        let fits = |row: &Row, customer: &Customer| {
            row.order.and_then(|order| order.customer) == Some(customer.id)
        };
        left_join(self, CUSTOMERS, fits, |row, customer| Row {
            customer: Some(customer),
            ..row
        })
    }

    fn with_orders(self) -> Vec<Row> {
        let fits = |row: &Row, order: &Order| {
            row.customer
                .is_some_and(|customer| order.customer == Some(customer.id))
        };
        left_join(self, ORDERS, fits, |row, order| Row {
            order: Some(order),
            ..row
        })
    }

    fn with_payments(self) -> Vec<Row> {
        let fits = |row: &Row, payment: &Payment| {
            row.order
                .is_some_and(|order| payment.order == Some(order.id))
        };
        left_join(self, PAYMENTS, fits, |row, payment| Row {
            payment: Some(payment),
            ..row
        })
    }

    fn with_items(self) -> Vec<Row> {
        let fits = |row: &Row, item: &Item| row.order.is_some_and(|order| item.order == order.id);
        left_join(self, ITEMS, fits, |row, item| Row {
            item: Some(item),
            ..row
        })
    }

    fn with_shipments(self) -> Vec<Row> {
        let fits =
            |row: &Row, shipment: &Shipment| row.item.is_some_and(|item| shipment.item == item.id);
        left_join(self, SHIPMENTS, fits, |row, shipment| Row {
            shipment: Some(shipment),
            ..row
        })
    }

    fn with_tags(self) -> Vec<Row> {
        let fits = |row: &Row, tag: &Tag| {
            row.order
                .is_some_and(|order| ORDER_TAGS.contains(&(order.id, tag.id)))
        };
        left_join(self, TAGS, fits, |row, tag| Row {
            tag: Some(tag),
            ..row
        })
    }
}

/// The rows of each value of a key, and the row that each group answers: the key, then what `metrics` makes of the group.
pub(crate) fn grouped(
    rows: Vec<Row>,
    key: impl Fn(&Row) -> Value,
    metrics: impl Fn(&[Row]) -> Vec<Value>,
) -> Vec<Vec<Value>> {
    let mut groups: BTreeMap<String, (Value, Vec<Row>)> = BTreeMap::new();
    for row in rows {
        let key = key(&row);
        groups
            .entry(key.to_string())
            .or_insert_with(|| (key, Vec::new()))
            .1
            .push(row);
    }
    groups
        .into_values()
        .map(|(key, rows)| std::iter::once(key).chain(metrics(&rows)).collect())
        .collect()
}

/// The different ones that a group has.
fn different<T>(rows: &[Row], pick: impl Fn(&Row) -> Option<&'static T>) -> Vec<&'static T> {
    let mut found: Vec<&'static T> = Vec::new();
    for one in rows.iter().filter_map(pick) {
        if !found.iter().any(|other| std::ptr::eq(*other, one)) {
            found.push(one);
        }
    }
    found
}

pub(crate) fn orders_in(rows: &[Row]) -> Vec<&'static Order> {
    different(rows, |row| row.order)
}

pub(crate) fn customers_in(rows: &[Row]) -> Vec<&'static Customer> {
    different(rows, |row| row.customer)
}

pub(crate) fn payments_in(rows: &[Row]) -> Vec<&'static Payment> {
    different(rows, |row| row.payment)
}

pub(crate) fn items_in(rows: &[Row]) -> Vec<&'static Item> {
    different(rows, |row| row.item)
}

pub(crate) fn shipments_in(rows: &[Row]) -> Vec<&'static Shipment> {
    different(rows, |row| row.shipment)
}

pub(crate) fn tags_in(rows: &[Row]) -> Vec<&'static Tag> {
    different(rows, |row| row.tag)
}

/// Cents as the decimal that they are.
pub(crate) fn money(cents: i64) -> Value {
    let sign = if cents < 0 { "-" } else { "" };
    json!(format!(
        "{sign}{}.{:02}",
        cents.abs() / 100,
        cents.abs() % 100
    ))
}

/// The sum of what is not null; of nothing, null.
pub(crate) fn sum(cents: impl IntoIterator<Item = Option<i64>>) -> Value {
    let cents: Vec<_> = cents.into_iter().flatten().collect();
    if cents.is_empty() {
        Value::Null
    } else {
        money(cents.iter().sum())
    }
}

/// The same of whole numbers.
pub(crate) fn whole_sum(numbers: impl IntoIterator<Item = Option<i32>>) -> Value {
    let numbers: Vec<_> = numbers.into_iter().flatten().map(i64::from).collect();
    if numbers.is_empty() {
        Value::Null
    } else {
        json!(numbers.iter().sum::<i64>())
    }
}

pub(crate) fn average(numbers: impl IntoIterator<Item = Option<f64>>) -> Value {
    let numbers: Vec<_> = numbers.into_iter().flatten().collect();
    if numbers.is_empty() {
        Value::Null
    } else {
        json!(numbers.iter().sum::<f64>() / numbers.len() as f64)
    }
}

/// Between the two values nearest to the point, as far as the point is between them.
pub(crate) fn percentile(numbers: impl IntoIterator<Item = Option<f64>>, point: f64) -> Value {
    let mut numbers: Vec<_> = numbers.into_iter().flatten().collect();
    numbers.sort_by(f64::total_cmp);
    if numbers.is_empty() {
        return Value::Null;
    }
    let position = point * (numbers.len() - 1) as f64;
    let (low, high) = (
        numbers[position.floor() as usize],
        numbers[position.ceil() as usize],
    );
    json!(low + (high - low) * position.fract())
}

pub(crate) fn euros(cents: Option<i64>) -> Option<f64> {
    cents.map(|cents| cents as f64 / 100.0)
}
