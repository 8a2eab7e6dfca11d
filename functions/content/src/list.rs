//! Charts, dashboards and spaces of several projects in one list (reference 26 §5.1).

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use app::{
    App, CurrentUser, Error, InProject, Kind, Ok, Query, Reply, Result, Timestamp,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
        id::{OrganizationId, ProjectId, SpaceId},
        paging::PageQuery,
        space::Space,
    },
};
use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use saved::Contents;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::summary::{ContentPage, summaries};

/// How many projects are read at once.
const AT_ONCE: usize = 8;
/// Rows of a page when nobody says how many.
const PAGE: f64 = 10.0;

/// The kinds of content, in the order in which lists group them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ContentType {
    Space,
    Dashboard,
    Chart,
}

impl ContentType {
    pub(crate) fn of(what: ContentKind) -> Self {
        match what {
            ContentKind::Chart | ContentKind::SqlChart => ContentType::Chart,
            ContentKind::Dashboard => ContentType::Dashboard,
        }
    }

    fn subject(self) -> Subject {
        match self {
            ContentType::Space => Subject::Space,
            ContentType::Dashboard => Subject::Dashboard,
            ContentType::Chart => Subject::SavedChart,
        }
    }
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContentSortByColumns {
    Name,
    SpaceName,
    #[default]
    LastUpdatedAt,
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ContentSortDirection {
    Asc,
    #[default]
    Desc,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ContentQuery {
    /// The projects to look into; without, all that the caller may view.
    #[param(nullable = false)]
    project_uuids: Option<Vec<String>>,
    /// Only what lies directly in one of these spaces.
    #[param(nullable = false)]
    space_uuids: Option<Vec<String>>,
    /// Only what lies directly in this space.
    #[param(nullable = false)]
    parent_space_uuid: Option<String>,
    /// Without, charts and dashboards.
    #[param(nullable = false, inline)]
    content_types: Option<Vec<ContentType>>,
    /// 10 if not said, 1,000 at most.
    #[param(nullable = false)]
    page_size: Option<f64>,
    /// Counted from 1.
    #[param(nullable = false)]
    page: Option<f64>,
    /// A part of the name, in any letter case.
    #[param(nullable = false)]
    search: Option<String>,
    #[param(nullable = false, inline)]
    sort_by: Option<ContentSortByColumns>,
    /// Descending, if not said.
    #[param(nullable = false, inline)]
    sort_direction: Option<ContentSortDirection>,
}

/// Lists charts, dashboards and, when they are asked for, spaces that the caller may see: spaces first, then dashboards, then
/// charts, each kind in the order that is asked for. Charts that belong to a dashboard are not listed. Without a space, of
/// spaces only the roots are. Of each project the index and the spaces are read, of what is on the page alone the rest.
#[utoipa::path(get, path = "/api/v2/content", operation_id = "List content", tag = "Content",
               params(ContentQuery), responses((status = 200, body = Ok<ContentPage>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn list_content(
    State(app): State<App>,
    user: CurrentUser,
    Query(query): Query<ContentQuery>,
) -> Result<Reply<ContentPage>> {
    let organization = user.organization;
    let organization = organization.ok_or(Error::NotExists(Kind::Organization))?;
    let size = query.page_size.unwrap_or(PAGE);
    let page = PageQuery::of(Some(query.page.unwrap_or(1.0)), Some(size))?.ok_or(Error::Page)?;
    let named = query.project_uuids.as_deref();
    let projects = projects(&app, &user, organization, named).await?;
    let contents = read(&app, &projects).await?;

    let filter = Filter::of(&query);
    let mut rows: Vec<Row<'_>> = contents.iter().flat_map(|one| filter.rows(one)).collect();
    sort(&mut rows, &query);
    let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let rows: Vec<_> = rows
        .into_iter()
        .skip(page.skip())
        .take(page.take())
        .collect();
    Ok(Reply(ContentPage {
        data: summaries(&app, organization, &rows).await?,
        pagination: page.pagination(total),
    }))
}

/// The projects that are looked into: of those that are named, or of all, what the caller may view.
async fn projects(
    app: &App,
    user: &CurrentUser,
    organization: OrganizationId,
    named: Option<&[String]>,
) -> Result<Vec<InProject>> {
    let ids: BTreeSet<ProjectId> = match named {
        Some(named) => named.iter().filter_map(|id| ProjectId::parse(id)).collect(),
        None if app.require(user, Action::View, Subject::Project).is_ok() => {
            let rows = app.store.projects_of(organization, None).await?;
            rows.into_iter().map(|row| row.id).collect()
        }
        None => {
            let abilities = app.abilities(user).await?;
            abilities.projects.into_iter().map(|(id, _)| id).collect()
        }
    };
    let entering: Vec<_> = ids.into_iter().map(|id| enter(app, user, id)).collect();
    let entered: Vec<Option<InProject>> = stream::iter(entering)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(entered.into_iter().flatten().collect())
}

/// A project, if the caller may view it.
async fn enter(app: &App, user: &CurrentUser, id: ProjectId) -> Result<Option<InProject>> {
    let project = match InProject::find(app, user.clone(), id).await {
        Err(Error::NotExists(_)) => return Ok(None),
        found => found?,
    };
    let seen = project.require(Action::View, Subject::Project).is_ok();
    Ok(seen.then_some(project))
}

/// The spaces and the index of each project: two requests each, several projects at once.
async fn read<'a>(app: &App, projects: &'a [InProject]) -> Result<Vec<Contents<'a>>> {
    let reading: Vec<_> = projects
        .iter()
        .map(|project| Contents::read(app, project))
        .collect();
    stream::iter(reading).buffered(AT_ONCE).try_collect().await
}

/// One thing in the list, and where it lies.
pub(crate) struct Row<'a> {
    pub(crate) contents: &'a Contents<'a>,
    /// Of a space it is the space itself.
    pub(crate) space: &'a Space,
    /// None for a space.
    pub(crate) head: Option<&'a Content>,
}

impl Row<'_> {
    fn kind(&self) -> ContentType {
        self.head
            .map_or(ContentType::Space, |head| ContentType::of(head.what))
    }

    fn name(&self) -> &str {
        let name = self.head.map(|head| head.name.as_str());
        name.unwrap_or(self.space.name.as_str())
    }

    fn updated_at(&self) -> Timestamp {
        self.head
            .map_or(self.space.updated_at, |head| head.updated_at)
    }

    /// What tells it from all others, so that pages never overlap.
    fn id(&self) -> [u8; 16] {
        let space = self.space.id.as_bytes();
        *self.head.map_or(space, |head| head.id.as_bytes())
    }
}

/// By what rows are sorted within their kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Up(String, Option<Timestamp>),
    Down(Reverse<(String, Option<Timestamp>)>),
}

fn sort(rows: &mut [Row<'_>], query: &ContentQuery) {
    let by = query.sort_by.unwrap_or_default();
    let direction = query.sort_direction.unwrap_or_default();
    rows.sort_by_cached_key(|row| {
        let (text, time) = match by {
            ContentSortByColumns::Name => (row.name().to_lowercase(), None),
            ContentSortByColumns::SpaceName => (row.space.name.to_lowercase(), None),
            ContentSortByColumns::LastUpdatedAt => (String::new(), Some(row.updated_at())),
        };
        let key = match direction {
            ContentSortDirection::Asc => Key::Up(text, time),
            ContentSortDirection::Desc => Key::Down(Reverse((text, time))),
        };
        (row.kind(), key, row.id())
    });
}

/// What is listed.
struct Filter {
    kinds: BTreeSet<ContentType>,
    /// What something lies directly in has to be in each of these.
    within: Vec<BTreeSet<SpaceId>>,
    search: Option<String>,
}

impl Filter {
    fn of(query: &ContentQuery) -> Self {
        let both = || vec![ContentType::Chart, ContentType::Dashboard];
        let kinds = query.content_types.clone().unwrap_or_else(both);
        let parent = query.parent_space_uuid.as_ref();
        let named = |id: &String| SpaceId::parse(id);
        let spaces = query.space_uuids.as_ref();
        let spaces = spaces.map(|spaces| spaces.iter().filter_map(named).collect());
        let parent = parent.map(|parent| named(parent).into_iter().collect());
        let search = query.search.as_deref().map(str::to_lowercase);
        Self {
            kinds: kinds.into_iter().collect(),
            within: spaces.into_iter().chain(parent).collect(),
            search: search.filter(|search| !search.is_empty()),
        }
    }

    fn is_within(&self, space: SpaceId) -> bool {
        self.within.iter().all(|spaces| spaces.contains(&space))
    }

    /// Without a space that is named, of spaces only the roots are listed.
    fn has_space(&self, space: &Space) -> bool {
        match space.parent {
            None => self.within.is_empty(),
            Some(parent) => !self.within.is_empty() && self.is_within(parent),
        }
    }

    fn is_found(&self, name: &str) -> bool {
        let search = self.search.as_deref();
        search.is_none_or(|search| name.to_lowercase().contains(search))
    }

    /// What of a project is listed.
    fn rows<'a>(&self, contents: &'a Contents<'a>) -> Vec<Row<'a>> {
        // Asked once for each space, not for each of ten thousand charts.
        let mut open: BTreeMap<SpaceId, (&'a Space, BTreeSet<ContentType>)> = BTreeMap::new();
        for space in contents.spaces.tree.by_path() {
            let may =
                |kind: &&ContentType| contents.spaces.may(Action::View, kind.subject(), space);
            let kinds = self.kinds.iter().filter(may).copied().collect();
            open.insert(space.id, (space, kinds));
        }
        let spaces = open.values().filter(|(space, kinds)| {
            kinds.contains(&ContentType::Space)
                && self.has_space(space)
                && self.is_found(&space.name)
        });
        let spaces = spaces.map(|&(space, _)| Row {
            contents,
            space,
            head: None,
        });
        let heads = contents.index.live().filter_map(|head| {
            let &(space, ref kinds) = open.get(&head.space?)?;
            let listed = head.dashboard.is_none()
                && kinds.contains(&ContentType::of(head.what))
                && self.is_within(space.id)
                && self.is_found(&head.name);
            listed.then_some(Row {
                contents,
                space,
                head: Some(head),
            })
        });
        spaces.chain(heads).collect()
    }
}
