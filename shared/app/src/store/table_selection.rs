//! Which explores a project offers.

use super::{Store, keys, write::Write};
use crate::{
    Result,
    domain::{id::ProjectId, table_selection::TableSelection},
};

impl Store {
    /// What a project offers of its explores; everything, as long as nobody chose.
    pub async fn table_selection(&self, project: ProjectId) -> Result<TableSelection> {
        let found = self.get(&keys::table_selection(project)).await?;
        Ok(found.unwrap_or_default())
    }

    /// Chooses what a project offers of its explores.
    ///
    /// # Errors
    /// `NotExists` when the project is gone; `Invalid` when the choice is too large.
    pub async fn select_tables(
        &self,
        project: ProjectId,
        selection: &TableSelection,
    ) -> Result<()> {
        self.apply([
            Self::project_stays(project),
            Write::put(keys::table_selection(project), "table selection", selection),
        ])
        .await
    }
}
