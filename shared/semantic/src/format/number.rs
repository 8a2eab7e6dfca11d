//! Numbers with separators, rounded.

use super::decimal::Decimal;
use super::numeric::Numeric;

/// What stands between groups of three digits, and before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Separator {
    #[default]
    CommaPeriod,
    SpacePeriod,
    /// As in German, which also puts currencies at the end.
    PeriodComma,
    NoSeparatorPeriod,
}

impl Separator {
    /// Unknown ones are as good as none.
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "spacePeriod" => Self::SpacePeriod,
            "periodComma" => Self::PeriodComma,
            "noSeparatorPeriod" => Self::NoSeparatorPeriod,
            _ => Self::CommaPeriod,
        }
    }

    fn marks(self) -> (Option<char>, char) {
        match self {
            Self::CommaPeriod => (Some(','), '.'),
            Self::SpacePeriod => (Some(' '), '.'),
            Self::PeriodComma => (Some('.'), ','),
            Self::NoSeparatorPeriod => (None, '.'),
        }
    }
}

/// How many digits are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// Behind the point, without zeros at the end.
    AtMost(i64),
    /// Behind the point.
    Exactly(i64),
    /// So many digits of the whole part become zeros, but never the first one.
    Without(i64),
}

impl Precision {
    /// The most decimals that are shown.
    const MOST: i64 = 20;

    /// Of a `round` setting.
    pub(super) fn of_round(round: i64) -> Self {
        if round < 0 {
            Self::Without(round.saturating_neg())
        } else {
            Self::Exactly(round.min(Self::MOST))
        }
    }

    /// Rounds, and says how many decimals are shown at least.
    fn apply(self, number: &mut Decimal) -> i64 {
        match self {
            Self::AtMost(decimals) => {
                number.round(decimals);
                0
            }
            Self::Exactly(decimals) => {
                number.round(decimals);
                decimals
            }
            Self::Without(places) => {
                let digits = number.whole().max(1).saturating_sub(places).max(1);
                number.round(digits - number.magnitude());
                0
            }
        }
    }
}

/// A number whose sign may stand apart from its digits.
pub(super) struct Rounded {
    number: Numeric,
    decimals: i64,
}

impl Rounded {
    pub(super) fn new(mut number: Numeric, precision: Precision) -> Self {
        let decimals = match &mut number {
            Numeric::Finite(number) => precision.apply(number),
            Numeric::Infinite { .. } => 0,
        };
        Self { number, decimals }
    }

    /// A minus for what is less than zero, after rounding.
    pub(super) fn write_sign(&self, out: &mut String) {
        let (Numeric::Finite(Decimal { negative, .. }) | Numeric::Infinite { negative }) =
            &self.number;
        if *negative {
            out.push('-');
        }
    }

    pub(super) fn write_digits(&mut self, separator: Separator, out: &mut String) {
        let Numeric::Finite(number) = &mut self.number else {
            return out.push('∞');
        };
        let (group, point) = separator.marks();
        let (whole, zeros, behind) = number.split(self.decimals);
        match group {
            _ if whole.is_empty() => out.push('0'),
            Some(group) => write_groups(whole, group, out),
            None => out.push_str(whole),
        }
        if !behind.is_empty() {
            out.push(point);
            (0..zeros).for_each(|_| out.push('0'));
            out.push_str(behind);
        }
    }
}

/// Digits with a mark between each three of them, counted from the end.
fn write_groups(digits: &str, mark: char, out: &mut String) {
    let mut rest = digits;
    let mut first = (digits.len() + 2) % 3 + 1;
    while let Some((group, after)) = rest.split_at_checked(first) {
        out.push_str(group);
        if after.is_empty() {
            return;
        }
        out.push(mark);
        (rest, first) = (after, 3);
    }
}

/// Sign and digits.
pub(super) fn write_number(
    number: Numeric,
    precision: Precision,
    separator: Separator,
    out: &mut String,
) {
    let mut rounded = Rounded::new(number, precision);
    rounded.write_sign(out);
    rounded.write_digits(separator, out);
}
