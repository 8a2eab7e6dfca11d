//! The organisation itself.

use app::{
    App, Beside, CurrentUser, Done, DoneOk, Error, Json, Kind, Ok, Path, Reply, Result,
    SessionUser,
    domain::{
        access::{Action, Role, Subject},
        id::{OrganizationId, PaletteId, ProjectId},
        job::{Job, Task},
        organization::{
            Organization, OrganizationChange, PRESET_PALETTES, Palette, organization_name,
        },
        user::User,
    },
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An organisation as its members see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Organization)]
pub(crate) struct OrganizationView {
    organization_uuid: OrganizationId,
    name: String,
    /// Whether there is no project at all.
    needs_project: bool,
    /// The project that people see first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    default_project_uuid: Option<ProjectId>,
    /// The colours of the active palette.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    chart_colors: Option<Vec<String>>,
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
    let palette = app.store.active_palette(&organization).await?;

    Ok(Reply(OrganizationView {
        organization_uuid: id,
        name: organization.name,
        needs_project: counts.projects == 0,
        default_project_uuid: organization.default_project,
        chart_colors: palette.map(|palette| palette.colors),
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

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateOrganization {
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    default_project_uuid: Option<String>,
    #[schema(nullable = false)]
    color_palette_uuid: Option<String>,
    /// Read by nobody; clients send it. Colours come from the palette.
    #[schema(nullable = false)]
    #[serde(rename = "chartColors")]
    _chart_colors: Option<Vec<String>>,
}

impl UpdateOrganization {
    fn change(self) -> Result<OrganizationChange> {
        let project = self.default_project_uuid.map(|id| {
            let id = ProjectId::parse(&id);
            id.ok_or(Error::NotFound(Kind::Project))
        });
        let palette = self.color_palette_uuid.map(|id| {
            let id = PaletteId::parse(&id);
            id.ok_or(Error::NotFound(Kind::Palette))
        });
        Ok(OrganizationChange {
            name: self.name.as_deref().map(organization_name).transpose()?,
            default_project: project.transpose()?,
            palette: palette.transpose()?,
        })
    }
}

/// Changes what is sent of the organisation. Its first project and its palette have to be its own.
#[utoipa::path(patch, path = "/api/v1/org", operation_id = "UpdateMyOrganization", tag = "Organizations",
               request_body = UpdateOrganization, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_my_organization(
    State(app): State<App>,
    caller: SessionUser,
    Json(body): Json<UpdateOrganization>,
) -> Result<Done> {
    let organization = app.require(&caller, Action::Update, Subject::Organization)?;

    app.store
        .update_organization(organization, &body.change()?)
        .await?;
    Ok(Done)
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct OrganizationPath {
    organization_uuid: String,
}

/// Deletes the caller's organisation with everybody and everything in it, the caller's account too. What is left when
/// the answer is given goes in the background.
#[utoipa::path(delete, path = "/api/v1/org/{organizationUuid}", operation_id = "DeleteMyOrganization", tag = "Organizations",
               params(OrganizationPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_my_organization(
    State(app): State<App>,
    caller: SessionUser,
    beside: Beside,
    Path(path): Path<OrganizationPath>,
) -> Result<Done> {
    let (own, _) = caller.membership()?;
    let named = OrganizationId::parse(&path.organization_uuid);
    let organization = named
        .filter(|id| *id == own)
        .ok_or(Error::NotFound(Kind::Organization))?;
    app.require(&caller, Action::Delete, Subject::Organization)?;

    let now = app.clock.now();
    let job = Job::new(Task::DeleteOrganization { organization }, &app.random, now);
    app.store
        .delete_organization(organization, &caller.user, &job, now)
        .await?;
    app.store.walk_soon(&job.task).await;

    // The session is worth nothing without its user; its item is only tidied.
    let (store, token) = (app.store.clone(), caller.token);
    beside.run("end a session", async move {
        store.delete_session(&token).await
    });
    beside.clear_session();
    Ok(Done)
}
