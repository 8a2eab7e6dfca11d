//! Dates and timestamps: read from their ISO text, written by interval.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use serde_json::Value;

use crate::interval::TimeInterval;

/// The time of a text like `2024-02-29`, `2024-02-29T12:00:00.5Z` or `2024-02-29 12:00:00+02`, in UTC. A JSON number is
/// milliseconds since 1970.
pub(super) fn parse(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::String(text) => parse_text(text),
        Value::Number(number) => {
            let millis = number.as_i64().or(number.as_f64().map(|n| n as i64))?;
            Some(DateTime::from_timestamp_millis(millis)?.naive_utc())
        }
        _ => None,
    }
}

pub(super) fn parse_text(text: &str) -> Option<NaiveDateTime> {
    let mut rest = Cursor(text.trim_ascii().as_bytes());
    let year = rest.number(4)?;
    rest.eat(b"-")?;
    let month = rest.number(2)?;
    rest.eat(b"-")?;
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, rest.number(2)?)?;
    if rest.0.is_empty() {
        return date.and_hms_opt(0, 0, 0);
    }
    rest.eat(b"Tt ")?;
    rest.time(date)
}

/// What is left of a text.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + u32::from(byte - b'0'))
        })
    }

    /// One of these characters.
    fn eat(&mut self, any: &[u8]) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        any.contains(first).then_some(())
    }

    fn time(&mut self, date: NaiveDate) -> Option<NaiveDateTime> {
        let hour = self.number(2)?;
        self.eat(b":")?;
        let minute = self.number(2)?;
        let (mut second, mut nanos) = (0, 0);
        if self.0.first() == Some(&b':') {
            self.eat(b":")?;
            second = self.number(2)?;
            nanos = self.nanos()?;
        }
        let local = date.and_hms_nano_opt(hour, minute, second, nanos)?;
        local.checked_sub_signed(TimeDelta::minutes(self.offset()?))
    }

    fn nanos(&mut self) -> Option<u32> {
        if !matches!(self.0.first(), Some(b'.' | b',')) {
            return Some(0);
        }
        self.eat(b".,")?;
        let digits = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        let padded = digits
            .iter()
            .copied()
            .chain(std::iter::repeat(b'0'))
            .take(9);
        Some(padded.fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')))
    }

    /// In minutes. It ends the text.
    fn offset(&mut self) -> Option<i64> {
        let (sign, rest) = match self.0.trim_ascii_start() {
            [] | [b'Z' | b'z'] | b"UTC" => return Some(0),
            [b'+', rest @ ..] => (1, rest),
            [b'-', rest @ ..] => (-1, rest),
            _ => return None,
        };
        self.0 = rest;
        let hours = self.number(2)?;
        if self.0.first() == Some(&b':') {
            self.eat(b":")?;
        }
        let minutes = if self.0.is_empty() {
            0
        } else {
            self.number(2)?
        };
        (self.0.is_empty() && hours < 24 && minutes < 60)
            .then(|| sign * i64::from(hours * 60 + minutes))
    }
}

/// `2024`, `2024-Q2`, `2024-05` or `2024-05-15`.
pub(super) fn write_date(time: NaiveDateTime, interval: Option<TimeInterval>, out: &mut String) {
    write_year(time.year(), out);
    match interval {
        Some(TimeInterval::Year) => {}
        Some(TimeInterval::Quarter) => {
            out.push_str("-Q");
            push_padded(time.month0() / 3 + 1, 1, out);
        }
        Some(TimeInterval::Month) => {
            out.push('-');
            push_padded(time.month(), 2, out);
        }
        _ => {
            out.push('-');
            push_padded(time.month(), 2, out);
            out.push('-');
            push_padded(time.day(), 2, out);
        }
    }
}

/// `2024-05-15, 14:35:50.123 (+00:00)`; coarser intervals leave out what is finer.
pub(super) fn write_timestamp(
    time: NaiveDateTime,
    interval: Option<TimeInterval>,
    out: &mut String,
) {
    write_date(time, None, out);
    out.push_str(", ");
    push_padded(time.hour(), 2, out);
    let parts = match interval {
        Some(TimeInterval::Hour) => 0,
        Some(TimeInterval::Minute) => 1,
        Some(TimeInterval::Second) => 2,
        _ => 3,
    };
    let millis = time.nanosecond() / 1_000_000 % 1000;
    let finer = [
        (':', time.minute(), 2),
        (':', time.second(), 2),
        ('.', millis, 3),
    ];
    for (mark, number, width) in finer.into_iter().take(parts) {
        out.push(mark);
        push_padded(number, width, out);
    }
    out.push_str(" (+00:00)");
}

/// Four digits at least.
pub(super) fn write_year(year: i32, out: &mut String) {
    if year < 0 {
        out.push('-');
    }
    push_padded(year.unsigned_abs(), 4, out);
}

/// A number with zeros in front, up to a width.
pub(super) fn push_padded(number: u32, width: u32, out: &mut String) {
    let digits = number.checked_ilog10().unwrap_or(0) + 1;
    for power in (0..digits.max(width)).rev() {
        let digit = 10_u32
            .checked_pow(power)
            .map_or(0, |unit| number / unit % 10);
        out.push(char::from(b'0' + digit as u8));
    }
}
