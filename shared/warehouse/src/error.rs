//! Why a warehouse did not answer.

use std::time::Duration;

/// The project's result, for warehouses.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a warehouse did not answer. Sentences are for the person who asked; none has a secret in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not one statement that only reads.
    #[error("{0}")]
    Refused(String),
    /// The statement is wrong; what the warehouse says, and where, both from 1.
    #[error("{message}")]
    Query {
        message: String,
        line: Option<u32>,
        character: Option<u32>,
    },
    /// It cannot be reached, does not know the login, or broke off.
    #[error("{0}")]
    Connection(String),
    /// The way to it through an SSH server is closed.
    #[error("{0}")]
    Tunnel(String),
    /// It took longer than it may.
    #[error("the query took longer than {} seconds", .0.as_secs_f64())]
    Time(Duration),
    /// The statement needs more memory than it may use.
    #[error("the query needs more than the {} MB of memory that it may use", .0 / (1024 * 1024))]
    Memory(usize),
    /// This build has no adapter for the warehouse.
    #[error("{0} is not available in this installation")]
    Unavailable(&'static str),
    /// The adapter or the engine itself failed.
    #[error("the engine failed: {0}")]
    Engine(String),
}

impl Error {
    /// A statement that is wrong, without a place.
    pub fn query(message: impl Into<String>) -> Self {
        Self::Query {
            message: message.into(),
            line: None,
            character: None,
        }
    }

    /// A statement that is wrong at a byte of its text, counted from 0.
    pub fn query_at(message: impl Into<String>, sql: &str, at: usize) -> Self {
        let before = sql.get(..at).unwrap_or(sql);
        let line = before.matches('\n').count();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let character = before.get(start..).unwrap_or_default().chars().count();
        let from_one = |number: usize| u32::try_from(number + 1).ok();
        Self::Query {
            message: message.into(),
            line: from_one(line),
            character: from_one(character),
        }
    }
}
