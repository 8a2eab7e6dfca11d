//! What a query is compiled for.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::access::UserAttributes;
use crate::dialect::StartOfWeek;

/// What a query is compiled for: whom, when and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The instant that relative dates count from.
    pub now: DateTime<Utc>,
    /// The zone in which relative dates are meant.
    pub timezone: Tz,
    /// 0 is Monday, 6 is Sunday; none is the warehouse's default.
    pub start_of_week: StartOfWeek,
    /// Of the user who asks.
    pub attributes: UserAttributes,
    /// Rows at most, whatever the query asks for.
    pub row_limit: Option<u32>,
    /// Whether who wrote the SQL of the query itself may write any, which is as good as reading everything: without it, that SQL
    /// only computes from what the user may see. Names of fields are looked at either way.
    pub custom_sql: bool,
    /// Whether the SQL of custom dimensions was looked at when it was saved: whoever may run the query may not have to be one who
    /// may write it. Other SQL of the query is looked at all the same.
    pub saved_dimensions: bool,
    /// Whether metrics are kept from being counted several times by joins.
    pub fan_out: bool,
}

impl Options {
    /// For a user without attributes, in UTC.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            timezone: Tz::UTC,
            start_of_week: None,
            attributes: UserAttributes::default(),
            row_limit: None,
            custom_sql: false,
            saved_dimensions: false,
            fan_out: true,
        }
    }
}
