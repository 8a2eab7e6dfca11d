//! Which explores a project offers.

use super::{Store, keys};
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
}
