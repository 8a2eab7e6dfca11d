//! Projects: reading one, its settings, its tags, which groups have a role in it, and what is wrong with its content.

mod activity;
mod credentials;
mod custom_metrics;
mod dbt_yml;
mod groups;
mod preview;
mod project;
mod refresh;
mod rename;
mod settings;
mod tags;
mod update;
mod validation;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(project::get_project, update::update_project))
        .routes(routes!(groups::get_project_group_accesses))
        .routes(routes!(
            credentials::get_user_warehouse_credentials_preference
        ))
        .routes(routes!(
            credentials::update_user_warehouse_credentials_preference
        ))
        .routes(routes!(activity::get_user_activity))
        .routes(routes!(activity::download_user_activity_csv))
        .routes(routes!(custom_metrics::get_custom_metrics))
        .routes(routes!(settings::update_project_metadata))
        .routes(routes!(settings::update_scheduler_settings))
        .routes(routes!(
            settings::get_tables_configuration,
            settings::update_tables_configuration
        ))
        .routes(routes!(
            settings::update_project_semantic_layer_connection,
            settings::delete_project_semantic_layer_connection
        ))
        .routes(routes!(tags::get_tags, tags::create_tag))
        .routes(routes!(tags::update_tag, tags::delete_tag))
        .routes(routes!(tags::replace_yaml_tags))
        .routes(routes!(preview::create_preview))
        .routes(routes!(refresh::refresh))
        .routes(routes!(refresh::get_job))
        .routes(routes!(refresh::webhook))
        .routes(routes!(
            validation::validate_project,
            validation::get_latest_validation_results
        ))
        .routes(routes!(validation::delete_validation_dismiss))
        .routes(routes!(rename::rename))
        .routes(routes!(rename::rename_chart))
        .routes(routes!(rename::rename_chart_fields))
}
