//! Removing charts, dashboards and SQL charts for good.

use super::{Store, Until, keys};
use crate::{
    Result,
    domain::{
        content::{Content, ContentKind},
        id::{ContentId, ProjectId},
    },
};

/// How many keys are read before they are deleted.
const KEYS: i32 = 200;

impl Store {
    /// Removes everything of what was deleted longer ago than it is kept: heads last, so that it may be repeated. What was
    /// restored meanwhile stays.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn remove_contents(&self, contents: &[(ContentKind, ContentId)]) -> Result<()> {
        for (what, id) in contents {
            let head: Option<Content> = self.get(&keys::content(*what, *id)).await?;
            if head.is_some_and(|head| head.deleted_at.is_some()) {
                self.remove_content(*what, *id).await?;
            }
        }
        Ok(())
    }

    /// Removes everything that one of these has, its head last.
    async fn remove_content(&self, what: ContentKind, id: ContentId) -> Result<()> {
        let pk = keys::content_partition(what, id);
        let head = keys::content(what, id);
        self.delete_all(&[keys::views(what, id)]).await?;
        loop {
            let mut keys = self.keys_under(&pk, "", KEYS).await?;
            keys.retain(|key| *key != head);
            if keys.is_empty() {
                break;
            }
            self.delete_all(&keys).await?;
        }
        self.delete_all(&[head]).await
    }

    /// Removes everything that a deleted project has of these, a part of the index at a time; false when time was over first.
    pub(super) async fn remove_contents_of(
        &self,
        project: ProjectId,
        until: Until,
    ) -> Result<bool> {
        let index = self.index(project).await?;
        for row in index.live().chain(index.deleted()) {
            self.remove_content(row.what, row.id).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
