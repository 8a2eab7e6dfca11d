//! The SQL runner: what tables there are, and statements of one's own (reference 13 §6).

use std::collections::{BTreeMap, HashMap};

use app::{
    App, Done, DoneOk, Error, InProject, Json, Kind, Ok, Path, Query as Params, Reply, Result,
    domain::{
        access::{Action, Subject},
        query::Purpose,
    },
    http::Carrier,
};
use axum::{extract::State, response::Response};
use query::{
    Asked, Asker, Login, answer::JobBegun, asked::Manner, catalogue, login::Overrides, run::Tags,
    submit,
};
use semantic::pivot::{IndexColumn, Pivot, PivotSort, Reference, ValuesColumn};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{queries, query_lines, run::statement, sql_charts};

/// What a list says of a table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    partition_column: Option<PartitionColumn>,
}

/// The column that a table's partitions are by.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartitionColumn {
    field: String,
    partition_type: &'static str,
}

/// Tables by database, schema and name.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Catalogue(BTreeMap<String, BTreeMap<String, BTreeMap<String, ListedTable>>>);

/// Lists the warehouse's tables: by database, schema and name, as they were an hour ago at most.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/tables", operation_id = "getTables", tag = "SQL runner",
               params(("projectUuid" = String, Path)),
               responses((status = 200, body = Ok<Catalogue>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_tables(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Catalogue>> {
    project.require(Action::Manage, Subject::SqlRunner)?;
    let mut all = BTreeMap::<_, BTreeMap<_, BTreeMap<_, _>>>::new();
    for table in catalogue::tables(&app, (&project).into()).await? {
        let partition = table.partition.map(|one| PartitionColumn {
            field: one.field,
            partition_type: if one.by_range { "RANGE" } else { "DATE" },
        });
        let schemas = all.entry(table.database).or_default();
        let tables = schemas.entry(table.schema).or_default();
        let listed = ListedTable {
            partition_column: partition,
        };
        tables.insert(table.name, listed);
    }
    Ok(Reply(Catalogue(all)))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct TableParams {
    #[param(nullable = false)]
    table_name: Option<String>,
    #[param(nullable = false)]
    schema_name: Option<String>,
    #[param(nullable = false)]
    database_name: Option<String>,
    /// What some clients call `tableName`.
    #[param(nullable = false)]
    table: Option<String>,
    /// What some clients call `schemaName`.
    #[param(nullable = false)]
    schema: Option<String>,
}

/// Answers a table's columns and their types.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/fields", operation_id = "getTableFields", tag = "SQL runner",
               params(("projectUuid" = String, Path), TableParams),
               responses((status = 200, body = Ok<HashMap<String, String>>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_table_fields(
    State(app): State<App>,
    project: InProject,
    Params(params): Params<TableParams>,
) -> Result<Reply<BTreeMap<String, &'static str>>> {
    project.require(Action::Manage, Subject::SqlRunner)?;
    let table = params.table_name.or(params.table);
    let table = table.ok_or_else(|| Error::invalid("Say which table, by tableName"))?;
    let schema = params.schema_name.or(params.schema);
    let schema = schema.ok_or_else(|| Error::invalid("Say which schema, by schemaName"))?;
    let login = Login::of(&app, (&project).into(), &Overrides::default()).await?;
    let database = params.database_name.as_deref();
    let found = login.warehouse.fields(database, Some(&schema), &table);
    let columns = catalogue::waited(found).await?;
    if columns.is_empty() {
        return Err(Error::NotFound(Kind::Table));
    }
    let kinds = columns.into_iter();
    Ok(Reply(
        kinds.map(|one| (one.name, one.r#type.simple())).collect(),
    ))
}

/// Reads the list of the warehouse's tables anew, for everybody with the same login.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/sqlRunner/refresh-catalog", operation_id = "refreshSqlRunnerCatalog",
               tag = "SQL runner", params(("projectUuid" = String, Path)), responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn refresh_sql_runner_catalog(
    State(app): State<App>,
    project: InProject,
) -> Result<Done> {
    project.require(Action::Manage, Subject::CustomSql)?;
    catalogue::refresh(&app, (&project).into()).await?;
    Ok(Done)
}

/// A statement.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SqlRunnerBody)]
pub(crate) struct RunStatement {
    sql: String,
    /// Rows at most.
    #[schema(nullable = false)]
    limit: Option<f64>,
}

/// A number of rows as it was sent.
fn rows(limit: Option<f64>) -> Result<Option<u64>> {
    match limit {
        None => Ok(None),
        Some(limit) if (0.0..=2_147_483_647.0).contains(&limit) && limit.fract() == 0.0 => {
            Ok(Some(limit as u64))
        }
        Some(_) => Err(Error::invalid("A limit is a whole number of rows")),
    }
}

/// Begins a statement; `getSchedulerJobStatus` tells when its rows are there.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/sqlRunner/run", operation_id = "runSql", tag = "SQL runner",
               params(("projectUuid" = String, Path)), request_body = RunStatement,
               responses((status = 200, body = Ok<JobBegun>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn run_sql(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<RunStatement>,
) -> Result<Reply<JobBegun>> {
    require(&project)?;
    let asked = Asked {
        sql: statement(&body.sql)?.to_owned(),
        most: rows(body.limit)?,
        ..asked_for("sqlRunner")
    };
    begin(&app, (&project).into(), &asked).await
}

/// A statement whose rows are turned.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SqlRunnerPivotQueryBody)]
pub(crate) struct RunTurned {
    sql: String,
    #[schema(nullable = false)]
    limit: Option<f64>,
    #[schema(nullable = false, value_type = Option<Value>)]
    index_column: Option<IndexColumn>,
    #[schema(value_type = Vec<Value>)]
    values_columns: Vec<ValuesColumn>,
    #[schema(nullable = false, value_type = Option<Vec<Value>>)]
    group_by_columns: Option<Vec<Reference>>,
    #[schema(nullable = false, value_type = Option<Vec<Value>>)]
    sort_by: Option<Vec<PivotSort>>,
    /// The SQL chart whose statement is meant instead of `sql`.
    #[schema(nullable = false)]
    saved_sql_uuid: Option<String>,
}

/// Begins a statement whose rows are turned: one's own, or that of a saved SQL chart, for which it is enough to see that.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/sqlRunner/runPivotQuery", operation_id = "runSqlPivotQuery", tag = "SQL runner",
               params(("projectUuid" = String, Path)), request_body = RunTurned,
               responses((status = 200, body = Ok<JobBegun>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn run_sql_pivot_query(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<RunTurned>,
) -> Result<Reply<JobBegun>> {
    let sql = match &body.saved_sql_uuid {
        Some(id) => sql_charts::named(&app, &project, id).await?.1.sql,
        None => {
            require(&project)?;
            body.sql
        }
    };
    let dialect = query::login::dialect(&app, project.id()).await?;
    let limit = rows(body.limit)?.and_then(|limit| u32::try_from(limit).ok());
    let pivot = Pivot {
        index_column: body.index_column,
        values_columns: body.values_columns,
        group_by_columns: body.group_by_columns,
        sort_by: body.sort_by,
    };
    let asked = Asked {
        sql: semantic::pivot::pivot(dialect, statement(&sql)?, &pivot, limit)?,
        pivot: Some(pivot),
        ..asked_for("sqlRunner")
    };
    begin(&app, (&project).into(), &asked).await
}

fn require(project: &InProject) -> Result<()> {
    project.require(Action::Create, Subject::Job)?;
    project.require(Action::Manage, Subject::SqlRunner)
}

/// What is asked without an explore; warehouses are told what for.
pub(crate) fn asked_for(context: &str) -> Asked {
    Asked {
        tags: Tags {
            context: context.to_owned(),
            ..Tags::default()
        },
        ..Asked::default()
    }
}

/// Begins a statement as a job that is polled.
pub(crate) async fn begin(app: &App, asker: Asker, asked: &Asked) -> Result<Reply<JobBegun>> {
    let manner = Manner {
        purpose: Purpose::SqlRunner,
        fresh: true,
    };
    let submitted = submit(app, asker, asked, manner).await?;
    Ok(Reply(JobBegun {
        job_id: submitted.query.id,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilePath {
    file_id: String,
}

/// Answers the rows of a statement of the caller's as JSON lines.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/sqlRunner/results/{fileId}", operation_id = "getLocalResults", tag = "SQL runner",
               params(("projectUuid" = String, Path), ("fileId" = String, Path)),
               responses((status = 200, body = Value)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_local_results(
    State(app): State<App>,
    project: InProject,
    carrier: Carrier,
    Path(path): Path<FilePath>,
) -> Result<Response> {
    let query = queries::kept(&app, &project, &path.file_id).await?;
    query_lines::lines(&app, &carrier, &query).await
}
