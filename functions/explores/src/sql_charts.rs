//! Saved SQL charts (reference 26 §7).

mod find;

use app::{
    App, Done, DoneOk, Error, IdempotencyKey, IfMatch, InProject, Json, Kind, Ok, Path, Reply,
    Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, Shown, content_description, content_name},
        id::{ContentId, SpaceId},
        packed::Packed,
        slug::slug_of,
        space::Space,
    },
    http::etag,
    spaces::Spaces,
    store::{Edit, NewContent},
};
use axum::{extract::State, http::HeaderName};
use saved::{
    Place,
    edit::Editing,
    once,
    sql_chart::{SqlChart, SqlChartDefinition, VizConfig},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub(crate) use find::{by_id, named, named_by_slug};
use find::{by_slug, opened, unseen};

const MISSING: Error = Error::NotFound(Kind::SqlChart);

#[derive(Deserialize)]
pub(crate) struct ChartPath {
    pub(crate) uuid: String,
}

#[derive(Deserialize)]
pub(crate) struct SlugPath {
    pub(crate) slug: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSqlChart {
    name: String,
    description: Option<String>,
    sql: String,
    #[schema(nullable = false)]
    limit: Option<f64>,
    #[schema(value_type = VizConfig)]
    config: Map<String, Value>,
    space_uuid: String,
}

/// An SQL chart that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SqlChartCreated {
    saved_sql_uuid: ContentId,
    slug: String,
    saved_sql_version_uuid: ContentId,
}

/// An answer with the revision that it tells of.
type Tagged<T> = ([(HeaderName, String); 1], Reply<T>);

fn created(head: Content) -> Tagged<SqlChartCreated> {
    let reply = SqlChartCreated {
        saved_sql_uuid: head.id,
        saved_sql_version_uuid: head.id.version(head.latest),
        slug: head.slug,
    };
    (etag(head.rev), Reply(reply))
}

/// Saves an SQL chart in a space.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved", operation_id = "createSqlChart", tag = "SQL runner",
               params(("projectUuid" = String, Path)), request_body = CreateSqlChart,
               responses((status = 200, body = Ok<SqlChartCreated>)),
               extensions(("x-tier" = json!("client")), ("x-saves" = json!(true))))]
pub(crate) async fn create_sql_chart(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateSqlChart>,
) -> Result<Tagged<SqlChartCreated>> {
    project.require(Action::Manage, Subject::CustomSql)?;
    let name = content_name(&body.name)?;
    let description = content_description(body.description.as_deref())?;
    let definition = SqlChartDefinition {
        sql: body.sql,
        limit: body.limit,
        config: body.config,
    };
    let (version, shown) = definition.read()?;
    let spaces = Spaces::read(&app, &project).await?;
    let space = spaces.named(&body.space_uuid)?;
    spaces.require(Action::Create, Subject::SavedChart, space)?;
    let once = (ContentKind::SqlChart, key.as_deref());
    if let Some(earlier) = once::made_before(&app, &project, once).await? {
        // It may have been moved meanwhile.
        let place = Place::of(&app, &project, &earlier).await?;
        place.require(Action::View)?;
        return Ok(created(earlier));
    }

    let head = Content {
        name,
        description,
        shown,
        ..fresh(&app, &project, space, &body.name)
    };
    let new = NewContent {
        head,
        body: Packed::pack_version(&version)?,
        any_slug: true,
    };
    let (kept, now) = (app.config.deleted_content, app.clock.now());
    let made = app.store.create_content(new, key.as_deref(), kept, now);
    let made = once::made(&app, &project, once, made.await).await?;
    Ok(created(made))
}

/// The head of a new SQL chart in a space.
fn fresh(app: &App, project: &InProject, space: &Space, name: &str) -> Content {
    let (user, now) = (project.user.id, app.clock.now());
    Content {
        id: ContentId::new(&app.random),
        what: ContentKind::SqlChart,
        project: project.id(),
        organization: project.organization(),
        slug: slug_of(name, &app.random),
        name: String::new(),
        description: None,
        space: Some(space.id),
        dashboard: None,
        rev: 0,
        latest: 0,
        created_at: now,
        created_by: Some(user),
        updated_at: now,
        updated_by: Some(user),
        deleted_at: None,
        shown: Shown::default(),
        tiled: std::collections::BTreeSet::new(),
    }
}

async fn show(app: &App, project: &InProject, head: &Content) -> Result<Tagged<SqlChart>> {
    let (place, body) = opened(app, project, head).await?;
    let shown = SqlChart::read(app, &place, body).await?;
    Ok((etag(head.rev), Reply(shown)))
}

/// Answers an SQL chart.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/{uuid}", operation_id = "getSavedSqlChart", tag = "SQL runner",
               params(("projectUuid" = String, Path), ("uuid" = String, Path)), responses((status = 200, body = Ok<SqlChart>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_saved_sql_chart(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ChartPath>,
) -> Result<Tagged<SqlChart>> {
    project.require(Action::View, Subject::Project)?;
    let head = by_id(&app, &project, &path.uuid).await?;
    show(&app, &project, &head).await
}

/// Answers an SQL chart by its slug.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/slug/{slug}", operation_id = "getSavedSqlChartBySlug",
               tag = "SQL runner", params(("projectUuid" = String, Path), ("slug" = String, Path)),
               responses((status = 200, body = Ok<SqlChart>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_saved_sql_chart_by_slug(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SlugPath>,
) -> Result<Tagged<SqlChart>> {
    project.require(Action::View, Subject::Project)?;
    let head = by_slug(&app, &project, &path.slug).await?;
    show(&app, &project, &head).await.map_err(unseen)
}

/// What of an SQL chart has no versions.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateUnversionedSqlChart)]
pub(crate) struct UnversionedSqlChart {
    name: String,
    description: Option<String>,
    space_uuid: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateSqlChart {
    #[schema(nullable = false)]
    unversioned_data: Option<UnversionedSqlChart>,
    #[schema(nullable = false)]
    versioned_data: Option<SqlChartDefinition>,
}

/// An SQL chart that was changed; the version is null where it got no new one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SqlChartUpdated {
    saved_sql_uuid: ContentId,
    #[schema(required)]
    saved_sql_version_uuid: Option<ContentId>,
}

/// What is to become of an SQL chart.
struct Change {
    unversioned: Option<(String, Option<String>, SpaceId)>,
    version: Option<(Packed, Shown)>,
}

impl Change {
    fn read(body: UpdateSqlChart, spaces: &Spaces<'_>) -> Result<Self> {
        let unversioned: Option<Result<_>> = body.unversioned_data.map(|sent| {
            let space = spaces.named(&sent.space_uuid)?;
            spaces.require(Action::Update, Subject::SavedChart, space)?;
            let name = content_name(&sent.name)?;
            let description = content_description(sent.description.as_deref())?;
            Ok((name, description, space.id))
        });
        let version: Option<Result<_>> = body.versioned_data.map(|sent| {
            let (version, shown) = sent.read()?;
            Ok((Packed::pack_version(&version)?, shown))
        });
        Ok(Self {
            unversioned: unversioned.transpose()?,
            version: version.transpose()?,
        })
    }

    /// The edit of a head, if it changes anything.
    fn of(&self, app: &App, project: &InProject, head: &Content) -> Option<Edit> {
        let mut new = head.clone();
        if let Some((name, description, space)) = &self.unversioned {
            new.name.clone_from(name);
            new.description.clone_from(description);
            new.space = Some(*space);
        }
        match &self.version {
            Some((body, shown)) => {
                new.shown = shown.clone();
                new.updated_at = app.clock.now();
                new.updated_by = Some(project.user.id);
                Some(Edit::version(head, new, body.clone()))
            }
            None if new == *head => None,
            None => Some(Edit::change(head, new)),
        }
    }
}

/// Renames or moves an SQL chart, or gives it a new version, or both at once.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/{uuid}", operation_id = "updateSqlChart", tag = "SQL runner",
               params(("projectUuid" = String, Path), ("uuid" = String, Path)), request_body = UpdateSqlChart,
               responses((status = 200, body = Ok<SqlChartUpdated>)),
               extensions(("x-tier" = json!("client")), ("x-saves" = json!(true))))]
pub(crate) async fn update_sql_chart(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ChartPath>,
    IfMatch(rev): IfMatch,
    Json(body): Json<UpdateSqlChart>,
) -> Result<Tagged<SqlChartUpdated>> {
    project.require(Action::Manage, Subject::CustomSql)?;
    let head = by_id(&app, &project, &path.uuid).await?;
    let place = Place::of(&app, &project, &head).await?;
    place.require(Action::Update)?;
    let spaces = &place.spaces;
    let change_of = Change::read(body, spaces)?;

    let mut editing = Editing::new(&head, rev);
    let done = loop {
        let head = &editing.head()?;
        let change = async {
            // Somebody may have moved it meanwhile.
            let lies = head.space.and_then(|id| spaces.tree.get(id));
            let lies = lies.ok_or(MISSING)?;
            spaces.require(Action::Update, Subject::SavedChart, lies)?;
            Ok(change_of.of(&app, &project, head))
        };
        if let Some(done) = editing.apply(&app, change.await).await? {
            break done;
        }
    };
    let version = change_of.version.is_some();
    let reply = SqlChartUpdated {
        saved_sql_uuid: done.id,
        saved_sql_version_uuid: version.then(|| done.id.version(done.latest)),
    };
    Ok((etag(done.rev), Reply(reply)))
}

/// Deletes an SQL chart. It can be restored for a while; on dashboards its tiles stay, and show nothing.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/sqlRunner/saved/{uuid}", operation_id = "deleteSqlChart", tag = "SQL runner",
               params(("projectUuid" = String, Path), ("uuid" = String, Path)), responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn delete_sql_chart(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ChartPath>,
    IfMatch(rev): IfMatch,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    let head = by_id(&app, &project, &path.uuid).await?;
    let place = Place::of(&app, &project, &head).await?;
    place.require(Action::Delete)?;
    let now = app.clock.now();

    let mut editing = Editing::new(&head, rev);
    loop {
        let edit = Edit::delete(&editing.head()?, now);
        if editing.apply(&app, Ok(Some(edit))).await?.is_some() {
            break;
        }
    }
    Ok(Done)
}
