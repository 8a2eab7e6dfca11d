//! What writing files costs: `cargo bench -p export`.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::io::sink;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use export::{CsvWriter, Item, JsonlWriter, Limits, Options, Plan, Show, XlsxWriter};
use serde_json::{Value, json};
use warehouse::{Column, Row, Type};

const ROWS: usize = 10_000;
const COLUMNS: [(&str, Type); 10] = [
    ("id", Type::Integer),
    ("name", Type::Text),
    ("note", Type::Text),
    ("day", Type::Date),
    ("at", Type::Timestamp),
    ("amount", Type::Decimal),
    ("ratio", Type::Double),
    ("active", Type::Boolean),
    ("count", Type::Integer),
    ("nothing", Type::Text),
];

/// Shows text and numbers as they are.
struct Same;

impl Show for Same {
    fn write(&self, value: &Value, out: &mut String) {
        use std::fmt::Write;
        match value {
            Value::String(text) => out.push_str(text),
            other => write!(out, "{other}").unwrap(),
        }
    }

    fn expression(&self) -> Option<String> {
        None
    }
}

fn columns() -> Vec<Column> {
    let column = |(name, kind): (&str, Type)| Column {
        name: name.to_owned(),
        r#type: kind,
    };
    COLUMNS.map(column).to_vec()
}

fn plan(only_raw: bool) -> Plan {
    let options = Options {
        only_raw,
        ..Options::default()
    };
    let item = |name: &str| Item {
        show: Some(Box::new(Same)),
        ..Item::new(name)
    };
    export::plan(&columns(), |name| Some(item(name)), &options)
}

fn rows() -> Vec<Row> {
    let row = |at: usize| {
        vec![
            json!(at),
            json!(format!("Customer {at}")),
            json!("said \"hello, world\" twice"),
            json!(format!("2024-05-{:02}", at % 28 + 1)),
            json!(format!("2024-05-15T14:35:{:02}.123Z", at % 60)),
            json!(format!("-{at}.50")),
            json!(at as f64 / 7.0),
            json!(at.is_multiple_of(2)),
            json!(at * 31),
            json!(null),
        ]
    };
    (0..ROWS).map(row).collect()
}

fn files(bench: &mut Criterion) {
    let rows = rows();
    let mut group = bench.benchmark_group("rows of ten columns");
    group
        .throughput(Throughput::Elements(ROWS as u64))
        .sample_size(20);
    for (name, only_raw) in [("csv formatted", false), ("csv raw", true)] {
        group.bench_function(name, |bench| {
            let mut writer = CsvWriter::new(sink(), plan(only_raw)).unwrap();
            bench.iter(|| writer.write_rows(black_box(&rows)).unwrap());
        });
    }
    group.bench_function("jsonl", |bench| {
        let mut writer = JsonlWriter::new(sink(), &columns());
        bench.iter(|| writer.write_rows(black_box(&rows)).unwrap());
    });
    group.bench_function("xlsx", |bench| {
        let folder = tempfile::tempdir().unwrap();
        bench.iter(|| {
            let mut writer =
                XlsxWriter::new(folder.path(), plan(false), Limits::default()).unwrap();
            writer.write_rows(black_box(&rows)).unwrap();
            writer.finish(sink()).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, files);
criterion_main!(benches);
