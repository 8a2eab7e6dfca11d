//! A spreadsheet with one sheet, written line by line into a temporary file.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet};
use serde_json::Value;
use warehouse::Type;

use crate::cell::{is_number, plain};
use crate::error::{Error, Result};
use crate::plan::ColumnPlan;
use crate::time::serial;

/// UTF-16 units of a cell at most
/// (<https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3>).
const LONGEST: usize = 32_767;
/// Up to here every integer is a floating-point number, which is all that spreadsheets have.
const SAFE: u64 = 1 << 53;
/// So many digits of a decimal survive in a floating-point number.
const DIGITS: usize = 15;
/// Below it, no number has more than these before its point: what is lost is the end of a fraction, as in an average.
const LONG: f64 = 1e15;
/// What a cell takes around its text: `<c r="AA1000000" s="12" t="inlineStr"><is><t></t></is></c>`.
const AROUND: u64 = 60;

/// A workbook of one sheet.
pub(crate) struct Sheet {
    /// Gone once a line failed: what comes after it would stand in the wrong place.
    workbook: Option<Workbook>,
    row: u32,
    tally: Tally,
    text: String,
}

/// What was written so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// About so much of the temporary file.
    pub(crate) bytes: u64,
    /// Cells that were longer than a cell may be.
    pub(crate) cut: u64,
}

/// A line that is being written.
pub(crate) struct Line<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    at: u16,
    tally: &'a mut Tally,
    text: &'a mut String,
}

impl Sheet {
    /// An empty sheet of this name, whose temporary file is in this folder; it has no name there and goes with the process.
    pub(crate) fn new(folder: &Path, name: &str) -> Result<Self> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder)?;
        workbook
            .add_worksheet_with_constant_memory()?
            .set_name(name)?;
        Ok(Self {
            workbook: Some(workbook),
            row: 0,
            tally: Tally::default(),
            text: String::new(),
        })
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// The number format of a column's cells. Its position is that of the column.
    pub(crate) fn format_column(&mut self, at: usize, format: &Format) -> Result<()> {
        let at = u16::try_from(at).map_err(|_| too_wide())?;
        self.work(|workbook| {
            workbook
                .worksheet_from_index(0)?
                .set_column_format(at, format)?;
            Ok(())
        })
    }

    /// Writes the next line.
    pub(crate) fn line(&mut self, write: impl FnOnce(&mut Line) -> Result<()>) -> Result<()> {
        let (row, mut tally) = (self.row, self.tally);
        let mut text = std::mem::take(&mut self.text);
        self.work(|workbook| {
            write(&mut Line {
                sheet: workbook.worksheet_from_index(0)?,
                row,
                at: 0,
                tally: &mut tally,
                text: &mut text,
            })
        })?;
        (self.tally, self.text) = (tally, text);
        self.row += 1;
        Ok(())
    }

    /// Packs the file.
    pub(crate) fn finish(mut self, out: impl Write + Send) -> Result<()> {
        self.work(|workbook| Ok(workbook.save_to_writer(out)?))
    }

    /// The library panics when its temporary file cannot be written, say because the disk is full: that ends the file, not the caller.
    fn work(&mut self, work: impl FnOnce(&mut Workbook) -> Result<()>) -> Result<()> {
        let workbook = self.workbook.as_mut().ok_or(Error::Temporary)?;
        let done = catch_unwind(AssertUnwindSafe(|| work(workbook)));
        let done = done.unwrap_or(Err(Error::Temporary));
        if done.is_err() {
            self.workbook = None;
        }
        done
    }
}

impl Line<'_> {
    /// Writes text into the next cell. It is never taken for a formula.
    pub(crate) fn label(&mut self, text: &str, format: Option<&Format>) -> Result<()> {
        let kept = cut(text);
        self.tally.cut += u64::from(kept.len() < text.len());
        self.tally.bytes += AROUND + u64::try_from(kept.len()).unwrap_or(u64::MAX);
        match format {
            Some(format) => self
                .sheet
                .write_string_with_format(self.row, self.at, kept, format)?,
            None => self.sheet.write_string(self.row, self.at, kept)?,
        };
        self.skip()
    }

    /// Writes a value of a column into the next cell, as text where no number format shows it.
    pub(crate) fn cell(
        &mut self,
        column: &ColumnPlan,
        value: &Value,
        format: Option<&Format>,
    ) -> Result<()> {
        match column.only_text && !value.is_null() {
            true => self.shown(column, value, format),
            false => self.value(column.kind, value, format),
        }
    }

    /// Writes a value into the next cell: numbers, dates and booleans as such, everything else as text.
    fn value(&mut self, kind: Type, value: &Value, format: Option<&Format>) -> Result<()> {
        if let Value::Bool(boolean) = value {
            return self.boolean(*boolean, format);
        }
        if let Some(number) = number(kind, value) {
            return self.number(number, format);
        }
        match value {
            Value::Null => self.skip(),
            Value::String(text) => self.label(text, format),
            other => {
                let mut text = std::mem::take(self.text);
                text.clear();
                plain(other, &mut text);
                let done = self.label(&text, format);
                *self.text = text;
                done
            }
        }
    }

    /// Writes a value as it is shown in a CSV.
    pub(crate) fn shown(
        &mut self,
        column: &ColumnPlan,
        value: &Value,
        format: Option<&Format>,
    ) -> Result<()> {
        let mut text = std::mem::take(self.text);
        column.text(value, &mut text);
        let done = self.label(&text, format);
        *self.text = text;
        done
    }

    /// Leaves the next cell empty.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.at = self.at.checked_add(1).ok_or_else(too_wide)?;
        Ok(())
    }

    fn boolean(&mut self, boolean: bool, format: Option<&Format>) -> Result<()> {
        match format {
            Some(format) => self
                .sheet
                .write_boolean_with_format(self.row, self.at, boolean, format)?,
            None => self.sheet.write_boolean(self.row, self.at, boolean)?,
        };
        self.tally.bytes += AROUND;
        self.skip()
    }

    fn number(&mut self, number: f64, format: Option<&Format>) -> Result<()> {
        match format {
            Some(format) => self
                .sheet
                .write_number_with_format(self.row, self.at, number, format)?,
            None => self.sheet.write_number(self.row, self.at, number)?,
        };
        self.tally.bytes += AROUND;
        self.skip()
    }
}

fn too_wide() -> Error {
    Error::Spreadsheet("too many columns".to_owned())
}

/// What a value is as a number of a spreadsheet; none if it is none, or if digits that matter would be lost.
fn number(kind: Type, value: &Value) -> Option<f64> {
    match (kind, value) {
        (_, Value::Number(number)) if number.is_f64() => number.as_f64(),
        (_, Value::Number(number)) => {
            let size = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            size.filter(|size| *size <= SAFE)
                .and_then(|_| number.as_f64())
        }
        (Type::Date | Type::Timestamp, Value::String(text)) => serial(text),
        (Type::Integer | Type::Double | Type::Decimal, Value::String(text)) if is_number(text) => {
            let number: f64 = text.parse().ok()?;
            let kept = number.abs() < LONG || (number.is_finite() && digits(text) <= DIGITS);
            kept.then_some(number)
        }
        _ => None,
    }
}

/// How many digits of a number matter: neither the zeros that it begins with, nor those after the point that it ends with.
fn digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.trim_start_matches(['-', '0']);
    let fraction = fraction.trim_end_matches('0');
    match whole {
        "" => fraction.trim_start_matches('0').len(),
        whole => whole.len() + fraction.len(),
    }
}

/// As much of the text as fits into a cell.
fn cut(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, sign)| {
        units += sign.len_utf16();
        units > LONGEST
    });
    match end {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
    }
}

/// How a column's numbers and dates are shown; none if spreadsheets are to decide.
pub(crate) fn number_format(column: &ColumnPlan) -> Option<Format> {
    let own = column
        .expression
        .as_deref()
        .filter(|one| is_expression(one));
    let expression = own.or(column.style.map(|style| style.expression()))?;
    Some(Format::new().set_num_format(expression))
}

/// Whether spreadsheets would open a file with this number format: at most 255 characters
/// (<https://learn.microsoft.com/openspecs/office_standards/ms-oi29500/>, 18.8.30), four sections, quotes and brackets closed.
fn is_expression(text: &str) -> bool {
    let (mut quoted, mut bracket, mut escaped, mut sections) = (false, false, true, 1);
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' if !quoted => escaped &= signs.next().is_some(),
            '"' if !bracket => quoted = !quoted,
            '[' if !quoted => bracket = true,
            ']' if !quoted => bracket = false,
            ';' if !quoted && !bracket => sections += 1,
            sign if sign.is_control() => return false,
            _ => {}
        }
    }
    !text.is_empty()
        && !quoted
        && !bracket
        && escaped
        && sections <= 4
        && text.chars().count() <= 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_panics_ends_the_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut sheet = Sheet::new(folder.path(), "s").unwrap();
        sheet.line(|line| line.label("x", None)).unwrap();
        let error = sheet.line(|_| panic!("the disk is full")).unwrap_err();
        assert!(matches!(error, Error::Temporary));
        let error = sheet.line(|line| line.label("y", None)).unwrap_err();
        assert!(matches!(error, Error::Temporary));
        assert!(sheet.finish(Vec::new()).is_err());
    }
}
