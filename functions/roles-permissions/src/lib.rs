//! Who may enter a project, and its spaces with who may enter those.

mod access;
mod space_access;
mod space_pinning;
mod space_view;
mod spaces;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(access::get_project_access_list))
        .routes(routes!(access::get_project_member_access))
        .routes(routes!(access::grant_project_access_to_user))
        .routes(routes!(access::update_project_access_for_user))
        .routes(routes!(access::revoke_project_access_for_user))
        .routes(routes!(spaces::list_spaces_in_project))
        .routes(routes!(spaces::create_space_in_project))
        .routes(routes!(spaces::get_space))
        .routes(routes!(spaces::update_space))
        .routes(routes!(spaces::delete_space))
        .routes(routes!(space_pinning::toggle_space_pinning))
        .routes(routes!(space_access::add_space_user_access))
        .routes(routes!(space_access::revoke_space_access_for_user))
        .routes(routes!(space_access::add_space_group_access))
        .routes(routes!(space_access::revoke_group_space_access))
}
