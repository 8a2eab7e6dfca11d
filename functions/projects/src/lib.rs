//! Projects: reading one, and which groups have a role in it.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
