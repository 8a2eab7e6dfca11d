//! What the engine's optimizer must not do.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use datafusion::parquet::arrow::ArrowWriter;
use serde_json::json;
use warehouse::embedded::Engine;
use warehouse::embedded::arrow::array::{ArrayRef, Float32Array, Int64Array};
use warehouse::embedded::arrow::record_batch::RecordBatch;
use warehouse::{Statement, Warehouse};

#[tokio::test]
async fn a_filter_of_one_table_is_not_applied_to_another_ones_column_of_the_same_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut orders = "id,shop_id,status\n".to_owned();
    for at in 0..40 {
        writeln!(orders, "{at},{},done", at % 5 + 1).unwrap();
    }
    let mut shops = "id,status,weight\n".to_owned();
    for at in 1..=8 {
        writeln!(shops, "{at},new,{}", at * 10).unwrap();
    }
    for (name, text) in [("orders.csv", orders), ("shops.csv", shops)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let engine = Engine::new().unwrap();
    engine.folder("shop", folder.path()).await.unwrap();
    // Shops 6 to 8 have no orders; 2 to 5 have eight each.
    for (filter, count) in [
        ("orders.status IS NULL", 3),
        ("(orders.status <> 'new' OR orders.status IS NULL)", 35),
    ] {
        let sql = format!(
            "SELECT shops.status, COUNT(*) FROM shop.orders AS orders RIGHT JOIN shop.shops AS shops \
             ON orders.shop_id = shops.id WHERE {filter} AND shops.weight > 10 GROUP BY 1"
        );
        let answer = engine.query(&sql).await.unwrap();
        assert_eq!(answer.rows, [[json!("new"), json!(count)]], "{sql}");
    }
}

#[tokio::test]
async fn columns_without_a_name_are_called_as_in_postgresql() {
    let engine = Engine::new().unwrap();
    let names = async |sql: &str| -> Vec<String> {
        let answer = engine.query(sql).await.unwrap();
        let columns = answer.columns.into_iter();
        columns.map(|column| column.name).collect()
    };
    let sql = "SELECT 1, 'x', COUNT(*), upper('a'), n, n::text, CASE WHEN n = 1 THEN 2 END, 7 AS named, 2 AS \"?column?_2\" \
               FROM (SELECT 1 AS n) AS one GROUP BY n";
    let expected = [
        "?column?",
        "?column?_3",
        "count",
        "upper",
        "n",
        "n_2",
        "case",
        "named",
        "?column?_2",
    ];
    assert_eq!(names(sql).await, expected);
    // Given names come again as well: in small letters, unless they are quoted.
    let sql = "SELECT SUM(n) AS x, MIN(n) AS X, n, n, COUNT(*) AS \"X\", one.n, 7 AS x_2 FROM (SELECT 1 AS n) AS one GROUP BY n";
    let expected = ["x", "x_3", "n", "n_2", "X", "n_3", "x_2"];
    assert_eq!(names(sql).await, expected);
    let sql = "SELECT one.n, MAX(one.n) AS n FROM (SELECT 1 AS n) AS one GROUP BY one.n";
    assert_eq!(names(sql).await, ["n", "n_2"]);
    // The first one keeps its name, whether it was given or not.
    let sql = "SELECT N::text, n, one.n::text FROM (SELECT 1 AS n) AS one";
    let answer = engine.query(sql).await.unwrap();
    assert_eq!(names(sql).await, ["n", "n_2", "n_3"]);
    assert_eq!(answer.rows, [[json!("1"), json!(1), json!("1")]]);
    // What is in another query can be named by it, and an order may repeat the expression.
    let sql = "SELECT count FROM (SELECT count(*) FROM (SELECT 1 AS n) AS one) AS counted";
    assert_eq!(names(sql).await, ["count"]);
    let sql = "SELECT lower(n) FROM (SELECT 'B' AS n UNION ALL SELECT 'a') AS two GROUP BY lower(n) ORDER BY lower(n)";
    let answer = engine.query(sql).await.unwrap();
    assert_eq!(answer.rows, [[json!("a")], [json!("b")]]);
}

#[tokio::test]
async fn columns_of_several_tables_that_share_a_name_are_told_apart() {
    let engine = Engine::new().unwrap();
    let sql =
        "SELECT a.n, b.n, b.m FROM (SELECT 1 AS n) AS a, (SELECT 2 AS n, 3 AS m) AS b ORDER BY b.n";
    for sql in [
        sql,
        "SELECT a.*, b.* FROM (SELECT 1 AS n) AS a, (SELECT 2 AS n, 3 AS m) AS b",
    ] {
        let statement = Statement::new(sql, Duration::from_secs(60));
        let answer = engine.stream(&statement).await.unwrap();
        let rows = answer.collect().await.unwrap();
        let names: Vec<_> = rows.columns.iter().map(|column| &column.name).collect();
        assert_eq!(names, ["n", "n_2", "m"], "{sql}");
        assert_eq!(rows.rows, [[json!(1), json!(2), json!(3)]], "{sql}");
    }
}

#[tokio::test]
async fn columns_of_several_tables_have_the_same_names_within_a_query() {
    let engine = Engine::new().unwrap();
    let both = "SELECT a.n, b.n FROM (SELECT 1 AS n) AS a, (SELECT 2 AS n) AS b ORDER BY b.n";
    for sql in [
        format!("SELECT * FROM ({both}) AS q"),
        format!("SELECT q.n, q.n_2 FROM ({both}) AS q"),
        format!("WITH q AS ({both}) SELECT n, n_2 FROM q"),
    ] {
        let answer = engine.query(&sql).await.unwrap();
        let names: Vec<_> = answer.columns.iter().map(|column| &column.name).collect();
        assert_eq!(names, ["n", "n_2"], "{sql}");
        assert_eq!(answer.rows, [[json!(1), json!(2)]], "{sql}");
    }
}

#[tokio::test]
async fn a_sum_beside_what_is_counted_once_has_its_type() {
    let engine = Engine::new().unwrap();
    let sql = "SELECT SUM(n), COUNT(DISTINCT n), MIN(n) FROM (SELECT 1::int AS n UNION ALL SELECT 2 UNION ALL SELECT 2) AS q";
    let answer = engine.query(sql).await.unwrap();
    assert_eq!(answer.rows, [[json!(5), json!(2), json!(1)]]);
}

#[tokio::test]
async fn doubles_of_a_file_are_compared_as_doubles() {
    let folder = tempfile::tempdir().unwrap();
    let prices =
        "n,price\n1,20000000000000000.5\n2,0.00000000000000001\n3,0.3\n4,0.30000000000000004\n";
    std::fs::write(folder.path().join("prices.csv"), prices).unwrap();
    let engine = Engine::new().unwrap();
    engine.folder("shop", folder.path()).await.unwrap();
    for (filter, expected) in [
        ("price > 0.0", json!([[1], [2], [3], [4]])),
        ("price = 0.3", json!([[3]])),
        ("price IN (0.3, 0.5)", json!([[3]])),
        ("price BETWEEN 0.1 AND 0.3", json!([[3]])),
        ("COALESCE(price, 0.5) > 1.5", json!([[1]])),
    ] {
        let sql = format!("SELECT n FROM shop.prices WHERE {filter} ORDER BY n");
        let answer = engine.query(&sql).await.unwrap();
        assert_eq!(json!(answer.rows), expected, "{filter}");
    }
}

#[tokio::test]
async fn reals_of_a_file_are_compared_as_doubles_and_in_lists_as_reals() {
    let reals = Float32Array::from(vec![0.1, 0.2, 3.3, 16_777_216.0]);
    let columns: [(&str, ArrayRef); 2] = [
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ("f4", Arc::new(reals)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("reals.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let engine = Engine::new().unwrap();
    engine.folder("shop", folder.path()).await.unwrap();
    for (filter, expected) in [
        ("f4 IN (0.1, 0.2, 3.3)", json!([[1], [2], [3]])),
        ("f4 IN (0.1)", json!([])),
        ("f4 = 0.1", json!([])),
        ("f4 = 0.1::real", json!([[1]])),
        ("f4 > 0.1 AND f4 < 1", json!([[1], [2]])),
        ("f4 = 16777217", json!([])),
        ("f4 = 16777216", json!([[4]])),
        ("f4 IN (16777217, 1)", json!([[4]])),
    ] {
        let sql = format!("SELECT n FROM shop.reals WHERE {filter} ORDER BY n");
        let answer = engine.query(&sql).await.unwrap();
        assert_eq!(json!(answer.rows), expected, "{filter}");
    }
    let sql = "SELECT f4, NULLIF(f4, 3.3), f4 + 1 FROM shop.reals WHERE n > 2 ORDER BY n";
    assert_eq!(
        json!(engine.query(sql).await.unwrap().rows),
        json!([
            [3.3, 3.3, 4.299_999_952_316_284],
            [16_777_216.0, 16_777_216.0, 16_777_217.0]
        ])
    );
}
