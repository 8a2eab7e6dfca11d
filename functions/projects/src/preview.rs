//! Previews of a project, over its own warehouse (reference 20 §5.1).

use app::{
    App, Error, IdempotencyKey, InProject, Json, Ok, Reply, Result, connect,
    domain::{
        access::{Action, Object, ProjectKind, Subject},
        compile_job::CompileJob,
        connection::{Connection, Dbt, NewDbt, NewVariable, NewWarehouse, Warehouse},
        id::{CompileJobId, ProjectId, UserId, WorkId},
        project::{Project, project_name},
    },
    previews,
    store::{NewProject, made_once},
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use utoipa::ToSchema;

/// Characters of a schema's or a branch's name at most; no warehouse and no git host takes more.
const LONGEST_NAME: usize = 255;

/// What of the connection to the dbt project is another one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PreviewDbtOverrides {
    /// For projects on GitHub, GitLab and Bitbucket.
    #[schema(nullable = false)]
    branch: Option<String>,
    /// All variables, in the place of those of the project; one with an empty value keeps the value that it has there.
    #[schema(nullable = false)]
    environment: Option<Vec<NewVariable>>,
}

/// What of the connection to the warehouse is another one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PreviewWarehouseOverrides {
    /// The schema that dbt builds into; the dataset on BigQuery.
    #[schema(nullable = false)]
    schema: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatePreview {
    name: String,
    /// Whether it gets what is saved in the project, lets in whom that lets in, and is a preview of it. Otherwise it has the
    /// connections, and nothing else.
    copy_content: bool,
    #[schema(nullable = false)]
    dbt_connection_overrides: Option<PreviewDbtOverrides>,
    #[schema(nullable = false)]
    warehouse_connection_overrides: Option<PreviewWarehouseOverrides>,
}

/// A preview that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiCreatePreviewResults)]
pub(crate) struct CreatedPreview {
    project_uuid: ProjectId,
    compile_job_uuid: CompileJobId,
    /// The copy of the content, while it can be asked for at `/schedulers/job/{jobId}/status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content_job_id: Option<WorkId>,
}

impl CreatedPreview {
    fn of(preview: &Project) -> Self {
        let copies = preview.upstream.is_some();
        Self {
            project_uuid: preview.id,
            compile_job_uuid: CompileJobId::first_of(preview.id),
            content_job_id: copies.then(|| WorkId::first_of(preview.id)),
        }
    }
}

/// Makes a preview over the project's connections, whose secrets stay on the server. What is saved in the project is copied
/// by a job. The compilation that is answered has ended: there is no dbt here to wait for, and the copy has the explores.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/createPreview", operation_id = "createPreview", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = CreatePreview,
               responses((status = 200, body = Ok<CreatedPreview>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_preview(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreatePreview>,
) -> Result<Reply<CreatedPreview>> {
    permitted(&app, &project, body.copy_content)?;
    let (user, now) = (project.user.id, app.clock.now());
    let name = project_name(&body.name)?;
    // A key is for one project.
    let key = key.map(|key| format!("preview of {} {key}", project.id()));
    let key = key.as_deref();
    if let Some(earlier) = app.store.project_made_before(user, key, now).await? {
        return Ok(Reply(CreatedPreview::of(&earlier)));
    }

    let of = &project.access.project;
    let (id, kind) = (ProjectId::new(&app.random), ProjectKind::Preview);
    let (warehouse, dbt) = connections(&app, of.id, id, &body).await?;
    let made = Project::new(id, of.organization, name, kind, (user, now));
    let copied = body.copy_content.then_some(of);
    let made = Project {
        upstream: copied.map(|of| of.id),
        scheduler_timezone: copied.and_then(|of| of.scheduler_timezone.clone()),
        dbt_version: of.dbt_version,
        ..made.with_warehouse(Some(&warehouse.shown))
    };
    let done = make(&app, (&made, user), (warehouse, dbt), key).await;
    let earlier = app.store.project_made_before(user, key, now);
    let made = made_once(done.map(|()| made), earlier).await?;
    Ok(Reply(CreatedPreview::of(&made)))
}

/// Whether the caller may make such a preview: one that is of the project, or one that only has its connections.
fn permitted(app: &App, project: &InProject, copies: bool) -> Result<()> {
    if copies {
        return previews::require(project);
    }
    project.require(Action::View, Subject::Project)?;
    let made = Object {
        kind: Some(ProjectKind::Preview),
        ..Object::of(project.organization())
    };
    app.require_on(&project.user, Action::Create, Subject::Project, &made)
}

/// Writes a preview down with everything that it begins with, and lets in whom its upstream lets in.
async fn make(
    app: &App,
    (preview, by): (&Project, UserId),
    (warehouse, dbt): (Connection<Warehouse>, Option<Connection<Dbt>>),
    key: Option<&str>,
) -> Result<()> {
    let now = preview.created_at;
    let compiles = dbt
        .as_ref()
        .is_some_and(|dbt| !matches!(dbt.shown, Dbt::None(_)));
    let compilation = CompileJob::of_preview((preview.id, by), compiles, &app.random, now);
    let access = previews::access(app, preview, now);
    let content = previews::content(app, preview, now)?;
    let new = NewProject {
        warehouse: Some(&warehouse),
        dbt: dbt.as_ref(),
        key,
        copying: access.as_ref(),
        work: content.as_ref().map(|(work, job)| (work, job)),
        compilation: Some(&compilation),
        ..NewProject::bare(preview, by)
    };
    app.store.create_project(new).await?;
    app.store.copy_access_soon(access.as_ref()).await;
    Ok(())
}

/// The connections of a project for a preview of it, with what is to be another one.
async fn connections(
    app: &App,
    from: ProjectId,
    to: ProjectId,
    body: &CreatePreview,
) -> Result<(Connection<Warehouse>, Option<Connection<Dbt>>)> {
    let (warehouse, dbt) = app.store.connections(from).await?;
    let warehouse = warehouse.ok_or_else(|| {
        Error::invalid("The project has no warehouse connection, which its previews are made over")
    })?;
    let opened = connect::open(app, from, &warehouse.sealed).await?;
    let overrides = body.warehouse_connection_overrides.as_ref();
    let (opened, shown) = other_schema((opened, warehouse.shown), overrides)?;
    let sealed = connect::seal(app, to, &opened).await?;
    let warehouse = Connection { sealed, shown };
    let Some(dbt) = dbt else {
        return Ok((warehouse, None));
    };
    let opened = connect::open(app, from, &dbt.sealed).await?;
    let overrides = body.dbt_connection_overrides.as_ref();
    let (opened, shown) = other_branch((opened, dbt.shown), overrides)?;
    let sealed = connect::seal(app, to, &opened).await?;
    Ok((warehouse, Some(Connection { sealed, shown })))
}

/// A name that a client chose, if it chose one.
fn named<'a>(name: Option<&'a String>, what: &str) -> Result<Option<&'a str>> {
    let name = name.map(|name| name.trim()).filter(|name| !name.is_empty());
    let fits =
        |name: &str| name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if name.is_none_or(fits) {
        return Ok(name);
    }
    Err(Error::invalid(format!(
        "A {what} has at most {LONGEST_NAME} characters and no control characters"
    )))
}

/// A warehouse connection, opened, with another schema.
fn other_schema(
    (opened, shown): (Vec<u8>, Warehouse),
    overrides: Option<&PreviewWarehouseOverrides>,
) -> Result<(Vec<u8>, Warehouse)> {
    let schema = overrides.and_then(|overrides| overrides.schema.as_ref());
    let Some(schema) = named(schema, "schema")? else {
        return Ok((opened, shown));
    };
    let field = match shown {
        Warehouse::Bigquery(_) => "dataset",
        // What others call a schema is a database there, in a catalog.
        Warehouse::Databricks(_) => "database",
        Warehouse::Postgres(_)
        | Warehouse::Redshift(_)
        | Warehouse::Snowflake(_)
        | Warehouse::Trino(_) => "schema",
    };
    let changes = Map::from_iter([(field.to_owned(), json!(schema))]);
    let sent = NewWarehouse::changed(&opened, changes)?;
    Ok((sent.to_seal()?, sent.shown()))
}

/// A connection to a dbt project, opened, with another branch and other variables, where it has such.
fn other_branch(
    (opened, shown): (Vec<u8>, Dbt),
    overrides: Option<&PreviewDbtOverrides>,
) -> Result<(Vec<u8>, Dbt)> {
    let Some(overrides) = overrides else {
        return Ok((opened, shown));
    };
    let mut changes = Map::new();
    let has_branch = matches!(shown, Dbt::Github(_) | Dbt::Gitlab(_) | Dbt::Bitbucket(_));
    if let Some(branch) = named(overrides.branch.as_ref(), "branch")?.filter(|_| has_branch) {
        changes.insert("branch".to_owned(), json!(branch));
    }
    let has_variables = !matches!(shown, Dbt::Dbt(_) | Dbt::DbtCloudIde(_));
    if let Some(variables) = overrides.environment.as_ref().filter(|_| has_variables) {
        changes.insert("environment".to_owned(), json!(variables));
    }
    let sent = NewDbt::changed((&shown, opened), changes)?;
    Ok((sent.to_seal()?, sent.shown()))
}
