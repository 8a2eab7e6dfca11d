//! Text to one statement that only reads, in the syntax that the planner takes for what PostgreSQL means.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement as Planned;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, Query, Select,
    SelectItem, SetExpr, Statement, TimezoneInfo, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::gathered::called;
use super::{Error, Result, gathered, literals};

pub(super) const ONLY_READS: &str =
    "only one SELECT is run, and nothing that changes data or settings";
/// A chain of operators is walked by recursion, so its length has an end well within the stack; see `engine::STACK`.
const OPERATORS: usize = 5_000;
/// Brackets within brackets.
const NESTING: usize = 300;
/// Calls within calls: the parser reads each argument twice, so that the time doubles with each.
const CALLS: usize = 16;
/// Arithmetic and casts within each other; the time to plan them is that of a square, or a cube.
const STEPS: usize = 100;

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

/// Rewrites what has the same syntax, or none, in the planner, and refuses what does more than read.
#[derive(Default)]
struct ToPlanner {
    /// For each expression that the present one is in, and for itself, whether it is a step.
    around: Vec<bool>,
}

/// Whether an expression is an operator or a cast; conditions may be as many as there are.
fn is_step(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { .. } | Expr::UnaryOp { .. } => true,
        Expr::BinaryOp { op, .. } => !matches!(op, BinaryOperator::And | BinaryOperator::Or),
        _ => false,
    }
}

impl VisitorMut for ToPlanner {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let writes = matches!(
            *query.body,
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        );
        if writes || !query.locks.is_empty() {
            return ControlFlow::Break(refused());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        if select.into.is_some() {
            return ControlFlow::Break(refused());
        }
        let mut seen: HashSet<String> = select.projection.iter().filter_map(given).collect();
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) = item
                && let Some(name) = name_of(expr)
            {
                // PostgreSQL may have two columns of one name, the planner may not.
                let mut own = name.clone();
                for at in 2.. {
                    if seen.insert(own.clone()) {
                        break;
                    }
                    own = format!("{name}_{at}");
                }
                let expr = taken(expr);
                let alias = Ident::with_quote('"', own);
                *item = SelectItem::ExprWithAlias { expr, alias };
            }
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                as_integer(expr);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let is_step = is_step(expr);
        self.around.push(is_step);
        if is_step && self.around.iter().filter(|one| **one).count() > STEPS {
            return ControlFlow::Break(too_deep(STEPS, "operators and casts"));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        self.around.pop();
        if let Some(function) = gathered::call_of(expr) {
            // A window gathers once more for each row.
            if function.over.is_some() {
                return ControlFlow::Break(Error::Query(format!(
                    "{} is not run over windows",
                    called(function)
                )));
            }
            *expr = call(gathered::LIMIT, [taken(expr)]);
            return ControlFlow::Continue(());
        }
        let replacement = match expr {
            // The planner takes a zone for a type, and casts.
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => Some(call("timezone", [taken(time_zone), taken(timestamp)])),
            Expr::Extract { field, expr, .. } => {
                let field = Expr::value(Value::SingleQuotedString(field.to_string()));
                Some(call("date_part", [field, taken(expr)]))
            }
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } => {
                *data_type = as_planned(data_type);
                if let Expr::Value(value) = inner.as_mut()
                    && let Value::SingleQuotedString(text) = &mut value.value
                {
                    literals::of_type(text, data_type);
                }
                match target(data_type) {
                    Target::Text => Some(call("pg_text", [taken(inner)])),
                    Target::Integer => {
                        // PostgreSQL rounds, the planner cuts.
                        **inner = call("pg_nearest", [taken(inner)]);
                        None
                    }
                    Target::Other => None,
                }
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Spaceship,
                right,
            } => Some(Expr::IsNotDistinctFrom(
                Box::new(taken(left)),
                Box::new(taken(right)),
            )),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::PGNotILikeMatch,
                right,
            } => Some(Expr::IsDistinctFrom(
                Box::new(taken(left)),
                Box::new(taken(right)),
            )),
            Expr::BinaryOp { left, op, right } if is_arithmetic(op) => {
                as_integer(left);
                as_integer(right);
                None
            }
            Expr::Case {
                conditions,
                else_result,
                ..
            } => {
                conditions
                    .iter_mut()
                    .map(|when| &mut when.result)
                    .chain(else_result.as_deref_mut())
                    .for_each(as_integer);
                None
            }
            Expr::Function(function) => {
                if is_of_values(&called(function))
                    && let FunctionArguments::List(list) = &mut function.args
                {
                    for argument in &mut list.args {
                        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument {
                            as_integer(argument);
                        }
                    }
                }
                modulo(function)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                gathered::without_limit(root, access_chain);
                None
            }
            Expr::Interval(interval) => {
                if let Expr::Value(value) = interval.value.as_mut()
                    && let Value::SingleQuotedString(text) = &mut value.value
                {
                    *text = literals::interval(text);
                }
                None
            }
            Expr::Value(value) => match &mut value.value {
                Value::Number(text, _) => with_exponent(text),
                _ => None,
            },
            Expr::TypedString(typed) => {
                typed.data_type = as_planned(&typed.data_type);
                if let Value::SingleQuotedString(text) = &mut typed.value.value {
                    literals::of_type(text, &typed.data_type);
                }
                None
            }
            Expr::Like {
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                pattern,
                escape_char,
                ..
            } => {
                if let Some(escape) = escape_char.take() {
                    match with_backslashes(pattern, &escape.value) {
                        Some(changed) => **pattern = changed,
                        None => {
                            return ControlFlow::Break(Error::Query(
                                "ESCAPE needs a pattern as text".to_owned(),
                            ));
                        }
                    }
                }
                None
            }
            _ => None,
        };
        if let Some(replacement) = replacement {
            *expr = replacement;
        }
        ControlFlow::Continue(())
    }
}

/// The name that a query gives a column.
fn given(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => {
            names.last().map(|name| name.value.clone())
        }
        _ => None,
    }
}

/// What PostgreSQL calls a column that the query gives no name; none for a column of a table, which has one.
/// <https://www.postgresql.org/docs/17/queries-select-lists.html#QUERIES-COLUMN-LABELS>
fn name_of(expr: &Expr) -> Option<String> {
    Some(match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } => {
            return None;
        }
        Expr::Nested(inner) => return name_of(inner),
        Expr::Function(function) => called(function),
        Expr::Cast {
            expr, data_type, ..
        } => match expr.as_ref() {
            Expr::Identifier(name) => name.value.clone(),
            Expr::CompoundIdentifier(names) => names.last()?.value.clone(),
            _ => data_type.to_string().to_ascii_lowercase(),
        },
        Expr::Case { .. } => "case".to_owned(),
        Expr::Extract { .. } => "extract".to_owned(),
        Expr::Exists { .. } => "exists".to_owned(),
        _ => "?column?".to_owned(),
    })
}

/// A number with an exponent as its decimal digits, or as a double where a decimal has too few.
fn with_exponent(text: &mut String) -> Option<Expr> {
    if let Some(plain) = literals::number(text) {
        *text = plain;
        return None;
    }
    text.contains(['e', 'E']).then(|| Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(Expr::value(Value::SingleQuotedString(text.clone()))),
        data_type: DataType::DoublePrecision,
        array: false,
        format: None,
    })
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
    )
}

/// Functions whose result has the type of their arguments, or follows from it.
fn is_of_values(name: &str) -> bool {
    matches!(
        name,
        "sum" | "avg" | "coalesce" | "nullif" | "greatest" | "least"
    )
}

/// A small number is an `integer`, where that makes a difference; to the planner, every number is a `bigint`.
/// <https://www.postgresql.org/docs/17/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS-NUMERIC>
fn as_integer(expr: &mut Expr) {
    if let Expr::Value(value) = expr
        && let Value::Number(text, _) = &value.value
        && text.parse::<i32>().is_ok()
    {
        *expr = Expr::Cast {
            kind: CastKind::DoubleColon,
            expr: Box::new(taken(expr)),
            data_type: DataType::Int(None),
            array: false,
            format: None,
        };
    }
}

/// `mod(a, b)` is `a % b`, which the planner has as an operator only.
fn modulo(function: &mut Function) -> Option<Expr> {
    if called(function) != "mod" {
        return None;
    }
    let FunctionArguments::List(list) = &mut function.args else {
        return None;
    };
    let [
        FunctionArg::Unnamed(FunctionArgExpr::Expr(left)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(right)),
    ] = list.args.as_mut_slice()
    else {
        return None;
    };
    Some(Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(taken(left)),
        op: BinaryOperator::Modulo,
        right: Box::new(taken(right)),
    })))
}

fn taken(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::value(Value::Null))
}

fn call<const N: usize>(name: &str, arguments: [Expr; N]) -> Expr {
    let args = arguments
        .into_iter()
        .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
        .collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

enum Target {
    Text,
    Integer,
    Other,
}

fn target(data_type: &DataType) -> Target {
    match data_type {
        DataType::Text | DataType::Varchar(None) => Target::Text,
        DataType::SmallInt(_)
        | DataType::Int2(_)
        | DataType::Int(_)
        | DataType::Integer(_)
        | DataType::Int4(_)
        | DataType::BigInt(_)
        | DataType::Int8(_) => Target::Integer,
        _ => Target::Other,
    }
}

/// `FLOAT` is double precision, and timestamps have microseconds.
/// <https://www.postgresql.org/docs/17/datatype-numeric.html#DATATYPE-FLOAT>
fn as_planned(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Float(ExactNumberInfo::None) => DataType::DoublePrecision,
        DataType::Float(ExactNumberInfo::Precision(bits)) if *bits > 24 => {
            DataType::DoublePrecision
        }
        DataType::Timestamp(None, zone) => DataType::Timestamp(Some(6), *zone),
        DataType::Character(None)
        | DataType::CharacterVarying(None)
        | DataType::CharVarying(None) => DataType::Text,
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            match name.to_string().to_lowercase().as_str() {
                "timestamptz" => DataType::Timestamp(Some(6), TimezoneInfo::WithTimeZone),
                _ => data_type.clone(),
            }
        }
        other => other.clone(),
    }
}

/// The pattern with `\` in the place of another escape character, which is the only one that the planner knows.
fn with_backslashes(pattern: &Expr, escape: &Value) -> Option<Expr> {
    let Value::SingleQuotedString(escape) = escape else {
        return None;
    };
    if escape == "\\" {
        return Some(pattern.clone());
    }
    let Expr::Value(value) = pattern else {
        return None;
    };
    let Value::SingleQuotedString(text) = &value.value else {
        return None;
    };
    let mut changed = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if escape.chars().eq([character]) {
            changed.push('\\');
            changed.extend(characters.next());
        } else if character == '\\' {
            changed.push_str("\\\\");
        } else {
            changed.push(character);
        }
    }
    Some(Expr::value(Value::SingleQuotedString(changed)))
}
