//! The organisation's groups: the list, and new ones. What is done to one group is the area of its own.

use app::{
    App, Created, CurrentUser, Error, IdempotencyKey, Json, Ok, Query, Reply, Result,
    domain::{
        access::{Action, Subject},
        group::{
            Group, GroupAnswer, GroupView, GroupWithMembers, MOST_MEMBERS, NamedMember, group_name,
            named_members,
        },
        id::{GroupId, OrganizationId, UserId},
        paging::{PageQuery, Pagination, Words},
    },
    store::{Once, made_once},
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An answer takes 6 MB, and a member takes 150 bytes of it: more are not even read.
const MOST_LISTED: u64 = 40_000;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGroups {
    page: Option<f64>,
    page_size: Option<f64>,
    /// Any number: every group is shown with all its members.
    include_members: Option<f64>,
    search_query: Option<String>,
}

/// Groups, and the place of their page where pages are asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupList {
    data: Vec<GroupAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pagination: Option<Pagination>,
}

/// Lists the organisation's groups by name, with their members if those are asked for. Who may not see groups sees none.
#[utoipa::path(get, path = "/api/v1/org/groups", operation_id = "ListGroupsInOrganization", tag = "Organizations",
               params(ListGroups), responses((status = 200, body = Ok<GroupList>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_groups_in_organization(
    State(app): State<App>,
    user: CurrentUser,
    Query(query): Query<ListGroups>,
) -> Result<Reply<GroupList>> {
    user.membership()?;
    let page = PageQuery::of(query.page, query.page_size)?;
    let words = query.search_query.as_deref().and_then(Words::of);

    let mut groups = match app.require(&user, Action::View, Subject::Group) {
        Ok(organization) => app.store.groups(organization).await?,
        Err(_) => Vec::new(),
    };
    if let Some(words) = words {
        groups.retain(|group| words.are_in([group.name.as_str()]));
    }
    let pagination = page.map(|page| page.pagination(groups.len() as u64));
    if let Some(page) = page {
        let rows = groups.into_iter().skip(page.skip());
        groups = rows.take(page.take()).collect();
    }

    let data = if query.include_members.is_some() {
        with_members(&app, &groups).await?
    } else {
        let plain = groups.iter().map(GroupView::new);
        plain.map(GroupAnswer::Plain).collect()
    };
    Ok(Reply(GroupList { data, pagination }))
}

async fn with_members(app: &App, groups: &[Group]) -> Result<Vec<GroupAnswer>> {
    if groups.iter().map(|group| group.members).sum::<u64>() > MOST_LISTED {
        return Err(Error::AnswerTooLarge);
    }
    let members = app.store.members_of_groups(groups).await?;
    let shown = groups.iter().zip(&members);
    Ok(shown
        .map(|(group, members)| GroupWithMembers::listed(group, members))
        .map(GroupAnswer::WithMembers)
        .collect())
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateGroup {
    name: String,
    #[schema(nullable = false)]
    members: Option<Vec<NamedMember>>,
}

/// Makes a group; whoever of the named is no member of the organisation is left out. A repeated request with the same
/// idempotency key goes on where the first one stopped.
#[utoipa::path(post, path = "/api/v1/org/groups", operation_id = "CreateGroupInOrganization", tag = "Organizations",
               request_body = CreateGroup, responses((status = 201, body = Ok<GroupWithMembers>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_group_in_organization(
    State(app): State<App>,
    user: CurrentUser,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateGroup>,
) -> Result<Created<GroupWithMembers>> {
    let organization = app.require(&user, Action::Create, Subject::Group)?;
    let name = group_name(&body.name)?;
    let named = named_members(&body.members.unwrap_or_default())?;
    let named: Vec<_> = named.into_iter().flatten().collect();

    let once = Once {
        user: user.id,
        client_key: key.as_deref(),
        now: app.clock.now(),
    };
    let group = match app.store.group_made_before(once).await? {
        Some(earlier) => earlier,
        None => {
            let made = made(&app, organization, name, &named, once).await;
            made_once(made, app.store.group_made_before(once)).await?
        }
    };
    app.store.join_group(&group, &named).await?;

    let members = app.store.group_members(&group).await?;
    let shown = GroupWithMembers::new(&group, &members, 0, MOST_MEMBERS);
    Ok(Created(shown))
}

/// The new group, without members; only if those who are named can come in.
async fn made(
    app: &App,
    organization: OrganizationId,
    name: String,
    named: &[UserId],
    once: Once<'_>,
) -> Result<Group> {
    let may = app.store.who_may_join(organization, named.iter().copied());
    may.await?;
    let group = Group {
        id: GroupId::new(&app.random),
        organization,
        name,
        created_at: once.now,
        created_by: Some(once.user),
        updated_at: once.now,
        updated_by: Some(once.user),
        members: 0,
        deleted_at: None,
    };
    app.store.create_group_once(&group, once).await?;
    Ok(group)
}
