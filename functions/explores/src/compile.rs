//! A metric query as SQL.

use app::{
    App, InProject, Json, Ok, Path, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use query::{Question, question::How};
use semantic::MetricQuery;
use serde::Serialize;
use utoipa::ToSchema;

use crate::explores::ExplorePath;

/// What is answered: the SQL, or an object with it where the setting asks for what current clients expect.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum CompiledQuery {
    Sql(String),
    #[serde(rename_all = "camelCase")]
    Object {
        query: String,
        parameter_references: Vec<String>,
        /// What may make a number wrong.
        #[schema(value_type = Vec<Value>)]
        warnings: Vec<semantic::Warning>,
    },
}

/// Compiles a metric query to SQL of the project's warehouse; runs nothing. The explore of the path counts, whatever the body
/// calls it.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/explores/{exploreId}/compileQuery", operation_id = "CompileQuery", tag = "Projects",
               params(("projectUuid" = String, Path), ("exploreId" = String, Path)), request_body = MetricQuery,
               responses((status = 200, body = Ok<CompiledQuery>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn compile_query(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ExplorePath>,
    Json(query): Json<MetricQuery>,
) -> Result<Reply<CompiledQuery>> {
    project.require(Action::View, Subject::Project)?;
    let question = Question::ask(&app, &project, &path.explore_id, query, How::default()).await?;

    Ok(Reply(if app.config.latest_answers {
        CompiledQuery::Object {
            query: question.compiled.sql,
            parameter_references: Vec::new(),
            warnings: question.compiled.warnings,
        }
    } else {
        CompiledQuery::Sql(question.compiled.sql)
    }))
}
