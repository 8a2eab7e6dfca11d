//! Dashboards: reading, changing, tiles and tabs, comments, promotion, and dashboards as code.

mod code;
mod promote;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(code::get_dashboards_as_code))
        .routes(routes!(code::upsert_dashboard_as_code))
        .routes(routes!(promote::promote_dashboard_diff))
        .routes(routes!(promote::promote_dashboard))
}
