//! Changing and deleting one dashboard.

use app::{
    App, CurrentUser, Done, DoneOk, Error, IfMatch, InProject, Json, Kind, Ok, Path, Reply, Result,
    Timestamp,
    domain::{
        access::{Action, Subject},
        content::{
            Content, ContentKind, DashboardBody, Index, Tab, Tile, content_description,
            content_name,
        },
        id::{ContentId, UserId},
        packed::Packed,
    },
    http::etag,
    store::Edit,
};
use axum::extract::State;
use saved::{
    Contents,
    dashboard::{
        ABOUT_TO_BE_TILED, DashboardView, Definition, ShownConfig, ShownFilters, checked_beside,
        shown,
    },
    edit::{Editing, edit_all, edit_each},
    kept,
    tile::{Charts, SentTile, properties_of},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, time::Duration};
use utoipa::ToSchema;

use crate::dashboards::{DashboardPath, Tagged, seen};

/// How often a change of several heads is tried that others came in the way of.
pub(crate) const TRIES: usize = 10;
/// Copies write charts before their dashboard: no copy takes that long, with everything that is tried again.
const ABOUT_TO_BE_WITHIN: Duration = Duration::from_secs(20 * 60 * 60);

/// What is changed of a dashboard. What is not sent, or null, stays as it is, also what a version holds: a client that knows
/// no tabs, filters or options does not lose them. Tabs that stay have to fit the tiles that are sent, and targets of tiles
/// that go leave the filters that stay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateDashboard {
    name: Option<String>,
    /// Empty text takes it away.
    description: Option<String>,
    space_uuid: Option<String>,
    tiles: Option<Vec<SentTile>>,
    tabs: Option<Vec<Tab>>,
    filters: Option<ShownFilters>,
    config: Option<ShownConfig>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    rest: Map<String, Value>,
}

impl UpdateDashboard {
    /// The head with what has no versions.
    fn head(&self, contents: &Contents<'_>, old: &Content) -> Result<Content> {
        let mut new = old.clone();
        // Older clients send empty text for what they do not change.
        if let Some(name) = self.name.as_deref().filter(|name| !name.is_empty()) {
            new.name = content_name(name)?;
        }
        if let Some(description) = &self.description {
            new.description = content_description(Some(description.as_str()))?;
        }
        if let Some(space) = self.space_uuid.as_deref().filter(|id| !id.is_empty()) {
            let space = contents.spaces.named(space)?;
            if Some(space.id) != old.space {
                let spaces = &contents.spaces;
                spaces.require(Action::Update, Subject::Dashboard, space)?;
                new.space = Some(space.id);
            }
        }
        Ok(new)
    }

    /// What the next version holds; none when it is what the latest one holds.
    async fn body(
        &self,
        app: &App,
        index: &Index,
        head: &Content,
    ) -> Result<Option<DashboardBody>> {
        let sent = Definition {
            tiles: self.tiles.clone().unwrap_or_default(),
            tabs: self.tabs.clone().unwrap_or_default(),
            filters: self.filters.clone(),
            config: self.config.clone(),
            rest: self.rest.clone(),
        };
        let sent = sent.into_body(app)?;
        let old: DashboardBody = app.store.latest(head).await?.body.unpack_json()?;
        let mut new = old.clone();
        if self.tiles.is_some() {
            new.tiles = sent.tiles;
            keep(&mut new.tiles, &old.tiles, index, head.id);
        }
        if self.tabs.is_some() {
            new.tabs = sent.tabs;
        }
        if self.filters.is_some() {
            new.filters = sent.filters;
        }
        if self.config.is_some() {
            new.config = sent.config;
        }
        let rest = sent.rest.into_iter();
        new.rest.extend(rest.filter(|(_, value)| !value.is_null()));
        let new = checked_beside(new, index, &head.tiled)?;
        Ok((new != old).then_some(new))
    }

    /// The edit of a head as it is now; none when nothing changes.
    async fn edit(
        &self,
        app: &App,
        contents: &Contents<'_>,
        head: &Content,
    ) -> Result<Option<Edit>> {
        contents.require(Action::Update, head)?;
        let new = self.head(contents, head)?;
        let stays = self.tiles.is_none() && self.tabs.is_none();
        let stays = stays && self.filters.is_none() && self.config.is_none();
        let stays = stays && kept::of_content(self.rest.clone()).is_empty();
        let body = if stays {
            None
        } else {
            self.body(app, &contents.index, head).await?
        };
        match body {
            Some(body) => {
                let author = contents.spaces.project.user.id;
                versioned(app, author, (head, new), &body).map(Some)
            }
            None => Ok((new != *head).then(|| Edit::change(head, new))),
        }
    }
}

/// A new version of a dashboard.
pub(crate) fn versioned(
    app: &App,
    author: UserId,
    (old, new): (&Content, Content),
    body: &DashboardBody,
) -> Result<Edit> {
    let shown = shown(body);
    let new = Content {
        tiled: old.tiled.union(&shown.charts).copied().collect(),
        shown,
        updated_at: app.clock.now(),
        updated_by: Some(author),
        ..new
    };
    Ok(Edit::version(old, new, Packed::pack_version(body)?))
}

/// A tile that comes back as it is shown stays as it is kept: with a chart that was deleted, which may be restored, and without
/// what was never set.
fn keep(tiles: &mut [Tile], old: &[Tile], index: &Index, dashboard: ContentId) {
    let charts = Charts {
        index,
        may_see: &|_| true,
        dashboard,
    };
    let shown = |tile: &Tile| properties_of(&tile.face, &charts);
    for tile in tiles {
        let same = |one: &&Tile| one.uuid == tile.uuid && one.face.kind() == tile.face.kind();
        // Another chart that is gone looks the same.
        let sent = tile.face.shows();
        let same_chart = |one: &&Tile| sent.is_none() || one.face.shows() == sent;
        let known = old.iter().find(same).filter(same_chart);
        if let Some(known) = known.filter(|known| shown(known) == shown(tile)) {
            tile.face = known.face.clone();
        }
    }
}

/// Deletes the charts within a dashboard that no version of it has on a tile, and those within one that never came to be: of a
/// copy that died halfway. One that somebody changes meanwhile stays.
async fn sweep(app: &App, contents: &Contents<'_>, head: &Content) -> Result<()> {
    let (index, now) = (&contents.index, app.clock.now());
    let dashboards = index.live().chain(index.deleted());
    let dashboards = dashboards.filter(|row| row.what == ContentKind::Dashboard);
    let dashboards: BTreeSet<ContentId> = dashboards.map(|row| row.id).collect();
    let unused = index.live().filter(|row| {
        row.dashboard.is_some_and(|dashboard| {
            let untiled = dashboard == head.id && !head.tiled.contains(&row.id);
            let lost = !dashboards.contains(&dashboard);
            (untiled && row.created_at.max(row.updated_at) + ABOUT_TO_BE_TILED <= now)
                || (lost && row.created_at + ABOUT_TO_BE_WITHIN <= now)
        })
    });
    let unused: Vec<&Content> = unused.collect();
    if unused.is_empty() {
        return Ok(());
    }
    // Somebody may have put one of them on a tile meanwhile.
    let newest = app.store.content(head.what, head.id).await?;
    let tiled = newest.map(|head| head.tiled).unwrap_or_default();
    let unused = unused.into_iter().filter(|row| !tiled.contains(&row.id));
    let edits: Vec<Edit> = unused.map(|row| Edit::delete(row, now)).collect();
    match edit_all(app, &edits).await {
        Err(Error::Changed(_)) => Ok(()),
        done => done,
    }
}

/// Changes a dashboard: its name, description and space at once, and with a new version its tiles, tabs, filters and options.
/// Nothing is written where nothing changes. Charts within it that no version has on a tile are deleted an hour after they
/// were made.
#[utoipa::path(patch, path = "/api/v1/dashboards/{dashboardUuid}", operation_id = "updateDashboard", tag = "Dashboards",
               params(DashboardPath), request_body = UpdateDashboard, responses((status = 200, body = Ok<DashboardView>)),
               extensions(("x-tier" = json!("legacy")), ("x-saves" = json!(true))))]
pub(crate) async fn update_dashboard(
    State(app): State<App>,
    user: CurrentUser,
    IfMatch(rev): IfMatch,
    Path(path): Path<DashboardPath>,
    Json(body): Json<UpdateDashboard>,
) -> Result<Tagged<Reply<DashboardView>>> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    let contents = Contents::read(&app, &found.project).await?;
    contents.require(Action::Update, &found.head)?;

    let mut editing = Editing::new(&found.head, rev);
    let head = loop {
        let edit = body.edit(&app, &contents, &editing.head()?).await;
        if let Some(done) = editing.apply(&app, edit).await? {
            break done;
        }
    };
    sweep(&app, &contents, &head).await?;

    let view = seen(&app, &contents, &head).await?;
    Ok((etag(head.rev), Reply(view)))
}

/// Deletes charts that were made within a dashboard while that was deleted; none comes after it.
async fn rest(app: &App, project: &InProject, id: ContentId, now: Timestamp) -> Result<()> {
    for _ in 0..TRIES {
        let index = app.store.index(project.id()).await?;
        let within = index.live().filter(|row| row.dashboard == Some(id));
        let edits: Vec<_> = within.map(|row| Edit::delete(row, now)).collect();
        match edit_each(app, &edits).await {
            Err(Error::Changed(_)) => {}
            done => return done,
        }
    }
    Err(Error::Changed(Kind::Dashboard))
}

/// Deletes a dashboard and the charts within it. All of them can be restored for as long as deleted content is kept. May be
/// repeated when it failed halfway.
#[utoipa::path(delete, path = "/api/v1/dashboards/{dashboardUuid}", operation_id = "deleteDashboard", tag = "Dashboards",
               params(DashboardPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn delete_dashboard(
    State(app): State<App>,
    user: CurrentUser,
    IfMatch(rev): IfMatch,
    Path(path): Path<DashboardPath>,
) -> Result<Done> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    let (mut head, now) = (found.head, app.clock.now());
    for _ in 0..TRIES {
        if rev.is_some_and(|rev| rev != head.rev) {
            return Err(Error::Changed(Kind::Dashboard));
        }
        let contents = Contents::read(&app, &found.project).await?;
        contents.require(Action::Delete, &head)?;
        let within = contents.index.live();
        let within = within.filter(|row| row.dashboard == Some(head.id));
        let edits = within.chain([&head]).map(|row| Edit::delete(row, now));
        match edit_all(&app, &edits.collect::<Vec<_>>()).await {
            Err(Error::Changed(_)) => {}
            done => {
                done?;
                return rest(&app, &found.project, head.id, now)
                    .await
                    .map(|()| Done);
            }
        }
        match app.store.content(kind, head.id).await? {
            Some(newest) => head = newest,
            None => return Ok(Done),
        }
    }
    Err(Error::Changed(Kind::Dashboard))
}
