//! Saved charts: reading, changing, versions, results, promotion, and charts as code.

mod code;
mod promote;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(code::get_charts_as_code))
        .routes(routes!(code::upsert_chart_as_code))
        .routes(routes!(promote::promote_chart_diff))
        .routes(routes!(promote::promote_chart))
}
