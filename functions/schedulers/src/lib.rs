//! Jobs that are polled: how they go, and where their result is. Scheduled deliveries are not here yet.

mod job_status;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new().routes(routes!(job_status::get_scheduler_job_status))
}
