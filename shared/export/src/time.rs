//! Dates and timestamps as text and as the serial numbers of spreadsheets.

use chrono::NaiveDate;
use warehouse::Type;

/// What a date is truncated to, as far as it changes what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    Year,
    Quarter,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

impl Interval {
    /// The interval of this name on the wire, `MONTH`; none if it is written like a date or a timestamp without one.
    /// A week is written as its first day.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "YEAR" => Self::Year,
            "QUARTER" => Self::Quarter,
            "MONTH" => Self::Month,
            "WEEK" | "DAY" => Self::Day,
            "HOUR" => Self::Hour,
            "MINUTE" => Self::Minute,
            "SECOND" => Self::Second,
            _ => return None,
        })
    }
}

/// How much of a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Interval(Interval),
    /// To the millisecond.
    Full,
}

impl Style {
    /// How a column's dates are written; none if it has none. A date has no hours, whatever its interval says.
    pub(crate) fn of(kind: Type, interval: Option<Interval>) -> Option<Self> {
        let clock = matches!(
            interval,
            Some(Interval::Hour | Interval::Minute | Interval::Second)
        );
        match (kind, interval) {
            (Type::Date, Some(interval)) if !clock => Some(Self::Interval(interval)),
            (Type::Date, _) => Some(Self::Interval(Interval::Day)),
            (Type::Timestamp, Some(interval)) => Some(Self::Interval(interval)),
            (Type::Timestamp, None) => Some(Self::Full),
            _ => None,
        }
    }

    /// The number format that shows the same. There is none for quarters: theirs shows the first day.
    pub(crate) fn expression(self) -> &'static str {
        match self {
            Self::Interval(Interval::Year) => "yyyy",
            Self::Interval(Interval::Month) => "yyyy-mm",
            Self::Interval(Interval::Quarter | Interval::Day) => "yyyy-mm-dd",
            Self::Interval(Interval::Hour | Interval::Minute) => "yyyy-mm-dd hh:mm",
            Self::Interval(Interval::Second) => "yyyy-mm-dd hh:mm:ss",
            Self::Full => "yyyy-mm-dd hh:mm:ss.000",
        }
    }

    /// Appends a moment; false, and nothing appended, if the text is none.
    pub(crate) fn write(self, text: &str, out: &mut String) -> bool {
        let Some(moment) = Moment::read(text) else {
            return false;
        };
        match self {
            Self::Interval(interval) => moment.write_interval(interval, out),
            Self::Full => {
                moment.write(moment.clock, out);
                moment.write_milliseconds(out);
            }
        }
        true
    }
}

/// The parts of `2024-02-29T12:00:00.5Z`; a date is its midnight.
struct Moment<'a> {
    date: &'a str,
    clock: &'a str,
    fraction: &'a str,
}

impl<'a> Moment<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        if !fits(date, b"0000-00-00") {
            return None;
        }
        let Some(rest) = rest.strip_prefix(['T', ' ']) else {
            let clock = "00:00:00";
            return rest.is_empty().then_some(Self {
                date,
                clock,
                fraction: "",
            });
        };
        let (clock, rest) = rest.split_at_checked(8)?;
        let rest = rest.strip_suffix('Z').unwrap_or(rest);
        let fraction = match rest {
            "" => "",
            _ => rest.strip_prefix('.')?,
        };
        let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
        (digits && fits(clock, b"00:00:00")).then_some(Self {
            date,
            clock,
            fraction,
        })
    }

    fn write_interval(&self, interval: Interval, out: &mut String) {
        match interval {
            Interval::Year => out.push_str(self.year()),
            Interval::Month => out.push_str(self.date.get(..7).unwrap_or_default()),
            Interval::Day => out.push_str(self.date),
            Interval::Quarter => {
                out.push_str(self.year());
                out.push_str("-Q");
                out.push(self.quarter());
            }
            Interval::Hour => {
                self.write(self.clock.get(..2).unwrap_or_default(), out);
                out.push_str(":00");
            }
            Interval::Minute => self.write(self.clock.get(..5).unwrap_or_default(), out),
            Interval::Second => self.write(self.clock, out),
        }
    }

    fn year(&self) -> &'a str {
        self.date.get(..4).unwrap_or_default()
    }

    fn quarter(&self) -> char {
        match self.date.get(5..7) {
            Some("01" | "02" | "03") => '1',
            Some("04" | "05" | "06") => '2',
            Some("07" | "08" | "09") => '3',
            _ => '4',
        }
    }

    fn write(&self, clock: &str, out: &mut String) {
        out.push_str(self.date);
        out.push(' ');
        out.push_str(clock);
    }

    /// Three digits; further ones are dropped, as rounding could reach the next day.
    fn write_milliseconds(&self, out: &mut String) {
        out.push('.');
        let digits = self.fraction.get(..3).unwrap_or(self.fraction);
        out.push_str(digits);
        out.push_str("000".get(digits.len()..).unwrap_or_default());
    }

    /// A number at this place of the date or the clock.
    fn part(text: &str, from: usize, to: usize) -> Option<u32> {
        text.get(from..to)?.parse().ok()
    }

    /// Days since the last but one day of 1899.
    fn days(&self) -> Option<f64> {
        let part = |from, to| Self::part(self.date, from, to);
        let year = i32::try_from(part(0, 4)?).ok()?;
        let date = NaiveDate::from_ymd_opt(year, part(5, 7)?, part(8, 10)?)?;
        let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?;
        let days = i32::try_from((date - epoch).num_days()).ok()?;
        (days >= FIRST).then_some(f64::from(days))
    }

    fn seconds(&self) -> Option<f64> {
        let part = |from, to| Self::part(self.clock, from, to);
        let (hour, minute, second) = (part(0, 2)?, part(3, 5)?, part(6, 8)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut milliseconds = String::new();
        self.write_milliseconds(&mut milliseconds);
        let fraction: f64 = milliseconds.parse().ok()?;
        Some(f64::from(hour * 3600 + minute * 60 + second) + fraction)
    }
}

/// The first of March 1900. Before it serial numbers are off by one, since spreadsheets take 1900 for a leap year
/// (<https://learn.microsoft.com/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year>); such dates are text.
const FIRST: i32 = 61;

/// The serial number of a moment in spreadsheets: days, and the time as their fraction. None if the text is no moment that they know.
pub(crate) fn serial(text: &str) -> Option<f64> {
    let moment = Moment::read(text)?;
    Some(moment.days()? + moment.seconds()? / 86_400.0)
}

/// Whether the text has digits where the pattern has `0`, and the pattern's bytes elsewhere.
fn fits(text: &str, pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern)
            .all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                wanted => byte == *wanted,
            })
}
