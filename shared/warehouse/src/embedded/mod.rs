//! The embedded engine: a database in the process that understands PostgreSQL's SQL.
//!
//! What DataFusion reads or means otherwise than PostgreSQL is put right in four places: `statement.rs` (syntax, before
//! planning), `operators.rs` (operators, once the types of their sides are known), `functions/` (functions and aggregates),
//! and once there is a plan `coercion.rs` (types of values beside each other) and `doubles.rs` (casts).
//! `tests/rows/expressions.rs` runs both databases side by side.

#[cfg(feature = "embedded-s3")]
mod bucket;
mod coercion;
mod columns;
mod doubles;
mod engine;
mod files;
mod functions;
mod gathered;
mod json;
mod kinds;
mod literals;
mod nested;
mod operators;
#[cfg(feature = "embedded-s3")]
mod own;
mod projects;
mod records;
mod repeats;
mod statement;
mod stop;
mod stream;

pub use datafusion::arrow;
pub use engine::{Engine, Limits};
pub use projects::{SCHEMA, projects};
#[cfg(feature = "embedded-s3")]
pub use projects::{bucket, bucket_with};

use std::time::Duration;

/// Why the engine did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not one statement that only reads.
    #[error("{0}")]
    Refused(String),
    /// The query is wrong: an unknown table or column, types that do not fit, a division by zero.
    #[error("{0}")]
    Query(String),
    /// It needs more memory, or more room for spilling, than the engine may use.
    #[error("the query needs more than the {} MB of memory that it may use", .0 / (1024 * 1024))]
    Memory(usize),
    #[error("the query took longer than {} seconds", .0.as_secs_f64())]
    Time(Duration),
    /// A table cannot be made of this file.
    #[error("{file}: {reason}")]
    File { file: String, reason: String },
    /// Where the files are, nobody answers.
    #[error("{0}")]
    Connection(String),
    /// The engine itself failed.
    #[error("the engine failed: {0}")]
    Engine(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(sentence) => Self::Refused(sentence),
            Error::Query(sentence) => Self::query(sentence),
            Error::Memory(bytes) => Self::Memory(bytes),
            Error::Time(time) => Self::Time(time),
            // Where it lies is the operator's matter.
            Error::File { file, reason } => {
                let name = std::path::Path::new(&file).file_name();
                let name = name.unwrap_or_default().to_string_lossy();
                Self::query(format!("{name}: {reason}"))
            }
            Error::Connection(sentence) => Self::Connection(sentence),
            Error::Engine(sentence) => Self::Engine(sentence),
        }
    }
}

/// That the place of the files does not answer, if an error comes from that.
#[cfg(feature = "embedded-s3")]
fn unreachable(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    own::unreachable(error).map(Error::Connection)
}

/// A folder always answers.
#[cfg(not(feature = "embedded-s3"))]
fn unreachable(_: &(dyn std::error::Error + 'static)) -> Option<Error> {
    None
}
