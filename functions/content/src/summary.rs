//! What the list of content shows of each thing.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Error, Kind, Result, Timestamp,
    domain::{
        content::{ChartKind, Content, ContentKind, Views},
        id::{ContentId, OrganizationId, PinnedListId, ProjectId, SpaceId, UserId},
        paging::Pagination,
        pins::Pins,
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use saved::{Names, count::Counts, list::ChartSource};
use serde::Serialize;
use utoipa::ToSchema;

use crate::list::Row;

/// How many pinned lists are read at once.
const AT_ONCE: usize = 8;

/// A page of content.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContentPage {
    pub(crate) data: Vec<SummaryContent>,
    pub(crate) pagination: Pagination,
}

/// Who made or changed something.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContentAuthor {
    uuid: UserId,
    first_name: String,
    last_name: String,
}

/// What something lies in, by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContentPlace {
    uuid: String,
    name: String,
}

impl ContentPlace {
    fn new(uuid: impl ToString, name: &str) -> Self {
        Self {
            uuid: uuid.to_string(),
            name: name.to_owned(),
        }
    }
}

/// The list that something is pinned to, and where.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContentPin {
    uuid: PinnedListId,
    order: u32,
}

/// What all kinds have; all there is of a dashboard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DashboardContent)]
pub(crate) struct Common {
    uuid: String,
    slug: String,
    name: String,
    #[schema(required)]
    description: Option<String>,
    created_at: Timestamp,
    #[schema(required)]
    created_by: Option<ContentAuthor>,
    #[schema(required)]
    last_updated_at: Option<Timestamp>,
    #[schema(required)]
    last_updated_by: Option<ContentAuthor>,
    project: ContentPlace,
    organization: ContentPlace,
    /// Of a space it is the space itself.
    space: ContentPlace,
    #[schema(required)]
    pinned_list: Option<ContentPin>,
    views: u64,
    #[schema(required)]
    first_viewed_at: Option<Timestamp>,
}

/// A chart or an SQL chart.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartContent {
    #[serde(flatten)]
    common: Common,
    source: ChartSource,
    chart_kind: ChartKind,
    /// Charts that belong to one are not listed.
    #[schema(required)]
    dashboard: Option<ContentPlace>,
}

/// A space.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceContent {
    #[serde(flatten)]
    common: Common,
    is_private: bool,
    /// Who was let in, each by themself.
    access: Vec<UserId>,
    dashboard_count: u32,
    chart_count: u32,
    #[schema(required)]
    parent_space_uuid: Option<SpaceId>,
    path: String,
}

/// One thing of the list, by its `contentType`.
#[derive(Serialize, ToSchema)]
#[serde(tag = "contentType", rename_all = "lowercase")]
pub(crate) enum SummaryContent {
    Chart(ChartContent),
    Space(SpaceContent),
    Dashboard(Common),
}

/// What is shown beside the rows of a page.
struct Facts {
    organization: ContentPlace,
    names: Names,
    views: BTreeMap<ContentId, Views>,
    pins: BTreeMap<ProjectId, Pins>,
    /// Of projects that a space on the page is of.
    counts: BTreeMap<ProjectId, Counts>,
}

/// The rows of a page as the caller sees them. Whatever their number, it is one batch for a hundred authors, one for a hundred
/// counters, one request for the organisation and one for each project on the page.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub(crate) async fn summaries(
    app: &App,
    organization: OrganizationId,
    rows: &[Row<'_>],
) -> Result<Vec<SummaryContent>> {
    let heads: Vec<&Content> = rows.iter().filter_map(|row| row.head).collect();
    let wanted: Vec<(ContentKind, ContentId)> =
        heads.iter().map(|head| (head.what, head.id)).collect();
    let authors = heads
        .iter()
        .flat_map(|head| [head.created_by, head.updated_by]);
    let makers = rows.iter().filter(|row| row.head.is_none());
    let makers = makers.map(|row| row.space.created_by);
    let authors: BTreeSet<UserId> = authors.chain(makers).flatten().collect();
    let projects = rows.iter().map(|row| row.space.project).collect();
    let (found, names, views, pins) = tokio::try_join!(
        app.store.organization(organization),
        Names::read(app, authors),
        app.store.views(&wanted),
        pins(app, projects),
    )?;
    let (found, _) = found.ok_or(Error::NotExists(Kind::Organization))?;
    let ids = wanted.into_iter().map(|(_, id)| id);
    let facts = Facts {
        organization: ContentPlace::new(organization, &found.name),
        names,
        views: ids.zip(views).collect(),
        pins,
        counts: counts(rows),
    };
    Ok(rows.iter().map(|row| facts.show(row)).collect())
}

/// What is pinned in each of these projects.
async fn pins(app: &App, projects: BTreeSet<ProjectId>) -> Result<BTreeMap<ProjectId, Pins>> {
    let reading: Vec<_> = projects
        .iter()
        .map(|project| app.store.pins(*project))
        .collect();
    let found: Vec<Option<Pins>> = stream::iter(reading)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let found = projects.into_iter().zip(found);
    Ok(found
        .filter_map(|(project, pins)| Some((project, pins?)))
        .collect())
}

fn counts(rows: &[Row<'_>]) -> BTreeMap<ProjectId, Counts> {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| row.head.is_none()) {
        counts
            .entry(row.space.project)
            .or_insert_with(|| Counts::of(&row.contents.index));
    }
    counts
}

impl Facts {
    fn author(&self, id: Option<UserId>) -> Option<ContentAuthor> {
        let user = self.names.get(id)?;
        Some(ContentAuthor {
            uuid: user.user_uuid,
            first_name: user.first_name,
            last_name: user.last_name,
        })
    }

    fn pin(&self, project: ProjectId, id: impl ToString) -> Option<ContentPin> {
        let pins = self.pins.get(&project)?;
        let order = pins.order_of(id)?;
        Some(ContentPin {
            uuid: pins.id,
            order,
        })
    }

    fn show(&self, row: &Row<'_>) -> SummaryContent {
        match row.head {
            None => SummaryContent::Space(self.space(row)),
            Some(head) if head.what == ContentKind::Dashboard => {
                SummaryContent::Dashboard(self.content(row, head))
            }
            Some(head) => SummaryContent::Chart(ChartContent {
                common: self.content(row, head),
                source: if head.what == ContentKind::SqlChart {
                    ChartSource::Sql
                } else {
                    ChartSource::DbtExplore
                },
                chart_kind: head.shown.chart_kind.unwrap_or(ChartKind::VerticalBar),
                dashboard: None,
            }),
        }
    }

    fn place(&self, row: &Row<'_>) -> [ContentPlace; 3] {
        let project = &row.contents.spaces.project.access.project;
        let organization = &self.organization;
        [
            ContentPlace::new(project.id, &project.name),
            ContentPlace::new(&organization.uuid, &organization.name),
            ContentPlace::new(row.space.id, &row.space.name),
        ]
    }

    fn content(&self, row: &Row<'_>, head: &Content) -> Common {
        let [project, organization, space] = self.place(row);
        let views = self.views.get(&head.id).copied().unwrap_or_default();
        Common {
            uuid: head.id.to_string(),
            slug: head.slug.clone(),
            name: head.name.clone(),
            description: head.description.clone(),
            created_at: head.created_at,
            created_by: self.author(head.created_by),
            last_updated_at: Some(head.updated_at),
            last_updated_by: self.author(head.updated_by),
            project,
            organization,
            space,
            pinned_list: self.pin(head.project, head.id),
            views: views.views,
            first_viewed_at: views.first_viewed_at,
        }
    }

    fn space(&self, row: &Row<'_>) -> SpaceContent {
        let [project, organization, own] = self.place(row);
        let space = row.space;
        let root = row.contents.spaces.tree.root_of(space);
        let counts = self.counts.get(&space.project);
        let count = counts
            .map(|counts| counts.get(space.id))
            .unwrap_or_default();
        SpaceContent {
            common: Common {
                uuid: space.id.to_string(),
                slug: space.slug.clone(),
                name: space.name.clone(),
                description: None,
                created_at: space.created_at,
                created_by: self.author(space.created_by),
                last_updated_at: Some(space.updated_at),
                last_updated_by: None,
                project,
                organization,
                space: own,
                pinned_list: self.pin(space.project, space.id),
                views: 0,
                first_viewed_at: None,
            },
            is_private: root.is_private,
            access: root.users.keys().copied().collect(),
            dashboard_count: count.dashboards,
            chart_count: count.charts,
            parent_space_uuid: space.parent,
            path: space.path.clone(),
        }
    }
}
