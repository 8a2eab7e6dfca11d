//! Files of rows: how the making of one goes, and the file itself, by a link that ends.

mod csv;
mod file;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(csv::get_csv_url))
        .routes(routes!(file::get_csv_file))
}
