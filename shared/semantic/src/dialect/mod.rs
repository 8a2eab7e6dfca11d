//! One constant per warehouse: characters and small functions, and where its meaning is documented.
//!
//! Policy: SQL that all of them accept, and a field here only where one does not.

mod athena;
mod bigquery;
mod clickhouse;
mod databricks;
mod duckdb;
mod postgres;
mod redshift;
mod snowflake;
mod trino;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::explore::{DimensionType, MetricType};
use crate::interval::{Grain, Name, Part, TimeInterval, Transform};

/// The warehouses that SQL is written for. The embedded engine speaks PostgreSQL's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SupportedDbtAdapter))]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    Postgres,
    Redshift,
    Bigquery,
    Snowflake,
    Databricks,
    Trino,
    Duckdb,
    Athena,
    Clickhouse,
}

/// The day on which weeks start: 0 is Monday, 6 is Sunday; none is the warehouse's own default.
pub type StartOfWeek = Option<u8>;

/// How one warehouse writes what differs.
pub struct Syntax {
    /// Around identifiers; doubled, or escaped by a backslash, inside.
    pub identifier_quote: char,
    /// Whether a backslash in a string literal is an escape.
    pub backslash_escapes: bool,
    /// How a quote stands inside a string literal.
    pub escaped_quote: &'static str,
    /// Whether LIKE takes a backslash as escape without being told.
    pub like_escapes: bool,
    /// The day on which its weeks start when nobody says: 0 is Monday.
    pub default_start_of_week: u8,
    /// Whether `ORDER BY … NULLS FIRST` is understood.
    pub null_order: bool,
    /// `(expression, grain, type of the expression, start of week)` → the start of the period.
    pub truncate: fn(&str, Grain, DimensionType, StartOfWeek) -> String,
    /// `(expression, part, start of week)` → a number.
    pub part: fn(&str, Part, StartOfWeek) -> String,
    /// `(expression, name, type of the expression)` → a name in English.
    pub name: fn(&str, Name, DimensionType) -> String,
    /// `(expression, fraction)` → the value below which that fraction lies.
    pub percentile: fn(&str, f64) -> String,
    /// The average as a number with decimals.
    pub average: fn(&str) -> String,
    /// Text next to text.
    pub concat: fn(&[String]) -> String,
    /// The type that text is.
    pub text_type: &'static str,
    /// The type that a number with decimals is.
    pub float_type: &'static str,
    /// Equal, or both null.
    pub null_safe_equal: fn(&str, &str) -> String,
    /// A date from its quoted text `'2024-01-31'`.
    pub date: fn(&str) -> String,
    /// A timestamp in UTC from its quoted text `'2024-01-31 12:30:00'`.
    pub timestamp: fn(&str) -> String,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Postgres,
        Self::Redshift,
        Self::Bigquery,
        Self::Snowflake,
        Self::Databricks,
        Self::Trino,
        Self::Duckdb,
        Self::Athena,
        Self::Clickhouse,
    ];

    /// How it writes.
    pub fn syntax(self) -> &'static Syntax {
        match self {
            Self::Postgres => &postgres::SYNTAX,
            Self::Redshift => &redshift::SYNTAX,
            Self::Bigquery => &bigquery::SYNTAX,
            Self::Snowflake => &snowflake::SYNTAX,
            Self::Databricks => &databricks::SYNTAX,
            Self::Trino => &trino::SYNTAX,
            Self::Duckdb => &duckdb::SYNTAX,
            Self::Athena => &athena::SYNTAX,
            Self::Clickhouse => &clickhouse::SYNTAX,
        }
    }

    /// As on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redshift => "redshift",
            Self::Bigquery => "bigquery",
            Self::Snowflake => "snowflake",
            Self::Databricks => "databricks",
            Self::Trino => "trino",
            Self::Duckdb => "duckdb",
            Self::Athena => "athena",
            Self::Clickhouse => "clickhouse",
        }
    }

    /// An interval of a date or timestamp.
    pub fn interval(
        self,
        sql: &str,
        interval: TimeInterval,
        base: DimensionType,
        week: StartOfWeek,
    ) -> String {
        let syntax = self.syntax();
        match interval.transform() {
            Transform::Raw => sql.to_owned(),
            Transform::Truncate(grain) => (syntax.truncate)(sql, grain, base, week),
            Transform::Part(part) => (syntax.part)(sql, part, week),
            Transform::Name(name) => (syntax.name)(sql, name, base),
        }
    }

    /// The aggregation that a metric's type stands for; `percentile` is 0 to 100. Types that are expressions stay as they are.
    pub fn aggregate(self, metric: MetricType, sql: &str, percentile: Option<f64>) -> String {
        match metric {
            MetricType::Count => format!("COUNT({sql})"),
            MetricType::CountDistinct => format!("COUNT(DISTINCT {sql})"),
            MetricType::Sum => format!("SUM({sql})"),
            MetricType::Min => format!("MIN({sql})"),
            MetricType::Max => format!("MAX({sql})"),
            MetricType::Average => (self.syntax().average)(sql),
            MetricType::Median => (self.syntax().percentile)(sql, 0.5),
            MetricType::Percentile => {
                let percent = percentile.filter(|p| (0.0..=100.0).contains(p));
                // 99.9 / 100 would be 0.9990000000000001.
                let fraction = (percent.unwrap_or(50.0) * 1e7).round() / 1e9;
                (self.syntax().percentile)(sql, fraction)
            }
            MetricType::Number
            | MetricType::String
            | MetricType::Date
            | MetricType::Timestamp
            | MetricType::Boolean => sql.to_owned(),
        }
    }

    /// A number as text with so many decimals (at most 9): a plain cast would write `1.0E1` or `10.0` here and there.
    pub fn decimal_text(self, sql: &str, decimals: u8) -> String {
        let text = self.syntax().text_type;
        format!("CAST({} AS {text})", self.decimal(sql, decimals))
    }

    /// A number, rounded to so many decimals (at most 9).
    pub fn decimal(self, sql: &str, decimals: u8) -> String {
        match self {
            // Its cast cuts off what the others round: 3 * 0.7 would be 2.0.
            Self::Clickhouse => {
                format!("CAST(ROUND({sql}, {decimals}) AS Nullable(Decimal(28, {decimals})))")
            }
            _ => format!("CAST({sql} AS DECIMAL(28, {decimals}))"),
        }
    }

    /// A number times ten to the power of `decimals` (at most 9), rounded down as the decimal that it stands for: the double 0.3 is
    /// less than three tenths. Decimals of 27 digits times ten digits are what every warehouse holds.
    pub fn floor_of_decimals(self, sql: &str, decimals: u8) -> String {
        let power = 10_u64.pow(u32::from(decimals.min(9)));
        match self {
            Self::Clickhouse => format!("FLOOR(ROUND({} * {power}, 6))", factor(sql)),
            _ => format!("FLOOR(CAST({sql} AS DECIMAL(27, 9)) * {power})"),
        }
    }
}

/// SQL as one side of an operator: what is more than a name stands in parentheses.
fn factor(sql: &str) -> Cow<'_, str> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'"');
    if sql.bytes().all(is_name) {
        Cow::Borrowed(sql)
    } else {
        Cow::Owned(format!("({sql})"))
    }
}

/// `DATE_TRUNC('MONTH', x)`.
fn date_trunc(sql: &str, grain: Grain) -> String {
    format!("DATE_TRUNC('{}', {sql})", grain.keyword())
}

/// `DATE_PART('MONTH', x)`.
fn date_part(sql: &str, part: Part) -> String {
    format!("DATE_PART('{}', {sql})", part.keyword())
}

fn plain_average(sql: &str) -> String {
    format!("AVG({sql})")
}

/// `PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)`.
fn percentile_cont(sql: &str, fraction: f64) -> String {
    format!("PERCENTILE_CONT({fraction}) WITHIN GROUP (ORDER BY {sql})")
}

/// `(a || b)`.
fn pipes(parts: &[String]) -> String {
    format!("({})", parts.join(" || "))
}

/// `CONCAT(a, b)`.
fn concat(parts: &[String]) -> String {
    format!("CONCAT({})", parts.join(", "))
}

fn is_not_distinct(a: &str, b: &str) -> String {
    format!("{a} IS NOT DISTINCT FROM {b}")
}

fn typed_date(quoted: &str) -> String {
    format!("DATE {quoted}")
}

fn typed_timestamp(quoted: &str) -> String {
    format!("TIMESTAMP {quoted}")
}
