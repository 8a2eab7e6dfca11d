//! Invitations by a mailed link.

use app::{
    App, ClientAddress, Created, CurrentUser, Done, DoneOk, Error, IdempotencyKey, Json, Kind, Ok,
    Path, Reply, Result, Timestamp, Visitor,
    domain::{
        access::{Action, Role, Subject},
        email::EmailAddress,
        id::{OrganizationId, UserId},
        invitation::{Invitation, expiry},
        job::{Job, Task},
        limit::Limit,
        link::code_hash,
        secret::Secret,
        user::User,
    },
    store::{Guest, NewInvitation},
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How often an account that changed meanwhile is looked at again.
const TRIES: u32 = 5;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InviteLink {
    invite_code: String,
    invite_url: String,
    expires_at: Timestamp,
    organization_uuid: OrganizationId,
    user_uuid: UserId,
    email: EmailAddress,
}

impl InviteLink {
    fn new(app: &App, invitation: Invitation, code: &Secret) -> Self {
        let (site, code) = (&app.config.site_url, code.reveal());
        Self {
            invite_code: code.to_owned(),
            invite_url: format!("{site}/invite/{code}"),
            expires_at: invitation.expires_at,
            organization_uuid: invitation.organization,
            user_uuid: invitation.user,
            email: invitation.email,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateInviteLink {
    email: EmailAddress,
    expires_at: Option<Timestamp>,
    role: Option<Role>,
}

/// Invites somebody into the caller's organisation and mails them the link, which works once. An address that nobody has
/// becomes a pending member at once; somebody with an account of their own becomes one when they accept.
#[utoipa::path(post, path = "/api/v1/invite-links", operation_id = "CreateInviteLink", tag = "Organizations",
               request_body = CreateInviteLink, responses((status = 201, body = Ok<InviteLink>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn create_invite_link(
    State(app): State<App>,
    user: CurrentUser,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateInviteLink>,
) -> Result<Created<InviteLink>> {
    let organization = app.require(&user, Action::Create, Subject::InviteLink)?;
    let now = app.clock.now();
    let expires_at = expiry(body.expires_at, now)?;
    let into = (organization, body.role.unwrap_or(Role::Member));
    let subject = organization.to_string();
    let limits = &app.config.limits;
    let counter = limits.counter(Limit::InvitationOrganization, &subject, now);
    app.store.count([&counter], now).await?;

    let client_key = (user.user.id, key.as_deref());
    for _ in 0..TRIES {
        match invite(&app, &body.email, into, expires_at, client_key).await {
            Err(Error::Changed(_) | Error::Exists(Kind::Email)) => {}
            Err(error) => return Err(error),
            Ok((invitation, code)) => {
                return Ok(Created(InviteLink::new(&app, invitation, &code)));
            }
        }
    }
    Err(Error::Changed(Kind::Invitation))
}

async fn invite(
    app: &App,
    email: &EmailAddress,
    into: (OrganizationId, Role),
    expires_at: Timestamp,
    client_key: (UserId, Option<&str>),
) -> Result<(Invitation, Secret)> {
    let now = app.clock.now();
    let guest = guest(app, email, into).await?;
    let user = guest.user();
    let (invitation, code) = Invitation::issue(user, into, expires_at, &app.random, now);
    let id = user.id.to_string();
    let sealed = app
        .seal
        .seal(code.reveal().as_bytes(), &[("invited", &id)])
        .await?;

    let task = Task::MailInvitation {
        user: user.id,
        to: user.email.clone(),
        organization: invitation.organization,
        code: sealed,
        expires_at,
    };
    let new = NewInvitation {
        invitation: &invitation,
        guest: &guest,
        job: &Job::new(task, &app.random, now),
        client_key,
    };
    app.store.invite(new, now).await?;
    Ok((invitation, code))
}

/// Who has the address: nobody, a pending member of the organisation, or somebody without one.
async fn guest(
    app: &App,
    email: &EmailAddress,
    (organization, role): (OrganizationId, Role),
) -> Result<Guest> {
    let Some(id) = app.store.user_of_email(email).await? else {
        let (id, none) = (UserId::new(&app.random), String::new());
        return Ok(Guest::New(User {
            organization: Some(organization),
            role: Some(role),
            has_password: false,
            ..User::new(id, email.clone(), none.clone(), none, app.clock.now())
        }));
    };
    let user = app
        .store
        .user(id)
        .await?
        .ok_or(Error::Changed(Kind::User))?;
    match user.organization {
        None => Ok(Guest::Outside(user)),
        Some(own) if own == organization && user.is_pending() => Ok(Guest::Pending(user)),
        Some(own) if own == organization => Err(Error::invalid(
            "Somebody with this address is a member of the organization already",
        )),
        Some(_) => Err(Error::invalid(
            "Somebody with this address belongs to another organization",
        )),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InviteCode {
    code: String,
}

/// Answers the open invitation behind a code.
#[utoipa::path(get, path = "/api/v1/invite-links/{code}", operation_id = "GetInviteLink", tag = "Organizations",
               params(InviteCode), responses((status = 200, body = Ok<InviteLink>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_invite_link(
    State(app): State<App>,
    _: Visitor,
    address: ClientAddress,
    Path(path): Path<InviteCode>,
) -> Result<Reply<InviteLink>> {
    let now = app.clock.now();
    let limits = &app.config.limits;
    let counter = limits.counter(Limit::InvitationAddress, address.as_str(), now);
    app.store.count([&counter], now).await?;
    let code = Secret::new(path.code);
    let hash = code_hash(code.reveal());
    let (invitation, _) = app.store.invitation(&hash, now).await?;

    Ok(Reply(InviteLink::new(&app, invitation, &code)))
}

/// Takes back every open invitation of the caller's organisation; pending members stay.
#[utoipa::path(delete, path = "/api/v1/invite-links", operation_id = "RevokeInviteLinks", tag = "Organizations",
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn revoke_invite_links(State(app): State<App>, user: CurrentUser) -> Result<Done> {
    let organization = app.require(&user, Action::Delete, Subject::InviteLink)?;

    app.store.revoke_invitations(organization).await?;
    Ok(Done)
}
