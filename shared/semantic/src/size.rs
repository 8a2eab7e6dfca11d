//! How long SQL may get, so that a small query cannot become a large one. What grows is looked at while it grows.

use std::cell::Cell;

/// The longest SQL of one field, in bytes.
pub(crate) const FIELD: usize = 1_000_000;

/// The longest statement, in bytes. (Warehouses take less: 256 kB to 1 MB on Athena, ClickHouse, BigQuery and Snowflake.)
pub(crate) const STATEMENT: usize = 4_000_000;

/// The bytes that may still be written. Once they do not suffice, nothing more may be.
#[derive(Debug)]
pub(crate) struct Budget(Cell<Option<usize>>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Cell::new(Some(STATEMENT)))
    }

    /// Takes so many bytes; false, if there are no longer so many.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let left = self.0.get().and_then(|left| left.checked_sub(bytes));
        self.0.set(left);
        left.is_some()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.get().is_none()
    }
}

/// What is said of SQL that is too long.
pub(crate) const TOO_LONG: &str = "The SQL of the query gets too long";
