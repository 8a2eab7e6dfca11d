//! What PostgreSQL calls columns, functions and types.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType, ExactNumberInfo, Expr, Ident, SelectItem, TimezoneInfo,
};

use super::super::gathered::called;

/// The name that a query gives a column.
pub(super) fn given(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(read(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(read(name)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().map(read),
        _ => None,
    }
}

/// A name as it is meant: in small letters, unless it is quoted.
pub(super) fn read(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_ascii_lowercase(),
    }
}

/// The columns that a query has so far.
#[derive(Default)]
pub(super) struct Before {
    names: HashSet<String>,
    /// The names of those that the query does not say a table of.
    bare: HashSet<String>,
    /// The others, with their tables.
    paths: HashSet<Vec<String>>,
}

impl Before {
    /// Whether the planner does not take a column of this name beside those before it. Columns of several tables may share one,
    /// but for those of a query within another, which goes by their names.
    pub(super) fn has(&mut self, item: &SelectItem, name: &str, is_within: bool) -> bool {
        let is_first = self.names.insert(name.to_owned());
        let is_apart = match item {
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(path)) => {
                let is_new = self.paths.insert(path.iter().map(read).collect());
                is_new && !self.bare.contains(name) && (is_first || !is_within)
            }
            _ => {
                self.bare.insert(name.to_owned());
                is_first
            }
        };
        !is_apart
    }
}

/// The name of a column, whoever gives it.
pub(super) fn named(item: &SelectItem) -> Option<String> {
    given(item).or_else(|| match item {
        SelectItem::UnnamedExpr(expr) => name_of(expr),
        _ => None,
    })
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
            Expr::Identifier(name) => read(name),
            Expr::CompoundIdentifier(names) => read(names.last()?),
            _ => data_type.to_string().to_ascii_lowercase(),
        },
        Expr::Case { .. } => "case".to_owned(),
        Expr::Extract { .. } => "extract".to_owned(),
        Expr::Exists { .. } => "exists".to_owned(),
        _ => "?column?".to_owned(),
    })
}

/// Functions whose result has the type of their arguments, or follows from it.
pub(super) fn is_of_values(name: &str) -> bool {
    matches!(
        name,
        "sum" | "avg" | "coalesce" | "nullif" | "greatest" | "least"
    )
}

/// The type of what counts or numbers, where the planner's has no sign, and is a decimal beside one that has.
pub(super) fn number_of(name: &str) -> Option<DataType> {
    Some(match name {
        "row_number" | "rank" | "dense_rank" | "regr_count" | "approx_distinct" => {
            DataType::BigInt(None)
        }
        "ntile" | "cardinality" | "array_length" | "array_ndims" | "array_position"
        | "list_length" | "list_ndims" | "list_position" | "array_indexof" | "list_indexof" => {
            DataType::Int(None)
        }
        "array_positions" | "list_positions" => DataType::Array(ArrayElemTypeDef::SquareBracket(
            Box::new(DataType::Int(None)),
            None,
        )),
        _ => return None,
    })
}

pub(super) enum Target {
    Text,
    Integer,
    Other,
}

pub(super) fn target(data_type: &DataType) -> Target {
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
pub(super) fn as_planned(data_type: &DataType) -> DataType {
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
