//! Projects: reading one, and which groups have a role in it.

mod groups;
mod project;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(project::get_project))
        .routes(routes!(groups::get_project_group_accesses))
}
