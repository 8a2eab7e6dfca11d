//! Deploying explores: bodies and parts of the list first, which nobody sees; then the pointer, which makes all of it count at
//! once. Dying at any line before that leaves the old set.

mod batches;
mod copy;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Store,
    apply::One,
    explore::{Content, ExploreSet, PART, missing, unreadable},
    keys,
    page::read,
    write::Write,
};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        explore_set::{ContentHash, Entry, Given, MOST_EXPLORES, SHARDS, Shards},
        id::ProjectId,
        packed::Packed,
    },
    error::Kind,
};

pub use batches::Deploy;

/// How many sets are kept, the one that counts among them: any of them can be made to count again.
const KEPT_SETS: u64 = 10;
/// How long a deploy in batches may take (reference 18).
pub const SESSION: Duration = Duration::from_secs(60 * 60);
/// What nothing names is removed when it was written this long ago: twice what a deploy may take.
pub const UNNAMED: Duration = Duration::from_secs(2 * 60 * 60);
/// How often a deploy tries, that others keep coming before.
pub(super) const TRIES: usize = 5;

/// The set that counts, and what is in it.
pub(super) struct Current {
    pub(super) set: Option<ExploreSet>,
    pub(super) entries: Vec<Entry>,
}

impl Current {
    pub(super) fn bodies(&self) -> BTreeSet<&ContentHash> {
        self.entries.iter().map(|entry| &entry.body).collect()
    }
}

impl Store {
    /// Makes these the explores of a project, all at once. Virtual ones stay, and win over others of their name. What is
    /// unchanged is not written.
    ///
    /// # Errors
    /// `Invalid` when there would be none at all; `Changed` when others keep coming before; `NotExists` when the project
    /// goes.
    pub async fn set_explores(
        &self,
        project: ProjectId,
        given: &[Given<'_>],
        now: Timestamp,
    ) -> Result<()> {
        let names = given.iter().map(|one| one.entry.name.as_str());
        let known = self.known_bodies(project, names).await?;
        self.put_bodies(project, given, &known, now).await?;
        let entries: Vec<_> = given
            .iter()
            .map(|one| (one.entry.clone(), !known.contains(&one.entry.body)))
            .collect();
        self.switch(project, &entries, now, Vec::new).await
    }

    pub(super) async fn current(&self, project: ProjectId) -> Result<Current> {
        for _ in 0..TRIES {
            let set = self.explore_set(project).await?;
            let shards = set.as_ref().map(|set| set.shards.0.clone());
            let wanted: Vec<_> = shards.unwrap_or_default().into_iter().flatten().collect();
            if let Some(entries) = self.shards(project, &wanted).await? {
                return Ok(Current { set, entries });
            }
        }
        Err(missing())
    }

    /// Writes the bodies that are not known.
    pub(super) async fn put_bodies(
        &self,
        project: ProjectId,
        given: &[Given<'_>],
        known: &BTreeSet<ContentHash>,
        now: Timestamp,
    ) -> Result<()> {
        let mut writes = Vec::new();
        let mut waiting = 0;
        for one in given {
            if known.contains(&one.entry.body) {
                continue;
            }
            let packed = Packed::pack(one.body)?.0;
            waiting += packed.len();
            writes.extend(content(project, &one.entry.body, &packed, now));
            // A large deploy is not in memory twice.
            if waiting > 8 * 1024 * 1024 {
                self.put_all(std::mem::take(&mut writes)).await?;
                waiting = 0;
            }
        }
        self.put_all(writes).await
    }

    /// Makes entries the list of a project. `with` is what has to happen in the same transaction.
    async fn switch(
        &self,
        project: ProjectId,
        entries: &[(Entry, bool)],
        now: Timestamp,
        with: impl Fn() -> Vec<Write>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let current = self.current(project).await?;
            let list = merged(entries, &current.entries)?;
            self.hold_unwritten(project, entries, &current, now).await?;
            let (shards, writes) = shards_of(project, &list, current.set.as_ref(), now)?;
            let mut writes_of_switch = with();
            if current.set.as_ref().is_none_or(|set| set.shards != shards) {
                self.put_all(writes).await?;
                let number = current.set.as_ref().map_or(1, |set| set.number + 1);
                let set = ExploreSet {
                    shards,
                    number,
                    explores: list.len(),
                    deployed_at: now,
                };
                writes_of_switch.extend(self.switch_writes(
                    project,
                    current.set.as_ref(),
                    &set,
                    now,
                ));
            }
            match self.apply(writes_of_switch).await {
                Err(Error::Changed(Kind::Explore)) => {}
                other => return other,
            }
        }
        Err(Error::Changed(Kind::Explore))
    }

    pub(super) fn switch_writes(
        &self,
        project: ProjectId,
        old: Option<&ExploreSet>,
        new: &ExploreSet,
        now: Timestamp,
    ) -> Vec<Write> {
        let pointer = Write::put(keys::explores(project), "explores", new);
        let pointer = match old {
            Some(old) => pointer.when_equal("number", old.number),
            None => pointer.when_absent(),
        };
        let mut writes = vec![
            Self::project_stays(project),
            pointer.or(Error::Changed(Kind::Explore)),
            Write::put(keys::explore_set(project, new.number), "explore set", new),
            Self::job_write(&Deploy::sweep(project, &self.random, now)),
        ];
        if let Some(last) = new.number.checked_sub(KEPT_SETS) {
            writes.push(Write::delete(keys::explore_set(project, last)));
        }
        writes
    }

    /// What a batch did not write, as the set that counted then had it, and the one that counts now has not: it is kept from
    /// being removed.
    async fn hold_unwritten(
        &self,
        project: ProjectId,
        entries: &[(Entry, bool)],
        current: &Current,
        now: Timestamp,
    ) -> Result<()> {
        let known = current.bodies();
        for (entry, written) in entries {
            if *written || known.contains(&entry.body) {
                continue;
            }
            let hold = |key| Write::update(key).set("writtenAt", now).when_present();
            let gone = || Error::Changed(Kind::Deploy);
            let head = hold(keys::explore_body(project, &entry.body));
            let One::Done(head) = self.apply_telling(head).await? else {
                return Err(gone());
            };
            for part in 1..=read::<Content>(head)?.parts {
                let part = hold(keys::explore_part(project, &entry.body, part));
                self.apply([part.or(gone())]).await?;
            }
        }
        Ok(())
    }
}

/// The items of a body.
fn content(
    project: ProjectId,
    hash: &ContentHash,
    packed: &[u8],
    now: Timestamp,
) -> impl Iterator<Item = Write> {
    let count = packed.len().div_ceil(PART).max(1);
    (0..count).map(move |part| {
        let key = match part {
            0 => keys::explore_body(project, hash),
            part => keys::explore_part(project, hash, part),
        };
        let data = packed.chunks(PART).nth(part).unwrap_or_default().to_vec();
        let index = keys::late_explore(project, &key);
        let content = Content {
            data: Packed(data),
            parts: if part == 0 { count - 1 } else { 0 },
            written_at: now,
        };
        Write::put(key, "explore", &content).indexed(index)
    })
}

/// What is deployed, and the virtual explores that are there.
fn merged<'a>(entries: &'a [(Entry, bool)], current: &'a [Entry]) -> Result<Vec<&'a Entry>> {
    let deployed = entries.iter().map(|(entry, _)| entry);
    let own = current.iter().filter(|entry| entry.is_virtual);
    let list: BTreeMap<&str, &Entry> = deployed
        .chain(own)
        .map(|entry| (entry.name.as_str(), entry))
        .collect();
    match list.len() {
        0 => Err(Error::invalid("A deploy needs at least one explore")),
        1..=MOST_EXPLORES => Ok(list.into_values().collect()),
        _ => Err(Error::invalid(format!(
            "A project has at most {MOST_EXPLORES} explores"
        ))),
    }
}

/// Bytes of a part of the list, unpacked, at most: whoever reads one explore reads the part that it is in. Packed, much more would
/// fit into an item.
const LARGEST_LIST: usize = 16 * 1024 * 1024;

/// Packs a part of the list.
fn pack_list(text: &[u8]) -> Result<Packed> {
    if text.len() > LARGEST_LIST {
        return Err(Error::invalid(
            "The explores have too much text in their labels, tags, descriptions and errors",
        ));
    }
    Packed::pack(text)
}

/// The parts of a list, and the writes of those that the current set does not have.
pub(super) fn shards_of(
    project: ProjectId,
    list: &[&Entry],
    current: Option<&ExploreSet>,
    now: Timestamp,
) -> Result<(Shards, Vec<Write>)> {
    let mut parts: Vec<Vec<&Entry>> = vec![Vec::new(); SHARDS];
    for entry in list {
        if let Some(part) = parts.get_mut(Entry::shard(&entry.name)) {
            part.push(entry);
        }
    }
    let known: BTreeSet<&ContentHash> = current
        .iter()
        .flat_map(|set| set.shards.0.iter().flatten())
        .collect();
    let (mut shards, mut writes) = (Vec::with_capacity(SHARDS), Vec::new());
    for part in parts {
        if part.is_empty() {
            shards.push(None);
            continue;
        }
        let text = serde_json::to_vec(&part).map_err(unreadable)?;
        let hash = ContentHash::of(&text);
        if !known.contains(&hash) {
            let key = keys::explore_shard(project, &hash);
            let index = keys::late_explore(project, &key);
            let content = Content {
                data: pack_list(&text)?,
                parts: 0,
                written_at: now,
            };
            writes.push(Write::put(key, "explore shard", &content).indexed(index));
        }
        shards.push(Some(hash));
    }
    Ok((Shards(shards), writes))
}
