//! From a dbt project to explores.

#[path = "model/fixture.rs"]
mod fixture;

#[path = "model/dimensions.rs"]
mod dimensions;
#[path = "model/errors.rs"]
mod errors;
#[path = "model/joins.rs"]
mod joins;
#[path = "model/manifests.rs"]
mod manifests;
#[path = "model/metrics.rs"]
mod metrics;
#[path = "model/robustness.rs"]
mod robustness;
