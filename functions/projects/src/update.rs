//! A project that is set again: its name, its connections and its release of dbt.

use app::{
    App, IdempotencyKey, InProject, Json, Ok, Reply, Result, connect,
    domain::{
        access::{Action, Subject},
        compile_job::CompileJob,
        connection::{Connection, Dbt, NewDbt, NewWarehouse, Warehouse},
        id::CompileJobId,
        project::{DbtVersion, project_name},
    },
    store::{Connections, ProjectChange, made_once},
};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::refresh::RefreshStarted;

/// A project as it shall be. Secrets that are left out stay as they are, as long as a connection is of the same type and
/// leads to the same place.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateProject {
    /// Absent: it stays.
    #[schema(nullable = false)]
    name: Option<String>,
    /// As when a project is created.
    #[schema(value_type = Object)]
    dbt_connection: Map<String, Value>,
    /// As when a project is created.
    #[schema(value_type = Object)]
    warehouse_connection: Map<String, Value>,
    /// Absent: it stays.
    #[schema(nullable = false)]
    dbt_version: Option<DbtVersion>,
}

/// Sets a project's name, connections and release of dbt. The job that is answered has ended: there is no dbt here to
/// wait for.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}", operation_id = "UpdateProject", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = UpdateProject,
               responses((status = 200, body = Ok<RefreshStarted>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn update_project(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<UpdateProject>,
) -> Result<Reply<RefreshStarted>> {
    project.require(Action::Update, Subject::Project)?;
    let (id, user, now) = (project.id(), project.user.id, app.clock.now());
    let claim = ("update project", key.as_deref());
    let earlier = app.store.compile_job_made_before(user, claim, now);
    if let Some(job_uuid) = earlier.await? {
        return Ok(Reply(RefreshStarted { job_uuid }));
    }
    let was = app.store.all_connections(id).await?;
    let replaced = replace(&app, &project, body, (&was, key.as_deref())).await;
    let earlier = app.store.compile_job_made_before(user, claim, now);
    let job_uuid = made_once(replaced, earlier).await?;
    Ok(Reply(RefreshStarted { job_uuid }))
}

/// Puts a project as it shall be in the place of what was read, and answers the job that tells of it.
async fn replace(
    app: &App,
    project: &InProject,
    body: UpdateProject,
    (was, key): (&Connections, Option<&str>),
) -> Result<CompileJobId> {
    let (head, now) = (&project.access.project, app.clock.now());
    let name = project_name(body.name.as_deref().unwrap_or(&head.name))?;
    let sent = (body.warehouse_connection, body.dbt_connection);
    let (warehouse, dbt) = connections(app, project, sent, was).await?;
    let compiles = !matches!(dbt.shown, Dbt::None(_));
    let job = CompileJob::saved((head.id, project.user.id), compiles, &app.random, now);
    let change = ProjectChange {
        project: head,
        was,
        name: &name,
        dbt_version: body.dbt_version.unwrap_or(head.dbt_version),
        warehouse: &warehouse,
        dbt: &dbt,
        job: &job,
        key,
    };
    app.store.update_project(change).await?;
    Ok(job.id)
}

/// The new connections, with the secrets of those that they replace, sealed.
async fn connections(
    app: &App,
    project: &InProject,
    (warehouse, dbt): (Map<String, Value>, Map<String, Value>),
    was: &Connections,
) -> Result<(Connection<Warehouse>, Connection<Dbt>)> {
    let id = project.id();
    let stored = known(app, project, was.warehouse.as_ref()).await?;
    let warehouse = NewWarehouse::over(warehouse, stored)?;
    warehouse.check_login()?;
    let warehouse =
        connect::with_tunnel_key(app, project.access.project.organization, warehouse).await?;
    let stored = known(app, project, was.dbt.as_ref()).await?;
    let dbt = NewDbt::over(dbt, stored)?;
    let warehouse = Connection {
        sealed: connect::seal(app, id, &warehouse.to_seal()?).await?,
        shown: warehouse.shown(),
    };
    let dbt = Connection {
        sealed: connect::seal(app, id, &dbt.to_seal()?).await?,
        shown: dbt.shown(),
    };
    Ok((warehouse, dbt))
}

/// What of a stored connection may be seen, and all of it.
async fn known<'a, T>(
    app: &App,
    project: &InProject,
    stored: Option<&'a Connection<T>>,
) -> Result<Option<(&'a T, Vec<u8>)>> {
    match stored {
        Some(stored) => {
            let opened = connect::open(app, project.id(), &stored.sealed).await?;
            Ok(Some((&stored.shown, opened)))
        }
        None => Ok(None),
    }
}
