//! Who may enter a project, and its spaces with who may enter those.

mod access;
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
}
