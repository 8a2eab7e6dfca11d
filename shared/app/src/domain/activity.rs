//! What people do in a project, counted by week: how many queries they run, and how often they open charts and dashboards.

use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::id::{ContentId, UserId},
};

/// How long it is kept: a quarter.
pub const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    Queried,
    OpenedChart,
    OpenedDashboard(ContentId),
}

/// What somebody did in a week; how often they opened a dashboard is counted by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// The week's first day, as [`week_of`] writes it.
    pub week: String,
    pub user: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<ContentId>,
    #[serde(default)]
    pub queries: u64,
    #[serde(default)]
    pub chart_views: u64,
    #[serde(default)]
    pub dashboard_views: u64,
    /// The last query of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_query_at: Option<Timestamp>,
}

fn monday_of(instant: Timestamp) -> NaiveDate {
    let day = DateTime::<Utc>::from(instant).date_naive();
    let since = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(since)).unwrap_or(day)
}

/// The week of an instant: the date of its Monday, in UTC.
pub fn week_of(instant: Timestamp) -> String {
    monday_of(instant).to_string()
}

/// When the weeks of what is kept begin, the oldest first, that of `now` last.
pub fn weeks_until(now: Timestamp) -> Vec<Timestamp> {
    let first = monday_of(now - KEPT);
    let weeks = first.iter_weeks().take_while(|day| *day <= monday_of(now));
    let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    weeks
        .map(|day| Timestamp::from_millis(begin(day)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays() {
        let at = |text| Timestamp::parse(text).unwrap();
        for (instant, week) in [
            ("2026-01-31T09:30:00Z", "2026-01-26"),
            ("2026-01-26T00:00:00Z", "2026-01-26"),
            ("2026-01-25T23:59:59Z", "2026-01-19"),
            ("2026-01-01T00:00:00Z", "2025-12-29"),
        ] {
            assert_eq!(week_of(at(instant)), week);
        }
        let weeks = weeks_until(at("2026-01-31T09:30:00Z"));
        assert_eq!(*weeks.first().unwrap(), at("2025-10-27"));
        assert_eq!(*weeks.last().unwrap(), at("2026-01-26"));
        assert_eq!(weeks.len(), 14);
    }
}
