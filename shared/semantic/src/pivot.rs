//! The rows of a SQL query, turned: one row per value of an index column, one column per combination of other values.

use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::error::{CompileErrors, Errors, Reason};
use crate::literal;

/// How rows are turned, in the wire's own shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pivot {
    #[serde(default)]
    pub index_column: Option<IndexColumn>,
    pub values_columns: Vec<ValuesColumn>,
    #[serde(default)]
    pub group_by_columns: Option<Vec<Reference>>,
    #[serde(default)]
    pub sort_by: Option<Vec<PivotSort>>,
}

/// The column that becomes the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexColumn {
    pub reference: String,
    /// `time` or `category`.
    #[serde(default, rename = "type")]
    pub index_type: Option<String>,
}

/// A column by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub reference: String,
}

/// A column that is aggregated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValuesColumn {
    pub reference: String,
    pub aggregation: Aggregation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregation {
    Sum,
    Count,
    Avg,
    Min,
    Max,
    Any,
}

/// A column of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PivotSort {
    pub reference: String,
    pub direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    Asc,
    Desc,
}

/// Rows where nobody says how many.
const ROWS: u32 = 500;
/// Columns at most, the index among them: more cannot be looked at.
const COLUMNS: usize = 100;

impl Aggregation {
    fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Any => "any",
        }
    }

    fn sql(self, dialect: Dialect, column: &str) -> String {
        match (self, dialect) {
            (Self::Sum, _) => format!("SUM({column})"),
            (Self::Count, _) => format!("COUNT({column})"),
            (Self::Avg, _) => format!("AVG({column})"),
            (Self::Min, _) => format!("MIN({column})"),
            (Self::Max, _) => format!("MAX({column})"),
            (Self::Any, Dialect::Postgres) => format!("(ARRAY_AGG({column}))[1]"),
            (Self::Any, Dialect::Trino | Dialect::Athena) => format!("ARBITRARY({column})"),
            (Self::Any, Dialect::Clickhouse) => format!("any({column})"),
            (Self::Any, _) => format!("ANY_VALUE({column})"),
        }
    }
}

impl ValuesColumn {
    /// What the aggregated column is called: `amount_sum`.
    pub fn id(&self) -> String {
        format!("{}_{}", self.reference, self.aggregation.name())
    }
}

/// The columns of turned rows that the statement adds to those of its index and groups, by names that none of these has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The aggregated columns, in the order of `values_columns`: their ids.
    pub values: Vec<String>,
    /// The number of the row, `row_index`; only with groups, as the next two.
    pub row: String,
    /// The number of the column, `column_index`.
    pub column: String,
    /// How many columns there are in all, `total_columns`.
    pub total: String,
}

impl Pivot {
    /// The columns that the statement adds.
    pub fn added(&self) -> Added {
        let index = self.index_column.iter().map(|one| &one.reference);
        let groups = self.group_by_columns.iter().flatten();
        let groups = groups.map(|one| &one.reference);
        let mut taken: Vec<String> = index.chain(groups).cloned().collect();
        let mut values = Vec::with_capacity(self.values_columns.len());
        for one in &self.values_columns {
            let name = free(one.id(), |name| taken.iter().any(|one| one == name));
            taken.push(name.clone());
            values.push(name);
        }
        // Some warehouses take names that differ in case only for one.
        let is_taken = |name: &str| taken.iter().any(|one| one.eq_ignore_ascii_case(name));
        let number = |name: &str| free(name.to_owned(), is_taken);
        Added {
            values,
            row: number("row_index"),
            column: number("column_index"),
            total: number("total_columns"),
        }
    }
}

/// A name that is not taken: the wanted one, if need be with underscores behind.
fn free(mut name: String, is_taken: impl Fn(&str) -> bool) -> String {
    while is_taken(&name) {
        name.push('_');
    }
    name
}

/// The SQL that turns the rows of another one. `limit` is the number of rows, 500 if none.
///
/// Without columns to group by it aggregates by the index. With them every row has its number, that of its column (both from 1)
/// and the number of columns there are in all; columns beyond the hundredth are left out. [`Pivot::added`] says what they are called.
pub fn pivot(
    dialect: Dialect,
    sql: &str,
    pivot: &Pivot,
    limit: Option<u32>,
) -> Result<String, CompileErrors> {
    let mut errors = Errors::default();
    let index = pivot.index_column.as_ref().map(|one| &one.reference);
    if index.is_none_or(String::is_empty) {
        errors.add(
            Reason::Compile,
            "pivotConfiguration.indexColumn",
            "Turning rows needs an index column".to_owned(),
        );
    }
    if pivot.values_columns.is_empty() || pivot.values_columns.len() >= COLUMNS {
        errors.add(
            Reason::Compile,
            "pivotConfiguration.valuesColumns",
            format!("Turning rows needs a column of values, and less than {COLUMNS}"),
        );
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let quote = |name: &str| literal::identifier(dialect, name);
    let index = index.map(|index| quote(index)).unwrap_or_default();
    let added = pivot.added();
    let values: Vec<(String, String)> = pivot
        .values_columns
        .iter()
        .zip(&added.values)
        .map(|(one, name)| {
            let sql = one.aggregation.sql(dialect, &quote(&one.reference));
            (sql, quote(name))
        })
        .collect();
    let groups: Vec<&str> = pivot
        .group_by_columns
        .iter()
        .flatten()
        .map(|one| one.reference.as_str())
        .collect();
    let limit = limit.unwrap_or(ROWS);
    let sorts = pivot.sort_by.as_deref().unwrap_or_default();
    let selected: Vec<String> = values
        .iter()
        .map(|(sql, id)| format!("{sql} AS {id}"))
        .collect();
    let original = sql.trim_end().trim_end_matches(';');
    let of_index = |name: &str| {
        pivot
            .index_column
            .as_ref()
            .is_some_and(|one| one.reference == name)
    };
    let direction = |name: &str| {
        let sort = sorts.iter().find(|sort| sort.reference == name);
        match sort.map(|sort| sort.direction) {
            Some(Direction::Desc) => " DESC",
            _ => "",
        }
    };
    if groups.is_empty() {
        let known = |name: &str| of_index(name) || added.values.iter().any(|one| one == name);
        let order: Vec<String> = sorts
            .iter()
            .filter(|sort| known(&sort.reference))
            .map(|sort| format!("{}{}", quote(&sort.reference), direction(&sort.reference)))
            .collect();
        let order = match order.is_empty() {
            true => String::new(),
            false => format!("\nORDER BY {}", order.join(", ")),
        };
        return Ok(format!(
            "WITH original_query AS (\n{original}\n),\ngroup_by_query AS (\nSELECT\n  {index},\n  {}\nFROM original_query\n\
             GROUP BY {index}\n)\nSELECT * FROM group_by_query{order}\nLIMIT {limit}",
            selected.join(",\n  ")
        ));
    }
    let names: Vec<String> = groups.iter().map(|name| quote(name)).collect();
    let ranked: Vec<String> = groups
        .iter()
        .map(|name| format!("{}{}", quote(name), direction(name)))
        .collect();
    let by_index = pivot
        .index_column
        .as_ref()
        .map(|one| direction(&one.reference))
        .unwrap_or_default();
    let value_ids: Vec<&str> = values.iter().map(|(_, id)| id.as_str()).collect();
    let most = (COLUMNS - 1) / values.len();
    Ok(format!(
        "WITH original_query AS (\n{original}\n),\n\
         group_by_query AS (\nSELECT\n  {groups},\n  {index},\n  {selected}\nFROM original_query\nGROUP BY {groups_flat}, {index}\n),\n\
         pivot_query AS (\nSELECT\n  {index},\n  {values},\n  {groups},\n  DENSE_RANK() OVER (ORDER BY {index}{by_index}) AS {row},\n  \
         DENSE_RANK() OVER (ORDER BY {ranked}) AS {column}\nFROM group_by_query\n),\n\
         filtered_rows AS (\nSELECT * FROM pivot_query WHERE {row} <= {limit}\n),\n\
         total_columns AS (\nSELECT COUNT(*) * {count} AS {total}\nFROM (SELECT DISTINCT {groups_flat} FROM filtered_rows) AS distinct_groups\n)\n\
         SELECT p.*, t.{total}\nFROM pivot_query AS p\nCROSS JOIN total_columns AS t\n\
         WHERE p.{row} <= {limit} AND p.{column} <= {most}\nORDER BY p.{row}, p.{column}",
        groups = names.join(",\n  "),
        groups_flat = names.join(", "),
        selected = selected.join(",\n  "),
        values = value_ids.join(",\n  "),
        ranked = ranked.join(", "),
        row = quote(&added.row),
        column = quote(&added.column),
        total = quote(&added.total),
        count = values.len(),
    ))
}
