//! How often charts and dashboards were opened.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Store, keys, page::read, write::Write};
use crate::{
    Result,
    clock::Timestamp,
    domain::{
        content::{ContentKind, Views},
        id::{ContentId, ProjectId},
    },
};

/// Counters that are read in a request.
const BATCH: usize = 100;
/// How many requests for counters are under way at once.
const AT_ONCE: usize = 8;

impl Store {
    /// Counts that something was opened. One write for the first time, else two.
    pub async fn count_view(&self, what: ContentKind, id: ContentId, now: Timestamp) -> Result<()> {
        let count = || {
            Write::update(keys::views(what, id))
                .set("kind", "views")
                .add("views", 1)
                .set("lastViewedAt", now)
        };
        let first = count().set("firstViewedAt", now).when_missing("views");
        if let super::apply::One::Done(_) = self.apply_telling(first).await? {
            return Ok(());
        }
        self.apply([count()]).await
    }

    /// How often each of these was opened, in their order: a request for a hundred, eight at once.
    pub async fn views(&self, wanted: &[(ContentKind, ContentId)]) -> Result<Vec<Views>> {
        let keys: Vec<_> = wanted
            .iter()
            .map(|(what, id)| keys::views(*what, *id))
            .collect();
        let reading: Vec<_> = keys
            .chunks(BATCH)
            .map(|chunk| self.get_many(chunk))
            .collect();
        let items: Vec<Vec<_>> = stream::iter(reading)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let items = items.into_iter().flatten();
        items
            .map(|item| item.map_or(Ok(Views::default()), read))
            .collect()
    }

    /// Lets copies in a project begin with the count of what they are copies of: of one kind, at most ninety, each with its
    /// copy.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn copy_views(
        &self,
        project: ProjectId,
        what: ContentKind,
        copies: &[(ContentId, ContentId)],
    ) -> Result<()> {
        let originals: Vec<_> = copies.iter().map(|(of, _)| (what, *of)).collect();
        let counts = self.views(&originals).await?;
        let viewed = copies.iter().zip(counts);
        let viewed = viewed.filter(|(_, count)| count.views > 0);
        let puts: Vec<_> = viewed
            .map(|((_, copy), count)| Write::put(keys::views(what, *copy), "views", &count))
            .collect();
        if puts.is_empty() {
            return Ok(());
        }
        let stays = std::iter::once(Self::project_stays(project));
        self.apply(stays.chain(puts)).await
    }
}
