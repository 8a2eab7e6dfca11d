//! Decimal numbers with all their digits: from their text, rounded and scaled without binary floating point.

use std::cmp::Ordering;
use std::fmt::Write as _;

/// The longest exponent that a text may have. A double has 308 at most.
const EXPONENT: i64 = 1000;
/// Digits that rounding and dividing may add without moving the others.
const ROOM: usize = 8;
/// From here on, JavaScript writes numbers with an exponent: <https://tc39.es/ecma262/#sec-numeric-types-number-tostring>.
const PLAIN: std::ops::RangeInclusive<i64> = -5..=21;

/// `0.d₁d₂d₃… × 10^point`, with a sign. Neither the first digit nor the last is a zero; zero has no digits and no sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// One or nothing.
    pub(super) fn of_bool(value: bool) -> Self {
        Self::of_digits(if value { vec![b'1'] } else { Vec::new() }, 1)
    }

    fn of_digits(digits: Vec<u8>, point: i64) -> Self {
        let mut number = Self {
            negative: false,
            digits,
            point,
        };
        number.tidy();
        number
    }

    /// `-12.50`, `.5`, `1e3`, with spaces around it; `None` for anything else.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (whole, rest) = digits(text);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => digits(rest),
            rest => (Default::default(), rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => parse_exponent(rest)?,
            _ => return None,
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut number = Self::of_parts(whole, fraction);
        number.negative = negative;
        number.point += exponent;
        number.tidy();
        Some(number)
    }

    fn of_parts(whole: &[u8], fraction: &[u8]) -> Self {
        let (whole, _) = without_zeros(whole);
        let (fraction, zeros) = match whole {
            [] => without_zeros(fraction),
            _ => (fraction, 0),
        };
        let mut digits = Vec::with_capacity(whole.len() + fraction.len() + ROOM);
        digits.extend_from_slice(whole);
        digits.extend_from_slice(fraction);
        Self {
            negative: false,
            digits,
            point: signed(whole.len()) - zeros,
        }
    }

    /// Without zeros at the end; zero has neither sign nor place.
    fn tidy(&mut self) {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.negative = false;
            self.point = 0;
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The digits before the point, without leading zeros.
    pub(super) fn whole(&self) -> i64 {
        self.point.max(0)
    }

    /// The digits behind the point, without zeros at the end.
    pub(super) fn decimals(&self) -> i64 {
        (self.len() - self.point).max(0)
    }

    /// The power of ten of the first digit, plus one: 12.5 has 2, 0.05 has −1.
    pub(super) fn magnitude(&self) -> i64 {
        self.point
    }

    fn len(&self) -> i64 {
        signed(self.digits.len())
    }

    /// The digit of a power of ten (ones: 0, tenths: −1), as a character.
    pub(super) fn digit(&self, power: i64) -> char {
        let at = usize::try_from(self.point - 1 - power).ok();
        let digit = at.and_then(|at| self.digits.get(at));
        digit.map_or('0', |digit| char::from(*digit))
    }

    /// Times a power of ten.
    pub(super) fn scale(&mut self, power: i64) {
        if !self.is_zero() {
            self.point += power;
        }
    }

    /// Divided by a power of 1024, exactly: `1 / 1024 = 9765625 / 10^10`.
    pub(super) fn divide_by_1024(&mut self, times: u32) {
        for _ in 0..times {
            let before = self.len();
            let mut carry = 0_u32;
            for digit in self.digits.iter_mut().rev() {
                let product = u32::from(*digit - b'0') * 9_765_625 + carry;
                *digit = b'0' + (product % 10) as u8;
                carry = product / 10;
            }
            let mut front = Vec::new();
            while carry > 0 {
                front.push(b'0' + (carry % 10) as u8);
                carry /= 10;
            }
            self.digits.splice(0..0, front.into_iter().rev());
            self.point += self.len() - before - 10;
            self.tidy();
        }
    }

    /// To so many digits behind the point; halves go away from zero.
    pub(super) fn round(&mut self, decimals: i64) {
        let Ok(keep) = usize::try_from(self.point.saturating_add(decimals)) else {
            self.digits.clear();
            return self.tidy();
        };
        let Some(next) = self.digits.get(keep) else {
            return;
        };
        let up = *next >= b'5';
        self.digits.truncate(keep);
        if up {
            self.round_up();
        }
        self.tidy();
    }

    fn round_up(&mut self) {
        while self.digits.last() == Some(&b'9') {
            self.digits.pop();
        }
        if let Some(last) = self.digits.last_mut() {
            *last += 1;
        } else {
            self.digits.push(b'1');
            self.point += 1;
        }
    }

    /// Without what stands behind the point.
    pub(super) fn truncate(&mut self) {
        let whole = usize::try_from(self.whole()).unwrap_or(usize::MAX);
        self.digits.truncate(whole);
        self.tidy();
    }

    /// A whole number's successor.
    pub(super) fn add_one(&mut self) {
        let whole = usize::try_from(self.whole()).unwrap_or(usize::MAX);
        self.digits.resize(whole, b'0');
        self.round_up();
        self.tidy();
    }

    /// What stands behind the point.
    pub(super) fn fraction(&self) -> Self {
        let whole = usize::try_from(self.whole()).unwrap_or(usize::MAX);
        let (digits, zeros) = without_zeros(self.digits.get(whole..).unwrap_or_default());
        Self::of_digits(digits.to_vec(), self.point.min(0) - zeros)
    }

    /// The digits before the point, how many zeros follow it, and the digits behind those: so many decimals at least.
    pub(super) fn split(&mut self, decimals: i64) -> (&str, i64, &str) {
        let room = usize::try_from(self.point.saturating_add(decimals)).unwrap_or(0);
        if self.digits.len() < room {
            self.digits.resize(room, b'0');
        }
        let whole = usize::try_from(self.whole()).unwrap_or(usize::MAX);
        let digits = std::str::from_utf8(&self.digits).unwrap_or_default();
        let (whole, behind) = digits.split_at_checked(whole).unwrap_or_default();
        (whole, self.point.min(0).saturating_neg(), behind)
    }

    /// As JavaScript writes numbers, with all digits: `1234.5`, `1e+21`.
    pub(super) fn write_plain(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        if self.is_zero() || PLAIN.contains(&self.point) {
            return self.write_digits(self.point, out);
        }
        self.write_digits(1, out);
        let power = self.point - 1;
        let _ = write!(out, "e{power:+}");
    }

    /// The digits, with the point behind so many of them.
    fn write_digits(&self, point: i64, out: &mut String) {
        let shift = self.point - point;
        for power in (0..point.max(1)).rev() {
            out.push(self.digit(power + shift));
        }
        let decimals = (self.len() - point).max(0);
        if decimals > 0 && !self.is_zero() {
            out.push('.');
            for place in 1..=decimals {
                out.push(self.digit(shift - place));
            }
        }
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (false, false) => (self.point, &self.digits).cmp(&(other.point, &other.digits)),
            (one, two) => two.cmp(&one),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
            (one, two) => two.cmp(&one),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The digits that a text begins with, and the rest.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or_default()
}

/// Text without the zeros that it begins with, and how many those were.
fn without_zeros(text: &[u8]) -> (&[u8], i64) {
    let zeros = text.iter().take_while(|byte| **byte == b'0').count();
    (text.get(zeros..).unwrap_or_default(), signed(zeros))
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let exponent: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (exponent.abs() <= EXPONENT).then_some(exponent)
}
