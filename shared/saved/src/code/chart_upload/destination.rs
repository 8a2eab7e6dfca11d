//! Where an uploaded chart goes: into a space, or into a dashboard, and what of them is to be made.

use app::{
    Error, Kind, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, DashboardBody},
        id::{ContentId, SpaceId},
        packed::Packed,
    },
    store::Edit,
};

use super::Upload;
use crate::{
    code::{
        fresh,
        space::{self, Target},
    },
    contents::Contents,
};

/// Where a chart goes.
pub(super) struct Destination {
    space: SpaceId,
    dashboard: Option<ContentId>,
    /// What is to be made for it.
    pub(super) target: Option<Target>,
    pub(super) placeholder: Option<Edit>,
}

impl Destination {
    /// A head that lies there.
    pub(super) fn hold(&self, head: Content) -> Content {
        Content {
            space: self.dashboard.is_none().then_some(self.space),
            dashboard: self.dashboard,
            ..head
        }
    }
}

impl Upload<'_> {
    /// Whether the document puts the chart somewhere else. One within a dashboard lies where that does; if the document names
    /// none any more, it goes into a space.
    pub(super) fn moves(&self, contents: &Contents<'_>, row: &Content) -> Result<bool> {
        let space = contents.space_of(row).ok_or(Error::NotFound(Kind::Chart))?;
        let dashboard = row
            .dashboard
            .and_then(|id| contents.index.get(ContentKind::Dashboard, id));
        Ok(match (dashboard, &self.dashboard) {
            (Some(own), Some(named)) => own.slug != *named,
            (None, Some(_)) | (Some(_), None) => true,
            (None, None) => space.path != self.path.stored(),
        })
    }

    /// Where the document puts the chart: into its dashboard, wherever that lies, or into a space.
    ///
    /// # Errors
    /// As [`space::target`]; `NotFound` for a dashboard that the caller may not see, `Forbidden` for one in whose space they make no
    /// charts.
    pub(super) fn destination(&self, contents: &mut Contents<'_>) -> Result<Destination> {
        let named = self.dashboard.as_deref();
        let found = named.and_then(|slug| contents.index.by_slug(ContentKind::Dashboard, slug));
        // Slugs can be guessed: a dashboard that the caller may not see is none, but nor can one be made.
        let (found, hidden) = match found {
            Some(found) if !contents.may(Action::View, found) => (None, true),
            found => (found, false),
        };
        if let Some(found) = found {
            let space = contents.space_of(found);
            let space = space.ok_or(Error::NotFound(Kind::Dashboard))?;
            contents
                .spaces
                .require(Action::Create, Subject::SavedChart, space)?;
            return Ok(Destination {
                space: space.id,
                dashboard: Some(found.id),
                target: None,
                placeholder: None,
            });
        }
        let target = space::target(self.app, &mut contents.spaces, &self.path, &self.options)?;
        let space = contents.spaces.find(target.space)?;
        contents
            .spaces
            .require(Action::Create, Subject::SavedChart, space)?;
        let placeholder = match named {
            Some(slug) => {
                contents
                    .spaces
                    .require(Action::Create, Subject::Dashboard, space)?;
                if hidden {
                    return Err(Error::NotFound(Kind::Dashboard));
                }
                Some(self.placeholder(slug, space.id)?)
            }
            None => None,
        };
        Ok(Destination {
            space: target.space,
            dashboard: placeholder.as_ref().map(|edit| edit.new.id),
            target: Some(target),
            placeholder,
        })
    }

    /// A dashboard without tiles, for a chart that belongs to one that is not there yet.
    fn placeholder(&self, slug: &str, space: SpaceId) -> Result<Edit> {
        let head = Content {
            space: Some(space),
            ..fresh(self.app, self.project, ContentKind::Dashboard, slug)
        };
        let body = Packed::pack_json(&DashboardBody::default())?;
        Ok(Edit::create(head, body))
    }
}
