//! Copies of a project's explores in a preview of it.

use std::collections::BTreeSet;

use super::{Content, ContentHash, Entry, ExploreSet, TRIES, content, shards_of};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::id::ProjectId,
    error::Kind,
    store::{Store, explore::missing, keys, page::read},
};

/// How many bodies are copied at once: each may have some hundred KB.
const BODIES: usize = 25;

impl Store {
    /// Gives a project the explores of another one: all of them when it has none of its own, and else those that are virtual
    /// and whose names are free. Bodies first, a few at a time, and then the pointer. May be repeated at any time. Answers how
    /// many it has then.
    ///
    /// # Errors
    /// `NotExists` when the project is gone; `Unavailable` when the table does not answer; `Changed` when others keep coming
    /// before.
    pub async fn copy_explores(
        &self,
        from: ProjectId,
        to: ProjectId,
        now: Timestamp,
    ) -> Result<usize> {
        for _ in 0..TRIES {
            let source = self.current(from).await?.entries;
            let target = self.current(to).await?;
            let (names, bodies): (BTreeSet<_>, BTreeSet<_>) = target
                .entries
                .iter()
                .map(|entry| (entry.name.as_str(), &entry.body))
                .unzip();
            let is_new = target.set.is_none();
            let wanted = |entry: &&Entry| {
                is_new || (entry.is_virtual && !names.contains(entry.name.as_str()))
            };
            let added: Vec<&Entry> = source.iter().filter(wanted).collect();
            let list: Vec<&Entry> = target.entries.iter().chain(added.iter().copied()).collect();
            if added.is_empty() {
                return Ok(list.len());
            }
            let unknown = added.iter().map(|entry| &entry.body);
            let unknown: BTreeSet<_> = unknown.filter(|body| !bodies.contains(body)).collect();
            self.copy_bodies(&unknown.into_iter().collect::<Vec<_>>(), (from, to), now)
                .await?;
            let (shards, writes) = shards_of(to, &list, target.set.as_ref(), now)?;
            self.put_all(writes).await?;
            let set = ExploreSet {
                shards,
                number: target.set.as_ref().map_or(1, |set| set.number + 1),
                explores: list.len(),
                deployed_at: now,
            };
            let writes = self.switch_writes(to, target.set.as_ref(), &set, now);
            match self.apply(writes).await {
                Err(Error::Changed(Kind::Explore)) => {}
                done => return done.map(|()| list.len()),
            }
        }
        Err(Error::Changed(Kind::Explore))
    }

    /// Copies bodies as they are packed. What a project that goes meanwhile gets of them, its walks find.
    async fn copy_bodies(
        &self,
        bodies: &[&ContentHash],
        (from, to): (ProjectId, ProjectId),
        now: Timestamp,
    ) -> Result<()> {
        for chunk in bodies.chunks(BODIES) {
            let there = self.project(to).await?;
            there.ok_or(Error::NotExists(Kind::Project))?;
            let heads: Vec<_> = chunk
                .iter()
                .map(|body| keys::explore_body(from, body))
                .collect();
            let mut writes = Vec::new();
            let found = self.get_many(&heads).await?;
            for (body, item) in chunk.iter().zip(found) {
                let head: Content = read(item.ok_or_else(missing)?)?;
                let mut packed = head.data.0;
                let parts: Vec<_> = (1..=head.parts)
                    .map(|part| keys::explore_part(from, body, part))
                    .collect();
                for item in self.get_many(&parts).await? {
                    let part: Content = read(item.ok_or_else(missing)?)?;
                    packed.extend(part.data.0);
                }
                writes.extend(content(to, body, &packed, now));
            }
            self.put_all(writes).await?;
        }
        Ok(())
    }
}
