//! The compiler's front door.

use serde::Serialize;

use crate::{CompileErrors, Explore, MetricQuery, Options};

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

/// Compiles a query on an explore to SQL of the explore's warehouse.
pub fn compile(
    explore: &Explore,
    query: &MetricQuery,
    options: &Options,
) -> Result<Compiled, CompileErrors> {
    let _ = (explore, query, options);
    Err(CompileErrors(Vec::new()))
}
