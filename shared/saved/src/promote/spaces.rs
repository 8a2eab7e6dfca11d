//! Spaces that are promoted with what lies in them.

use app::{
    Error, Kind, Result,
    domain::{
        access::{Action, SpaceRole, Subject},
        id::SpaceId,
        space::{Guest, Space},
    },
    store::{NewSpaces, SpaceChange},
};

use super::{changes::Act, plan::Planner};
use crate::code::space::free_slug;

/// A space, and what becomes of it.
pub(super) struct PlannedSpace {
    pub(super) action: Act,
    /// As it is to be.
    pub(super) space: Space,
}

impl Planner<'_> {
    /// The space in the other project that one of this project is there, with all above it: found by its path, or to be made
    /// with name, privacy and guests of this one.
    ///
    /// # Errors
    /// `NotFound` when it is gone; `Exists` when two there have the same path; `Forbidden` when the caller may not make or rename
    /// one of them, or, where nothing is to be carried out, may not see one that is there.
    pub(super) fn space(&mut self, source: SpaceId) -> Result<SpaceId> {
        let tree = &self.source.spaces.tree;
        let space = tree.get(source).ok_or(Error::NotFound(Kind::Space))?;
        let crumbs = tree.breadcrumbs(space);
        let mut parent = None;
        for crumb in crumbs {
            if let Some(known) = self.spaces.get(&crumb.id) {
                parent = Some(*known);
                continue;
            }
            let planned = self.space_like(crumb, parent)?;
            self.check_space(&planned)?;
            parent = Some(planned.space.id);
            self.spaces.insert(crumb.id, planned.space.id);
            self.target.spaces.tree.insert(planned.space.clone());
            self.plan_space(planned);
        }
        parent.ok_or(Error::NotFound(Kind::Space))
    }

    /// Takes up what becomes of a space, once where it stays.
    pub(super) fn plan_space(&mut self, planned: PlannedSpace) {
        let id = planned.space.id;
        let is_known = self.planned_spaces.iter().any(|one| one.space.id == id);
        if planned.action == Act::NoChanges && is_known {
            return;
        }
        self.planned_spaces.retain(|one| one.space.id != id);
        self.planned_spaces.push(planned);
    }

    /// Lets the caller go on only if they may do this to a space. In one that is to be made they are an admin.
    fn check_space(&self, planned: &PlannedSpace) -> Result<()> {
        let (spaces, space) = (&self.target.spaces, &planned.space);
        match (planned.action, self.checks) {
            (Act::Create, false) | (Act::NoChanges | Act::Delete, true) => Ok(()),
            (_, false) => spaces.require(Action::View, Subject::Space, space),
            (Act::Update, true) => spaces.require(Action::Manage, Subject::Space, space),
            (Act::Create, true) => match space.parent {
                Some(parent) => {
                    let above = spaces.find(parent)?;
                    spaces.require(Action::Manage, Subject::Space, above)
                }
                None => self.to.require(Action::Create, Subject::Space),
            },
        }
    }

    fn space_like(&self, source: &Space, parent: Option<SpaceId>) -> Result<PlannedSpace> {
        let tree = &self.target.spaces.tree;
        let same_path = tree.by_path().into_iter();
        let found: Vec<_> = same_path
            .filter(|space| space.path == source.path)
            .collect();
        if found.len() > 1 {
            return Err(Error::Exists(Kind::Space));
        }
        if let [found] = found.as_slice() {
            let is_same = found.name == source.name;
            return Ok(PlannedSpace {
                action: if is_same { Act::NoChanges } else { Act::Update },
                space: Space {
                    name: source.name.clone(),
                    ..(*found).clone()
                },
            });
        }
        let new = Space::new(
            self.to.id(),
            source.name.clone(),
            &self.app.random,
            self.app.clock.now(),
        );
        let (mut users, groups) = match (parent, source.is_private) {
            (None, true) => (source.users.clone(), source.groups.clone()),
            _ => Default::default(),
        };
        if parent.is_none() {
            users.insert(self.to.user.id, SpaceRole::Admin);
        }
        Ok(PlannedSpace {
            action: Act::Create,
            space: Space {
                slug: free_slug(tree, &source.path),
                path: source.path.clone(),
                parent,
                is_private: parent.is_some() || source.is_private,
                users,
                groups,
                ..new
            },
        })
    }

    /// Makes and renames spaces, outermost first. Each is one transaction, and one more for each guest: who is gone by now is
    /// left out.
    pub(super) async fn write_spaces(&mut self) -> Result<()> {
        let planned = self.planned_spaces.iter();
        let planned: Vec<_> = planned.map(|one| (one.action, one.space.clone())).collect();
        for (action, space) in planned {
            match action {
                Act::Create => self.make_space(space).await?,
                Act::Update => self.rename_space(space).await?,
                Act::NoChanges | Act::Delete => {}
            }
        }
        Ok(())
    }

    async fn make_space(&mut self, space: Space) -> Result<()> {
        let (store, creator) = (&self.app.store, self.to.user.id);
        let organization = self.to.organization();
        let mut made = Space {
            users: space.users.clone(),
            groups: Default::default(),
            ..space.clone()
        };
        made.users.retain(|user, _| *user == creator);
        let parent = space.parent.and_then(|id| self.target.spaces.tree.get(id));
        let mut above = parent.cloned();
        let new = NewSpaces {
            spaces: std::slice::from_ref(&made),
            above: above.as_ref(),
            organization,
            creator,
        };
        store.create_spaces(self.to.id(), &new).await?;
        let users = space.users.iter().filter(|(user, _)| **user != creator);
        let users = users.map(|(user, role)| (Guest::User(*user), *role));
        let groups = space.groups.iter();
        let groups = groups.map(|(group, role)| (Guest::Group(*group), *role));
        for (guest, role) in users.chain(groups) {
            match store.let_into_space(organization, &made, guest, role).await {
                Ok(()) => made.rev += 1,
                Err(Error::NotFound(Kind::User | Kind::Group)) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(above) = &mut above {
            // What is made in it next finds it at this revision.
            above.rev += 1;
            self.target.spaces.tree.insert(above.clone());
        }
        self.target.spaces.tree.insert(Space {
            rev: made.rev,
            ..space
        });
        Ok(())
    }

    async fn rename_space(&mut self, space: Space) -> Result<()> {
        let change = SpaceChange {
            name: &space.name,
            is_private: space.is_private,
            admin: None,
        };
        // Its revision may have gone up since it was planned, by what was made in it.
        let now = self.target.spaces.tree.get(space.id).cloned();
        let mut now = now.unwrap_or_else(|| space.clone());
        let at = self.app.clock.now();
        let organization = self.to.organization();
        let store = &self.app.store;
        store.change_space(organization, &now, change, at).await?;
        now.rev += 1;
        self.target.spaces.tree.insert(now);
        Ok(())
    }
}
