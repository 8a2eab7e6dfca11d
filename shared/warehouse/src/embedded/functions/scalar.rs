//! A scalar function as a table row: its name, what it takes, what it gives, and what it does to whole columns.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

pub(super) struct Scalar {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    /// The types that arguments of these types are cast to; an error when there are none.
    pub(super) takes: fn(&[DataType]) -> Result<Vec<DataType>>,
    /// From the types, and from the values of those arguments that are constants.
    pub(super) gives: fn(&[DataType], &[Option<&ScalarValue>]) -> Result<DataType>,
    /// All columns have the same length, and so has the result, which is of this type.
    pub(super) run: fn(&[ArrayRef], &DataType) -> Result<ArrayRef>,
}

impl Scalar {
    pub(super) fn function(self) -> ScalarUDF {
        let aliases = self
            .aliases
            .iter()
            .map(|alias| (*alias).to_owned())
            .collect();
        ScalarUDF::from(Function {
            signature: Signature::user_defined(Volatility::Immutable),
            aliases,
            scalar: self,
        })
    }
}

/// The error for arguments that a function does not take.
pub(super) fn unfit<T>(name: &str, arguments: &[DataType]) -> Result<T> {
    let types: Vec<_> = arguments.iter().map(ToString::to_string).collect();
    datafusion::common::plan_err!("function {name}({}) does not exist", types.join(", "))
}

struct Function {
    scalar: Scalar,
    aliases: Vec<String>,
    signature: Signature,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.scalar.name)
    }
}

// A name is one function.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.scalar.name == other.scalar.name
    }
}

impl Eq for Function {}

impl std::hash::Hash for Function {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.scalar.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.scalar.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        (self.scalar.takes)(arguments)
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        (self.scalar.gives)(arguments, &[])
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<_> = arguments
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let gives = (self.scalar.gives)(&types, arguments.scalar_arguments)?;
        Ok(Arc::new(Field::new(self.name(), gives, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // Constants in, a constant out: the planner folds it.
        let constant = arguments
            .args
            .iter()
            .all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { arguments.number_rows };
        let columns = arguments
            .args
            .into_iter()
            .map(|argument| argument.into_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let result = (self.scalar.run)(&columns, arguments.return_field.data_type())?;
        Ok(if constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?)
        } else {
            ColumnarValue::Array(result)
        })
    }
}
