//! Columns of files that have no values, which are what is asked of them. PostgreSQL has the same rows with a type.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use warehouse::embedded::Engine;
use warehouse::embedded::arrow::array::{ArrayRef, Int64Array, StringArray};
use warehouse::embedded::arrow::datatypes::{DataType, Field, Schema};
use warehouse::embedded::arrow::record_batch::RecordBatch;
use warehouse::{Type, Warehouse};

use crate::check::same;
use crate::postgres;

/// Files without a row and without a value, and what they are in PostgreSQL, where the column has a type.
const TABLES: [(&str, &str, &str); 2] = [
    (
        "bare",
        "id,v\n",
        "SELECT 1 AS id, NULL::{type} AS v WHERE false",
    ),
    (
        "blank",
        "id,v\n1,\n2,\n",
        "SELECT 1 AS id, NULL::{type} AS v UNION ALL SELECT 2, NULL::{type}",
    ),
];

/// An engine over the files.
async fn engine() -> (Engine, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, _) in TABLES {
        std::fs::write(folder.path().join(format!("{name}.csv")), text).unwrap();
    }
    let engine = Engine::new().unwrap();
    engine.folder("shop", folder.path()).await.unwrap();
    (engine, folder)
}

/// Each expression has the values that PostgreSQL has for it when `v` is of this type.
async fn agree(data_type: &str, expressions: &[&str]) {
    let (engine, _folder) = engine().await;
    let mut wrong = Vec::new();
    for (table, _, typed) in TABLES {
        let typed = typed.replace("{type}", data_type);
        for expression in expressions {
            let select = |from: &str| format!("SELECT {expression} FROM {from} AS t");
            let embedded = engine.query(&select(&format!("shop.{table}"))).await;
            let embedded = embedded
                .map(|answer| answer.rows)
                .map_err(|error| error.to_string());
            let real = postgres::query(&select(&format!("({typed})"))).await;
            let real = real.map(|answer| answer.rows);
            let agrees = match (&embedded, &real) {
                (Ok(one), Ok(other)) => {
                    one.len() == other.len()
                        && one
                            .iter()
                            .zip(other)
                            .all(|(one, other)| same(&one[0], &other[0], true))
                }
                _ => false,
            };
            if !agrees {
                wrong.push(format!(
                    "{expression} of {table}: {embedded:?}, not {real:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_column_without_values_is_a_number_where_one_is_asked_for() {
    agree(
        "numeric",
        &[
            "v",
            "SUM(v)",
            "AVG(v)",
            "MIN(v)",
            "MAX(v)",
            "COUNT(v)",
            "COUNT(DISTINCT v)",
            "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v)",
            "SUM(v) / NULLIF(SUM(v), 0)",
            "SUM(COALESCE(v, 0))",
            "SUM(CASE WHEN id = 1 THEN v ELSE 0 END)",
            "SUM(v * 2) OVER ()",
            "ROUND(v)",
            "ROUND(v, 2)",
            "ABS(v)",
            "STDDEV(v)",
            "MAX(v) / 2",
            "COALESCE(v, v) + 1",
            "FLOOR(v / 10) * 10",
            "v + 1",
            "1 - v",
            "v * 1.5",
            "v * v",
            "v % 2",
            "v > 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_column_without_values_is_a_time_where_one_is_asked_for() {
    agree(
        "timestamp",
        &[
            "DATE_TRUNC('MONTH', v)",
            "DATE_TRUNC('WEEK', v - interval '2 days') + interval '2 days'",
            "DATE_PART('YEAR', v)",
            "TO_CHAR(v, 'YYYY-MM')",
            "interval '1 day' + v",
            "COUNT(*) FILTER (WHERE v >= '2024-01-01')",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_column_without_values_is_text_otherwise() {
    agree(
        "text",
        &[
            "LOWER(v)",
            "v || 'x'",
            "COUNT(*) FILTER (WHERE v = 'x')",
            "COUNT(*) FILTER (WHERE v LIKE '%x%')",
            "COUNT(*) FILTER (WHERE v IS NULL)",
            "v IN ('x', 'y')",
        ],
    )
    .await;
    let (engine, _folder) = engine().await;
    for (table, ..) in TABLES {
        let fields = engine.fields(None, Some("shop"), table).await.unwrap();
        let v = fields.iter().find(|column| column.name == "v").unwrap();
        assert_eq!(v.r#type, Type::Text);
        let sql = format!(
            "SELECT one.v FROM shop.{table} AS one LEFT JOIN shop.blank AS other ON one.v = other.v \
             GROUP BY one.v ORDER BY one.v"
        );
        let groups = engine.query(&sql).await.unwrap().rows.len();
        assert_eq!(groups, usize::from(table == "blank"));
    }
}

/// An engine with a table of numbers and texts, whose column `v` is known to have no values.
fn with_empty_column() -> Engine {
    let mark = HashMap::from([("empty".to_owned(), "true".to_owned())]);
    let columns = Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int64, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("v", DataType::Utf8, true).with_metadata(mark),
    ]));
    let values: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![9, 20, 100])),
        Arc::new(StringArray::from(vec!["a", "b", "c"])),
        Arc::new(StringArray::from(vec![None::<&str>; 3])),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&columns), values).unwrap();
    let engine = Engine::new().unwrap();
    engine.table("shop", "nn", columns, vec![batch]).unwrap();
    engine
}

#[tokio::test]
async fn a_column_without_values_is_what_the_other_results_are() {
    let engine = with_empty_column();
    for (data_type, expression) in [
        (
            "numeric",
            "MAX(CASE WHEN v > 0 THEN v ELSE k END) FROM {nn}",
        ),
        (
            "numeric",
            "CASE WHEN k > 9 THEN k ELSE v END FROM {nn} ORDER BY 1",
        ),
        (
            "numeric",
            "CASE WHEN k > 9 THEN k * 1.5 WHEN k > 50 THEN k ELSE v END FROM {nn} ORDER BY 1",
        ),
        ("numeric", "MAX(COALESCE(v, k)) FROM {nn}"),
        ("numeric", "GREATEST(v, k, 50) FROM {nn} ORDER BY 1"),
        (
            "numeric",
            "x FROM (SELECT v AS x FROM {nn} UNION ALL SELECT k FROM {nn}) AS two ORDER BY x",
        ),
        (
            "numeric",
            "x FROM (SELECT k * 1.5 AS x FROM {nn} UNION SELECT v FROM {nn}) AS two ORDER BY x",
        ),
        (
            "numeric",
            "SUM(x) FROM (SELECT v AS x FROM {nn} UNION ALL SELECT v FROM {nn} UNION ALL SELECT k FROM {nn}) AS three",
        ),
        (
            "timestamp",
            "MAX(CASE WHEN k > 9 THEN v ELSE TIMESTAMP '2024-02-29 12:00:00' END) FROM {nn}",
        ),
        (
            "date",
            "x FROM (SELECT v AS x FROM {nn} UNION SELECT DATE '2024-02-29') AS two ORDER BY x",
        ),
        (
            "text",
            "x FROM (SELECT v AS x FROM {nn} UNION SELECT name FROM {nn}) AS two ORDER BY x",
        ),
        ("text", "COALESCE(v, name) FROM {nn} ORDER BY 1"),
    ] {
        let typed = format!(
            "(VALUES (9::bigint, 'a', NULL::{data_type}), (20, 'b', NULL), (100, 'c', NULL)) AS nn(k, name, v)"
        );
        let select = |from: &str| format!("SELECT {}", expression.replace("{nn}", from));
        let embedded = engine.query(&select("shop.nn AS nn")).await.unwrap().rows;
        let real = postgres::query(&select(&typed)).await.unwrap().rows;
        let mut pairs = embedded.iter().zip(&real);
        assert!(
            embedded.len() == real.len()
                && pairs.all(|(one, other)| same(&one[0], &other[0], data_type == "numeric")),
            "{expression}: {embedded:?}, not {real:?}"
        );
    }
    // Text that has values stays text.
    let sql = "SELECT MAX(CASE WHEN k = 9 THEN name ELSE k END) FROM shop.nn";
    assert_eq!(engine.query(sql).await.unwrap().rows, [[json!("a")]]);
}

#[tokio::test]
async fn a_column_without_values_is_a_number_behind_a_subquery_too() {
    let (_, folder) = engine().await;
    std::fs::write(folder.path().join("void.json"), "{\"id\":1,\"v\":null}\n").unwrap();
    let engine = Engine::new().unwrap();
    engine.folder("shop", folder.path()).await.unwrap();
    for (from, sum) in [
        ("SELECT v AS w FROM shop.blank", Value::Null),
        ("SELECT v AS w FROM shop.void", Value::Null),
        (
            "SELECT id, MAX(v) AS w FROM shop.blank GROUP BY id",
            Value::Null,
        ),
        (
            "SELECT MAX(v) OVER (PARTITION BY id) AS w FROM shop.blank",
            Value::Null,
        ),
        (
            "SELECT one.v AS w FROM shop.blank AS one LEFT JOIN shop.blank AS other ON one.id = other.id",
            Value::Null,
        ),
        (
            "SELECT v AS w FROM shop.blank UNION ALL SELECT v FROM shop.bare",
            Value::Null,
        ),
        (
            "SELECT v AS w FROM shop.blank UNION SELECT v FROM shop.bare",
            Value::Null,
        ),
        ("SELECT COALESCE(v, 0) AS w FROM shop.blank", json!(2)),
        (
            "SELECT CASE WHEN id = 1 THEN v ELSE 0 END AS w FROM shop.blank",
            json!(1),
        ),
        (
            "SELECT v AS w FROM shop.blank UNION ALL SELECT id FROM shop.blank",
            json!(5),
        ),
    ] {
        let sql = format!("SELECT SUM(w + 1) FROM ({from}) AS q");
        let answer = engine.query(&sql).await.unwrap();
        assert!(same(&answer.rows[0][0], &sum, true), "{sql}: {answer:?}");
    }
}

#[tokio::test]
async fn text_with_values_is_no_number() {
    let (_, folder) = engine().await;
    std::fs::write(folder.path().join("words.csv"), "id,s\n1,9\n2,x\n").unwrap();
    let engine = Engine::new().unwrap();
    engine.folder("shop", folder.path()).await.unwrap();
    for expression in [
        "s + 1",
        "1 - s",
        "s / 2",
        "s * s",
        "s % 2",
        "s - interval '1 day'",
        "COALESCE(s, '0') + 1",
        "CASE WHEN id = 1 THEN s END * 2",
        "MAX(s) + 1",
        "TO_CHAR(DATE '2024-01-01', 'YYYY') + 1",
        "SUM(s)",
        "SUM(s) OVER ()",
        "AVG(s)",
        "STDDEV(s)",
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY s)",
        "ABS(s)",
        "ROUND(s)",
        "FLOOR(s)",
        "SQRT(s)",
        "SUM(n + 1) FROM (SELECT s AS n FROM shop.words UNION ALL SELECT v FROM shop.blank) AS q",
        "1 FROM shop.blank WHERE id IN (SELECT s + 1 FROM shop.words)",
    ] {
        let select = |from: &str| {
            let from = if expression.contains(" FROM ") {
                String::new()
            } else {
                format!(" FROM {from} AS t WHERE id = 1")
            };
            format!("SELECT {expression}{from}")
        };
        let refused = engine.query(&select("shop.words")).await.unwrap_err();
        assert!(
            refused.to_string().contains("does not exist"),
            "{expression}: {refused}"
        );
        let real = postgres::query(&select("(SELECT 1 AS id, '9'::text AS s)")).await;
        assert!(real.is_err(), "{expression}: {real:?}");
    }
}
