//! Deploying in batches: nothing of it counts until it is finalised, and then all of it at once (reference 18).

use app::{
    App, Beside, Error, InProject, Kind, Ok, Path, Reply, Result, Upload,
    domain::{
        access::{Action, Subject},
        explore_set::{DeployStatus, read_explores},
        id::DeployId,
    },
    store::Deploy,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

use crate::explores::validate_after;

/// A deploy that began.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeployStarted {
    deploy_session_uuid: DeployId,
}

/// Begins a deploy in batches; it takes them for an hour.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/deploy", operation_id = "StartDeploy", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<DeployStarted>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn start_deploy(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<DeployStarted>> {
    project.require(Action::Update, Subject::Project)?;
    let now = app.clock.now();
    let id = DeployId::new(&app.random);
    let deploy = Deploy::new(id, project.id(), project.user.id, now);

    let sweep = Deploy::sweep(project.id(), &app.random, now);
    app.store.create_deploy(&deploy, &sweep).await?;

    Ok(Reply(DeployStarted {
        deploy_session_uuid: id,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeployPath {
    session_uuid: String,
}

/// A batch of a deploy.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "for the document: it is read as it comes")]
pub(crate) struct DeployBatch {
    explores: Vec<Value>,
    /// Which of the batches it is; the same number again takes the place of the first.
    batch_number: u32,
}

/// A batch, its explores unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentBatch<'a> {
    #[serde(borrow)]
    explores: Vec<&'a RawValue>,
    batch_number: u32,
}

/// A batch that was taken.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchTaken {
    batch_number: u32,
    explore_count: usize,
}

/// Takes a batch of explores.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/deploy/{sessionUuid}/batch", operation_id = "AddDeployBatch", tag = "Projects",
               params(("projectUuid" = String, Path), ("sessionUuid" = String, Path)), request_body = DeployBatch,
               responses((status = 200, body = Ok<BatchTaken>)),
               extensions(("x-tier" = json!("legacy")), ("x-upload" = json!(true))))]
pub(crate) async fn add_deploy_batch(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<DeployPath>,
    body: Upload,
) -> Result<Reply<BatchTaken>> {
    project.require(Action::Update, Subject::Project)?;
    let deploy = own(&app, &project, &path).await?;
    if deploy.status != DeployStatus::Uploading {
        return Err(Error::Forbidden(
            "This deploy session takes no more explores",
        ));
    }
    let batch: SentBatch<'_> = body.read_object(|error| {
        Error::invalid(format!(
            "A batch has \"explores\", an array, and \"batchNumber\", a whole number from 0: {error}"
        ))
    })?;
    let given = read_explores(batch.explores)?;

    let number = batch.batch_number;
    app.store
        .add_batch(&deploy, number, &given, app.clock.now())
        .await?;

    Ok(Reply(BatchTaken {
        batch_number: number,
        explore_count: given.len(),
    }))
}

/// A deploy that is over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeployFinished {
    explore_count: usize,
    status: DeployStatus,
}

/// Makes what came in batches the explores of the project, at once. Again, it answers the same.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/deploy/{sessionUuid}/finalize", operation_id = "FinalizeDeploy", tag = "Projects",
               params(("projectUuid" = String, Path), ("sessionUuid" = String, Path)),
               responses((status = 200, body = Ok<DeployFinished>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn finalize_deploy(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    Path(path): Path<DeployPath>,
) -> Result<Reply<DeployFinished>> {
    project.require(Action::Update, Subject::Project)?;
    let deploy = own(&app, &project, &path).await?;

    let now = app.clock.now();
    let explore_count = app.store.finalize_deploy(deploy.id, now).await?;
    if deploy.status == DeployStatus::Uploading {
        validate_after(&app, &project, &beside);
    }

    Ok(Reply(DeployFinished {
        explore_count,
        status: DeployStatus::Completed,
    }))
}

/// The caller's deploy in this project.
///
/// # Errors
/// `NotFound` when there is none, it is over, or it is another organisation's; `Forbidden` when it is another project's or
/// somebody else's.
async fn own(app: &App, project: &InProject, path: &DeployPath) -> Result<Deploy> {
    let missing = || Error::NotFound(Kind::Deploy);
    let id = DeployId::parse(&path.session_uuid).ok_or_else(missing)?;
    let found = app.store.deploy(id, app.clock.now()).await?;
    let deploy = found.ok_or_else(missing)?;
    if deploy.project == project.id() && deploy.user == project.user.id {
        return Ok(deploy);
    }
    let other = app.store.project(deploy.project).await?;
    other
        .filter(|other| other.organization == project.organization())
        .ok_or_else(missing)?;
    Err(Error::Forbidden(
        "This deploy session belongs to another project or user",
    ))
}
