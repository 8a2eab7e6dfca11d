//! How much of an answer a file may hold.

use warehouse::Row;

/// Lets so many rows through and knows whether there were more.
#[derive(Clone, Debug)]
pub struct Limit {
    left: usize,
    truncated: bool,
}

impl Limit {
    /// So many rows.
    pub fn rows(rows: usize) -> Self {
        Self {
            left: rows,
            truncated: false,
        }
    }

    /// So many whole rows of this many columns as have at most so many cells.
    pub fn cells(cells: usize, columns: usize) -> Self {
        Self::rows(cells / columns.max(1))
    }

    /// The rows of these that still fit, from the first on.
    pub fn take<'a>(&mut self, rows: &'a [Row]) -> &'a [Row] {
        let fit = rows.get(..self.left).unwrap_or(rows);
        self.left -= fit.len();
        self.truncated |= fit.len() < rows.len();
        fit
    }

    /// Whether a row was left out. An answer that fits exactly is whole.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Nothing more is let through.
    pub(crate) fn close(&mut self) {
        self.left = 0;
        self.truncated = true;
    }
}
