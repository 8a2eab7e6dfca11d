//! Literals that PostgreSQL reads and the engine does not, as ones that both do.

use datafusion::sql::sqlparser::ast::DataType;

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

/// A text that is cast: seconds of a timestamp may be left out, and an interval may have a time.
pub(super) fn of_type(text: &mut String, data_type: &DataType) {
    match data_type {
        DataType::Timestamp(..) | DataType::Datetime(_) if ends_with_minutes(text) => {
            text.push_str(":00");
        }
        DataType::Interval { .. } => *text = interval(text),
        _ => {}
    }
}

/// `2024-03-10 12:30`
fn ends_with_minutes(text: &str) -> bool {
    let form: String = text
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    matches!(form.as_str(), "0000-00-00 00:00" | "0000-00-00T00:00")
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
