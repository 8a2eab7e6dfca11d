//! The patterns of `to_char` for dates and times.
//! <https://www.postgresql.org/docs/17/functions-formatting.html#FUNCTIONS-FORMATTING-DATETIME-TABLE>

use std::fmt::Write;

use chrono::{Datelike, NaiveDateTime, Timelike};
use datafusion::common::plan_err;
use datafusion::error::Result;

#[derive(Debug)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    Field {
        field: Field,
        fill: bool,
        suffix: Option<Case>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Upper,
    Title,
    Lower,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Month(Case),
    ShortMonth(Case),
    Day(Case),
    ShortDay(Case),
    Meridiem(Case, bool),
    /// A number with this many digits when it is filled.
    Number(Number, usize),
    YearWithComma,
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Year(i32),
    IsoYear(i32),
    Century,
    Quarter,
    Month,
    Week,
    WeekOfMonth,
    IsoWeek,
    DayOfYear,
    IsoDayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    Hour24,
    Hour12,
    Minute,
    Second,
    Fraction(u32),
    SecondOfDay,
    Julian,
}

/// What begins with the same letter stands with the longest first. Numbers may be in lower case too.
const FIELDS: &[(&str, Field)] = &[
    ("A.M.", Field::Meridiem(Case::Upper, true)),
    ("P.M.", Field::Meridiem(Case::Upper, true)),
    ("a.m.", Field::Meridiem(Case::Lower, true)),
    ("p.m.", Field::Meridiem(Case::Lower, true)),
    ("AM", Field::Meridiem(Case::Upper, false)),
    ("PM", Field::Meridiem(Case::Upper, false)),
    ("am", Field::Meridiem(Case::Lower, false)),
    ("pm", Field::Meridiem(Case::Lower, false)),
    ("CC", Field::Number(Number::Century, 2)),
    ("DAY", Field::Day(Case::Upper)),
    ("Day", Field::Day(Case::Title)),
    ("day", Field::Day(Case::Lower)),
    ("DDD", Field::Number(Number::DayOfYear, 3)),
    ("DD", Field::Number(Number::Day, 2)),
    ("DY", Field::ShortDay(Case::Upper)),
    ("Dy", Field::ShortDay(Case::Title)),
    ("dy", Field::ShortDay(Case::Lower)),
    ("D", Field::Number(Number::DayOfWeek, 1)),
    ("FF1", Field::Number(Number::Fraction(1), 1)),
    ("FF2", Field::Number(Number::Fraction(2), 2)),
    ("FF3", Field::Number(Number::Fraction(3), 3)),
    ("FF4", Field::Number(Number::Fraction(4), 4)),
    ("FF5", Field::Number(Number::Fraction(5), 5)),
    ("FF6", Field::Number(Number::Fraction(6), 6)),
    ("HH24", Field::Number(Number::Hour24, 2)),
    ("HH12", Field::Number(Number::Hour12, 2)),
    ("HH", Field::Number(Number::Hour12, 2)),
    ("IDDD", Field::Number(Number::IsoDayOfYear, 3)),
    ("ID", Field::Number(Number::IsoDayOfWeek, 1)),
    ("IW", Field::Number(Number::IsoWeek, 2)),
    ("IYYY", Field::Number(Number::IsoYear(10_000), 4)),
    ("IYY", Field::Number(Number::IsoYear(1_000), 3)),
    ("IY", Field::Number(Number::IsoYear(100), 2)),
    ("I", Field::Number(Number::IsoYear(10), 1)),
    ("J", Field::Number(Number::Julian, 1)),
    ("MI", Field::Number(Number::Minute, 2)),
    ("MM", Field::Number(Number::Month, 2)),
    ("MONTH", Field::Month(Case::Upper)),
    ("Month", Field::Month(Case::Title)),
    ("month", Field::Month(Case::Lower)),
    ("MON", Field::ShortMonth(Case::Upper)),
    ("Mon", Field::ShortMonth(Case::Title)),
    ("mon", Field::ShortMonth(Case::Lower)),
    ("MS", Field::Number(Number::Fraction(3), 3)),
    ("Q", Field::Number(Number::Quarter, 1)),
    ("SSSSS", Field::Number(Number::SecondOfDay, 1)),
    ("SSSS", Field::Number(Number::SecondOfDay, 1)),
    ("SS", Field::Number(Number::Second, 2)),
    ("US", Field::Number(Number::Fraction(6), 6)),
    ("WW", Field::Number(Number::Week, 2)),
    ("W", Field::Number(Number::WeekOfMonth, 1)),
    ("Y,YYY", Field::YearWithComma),
    ("YYYY", Field::Number(Number::Year(10_000), 4)),
    ("YYY", Field::Number(Number::Year(1_000), 3)),
    ("YY", Field::Number(Number::Year(100), 2)),
    ("Y", Field::Number(Number::Year(10), 1)),
];

/// What PostgreSQL knows and this does not; as text it would be wrong without anybody noticing.
const UNKNOWN: &[&str] = &["A.D.", "AD", "B.C.", "BC", "FX", "OF", "RM", "TM", "TZ"];

impl Pattern {
    /// # Errors
    /// For a field that is not supported: eras, Roman numerals, zones, other languages.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut fill = true;
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("FM").or_else(|| rest.strip_prefix("fm")) {
                (rest, fill) = (after, false);
                continue;
            }
            if let Some((field, after)) = field(rest) {
                let number = matches!(field, Field::Number(..) | Field::YearWithComma);
                let suffix = number.then(|| suffix(after)).flatten();
                pieces.push(Piece::Field {
                    field,
                    fill,
                    suffix,
                });
                rest = if suffix.is_some() {
                    after.get(2..).unwrap_or_default()
                } else {
                    after
                };
            } else if let Some(name) = UNKNOWN.iter().find(|name| starts_with(rest, name)) {
                return plan_err!("to_char does not know {name} in \"{text}\"");
            } else if first == '"' {
                let (quoted, after) = quoted(rest.get(1..).unwrap_or_default());
                pieces.push(Piece::Text(quoted));
                rest = after;
            } else {
                let escaped = rest.strip_prefix("\\\"").map(|after| ("\"", after));
                let (text, after) = escaped.unwrap_or_else(|| rest.split_at(first.len_utf8()));
                pieces.push(Piece::Text(text.to_owned()));
                rest = after;
            }
            fill = true;
        }
        Ok(Self(pieces))
    }

    pub(super) fn format(&self, x: NaiveDateTime) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Field {
                    field,
                    fill,
                    suffix,
                } => append(&mut text, *field, *fill, *suffix, x),
            }
        }
        text
    }
}

fn field(text: &str) -> Option<(Field, &str)> {
    FIELDS.iter().find_map(|(name, field)| {
        let matches = match field {
            Field::Number(..) | Field::YearWithComma => starts_with(text, name),
            _ => text.starts_with(name),
        };
        matches.then(|| (*field, text.get(name.len()..).unwrap_or_default()))
    })
}

/// In upper or lower case, not in both.
fn starts_with(text: &str, name: &str) -> bool {
    text.starts_with(name) || text.starts_with(&name.to_lowercase())
}

fn suffix(text: &str) -> Option<Case> {
    match text.get(..2) {
        Some("TH") => Some(Case::Upper),
        Some("th") => Some(Case::Lower),
        _ => None,
    }
}

/// What stands before the closing quote, and what after it.
fn quoted(text: &str) -> (String, &str) {
    let mut literal = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (literal, text.get(position + 1..).unwrap_or_default()),
            '\\' => literal.extend(characters.next().map(|(_, escaped)| escaped)),
            other => literal.push(other),
        }
    }
    (literal, "")
}

fn append(text: &mut String, field: Field, fill: bool, suffix: Option<Case>, x: NaiveDateTime) {
    let (date, time) = (x.date(), x.time());
    let (name, case, width) = match field {
        Field::Month(case) => (date.format("%B").to_string(), case, 9),
        Field::ShortMonth(case) => (date.format("%b").to_string(), case, 3),
        Field::Day(case) => (date.format("%A").to_string(), case, 9),
        Field::ShortDay(case) => (date.format("%a").to_string(), case, 3),
        Field::Meridiem(case, dotted) => {
            let name = match (time.hour() < 12, dotted) {
                (true, false) => "AM",
                (false, false) => "PM",
                (true, true) => "A.M.",
                (false, true) => "P.M.",
            };
            (name.to_owned(), case, 0)
        }
        Field::Number(number, width) => {
            let value = value(number, x);
            // A fraction of a second keeps its digits; without them it would be another number.
            let width = if fill || matches!(number, Number::Fraction(_)) {
                width
            } else {
                0
            };
            return append_number(text, value, width, suffix);
        }
        Field::YearWithComma => {
            let year = date.year();
            let _ = write!(text, "{},{:03}", year / 1_000, year % 1_000);
            return append_suffix(text, i64::from(year), suffix);
        }
    };
    let name = match case {
        Case::Upper => name.to_uppercase(),
        Case::Title => name,
        Case::Lower => name.to_lowercase(),
    };
    let width = if fill { width } else { 0 };
    // Writing to a String does not fail.
    let _ = write!(text, "{name:<width$}");
}

fn append_number(text: &mut String, value: i64, width: usize, suffix: Option<Case>) {
    let _ = write!(text, "{value:0width$}");
    append_suffix(text, value, suffix);
}

fn append_suffix(text: &mut String, value: i64, suffix: Option<Case>) {
    let ending = match (value % 100, value % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    match suffix {
        None => {}
        Some(Case::Lower | Case::Title) => text.push_str(ending),
        Some(Case::Upper) => text.push_str(&ending.to_uppercase()),
    }
}

fn value(number: Number, x: NaiveDateTime) -> i64 {
    let (date, time) = (x.date(), x.time());
    match number {
        // All digits of a year that has more than four.
        Number::Year(10_000) => i64::from(date.year()),
        Number::Year(modulus) => i64::from(date.year().rem_euclid(modulus)),
        Number::IsoYear(10_000) => i64::from(date.iso_week().year()),
        Number::IsoYear(modulus) => i64::from(date.iso_week().year().rem_euclid(modulus)),
        Number::Century => i64::from((date.year() - 1).div_euclid(100) + 1),
        Number::Quarter => i64::from(date.month0() / 3 + 1),
        Number::Month => i64::from(date.month()),
        Number::Week => i64::from(date.ordinal0() / 7 + 1),
        Number::WeekOfMonth => i64::from(date.day0() / 7 + 1),
        Number::IsoWeek => i64::from(date.iso_week().week()),
        Number::DayOfYear => i64::from(date.ordinal()),
        Number::IsoDayOfYear => {
            i64::from(date.iso_week().week0()) * 7 + i64::from(date.weekday().number_from_monday())
        }
        Number::Day => i64::from(date.day()),
        Number::DayOfWeek => i64::from(date.weekday().number_from_sunday()),
        Number::IsoDayOfWeek => i64::from(date.weekday().number_from_monday()),
        Number::Hour24 => i64::from(time.hour()),
        Number::Hour12 => i64::from(time.hour12().1),
        Number::Minute => i64::from(time.minute()),
        Number::Second => i64::from(time.second()),
        Number::Fraction(digits) => {
            i64::from(time.nanosecond() / 10_u32.pow(9_u32.saturating_sub(digits)))
        }
        Number::SecondOfDay => i64::from(time.num_seconds_from_midnight()),
        // Day 1 of the common era is day 1,721,426 of the Julian count.
        Number::Julian => i64::from(date.num_days_from_ce()) + 1_721_425,
    }
}
