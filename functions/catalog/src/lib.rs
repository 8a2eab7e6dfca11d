//! What there is to ask for in a project: for now, how the list of its metrics is shown.

mod spotlight;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new().routes(routes!(
        spotlight::get_spotlight_table_config,
        spotlight::post_spotlight_table_config,
        spotlight::reset_spotlight_table_config
    ))
}
