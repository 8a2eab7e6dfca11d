//! From rows to files: CSV, XLSX and JSON lines, as they come or turned.
//!
//! [`plan`] says which columns, in which order, with which headers; [`CsvWriter`], [`XlsxWriter`] and [`JsonlWriter`] take rows in
//! pieces, in constant memory; [`Pivot`] keeps its rows until all are there. Nothing here waits, looks at a clock or at a network.

mod cell;
mod csv;
mod error;
mod jsonl;
mod limit;
mod name;
mod pivot;
mod plan;
mod sheet;
mod sum;
mod time;
mod turned;
mod xlsx;

pub use crate::csv::CsvWriter;
pub use error::{Error, Result};
pub use jsonl::JsonlWriter;
pub use limit::Limit;
pub use name::{File, content_disposition, sanitise};
pub use pivot::{Pivot, Turn};
pub use plan::{ColumnPlan, Item, Options, Plan, Role, Show, plan};
pub use time::Interval;
pub use xlsx::{Limits, Written, XlsxWriter};
