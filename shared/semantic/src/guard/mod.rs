//! What SQL that a query itself brings may be.
//!
//! Always: one expression, whose quotes, parentheses and comments every reader sees where we see them. Without the right to write
//! any SQL: no subquery in any of its forms, no names but those the user may see, and only functions that are known to compute
//! something from their arguments. Fields of the explore are not looked at: who deploys it may write any SQL.

mod functions;
mod lexer;
#[cfg(test)]
mod tests;
mod words;

use crate::dialect::Dialect;
use crate::error::{Reason, Refused};
use functions::{BEFORE_PARENTHESIS, KEYWORDS};
use lexer::{Kind, Token, tokens};

/// How long an expression may be, in bytes.
const LONGEST: usize = 200_000;

/// How deep parentheses may be in each other.
const DEEPEST: usize = 200;

/// What an expression may do.
#[derive(Clone, Copy)]
pub(crate) enum Trust<'a> {
    /// Anything that is one expression.
    Any,
    /// Name any column of what it stands over.
    Columns,
    /// Name references, and of the table (`${TABLE}.column`) what this says yes to.
    References(&'a dyn Fn(&str) -> bool),
}

/// Checks an expression that a client sent.
pub(crate) fn expression(dialect: Dialect, sql: &str, trust: Trust<'_>) -> Result<(), Refused> {
    if sql.len() > LONGEST {
        return Err(format!("An expression has at most {LONGEST} bytes").into());
    }
    let tokens = tokens(dialect, sql)?;
    if tokens.is_empty() {
        return Err("An expression is missing".into());
    }
    let mut reader = Reader {
        dialect,
        sql,
        trust,
        tokens: &tokens,
        open: Vec::new(),
        closed: "",
    };
    for at in 0..tokens.len() {
        reader.strictly(at)?;
        reader.balance(at)?;
    }
    match reader.open.is_empty() {
        true => Ok(()),
        false => Err("A parenthesis is not closed".into()),
    }
}

/// A parenthesis that is not closed yet.
struct Bracket<'a> {
    byte: u8,
    /// The word before it.
    callee: &'a str,
    /// Whether its FROM was seen, which it may have once.
    from: bool,
}

struct Reader<'a> {
    dialect: Dialect,
    sql: &'a str,
    trust: Trust<'a>,
    tokens: &'a [Token<'a>],
    open: Vec<Bracket<'a>>,
    /// The word before the parenthesis that was closed last.
    closed: &'a str,
}

fn untrusted(what: &str) -> Refused {
    Refused {
        reason: Reason::Forbidden,
        message: format!("{what} needs the right to write custom SQL"),
    }
}

fn is_one_of(word: &str, sorted: &[&str]) -> bool {
    let lower = word.to_ascii_lowercase();
    sorted.binary_search(&lower.as_str()).is_ok()
}

impl<'a> Reader<'a> {
    fn kind(&self, at: usize) -> Option<Kind<'a>> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// So many tokens before.
    fn before(&self, at: usize, count: usize) -> Option<Kind<'a>> {
        self.kind(at.checked_sub(count)?)
    }

    fn word_before(&self, at: usize, count: usize) -> &'a str {
        match self.before(at, count) {
            Some(Kind::Word(word)) => word,
            _ => "",
        }
    }

    fn is_called(&self, at: usize) -> bool {
        self.kind(at + 1) == Some(Kind::Open(b'('))
    }

    /// Whether nothing stands between a token and the one before it.
    fn is_glued(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let start = self.tokens.get(at).map(|token| token.start);
        before.map(|token| token.end) == start
    }

    fn balance(&mut self, at: usize) -> Result<(), Refused> {
        match self.kind(at) {
            Some(Kind::Open(byte)) if self.open.len() < DEEPEST => self.open.push(Bracket {
                byte,
                callee: self.word_before(at, 1),
                from: false,
            }),
            Some(Kind::Open(_)) => {
                return Err(format!("Parentheses are at most {DEEPEST} deep").into());
            }
            Some(Kind::Close(byte)) => {
                let wanted = if byte == b')' { b'(' } else { b'[' };
                match self.open.pop() {
                    Some(one) if one.byte == wanted => self.closed = one.callee,
                    _ => return Err("A parenthesis is not opened".into()),
                }
            }
            Some(Kind::Comma) if self.open.is_empty() => {
                return Err("Only one expression is allowed here".into());
            }
            _ => {}
        }
        Ok(())
    }

    /// What only those may write who may write any SQL.
    fn strictly(&mut self, at: usize) -> Result<(), Refused> {
        let (only_references, kind) = match (self.trust, self.kind(at)) {
            (Trust::Any, _) | (_, None) => return Ok(()),
            (Trust::Columns, Some(kind)) => (false, kind),
            (Trust::References(_), Some(kind)) => (true, kind),
        };
        match kind {
            Kind::Word(word) => {
                self.word(at, word)?;
                if only_references {
                    self.keyword(at, word)?;
                }
            }
            Kind::Quoted(quote) => self.quoted(at, quote, only_references)?,
            Kind::Table if only_references => self.table_column(at)?,
            Kind::Table | Kind::Reference => {
                // `x${a}` would be one name, or a prefix of quotes.
                if self.is_glued(at) && matches!(self.before(at, 1), Some(Kind::Word(_))) {
                    return Err(untrusted("A reference right behind a word"));
                }
            }
            Kind::Open(_) => self.called(at)?,
            Kind::Symbol(byte) => self.symbol(at, byte)?,
            Kind::Number | Kind::Close(_) | Kind::Comma => {}
        }
        Ok(())
    }

    fn quoted(&self, at: usize, quote: u8, only_references: bool) -> Result<(), Refused> {
        // `U&'…'` has another syntax inside.
        let unicode = self.before(at, 1) == Some(Kind::Symbol(b'&')) && self.is_glued(at);
        if unicode && self.word_before(at, 2).eq_ignore_ascii_case("u") {
            return Err(untrusted("\"U&\""));
        }
        // `'users'::"regclass"`, `CAST('users' AS "regclass")`, `"regclass" 'users'`
        let colon = Some(Kind::Symbol(b':'));
        let cast = self.before(at, 1) == colon && self.before(at, 2) == colon
            || self.word_before(at, 1).eq_ignore_ascii_case("as");
        if cast || quote == b'\'' && matches!(self.before(at, 1), Some(Kind::Quoted(b'"' | b'`'))) {
            return Err(untrusted("A type in quotes"));
        }
        let is_text = quote == b'\'' || quote == b'"' && self.dialect == Dialect::Bigquery;
        if only_references && !is_text && !self.is_table_column(at) {
            return Err(untrusted("A column that is no reference"));
        }
        Ok(())
    }

    /// Whether it is the column of `${TABLE}.column`, which was looked at already.
    fn is_table_column(&self, at: usize) -> bool {
        self.before(at, 1) == Some(Kind::Symbol(b'.')) && self.before(at, 2) == Some(Kind::Table)
    }

    fn table_column(&self, at: usize) -> Result<(), Refused> {
        let Trust::References(allows) = self.trust else {
            return Ok(());
        };
        let start = self.tokens.get(at).map(|token| token.start);
        let end = self.tokens.get(at + 2).map(|token| token.end);
        let text = start
            .zip(end)
            .and_then(|(start, end)| self.sql.get(start..end));
        let shape = matches!(
            (self.kind(at + 1), self.kind(at + 2)),
            (
                Some(Kind::Symbol(b'.')),
                Some(Kind::Word(_) | Kind::Quoted(_))
            )
        );
        match text {
            Some(text) if shape && allows(text) => Ok(()),
            _ => Err(untrusted("A column that is no dimension")),
        }
    }

    /// Only words are called, and what a parametric aggregation returns (ClickHouse's `quantile(0.9)(x)`).
    fn called(&self, at: usize) -> Result<(), Refused> {
        let is_index = self.kind(at) == Some(Kind::Open(b'['));
        match self.before(at, 1) {
            Some(Kind::Quoted(_) | Kind::Table | Kind::Reference) if !is_index => {
                Err(untrusted("Calling what is no function by its name"))
            }
            Some(Kind::Close(_)) if !is_index => {
                match self.dialect == Dialect::Clickhouse && self.is_function(self.closed) {
                    true => Ok(()),
                    false => Err(untrusted("Calling what is no function by its name")),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether what stands before is something that an operator can follow.
    fn is_operand(&self, at: usize) -> bool {
        match self.before(at, 1) {
            None | Some(Kind::Open(_) | Kind::Comma | Kind::Symbol(_)) => false,
            Some(Kind::Word(word)) => {
                let is = |words: &[&str]| words.iter().any(|one| word.eq_ignore_ascii_case(one));
                let opens = is_one_of(word, KEYWORDS)
                    || is_one_of(word, BEFORE_PARENTHESIS)
                    || is(&["div", "mod"]);
                !opens || is(&["end", "null", "true", "false"])
            }
            _ => true,
        }
    }

    /// `~*` and `!~*`, each one operator.
    fn is_match(&self, at: usize) -> bool {
        let has = matches!(self.dialect, Dialect::Postgres | Dialect::Redshift);
        has && self.is_glued(at) && self.before(at, 1) == Some(Kind::Symbol(b'~'))
    }

    /// `@>` and `<@`
    fn is_containment(&self, at: usize) -> bool {
        let after = self.is_glued(at + 1) && self.kind(at + 1) == Some(Kind::Symbol(b'>'));
        let before = self.is_glued(at) && self.before(at, 1) == Some(Kind::Symbol(b'<'));
        matches!(self.dialect, Dialect::Postgres | Dialect::Duckdb) && (after || before)
    }

    /// `struct_pack(a := 1)`
    fn is_name_of_argument(&self, at: usize) -> bool {
        self.dialect == Dialect::Duckdb
            && self.is_glued(at + 1)
            && self.kind(at + 1) == Some(Kind::Symbol(b'='))
            && matches!(self.before(at, 1), Some(Kind::Word(_)))
    }

    fn symbol(&self, at: usize, byte: u8) -> Result<(), Refused> {
        let colon = Some(Kind::Symbol(b':'));
        let allowed = match byte {
            // Stages and variables; placeholders; templates and parameters.
            b'?' | b'{' | b'}' => false,
            b'@' => self.is_containment(at),
            // A cast, or a path right behind a value; anything else is a placeholder.
            b':' => {
                (self.is_glued(at) && (self.before(at, 1) == colon || self.is_operand(at)))
                    || (self.is_glued(at + 1) && self.kind(at + 1) == colon)
                    || self.is_name_of_argument(at)
            }
            // All columns, unless it multiplies or only counts rows.
            b'*' => {
                let counts = self.before(at, 1) == Some(Kind::Open(b'('))
                    && self.word_before(at, 2).eq_ignore_ascii_case("count");
                counts || self.is_operand(at) || self.is_match(at)
            }
            _ => true,
        };
        if allowed {
            Ok(())
        } else {
            Err(untrusted(&format!("\"{}\"", char::from(byte))))
        }
    }
}
