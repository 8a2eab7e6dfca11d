//! Dashboards as documents (reference 22 §1.3, §3). Our documents have more than others': `config`, the ids of filters, and
//! tiles of SQL charts that arrive.

use std::collections::BTreeMap;

use app::{
    App, Error, InProject, Kind, Result, Timestamp,
    domain::{
        access::{Action, Subject},
        content::{
            Content, ContentKind, DashboardBody, DashboardFilters, Index, Tab, Tile, TileFace,
            TileType, content_description, content_name,
        },
        packed::Packed,
    },
    store::{Edit, NewSpaces},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    DownloadParams, FORMAT, Options, Page, Selection, TRIES, UploadParams, fresh, language, lost,
    same, same_slug,
    space::{self, SpacePath, Target},
    space_slug,
    tiles::{Key, forget_gone, give_rule_ids, keep_ids, rename_targets, slugs},
};
use crate::{
    contents::Contents,
    dashboard::{ShownConfig, ShownFilters, checked, shown},
    promote::changes::{Act, ChangedDashboard, Changes, PromotedDashboard, spaces_to},
    tile::SentTile,
};

/// A tile in a document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardTileAsCode)]
pub struct TileAsCode {
    #[serde(rename = "type")]
    pub kind: TileType,
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tab_uuid: Option<String>,
    /// What filters call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tile_slug: Option<String>,
    #[schema(value_type = Object)]
    pub properties: Value,
}

/// A dashboard as a document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardAsCode {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub updated_at: Timestamp,
    pub tiles: Vec<TileAsCode>,
    pub filters: ShownFilters,
    pub tabs: Vec<Tab>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<ShownConfig>)]
    pub config: Option<Value>,
    pub slug: String,
    pub space_slug: String,
    pub version: u32,
    pub downloaded_at: Timestamp,
}

/// Dashboards as documents.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardsAsCode {
    pub dashboards: Vec<DashboardAsCode>,
    /// By the places of the dashboards.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    pub language_map: Option<Vec<Value>>,
    pub missing_ids: Vec<String>,
    pub total: usize,
    /// Where the next page begins; `total` after the last one.
    pub offset: usize,
}

/// A tile as somebody uploads it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpsertDashboardTileAsCode)]
pub struct TileDocument {
    /// Taken where the stored dashboard has such a tile.
    pub uuid: Option<String>,
    #[serde(rename = "type")]
    pub kind: TileType,
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    pub tab_uuid: Option<String>,
    pub tile_slug: Option<String>,
    /// As downloaded; a chart goes by `chartSlug`, which is null where there is none.
    #[schema(value_type = Object)]
    pub properties: Map<String, Value>,
}

/// The filters of a dashboard that is uploaded; `tileTargets` go by the slugs of tiles.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = UpsertDashboardFiltersAsCode)]
pub struct FiltersDocument {
    #[schema(value_type = Vec<Object>)]
    pub dimensions: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub metrics: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub table_calculations: Vec<Map<String, Value>>,
}

/// A dashboard as somebody uploads it. What else is in the document is passed over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpsertDashboardAsCode)]
pub struct DashboardDocument {
    pub name: String,
    pub description: Option<String>,
    /// When it was last changed where it comes from. Content decides on what is a change.
    pub updated_at: Timestamp,
    pub tiles: Vec<TileDocument>,
    pub filters: FiltersDocument,
    pub tabs: Vec<Tab>,
    /// Kept as it is where it is absent.
    pub config: Option<ShownConfig>,
    pub slug: String,
    pub space_slug: String,
    pub version: f64,
    pub downloaded_at: Option<Timestamp>,
    pub skip_space_create: Option<bool>,
    pub public_space_create: Option<bool>,
    pub force: Option<bool>,
}

/// A page of the dashboards that the caller may see: two requests, and one for what is in them.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn download(
    app: &App,
    project: &InProject,
    params: &DownloadParams,
) -> Result<DashboardsAsCode> {
    let contents = Contents::read(app, project).await?;
    let selection = Selection::of(&contents, ContentKind::Dashboard, params.ids.as_deref());
    let mut page = Page::read(app, &selection, params.offset).await?;
    let (now, mapped) = (app.clock.now(), params.language_map == Some(true));
    let may_see = |row: &Content| contents.may(Action::View, row);
    let (made, offset) = page.documents(|row, version| {
        let body: DashboardBody = version.body.unpack_json()?;
        let words = mapped.then(|| language::dashboard(row, &body, &contents.index, may_see));
        Ok((document(&contents, row, body, now)?, words))
    })?;
    let (dashboards, words): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    Ok(DashboardsAsCode {
        dashboards,
        language_map: mapped.then(|| words.into_iter().flatten().collect()),
        missing_ids: selection.missing,
        total: page.total,
        offset,
    })
}

fn document(
    contents: &Contents<'_>,
    row: &Content,
    mut body: DashboardBody,
    now: Timestamp,
) -> Result<DashboardAsCode> {
    let names = slugs(&body.tiles, &contents.index);
    // A tile without a slug goes by its id.
    let known = body.tiles.iter().zip(&names).map(|(tile, slug)| {
        let name = slug.clone().unwrap_or_else(|| tile.uuid.clone());
        (tile.uuid.clone(), name)
    });
    let known: BTreeMap<String, String> = known.collect();
    rename_targets(&mut body.filters, |tile| known.get(tile).cloned());
    let tiles = body.tiles.into_iter().zip(names);
    Ok(DashboardAsCode {
        name: row.name.clone(),
        description: row.description.clone(),
        updated_at: row.updated_at,
        tiles: tiles
            .map(|(tile, slug)| tile_document(contents, tile, slug))
            .collect(),
        filters: body.filters.into(),
        tabs: body.tabs,
        config: body.config,
        slug: row.slug.clone(),
        space_slug: space_slug(contents, row)?,
        version: FORMAT,
        downloaded_at: now,
    })
}

fn tile_document(contents: &Contents<'_>, tile: Tile, slug: Option<String>) -> TileAsCode {
    let chart = tile
        .face
        .shows()
        .and_then(|(what, id)| contents.index.get(what, id));
    let seen = chart.filter(|chart| contents.may(Action::View, chart));
    let slug_and_name = [
        ("chartSlug", Some(json!(chart.map(|chart| &chart.slug)))),
        ("chartName", Some(json!(seen.map(|chart| &chart.name)))),
    ];
    let (own, hide_title): (Vec<(&str, Option<Value>)>, _) = match &tile.face {
        TileFace::SavedChart {
            title, hide_title, ..
        }
        | TileFace::SqlChart {
            title, hide_title, ..
        } => {
            let title = ("title", title.as_ref().map(|title| json!(title)));
            (
                slug_and_name.into_iter().chain([title]).collect(),
                hide_title,
            )
        }
        TileFace::Markdown {
            title,
            content,
            hide_title,
        } => {
            let own = [
                ("title", Some(json!(title))),
                ("content", Some(json!(content))),
            ];
            (Vec::from(own), hide_title)
        }
        TileFace::Loom {
            title,
            url,
            hide_title,
        } => {
            let own = [("title", Some(json!(title))), ("url", Some(json!(url)))];
            (Vec::from(own), hide_title)
        }
    };
    let own = own
        .into_iter()
        .chain([("hideTitle", hide_title.map(Value::Bool))]);
    // What was not sent stays absent.
    let properties = own.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let properties = Value::Object(properties.collect());
    TileAsCode {
        kind: tile.face.kind(),
        x: tile.x,
        y: tile.y,
        w: tile.w,
        h: tile.h,
        tab_uuid: tile.tab_uuid,
        tile_slug: slug,
        properties,
    }
}

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
}

/// Makes a dashboard, or changes the one of this slug to what the document says, or leaves it if it says the same. Its charts
/// and SQL charts have to be there; none of them is changed, and none is listed in the answer. A space that is missing is made
/// in the same transaction. Tiles keep their ids, so that comments stay on them.
///
/// # Errors
/// `Invalid` for a document against the rules; `Forbidden` for what the caller may not do; `NotFound` for a chart that is not
/// there, and for a space that is missing and may not be made; `Changed` when others were always first.
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
            Some(row) => self.change(&mut contents, row).await?,
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
            contents.index.put(plan.head.as_row());
        }
        let space = contents.space_of(&plan.head);
        let space = space.ok_or(Error::NotFound(Kind::Dashboard))?.id;
        let changed = PromotedDashboard::read(app, &contents, &plan.head, plan.body).await?;
        Ok(Changes {
            spaces: spaces_to(&contents, space, spaces.spaces)?,
            dashboards: vec![ChangedDashboard {
                action: plan.action,
                data: changed,
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
        let body = self.body(&contents.index, None)?;
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
        let edit = Edit::create(head, Packed::pack_json(&body)?);
        Ok(Plan {
            action: Act::Create,
            head: edit.result(),
            body,
            edit: Some(edit),
            target: Some(target),
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
        let mut stored: DashboardBody = version.body.unpack_json()?;
        forget_gone(&mut stored, &contents.index);
        let body = self.body(&contents.index, Some(&stored))?;
        let is_new = self.options.force || !same(&stored, &body)?;

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
            Some(Edit::version(&head, new, Packed::pack_json(&body)?))
        } else {
            (new != head).then(|| Edit::change(&head, new))
        };
        Ok(Plan {
            action: edit.as_ref().map_or(Act::NoChanges, |_| Act::Update),
            head: edit.as_ref().map_or(head, Edit::result),
            body,
            edit,
            target,
        })
    }

    /// The version that the document describes. What the stored one has under other names keeps its ids.
    fn body(&self, index: &Index, stored: Option<&DashboardBody>) -> Result<DashboardBody> {
        let tiles = self.sent.tiles.iter().map(|tile| self.tile(tile, index));
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
    fn tile(&self, sent: &TileDocument, index: &Index) -> Result<Tile> {
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
        };
        let mut tile = tile.read(&self.app.random)?;
        let what = match sent.kind {
            TileType::SavedChart => ContentKind::Chart,
            TileType::SqlChart => ContentKind::SqlChart,
            TileType::Markdown | TileType::Loom => return Ok(tile),
        };
        let chart = match sent.properties.get("chartSlug") {
            Some(Value::Null) => None,
            Some(Value::String(slug)) => {
                let found = index.by_slug(what, slug);
                Some(found.ok_or(Error::NotFound(what.named()))?.id)
            }
            _ => {
                return Err(Error::invalid(
                    "A tile names its chart by its slug in \"chartSlug\"; null is none",
                ));
            }
        };
        tile.face.show(chart);
        Ok(tile)
    }
}
