//! One group: reading, changing, deleting.

use app::{
    App, CurrentUser, Done, DoneOk, Error, Json, Kind, Ok, Path, Query, Reply, Result,
    domain::{
        access::{Action, Subject},
        group::{
            Group, GroupAnswer, GroupView, GroupWithMembers, MOST_MEMBERS, NamedMember, group_name,
            named_members,
        },
        id::UserId,
        job::{Job, Task},
    },
};
use axum::extract::State;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

/// How often a deletion is tried whose group changes meanwhile.
const TRIES: u32 = 4;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct GroupPath {
    pub(crate) group_uuid: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GetGroup {
    /// The most members to show; without it there are none.
    include_members: Option<f64>,
    /// How many of them to skip.
    offset: Option<f64>,
}

/// Answers a group, with its members if those are asked for.
#[utoipa::path(get, path = "/api/v1/groups/{groupUuid}", operation_id = "getGroup", tag = "User Groups",
               params(GroupPath, GetGroup), responses((status = 200, body = Ok<GroupAnswer>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_group(
    State(app): State<App>,
    user: CurrentUser,
    Query(query): Query<GetGroup>,
    Path(path): Path<GroupPath>,
) -> Result<Reply<GroupAnswer>> {
    let organization = app.require(&user, Action::View, Subject::Group)?;
    let group = app.store.group_of(organization, &path.group_uuid).await?;

    let Some(most) = query.include_members else {
        return Ok(Reply(GroupAnswer::Plain(GroupView::new(&group))));
    };
    let members = app.store.group_members(&group).await?;
    let (skip, most) = (whole(query.offset.unwrap_or_default()), whole(most));
    let shown = GroupWithMembers::new(&group, &members, skip, most);
    Ok(Reply(GroupAnswer::WithMembers(shown)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "below zero is none, and what is too large becomes the largest"
)]
fn whole(number: f64) -> usize {
    number as usize
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdateGroupWithMembers {
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    members: Option<Vec<NamedMember>>,
}

/// Gives a group another name, and exactly these members. May be repeated: what an interrupted request did stays.
#[utoipa::path(patch, path = "/api/v1/groups/{groupUuid}", operation_id = "updateGroup", tag = "User Groups",
               params(GroupPath), request_body = UpdateGroupWithMembers,
               responses((status = 200, body = Ok<GroupWithMembers>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_group(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupPath>,
    Json(body): Json<UpdateGroupWithMembers>,
) -> Result<Reply<GroupWithMembers>> {
    let organization = app.require(&user, Action::Update, Subject::Group)?;
    let mut group = app.store.group_of(organization, &path.group_uuid).await?;
    let name = body.name.filter(|name| !name.is_empty());
    let name = name.as_deref().map(group_name).transpose()?;
    let change = match &body.members {
        Some(named) => Some(change(&app, &group, named).await?),
        None => None,
    };

    if let Some(name) = name {
        let now = app.clock.now();
        group = app.store.rename_group(group, &name, user.id, now).await?;
    }
    if let Some((joining, leaving)) = change {
        app.store.join_group(&group, &joining).await?;
        app.store.leave_group(&group, &leaving).await?;
    }

    let members = app.store.group_members(&group).await?;
    let shown = GroupWithMembers::new(&group, &members, 0, MOST_MEMBERS);
    Ok(Reply(shown))
}

/// Who has to come into the group and who has to go, for these to be its members.
async fn change(
    app: &App,
    group: &Group,
    named: &[NamedMember],
) -> Result<(Vec<UserId>, Vec<UserId>)> {
    let unknown = || Error::invalid("Some of these users are no members of the organization");
    let wanted: Option<BTreeSet<_>> = named_members(named)?.into_iter().collect();
    let wanted = wanted.ok_or_else(unknown)?;
    let current = app.store.group_member_ids(group.id).await?;
    let current: BTreeSet<_> = current.into_iter().collect();

    let joining: Vec<_> = wanted.difference(&current).copied().collect();
    let may = app
        .store
        .who_may_join(group.organization, joining.iter().copied());
    if may.await?.len() < joining.len() {
        return Err(unknown());
    }
    Ok((joining, current.difference(&wanted).copied().collect()))
}

/// Deletes a group with what it was granted; its members stay in the organisation.
#[utoipa::path(delete, path = "/api/v1/groups/{groupUuid}", operation_id = "deleteGroup", tag = "User Groups",
               params(GroupPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_group(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupPath>,
) -> Result<Done> {
    let organization = app.require(&user, Action::Delete, Subject::Group)?;
    for _ in 0..TRIES {
        let group = app.store.group_of(organization, &path.group_uuid).await?;
        let (task, now) = (Task::DeleteGroup { group: group.id }, app.clock.now());
        let job = Job::new(task, &app.random, now);
        match app.store.delete_group(&group, &job, now).await {
            // Renamed or deleted meanwhile: once more, as it is now.
            Err(Error::Changed(_)) => {}
            done => {
                done?;
                app.store.walk_soon(&job.task).await;
                return Ok(Done);
            }
        }
    }
    Err(Error::Changed(Kind::Group))
}
