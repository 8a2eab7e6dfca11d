//! What keeps a statement to reading where the warehouse has no mode for that, and tags in comments.

use crate::{Error, Result, Statement};

/// Words that a statement which reads begins with.
const READS: [&str; 8] = [
    "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN",
];
/// Words that follow common table expressions, or an `EXPLAIN`, in a statement that does more.
const DOES_MORE: [&str; 9] = [
    "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "ANALYZE", "CREATE", "DROP", "ALTER",
];

/// How a dialect writes text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strings {
    /// As the standard does: a quote is written twice.
    #[cfg(any(test, feature = "trino"))]
    Standard,
    /// A backslash escapes what follows, but not in `r'…'`.
    Backslash,
}

/// One statement that reads, without the `;` at its end.
///
/// Warehouses take one statement per request; this is what keeps that one from writing, and says so before it is sent. What a
/// table function does inside the warehouse is the login's business.
///
/// # Errors
/// `Refused` when it is anything else, or ends within a text or a comment.
pub(crate) fn only(sql: &str, strings: Strings) -> Result<&str> {
    let mut scan = Scan {
        sql,
        at: 0,
        strings,
    };
    let (mut first, mut depth, mut end) = (None::<String>, 0i32, None);
    let mut after_bracket = false;
    while let Some(token) = scan.next()? {
        if end.is_some() {
            return Err(refused("only one statement is run"));
        }
        let closes = matches!(token, Token::Sign(_, ')'));
        match token {
            Token::Sign(_, '(') => depth = depth.saturating_add(1),
            Token::Sign(_, ')') => depth = depth.saturating_sub(1),
            Token::Sign(at, ';') => end = Some(at),
            Token::Word(word) if first.is_none() => first = Some(first_word(word)?),
            // The SELECT after common table expressions; before it, the word may be the name of one.
            Token::Word(word) if word == "SELECT" && after_bracket && depth <= 0 => {
                first = Some(word);
            }
            Token::Word(word) if may_do_more(first.as_deref()) && depth <= 0 => not_more(&word)?,
            _ => {}
        }
        after_bracket = closes;
    }
    if first.is_none() {
        return Err(refused("there is no statement"));
    }
    Ok(end.and_then(|end| sql.get(..end)).unwrap_or(sql).trim_end())
}

fn first_word(word: String) -> Result<String> {
    if READS.contains(&word.as_str()) {
        return Ok(word);
    }
    Err(refused(
        "only statements that read are run: SELECT, WITH, VALUES, SHOW, DESCRIBE, EXPLAIN",
    ))
}

/// Whether another statement may follow these first words.
fn may_do_more(first: Option<&str>) -> bool {
    matches!(first, Some("WITH" | "EXPLAIN"))
}

fn not_more(word: &str) -> Result<()> {
    if DOES_MORE.contains(&word) {
        return Err(refused("only statements that read are run"));
    }
    Ok(())
}

fn refused(why: &str) -> Error {
    Error::Refused(why.to_owned())
}

/// The tags as JSON, on one line.
pub(crate) fn tags(statement: &Statement) -> String {
    let pairs = statement.tags.iter();
    let pairs = pairs.map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
    serde_json::Value::Object(pairs.collect()).to_string()
}

/// The statement with its tags in a comment at its end.
#[cfg(any(feature = "databricks", feature = "trino"))]
pub(crate) fn tagged(statement: &Statement, strings: Strings) -> Result<String> {
    let sql = only(&statement.sql, strings)?;
    if statement.tags.is_empty() {
        return Ok(sql.to_owned());
    }
    Ok(format!("{sql}\n-- {}", tags(statement)))
}

enum Token {
    /// Letters and digits, in capitals.
    Word(String),
    /// Anything else that counts, and where it is.
    Sign(usize, char),
}

struct Scan<'a> {
    sql: &'a str,
    at: usize,
    strings: Strings,
}

impl Scan<'_> {
    /// The next word or sign; comments are passed over.
    fn next(&mut self) -> Result<Option<Token>> {
        loop {
            let rest = self.rest();
            let Some(c) = rest.chars().next() else {
                return Ok(None);
            };
            let at = self.at;
            if rest.starts_with("--") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.comment()?;
            } else if matches!(c, '\'' | '"' | '`') {
                self.quoted(c, self.strings == Strings::Backslash && c != '`')?;
                return Ok(Some(Token::Sign(at, c)));
            } else if c.is_alphanumeric() || c == '_' {
                return self.word().map(Some);
            } else {
                self.at += c.len_utf8();
                if !c.is_whitespace() {
                    return Ok(Some(Token::Sign(at, c)));
                }
            }
        }
    }

    fn rest(&self) -> &str {
        self.sql.get(self.at..).unwrap_or_default()
    }

    fn word(&mut self) -> Result<Token> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let end = end.unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default().to_uppercase();
        self.at += end;
        let quote = self.rest().chars().next();
        if let (Strings::Backslash, "R", Some(quote @ ('\'' | '"'))) =
            (self.strings, word.as_str(), quote)
        {
            self.quoted(quote, false)?;
        }
        Ok(Token::Word(word))
    }

    /// Dialects do not agree on whether comments nest, so none may.
    fn comment(&mut self) -> Result<()> {
        let inside = self.rest().get(2..).unwrap_or_default();
        let Some(end) = inside.find("*/") else {
            return Err(refused("a comment has no end"));
        };
        if inside.get(..end).unwrap_or_default().contains("/*") {
            return Err(refused("a comment is within a comment"));
        }
        self.at += end + 4;
        Ok(())
    }

    fn quoted(&mut self, quote: char, escapes: bool) -> Result<()> {
        let mut escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if escapes && c == '\\' {
                escaped = true;
            } else if c == quote {
                self.at += at + c.len_utf8();
                return Ok(());
            }
        }
        Err(refused("a text or a name in quotes has no end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_that_reads_goes_through_without_its_semicolon() {
        let reads = [
            ("SELECT 1", "SELECT 1"),
            (
                "-- a; b\n/* ; */ (select ';') ; -- end",
                "-- a; b\n/* ; */ (select ';')",
            ),
            (
                "WITH a AS (SELECT 1) SELECT \"delete\" FROM a;",
                "WITH a AS (SELECT 1) SELECT \"delete\" FROM a",
            ),
            ("SELECT 'it''s; fine'", "SELECT 'it''s; fine'"),
            ("show create table t", "show create table t"),
            (
                "WITH a AS (SELECT 1) SELECT REPLACE(x, 'a', 'b') FROM a",
                "WITH a AS (SELECT 1) SELECT REPLACE(x, 'a', 'b') FROM a",
            ),
        ];
        for (sql, wanted) in reads {
            assert_eq!(only(sql, Strings::Standard).unwrap(), wanted);
        }
        let escaped = r"SELECT 'a\'; DROP' , r'\' ";
        assert_eq!(
            only(escaped, Strings::Backslash).unwrap(),
            escaped.trim_end()
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = [
            "",
            " -- SELECT 1",
            "DELETE FROM t",
            "/* x */ insert into t select 1",
            "SELECT 1; SELECT 2",
            "SELECT 1; DROP TABLE t",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
            "WITH select AS (SELECT 1) INSERT INTO t SELECT * FROM select",
            "WITH a AS (SELECT 1), select AS (SELECT 1) INSERT INTO t SELECT 1",
            "EXPLAIN ANALYZE INSERT INTO t SELECT 1",
            "FROM a INSERT INTO t SELECT 1",
            "/* /* */ DELETE FROM t -- */ SELECT 1",
            "SELECT 'open",
            "SELECT /* open",
            "CALL system.runtime.kill_query()",
        ];
        for sql in refused {
            let error = only(sql, Strings::Standard).unwrap_err();
            assert!(matches!(error, Error::Refused(_)), "{sql}");
        }
        let hidden = r"WITH a AS (SELECT r'\') INSERT INTO t SELECT '1'";
        assert!(only(hidden, Strings::Backslash).is_err());
    }
}
