//! Groups: members of an organisation who get roles together.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr,
        schema::{AnyOfBuilder, Schema},
    },
};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        email::EmailAddress,
        id::{GroupId, OrganizationId, UserId},
        user::{LONGEST_NAME, User},
    },
};

/// A group as its head and its organisation's list have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub id: GroupId,
    pub organization: OrganizationId,
    pub name: String,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    pub updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<UserId>,
    /// How many are in it; kept on the organisation's row.
    #[serde(default)]
    pub members: u64,
    /// From then on it is gone, and what hangs on it is being removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// A name for a group: trimmed, 1 to 255 characters, no control characters. Unique in its organisation, case and all.
///
/// # Errors
/// `Invalid` when it is not.
pub fn group_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "A group's name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}

/// The most members that one request may name, and that an answer to a change shows (reference 04 §4.2).
pub const MOST_MEMBERS: usize = 10_000;

/// A group as clients see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Group)]
pub struct GroupView {
    uuid: GroupId,
    name: String,
    created_at: Timestamp,
    #[schema(required)]
    created_by_user_uuid: Option<UserId>,
    updated_at: Timestamp,
    #[schema(required)]
    updated_by_user_uuid: Option<UserId>,
    organization_uuid: OrganizationId,
}

impl GroupView {
    /// Shows a group.
    pub fn new(group: &Group) -> Self {
        Self {
            uuid: group.id,
            name: group.name.clone(),
            created_at: group.created_at,
            created_by_user_uuid: group.created_by,
            updated_at: group.updated_at,
            updated_by_user_uuid: group.updated_by,
            organization_uuid: group.organization,
        }
    }
}

/// A member of a group as clients see them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GroupMember)]
pub struct GroupMemberView {
    user_uuid: UserId,
    email: EmailAddress,
    first_name: String,
    last_name: String,
    /// The group, where the members of several are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group_uuid: Option<GroupId>,
}

impl GroupMemberView {
    /// Shows somebody as a member of a group.
    pub fn new(user: &User, group: Option<GroupId>) -> Self {
        Self {
            user_uuid: user.id,
            email: user.email.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            group_uuid: group,
        }
    }
}

/// A group with who is in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupWithMembers {
    #[serde(flatten)]
    group: GroupView,
    members: Vec<GroupMemberView>,
    /// Of all members, also where `members` has some of them only.
    member_uuids: Vec<UserId>,
}

impl GroupWithMembers {
    /// Shows a group with at most `most` of its members, from the `skip`th on.
    pub fn new(group: &Group, members: &[User], skip: usize, most: usize) -> Self {
        let shown = members.iter().skip(skip).take(most);
        Self {
            group: GroupView::new(group),
            members: shown.map(|user| GroupMemberView::new(user, None)).collect(),
            member_uuids: members.iter().map(|user| user.id).collect(),
        }
    }

    /// Shows one of several groups with all its members.
    pub fn listed(group: &Group, members: &[User]) -> Self {
        let view = |user| GroupMemberView::new(user, Some(group.id));
        Self {
            group: GroupView::new(group),
            members: members.iter().map(view).collect(),
            member_uuids: members.iter().map(|user| user.id).collect(),
        }
    }
}

/// A group, with its members where they are asked for.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum GroupAnswer {
    Plain(GroupView),
    WithMembers(GroupWithMembers),
}

impl utoipa::PartialSchema for GroupAnswer {
    /// Any of the two: with its members it still is a group.
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .item(Ref::from_schema_name(GroupView::name()))
            .item(Ref::from_schema_name(GroupWithMembers::name()))
            .into()
    }
}

impl ToSchema for GroupAnswer {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((GroupView::name().into(), GroupView::schema()));
        schemas.push((GroupWithMembers::name().into(), GroupWithMembers::schema()));
        GroupView::schemas(schemas);
        GroupWithMembers::schemas(schemas);
    }
}

/// Somebody, as a request names them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedMember {
    /// What is no uuid is nobody's.
    user_uuid: String,
}

/// The ids that a request names, each once; `None` for those that nobody can have.
///
/// # Errors
/// `Invalid` for more than 10,000.
pub fn named_members(named: &[NamedMember]) -> Result<BTreeSet<Option<UserId>>> {
    if named.len() > MOST_MEMBERS {
        return Err(Error::invalid("A request names at most 10,000 members"));
    }
    Ok(named
        .iter()
        .map(|one| UserId::parse(&one.user_uuid))
        .collect())
}
