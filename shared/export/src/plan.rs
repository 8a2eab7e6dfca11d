//! Which columns a file has, in which order, with which headers.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use warehouse::{Column, Type};

use crate::time::{Interval, Style};

/// How a column's values are shown.
pub trait Show: Send + Sync {
    /// Appends the value as people read it. Never called with `null`, arrays and objects.
    fn write(&self, value: &Value, out: &mut String);

    /// The number format of spreadsheets that shows the same, if there is one: `#,##0.00`.
    fn expression(&self) -> Option<String>;

    /// Whether no number format shows the same, so that spreadsheets get the text instead of the number.
    fn only_text(&self) -> bool {
        false
    }
}

/// What a file is to hold, in the wire's own shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// Values as they are instead of as they are shown.
    pub only_raw: bool,
    /// Headers begin with the label of the table.
    pub show_table_names: bool,
    /// Headers by the name of the column; an empty one counts as none.
    pub custom_labels: BTreeMap<String, String>,
    /// Names of the columns that come first, in this order; the others follow in the order of the answer.
    pub column_order: Vec<String>,
    /// Names of the columns that are left out.
    pub hidden_fields: Vec<String>,
}

/// What is known of a column beyond what the warehouse says.
pub struct Item {
    pub label: String,
    /// Fields of tables have one; calculations do not.
    pub table_label: Option<String>,
    /// What its values are where the field knows better: a timestamp that is truncated to months is a date.
    pub kind: Option<Type>,
    pub interval: Option<Interval>,
    pub role: Role,
    pub show: Option<Box<dyn Show>>,
}

/// What a column is when rows are turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Dimension,
    /// A metric or a calculation; `sums` if a sum of its values means something (counts and sums do; averages and percents do not).
    Value {
        sums: bool,
    },
}

impl Options {
    fn custom_label(&self, name: &str) -> Option<&String> {
        self.custom_labels.get(name).filter(|one| !one.is_empty())
    }
}

impl Item {
    /// A column of which nothing more than a label is known.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            table_label: None,
            kind: None,
            interval: None,
            role: Role::Dimension,
            show: None,
        }
    }

    fn with_table(&self) -> Option<String> {
        let table = self.table_label.as_ref()?;
        Some(format!("{table} {}", self.label))
    }
}

/// A column of a file.
pub struct ColumnPlan {
    pub(crate) name: String,
    /// Where its value is in a row.
    pub(crate) from: usize,
    pub(crate) header: String,
    pub(crate) kind: Type,
    pub(crate) role: Role,
    /// How its dates are written.
    pub(crate) style: Option<Style>,
    /// None if values are written as they are.
    pub(crate) show: Option<Box<dyn Show>>,
    pub(crate) expression: Option<String>,
    /// Spreadsheets get the text that is shown.
    pub(crate) only_text: bool,
}

impl ColumnPlan {
    fn new((from, column, item): Found<'_>, header: String, options: &Options) -> Self {
        let kind = item.kind.unwrap_or(column.r#type);
        let interval = item.interval.filter(|_| !options.only_raw);
        let show = item.show.filter(|_| !options.only_raw);
        Self {
            name: column.name.clone(),
            from,
            header,
            kind,
            role: item.role,
            style: Style::of(kind, interval),
            expression: show.as_ref().and_then(|show| show.expression()),
            only_text: show.as_ref().is_some_and(|show| show.only_text()),
            show,
        }
    }

    /// The first cell of the column.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The column's value in a row; `null` if the row ends before it.
    pub(crate) fn value<'a>(&self, row: &'a [Value]) -> &'a Value {
        row.get(self.from).unwrap_or(&Value::Null)
    }
}

/// What the columns of a file are.
pub struct Plan {
    pub(crate) columns: Vec<ColumnPlan>,
    /// Those that are left out as they are hidden: turned rows that differ only in these are not one row.
    pub(crate) hidden: Vec<ColumnPlan>,
    /// CSV begins with a byte-order mark, by which spreadsheets know that it is UTF-8. On unless switched off.
    pub bom: bool,
}

impl Plan {
    /// The columns in order.
    pub fn columns(&self) -> &[ColumnPlan] {
        &self.columns
    }
}

/// Plans a file of an answer's columns.
///
/// A column is left out if it is hidden or if there is no item for it. Those in `column_order` come first (its first mention counts),
/// the rest follow as they are. The header is the custom label, else `<table label> <label>` if table names are shown, else the label.
/// Headers that would be equal are told apart: by the label of the table in front, else by the name of the column behind, else by a
/// number; custom labels stay as they are.
pub fn plan(
    columns: &[Column],
    mut item: impl FnMut(&str) -> Option<Item>,
    options: &Options,
) -> Plan {
    let mut order: HashMap<&str, usize> = HashMap::new();
    for (at, name) in options.column_order.iter().enumerate() {
        order.entry(name).or_insert(at);
    }
    let mut found: Vec<Found<'_>> = columns
        .iter()
        .enumerate()
        .filter_map(|(from, column)| Some((from, column, item(&column.name)?)))
        .collect();
    found.sort_by_key(|(_, column, _)| {
        order
            .get(column.name.as_str())
            .copied()
            .unwrap_or(usize::MAX)
    });
    let (hidden, shown): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|(_, column, _)| options.hidden_fields.contains(&column.name));
    Plan {
        columns: planned(shown, options),
        hidden: planned(hidden, options),
        bom: true,
    }
}

/// Where a column is, and what is known of it.
type Found<'a> = (usize, &'a Column, Item);

fn planned(found: Vec<Found<'_>>, options: &Options) -> Vec<ColumnPlan> {
    let headers = headers(&found, options);
    let each = found.into_iter().zip(headers);
    each.map(|(found, header)| ColumnPlan::new(found, header, options))
        .collect()
}

/// The headers of columns, none like another but where custom labels are equal.
fn headers(columns: &[Found<'_>], options: &Options) -> Vec<String> {
    let header = |(_, column, item): &Found<'_>| match options.custom_label(&column.name) {
        Some(custom) => custom.clone(),
        None => item
            .with_table()
            .filter(|_| options.show_table_names)
            .unwrap_or_else(|| item.label.clone()),
    };
    let mut headers: Vec<String> = columns.iter().map(header).collect();
    tell_apart(&mut headers, columns, options, |item, _, _| {
        item.with_table()
    });
    tell_apart(&mut headers, columns, options, |item, name, header| {
        (item.label != name).then(|| format!("{header} ({name})"))
    });
    number(&mut headers, columns, options);
    headers
}

/// Replaces each header that is not the only one of its kind by a fuller one, if there is one.
fn tell_apart(
    headers: &mut [String],
    columns: &[Found<'_>],
    options: &Options,
    fuller: impl Fn(&Item, &str, &str) -> Option<String>,
) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for header in headers.iter() {
        *times.entry(header.clone()).or_default() += 1;
    }
    for (header, (_, column, item)) in headers.iter_mut().zip(columns) {
        let several = times.get(header).is_some_and(|times| *times > 1);
        if several
            && options.custom_label(&column.name).is_none()
            && let Some(fuller) = fuller(item, &column.name, header)
        {
            *header = fuller;
        }
    }
}

/// Numbers what is still equal, from the second on.
fn number(headers: &mut [String], columns: &[Found<'_>], options: &Options) {
    let is_custom = |column: &Column| options.custom_label(&column.name).is_some();
    let mut taken: HashSet<String> = HashSet::new();
    for (header, (_, column, _)) in headers.iter().zip(columns) {
        if is_custom(column) {
            taken.insert(header.clone());
        }
    }
    let mut last: HashMap<String, usize> = HashMap::new();
    for (header, (_, column, _)) in headers.iter_mut().zip(columns) {
        if is_custom(column) || taken.insert(header.clone()) {
            continue;
        }
        let number = last.entry(header.clone()).or_insert(1);
        *header = loop {
            *number += 1;
            let numbered = format!("{header} ({number})");
            if taken.insert(numbered.clone()) {
                break numbered;
            }
        };
    }
}
