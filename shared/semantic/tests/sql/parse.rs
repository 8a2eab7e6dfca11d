//! Reading SQL as the warehouse would, as far as the parser knows how.

use semantic::Dialect;
use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, DuckDbDialect, GenericDialect,
    PostgreSqlDialect, RedshiftSqlDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;

/// What a warehouse documents and its dialect of the parser does not know: the warehouse, the text by which the construct is
/// recognised, and why. A statement with it is parsed as generic SQL, with quotes doubled instead of escaped by backslashes,
/// which generic SQL has not.
const UNKNOWN: [(Dialect, &str, &str); 3] = [
    (
        Dialect::Databricks,
        "\\'",
        "backslashes escape in literals (\"STRING type\"); the parser takes them for text",
    ),
    (
        Dialect::Bigquery,
        "\\`",
        "backslashes escape in quoted identifiers (\"Lexical structure and syntax\"); the parser wants the quote doubled",
    ),
    (
        Dialect::Clickhouse,
        "\\\"",
        "backslashes escape in quoted identifiers (\"Syntax\"); the parser wants the quote doubled",
    ),
];

/// Which of them were needed.
#[derive(Default)]
pub(crate) struct Excused(Vec<usize>);

impl Excused {
    /// Exactly one statement.
    pub(crate) fn parse(&mut self, dialect: Dialect, sql: &str) -> Result<(), String> {
        let Err(error) = one(parser(dialect).as_ref(), sql) else {
            return Ok(());
        };
        let found = UNKNOWN
            .iter()
            .position(|(of, construct, _)| *of == dialect && sql.contains(construct));
        let Some(at) = found else {
            return Err(error);
        };
        self.0.push(at);
        one(&GenericDialect {}, &doubled(sql))
            .map_err(|generic| format!("{error}; as generic SQL: {generic}"))
    }

    /// Those that nothing needed.
    pub(crate) fn idle(&self) -> Vec<&'static str> {
        let all = UNKNOWN.iter().enumerate();
        all.filter(|(at, _)| !self.0.contains(at))
            .map(|(_, (_, construct, _))| *construct)
            .collect()
    }
}

/// `\'` as `''`, `\"` as `""`; other escapes stay as they are.
fn doubled(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut characters = sql.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some(quote @ ('\'' | '"' | '`')) => out.extend([quote, quote]),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

fn one(dialect: &dyn sqlparser::dialect::Dialect, sql: &str) -> Result<(), String> {
    match Parser::parse_sql(dialect, sql) {
        Ok(statements) if statements.len() == 1 => Ok(()),
        Ok(statements) => Err(format!("{} statements", statements.len())),
        Err(error) => Err(error.to_string()),
    }
}

fn parser(dialect: Dialect) -> Box<dyn sqlparser::dialect::Dialect> {
    match dialect {
        Dialect::Postgres => Box::new(PostgreSqlDialect {}),
        Dialect::Redshift => Box::new(RedshiftSqlDialect {}),
        Dialect::Bigquery => Box::new(BigQueryDialect {}),
        Dialect::Snowflake => Box::new(SnowflakeDialect {}),
        Dialect::Databricks => Box::new(DatabricksDialect {}),
        // Neither has a dialect of its own.
        Dialect::Trino | Dialect::Athena => Box::new(GenericDialect {}),
        Dialect::Duckdb => Box::new(DuckDbDialect {}),
        Dialect::Clickhouse => Box::new(ClickHouseDialect {}),
    }
}
