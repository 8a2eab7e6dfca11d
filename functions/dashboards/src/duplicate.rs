//! Copies of dashboards.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::Action,
        content::{
            ChartBody, Content, ContentKind, DashboardBody, Index, content_description,
            content_name,
        },
        id::ContentId,
        packed::Packed,
        slug::next_slug,
    },
    store::{EDITS, Edit, LARGEST_CHUNK},
};
use saved::{Contents, code::allow_sql, dashboard::shown, edit::edit_all};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{change::TRIES, create::new_head};

/// What the copy of a dashboard is called.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuplicateDashboardParams)]
pub(crate) struct DuplicateDashboard {
    dashboard_name: String,
    dashboard_desc: String,
}

/// Makes a copy of a dashboard's latest version in its space: ids of tiles and tabs, filters with their targets, and options
/// stay. Charts within it are copied, those of a space and SQL charts are on both dashboards.
///
/// A copy with up to 19 charts is one transaction. Of a larger one the charts come first: while the dashboard that they belong
/// to is not there, nobody sees them.
///
/// # Errors
/// `NotFound` for a dashboard that is not of this project; `Forbidden` for who may not make dashboards in its space.
pub(crate) async fn duplicate(
    app: &App,
    project: &InProject,
    (source, copy): (&str, DuplicateDashboard),
    client_key: Option<&str>,
) -> Result<Content> {
    let missing = Error::NotFound(Kind::Dashboard);
    let id = ContentId::parse(source).ok_or(missing)?;
    let name = content_name(&copy.dashboard_name)?;
    let description = content_description(Some(copy.dashboard_desc.as_str()))?;
    for _ in 0..TRIES {
        let contents = Contents::read(app, project).await?;
        let source = contents.find(ContentKind::Dashboard, id)?;
        contents.require(Action::View, source)?;
        contents.require(Action::Create, source)?;
        let named = (name.clone(), description.clone());
        let edits = copies(app, &contents, source, named).await?;
        match write(app, &edits, client_key).await {
            // Somebody took a slug meanwhile: the next ones are free in the index as it is then.
            Err(Error::Exists(_)) => {}
            done => {
                done?;
                let made = edits.first().map(Edit::result);
                return made.ok_or(Error::NotFound(Kind::Dashboard));
            }
        }
    }
    Err(Error::Changed(Kind::Dashboard))
}

/// The copy of a dashboard, and after it those of the charts within it.
async fn copies(
    app: &App,
    contents: &Contents<'_>,
    source: &Content,
    (name, description): (String, Option<String>),
) -> Result<Vec<Edit>> {
    let (index, project) = (&contents.index, contents.spaces.project);
    let latest = app.store.latest(source).await?;
    let mut body: DashboardBody = latest.body.unpack_json()?;
    let within = source.shown.charts.iter();
    let within = within.filter_map(|id| index.get(ContentKind::Chart, *id));
    let within: Vec<&Content> = within
        .filter(|chart| chart.dashboard == Some(source.id))
        .collect();
    let versions = app.store.latest_of(&within).await?.into_iter();
    let mut versions: BTreeMap<_, _> = versions.map(|one| (one.of, one.body)).collect();

    let named = (ContentKind::Dashboard, name, description);
    let mut head = new_head(app, project, named, source.shown.clone());
    let (mut charts, mut new_ids, mut taken) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for chart in within {
        let Some(version) = versions.remove(&chart.id) else {
            continue;
        };
        let copied: ChartBody = version.unpack_json()?;
        allow_sql(project, &copied.metric_query)?;
        let named = (chart.what, chart.name.clone(), chart.description.clone());
        let mut new = new_head(app, project, named, chart.shown.clone());
        new.dashboard = Some(head.id);
        new.slug = free_slug(app, index, &new, &mut taken);
        new_ids.insert(chart.id, new.id);
        charts.push(Edit::create(new, version));
    }
    for tile in &mut body.tiles {
        if let Some((what, id)) = tile.face.shows() {
            let gone = index.get(what, id).is_none();
            let same = (!gone).then_some(id);
            tile.face.show(new_ids.get(&id).copied().or(same));
        }
    }
    head.shown = shown(&body);
    head.tiled.clone_from(&head.shown.charts);
    head.space = source.space;
    head.slug = free_slug(app, index, &head, &mut BTreeSet::new());
    let first = Edit::create(head, Packed::pack_json(&body)?);
    Ok(std::iter::once(first).chain(charts).collect())
}

/// A slug that nothing in the index has, nor anything that is made beside it.
fn free_slug(app: &App, index: &Index, head: &Content, taken: &mut BTreeSet<String>) -> String {
    let mut tries = 0;
    loop {
        let slug = next_slug(&head.slug, tries, &app.random);
        if index.by_slug(head.what, &slug).is_none() && taken.insert(slug.clone()) {
            return slug;
        }
        tries += 1;
    }
}

/// Writes a dashboard and its charts: at once where one transaction takes them, else the charts first.
async fn write(app: &App, edits: &[Edit], client_key: Option<&str>) -> Result<()> {
    let (kept, now) = (app.config.deleted_content, app.clock.now());
    let sizes = edits.iter().filter_map(|edit| edit.version.as_ref());
    let bytes: usize = sizes.map(|body| body.0.len()).sum();
    let at_once = edits.len() <= EDITS && bytes <= LARGEST_CHUNK;
    let last = match edits.split_first() {
        Some((first, charts)) if !at_once => {
            edit_all(app, charts).await?;
            std::slice::from_ref(first)
        }
        _ => edits,
    };
    let store = &app.store;
    store.create_contents(last, client_key, kept, now).await
}
