//! What can go wrong on the way to a file. No message holds a value of a row.

use std::io;

/// What went wrong, or nothing.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the file is written to said no.
    #[error("The file could not be written: {0}")]
    Io(#[from] io::Error),
    /// The folder for what does not fit into memory: missing, not writable, full.
    #[error("The temporary file could not be written")]
    Temporary,
    /// The spreadsheet cannot hold it: more than 16,384 columns, more than 4 GB.
    #[error("The spreadsheet could not be written: {0}")]
    Spreadsheet(String),
    /// More columns than a turned table may have.
    #[error("The pivot table has more than {0} columns")]
    TooManyColumns(usize),
    /// There is nothing to turn, or nothing to turn it by.
    #[error("A pivot table needs a metric and a pivot dimension")]
    NothingToTurn,
    /// A table cannot be turned by what it does not have.
    #[error("The pivot dimension {0} is not in the results")]
    UnknownColumn(String),
}

impl From<csv::Error> for Error {
    fn from(error: csv::Error) -> Self {
        Self::Io(error.into())
    }
}

impl From<rust_xlsxwriter::XlsxError> for Error {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        match error {
            rust_xlsxwriter::XlsxError::IoError(error) => Self::Io(error),
            rust_xlsxwriter::XlsxError::TempFileError(..) => Self::Temporary,
            other => Self::Spreadsheet(other.to_string()),
        }
    }
}
