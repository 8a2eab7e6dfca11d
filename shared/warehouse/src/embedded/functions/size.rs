//! How much there is in rows of a column.

use std::ops::Range;

use datafusion::arrow::array::{Array, AsArray, OffsetSizeTrait};
use datafusion::arrow::datatypes::DataType;

/// Texts and numbers, and how many there are of them and of the lists that they are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::embedded) struct Size {
    pub(in crate::embedded) bytes: usize,
    pub(in crate::embedded) parts: usize,
}

impl Size {
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            parts: self.parts.saturating_add(other.parts),
        }
    }
}

/// What these rows have, without reading texts.
pub(in crate::embedded) fn size(column: &dyn Array, rows: Range<usize>) -> Size {
    let of_rows = |bytes: usize| Size {
        bytes,
        parts: rows.len(),
    };
    match column.data_type() {
        DataType::Utf8 => of_rows(between(column.as_string::<i32>().value_offsets(), &rows).len()),
        DataType::LargeUtf8 => {
            of_rows(between(column.as_string::<i64>().value_offsets(), &rows).len())
        }
        DataType::Binary => {
            of_rows(between(column.as_binary::<i32>().value_offsets(), &rows).len())
        }
        DataType::LargeBinary => {
            of_rows(between(column.as_binary::<i64>().value_offsets(), &rows).len())
        }
        DataType::Utf8View => {
            let texts = column.as_string_view();
            let valid = rows.clone().filter(|row| texts.is_valid(*row));
            of_rows(valid.map(|row| texts.value(row).len()).sum())
        }
        DataType::BinaryView => {
            let values = column.as_binary_view();
            let valid = rows.clone().filter(|row| values.is_valid(*row));
            of_rows(valid.map(|row| values.value(row).len()).sum())
        }
        DataType::FixedSizeBinary(width) => {
            of_rows(usize::try_from(*width).unwrap_or(0) * rows.len())
        }
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            let items = between(lists.value_offsets(), &rows);
            size(lists.values(), items).with(of_rows(0))
        }
        DataType::LargeList(_) => {
            let lists = column.as_list::<i64>();
            let items = between(lists.value_offsets(), &rows);
            size(lists.values(), items).with(of_rows(0))
        }
        DataType::FixedSizeList(_, length) => {
            let length = usize::try_from(*length).unwrap_or(0);
            let items = column.as_fixed_size_list().values();
            let of_items = rows.start * length..rows.end * length;
            size(items, of_items).with(of_rows(0))
        }
        DataType::Map(..) => {
            let maps = column.as_map();
            let items = between(maps.value_offsets(), &rows);
            size(maps.entries(), items).with(of_rows(0))
        }
        DataType::Struct(_) => column
            .as_struct()
            .columns()
            .iter()
            .map(|column| size(column, rows.clone()))
            .fold(of_rows(0), Size::with),
        DataType::Boolean | DataType::Null => of_rows(rows.len()),
        other => match other.primitive_width() {
            Some(width) => of_rows(width * rows.len()),
            // What packs its values: more than these rows have, but not less.
            None => of_rows(column.get_array_memory_size()),
        },
    }
}

/// Where the items of rows begin and end.
fn between<O: OffsetSizeTrait>(offsets: &[O], rows: &Range<usize>) -> Range<usize> {
    let at = |row: usize| offsets.get(row).map_or(0, |offset| offset.as_usize());
    at(rows.start)..at(rows.end)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{
        ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, Int64Array,
        LargeStringArray, ListArray, StringArray, StringViewArray, StructArray,
    };
    use datafusion::arrow::datatypes::{Field, Int64Type};

    use super::*;

    #[test]
    fn rows_have_the_bytes_and_parts_of_all_that_is_in_them() {
        let of = |bytes, parts| Size { bytes, parts };
        let texts = [Some("a"), None, Some("bcd"), Some("é")];
        for column in [
            Arc::new(StringArray::from_iter(texts)) as ArrayRef,
            Arc::new(LargeStringArray::from_iter(texts)),
            Arc::new(StringViewArray::from_iter(texts)),
        ] {
            assert_eq!(size(&column, 0..4), of(6, 4));
            assert_eq!(size(&column, 1..3), of(3, 2));
            assert_eq!(size(&column.slice(2, 2), 1..2), of(2, 1));
        }
        assert_eq!(size(&Int64Array::from(vec![1, 2, 3]), 1..3), of(16, 2));
        assert_eq!(size(&BooleanArray::from(vec![true]), 0..1), of(1, 1));
        let bytes: [Option<&[u8]>; 3] = [Some(b"a"), None, Some(b"bcd")];
        assert_eq!(size(&BinaryViewArray::from_iter(bytes), 0..3), of(4, 3));
        let ids = FixedSizeBinaryArray::try_from_iter([[0_u8; 16]; 3].iter()).unwrap();
        assert_eq!(size(&ids, 1..3), of(32, 2));
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1), Some(2)]),
            None,
            Some(vec![Some(3)]),
        ]);
        assert_eq!(size(&lists, 0..3), of(24, 6));
        assert_eq!(size(&lists.slice(1, 2), 1..2), of(8, 2));
        let lists: ArrayRef = Arc::new(lists);
        let field = Arc::new(Field::new("l", lists.data_type().clone(), true));
        let structs = StructArray::from(vec![(field, lists)]);
        assert_eq!(size(&structs, 0..1), of(16, 4));
    }
}
