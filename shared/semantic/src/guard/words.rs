//! Keywords, functions and columns without quotes.

use super::functions::{
    BEFORE_GROUP, BEFORE_PARENTHESIS, COMBINATORS, FORBIDDEN, FUNCTIONS, KEYWORDS, OUTSIDE, TYPES,
};
use super::lexer::Kind;
use super::{Reader, is_one_of, untrusted};
use crate::dialect::Dialect;
use crate::error::Refused;

impl Reader<'_> {
    pub(super) fn word(&mut self, at: usize, word: &str) -> Result<(), Refused> {
        if !word.is_ascii() {
            // Some warehouses read `ſ` as S.
            return Err(untrusted(&format!("\"{word}\" without quotes")));
        }
        let quoted = || format!("\"{}\"", word.to_uppercase());
        let glued =
            self.is_glued(at) && matches!(self.before(at, 1), Some(Kind::Number | Kind::Reference));
        if glued {
            return Err(untrusted(&format!("{} right behind a number", quoted())));
        }
        if self.is_called(at) && !is_one_of(word, BEFORE_PARENTHESIS) {
            let listed = word.eq_ignore_ascii_case("unnest")
                && self.word_before(at, 1).eq_ignore_ascii_case("in");
            if listed || (self.is_function(word) && self.is_unqualified(at)) {
                return Ok(());
            }
            return Err(untrusted(&format!(
                "The function {}, which is not among the known ones,",
                quoted()
            )));
        }
        let outside = self.open.is_empty() && is_one_of(word, OUTSIDE);
        let catalog = word
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("pg_"));
        if outside || catalog || is_one_of(word, FORBIDDEN) || !self.is_part(at, word) {
            return Err(untrusted(&quoted()));
        }
        self.membership(at, word)
    }

    /// `FROM`, `WHERE`, `GROUP` and `WITH` where they are part of an expression.
    fn is_part(&mut self, at: usize, word: &str) -> bool {
        let callee = self.open.last().map_or("", |one| one.callee);
        let next = match self.kind(at + 1) {
            Some(Kind::Word(next)) => next.to_ascii_lowercase(),
            _ => String::new(),
        };
        match word.to_ascii_lowercase().as_str() {
            "from" => self.is_from_of_function(at),
            // PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)
            "group" => is_one_of(self.word_before(at, 1), BEFORE_GROUP),
            // COUNT(x) FILTER (WHERE …)
            "where" => callee.eq_ignore_ascii_case("filter"),
            // TIMESTAMP WITH TIME ZONE
            "with" => {
                let begins = matches!(self.before(at, 1), None | Some(Kind::Open(_)));
                !begins && matches!(next.as_str(), "time" | "local")
            }
            _ => true,
        }
    }

    /// `EXTRACT(x FROM y)` and the like, once per parenthesis and behind something; `IS DISTINCT FROM`.
    fn is_from_of_function(&mut self, at: usize) -> bool {
        if matches!(self.kind(at + 1), None | Some(Kind::Close(_) | Kind::Comma)) {
            return false;
        }
        let is = |count: usize, word: &str| self.word_before(at, count).eq_ignore_ascii_case(word);
        if is(1, "distinct") {
            let count = if is(2, "not") { 3 } else { 2 };
            return is(count, "is") && at.checked_sub(count).is_some_and(|at| self.is_operand(at));
        }
        let behind = self.is_operand(at);
        self.open.last_mut().is_some_and(|one| {
            let takes = ["extract", "trim", "substring", "overlay"];
            let first = !std::mem::replace(&mut one.from, true);
            first
                && behind
                && takes
                    .iter()
                    .any(|name| one.callee.eq_ignore_ascii_case(name))
        })
    }

    /// `IN users`, `IN (users)` and `in(1, users)` read a table on ClickHouse.
    fn membership(&self, at: usize, word: &str) -> Result<(), Refused> {
        if !word.eq_ignore_ascii_case("in") {
            return Ok(());
        }
        let callee = self.open.last().map_or("", |one| one.callee);
        let listed = match self.kind(at + 1) {
            Some(Kind::Open(b'(')) => true,
            _ if callee.eq_ignore_ascii_case("position") => true,
            Some(Kind::Word(next)) => next.eq_ignore_ascii_case("unnest"),
            _ => false,
        };
        if listed && (self.dialect != Dialect::Clickhouse || self.is_of_values(at)) {
            Ok(())
        } else {
            Err(untrusted("\"IN\" without a list of values"))
        }
    }

    /// Whether an `IN` stands between a value and a list that begins with one.
    fn is_of_values(&self, at: usize) -> bool {
        let is_value = match self.kind(at + 2) {
            Some(Kind::Number | Kind::Quoted(b'\'') | Kind::Symbol(b'-')) => true,
            Some(Kind::Word(_)) => self.is_called(at + 2),
            _ => false,
        };
        let not = self.word_before(at, 1).eq_ignore_ascii_case("not");
        let behind = at.checked_sub(usize::from(not));
        is_value && behind.is_some_and(|at| self.is_operand(at))
    }

    /// Whether a function is among the known ones: also `sumIf`, `toInt32OrNull` on ClickHouse.
    pub(super) fn is_function(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let mut stem = Some(word.as_str());
        while let Some(name) = stem {
            if FUNCTIONS.binary_search(&name).is_ok() {
                return true;
            }
            let mut ends = COMBINATORS
                .iter()
                .filter(|_| self.dialect == Dialect::Clickhouse);
            stem = ends.find_map(|end| name.strip_suffix(end));
        }
        false
    }

    /// Whether a function is the warehouse's own: not one of a schema, whoever made that.
    fn is_unqualified(&self, at: usize) -> bool {
        if self.before(at, 1) != Some(Kind::Symbol(b'.')) {
            return true;
        }
        let space = self.word_before(at, 2);
        self.dialect == Dialect::Bigquery
            && (space.eq_ignore_ascii_case("safe") || space.eq_ignore_ascii_case("net"))
            && self.before(at, 3) != Some(Kind::Symbol(b'.'))
    }

    /// A word is a keyword, a function or a type; all others are columns.
    pub(super) fn keyword(&self, at: usize, word: &str) -> Result<(), Refused> {
        let cast = self.word_before(at, 1).eq_ignore_ascii_case("as")
            || self.before(at, 1) == Some(Kind::Symbol(b':'));
        // DATE '2024-01-31'
        let literal = self.kind(at + 1) == Some(Kind::Quoted(b'\''));
        if self.is_called(at)
            || is_one_of(word, KEYWORDS)
            || ((cast || literal) && is_one_of(word, TYPES))
            || self.is_table_column(at)
            || self.is_unit(at)
        {
            return Ok(());
        }
        Err(untrusted("A column that is no reference"))
    }

    /// The `YEAR` of `EXTRACT(YEAR FROM x)`.
    fn is_unit(&self, at: usize) -> bool {
        let callee = self.open.last().map_or("", |one| one.callee);
        let from = matches!(self.kind(at + 1), Some(Kind::Word(word)) if word.eq_ignore_ascii_case("from"));
        callee.eq_ignore_ascii_case("extract")
            && from
            && self.before(at, 1) == Some(Kind::Open(b'('))
    }
}
