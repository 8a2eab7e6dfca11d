//! Aggregates: `sum` and `avg` that do not overflow or lose digits, and a `percentile_cont` that interpolates exactly. They take
//! text too, as a column of a file is text when it has no values; `columns.rs` refuses other text.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::stddev::stddev_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_aggregate::variance::var_samp_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature, Volatility,
};

pub(super) fn all() -> [AggregateUDF; 5] {
    [
        AggregateUDF::from(Widened {
            name: "sum",
            inner: sum_udaf(),
            signature: any(),
            widen: of_sum,
        }),
        AggregateUDF::from(Widened {
            name: "avg",
            inner: avg_udaf(),
            signature: any(),
            widen: of_average,
        }),
        AggregateUDF::from(Widened {
            name: "stddev",
            inner: stddev_udaf(),
            signature: any(),
            widen: of_deviation,
        })
        .with_aliases(["stddev_samp"]),
        AggregateUDF::from(PercentileCont { signature: any() }),
        AggregateUDF::clone(&var_samp_udaf()).with_aliases(["variance"]),
    ]
}

fn any() -> Signature {
    Signature::user_defined(Volatility::Immutable)
}

/// The type in which values are summed: a sum of `integer` is a `bigint`, and one of `bigint` a decimal.
fn of_sum(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => {
            Some(DataType::Int64)
        }
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 | DataType::Null => {
            Some(DataType::Decimal128(20, 0))
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) | DataType::Float64 => {
            Some(data_type.clone())
        }
        DataType::Float32 | DataType::Float16 => Some(DataType::Float64),
        text if text.is_string() => Some(DataType::Float64),
        _ => None,
    }
}

/// The engine gives an average four digits more than the values have; 12 make 16, as many as a quotient has. Long values keep
/// their digits before the point, and have fewer behind it.
fn of_average(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Decimal128(precision, scale) => {
            let before = i16::from(*precision) - i16::from(*scale);
            // Of 38 digits, less the four.
            let room = (34 - before).clamp(0, 12) as i8;
            Some(DataType::Decimal128(38, room.max(*scale)))
        }
        number if number.is_integer() => Some(DataType::Decimal128(38, 12)),
        number if number.is_numeric() || number.is_null() => Some(DataType::Float64),
        text if text.is_string() => Some(DataType::Float64),
        _ => None,
    }
}

fn of_deviation(data_type: &DataType) -> Option<DataType> {
    let is_number = data_type.is_numeric() || data_type.is_null() || data_type.is_string();
    is_number.then_some(DataType::Float64)
}

/// An aggregate of the engine, over values of a wider type. They are not cast by the planner, which would ask for the type of
/// its own cast once more: `integer` as `bigint`, and that as a decimal.
#[derive(Debug)]
struct Widened {
    name: &'static str,
    inner: Arc<AggregateUDF>,
    signature: Signature,
    widen: fn(&DataType) -> Option<DataType>,
}

impl PartialEq for Widened {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Widened {}

impl std::hash::Hash for Widened {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for Widened {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [argument] => match (self.widen)(argument) {
                Some(_) => Ok(arguments.to_vec()),
                None => plan_err!("function {}({argument}) does not exist", self.name),
            },
            _ => plan_err!("function {} takes one argument", self.name),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let wide: Vec<_> = arguments.iter().filter_map(self.widen).collect();
        self.inner.return_type(&wide)
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let wide = self.wide_fields(arguments.expr_fields);
        let inner = self.inner.accumulator(AccumulatorArgs {
            expr_fields: &wide,
            ..arguments
        })?;
        Ok(Box::new(Casting { inner, wide }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let wide = self.wide_fields(arguments.input_fields);
        self.inner.state_fields(StateFieldsArgs {
            input_fields: &wide,
            ..arguments
        })
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        let wide = self.wide_fields(arguments.expr_fields);
        self.inner.groups_accumulator_supported(AccumulatorArgs {
            expr_fields: &wide,
            ..arguments
        })
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let wide = self.wide_fields(arguments.expr_fields);
        let inner = self.inner.create_groups_accumulator(AccumulatorArgs {
            expr_fields: &wide,
            ..arguments
        })?;
        Ok(Box::new(Casting { inner, wide }))
    }

    fn create_sliding_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn Accumulator>> {
        let wide = self.wide_fields(arguments.expr_fields);
        let inner = self.inner.create_sliding_accumulator(AccumulatorArgs {
            expr_fields: &wide,
            ..arguments
        })?;
        Ok(Box::new(Casting { inner, wide }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn set_monotonicity(&self, _data_type: &DataType) -> SetMonotonicity {
        SetMonotonicity::NotMonotonic
    }
}

impl Widened {
    fn wide_fields(&self, fields: &[FieldRef]) -> Vec<FieldRef> {
        let wide = |field: &FieldRef| match (self.widen)(field.data_type()) {
            Some(wide) => Arc::new(field.as_ref().clone().with_data_type(wide)),
            None => Arc::clone(field),
        };
        fields.iter().map(wide).collect()
    }
}

/// Casts values before they are aggregated; what was aggregated already has its type.
#[derive(Debug)]
struct Casting<T> {
    inner: T,
    wide: Vec<FieldRef>,
}

impl<T> Casting<T> {
    fn cast(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let pairs = columns.iter().zip(&self.wide);
        // What does not fit is an error, and no null.
        let options = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        pairs
            .map(|(column, field)| Ok(cast_with_options(column, field.data_type(), &options)?))
            .collect()
    }
}

impl Accumulator for Casting<Box<dyn Accumulator>> {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let columns = self.cast(columns)?;
        self.inner.update_batch(&columns)
    }

    fn retract_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let columns = self.cast(columns)?;
        self.inner.retract_batch(&columns)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.inner.evaluate()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }
}

impl GroupsAccumulator for Casting<Box<dyn GroupsAccumulator>> {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        let columns = self.cast(columns)?;
        self.inner.update_batch(&columns, groups, filter, count)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        self.inner.evaluate(emit)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        self.inner.merge_batch(states, groups, count)
    }

    fn convert_to_state(
        &self,
        columns: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(&self.cast(columns)?, filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}

/// `percentile_cont(p) WITHIN GROUP (ORDER BY x)`: between two values, the point that lies between them by as much.
#[derive(Debug, PartialEq, Eq, Hash)]
struct PercentileCont {
    signature: Signature,
}

impl AggregateUDFImpl for PercentileCont {
    fn name(&self) -> &str {
        "percentile_cont"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [x, p]
                if [x, p].iter().all(|argument| {
                    argument.is_numeric() || argument.is_null() || argument.is_string()
                }) =>
            {
                Ok(vec![DataType::Float64; 2])
            }
            _ => plan_err!("percentile_cont takes a number, within a group ordered by a number"),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let values = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
        Ok(vec![Arc::new(Field::new(
            format_state_name(arguments.name, "values"),
            values,
            true,
        ))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let Some(point) = arguments.exprs.get(1) else {
            return exec_err!("percentile_cont takes two arguments");
        };
        let batch = datafusion::arrow::record_batch::RecordBatch::new_empty(Arc::new(
            arguments.schema.clone(),
        ));
        let point = match point.evaluate(&batch)? {
            datafusion::logical_expr::ColumnarValue::Scalar(value) => {
                value.cast_to(&DataType::Float64)?
            }
            datafusion::logical_expr::ColumnarValue::Array(_) => {
                return plan_err!("the percentile must be a constant");
            }
        };
        let point = match point {
            ScalarValue::Float64(Some(point)) if (0.0..=1.0).contains(&point) => Some(point),
            ScalarValue::Float64(None) => None,
            other => return plan_err!("percentile value {other} is not between 0 and 1"),
        };
        let descending = arguments
            .order_bys
            .first()
            .is_some_and(|order| order.options.descending);
        Ok(Box::new(Values {
            point,
            descending,
            values: Vec::new(),
            distinct: arguments.is_distinct,
        }))
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Values {
    point: Option<f64>,
    descending: bool,
    distinct: bool,
    values: Vec<f64>,
}

impl Accumulator for Values {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        if let Some(column) = columns.first() {
            let column = cast(column, &DataType::Float64)?;
            self.values
                .extend(column.as_primitive::<Float64Type>().iter().flatten());
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.values.sort_by(f64::total_cmp);
        if self.distinct {
            self.values.dedup();
        }
        if self.descending {
            self.values.reverse();
        }
        let (Some(point), Some(last)) = (self.point, self.values.len().checked_sub(1)) else {
            return Ok(ScalarValue::Float64(None));
        };
        let position = point * last as f64;
        let value = |position: f64| self.values.get(position as usize).copied();
        let (Some(low), Some(high)) = (value(position.floor()), value(position.ceil())) else {
            return Ok(ScalarValue::Float64(None));
        };
        let between = if low == high {
            low
        } else {
            low + (position - position.floor()) * (high - low)
        };
        Ok(ScalarValue::Float64(Some(between)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<f64>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: Vec<_> = self
            .values
            .iter()
            .map(|value| ScalarValue::Float64(Some(*value)))
            .collect();
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(
            &values,
            &DataType::Float64,
        ))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        if let Some(lists) = states.first() {
            for list in lists.as_list::<i32>().iter().flatten() {
                self.values
                    .extend(list.as_primitive::<Float64Type>().iter().flatten());
            }
        }
        Ok(())
    }
}
