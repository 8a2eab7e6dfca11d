//! Time: the system's, or one that tests move.

use std::{
    fmt,
    ops::{Add, Sub},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in UTC with millisecond precision: on the wire and in the table `2026-01-31T09:30:00.000Z`,
/// which sorts as text the way it sorts in time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl From<Timestamp> for DateTime<Utc> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

impl Timestamp {
    /// Milliseconds since 1970; out of chrono's range becomes 1970.
    pub fn from_millis(millis: i64) -> Self {
        Self(
            Utc.timestamp_millis_opt(millis)
                .single()
                .unwrap_or_default(),
        )
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Whole seconds since 1970, as the table's `ttl` wants them.
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// Strict ISO 8601 with a zone, or a bare date (reference 00 §0.5).
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        // The library also takes a space for the `T`, and single digits in a date.
        let instant = match text.as_bytes() {
            [_, _, _, _, b'-', _, _, b'-', _, _] => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()?
                .and_hms_opt(0, 0, 0)?
                .and_utc(),
            [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => {
                DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc)
            }
            _ => return None,
        };
        // Four-digit years only: the text must sort as the time does. Milliseconds first, as a leap second becomes the
        // next minute, which may be the next year.
        let instant = Self::from_millis(instant.timestamp_millis());
        (0..=9999)
            .contains(&chrono::Datelike::year(&instant.0))
            .then_some(instant)
    }

    /// How long from `earlier` to this instant; zero when it lies before.
    pub fn since(self, earlier: Timestamp) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    /// `31 January 2026, 09:30 UTC`, for people.
    pub fn for_people(self) -> String {
        self.0.format("%-d %B %Y, %H:%M UTC").to_string()
    }

    /// The form of one-time schedules, to the second.
    pub fn as_schedule(self) -> String {
        self.0.format("at(%Y-%m-%dT%H:%M:%S)").to_string()
    }

    /// The form of HTTP dates.
    pub fn http_date(self) -> String {
        self.0.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// The form of RFC 5322 `Date` headers.
    pub fn rfc2822(self) -> String {
        self.0.to_rfc2822()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        Timestamp::from_millis(
            self.millis()
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp::from_millis(
            self.millis()
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| de::Error::custom("not an ISO 8601 date and time"))
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// Where the time comes from.
#[derive(Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still until a test moves it.
    Fixed(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: Timestamp) -> Self {
        Clock::Fixed(Arc::new(Mutex::new(at)))
    }

    /// The current time, to the millisecond.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::from_millis(Utc::now().timestamp_millis()),
            Clock::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock; the system's clock goes on by itself.
    pub fn advance(&self, by: Duration) {
        if let Clock::Fixed(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = *at + by;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strict_iso_8601_is_an_instant() {
        for (text, read) in [
            ("2026-01-31", "2026-01-31T00:00:00.000Z"),
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"),
            ("2026-01-31T09:30:00.1239+02:00", "2026-01-31T07:30:00.123Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), read);
        }
        for text in [
            "",
            "2026-1-31",
            "2026-01-31 09:30:00Z",
            "2026-01-31T09:30:00",
            "2026-02-30",
            "+12026-01-31T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "31.01.2026",
            "2026-01-31T09:30:00\u{2212}05:00",
            "2026-01-31T25:00:00Z",
            "9999-12-31T23:59:60Z",
        ] {
            assert!(Timestamp::parse(text).is_none(), "{text:?}");
        }
    }
}
