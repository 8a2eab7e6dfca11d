//! The corpus: what each feature of the compiler becomes, on every warehouse.
//!
//! To add a case: a folder in `tests/cases` whose name says what is shown, with a `query.json` (a metric query; besides it
//! `options`, and `total`, `subtotals` or `pivot` where it is about them) and, unless it asks the shop of `cases/shop.json`,
//! a `model.json`: a list of models as dbt's manifest has them, reduced to `name`, `meta` and `columns`; a column that is only
//! text has that type. Then `INSTA_UPDATE=always cargo test -p semantic --test sql`, and read the new `sql.snap`: all of it for
//! PostgreSQL, and of the other warehouses the lines that are not the same (backticks as quotes count as the same).

#![allow(clippy::expect_used)]

mod case;
mod parse;

use semantic::Dialect;

use case::all;

#[test]
fn every_case_is_what_it_was() {
    let mut changed = Vec::new();
    for case in all() {
        let text = case.text();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&case.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let same = settings
            .bind(|| std::panic::catch_unwind(|| insta::assert_snapshot!("sql", text)).is_ok());
        if !same {
            changed.push(&case.name);
        }
    }
    assert!(changed.is_empty(), "{changed:#?}");
}

#[test]
fn every_dialect_compiles_every_case() {
    let cases = all();
    assert!(cases.len() >= 40, "{}", cases.len());
    let failed: Vec<String> = cases
        .iter()
        .flat_map(|case| Dialect::ALL.map(|dialect| (case, dialect)))
        .filter_map(|(case, dialect)| {
            let error = case.statements(dialect).as_ref().err()?;
            Some(format!("{} on {}: {error}", case.name, dialect.name()))
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_statement_can_be_parsed() {
    let mut failed = Vec::new();
    let mut excused = parse::Excused::default();
    for (case, dialect, sql) in statements() {
        if let Err(error) = excused.parse(dialect, sql) {
            failed.push(format!("{case} on {}: {error}\n{sql}", dialect.name()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    let idle = excused.idle();
    assert!(idle.is_empty(), "The parser knows by now: {idle:#?}");
}

#[test]
fn no_reference_is_left() {
    for (case, dialect, sql) in statements() {
        assert!(!sql.contains("${"), "{case} on {}: {sql}", dialect.name());
    }
}

/// All of all cases that compile: the name of the case, the dialect, the SQL.
fn statements() -> impl Iterator<Item = (&'static str, Dialect, &'static str)> {
    let pairs = all()
        .iter()
        .flat_map(|case| Dialect::ALL.map(|dialect| (case, dialect)));
    pairs.flat_map(|(case, dialect)| {
        let statements = case.statements(dialect).iter().flatten();
        statements.map(move |(_, sql)| (case.name.as_str(), dialect, sql.as_str()))
    })
}
