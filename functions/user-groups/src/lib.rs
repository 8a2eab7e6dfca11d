//! Groups of members, and the roles that they have in projects.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
