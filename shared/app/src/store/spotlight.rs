//! How the metrics list of a project is shown: one item.

use super::{Store, keys, write::Write};
use crate::{
    Result,
    domain::{id::ProjectId, spotlight::SpotlightConfig},
};

impl Store {
    /// How the metrics list of a project is shown; none when nobody said.
    pub async fn spotlight(&self, project: ProjectId) -> Result<Option<SpotlightConfig>> {
        self.get(&keys::spotlight(project)).await
    }

    /// Says how the metrics list of a project is shown.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn put_spotlight(&self, project: ProjectId, config: &SpotlightConfig) -> Result<()> {
        self.apply([
            Self::project_stays(project),
            Write::put(keys::spotlight(project), "spotlight", config),
        ])
        .await
    }

    /// Leaves it to clients again how the metrics list is shown; nothing to take back is fine.
    pub async fn delete_spotlight(&self, project: ProjectId) -> Result<()> {
        self.apply([Write::delete(keys::spotlight(project))]).await
    }
}
