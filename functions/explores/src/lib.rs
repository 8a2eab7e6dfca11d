//! Explores: deploying them, listing them, and compiling metric queries to SQL.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
