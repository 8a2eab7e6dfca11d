//! Raw values → the text that people read. Pure: English, UTC, the same text for every reader of a result.
//!
//! A column's [`Format`] is prepared once from its field; then each of its values is written. Numbers are formatted from their
//! decimal digits, never through binary floating point, and halves go away from zero.

mod compact;
mod convert;
mod currency;
mod custom;
mod date;
mod decimal;
mod expression;
mod item;
mod number;
mod numeric;
mod value;

use serde_json::Value;

use crate::explore::{Dimension, Metric};
use crate::interval::TimeInterval;
use crate::query::{CustomDimension, TableCalculation};
use custom::Custom;
use expression::Expression;
use item::Item;
use value::{write_boolean, write_default, write_text};

/// What is shown for NULL.
pub const NULL: &str = "∅";
/// What is shown where a row has no such column.
pub const MISSING: &str = "-";

/// How the values of one column are shown, prepared once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Format(Shape);

/// What the cells of a column are in a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    Number,
    Date,
    Text,
}

#[derive(Debug, Clone, PartialEq, Default)]
enum Shape {
    /// Nothing is known of the column.
    #[default]
    Default,
    Text,
    Boolean,
    Date(Option<TimeInterval>),
    Timestamp(Option<TimeInterval>),
    /// A year is a number without separators.
    Year,
    /// Any expression that a field has.
    Expression(Expression),
    /// A number. With `dates`, the least or greatest of a column that may be one of dates.
    Number {
        custom: Custom,
        dates: bool,
        plain: bool,
    },
}

impl Format {
    pub fn of_dimension(dimension: &Dimension) -> Self {
        Self(Item::of_dimension(dimension).shape())
    }

    pub fn of_metric(metric: &Metric) -> Self {
        Self(Item::of_metric(metric).shape())
    }

    /// A metric whose format a query overrides, with a format object. It wins over every setting of the metric.
    pub fn of_metric_with(metric: &Metric, format_options: &Value) -> Self {
        Self(Item::of_metric(metric).with_options(format_options).shape())
    }

    pub fn of_calculation(calculation: &TableCalculation) -> Self {
        Self(Item::of_calculation(calculation).shape())
    }

    pub fn of_custom_dimension(dimension: &CustomDimension) -> Self {
        Self(Item::of_custom_dimension(dimension).shape())
    }

    /// Of a field, a table calculation or a custom dimension as JSON. Of anything else: that of a number.
    pub fn of_item(item: &Value) -> Self {
        Self(Item::of_json(item).shape())
    }

    /// Appends the text of a value.
    pub fn write(&self, value: &Value, out: &mut String) {
        if value.is_null() {
            return out.push_str(NULL);
        }
        match &self.0 {
            Shape::Default => write_default(value, out),
            Shape::Text | Shape::Year => write_text(value, out),
            Shape::Boolean => write_boolean(value, out),
            Shape::Date(interval) => match date::parse(value) {
                Some(time) => date::write_date(time, *interval, out),
                None => write_text(value, out),
            },
            Shape::Timestamp(interval) => match date::parse(value) {
                Some(time) => date::write_timestamp(time, *interval, out),
                None => write_text(value, out),
            },
            Shape::Expression(expression) => expression.write(value, out),
            Shape::Number { custom, dates, .. } => match value.as_str().filter(|_| *dates) {
                Some(text) => write_extreme(text, custom, value, out),
                None => custom.write(value, out),
            },
        }
    }

    /// The text of a value.
    pub fn text(&self, value: &Value) -> String {
        let mut out = String::new();
        self.write(value, &mut out);
        out
    }

    /// The number format of a spreadsheet that comes closest, where the field has a format that spreadsheets know.
    pub fn expression(&self) -> Option<String> {
        match &self.0 {
            Shape::Expression(expression) => Some(expression.source().to_owned()),
            Shape::Number {
                plain: false,
                custom,
                ..
            } => custom.expression(),
            _ => None,
        }
    }

    /// What cells of a spreadsheet the values become, where they can.
    pub fn cells(&self) -> Cells {
        match &self.0 {
            Shape::Text | Shape::Boolean => Cells::Text,
            Shape::Date(_) | Shape::Timestamp(_) => Cells::Date,
            Shape::Expression(expression) if expression.is_date() => Cells::Date,
            Shape::Default | Shape::Year | Shape::Expression(_) | Shape::Number { .. } => {
                Cells::Number
            }
        }
    }
}

/// The least or greatest value of a column: a timestamp is shown as those of the column are.
fn write_extreme(text: &str, custom: &Custom, value: &Value, out: &mut String) {
    match date::parse_text(text) {
        Some(time) if text.len() > "2024-02-29".len() => date::write_timestamp(time, None, out),
        _ => custom.write(value, out),
    }
}
