//! What the embedded engine does not do: write, read anything else, or take more than it may.

use std::time::Duration;

use serde_json::json;
use warehouse::embedded::{Engine, Error, Limits};
use warehouse::{Column, Statement, Type, Warehouse as _};

use crate::check::engine;

async fn refused(sql: &str) -> bool {
    matches!(engine().query(sql).await, Err(Error::Refused(_)))
}

#[tokio::test]
async fn only_one_statement_that_reads_is_run() {
    for sql in [
        "CREATE TABLE t (a int)",
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "DROP TABLE jaffle.orders",
        "INSERT INTO jaffle.orders (order_id) VALUES (1)",
        "UPDATE jaffle.orders SET order_id = 1",
        "DELETE FROM jaffle.orders",
        "TRUNCATE jaffle.orders",
        "COPY jaffle.orders TO '/tmp/orders.csv'",
        "COPY (SELECT 1) TO '/tmp/orders.csv'",
        "SET timezone = 'Asia/Tokyo'",
        "SHOW timezone",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "BEGIN",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE jaffle.orders",
        "SELECT * INTO t FROM jaffle.orders",
        "WITH gone AS (DELETE FROM jaffle.orders RETURNING *) SELECT * FROM gone",
        "SELECT * FROM jaffle.orders FOR UPDATE",
        "PREPARE p AS SELECT 1",
        "",
        ";",
    ] {
        let answer = engine().query(sql).await;
        assert!(
            matches!(answer, Err(Error::Refused(_) | Error::Query(_))),
            "{sql}: {answer:?}"
        );
    }
    assert!(refused("DELETE FROM jaffle.orders").await);
    assert!(refused("SELECT 1; SELECT 2").await);
    let count = engine()
        .query("SELECT COUNT(*) FROM jaffle.orders;")
        .await
        .unwrap();
    assert_eq!(count.rows, [[json!(crate::data::ORDERS.len())]]);
}

#[tokio::test]
async fn only_registered_tables_are_there() {
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM jaffle.nothing",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM other.jaffle.orders",
        "SELECT * FROM read_csv('/etc/passwd')",
    ] {
        let answer = engine().query(sql).await;
        assert!(matches!(answer, Err(Error::Query(_))), "{sql}: {answer:?}");
    }
}

#[tokio::test]
async fn a_value_of_each_type_is_written_by_the_rules() {
    let rows = engine()
        .query(
            "SELECT true AS a, 1 AS b, 1.50 AS c, 0.1::float8 AS d, DATE '2024-02-29' AS e, \
             TIMESTAMP '2024-02-29 12:00:00' AS f, TIMESTAMPTZ '2024-02-29 12:00:00.120+02' AS g, 'x' AS h, \
             CAST(NULL AS INT) AS i, 'Infinity'::float8 AS j, interval '1 day' AS k",
        )
        .await
        .unwrap();
    let types: Vec<_> = rows.columns.iter().map(|column| column.r#type).collect();
    assert_eq!(
        types,
        [
            Type::Boolean,
            Type::Integer,
            Type::Decimal,
            Type::Double,
            Type::Date,
            Type::Timestamp,
            Type::Timestamp,
            Type::Text,
            Type::Integer,
            Type::Double,
            Type::Text,
        ]
    );
    assert_eq!(
        json!(rows.rows),
        json!([[
            true,
            1,
            "1.50",
            0.1,
            "2024-02-29",
            "2024-02-29T12:00:00Z",
            "2024-02-29T10:00:00.12Z",
            "x",
            null,
            "Infinity",
            "1 day"
        ]])
    );
}

#[tokio::test]
async fn bytes_are_written_and_dates_out_of_range_are_a_fault_of_the_query() {
    let rows = engine()
        .query("SELECT arrow_cast('a~', 'Binary'), arrow_cast(NULL, 'Binary')")
        .await
        .unwrap();
    assert_eq!(json!(rows.rows), json!([["\\x617e", null]]));
    for sql in [
        "SELECT arrow_cast(2147483647, 'Date32')",
        "SELECT arrow_cast(9223372036854775807, 'Timestamp(Microsecond, None)')",
    ] {
        let answer = engine().query(sql).await;
        assert!(matches!(answer, Err(Error::Query(_))), "{sql}: {answer:?}");
    }
}

#[tokio::test]
async fn numbers_with_a_large_exponent_are_doubles() {
    let rows = engine()
        .query("SELECT 1e300::double precision, -2.5e-40::float8, 1e300 > 1, 1e2")
        .await
        .unwrap();
    assert_eq!(json!(rows.rows), json!([[1e300, -2.5e-40, true, "100"]]));
}

#[tokio::test]
async fn files_of_a_folder_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "stores.csv",
        "id,name,opened,since,share\n1,North,2024-02-29,2024-02-29T12:00:00,0.5\n2,,,,\n",
    );
    write("empty.csv", "id,name\n");
    write("notes.txt", "not a table");
    let engine = Engine::new().unwrap();

    assert_eq!(
        engine.folder("shop", folder.path()).await.unwrap(),
        ["empty", "stores"]
    );

    let rows = engine
        .query("SELECT * FROM \"postgres\".\"shop\".\"stores\" AS \"stores\" ORDER BY id")
        .await
        .unwrap();
    let column = |name: &str, r#type| Column {
        name: name.to_owned(),
        r#type,
    };
    assert_eq!(
        rows.columns,
        [
            column("id", Type::Integer),
            column("name", Type::Text),
            column("opened", Type::Date),
            column("since", Type::Timestamp),
            column("share", Type::Double),
        ]
    );
    assert_eq!(
        json!(rows.rows),
        json!([
            [1, "North", "2024-02-29", "2024-02-29T12:00:00Z", 0.5],
            [2, null, null, null, null]
        ])
    );
    assert!(
        engine
            .query("SELECT * FROM shop.empty")
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    // Neither a file that is broken nor a folder holds up the others.
    write("broken.parquet", "not Parquet");
    std::fs::create_dir(folder.path().join("folder.csv")).unwrap();
    assert_eq!(
        engine.folder("shop", folder.path()).await.unwrap(),
        ["empty", "stores"]
    );
    assert!(engine.query("SELECT * FROM shop.stores").await.is_ok());
    let broken = engine.query("SELECT * FROM shop.broken").await;
    let broken = broken.unwrap_err().to_string();
    assert!(broken.contains("broken.parquet: "), "{broken}");
    let path = folder.path().to_str().unwrap().trim_start_matches('/');
    assert!(!broken.contains(path), "{broken}");
    let missing = engine
        .folder("shop", std::path::Path::new("/not/there"))
        .await;
    assert!(matches!(missing, Err(Error::File { .. })), "{missing:?}");
}

#[tokio::test]
async fn a_long_query_ends_at_the_limit_of_time() {
    let engine = Engine::with_limits(Limits {
        time: Duration::from_millis(200),
        ..Limits::default()
    })
    .unwrap();
    let endless =
        "SELECT COUNT(*) FROM generate_series(1, 100000000) a, generate_series(1, 100000000) b";
    assert!(matches!(engine.query(endless).await, Err(Error::Time(_))));
    assert!(engine.query("SELECT 1").await.is_ok());
}

#[tokio::test]
async fn joins_that_are_stopped_leave_their_threads_to_others() {
    let engine = Engine::with_limits(Limits {
        time: Duration::from_millis(500),
        ..Limits::default()
    })
    .unwrap();
    let (a, b) = (
        "generate_series(1, 300000) AS a",
        "generate_series(1, 300000) AS b",
    );
    let even = "a.value % 2 = b.value % 2";
    for sql in [
        format!("SELECT COUNT(*) FROM {a}, {b}"),
        format!("SELECT MAX(a.value + b.value) FROM {a}, {b}"),
        format!("SELECT COUNT(*) FROM {a} JOIN {b} ON a.value * b.value = -1"),
        format!("SELECT COUNT(*) FROM {a} JOIN {b} ON {even}"),
        format!("SELECT COUNT(*) FROM {a} JOIN {b} ON {even} AND a.value * b.value = -1"),
        format!(
            "SELECT COUNT(*) FROM {a} WHERE EXISTS (SELECT 1 FROM {b} WHERE {even} AND a.value < -b.value)"
        ),
    ] {
        // One for each thread of the engine.
        let both = tokio::join!(engine.query(&sql), engine.query(&sql));
        assert!(
            matches!(both, (Err(Error::Time(_)), Err(Error::Time(_)))),
            "{sql}: {both:?}"
        );
        let other = in_pieces(&engine, "SELECT 1").await;
        assert_eq!(other, Ok(vec![1]), "{sql}");
    }
}

/// How many rows each piece of an answer has.
async fn in_pieces(engine: &Engine, sql: &str) -> warehouse::Result<Vec<usize>> {
    let statement = Statement::new(sql, Duration::from_secs(20));
    let mut rows = engine.stream(&statement).await?;
    let mut pieces = Vec::new();
    while let Some(piece) = rows.next().await {
        pieces.push(piece?.len());
    }
    Ok(pieces)
}

#[tokio::test]
async fn a_large_query_ends_at_the_limit_of_memory_or_spills() {
    let engine = Engine::with_limits(Limits {
        memory: 8 * 1024 * 1024,
        spill: 0,
        ..Limits::default()
    })
    .unwrap();
    let answer = "SELECT a.value FROM generate_series(1, 2000000) a";
    let large = engine.query(answer).await;
    assert!(
        matches!(large, Err(Error::Memory(_))),
        "{:?}",
        large.map(|rows| rows.rows.len())
    );
    let long = "SELECT repeat('x', 1000000 + value - value) FROM generate_series(1, 20)";
    let large = in_pieces(&engine, long).await;
    assert!(
        matches!(large, Err(warehouse::Error::Memory(_))),
        "{large:?}"
    );
    let pieces = in_pieces(&engine, "SELECT value FROM generate_series(1, 2000)").await;
    let pieces = pieces.unwrap();
    assert_eq!(pieces.iter().sum::<usize>(), 2000);
    assert!(pieces.iter().all(|rows| *rows <= 512), "{pieces:?}");
    let groups = "SELECT COUNT(*) FROM (SELECT value, COUNT(*) FROM (SELECT value * 7919 % 2000003 AS value FROM generate_series(1, 2000000)) s GROUP BY value) q";
    let large = engine.query(groups).await;
    assert!(matches!(large, Err(Error::Memory(_))), "{large:?}");

    let spilling = Engine::with_limits(Limits {
        memory: 32 * 1024 * 1024,
        ..Limits::default()
    })
    .unwrap();
    let sorted = "SELECT MAX(r) FROM (SELECT ROW_NUMBER() OVER (ORDER BY value DESC) r FROM generate_series(1, 1000000)) q";
    assert_eq!(
        spilling.query(sorted).await.unwrap().rows,
        [[json!(1_000_000)]]
    );
}

#[tokio::test]
async fn lists_are_not_made_of_a_number() {
    for sql in [
        "SELECT range(1, 9223372036854775807)",
        "SELECT generate_series(1, 9223372036854775807)",
        "SELECT array_resize(ARRAY[1], 2000000000, 1)",
        "SELECT list_resize(ARRAY[1], 2000000000, 1)",
        "SELECT array_repeat(1, 2000000000)",
        "SELECT list_repeat(1, 2000000000)",
        "SELECT levenshtein(repeat('a', 256), 'b')",
    ] {
        let answer = engine().query(sql).await;
        assert!(matches!(answer, Err(Error::Query(_))), "{sql}: {answer:?}");
    }
    let near = engine().query("SELECT levenshtein('kitten', 'sitting')");
    assert_eq!(near.await.unwrap().rows, [[json!(3)]]);
}

/// A column `t` to which a step was applied so many times.
fn repeated(first: &str, step: &str, times: usize) -> String {
    let mut sql = format!("SELECT {first} AS t FROM generate_series(1001, 1003)");
    for _ in 0..times {
        sql = format!("SELECT {step} AS t FROM ({sql}) AS q");
    }
    sql
}

async fn is_too_long(sql: &str) {
    let answer = engine().query(sql).await;
    assert!(matches!(answer, Err(Error::Query(_))), "{sql}: {answer:?}");
    let said = answer.unwrap_err().to_string();
    assert!(said.contains("may make a"), "{sql}: {said}");
}

#[tokio::test]
async fn texts_and_lists_are_not_doubled_for_ever() {
    let text = "repeat('a', value)";
    for (first, step, length) in [
        (text, "replace(t, 'a', 'aa')", "length(t)"),
        (text, "regexp_replace(t, 'a', 'aa', 'g')", "length(t)"),
        (text, "regexp_replace(t, '(.*)', '\\1\\1')", "length(t)"),
        (text, "concat(t, t)", "length(t)"),
        (text, "t || t", "length(t)"),
        (text, "concat_ws('', t, t)", "length(t)"),
        (text, "array_to_string(ARRAY[t, t], '')", "length(t)"),
        (text, "overlay(t placing t from 1 for 0)", "length(t)"),
        ("ARRAY[value]", "array_concat(t, t)", "array_length(t)"),
        ("ARRAY[value]", "t || t", "array_length(t)"),
    ] {
        let few = repeated(first, step, 2);
        let sql = format!("SELECT {length} FROM ({few}) AS q");
        let rows = json!(engine().query(&sql).await.unwrap().rows);
        let expected = if first == text {
            json!([[4004], [4008], [4012]])
        } else {
            json!([[4], [4], [4]])
        };
        assert_eq!(rows, expected, "{step}");
        let many = repeated(first, step, 24);
        is_too_long(&format!("SELECT {length} FROM ({many}) AS q")).await;
    }
}

#[tokio::test]
async fn a_text_that_would_be_long_at_once_is_not_made() {
    for sql in [
        "SELECT replace(repeat('a', value), 'a', repeat('b', 60000)) FROM generate_series(1000000, 1000001)",
        "SELECT regexp_replace(repeat('a', value), 'a', repeat('b', 60000), 'g') FROM generate_series(1000000, 1000001)",
        "SELECT regexp_replace(repeat('a', value), '(.*)', repeat('\\1', 30000)) FROM generate_series(1000000, 1000001)",
        "SELECT array_to_string(string_to_array(repeat(',', value), ','), repeat('x', 60000)) FROM generate_series(1000000, 1000001)",
        "SELECT array_replace_all(string_to_array(repeat(',', value), ','), '', repeat('x', 60000)) FROM generate_series(1000000, 1000001)",
        "SELECT concat(value, repeat('x', 60000), repeat('y', 60000)) FROM generate_series(1, 1024)",
        "SELECT string_agg(repeat('x', 1000), ',') FROM generate_series(1, 2000)",
        "SELECT \"string_agg\"(repeat('x', 1000), ',') FROM generate_series(1, 2000)",
        "SELECT repeat('x', 100000) FROM generate_series(1, 2)",
        "SELECT replace(repeat('x', 60000), 'x', 'xx')",
    ] {
        is_too_long(sql).await;
    }
    let constant = engine().query("SELECT length(repeat('x', 1000000))").await;
    let said = constant.unwrap_err().to_string();
    let expected = "repeat may make a text of 64 KB of constants, and 64 MB at a time";
    assert!(said.contains(expected), "{said}");
    let running =
        "SELECT string_agg(value::text, ',') OVER (ORDER BY value) FROM generate_series(1, 9)";
    let running = engine().query(running).await;
    assert!(matches!(running, Err(Error::Query(_))), "{running:?}");
}

#[tokio::test]
async fn long_texts_of_many_rows_are_made_piece_by_piece() {
    let sql = "SELECT SUM(length(t)), COUNT(DISTINCT t), MIN(t) FROM \
        (SELECT replace(value || repeat('a', 5000) || repeat('c', 5000), 'a', 'bbbbbbb') AS t \
         FROM generate_series(1000, 2023)) AS q";
    let answer = engine().query(sql).await.unwrap();
    let (length, first) = (
        4 + 7 * 5000 + 5000,
        format!("1000{}{}", "b".repeat(7 * 5000), "c".repeat(5000)),
    );
    assert_eq!(json!(answer.rows), json!([[1024 * length, 1024, first]]));
    let gathered = "SELECT string_agg(value::text, ',' ORDER BY value), array_agg(value ORDER BY value) \
        FROM generate_series(1, 3)";
    assert_eq!(
        json!(engine().query(gathered).await.unwrap().rows),
        json!([["1,2,3", [1, 2, 3]]])
    );
    // One element of a list is found without the list.
    let second = "SELECT (array_agg(value))[2] FROM generate_series(1, 2200000)";
    assert_eq!(
        json!(engine().query(second).await.unwrap().rows),
        json!([[2]])
    );
}

/// Queries that have one text of that length in 2,000 rows, and add up the lengths.
fn repeating(bytes: usize) -> [String; 7] {
    let one = format!(
        "SELECT value - 1 AS k, repeat('x', {bytes} + value - value) AS t FROM generate_series(1, 1)"
    );
    let first = format!(
        "SELECT value, repeat('x', CASE WHEN value = 1 THEN {bytes} ELSE value - value + 1 END) AS t \
         FROM generate_series(1, 2000)"
    );
    let length = "SELECT SUM(length(t)) FROM";
    let many = "generate_series(1, 2000) AS b";
    [
        format!("{length} ({one}) AS a CROSS JOIN {many}"),
        format!("{length} ({one}) AS a JOIN {many} ON a.k = b.value - b.value"),
        format!("{length} {many} LEFT JOIN ({one}) AS a ON a.k = b.value - b.value"),
        format!("{length} ({one}) AS a JOIN {many} ON a.k < b.value"),
        format!(
            "{length} (SELECT first_value(t) OVER (ORDER BY value) AS t FROM ({first}) AS q) AS w"
        ),
        format!("{length} (SELECT MAX(t) OVER () AS t FROM ({first}) AS q) AS w"),
        format!(
            "{length} (SELECT t, unnest(string_to_array(repeat(',', 1999), ',')) AS item FROM ({one}) AS a) AS u"
        ),
    ]
}

#[tokio::test]
async fn a_text_that_is_repeated_counts_for_each_row() {
    for sql in repeating(1_000) {
        let answer = engine().query(&sql).await.unwrap();
        assert_eq!(json!(answer.rows), json!([[2_000_000]]), "{sql}");
    }
    for sql in repeating(1_000_000) {
        let answer = engine().query(&sql).await;
        assert!(matches!(answer, Err(Error::Memory(_))), "{sql}: {answer:?}");
    }
}

#[tokio::test]
async fn a_long_text_of_a_file_is_read_and_not_repeated_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("id,t\n1,{}\n", "x".repeat(3_000_000));
    std::fs::write(folder.path().join("wide.csv"), text).unwrap();
    let engine = Engine::new().unwrap();
    engine.folder("shop", folder.path()).await.unwrap();

    let alone = engine.query("SELECT length(t) FROM shop.wide").await;
    assert_eq!(json!(alone.unwrap().rows), json!([[3_000_000]]));
    let joined = |rows: usize| {
        format!("SELECT SUM(length(t)) FROM shop.wide CROSS JOIN generate_series(1, {rows}) AS b")
    };
    let few = engine.query(&joined(3)).await.unwrap();
    assert_eq!(json!(few.rows), json!([[9_000_000]]));
    let many = engine.query(&joined(2_000)).await;
    assert!(matches!(many, Err(Error::Memory(_))), "{many:?}");
    let value = "SELECT (SELECT MAX(t) FROM shop.wide) AS t FROM generate_series(1, 2000)";
    let value = engine.query(value).await;
    assert!(
        matches!(&value, Err(Error::Query(said)) if said.contains("may make a text of 64 KB")),
        "{:?}",
        value.map(|rows| rows.rows.len())
    );
}

#[tokio::test]
async fn the_value_of_a_subquery_counts_for_each_row() {
    let sum = |values: usize, length: usize| {
        let value = |at: usize| {
            let length = length + at;
            format!(
                "length((SELECT MAX(repeat('x', {length} + value - value)) FROM generate_series(1, 2)))"
            )
        };
        let values: Vec<_> = (0..values).map(value).collect();
        let values = values.join(" + ");
        format!("SELECT SUM({values}) FROM generate_series(1, 2000)")
    };
    let engine = Engine::new().unwrap();
    let short = engine.query(&sum(1, 1_000)).await.unwrap();
    assert_eq!(json!(short.rows), json!([[2_000_000]]));
    is_too_long(&sum(1, 70_000)).await;
    let many = engine.query(&sum(5, 60_000)).await;
    assert!(matches!(many, Err(Error::Memory(_))), "{many:?}");
    // A list may be longer, if there is room.
    let list = |items: usize| {
        format!("SELECT array_length((SELECT array_agg(value) FROM generate_series(1, {items})))")
    };
    let short = engine.query(&list(5_000)).await.unwrap();
    assert_eq!(json!(short.rows), json!([[5_000]]));
    let long = engine.query(&list(50_000)).await;
    assert!(matches!(long, Err(Error::Memory(_))), "{long:?}");
}

#[tokio::test]
async fn what_the_engine_cannot_do_is_said_without_its_insides() {
    let sql = "SELECT substring('abc' from '(')";
    let said = engine().query(sql).await.unwrap_err().to_string();
    for inside in ["DataFusion", "Internal error", "substr'"] {
        assert!(!said.contains(inside), "{said}");
    }
}

#[tokio::test]
async fn the_rows_of_a_window_count() {
    let engine = Engine::with_limits(Limits {
        memory: 8 * 1024 * 1024,
        spill: 0,
        ..Limits::default()
    })
    .unwrap();
    let sum = |rows: usize| {
        format!(
            "SELECT COUNT(s) FROM (SELECT SUM(value) OVER () AS s FROM generate_series(1, {rows})) AS q"
        )
    };
    let few = engine.query(&sum(2_000)).await.unwrap();
    assert_eq!(few.rows, [[json!(2_000)]]);
    let many = engine.query(&sum(2_000_000)).await;
    assert!(matches!(many, Err(Error::Memory(_))), "{many:?}");
    // One that goes from row to row holds only some.
    let running = "SELECT MAX(s) FROM (SELECT SUM(value) OVER (ROWS UNBOUNDED PRECEDING) AS s \
        FROM generate_series(1, 400000)) AS q";
    let running = engine.query(running).await;
    assert!(running.is_ok(), "{running:?}");
}

#[tokio::test]
async fn a_deep_query_is_answered_or_refused() {
    let chain = |length: usize| {
        format!(
            "SELECT COUNT(*) FROM jaffle.orders WHERE {}",
            vec!["order_id = 1"; length].join(" OR ")
        )
    };
    assert_eq!(
        engine().query(&chain(2_000)).await.unwrap().rows,
        [[json!(1)]]
    );
    let too_long = engine().query(&chain(100_000)).await;
    assert!(matches!(too_long, Err(Error::Query(_))), "{too_long:?}");
    let brackets = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(matches!(
        engine().query(&brackets).await,
        Err(Error::Query(_))
    ));
    let values: Vec<_> = (0..20_000).map(|value| value.to_string()).collect();
    let list = format!(
        "SELECT COUNT(*) FROM jaffle.orders WHERE order_id IN ({})",
        values.join(",")
    );
    assert_eq!(engine().query(&list).await.unwrap().rows, [[json!(12)]]);
}

#[tokio::test]
async fn calls_and_operators_within_each_other_have_an_end() {
    let calls = |depth: usize| format!("SELECT {}1{}", "abs(".repeat(depth), ")".repeat(depth));
    let sum = |terms: usize| format!("SELECT {}", vec!["1"; terms].join(" + "));
    let casts = |count: usize| format!("SELECT 1{}", "::int".repeat(count));
    assert_eq!(engine().query(&calls(12)).await.unwrap().rows, [[json!(1)]]);
    assert_eq!(engine().query(&sum(60)).await.unwrap().rows, [[json!(60)]]);
    assert_eq!(engine().query(&casts(60)).await.unwrap().rows, [[json!(1)]]);
    // In one branch after another they may be as many as there are.
    let wide = format!(
        "SELECT {}",
        vec![calls(8).replace("SELECT ", ""); 40].join(", ")
    );
    assert_eq!(
        engine().query(&named(&wide)).await.unwrap().rows[0].len(),
        40
    );
    for sql in [calls(40), sum(600), casts(500)] {
        let refused = engine().query(&sql).await;
        assert!(
            matches!(&refused, Err(Error::Query(text)) if text.contains("within each other")),
            "{refused:?}"
        );
    }
}

/// Names for the columns of a list.
fn named(sql: &str) -> String {
    let mut at = 0;
    let columns = sql.split(", ").map(|column| {
        at += 1;
        format!("{column} AS c{at}")
    });
    columns.collect::<Vec<_>>().join(", ")
}
