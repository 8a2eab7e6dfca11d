//! What is compiled here can be asked for.

use semantic::{Dialect, ExploreOrError, MetricQuery, Options, compile};
use serde_json::json;

use super::fixture::*;

#[test]
fn every_field_of_every_explore_can_be_queried_on_every_warehouse() {
    let mut options = Options::new(settings(Dialect::Postgres).now);
    for (attribute, value) in [("region", "eu"), ("team", "a"), ("is_admin", "true")] {
        let values = vec![value.to_owned()];
        options
            .attributes
            .values
            .insert(attribute.to_owned(), values);
    }
    let mut asked = 0;
    for dialect in Dialect::ALL {
        for outcome in compile_for(dialect, None, &shop()) {
            let ExploreOrError::Explore(explore) = outcome.explore else {
                panic!("{:?}", outcome.explore);
            };
            for (alias, table) in &explore.tables {
                let dimensions = table
                    .dimensions
                    .values()
                    .map(|one| ("dimensions", &one.name));
                let metrics = table.metrics.values().map(|one| ("metrics", &one.name));
                for (kind, name) in dimensions.chain(metrics) {
                    let query = json!({
                        "exploreName": explore.name,
                        kind: [format!("{alias}_{name}")],
                        "limit": 10,
                    });
                    let query: MetricQuery = serde_json::from_value(query).expect("a query");
                    if let Err(errors) = compile(&explore, &query, &options) {
                        panic!("{dialect:?} {}: {alias}.{name}: {errors}", explore.name);
                    }
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 300, "{asked}");
}
