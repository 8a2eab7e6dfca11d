//! The area's tests: metrics over time and their totals, against the embedded engine, compared with what is counted here.

#![allow(clippy::unwrap_used)]

mod compared;
mod kept;
mod refused;
mod segments;
mod series;
mod shop;
mod total;
