//! Text → tokens.

use std::iter::Peekable;
use std::str::Chars;

use super::section::{Comparison, Condition};
use crate::format::decimal::Decimal;

/// What shows where a number has no digit: a zero, nothing, a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pad {
    Zero,
    Nothing,
    Space,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Semicolon,
    Literal(String),
    /// In quotes, where units may stand.
    Quoted(String),
    Digit(Pad),
    /// 1 to 9, as in the denominator of `# ?/16`.
    Numeral(char),
    Point,
    Comma,
    Percent,
    Slash,
    Exponent {
        letter: char,
        plus: bool,
    },
    /// `@`
    Text,
    General,
    Condition(Condition),
    /// `y`, `m`, `d`, `h` or `s`, and how many of them.
    Date(char, usize),
    /// `AM/PM`, or `A/P` if short.
    HalfDay {
        short: bool,
    },
}

/// `None` for what no token begins with.
pub(super) fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut rest = source.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(first) = rest.next() {
        tokens.extend(token(first, &mut rest)?);
    }
    Some(tokens)
}

/// One token, or `Some(None)` for what shows nothing.
fn token(first: char, rest: &mut Peekable<Chars<'_>>) -> Option<Option<Token>> {
    Some(Some(match first {
        ';' => Token::Semicolon,
        '0' => Token::Digit(Pad::Zero),
        '#' => Token::Digit(Pad::Nothing),
        '?' => Token::Digit(Pad::Space),
        '1'..='9' => Token::Numeral(first),
        '.' => Token::Point,
        ',' => Token::Comma,
        '%' => Token::Percent,
        '/' => Token::Slash,
        '@' => Token::Text,
        '"' => Token::Quoted(until('"', rest)?),
        '\\' => Token::Literal(rest.next()?.to_string()),
        '_' => rest.next().map(|_| Token::Literal(" ".to_owned()))?,
        // Fills the width of a cell, which text does not have.
        '*' => return rest.next().map(|_| None),
        '[' => return bracket(&until(']', rest)?),
        'e' | 'E' => match rest.next()? {
            '+' => Token::Exponent {
                letter: first,
                plus: true,
            },
            '-' => Token::Exponent {
                letter: first,
                plus: false,
            },
            _ => return None,
        },
        'g' | 'G' => word("eneral", rest).then_some(Token::General)?,
        'a' | 'A' if word("m/pm", rest) => Token::HalfDay { short: false },
        'a' | 'A' => word("/p", rest).then_some(Token::HalfDay { short: true })?,
        'y' | 'm' | 'd' | 'h' | 's' | 'Y' | 'M' | 'D' | 'H' | 'S' => {
            let letter = first.to_ascii_lowercase();
            let same = |next: &char| next.to_ascii_lowercase() == letter;
            let more = std::iter::from_fn(|| rest.next_if(same)).count();
            Token::Date(letter, more + 1)
        }
        ' ' | '$' | '-' | '+' | '(' | ')' | ':' | '!' | '^' | '&' | '\'' | '~' | '{' | '}'
        | '<' | '>' | '=' => Token::Literal(first.to_string()),
        other if !other.is_ascii() => Token::Literal(other.to_string()),
        _ => return None,
    }))
}

/// The text before an end that there must be.
fn until(end: char, rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match rest.next()? {
            next if next == end => return Some(text),
            next => text.push(next),
        }
    }
}

/// Takes a word, if it is what follows.
fn word(word: &str, rest: &mut Peekable<Chars<'_>>) -> bool {
    let mut ahead = rest.clone();
    let follows = word.chars().all(|letter| {
        ahead
            .next()
            .is_some_and(|next| next.eq_ignore_ascii_case(&letter))
    });
    if follows {
        *rest = ahead;
    }
    follows
}

/// A colour, a symbol, or a condition.
fn bracket(content: &str) -> Option<Option<Token>> {
    let lower = content.trim().to_ascii_lowercase();
    if is_color(&lower) {
        return Some(None);
    }
    if let Some(symbol) = content.strip_prefix('$') {
        let symbol = symbol.rsplit_once('-').map_or(symbol, |(symbol, _)| symbol);
        return Some(Some(Token::Literal(symbol.to_owned())));
    }
    let mark = lower
        .find(|c: char| !matches!(c, '<' | '>' | '='))
        .unwrap_or(0);
    let (comparison, bound) = lower.split_at_checked(mark)?;
    Some(Some(Token::Condition(Condition {
        comparison: Comparison::parse(comparison)?,
        bound: Decimal::parse(bound.as_bytes())?,
    })))
}

fn is_color(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "black", "blue", "cyan", "green", "magenta", "red", "white", "yellow",
    ];
    let numbered = name.strip_prefix("color").map(str::trim);
    NAMES.contains(&name)
        || numbered.is_some_and(|it| it.parse::<u8>().is_ok_and(|it| (1..=56).contains(&it)))
}
