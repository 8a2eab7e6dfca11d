//! Tags of a project. All of them are one item, so that a list of any length is replaced at once: nobody sees half of
//! it, and whose a name is, is decided where it is written.

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{ProjectId, TagId, UserId},
        tag::{Tag, Tags},
    },
    error::Kind,
};

/// How often tags that changed meanwhile are read again.
const TRIES: u32 = 8;

impl Store {
    /// A project's tags.
    pub async fn tags(&self, project: ProjectId) -> Result<Tags> {
        Ok(self.get(&keys::tags(project)).await?.unwrap_or_default())
    }

    /// The id of the tag that an earlier request with the same idempotency key made, unless it was deleted since.
    pub async fn tag_made_before(
        &self,
        project: ProjectId,
        (by, key): (UserId, Option<&str>),
        now: Timestamp,
    ) -> Result<Option<TagId>> {
        let made = self.made_before(by, ("tag", key), now).await?;
        let Some(made) = made.as_deref().and_then(TagId::parse) else {
            return Ok(None);
        };
        Ok(self.tags(project).await?.get(made).map(|tag| tag.id))
    }

    /// One tag more, and the claim of the request's idempotency key.
    ///
    /// # Errors
    /// `Exists` when its name is taken, also by a request with the same key that was a moment earlier; `Invalid` when
    /// there are too many; `NotExists` when the project is gone; `Changed` when others change the tags all the time.
    pub async fn create_tag(
        &self,
        project: ProjectId,
        tag: &Tag,
        (by, key): (UserId, Option<&str>),
        now: Timestamp,
    ) -> Result<()> {
        let made = tag.id.to_string();
        let claim = || {
            let claim = Self::claim_write(by, ("tag", key?), &made, now);
            Some(claim.or(Error::Changed(Kind::Tag)))
        };
        self.replace_tags_with(project, |tags| tags.with(tag.clone()), claim)
            .await
    }

    /// Changes a project's tags: `change` makes the new ones of those that are there, and is asked again when somebody
    /// else was quicker. Nothing is written when it changes nothing. Two requests.
    ///
    /// # Errors
    /// What `change` answers; `NotExists` when the project is gone; `Changed` when others change them all the time;
    /// `Invalid` when they are too large together.
    pub async fn change_tags(
        &self,
        project: ProjectId,
        change: impl Fn(Tags) -> Result<Tags>,
    ) -> Result<()> {
        self.replace_tags_with(project, change, || None).await
    }

    async fn replace_tags_with(
        &self,
        project: ProjectId,
        change: impl Fn(Tags) -> Result<Tags>,
        beside: impl Fn() -> Option<Write>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let found: Option<Tags> = self.get(&keys::tags(project)).await?;
            let known = found.is_some();
            let old = found.unwrap_or_default();
            let new = change(old.clone())?;
            if new == old {
                return Ok(());
            }
            let rev = old.rev;
            let new = Tags {
                rev: rev + 1,
                ..new
            };
            let put = Write::put(keys::tags(project), "tags", &new);
            let put = if known {
                put.when_equal("rev", rev)
            } else {
                put.when_absent()
            };
            let writes = [
                Self::project_stays(project),
                put.or(Error::Changed(Kind::Tag)),
            ];
            match self.apply(writes.into_iter().chain(beside())).await {
                Err(Error::Changed(_)) => {}
                other => return other,
            }
        }
        Err(Error::Changed(Kind::Tag))
    }
}
