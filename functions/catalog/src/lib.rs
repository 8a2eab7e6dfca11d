//! What there is to ask for in a project: its tables and fields, its metrics, and how their list is shown.

mod explores;
mod items;
mod metrics;
mod places;
mod spotlight;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(items::get_catalog))
        .routes(routes!(metrics::get_metrics_catalog))
        .routes(routes!(metrics::has_metrics_in_catalog))
        .routes(routes!(places::get_project_catalog))
        .routes(routes!(
            spotlight::get_spotlight_table_config,
            spotlight::post_spotlight_table_config,
            spotlight::reset_spotlight_table_config
        ))
}
