//! The semantic layer: explores and metric queries in, SQL out. Pure: no network, no clock, no randomness.

pub mod access;
mod compile;
pub mod dialect;
pub mod error;
pub mod explore;
pub mod interval;
pub mod literal;
mod options;
pub mod query;

pub use access::UserAttributes;
pub use compile::{Column, ColumnKind, Compiled, Warning, compile};
pub use dialect::Dialect;
pub use error::{CompileError, CompileErrors, Reason};
pub use explore::{Explore, ExploreOrError};
pub use options::Options;
pub use query::MetricQuery;
