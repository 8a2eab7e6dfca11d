//! Values that are numbers.

use std::fmt::Write as _;

use serde_json::Value;

use super::decimal::Decimal;

/// A number, or what has no digits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Numeric {
    Finite(Decimal),
    Infinite { negative: bool },
}

impl Numeric {
    /// Of JSON numbers and of text that is one number. Booleans are none, and `NaN` is none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => {
                let mut text = Short::default();
                write!(text, "{number}").ok()?;
                Decimal::parse(text.bytes()).map(Self::Finite)
            }
            Value::String(text) => match text.as_str() {
                "Infinity" | "+Infinity" => Some(Self::Infinite { negative: false }),
                "-Infinity" => Some(Self::Infinite { negative: true }),
                text => Decimal::parse(text.as_bytes()).map(Self::Finite),
            },
            _ => None,
        }
    }
}

/// The text of one number, without an allocation: a double has 24 characters at most.
#[derive(Default)]
struct Short {
    bytes: [u8; 32],
    len: usize,
}

impl Short {
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
