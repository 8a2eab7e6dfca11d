//! Dashboards that are promoted with the charts on them.

use std::collections::BTreeMap;

use app::{
    Error, Kind, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, DashboardBody, SqlChartBody, Version},
        id::ContentId,
        packed::Packed,
    },
    store::Edit,
};

use super::plan::{Plan, Planner, edit_of, supersedes, versions};
use crate::{
    code::{
        fresh, same,
        tiles::{Key, forget_gone, keep_ids, rename_targets, slugs},
    },
    dashboard::{ABOUT_TO_BE_TILED, checked, shown},
};

impl Planner<'_> {
    /// Plans a dashboard with the charts and SQL charts on it.
    pub(super) async fn dashboard(&mut self, plan: &mut Plan, head: &Content) -> Result<()> {
        let source = self.source;
        let row = source.find(ContentKind::Dashboard, head.id)?;
        let space = self.space_for(row)?;
        self.check(row, space)?;
        let there = self.target.index.by_slug(ContentKind::Dashboard, &row.slug);
        let there = there.map(|there| there.id);
        let existing = async {
            match there {
                Some(id) => self.app.store.content(ContentKind::Dashboard, id).await,
                None => Ok(None),
            }
        };
        let (existing, version) = tokio::try_join!(existing, self.app.store.latest(row))?;
        if there.is_some() && existing.is_none() {
            return Err(Error::Changed(Kind::Dashboard));
        }
        let stored = match &existing {
            Some(existing) => {
                let version = self.app.store.latest(existing).await?;
                Some(version.body.unpack_json::<DashboardBody>()?)
            }
            None => None,
        };
        let base = match &existing {
            Some(existing) => existing.clone(),
            None => fresh(self.app, self.to, ContentKind::Dashboard, &row.slug),
        };
        let mut new = Content {
            name: row.name.clone(),
            description: row.description.clone(),
            space: Some(space),
            ..base
        };
        // Its charts lie where it does.
        self.target.index.put(new.clone());
        let mut body: DashboardBody = version.body.unpack_json()?;
        forget_gone(&mut body, &self.source.index);
        let keys = slugs(&body.tiles, &self.source.index).into_iter();
        let keys = keys.zip(&body.tiles).map(|(slug, tile)| Key {
            id: Some(tile.uuid.clone()),
            slug,
        });
        let keys: Vec<Key> = keys.collect();
        self.on_tiles(plan, &mut body).await?;
        let stored = stored.map(|mut stored| {
            forget_gone(&mut stored, &self.target.index);
            stored
        });
        let body = self.settled(body, &keys, stored.as_ref())?;
        let is_new = match &stored {
            Some(stored) => !same(stored, &body)?,
            None => true,
        };
        if is_new {
            self.written(&mut new);
            new.shown = shown(&body);
            new.tiled.extend(new.shown.charts.iter().copied());
        }
        let packed = is_new.then(|| Packed::pack_json(&body)).transpose()?;
        let edit = edit_of(existing.as_ref(), new, packed);
        if edit.is_some() {
            plan.gone = self.unused(edit.as_ref());
        }
        plan.dashboard = Some(self.planned(row.id, existing.as_ref(), body, edit)?);
        Ok(())
    }

    /// Charts within a dashboard there that no version of it had on a tile, unless one may just be about to.
    fn unused(&self, edit: Option<&Edit>) -> Vec<Edit> {
        let Some(head) = edit.and_then(|edit| edit.old.as_ref().map(|_| &edit.new)) else {
            return Vec::new();
        };
        let lies = |row: &&Content| row.dashboard == Some(head.id);
        let unused = self.target.index.live().filter(lies);
        let now = self.app.clock.now();
        let unused = unused.filter(|row| {
            let since = row.created_at.max(row.updated_at);
            !head.tiled.contains(&row.id) && since + ABOUT_TO_BE_TILED <= now
        });
        unused.map(|row| Edit::delete(row, now)).collect()
    }

    /// Plans what is on the tiles, and lets the tiles show it.
    async fn on_tiles(&mut self, plan: &mut Plan, body: &mut DashboardBody) -> Result<()> {
        let source = self.source;
        let shown = shown(body).charts;
        let rows = |what: ContentKind| {
            let rows = shown
                .iter()
                .filter_map(move |id| source.index.get(what, *id));
            rows.collect::<Vec<&Content>>()
        };
        plan.charts = self.charts(&rows(ContentKind::Chart)).await?;
        let mut copies: BTreeMap<ContentId, ContentId> = BTreeMap::new();
        copies.extend(
            plan.charts
                .iter()
                .map(|chart| (chart.source, chart.head.id)),
        );
        copies.extend(self.sql_charts(plan, &rows(ContentKind::SqlChart)).await?);
        for tile in &mut body.tiles {
            if let Some((_, id)) = tile.face.shows() {
                tile.face.show(copies.get(&id).copied());
            }
        }
        Ok(())
    }

    /// Plans SQL charts; answers what each of them is there.
    async fn sql_charts(
        &mut self,
        plan: &mut Plan,
        rows: &[&Content],
    ) -> Result<BTreeMap<ContentId, ContentId>> {
        let index = &self.target.index;
        let there = rows
            .iter()
            .filter_map(|row| index.by_slug(ContentKind::SqlChart, &row.slug));
        let there: Vec<Content> = there.cloned().collect();
        let old: Vec<&Content> = there.iter().collect();
        let (mut new, mut old) =
            tokio::try_join!(versions(self.app, rows), versions(self.app, &old))?;
        let mut copies = BTreeMap::new();
        for row in rows {
            let version = new.remove(&row.id);
            let version = version.ok_or(Error::NotFound(Kind::SqlChart))?;
            let existing = there.iter().find(|one| one.slug == row.slug);
            let edit = match existing {
                Some(existing) => {
                    let stored = old.remove(&existing.id);
                    self.sql_edit(row, version, (existing, stored))?
                }
                None => Some(self.sql_chart(row, version)?),
            };
            let made = edit.as_ref().map(|edit| edit.new.id);
            let copy = existing.map(|there| there.id).or(made);
            copies.extend(copy.map(|copy| (row.id, copy)));
            plan.sql.extend(edit);
        }
        Ok(copies)
    }

    /// What makes an SQL chart that is there say what this one says; none where it does already, or is newer. It stays where it
    /// lies.
    fn sql_edit(
        &mut self,
        row: &Content,
        version: Version,
        (existing, stored): (&Content, Option<Version>),
    ) -> Result<Option<Edit>> {
        if !supersedes(row, existing) {
            return Ok(None);
        }
        let body: SqlChartBody = version.body.unpack_json()?;
        let stored = stored.map(|stored| stored.body.unpack_json::<SqlChartBody>());
        let is_new = match &stored.transpose()? {
            Some(stored) => !same(stored, &body)?,
            None => true,
        };
        let mut head = Content {
            name: row.name.clone(),
            description: row.description.clone(),
            ..existing.clone()
        };
        if is_new {
            self.written(&mut head);
            head.shown = row.shown.clone();
        }
        let edit = edit_of(Some(existing), head, is_new.then_some(version.body));
        if let Some(edit) = &edit {
            let lies = self.target.space_of(existing);
            let lies = lies.ok_or(Error::NotFound(Kind::SqlChart))?.id;
            self.check(row, lies)?;
            let object = self.to.object();
            if self.checks && is_new && !self.to.may(Action::Manage, Subject::CustomSql, &object) {
                return Err(Error::CustomSql);
            }
            self.target.index.put(edit.result());
        }
        Ok(edit)
    }

    /// An SQL chart that is to be copied.
    fn sql_chart(&mut self, row: &Content, version: Version) -> Result<Edit> {
        let space = self.space_for(row)?;
        self.check(row, space)?;
        if self.checks {
            self.to.require(Action::Manage, Subject::SqlRunner)?;
        }
        let head = Content {
            name: row.name.clone(),
            description: row.description.clone(),
            space: Some(space),
            shown: row.shown.clone(),
            ..fresh(self.app, self.to, ContentKind::SqlChart, &row.slug)
        };
        let edit = Edit::create(head, version.body);
        self.target.index.put(edit.result());
        Ok(edit)
    }

    /// The version with the ids that its tiles have there already, so that comments stay on them.
    fn settled(
        &self,
        mut body: DashboardBody,
        keys: &[Key],
        stored: Option<&DashboardBody>,
    ) -> Result<DashboardBody> {
        if let Some(stored) = stored {
            let before: Vec<String> = body.tiles.iter().map(|tile| tile.uuid.clone()).collect();
            keep_ids(&mut body.tiles, keys, &stored.tiles, &self.target.index);
            let after = body.tiles.iter().map(|tile| tile.uuid.clone());
            let renamed: BTreeMap<String, String> = before.into_iter().zip(after).collect();
            rename_targets(&mut body.filters, |tile| renamed.get(tile).cloned());
        }
        checked(body, &self.target.index)
    }
}
