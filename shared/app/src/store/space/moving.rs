//! Moving spaces, and what lies in them.

use std::time::Duration;

use super::{Guest, Store, Write, keys, path_of};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::OrganizationId,
        space::{Space, SpaceTree},
    },
    error::Kind,
    store::Edit,
};

/// Actions that a transaction takes.
const MOST_WRITES: usize = 100;
/// Charts and dashboards that are moved in one transaction: a head each, and all parts of the index.
pub const MOVES: usize = 50;

/// Where a space of a project is to go.
pub struct SpaceMove<'a> {
    pub organization: OrganizationId,
    /// The spaces of the project, as they were read.
    pub tree: &'a SpaceTree,
    pub space: &'a Space,
    /// The space that it is to lie in; none for a root.
    pub target: Option<&'a Space>,
}

impl SpaceMove<'_> {
    /// Lets the caller go on only if one transaction takes it.
    ///
    /// # Errors
    /// `Invalid` for a place in itself or too deep, and for more than that.
    pub fn fits(&self, now: Timestamp) -> Result<()> {
        self.writes(now).map(drop)
    }

    /// What is written; nothing where the space lies there already.
    fn writes(&self, now: Timestamp) -> Result<Vec<Write>> {
        let (tree, space, target) = (self.tree, self.space, self.target);
        if space.parent == target.map(|target| target.id) {
            return Ok(Vec::new());
        }
        tree.may_lie_in(space, target)?;
        let mut writes = vec![Store::project_stays(space.project)];
        writes.extend(self.around());
        for (one, path) in tree.moved_paths(space, target)? {
            let write = Store::space_update(one).set("path", path);
            if one.id == space.id {
                writes.extend(self.own(write.set("updatedAt", now)));
            } else {
                writes.push(write);
            }
        }
        // Last: where somebody else moved the same space there, it is that it changed that counts.
        writes.extend(self.claims());
        if writes.len() > MOST_WRITES {
            return Err(Error::invalid(
                "This is more than can be moved at once: with what lies in it, what it is to lie in and, to the root, twice those who are let in, a space has at most 96; move parts of it first, or share it with groups",
            ));
        }
        Ok(writes)
    }

    /// What has to be as it was read: what the target lies in, so that two moves at once make no circle; for a new root the old
    /// one, whose privacy and grants it takes over. The target is marked: whoever deletes it meanwhile finds it changed.
    fn around(&self) -> Vec<Write> {
        let root = self.tree.root_of(self.space);
        let Some(target) = self.target else {
            let other = Some(root).filter(|root| root.id != self.space.id);
            return other.map(stays).into_iter().collect();
        };
        let above = self.tree.breadcrumbs(target).into_iter();
        let above = above.filter(|one| one.id != target.id).map(stays);
        above.chain([Store::space_update(target)]).collect()
    }

    /// The claim on the path that it comes to, for that on the one where it was.
    fn claims(&self) -> [Write; 2] {
        let space = self.space;
        let parent = self.target.map(|target| target.id);
        let step = self.tree.step_in(space, self.target);
        let path = keys::space_path(space.project, parent, &step);
        [
            Write::delete(path_of(space)),
            Store::path_claim(space, path),
        ]
    }

    /// The change of the space itself, and of the mirrors of who is let in.
    fn own(&self, write: Write) -> Vec<Write> {
        let space = self.space;
        if let Some(target) = self.target {
            return vec![write.set("parent", target.id).set("isPrivate", true)];
        }
        let root = self.tree.root_of(space);
        let write = write.remove("parent").set("isPrivate", root.is_private);
        let mut writes = vec![write.set("users", &root.users).set("groups", &root.groups)];
        for guest in everybody(root).filter(|guest| space.role_of(*guest).is_none()) {
            writes.push(guest.stays(self.organization).or(CHANGED));
            writes.push(guest.mirror_write(space));
        }
        let gone = everybody(space).filter(|guest| root.role_of(*guest).is_none());
        writes.extend(gone.map(|guest| Write::delete(guest.mirror(space))));
        writes
    }
}

/// Somebody else changed a space first.
const CHANGED: Error = Error::Changed(Kind::Space);

/// Holds while a space is as it was read.
fn stays(space: &Space) -> Write {
    Write::check(keys::space(space.project, space.id))
        .when_equal("rev", space.rev)
        .or(CHANGED)
}

/// Everybody and every group that a space was shared with.
fn everybody(space: &Space) -> impl Iterator<Item = Guest> {
    let users = space.users.keys().copied().map(Guest::User);
    users.chain(space.groups.keys().copied().map(Guest::Group))
}

impl Store {
    /// Moves a space with everything in it: one transaction. As a root it is as private as its old root, and shared with whom
    /// that was.
    ///
    /// # Errors
    /// `Invalid` for a place in itself, and for more than one transaction takes; `Exists` when another space has the path;
    /// `Changed` when one of the spaces changed meanwhile or is gone; `NotExists` when the project is gone.
    pub async fn move_space(&self, moved: SpaceMove<'_>, now: Timestamp) -> Result<()> {
        let writes = moved.writes(now)?;
        if writes.is_empty() {
            return Ok(());
        }
        self.apply(writes).await
    }

    /// Moves charts and dashboards into a space that has been read: at most [`MOVES`].
    ///
    /// # Errors
    /// `NotFound` when the space is gone; as [`Store::edit_content`].
    pub async fn move_contents(
        &self,
        target: &Space,
        edits: &[Edit],
        kept: Duration,
        now: Timestamp,
    ) -> Result<()> {
        let marked = || {
            // Whoever deletes it meanwhile finds it changed.
            let update = Write::update(keys::space(target.project, target.id)).add("rev", 1);
            vec![update.when_present().or(Error::NotFound(Kind::Space))]
        };
        self.edit_contents(target.project, edits, kept, now, marked)
            .await
    }
}
