//! Functions and aggregates with PostgreSQL's meaning; they take the place of the engine's own of the same name.

mod aggregate;
mod distance;
pub(super) mod double;
pub(super) mod empty;
mod interval;
mod limit;
mod math;
pub(super) mod number;
mod padding;
mod pattern;
mod scalar;
pub(super) mod size;
pub(super) mod text;
pub(super) mod time;
mod unit;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::registry;
use datafusion::prelude::SessionContext;

pub(super) use interval::text as interval_text;

pub(super) fn register(context: &mut SessionContext) -> Result<()> {
    for function in time::all()
        .into_iter()
        .chain(text::all())
        .chain(number::all())
        .chain(math::all())
        .chain(padding::all())
        .chain(distance::all())
        .chain([limit::gathered()])
    {
        context.register_udf(function);
    }
    // Where files lie is nobody's business.
    context.deregister_udf("input_file_name");
    // Lists as long as one asks for, which no limit counts while they are made. As tables, the series come in pieces and stay.
    for endless in ["range", "generate_series", "array_resize", "array_repeat"] {
        context.deregister_udf(endless);
    }
    for aggregate in aggregate::all() {
        context.register_udaf(aggregate);
    }
    registry::FunctionRegistry::register_function_rewrite(context, Arc::new(limit::Limits))
}
