//! The spaces of a project, as the caller may use them and what lies in them.

use crate::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Object, Subject},
        id::SpaceId,
        space::{Entry, InSpace, Space, SpaceTree, Standing},
    },
};

/// The spaces of a project, as the caller finds them.
pub struct Spaces<'a> {
    pub project: &'a InProject,
    pub tree: SpaceTree,
}

impl<'a> Spaces<'a> {
    /// Reads them: one query.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn read(app: &App, project: &'a InProject) -> Result<Self> {
        let tree = app.store.spaces(project.id()).await?;
        Ok(Self { project, tree })
    }

    /// A space of this project: another's is none.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn find(&self, id: SpaceId) -> Result<&Space> {
        self.tree.get(id).ok_or(Error::NotFound(Kind::Space))
    }

    /// The space that a path or a body names.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn named(&self, text: &str) -> Result<&Space> {
        self.find(SpaceId::parse(text).ok_or(Error::NotFound(Kind::Space))?)
    }

    /// What the caller is in a space: what they are in its root.
    pub fn own(&self, space: &Space) -> Option<InSpace> {
        let root = self.tree.root_of(space);
        let (project, user) = (self.project, &self.project.user);
        let groups = project.access.groups.iter().map(|(_, role)| *role);
        let standing = Standing {
            organization: project.role(),
            project: project.access.direct,
            groups: groups.max(),
            space: root.users.get(&user.id).copied(),
            space_groups: root.role_of_groups(&user.groups),
        };
        standing.in_space(root.is_private)
    }

    /// The caller's own entry among those who may enter a space.
    pub fn entry(&self, space: &Space) -> Option<Entry> {
        let own = self.own(space)?;
        Some(Entry::of(&self.project.user, own))
    }

    /// A space, or what lies in it, as the thing that something is done to.
    pub fn object(&self, space: &Space) -> Object {
        let role = self.own(space).map(|own| own.role);
        Object {
            space: Some((self.tree.root_of(space).is_private, role)),
            ..self.project.object()
        }
    }

    /// Lets the caller go on only if they may do this to a space, or to something in it.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub fn require(&self, action: Action, subject: Subject, space: &Space) -> Result<()> {
        self.project
            .require_on(action, subject, &self.object(space))
    }

    /// Whether the caller may do this to a space, or to something in it.
    pub fn may(&self, action: Action, subject: Subject, space: &Space) -> bool {
        self.project.may(action, subject, &self.object(space))
    }
}
