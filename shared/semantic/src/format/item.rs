//! What a field says about its format, wherever it stands.

use serde_json::Value;

use super::Shape;
use super::custom::Custom;
use super::expression::Expression;
use crate::explore::{Dimension, DimensionType, Metric, MetricType};
use crate::interval::TimeInterval;
use crate::query::{CustomDimension, TableCalculation};

/// The keywords that fields had before there were expressions.
const KEYWORDS: [&str; 9] = [
    "km", "mi", "usd", "gbp", "eur", "jpy", "dkk", "id", "percent",
];

/// The settings of one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    kind: Kind,
    interval: Option<TimeInterval>,
    /// A keyword or an expression.
    format: Option<&'a str>,
    round: Option<&'a Value>,
    compact: Option<&'a Value>,
    /// The format object.
    options: Option<&'a Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Boolean,
    Date,
    Timestamp,
    Number,
    /// The least or greatest value of a column of any type.
    Extreme,
}

impl From<DimensionType> for Kind {
    fn from(dimension_type: DimensionType) -> Self {
        match dimension_type {
            DimensionType::String => Self::String,
            DimensionType::Number => Self::Number,
            DimensionType::Timestamp => Self::Timestamp,
            DimensionType::Date => Self::Date,
            DimensionType::Boolean => Self::Boolean,
        }
    }
}

impl From<MetricType> for Kind {
    fn from(metric_type: MetricType) -> Self {
        match metric_type {
            MetricType::String => Self::String,
            MetricType::Date => Self::Date,
            MetricType::Timestamp => Self::Timestamp,
            MetricType::Boolean => Self::Boolean,
            MetricType::Min | MetricType::Max => Self::Extreme,
            _ => Self::Number,
        }
    }
}

impl Kind {
    /// Of the names that types have on the wire.
    fn parse(name: &str) -> Self {
        match name {
            "string" | "bin" => Self::String,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "min" | "max" => Self::Extreme,
            _ => Self::Number,
        }
    }
}

impl<'a> Item<'a> {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            interval: None,
            format: None,
            round: None,
            compact: None,
            options: None,
        }
    }

    pub(super) fn of_dimension(dimension: &'a Dimension) -> Self {
        Self {
            interval: dimension.time_interval,
            round: dimension.round.as_ref(),
            compact: dimension.compact.as_ref(),
            ..Self::new(dimension.dimension_type.into()).with_format(dimension.format.as_ref())
        }
    }

    pub(super) fn of_metric(metric: &'a Metric) -> Self {
        let options = metric.format_options.as_ref();
        Self {
            round: metric.round.as_ref(),
            compact: metric.compact.as_ref(),
            options: options.filter(|options| options.is_object()),
            ..Self::new(metric.metric_type.into()).with_format(metric.format.as_ref())
        }
    }

    pub(super) fn of_calculation(calculation: &'a TableCalculation) -> Self {
        let kind = calculation
            .calculation_type
            .map_or(Kind::Number, Kind::from);
        let item = Self::new(kind).with_format(calculation.format.as_ref());
        Self {
            format: None,
            ..item
        }
    }

    pub(super) fn of_custom_dimension(dimension: &CustomDimension) -> Self {
        Self::new(match dimension {
            CustomDimension::Bin(_) => Kind::String,
            CustomDimension::Sql(sql) => sql.dimension_type.into(),
        })
    }

    /// Of the JSON of any of them.
    pub(super) fn of_json(item: &'a Value) -> Self {
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let kind = text("dimensionType").or(text("type")).unwrap_or_default();
        let found = Self::new(Kind::parse(kind)).with_format(item.get("format"));
        let options = item
            .get("formatOptions")
            .filter(|options| options.is_object());
        Self {
            interval: text("timeInterval").and_then(TimeInterval::parse),
            round: item.get("round"),
            compact: item.get("compact"),
            options: options.or(found.options),
            ..found
        }
    }

    /// A format is text, or (of table calculations) a format object.
    fn with_format(self, format: Option<&'a Value>) -> Self {
        Self {
            format: format.and_then(Value::as_str),
            options: format.filter(|format| format.is_object()),
            ..self
        }
    }

    /// With nothing but this format object, if it is one.
    pub(super) fn with_options(self, options: &'a Value) -> Self {
        if !options.is_object() {
            return self;
        }
        Self {
            options: Some(options),
            ..Self::new(self.kind)
        }
    }

    pub(super) fn shape(self) -> Shape {
        if let Some(expression) = self.own_expression() {
            return Shape::Expression(expression);
        }
        match self.kind {
            Kind::String => Shape::Text,
            Kind::Boolean => Shape::Boolean,
            Kind::Date => Shape::Date(self.interval),
            Kind::Timestamp => Shape::Timestamp(self.interval),
            Kind::Number if self.interval == Some(TimeInterval::YearNum) => Shape::Year,
            Kind::Number | Kind::Extreme => Shape::Number {
                custom: self.custom(),
                dates: self.kind == Kind::Extreme,
                plain: self.is_plain(),
            },
        }
    }

    /// An expression wins over everything else; one that cannot be read is as good as none.
    fn own_expression(self) -> Option<Expression> {
        let format = self.format.filter(|format| !KEYWORDS.contains(format))?;
        Expression::parse(format)
    }

    fn custom(self) -> Custom {
        match self.options {
            Some(options) => Custom::of_options(options),
            None => Custom::of_legacy(self.format.unwrap_or_default(), self.round, self.compact),
        }
    }

    fn is_plain(self) -> bool {
        self.options.is_none()
            && self.format.is_none()
            && self.round.is_none_or(Value::is_null)
            && self.compact.is_none_or(Value::is_null)
    }
}
