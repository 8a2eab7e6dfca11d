//! Fractions: `# ?/?`, `# ??/16`, `?/?`.

use super::lexer::{Pad, Token};
use super::number::Layout;
use crate::format::decimal::Decimal;

/// More digits are no use: a double has no better approximation.
const DIGITS: usize = 7;

/// A number as whole, numerator and denominator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fraction {
    before: Layout,
    numerator: Vec<Pad>,
    denominator: Denominator,
    after: Layout,
}

#[derive(Debug, Clone, PartialEq)]
enum Denominator {
    Fixed(u64),
    UpTo(Vec<Pad>),
}

impl Fraction {
    /// `None` without a slash between digits.
    pub(super) fn build(tokens: &[Token]) -> Option<Self> {
        let slash = tokens.iter().position(|token| *token == Token::Slash)?;
        let (before, rest) = tokens.split_at(slash);
        let after = rest.get(1..)?;
        let numerator: Vec<_> = before.iter().rev().map_while(pad).collect();
        let (before, _) = before.split_at_checked(before.len() - numerator.len())?;
        let is_place = |it: &&Token| matches!(it, Token::Digit(_) | Token::Numeral(_));
        let places = after.iter().take_while(is_place).count();
        let (denominator, after) = after.split_at_checked(places)?;
        if numerator.is_empty() || denominator.is_empty() {
            return None;
        }
        let is_fixed = denominator.iter().any(|it| matches!(it, Token::Numeral(_)));
        Some(Self {
            before: Layout::build(before)?,
            numerator: numerator.into_iter().rev().collect(),
            denominator: if is_fixed {
                Denominator::fixed(denominator)?
            } else {
                Denominator::UpTo(denominator.iter().map_while(pad).collect())
            },
            after: Layout::build(after).filter(|after| after.whole == 0)?,
        })
    }

    /// Writes a number, with a minus in front if it is negative.
    pub(super) fn write(&self, mut number: Decimal, minus: bool, out: &mut String) {
        let minus = minus && number.negative;
        number.negative = false;
        let mut whole = Decimal::of_bool(false);
        let apart = self.before.whole > 0;
        if apart {
            whole = number.clone();
            whole.truncate();
            number = number.fraction();
        }
        let (mut above, below) = self.denominator.approximate(double(&number));
        if apart && above >= below {
            above = 0;
            whole.add_one();
        }
        if minus && (above > 0 || !whole.is_zero()) {
            out.push('-');
        }
        self.before.write(whole, false, out);
        if apart && above == 0 {
            self.write_blank(out);
        } else {
            self.write_ratio(above, below, out);
        }
        self.after.write(Decimal::of_bool(false), false, out);
    }

    fn write_ratio(&self, above: u64, below: u64, out: &mut String) {
        let digits = above.to_string();
        let pads = self.numerator.len().saturating_sub(digits.len());
        for pad in self.numerator.iter().take(pads) {
            push_pad(*pad, out);
        }
        out.push_str(&digits);
        out.push('/');
        let digits = below.to_string();
        out.push_str(&digits);
        if let Denominator::UpTo(places) = &self.denominator {
            for pad in places.iter().skip(digits.len()) {
                push_pad(*pad, out);
            }
        }
    }

    /// A whole number has spaces for its fraction.
    fn write_blank(&self, out: &mut String) {
        let width = self.numerator.len() + 1 + self.denominator.width();
        (0..width).for_each(|_| out.push(' '));
    }
}

impl Denominator {
    fn fixed(tokens: &[Token]) -> Option<Self> {
        let mut digits = String::new();
        for token in tokens {
            digits.push(match token {
                Token::Numeral(numeral) => *numeral,
                Token::Digit(Pad::Zero) => '0',
                _ => return None,
            });
        }
        let number = (digits.len() <= DIGITS).then(|| digits.parse().ok())?;
        number.filter(|number| *number > 0).map(Self::Fixed)
    }

    fn width(&self) -> usize {
        match self {
            Self::Fixed(number) => number.to_string().len(),
            Self::UpTo(places) => places.len(),
        }
    }

    /// The closest numerator and denominator.
    fn approximate(&self, value: f64) -> (u64, u64) {
        match self {
            Self::Fixed(below) => ((value * *below as f64).round() as u64, *below),
            Self::UpTo(places) => {
                let digits = places.len().min(DIGITS) as u32;
                closest(value, 10_u64.saturating_pow(digits) - 1)
            }
        }
    }
}

/// The last convergent of the continued fraction whose denominator is not greater than a limit: what spreadsheets show, though
/// there may be closer ones between convergents.
fn closest(value: f64, limit: u64) -> (u64, u64) {
    let (mut last, mut this) = ((0, 1), (1, 0));
    let mut rest = value;
    for _ in 0..64 {
        let whole = rest.floor() as u64;
        let next = (
            whole.saturating_mul(this.0).saturating_add(last.0),
            whole.saturating_mul(this.1).saturating_add(last.1),
        );
        if next.1 > limit {
            break;
        }
        (last, this) = (this, next);
        let part = rest - rest.floor();
        if part < 1e-10 {
            break;
        }
        rest = 1.0 / part;
    }
    this
}

fn double(number: &Decimal) -> f64 {
    let mut text = String::new();
    number.write_plain(&mut text);
    text.parse().unwrap_or(0.0)
}

fn pad(token: &Token) -> Option<Pad> {
    match token {
        Token::Digit(pad) => Some(*pad),
        _ => None,
    }
}

fn push_pad(pad: Pad, out: &mut String) {
    match pad {
        Pad::Zero => out.push('0'),
        Pad::Space => out.push(' '),
        Pad::Nothing => {}
    }
}
