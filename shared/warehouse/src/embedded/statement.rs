//! Text to one statement that only reads, in the syntax that the planner takes for what PostgreSQL means.

mod membership;
mod names;
mod powers;
mod ranges;
mod rewrite;

use std::ops::ControlFlow;

use datafusion::sql::parser::Statement as Planned;
use datafusion::sql::sqlparser::ast::{Statement, VisitMut};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use self::rewrite::ToPlanner;
use super::{Error, Result};

pub(super) const ONLY_READS: &str =
    "only one SELECT is run, and nothing that changes data or settings";
/// A chain of operators is walked by recursion, so its length has an end well within the stack; see `engine::STACK`.
const OPERATORS: usize = 5_000;
/// Brackets within brackets.
const NESTING: usize = 300;
/// Calls within calls: the parser reads each argument twice, so that the time doubles with each.
const CALLS: usize = 16;

/// # Errors
/// [`Error::Refused`] for anything but one query, [`Error::Query`] when it cannot be read.
pub(super) fn read(sql: &str) -> Result<Planned> {
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize()
        .map_err(|error| Error::Query(error.to_string()))?;
    if tokens.iter().filter(|token| may_nest(token)).count() > OPERATORS {
        return Err(Error::Query(format!(
            "the query has more than {OPERATORS} operators"
        )));
    }
    if depth_of_calls(&tokens) > CALLS {
        return Err(too_deep(CALLS, "calls of functions"));
    }
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(NESTING)
        .with_tokens(with_distinct_as_operators(tokens));
    let statements = parser
        .parse_statements()
        .map_err(|error| Error::Query(error.to_string()))?;
    let Ok([mut statement]) = <[Statement; 1]>::try_from(statements) else {
        return Err(refused());
    };
    if !matches!(statement, Statement::Query(_)) {
        return Err(refused());
    }
    match statement.visit(&mut ToPlanner::default()) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(Planned::Statement(Box::new(statement))),
    }
}

fn refused() -> Error {
    Error::Refused(ONLY_READS.to_owned())
}

fn too_deep(most: usize, what: &str) -> Error {
    Error::Query(format!(
        "the query has more than {most} {what} within each other"
    ))
}

/// How many calls are within each other, at most.
fn depth_of_calls(tokens: &[Token]) -> usize {
    let (mut open, mut depth, mut deepest) = (Vec::new(), 0_usize, 0);
    let mut after_name = false;
    for token in tokens {
        match token {
            Token::Whitespace(_) => continue,
            Token::LParen => {
                open.push(after_name);
                depth += usize::from(after_name);
                deepest = deepest.max(depth);
            }
            Token::RParen => depth -= usize::from(open.pop().unwrap_or(false)),
            _ => {}
        }
        after_name = matches!(token, Token::Word(word) if !is_syntax(word.keyword));
    }
    deepest
}

/// Words that a bracket may follow which is no call's.
fn is_syntax(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::ALL
            | Keyword::AND
            | Keyword::ANY
            | Keyword::AS
            | Keyword::BETWEEN
            | Keyword::BY
            | Keyword::CASE
            | Keyword::DISTINCT
            | Keyword::ELSE
            | Keyword::EXCEPT
            | Keyword::EXISTS
            | Keyword::FILTER
            | Keyword::FROM
            | Keyword::HAVING
            | Keyword::ILIKE
            | Keyword::IN
            | Keyword::INTERSECT
            | Keyword::JOIN
            | Keyword::LATERAL
            | Keyword::LIKE
            | Keyword::NOT
            | Keyword::ON
            | Keyword::OR
            | Keyword::OVER
            | Keyword::SELECT
            | Keyword::THEN
            | Keyword::UNION
            | Keyword::USING
            | Keyword::VALUES
            | Keyword::WHEN
            | Keyword::WHERE
    )
}

/// Whether a token can be a level of a tree; names, values, commas and brackets are not, or are counted by the parser.
fn may_nest(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_none() && word.keyword != Keyword::NoKeyword,
        Token::Whitespace(_)
        | Token::Comma
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EOF => false,
        _ => true,
    }
}

const DISTINCT: Token = Token::ExclamationMarkDoubleTildeAsterisk;

/// The parser takes all that follows `IS DISTINCT FROM` for its right side, `AND` and `OR` too. As operators they bind like
/// other comparisons: `<=>`, which PostgreSQL does not have, and `!~~*`, which has words that mean the same. [`ToPlanner`]
/// turns them back.
fn with_distinct_as_operators(tokens: Vec<Token>) -> Vec<Token> {
    let mut changed: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if token == DISTINCT {
            changed.extend(["NOT", "ILIKE"].map(Token::make_keyword));
            continue;
        }
        changed.push(token);
        for (words, operator) in [
            (
                &[Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM][..],
                Token::Spaceship,
            ),
            (
                &[Keyword::IS, Keyword::DISTINCT, Keyword::FROM][..],
                DISTINCT,
            ),
        ] {
            if let Some(start) = start_of(words, &changed) {
                changed.truncate(start);
                changed.push(operator);
            }
        }
    }
    changed
}

/// Where these words begin, if they are the last ones.
fn start_of(words: &[Keyword], tokens: &[Token]) -> Option<usize> {
    let mut words = words.iter().rev();
    let mut wanted = words.next()?;
    for (at, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::Whitespace(_) if at + 1 < tokens.len() => {}
            Token::Word(word) if word.quote_style.is_none() && word.keyword == *wanted => {
                match words.next() {
                    Some(next) => wanted = next,
                    None => return Some(at),
                }
            }
            _ => return None,
        }
    }
    None
}
