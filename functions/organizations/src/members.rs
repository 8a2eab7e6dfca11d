//! Who is in the organisation, and as what.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Beside, CurrentUser, Done, DoneOk, Error, Json, Kind, Ok, Path, Query, Reply, Result,
    Timestamp,
    domain::{
        access::{Action, Object, ProjectRole, Role, Subject},
        email::EmailAddress,
        id::{GroupId, OrganizationId, ProjectId, UserId},
        job::{Job, Task},
        organization::Member,
        paging::{PageQuery, Pagination, Words},
        user::User,
    },
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A member as their colleagues see them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationMemberProfile {
    user_uuid: UserId,
    user_created_at: Timestamp,
    user_updated_at: Timestamp,
    first_name: String,
    last_name: String,
    email: String,
    organization_uuid: OrganizationId,
    role: Role,
    is_active: bool,
    /// Invited, and nothing to sign in with yet.
    is_pending: bool,
    /// Whether they were invited, and cannot come any more by what they were sent.
    is_invite_expired: bool,
    /// Where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    groups: Option<Vec<GroupOfMember>>,
}

/// A group that a member is in.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupOfMember {
    uuid: GroupId,
    name: String,
}

impl OrganizationMemberProfile {
    fn new(member: Member, organization: OrganizationId, now: Timestamp) -> Self {
        Self {
            user_uuid: member.user,
            user_created_at: member.created_at,
            user_updated_at: member.updated_at,
            is_invite_expired: member.is_invite_expired(now),
            first_name: member.first_name,
            last_name: member.last_name,
            email: member.email.to_string(),
            organization_uuid: organization,
            role: member.role.unwrap_or(Role::Member),
            is_active: member.is_active,
            is_pending: member.is_pending,
            groups: None,
        }
    }
}

/// Members, and which page of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationMemberProfiles {
    data: Vec<OrganizationMemberProfile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct MembersQuery {
    /// At most this many of each member's groups; none without it.
    #[param(nullable = false)]
    include_groups: Option<f64>,
    #[param(nullable = false)]
    page_size: Option<f64>,
    /// Counted from 1. Without a page and a size it is the whole list.
    #[param(nullable = false)]
    page: Option<f64>,
    /// Words, any of which is in a name, the address or the role.
    #[param(nullable = false)]
    search_query: Option<String>,
    /// With groups: the highest role that a member's groups have in this project stands in place of their own.
    #[param(nullable = false)]
    project_uuid: Option<String>,
}

/// Lists the members of the caller's organisation, by address. Whatever their role, members see each other; who reads
/// the list is logged.
#[utoipa::path(get, path = "/api/v1/org/users", operation_id = "ListOrganizationMembers", tag = "Organizations",
               params(MembersQuery), responses((status = 200, body = Ok<OrganizationMemberProfiles>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_organization_members(
    State(app): State<App>,
    user: CurrentUser,
    Query(query): Query<MembersQuery>,
) -> Result<Reply<OrganizationMemberProfiles>> {
    let organization = app.require(&user, Action::View, Subject::OrganizationMemberProfile)?;
    let page = PageQuery::of(query.page, query.page_size)?;
    let words = query.search_query.as_deref().and_then(Words::of);

    let (members, total) = app
        .store
        .members(organization, words.as_ref(), page)
        .await?;
    let most = query.include_groups.unwrap_or_default() as usize;
    let groups = match most {
        0 => None,
        most => Some(Groups::read(&app, &user, &members, &query, most).await?),
    };

    let rows = members.len();
    tracing::info!(user = %user.id, %organization, rows, "The member list was read.");
    let now = app.clock.now();
    let data = members.into_iter().map(|member| {
        let of = member.groups.clone();
        let profile = OrganizationMemberProfile::new(member, organization, now);
        match &groups {
            Some(groups) => groups.added_to(profile, &of),
            None => profile,
        }
    });
    Ok(Reply(OrganizationMemberProfiles {
        data: data.collect(),
        pagination: page.map(|page| page.pagination(total)),
    }))
}

/// The groups of the members on a list.
struct Groups {
    names: BTreeMap<GroupId, String>,
    /// Their roles in the project that was asked about.
    roles: BTreeMap<GroupId, ProjectRole>,
    most: usize,
}

impl Groups {
    async fn read(
        app: &App,
        user: &User,
        members: &[Member],
        query: &MembersQuery,
        most: usize,
    ) -> Result<Self> {
        let (organization, _) = user.membership()?;
        let all: BTreeSet<_> = members
            .iter()
            .flat_map(|one| &one.groups)
            .copied()
            .collect();
        let project = query.project_uuid.as_deref().and_then(ProjectId::parse);
        let roles = match project {
            Some(project) if may_view(app, user, project).await? => {
                app.store.roles_of_groups(project).await?
            }
            _ => BTreeMap::new(),
        };
        Ok(Self {
            names: app.store.group_names(organization, &all).await?,
            roles,
            most,
        })
    }

    /// A member with their groups, by name, and with the highest role that these have in the project.
    fn added_to(
        &self,
        profile: OrganizationMemberProfile,
        of: &BTreeSet<GroupId>,
    ) -> OrganizationMemberProfile {
        let named = of.iter().filter_map(|id| Some((self.names.get(id)?, id)));
        let mut named: Vec<_> = named.collect();
        named.sort();
        let groups = named.into_iter().take(self.most).map(|(name, id)| {
            let (uuid, name) = (*id, name.clone());
            GroupOfMember { uuid, name }
        });
        let role = of.iter().filter_map(|id| self.roles.get(id)).max();
        OrganizationMemberProfile {
            role: role.map_or(profile.role, |role| Role::from(*role)),
            groups: Some(groups.collect()),
            ..profile
        }
    }
}

/// Whether the project is one of the caller's organisation that they may see.
async fn may_view(app: &App, user: &User, id: ProjectId) -> Result<bool> {
    let Some(project) = app.store.project(id).await? else {
        return Ok(false);
    };
    let object = Object {
        project: Some(id),
        kind: Some(project.kind_of),
        ..Object::of(project.organization)
    };
    let abilities = app.abilities(user).await?;
    Ok(abilities.may(Action::View, Subject::Project, &object))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct CheckedMemberPath {
    /// A version-4 uuid.
    #[param(
        format = "uuid",
        pattern = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}"
    )]
    user_uuid: String,
}

/// Answers one member of the caller's organisation.
#[utoipa::path(get, path = "/api/v1/org/users/{userUuid}", operation_id = "GetOrganizationMemberByUuid", tag = "Organizations",
               params(CheckedMemberPath), responses((status = 200, body = Ok<OrganizationMemberProfile>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_organization_member_by_uuid(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<CheckedMemberPath>,
) -> Result<Reply<OrganizationMemberProfile>> {
    let organization = app.require(&user, Action::View, Subject::OrganizationMemberProfile)?;
    let member = app.store.member(organization, id(&path.user_uuid)?).await?;

    Ok(Reply(OrganizationMemberProfile::new(
        member,
        organization,
        app.clock.now(),
    )))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct EmailPath {
    email: String,
}

/// Answers the member of the caller's organisation who has this address, in any letter case.
#[utoipa::path(get, path = "/api/v1/org/users/email/{email}", operation_id = "GetOrganizationMemberByEmail", tag = "Organizations",
               params(EmailPath), responses((status = 200, body = Ok<OrganizationMemberProfile>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_organization_member_by_email(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<EmailPath>,
) -> Result<Reply<OrganizationMemberProfile>> {
    let organization = app.require(&user, Action::View, Subject::OrganizationMemberProfile)?;
    let email = EmailAddress::parse(&path.email).ok_or(Error::NotFound(Kind::Member))?;
    let member = app.store.member_of_email(organization, &email).await?;

    Ok(Reply(OrganizationMemberProfile::new(
        member,
        organization,
        app.clock.now(),
    )))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct MemberPath {
    user_uuid: String,
}

fn id(text: &str) -> Result<UserId> {
    UserId::parse(text).ok_or(Error::NotFound(Kind::Member))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct OrganizationMemberProfileUpdate {
    role: Role,
}

/// Gives a member another role, at once for all their sessions and tokens. The only admin who can sign in stays one.
#[utoipa::path(patch, path = "/api/v1/org/users/{userUuid}", operation_id = "UpdateOrganizationMember", tag = "Roles & Permissions",
               params(MemberPath), request_body = OrganizationMemberProfileUpdate, responses((status = 200, body = Ok<OrganizationMemberProfile>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_organization_member(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<MemberPath>,
    Json(body): Json<OrganizationMemberProfileUpdate>,
) -> Result<Reply<OrganizationMemberProfile>> {
    let organization = app.require(&user, Action::Update, Subject::OrganizationMemberProfile)?;
    let id = id(&path.user_uuid)?;

    app.store.change_role(organization, id, body.role).await?;

    let member = app.store.member(organization, id).await?;
    Ok(Reply(OrganizationMemberProfile::new(
        member,
        organization,
        app.clock.now(),
    )))
}

/// Deletes a member's account and everything that is theirs alone; the only admin who can sign in stays. What is left
/// when the answer is given goes in the background.
#[utoipa::path(delete, path = "/api/v1/org/user/{userUuid}", operation_id = "DeleteOrganizationMember", tag = "Organizations",
               params(MemberPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_organization_member(
    State(app): State<App>,
    caller: CurrentUser,
    beside: Beside,
    Path(path): Path<MemberPath>,
) -> Result<Done> {
    let organization = app.require(&caller, Action::Delete, Subject::OrganizationMemberProfile)?;
    let user = id(&path.user_uuid)?;

    let now = app.clock.now();
    let job = Job::new(Task::DeleteUser { user }, &app.random, now);
    app.store
        .delete_member(organization, user, &job, now)
        .await?;
    app.store.walk_soon(&job.task).await;

    if let Some(token) = caller.session.clone().filter(|_| user == caller.id) {
        let store = app.store.clone();
        beside.run("end a session", async move {
            store.delete_session(&token).await
        });
        beside.clear_session();
    }
    Ok(Done)
}
