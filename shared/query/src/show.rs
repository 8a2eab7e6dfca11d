//! Rows as clients see them: `{"<column>": {"value": {"raw": …, "formatted": "…"}}}` (reference 13 §3).

use semantic::format::Format;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, value::RawValue};
use warehouse::{Column, Raw, Row};

/// How the columns of an answer are shown.
pub struct Shown {
    columns: Vec<(Column, Format)>,
}

impl Shown {
    /// Columns with the items that are known of them.
    pub fn new(columns: &[Column], fields: &Map<String, Value>) -> Self {
        let shown = |column: &Column| {
            let item = fields.get(&column.name);
            (
                column.clone(),
                item.map(Format::of_item).unwrap_or_default(),
            )
        };
        Self {
            columns: columns.iter().map(shown).collect(),
        }
    }

    /// Rows, raw and formatted.
    pub fn rows<'a>(&'a self, rows: &'a [Row]) -> Vec<ShownRow<'a>> {
        rows.iter()
            .map(|row| ShownRow { shown: self, row })
            .collect()
    }
}

impl Shown {
    /// Rows as JSON.
    ///
    /// # Errors
    /// None that is known: every value can be written.
    pub fn written(&self, rows: &[Row]) -> app::Result<Box<RawValue>> {
        let written = serde_json::value::to_raw_value(&self.rows(rows));
        written.map_err(|error| app::Error::Internal(error.into()))
    }
}

/// A row, raw and formatted.
pub struct ShownRow<'a> {
    shown: &'a Shown,
    row: &'a Row,
}

#[derive(Serialize)]
struct Cell<'a> {
    value: Both<'a>,
}

#[derive(Serialize)]
struct Both<'a> {
    raw: Raw<'a>,
    formatted: String,
}

impl Serialize for ShownRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for ((column, format), value) in self.shown.columns.iter().zip(self.row) {
            let cell = Cell {
                value: Both {
                    raw: Raw(value, column.r#type),
                    formatted: format.text(value),
                },
            };
            map.serialize_entry(&column.name, &cell)?;
        }
        map.end()
    }
}

/// A row with raw values only: `{"<column>": …}`.
pub struct RawRow<'a> {
    pub columns: &'a [Column],
    pub row: &'a Row,
}

impl Serialize for RawRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.columns.iter().zip(self.row);
        serializer
            .collect_map(cells.map(|(column, value)| (&column.name, Raw(value, column.r#type))))
    }
}
