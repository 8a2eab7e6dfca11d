//! Rows in, files out. A case is a row of a table or a test of its own; `columns` and `item` make what warehouses and fields say.

#![allow(clippy::unwrap_used)]

mod comma;
mod names;
mod pivot;
mod plans;
mod sheets;

use export::{CsvWriter, Item, Options, Plan, Role, Show};
use serde_json::Value;
use warehouse::{Column, Row, Type};

/// Puts text around a value, and says that it is `expression`.
struct Around(&'static str, &'static str, Option<&'static str>);

impl Show for Around {
    fn write(&self, value: &Value, out: &mut String) {
        out.push_str(self.0);
        match value {
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
        out.push_str(self.1);
    }

    fn expression(&self) -> Option<String> {
        self.2.map(str::to_owned)
    }
}

fn columns(columns: &[(&str, Type)]) -> Vec<Column> {
    let column = |(name, kind): &(&str, Type)| Column {
        name: (*name).to_owned(),
        r#type: *kind,
    };
    columns.iter().map(column).collect()
}

fn dollars() -> Option<Box<dyn Show>> {
    Some(Box::new(Around("$", "", Some("[$$]#,##0.00"))))
}

fn metric(label: &str, sums: bool) -> Item {
    Item {
        role: Role::Value { sums },
        show: dollars(),
        ..Item::new(label)
    }
}

fn raw() -> Options {
    Options {
        only_raw: true,
        ..Options::default()
    }
}

/// A plan of one column, as it is.
fn one(kind: Type, item: impl Fn() -> Item, options: &Options) -> Plan {
    export::plan(&columns(&[("c", kind)]), |_| Some(item()), options)
}

/// The file without its byte-order mark.
fn csv(mut plan: Plan, rows: &[Row]) -> String {
    plan.bom = false;
    let mut writer = CsvWriter::new(Vec::new(), plan).unwrap();
    writer.write_rows(rows).unwrap();
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

/// The only cell below the header `c`, as a reader of CSV sees it.
fn cell(plan: Plan, value: Value) -> String {
    let file = csv(plan, &[vec![value]]);
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let records: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(records.len(), 1, "{file}");
    records[0][0].to_owned()
}
