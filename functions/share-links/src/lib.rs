//! Share links: short links to long addresses of the web app.

mod share_links;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(share_links::create_share_url))
        .routes(routes!(share_links::get_share_url))
}
