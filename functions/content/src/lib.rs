//! What is saved, whatever its kind: lists over projects, search, moving, and pinned lists.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
