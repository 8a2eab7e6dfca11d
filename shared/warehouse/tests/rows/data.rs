//! The shared data set: a shop of a few customers, in constants. Both databases are loaded from them, and the expected rows
//! of each case are computed from them without SQL.
//!
//! What is awkward on purpose: orders without a customer and of a customer that is not there, a customer without orders,
//! payments without an order, an order with several payments, items and tags, items with several shipments, nulls in every
//! column that may have one, a leap day, the hours around the changes of New York's and Berlin's clocks, ends of years
//! that are not the ends of ISO weeks, a table without rows, and texts with quotes, wildcards and backslashes.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use warehouse::embedded::Engine;
use warehouse::embedded::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, StringArray,
    TimestampMicrosecondArray,
};
use warehouse::embedded::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use warehouse::embedded::arrow::record_batch::RecordBatch;

/// Where the tables are: `"postgres"."jaffle"."orders"`.
pub(crate) const SCHEMA: &str = "jaffle";

pub(crate) struct Customer {
    pub(crate) id: i32,
    pub(crate) name: &'static str,
    pub(crate) region: Option<&'static str>,
    pub(crate) tier: Option<i32>,
}

pub(crate) const CUSTOMERS: &[Customer] = &[
    Customer {
        id: 1,
        name: "Ana",
        region: Some("north"),
        tier: Some(1),
    },
    Customer {
        id: 2,
        name: "Bo O'Neil",
        region: Some("south"),
        tier: Some(2),
    },
    Customer {
        id: 3,
        name: "Çelik",
        region: Some("north"),
        tier: None,
    },
    Customer {
        id: 4,
        name: "100%_sure\\",
        region: None,
        tier: Some(2),
    },
    // Without orders.
    Customer {
        id: 5,
        name: "Eve",
        region: Some("east"),
        tier: Some(3),
    },
];

pub(crate) struct Order {
    pub(crate) id: i32,
    pub(crate) customer: Option<i32>,
    pub(crate) status: Option<&'static str>,
    /// In cents.
    pub(crate) amount: Option<i64>,
    pub(crate) weight: Option<f64>,
    pub(crate) gift: Option<bool>,
    pub(crate) date: Option<&'static str>,
    pub(crate) at: Option<&'static str>,
}

macro_rules! order {
    ($id:literal, $customer:expr, $status:expr, $amount:expr, $weight:expr, $gift:expr, $date:expr, $at:expr) => {
        Order {
            id: $id,
            customer: $customer,
            status: $status,
            amount: $amount,
            weight: $weight,
            gift: $gift,
            date: $date,
            at: $at,
        }
    };
}

#[rustfmt::skip]
pub(crate) const ORDERS: &[Order] = &[
    order!(1, Some(1), Some("completed"), Some(10_00), Some(1.5), Some(true), Some("2024-02-28"), Some("2024-02-28 23:30:00")),
    order!(2, Some(1), Some("completed"), Some(20_50), Some(2.25), Some(false), Some("2024-02-29"), Some("2024-02-29 00:00:00")),
    order!(3, Some(2), Some("placed"), Some(5_25), None, None, Some("2024-02-29"), Some("2024-02-29 23:59:59.5")),
    order!(4, Some(2), Some("returned"), Some(99_99), Some(10.0), Some(false), Some("2024-03-01"), Some("2024-03-01 00:00:00")),
    order!(5, Some(3), None, Some(0), Some(0.5), Some(true), Some("2023-12-31"), Some("2023-12-31 23:59:59.999")),
    order!(6, Some(4), Some("placed"), Some(-3_00), Some(3.75), Some(false), Some("2024-01-01"), Some("2024-01-01 00:00:00")),
    // Of nobody, and of a customer that is not there.
    order!(7, None, Some("completed"), Some(42_00), Some(4.0), Some(true), Some("2024-12-30"), Some("2024-12-30 12:00:00")),
    order!(8, Some(77), Some("it's 100%"), Some(15_75), Some(7.125), None, Some("2025-01-01"), Some("2025-01-01 08:15:00")),
    order!(9, Some(1), Some("placed"), None, Some(1.0), Some(false), None, None),
    order!(10, Some(3), Some("completed"), Some(20_50), Some(2.25), Some(true), Some("2023-02-28"), Some("2023-02-28 10:00:00")),
    order!(11, Some(1), Some("completed"), Some(60_00), Some(12.5), Some(false), Some("2024-03-10"), Some("2024-03-10 06:30:00")),
    order!(12, Some(2), Some("back\\slash"), Some(7_77), Some(0.125), Some(true), Some("2024-11-03"), Some("2024-11-03 05:30:00")),
];

pub(crate) struct Payment {
    pub(crate) id: i32,
    pub(crate) order: Option<i32>,
    pub(crate) method: Option<&'static str>,
    /// In cents.
    pub(crate) amount: Option<i64>,
}

const fn payment(
    id: i32,
    order: Option<i32>,
    method: Option<&'static str>,
    amount: Option<i64>,
) -> Payment {
    Payment {
        id,
        order,
        method,
        amount,
    }
}

pub(crate) const PAYMENTS: &[Payment] = &[
    payment(1, Some(1), Some("card"), Some(4_00)),
    payment(2, Some(1), Some("card"), Some(4_00)),
    payment(3, Some(1), Some("coupon"), Some(2_00)),
    payment(4, Some(2), Some("card"), Some(20_50)),
    payment(5, Some(3), Some("cash"), Some(5_25)),
    payment(6, Some(4), Some("card"), Some(50_00)),
    payment(7, Some(4), Some("card"), Some(49_99)),
    payment(8, Some(7), None, Some(42_00)),
    payment(9, Some(8), Some("coupon"), None),
    // Of no order, and of one that is not there.
    payment(10, None, Some("cash"), Some(1_00)),
    payment(11, Some(99), Some("card"), Some(3_33)),
    payment(12, Some(11), Some("card"), Some(30_00)),
    payment(13, Some(11), Some("cash"), Some(30_00)),
];

pub(crate) struct Item {
    pub(crate) id: i32,
    pub(crate) order: i32,
    pub(crate) sku: Option<&'static str>,
    pub(crate) quantity: Option<i32>,
    /// In cents.
    pub(crate) price: Option<i64>,
}

const fn item(
    id: i32,
    order: i32,
    sku: Option<&'static str>,
    quantity: Option<i32>,
    price: Option<i64>,
) -> Item {
    Item {
        id,
        order,
        sku,
        quantity,
        price,
    }
}

pub(crate) const ITEMS: &[Item] = &[
    item(1, 1, Some("tea"), Some(2), Some(2_50)),
    item(2, 1, Some("cake"), Some(1), Some(5_00)),
    item(3, 2, Some("tea"), Some(4), Some(2_50)),
    item(4, 2, Some("cup"), Some(1), Some(10_50)),
    item(5, 3, None, Some(1), Some(5_25)),
    item(6, 4, Some("pot"), Some(3), Some(33_33)),
    item(7, 7, Some("pot"), Some(1), Some(40_00)),
    item(8, 7, Some("tea"), None, Some(2_00)),
    item(9, 11, Some("cake"), Some(12), Some(5_00)),
];

pub(crate) struct Shipment {
    pub(crate) id: i32,
    pub(crate) item: i32,
    pub(crate) carrier: &'static str,
    pub(crate) grams: Option<i32>,
}

const fn shipment(id: i32, item: i32, carrier: &'static str, grams: Option<i32>) -> Shipment {
    Shipment {
        id,
        item,
        carrier,
        grams,
    }
}

pub(crate) const SHIPMENTS: &[Shipment] = &[
    shipment(1, 1, "post", Some(100)),
    shipment(2, 1, "post", Some(100)),
    shipment(3, 2, "bike", Some(300)),
    shipment(4, 3, "post", Some(200)),
    shipment(5, 3, "post", Some(200)),
    shipment(6, 3, "bike", None),
    shipment(7, 6, "bike", Some(2_000)),
    shipment(8, 9, "post", Some(900)),
];

pub(crate) struct Tag {
    pub(crate) id: i32,
    pub(crate) name: &'static str,
    pub(crate) weight: i32,
}

pub(crate) const TAGS: &[Tag] = &[
    Tag {
        id: 1,
        name: "gift",
        weight: 10,
    },
    Tag {
        id: 2,
        name: "rush",
        weight: 20,
    },
    Tag {
        id: 3,
        name: "bulk",
        weight: 30,
    },
    // Of no order.
    Tag {
        id: 4,
        name: "unused",
        weight: 40,
    },
];

/// Which order has which tag.
pub(crate) const ORDER_TAGS: &[(i32, i32)] = &[
    (1, 1),
    (1, 2),
    (2, 2),
    (4, 3),
    (7, 1),
    (7, 2),
    (7, 3),
    (11, 3),
];

pub(crate) struct Event {
    pub(crate) id: i32,
    pub(crate) kind: &'static str,
    pub(crate) at: Option<&'static str>,
    pub(crate) on: Option<&'static str>,
    pub(crate) value: i32,
}

const fn event(
    id: i32,
    kind: &'static str,
    at: Option<&'static str>,
    on: Option<&'static str>,
    value: i32,
) -> Event {
    Event {
        id,
        kind,
        at,
        on,
        value,
    }
}

/// Timestamps are UTC.
#[rustfmt::skip]
pub(crate) const EVENTS: &[Event] = &[
    // New York: 2024-03-10 has 23 hours, from 05:00 to 04:00 the next day; clocks go from 02:00 to 03:00 at 07:00.
    event(1, "before", Some("2024-03-10 04:59:59.999"), Some("2024-03-09"), 1),
    event(2, "start", Some("2024-03-10 05:00:00"), Some("2024-03-10"), 2),
    event(3, "change", Some("2024-03-10 06:59:59"), Some("2024-03-10"), 4),
    event(4, "change", Some("2024-03-10 07:00:00"), Some("2024-03-10"), 8),
    event(5, "end", Some("2024-03-11 03:59:59.5"), Some("2024-03-10"), 16),
    event(6, "after", Some("2024-03-11 04:00:00"), Some("2024-03-11"), 32),
    // New York: 2024-11-03 has 25 hours, from 04:00 to 05:00 the next day; 01:30 comes twice, at 05:30 and 06:30.
    event(7, "before", Some("2024-11-03 03:59:59"), Some("2024-11-02"), 64),
    event(8, "start", Some("2024-11-03 04:00:00"), Some("2024-11-03"), 128),
    event(9, "change", Some("2024-11-03 05:30:00"), Some("2024-11-03"), 256),
    event(10, "change", Some("2024-11-03 06:30:00"), Some("2024-11-03"), 512),
    event(11, "end", Some("2024-11-04 04:59:59"), Some("2024-11-03"), 1_024),
    event(12, "after", Some("2024-11-04 05:00:00"), Some("2024-11-04"), 2_048),
    // Berlin: 2024-03-31 has 23 hours, from 23:00 the day before to 22:00.
    event(13, "start", Some("2024-03-30 23:00:00"), Some("2024-03-31"), 4_096),
    event(14, "end", Some("2024-03-31 21:59:59"), Some("2024-03-31"), 8_192),
    event(15, "after", Some("2024-03-31 22:00:00"), Some("2024-04-01"), 16_384),
    // Leap days and the days a year before and after.
    event(16, "leap", Some("2024-02-29 12:00:00"), Some("2024-02-29"), 32_768),
    event(17, "leap", Some("2023-02-28 12:00:00"), Some("2023-02-28"), 65_536),
    event(18, "leap", Some("2023-03-01 12:00:00"), Some("2023-03-01"), 131_072),
    event(19, "leap", Some("2025-02-28 12:00:00"), Some("2025-02-28"), 262_144),
    // ISO weeks across years: 2024-12-30 is in week 1 of 2025, 2023-01-01 in week 52 of 2022.
    event(20, "year", Some("2024-12-30 00:00:00"), Some("2024-12-30"), 524_288),
    event(21, "year", Some("2023-01-01 23:59:59.999"), Some("2023-01-01"), 1_048_576),
    event(22, "year", Some("2020-12-31 23:59:59"), Some("2020-12-31"), 2_097_152),
    event(23, "never", None, None, 4_194_304),
    // Before the epoch, where cutting and rounding down differ.
    event(24, "old", Some("1969-12-31 23:59:59.5"), Some("1969-12-31"), 8_388_608),
];

/// A column of a table: its name in SQL and its values.
enum Values {
    Integer(Vec<Option<i32>>),
    Double(Vec<Option<f64>>),
    /// With two digits behind the point.
    Decimal(Vec<Option<i64>>),
    Boolean(Vec<Option<bool>>),
    Text(Vec<Option<&'static str>>),
    Date(Vec<Option<&'static str>>),
    Timestamp(Vec<Option<&'static str>>),
}

type Table = (&'static str, Vec<(&'static str, Values)>);

fn tables() -> Vec<Table> {
    use Values::{Boolean, Date, Decimal, Double, Integer, Text, Timestamp};
    fn of<R, T>(rows: &'static [R], value: impl Fn(&'static R) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    vec![
        (
            "customers",
            vec![
                ("customer_id", Integer(of(CUSTOMERS, |row| Some(row.id)))),
                ("name", Text(of(CUSTOMERS, |row| Some(row.name)))),
                ("region", Text(of(CUSTOMERS, |row| row.region))),
                ("tier", Integer(of(CUSTOMERS, |row| row.tier))),
            ],
        ),
        (
            "orders",
            vec![
                ("order_id", Integer(of(ORDERS, |row| Some(row.id)))),
                ("customer_id", Integer(of(ORDERS, |row| row.customer))),
                ("status", Text(of(ORDERS, |row| row.status))),
                ("amount", Decimal(of(ORDERS, |row| row.amount))),
                ("weight", Double(of(ORDERS, |row| row.weight))),
                ("is_gift", Boolean(of(ORDERS, |row| row.gift))),
                ("order_date", Date(of(ORDERS, |row| row.date))),
                ("ordered_at", Timestamp(of(ORDERS, |row| row.at))),
            ],
        ),
        (
            "payments",
            vec![
                ("payment_id", Integer(of(PAYMENTS, |row| Some(row.id)))),
                ("order_id", Integer(of(PAYMENTS, |row| row.order))),
                ("method", Text(of(PAYMENTS, |row| row.method))),
                ("amount", Decimal(of(PAYMENTS, |row| row.amount))),
            ],
        ),
        (
            "items",
            vec![
                ("item_id", Integer(of(ITEMS, |row| Some(row.id)))),
                ("order_id", Integer(of(ITEMS, |row| Some(row.order)))),
                ("sku", Text(of(ITEMS, |row| row.sku))),
                ("quantity", Integer(of(ITEMS, |row| row.quantity))),
                ("price", Decimal(of(ITEMS, |row| row.price))),
            ],
        ),
        (
            "shipments",
            vec![
                ("shipment_id", Integer(of(SHIPMENTS, |row| Some(row.id)))),
                ("item_id", Integer(of(SHIPMENTS, |row| Some(row.item)))),
                ("carrier", Text(of(SHIPMENTS, |row| Some(row.carrier)))),
                ("grams", Integer(of(SHIPMENTS, |row| row.grams))),
            ],
        ),
        (
            "tags",
            vec![
                ("tag_id", Integer(of(TAGS, |row| Some(row.id)))),
                ("name", Text(of(TAGS, |row| Some(row.name)))),
                ("weight", Integer(of(TAGS, |row| Some(row.weight)))),
            ],
        ),
        (
            "order_tags",
            vec![
                ("order_id", Integer(of(ORDER_TAGS, |row| Some(row.0)))),
                ("tag_id", Integer(of(ORDER_TAGS, |row| Some(row.1)))),
            ],
        ),
        (
            "events",
            vec![
                ("event_id", Integer(of(EVENTS, |row| Some(row.id)))),
                ("kind", Text(of(EVENTS, |row| Some(row.kind)))),
                ("at", Timestamp(of(EVENTS, |row| row.at))),
                ("day", Date(of(EVENTS, |row| row.on))),
                ("value", Integer(of(EVENTS, |row| Some(row.value)))),
            ],
        ),
        // Without rows.
        (
            "refunds",
            vec![
                ("refund_id", Integer(Vec::new())),
                ("order_id", Integer(Vec::new())),
                ("reason", Text(Vec::new())),
                ("amount", Decimal(Vec::new())),
            ],
        ),
    ]
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub(crate) fn timestamp(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").expect("a timestamp")
}

/// The tables as PostgreSQL makes them.
pub(crate) fn as_sql() -> String {
    let mut sql = format!("CREATE SCHEMA {SCHEMA};\n");
    for (table, columns) in tables() {
        let declared: Vec<_> = columns
            .iter()
            .map(|(name, values)| format!("\"{name}\" {}", values.sql_type()))
            .collect();
        sql += &format!("CREATE TABLE {SCHEMA}.{table} ({});\n", declared.join(", "));
        let rows = columns.first().map_or(0, |(_, values)| values.sql().len());
        let columns: Vec<_> = columns.iter().map(|(_, values)| values.sql()).collect();
        for row in 0..rows {
            let values: Vec<_> = columns.iter().map(|column| column[row].as_str()).collect();
            sql += &format!(
                "INSERT INTO {SCHEMA}.{table} VALUES ({});\n",
                values.join(", ")
            );
        }
    }
    sql
}

/// An embedded engine with the tables.
pub(crate) fn engine() -> Engine {
    let engine = Engine::new().expect("an engine");
    for (table, columns) in tables() {
        let arrays: Vec<(&str, ArrayRef)> = columns
            .iter()
            .map(|(name, values)| (*name, values.array()))
            .collect();
        let fields: Vec<_> = arrays
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let arrays = arrays.into_iter().map(|(_, array)| array).collect();
        let batch =
            RecordBatch::try_new(Arc::clone(&schema), arrays).expect("columns of one length");
        engine
            .table(SCHEMA, table, schema, vec![batch])
            .expect("a table");
    }
    engine
}

impl Values {
    fn sql_type(&self) -> &'static str {
        match self {
            Self::Integer(_) => "integer",
            Self::Double(_) => "double precision",
            Self::Decimal(_) => "numeric(10,2)",
            Self::Boolean(_) => "boolean",
            Self::Text(_) => "text",
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp",
        }
    }

    fn sql(&self) -> Vec<String> {
        fn of<T>(values: &[Option<T>], literal: impl Fn(&T) -> String) -> Vec<String> {
            values
                .iter()
                .map(|value| value.as_ref().map_or("NULL".to_owned(), &literal))
                .collect()
        }
        let quoted = |text: &&str| format!("'{}'", text.replace('\'', "''"));
        match self {
            Self::Integer(values) => of(values, i32::to_string),
            Self::Double(values) => of(values, f64::to_string),
            Self::Decimal(values) => of(values, |cents| format!("{cents} / 100.0")),
            Self::Boolean(values) => of(values, bool::to_string),
            Self::Text(values) | Self::Date(values) | Self::Timestamp(values) => of(values, quoted),
        }
    }

    fn array(&self) -> ArrayRef {
        const MICROSECONDS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
        let days = |day: &Option<&str>| {
            day.map(|day| (date(day) - NaiveDate::default()).num_days() as i32)
        };
        let micros = |at: &Option<&str>| at.map(|at| timestamp(at).and_utc().timestamp_micros());
        match self {
            Self::Integer(values) => Arc::new(Int32Array::from(values.clone())),
            Self::Double(values) => Arc::new(Float64Array::from(values.clone())),
            Self::Decimal(values) => {
                let cents: Decimal128Array =
                    values.iter().map(|cents| cents.map(i128::from)).collect();
                Arc::new(cents.with_precision_and_scale(10, 2).expect("cents fit"))
            }
            Self::Boolean(values) => Arc::new(BooleanArray::from(values.clone())),
            Self::Text(values) => Arc::new(StringArray::from(values.clone())),
            Self::Date(values) => Arc::new(values.iter().map(days).collect::<Date32Array>()),
            Self::Timestamp(values) => {
                let micros: TimestampMicrosecondArray = values.iter().map(micros).collect();
                Arc::new(micros.with_data_type(MICROSECONDS))
            }
        }
    }
}
