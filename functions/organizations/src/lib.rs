//! The caller's organisation: so far reading it, creating it, and what it has been through.

mod onboarding;
mod organization;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(organization::get_my_organization))
        .routes(routes!(organization::create_organization))
        .routes(routes!(onboarding::get_onboarding_status))
        .routes(routes!(onboarding::show_onboarding_success))
}
