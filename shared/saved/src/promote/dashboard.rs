//! Dashboards that are promoted with the charts on them.

use std::collections::BTreeMap;

use app::{
    Error, Kind, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, DashboardBody, Version},
        id::ContentId,
        packed::Packed,
    },
    store::Edit,
};

use super::plan::{Plan, Planner, edit_of, versions};
use crate::{
    code::{
        fresh, same,
        tiles::{Key, forget_gone, keep_ids, rename_targets, slugs},
    },
    dashboard::{checked, shown},
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

    /// Charts within a dashboard there that no version of it had on a tile.
    fn unused(&self, edit: Option<&Edit>) -> Vec<Edit> {
        let Some(head) = edit.and_then(|edit| edit.old.as_ref().map(|_| &edit.new)) else {
            return Vec::new();
        };
        let lies = |row: &&Content| row.dashboard == Some(head.id);
        let unused = self.target.index.live().filter(lies);
        let unused = unused.filter(|row| !head.tiled.contains(&row.id));
        let now = self.app.clock.now();
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
        let mut missing = Vec::new();
        for row in rows(ContentKind::SqlChart) {
            match self.target.index.by_slug(ContentKind::SqlChart, &row.slug) {
                Some(there) => {
                    copies.insert(row.id, there.id);
                }
                None => missing.push(row),
            }
        }
        let mut versions = versions(self.app, &missing).await?;
        for row in missing {
            let version = versions.remove(&row.id);
            let version = version.ok_or(Error::NotFound(Kind::SqlChart))?;
            let edit = self.sql_chart(row, version)?;
            copies.insert(row.id, edit.new.id);
            plan.sql.push(edit);
        }
        for tile in &mut body.tiles {
            if let Some((_, id)) = tile.face.shows() {
                tile.face.show(copies.get(&id).copied());
            }
        }
        Ok(())
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
