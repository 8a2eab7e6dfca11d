//! Time intervals: what a date is truncated to, or which part of it is taken.

use serde::{Deserialize, Serialize};

use crate::explore::DimensionType;

/// The intervals that dimensions may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TimeFrames))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TimeInterval {
    Raw,
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    DayOfWeekIndex,
    DayOfMonthNum,
    DayOfYearNum,
    WeekNum,
    MonthNum,
    QuarterNum,
    YearNum,
    DayOfWeekName,
    MonthName,
    QuarterName,
    HourOfDayNum,
    MinuteOfHourNum,
}

/// What a date can be truncated to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A number that is part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    DayOfWeek,
    DayOfMonth,
    DayOfYear,
    Week,
    Month,
    Quarter,
    Year,
    Hour,
    Minute,
}

/// A name that is part of a date, in English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Day,
    Month,
    Quarter,
}

/// What an interval does with a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    Raw,
    Truncate(Grain),
    Part(Part),
    Name(Name),
}

impl TimeInterval {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Raw,
        Self::Year,
        Self::Quarter,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::Millisecond,
        Self::DayOfWeekIndex,
        Self::DayOfMonthNum,
        Self::DayOfYearNum,
        Self::WeekNum,
        Self::MonthNum,
        Self::QuarterNum,
        Self::YearNum,
        Self::DayOfWeekName,
        Self::MonthName,
        Self::QuarterName,
        Self::HourOfDayNum,
        Self::MinuteOfHourNum,
    ];

    /// As on the wire: `DAY_OF_WEEK_INDEX`.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Raw => "RAW",
            Self::Year => "YEAR",
            Self::Quarter => "QUARTER",
            Self::Month => "MONTH",
            Self::Week => "WEEK",
            Self::Day => "DAY",
            Self::Hour => "HOUR",
            Self::Minute => "MINUTE",
            Self::Second => "SECOND",
            Self::Millisecond => "MILLISECOND",
            Self::DayOfWeekIndex => "DAY_OF_WEEK_INDEX",
            Self::DayOfMonthNum => "DAY_OF_MONTH_NUM",
            Self::DayOfYearNum => "DAY_OF_YEAR_NUM",
            Self::WeekNum => "WEEK_NUM",
            Self::MonthNum => "MONTH_NUM",
            Self::QuarterNum => "QUARTER_NUM",
            Self::YearNum => "YEAR_NUM",
            Self::DayOfWeekName => "DAY_OF_WEEK_NAME",
            Self::MonthName => "MONTH_NAME",
            Self::QuarterName => "QUARTER_NAME",
            Self::HourOfDayNum => "HOUR_OF_DAY_NUM",
            Self::MinuteOfHourNum => "MINUTE_OF_HOUR_NUM",
        }
    }

    /// What people write, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|interval| interval.wire().eq_ignore_ascii_case(text))
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Raw => "Raw",
            Self::Year => "Year",
            Self::Quarter => "Quarter",
            Self::Month => "Month",
            Self::Week => "Week",
            Self::Day => "Day",
            Self::Hour => "Hour",
            Self::Minute => "Minute",
            Self::Second => "Second",
            Self::Millisecond => "Millisecond",
            Self::DayOfWeekIndex => "Day of the week (index)",
            Self::DayOfMonthNum => "Day of the month (number)",
            Self::DayOfYearNum => "Day of the year (number)",
            Self::WeekNum => "Week (number)",
            Self::MonthNum => "Month (number)",
            Self::QuarterNum => "Quarter (number)",
            Self::YearNum => "Year (number)",
            Self::DayOfWeekName => "Day of the week (name)",
            Self::MonthName => "Month (name)",
            Self::QuarterName => "Quarter (name)",
            Self::HourOfDayNum => "Hour of day (number)",
            Self::MinuteOfHourNum => "Minute of hour (number)",
        }
    }

    /// What it does with a date.
    pub fn transform(self) -> Transform {
        match self {
            Self::Raw => Transform::Raw,
            Self::Year => Transform::Truncate(Grain::Year),
            Self::Quarter => Transform::Truncate(Grain::Quarter),
            Self::Month => Transform::Truncate(Grain::Month),
            Self::Week => Transform::Truncate(Grain::Week),
            Self::Day => Transform::Truncate(Grain::Day),
            Self::Hour => Transform::Truncate(Grain::Hour),
            Self::Minute => Transform::Truncate(Grain::Minute),
            Self::Second => Transform::Truncate(Grain::Second),
            Self::Millisecond => Transform::Truncate(Grain::Millisecond),
            Self::DayOfWeekIndex => Transform::Part(Part::DayOfWeek),
            Self::DayOfMonthNum => Transform::Part(Part::DayOfMonth),
            Self::DayOfYearNum => Transform::Part(Part::DayOfYear),
            Self::WeekNum => Transform::Part(Part::Week),
            Self::MonthNum => Transform::Part(Part::Month),
            Self::QuarterNum => Transform::Part(Part::Quarter),
            Self::YearNum => Transform::Part(Part::Year),
            Self::HourOfDayNum => Transform::Part(Part::Hour),
            Self::MinuteOfHourNum => Transform::Part(Part::Minute),
            Self::DayOfWeekName => Transform::Name(Name::Day),
            Self::MonthName => Transform::Name(Name::Month),
            Self::QuarterName => Transform::Name(Name::Quarter),
        }
    }

    /// The type of the result.
    pub fn result_type(self, base: DimensionType) -> DimensionType {
        match self.transform() {
            Transform::Raw => base,
            Transform::Truncate(
                Grain::Millisecond | Grain::Second | Grain::Minute | Grain::Hour,
            ) => DimensionType::Timestamp,
            Transform::Truncate(_) => DimensionType::Date,
            Transform::Part(_) => DimensionType::Number,
            Transform::Name(_) => DimensionType::String,
        }
    }
}

impl Grain {
    /// As SQL keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Millisecond => "MILLISECOND",
            Self::Second => "SECOND",
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
        }
    }
}

impl Part {
    /// As most databases call it.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::DayOfWeek => "DOW",
            Self::DayOfMonth => "DAY",
            Self::DayOfYear => "DOY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
            Self::Hour => "HOUR",
            Self::Minute => "MINUTE",
        }
    }
}
