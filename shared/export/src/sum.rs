//! Sums that do not lose digits.

use serde_json::Value;

use crate::cell::plain;

/// A sum of numbers: exact while they are decimals that fit, in floating point afterwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    exact: Option<Decimal>,
    float: f64,
    /// Something that is not a decimal, or too large a one, was added.
    inexact: bool,
    any: bool,
}

/// Ten to this power is the largest that a unit can hold.
const DIGITS: u32 = 38;

/// `units` divided by ten to the `scale`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Decimal {
    units: i128,
    scale: u32,
}

impl Sum {
    /// Adds a value; what is not a number counts for nothing.
    pub(crate) fn add(&mut self, value: &Value, text: &mut String) {
        text.clear();
        plain(value, text);
        let Ok(float) = text.parse::<f64>() else {
            return;
        };
        self.any = true;
        self.float += float;
        let sum = self.exact.unwrap_or_default();
        self.exact = Decimal::read(text).and_then(|one| sum.plus(one));
        self.inexact |= self.exact.is_none();
    }

    /// The sum: a number if whole or in floating point, digits as text else; `null` if there was nothing to add.
    pub(crate) fn value(&self) -> Value {
        match self.exact.filter(|_| !self.inexact) {
            _ if !self.any => Value::Null,
            Some(exact) => exact.value(),
            None => serde_json::Number::from_f64(self.float).map_or(Value::Null, Value::Number),
        }
    }
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let units = format!("{whole}{fraction}").parse().ok()?;
        let scale = u32::try_from(fraction.len()).ok()?;
        (scale <= DIGITS).then_some(Self { units, scale })
    }

    fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let units = self.at(scale)?.checked_add(other.at(scale)?)?;
        Some(Self { units, scale })
    }

    fn at(self, scale: u32) -> Option<i128> {
        let factor = 10_i128.checked_pow(scale.checked_sub(self.scale)?)?;
        self.units.checked_mul(factor)
    }

    fn value(self) -> Value {
        if let (0, Ok(whole)) = (self.scale, i64::try_from(self.units)) {
            return whole.into();
        }
        let scale = usize::try_from(self.scale).unwrap_or(usize::MAX);
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = format!(
            "{:0>1$}",
            self.units.unsigned_abs(),
            scale.saturating_add(1)
        );
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
        match fraction {
            "" => format!("{sign}{whole}").into(),
            fraction => format!("{sign}{whole}.{fraction}").into(),
        }
    }
}
