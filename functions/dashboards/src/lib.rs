//! Dashboards: reading, changing, tiles and tabs, comments, promotion, and dashboards as code.

mod export;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(export::export_csv_dashboard))
        .routes(routes!(export::export_dashboard))
}
