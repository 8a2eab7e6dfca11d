//! What a query answers, whichever warehouse ran it.

use serde_json::Value;

/// The answer to a query: its columns in order, and rows with one value for each column.
///
/// | Type | Value |
/// |---|---|
/// | boolean | `true`, `false` |
/// | integer | a number |
/// | double | a number; `"NaN"`, `"Infinity"`, `"-Infinity"` as text, as JSON has no number for them |
/// | decimal | its digits as text, `"12.50"`, so that none is lost |
/// | date | `2024-02-29` |
/// | timestamp | `2024-02-29T12:00:00Z`, with as many digits of a second as it has: `…:00.5Z` |
/// | text, and everything else | text |
///
/// Nothing is `null`. A timestamp without a zone is taken as UTC, which is the zone of every session.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub r#type: Type,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Boolean,
    Integer,
    Double,
    Decimal,
    Date,
    Timestamp,
    Text,
}
