//! The signed-in user's notifications.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
