//! Listing explores, reading one, and replacing all of them.

use app::{
    App, Beside, Done, DoneOk, InProject, Ok, Path, Query, Reply, Result, Upload,
    domain::{
        access::{Action, Subject},
        explore_set::{Entry, no_array, read_explores},
        table_selection::TableSelection,
    },
};
use axum::extract::State;
use query::{attributes, explore::seen};
use semantic::{
    Explore, UserAttributes,
    explore::{ExploreType, InlineError},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

/// An explore in a list; one that could not be compiled has `errors`, and no `type`. What is answered was made of this when
/// the explore was deployed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SummaryExplore)]
pub(crate) struct ExploreSummary {
    name: String,
    label: String,
    tags: Vec<String>,
    #[schema(nullable = false)]
    group_label: Option<String>,
    #[serde(rename = "type")]
    #[schema(nullable = false)]
    explore_type: Option<ExploreType>,
    #[schema(nullable = false)]
    database_name: Option<String>,
    #[schema(nullable = false)]
    schema_name: Option<String>,
    #[schema(nullable = false)]
    description: Option<String>,
    #[schema(nullable = false)]
    errors: Option<Vec<InlineError>>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExploresQuery {
    /// Whether the project's choice of what it offers counts: only the word `true` means yes.
    #[param(nullable = false)]
    filtered: Option<String>,
}

/// Lists a project's explores by their labels. Explores whose base table the caller's attributes hide are left out.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/explores", operation_id = "GetExplores", tag = "Projects",
               params(("projectUuid" = String, Path), ExploresQuery), responses((status = 200, body = Ok<Vec<ExploreSummary>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_explores(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<ExploresQuery>,
) -> Result<Reply<Vec<Box<RawValue>>>> {
    project.require(Action::View, Subject::Project)?;
    let mut entries = app.store.explores(project.id()).await?;
    let selection = match query.filtered.as_deref() {
        Some("true") => app.store.table_selection(project.id()).await?,
        _ => TableSelection::default(),
    };
    let attributes = if entries.iter().any(|entry| entry.required.is_some()) {
        attributes::of_caller(&app, &project).await?
    } else {
        UserAttributes::default()
    };
    let visible = |entry: &Entry| {
        let tags = entry.tags.iter().map(String::as_str);
        let required = entry.required.as_ref();
        required.is_none_or(|required| attributes.satisfy(required))
            && selection.offers(&entry.name, tags, entry.is_virtual)
    };
    entries.retain(visible);
    entries.sort_by(|a, b| (&a.label, &a.name).cmp(&(&b.label, &b.name)));
    Ok(Reply(
        entries.into_iter().map(|entry| entry.summary).collect(),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExplorePath {
    pub(crate) explore_id: String,
}

/// Answers an explore as it was deployed, without what the caller's attributes hide.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/explores/{exploreId}", operation_id = "GetExplore", tag = "Projects",
               params(("projectUuid" = String, Path), ("exploreId" = String, Path)), responses((status = 200, body = Ok<Explore>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_explore(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ExplorePath>,
) -> Result<Reply<Box<RawValue>>> {
    project.require(Action::View, Subject::Project)?;
    seen(&app, &project, &path.explore_id).await.map(Reply)
}

/// Begins to check the project's content against its new explores. A deploy does not fail with it.
pub(crate) fn validate_after(app: &App, project: &InProject, beside: &Beside) {
    let (app, project) = (app.clone(), project.clone());
    beside.run("begin a validation", async move {
        saved::validate::begin_after_deploy(&app, &project).await
    });
}

/// Replaces all explores of a project but the virtual ones, at once. What is unchanged is not written again. On Lambda a
/// request has at most 6 MB: larger projects are deployed in batches.
#[utoipa::path(put, path = "/api/v1/projects/{projectUuid}/explores", operation_id = "SetExplores", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = Vec<Value>, responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("mission")), ("x-upload" = json!(true))))]
pub(crate) async fn set_explores(
    State(app): State<App>,
    project: InProject,
    beside: Beside,
    body: Upload,
) -> Result<Done> {
    project.require(Action::Update, Subject::Project)?;
    let given = read_explores(body.read(no_array)?)?;
    app.store
        .set_explores(project.id(), &given, app.clock.now())
        .await?;
    validate_after(&app, &project, &beside);
    Ok(Done)
}
