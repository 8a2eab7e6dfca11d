//! The caller's organisation: its settings, who is in it, how people come into it, what it has.

mod allowed_domains;
mod attributes;
mod groups;
mod invitations;
mod members;
mod onboarding;
mod organization;
mod palettes;
mod projects;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(organization::get_my_organization))
        .routes(routes!(organization::create_organization))
        .routes(routes!(onboarding::get_onboarding_status))
        .routes(routes!(onboarding::show_onboarding_success))
        .routes(routes!(projects::list_organization_projects))
        .routes(routes!(projects::create_project))
        .routes(routes!(projects::delete_project))
}
