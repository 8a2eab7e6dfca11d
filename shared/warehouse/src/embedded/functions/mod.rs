//! Functions and aggregates with PostgreSQL's meaning; they take the place of the engine's own of the same name.

mod aggregate;
mod interval;
pub(super) mod number;
mod pattern;
mod scalar;
pub(super) mod text;
pub(super) mod time;
mod unit;

use datafusion::prelude::SessionContext;

pub(super) use interval::text as interval_text;

pub(super) fn register(context: &SessionContext) {
    for function in time::all()
        .into_iter()
        .chain(text::all())
        .chain(number::all())
    {
        context.register_udf(function);
    }
    for aggregate in aggregate::all() {
        context.register_udaf(aggregate);
    }
}
