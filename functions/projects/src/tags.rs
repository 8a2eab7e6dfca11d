//! Tags of a project, also called categories.

use std::collections::BTreeMap;

use app::{
    App, Created, Done, DoneOk, Error, IdempotencyKey, InProject, Json, Kind, Ok, Path, Reply,
    Result, Timestamp,
    domain::{
        access::{Action, Subject},
        id::{ProjectId, TagId, UserId},
        tag::{Tag, YamlTag, tag_color, tag_name},
        user::User,
    },
    store::made_once,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who made a tag; without a name, once their account is gone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagCreator {
    user_uuid: UserId,
    first_name: String,
    last_name: String,
}

/// A tag as clients see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tag)]
pub(crate) struct ShownTag {
    tag_uuid: TagId,
    project_uuid: ProjectId,
    name: String,
    color: String,
    created_at: Timestamp,
    created_by: TagCreator,
    /// Null for tags made by hand.
    #[schema(required)]
    yaml_reference: Option<String>,
}

impl ShownTag {
    fn new(project: ProjectId, tag: &Tag, users: &BTreeMap<UserId, User>) -> Self {
        let creator = tag.created_by.and_then(|id| users.get(&id));
        let name = |of: fn(&User) -> &String| creator.map(of).cloned().unwrap_or_default();
        Self {
            tag_uuid: tag.id,
            project_uuid: project,
            name: tag.name.clone(),
            color: tag.color.clone(),
            created_at: tag.created_at,
            created_by: TagCreator {
                user_uuid: tag.created_by.unwrap_or_else(UserId::nobody),
                first_name: name(|user| &user.first_name),
                last_name: name(|user| &user.last_name),
            },
            yaml_reference: tag.yaml_reference.clone(),
        }
    }
}

/// Lists a project's tags, the oldest first.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/tags", operation_id = "getTags", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<ShownTag>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_tags(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Vec<ShownTag>>> {
    project.require(Action::View, Subject::Tags)?;
    let tags = app.store.tags(project.id()).await?.all;
    let creators: std::collections::BTreeSet<UserId> =
        tags.iter().filter_map(|tag| tag.created_by).collect();
    let users = app.store.users(creators).await?;

    let shown = tags
        .iter()
        .map(|tag| ShownTag::new(project.id(), tag, &users));
    Ok(Reply(shown.collect()))
}

/// A tag to make.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateTag {
    name: String,
    color: String,
}

/// A tag that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagMade {
    tag_uuid: TagId,
}

/// Makes a tag. Its name is nobody else's in the project.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/tags", operation_id = "createTag", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = CreateTag, responses((status = 201, body = Ok<TagMade>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_tag(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateTag>,
) -> Result<Created<TagMade>> {
    project.require(Action::Manage, Subject::Tags)?;
    let (id, user, now) = (project.id(), project.user.id, app.clock.now());
    let request = (user, key.as_deref());
    if let Some(tag_uuid) = app.store.tag_made_before(id, request, now).await? {
        return Ok(Created(TagMade { tag_uuid }));
    }
    let tag = Tag {
        id: TagId::new(&app.random),
        name: tag_name(&body.name)?,
        color: tag_color(&body.color)?,
        created_at: now,
        created_by: Some(user),
        yaml_reference: None,
    };
    let done = app.store.create_tag(id, &tag, request, now).await;
    let earlier = app.store.tag_made_before(id, request, now);
    let tag_uuid = made_once(done.map(|()| tag.id), earlier).await?;
    Ok(Created(TagMade { tag_uuid }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagPath {
    tag_uuid: String,
}

impl TagPath {
    fn id(&self) -> Result<TagId> {
        TagId::parse(&self.tag_uuid).ok_or(Error::NotFound(Kind::Tag))
    }
}

/// What of a tag changes.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdateTag {
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    color: Option<String>,
}

/// Changes a tag's name or colour.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/tags/{tagUuid}", operation_id = "updateTag", tag = "Projects",
               params(("projectUuid" = String, Path), ("tagUuid" = String, Path)), request_body = UpdateTag,
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_tag(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<TagPath>,
    Json(body): Json<UpdateTag>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Tags)?;
    let id = path.id()?;
    if body.name.is_none() && body.color.is_none() {
        return Err(Error::invalid("Nothing of the tag is to change"));
    }
    let name = body.name.as_deref().map(tag_name).transpose()?;
    let color = body.color.as_deref().map(tag_color).transpose()?;
    app.store
        .change_tags(project.id(), |tags| {
            tags.changed(id, name.clone(), color.clone())
        })
        .await?;
    Ok(Done)
}

/// Deletes a tag.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/tags/{tagUuid}", operation_id = "deleteTag", tag = "Projects",
               params(("projectUuid" = String, Path), ("tagUuid" = String, Path)), responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_tag(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<TagPath>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Tags)?;
    let id = path.id()?;
    app.store
        .change_tags(project.id(), |tags| tags.without(id))
        .await?;
    Ok(Done)
}

/// A tag of the project's configuration file.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = YamlTag)]
pub(crate) struct SentYamlTag {
    name: String,
    color: String,
    yaml_reference: String,
}

/// Makes the tags of the project's configuration file those of the list, at once. Tags made by hand stay.
#[utoipa::path(put, path = "/api/v1/projects/{projectUuid}/tags/yaml", operation_id = "replaceYamlTags", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = Vec<SentYamlTag>, responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn replace_yaml_tags(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<Vec<SentYamlTag>>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Tags)?;
    let list = body
        .iter()
        .map(|tag| YamlTag::new(&tag.name, &tag.color, &tag.yaml_reference))
        .collect::<Result<Vec<_>>>()?;
    let (by, now) = (project.user.id, app.clock.now());
    app.store
        .change_tags(project.id(), |tags| {
            tags.with_yaml(list.clone(), by, &app.random, now)
        })
        .await?;
    Ok(Done)
}
