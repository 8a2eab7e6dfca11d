//! Short links to long addresses of the web app.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
