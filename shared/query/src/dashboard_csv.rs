//! The rows of a dashboard's charts as CSV files in one archive (reference 24 §7): done by the worker, one chart after the other,
//! and gone on with where a worker was lost. What cannot be exported is told in the archive, and stops nothing else.

use std::time::{Duration, Instant};

use ::export::{content_disposition, sanitise};
use app::{
    App, CurrentUser, Error, InProject, Result, Timestamp,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, DashboardBody, SqlChartBody, Tile, TileFace},
        job::Job,
        packed::Packed,
        work::Work,
    },
    files::{FileName, Link},
};
use saved::{Contents, dashboard_csv::DashboardCsv};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Asked, Asker, Login,
    archive::Archive,
    asked::{ask, count},
    chart,
    csv::{Cut, asked_for, file_of},
    dashboard::{Overlay, zoom},
    export::LINK,
    narrow::narrow,
    run::Tags,
};

/// How long charts are begun before the job lets go, to be taken again.
const ONE_TRY: Duration = Duration::from_secs(60);
/// How long one chart may take: with that, a try stays below four minutes.
const ONE_CHART: Duration = Duration::from_secs(150);
/// How often a worker may be lost over a chart: it may be the chart that ends it.
const LOST: u32 = 3;
/// What rows are exported for, as warehouses are told.
const CONTEXT: &str = "csvDownload";

/// How far an export is.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Progress {
    done: Vec<Exported>,
    /// How often the next chart was begun.
    tries: u32,
}

/// What became of a tile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    tile: String,
    /// The title of the tile, or the name of its chart.
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<Made>,
    /// Why there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A file that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    file: FileName,
    bytes: u64,
    rows: u64,
    truncated: bool,
}

/// Whose export it is, and what it is of.
struct Exporting<'a> {
    app: &'a App,
    work: &'a Work,
    contents: Contents<'a>,
    input: DashboardCsv,
}

/// Goes on with an export and ends its job; the caller has the turn of whoever began it. Answers when somebody has to come back to
/// it. Whatever is wrong with what was asked is an answer.
///
/// # Errors
/// `Unavailable` when the table or the files do not answer, or somebody else has the job.
pub async fn work(app: &App, work: &Work, job: &Job) -> Result<Option<Timestamp>> {
    if work.details.is_some() || work.error.is_some() {
        return app.store.finish_job(job).await.map(|()| None);
    }
    let came = match Box::pin(export(app, work)).await {
        Ok(Ended::LaterOn(then)) => return Ok(Some(then)),
        Ok(Ended::Done(details)) => Ok(Packed::pack_json(&details)?),
        Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
        Err(error) => Err(error.to_string()),
    };
    app.store.finish_work(work.id, came, job).await?;
    Ok(None)
}

enum Ended {
    Done(Value),
    LaterOn(Timestamp),
}

async fn export(app: &App, work: &Work) -> Result<Ended> {
    let begun = Instant::now();
    let user = app.store.user(work.user).await?;
    let user = user.filter(|user| user.is_active).ok_or(NOT_ALLOWED)?;
    let user = CurrentUser {
        user,
        session: None,
    };
    let project = InProject::find(app, user, work.project).await?;
    let exporting = Exporting {
        app,
        work,
        contents: Contents::read(app, &project).await?,
        input: work.input.unpack_json()?,
    };
    let (head, body) = exporting.dashboard().await?;
    let mut progress: Progress = match &work.progress {
        Some(progress) => progress.unpack_json()?,
        None => Progress::default(),
    };
    let charts = body.tiles.iter().filter(|tile| tile.face.shows().is_some());
    for tile in charts.skip(progress.done.len()) {
        if begun.elapsed() >= ONE_TRY {
            app.store.note_progress(work.id, &progress).await?;
            return Ok(Ended::LaterOn(app.clock.now()));
        }
        progress.tries += 1;
        app.store.note_progress(work.id, &progress).await?;
        let made = if progress.tries > LOST {
            Err(Error::invalid(
                "The chart stopped the worker again and again; ask for less",
            ))
        } else {
            exporting.tile(tile).await
        };
        let (file, error) = match made {
            Ok(file) => (Some(file), None),
            Err(Error::TooMany { retry_after }) => {
                progress.tries -= 1;
                app.store.note_progress(work.id, &progress).await?;
                return Ok(Ended::LaterOn(app.clock.now() + retry_after));
            }
            Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
            Err(error) => (None, Some(error.to_string())),
        };
        progress.tries = 0;
        progress.done.push(Exported {
            tile: tile.uuid.clone(),
            name: exporting.name(tile),
            file,
            error,
        });
    }
    if begun.elapsed() >= ONE_TRY {
        app.store.note_progress(work.id, &progress).await?;
        return Ok(Ended::LaterOn(app.clock.now()));
    }
    let details = archive(app, work, &head.name, &progress.done).await?;
    Ok(Ended::Done(details))
}

impl Exporting<'_> {
    fn project(&self) -> &InProject {
        self.contents.spaces.project
    }

    fn asker(&self) -> Asker {
        self.project().into()
    }

    /// The dashboard as it was when the export was begun, if its owner may still export it.
    async fn dashboard(&self) -> Result<(&Content, DashboardBody)> {
        self.project().require(Action::Manage, Subject::ExportCsv)?;
        let kind = ContentKind::Dashboard;
        let head = self.contents.find(kind, self.input.dashboard)?;
        self.contents.require(Action::View, head)?;
        let store = &self.app.store;
        let version = store.version(kind, head.id, self.input.version).await?;
        let version = version.ok_or(Error::NotFound(kind.named()))?;
        Ok((head, version.body.unpack_json()?))
    }

    /// The chart of a tile, if it is there and may be seen.
    fn chart(&self, tile: &Tile) -> Result<&Content> {
        let (what, id) = match tile.face.shows() {
            Some(shown) => shown,
            None => return Err(Error::invalid("There is no chart on this tile")),
        };
        let head = self.contents.find(what, id)?;
        self.contents.require(Action::View, head)?;
        Ok(head)
    }

    /// What a tile is called.
    fn name(&self, tile: &Tile) -> String {
        let title = match &tile.face {
            TileFace::SavedChart { title, .. }
            | TileFace::SqlChart { title, .. }
            | TileFace::SemanticViewerChart { title, .. } => title.as_deref(),
            TileFace::Markdown { title, .. } | TileFace::Loom { title, .. } => Some(title.as_str()),
        };
        let title = title.filter(|title| !title.trim().is_empty());
        let known = self.chart(tile).ok().map(|head| head.name.as_str());
        title.or(known).unwrap_or("chart").to_owned()
    }

    /// Asks a tile's chart, and writes its rows to a file.
    async fn tile(&self, tile: &Tile) -> Result<Made> {
        let head = self.chart(tile)?;
        let asked = match head.what {
            ContentKind::SqlChart => self.sql_chart(tile, head).await?,
            _ => self.saved_chart(tile, head).await?,
        };
        let (app, asker) = (self.app, self.asker());
        count(app, asker, app.clock.now()).await?;
        let login = Login::of(app, asker, &asked.overrides).await?;
        let tag = app.random.url_safe::<18>();
        let name = FileName::of_work(self.work.project, self.work.id, &tag, "csv");
        let asking = ask(app, asker, &login, &asked, &name, ONE_CHART);
        let outcome = tokio::time::timeout(ONE_CHART, asking).await;
        let outcome = outcome.unwrap_or(Err(warehouse::Error::Time(ONE_CHART).into()))?;
        Ok(Made {
            file: name,
            bytes: outcome.bytes,
            rows: outcome.rows,
            truncated: outcome.truncated,
        })
    }

    async fn saved_chart(&self, tile: &Tile, head: &Content) -> Result<Asked> {
        let version = chart::body(self.app, head, None).await?;
        let cut = Cut::of_saved(&version.metric_query, None)?;
        let overlay = Overlay {
            filters: self.input.filters.clone(),
            zoom: zoom(None, self.input.granularity),
            tile: Some(tile.uuid.clone()),
            ..Overlay::default()
        };
        let project = self.project();
        let asking = chart::ask(self.app, project, &version, cut.how, |query, explore| {
            overlay.lay(query, explore)
        });
        let (question, _) = asking.await?;
        let dashboard = Some(self.input.dashboard);
        let tags = chart::tagged(&question, CONTEXT, head.id, dashboard)?;
        let wanted = file_of(&version, &head.name, false);
        asked_for(&question, tags, (wanted, cut.most))
    }

    /// The statement of an SQL chart, narrowed by the filters that name a column of it for the tile.
    async fn sql_chart(&self, tile: &Tile, head: &Content) -> Result<Asked> {
        let version = self.app.store.latest(head).await?;
        let body: SqlChartBody = version.body.unpack_json()?;
        let sql = body.sql.trim_end().trim_end_matches(';');
        let filters = (&self.input.filters, tile.uuid.as_str());
        let narrowed = narrow(self.app, self.work.project, sql, filters).await?;
        Ok(Asked {
            sql: narrowed.sql,
            tags: Tags {
                context: CONTEXT.to_owned(),
                chart: Some(head.id),
                dashboard: Some(self.input.dashboard),
                ..Tags::default()
            },
            most: Some(u64::from(body.limit)),
            csv: json!({ "name": head.name }),
            ..Asked::default()
        })
    }
}

/// Puts the files into one, with a list of what became of each tile; answers the job's details.
async fn archive(app: &App, work: &Work, dashboard: &str, all: &[Exported]) -> Result<Value> {
    let mut archive = Archive::new()?;
    let mut list = Vec::new();
    for one in all {
        let made = match &one.file {
            Some(made) => Some(
                archive
                    .add(app, &one.name, (&made.file, made.bytes))
                    .await?,
            ),
            None => None,
        };
        let rows = one.file.as_ref().map(|made| made.rows);
        let truncated = one.file.as_ref().map(|made| made.truncated);
        list.push(json!({
            "tileUuid": one.tile, "name": one.name, "file": made, "rows": rows, "truncated": truncated, "error": one.error,
        }));
    }
    let tag = app.random.url_safe::<18>();
    let name = FileName::of_work(work.project, work.id, &tag, "zip");
    let bytes = archive.finish(app, &json!(list), &name).await?;
    let saved = format!("{}.zip", sanitise(dashboard));
    let link = Link {
        project: work.project,
        file: name,
        disposition: content_disposition(&saved),
        media_type: "application/zip".to_owned(),
        bytes,
    };
    let url = app.files.link(&link, LINK, app.clock.now()).await?;
    let truncated = all
        .iter()
        .any(|one| one.file.as_ref().is_some_and(|made| made.truncated));
    let failed = all.iter().filter(|one| one.error.is_some());
    let failed: Vec<&String> = failed.map(|one| &one.name).collect();
    Ok(json!({ "url": url, "truncated": truncated, "failed": failed }))
}
