//! User attributes: what row- and column-level security asks about a member.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Created, CurrentUser, Done, DoneOk, Error, IdempotencyKey, Json, Kind, Ok, Path, Reply,
    Result, Timestamp,
    domain::{
        access::{Action, Subject},
        attribute::{Attribute, attribute_name, short, unknown, values},
        id::{AttributeId, GroupId, OrganizationId, UserId},
        user::User,
    },
    store::made_once,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How often an attribute that changed meanwhile is read again.
const TRIES: u32 = 5;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserAttributeValue {
    user_uuid: UserId,
    email: String,
    value: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupAttributeValue {
    group_uuid: String,
    value: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserAttribute {
    uuid: AttributeId,
    created_at: Timestamp,
    name: String,
    organization_uuid: OrganizationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    #[schema(required)]
    attribute_default: Option<String>,
    users: Vec<UserAttributeValue>,
    groups: Vec<GroupAttributeValue>,
}

/// Who is there of those that values are of.
struct Known {
    organization: OrganizationId,
    users: BTreeMap<UserId, User>,
    groups: BTreeSet<GroupId>,
}

impl Known {
    async fn of(app: &App, organization: OrganizationId, about: &[Attribute]) -> Result<Self> {
        let users: BTreeSet<_> = about.iter().flat_map(|one| one.users.keys()).collect();
        let groups: BTreeSet<_> = about.iter().flat_map(|one| one.groups.keys()).collect();
        let (mut users, groups) = tokio::try_join!(
            app.store.users(users.into_iter().copied()),
            app.store
                .groups_of(organization, groups.into_iter().copied()),
        )?;
        users.retain(|_, user| user.organization == Some(organization));
        Ok(Self {
            organization,
            users,
            groups,
        })
    }

    /// Lets the caller go on only if everybody with a value is of the organisation.
    fn check(&self, attribute: &Attribute) -> Result<()> {
        if !attribute.users.keys().all(|id| self.users.contains_key(id)) {
            return Err(unknown("user"));
        }
        if !attribute.groups.keys().all(|id| self.groups.contains(id)) {
            return Err(unknown("group"));
        }
        Ok(())
    }

    /// The attribute as admins see it: users by address, and nobody who is gone.
    fn shown(&self, attribute: Attribute) -> UserAttribute {
        let users = attribute.users.into_iter();
        let mut users: Vec<_> = users
            .filter_map(|(user_uuid, value)| {
                let email = self.users.get(&user_uuid)?.email.to_string();
                Some(UserAttributeValue {
                    user_uuid,
                    email,
                    value,
                })
            })
            .collect();
        users.sort_by(|a, b| a.email.cmp(&b.email));
        let groups = attribute.groups.into_iter();
        UserAttribute {
            uuid: attribute.id,
            created_at: attribute.created_at,
            name: attribute.name,
            organization_uuid: self.organization,
            description: attribute.description,
            attribute_default: attribute.attribute_default,
            users,
            groups: groups
                .filter(|(group, _)| self.groups.contains(group))
                .map(|(group, value)| GroupAttributeValue {
                    group_uuid: group.to_string(),
                    value,
                })
                .collect(),
        }
    }
}

/// Lists the attributes of the caller's organisation, the newest first.
#[utoipa::path(get, path = "/api/v1/org/attributes", operation_id = "getUserAttributes", tag = "User attributes",
               responses((status = 200, body = Ok<Vec<UserAttribute>>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_user_attributes(
    State(app): State<App>,
    user: CurrentUser,
) -> Result<Reply<Vec<UserAttribute>>> {
    let organization = app.require(&user, Action::Manage, Subject::Organization)?;
    let found = app.store.attributes(organization).await?;
    let known = Known::of(&app, organization, &found).await?;

    Ok(Reply(
        found.into_iter().map(|one| known.shown(one)).collect(),
    ))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateUserAttributeValue {
    user_uuid: String,
    value: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateUserAttribute {
    name: String,
    #[schema(nullable = false)]
    description: Option<String>,
    #[schema(required)]
    attribute_default: Option<String>,
    users: Vec<CreateUserAttributeValue>,
    groups: Vec<GroupAttributeValue>,
}

impl CreateUserAttribute {
    /// The attribute that is asked for, as far as it can be checked without the table.
    fn attribute(self, id: AttributeId, created_at: Timestamp) -> Result<Attribute> {
        for text in self.description.iter().chain(&self.attribute_default) {
            short(text)?;
        }
        let users = self.users.into_iter();
        let users = users.map(|one| (UserId::parse(&one.user_uuid), one.value));
        let groups = self.groups.into_iter();
        let groups = groups.map(|one| (GroupId::parse(&one.group_uuid), one.value));
        Ok(Attribute {
            id,
            name: attribute_name(&self.name)?,
            description: self.description.filter(|text| !text.is_empty()),
            attribute_default: self.attribute_default,
            users: values(users, "user")?,
            groups: values(groups, "group")?,
            created_at,
        })
    }
}

/// Adds an attribute to the caller's organisation.
#[utoipa::path(post, path = "/api/v1/org/attributes", operation_id = "createUserAttribute", tag = "User attributes",
               request_body = CreateUserAttribute, responses((status = 201, body = Ok<UserAttribute>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn create_user_attribute(
    State(app): State<App>,
    user: CurrentUser,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateUserAttribute>,
) -> Result<Created<UserAttribute>> {
    let organization = app.require(&user, Action::Manage, Subject::Organization)?;
    let (now, request) = (app.clock.now(), (user.user.id, key.as_deref()));
    let attribute = body.attribute(AttributeId::new(&app.random), now)?;
    if let Some(earlier) = before(&app, organization, request, now).await? {
        return Ok(Created(earlier));
    }
    let known = Known::of(&app, organization, std::slice::from_ref(&attribute)).await?;
    known.check(&attribute)?;

    let done = app
        .store
        .create_attribute(organization, &attribute, request, now)
        .await;
    let done = done.map(|()| known.shown(attribute));
    let made = made_once(done, before(&app, organization, request, now)).await?;
    Ok(Created(made))
}

/// What an earlier request with the same idempotency key made.
async fn before(
    app: &App,
    organization: OrganizationId,
    (user, key): (UserId, Option<&str>),
    now: Timestamp,
) -> Result<Option<UserAttribute>> {
    let made = app.store.made_before(user, ("attribute", key), now).await?;
    let Some(id) = made.as_deref().and_then(AttributeId::parse) else {
        return Ok(None);
    };
    let Some(earlier) = app.store.attribute(organization, id).await? else {
        return Ok(None);
    };
    let known = Known::of(app, organization, std::slice::from_ref(&earlier)).await?;
    Ok(Some(known.shown(earlier)))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct AttributePath {
    user_attribute_uuid: String,
}

/// The attribute of the path; another organisation's is none.
async fn stored(
    app: &App,
    organization: OrganizationId,
    path: &AttributePath,
) -> Result<Attribute> {
    let none = || Error::NotFound(Kind::Attribute);
    let id = AttributeId::parse(&path.user_attribute_uuid).ok_or_else(none)?;
    app.store
        .attribute(organization, id)
        .await?
        .ok_or_else(none)
}

/// Replaces an attribute, with all its values. Answers 201, as clients know it.
#[utoipa::path(put, path = "/api/v1/org/attributes/{userAttributeUuid}", operation_id = "updateUserAttribute", tag = "User attributes",
               params(AttributePath), request_body = CreateUserAttribute, responses((status = 201, body = Ok<UserAttribute>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn update_user_attribute(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<AttributePath>,
    Json(body): Json<CreateUserAttribute>,
) -> Result<Created<UserAttribute>> {
    let organization = app.require(&user, Action::Manage, Subject::Organization)?;
    let mut old = stored(&app, organization, &path).await?;
    let attribute = body.attribute(old.id, old.created_at)?;
    let known = Known::of(&app, organization, std::slice::from_ref(&attribute)).await?;
    known.check(&attribute)?;

    for _ in 0..TRIES {
        let replaced = app
            .store
            .replace_attribute(organization, &old, &attribute)
            .await;
        match replaced {
            Err(Error::Changed(_)) => old = stored(&app, organization, &path).await?,
            Err(error) => return Err(error),
            Ok(()) => return Ok(Created(known.shown(attribute))),
        }
    }
    Err(Error::Changed(Kind::Attribute))
}

/// Deletes an attribute, with all its values.
#[utoipa::path(delete, path = "/api/v1/org/attributes/{userAttributeUuid}", operation_id = "removeUserAttribute", tag = "User attributes",
               params(AttributePath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn remove_user_attribute(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<AttributePath>,
) -> Result<Done> {
    let organization = app.require(&user, Action::Manage, Subject::Organization)?;

    for _ in 0..TRIES {
        let old = stored(&app, organization, &path).await?;
        match app.store.delete_attribute(organization, &old).await {
            Err(Error::Changed(_)) => {}
            done => return done.map(|()| Done),
        }
    }
    Err(Error::Changed(Kind::Attribute))
}
