//! What is pinned to a project's start page (reference 26 §3).

use app::{
    App, Error, InProject, Json, Kind, Ok, Path, Reply, Result,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId, UserId},
        pins::{LAST, Pinnable, Pins},
        space::Space,
    },
};
use axum::extract::State;
use saved::{
    Contents,
    count::Counts,
    list::{ChartItem, DashboardItem, Facts},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How often a change is tried that others came in the way of: each time, one of them got on.
const TRIES: usize = 10;

/// What can be pinned, as clients call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResourceViewItemType {
    Chart,
    Dashboard,
    Space,
}

impl From<ResourceViewItemType> for Pinnable {
    fn from(kind: ResourceViewItemType) -> Self {
        match kind {
            ResourceViewItemType::Chart => Pinnable::Chart,
            ResourceViewItemType::Dashboard => Pinnable::Dashboard,
            ResourceViewItemType::Space => Pinnable::Space,
        }
    }
}

/// A pinned space.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PinnedSpace {
    organization_uuid: OrganizationId,
    project_uuid: ProjectId,
    uuid: SpaceId,
    name: String,
    is_private: bool,
    #[schema(required)]
    pinned_list_uuid: Option<PinnedListId>,
    #[schema(required)]
    pinned_list_order: Option<u32>,
    #[schema(required)]
    parent_space_uuid: Option<SpaceId>,
    path: String,
    chart_count: u32,
    dashboard_count: u32,
    /// How many were let in, each by themself.
    access_list_length: usize,
    access: Vec<UserId>,
}

/// By the type of the item.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PinnedItemData {
    Chart(ChartItem),
    Dashboard(DashboardItem),
    Space(PinnedSpace),
}

/// Something that is pinned.
#[derive(Serialize, ToSchema)]
pub(crate) struct PinnedItem {
    #[serde(rename = "type")]
    kind: ResourceViewItemType,
    data: PinnedItemData,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct ListPath {
    pinned_list_uuid: String,
}

impl ListPath {
    fn is(&self, pins: &Pins) -> bool {
        PinnedListId::parse(&self.pinned_list_uuid) == Some(pins.id)
    }
}

/// Lists what of a project is pinned and the caller may see: spaces, then dashboards, then charts, each kind in its own order.
/// Another project's list is empty.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/pinned-lists/{pinnedListUuid}/items", operation_id = "getPinnedItems", tag = "Content",
               params(("projectUuid" = String, Path), ListPath), responses((status = 200, body = Ok<Vec<PinnedItem>>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_pinned_items(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ListPath>,
) -> Result<Reply<Vec<PinnedItem>>> {
    project.require(Action::View, Subject::Project)?;
    let pins = app.store.pins(project.id()).await?;

    match pins.filter(|pins| path.is(pins)) {
        Some(pins) => Ok(Reply(items(&app, &project, &pins).await?)),
        None => Ok(Reply(Vec::new())),
    }
}

/// What is put in order, and where.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PinnedItemOrder {
    uuid: String,
    /// From 0; null is behind those that were ordered.
    #[schema(required)]
    pinned_list_order: Option<f64>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdatePinnedItemOrder {
    #[serde(rename = "type")]
    kind: ResourceViewItemType,
    data: PinnedItemOrder,
}

/// Puts pinned things in order. What is not pinned is ignored.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/pinned-lists/{pinnedListUuid}/items/order", operation_id = "updatePinnedItemsOrder", tag = "Content",
               params(("projectUuid" = String, Path), ListPath), request_body = Vec<UpdatePinnedItemOrder>, responses((status = 200, body = Ok<Vec<PinnedItem>>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn update_pinned_items_order(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ListPath>,
    Json(body): Json<Vec<UpdatePinnedItemOrder>>,
) -> Result<Reply<Vec<PinnedItem>>> {
    project.require(Action::Manage, Subject::PinnedItems)?;
    for _ in 0..TRIES {
        let pins = app.store.pins(project.id()).await?;
        let mut pins = pins.filter(|pins| path.is(pins)).ok_or(NOT_ALLOWED)?;
        let done = if order(&mut pins, &body) {
            app.store.put_pins(project.id(), &pins).await
        } else {
            Ok(())
        };
        match done {
            Err(Error::Changed(Kind::PinnedList)) => {}
            done => {
                done?;
                return Ok(Reply(items(&app, &project, &pins).await?));
            }
        }
    }
    Err(Error::Changed(Kind::PinnedList))
}

/// Puts pins in order; answers whether that changes any.
fn order(pins: &mut Pins, wanted: &[UpdatePinnedItemOrder]) -> bool {
    let mut changes = false;
    for item in wanted {
        // A conversion of what is too large or below zero ends at the largest, or at zero.
        let place = item.data.pinned_list_order;
        let place = place.map_or(LAST, |order| order as u32);
        if let Some((kind, at)) = pins.orders.get_mut(&item.data.uuid)
            && *kind == Pinnable::from(item.kind)
        {
            changes |= *at != place;
            *at = place;
        }
    }
    changes
}

/// What is pinned and the caller may see.
async fn items(app: &App, project: &InProject, pins: &Pins) -> Result<Vec<PinnedItem>> {
    let contents = Contents::read(app, project).await?;
    let mut rows = pinned_rows(&contents, pins);
    rows.sort_by_cached_key(|row| {
        let is_chart = row.what != ContentKind::Dashboard;
        (is_chart, pins.order_of(row.id), row.name.clone(), row.id)
    });
    let facts = Facts::read(app, project.id(), &rows).await?;
    let spaces = pinned_spaces(&contents, pins).into_iter();
    let rows = rows.into_iter().filter_map(|row| {
        Some(if row.what == ContentKind::Dashboard {
            let shown = facts.dashboard(&contents, row)?;
            PinnedItem {
                kind: ResourceViewItemType::Dashboard,
                data: PinnedItemData::Dashboard(shown),
            }
        } else {
            let shown = facts.chart(&contents, row)?;
            PinnedItem {
                kind: ResourceViewItemType::Chart,
                data: PinnedItemData::Chart(shown),
            }
        })
    });
    Ok(spaces.chain(rows).collect())
}

/// Charts and dashboards. Charts that belong to a dashboard are not shown.
fn pinned_rows<'a>(contents: &'a Contents<'_>, pins: &Pins) -> Vec<&'a Content> {
    let found = pins.orders.iter().filter_map(|(id, (kind, _))| {
        let id = ContentId::parse(id)?;
        let get = |what| contents.index.get(what, id);
        match kind {
            Pinnable::Chart => get(ContentKind::Chart).or_else(|| get(ContentKind::SqlChart)),
            Pinnable::Dashboard => get(ContentKind::Dashboard),
            Pinnable::Space => None,
        }
    });
    let shown = found.filter(|row| row.dashboard.is_none() && contents.may(Action::View, row));
    shown.collect()
}

/// Spaces, in their order.
fn pinned_spaces(contents: &Contents<'_>, pins: &Pins) -> Vec<PinnedItem> {
    let spaces = &contents.spaces;
    let counts = Counts::of(&contents.index);
    let found = pins.orders.iter().filter_map(|(id, (kind, order))| {
        let space = spaces.tree.get(SpaceId::parse(id)?)?;
        let seen = spaces.may(Action::View, Subject::Space, space);
        (*kind == Pinnable::Space && seen).then_some((*order, space))
    });
    let mut found: Vec<(u32, &Space)> = found.collect();
    found.sort_by(|(a, one), (b, other)| (a, &one.name, one.id).cmp(&(b, &other.name, other.id)));
    let show = |(order, space): (u32, &Space)| {
        let root = spaces.tree.root_of(space);
        let count = counts.get(space.id);
        let data = PinnedItemData::Space(PinnedSpace {
            organization_uuid: spaces.project.organization(),
            project_uuid: space.project,
            uuid: space.id,
            name: space.name.clone(),
            is_private: root.is_private,
            pinned_list_uuid: Some(pins.id),
            pinned_list_order: Some(order),
            parent_space_uuid: space.parent,
            path: space.path.clone(),
            chart_count: count.charts,
            dashboard_count: count.dashboards,
            access_list_length: root.users.len(),
            access: root.users.keys().copied().collect(),
        });
        PinnedItem {
            kind: ResourceViewItemType::Space,
            data,
        }
    };
    found.into_iter().map(show).collect()
}
