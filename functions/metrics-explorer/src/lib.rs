//! The metrics explorer: one metric over time, compared or by segments, and its total (reference 16). It makes metric queries of
//! what is asked; whatever else can be asked of an explore is in `explores`. Days are those of UTC, in which dates are cut; weeks begin where the connection says.
//!
//! | What | File |
//! |---|---|
//! | a series: which queries, then points | `series.rs`, `points.rs` |
//! | a total | `total.rs` |
//! | which metric, along which dates, as the caller may see them | `metric.rs`, `axis.rs` |
//! | days, and the days that they are compared with | `period.rs` |
//! | the warehouse | `asking.rs` |

mod asking;
mod axis;
mod metric;
mod period;
mod points;
mod series;
mod total;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(series::run_metric_explorer_query))
        .routes(routes!(total::run_metric_total))
}
