//! Numbers: `#,##0.00`, `0.0%`, `#,##0,"K"`, `0.00E+00`.

use super::binary_unit;
use super::lexer::{Pad, Token};
use super::section::literal;
use crate::format::decimal::Decimal;

/// Where digits go.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Layout {
    parts: Vec<Part>,
    /// Places before the point, behind it, of the exponent.
    pub(super) whole: i64,
    decimals: i64,
    power: i64,
    grouped: bool,
    exponent: bool,
    /// The power of ten that numbers are multiplied with.
    scale: i64,
    /// The power of 1024 that they are divided by.
    binary: u32,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    Whole(Pad),
    Point,
    Decimal(Pad),
    Exponent { letter: char, plus: bool },
    Power(Pad),
}

/// The places that are left before the point and of the exponent, and those that are written behind the point.
struct Places {
    whole: i64,
    decimals: i64,
    power: i64,
}

/// How far one is in a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Whole,
    Decimals,
    Power,
}

impl Layout {
    /// `None` for two exponents, and for what is no part of a number.
    pub(super) fn build(tokens: &[Token]) -> Option<Self> {
        let mut layout = Self::default();
        let mut phase = Phase::Whole;
        for (at, token) in tokens.iter().enumerate() {
            let part = match token {
                Token::Digit(pad) => layout.digit(phase, *pad),
                Token::Point if phase == Phase::Whole => {
                    phase = Phase::Decimals;
                    Part::Point
                }
                Token::Exponent { letter, plus } => {
                    if phase == Phase::Power || layout.whole + layout.decimals == 0 {
                        return None;
                    }
                    (phase, layout.exponent) = (Phase::Power, true);
                    Part::Exponent {
                        letter: *letter,
                        plus: *plus,
                    }
                }
                Token::Comma if layout.comma(tokens, at, phase) => continue,
                token => Part::Literal(layout.literal(token)?),
            };
            layout.parts.push(part);
        }
        (!layout.exponent || layout.power > 0).then_some(layout)
    }

    fn digit(&mut self, phase: Phase, pad: Pad) -> Part {
        let (count, part) = match phase {
            Phase::Whole => (&mut self.whole, Part::Whole(pad)),
            Phase::Decimals => (&mut self.decimals, Part::Decimal(pad)),
            Phase::Power => (&mut self.power, Part::Power(pad)),
        };
        *count += 1;
        part
    }

    /// A comma among the digits groups them; one behind them divides by a thousand. Elsewhere it is none of either.
    fn comma(&mut self, tokens: &[Token], at: usize, phase: Phase) -> bool {
        let (before, after) = tokens.split_at(at);
        let mut back = before.iter().rev().skip_while(|it| **it == Token::Comma);
        let mut ahead = after.iter().skip_while(|it| **it == Token::Comma);
        if phase == Phase::Power || !matches!(back.next(), Some(Token::Digit(_))) {
            return false;
        }
        match ahead.next() {
            Some(Token::Digit(_)) => self.grouped |= phase == Phase::Whole,
            _ => self.scale -= 3,
        }
        true
    }

    fn literal(&mut self, token: &Token) -> Option<String> {
        match token {
            Token::Percent => self.scale += 2,
            Token::Quoted(text) => self.binary = binary_unit(text).unwrap_or(self.binary),
            _ => {}
        }
        literal(token)
    }

    /// Writes a number, with a minus in front if it is negative.
    pub(super) fn write(&self, mut number: Decimal, minus: bool, out: &mut String) {
        let minus = minus && number.negative;
        number.scale(self.scale);
        number.divide_by_1024(self.binary);
        let mut power = 0;
        if self.exponent {
            power = self.normalize(&mut number);
        } else if self.whole + self.decimals > 0 {
            number.round(self.decimals);
        }
        if minus && !number.is_zero() {
            out.push('-');
        }
        self.write_parts(&number, power, out);
    }

    /// Leaves as many digits before the point as there are places, and gives the power of ten that this took.
    fn normalize(&self, number: &mut Decimal) -> i64 {
        let step = self.whole.max(1);
        let places = i64::from(self.whole > 0);
        let mut power = 0;
        // Rounding up may need one step more.
        for _ in 0..2 {
            if !number.is_zero() {
                let by = (number.magnitude() - places).div_euclid(step) * step;
                number.scale(-by);
                power += by;
            }
            number.round(self.decimals);
        }
        power
    }

    fn write_parts(&self, number: &Decimal, power: i64, out: &mut String) {
        let mut places = Places {
            whole: self.whole,
            decimals: 0,
            power: self.power,
        };
        let exponent = match self.exponent {
            true => power.unsigned_abs().to_string(),
            false => String::new(),
        };
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Exponent { letter, plus } => push_exponent(*letter, *plus, power, out),
                Part::Power(pad) => {
                    write_power(&exponent, places.power, self.power, *pad, out);
                    places.power -= 1;
                }
                part => self.write_digit(part, number, &mut places, out),
            }
        }
    }

    fn write_digit(&self, part: &Part, number: &Decimal, places: &mut Places, out: &mut String) {
        match part {
            Part::Whole(pad) => {
                if places.whole == self.whole {
                    self.write_whole(number, number.whole() - self.whole, out);
                }
                places.whole -= 1;
                self.write_place(number, places.whole, *pad, out);
            }
            Part::Decimal(pad) => {
                places.decimals += 1;
                let shown = places.decimals <= number.decimals();
                push_digit(shown.then(|| number.digit(-places.decimals)), *pad, out);
            }
            // The point.
            _ => {
                if self.whole == 0 {
                    self.write_whole(number, number.whole(), out);
                }
                out.push('.');
            }
        }
    }

    /// The first so many digits, for which there are no places.
    fn write_whole(&self, number: &Decimal, count: i64, out: &mut String) {
        let digits = number.whole();
        for power in (digits - count.max(0)..digits).rev() {
            out.push(number.digit(power));
            self.group(power, out);
        }
    }

    fn write_place(&self, number: &Decimal, power: i64, pad: Pad, out: &mut String) {
        let shown = power < number.whole();
        push_digit(shown.then(|| number.digit(power)), pad, out);
        match pad {
            _ if shown => self.group(power, out),
            Pad::Zero => self.group(power, out),
            Pad::Space if self.grouped && power > 0 && power % 3 == 0 => out.push(' '),
            Pad::Space | Pad::Nothing => {}
        }
    }

    fn group(&self, power: i64, out: &mut String) {
        if self.grouped && power > 0 && power % 3 == 0 {
            out.push(',');
        }
    }
}

/// A digit, or what stands for none.
fn push_digit(digit: Option<char>, pad: Pad, out: &mut String) {
    match (digit, pad) {
        (Some(digit), _) => out.push(digit),
        (None, Pad::Zero) => out.push('0'),
        (None, Pad::Space) => out.push(' '),
        (None, Pad::Nothing) => {}
    }
}

fn push_exponent(letter: char, plus: bool, power: i64, out: &mut String) {
    out.push(letter);
    match power {
        ..0 => out.push('-'),
        0.. if plus => out.push('+'),
        _ => {}
    }
}

/// One place of an exponent, counted from the right; the first one takes all digits that have none.
fn write_power(digits: &str, place: i64, places: i64, pad: Pad, out: &mut String) {
    let place = usize::try_from(place).unwrap_or(1);
    let Some(at) = digits.len().checked_sub(place) else {
        return push_digit(None, pad, out);
    };
    let from = if usize::try_from(places) == Ok(place) {
        0
    } else {
        at
    };
    out.push_str(digits.get(from..=at).unwrap_or_default());
}
