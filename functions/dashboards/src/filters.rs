//! What the charts of a dashboard can be filtered by (reference 21 §2.10).

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, CurrentUser, Error, InProject, Json, Kind, Ok, Reply, Result, attributes,
    domain::{
        access::Action,
        content::{Content, ContentKind, MOST_TILES},
        id::{ContentId, ProjectId},
    },
};
use axum::extract::State;
use futures_util::future::try_join_all;
use saved::Contents;
use semantic::{
    access::{Hidden, hidden},
    explore::Dimension,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tile, and the chart that is on it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TileWithChart {
    tile_uuid: String,
    /// Null where the chart is gone.
    saved_chart_uuid: Option<String>,
}

impl TileWithChart {
    fn chart(&self) -> Option<ContentId> {
        ContentId::parse(self.saved_chart_uuid.as_deref()?)
    }
}

/// What tiles can be filtered by.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardAvailableFilters {
    /// By tile: the places of its fields in the list. A tile whose chart the caller may not view, or whose explore cannot be
    /// asked, is not there.
    #[schema(value_type = std::collections::HashMap<String, Vec<usize>>)]
    saved_query_filters: BTreeMap<String, Vec<usize>>,
    /// Each field once.
    all_filterable_fields: Vec<Dimension>,
}

/// The charts among those that are asked for that the caller may view, of every project of theirs; `NotFound` when none of
/// them is there.
async fn charts(app: &App, user: &CurrentUser, ids: BTreeSet<ContentId>) -> Result<Vec<Chart>> {
    let wanted: Vec<_> = ids.into_iter().map(|id| (ContentKind::Chart, id)).collect();
    let mut by_project: BTreeMap<ProjectId, Vec<Content>> = BTreeMap::new();
    for head in app.store.contents(&wanted).await? {
        by_project.entry(head.project).or_default().push(head);
    }
    let (mut seen, mut is_there) = (Vec::new(), false);
    for (id, heads) in by_project {
        let project = match InProject::find(app, user.clone(), id).await {
            Err(Error::NotExists(_)) => continue,
            found => found?,
        };
        is_there = true;
        let contents = Contents::read(app, &project).await?;
        let heads = heads.into_iter();
        seen.extend(heads.filter_map(|head| {
            let may = contents.may(Action::View, &head);
            let explore = head.shown.explore.filter(|_| may)?;
            Some(Chart {
                id: head.id,
                explore: (id, explore),
            })
        }));
    }
    if is_there {
        Ok(seen)
    } else {
        Err(Error::NotFound(Kind::Chart))
    }
}

/// A chart, and the explore that it asks.
struct Chart {
    id: ContentId,
    explore: (ProjectId, String),
}

/// The dimensions of an explore that the caller may filter by, by their ids. None of one that is not there, or is not for them.
async fn fields(
    app: &App,
    user: &CurrentUser,
    (project, name): &(ProjectId, String),
) -> Result<Vec<(String, Dimension)>> {
    let found = app.store.explore(*project, name).await?;
    let Some((entry, body)) = found.filter(|(entry, _)| !entry.is_error) else {
        return Ok(Vec::new());
    };
    let explore = body.explore()?;
    let hidden = if entry.personal {
        let project = InProject::find(app, user.clone(), *project).await?;
        hidden(explore, &attributes::of_caller(app, &project).await?)
    } else {
        Hidden::default()
    };
    if hidden.base {
        return Ok(Vec::new());
    }
    let mut fields = Vec::new();
    for (key, table) in &explore.tables {
        for (name, dimension) in &table.dimensions {
            let for_others =
                hidden.tables.contains(key) || hidden.fields.contains(&(key.clone(), name.clone()));
            if !dimension.hidden && !for_others {
                let id = format!("{key}_{}", name.replace('.', "__"));
                fields.push((id, dimension.clone()));
            }
        }
    }
    Ok(fields)
}

/// Lists the dimensions that the charts on these tiles can be filtered by, each once, and which of them go with which tile.
#[utoipa::path(post, path = "/api/v1/dashboards/availableFilters", operation_id = "getDashboardAvailableFilters", tag = "Dashboards",
               request_body = Vec<TileWithChart>, responses((status = 200, body = Ok<DashboardAvailableFilters>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_dashboard_available_filters(
    State(app): State<App>,
    user: CurrentUser,
    Json(tiles): Json<Vec<TileWithChart>>,
) -> Result<Reply<DashboardAvailableFilters>> {
    user.membership()?;
    if tiles.len() > MOST_TILES {
        return Err(Error::invalid("A dashboard has at most 500 tiles"));
    }
    let wanted = tiles.iter().filter_map(TileWithChart::chart).collect();
    let charts = charts(&app, &user, wanted).await?;
    let explores: BTreeSet<_> = charts.iter().map(|chart| &chart.explore).collect();
    let read = explores.iter().map(|explore| fields(&app, &user, explore));
    let read = try_join_all(read).await?;
    Ok(Reply(answer(
        &tiles,
        &charts,
        explores.into_iter().zip(read),
    )))
}

/// Puts the fields of the explores together, each once, and by tile.
fn answer<'a>(
    tiles: &[TileWithChart],
    charts: &'a [Chart],
    explores: impl Iterator<Item = (&'a (ProjectId, String), Vec<(String, Dimension)>)>,
) -> DashboardAvailableFilters {
    let mut found = DashboardAvailableFilters::default();
    let (mut known, mut places) = (BTreeMap::new(), BTreeMap::new());
    for (explore, fields) in explores {
        let mut own: Vec<usize> = Vec::new();
        for (id, field) in fields {
            own.push(*known.entry(id).or_insert_with(|| {
                found.all_filterable_fields.push(field);
                found.all_filterable_fields.len() - 1
            }));
        }
        places.insert(explore, own);
    }
    let charts: BTreeMap<_, _> = charts.iter().map(|chart| (chart.id, chart)).collect();
    for tile in tiles {
        let chart = tile.chart().and_then(|id| charts.get(&id));
        let own = chart.and_then(|chart| places.get(&chart.explore));
        if let Some(own) = own.filter(|own| !own.is_empty()) {
            let filters = &mut found.saved_query_filters;
            filters.insert(tile.tile_uuid.clone(), own.clone());
        }
    }
    found
}
