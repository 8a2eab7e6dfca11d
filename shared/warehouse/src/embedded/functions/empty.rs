//! What a column without values is beside a number or an interval. `columns.rs` refuses the text that has values.

use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::scalar::{Scalar, unfit};

pub(in crate::embedded) const NUMBER: &str = "pg_empty_number";
pub(in crate::embedded) const TIME: &str = "pg_empty_time";

/// As a number, of whichever kind.
pub(in crate::embedded) fn number() -> ScalarUDF {
    of(NUMBER, |_, _| Ok(DataType::Float64))
}

/// As a timestamp.
pub(in crate::embedded) fn time() -> ScalarUDF {
    of(TIME, |_, _| {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, None))
    })
}

/// Values may come behind the lines that were read for the types, so it is a cast, and what does not fit is an error.
fn of(
    name: &'static str,
    gives: fn(&[DataType], &[Option<&ScalarValue>]) -> Result<DataType>,
) -> ScalarUDF {
    let scalar = Scalar {
        name,
        aliases: &[],
        takes: |arguments| match arguments {
            [_] => Ok(arguments.to_vec()),
            _ => unfit("operator", arguments),
        },
        gives,
        run: |columns, gives| {
            let [column] = columns else {
                return exec_err!("a column without values is one argument");
            };
            let options = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            Ok(cast_with_options(column, gives, &options)?)
        },
    };
    scalar.function()
}
