//! Rows of a turned statement, folded: one row per value of the index, one column per combination of the other values
//! (reference 11 §18).

use std::collections::{BTreeMap, BTreeSet};

use app::{Error, Result};
use semantic::pivot::Pivot;
use serde_json::{Value, json};
use warehouse::{Column, Row, RowStream, Type};

use crate::run::{LARGEST, size};

/// Cells at most of folded rows: every row has every column, however few values the answer has.
const MOST_CELLS: usize = 1_000_000;
/// Folded rows that are handed on at once.
const BATCH: usize = 500;

/// Folded rows, and what their columns are.
pub(crate) struct Folded {
    pub rows: RowStream,
    /// As clients read it beside the rows.
    pub details: Value,
}

/// Folds an answer. Its rows are held, as nobody knows the columns before the last; so they are limited.
///
/// # Errors
/// What stopped the query; `AnswerTooLarge` for more than is held.
pub(crate) async fn fold(mut rows: RowStream, pivot: &Pivot) -> Result<Folded> {
    let groups = pivot.group_by_columns.as_deref().unwrap_or_default();
    if groups.is_empty() {
        let names = pivot.added().values;
        let values = pivot.values_columns.iter().zip(names).map(|(one, name)| {
            json!({ "referenceField": one.reference, "pivotColumnName": name, "aggregation": one.aggregation, "pivotValues": [] })
        });
        let details = details(pivot, values.collect(), None);
        return Ok(Folded { rows, details });
    }
    let places = Places::of(&rows.columns, pivot)?;
    let (mut fold, mut bytes) = (Fold::default(), 0);
    while let Some(batch) = rows.next().await {
        for row in batch? {
            bytes += row.iter().map(size).sum::<usize>();
            fold.add(&places, &row);
            if bytes > LARGEST || fold.cells(&places) > MOST_CELLS {
                return Err(Error::AnswerTooLarge);
            }
        }
    }
    Ok(fold.end(&rows.columns, &places, pivot))
}

fn details(pivot: &Pivot, values: Vec<Value>, total: Option<u64>) -> Value {
    json!({
        "totalColumnCount": total, "indexColumn": pivot.index_column, "valuesColumns": values,
        "groupByColumns": pivot.group_by_columns, "sortBy": pivot.sort_by,
    })
}

/// Where in a row what is.
struct Places {
    index: usize,
    values: Vec<usize>,
    groups: Vec<usize>,
    row: usize,
    column: usize,
    total: usize,
}

impl Places {
    fn of(columns: &[Column], pivot: &Pivot) -> Result<Self> {
        let at = |name: &str| {
            let found = columns.iter().position(|column| column.name == name);
            found.ok_or_else(|| {
                warehouse::Error::query(format!("The answer has no column \"{name}\"")).into()
            })
        };
        let index = pivot
            .index_column
            .as_ref()
            .map(|one| one.reference.as_str());
        let added = pivot.added();
        let values = added.values.iter().map(|name| at(name));
        let groups = pivot.group_by_columns.iter().flatten();
        Ok(Self {
            index: at(index.unwrap_or_default())?,
            values: values.collect::<Result<_>>()?,
            groups: groups
                .map(|one| at(&one.reference))
                .collect::<Result<_>>()?,
            row: at(&added.row)?,
            column: at(&added.column)?,
            total: at(&added.total)?,
        })
    }
}

#[derive(Default)]
struct Fold {
    /// The values that a column stands for, by its number.
    columns: BTreeMap<u64, Vec<Value>>,
    /// Rows by their numbers: the index, and the values by the column's number.
    rows: BTreeMap<u64, (Value, BTreeMap<u64, Vec<Value>>)>,
    total: Option<u64>,
}

fn value(row: &Row, at: usize) -> Value {
    row.get(at).cloned().unwrap_or_default()
}

/// A number, however the warehouse writes it.
fn number(row: &Row, at: usize) -> Option<u64> {
    let value = row.get(at)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

impl Fold {
    fn add(&mut self, places: &Places, row: &Row) {
        let (Some(down), Some(across)) = (number(row, places.row), number(row, places.column))
        else {
            return;
        };
        let all = |places: &[usize]| places.iter().map(|at| value(row, *at)).collect::<Vec<_>>();
        self.columns
            .entry(across)
            .or_insert_with(|| all(&places.groups));
        let (_, cells) = self
            .rows
            .entry(down)
            .or_insert_with(|| (value(row, places.index), BTreeMap::new()));
        cells.insert(across, all(&places.values));
        self.total = self.total.or_else(|| number(row, places.total));
    }

    /// How many cells the folded rows will have, those without a value among them.
    fn cells(&self, places: &Places) -> usize {
        let width = self.columns.len().saturating_mul(places.values.len());
        self.rows.len().saturating_mul(width)
    }

    fn end(self, known: &[Column], places: &Places, pivot: &Pivot) -> Folded {
        let kind = |at: usize| known.get(at).map_or(Type::Text, |column| column.r#type);
        let index = pivot.index_column.as_ref();
        let index = index.map(|one| one.reference.clone()).unwrap_or_default();
        let mut names = BTreeSet::from([index.clone()]);
        let mut columns = vec![Column {
            name: index,
            r#type: kind(places.index),
        }];
        let mut values = Vec::new();
        for (number, of) in &self.columns {
            for (one, at) in pivot.values_columns.iter().zip(&places.values) {
                let texts: Vec<String> = of.iter().map(text).collect();
                let mut name = format!("{}_{}", one.id(), texts.join("_"));
                if !names.insert(name.clone()) {
                    name = format!("{name}_{number}");
                    names.insert(name.clone());
                }
                let groups = pivot.group_by_columns.iter().flatten().zip(of);
                let stands_for: Vec<Value> = groups
                    .map(|(group, value)| json!({ "referenceField": group.reference, "value": value }))
                    .collect();
                values.push(json!({
                    "referenceField": one.reference, "pivotColumnName": name, "aggregation": one.aggregation, "pivotValues": stands_for,
                }));
                columns.push(Column {
                    name,
                    r#type: kind(*at),
                });
            }
        }
        let width = pivot.values_columns.len();
        let numbers: Vec<u64> = self.columns.keys().copied().collect();
        let mut rows = self.rows.into_values().map(move |(index, mut cells)| {
            let mut row = vec![index];
            for number in &numbers {
                let found = cells.remove(number);
                row.extend(found.unwrap_or_else(|| vec![Value::Null; width]));
            }
            row
        });
        // Made as they are read: all of them at once may be much more than what they are made of.
        let batches = std::iter::from_fn(move || {
            let batch: Vec<Row> = rows.by_ref().take(BATCH).collect();
            (!batch.is_empty()).then_some(Ok(batch))
        });
        Folded {
            rows: RowStream::new(columns, futures_util::stream::iter(batches)),
            details: details(pivot, values, self.total),
        }
    }
}

/// A value in the name of a column.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
