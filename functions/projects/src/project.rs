//! One project.

use app::{
    App, InProject, Ok, Reply, Result,
    domain::access::{Action, Subject},
    view::ProjectView,
};
use axum::extract::State;

/// Answers a project without its secrets.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}", operation_id = "GetProject", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<ProjectView>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_project(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<ProjectView>> {
    project.require(Action::View, Subject::Project)?;
    let (found, pins) = tokio::try_join!(
        app.store.all_connections(project.id()),
        app.store.pins(project.id()),
    )?;

    let dbt = found.dbt.map(|one| one.shown).unwrap_or_default();
    let changes = project.may(Action::Update, Subject::Project, &project.object());
    let dbt = if changes {
        dbt
    } else {
        dbt.without_installation()
    };
    let warehouse = found.warehouse.map(|one| one.shown);
    let shown = ProjectView::new(project.access.project, warehouse, dbt);
    let shown = shown.with_pins(pins.map(|pins| pins.id));
    Ok(Reply(shown.with_semantic_layer(
        found.semantic_layer.map(|one| one.shown),
    )))
}
