//! Days, and the days that they are compared with.

use app::{Error, Result};
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime};
use semantic::interval::Grain;

/// 52 weeks: the same weekday of about the same week, a year before.
const YEAR_OF_WEEKS: u64 = 364;

/// Days, from the first up to and with the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) first: NaiveDate,
    pub(crate) last: NaiveDate,
}

/// How far the days lie back that others are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Days(u64),
    Months(u32),
}

impl Step {
    /// A year, as it is counted in a grain: years have no whole number of weeks.
    pub(crate) fn year(grain: Grain) -> Self {
        match grain {
            Grain::Week => Self::Days(YEAR_OF_WEEKS),
            _ => Self::Months(12),
        }
    }

    /// The instant that stands for an earlier one beside the later days. None where there is no such day: the 29th of February
    /// has none in other years.
    pub(crate) fn forward(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Days(days) => at.checked_add_days(Days::new(days)),
            Self::Months(months) => at
                .checked_add_months(Months::new(months))
                .filter(|there| there.day() == at.day()),
        }
    }
}

impl Period {
    /// Reads two days, `2024-01-31`.
    ///
    /// # Errors
    /// `Invalid` for anything else, and when the last lies before the first.
    pub(crate) fn read(first: &str, last: &str) -> Result<Self> {
        let period = Self {
            first: day("startDate", first)?,
            last: day("endDate", last)?,
        };
        if period.last < period.first {
            return Err(Error::invalid("endDate lies before startDate"));
        }
        period.held()
    }

    /// How many days these are.
    pub(crate) fn days(self) -> u64 {
        let days = self.last.signed_duration_since(self.first).num_days() + 1;
        days.unsigned_abs()
    }

    /// The day after the last.
    ///
    /// # Errors
    /// None: a period ends before the last day that there is.
    pub(crate) fn end(self) -> Result<NaiveDate> {
        self.last.succ_opt().ok_or_else(too_far)
    }

    /// The days so far back. What ends with a month ends with a month there too, however long the two are.
    ///
    /// # Errors
    /// `Invalid` when these would lie before the year 1.
    pub(crate) fn back(self, step: Step) -> Result<Self> {
        let back = |day: NaiveDate| match step {
            Step::Days(days) => day.checked_sub_days(Days::new(days)),
            Step::Months(months) => day.checked_sub_months(Months::new(months)),
        };
        let whole = matches!(step, Step::Months(_)) && is_last_of_month(self.last);
        let first = back(self.first).ok_or_else(too_far)?;
        let last = back(self.last).ok_or_else(too_far)?;
        let last = if whole { last_of_month(last) } else { last };
        Self { first, last }.held()
    }

    /// How far back the period of the same length lies that ends where this one begins: in months, quarters and years as many
    /// as this one has begun, so that what is in the middle of one is compared with the middle of another.
    pub(crate) fn length(self, grain: Grain) -> Step {
        let months = |each: i32| {
            let place = |day: NaiveDate| (day.year() * 12 + day.month0() as i32).div_euclid(each);
            let begun = (place(self.last) - place(self.first) + 1) * each;
            Step::Months(begun.unsigned_abs())
        };
        match grain {
            Grain::Year => months(12),
            Grain::Quarter => months(3),
            Grain::Month => months(1),
            Grain::Week => Step::Days(self.days().div_ceil(7) * 7),
            _ => Step::Days(self.days()),
        }
    }

    /// Itself, if warehouses know its days and the one after.
    fn held(self) -> Result<Self> {
        let after = self.end()?;
        if self.first.year() < 1 || after.year() > 9999 {
            return Err(too_far());
        }
        Ok(self)
    }
}

fn too_far() -> Error {
    Error::invalid("There are only the years from 1 to 9999")
}

fn day(name: &str, text: &str) -> Result<NaiveDate> {
    // The library also takes signs, blanks and single digits.
    let plain = text.len() == "2024-01-31".len()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    day.filter(|_| plain)
        .ok_or_else(|| Error::invalid(format!("{name} is a day like 2024-01-31")))
}

fn last_of_month(day: NaiveDate) -> NaiveDate {
    let next = day
        .with_day(1)
        .and_then(|first| first.checked_add_months(Months::new(1)));
    next.and_then(|next| next.pred_opt()).unwrap_or(day)
}

fn is_last_of_month(day: NaiveDate) -> bool {
    day == last_of_month(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(first: &str, last: &str) -> Period {
        Period::read(first, last).unwrap()
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        for text in [
            "",
            "2024",
            "2024-1-05",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            " 2024-01-1",
            "2024-01-1 ",
            "+024-01-01",
            "-024-01-01",
            "2024/01/01",
            "01-01-2024",
            "2024-01-01T00:00:00Z",
            "now",
            "2024-01-0٣",
            "0000-01-01",
        ] {
            assert!(Period::read(text, "2024-12-31").is_err(), "{text:?}");
        }
        for (first, last) in [("2024-01-02", "2024-01-01"), ("9999-12-31", "9999-12-31")] {
            assert!(Period::read(first, last).is_err(), "{first}");
        }
        assert_eq!(period("2024-02-29", "2024-02-29").days(), 1);
        assert_eq!(period("0001-01-01", "9999-12-30").days(), 3_652_058);
    }

    #[test]
    fn a_year_back_keeps_whole_months_whole() {
        for (first, last, before, until) in [
            ("2024-05-15", "2024-05-15", "2023-05-15", "2023-05-15"),
            ("2024-01-01", "2024-12-31", "2023-01-01", "2023-12-31"),
            // February, whichever of the two has a day more.
            ("2024-02-01", "2024-02-29", "2023-02-01", "2023-02-28"),
            ("2025-02-01", "2025-02-28", "2024-02-01", "2024-02-29"),
            ("2024-02-01", "2024-02-28", "2023-02-01", "2023-02-28"),
            ("2024-02-29", "2024-03-31", "2023-02-28", "2023-03-31"),
            // Over the end of a year.
            ("2023-11-15", "2024-02-10", "2022-11-15", "2023-02-10"),
        ] {
            let back = period(first, last).back(Step::year(Grain::Month));
            assert_eq!(back.unwrap(), period(before, until), "{first}");
        }
    }

    #[test]
    fn a_year_of_weeks_keeps_the_weekday() {
        for (first, last, before, until) in [
            ("2024-01-01", "2024-01-14", "2023-01-02", "2023-01-15"),
            ("2024-05-15", "2024-05-15", "2023-05-17", "2023-05-17"),
            ("2021-01-04", "2021-01-10", "2020-01-06", "2020-01-12"),
        ] {
            let back = period(first, last).back(Step::year(Grain::Week));
            assert_eq!(back.unwrap(), period(before, until), "{first}");
        }
    }

    #[test]
    fn a_month_back_is_a_month_however_long() {
        for (first, last, before, until) in [
            ("2024-03-01", "2024-03-31", "2024-02-01", "2024-02-29"),
            ("2024-02-01", "2024-02-29", "2024-01-01", "2024-01-31"),
            ("2023-03-01", "2023-03-30", "2023-02-01", "2023-02-28"),
            ("2024-01-01", "2024-01-15", "2023-12-01", "2023-12-15"),
            ("2024-03-31", "2024-03-31", "2024-02-29", "2024-02-29"),
        ] {
            let back = period(first, last).back(Step::Months(1));
            assert_eq!(back.unwrap(), period(before, until), "{first}");
        }
        let early = period("0001-01-15", "0001-02-15");
        assert!(early.back(Step::Months(1)).is_err());
        assert!(early.back(Step::Days(400)).is_err());
    }

    #[test]
    fn a_length_is_as_many_as_have_begun() {
        for (first, last, grain, step) in [
            ("2024-01-01", "2024-03-31", Grain::Month, Step::Months(3)),
            ("2024-01-15", "2024-03-14", Grain::Month, Step::Months(3)),
            ("2023-12-31", "2024-01-01", Grain::Month, Step::Months(2)),
            ("2024-01-01", "2024-06-30", Grain::Quarter, Step::Months(6)),
            ("2024-03-31", "2024-04-01", Grain::Quarter, Step::Months(6)),
            ("2022-01-01", "2023-12-31", Grain::Year, Step::Months(24)),
            ("2024-01-01", "2024-01-15", Grain::Week, Step::Days(21)),
            ("2024-02-01", "2024-02-29", Grain::Day, Step::Days(29)),
            ("2024-02-01", "2024-02-01", Grain::Hour, Step::Days(1)),
        ] {
            assert_eq!(period(first, last).length(grain), step, "{first} {grain:?}");
        }
    }

    #[test]
    fn going_forward_undoes_going_back() {
        let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
        for (step, before, after) in [
            (
                Step::Months(12),
                "2023-03-01T00:00",
                Some("2024-03-01T00:00"),
            ),
            (
                Step::Months(12),
                "2023-02-28T23:00",
                Some("2024-02-28T23:00"),
            ),
            (Step::Months(12), "2024-02-29T00:00", None),
            (Step::Months(1), "2024-01-31T00:00", None),
            (
                Step::Days(364),
                "2023-01-02T00:00",
                Some("2024-01-01T00:00"),
            ),
            (Step::Days(29), "2024-01-31T05:30", Some("2024-02-29T05:30")),
        ] {
            assert_eq!(step.forward(at(before)), after.map(at), "{before}");
        }
    }
}
