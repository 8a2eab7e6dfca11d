//! One section of an expression: tokens → what is written.

use serde_json::Value;

use super::date::{self, DatePart};
use super::fraction::Fraction;
use super::lexer::Token;
use super::number::Layout;
use crate::format::decimal::Decimal;
use crate::format::value::write_text;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    pub(super) condition: Option<Condition>,
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Number(Layout),
    Fraction(Fraction),
    Date(Vec<DatePart>),
    /// `@`: text, and numbers as they are.
    Text(Vec<Piece>),
    /// `General`: numbers as they are.
    General(Vec<Piece>),
}

/// The value as it is, or text beside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Value,
    Literal(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    pub(super) comparison: Comparison,
    pub(super) bound: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Comparison {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "=" => Self::Equal,
            "<>" => Self::NotEqual,
            _ => return None,
        })
    }
}

impl Condition {
    pub(super) fn fits(&self, number: &Decimal) -> bool {
        match self.comparison {
            Comparison::Less => number < &self.bound,
            Comparison::LessOrEqual => number <= &self.bound,
            Comparison::Greater => number > &self.bound,
            Comparison::GreaterOrEqual => number >= &self.bound,
            Comparison::Equal => number == &self.bound,
            Comparison::NotEqual => number != &self.bound,
        }
    }

    /// Whether nothing above zero fits: the section says itself then what is negative.
    pub(super) fn only_negative(&self) -> bool {
        match self.comparison {
            Comparison::Less | Comparison::LessOrEqual => {
                self.bound.negative || self.bound.is_zero()
            }
            Comparison::Equal => self.bound.negative,
            _ => false,
        }
    }
}

impl Body {
    /// Whether it has a place for text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

impl Section {
    /// `None` where tokens do not go together.
    pub(super) fn build(tokens: &[Token]) -> Option<Self> {
        let (conditions, rest): (Vec<_>, Vec<_>) = tokens
            .iter()
            .cloned()
            .partition(|token| matches!(token, Token::Condition(_)));
        let condition = match conditions.as_slice() {
            [] => None,
            [Token::Condition(condition)] => Some(condition.clone()),
            _ => return None,
        };
        let has = |wanted: fn(&Token) -> bool| rest.iter().any(wanted);
        let body = if has(|it| matches!(it, Token::Date(..) | Token::HalfDay { .. })) {
            Body::Date(date::build(&rest)?)
        } else if has(|it| *it == Token::Text) {
            Body::Text(pieces(&rest)?)
        } else if has(|it| *it == Token::General) {
            Body::General(pieces(&rest)?)
        } else if let Some(fraction) = Fraction::build(&rest) {
            Body::Fraction(fraction)
        } else {
            Body::Number(Layout::build(&rest)?)
        };
        Some(Self { condition, body })
    }

    /// Says whether a number can be shown here.
    pub(super) fn write(&self, mut number: Decimal, minus: bool, out: &mut String) -> bool {
        match &self.body {
            Body::Number(layout) => layout.write(number, minus, out),
            Body::Fraction(fraction) => fraction.write(number, minus, out),
            Body::Text(pieces) | Body::General(pieces) => {
                number.negative &= minus;
                for piece in pieces {
                    match piece {
                        Piece::Value => number.write_plain(out),
                        Piece::Literal(text) => out.push_str(text),
                    }
                }
            }
            Body::Date(_) => return false,
        }
        true
    }

    /// A value as it is, where its place is.
    pub(super) fn write_text(&self, value: &Value, out: &mut String) {
        if let Body::Text(pieces) = &self.body {
            for piece in pieces {
                match piece {
                    Piece::Value => write_text(value, out),
                    Piece::Literal(text) => out.push_str(text),
                }
            }
        }
    }
}

fn pieces(tokens: &[Token]) -> Option<Vec<Piece>> {
    let piece = |token: &Token| match token {
        Token::Text | Token::General => Some(Piece::Value),
        token => literal(token).map(Piece::Literal),
    };
    tokens.iter().map(piece).collect()
}

/// The text of a token that has no meaning where it stands; `None` where it must have one.
pub(super) fn literal(token: &Token) -> Option<String> {
    Some(match token {
        Token::Literal(text) | Token::Quoted(text) => text.clone(),
        Token::Numeral(numeral) => numeral.to_string(),
        Token::Point => ".".to_owned(),
        Token::Comma => ",".to_owned(),
        Token::Percent => "%".to_owned(),
        Token::Slash => "/".to_owned(),
        _ => return None,
    })
}
