//! Spreadsheets.

use std::io::Write;
use std::path::Path;

use warehouse::Row;

use crate::error::Result;
use crate::limit::Limit;
use crate::plan::Plan;
use crate::sheet::{Sheet, number_format};

/// How much a spreadsheet may hold; what comes after it is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows below the header. Spreadsheets end at 1,048,576 rows
    /// (<https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3>).
    pub rows: usize,
    /// About so many bytes of the temporary file.
    pub bytes: u64,
}

impl Default for Limits {
    /// A million rows, and 2 GiB: half of what fits into the file's format, as letters that need escaping count once.
    fn default() -> Self {
        Self {
            rows: 1_000_000,
            bytes: 2 << 30,
        }
    }
}

/// What a spreadsheet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows below the header.
    pub rows: u64,
    /// Rows were left out.
    pub truncated: bool,
    /// So many texts were longer than the 32,767 UTF-16 units that a cell may have, and were cut there.
    pub cut: u64,
}

/// Writes rows to the sheet `Sheet1` of a spreadsheet, in constant memory.
///
/// Numbers, dates, timestamps and booleans are such, not text. Columns have the number format of their
/// [`Show`](crate::Show), raw ones none; dates without one look like in CSV. Text is never a formula. Text stays what does not
/// fit into a cell's number: integers beyond 2⁵³, decimals from 10¹⁵ on that have more than 15 digits, dates before March 1900;
/// and numbers whose [`Show`](crate::Show) has only text. Of a smaller decimal only the end of a long fraction is lost.
pub struct XlsxWriter {
    sheet: Sheet,
    plan: Plan,
    limits: Limits,
    limit: Limit,
    rows: u64,
}

impl XlsxWriter {
    /// Writes the header. The folder is for the temporary file, which holds the sheet until the end.
    ///
    /// # Errors
    /// The folder cannot be written to; there are more than 16,384 columns.
    pub fn new(folder: &Path, plan: Plan, limits: Limits) -> Result<Self> {
        let mut sheet = Sheet::new(folder, "Sheet1")?;
        for (at, column) in plan.columns.iter().enumerate() {
            if let Some(format) = number_format(column) {
                sheet.format_column(at, &format)?;
            }
        }
        sheet.line(|line| {
            let mut headers = plan.columns.iter();
            headers.try_for_each(|column| line.label(column.header(), None))
        })?;
        let limit = Limit::rows(limits.rows.min(1_048_575));
        Ok(Self {
            sheet,
            plan,
            limits,
            limit,
            rows: 0,
        })
    }

    /// Writes rows, as long as there is room.
    ///
    /// # Errors
    /// The temporary file cannot be written. Nothing can be written afterwards.
    pub fn write_rows(&mut self, rows: &[Row]) -> Result<()> {
        for row in self.limit.take(rows) {
            if self.sheet.tally().bytes >= self.limits.bytes {
                self.limit.close();
                break;
            }
            let mut columns = self.plan.columns.iter();
            self.sheet.line(|line| {
                columns.try_for_each(|column| line.cell(column, column.value(row), None))
            })?;
            self.rows += 1;
        }
        Ok(())
    }

    /// Packs the file into `out` and says what it holds.
    ///
    /// # Errors
    /// The writer's, the temporary file's.
    pub fn finish(self, out: impl Write + Send) -> Result<Written> {
        let written = Written {
            rows: self.rows,
            truncated: self.limit.truncated(),
            cut: self.sheet.tally().cut,
        };
        self.sheet.finish(out)?;
        Ok(written)
    }
}
