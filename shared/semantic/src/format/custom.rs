//! The format object of a field, and the older settings that it replaces.

use serde_json::Value;

use super::compact::Compact;
use super::currency::Currency;
use super::date;
use super::expression::Expression;
use super::number::{Precision, Separator, write_number};
use super::numeric::Numeric;
use super::value::{write_default, write_text};
use crate::interval::TimeInterval;

/// How the values of a number column are shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Custom {
    pub(super) style: Style,
    /// As it was set.
    pub(super) round: Option<i64>,
    pub(super) separator: Separator,
    pub(super) compact: Option<&'static Compact>,
}

/// The types of format objects.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Style {
    Default,
    Number {
        prefix: String,
        suffix: String,
    },
    Percent,
    Currency(Currency),
    Bytes,
    Id,
    Date(Option<TimeInterval>),
    Timestamp(Option<TimeInterval>),
    /// An expression that cannot be read shows values as they are.
    Expression(Option<Box<Expression>>),
}

impl Custom {
    /// Of a format object: `{"type": "currency", "currency": "USD", "round": 0}`.
    pub(super) fn of_options(options: &Value) -> Self {
        Self {
            style: Style::of_options(options),
            round: options.get("round").and_then(integer),
            separator: text(options, "separator").map_or_else(Separator::default, Separator::parse),
            compact: options.get("compact").and_then(compact),
        }
    }

    /// Of the settings that fields had before: a keyword, `round`, `compact`.
    pub(super) fn of_legacy(keyword: &str, round: Option<&Value>, unit: Option<&Value>) -> Self {
        let suffix = match keyword {
            "km" => " km",
            "mi" => " mi",
            _ => "",
        };
        let style = match keyword {
            "percent" => Style::Percent,
            "id" => Style::Id,
            "usd" | "gbp" | "eur" | "jpy" | "dkk" => {
                Currency::find(keyword).map_or_else(|| Style::number("", ""), Style::Currency)
            }
            _ => Style::number("", suffix),
        };
        Self {
            style,
            round: round.and_then(integer),
            separator: Separator::default(),
            compact: unit.and_then(compact),
        }
    }

    pub(super) fn write(&self, value: &Value, out: &mut String) {
        match (&self.style, Numeric::of(value)) {
            (Style::Default, _) => write_default(value, out),
            (Style::Id, _) => write_text(value, out),
            (Style::Date(interval), number) => self.write_date(value, number, *interval, out),
            (Style::Timestamp(interval), number) => self.write_date(value, number, *interval, out),
            (Style::Expression(expression), number) => {
                let expression = expression.as_deref();
                if !expression.is_some_and(|it| it.write_if(value, number, out)) {
                    write_text(value, out);
                }
            }
            (_, None) => write_text(value, out),
            (Style::Percent, Some(number)) => self.write_percent(number, out),
            (_, Some(number)) => self.write_number(number, out),
        }
    }

    fn write_date(
        &self,
        value: &Value,
        number: Option<Numeric>,
        interval: Option<TimeInterval>,
        out: &mut String,
    ) {
        match date::parse(value) {
            Some(time) if matches!(self.style, Style::Date(_)) => {
                date::write_date(time, interval, out);
            }
            Some(time) => date::write_timestamp(time, interval, out),
            None if number.is_some() => write_default(value, out),
            None => write_text(value, out),
        }
    }

    fn write_percent(&self, mut number: Numeric, out: &mut String) {
        if let Numeric::Finite(number) = &mut number {
            number.scale(2);
        }
        write_number(number, self.precision(), self.separator, out);
        out.push('%');
    }

    fn write_number(&self, mut number: Numeric, out: &mut String) {
        let precision = self.precision();
        if let Some(unit) = self.compact {
            unit.apply(&mut number);
        }
        let unit = self.compact.map_or("", |unit| unit.suffix);
        match &self.style {
            Style::Currency(currency) => {
                currency.write(number, precision, self.separator, out);
                out.push_str(unit);
            }
            Style::Number { prefix, suffix } => {
                out.push_str(prefix);
                write_number(number, precision, self.separator, out);
                out.push_str(unit);
                out.push_str(suffix);
            }
            _ => {
                write_number(number, precision, self.separator, out);
                out.push_str(unit);
            }
        }
    }

    fn precision(&self) -> Precision {
        match (self.round, &self.style) {
            (Some(round), _) => Precision::of_round(round),
            (None, Style::Currency(currency)) => Precision::Exactly(currency.decimals),
            (None, _) => Precision::AtMost(3),
        }
    }
}

impl Style {
    fn of_options(options: &Value) -> Self {
        let text = |key| text(options, key).unwrap_or_default();
        let interval = TimeInterval::parse(text("timeInterval"));
        match text("type") {
            "percent" => Self::Percent,
            "currency" => Currency::find(text("currency"))
                .map_or_else(|| Self::number("", ""), Self::Currency),
            "number" => Self::number(text("prefix"), text("suffix")),
            "id" => Self::Id,
            "date" => Self::Date(interval),
            "timestamp" => Self::Timestamp(interval),
            "bytes_si" | "bytes_iec" => Self::Bytes,
            "custom" => Self::Expression(Expression::parse(text("custom")).map(Box::new)),
            _ => Self::Default,
        }
    }

    fn number(prefix: &str, suffix: &str) -> Self {
        Self::Number {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
        }
    }
}

fn text<'a>(options: &'a Value, key: &str) -> Option<&'a str> {
    options.get(key)?.as_str()
}

fn compact(key: &Value) -> Option<&'static Compact> {
    Compact::find(key.as_str()?)
}

/// A setting that is a whole number, or the text of one. What is more is cut off.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or(number.as_f64().map(|n| n as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
