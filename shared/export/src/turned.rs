//! A turned table as lines, and as files.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{Color, Format};
use serde_json::Value;

use crate::csv::{begin, harmless, records};
use crate::error::Result;
use crate::pivot::Pivot;
use crate::plan::{ColumnPlan, Role};
use crate::sheet::{Line, Sheet, number_format};
use crate::sum::Sum;
use crate::xlsx::Written;

/// A cell of a turned table.
enum Cell<'a> {
    Empty,
    Label(Cow<'a, str>),
    Value(&'a ColumnPlan, Cow<'a, Value>),
}

/// Says whether a line is a header.
type Lines<'w> = &'w mut dyn FnMut(bool, &[Cell]) -> Result<()>;

impl Pivot {
    /// Writes the table as CSV, with the rules of [`CsvWriter`](crate::CsvWriter). Without rows there are headers only.
    ///
    /// A total is shown like its metric.
    ///
    /// # Errors
    /// The writer's.
    pub fn csv<W: Write>(&self, mut out: W) -> Result<W> {
        begin(&mut out, self.bom)?;
        let mut records = records(out);
        let mut text = String::new();
        self.lines(&mut |_, cells| {
            for cell in cells {
                text.clear();
                match cell {
                    Cell::Empty => {}
                    Cell::Label(label) => text.push_str(&harmless(label)),
                    Cell::Value(column, value) => column.write(value, &mut text),
                }
                records.write_field(text.as_bytes())?;
            }
            Ok(records.write_record(None::<&[u8]>)?)
        })?;
        records
            .into_inner()
            .map_err(|error| error.into_error().into())
    }

    /// Writes the table to the sheet `Pivot Table` of a spreadsheet, with the rules of [`XlsxWriter`](crate::XlsxWriter) and headers
    /// that are bold on grey.
    ///
    /// # Errors
    /// The writer's; the folder for the temporary file cannot be written to.
    pub fn xlsx(&self, folder: &Path, out: impl Write + Send) -> Result<Written> {
        let mut sheet = Sheet::new(folder, "Pivot Table")?;
        let header = Format::new()
            .set_bold()
            .set_background_color(Color::RGB(0xD9_D9D9));
        let mut rows = 0;
        self.lines(&mut |is_header, cells| {
            rows += u64::from(!is_header);
            sheet.line(|line| {
                let mut cells = cells.iter();
                match is_header {
                    true => cells.try_for_each(|cell| header_cell(line, cell, &header)),
                    false => cells.try_for_each(|cell| body_cell(line, cell)),
                }
            })
        })?;
        let cut = sheet.tally().cut;
        sheet.finish(out)?;
        Ok(Written {
            rows,
            truncated: false,
            cut,
        })
    }

    fn lines(&self, write: Lines) -> Result<()> {
        let headers = self.across.len() + usize::from(!self.turn.metrics_as_rows);
        for at in 0..headers {
            write(true, &self.header(at, at + 1 == headers))?;
        }
        let mut text = String::new();
        for (row, key) in self.rows.all.iter().enumerate() {
            if !self.turn.metrics_as_rows {
                write(false, &self.row(row, key, &mut text))?;
                continue;
            }
            for (metric, column) in self.metrics.iter().enumerate() {
                write(
                    false,
                    &self.row_of_metric(row, key, (metric, column), &mut text),
                )?;
            }
        }
        Ok(())
    }

    /// Header by its number: one per turned dimension, then one of metrics unless they are rows.
    fn header(&self, at: usize, is_last: bool) -> Vec<Cell<'_>> {
        let across = self.across.get(at);
        let mut cells = self.titles(across, is_last);
        for key in &self.columns.all {
            for metric in self.metrics_per_column() {
                cells.push(match (across, key.get(at)) {
                    (Some(column), Some(value)) => Cell::Value(column, Cow::Borrowed(value)),
                    _ => Cell::Label(metric.header().into()),
                });
            }
        }
        for metric in self.totals() {
            cells.push(match (is_last, self.turn.metrics_as_rows) {
                (false, _) => Cell::Empty,
                (true, true) => Cell::Label("Total".into()),
                (true, false) => Cell::Label(format!("Total {}", metric.header()).into()),
            });
        }
        cells
    }

    /// What stands above the labels of rows: those of the rows' dimensions in the last header, that of a turned dimension at the end.
    fn titles<'a>(&'a self, across: Option<&'a ColumnPlan>, is_last: bool) -> Vec<Cell<'a>> {
        let width = match self.turn.metrics_as_rows {
            true => self.down.len() + 1,
            false => self.down.len().max(1),
        };
        let title = |at: usize| match (across, self.down.get(at)) {
            (Some(column), _) if at + 1 == width => Cell::Label(column.header().into()),
            (_, Some(column)) if is_last => Cell::Label(column.header().into()),
            _ => Cell::Empty,
        };
        (0..width).map(title).collect()
    }

    /// The metrics that have a column of totals.
    fn totals(&self) -> impl Iterator<Item = &ColumnPlan> {
        let most = match (self.turn.row_totals, self.turn.metrics_as_rows) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => usize::MAX,
        };
        let sums = |metric: &&ColumnPlan| metric.role == Role::Value { sums: true };
        self.metrics.iter().filter(sums).take(most)
    }

    fn row<'a>(&'a self, row: usize, key: &'a [Value], text: &mut String) -> Vec<Cell<'a>> {
        let mut cells = self.labels(key);
        if cells.is_empty() {
            cells.push(Cell::Empty);
        }
        for column in 0..self.columns.all.len() {
            for (at, metric) in self.metrics.iter().enumerate() {
                let value = self.value(row, column, at);
                cells.push(Cell::Value(metric, Cow::Borrowed(value)));
            }
        }
        for (at, metric) in self.metrics.iter().enumerate() {
            if self.totals().any(|total| std::ptr::eq(total, metric)) {
                cells.push(Cell::Value(metric, Cow::Owned(self.total(row, at, text))));
            }
        }
        cells
    }

    fn row_of_metric<'a>(
        &'a self,
        row: usize,
        key: &'a [Value],
        (at, metric): (usize, &'a ColumnPlan),
        text: &mut String,
    ) -> Vec<Cell<'a>> {
        let mut cells = self.labels(key);
        cells.push(Cell::Label(metric.header().into()));
        for column in 0..self.columns.all.len() {
            let value = self.value(row, column, at);
            cells.push(Cell::Value(metric, Cow::Borrowed(value)));
        }
        if self.totals().next().is_some() {
            cells.push(match metric.role == (Role::Value { sums: true }) {
                true => Cell::Value(metric, Cow::Owned(self.total(row, at, text))),
                false => Cell::Empty,
            });
        }
        cells
    }

    fn labels<'a>(&'a self, key: &'a [Value]) -> Vec<Cell<'a>> {
        let columns = self.down.iter().zip(key);
        columns
            .map(|(column, value)| Cell::Value(column, Cow::Borrowed(value)))
            .collect()
    }

    fn total(&self, row: usize, metric: usize, text: &mut String) -> Value {
        let mut sum = Sum::default();
        for column in 0..self.columns.all.len() {
            sum.add(self.value(row, column, metric), text);
        }
        sum.value()
    }
}

fn header_cell(line: &mut Line, cell: &Cell, format: &Format) -> Result<()> {
    match cell {
        Cell::Label(label) => line.label(label, Some(format)),
        Cell::Value(column, value) => line.shown(column, value, Some(format)),
        Cell::Empty => line.label("", Some(format)),
    }
}

fn body_cell(line: &mut Line, cell: &Cell) -> Result<()> {
    match cell {
        Cell::Empty => line.skip(),
        Cell::Label(label) => line.label(label, None),
        Cell::Value(column, value) => line.cell(column, value, number_format(column).as_ref()),
    }
}
