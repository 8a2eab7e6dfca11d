//! Groups of members, and the roles that they have in projects. Lists of groups, and new ones, are the organisation's.

mod groups;
mod members;
mod projects;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(groups::get_group))
        .routes(routes!(groups::update_group))
        .routes(routes!(groups::delete_group))
        .routes(routes!(members::get_group_members))
        .routes(routes!(members::add_user_to_group))
        .routes(routes!(members::remove_user_from_group))
        .routes(routes!(projects::add_project_access_to_group))
        .routes(routes!(projects::update_project_access_for_group))
        .routes(routes!(projects::remove_project_access_from_group))
}
