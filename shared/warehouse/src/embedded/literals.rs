//! Literals that PostgreSQL reads and the engine does not, as ones that both do.

use chrono::NaiveDate;
use datafusion::sql::sqlparser::ast::{DataType, TimezoneInfo};

/// Digits of a decimal.
const LONGEST: usize = 76;

/// The decimal digits of a number with an exponent, which PostgreSQL has no rounding for: `1e15` is one with 15 zeros.
/// `None` for others, and for those that are too long for a decimal.
pub(super) fn number(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(-30..=30).contains(&exponent) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let plain = if point <= 0 {
        let zeros = usize::try_from(-point).ok()?;
        format!("0.{}{digits}", "0".repeat(zeros))
    } else {
        let point = usize::try_from(point).ok()?;
        let padded = format!("{digits:0<point$}");
        let (whole, fraction) = padded.split_at_checked(point)?;
        // With its point, it stays a decimal.
        format!("{whole}.{fraction}")
    };
    (plain.len() <= LONGEST).then_some(plain)
}

/// A text that is cast: seconds of a timestamp may be left out, a day may end at 24:00, and an interval may have a time.
pub(super) fn of_type(text: &mut String, data_type: &DataType) {
    let changed = match data_type {
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            timestamp(text, true)
        }
        DataType::Timestamp(..) | DataType::Datetime(_) => timestamp(text, false),
        DataType::Interval { .. } => Some(interval(text)),
        _ => None,
    };
    if let Some(changed) = changed {
        *text = changed;
    }
}

/// `2024-03-10 12:30+02` or `2024-03-10 4:30`. The zone of a timestamp without one is passed over. `None` for other texts.
pub(super) fn timestamp(text: &str, has_zone: bool) -> Option<String> {
    let (date, rest) = text.trim().split_at_checked(10)?;
    let day = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    let clock = rest.strip_prefix([' ', 'T'])?;
    let end = clock.find(|letter: char| !matches!(letter, '0'..='9' | ':' | '.'));
    let (time, zone) = clock.split_at_checked(end.unwrap_or(clock.len()))?;
    let zone = zone.trim_start();
    if !is_offset(zone) {
        return None;
    }
    let hour = if time.find(':') == Some(1) { "0" } else { "" };
    let seconds = match time.matches(':').count() {
        1 => ":00",
        _ => "",
    };
    let time = format!("{hour}{time}{seconds}");
    let moment = if time.trim_end_matches(['0', '.']) == "24:00:" {
        format!("{} 00:00:00", day.succ_opt()?)
    } else {
        format!("{date} {time}")
    };
    let zone = if has_zone { zone } else { "" };
    Some(moment + zone)
}

/// `+02`, `-03:30`, `Z`, or nothing.
fn is_offset(zone: &str) -> bool {
    match zone.strip_prefix(['+', '-']) {
        Some(hours) => {
            let digits = hours.bytes().filter(u8::is_ascii_digit).count();
            let form = hours
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':');
            form && (1..=6).contains(&digits)
        }
        None => matches!(zone, "" | "Z" | "z"),
    }
}

/// A time within an interval, `3 days 04:05:06.5`, as units: `3 days 4 hours 5 minutes 6.5 seconds`.
pub(super) fn interval(text: &str) -> String {
    let words: Vec<_> = text
        .split_whitespace()
        .map(|word| time(word).unwrap_or_else(|| word.to_owned()))
        .collect();
    words.join(" ")
}

fn time(word: &str) -> Option<String> {
    let (sign, clock) = match word.strip_prefix('-') {
        Some(clock) => ("-", clock),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    let mut parts = clock.split(':');
    let (hours, minutes) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if parts.next().is_some() || ![hours, minutes, seconds].into_iter().all(is_number) {
        return None;
    }
    Some(format!(
        "{sign}{hours} hours {sign}{minutes} minutes {sign}{seconds} seconds"
    ))
}
