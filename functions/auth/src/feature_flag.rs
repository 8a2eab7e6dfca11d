//! Feature flags.

use app::{App, Ok, Path, Reply};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct Flag {
    feature_flag_id: String,
}

/// A flag and whether it is on.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeatureFlag {
    id: String,
    enabled: bool,
}

/// Says whether a flag is on: those that the configuration names are, all others are off.
#[utoipa::path(get, path = "/api/v2/feature-flag/{featureFlagId}", operation_id = "Get feature flag", tags = ["v2", "Feature Flag"],
               params(Flag), responses((status = 200, body = Ok<FeatureFlag>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_feature_flag(
    State(app): State<App>,
    Path(flag): Path<Flag>,
) -> Reply<FeatureFlag> {
    let enabled = app.config.feature_flags.contains(&flag.feature_flag_id);

    Reply(FeatureFlag {
        id: flag.feature_flag_id,
        enabled,
    })
}
