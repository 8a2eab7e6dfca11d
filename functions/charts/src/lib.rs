//! Saved charts: reading, changing, versions, results, promotion, and charts as code.

mod csv;
mod results;
mod totals;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(results::post_chart_results))
        .routes(routes!(results::post_dashboard_tile))
        .routes(routes!(results::get_chart_version_results))
        .routes(routes!(totals::calculate_total_from_saved_chart))
        .routes(routes!(csv::download_csv_from_saved_chart))
}
