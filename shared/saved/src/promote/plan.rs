//! What a promotion is to change, decided before anything is written.

use std::collections::BTreeMap;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Object, Subject},
        content::{ChartBody, Content, ContentKind, DashboardBody, Version},
        id::{ContentId, SpaceId},
        packed::Packed,
    },
    store::Edit,
};

use super::{changes::Act, spaces::PlannedSpace};
use crate::{
    chart,
    code::{allow_sql, fresh, same},
    contents::{Contents, subject},
};

/// A chart or a dashboard, and what becomes of it.
pub(super) struct Planned<B> {
    pub(super) action: Act,
    /// What it comes from.
    pub(super) source: ContentId,
    /// As it is to be.
    pub(super) head: Content,
    pub(super) body: B,
    pub(super) edit: Option<Edit>,
}

/// Everything that a promotion changes, beside the spaces.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) dashboard: Option<Planned<DashboardBody>>,
    pub(super) charts: Vec<Planned<ChartBody>>,
    /// SQL charts that are not there yet, or say something else there.
    pub(super) sql: Vec<Edit>,
    /// Charts of the dashboard that no version of it shows.
    pub(super) gone: Vec<Edit>,
}

/// Charts whose versions are held at once, packed.
const AT_ONCE: usize = 50;

/// Plans a promotion, and carries it out.
pub(super) struct Planner<'a> {
    pub(super) app: &'a App,
    pub(super) source: &'a Contents<'a>,
    pub(super) to: &'a InProject,
    /// The other project, with what was planned already.
    pub(super) target: Contents<'a>,
    /// Spaces there by those here.
    pub(super) spaces: BTreeMap<SpaceId, SpaceId>,
    pub(super) planned_spaces: Vec<PlannedSpace>,
    /// Whether it is to be carried out, by somebody who may.
    pub(super) checks: bool,
}

/// The latest versions of rows, by what they are of.
pub(super) async fn versions(app: &App, rows: &[&Content]) -> Result<BTreeMap<ContentId, Version>> {
    let found = app.store.latest_of(rows).await?.into_iter();
    Ok(found.map(|version| (version.of, version)).collect())
}

impl<'a> Planner<'a> {
    pub(super) async fn read(
        app: &'a App,
        source: &'a Contents<'a>,
        to: &'a InProject,
        checks: bool,
    ) -> Result<Self> {
        Ok(Self {
            app,
            source,
            to,
            target: Contents::read(app, to).await?,
            spaces: BTreeMap::new(),
            planned_spaces: Vec::new(),
            checks,
        })
    }

    /// Plans the promotion of a chart, or of a dashboard with what is on it.
    ///
    /// # Errors
    /// As [`super::diff`].
    pub(super) async fn plan(&mut self, head: &Content) -> Result<Plan> {
        let mut plan = Plan::default();
        if head.what == ContentKind::Dashboard {
            self.dashboard(&mut plan, head).await?;
            return Ok(plan);
        }
        let source = self.source;
        let row = source.find(ContentKind::Chart, head.id)?;
        plan.charts = self.charts(&[row]).await?;
        Ok(plan)
    }

    /// The dashboard there that one here is, if there is one.
    fn like_dashboard(&self, id: ContentId) -> Option<ContentId> {
        let own = self.source.index.get(ContentKind::Dashboard, id)?;
        let there = self
            .target
            .index
            .by_slug(ContentKind::Dashboard, &own.slug)?;
        Some(there.id)
    }

    /// Lets the caller go on only if they may promote this there (reference 21 §5); or see it here and there, where nothing is to
    /// be carried out.
    pub(super) fn check(&self, row: &Content, space: SpaceId) -> Result<()> {
        let existing = self.target.index.by_slug(row.what, &row.slug);
        if !self.checks {
            self.source.require(Action::View, row)?;
            return existing.map_or(Ok(()), |there| self.target.require(Action::View, there));
        }
        let lies = self.source.space_of(row);
        let lies = lies.ok_or(Error::NotFound(row.what.named()))?;
        self.source.require(Action::Promote, row)?;
        if row.what == ContentKind::Chart {
            let object = Object {
                space: self.source.spaces.object(lies).space,
                ..self.to.object()
            };
            self.to
                .require_on(Action::Promote, Subject::SavedChart, &object)?;
        }
        if let Some(existing) = existing {
            self.target.require(Action::Promote, existing)?;
        }
        let mut planned = self.planned_spaces.iter();
        if planned.any(|one| one.space.id == space && one.action == Act::Create) {
            return self.to.require(Action::Create, Subject::Space);
        }
        let (spaces, there) = (&self.target.spaces, self.target.spaces.find(space)?);
        if existing.is_none() {
            spaces.require(Action::Manage, subject(row.what), there)?;
        }
        spaces.require(Action::Manage, Subject::Space, there)
    }

    /// Where something here goes there.
    pub(super) fn space_for(&mut self, row: &Content) -> Result<SpaceId> {
        let lies = self.source.space_of(row);
        let lies = lies.ok_or(Error::NotFound(row.what.named()))?.id;
        self.space(lies)
    }

    /// Plans charts; one that belongs to a dashboard goes into what that is there.
    pub(super) async fn charts(&mut self, rows: &[&Content]) -> Result<Vec<Planned<ChartBody>>> {
        let mut planned = Vec::new();
        for chunk in rows.chunks(AT_ONCE) {
            planned.extend(self.chunk(chunk).await?);
        }
        Ok(planned)
    }

    async fn chunk(&mut self, rows: &[&Content]) -> Result<Vec<Planned<ChartBody>>> {
        let there = rows
            .iter()
            .filter_map(|row| self.target.index.by_slug(ContentKind::Chart, &row.slug));
        let there: Vec<Content> = there.cloned().collect();
        let old: Vec<&Content> = there.iter().collect();
        let (mut new, mut old) =
            tokio::try_join!(versions(self.app, rows), versions(self.app, &old))?;
        let mut planned = Vec::new();
        for row in rows {
            let version = new.remove(&row.id).ok_or(Error::NotFound(Kind::Chart))?;
            let existing = there.iter().find(|one| one.slug == row.slug);
            let stored = existing.and_then(|existing| old.remove(&existing.id));
            let body: ChartBody = version.body.unpack_json()?;
            let stored = stored.map(|version| version.body.unpack_json());
            let there = (existing, stored.transpose()?);
            planned.push(self.chart(row, body, there)?);
        }
        Ok(planned)
    }

    fn chart(
        &mut self,
        row: &Content,
        body: ChartBody,
        (existing, stored): (Option<&Content>, Option<ChartBody>),
    ) -> Result<Planned<ChartBody>> {
        if let Some(existing) = existing.filter(|there| !supersedes(row, there)) {
            return self.stays(row, existing, stored.unwrap_or(body));
        }
        let space = self.space_for(row)?;
        self.check(row, space)?;
        let dashboard = row.dashboard.and_then(|id| self.like_dashboard(id));
        let base = match existing {
            Some(existing) => existing.clone(),
            None => fresh(self.app, self.to, ContentKind::Chart, &row.slug),
        };
        let mut head = Content {
            name: row.name.clone(),
            description: row.description.clone(),
            space: dashboard.is_none().then_some(space),
            dashboard,
            ..base
        };
        let is_new = match &stored {
            Some(stored) => !same(stored, &body)?,
            None => true,
        };
        if is_new {
            if self.checks {
                allow_sql(self.to, &body.metric_query)?;
            }
            self.written(&mut head);
            head.shown = chart::shown(&body);
        }
        let packed = is_new.then(|| Packed::pack_json(&body)).transpose()?;
        let edit = edit_of(existing, head, packed);
        self.planned(row.id, existing, body, edit)
    }

    /// A chart that stays what and where it is there.
    fn stays(
        &mut self,
        row: &Content,
        existing: &Content,
        body: ChartBody,
    ) -> Result<Planned<ChartBody>> {
        let lies = self.target.space_of(existing);
        let space = lies.ok_or(Error::NotFound(Kind::Chart))?.clone();
        self.check(row, space.id)?;
        self.plan_space(PlannedSpace {
            action: Act::NoChanges,
            space,
        });
        self.planned(row.id, Some(existing), body, None)
    }

    /// Marks a head as changed by the caller now.
    pub(super) fn written(&self, head: &mut Content) {
        head.updated_at = self.app.clock.now();
        head.updated_by = Some(self.to.user.id);
    }

    /// What becomes of something, which stands in the index from now on.
    pub(super) fn planned<B>(
        &mut self,
        source: ContentId,
        existing: Option<&Content>,
        body: B,
        edit: Option<Edit>,
    ) -> Result<Planned<B>> {
        let head = edit.as_ref().map(Edit::result).or(existing.cloned());
        let head = head.ok_or(Error::NotFound(Kind::Chart))?;
        let action = match (&edit, existing) {
            (None, _) => Act::NoChanges,
            (Some(_), None) => Act::Create,
            (Some(_), Some(_)) => Act::Update,
        };
        self.target.index.put(head.clone());
        Ok(Planned {
            action,
            source,
            head,
            body,
            edit,
        })
    }
}

/// Whether something goes over what is there: it is newer, or has another name or description. What was changed there since is
/// not taken back (reference 21 §5).
pub(super) fn supersedes(row: &Content, there: &Content) -> bool {
    row.updated_at > there.updated_at
        || row.name != there.name
        || row.description != there.description
}

/// The edit that makes something out of what is there; none where that is it already.
pub(super) fn edit_of(
    existing: Option<&Content>,
    head: Content,
    version: Option<Packed>,
) -> Option<Edit> {
    match (existing, version) {
        (None, Some(body)) => Some(Edit::create(head, body)),
        (Some(old), Some(body)) => Some(Edit::version(old, head, body)),
        (Some(old), None) => (*old != head).then(|| Edit::change(old, head)),
        (None, None) => None,
    }
}
