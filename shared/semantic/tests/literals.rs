//! Nothing that a client sends gets out of the literal it is written into, in any dialect.

use proptest::prelude::*;
use semantic::{Dialect, literal};
use serde_json::{Value, json};
use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, DuckDbDialect, GenericDialect,
    PostgreSqlDialect, RedshiftSqlDialect, SnowflakeDialect,
};
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// The tokens of a text, read as the warehouse would.
fn tokens(dialect: Dialect, sql: &str) -> Vec<Token> {
    let parser: Box<dyn sqlparser::dialect::Dialect> = match dialect {
        Dialect::Postgres => Box::new(PostgreSqlDialect {}),
        Dialect::Redshift => Box::new(RedshiftSqlDialect {}),
        Dialect::Bigquery => Box::new(BigQueryDialect {}),
        Dialect::Snowflake => Box::new(SnowflakeDialect {}),
        Dialect::Databricks => Box::new(DatabricksDialect {}),
        Dialect::Trino | Dialect::Athena => Box::new(GenericDialect {}),
        Dialect::Duckdb => Box::new(DuckDbDialect {}),
        Dialect::Clickhouse => Box::new(ClickHouseDialect {}),
    };
    let tokens = Tokenizer::new(parser.as_ref(), sql).tokenize();
    let tokens = tokens.unwrap_or_else(|error| panic!("{dialect:?} cannot read {sql}: {error}"));
    let blank = |token: &Token| matches!(token, Token::Whitespace(Whitespace::Space));
    tokens.into_iter().filter(|token| !blank(token)).collect()
}

/// Text as somebody who wants out would write it.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'".to_owned()),
        Just("''".to_owned()),
        Just("\\".to_owned()),
        Just("\\'".to_owned()),
        Just("\\\\".to_owned()),
        Just("\"".to_owned()),
        Just("`".to_owned()),
        Just("--".to_owned()),
        Just("/*".to_owned()),
        Just(";".to_owned()),
        Just("$$".to_owned()),
        Just("%".to_owned()),
        Just("_".to_owned()),
        Just("\n".to_owned()),
        Just("\0".to_owned()),
        Just("\u{2019}\u{ff07}".to_owned()),
        Just(" OR 1=1".to_owned()),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Where a literal ends, by the rules of the warehouse's documentation alone: an own reading, beside the parser's.
fn ends(dialect: Dialect, literal: &str) -> usize {
    let backslash = !matches!(
        dialect,
        Dialect::Postgres | Dialect::Trino | Dialect::Athena | Dialect::Duckdb
    );
    let doubled = !matches!(dialect, Dialect::Bigquery | Dialect::Databricks);
    let bytes = literal.as_bytes();
    assert_eq!(bytes[0], b'\'');
    let mut at = 1;
    loop {
        match bytes[at] {
            b'\\' if backslash => at += 2,
            b'\'' if doubled && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return at + 1,
            _ => at += 1,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_stays_one_literal(text in nasty()) {
        for dialect in Dialect::ALL {
            let sql = literal::string(dialect, &text);
            prop_assert_eq!(ends(dialect, &sql), sql.len(), "{:?}: {}", dialect, sql);
            // The parser has no setting for Redshift, and takes Databricks for one without escapes, which its reference has.
            if !matches!(dialect, Dialect::Redshift | Dialect::Databricks) {
                let found = tokens(dialect, &sql);
                prop_assert!(matches!(found.as_slice(), [Token::SingleQuotedString(_)]), "{:?}: {} {:?}", dialect, sql, found);
            }
        }
    }

    /// Redshift reads a backslash one way or the other, by a setting: the literal ends where it should in both.
    #[test]
    fn a_literal_ends_at_its_end_whatever_a_backslash_means(text in nasty()) {
        let sql = literal::string(Dialect::Redshift, &text);
        prop_assert_eq!(ends(Dialect::Redshift, &sql), sql.len());
        prop_assert_eq!(ends(Dialect::Postgres, &sql), sql.len());
    }

    #[test]
    fn a_pattern_stays_one_literal(text in nasty()) {
        for dialect in Dialect::ALL {
            for open in [literal::Open::Start, literal::Open::End, literal::Open::Both] {
                let like = literal::like(dialect, &text, open);
                prop_assert_eq!(ends(dialect, &like.pattern), like.pattern.len());
                if let Some(escape) = like.escape.strip_prefix(" ESCAPE ") {
                    prop_assert_eq!(ends(dialect, escape), escape.len());
                }
            }
        }
    }

    #[test]
    fn a_name_stays_one_identifier(name in nasty()) {
        let name = format!("n{name}");
        for dialect in Dialect::ALL {
            // The parser knows no backslash in quoted names.
            if matches!(dialect, Dialect::Bigquery | Dialect::Clickhouse) {
                let sql = literal::identifier(dialect, &name);
                let quote = sql.as_bytes()[0];
                let mut at = 1;
                while sql.as_bytes()[at] != quote {
                    at += if sql.as_bytes()[at] == b'\\' { 2 } else { 1 };
                }
                prop_assert_eq!(at + 1, sql.len(), "{:?}: {}", dialect, sql);
                continue;
            }
            let found = tokens(dialect, &literal::identifier(dialect, &name));
            let expected = name.replace('\0', "");
            match found.as_slice() {
                [Token::Word(word)] => prop_assert_eq!(&word.value, &expected, "{:?}", dialect),
                other => prop_assert!(false, "{:?}: {:?}", dialect, other),
            }
        }
    }

    #[test]
    fn a_number_is_a_number_or_nothing(text in nasty(), number in any::<f64>()) {
        for value in [json!(text), json!(number), json!(number.to_string()), json!([number]), json!({"a": text})] {
            if let Some(sql) = literal::number(&value) {
                let found = tokens(Dialect::Postgres, sql.trim_start_matches(['-', '+']));
                prop_assert!(matches!(found.as_slice(), [Token::Number(..)]), "{} {:?}", sql, found);
            }
        }
    }
}

#[test]
fn what_only_looks_like_a_number_is_none() {
    for text in [
        "1) OR (1=1",
        "1;",
        "1 2",
        "0x10",
        "1e",
        "e1",
        ".",
        "1.",
        ".5",
        "NaN",
        "inf",
        "--1",
        "1e1e1",
        "",
        "１",
    ] {
        assert_eq!(literal::number(&Value::from(text)), None, "{text}");
    }
    for text in ["1", "-1", "+1.5", "1e10", "1E-3", " 7 "] {
        assert_eq!(
            literal::number(&Value::from(text)).as_deref(),
            Some(text.trim())
        );
    }
    assert_eq!(literal::float(f64::NAN), None);
    assert_eq!(literal::float(0.1).as_deref(), Some("0.1"));
}
