//! Intervals, relative dates, zones and starts of weeks. Each event's value is another power of two: a total says which
//! events are in it.

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Timelike, Utc,
};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::check::{Case, relative, rule};
use crate::data::{EVENTS, date, timestamp};
use crate::explores;

fn at(event: &crate::data::Event) -> Option<NaiveDateTime> {
    event.at.map(timestamp)
}

/// The events of each value of an interval of `at`.
async fn interval(name: &str, week: Option<u8>, value: impl Fn(NaiveDateTime) -> Value) {
    let mut groups: Vec<(Value, i64)> = Vec::new();
    for event in EVENTS {
        let key = at(event).map_or(Value::Null, &value);
        match groups.iter_mut().find(|group| group.0 == key) {
            Some(group) => group.1 += i64::from(event.value),
            None => groups.push((key, i64::from(event.value))),
        }
    }
    let expected = groups
        .into_iter()
        .map(|(key, total)| vec![key, json!(total)])
        .collect();
    let id = format!("events_at_{name}");
    let case = Case::on(explores::events(week))
        .dimensions(&[&id])
        .metrics(&["events_total"]);
    let case = match week {
        Some(day) => case.week(day),
        None => case,
    };
    case.answers(expected).await;
}

fn stamp(at: NaiveDateTime) -> Value {
    let text = at.format("%Y-%m-%dT%H:%M:%S").to_string();
    let millis = at.and_utc().timestamp_subsec_millis();
    let fraction = if millis == 0 {
        String::new()
    } else {
        format!(".{millis:03}").trim_end_matches('0').to_owned()
    };
    json!(format!("{text}{fraction}Z"))
}

/// What is truncated stays a timestamp.
fn day(day: NaiveDate) -> Value {
    stamp(day.and_time(NaiveTime::MIN))
}

fn month(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap()
}

/// The first day of the week, whose first day is this one of Monday to Sunday.
fn week_of(date: NaiveDate, start: u8) -> NaiveDate {
    date - Days::new(u64::from(
        (date.weekday().num_days_from_monday() + 7 - u32::from(start)) % 7,
    ))
}

#[tokio::test]
async fn truncated() {
    interval("raw", None, stamp).await;
    interval("millisecond", None, stamp).await;
    interval("second", None, |at| stamp(at.with_nanosecond(0).unwrap())).await;
    let minute = |at: NaiveDateTime| at.with_nanosecond(0).unwrap().with_second(0).unwrap();
    interval("minute", None, |at| stamp(minute(at))).await;
    interval("hour", None, |at| stamp(minute(at).with_minute(0).unwrap())).await;
    interval("day", None, |at| day(at.date())).await;
    interval("week", None, |at| day(week_of(at.date(), 0))).await;
    interval("month", None, |at| day(month(at.year(), at.month()))).await;
    interval("quarter", None, |at| {
        day(month(at.year(), at.month0() / 3 * 3 + 1))
    })
    .await;
    interval("year", None, |at| day(month(at.year(), 1))).await;
}

#[tokio::test]
async fn weeks_start_on_any_day() {
    for start in 0..7 {
        interval("week", Some(start), |at| day(week_of(at.date(), start))).await;
        interval("week_num", Some(start), |at| {
            json!((at.date() - Days::new(u64::from(start))).iso_week().week())
        })
        .await;
    }
}

#[tokio::test]
async fn parts_as_numbers() {
    interval("day_of_week_index", None, |at| {
        json!(at.weekday().num_days_from_sunday())
    })
    .await;
    interval("day_of_month_num", None, |at| json!(at.day())).await;
    interval("day_of_year_num", None, |at| json!(at.ordinal())).await;
    interval("week_num", None, |at| json!(at.iso_week().week())).await;
    interval("month_num", None, |at| json!(at.month())).await;
    interval("quarter_num", None, |at| json!(at.month0() / 3 + 1)).await;
    interval("year_num", None, |at| json!(at.year())).await;
    interval("hour_of_day_num", None, |at| json!(at.hour())).await;
    interval("minute_of_hour_num", None, |at| json!(at.minute())).await;
}

#[tokio::test]
async fn parts_as_names() {
    interval("day_of_week_name", None, |at| {
        json!(at.format("%A").to_string())
    })
    .await;
    interval("month_name", None, |at| json!(at.format("%B").to_string())).await;
    interval("quarter_name", None, |at| {
        json!(format!("Q{}", at.month0() / 3 + 1))
    })
    .await;
}

#[tokio::test]
async fn dates_have_intervals_too() {
    let by = |name: &'static str, key: fn(NaiveDate) -> Value| async move {
        let mut groups: Vec<(Value, i64)> = Vec::new();
        for event in EVENTS {
            let key = event.on.map(date).map_or(Value::Null, key);
            match groups.iter_mut().find(|group| group.0 == key) {
                Some(group) => group.1 += i64::from(event.value),
                None => groups.push((key, i64::from(event.value))),
            }
        }
        let expected = groups
            .into_iter()
            .map(|(key, total)| vec![key, json!(total)])
            .collect();
        let id = format!("events_day_{name}");
        Case::on(explores::events(None))
            .dimensions(&[&id])
            .metrics(&["events_total"])
            .answers(expected)
            .await;
    };
    by("day", day).await;
    by("week", |date| day(week_of(date, 0))).await;
    by("month", |date| day(month(date.year(), date.month()))).await;
    by("quarter", |date| {
        day(month(date.year(), date.month0() / 3 * 3 + 1))
    })
    .await;
    by("year", |date| day(month(date.year(), 1))).await;
    by("day_of_week_name", |date| {
        json!(date.format("%A").to_string())
    })
    .await;
    by("week_num", |date| json!(date.iso_week().week())).await;
}

/// The events whose timestamp fits.
async fn leaves(case: Case, fits: impl Fn(DateTime<Utc>) -> bool) {
    keeps(case, |at| at.is_some_and(|at| fits(at.and_utc()))).await;
}

/// The events that fit; none has a timestamp of its own.
async fn keeps(case: Case, fits: impl Fn(Option<NaiveDateTime>) -> bool) {
    let kept: Vec<_> = EVENTS.iter().filter(|event| fits(at(event))).collect();
    let expected = kept.iter().map(|event| vec![json!(event.id)]).collect();
    case.dimensions(&["events_event_id"])
        .answers(expected)
        .await;
}

fn events() -> Case {
    Case::on(explores::events(None))
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Midnight there.
fn midnight(zone: Tz, day: &str) -> DateTime<Utc> {
    zone.from_local_datetime(&date(day).and_hms_opt(0, 0, 0).unwrap())
        .unwrap()
        .to_utc()
}

#[tokio::test]
async fn days_of_new_york_have_23_and_25_hours() {
    let zone = chrono_tz::America::New_York;
    for (today, next, now) in [
        ("2024-03-10", "2024-03-11", "2024-03-10T15:00:00Z"),
        ("2024-11-03", "2024-11-04", "2024-11-03T15:00:00Z"),
        // Before the clock changes, it is the same day.
        ("2024-11-03", "2024-11-04", "2024-11-03T05:45:00Z"),
    ] {
        let (from, to) = (midnight(zone, today), midnight(zone, next));
        let case = || events().zone(zone).now(now);
        let in_day = move |at: DateTime<Utc>| (from..to).contains(&at);
        leaves(
            case().filter(relative("events_at", "inTheCurrent", 1, "days", false)),
            in_day,
        )
        .await;
        keeps(
            case().filter(relative("events_at", "notInTheCurrent", 1, "days", false)),
            |at| at.is_none_or(|at| !in_day(at.and_utc())),
        )
        .await;
        // From the day after, it is the one that is over.
        let tomorrow = (utc(now) + TimeDelta::days(1)).to_rfc3339();
        let case = || events().zone(zone).now(&tomorrow);
        leaves(
            case().filter(relative("events_at", "inThePast", 1, "days", true)),
            in_day,
        )
        .await;
        keeps(
            case().filter(relative("events_at", "notInThePast", 1, "days", true)),
            |at| at.is_none_or(|at| !in_day(at.and_utc())),
        )
        .await;
        // And from the day before, the next.
        let yesterday = (utc(now) - TimeDelta::days(1)).to_rfc3339();
        let case = || events().zone(zone).now(&yesterday);
        leaves(
            case().filter(relative("events_at", "inTheNext", 1, "days", true)),
            in_day,
        )
        .await;
    }
}

#[tokio::test]
async fn a_day_of_berlin() {
    let zone = chrono_tz::Europe::Berlin;
    let (from, to) = (midnight(zone, "2024-03-31"), midnight(zone, "2024-04-01"));
    assert_eq!(
        (from, to),
        (utc("2024-03-30T23:00:00Z"), utc("2024-03-31T22:00:00Z"))
    );
    let case = events().zone(zone).now("2024-03-31T12:00:00Z");
    leaves(
        case.filter(relative("events_at", "inTheCurrent", 1, "days", false)),
        |at| (from..to).contains(&at),
    )
    .await;
    let case = events().zone(zone).now("2024-04-15T12:00:00Z");
    let (from, to) = (midnight(zone, "2024-03-01"), midnight(zone, "2024-04-01"));
    leaves(
        case.filter(relative("events_at", "inThePast", 1, "months", true)),
        |at| (from..to).contains(&at),
    )
    .await;
}

#[tokio::test]
async fn dates_are_days_of_the_zone() {
    // In New York it is still the 10th, in Tokyo already the 11th.
    let now = "2024-03-11T02:00:00Z";
    for (zone, today) in [
        (chrono_tz::America::New_York, "2024-03-10"),
        (chrono_tz::Asia::Tokyo, "2024-03-11"),
    ] {
        let case = || {
            events()
                .zone(zone)
                .now(now)
                .dimensions(&["events_event_id"])
        };
        let of = |fits: &dyn Fn(NaiveDate) -> bool| -> Vec<Vec<Value>> {
            EVENTS
                .iter()
                .filter(|event| event.on.is_some_and(|on| fits(date(on))))
                .map(|event| vec![json!(event.id)])
                .collect()
        };
        let today = date(today);
        case()
            .filter(relative("events_day", "inTheCurrent", 1, "days", false))
            .answers(of(&|on| on == today))
            .await;
        let case_past = case().filter(relative("events_day", "inThePast", 1, "days", false));
        case_past
            .answers(of(&|on| (today - Days::new(1)..=today).contains(&on)))
            .await;
        let completed = case().filter(relative("events_day", "inThePast", 2, "days", true));
        completed
            .answers(of(&|on| (today - Days::new(2)..today).contains(&on)))
            .await;
        let next = case().filter(relative("events_day", "inTheNext", 1, "days", true));
        next.answers(of(&|on| on == today + Days::new(1))).await;
        let month_now = case().filter(relative("events_day", "inTheCurrent", 1, "months", false));
        month_now
            .answers(of(&|on| on.year() == 2024 && on.month() == 3))
            .await;
    }
}

#[tokio::test]
async fn a_day_without_midnight_ends_where_it_ends() {
    // In Beirut, clocks go from 00:00 to 01:00 on 31 March 2024.
    let zone = chrono_tz::Asia::Beirut;
    let of = |from: &str, to: &str| -> Vec<Vec<Value>> {
        EVENTS
            .iter()
            .filter(|event| event.on.is_some_and(|on| (from..to).contains(&on)))
            .map(|event| vec![json!(event.id)])
            .collect()
    };
    let case = |now: &str, operator: &str, number: i64, completed: bool| {
        events()
            .zone(zone)
            .now(now)
            .dimensions(&["events_event_id"])
            .filter(relative("events_day", operator, number, "days", completed))
    };
    let (before, on) = ("2024-03-30T12:00:00Z", "2024-03-31T12:00:00Z");
    assert!(!of("2024-03-31", "2024-04-01").is_empty());
    case(before, "inTheCurrent", 1, false)
        .answers(of("2024-03-30", "2024-03-31"))
        .await;
    case(before, "inTheNext", 1, true)
        .answers(of("2024-03-31", "2024-04-01"))
        .await;
    case(on, "inTheCurrent", 1, false)
        .answers(of("2024-03-31", "2024-04-01"))
        .await;
    case(on, "inThePast", 1, true)
        .answers(of("2024-03-30", "2024-03-31"))
        .await;
    case(on, "inTheNext", 1, true)
        .answers(of("2024-04-01", "2024-04-02"))
        .await;
}

#[tokio::test]
async fn a_year_before_a_leap_day_is_the_last_of_february() {
    let now = utc("2024-02-29T12:00:00Z");
    let from = utc("2023-02-28T12:00:00Z");
    let case = || events().now("2024-02-29T12:00:00Z");
    leaves(
        case().filter(relative("events_at", "inThePast", 1, "years", false)),
        |at| (from..=now).contains(&at),
    )
    .await;
    let to = utc("2025-02-28T12:00:00Z");
    leaves(
        case().filter(relative("events_at", "inTheNext", 1, "years", false)),
        |at| (now..=to).contains(&at),
    )
    .await;
    let year = |year: i32| move |at: DateTime<Utc>| at.year() == year;
    leaves(
        case().filter(relative("events_at", "inThePast", 1, "years", true)),
        year(2023),
    )
    .await;
    leaves(
        case().filter(relative("events_at", "inTheNext", 1, "years", true)),
        year(2025),
    )
    .await;
    leaves(
        case().filter(relative("events_at", "inTheCurrent", 1, "years", false)),
        year(2024),
    )
    .await;
    // A date likewise.
    let expected = EVENTS
        .iter()
        .filter(|event| {
            event
                .on
                .is_some_and(|on| ("2023-02-28"..="2024-02-29").contains(&on))
        })
        .map(|event| vec![json!(event.id)])
        .collect();
    let case = case().dimensions(&["events_event_id"]).filter(relative(
        "events_day",
        "inThePast",
        1,
        "years",
        false,
    ));
    case.answers(expected).await;
}

#[tokio::test]
async fn every_unit_counts() {
    let now = utc("2024-03-11T04:00:30Z");
    let case = |operator: &str, number: i64, unit: &str, completed: bool| {
        events().now("2024-03-11T04:00:30Z").filter(relative(
            "events_at",
            operator,
            number,
            unit,
            completed,
        ))
    };
    let past = |span: TimeDelta| move |at: DateTime<Utc>| (now - span..=now).contains(&at);
    leaves(
        case("inThePast", 31_000, "milliseconds", false),
        past(TimeDelta::seconds(31)),
    )
    .await;
    leaves(
        case("inThePast", 31, "seconds", false),
        past(TimeDelta::seconds(31)),
    )
    .await;
    leaves(
        case("inThePast", 2, "minutes", false),
        past(TimeDelta::minutes(2)),
    )
    .await;
    leaves(
        case("inThePast", 22, "hours", false),
        past(TimeDelta::hours(22)),
    )
    .await;
    leaves(
        case("inThePast", 2, "days", false),
        past(TimeDelta::days(2)),
    )
    .await;
    leaves(
        case("inThePast", 2, "weeks", false),
        past(TimeDelta::weeks(2)),
    )
    .await;
    leaves(case("inThePast", 2, "months", false), |at| {
        (now - Months::new(2)..=now).contains(&at)
    })
    .await;
    leaves(case("inThePast", 2, "quarters", false), |at| {
        (now - Months::new(6)..=now).contains(&at)
    })
    .await;
    leaves(case("inTheNext", 3, "quarters", false), |at| {
        (now..=now + Months::new(9)).contains(&at)
    })
    .await;
    leaves(case("inThePast", 1, "minutes", true), |at| {
        (utc("2024-03-11T03:59:00Z")..utc("2024-03-11T04:00:00Z")).contains(&at)
    })
    .await;
    leaves(case("inThePast", 1, "hours", true), |at| {
        (utc("2024-03-11T03:00:00Z")..utc("2024-03-11T04:00:00Z")).contains(&at)
    })
    .await;
    leaves(case("inTheCurrent", 1, "minutes", false), |at| {
        (utc("2024-03-11T04:00:00Z")..utc("2024-03-11T04:01:00Z")).contains(&at)
    })
    .await;
    leaves(case("inTheCurrent", 1, "hours", false), |at| {
        (utc("2024-03-11T04:00:00Z")..utc("2024-03-11T05:00:00Z")).contains(&at)
    })
    .await;
    leaves(case("inThePast", 1, "quarters", true), |at| {
        (utc("2023-10-01T00:00:00Z")..utc("2024-01-01T00:00:00Z")).contains(&at)
    })
    .await;
    leaves(case("inTheCurrent", 1, "quarters", false), |at| {
        (utc("2024-01-01T00:00:00Z")..utc("2024-04-01T00:00:00Z")).contains(&at)
    })
    .await;
    leaves(case("inTheNext", 1, "months", true), |at| {
        (utc("2024-04-01T00:00:00Z")..utc("2024-05-01T00:00:00Z")).contains(&at)
    })
    .await;
}

#[tokio::test]
async fn weeks_of_relative_dates_start_where_the_project_says() {
    let now = utc("2024-03-13T12:00:00Z");
    for start in 0..7 {
        let monday = week_of(now.date_naive(), start)
            .and_hms_opt(0, 0, 0)
            .unwrap()
            .and_utc();
        let week = |first: DateTime<Utc>| {
            move |at: DateTime<Utc>| (first..first + TimeDelta::weeks(1)).contains(&at)
        };
        let case = || {
            Case::on(explores::events(Some(start)))
                .week(start)
                .now("2024-03-13T12:00:00Z")
        };
        leaves(
            case().filter(relative("events_at", "inTheCurrent", 1, "weeks", false)),
            week(monday),
        )
        .await;
        leaves(
            case().filter(relative("events_at", "inThePast", 1, "weeks", true)),
            week(monday - TimeDelta::weeks(1)),
        )
        .await;
        leaves(
            case().filter(relative("events_at", "inTheNext", 1, "weeks", true)),
            week(monday + TimeDelta::weeks(1)),
        )
        .await;
    }
}

#[tokio::test]
async fn what_a_total_is_made_of() {
    let total = |fits: &dyn Fn(NaiveDateTime) -> bool| -> Value {
        json!(
            EVENTS
                .iter()
                .filter(|event| at(event).is_some_and(fits))
                .map(|event| i64::from(event.value))
                .sum::<i64>()
        )
    };
    Case::on(explores::events(None))
        .metrics(&["events_total"])
        .filter(rule(
            "events_at",
            "lessThan",
            json!(["1970-01-01T00:00:00Z"]),
        ))
        .answers(vec![vec![total(&|at| at.year() < 1970)]])
        .await;
    Case::on(explores::events(None))
        .metrics(&["events_total"])
        .filter(rule(
            "events_at",
            "inBetween",
            json!(["2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z"]),
        ))
        .answers(vec![vec![json!(256 + 512)]])
        .await;
}
