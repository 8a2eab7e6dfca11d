//! The organisations that one may join because of the domain of one's address.

use app::{
    App, Beside, CurrentUser, Done, DoneOk, Error, Kind, Ok, Path, Reply, Result,
    domain::{id::OrganizationId, user::User},
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How often what an organisation allows is read again when it changed meanwhile.
const TRIES: u32 = 5;
/// What whoever does not get in is told, whether the organisation is there or not.
const CLOSED: Error = Error::Forbidden("This organization does not take in your e-mail domain");

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserAllowedOrganization {
    organization_uuid: OrganizationId,
    name: String,
    members_count: u64,
}

/// Lists the organisations that take in the domain of the caller's address; none before it is verified.
#[utoipa::path(get, path = "/api/v1/user/me/allowedOrganizations", operation_id = "ListMyAvailableOrganizations", tag = "My Account",
               responses((status = 200, body = Ok<Vec<UserAllowedOrganization>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_my_available_organizations(
    State(app): State<App>,
    user: CurrentUser,
) -> Result<Reply<Vec<UserAllowedOrganization>>> {
    if !user.email_verified {
        return Ok(Reply(Vec::new()));
    }
    let found = app
        .store
        .organizations_of_domain(user.email.domain())
        .await?;

    let shown = found
        .into_iter()
        .map(|(organization, counts)| UserAllowedOrganization {
            organization_uuid: organization.id,
            name: organization.name,
            members_count: counts.members,
        });
    Ok(Reply(shown.collect()))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct OrganizationPath {
    organization_uuid: String,
}

/// Makes the caller a member of an organisation that takes in the domain of their verified address, with the roles in
/// projects that it gives to mere members. Their session is replaced by a new one.
#[utoipa::path(post, path = "/api/v1/user/me/joinOrganization/{organizationUuid}", operation_id = "JoinOrganization", tag = "My Account",
               params(OrganizationPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn join_organization(
    State(app): State<App>,
    caller: CurrentUser,
    beside: Beside,
    Path(path): Path<OrganizationPath>,
) -> Result<Done> {
    if caller.organization.is_some() {
        return Err(Error::Forbidden("You already belong to an organization"));
    }
    if !caller.email_verified {
        return Err(Error::Forbidden("Verify your e-mail address first"));
    }
    let id = OrganizationId::parse(&path.organization_uuid).ok_or(CLOSED)?;

    // What the organisation allows may change between reading and writing; then it is read again.
    for _ in 0..TRIES {
        match join(&app, &caller, id, &beside).await {
            Err(Error::Changed(Kind::Domain) | Error::NotExists(Kind::Project)) => {}
            done => return done.map(|()| Done),
        }
    }
    Err(Error::Changed(Kind::Domain))
}

async fn join(app: &App, caller: &CurrentUser, id: OrganizationId, beside: &Beside) -> Result<()> {
    let allowed = app.store.allowed_domains(id).await?.ok_or(CLOSED)?;
    let domain = caller.email.domain();
    if !allowed.email_domains.iter().any(|name| name == domain) {
        return Err(CLOSED);
    }

    let user = User {
        organization: Some(id),
        role: Some(allowed.role),
        ..caller.user.clone()
    };
    let fresh = app.new_session(&user);
    let rotation = App::rotate(caller.session.as_ref(), &fresh);
    app.store
        .join_organization(&user, id, &allowed, rotation)
        .await?;

    if caller.session.is_some() {
        beside.set_session(&fresh.0, &fresh.1);
    }
    Ok(())
}
