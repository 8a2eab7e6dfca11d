//! SQL as tokens, as its warehouse reads it; what two warehouses, or two settings of one, could read differently is refused.
//!
//! Sources: the chapters on lexical structure of each warehouse's documentation (PostgreSQL "String Constants"; BigQuery "Lexical
//! structure and syntax": triple quotes, `#`; Snowflake "String & binary data types": `//`, `$$`; Databricks "STRING type";
//! ClickHouse "Syntax": `#`, typographic quotes, heredocs; Trino and Athena read keywords in upper case, also those of `ſ`).

use crate::dialect::Dialect;
use crate::reference::{Piece, pieces};

/// A token, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A keyword or a name without quotes.
    Word(&'a str),
    Number,
    /// A text or a name in quotes, by its quote.
    Quoted(u8),
    /// `${TABLE}`
    Table,
    /// `${field}`, `${table.field}`
    Reference,
    /// `(` or `[`
    Open(u8),
    /// `)` or `]`
    Close(u8),
    Comma,
    /// Any other character.
    Symbol(u8),
}

/// The tokens of an expression; the error is a sentence.
pub(super) fn tokens(dialect: Dialect, sql: &str) -> Result<Vec<Token<'_>>, String> {
    let mut lexer = Lexer {
        dialect,
        sql,
        bytes: sql.as_bytes(),
        at: 0,
    };
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(sql.len() / 4);
    while let Some(byte) = lexer.byte(0) {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            lexer.at += 1;
            continue;
        }
        let start = lexer.at;
        let prefixed = tokens
            .last()
            .is_some_and(|last| last.end == start && matches!(last.kind, Kind::Word(_)));
        let kind = lexer.token(byte, prefixed)?;
        tokens.push(Token {
            kind,
            start,
            end: lexer.at,
        });
    }
    Ok(tokens)
}

struct Lexer<'a> {
    dialect: Dialect,
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// What a backslash in quotes does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    Escapes,
    /// By warehouse, setting or prefix: where the quotes end must not depend on it.
    Unsure,
}

impl<'a> Lexer<'a> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Reads the token that starts with a byte.
    fn token(&mut self, byte: u8, prefixed: bool) -> Result<Kind<'a>, String> {
        self.refuse(byte)?;
        match byte {
            b'\'' | b'"' | b'`' => self.quoted(byte, prefixed),
            b'$' => self.reference(),
            b'0'..=b'9' => Ok(self.number()),
            b'_' | 0x80.. => self.word(),
            _ if byte.is_ascii_alphabetic() => self.word(),
            _ => {
                self.at += 1;
                Ok(match byte {
                    b'(' | b'[' => Kind::Open(byte),
                    b')' | b']' => Kind::Close(byte),
                    b',' => Kind::Comma,
                    _ => Kind::Symbol(byte),
                })
            }
        }
    }

    /// What no expression has outside of quotes: comments would hide what follows from the warehouse, or from us.
    fn refuse(&self, byte: u8) -> Result<(), String> {
        let comment = match (byte, self.byte(1)) {
            (b'-', Some(b'-')) | (b'/', Some(b'*')) => true,
            // A division of whole numbers.
            (b'/', Some(b'/')) => self.dialect != Dialect::Duckdb,
            // An operator.
            (b'#', _) => self.dialect != Dialect::Postgres,
            _ => false,
        };
        match byte {
            _ if comment => Err("Comments are not allowed here".to_owned()),
            b';' => Err("Only one expression is allowed here".to_owned()),
            b'\\' => Err("A backslash is only allowed in quotes".to_owned()),
            0..=0x1f | 0x7f => Err("Control characters are not allowed here".to_owned()),
            _ => Ok(()),
        }
    }

    fn word(&mut self) -> Result<Kind<'a>, String> {
        let rest = self.sql.get(self.at..).unwrap_or_default();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        match (rest.get(..end), rest.chars().next()) {
            (Some(word), _) if !word.is_empty() => {
                self.at += end;
                Ok(Kind::Word(word))
            }
            // Spaces, quotes and signs that some warehouses take for their plain likes.
            (_, odd) => Err(format!(
                "\"{}\" is only allowed in quotes",
                odd.unwrap_or_default()
            )),
        }
    }

    /// `1`, `1.5`, `1.5e-3`.
    fn number(&mut self) -> Kind<'a> {
        self.digits();
        if self.byte(0) == Some(b'.') {
            self.at += 1;
            self.digits();
        }
        if matches!(self.byte(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
            if self.byte(1 + sign).is_some_and(|b| b.is_ascii_digit()) {
                self.at += 1 + sign;
                self.digits();
            }
        }
        Kind::Number
    }

    fn digits(&mut self) {
        while self.byte(0).is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn reference(&mut self) -> Result<Kind<'a>, String> {
        let rest = self.sql.get(self.at..).unwrap_or_default();
        if !rest.starts_with("${") {
            // Dollar quoting, variables and columns by number.
            return Err("\"$\" is only allowed in references".to_owned());
        }
        let end = rest.find('}').ok_or("A reference is not closed")?;
        let text = rest.get(..=end).unwrap_or_default();
        self.at += text.len();
        match pieces(text).next() {
            Some(Piece::Table) => Ok(Kind::Table),
            Some(Piece::Field { .. }) => Ok(Kind::Reference),
            _ => Err(format!("\"{text}\" is not a reference")),
        }
    }

    fn backslash(&self, quote: u8, prefixed: bool) -> Result<Backslash, String> {
        use Dialect::{Bigquery, Clickhouse, Databricks, Snowflake};
        Ok(match (quote, self.dialect) {
            (b'`', Bigquery | Clickhouse) => Backslash::Escapes,
            (b'`', Databricks) => Backslash::Unsure,
            (b'`', _) => return Err("\"`\" is no quote here".to_owned()),
            // `r'…'`, `E'…'`: what escapes depends on the letters before.
            _ if prefixed => Backslash::Unsure,
            (b'"', Bigquery | Clickhouse) => Backslash::Escapes,
            (b'\'', Bigquery | Clickhouse | Databricks | Snowflake) => Backslash::Escapes,
            _ => Backslash::Unsure,
        })
    }

    fn quoted(&mut self, quote: u8, prefixed: bool) -> Result<Kind<'a>, String> {
        let backslash = self.backslash(quote, prefixed)?;
        let tripled = || Err("Quotes in quotes are written with a backslash here".to_owned());
        let bigquery = self.dialect == Dialect::Bigquery;
        if bigquery && self.byte(1) == Some(quote) && self.byte(2) == Some(quote) {
            return tripled();
        }
        self.at += 1;
        loop {
            let byte = self.byte(0).ok_or("A quote is not closed")?;
            match (byte, self.byte(1)) {
                (b'\\', Some(b'\\')) => self.at += 1,
                (b'\\', Some(next)) if next == quote => match backslash {
                    Backslash::Escapes => self.at += 1,
                    Backslash::Unsure => {
                        return Err(
                            "A backslash before a quote is not allowed here: write the quote twice"
                                .to_owned(),
                        );
                    }
                },
                // It would be replaced, by us or by the warehouse, by what has quotes of its own.
                (b'$', Some(b'{')) => {
                    return Err("References are not allowed in quotes".to_owned());
                }
                (b'\0', _) => return Err("NUL is not allowed here".to_owned()),
                (_, next) if byte == quote => match next == Some(quote) {
                    true if bigquery => return tripled(),
                    // A quote in quotes, or the end of one text and the start of the next: what is outside stays outside.
                    true => self.at += 1,
                    false => {
                        self.at += 1;
                        return Ok(Kind::Quoted(quote));
                    }
                },
                _ => {}
            }
            self.at += 1;
        }
    }
}
