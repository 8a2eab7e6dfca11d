//! `levenshtein`, which takes as long as the product of the lengths of both texts.
//! <https://www.postgresql.org/docs/17/fuzzystrmatch.html#FUZZYSTRMATCH-LEVENSHTEIN>

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int32Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::utils::datafusion_strsim;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::scalar::{Scalar, unfit};

/// Characters of each text, as in PostgreSQL.
const LONGEST: usize = 255;

pub(super) fn all() -> [ScalarUDF; 1] {
    let scalar = Scalar {
        name: "levenshtein",
        aliases: &[],
        takes: |arguments| match arguments {
            [_, _] => Ok(vec![DataType::Utf8, DataType::Utf8]),
            _ => unfit("levenshtein", arguments),
        },
        gives: |_, _| Ok(DataType::Int32),
        run: |columns, _| distances(columns),
    };
    [scalar.function()]
}

fn distances(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let [ones, others] = columns else {
        return datafusion::common::exec_err!("levenshtein takes two arguments");
    };
    let pairs = ones
        .as_string::<i32>()
        .iter()
        .zip(others.as_string::<i32>());
    let found = pairs
        .map(|(one, other)| match (one, other) {
            (Some(one), Some(other)) => distance(one, other).map(Some),
            _ => Ok(None),
        })
        .collect::<Result<Int32Array>>()?;
    Ok(Arc::new(found))
}

fn distance(one: &str, other: &str) -> Result<i32> {
    let is_long = |text: &str| text.chars().nth(LONGEST).is_some();
    if is_long(one) || is_long(other) {
        return datafusion::common::exec_err!(
            "levenshtein takes texts of at most {LONGEST} characters"
        );
    }
    let distance = datafusion_strsim::levenshtein(one, other);
    Ok(i32::try_from(distance).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_distance_unless_they_are_long() {
        assert_eq!(distance("kitten", "sitting").unwrap(), 3);
        assert_eq!(distance("", "é").unwrap(), 1);
        assert_eq!(distance(&"é".repeat(LONGEST), "").unwrap(), 255);
        assert!(distance(&"a".repeat(LONGEST + 1), "").is_err());
        assert!(distance("", &"a".repeat(LONGEST + 1)).is_err());
    }
}
