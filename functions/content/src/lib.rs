//! What is saved, whatever its kind: lists over projects, search, moving, and pinned lists.

mod list;
mod moving;
mod pinned;
mod search;
mod summary;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(list::list_content))
        .routes(routes!(moving::move_content))
        .routes(routes!(moving::bulk_move_content))
        .routes(routes!(search::search_project))
        .routes(routes!(pinned::get_pinned_items))
        .routes(routes!(pinned::update_pinned_items_order))
}
