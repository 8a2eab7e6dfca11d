//! Rows that a statement of the SQL runner has turned, as its clients read them: a line per value of the index, with a column per
//! combination of the others.

use std::collections::BTreeMap;

use ::export::File;
use app::{
    App, Error, Result,
    domain::query::{Outcome, Query},
    files::{FileName, Upload},
};
use semantic::pivot::Pivot;
use serde::Serialize;
use serde_json::{Map, Value, json};
use warehouse::{Column, Row};

use crate::{
    Asked,
    export::link,
    page::{self, Reader},
};

/// A column of the turned rows, in the wire's own shape.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TurnedColumn {
    reference_field: String,
    /// What it is called in the rows.
    pivot_column_name: String,
    aggregation: Value,
    /// Which combination it is of.
    pivot_values: Vec<Value>,
}

/// What came of a statement that turns its rows.
#[derive(Debug, Clone)]
pub struct Turned {
    pub pivot: Pivot,
    pub columns: Vec<TurnedColumn>,
    /// How many columns there would be if a hundred were not enough.
    pub count: u64,
    /// Leads to the rows; none where they are as they came.
    pub link: Option<String>,
}

/// How a query's rows are turned; nothing if they are not.
///
/// # Errors
/// `Internal` when what was asked cannot be read.
pub fn pivot_of(query: &Query) -> Result<Option<Pivot>> {
    let asked: Asked = query.asked.unpack_json()?;
    Ok(asked.pivot)
}

/// Turns the rows of a statement, in constant memory.
///
/// # Errors
/// `Expired` when they are gone, `Unavailable` when they cannot be read or written.
pub async fn turned(app: &App, query: &Query, outcome: &Outcome, pivot: Pivot) -> Result<Turned> {
    let groups = pivot.group_by_columns.as_deref().unwrap_or_default();
    if groups.is_empty() {
        let columns = pivot.values_columns.iter().map(|one| TurnedColumn {
            reference_field: one.reference.clone(),
            pivot_column_name: one.id(),
            aggregation: json!(one.aggregation),
            pivot_values: Vec::new(),
        });
        let columns: Vec<_> = columns.collect();
        return Ok(Turned {
            count: columns.len() as u64,
            columns,
            pivot,
            link: None,
        });
    }
    let name = FileName::export(query.project, query.id, "turned", "jsonl");
    let columns = page::columns(outcome)?;
    let file = app.files.create(&name).await?;
    let mut lines = Lines::new(&pivot, &columns, file);
    let mut reader = Reader::new(outcome)?;
    while let Some(rows) = reader.next(app).await? {
        for row in &rows {
            lines.push(row).await?;
        }
    }
    let (columns, count, bytes) = lines.finish().await?;
    let saved = format!("results.{}", File::Jsonl.extension());
    let link = link(app, query, (&name, bytes), (File::Jsonl, &saved)).await?;
    Ok(Turned {
        columns,
        count,
        pivot,
        link: Some(link),
    })
}

/// Lines as they come of rows, which are ordered by their line.
struct Lines<'a> {
    pivot: &'a Pivot,
    /// Where a column is in a row.
    places: BTreeMap<&'a str, usize>,
    file: Upload,
    bytes: u64,
    /// The columns so far, by their place among them and that of their value.
    columns: BTreeMap<(u64, usize), TurnedColumn>,
    count: u64,
    at: Option<u64>,
    line: Map<String, Value>,
}

impl<'a> Lines<'a> {
    fn new(pivot: &'a Pivot, columns: &'a [Column], file: Upload) -> Self {
        let places = columns.iter().enumerate();
        Self {
            pivot,
            places: places.map(|(at, one)| (one.name.as_str(), at)).collect(),
            file,
            bytes: 0,
            columns: BTreeMap::new(),
            count: 0,
            at: None,
            line: Map::new(),
        }
    }

    fn value<'b>(&self, row: &'b Row, name: &str) -> &'b Value {
        let place = self.places.get(name).and_then(|at| row.get(*at));
        place.unwrap_or(&Value::Null)
    }

    fn number(&self, row: &Row, name: &str) -> u64 {
        let value = self.value(row, name);
        let text = || value.as_str().and_then(|text| text.parse().ok());
        value.as_u64().or_else(text).unwrap_or_default()
    }

    async fn push(&mut self, row: &Row) -> Result<()> {
        let (line, place) = (
            self.number(row, "row_index"),
            self.number(row, "column_index"),
        );
        if self.at != Some(line) {
            self.write().await?;
            self.at = Some(line);
            self.count = self.number(row, "total_columns");
            if let Some(index) = &self.pivot.index_column {
                let value = self.value(row, &index.reference).clone();
                self.line.insert(index.reference.clone(), value);
            }
        }
        let groups = self.pivot.group_by_columns.as_deref().unwrap_or_default();
        let of: Vec<Value> = groups
            .iter()
            .map(|group| self.value(row, &group.reference).clone())
            .collect();
        let suffix: Vec<String> = of.iter().map(text).collect();
        for (at, one) in self.pivot.values_columns.iter().enumerate() {
            let name = format!("{}_{}", one.id(), suffix.join("_"));
            let value = self.value(row, &one.id()).clone();
            self.columns.entry((place, at)).or_insert_with(|| TurnedColumn {
                reference_field: one.reference.clone(),
                pivot_column_name: name.clone(),
                aggregation: json!(one.aggregation),
                pivot_values: (groups.iter().zip(&of))
                    .map(|(group, value)| json!({ "referenceField": group.reference, "value": value }))
                    .collect(),
            });
            self.line.insert(name, value);
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<()> {
        if self.line.is_empty() {
            return Ok(());
        }
        let line = serde_json::to_vec(&std::mem::take(&mut self.line));
        let mut line = line.map_err(|error| Error::Internal(error.into()))?;
        line.push(b'\n');
        self.bytes += line.len() as u64;
        self.file.write(&line).await
    }

    async fn finish(mut self) -> Result<(Vec<TurnedColumn>, u64, u64)> {
        self.write().await?;
        self.file.finish().await?;
        Ok((self.columns.into_values().collect(), self.count, self.bytes))
    }
}

/// A value as a part of a name.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
