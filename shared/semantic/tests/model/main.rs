//! From a dbt project to explores.

#![allow(clippy::expect_used)]

mod dimensions;
mod errors;
mod fixture;
mod joins;
mod manifests;
mod metrics;
mod queries;
mod robustness;
