//! Where the tables of a project are (reference 20 §1).

use std::collections::BTreeMap;

use app::{
    App, InProject, Ok, Reply, Result,
    domain::{
        access::{Action, Subject},
        catalog::{Place, Places, add_places},
    },
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::explores::{Explores, each};

/// Tables by name, in schemas by name, in databases by name.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct ProjectCatalog(BTreeMap<String, BTreeMap<String, BTreeMap<String, Place>>>);

/// Answers where the tables of all explores are that the caller's attributes do not hide, joined ones as well, whatever the
/// project offers.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/catalog", operation_id = "getProjectCatalog", tag = "Catalog",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<ProjectCatalog>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_project_catalog(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<ProjectCatalog>> {
    project.require(Action::View, Subject::Project)?;
    let explores = Explores::read(&app, &project).await?;
    let mut places = Places::new();
    each(&app, &project, &explores.whole(), |text| {
        add_places(&mut places, text, &explores.attributes)
    })
    .await?;
    Ok(Reply(ProjectCatalog(places)))
}
