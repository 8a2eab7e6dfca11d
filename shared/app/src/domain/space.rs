//! Spaces: folders of charts and dashboards, and who may enter them (reference 03 §3.4).

mod entry;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::SpaceRole,
        id::{GroupId, ProjectId, SpaceId, UserId},
        slug::{base_36, slug_of},
        user::LONGEST_NAME,
    },
    random::Random,
};

pub use entry::{AccessList, Entry, InSpace, InheritedFrom, MOST_SHOWN, Standing};

/// Who was let in stands on the space itself: a thousand of a kind are 50 KB of the 400 that an item may have.
pub const MOST_GRANTS: u32 = 1000;
/// The spaces of a project are read together.
pub const MOST_SPACES: usize = 1000;
/// In bytes; with [`MOST_SPACES`] it keeps the tree of a project without grants below 5 MB.
pub const LONGEST_PATH: usize = 4096;
/// How many people are let in while a space is made: each takes two of the hundred actions of a transaction.
pub const MOST_LISTED: usize = 40;

/// A space. Below a root, privacy and grants are the root's, whatever stands here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Space {
    pub id: SpaceId,
    pub project: ProjectId,
    pub name: String,
    /// Unique in the project; stays through renames.
    pub slug: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SpaceId>,
    /// One whose parent were lost would be closed.
    #[serde(default = "yes")]
    pub is_private: bool,
    /// Always stored: entries are set one by one.
    #[serde(default)]
    pub users: BTreeMap<UserId, SpaceRole>,
    /// Always stored, too.
    #[serde(default)]
    pub groups: BTreeMap<GroupId, SpaceRole>,
    /// Adds up with every change, and with every space made in it: whoever deletes it sees what came meanwhile.
    #[serde(default)]
    pub rev: u64,
    pub created_at: Timestamp,
    /// None for one that a project starts with, or that was copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    pub updated_at: Timestamp,
}

fn yes() -> bool {
    true
}

impl Space {
    /// A private root space that nobody was let into.
    pub fn new(project: ProjectId, name: String, random: &Random, now: Timestamp) -> Self {
        let slug = slug_of(&name, random);
        Self {
            id: SpaceId::new(random),
            project,
            name,
            path: in_path(&slug),
            slug,
            parent: None,
            is_private: true,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            rev: 0,
            created_at: now,
            created_by: None,
            updated_at: now,
        }
    }

    /// The public space that a project starts with.
    pub fn shared(project: ProjectId, random: &Random, now: Timestamp) -> Self {
        Self {
            is_private: false,
            ..Self::new(project, "Shared".into(), random, now)
        }
    }

    /// The same, in another space.
    ///
    /// # Errors
    /// `Invalid` when it would lie too deep.
    pub fn inside(self, parent: &Space) -> Result<Self> {
        let path = format!("{}.{}", parent.path, in_path(&self.slug));
        if path.len() > LONGEST_PATH {
            return Err(Error::invalid("Spaces cannot be nested that deeply"));
        }
        Ok(Self {
            parent: Some(parent.id),
            path,
            is_private: true,
            ..self
        })
    }

    /// The same, under another slug: what was wanted is taken.
    #[must_use]
    pub fn under_another_slug(self, wanted: &str, random: &Random) -> Self {
        let slug = format!("{wanted}-{}", base_36(10, random));
        let own = in_path(&slug);
        let path = match self.path.rsplit_once('.') {
            Some((above, _)) => format!("{above}.{own}"),
            None => own,
        };
        Self { slug, path, ..self }
    }

    /// The last step of its path: no two spaces that lie in the same one have the same.
    pub fn step(&self) -> &str {
        let steps = self.path.rsplit_once('.');
        steps.map_or(self.path.as_str(), |(_, last)| last)
    }

    /// The strongest role that one of these groups was given here.
    pub fn role_of_groups(&self, groups: &BTreeSet<GroupId>) -> Option<SpaceRole> {
        let given = groups.iter().filter_map(|group| self.groups.get(group));
        given.max().copied()
    }

    /// The role that somebody or a group was given here.
    pub fn role_of(&self, guest: Guest) -> Option<SpaceRole> {
        match guest {
            Guest::User(user) => self.users.get(&user).copied(),
            Guest::Group(group) => self.groups.get(&group).copied(),
        }
    }

    /// Whether somebody or a group still fits in.
    ///
    /// # Errors
    /// `Invalid` when they do not.
    pub fn admits(&self, guest: Guest) -> Result<()> {
        let (known, sentence) = match guest {
            Guest::User(_) => (
                self.users.len(),
                "A space is shared with at most 1000 people; share it with a group instead",
            ),
            Guest::Group(_) => (
                self.groups.len(),
                "A space is shared with at most 1000 groups; share it with a larger group instead",
            ),
        };
        if self.role_of(guest).is_some() || known < MOST_GRANTS as usize {
            Ok(())
        } else {
            Err(Error::invalid(sentence))
        }
    }
}

/// Who is let into a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    User(UserId),
    Group(GroupId),
}

/// All spaces of a project.
#[derive(Debug, Clone, Default)]
pub struct SpaceTree {
    spaces: BTreeMap<SpaceId, Space>,
}

impl FromIterator<Space> for SpaceTree {
    fn from_iter<T: IntoIterator<Item = Space>>(spaces: T) -> Self {
        Self {
            spaces: spaces.into_iter().map(|space| (space.id, space)).collect(),
        }
    }
}

impl SpaceTree {
    /// A space of the project.
    pub fn get(&self, id: SpaceId) -> Option<&Space> {
        self.spaces.get(&id)
    }

    /// The space at a path.
    pub fn at_path(&self, path: &str) -> Option<&Space> {
        self.spaces.values().find(|space| space.path == path)
    }

    /// Whether a space goes by this slug.
    pub fn has_slug(&self, slug: &str) -> bool {
        self.spaces.values().any(|space| space.slug == slug)
    }

    /// Takes a space in.
    pub fn insert(&mut self, space: Space) {
        self.spaces.insert(space.id, space);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.spaces.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spaces.is_empty()
    }

    /// From the root to the space itself.
    pub fn breadcrumbs<'a>(&'a self, space: &'a Space) -> Vec<&'a Space> {
        let above = |space: &&'a Space| self.get(space.parent?);
        // No walk is longer than the tree is large, so that stored nonsense cannot keep it going.
        let steps = std::iter::successors(Some(space), above);
        let mut crumbs: Vec<_> = steps.take(self.spaces.len().max(1)).collect();
        crumbs.reverse();
        crumbs
    }

    /// The space whose privacy and grants count.
    pub fn root_of<'a>(&'a self, space: &'a Space) -> &'a Space {
        self.breadcrumbs(space).first().copied().unwrap_or(space)
    }

    /// All of them, by path.
    pub fn by_path(&self) -> Vec<&Space> {
        let mut spaces: Vec<_> = self.spaces.values().collect();
        spaces.sort_by(|a, b| (&a.path, a.id).cmp(&(&b.path, b.id)));
        spaces
    }

    /// What lies directly in a space, by path.
    pub fn children_of(&self, id: SpaceId) -> Vec<&Space> {
        let mut spaces = self.by_path();
        spaces.retain(|space| space.parent == Some(id));
        spaces
    }

    /// A space and everything in it, deepest first: whoever removes them one by one leaves a tree at any time.
    pub fn subtree(&self, id: SpaceId) -> Vec<&Space> {
        let depths = self.spaces.values().filter_map(|space| {
            let crumbs = self.breadcrumbs(space);
            let inside = crumbs.iter().any(|crumb| crumb.id == id);
            inside.then_some((std::cmp::Reverse(crumbs.len()), space.id, space))
        });
        let mut found: Vec<_> = depths.collect();
        found.sort_by_key(|(depth, id, _)| (*depth, *id));
        found.into_iter().map(|(_, _, space)| space).collect()
    }

    /// Whether a space may lie in another one, or among the roots.
    ///
    /// # Errors
    /// `Invalid` for a place in itself or in what lies in it.
    pub fn may_lie_in(&self, space: &Space, target: Option<&Space>) -> Result<()> {
        let crumbs = target.map(|target| self.breadcrumbs(target));
        if crumbs.into_iter().flatten().any(|one| one.id == space.id) {
            return Err(Error::invalid(
                "A space cannot be moved into itself, or into what lies in it",
            ));
        }
        Ok(())
    }

    /// The last step of a space's path once it lies in another one or among the roots. It stays as it is, not the slug: where that
    /// was taken elsewhere, a space has another one than its path says. But where the step is taken, the slug is not.
    pub fn step_in(&self, space: &Space, target: Option<&Space>) -> String {
        let target = target.map(|target| target.id);
        let mut others = self.spaces.values().filter(|one| one.id != space.id);
        if others.any(|one| one.parent == target && one.step() == space.step()) {
            in_path(&space.slug)
        } else {
            space.step().to_owned()
        }
    }

    /// A space and everything in it, parents first, each with the path that it has once the space lies in another one or among
    /// the roots: by [`Self::step_in`]; what is in it keeps its last steps.
    ///
    /// # Errors
    /// `Invalid` when one would lie too deep.
    pub fn moved_paths(
        &self,
        space: &Space,
        target: Option<&Space>,
    ) -> Result<Vec<(&Space, String)>> {
        let mut paths: BTreeMap<SpaceId, String> = BTreeMap::new();
        let mut found = Vec::new();
        for one in self.subtree(space.id).into_iter().rev() {
            let (above, own) = match one.parent.filter(|_| one.id != space.id) {
                Some(parent) => (
                    paths.get(&parent).map(String::as_str),
                    one.step().to_owned(),
                ),
                None => (
                    target.map(|target| target.path.as_str()),
                    self.step_in(space, target),
                ),
            };
            let path = above.map_or_else(|| own.clone(), |above| format!("{above}.{own}"));
            if path.len() > LONGEST_PATH {
                return Err(Error::invalid("Spaces cannot be nested that deeply"));
            }
            paths.insert(one.id, path.clone());
            found.push((one, path));
        }
        Ok(found)
    }
}

/// A name for a space: trimmed, 1 to 255 characters, no control characters. Names need not be unique.
///
/// # Errors
/// `Invalid` when it is not.
pub fn space_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "A space's name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}

/// Dashes have another meaning in paths.
fn in_path(slug: &str) -> String {
    slug.replace('-', "_")
}

#[cfg(test)]
mod tests;
