//! What the home page shows of a project.

use std::{cmp::Reverse, collections::BTreeMap};

use app::{
    App, InProject, Ok, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
        id::ContentId,
    },
};
use axum::extract::State;
use saved::{
    Contents,
    list::{ChartItem, DashboardItem, Facts},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Things in each list.
const MOST: usize = 10;

/// A chart or a dashboard, as lists show it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum HomeItem {
    Chart(ChartItem),
    Dashboard(DashboardItem),
}

/// Ten of each.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MostPopularAndRecentlyUpdated {
    most_popular: Vec<HomeItem>,
    recently_updated: Vec<HomeItem>,
}

/// Whether the caller comes to it by themself: its space is open to all of the project, or they were let in. Admins do not
/// find what is private to others here.
fn is_reached(contents: &Contents<'_>, row: &Content) -> bool {
    let Some(space) = contents.space_of(row) else {
        return false;
    };
    let own = contents.spaces.own(space);
    !contents.spaces.tree.root_of(space).is_private || own.is_some_and(|own| own.has_direct_access)
}

/// Lists the ten charts and dashboards that were opened most, and the ten that were changed last, of those that lie in spaces
/// that the caller comes to.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/most-popular-and-recently-updated",
               operation_id = "getMostPopularAndRecentlyUpdated", tag = "Charts", params(("projectUuid" = String, Path)),
               responses((status = 200, body = Ok<MostPopularAndRecentlyUpdated>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_most_popular_and_recently_updated(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<MostPopularAndRecentlyUpdated>> {
    project.require(Action::View, Subject::Project)?;
    let contents = Contents::read(&app, &project).await?;
    let own = |row: &&Content| row.dashboard.is_none() && is_reached(&contents, row);
    let rows: Vec<&Content> = contents.seen().filter(own).collect();
    let wanted: Vec<_> = rows.iter().map(|row| (row.what, row.id)).collect();
    let views = app.store.views(&wanted).await?;
    let views: BTreeMap<ContentId, u64> = rows
        .iter()
        .zip(views)
        .map(|(row, views)| (row.id, views.views))
        .collect();

    let popular = first(&rows, |row| (Reverse(views.get(&row.id).copied()), row.id));
    let recent = first(&rows, |row| (Reverse(row.updated_at), row.id));
    let shown: Vec<&Content> = popular.iter().chain(&recent).copied().collect();
    let facts = Facts::read(&app, project.id(), &shown).await?;
    let items = |rows: Vec<&Content>| {
        let items = rows.into_iter();
        items
            .filter_map(|row| item(&facts, &contents, row))
            .collect()
    };
    Ok(Reply(MostPopularAndRecentlyUpdated {
        most_popular: items(popular),
        recently_updated: items(recent),
    }))
}

/// The first ten in an order.
fn first<'a, K: Ord>(rows: &[&'a Content], key: impl Fn(&Content) -> K) -> Vec<&'a Content> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| key(row));
    rows.truncate(MOST);
    rows
}

fn item(facts: &Facts, contents: &Contents<'_>, row: &Content) -> Option<HomeItem> {
    match row.what {
        ContentKind::Chart | ContentKind::SqlChart => {
            facts.chart(contents, row).map(HomeItem::Chart)
        }
        ContentKind::Dashboard => facts.dashboard(contents, row).map(HomeItem::Dashboard),
    }
}
