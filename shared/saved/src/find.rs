//! One chart, dashboard or SQL chart by its id alone, and what the caller may do with it.

use app::{
    App, CurrentUser, Error, InProject, Result,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
        id::ContentId,
        space::{Entry, Space},
    },
    spaces::Spaces,
};

use crate::contents::subject;

/// Something that was found, and the project that it is in.
pub struct Found {
    pub project: InProject,
    pub head: Content,
}

/// Finds what a path names.
///
/// # Errors
/// `NotFound` when it is not there, was deleted, or is another organisation's; `Forbidden` for somebody without an
/// organisation.
pub async fn find(app: &App, user: CurrentUser, what: ContentKind, id: &str) -> Result<Found> {
    user.membership()?;
    let missing = || Error::NotFound(what.named());
    let id = ContentId::parse(id).ok_or_else(missing)?;
    let head = app.store.content(what, id).await?.ok_or_else(missing)?;
    let project = InProject::find(app, user, head.project).await;
    let project = project.map_err(|error| match error {
        Error::NotExists(_) => missing(),
        error => error,
    })?;
    Ok(Found { project, head })
}

impl Found {
    /// Where it lies: two requests at most, and a third when its dashboard came into a new space meanwhile.
    ///
    /// # Errors
    /// `NotFound` when the dashboard that it belongs to is gone.
    pub async fn place<'a>(&'a self, app: &App) -> Result<Place<'a>> {
        Place::of(app, &self.project, &self.head).await
    }
}

/// Where something lies, and what the caller may do there.
pub struct Place<'a> {
    pub head: &'a Content,
    pub spaces: Spaces<'a>,
    /// The dashboard that a chart belongs to.
    pub dashboard: Option<Content>,
}

impl<'a> Place<'a> {
    /// Where a head of the project lies.
    ///
    /// # Errors
    /// `NotFound` when the dashboard that it belongs to is gone.
    pub async fn of(app: &App, project: &'a InProject, head: &'a Content) -> Result<Self> {
        let dashboard = async {
            match head.dashboard {
                Some(id) => app.store.content(ContentKind::Dashboard, id).await,
                None => Ok(None),
            }
        };
        let (mut spaces, dashboard) = tokio::try_join!(Spaces::read(app, project), dashboard)?;
        // The dashboard may be newer than the spaces.
        let space = dashboard.as_ref().and_then(|dashboard| dashboard.space);
        if space.is_some_and(|id| spaces.tree.get(id).is_none()) {
            spaces = Spaces::read(app, project).await?;
        }
        if head.dashboard.is_some() && dashboard.is_none() {
            return Err(Error::NotFound(head.what.named()));
        }
        Ok(Self {
            head,
            spaces,
            dashboard,
        })
    }

    /// The space; none when it is gone.
    pub fn space(&self) -> Option<&Space> {
        let lies = self.dashboard.as_ref().unwrap_or(self.head);
        self.spaces.tree.get(lies.space?)
    }

    /// Whether the caller may do this to it.
    pub fn may(&self, action: Action) -> bool {
        self.may_as(action, subject(self.head.what))
    }

    /// Whether the caller may do this to something else in the same space.
    pub fn may_as(&self, action: Action, subject: Subject) -> bool {
        let space = self.space();
        space.is_some_and(|space| self.spaces.may(action, subject, space))
    }

    /// Lets the caller go on only if they may do this to it.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub fn require(&self, action: Action) -> Result<()> {
        if self.may(action) {
            Ok(())
        } else {
            Err(NOT_ALLOWED)
        }
    }

    /// The caller's own entry among those who may enter the space, and whether that is private.
    pub fn access(&self) -> (Vec<Entry>, bool) {
        let Some(space) = self.space() else {
            return (Vec::new(), true);
        };
        let entry = self.spaces.entry(space);
        let is_private = self.spaces.tree.root_of(space).is_private;
        (entry.into_iter().collect(), is_private)
    }
}
