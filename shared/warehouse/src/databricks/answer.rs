//! What the Statement Execution API answers.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Column, Error, Result, Type};

/// How a statement is, and what it answers if it has succeeded.
#[derive(Deserialize)]
pub(super) struct Answer {
    statement_id: String,
    pub(super) status: Status,
    pub(super) manifest: Option<Manifest>,
    pub(super) result: Option<Chunk>,
}

#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) state: State,
    error: Option<Refusal>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum State {
    Pending,
    Running,
    Succeeded,
    Failed,
    Canceled,
    Closed,
    #[serde(other)]
    Unknown,
}

/// Why a request or a statement failed.
#[derive(Deserialize)]
pub(super) struct Refusal {
    message: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Manifest {
    #[serde(default)]
    schema: Schema,
    #[serde(default)]
    pub(super) truncated: bool,
    /// How many rows the answer has in all.
    pub(super) total_row_count: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Schema {
    #[serde(default)]
    columns: Vec<ColumnOf>,
}

#[derive(Deserialize)]
struct ColumnOf {
    name: String,
    type_name: Option<String>,
    type_text: Option<String>,
}

/// A part of the answer.
#[derive(Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    pub(super) external_links: Vec<Link>,
    /// Links have their own.
    pub(super) next_chunk_internal_link: Option<String>,
}

/// Where rows are; the address has a signature in it, so it is never shown.
#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) external_link: String,
    #[serde(default)]
    pub(super) http_headers: BTreeMap<String, String>,
    pub(super) next_chunk_internal_link: Option<String>,
}

impl Answer {
    /// The id of the statement, which goes into addresses.
    pub(super) fn id(&self) -> Result<&str> {
        let id = self.statement_id.as_str();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if id.is_empty() || !id.bytes().all(plain) {
            return Err(Error::Connection(
                "Databricks answered something that is not of its protocol".to_owned(),
            ));
        }
        Ok(id)
    }

    /// # Errors
    /// `Query` unless it has succeeded.
    pub(super) fn succeeded(&self) -> Result<()> {
        match (self.status.state, &self.status.error) {
            (State::Succeeded, _) => Ok(()),
            (_, Some(refusal)) => Err(refusal.error()),
            (State::Canceled, None) => Err(Error::query("the query was cancelled at Databricks")),
            (State::Closed, None) => Err(Error::query("the answer is no longer at Databricks")),
            _ => Err(Error::query("the query failed without a message")),
        }
    }
}

impl Refusal {
    pub(super) fn error(&self) -> Error {
        let message = self.message.as_deref();
        let message = message.unwrap_or("Databricks refused the query without a message");
        let place = place(message);
        Error::Query {
            message: message.to_owned(),
            line: place.map(|(line, _)| line),
            character: place.map(|(_, character)| character),
        }
    }
}

/// Spark says `line 1, pos 9` or `line 1 pos 9`, with positions from 0.
fn place(message: &str) -> Option<(u32, u32)> {
    let (line, rest) = number(message.rsplit_once("line ")?.1)?;
    let rest = rest.trim_start_matches(',').trim_start();
    let (character, _) = number(rest.strip_prefix("pos ")?)?;
    Some((line, character.checked_add(1)?))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    Some((digits.parse().ok()?, rest))
}

impl Manifest {
    pub(super) fn columns(&self) -> Vec<Column> {
        let columns = self.schema.columns.iter().map(|one| Column {
            name: one.name.clone(),
            r#type: type_of(one.type_text.as_deref().or(one.type_name.as_deref())),
        });
        columns.collect()
    }
}

/// Types by `type_text`, which tells `TIMESTAMP_NTZ` from others
/// (<https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatypes>). `BYTE`, `SHORT` and `LONG` are names of `type_name`.
fn type_of(name: Option<&str>) -> Type {
    let name = name.unwrap_or_default().to_ascii_uppercase();
    let base = name.split(['(', '<', ' ']).next().unwrap_or_default();
    match base {
        "BOOLEAN" => Type::Boolean,
        "TINYINT" | "BYTE" | "SMALLINT" | "SHORT" | "INT" | "INTEGER" | "BIGINT" | "LONG" => {
            Type::Integer
        }
        "FLOAT" | "REAL" | "DOUBLE" => Type::Double,
        "DECIMAL" | "DEC" | "NUMERIC" => Type::Decimal,
        "DATE" => Type::Date,
        "TIMESTAMP" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" => Type::Timestamp,
        "ARRAY" | "MAP" | "STRUCT" | "VARIANT" | "OBJECT" => Type::Json,
        _ => Type::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_message_counts_from_one() {
        let comma =
            "[PARSE_SYNTAX_ERROR] near 'FORM'. SQLSTATE: 42601 (line 2, pos 9)\n\n== SQL ==";
        assert_eq!(place(comma), Some((2, 10)));
        assert_eq!(place("[UNRESOLVED_COLUMN] x; line 1 pos 7"), Some((1, 8)));
        assert_eq!(place("a line of text"), None);
        assert_eq!(place("line 1, pos 4294967295"), None);
    }

    #[test]
    fn types_are_known_by_their_first_word() {
        let types = [
            ("DECIMAL(10,2)", Type::Decimal),
            ("TIMESTAMP_NTZ", Type::Timestamp),
            ("ARRAY<INT>", Type::Json),
            ("STRUCT<a: INT>", Type::Json),
            ("BIGINT", Type::Integer),
            ("INTERVAL DAY TO SECOND", Type::Text),
            ("STRING", Type::Text),
        ];
        for (name, wanted) in types {
            assert_eq!(type_of(Some(name)), wanted, "{name}");
        }
    }
}
