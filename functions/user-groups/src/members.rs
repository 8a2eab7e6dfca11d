//! Who is in a group.

use app::{
    App, CurrentUser, DoneOk, Effect, Error, Kind, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        group::GroupMemberView,
        id::UserId,
    },
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::groups::GroupPath;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct GroupMemberPath {
    group_uuid: String,
    user_uuid: String,
}

/// Lists the members of a group by address.
#[utoipa::path(get, path = "/api/v1/groups/{groupUuid}/members", operation_id = "getGroupMembers", tag = "User Groups",
               params(GroupPath), responses((status = 200, body = Ok<Vec<GroupMemberView>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_group_members(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupPath>,
) -> Result<Reply<Vec<GroupMemberView>>> {
    let organization = app.require(&user, Action::View, Subject::Group)?;
    let group = app.store.group_of(organization, &path.group_uuid).await?;

    let members = app.store.group_members(&group).await?;
    let views = members.iter().map(|user| GroupMemberView::new(user, None));
    Ok(Reply(views.collect()))
}

/// Puts a member of the organisation into a group.
#[utoipa::path(put, path = "/api/v1/groups/{groupUuid}/members/{userUuid}", operation_id = "addUserToGroup", tag = "User Groups",
               params(GroupMemberPath), responses((status = 201, body = DoneOk), (status = 204, description = "Was in it")),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn add_user_to_group(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupMemberPath>,
) -> Result<Effect> {
    let organization = app.require(&user, Action::Update, Subject::Group)?;
    let group = app.store.group_of(organization, &path.group_uuid).await?;
    let unknown = || Error::NotFound(Kind::User);
    let id = UserId::parse(&path.user_uuid).ok_or_else(unknown)?;
    let member = app.store.user(id).await?;
    member
        .filter(|user| user.organization == Some(organization))
        .ok_or_else(unknown)?;

    Ok(match app.store.join_group(&group, &[id]).await? {
        0 => Effect::Unchanged,
        _ => Effect::Added,
    })
}

/// Takes somebody out of a group.
#[utoipa::path(delete, path = "/api/v1/groups/{groupUuid}/members/{userUuid}", operation_id = "removeUserFromGroup", tag = "User Groups",
               params(GroupMemberPath), responses((status = 200, body = DoneOk), (status = 204, description = "Was not in it")),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn remove_user_from_group(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupMemberPath>,
) -> Result<Effect> {
    let organization = app.require(&user, Action::Update, Subject::Group)?;
    let group = app.store.group_of(organization, &path.group_uuid).await?;
    let id = UserId::parse(&path.user_uuid);

    let gone = app.store.leave_group(&group, id.as_slice()).await?;
    Ok(match gone {
        0 => Effect::Unchanged,
        _ => Effect::Removed,
    })
}
