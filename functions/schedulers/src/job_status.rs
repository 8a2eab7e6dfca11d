//! How a job goes that somebody began.

use app::{
    App, CurrentUser, Error, Ok, Path, Reply, Result,
    domain::{
        id::UserId,
        packed::Packed,
        query::{Failure, Outcome, Purpose, Query},
        work::{Work, WorkKind, WorkStatus},
    },
};
use axum::extract::State;
use query::{
    download,
    export::link_of_job,
    job::{Progress, State as JobState, progress, seen},
    page,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPath {
    job_id: String,
}

/// How a job goes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobStatus {
    status: JobState,
    /// Whose it is, and what came of it: `fileUrl`, `truncated` and `columns`, of turned rows `indexColumn`, `valuesColumns` and
    /// `columnCount`; of a rename `results` and `places`; of a copy how much came, and for whoever began it `notCopied`, what did
    /// not and why; or `error`, `lineNumber` and `charNumber`.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    details: Map<String, Value>,
}

/// Answers how a job of the caller's own goes: a file, a statement of the SQL runner, a query; or of other work: a
/// validation, a rename, a copy of content. Developers see how another's goes, without what tells of the rows.
#[utoipa::path(get, path = "/api/v1/schedulers/job/{jobId}/status", operation_id = "getSchedulerJobStatus", tag = "Schedulers",
               params(("jobId" = String, Path)), responses((status = 200, body = Ok<JobStatus>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_scheduler_job_status(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<JobPath>,
) -> Result<Reply<JobStatus>> {
    let (query, own) = match seen(&app, user.clone(), &path.job_id).await {
        Err(Error::NotFound(_)) => {
            let reader = user.id;
            let (work, whole) = saved::work::seen(&app, user, &path.job_id).await?;
            return of_work(&app, &work, whole.then_some(reader))
                .await
                .map(Reply);
        }
        query => query?,
    };
    let progress = progress(&app, &query).await?;
    let mut details = Map::new();
    let mut tell = |key: &str, value: Value| details.insert(key.to_owned(), value);
    tell("projectUuid", json!(query.project));
    tell("organizationUuid", json!(query.organization));
    tell("createdByUserUuid", json!(query.user));
    match &progress {
        Progress::Failed(failure) if own => failed(failure, tell),
        Progress::Completed(outcome) if own => completed(&app, &query, outcome, tell).await?,
        _ => {}
    }
    Ok(Reply(JobStatus {
        status: progress.state(),
        details,
    }))
}

/// How work goes that is no question to a warehouse: for a reader who may see that, with what came of it, or why it failed.
async fn of_work(app: &App, work: &Work, reader: Option<UserId>) -> Result<JobStatus> {
    let mut details = Map::new();
    let known = [
        ("projectUuid", json!(work.project)),
        ("organizationUuid", json!(work.organization)),
        ("createdByUserUuid", json!(work.user)),
    ];
    details.extend(known.map(|(key, value)| (key.to_owned(), value)));
    let given_up = saved::work::given_up(app, work).await?;
    if let Some(reader) = reader {
        details.extend(came(app, work).await?);
        if work.user != reader {
            // Names in it are what its owner may see.
            details.remove("notCopied");
            details.remove("notCopiedCut");
        }
        let error = work.error.as_ref().or(given_up.as_ref());
        details.extend(error.map(|error| ("error".to_owned(), json!(error))));
    }
    let status = match work.status {
        _ if given_up.is_some() => JobState::Error,
        WorkStatus::Scheduled => JobState::Scheduled,
        WorkStatus::Started => JobState::Started,
        WorkStatus::Completed => JobState::Completed,
        WorkStatus::Error => JobState::Error,
    };
    Ok(JobStatus { status, details })
}

/// What came of work: of a file a link that is signed now.
async fn came(app: &App, work: &Work) -> Result<Map<String, Value>> {
    if work.what == WorkKind::QueryFile {
        let link = download::link(app, work).await?;
        let shown = link.map(|(url, truncated)| {
            [
                ("fileUrl".to_owned(), json!(url)),
                ("truncated".to_owned(), json!(truncated)),
            ]
        });
        return Ok(shown.into_iter().flatten().collect());
    }
    let details = work.details.as_ref().map(Packed::unpack_json);
    match details.transpose()? {
        Some(Value::Object(came)) => Ok(came),
        _ => Ok(Map::new()),
    }
}

fn failed(failure: &Failure, mut tell: impl FnMut(&str, Value) -> Option<Value>) {
    tell("error", json!(failure.message));
    let place = [
        ("lineNumber", failure.line),
        ("charNumber", failure.character),
    ];
    for (key, number) in place {
        if let Some(number) = number {
            tell(key, json!(number));
        }
    }
}

/// Where the result is. What is read by somebody who is signed in needs no link of its own.
async fn completed(
    app: &App,
    query: &Query,
    outcome: &Outcome,
    mut tell: impl FnMut(&str, Value) -> Option<Value>,
) -> Result<()> {
    let (site, project, id) = (&app.config.site_url, query.project, query.id);
    let url = match query.purpose {
        Purpose::Csv => link_of_job(app, query, outcome).await?,
        Purpose::SqlRunner => format!("{site}/api/v1/projects/{project}/sqlRunner/results/{id}"),
        Purpose::Rows => format!("{site}/api/v2/projects/{project}/query/{id}/results"),
    };
    tell("truncated", json!(outcome.truncated));
    let pivot = &outcome.pivot;
    if query.purpose == Purpose::SqlRunner && !pivot.is_null() {
        tell("indexColumn", pivot["indexColumn"].clone());
        tell("valuesColumns", pivot["valuesColumns"].clone());
        tell("columnCount", pivot["totalColumnCount"].clone());
    } else if query.purpose != Purpose::Csv {
        let columns = page::columns(outcome)?;
        let shown = columns
            .iter()
            .map(|column| json!({ "reference": column.name, "type": column.r#type.simple() }));
        tell("columns", shown.collect());
    }
    tell("fileUrl", json!(url));
    Ok(())
}
