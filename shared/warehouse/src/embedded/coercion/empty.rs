//! Columns without values beside others, where all come to one type: text as they are, they would make text of numbers.

use std::mem::take;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};

/// What the field of a column without values has.
const MARK: &str = "empty";

/// Columns without values among these, as what the others are.
pub(super) fn fill(exprs: &mut [&mut Expr], schema: &DFSchema) -> Result<()> {
    let mut sides = Vec::with_capacity(exprs.len());
    for expr in exprs.iter() {
        let data_type = expr.get_type(schema)?;
        let is_empty = data_type.is_string() && is_empty(&expr.to_field(schema)?.1);
        sides.push((data_type, is_empty));
    }
    let types = sides.iter();
    let types = types.map(|(data_type, is_empty)| (data_type, *is_empty));
    let Some(wanted) = beside(types) else {
        return Ok(());
    };
    for (expr, (_, is_empty)) in exprs.iter_mut().zip(sides) {
        if is_empty {
            let column = Box::new(take::<Expr>(expr));
            **expr = Expr::Cast(Cast::new(column, wanted.clone()));
        }
    }
    Ok(())
}

pub(super) fn is_empty(field: &Field) -> bool {
    field.data_type().is_string() && field.metadata().contains_key(MARK)
}

/// What columns without values are to be among these, each of which is one or is none. Nothing, if there is none of them, or
/// the others are not all numbers or all times.
pub(super) fn beside<'a>(sides: impl Iterator<Item = (&'a DataType, bool)>) -> Option<DataType> {
    let (mut has_empty, mut wanted) = (false, None);
    for (data_type, is_empty) in sides {
        if is_empty {
            has_empty = true;
        } else if !data_type.is_null() {
            let own = of(data_type)?;
            wanted = match wanted {
                Some(before) => Some(both(before, own)?),
                None => Some(own),
            };
        }
    }
    wanted.filter(|_| has_empty)
}

fn of(data_type: &DataType) -> Option<DataType> {
    match data_type {
        number if number.is_numeric() => Some(DataType::Float64),
        DataType::Date32 | DataType::Timestamp(..) => Some(data_type.clone()),
        _ => None,
    }
}

/// A date beside a timestamp is one.
fn both(one: DataType, other: DataType) -> Option<DataType> {
    let is_time = |data_type: &DataType| matches!(data_type, DataType::Timestamp(..));
    if one == other || (is_time(&one) && other == DataType::Date32) {
        Some(one)
    } else if one == DataType::Date32 && is_time(&other) {
        Some(other)
    } else {
        None
    }
}
