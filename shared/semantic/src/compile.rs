//! The compiler's front door.

use serde::Serialize;

use crate::error::{Errors, Reason};
use crate::scope::Scope;
use crate::{CompileErrors, Explore, MetricQuery, Options, plan, render};

/// A compiled query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    pub sql: String,
    /// In the order of the result.
    pub columns: Vec<Column>,
    pub warnings: Vec<Warning>,
}

/// A column of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The id of its field.
    pub id: String,
    pub kind: ColumnKind,
}

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Dimension,
    Metric,
    TableCalculation,
}

/// What may make a number wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
}

/// The limit that means no limit, as clients write it.
const UNLIMITED: f64 = 2_147_483_647.0;

/// Compiles a query on an explore to SQL of the explore's warehouse.
///
/// Everything that is wrong is in the error, not only the first of it.
pub fn compile(
    explore: &Explore,
    query: &MetricQuery,
    options: &Options,
) -> Result<Compiled, CompileErrors> {
    let scope = Scope::new(explore, options);
    let mut errors = Errors::default();
    if scope.hidden.base {
        errors.add(
            Reason::Hidden,
            "exploreName",
            format!("You are not allowed to see \"{}\"", explore.name),
        );
        return Err(errors.into());
    }
    bounded(query, &mut errors);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let limit = limit(query, options, &mut errors);
    let plan = plan::plan(&scope, query, &mut errors);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    Ok(Compiled {
        sql: render::render(&scope, &plan, query, limit),
        columns: columns(&plan),
        warnings: plan.warnings,
    })
}

/// Of each kind of column a query has so many at most: more than any warehouse's answer or any screen holds.
const MOST_COLUMNS: usize = 1_000;

fn bounded(query: &MetricQuery, errors: &mut Errors) {
    let lists = [
        ("dimensions", query.dimensions.len()),
        ("metrics", query.metrics.len()),
        ("sorts", query.sorts.len()),
        ("tableCalculations", query.table_calculations.len()),
        (
            "additionalMetrics",
            query.additional_metrics.iter().flatten().count(),
        ),
        (
            "customDimensions",
            query.custom_dimensions.iter().flatten().count(),
        ),
    ];
    for (name, length) in lists {
        if length > MOST_COLUMNS {
            let message = format!("A query has at most {MOST_COLUMNS} {name}");
            errors.add(Reason::Compile, name, message);
        }
    }
}

/// The smaller of what is asked for and what is allowed.
fn limit(query: &MetricQuery, options: &Options, errors: &mut Errors) -> u32 {
    let asked = query.limit;
    if !(0.0..=UNLIMITED).contains(&asked) || asked.fract() != 0.0 {
        errors.add(
            Reason::Compile,
            "limit",
            "A limit is a whole number from 0 to 2147483647".to_owned(),
        );
        return 0;
    }
    let asked = asked as u32;
    options.row_limit.map_or(asked, |most| asked.min(most))
}

fn columns(plan: &plan::Plan<'_>) -> Vec<Column> {
    let column = |id: &str, kind| Column {
        id: id.to_owned(),
        kind,
    };
    let groups = plan.selection.groups.iter();
    let metrics = plan.metrics.iter().filter(|metric| metric.shown);
    let calculations = plan.calculations.iter();
    groups
        .map(|group| column(&group.id, ColumnKind::Dimension))
        .chain(metrics.map(|metric| column(&metric.id, ColumnKind::Metric)))
        .chain(calculations.map(|one| column(one.name, ColumnKind::TableCalculation)))
        .collect()
}
