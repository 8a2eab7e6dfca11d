//! What a query answers, whichever warehouse ran it.

use std::collections::{HashMap, HashSet};

use futures_util::{Stream, StreamExt, stream::BoxStream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;

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
/// | json | an array, an object, or whatever the document is |
/// | text, and everything else | text |
///
/// Nothing is `null`. A timestamp without a zone is taken as UTC, which is the zone of every session.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// One value for each column.
pub type Row = Vec<Value>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub r#type: Type,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    Boolean,
    Integer,
    Double,
    Decimal,
    Date,
    Timestamp,
    /// Arrays and documents.
    Json,
    Text,
}

impl Type {
    /// The word that clients know for it: `boolean`, `number`, `date`, `timestamp` or `string`.
    pub fn simple(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer | Self::Double | Self::Decimal => "number",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Json | Self::Text => "string",
        }
    }
}

/// An answer that comes in pieces, in constant memory. Dropping it before its end stops the query at the warehouse.
pub struct RowStream {
    pub columns: Vec<Column>,
    batches: BoxStream<'static, Result<Vec<Row>>>,
}

impl RowStream {
    /// An answer with these columns; a batch is as many rows as came at once. A name that comes again gets a number, `id_2`: on
    /// the wire values go by the names of their columns.
    pub fn new(
        columns: Vec<Column>,
        batches: impl Stream<Item = Result<Vec<Row>>> + Send + 'static,
    ) -> Self {
        Self {
            columns: told_apart(columns),
            batches: batches.boxed(),
        }
    }

    /// The next rows; nothing at the end.
    ///
    /// # Errors
    /// What stopped the query; nothing follows it.
    pub async fn next(&mut self) -> Option<Result<Vec<Row>>> {
        self.batches.next().await
    }

    /// All of it, for answers that are known to be small.
    ///
    /// # Errors
    /// What stopped the query.
    pub async fn collect(mut self) -> Result<Rows> {
        let mut rows = Vec::new();
        while let Some(batch) = self.next().await {
            rows.append(&mut batch?);
        }
        Ok(Rows {
            columns: self.columns,
            rows,
        })
    }
}

/// Numbers the names that were there before, by numbers that make none of another column's.
fn told_apart(mut columns: Vec<Column>) -> Vec<Column> {
    let mut taken: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut times: HashMap<String, usize> = HashMap::new();
    for column in &mut columns {
        let number = times.entry(column.name.clone()).or_default();
        *number += 1;
        while *number > 1 {
            let numbered = format!("{}_{number}", column.name);
            if taken.insert(numbered.clone()) {
                column.name = numbered;
                break;
            }
            *number += 1;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> Vec<String> {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            r#type: Type::Text,
        };
        let columns = of.iter().map(column).collect();
        let stream = RowStream::new(columns, futures_util::stream::empty());
        let columns = stream.columns.into_iter();
        columns.map(|column| column.name).collect()
    }

    #[test]
    fn a_name_that_comes_again_gets_a_number() {
        assert_eq!(names(&["id", "n", "Id"]), ["id", "n", "Id"]);
        assert_eq!(names(&["id", "id", "n", "id"]), ["id", "id_2", "n", "id_3"]);
        // Columns that are called like that already keep their names, wherever they are.
        assert_eq!(
            names(&["id", "id", "id_2", "id_2", "id"]),
            ["id", "id_3", "id_2", "id_2_2", "id_4"]
        );
        assert_eq!(names(&["", ""]), ["", "_2"]);
        let many = vec!["id"; 20_000];
        let numbered: HashSet<String> = names(&many).into_iter().collect();
        assert_eq!(numbered.len(), many.len());
    }
}
