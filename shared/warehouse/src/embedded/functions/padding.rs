//! Functions that make long texts of short ones. What they make is not counted against the engine's memory while they do, so
//! they refuse what is longer than anybody reads.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::limit::{BATCH, LONGEST};
use super::scalar::{Scalar, unfit};

pub(super) fn all() -> [ScalarUDF; 3] {
    [
        Scalar {
            name: "repeat",
            aliases: &[],
            takes: |arguments| match arguments {
                [_, _] => Ok(vec![DataType::Utf8, DataType::Int64]),
                _ => unfit("repeat", arguments),
            },
            gives: |_, _| Ok(DataType::Utf8),
            run: |columns, _| each("repeat", columns, |text, times, _| repeated(text, times)),
        }
        .function(),
        pad("lpad", |columns, _| {
            each("lpad", columns, |text, width, fill| {
                padded(text, width, fill, true)
            })
        }),
        pad("rpad", |columns, _| {
            each("rpad", columns, |text, width, fill| {
                padded(text, width, fill, false)
            })
        }),
    ]
}

fn pad(name: &'static str, run: fn(&[ArrayRef], &DataType) -> Result<ArrayRef>) -> ScalarUDF {
    let scalar = Scalar {
        name,
        aliases: &[],
        takes: |arguments| match arguments {
            [_, _] => Ok(vec![DataType::Utf8, DataType::Int64]),
            [_, _, _] => Ok(vec![DataType::Utf8, DataType::Int64, DataType::Utf8]),
            _ => unfit("lpad or rpad", arguments),
        },
        gives: |_, _| Ok(DataType::Utf8),
        run,
    };
    scalar.function()
}

/// A text of each row; a null makes a null.
fn each(
    name: &str,
    columns: &[ArrayRef],
    make: impl Fn(&str, usize, &str) -> Option<String>,
) -> Result<ArrayRef> {
    let [texts, numbers, rest @ ..] = columns else {
        return datafusion::common::exec_err!("{name} takes two arguments");
    };
    let (texts, numbers) = (
        texts.as_string::<i32>(),
        numbers.as_primitive::<Int64Type>(),
    );
    let fills: Option<&StringArray> = rest.first().map(|fill| fill.as_string::<i32>());
    let (mut made, mut size) = (StringBuilder::new(), 0);
    for row in 0..texts.len() {
        let fill_is_null = fills.is_some_and(|fills| fills.is_null(row));
        if texts.is_null(row) || numbers.is_null(row) || fill_is_null {
            made.append_null();
            continue;
        }
        let number = usize::try_from(numbers.value(row)).unwrap_or(0);
        let fill = fills.map_or(" ", |fills| fills.value(row));
        let text = make(texts.value(row), number, fill);
        size += text.as_ref().map_or(BATCH, String::len);
        match text {
            Some(text) if size <= BATCH => made.append_value(text),
            _ => {
                return datafusion::common::exec_err!(
                    "{name} would make a text of more than {LONGEST} bytes"
                );
            }
        }
    }
    Ok(Arc::new(made.finish()))
}

fn repeated(text: &str, times: usize) -> Option<String> {
    let fits = text.len().checked_mul(times)? <= LONGEST;
    fits.then(|| text.repeat(times))
}

/// As many characters as asked for; what is longer loses its end.
fn padded(text: &str, width: usize, fill: &str, left: bool) -> Option<String> {
    let length = text.chars().count();
    if width <= length || fill.is_empty() {
        return Some(text.chars().take(width).collect());
    }
    // The longest character has four bytes.
    if width > LONGEST / 4 {
        return None;
    }
    let filling: String = fill.chars().cycle().take(width - length).collect();
    Some(if left {
        filling + text
    } else {
        text.to_owned() + &filling
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_made_as_postgresql_makes_them_and_not_too_long() {
        assert_eq!(repeated("ab", 3).as_deref(), Some("ababab"));
        assert_eq!(repeated("ab", 0).as_deref(), Some(""));
        assert_eq!(repeated("ab", LONGEST), None);
        assert_eq!(repeated("ab", usize::MAX), None);
        assert_eq!(padded("hi", 5, "xy", true).as_deref(), Some("xyxhi"));
        assert_eq!(padded("hi", 5, "xy", false).as_deref(), Some("hixyx"));
        assert_eq!(padded("grün", 3, " ", true).as_deref(), Some("grü"));
        assert_eq!(padded("hi", 5, "", true).as_deref(), Some("hi"));
        assert_eq!(padded("hi", LONGEST, "x", false), None);
    }
}
