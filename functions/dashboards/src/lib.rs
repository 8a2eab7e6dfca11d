//! Dashboards: reading, changing, tiles and tabs, comments, promotion, and dashboards as code.

mod change;
mod code;
mod comments;
mod create;
mod dashboards;
mod duplicate;
mod export;
mod filters;
mod list;
mod pinning;
mod promote;
mod versions;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(
            list::get_dashboards,
            create::create_dashboard,
            list::update_dashboards
        ))
        .routes(routes!(
            dashboards::get_dashboard,
            change::update_dashboard,
            change::delete_dashboard
        ))
        .routes(routes!(dashboards::get_dashboard_views))
        .routes(routes!(pinning::toggle_dashboard_pinning))
        .routes(routes!(versions::get_dashboard_history))
        .routes(routes!(versions::get_dashboard_version))
        .routes(routes!(versions::rollback_dashboard))
        .routes(routes!(filters::get_dashboard_available_filters))
        .routes(routes!(comments::get_comments))
        .routes(routes!(comments::create_comment))
        .routes(routes!(comments::resolve_comment, comments::delete_comment))
        .routes(routes!(export::export_csv_dashboard))
        .routes(routes!(export::export_dashboard))
        .routes(routes!(code::get_dashboards_as_code))
        .routes(routes!(code::upsert_dashboard_as_code))
        .routes(routes!(promote::promote_dashboard_diff))
        .routes(routes!(promote::promote_dashboard))
}
