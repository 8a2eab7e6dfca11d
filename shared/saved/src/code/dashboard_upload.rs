//! Uploading a dashboard (reference 22 §3).

mod dry_run;

use std::collections::BTreeMap;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Subject},
        content::{
            Content, ContentKind, DashboardBody, DashboardFilters, Tile, TileType,
            content_description, content_name,
        },
        id::ContentId,
        packed::Packed,
    },
    store::{Edit, NewSpaces},
};
use serde_json::Value;

use super::{
    Options, TRIES, UploadParams,
    dashboard::{DashboardAsCode, DashboardDocument, TileDocument, document},
    fresh, lost, same, same_slug,
    space::{self, SpacePath, Target},
    tiles::{Key, forget_gone, give_rule_ids, keep_ids, remember_gone, rename_targets, slugs},
};
use crate::{
    contents::Contents,
    dashboard::{checked, checked_beside, shown},
    kept,
    promote::changes::{Act, ChangedDashboard, Changes, PromotedDashboard, spaces_to},
    tile::SentTile,
};

/// A document that was read.
struct Upload<'a> {
    app: &'a App,
    project: &'a InProject,
    slug: &'a str,
    name: String,
    description: Option<String>,
    path: SpacePath,
    options: Options,
    sent: DashboardDocument,
}

/// What is to be done.
struct Plan {
    action: Act,
    head: Content,
    body: DashboardBody,
    edit: Option<Edit>,
    target: Option<Target>,
    /// The document of what is there, for a dry run.
    before: Option<DashboardAsCode>,
}

/// Makes a dashboard, or changes the one of this slug to what the document says, or leaves it if it says the same. Its charts
/// and SQL charts have to be there; none of them is changed, and none is listed in the answer. A space that is missing is made
/// in the same transaction. Tiles keep their ids, so that comments stay on them. A dry run tells where the dashboard's document
/// would be changed, and lists the charts that are not there yet.
///
/// # Errors
/// `Invalid` for a document against the rules; `Forbidden` for what the caller may not do; `NotFound` for a chart that is not
/// there, for a dashboard of this slug that the caller may not see, and for a space that is missing and may not be made; `Changed`
/// when others were always first.
pub async fn upload(
    app: &App,
    project: &InProject,
    slug: &str,
    sent: DashboardDocument,
    params: &UploadParams,
) -> Result<Changes> {
    let upload = Upload {
        app,
        project,
        slug: same_slug(slug, &sent.slug)?,
        name: content_name(&sent.name)?,
        description: content_description(sent.description.as_deref())?,
        path: SpacePath::parse(&sent.space_slug)?,
        options: params.with(sent.skip_space_create, sent.public_space_create, sent.force),
        sent,
    };
    for _ in 1..TRIES {
        match upload.attempt().await {
            Err(error) if lost(&error) => {}
            done => return done,
        }
    }
    upload.attempt().await
}

impl Upload<'_> {
    async fn attempt(&self) -> Result<Changes> {
        let (app, project) = (self.app, self.project);
        let mut contents = Contents::read(app, project).await?;
        let found = contents.index.by_slug(ContentKind::Dashboard, self.slug);
        let plan = match found.cloned() {
            Some(row) if contents.may(Action::View, &row) => {
                self.change(&mut contents, row).await?
            }
            Some(_) => {
                // Slugs can be guessed. Whatever is refused where nothing has this one is refused in the same words.
                self.create(&mut contents)?;
                return Err(Error::NotFound(Kind::Dashboard));
            }
            None => self.create(&mut contents)?,
        };
        let new = plan.target.as_ref();
        let spaces = NewSpaces {
            spaces: new.map(|target| target.new.as_slice()).unwrap_or_default(),
            above: new.and_then(|target| target.above.as_ref()),
            organization: project.organization(),
            creator: project.user.id,
        };
        if let Some(edit) = &plan.edit {
            if !self.options.dry_run {
                let (edits, now) = (std::slice::from_ref(edit), app.clock.now());
                let times = (app.config.deleted_content, now);
                app.store
                    .edit_content_in(project.id(), edits, &spaces, times)
                    .await?;
            }
            contents.index.put(plan.head.clone());
        }
        let space = contents.space_of(&plan.head);
        let space = space.ok_or(Error::NotFound(Kind::Dashboard))?.id;
        let missing_charts = self.options.dry_run.then(|| self.missing(&contents));
        let difference = self.difference(&contents, &plan, missing_charts.as_deref())?;
        let changed = PromotedDashboard::read(app, &contents, &plan.head, plan.body).await?;
        Ok(Changes {
            spaces: spaces_to(&contents, space, spaces.spaces)?,
            dashboards: vec![ChangedDashboard {
                action: plan.action,
                data: changed,
                difference,
                missing_charts,
            }],
            charts: Vec::new(),
        })
    }

    /// The space that the document names, in which the caller may make a dashboard.
    fn target(&self, contents: &mut Contents<'_>) -> Result<Target> {
        let target = space::target(self.app, &mut contents.spaces, &self.path, &self.options)?;
        let space = contents.spaces.find(target.space)?;
        contents
            .spaces
            .require(Action::Create, Subject::Dashboard, space)?;
        Ok(target)
    }

    /// What a document without a dashboard makes.
    fn create(&self, contents: &mut Contents<'_>) -> Result<Plan> {
        let body = self.body(contents, None)?;
        let target = self.target(contents)?;
        let shown = shown(&body);
        let head = Content {
            name: self.name.clone(),
            description: self.description.clone(),
            space: Some(target.space),
            tiled: shown.charts.clone(),
            shown,
            ..fresh(self.app, self.project, ContentKind::Dashboard, self.slug)
        };
        let edit = Edit::create(head, Packed::pack_version(&body)?);
        Ok(Plan {
            action: Act::Create,
            head: edit.result(),
            body,
            edit: Some(edit),
            target: Some(target),
            before: None,
        })
    }

    /// What a document makes of the dashboard that is there.
    async fn change(&self, contents: &mut Contents<'_>, row: Content) -> Result<Plan> {
        contents.require(Action::Update, &row)?;
        let (head, version) = tokio::try_join!(
            self.app.store.content(ContentKind::Dashboard, row.id),
            self.app.store.latest(&row),
        )?;
        // The row stands for a head that may be newer by now.
        let head = head.filter(|head| head.rev == row.rev);
        let head = head.ok_or(Error::Changed(Kind::Dashboard))?;
        let original: DashboardBody = version.body.unpack_json()?;
        let mut stored = original.clone();
        forget_gone(&mut stored, &contents.index);
        let before = match self.options.dry_run {
            true => {
                let now = self.app.clock.now();
                Some(document(contents, &row, stored.clone(), now)?)
            }
            false => None,
        };
        let mut body = self.body(contents, Some(&stored))?;
        let is_new = self.options.force || !same(&stored, &body)?;
        remember_gone(
            &mut body.tiles,
            &original.tiles,
            &contents.index,
            &head.tiled,
        );
        let body = checked_beside(body, &contents.index, &head.tiled)?;

        let space = contents.space_of(&row);
        let space = space.ok_or(Error::NotFound(Kind::Dashboard))?;
        let target = match space.path == self.path.stored() {
            true => None,
            false => Some(self.target(contents)?),
        };
        let mut new = Content {
            name: self.name.clone(),
            description: self.description.clone(),
            space: target.as_ref().map(|to| to.space).or(head.space),
            ..head.clone()
        };
        let edit = if is_new {
            new.updated_at = self.app.clock.now();
            new.updated_by = Some(self.project.user.id);
            new.shown = shown(&body);
            new.tiled.extend(new.shown.charts.iter().copied());
            Some(Edit::version(&head, new, Packed::pack_version(&body)?))
        } else {
            (new != head).then(|| Edit::change(&head, new))
        };
        Ok(Plan {
            action: edit.as_ref().map_or(Act::NoChanges, |_| Act::Update),
            head: edit.as_ref().map_or(head, Edit::result),
            body,
            edit,
            target,
            before,
        })
    }

    /// The version that the document describes. What the stored one has under other names keeps its ids.
    fn body(
        &self,
        contents: &Contents<'_>,
        stored: Option<&DashboardBody>,
    ) -> Result<DashboardBody> {
        let index = &contents.index;
        let sent = self.sent.tiles.iter();
        let tiles = sent.map(|tile| self.tile(tile, contents, stored));
        let mut tiles: Vec<Tile> = tiles.collect::<Result<_>>()?;
        let names = slugs(&tiles, index);
        let keys = self.sent.tiles.iter().zip(names).map(|(sent, name)| Key {
            id: sent.uuid.clone(),
            slug: sent.tile_slug.clone().or(name),
        });
        let keys: Vec<Key> = keys.collect();
        if let Some(stored) = stored {
            keep_ids(&mut tiles, &keys, &stored.tiles, index);
        }
        let known = self.names(&tiles, &keys);
        let sent = self.sent.filters.clone();
        let mut filters = DashboardFilters {
            dimensions: sent.dimensions,
            metrics: sent.metrics,
            table_calculations: sent.table_calculations,
            rest: sent.rest,
        };
        rename_targets(&mut filters, |name| known.get(name).cloned());
        let stored_filters = stored.map(|stored| &stored.filters);
        give_rule_ids(&mut filters, stored_filters, &self.app.random);
        let config = match &self.sent.config {
            Some(config) => {
                let config = serde_json::to_value(config);
                Some(config.map_err(|error| Error::Internal(error.into()))?)
            }
            None => stored.and_then(|stored| stored.config.clone()),
        };
        let body = DashboardBody {
            tiles,
            tabs: self.sent.tabs.clone(),
            filters,
            config,
            rest: kept::of_content(self.sent.rest.clone()),
        };
        checked(body, index)
    }

    /// The ids of tiles by what filters may call them: their slugs, else the slug of their chart, else the ids themselves.
    fn names(&self, tiles: &[Tile], keys: &[Key]) -> BTreeMap<String, String> {
        let mut known = BTreeMap::new();
        let mut note = |name: &str, tile: &Tile| {
            known
                .entry(name.to_owned())
                .or_insert_with(|| tile.uuid.clone());
        };
        for (tile, key) in tiles.iter().zip(keys) {
            key.slug.iter().for_each(|slug| note(slug, tile));
        }
        for (tile, sent) in tiles.iter().zip(&self.sent.tiles) {
            let slug = sent.properties.get("chartSlug").and_then(Value::as_str);
            slug.iter().for_each(|slug| note(slug, tile));
        }
        for tile in tiles {
            note(&tile.uuid, tile);
        }
        known
    }

    /// A tile of the document, with an id of its own.
    fn tile(
        &self,
        sent: &TileDocument,
        contents: &Contents<'_>,
        stored: Option<&DashboardBody>,
    ) -> Result<Tile> {
        let mut properties = sent.properties.clone();
        properties.retain(|name, _| name != "savedChartUuid" && name != "savedSqlUuid");
        let tile = SentTile {
            uuid: None,
            kind: sent.kind,
            x: sent.x,
            y: sent.y,
            w: sent.w,
            h: sent.h,
            tab_uuid: sent.tab_uuid.clone(),
            properties,
            rest: sent.rest.clone(),
        };
        let mut tile = tile.read(&self.app.random)?;
        let Some(what) = shown_kind(sent.kind) else {
            return Ok(tile);
        };
        let chart = match chart_of(sent, what, contents, stored) {
            // It is told which one is not there.
            Err(Error::NotFound(_)) if self.options.dry_run => None,
            chart => chart?,
        };
        tile.face.show(chart);
        Ok(tile)
    }
}

/// What a tile shows, if it shows a chart.
fn shown_kind(tile: TileType) -> Option<ContentKind> {
    match tile {
        TileType::SavedChart => Some(ContentKind::Chart),
        TileType::SqlChart => Some(ContentKind::SqlChart),
        TileType::SemanticViewerChart | TileType::Markdown | TileType::Loom => None,
    }
}

/// The chart of a slug, if the caller may see it.
fn named<'a>(what: ContentKind, slug: &str, contents: &'a Contents<'_>) -> Option<&'a Content> {
    let found = contents.index.by_slug(what, slug);
    found.filter(|chart| contents.may(Action::View, chart))
}

/// The chart of a tile: the one that it names, or the one that the tile of its id has. Who may not see a chart hears the same of
/// its slug as of one that nothing has.
fn chart_of(
    sent: &TileDocument,
    what: ContentKind,
    contents: &Contents<'_>,
    stored: Option<&DashboardBody>,
) -> Result<Option<ContentId>> {
    let unnamed = || {
        Error::invalid(
            "A tile names its chart by its slug in \"chartSlug\", null for none; without it, only a tile whose \"uuid\" the dashboard has keeps its chart",
        )
    };
    match sent.properties.get("chartSlug") {
        Some(Value::Null) => Ok(None),
        Some(Value::String(slug)) => {
            let seen = named(what, slug, contents);
            Ok(Some(seen.ok_or(Error::NotFound(what.named()))?.id))
        }
        Some(_) => Err(unnamed()),
        None => {
            let mut tiles = stored.into_iter().flat_map(|stored| &stored.tiles);
            let known = tiles
                .find(|old| Some(&old.uuid) == sent.uuid.as_ref() && old.face.kind() == sent.kind);
            let shows = known.map(|old| old.face.shows().map(|(_, id)| id));
            shows.ok_or_else(unnamed)
        }
    }
}
