//! Saved charts: reading, changing, versions, results, promotion, charts as code; and what was deleted and comes back.
//!
//! A chart is a head and numbered versions. Name, description and place are the head's; everything else is a version's, and
//! no version is ever changed. `ETag` tells the head's revision, `If-Match` names the one that an edit starts from.
//!
//! The history of a chart has the versions of the last 30 days, and always the current one and the one before. Older ones are
//! kept, and can be read and rolled back to by their ids. What was deleted can be restored for
//! `ZERODASH_DELETED_CONTENT_DAYS` days, 30 where nothing else is said.

mod bulk;
mod charts;
mod code;
mod create;
mod csv;
mod filters;
mod home;
mod lists;
mod pinning;
mod promote;
mod restore;
mod results;
mod totals;
mod versions;

use app::{Api, Reply};
use axum::http::HeaderName;
use utoipa_axum::routes;

/// An answer, and the revision that it shows.
pub(crate) type Tagged<T> = ([(HeaderName, String); 1], Reply<T>);

/// How often something is tried that others came in the way of: each time, one of them got on.
pub(crate) const TRIES: usize = 10;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(
            create::create_saved_chart,
            bulk::update_saved_charts
        ))
        .routes(routes!(
            charts::get_saved_chart,
            charts::update_saved_chart,
            charts::delete_saved_chart
        ))
        .routes(routes!(charts::get_saved_chart_views))
        .routes(routes!(filters::get_saved_chart_available_filters))
        .routes(routes!(pinning::toggle_saved_chart_pinning))
        .routes(routes!(versions::create_saved_chart_version))
        .routes(routes!(versions::get_chart_history))
        .routes(routes!(versions::get_chart_version))
        .routes(routes!(versions::post_chart_version_rollback))
        .routes(routes!(lists::list_charts_in_project))
        .routes(routes!(lists::list_chart_summaries_in_project))
        .routes(routes!(lists::has_saved_charts))
        .routes(routes!(home::get_most_popular_and_recently_updated))
        .routes(routes!(restore::list_deleted_content))
        .routes(routes!(restore::restore_content))
        .routes(routes!(results::post_chart_results))
        .routes(routes!(results::post_dashboard_tile))
        .routes(routes!(results::get_chart_version_results))
        .routes(routes!(totals::calculate_total_from_saved_chart))
        .routes(routes!(csv::download_csv_from_saved_chart))
        .routes(routes!(code::get_charts_as_code))
        .routes(routes!(code::upsert_chart_as_code))
        .routes(routes!(promote::promote_chart_diff))
        .routes(routes!(promote::promote_chart))
}
