//! Virtual views: explores made of a statement (reference 10 §16, 26 §7).

use std::collections::BTreeSet;

use app::{
    App, Done, DoneOk, Error, IdempotencyKey, InProject, Json, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::content_name,
        explore_set::read_explores,
        id::UserId,
    },
    store::{VirtualView, made_once},
};
use axum::extract::State;
use saved::sql_chart::LONGEST_SQL;
use semantic::{Dialect, explore::DimensionType, literal::identifier, model::friendly};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use utoipa::ToSchema;

use crate::run::statement;

/// Columns of a virtual view at most: no table that people ask has more.
const MOST_COLUMNS: usize = 1_000;
/// Characters of a column's name: longer than any that a warehouse allows.
const LONGEST_COLUMN: usize = 300;

/// A column of a statement.
#[derive(Deserialize, ToSchema)]
#[schema(as = VizColumn)]
pub(crate) struct ViewColumn {
    /// Its name.
    reference: String,
    /// Text, if not said.
    #[serde(rename = "type")]
    #[schema(nullable = false)]
    kind: Option<DimensionType>,
}

/// A virtual view as it is to be.
#[derive(Deserialize, ToSchema)]
#[schema(as = CreateVirtualViewPayload)]
pub(crate) struct SentView {
    name: String,
    sql: String,
    columns: Vec<ViewColumn>,
}

/// A virtual view by its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamedView {
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct ViewPath {
    name: String,
}

/// What a view is called in queries: its words in lower case, with underscores between them.
///
/// # Errors
/// `Invalid` when there is no letter or digit in it.
fn called(name: &str) -> Result<String> {
    let words = friendly(&content_name(name)?).to_lowercase();
    let words: Vec<_> = words.split_whitespace().collect();
    let called = words.join("_");
    let fits = |c: char| c.is_alphanumeric() || c == '_';
    if called.is_empty() || !called.chars().all(fits) {
        return Err(Error::invalid("The name of a view has letters or digits"));
    }
    Ok(called)
}

impl SentView {
    /// The explore as JSON: one table, whose rows are those of the statement, with one dimension for each column.
    ///
    /// # Errors
    /// `Invalid` without a statement or without columns, for columns that come twice, and for what is too long.
    fn explore(&self, dialect: Dialect, name: &str, label: &str) -> Result<String> {
        let sql = statement(&self.sql)?;
        if sql.chars().nth(LONGEST_SQL).is_some() {
            return Err(Error::invalid("A statement has at most 200000 characters"));
        }
        if !(1..=MOST_COLUMNS).contains(&self.columns.len()) {
            return Err(Error::invalid("A view has 1 to 1000 columns"));
        }
        let mut ids = BTreeSet::new();
        let mut dimensions = Map::new();
        for (at, column) in self.columns.iter().enumerate() {
            let reference = column.reference.as_str();
            if reference.is_empty() || reference.chars().nth(LONGEST_COLUMN).is_some() {
                return Err(Error::invalid(
                    "The name of a column has 1 to 300 characters",
                ));
            }
            // In ids of fields a point is two underscores.
            if !ids.insert(reference.replace('.', "__")) {
                return Err(Error::invalid(format!(
                    "There are two columns \"{reference}\""
                )));
            }
            let quoted = identifier(dialect, reference);
            let dimension = json!({
                "fieldType": "dimension", "type": column.kind.unwrap_or(DimensionType::String), "name": reference,
                "label": friendly(reference), "table": name, "tableLabel": label, "sql": format!("${{TABLE}}.{quoted}"),
                "compiledSql": format!("{}.{quoted}", identifier(dialect, name)), "hidden": false, "groups": [],
                "isIntervalBase": false, "index": at, "tablesReferences": [name],
            });
            dimensions.insert(reference.to_owned(), dimension);
        }
        // What is behind a comment in the last line would be part of it.
        let end = sql
            .lines()
            .last()
            .is_some_and(|line| line.contains("--") || line.contains('#'));
        let end = if end { "\n" } else { "" };
        let table = json!({
            "name": name, "label": label, "database": dialect.name(), "schema": "", "sqlTable": format!("({sql}{end})"),
            "dimensions": dimensions, "metrics": {}, "lineageGraph": {},
        });
        let tables = Map::from_iter([(name.to_owned(), table)]);
        let explore: Value = json!({
            "name": name, "label": label, "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": dialect,
            "type": "virtual", "tables": tables,
        });
        Ok(explore.to_string())
    }
}

/// Reads the explore of a view as a deploy reads it, and puts it where it belongs: as a new one, if somebody's request makes it.
async fn put(
    app: &App,
    project: &InProject,
    explore: &str,
    made: Option<(UserId, Option<&str>)>,
) -> Result<()> {
    let unreadable = |error: serde_json::Error| Error::Internal(error.into());
    let raw: &RawValue = serde_json::from_str(explore).map_err(unreadable)?;
    for given in &read_explores(vec![raw])? {
        let view = match made {
            Some(request) => VirtualView::New(given, request),
            None => VirtualView::Changed(given),
        };
        let now = app.clock.now();
        app.store.set_virtual_view(project.id(), &view, now).await?;
    }
    Ok(())
}

/// Makes an explore of a statement. It is called by the words of its name in lower case.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/sqlRunner/virtual-view", operation_id = "createVirtualView", tag = "SQL runner",
               params(("projectUuid" = String, Path)), request_body = SentView,
               responses((status = 200, body = Ok<NamedView>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn create_virtual_view(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<SentView>,
) -> Result<Reply<NamedView>> {
    project.require(Action::Manage, Subject::VirtualView)?;
    let (id, now) = (project.id(), app.clock.now());
    let request = (project.user.id, key.as_deref());
    let earlier = app.store.virtual_view_made_before(id, request, now);
    if let Some(name) = earlier.await? {
        return Ok(Reply(NamedView { name }));
    }
    let name = called(&body.name)?;
    let dialect = query::login::dialect(&app, id).await?;
    let explore = body.explore(dialect, &name, &friendly(&name))?;

    let made = put(&app, &project, &explore, Some(request)).await;
    let earlier = app.store.virtual_view_made_before(id, request, now);
    let name = made_once(made.map(|()| name), earlier).await?;
    Ok(Reply(NamedView { name }))
}

/// Gives a virtual view another statement and other columns; the name that is sent becomes its label.
#[utoipa::path(put, path = "/api/v1/projects/{projectUuid}/sqlRunner/virtual-view/{name}", operation_id = "updateVirtualView", tag = "SQL runner",
               params(("projectUuid" = String, Path), ("name" = String, Path)), request_body = SentView,
               responses((status = 200, body = Ok<NamedView>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn update_virtual_view(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ViewPath>,
    Json(body): Json<SentView>,
) -> Result<Reply<NamedView>> {
    project.require(Action::Manage, Subject::VirtualView)?;
    let (name, label) = (path.name, content_name(&body.name)?);
    let dialect = query::login::dialect(&app, project.id()).await?;
    let explore = body.explore(dialect, &name, &label)?;

    put(&app, &project, &explore, None).await?;
    Ok(Reply(NamedView { name }))
}

/// Removes a virtual view; one that is not there is no failure. Charts on it stay, and cannot be asked any more.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/sqlRunner/virtual-view/{name}", operation_id = "deleteVirtualView",
               tag = "SQL runner", params(("projectUuid" = String, Path), ("name" = String, Path)),
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn delete_virtual_view(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ViewPath>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::VirtualView)?;
    let (view, now) = (VirtualView::Removed(&path.name), app.clock.now());
    app.store.set_virtual_view(project.id(), &view, now).await?;
    Ok(Done)
}
