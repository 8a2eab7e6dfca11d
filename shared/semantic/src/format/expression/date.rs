//! Dates and times: `yyyy-mm-dd`, `mmm d, yyyy`, `h:mm AM/PM`.

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::lexer::{Pad, Token};
use super::section::literal;
use crate::format::date::{push_padded, write_year};
use crate::time::{DAYS, MONTHS};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum DatePart {
    Literal(String),
    Year {
        short: bool,
    },
    /// Digits, or (from three on) letters.
    Month(usize),
    Day(usize),
    /// Width, and whether 12 hours are counted.
    Hour(u32, bool),
    Minute(u32),
    Second(u32),
    /// So many digits of a second's fraction.
    Fraction(u32),
    HalfDay {
        short: bool,
    },
}

/// `None` where digits stand that are no fraction of a second.
pub(super) fn build(tokens: &[Token]) -> Option<Vec<DatePart>> {
    let half = tokens.iter().any(|it| matches!(it, Token::HalfDay { .. }));
    let mut parts = Vec::new();
    let mut rest = tokens;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            Token::Point if matches!(parts.last(), Some(DatePart::Second(_))) => {
                let is_zero = |it: &&Token| **it == Token::Digit(Pad::Zero);
                let digits = after.iter().take_while(is_zero).count();
                parts.push(DatePart::Literal(".".to_owned()));
                if digits > 0 {
                    parts.push(DatePart::Fraction(u32::try_from(digits).ok()?.min(9)));
                }
                rest = after.get(digits..).unwrap_or_default();
            }
            Token::HalfDay { short } => parts.push(DatePart::HalfDay { short: *short }),
            Token::Date('m', count @ (1 | 2)) if is_minute(&parts, after) => {
                parts.push(DatePart::Minute(width(*count)));
            }
            Token::Date(letter, count) => parts.push(date_part(*letter, *count, half)),
            token => parts.push(DatePart::Literal(literal(token)?)),
        }
    }
    Some(parts)
}

fn date_part(letter: char, count: usize, half: bool) -> DatePart {
    match letter {
        'y' => DatePart::Year { short: count < 3 },
        'd' => DatePart::Day(count),
        'h' => DatePart::Hour(width(count), half),
        's' => DatePart::Second(width(count)),
        _ => DatePart::Month(count),
    }
}

/// Digits at least.
fn width(count: usize) -> u32 {
    if count > 1 { 2 } else { 1 }
}

/// An `m` is a minute behind an hour and before a second.
fn is_minute(before: &[DatePart], after: &[Token]) -> bool {
    let last = before
        .iter()
        .rfind(|part| !matches!(part, DatePart::Literal(_)));
    let next = after.iter().find_map(|token| match token {
        Token::Date(letter, _) => Some(*letter),
        _ => None,
    });
    matches!(last, Some(DatePart::Hour(..))) || next == Some('s')
}

pub(super) fn write(parts: &[DatePart], time: NaiveDateTime, out: &mut String) {
    for part in parts {
        match part {
            DatePart::Literal(text) => out.push_str(text),
            DatePart::Year { short: true } => {
                push_padded(time.year().rem_euclid(100).unsigned_abs(), 2, out);
            }
            DatePart::Year { short: false } => write_year(time.year(), out),
            DatePart::Month(count) => {
                let name = MONTHS.get(time.month0() as usize);
                push_named(time.month(), name.copied(), *count, out);
            }
            DatePart::Day(count) => {
                let name = DAYS.get(time.weekday().num_days_from_monday() as usize);
                push_named(time.day(), name.copied(), *count, out);
            }
            DatePart::Hour(width, true) => push_padded(time.hour12().1, *width, out),
            DatePart::Hour(width, false) => push_padded(time.hour(), *width, out),
            DatePart::Minute(width) => push_padded(time.minute(), *width, out),
            DatePart::Second(width) => push_padded(time.second(), *width, out),
            DatePart::Fraction(digits) => {
                let unit = 10_u32.pow(9_u32.saturating_sub(*digits));
                push_padded(time.nanosecond() % 1_000_000_000 / unit, *digits, out);
            }
            DatePart::HalfDay { short } => {
                out.push(if time.hour12().0 { 'P' } else { 'A' });
                out.push_str(if *short { "" } else { "M" });
            }
        }
    }
}

/// One or two digits, three letters, the whole name, the first letter.
fn push_named(number: u32, name: Option<&str>, count: usize, out: &mut String) {
    let name = name.unwrap_or_default();
    match count {
        1 => push_padded(number, 1, out),
        2 => push_padded(number, 2, out),
        3 => out.push_str(name.get(..3).unwrap_or(name)),
        5 => out.push_str(name.get(..1).unwrap_or(name)),
        _ => out.push_str(name),
    }
}
