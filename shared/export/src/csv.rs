//! Comma-separated values: UTF-8, quotes where needed, lines that end with `\n`.

use std::borrow::Cow;
use std::io::Write;

use warehouse::Row;

use crate::cell::is_harmless;
use crate::error::Result;
use crate::plan::Plan;

/// The byte-order mark.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Writes rows as CSV, in constant memory.
///
/// | Value | Cell |
/// |---|---|
/// | null | empty |
/// | date, timestamp | `2024-05-01`, `2024-05-15 14:35:50.123`; formatted by its interval: `2024`, `2024-Q2`, `2024-05`, `2024-05-15 14:00` |
/// | array, object | compact JSON |
/// | everything else | formatted as [`Show`](crate::Show) writes it, raw as it is: `true`, `12.50` |
///
/// Text that spreadsheets would compute gets a `'` in front, headers too; numbers keep their sign. A date whose
/// [`Show`](crate::Show) has an expression is written by that.
pub struct CsvWriter<W: Write> {
    out: W,
    plan: Plan,
    /// The cell at hand, kept for its memory.
    cell: String,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the byte-order mark, if the plan wants one, and the header.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(mut out: W, plan: Plan) -> Result<Self> {
        begin(&mut out, plan.bom)?;
        let mut header = records(&mut out);
        for column in &plan.columns {
            header.write_field(harmless(column.header()).as_bytes())?;
        }
        header.write_record(None::<&[u8]>)?;
        header.flush()?;
        drop(header);
        Ok(Self {
            out,
            plan,
            cell: String::new(),
        })
    }

    /// Writes rows, down to the writer. A row that is too short has empty cells at its end.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_rows(&mut self, rows: &[Row]) -> Result<()> {
        let Self { out, plan, cell } = self;
        let mut records = records(out);
        for row in rows {
            for column in &plan.columns {
                column.write(column.value(row), cell);
                records.write_field(cell.as_bytes())?;
            }
            records.write_record(None::<&[u8]>)?;
        }
        Ok(records.flush()?)
    }

    /// What is written to, for callers that empty it between rows.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Ends the file and hands back what it was written to.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// The byte-order mark, if there is to be one.
pub(crate) fn begin(out: &mut impl Write, bom: bool) -> Result<()> {
    if bom {
        out.write_all(BOM)?;
    }
    Ok(())
}

/// Quotes where needed, commas, `\n`.
pub(crate) fn records<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new()
        .buffer_capacity(64 * 1024)
        .from_writer(out)
}

/// A label that spreadsheets do not compute.
pub(crate) fn harmless(label: &str) -> Cow<'_, str> {
    match is_harmless(label) {
        true => label.into(),
        false => format!("'{label}").into(),
    }
}
