//! Everything that is saved in a project, as the caller finds it.

use app::{
    App, Error, InProject, Result,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, Index},
        id::ContentId,
        space::Space,
    },
    spaces::Spaces,
};

/// The spaces of a project and the index of what lies in them.
pub struct Contents<'a> {
    pub spaces: Spaces<'a>,
    pub index: Index,
}

/// What a rule calls a kind of content.
pub fn subject(what: ContentKind) -> Subject {
    match what {
        ContentKind::Chart | ContentKind::SqlChart => Subject::SavedChart,
        ContentKind::Dashboard => Subject::Dashboard,
    }
}

impl<'a> Contents<'a> {
    /// Reads both, at once: two requests, however much there is, and a third when something came into a new space meanwhile.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn read(app: &App, project: &'a InProject) -> Result<Self> {
        let (mut spaces, index) =
            tokio::try_join!(Spaces::read(app, project), app.store.index(project.id()))?;
        // The index may be newer than the spaces; spaces that are read after it have all that it names, but for deleted ones.
        let is_known = |row: &Content| row.space.is_none_or(|id| spaces.tree.get(id).is_some());
        if !index.live().all(is_known) {
            spaces = Spaces::read(app, project).await?;
        }
        Ok(Self { spaces, index })
    }

    /// The space that something lies in.
    pub fn space_of(&self, row: &Content) -> Option<&Space> {
        self.spaces.tree.get(self.index.space_of(row)?)
    }

    /// Whether the caller may do this to it.
    pub fn may(&self, action: Action, row: &Content) -> bool {
        let space = self.space_of(row);
        space.is_some_and(|space| self.spaces.may(action, subject(row.what), space))
    }

    /// Lets the caller go on only if they may do this to it.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub fn require(&self, action: Action, row: &Content) -> Result<()> {
        if self.may(action, row) {
            Ok(())
        } else {
            Err(NOT_ALLOWED)
        }
    }

    /// What is there under an id.
    ///
    /// # Errors
    /// `NotFound` when nothing is, or it is another project's.
    pub fn find(&self, what: ContentKind, id: ContentId) -> Result<&Content> {
        let found = self.index.get(what, id);
        found.ok_or(Error::NotFound(what.named()))
    }

    /// What the caller may see, by id.
    pub fn seen(&self) -> impl Iterator<Item = &Content> {
        self.index.live().filter(|row| self.may(Action::View, row))
    }
}
