//! Saved charts: reading, changing, versions, results, promotion, and charts as code.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
