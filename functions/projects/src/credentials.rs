//! Which of their own warehouse logins somebody uses in a project.

use app::{
    App, Done, DoneOk, Error, InProject, Kind, Maybe, MaybeOk, Path, Result,
    domain::{
        access::{Action, Subject},
        id::CredentialsId,
        warehouse_credentials::chosen_for,
    },
    view::UserWarehouseCredentials,
};
use axum::extract::State;
use serde::Deserialize;

/// Answers the login that the caller's queries in a project go under: the preferred one, else their oldest for the project's
/// kind of warehouse; nothing, if they have none.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/user-credentials", operation_id = "getUserWarehouseCredentialsPreference",
               tag = "Projects", params(("projectUuid" = String, Path)), responses((status = 200, body = MaybeOk<UserWarehouseCredentials>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_user_warehouse_credentials_preference(
    State(app): State<App>,
    project: InProject,
) -> Result<Maybe<UserWarehouseCredentials>> {
    project.require(Action::View, Subject::Project)?;
    let (warehouse, _) = app.store.connections(project.id()).await?;
    // Upstream calls a project without a warehouse one that does not exist.
    let warehouse = warehouse.ok_or(Error::NotExists(Kind::Project))?.shown;

    let user = project.user.id;
    let preferred = app.store.preferred_credentials(user, project.id()).await?;
    let own = app.store.warehouse_credentials(user).await?;

    let chosen = chosen_for(warehouse.kind(), preferred, own);
    Ok(Maybe(
        chosen.map(|one| UserWarehouseCredentials::new(user, one)),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreferencePath {
    user_warehouse_credentials_uuid: String,
}

/// Prefers one of the caller's own logins in a project. Somebody else's does not exist for them.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/user-credentials/{userWarehouseCredentialsUuid}",
               operation_id = "updateUserWarehouseCredentialsPreference", tag = "Projects",
               params(("projectUuid" = String, Path), ("userWarehouseCredentialsUuid" = String, Path)),
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_user_warehouse_credentials_preference(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<PreferencePath>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    let id = CredentialsId::parse(&path.user_warehouse_credentials_uuid);
    let id = id.ok_or(Error::NotFound(Kind::Credentials))?;
    app.store
        .prefer_credentials(project.user.id, project.id(), id)
        .await?;
    Ok(Done)
}
