//! The e-mail domains whose people may join.

use app::{
    App, Error, Json, Kind, Ok, Reply, Result, SessionUser,
    domain::{
        access::{Action, ProjectRole, Role, Subject},
        allowed_domains::{AllowedDomains, AllowedProject},
        id::{OrganizationId, ProjectId},
    },
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often a record that changed meanwhile is read again.
const TRIES: u32 = 5;

/// What whoever joins by their domain can be.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AllowedEmailDomainsRole {
    Editor,
    InteractiveViewer,
    Viewer,
    Member,
}

impl From<Role> for AllowedEmailDomainsRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Editor => Self::Editor,
            Role::InteractiveViewer => Self::InteractiveViewer,
            Role::Viewer => Self::Viewer,
            Role::Member | Role::Developer | Role::Admin => Self::Member,
        }
    }
}

impl From<AllowedEmailDomainsRole> for Role {
    fn from(role: AllowedEmailDomainsRole) -> Self {
        match role {
            AllowedEmailDomainsRole::Editor => Role::Editor,
            AllowedEmailDomainsRole::InteractiveViewer => Role::InteractiveViewer,
            AllowedEmailDomainsRole::Viewer => Role::Viewer,
            AllowedEmailDomainsRole::Member => Role::Member,
        }
    }
}

/// What a mere member who joins by their domain can be in a project.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AllowedEmailDomainProjectsRole {
    Editor,
    InteractiveViewer,
    Viewer,
}

impl From<ProjectRole> for AllowedEmailDomainProjectsRole {
    fn from(role: ProjectRole) -> Self {
        match role {
            ProjectRole::Editor => Self::Editor,
            ProjectRole::InteractiveViewer => Self::InteractiveViewer,
            ProjectRole::Viewer | ProjectRole::Developer | ProjectRole::Admin => Self::Viewer,
        }
    }
}

impl From<AllowedEmailDomainProjectsRole> for ProjectRole {
    fn from(role: AllowedEmailDomainProjectsRole) -> Self {
        match role {
            AllowedEmailDomainProjectsRole::Editor => ProjectRole::Editor,
            AllowedEmailDomainProjectsRole::InteractiveViewer => ProjectRole::InteractiveViewer,
            AllowedEmailDomainProjectsRole::Viewer => ProjectRole::Viewer,
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllowedEmailDomainProject {
    project_uuid: String,
    role: AllowedEmailDomainProjectsRole,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllowedEmailDomains {
    organization_uuid: OrganizationId,
    email_domains: Vec<String>,
    role: AllowedEmailDomainsRole,
    projects: Vec<AllowedEmailDomainProject>,
}

impl AllowedEmailDomains {
    fn new(organization: OrganizationId, stored: AllowedDomains) -> Self {
        let projects = stored.projects.into_iter();
        Self {
            organization_uuid: organization,
            email_domains: stored.email_domains,
            role: stored.role.into(),
            projects: projects
                .map(|one| AllowedEmailDomainProject {
                    project_uuid: one.project.to_string(),
                    role: one.role.into(),
                })
                .collect(),
        }
    }
}

/// Answers whose addresses open the caller's organisation; projects that are gone are left out.
#[utoipa::path(get, path = "/api/v1/org/allowedEmailDomains", operation_id = "ListOrganizationEmailDomains", tag = "Organizations",
               responses((status = 200, body = Ok<AllowedEmailDomains>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_organization_email_domains(
    State(app): State<App>,
    user: SessionUser,
) -> Result<Reply<AllowedEmailDomains>> {
    let organization = user
        .organization
        .ok_or(Error::NotExists(Kind::Organization))?;
    let stored = app.store.allowed_domains(organization).await?;

    let mut stored = stored.unwrap_or(AllowedDomains {
        email_domains: Vec::new(),
        role: Role::Viewer,
        projects: Vec::new(),
    });
    let listed = stored.projects.iter().map(|one| one.project);
    let there = app.store.live_projects_of(organization, listed).await?;
    stored.projects.retain(|one| there.contains(&one.project));
    Ok(Reply(AllowedEmailDomains::new(organization, stored)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateAllowedEmailDomains {
    email_domains: Vec<String>,
    role: AllowedEmailDomainsRole,
    projects: Vec<AllowedEmailDomainProject>,
}

/// Replaces whose addresses open the caller's organisation, as what, and with roles in which projects. A domain is added
/// only by an admin with a verified address in it.
#[utoipa::path(patch, path = "/api/v1/org/allowedEmailDomains", operation_id = "UpdateOrganizationEmailDomains", tag = "Organizations",
               request_body = UpdateAllowedEmailDomains, responses((status = 200, body = Ok<AllowedEmailDomains>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_organization_email_domains(
    State(app): State<App>,
    user: SessionUser,
    Json(body): Json<UpdateAllowedEmailDomains>,
) -> Result<Reply<AllowedEmailDomains>> {
    let organization = app.require(&user, Action::Update, Subject::Organization)?;
    let projects = projects(body.projects)?;
    let wanted = AllowedDomains::new(&body.email_domains, body.role.into(), projects)?;
    let named = wanted.projects.iter().map(|one| one.project);
    let there = app.store.live_projects_of(organization, named).await?;
    if there.len() < wanted.projects.len() {
        return Err(unknown_project());
    }

    for _ in 0..TRIES {
        let before = app.store.allowed_domains(organization).await?;
        wanted.check_claims(&user, before.as_ref())?;
        let put = app
            .store
            .put_allowed_domains(organization, &wanted, before.as_ref());
        match put.await {
            Err(Error::Changed(_)) => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(Reply(AllowedEmailDomains::new(organization, wanted))),
        }
    }
    Err(Error::Changed(Kind::Domain))
}

fn projects(sent: Vec<AllowedEmailDomainProject>) -> Result<Vec<AllowedProject>> {
    let one = |sent: AllowedEmailDomainProject| {
        Ok(AllowedProject {
            project: ProjectId::parse(&sent.project_uuid).ok_or_else(unknown_project)?,
            role: sent.role.into(),
        })
    };
    sent.into_iter().map(one).collect()
}

fn unknown_project() -> Error {
    Error::invalid("Roles can be given in projects of the organization only")
}
