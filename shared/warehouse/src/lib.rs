//! Where SQL runs. Today that is the embedded engine: Apache DataFusion inside the process, over CSV and Parquet files of a
//! folder or tables in memory, which reads PostgreSQL's dialect and means by it what PostgreSQL means. An adapter is a
//! module and a Cargo feature; what comes out of each is the same [`Rows`].

#[cfg(feature = "embedded")]
pub mod embedded;
mod rows;

pub use rows::{Column, Rows, Type};
