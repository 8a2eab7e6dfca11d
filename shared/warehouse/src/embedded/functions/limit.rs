//! How long texts and lists may be that functions make. What they make is not counted against the engine's memory while they do,
//! and what each of them doubles is soon larger than that.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, exec_err};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::super::gathered::LIMIT as GATHERED;
use super::scalar::{Scalar, unfit};
use super::size::{Size, size};

/// Bytes of one text.
pub(super) const LONGEST: usize = 1 << 20;
/// Bytes of one list.
const LIST: usize = 16 << 20;
/// Bytes of what is made of a batch of rows.
pub(super) const BATCH: usize = 64 << 20;
/// Bytes of a text that is made of constants: there will be one for each row of a batch.
const CONSTANT: usize = 64 << 10;
/// A number, a time or an interval as text is not longer; the longest decimal has 76 digits.
const WRITTEN: usize = 96;

/// The functions whose results can be longer than their arguments.
const LENGTHENING: [&str; 22] = [
    "array_append",
    "array_concat",
    "array_prepend",
    "array_replace",
    "array_replace_all",
    "array_replace_n",
    "array_to_string",
    "array_union",
    "concat",
    "concat_ws",
    "lpad",
    "make_array",
    "overlay",
    GATHERED,
    "pg_join",
    "pg_text",
    "regexp_replace",
    "repeat",
    "replace",
    "rpad",
    "string_to_array",
    "to_char",
];

/// Puts limits to calls of such functions, also of those that syntax stands for.
#[derive(Debug)]
pub(super) struct Limits;

impl FunctionRewrite for Limits {
    fn name(&self) -> &str {
        "limits"
    }

    fn rewrite(
        &self,
        expr: Expr,
        _schema: &DFSchema,
        _config: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        Ok(match expr {
            Expr::ScalarFunction(ScalarFunction { func, args })
                if LENGTHENING.contains(&func.name()) && !func.inner().is::<Limited>() =>
            {
                let limited = ScalarUDF::from(Limited { inner: func });
                Transformed::yes(limited.call(args))
            }
            other => Transformed::no(other),
        })
    }
}

/// What an aggregate gathered, if it is not too long.
pub(super) fn gathered() -> ScalarUDF {
    let scalar = Scalar {
        name: GATHERED,
        aliases: &[],
        takes: |arguments| match arguments {
            [_] => Ok(arguments.to_vec()),
            _ => unfit(GATHERED, arguments),
        },
        gives: |arguments, _| Ok(arguments.first().cloned().unwrap_or(DataType::Null)),
        run: |columns, _| match columns {
            [column] => Ok(Arc::clone(column)),
            _ => exec_err!("{GATHERED} takes one argument"),
        },
    };
    scalar.function()
}

/// A function that fails before it makes too much, or soon after.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Limited {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Limited {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(arguments)
    }

    fn is_strict(&self) -> bool {
        self.inner.is_strict()
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let limit = Limit::of(self.inner.name(), &arguments);
        let pieces = limit.pieces(&arguments)?;
        let mut total = 0;
        if pieces.len() < 2 {
            let result = self.inner.invoke_with_args(arguments)?;
            match &result {
                ColumnarValue::Array(made) => limit.check(made, &mut total)?,
                ColumnarValue::Scalar(made) => limit.check(&made.to_array()?, &mut total)?,
            }
            return Ok(result);
        }
        let mut made = Vec::with_capacity(pieces.len());
        for rows in pieces {
            let result = self.inner.invoke_with_args(part(&arguments, &rows))?;
            let column = result.into_array(rows.len())?;
            limit.check(&column, &mut total)?;
            made.push(column);
        }
        let made: Vec<&dyn Array> = made.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&made)?))
    }
}

/// The arguments of some of the rows.
fn part(arguments: &ScalarFunctionArgs, rows: &Range<usize>) -> ScalarFunctionArgs {
    let of_rows = |argument: &ColumnarValue| match argument {
        ColumnarValue::Array(column) => ColumnarValue::Array(column.slice(rows.start, rows.len())),
        ColumnarValue::Scalar(constant) => ColumnarValue::Scalar(constant.clone()),
    };
    ScalarFunctionArgs {
        args: arguments.args.iter().map(of_rows).collect(),
        arg_fields: arguments.arg_fields.clone(),
        number_rows: rows.len(),
        return_field: Arc::clone(&arguments.return_field),
        config_options: Arc::clone(&arguments.config_options),
    }
}

/// What one call may make.
struct Limit<'a> {
    name: &'a str,
    is_text: bool,
    /// Bytes for a row.
    longest: usize,
    rows: usize,
}

impl<'a> Limit<'a> {
    fn of(name: &'a str, arguments: &ScalarFunctionArgs) -> Self {
        let is_text = arguments.return_type().is_string();
        let is_constant = arguments
            .args
            .iter()
            .all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        Self {
            name,
            is_text,
            longest: match (is_text, is_constant) {
                (true, true) => CONSTANT,
                (true, false) => LONGEST,
                (false, _) => LIST,
            },
            rows: if is_constant {
                1
            } else {
                arguments.number_rows
            },
        }
    }

    /// Rows of which not too much can be made at once.
    fn pieces(&self, arguments: &ScalarFunctionArgs) -> Result<Vec<Range<usize>>> {
        let mut columns = Vec::with_capacity(arguments.args.len());
        for argument in &arguments.args {
            columns.push(match argument {
                ColumnarValue::Array(column) => (Arc::clone(column), false),
                ColumnarValue::Scalar(constant) => (constant.to_array()?, true),
            });
        }
        let (mut pieces, mut start, mut all) = (Vec::new(), 0, 0_usize);
        for row in 0..self.rows {
            let of_row = |(column, is_constant): &(ArrayRef, bool)| {
                let row = if *is_constant { 0 } else { row };
                size(column, row..row + 1)
            };
            let sizes: Vec<_> = columns.iter().map(of_row).collect();
            let most = most(self.name, self.is_text, &sizes);
            if most > BATCH {
                return self.exceeded();
            }
            all = all.saturating_add(most);
            if all > BATCH {
                pieces.push(start..row);
                (start, all) = (row, most);
            }
        }
        pieces.push(start..self.rows);
        Ok(pieces)
    }

    /// Fails for a row that has too much, and when all rows together do.
    fn check(&self, made: &ArrayRef, total: &mut usize) -> Result<()> {
        for row in 0..made.len() {
            let bytes = size(made, row..row + 1).bytes;
            *total = total.saturating_add(bytes);
            if bytes > self.longest || *total > BATCH {
                return self.exceeded();
            }
        }
        Ok(())
    }

    fn exceeded<T>(&self) -> Result<T> {
        let what = if self.is_text { "text" } else { "list" };
        let of = if self.longest == CONSTANT {
            " of constants"
        } else {
            ""
        };
        exec_err!(
            "{} may make a {what} of {} KB{of}, and {} MB at a time",
            self.name,
            self.longest >> 10,
            BATCH >> 20
        )
    }
}

/// The most bytes that a function makes of arguments of these sizes.
fn most(name: &str, is_text: bool, sizes: &[Size]) -> usize {
    let of = |argument: usize| sizes.get(argument).copied().unwrap_or_default();
    let bytes = |argument: usize| of(argument).bytes;
    let all = sizes.iter().copied().fold(Size::default(), Size::with);
    let more = match name {
        "replace" => (bytes(0) / bytes(1).max(1)).saturating_mul(bytes(2)),
        // Around each letter, and each two letters of it can stand for all that was found.
        "regexp_replace" => (bytes(0).saturating_add(1))
            .saturating_mul(bytes(2))
            .saturating_mul(2),
        "array_to_string" => of(0)
            .parts
            .saturating_mul(bytes(1).saturating_add(bytes(2))),
        "array_replace" | "array_replace_all" | "array_replace_n" => {
            of(0).parts.saturating_mul(bytes(2))
        }
        "concat_ws" => sizes.len().saturating_mul(bytes(0)),
        // A letter of a pattern is a number of seven digits at most.
        "to_char" => bytes(1).saturating_mul(8),
        _ => 0,
    };
    let written = if is_text { WRITTEN } else { size_of::<u64>() };
    let parts = all.parts.saturating_mul(written);
    all.bytes.saturating_add(parts).saturating_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: usize) -> Size {
        Size { bytes, parts: 1 }
    }

    #[test]
    fn what_a_call_makes_is_known_before() {
        let about = |name, sizes: &[Size]| most(name, true, sizes) / 1_000;
        assert_eq!(about("concat", &[of(10_000), of(5_000)]), 15);
        assert_eq!(about("replace", &[of(10_000), of(1), of(50)]), 510);
        assert_eq!(about("replace", &[of(10_000), of(0), of(50)]), 510);
        assert_eq!(about("regexp_replace", &[of(10_000), of(1), of(50)]), 1_010);
        assert_eq!(about("to_char", &[of(8), of(10_000)]), 90);
        let list = Size {
            bytes: 8_000,
            parts: 1_000,
        };
        assert_eq!(about("array_to_string", &[list, of(100)]), 204);
        assert_eq!(most("array_append", false, &[list, of(8)]) / 1_000, 16);
        assert_eq!(
            most("regexp_replace", true, &[of(usize::MAX - 1), of(0), of(9)]),
            usize::MAX
        );
    }
}
