//! Explores: deploying them, whole or in batches, listing them, and compiling metric queries to SQL. Nothing here runs SQL.

mod attributes;
mod compile;
mod deploy;
mod explores;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(explores::get_explores, explores::set_explores))
        .routes(routes!(explores::get_explore))
        .routes(routes!(compile::compile_query))
        .routes(routes!(deploy::start_deploy))
        .routes(routes!(deploy::add_deploy_batch))
        .routes(routes!(deploy::finalize_deploy))
}
