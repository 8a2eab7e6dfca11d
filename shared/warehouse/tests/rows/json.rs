//! JSON files as tables.

use serde_json::json;
use warehouse::embedded::{Engine, Error};
use warehouse::{Column, Type};

/// An engine over files with these names and texts, and the tables that it made.
async fn engine(files: &[(&str, &str)]) -> (Engine, Vec<String>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let engine = Engine::new().unwrap();
    let tables = engine.folder("shop", folder.path()).await.unwrap();
    (engine, tables, folder)
}

fn columns(of: &[(&str, Type)]) -> Vec<Column> {
    let column = |(name, r#type): &(&str, Type)| Column {
        name: (*name).to_owned(),
        r#type: *r#type,
    };
    of.iter().map(column).collect()
}

const LINES: &str = r#"{"id": 1, "name": "North", "opened": "2024-02-29", "since": "2024-02-29T12:00:00", "ratio": 0.5, "is_open": true}
{"id": 2, "name": null}

{"id": 3, "name": "Süd \"3\"", "ratio": 2, "is_open": false, "opened": "1969-12-31"}
"#;

const ARRAY: &str = r#"[
  {
    "id": 1, "name": "North", "opened": "2024-02-29",
    "since": "2024-02-29T12:00:00", "ratio": 0.5, "is_open": true
  },
  { "id": 2 },
  { "id": 3, "name": "Süd \"3\"", "ratio": 2.0, "is_open": false, "opened": "1969-12-31" }
]"#;

#[tokio::test]
async fn records_on_lines_and_in_an_array_are_the_same_table() {
    let files = [
        ("a.json", LINES),
        ("b.jsonl", LINES),
        ("c.ndjson", LINES),
        ("d.json", ARRAY),
    ];
    let (engine, tables, _folder) = engine(&files).await;
    assert_eq!(tables, ["a", "b", "c", "d"]);
    for table in tables {
        let sql = format!("SELECT * FROM shop.{table} ORDER BY id");
        let rows = engine.query(&sql).await.unwrap();
        assert_eq!(
            rows.columns,
            columns(&[
                ("id", Type::Integer),
                ("is_open", Type::Boolean),
                ("name", Type::Text),
                ("opened", Type::Date),
                ("ratio", Type::Double),
                ("since", Type::Timestamp),
            ]),
            "{table}"
        );
        assert_eq!(
            json!(rows.rows),
            json!([
                [1, true, "North", "2024-02-29", 0.5, "2024-02-29T12:00:00Z"],
                [2, null, null, null, null, null],
                [3, false, "Süd \"3\"", "1969-12-31", 2.0, null]
            ]),
            "{table}"
        );
        let sql = format!(
            "SELECT COUNT(*), SUM(ratio), MAX(DATE_TRUNC('month', opened)) FROM shop.{table} WHERE is_open"
        );
        assert_eq!(
            json!(engine.query(&sql).await.unwrap().rows),
            json!([[1, 0.5, "2024-02-01T00:00:00Z"]]),
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_late_fraction_is_not_cut_off() {
    let mut text = "{\"n\": 1}\n".repeat(20_000);
    text.push_str("{\"n\": 1.5}\n");
    let (engine, _, _folder) = engine(&[("numbers.json", text.as_str())]).await;
    let sum = engine.query("SELECT SUM(n), COUNT(*) FROM shop.numbers");
    assert_eq!(json!(sum.await.unwrap().rows), json!([[20001.5, 20001]]));
}

#[tokio::test]
async fn lists_and_objects_come_out_as_json() {
    let text = r#"{"id": 1, "tags": ["a", null, "b"], "place": {"city": "Köln", "at": "2024-02-29T12:00:00Z", "deep": [[1], []]}}
{"id": 2, "tags": [], "place": {"city": null}}
{"id": 3}"#;
    let (engine, _, _folder) = engine(&[("stores.ndjson", text)]).await;
    let rows = engine
        .query("SELECT id, place, tags FROM shop.stores ORDER BY id")
        .await
        .unwrap();
    assert_eq!(
        rows.columns,
        columns(&[
            ("id", Type::Integer),
            ("place", Type::Json),
            ("tags", Type::Json),
        ])
    );
    assert_eq!(
        json!(rows.rows),
        json!([
            [
                1,
                {"at": "2024-02-29T12:00:00Z", "city": "Köln", "deep": [[1], []]},
                ["a", null, "b"]
            ],
            [2, {"at": null, "city": null, "deep": null}, []],
            [3, null, null]
        ])
    );
    let parts = engine
        .query("SELECT place['city'], tags[1] FROM shop.stores ORDER BY id")
        .await
        .unwrap();
    assert_eq!(
        json!(parts.rows),
        json!([["Köln", "a"], [null, null], [null, null]])
    );
    let made = engine.query("SELECT ARRAY[1.50, 2.00], make_array(make_array(DATE '2024-02-29'))");
    let made = made.await.unwrap();
    assert_eq!(made.columns[0].r#type, Type::Json);
    assert_eq!(
        json!(made.rows),
        json!([[["1.50", "2.00"], [["2024-02-29"]]]])
    );
}

#[tokio::test]
async fn a_broken_file_fails_its_own_queries_only() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200));
    let files = [
        ("good.json", "{\"id\": 1}"),
        ("empty.json", ""),
        ("none.json", "[]"),
        ("half.json", "{\"id\": 1}\n{\"id\": 2"),
        ("open.json", "[{\"id\": 1}"),
        ("mixed.json", "{\"id\": 1}\n{\"id\": \"one\"}"),
        ("numbers.json", "[1, 2]"),
        ("text.jsonl", "not JSON"),
        ("deep.ndjson", deep.as_str()),
    ];
    let (engine, tables, folder) = engine(&files).await;
    assert_eq!(tables, ["good"]);
    let good = engine.query("SELECT * FROM shop.good").await.unwrap();
    assert_eq!(json!(good.rows), json!([[1]]));
    let hidden = folder.path().to_str().unwrap().trim_start_matches('/');
    for (table, reason) in [
        ("empty", "empty.json: no record has a field"),
        ("none", "none.json: no record has a field"),
        ("half", "half.json: record 2: EOF"),
        ("open", "open.json: the array has no end"),
        (
            "mixed",
            "mixed.json: record 2: id is text, and a number in records before",
        ),
        ("numbers", "numbers.json: record 1: invalid type"),
        ("text", "text.jsonl: record 1: "),
        ("deep", "deep.ndjson: record 1: recursion limit"),
    ] {
        let answer = engine.query(&format!("SELECT * FROM shop.{table}")).await;
        assert!(matches!(answer, Err(Error::Query(_))), "{answer:?}");
        let said = answer.unwrap_err().to_string();
        assert!(said.contains(reason), "{said}");
        assert!(!said.contains(hidden), "{said}");
    }
}
