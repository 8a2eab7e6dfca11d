//! Table calculations: columns computed from the other columns of the result.

use crate::error::{Errors, Reason};
use crate::explore::DimensionType;
use crate::filter::FieldType;
use crate::guard;
use crate::literal;
use crate::query::{MetricQuery, TableCalculation};
use crate::reference::{Piece, pieces};
use crate::scope::{Scope, field_id};

/// A calculation as SQL over the columns.
pub(crate) struct Calculation<'a> {
    pub name: &'a str,
    pub sql: String,
    pub field_type: FieldType,
}

/// Resolves the calculations of a query.
pub(crate) fn resolve<'a>(
    scope: &Scope<'_>,
    query: &'a MetricQuery,
    errors: &mut Errors,
) -> Vec<Calculation<'a>> {
    let mut found: Vec<Calculation<'a>> = Vec::with_capacity(query.table_calculations.len());
    for (at, calculation) in query.table_calculations.iter().enumerate() {
        let path = format!("tableCalculations[{at}]");
        let name = calculation.name.as_str();
        let selected = query.dimensions.iter().chain(&query.metrics);
        if name.is_empty() {
            errors.add(
                Reason::Compile,
                format!("{path}.name"),
                "A table calculation needs a name".to_owned(),
            );
            continue;
        }
        if selected.clone().any(|id| id == name) || found.iter().any(|one| one.name == name) {
            errors.add(
                Reason::Compile,
                format!("{path}.name"),
                format!("Another column is called \"{name}\" already"),
            );
            continue;
        }
        match expression(scope, query, calculation, errors) {
            Ok(sql) => found.push(Calculation {
                name,
                sql,
                field_type: field_type(calculation),
            }),
            Err((message, hint)) => {
                errors.hinted(Reason::Compile, format!("{path}.sql"), message, hint);
            }
        }
    }
    found
}

type Wrong = (String, Option<String>);

/// The SQL of a calculation: `${table.field}` is the column of a selected field.
fn expression(
    scope: &Scope<'_>,
    query: &MetricQuery,
    calculation: &TableCalculation,
    errors: &Errors,
) -> Result<String, Wrong> {
    let plain = |message: String| (message, None);
    if calculation.sql.trim().is_empty() {
        return Err(plain("A table calculation needs SQL".to_owned()));
    }
    guard::expression(&calculation.sql, scope.options.custom_sql).map_err(plain)?;
    let mut sql = String::with_capacity(calculation.sql.len() + 16);
    for piece in pieces(&calculation.sql) {
        match piece {
            Piece::Text(text) => sql.push_str(text),
            Piece::Field {
                table: Some(table),
                field,
            } => {
                let id = field_id(table, field);
                let selected = query.dimensions.iter().chain(&query.metrics);
                if !selected.clone().any(|one| *one == id) {
                    let hint = errors.hint(&id, || selected.collect());
                    return Err((format!("\"{id}\" is not among the selected fields"), hint));
                }
                sql.push_str(&scope.quote(&id));
            }
            Piece::Field { table: None, field } => {
                return Err(plain(format!(
                    "\"${{{field}}}\" names no field: write ${{table.field}}"
                )));
            }
            Piece::Table | Piece::Attribute { .. } | Piece::Email { .. } | Piece::Bad(_) => {
                return Err(plain(
                    "A table calculation can only name selected fields".to_owned(),
                ));
            }
        }
    }
    Ok(sql)
}

/// The type that it says, or that its format implies; text otherwise.
fn field_type(calculation: &TableCalculation) -> FieldType {
    let format = calculation
        .format
        .as_ref()
        .and_then(|format| format.get("type")?.as_str());
    match (calculation.calculation_type, format) {
        // Their values are days: a calculation has no time of day of its own.
        (Some(DimensionType::Timestamp), _) => FieldType::Timestamp,
        (Some(field_type), _) => field_type.into(),
        (None, Some("percent" | "currency" | "number")) => FieldType::Number,
        (None, _) => FieldType::String,
    }
}

/// The filter on calculations.
pub(crate) fn filter(
    scope: &Scope<'_>,
    query: &MetricQuery,
    calculations: &[Calculation<'_>],
    errors: &mut Errors,
) -> Option<String> {
    let item = query.filters.table_calculations.as_ref()?;
    crate::conditions::group(
        item,
        "filters.tableCalculations",
        errors,
        &mut |id, rule, path, errors| {
            let Some(found) = calculations.iter().find(|one| one.name == id) else {
                let names = || calculations.iter().map(|one| one.name).collect();
                let hint = errors.hint(id, names);
                errors.hinted(
                    Reason::FieldReference,
                    path,
                    format!("The query has no table calculation \"{id}\""),
                    hint,
                );
                return None;
            };
            let column = literal::identifier(scope.dialect, id);
            match scope.rule(&column, found.field_type, rule) {
                Ok(sql) => Some(sql),
                Err(message) => {
                    errors.add(Reason::Compile, path, format!("\"{id}\": {message}"));
                    None
                }
            }
        },
    )
}
