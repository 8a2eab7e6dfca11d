//! Lists, structs and maps to documents. What is in them is written by the same rules as outside.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use serde_json::{Map, Value};

use super::json::values;
use super::{Error, Result};

/// How deep lists and structs are in each other; 0 for other values.
pub(super) fn depth(data_type: &DataType) -> usize {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            1 + depth(item.data_type())
        }
        DataType::Map(entries, _) => depth(entries.data_type()),
        DataType::Struct(fields) => {
            let depths = fields.iter().map(|field| depth(field.data_type()));
            1 + depths.max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// A document of each row of a column that has a [`depth`].
pub(super) fn documents(column: &ArrayRef) -> Result<Vec<Value>> {
    match column.data_type() {
        DataType::Struct(_) => of_structs(column.as_struct()),
        DataType::Map(..) => of_maps(column.as_map()),
        DataType::List(_) => of_lists(column.as_list::<i32>()),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            let lists = cast(column, &DataType::List(Arc::clone(item)))
                .map_err(|error| Error::Engine(error.to_string()))?;
            of_lists(lists.as_list::<i32>())
        }
        other => Err(Error::Engine(format!("{other} is no document"))),
    }
}

fn of_lists(lists: &ListArray) -> Result<Vec<Value>> {
    let mut items = values(&between(lists.values(), lists.value_offsets()))?.into_iter();
    let rows = (0..lists.len()).map(|row| {
        let items: Vec<_> = items
            .by_ref()
            .take(length(lists.value_length(row)))
            .collect();
        match lists.is_null(row) {
            true => Value::Null,
            false => Value::Array(items),
        }
    });
    Ok(rows.collect())
}

fn of_structs(structs: &StructArray) -> Result<Vec<Value>> {
    let mut fields = Vec::with_capacity(structs.num_columns());
    for (field, column) in structs.fields().iter().zip(structs.columns()) {
        fields.push((field.name(), values(column)?.into_iter()));
    }
    let rows = (0..structs.len()).map(|row| {
        let object: Map<_, _> = fields
            .iter_mut()
            .map(|(name, column)| ((*name).clone(), column.next().unwrap_or_default()))
            .collect();
        match structs.is_null(row) {
            true => Value::Null,
            false => Value::Object(object),
        }
    });
    Ok(rows.collect())
}

fn of_maps(maps: &MapArray) -> Result<Vec<Value>> {
    let keys = values(&between(maps.keys(), maps.value_offsets()))?;
    let items = values(&between(maps.values(), maps.value_offsets()))?;
    let mut entries = keys.into_iter().map(as_name).zip(items);
    let rows = (0..maps.len()).map(|row| {
        let object: Map<_, _> = entries
            .by_ref()
            .take(length(maps.value_length(row)))
            .collect();
        match maps.is_null(row) {
            true => Value::Null,
            false => Value::Object(object),
        }
    });
    Ok(rows.collect())
}

/// What the rows have of the items; an array that is a piece of a larger one has all items of that.
fn between(items: &ArrayRef, offsets: &[i32]) -> ArrayRef {
    let first = length(offsets.first().copied().unwrap_or(0));
    let last = length(offsets.last().copied().unwrap_or(0));
    items.slice(first, last.saturating_sub(first))
}

fn length(length: i32) -> usize {
    usize::try_from(length).unwrap_or(0)
}

fn as_name(key: Value) -> String {
    match key {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{
        Int64Array, Int64Builder, LargeListArray, MapBuilder, StringBuilder,
    };
    use datafusion::arrow::datatypes::{Field, Int64Type};
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_of_lists_structs_and_maps_are_documents() {
        let rows = || {
            vec![
                Some(vec![Some(1)]),
                None,
                Some(vec![]),
                Some(vec![None, Some(2)]),
            ]
        };
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(rows()));
        let large = LargeListArray::from_iter_primitive::<Int64Type, _, _>(rows());
        let large: ArrayRef = Arc::new(large);
        let expected = [json!([1]), json!(null), json!([]), json!([null, 2])];
        for lists in [&lists, &large] {
            assert_eq!(documents(lists).unwrap(), expected);
            assert_eq!(documents(&lists.slice(2, 2)).unwrap(), expected[2..]);
        }

        let field = |name: &str, column: &ArrayRef| {
            Arc::new(Field::new(name, column.data_type().clone(), true))
        };
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
        let structs = StructArray::from(vec![
            (field("n", &numbers), numbers.clone()),
            (field("l", &lists), lists),
        ]);
        let structs: ArrayRef = Arc::new(structs);
        assert_eq!(depth(structs.data_type()), 2);
        assert_eq!(
            documents(&structs.slice(1, 2)).unwrap(),
            [json!({"n": 2, "l": null}), json!({"n": 3, "l": []})]
        );

        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
        for (key, value) in [("a", 1), ("b", 2)] {
            maps.keys().append_value(key);
            maps.values().append_value(value);
            maps.append(true).unwrap();
        }
        let maps: ArrayRef = Arc::new(maps.finish());
        assert_eq!(documents(&maps.slice(1, 1)).unwrap(), [json!({"b": 2})]);
    }
}
