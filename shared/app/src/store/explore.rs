//! The explores of a project: a pointer, the parts of the list, and bodies, each called by the hash of what is in it.
//!
//! What is called so never changes. A reader who has the pointer sees one set, whole, whatever is deployed meanwhile.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use futures_util::{TryStreamExt, stream};
use quick_cache::{Weighter, sync::Cache};
use semantic::Explore;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    Store,
    keys::{self, Key},
    page::read,
    write::Write,
};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        explore_set::{ContentHash, Entry, SHARDS, Shards},
        id::ProjectId,
        packed::Packed,
    },
};

/// How often a reader looks again, who came to something that was removed meanwhile.
const LOOKS: usize = 3;
/// How many items a sweep removes at once.
const AT_ONCE: usize = 8;
/// What one item holds of a body; the rest of it is in further ones.
pub(super) const PART: usize = 300 * 1024;

/// Which set counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExploreSet {
    pub shards: Shards,
    /// One more with each deploy.
    pub number: u64,
    pub explores: usize,
    pub deployed_at: Timestamp,
}

/// Content under its hash.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    pub data: Packed,
    /// How many further items it has.
    #[serde(default)]
    pub parts: usize,
    pub written_at: Timestamp,
}

/// Where the last item of somebody's warehouse connection is shown.
#[derive(Deserialize)]
struct Shown {
    shown: Week,
}

#[derive(Deserialize)]
struct Week {
    #[serde(default, rename = "startOfWeek")]
    start_of_week: Option<u8>,
}

/// What is kept of explores in the process: content under a hash never changes, so it is never stale. Whether somebody may read
/// it is asked each time, before it is looked for.
#[derive(Clone)]
pub(super) struct Kept {
    shards: Arc<Cache<Key, Arc<[u8]>, Size>>,
    bodies: Arc<Cache<Key, Arc<Body>, Size>>,
}

/// A function has 256 MB, of which it needs 15.
const KEPT: u64 = 24 * 1024 * 1024;

impl Default for Kept {
    fn default() -> Self {
        Self {
            shards: Arc::new(Cache::with_weighter(256, KEPT / 3, Size)),
            bodies: Arc::new(Cache::with_weighter(256, KEPT, Size)),
        }
    }
}

/// Bytes that an entry has.
#[derive(Clone)]
struct Size;

impl Weighter<Key, Arc<[u8]>> for Size {
    fn weight(&self, _: &Key, shard: &Arc<[u8]>) -> u64 {
        shard.len() as u64 + 200
    }
}

impl Weighter<Key, Arc<Body>> for Size {
    fn weight(&self, _: &Key, body: &Arc<Body>) -> u64 {
        // Read, it has about twice the bytes of its text.
        body.text.len() as u64 * 3 + 200
    }
}

/// An explore's text, and the explore once somebody has read it.
pub struct Body {
    pub text: String,
    read: OnceLock<Explore>,
}

impl Body {
    /// The explore.
    ///
    /// # Errors
    /// `Internal`: it was read when it was deployed.
    pub fn explore(&self) -> Result<&Explore> {
        if let Some(explore) = self.read.get() {
            return Ok(explore);
        }
        let explore = Explore::from_json(&self.text).map_err(unreadable)?;
        Ok(self.read.get_or_init(|| explore))
    }
}

/// As much of an entry as tells its body.
#[derive(Deserialize)]
pub(super) struct NamedBody {
    pub body: ContentHash,
}

/// The entry of a name. Of the others only as much is read as tells where they end.
fn find(shard: &[u8], name: &str) -> Result<Option<Entry>> {
    let entries: Vec<&RawValue> = serde_json::from_slice(shard).map_err(unreadable)?;
    let written = serde_json::to_string(name).map_err(unreadable)?;
    for entry in entries {
        if entry.get().contains(&written) {
            let entry: Entry = serde_json::from_str(entry.get()).map_err(unreadable)?;
            if entry.name == name {
                return Ok(Some(entry));
            }
        }
    }
    Ok(None)
}

impl Store {
    /// Which set of explores counts; none before the first deploy.
    pub async fn explore_set(&self, project: ProjectId) -> Result<Option<ExploreSet>> {
        self.get(&keys::explores(project)).await
    }

    /// All explores of a project, without their bodies, in no order. Two requests, however many there are.
    pub async fn explores(&self, project: ProjectId) -> Result<Vec<Entry>> {
        for _ in 0..LOOKS {
            let Some(set) = self.explore_set(project).await? else {
                return Ok(Vec::new());
            };
            let wanted: Vec<_> = set.shards.0.into_iter().flatten().collect();
            if let Some(entries) = self.shards(project, &wanted).await? {
                return Ok(entries);
            }
        }
        Err(missing())
    }

    /// One explore: what is known of it, and its body. Three requests; one, when it was read here before.
    pub async fn explore(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<Option<(Entry, Arc<Body>)>> {
        for _ in 0..LOOKS {
            let Some(set) = self.explore_set(project).await? else {
                return Ok(None);
            };
            let Some(Some(shard)) = set.shards.0.into_iter().nth(Entry::shard(name)) else {
                return Ok(None);
            };
            let Some(shard) = self.shard(project, &shard).await? else {
                continue;
            };
            let Some(entry) = find(&shard, name)? else {
                return Ok(None);
            };
            if let Some(body) = self.explore_body(project, &entry.body).await? {
                return Ok(Some((entry, body)));
            }
        }
        Err(missing())
    }

    /// The body of an explore that was read in a list; none when it is gone meanwhile. One request, none when it was read here
    /// before.
    pub async fn body_of(&self, project: ProjectId, entry: &Entry) -> Result<Option<Arc<Body>>> {
        self.explore_body(project, &entry.body).await
    }

    /// A part of the list; none when it is gone.
    async fn shard(&self, project: ProjectId, content: &ContentHash) -> Result<Option<Arc<[u8]>>> {
        let key = keys::explore_shard(project, content);
        if let Some(kept) = self.explores.shards.get(&key) {
            return Ok(Some(kept));
        }
        let Some(found) = self.get::<Content>(&key).await? else {
            return Ok(None);
        };
        let text: Arc<[u8]> = found.data.unpack()?.into();
        self.explores.shards.insert(key, text.clone());
        Ok(Some(text))
    }

    /// What is in parts of the list, or as much of each entry as is asked for; none when one of them is gone.
    pub(super) async fn shards<T: DeserializeOwned>(
        &self,
        project: ProjectId,
        wanted: &[ContentHash],
    ) -> Result<Option<Vec<T>>> {
        let keys = wanted
            .iter()
            .map(|content| keys::explore_shard(project, content));
        let (kept, unknown): (Vec<_>, Vec<_>) = keys
            .map(|key| (self.explores.shards.get(&key), key))
            .partition(|(kept, _)| kept.is_some());
        let mut texts: Vec<Arc<[u8]>> = kept.into_iter().filter_map(|(kept, _)| kept).collect();
        let keys: Vec<Key> = unknown.into_iter().map(|(_, key)| key).collect();
        for (item, key) in self.get_many(&keys).await?.into_iter().zip(keys) {
            let Some(item) = item else {
                return Ok(None);
            };
            let shard: Content = read(item)?;
            let text: Arc<[u8]> = shard.data.unpack()?.into();
            self.explores.shards.insert(key, text.clone());
            texts.push(text);
        }
        let mut entries = Vec::new();
        for text in texts {
            let found: Vec<T> = serde_json::from_slice(&text).map_err(unreadable)?;
            entries.extend(found);
        }
        Ok(Some(entries))
    }

    /// Which bodies the set that counts has under some names. What belongs to other names is not read.
    pub(super) async fn known_bodies(
        &self,
        project: ProjectId,
        names: impl Iterator<Item = &str>,
    ) -> Result<BTreeSet<ContentHash>> {
        let parts: BTreeSet<usize> = names.map(Entry::shard).collect();
        for _ in 0..LOOKS {
            let Some(set) = self.explore_set(project).await? else {
                break;
            };
            let shards = set.shards.0.into_iter().enumerate();
            let wanted: Vec<_> = shards
                .filter(|(part, _)| parts.contains(part))
                .filter_map(|(_, shard)| shard)
                .collect();
            if let Some(bodies) = self.shards::<NamedBody>(project, &wanted).await? {
                return Ok(bodies.into_iter().map(|one| one.body).collect());
            }
        }
        // What is written again does no harm.
        Ok(BTreeSet::new())
    }

    /// A body; none when it, or a part of it, is gone.
    async fn explore_body(
        &self,
        project: ProjectId,
        content: &ContentHash,
    ) -> Result<Option<Arc<Body>>> {
        let key = keys::explore_body(project, content);
        if let Some(kept) = self.explores.bodies.get(&key) {
            return Ok(Some(kept));
        }
        let Some(head) = self.get::<Content>(&key).await? else {
            return Ok(None);
        };
        let mut data = head.data;
        let parts: Vec<_> = (1..=head.parts)
            .map(|part| keys::explore_part(project, content, part))
            .collect();
        for item in self.get_many(&parts).await? {
            let Some(item) = item else {
                return Ok(None);
            };
            data.0.extend(read::<Content>(item)?.data.0);
        }
        let text = String::from_utf8(data.unpack()?);
        let text = text.map_err(|error| unreadable(serde::de::Error::custom(error)))?;
        let body = Arc::new(Body {
            text,
            read: OnceLock::new(),
        });
        self.explores.bodies.insert(key, body.clone());
        Ok(Some(body))
    }

    /// Hands over the texts of explores of a list, in its order, one at a time: a request for a few, and one for each that an
    /// item does not hold. They are not kept in the process.
    ///
    /// # Errors
    /// `Unavailable` when one of them was removed since the list was read.
    pub async fn each_explore_text(
        &self,
        project: ProjectId,
        entries: &[&Entry],
        mut visit: impl FnMut(&str),
    ) -> Result<()> {
        let keys: Vec<_> = entries
            .iter()
            .map(|entry| keys::explore_body(project, &entry.body))
            .collect();
        let mut reading = self.get_few(&keys);
        let mut entries = entries.iter();
        while let Some(items) = reading.try_next().await? {
            for (item, entry) in items.into_iter().zip(entries.by_ref()) {
                let head: Content = read(item.ok_or_else(missing)?)?;
                let mut data = head.data;
                let parts: Vec<_> = (1..=head.parts)
                    .map(|part| keys::explore_part(project, &entry.body, part))
                    .collect();
                for item in self.get_many(&parts).await? {
                    data.0
                        .extend(read::<Content>(item.ok_or_else(missing)?)?.data.0);
                }
                let text = String::from_utf8(data.unpack()?);
                visit(&text.map_err(|error| unreadable(serde::de::Error::custom(error)))?);
            }
        }
        Ok(())
    }

    /// The day on which the weeks of a project's warehouse start, if its connection says: 0 is Monday.
    pub async fn start_of_week(&self, project: ProjectId) -> Result<Option<u8>> {
        let shown: Option<Shown> = self.get(&keys::warehouse(project)).await?;
        Ok(shown.and_then(|shown| shown.shown.start_of_week))
    }

    /// Removes what neither a kept set nor a deploy under way can need: what no set and no batch names, and was written before
    /// that.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer; it may be repeated.
    pub async fn sweep_explores(&self, project: ProjectId, before: Timestamp) -> Result<()> {
        let keys = self.all_late_keys(&keys::late_explores(project)).await?;
        let mut named = self.named(project).await?;
        named.extend(self.promised(project, &keys, before).await?);
        let unnamed = keys.into_iter().filter(|key| !named.contains(&key.pk));
        stream::iter(unnamed.map(Ok))
            .try_for_each_concurrent(AT_ONCE, |key| async {
                let old = Write::delete(key).when_missing_or_over("writtenAt", before);
                // What is younger stays.
                self.apply_telling(old).await.map(|_| ())
            })
            .await
    }

    /// The partitions of everything that a kept set names.
    async fn named(&self, project: ProjectId) -> Result<BTreeSet<String>> {
        let pk = keys::project_partition(project);
        let mut sets: Vec<ExploreSet> = self.all(&pk, keys::EXPLORE_SETS).await?;
        sets.extend(self.explore_set(project).await?);
        let shards: BTreeSet<ContentHash> = sets
            .into_iter()
            .flat_map(|set| set.shards.0.into_iter().flatten())
            .collect();
        let mut named = BTreeSet::new();
        let shards: Vec<_> = shards.into_iter().collect();
        for chunk in shards.chunks(SHARDS) {
            named.extend(
                chunk
                    .iter()
                    .map(|shard| keys::explore_shard(project, shard).pk),
            );
            let bodies = self.shards::<NamedBody>(project, chunk).await?;
            let bodies = bodies.ok_or_else(missing)?.into_iter();
            named.extend(bodies.map(|one| keys::explore_body(project, &one.body).pk));
        }
        Ok(named)
    }
}

pub(super) fn unreadable(error: serde_json::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("reading stored explores"))
}

/// A set names something that is not there, and goes on to.
pub(super) fn missing() -> Error {
    Error::Unavailable(anyhow::anyhow!("a part of a set of explores is missing"))
}
