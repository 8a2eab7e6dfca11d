//! Who may enter a project, and its spaces with who may enter those.

mod access;
mod spaces;

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
