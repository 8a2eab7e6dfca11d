//! Explores that are asked something.

use std::sync::Arc;

use app::{App, Error, InProject, Kind, Result, domain::explore_set::Entry, store::ExploreBody};
use semantic::{CompileError, CompileErrors, Reason};

/// An explore that can be asked something, as it was deployed.
///
/// # Errors
/// `NotExists` when there is none of the name, or it could not be compiled.
pub async fn readable(
    app: &App,
    project: &InProject,
    name: &str,
) -> Result<(Entry, Arc<ExploreBody>)> {
    let found = app.store.explore(project.id(), name).await?;
    let found = found.filter(|(entry, _)| !entry.is_error);
    found.ok_or(Error::NotExists(Kind::Explore))
}

/// The explore as a whole is not for the caller.
pub fn not_allowed(name: &str) -> Error {
    Error::Compile(CompileErrors(vec![CompileError {
        reason: Reason::Hidden,
        message: format!("You are not allowed to see \"{name}\""),
        path: "exploreId".to_owned(),
        hint: None,
    }]))
}
