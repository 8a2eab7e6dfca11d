//! Charts, dashboards and SQL charts: heads, versions, and the index of a project's content.
//!
//! Whatever changes a head changes its row in the index in the same transaction. A part of the index is written whole, if it
//! is as it was read; who loses that race reads it again.

mod edit;

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::{Store, keys, page::read};
use crate::{
    Error, Result,
    domain::{
        content::{Content, ContentKind, Index, SHARDS, Version},
        id::{ContentId, ProjectId},
        packed::Packed,
    },
};

pub use edit::{EDITS, Edit, LARGEST_CHUNK, NewContent, Slug};

/// A part of the index.
#[derive(Default, Serialize, Deserialize)]
struct Shard {
    rows: Option<Packed>,
    #[serde(default)]
    rev: u64,
}

/// Whose a slug is.
#[derive(Serialize, Deserialize)]
struct Claim {
    content: ContentId,
}

fn slug_kind(what: ContentKind) -> &'static str {
    match what {
        ContentKind::Chart => "chart",
        ContentKind::Dashboard => "dashboard",
        ContentKind::SqlChart => "sql chart",
    }
}

impl Store {
    /// A head; none once it was deleted.
    pub async fn content(&self, what: ContentKind, id: ContentId) -> Result<Option<Content>> {
        let found = self.content_or_deleted(what, id).await?;
        Ok(found.filter(|head| head.deleted_at.is_none()))
    }

    /// A head, also of what was deleted and can be restored.
    pub async fn content_or_deleted(
        &self,
        what: ContentKind,
        id: ContentId,
    ) -> Result<Option<Content>> {
        self.get(&keys::content(what, id)).await
    }

    /// Heads, in one batch for a hundred; what is not there, or deleted, is left out.
    pub async fn contents(&self, wanted: &[(ContentKind, ContentId)]) -> Result<Vec<Content>> {
        let keys: Vec<_> = wanted
            .iter()
            .map(|(what, id)| keys::content(*what, *id))
            .collect();
        let items = self.get_many(&keys).await?.into_iter().flatten();
        let heads: Vec<Content> = items.map(read).collect::<Result<_>>()?;
        Ok(heads
            .into_iter()
            .filter(|head| head.deleted_at.is_none())
            .collect())
    }

    /// Whose a slug is, if anybody's.
    pub async fn content_of_slug(
        &self,
        project: ProjectId,
        what: ContentKind,
        slug: &str,
    ) -> Result<Option<ContentId>> {
        let key = keys::slug(project, slug_kind(what), slug);
        let claim: Option<Claim> = self.get(&key).await?;
        Ok(claim.map(|claim| claim.content))
    }

    /// The index of a project's content. One request, however much there is.
    pub async fn index(&self, project: ProjectId) -> Result<Index> {
        let keys: Vec<_> = (0..SHARDS)
            .map(|part| keys::content_shard(project, part))
            .collect();
        let mut rows = Vec::new();
        for item in self.get_many(&keys).await?.into_iter().flatten() {
            rows.extend(unpack(read(item)?)?.1.into_values());
        }
        Ok(rows.into_iter().collect())
    }

    /// A version by its number.
    pub async fn version(
        &self,
        what: ContentKind,
        id: ContentId,
        number: u32,
    ) -> Result<Option<Version>> {
        self.get(&keys::version(what, id, number)).await
    }

    /// The latest version of a head that was read.
    ///
    /// # Errors
    /// `NotFound` when it is gone meanwhile.
    pub async fn latest(&self, head: &Content) -> Result<Version> {
        let found = self.version(head.what, head.id, head.latest).await?;
        found.ok_or(Error::NotFound(head.what.named()))
    }

    /// The latest versions of several heads, in their order, in one batch for a hundred; those that are gone meanwhile are
    /// left out.
    pub async fn latest_of(&self, heads: &[&Content]) -> Result<Vec<Version>> {
        let keys: Vec<_> = heads
            .iter()
            .map(|head| keys::version(head.what, head.id, head.latest))
            .collect();
        let items = self.get_many(&keys).await?.into_iter().flatten();
        items.map(read).collect()
    }

    /// Hands over the latest versions of any number of heads, in their order; those that are gone meanwhile are left out. A few
    /// of them are in memory at a time, packed: a version is to be dropped before the next one is asked for.
    ///
    /// # Errors
    /// What `visit` answers; `Unavailable` when the table does not answer.
    pub async fn each_latest<'a>(
        &self,
        heads: &[&'a Content],
        mut visit: impl FnMut(&'a Content, Version) -> Result<()>,
    ) -> Result<()> {
        let keys: Vec<_> = heads
            .iter()
            .map(|head| keys::version(head.what, head.id, head.latest))
            .collect();
        let mut reading = self.get_few(&keys);
        let mut heads = heads.iter().copied();
        while let Some(items) = reading.try_next().await? {
            for (item, head) in items.into_iter().zip(heads.by_ref()) {
                if let Some(item) = item {
                    visit(head, read(item)?)?;
                }
            }
        }
        Ok(())
    }

    /// The versions of a head up to a number, the newest first: at most `most`.
    pub async fn versions(&self, head: &Content, last: u32, most: u32) -> Result<Vec<Version>> {
        let first = last.saturating_sub(most.saturating_sub(1)).max(1);
        let keys: Vec<_> = (first..=last)
            .rev()
            .map(|number| keys::version(head.what, head.id, number))
            .collect();
        let items = self.get_many(&keys).await?.into_iter().flatten();
        items.map(read).collect()
    }
}

/// The rows of a part of the index, with its revision.
fn unpack(shard: Shard) -> Result<(u64, BTreeMap<ContentId, Content>)> {
    let rows: Vec<Content> = match shard.rows {
        Some(rows) => rows.unpack_json()?,
        None => Vec::new(),
    };
    Ok((
        shard.rev,
        rows.into_iter().map(|row| (row.id, row)).collect(),
    ))
}
