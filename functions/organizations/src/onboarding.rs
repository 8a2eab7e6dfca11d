//! What an organisation has been through.

use app::{App, Done, DoneOk, Error, Kind, Ok, Reply, Result, SessionUser};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OnboardingStatus {
    /// Whether anybody in the organisation has run a query.
    ran_query: bool,
}

/// Answers what the caller's organisation has been through.
#[utoipa::path(get, path = "/api/v1/org/onboardingStatus", operation_id = "GetOnboardingStatus", tag = "Organizations",
               responses((status = 200, body = Ok<OnboardingStatus>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_onboarding_status(
    State(app): State<App>,
    user: SessionUser,
) -> Result<Reply<OnboardingStatus>> {
    let organization = user
        .organization
        .ok_or(Error::NotExists(Kind::Organization))?;
    let onboarding = app.store.onboarding(organization).await?;

    Ok(Reply(OnboardingStatus {
        ran_query: onboarding.ran_query_at.is_some(),
    }))
}

/// Notes that the success screen was shown; it is shown once.
#[utoipa::path(post, path = "/api/v1/org/onboardingStatus/shownSuccess", operation_id = "ShowOnboardingSuccess", tag = "Organizations",
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn show_onboarding_success(
    State(app): State<App>,
    user: SessionUser,
) -> Result<Done> {
    let (organization, _) = user.membership()?;

    app.store
        .show_onboarding_success(organization, app.clock.now())
        .await?;
    Ok(Done)
}
