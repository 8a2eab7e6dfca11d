//! Number formats of spreadsheets: `#,##0.00;[red](#,##0.00)`, `0.0%`, `mmm d, yyyy`, `@" x"`.
//!
//! The grammar is that of ECMA-376, part 1, section 18.8.31
//! (<https://ecma-international.org/publications-and-standards/standards/ecma-376/>), without elapsed times, calendars and scripts
//! other than the usual ones. Colours mean nothing here. Digits are taken from decimal text, however many there are.

mod date;
mod fraction;
mod lexer;
mod number;
mod section;

use serde_json::Value;

use super::compact::Compact;
use super::date as dates;
use super::decimal::Decimal;
use super::numeric::Numeric;
use super::value::write_text;
use lexer::Token;
use section::{Body, Section};

/// As long as spreadsheets have them at most.
const LONGEST: usize = 255;

/// A number format, read once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    source: String,
    /// For numbers: one at least, three at most, unless there is one for text alone.
    sections: Vec<Section>,
    /// The last one, if it has a place for text.
    text: Option<Section>,
}

impl Expression {
    /// `None` for what is no number format.
    pub(super) fn parse(source: &str) -> Option<Self> {
        if source.is_empty() || source.chars().count() > LONGEST {
            return None;
        }
        let tokens = lexer::tokens(source)?;
        let mut sections = tokens
            .split(|token| *token == Token::Semicolon)
            .map(Section::build)
            .collect::<Option<Vec<_>>>()?;
        let text = sections.pop_if(|last| last.body.is_text());
        (sections.len() <= 3).then(|| Self {
            source: source.to_owned(),
            sections,
            text,
        })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it shows dates.
    pub(super) fn is_date(&self) -> bool {
        let first = self.sections.first();
        first.is_some_and(|section| matches!(section.body, Body::Date(_)))
    }

    /// Writes any value but NULL; one that it cannot show is written as it is.
    pub(super) fn write(&self, value: &Value, out: &mut String) {
        if value.as_str() == Some("") {
            return;
        }
        let number = match value {
            Value::Bool(value) => Some(Numeric::Finite(Decimal::of_bool(*value))),
            value => Numeric::of(value),
        };
        if self.write_if(value, number, out) {
            return;
        }
        match (value, &self.text) {
            (Value::String(_), Some(text)) => text.write_text(value, out),
            (Value::String(_), None) if !self.is_date() => out.push_str("NaN"),
            _ => write_text(value, out),
        }
    }

    /// Writes what is a number, or a date where dates are shown. Says whether it was.
    pub(super) fn write_if(
        &self,
        value: &Value,
        number: Option<Numeric>,
        out: &mut String,
    ) -> bool {
        if self.is_date() && value.is_string() {
            return self.write_date(value, out);
        }
        match number {
            Some(Numeric::Finite(number)) => self.write_number(value, number, out),
            Some(Numeric::Infinite { negative }) => {
                out.push_str(if negative { "-∞" } else { "∞" });
                true
            }
            None => false,
        }
    }

    fn write_date(&self, value: &Value, out: &mut String) -> bool {
        let body = self.sections.first().map(|section| &section.body);
        match (body, dates::parse(value)) {
            (Some(Body::Date(parts)), Some(time)) => {
                date::write(parts, time, out);
                true
            }
            _ => false,
        }
    }

    fn write_number(&self, value: &Value, number: Decimal, out: &mut String) -> bool {
        if self.sections.is_empty() {
            let text = self.text.as_ref();
            text.inspect(|text| text.write_text(value, out));
            return text.is_some();
        }
        let Some((section, minus)) = self.choose(&number) else {
            return false;
        };
        section.write(number, minus, out)
    }

    /// The section for a number, and whether a minus is shown where the number is negative.
    fn choose(&self, number: &Decimal) -> Option<(&Section, bool)> {
        let conditional = self.sections.iter().any(|it| it.condition.is_some());
        if conditional {
            let fits = |it: &&Section| it.condition.as_ref().is_some_and(|it| it.fits(number));
            let other = |it: &&Section| it.condition.is_none();
            let sections = || self.sections.iter();
            let section = sections().find(fits).or_else(|| sections().find(other))?;
            let own = section.condition.as_ref();
            return Some((section, !own.is_some_and(|it| it.only_negative())));
        }
        match self.sections.as_slice() {
            [one] => Some((one, true)),
            [_, negative, ..] if number.negative => Some((negative, false)),
            [_, _, zero] if number.is_zero() => Some((zero, false)),
            [positive, ..] => Some((positive, false)),
            [] => None,
        }
    }
}

/// A power of 1024 that a quoted unit stands for.
fn binary_unit(quoted: &str) -> Option<u32> {
    Compact::binary_power(quoted.trim())
}
