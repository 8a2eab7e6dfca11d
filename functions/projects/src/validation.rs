//! What is wrong with a project's charts, dashboards and explores (reference 17).

use std::collections::BTreeSet;

use app::{
    App, Done, DoneOk, Error, IdempotencyKey, InProject, Kind, Ok, Path, Query, Reply, Result,
    Upload,
    domain::{
        access::{Action, Subject},
        explore_set::MOST_EXPLORES,
        id::WorkId,
        paging::PageQuery,
        validation::Target,
    },
};
use axum::{
    body::HttpBody as _,
    extract::{FromRequest as _, Request, State},
};
use saved::validate::{
    begin,
    fields::Sketch,
    results::{Shown, of_project, of_work},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};

/// What is to be checked against what: everything against the project's explores, unless it says otherwise.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "for the document: it is read as it comes")]
pub(crate) struct Validate {
    /// Instead of the project's; the result is the job's alone.
    #[schema(nullable = false)]
    explores: Option<Vec<Value>>,
    /// None is all.
    #[schema(nullable = false)]
    validation_targets: Option<Vec<Target>>,
}

/// The same, its explores unread.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    #[serde(borrow, default)]
    explores: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    validation_targets: Option<BTreeSet<Target>>,
}

impl Sent<'_> {
    /// The explores, without everything that is not looked at.
    fn sketches(&self) -> Result<Option<Vec<Sketch>>> {
        let Some(explores) = &self.explores else {
            return Ok(None);
        };
        if explores.len() > MOST_EXPLORES {
            return Err(Error::invalid(format!(
                "A project has at most {MOST_EXPLORES} explores"
            )));
        }
        let read = explores.iter().enumerate().map(|(at, explore)| {
            let read = Sketch::read(explore.get());
            read.map_err(|error| Error::invalid(format!("\"explores\"[{at}]: {error}")))
        });
        read.collect::<Result<Vec<_>>>().map(Some)
    }
}

/// A job that was begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobScheduled)]
pub(crate) struct JobScheduled {
    pub(crate) job_id: WorkId,
}

/// Begins to check a project's content. With explores in the request, those are what it is checked against, and the project's
/// own list stays as it is. On Lambda a request has at most 6 MB.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/validate", operation_id = "ValidateProject", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = Validate,
               responses((status = 200, body = Ok<JobScheduled>)),
               extensions(("x-tier" = json!("mission")), ("x-upload" = json!(true))))]
pub(crate) async fn validate_project(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    request: Request,
) -> Result<Reply<JobScheduled>> {
    project.require(Action::Manage, Subject::Validation)?;
    let (targets, explores, key) = if request.body().is_end_stream() {
        (BTreeSet::new(), None, key)
    } else {
        let body = Upload::from_request(request, &app).await?;
        let key = body.keyed(key);
        let sent: Sent<'_> = body.read_object(|error| {
            Error::invalid(format!(
                "A validation has \"explores\" and \"validationTargets\", arrays, or neither: {error}"
            ))
        })?;
        let explores = sent.sketches()?;
        (sent.validation_targets.unwrap_or_default(), explores, key)
    };
    let job_id = begin(&app, &project, targets, explores, key.as_deref()).await?;
    Ok(Reply(JobScheduled { job_id }))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ResultsQuery {
    /// Changes nothing.
    #[param(nullable = false)]
    #[serde(rename = "fromSettings")]
    _from_settings: Option<bool>,
    /// What this validation found, which brought its explores; without it, what the project's last one found.
    #[param(nullable = false)]
    job_id: Option<String>,
    /// Of a list that is too long for one answer, with `pageSize`.
    #[param(nullable = false)]
    page: Option<f64>,
    #[param(nullable = false)]
    page_size: Option<f64>,
}

/// Answers what is wrong: explores, charts and dashboards. What lies where the caller does not get has neither name nor text.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/validate", operation_id = "GetLatestValidationResults", tag = "Projects",
               params(("projectUuid" = String, Path), ResultsQuery), responses((status = 200, body = Ok<Vec<Shown>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_latest_validation_results(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<ResultsQuery>,
) -> Result<Reply<Vec<Shown>>> {
    project.require(Action::Manage, Subject::Validation)?;
    let page = PageQuery::of(query.page, query.page_size)?;
    let found = match query.job_id.filter(|id| !id.is_empty()) {
        Some(id) => of_work(&app, &project, &id).await?,
        None => of_project(&app, &project).await?,
    };
    Ok(Reply(match page {
        Some(page) => found
            .into_iter()
            .skip(page.skip())
            .take(page.take())
            .collect(),
        None => found,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidationPath {
    validation_id: f64,
}

/// Dismisses one thing of what the project's last validation found. It stays dismissed as long as it is found again.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/validate/{validationId}", operation_id = "DeleteValidationDismiss",
               tag = "Projects", params(("projectUuid" = String, Path), ("validationId" = f64, Path)),
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_validation_dismiss(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ValidationPath>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Validation)?;
    let number = path.validation_id;
    // Ids have 53 bits; every other number is one of nothing.
    let is_id = number.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&number);
    if !is_id {
        return Err(Error::NotFound(Kind::Validation));
    }
    app.store.dismiss(project.id(), number as u64).await?;
    Ok(Done)
}
