//! The organisation itself.

use app::{
    App, Beside, CurrentUser, Done, DoneOk, Error, Json, Kind, Ok, Reply, Result,
    domain::{
        access::Role,
        id::{OrganizationId, PaletteId},
        organization::{Organization, PRESET_PALETTES, Palette, organization_name},
        user::User,
    },
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An organisation as its members see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Organization)]
pub(crate) struct OrganizationView {
    organization_uuid: OrganizationId,
    name: String,
    /// Whether there is no project at all.
    needs_project: bool,
}

/// Answers the caller's organisation.
#[utoipa::path(get, path = "/api/v1/org", operation_id = "GetMyOrganization", tag = "Organizations",
               responses((status = 200, body = Ok<OrganizationView>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_my_organization(
    State(app): State<App>,
    user: CurrentUser,
) -> Result<Reply<OrganizationView>> {
    let (id, _) = user.membership()?;
    let found = app.store.organization(id).await?;

    let (organization, counts) = found.ok_or(Error::NotFound(Kind::Organization))?;
    Ok(Reply(OrganizationView {
        organization_uuid: id,
        name: organization.name,
        needs_project: counts.projects == 0,
    }))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateOrganization {
    name: String,
}

/// Creates an organisation with its palettes; the caller becomes its admin, and their session is replaced by a new one.
#[utoipa::path(put, path = "/api/v1/org", operation_id = "CreateOrganization", tag = "Organizations",
               request_body = CreateOrganization, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_organization(
    State(app): State<App>,
    caller: CurrentUser,
    beside: Beside,
    Json(body): Json<CreateOrganization>,
) -> Result<Done> {
    let alone = !app.config.allow_multiple_orgs;
    if alone && app.store.has_organization().await? {
        return Err(Error::Forbidden(
            "This server serves one organization, and it exists",
        ));
    }
    if caller.organization.is_some() {
        return Err(Error::Forbidden("You already belong to an organization"));
    }
    let now = app.clock.now();
    let id = OrganizationId::new(&app.random);
    let organization = Organization::new(id, organization_name(&body.name)?, now);

    let palettes = PRESET_PALETTES.map(|(name, colors)| Palette {
        id: PaletteId::new(&app.random),
        name: name.to_owned(),
        colors: colors.map(str::to_owned).to_vec(),
        created_at: now,
    });
    let admin = User {
        organization: Some(id),
        role: Some(Role::Admin),
        ..caller.user.clone()
    };
    let fresh = app.new_session(&admin);
    let rotation = App::rotate(caller.session.as_ref(), &fresh);
    app.store
        .create_organization(&organization, &palettes, &admin, alone, rotation)
        .await?;

    if caller.session.is_some() {
        beside.set_session(&fresh.0, &fresh.1);
    }
    Ok(Done)
}
