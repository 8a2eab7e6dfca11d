//! The semantic layer: explores and metric queries in, SQL out. Pure: no network, no clock, no randomness.

pub mod access;
mod attributes;
mod calculation;
mod compile;
mod conditions;
pub mod dialect;
pub mod error;
pub mod explore;
pub mod fields;
pub mod filter;
pub mod format;
mod guard;
pub mod interval;
mod joins;
pub mod literal;
mod metric;
pub mod model;
mod options;
pub mod pivot;
mod plan;
pub mod query;
pub mod reference;
mod render;
mod scope;
mod select;
pub mod time;
pub mod totals;
pub mod underlying;

pub use access::UserAttributes;
pub use compile::{Column, ColumnKind, Compiled, Warning, compile};
pub use dialect::Dialect;
pub use error::{CompileError, CompileErrors, Reason};
pub use explore::{Explore, ExploreOrError};
pub use options::Options;
pub use query::MetricQuery;
