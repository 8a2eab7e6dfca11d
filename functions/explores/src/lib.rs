//! Explores: deploying them, whole or in batches, listing them, compiling metric queries to SQL, and asking the warehouse.

mod compile;
mod csv;
mod deploy;
mod explores;
mod queries;
mod query_download;
mod query_files;
mod query_lines;
mod query_results;
mod run;
mod saved_queries;
mod search;
mod sql_chart_queries;
mod sql_chart_versions;
mod sql_charts;
mod sql_runner;
mod totals;
mod underlying;
mod virtual_views;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(explores::get_explores, explores::set_explores))
        .routes(routes!(explores::get_explore))
        .routes(routes!(compile::compile_query))
        .routes(routes!(run::run_metric_query))
        .routes(routes!(run::post_run_underlying_data_query))
        .routes(routes!(run::run_sql_query))
        .routes(routes!(queries::execute_async_metric_query))
        .routes(routes!(underlying::execute_async_underlying_data_query))
        .routes(routes!(queries::execute_async_sql_query))
        .routes(routes!(saved_queries::execute_async_saved_chart_query))
        .routes(routes!(saved_queries::execute_async_dashboard_chart_query))
        .routes(routes!(query_results::get_async_query_results))
        .routes(routes!(queries::cancel_async_query))
        .routes(routes!(query_download::download_async_query_results))
        .routes(routes!(query_files::schedule_download_async_query_results))
        .routes(routes!(query_lines::get_async_query_results_stream))
        .routes(routes!(csv::download_csv_from_explore))
        .routes(routes!(search::search_field_values))
        .routes(routes!(sql_runner::get_tables))
        .routes(routes!(sql_runner::get_table_fields))
        .routes(routes!(sql_runner::refresh_sql_runner_catalog))
        .routes(routes!(sql_runner::run_sql))
        .routes(routes!(sql_runner::run_sql_pivot_query))
        .routes(routes!(sql_runner::get_local_results))
        .routes(routes!(sql_charts::create_sql_chart))
        .routes(routes!(
            sql_charts::get_saved_sql_chart,
            sql_charts::update_sql_chart,
            sql_charts::delete_sql_chart
        ))
        .routes(routes!(sql_charts::get_saved_sql_chart_by_slug))
        .routes(routes!(sql_chart_versions::get_sql_chart_history))
        .routes(routes!(sql_chart_versions::get_sql_chart_version))
        .routes(routes!(sql_chart_versions::rollback_sql_chart))
        .routes(routes!(
            sql_chart_queries::get_saved_sql_results_job_by_uuid
        ))
        .routes(routes!(sql_chart_queries::get_saved_sql_results_job))
        .routes(routes!(sql_chart_queries::execute_async_sql_chart_query))
        .routes(routes!(
            sql_chart_queries::execute_async_dashboard_sql_chart_query
        ))
        .routes(routes!(virtual_views::create_virtual_view))
        .routes(routes!(
            virtual_views::update_virtual_view,
            virtual_views::delete_virtual_view
        ))
        .routes(routes!(totals::calculate_total_from_query))
        .routes(routes!(totals::calculate_subtotals_from_query))
        .routes(routes!(deploy::start_deploy))
        .routes(routes!(deploy::add_deploy_batch))
        .routes(routes!(deploy::finalize_deploy))
}
