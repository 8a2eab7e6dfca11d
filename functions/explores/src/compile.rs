//! A metric query as SQL.

use app::{
    App, Error, InProject, Json, Ok, Path, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use semantic::{MetricQuery, Options, UserAttributes, query::CustomDimension};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    attributes,
    explores::{ExplorePath, readable},
};

/// What is answered: the SQL, or an object with it where the setting asks for what current clients expect.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum CompiledQuery {
    Sql(String),
    #[serde(rename_all = "camelCase")]
    Object {
        query: String,
        parameter_references: Vec<String>,
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
    let custom_sql = project.may(Action::Manage, Subject::CustomSql, &project.object());
    if !custom_sql && has_sql_dimension(&query) {
        return Err(Error::CustomSql);
    }
    let (found, start_of_week) = tokio::join!(
        readable(&app, &project, &path.explore_id),
        app.store.start_of_week(project.id()),
    );
    let (entry, body) = found?;
    let attributes = if entry.personal {
        attributes::of_caller(&app, &project).await?
    } else {
        UserAttributes::default()
    };
    let options = Options {
        timezone: timezone(&query)?,
        start_of_week: start_of_week?,
        attributes,
        custom_sql,
        ..Options::new(app.clock.now().into())
    };

    let compiled = semantic::compile(body.explore()?, &query, &options)?;

    Ok(Reply(if app.config.latest_answers {
        CompiledQuery::Object {
            query: compiled.sql,
            parameter_references: Vec::new(),
        }
    } else {
        CompiledQuery::Sql(compiled.sql)
    }))
}

fn has_sql_dimension(query: &MetricQuery) -> bool {
    let custom = query.custom_dimensions.iter().flatten();
    custom
        .into_iter()
        .any(|custom| matches!(custom, CustomDimension::Sql(_)))
}

/// The zone of the query; UTC, if it names none.
fn timezone(query: &MetricQuery) -> Result<chrono_tz::Tz> {
    let Some(name) = query.timezone.as_deref().filter(|name| !name.is_empty()) else {
        return Ok(chrono_tz::Tz::UTC);
    };
    name.parse()
        .map_err(|_| Error::invalid(format!("There is no time zone \"{name}\"")))
}
