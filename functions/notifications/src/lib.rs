//! The caller's own notices.

mod notifications;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(notifications::get_notifications))
        .routes(routes!(notifications::update_notification))
}
