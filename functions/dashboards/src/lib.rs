//! Dashboards: reading, changing, tiles and tabs, comments, promotion, and dashboards as code.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
