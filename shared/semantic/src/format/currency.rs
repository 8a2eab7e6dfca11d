//! Currencies: their symbols and decimals.
//!
//! Symbols are those of the Unicode CLDR for American English and German
//! (<https://github.com/unicode-org/cldr-json/tree/main/cldr-json/cldr-numbers-full/main>); decimals are those that browsers show.

use super::number::{Precision, Rounded, Separator};
use super::numeric::Numeric;

/// How amounts of a currency are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Currency {
    /// Before the digits, with the space that it needs.
    pub(super) before: String,
    /// Behind them, in German.
    behind: String,
    /// As many decimals as its amounts have.
    pub(super) decimals: i64,
}

/// Code, symbol, symbol in German where it is another one.
const SYMBOLS: [(&str, &str, Option<&str>); 17] = [
    ("USD", "$", None),
    ("EUR", "€", None),
    ("GBP", "£", None),
    ("JPY", "¥", None),
    ("CAD", "CA$", None),
    ("AUD", "A$", Some("AU$")),
    ("CNY", "CN¥", None),
    ("BRL", "R$", None),
    ("HKD", "HK$", None),
    ("INR", "₹", None),
    ("ILS", "₪", None),
    ("KRW", "₩", None),
    ("MXN", "MX$", None),
    ("NZD", "NZ$", None),
    ("PHP", "₱", Some("PHP")),
    ("TWD", "NT$", None),
    ("VND", "₫", None),
];

/// Amounts of these have no decimals.
const WHOLE: [&str; 6] = ["JPY", "KRW", "VND", "CLP", "COP", "HUF"];

impl Currency {
    /// Of three letters. Those without a symbol are shown as their code; `None` for what is no code.
    pub(super) fn find(code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        let known = SYMBOLS.iter().find(|(known, ..)| *known == code);
        let symbol = known.map(|(_, symbol, _)| *symbol);
        let german = known.and_then(|(_, _, german)| *german).or(symbol);
        Some(Self {
            before: symbol.map_or_else(|| format!("{code} "), str::to_owned),
            behind: match code.as_str() {
                "THB" => "฿".to_owned(),
                code => german.unwrap_or(code).to_owned(),
            },
            decimals: if WHOLE.contains(&code.as_str()) { 0 } else { 2 },
        })
    }

    /// An amount with its symbol: `-$5.50`, `-5,50 €`.
    pub(super) fn write(
        &self,
        number: Numeric,
        precision: Precision,
        separator: Separator,
        out: &mut String,
    ) {
        let mut rounded = Rounded::new(number, precision);
        rounded.write_sign(out);
        if separator == Separator::PeriodComma {
            rounded.write_digits(separator, out);
            out.push(' ');
            out.push_str(&self.behind);
        } else {
            out.push_str(&self.before);
            rounded.write_digits(separator, out);
        }
    }
}
