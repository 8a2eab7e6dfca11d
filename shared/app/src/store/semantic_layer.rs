//! A project's connection to a semantic layer.

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    domain::{id::ProjectId, semantic_layer::StoredSemanticLayer},
    error::Kind,
};

impl Store {
    /// A project's connection to a semantic layer.
    pub async fn semantic_layer(&self, project: ProjectId) -> Result<Option<StoredSemanticLayer>> {
        self.get(&keys::semantic_layer(project)).await
    }

    /// Puts a connection in the place of the one that was read, if any.
    ///
    /// # Errors
    /// `Changed` when that one was changed meanwhile; `NotExists` when the project is gone.
    pub async fn replace_semantic_layer(
        &self,
        project: ProjectId,
        old: Option<&StoredSemanticLayer>,
        new: &StoredSemanticLayer,
    ) -> Result<()> {
        let put = Write::put(keys::semantic_layer(project), "semantic layer", new);
        let put = match old {
            // Sealing is never twice the same: another connection in its place, even with the same content, is another one.
            Some(old) => put.when_equal("sealed", &old.sealed),
            None => put.when_absent(),
        };
        self.apply([
            Self::project_stays(project),
            put.or(Error::Changed(Kind::SemanticLayer)),
        ])
        .await
    }

    /// Removes a project's connection to a semantic layer; one that is not there is fine.
    pub async fn delete_semantic_layer(&self, project: ProjectId) -> Result<()> {
        self.apply([Write::delete(keys::semantic_layer(project))])
            .await
    }
}
