//! A rule on a field → SQL that is true, false or null for a row. Every rule stands in parentheses of its own.
//!
//! What is negative (`notEquals`, `doesNotInclude`, `notInThePast` …) lets rows without a value pass. A rule that has no values
//! yet holds for every row, as clients expect while somebody is still typing; on dates it is an error, and on booleans it
//! means false, as clients do.

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::Value;

use crate::dialect::Dialect;
use crate::explore::{DimensionType, MetricType};
use crate::literal::{self, Open};
use crate::query::Operator;
use crate::time::{self, TimeContext, Unit};

/// What a field's values are, as far as filters care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    String,
    Number,
    Boolean,
    Date,
    Timestamp,
}

impl From<DimensionType> for FieldType {
    fn from(dimension: DimensionType) -> Self {
        match dimension {
            DimensionType::String => Self::String,
            DimensionType::Number => Self::Number,
            DimensionType::Boolean => Self::Boolean,
            DimensionType::Date => Self::Date,
            DimensionType::Timestamp => Self::Timestamp,
        }
    }
}

impl From<MetricType> for FieldType {
    fn from(metric: MetricType) -> Self {
        match metric {
            MetricType::String => Self::String,
            MetricType::Boolean => Self::Boolean,
            MetricType::Date => Self::Date,
            MetricType::Timestamp => Self::Timestamp,
            MetricType::Percentile
            | MetricType::Average
            | MetricType::Count
            | MetricType::CountDistinct
            | MetricType::Sum
            | MetricType::Min
            | MetricType::Max
            | MetricType::Number
            | MetricType::Median => Self::Number,
        }
    }
}

impl FieldType {
    /// As people call it.
    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }

    /// The type in which a metric's values compare: the least or greatest of dates is a date, which its type does not say.
    pub fn of_metric(metric: MetricType, rule: &Rule<'_>) -> Self {
        let text = rule
            .values
            .iter()
            .find(|value| value.is_string() && literal::number(value).is_none());
        match (metric, text) {
            (MetricType::Min | MetricType::Max, Some(value)) => match time::parse(value) {
                Some(written) if written.utc.time() == NaiveTime::MIN => Self::Date,
                Some(_) => Self::Timestamp,
                None => Self::String,
            },
            (MetricType::Min | MetricType::Max, None) if rule.operator.is_relative() => {
                Self::Timestamp
            }
            _ => metric.into(),
        }
    }
}

impl Operator {
    /// Whether it counts from now.
    pub fn is_relative(self) -> bool {
        matches!(
            self,
            Self::InThePast
                | Self::NotInThePast
                | Self::InTheNext
                | Self::NotInTheNext
                | Self::InTheCurrent
                | Self::NotInTheCurrent
        )
    }
}

impl Operator {
    /// Whether fields of a type can be asked so (reference: the matrix of operators and types that clients show).
    fn is_for(self, field: FieldType) -> bool {
        match self {
            Self::IsNull | Self::NotNull | Self::Equals | Self::NotEquals => true,
            Self::StartsWith | Self::EndsWith | Self::Include | Self::DoesNotInclude => {
                field == FieldType::String
            }
            Self::LessThan
            | Self::LessThanOrEqual
            | Self::GreaterThan
            | Self::GreaterThanOrEqual
            | Self::InBetween
            | Self::NotInBetween => {
                matches!(
                    field,
                    FieldType::Number | FieldType::Date | FieldType::Timestamp
                )
            }
            Self::InThePast
            | Self::NotInThePast
            | Self::InTheNext
            | Self::NotInTheNext
            | Self::InTheCurrent
            | Self::NotInTheCurrent => matches!(field, FieldType::Date | FieldType::Timestamp),
        }
    }
}

/// What is asked of a field.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    pub operator: Operator,
    pub values: &'a [Value],
    pub settings: Option<&'a Value>,
}

/// How many values a rule may have.
pub const MOST_VALUES: usize = 10_000;

/// The SQL of a rule; the error is a sentence.
pub fn rule_sql(
    dialect: Dialect,
    field: &str,
    field_type: FieldType,
    rule: &Rule<'_>,
    time: &TimeContext,
) -> Result<String, String> {
    if rule.values.len() > MOST_VALUES {
        return Err(format!("A filter has at most {MOST_VALUES} values"));
    }
    match rule.operator {
        Operator::IsNull => return Ok(format!("({field}) IS NULL")),
        Operator::NotNull => return Ok(format!("({field}) IS NOT NULL")),
        _ => {}
    }
    if !rule.operator.is_for(field_type) {
        return Err(format!(
            "The operator \"{}\" is not for fields of type {}",
            rule.operator.name(),
            field_type.name()
        ));
    }
    match field_type {
        FieldType::String => string(dialect, field, rule),
        FieldType::Number => number(field, rule),
        FieldType::Boolean => Ok(boolean(field, rule)),
        FieldType::Date | FieldType::Timestamp => Dates {
            dialect,
            field,
            whole_days: field_type == FieldType::Date,
            time,
        }
        .rule(rule),
    }
}

/// What holds for every row.
const ALWAYS: &str = "true";

/// The text of a value that stands where text is expected.
fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(literal::boolean(*value).to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err("A value of a filter has to be text".to_owned())
        }
    }
}

/// `IN` a list of literals, where null may be among the values.
fn membership(field: &str, literals: &[String], with_null: bool, negative: bool) -> String {
    let list = literals.join(",");
    match (negative, literals.is_empty(), with_null) {
        (false, true, _) => format!("({field}) IS NULL"),
        (true, true, _) => format!("({field}) IS NOT NULL"),
        (false, false, false) => format!("({field}) IN ({list})"),
        (false, false, true) => format!("(({field}) IN ({list}) OR ({field}) IS NULL)"),
        (true, false, false) => format!("(({field}) NOT IN ({list}) OR ({field}) IS NULL)"),
        (true, false, true) => format!("(({field}) NOT IN ({list}) AND ({field}) IS NOT NULL)"),
    }
}

fn string(dialect: Dialect, field: &str, rule: &Rule<'_>) -> Result<String, String> {
    let given = rule.values.iter().filter(|value| !value.is_null());
    let texts: Vec<String> = given.map(text).collect::<Result<_, _>>()?;
    let negative = matches!(
        rule.operator,
        Operator::NotEquals | Operator::DoesNotInclude
    );
    let open = match rule.operator {
        Operator::StartsWith => Open::End,
        Operator::EndsWith => Open::Start,
        Operator::Include | Operator::DoesNotInclude => Open::Both,
        _ if rule.values.is_empty() => return Ok(ALWAYS.to_owned()),
        _ => {
            let literals: Vec<String> = texts
                .iter()
                .map(|text| literal::string(dialect, text))
                .collect();
            let with_null = texts.len() < rule.values.len();
            return Ok(membership(field, &literals, with_null, negative));
        }
    };
    let likes: Vec<String> = texts
        .iter()
        .map(|text| {
            let literal::Like { pattern, escape } = literal::like(dialect, text, open);
            match (open, negative) {
                // Lower-cased by the database on both sides.
                (Open::Both, false) => format!("LOWER({field}) LIKE LOWER({pattern}){escape}"),
                (Open::Both, true) => format!("LOWER({field}) NOT LIKE LOWER({pattern}){escape}"),
                _ => format!("({field}) LIKE {pattern}{escape}"),
            }
        })
        .collect();
    Ok(match (likes.is_empty(), negative) {
        (true, _) => ALWAYS.to_owned(),
        (false, false) => format!("({})", likes.join(" OR ")),
        (false, true) => format!("(({}) OR ({field}) IS NULL)", likes.join(" AND ")),
    })
}

fn number(field: &str, rule: &Rule<'_>) -> Result<String, String> {
    let given = rule.values.iter().filter(|value| !value.is_null());
    let numbers: Vec<String> = given
        .map(|value| literal::number(value).ok_or_else(|| format!("{value} is not a number")))
        .collect::<Result<_, _>>()?;
    let compare = |operator: &str| match numbers.first() {
        Some(number) => format!("({field}) {operator} ({number})"),
        None => ALWAYS.to_owned(),
    };
    Ok(match (rule.operator, numbers.as_slice()) {
        (Operator::LessThan, _) => compare("<"),
        (Operator::LessThanOrEqual, _) => compare("<="),
        (Operator::GreaterThan, _) => compare(">"),
        (Operator::GreaterThanOrEqual, _) => compare(">="),
        (Operator::InBetween | Operator::NotInBetween, []) => ALWAYS.to_owned(),
        (Operator::InBetween, [from, to]) => {
            format!("(({field}) >= ({from}) AND ({field}) <= ({to}))")
        }
        (Operator::NotInBetween, [from, to]) => {
            format!("(({field}) < ({from}) OR ({field}) > ({to}) OR ({field}) IS NULL)")
        }
        (Operator::InBetween | Operator::NotInBetween, _) => {
            return Err("A range has two values".to_owned());
        }
        _ if rule.values.is_empty() => ALWAYS.to_owned(),
        (operator, numbers) => membership(
            field,
            numbers,
            numbers.len() < rule.values.len(),
            operator == Operator::NotEquals,
        ),
    })
}

/// The first value counts: `true` and `false`, also as text; other values by whether they are something.
fn boolean(field: &str, rule: &Rule<'_>) -> String {
    let value = match rule.values.first() {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            other => !other.is_empty(),
        },
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Value::Array(_) | Value::Object(_)) => true,
        Some(Value::Null) | None => false,
    };
    let value = literal::boolean(value);
    match rule.operator {
        Operator::NotEquals => format!("(({field}) != {value} OR ({field}) IS NULL)"),
        _ => format!("({field}) = {value}"),
    }
}

/// Rules on dates and timestamps.
struct Dates<'a> {
    dialect: Dialect,
    field: &'a str,
    /// Whether the field is a date.
    whole_days: bool,
    time: &'a TimeContext,
}

/// From (inclusive) to an end.
struct Range {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Whether the end belongs to it.
    closed: bool,
}

impl Dates<'_> {
    fn rule(&self, rule: &Rule<'_>) -> Result<String, String> {
        let field = self.field;
        let compare = |operator: &str| {
            let value = self.written(rule.values.first())?;
            Ok(format!("({field}) {operator} ({value})"))
        };
        match rule.operator {
            Operator::LessThan => compare("<"),
            Operator::LessThanOrEqual => compare("<="),
            Operator::GreaterThan => compare(">"),
            Operator::GreaterThanOrEqual => compare(">="),
            Operator::InBetween | Operator::NotInBetween => {
                let from = self.written(rule.values.first())?;
                let to = self.written(rule.values.get(1))?;
                Ok(if rule.operator == Operator::InBetween {
                    format!("(({field}) >= ({from}) AND ({field}) <= ({to}))")
                } else {
                    format!("(({field}) < ({from}) OR ({field}) > ({to}) OR ({field}) IS NULL)")
                })
            }
            operator if operator.is_relative() => {
                let within = self.within(&self.range(rule)?);
                Ok(match operator {
                    Operator::NotInThePast | Operator::NotInTheNext | Operator::NotInTheCurrent => {
                        format!("(NOT {within} OR ({field}) IS NULL)")
                    }
                    _ => within,
                })
            }
            _ => self.equality(rule),
        }
    }

    fn equality(&self, rule: &Rule<'_>) -> Result<String, String> {
        let field = self.field;
        let negative = rule.operator == Operator::NotEquals;
        if rule.values.is_empty() {
            return Err("A date is missing".to_owned());
        }
        let given = rule.values.iter().filter(|value| !value.is_null());
        let literals: Vec<String> = given
            .map(|value| self.written(Some(value)))
            .collect::<Result<_, _>>()?;
        let with_null = literals.len() < rule.values.len();
        Ok(match (literals.as_slice(), with_null, negative) {
            ([one], false, false) => format!("({field}) = ({one})"),
            ([one], false, true) => format!("(({field}) != ({one}) OR ({field}) IS NULL)"),
            (many, _, _) => membership(field, many, with_null, negative),
        })
    }

    /// A date or an instant that a client wrote, as a literal.
    fn written(&self, value: Option<&Value>) -> Result<String, String> {
        let value = value.ok_or("A date is missing")?;
        let written = time::parse(value).ok_or_else(|| format!("{value} is not a date"))?;
        Ok(if self.whole_days {
            literal::date(self.dialect, written.wall.date())
        } else {
            literal::timestamp(self.dialect, written.utc)
        })
    }

    fn range(&self, rule: &Rule<'_>) -> Result<Range, String> {
        let setting = |name: &str| rule.settings.and_then(|settings| settings.get(name));
        let unit = match setting("unitOfTime") {
            None | Some(Value::Null) => Unit::Days,
            Some(unit) => unit
                .as_str()
                .and_then(Unit::parse)
                .ok_or_else(|| format!("{unit} is not a unit of time"))?,
        };
        let completed = match setting("completed") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(completed)) => *completed,
            Some(other) => return Err(format!("\"completed\" is true or false, not {other}")),
        };
        let (now, time) = (self.time.now, self.time);
        let start = |at| time.start(self.dialect, at, unit);
        // From the start of a period to that of another: the day on which midnight is left out starts later than the others.
        let periods = |from, count| start(time.shift(from, unit, count)?);
        let far = || "The date is too far away".to_owned();
        let range = match rule.operator {
            Operator::InTheCurrent | Operator::NotInTheCurrent => {
                start(now).and_then(|from| Some((from, periods(from, 1)?, false)))
            }
            Operator::InThePast | Operator::NotInThePast => {
                let count = count(rule)?;
                if completed {
                    start(now).and_then(|to| Some((periods(to, -count)?, to, false)))
                } else {
                    time.shift(now, unit, -count).map(|from| (from, now, true))
                }
            }
            _ => {
                let count = count(rule)?;
                if completed {
                    periods(now, 1).and_then(|from| Some((from, periods(from, count)?, false)))
                } else {
                    time.shift(now, unit, count).map(|to| (now, to, true))
                }
            }
        };
        let (from, to, closed) = range.ok_or_else(far)?;
        let fits = |at: DateTime<Utc>| time::representable(at.naive_utc());
        if fits(from) && fits(to) {
            Ok(Range { from, to, closed })
        } else {
            Err(far())
        }
    }

    /// Whether the field lies in the range. A range of instants contains a day if it contains a moment of it.
    fn within(&self, range: &Range) -> String {
        let field = self.field;
        let (from, to, closed) = if self.whole_days {
            let (from, to) = (self.time.local(range.from), self.time.local(range.to));
            // The first moment of a day is not midnight where clocks are set forward then.
            let start = self.time.start(self.dialect, range.to, Unit::Days);
            let closed = range.closed || start != Some(range.to);
            (
                literal::date(self.dialect, from.date()),
                literal::date(self.dialect, to.date()),
                closed,
            )
        } else {
            (
                literal::timestamp(self.dialect, range.from.naive_utc()),
                literal::timestamp(self.dialect, range.to.naive_utc()),
                range.closed,
            )
        };
        let before = if closed { "<=" } else { "<" };
        format!("(({field}) >= ({from}) AND ({field}) {before} ({to}))")
    }
}

/// How many units: a whole number.
fn count(rule: &Rule<'_>) -> Result<i64, String> {
    let value = rule.values.first().ok_or("A number of units is missing")?;
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    number
        .filter(|number| number.fract() == 0.0 && (0.0..=10_000_000.0).contains(number))
        .map(|number| number as i64)
        .ok_or_else(|| format!("{value} is not a number of units"))
}
