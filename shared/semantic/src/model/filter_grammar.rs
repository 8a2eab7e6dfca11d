//! Filters as they are written in YAML: `"completed"`, `"!null"`, `"> 5"`, `"%mail%"`, `"inThePast 14 days"`.
//!
//! Where the field is not text, a text that would otherwise be compared as it is may say more: `"> -3"`, `"1, 2"`,
//! `"between 1 and 5"` on numbers; `"> 2024-01-31"`, `"between 2024-01-01 and 2024-01-31"`, `"inThePast 2 completed weeks"`,
//! `"notInThePast 1 quarter"`, `"inTheCurrent month"` on dates.

use serde_json::{Value, json};

use crate::filter::FieldType;
use crate::query::Operator;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parsed {
    pub operator: Operator,
    pub values: Vec<Value>,
    pub settings: Option<Value>,
    /// What may have been meant otherwise.
    pub warning: Option<&'static str>,
}

impl Parsed {
    fn new(operator: Operator, values: Vec<Value>) -> Self {
        Self {
            operator,
            values,
            settings: None,
            warning: None,
        }
    }
}

/// Reads what stands behind the field of a filter; the error is a sentence.
pub(super) fn parse(value: &Value, field: Option<FieldType>) -> Result<Parsed, String> {
    match value {
        Value::Null => Ok(Parsed::new(Operator::IsNull, vec![json!(1)])),
        Value::Bool(_) | Value::Number(_) => Ok(Parsed::new(Operator::Equals, vec![value.clone()])),
        Value::Array(list) => match list.iter().any(|one| one.is_array() || one.is_object()) {
            false => Ok(Parsed::new(Operator::Equals, list.clone())),
            true => Err("a list of values has only text, numbers, true and false in it".to_owned()),
        },
        Value::Object(_) => Err("a value is text, a number, true, false, or a list".to_owned()),
        Value::String(text) => {
            let extended = match field {
                Some(FieldType::Number) => numbers(text),
                Some(FieldType::Date | FieldType::Timestamp) => dates(text),
                Some(FieldType::String | FieldType::Boolean) | None => None,
            };
            plain(text).map(|plain| match plain.operator {
                Operator::Equals | Operator::NotEquals => extended.unwrap_or(plain),
                _ => plain,
            })
        }
    }
}

/// What a text means whatever the field is.
fn plain(text: &str) -> Result<Parsed, String> {
    if text.is_empty() {
        return Ok(Parsed::new(Operator::Equals, Vec::new()));
    }
    let (negative, rest) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    match rest {
        "null" | "NULL" => {
            let operator = if negative {
                Operator::NotNull
            } else {
                Operator::IsNull
            };
            return Ok(Parsed::new(operator, vec![json!(1)]));
        }
        "empty" | "EMPTY" => {
            return Err(
                "\"empty\" is no filter; quote it to mean the word, or use \"null\"".to_owned(),
            );
        }
        _ => {}
    }
    if !negative && let Some(parsed) = comparison(rest, unsigned).or_else(|| relative(rest)) {
        return Ok(parsed);
    }
    let (equals, includes) = if negative {
        (Operator::NotEquals, Operator::DoesNotInclude)
    } else {
        (Operator::Equals, Operator::Include)
    };
    if let Some(quoted) = rest
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return Ok(Parsed::new(equals, vec![json!(quoted)]));
    }
    let open_end = rest
        .strip_suffix('%')
        .filter(|before| !before.ends_with('^'));
    Ok(match (rest.strip_prefix('%'), open_end) {
        (Some(_), Some(_)) => {
            let inner = rest.strip_prefix('%').unwrap_or_default();
            let inner = inner.strip_suffix('%').unwrap_or_default();
            Parsed::new(includes, vec![json!(unescape(inner))])
        }
        (None, Some(start)) => one_sided(Operator::StartsWith, start, negative),
        (Some(end), None) => one_sided(Operator::EndsWith, end, negative),
        (None, None) => Parsed::new(equals, vec![json!(unescape(rest))]),
    })
}

/// No operator says that a text does not start with something.
fn one_sided(operator: Operator, text: &str, negative: bool) -> Parsed {
    Parsed {
        warning: negative
            .then_some("\"!\" has no effect before a text that starts or ends with \"%\""),
        ..Parsed::new(operator, vec![json!(unescape(text))])
    }
}

/// `^%` is `%`.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '^' && chars.peek().is_some_and(|next| "%^!\"_,<>".contains(*next));
        match escapes.then(|| chars.next()).flatten() {
            Some(next) => out.push(next),
            None => out.push(c),
        }
    }
    out
}

/// `> 5`, where the right side is what the function reads.
fn comparison(text: &str, read: fn(&str) -> Option<Value>) -> Option<Parsed> {
    let operators = [
        (">=", Operator::GreaterThanOrEqual),
        ("<=", Operator::LessThanOrEqual),
        (">", Operator::GreaterThan),
        ("<", Operator::LessThan),
    ];
    operators.into_iter().find_map(|(sign, operator)| {
        let right = text.trim().strip_prefix(sign)?.trim();
        Some(Parsed::new(operator, vec![read(right)?]))
    })
}

/// `inThePast 14 days`, in the words that every version knows.
fn relative(text: &str) -> Option<Parsed> {
    let mut words = text.split_whitespace();
    let operator = match words.next()? {
        "inThePast" => Operator::InThePast,
        "inTheNext" => Operator::InTheNext,
        _ => return None,
    };
    let count = words.next()?.parse::<u32>().ok()?;
    let unit = words.next()?;
    let known = [
        "milliseconds",
        "seconds",
        "minutes",
        "hours",
        "days",
        "weeks",
        "months",
        "years",
    ];
    (known.contains(&unit) && words.next().is_none()).then(|| Parsed {
        settings: Some(json!({ "unitOfTime": unit })),
        ..Parsed::new(operator, vec![json!(count)])
    })
}

fn unsigned(text: &str) -> Option<Value> {
    text.starts_with(|c: char| c.is_ascii_digit())
        .then(|| signed(text))
        .flatten()
}

fn signed(text: &str) -> Option<Value> {
    let body = text.strip_prefix('-').unwrap_or(text);
    if !body.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(json!(whole));
    }
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())?;
    Some(match number.fract() == 0.0 && number.abs() < 1e15 {
        true => json!(number as i64),
        false => json!(number),
    })
}

fn numbers(text: &str) -> Option<Parsed> {
    let list = |text: &str| {
        text.split(',')
            .map(|one| signed(one.trim()))
            .collect::<Option<Vec<_>>>()
    };
    let (negative, rest) = negation(text);
    if let Some(range) = between(rest, signed, negative) {
        return Some(range);
    }
    if !negative && let Some(parsed) = comparison(rest, signed) {
        return Some(parsed);
    }
    let values = rest.contains(',').then(|| list(rest)).flatten()?;
    Some(Parsed::new(
        if negative {
            Operator::NotEquals
        } else {
            Operator::Equals
        },
        values,
    ))
}

fn dates(text: &str) -> Option<Parsed> {
    let day = |text: &str| -> Option<Value> {
        let value = json!(text);
        crate::time::parse(&value).map(|_| value)
    };
    let (negative, rest) = negation(text);
    if let Some(range) = between(rest, day, negative) {
        return Some(range);
    }
    if !negative && let Some(parsed) = comparison(rest, day) {
        return Some(parsed);
    }
    period(rest, negative)
}

fn negation(text: &str) -> (bool, &str) {
    match text.trim().strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, text.trim()),
    }
}

/// `between a and b`, both inclusive.
fn between(text: &str, read: fn(&str) -> Option<Value>, negative: bool) -> Option<Parsed> {
    let mut words = text.splitn(2, char::is_whitespace);
    if !words.next()?.eq_ignore_ascii_case("between") {
        return None;
    }
    let rest = words.next()?.trim();
    let at = rest.to_ascii_lowercase().find(" and ")?;
    let (from, to) = (rest.get(..at)?.trim(), rest.get(at + 5..)?.trim());
    let operator = if negative {
        Operator::NotInBetween
    } else {
        Operator::InBetween
    };
    Some(Parsed::new(operator, vec![read(from)?, read(to)?]))
}

/// `inThePast 2 completed weeks`, `inTheCurrent month`, and their negations.
fn period(text: &str, negative: bool) -> Option<Parsed> {
    let mut words = text.split_whitespace();
    let operator = match words.next()?.to_ascii_lowercase().as_str() {
        "inthepast" => Operator::InThePast,
        "notinthepast" => Operator::NotInThePast,
        "inthenext" => Operator::InTheNext,
        "notinthenext" => Operator::NotInTheNext,
        "inthecurrent" => Operator::InTheCurrent,
        "notinthecurrent" => Operator::NotInTheCurrent,
        _ => return None,
    };
    let operator = match (negative, operator) {
        (false, operator) => operator,
        (true, Operator::InThePast) => Operator::NotInThePast,
        (true, Operator::InTheNext) => Operator::NotInTheNext,
        (true, Operator::InTheCurrent) => Operator::NotInTheCurrent,
        (true, _) => return None,
    };
    let current = matches!(operator, Operator::InTheCurrent | Operator::NotInTheCurrent);
    let count = if current {
        1
    } else {
        words.next()?.parse::<u32>().ok()?
    };
    let mut word = words.next()?;
    let completed = !current && word.eq_ignore_ascii_case("completed");
    if completed {
        word = words.next()?;
    }
    let unit = unit(word)?;
    let settings = match completed {
        true => json!({ "unitOfTime": unit, "completed": true }),
        false => json!({ "unitOfTime": unit }),
    };
    words.next().is_none().then(|| Parsed {
        settings: Some(settings),
        ..Parsed::new(operator, vec![json!(count)])
    })
}

/// In the plural, whatever was written.
fn unit(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let word = word.strip_suffix('s').unwrap_or(&word);
    [
        "milliseconds",
        "seconds",
        "minutes",
        "hours",
        "days",
        "weeks",
        "months",
        "quarters",
        "years",
    ]
    .into_iter()
    .find(|unit| unit.strip_suffix('s') == Some(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `operator values settings`
    fn read(value: Value, field: FieldType) -> String {
        match parse(&value, Some(field)) {
            Ok(parsed) => {
                let settings = parsed.settings.map(|settings| format!(" {settings}"));
                format!(
                    "{} {}{}",
                    parsed.operator.name(),
                    Value::from(parsed.values),
                    settings.unwrap_or_default()
                )
            }
            Err(error) => error,
        }
    }

    #[test]
    fn what_every_version_understands() {
        for (value, wanted) in [
            (json!(null), "isNull [1]"),
            (json!("null"), "isNull [1]"),
            (json!("NULL"), "isNull [1]"),
            (json!("!null"), "notNull [1]"),
            (json!(5), "equals [5]"),
            (json!(true), "equals [true]"),
            (json!(["a", 1]), "equals [\"a\",1]"),
            (json!("completed"), "equals [\"completed\"]"),
            (json!("!completed"), "notEquals [\"completed\"]"),
            (json!("%foo%"), "include [\"foo\"]"),
            (json!("!%foo%"), "doesNotInclude [\"foo\"]"),
            (json!("foo%"), "startsWith [\"foo\"]"),
            (json!("%foo"), "endsWith [\"foo\"]"),
            (json!("!foo%"), "startsWith [\"foo\"]"),
            (json!("> 5"), "greaterThan [5]"),
            (json!(">= 5.5"), "greaterThanOrEqual [5.5]"),
            (json!("<10"), "lessThan [10]"),
            (json!("<= 1e3"), "lessThanOrEqual [1000]"),
            (json!("> -3"), "equals [\"> -3\"]"),
            (
                json!("inThePast 14 days"),
                "inThePast [14] {\"unitOfTime\":\"days\"}",
            ),
            (
                json!("inTheNext 2 months"),
                "inTheNext [2] {\"unitOfTime\":\"months\"}",
            ),
            (
                json!("inThePast 3 quarters"),
                "equals [\"inThePast 3 quarters\"]",
            ),
            (json!(""), "equals []"),
            (json!("a,b"), "equals [\"a,b\"]"),
            (json!("\"quoted\""), "equals [\"quoted\"]"),
            (json!("^%abc"), "equals [\"%abc\"]"),
            (json!("abc^%"), "equals [\"abc%\"]"),
            (json!("null value"), "equals [\"null value\"]"),
            (json!("%"), "include [\"\"]"),
            (
                json!("empty"),
                "\"empty\" is no filter; quote it to mean the word, or use \"null\"",
            ),
            (
                json!({}),
                "a value is text, a number, true, false, or a list",
            ),
        ] {
            assert_eq!(read(value.clone(), FieldType::String), wanted, "{value}");
        }
    }

    #[test]
    fn numbers_may_be_negative_and_several() {
        for (text, wanted) in [
            ("> -3", "greaterThan [-3]"),
            ("1, 2,-3", "equals [1,2,-3]"),
            ("!1,2", "notEquals [1,2]"),
            ("between -1 and 2.5", "inBetween [-1,2.5]"),
            ("!between 1 and 2", "notInBetween [1,2]"),
            ("5", "equals [\"5\"]"),
            ("between", "equals [\"between\"]"),
        ] {
            assert_eq!(read(json!(text), FieldType::Number), wanted, "{text}");
        }
    }

    #[test]
    fn dates_have_ranges_and_periods() {
        for (text, wanted) in [
            ("> 2024-01-31", "greaterThan [\"2024-01-31\"]"),
            (
                "between 2024-01-01 AND 2024-02-01",
                "inBetween [\"2024-01-01\",\"2024-02-01\"]",
            ),
            (
                "inThePast 2 completed weeks",
                "inThePast [2] {\"completed\":true,\"unitOfTime\":\"weeks\"}",
            ),
            (
                "notInThePast 1 quarter",
                "notInThePast [1] {\"unitOfTime\":\"quarters\"}",
            ),
            (
                "!inThePast 3 days",
                "notInThePast [3] {\"unitOfTime\":\"days\"}",
            ),
            (
                "inTheCurrent month",
                "inTheCurrent [1] {\"unitOfTime\":\"months\"}",
            ),
            ("2024-01-31", "equals [\"2024-01-31\"]"),
            ("inThePast 3 moons", "equals [\"inThePast 3 moons\"]"),
        ] {
            assert_eq!(read(json!(text), FieldType::Date), wanted, "{text}");
        }
    }
}
