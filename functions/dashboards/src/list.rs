//! The dashboards of a project: listing them, and changing several at once.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Error, InProject, Json, Kind, Ok, Query, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, DashboardBody, content_description, content_name},
        id::ContentId,
    },
    store::Edit,
};
use axum::extract::State;
use saved::{
    Contents,
    dashboard::DashboardView,
    edit::edit_all,
    list::{DashboardItem, Facts},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::change::TRIES;

/// Dashboards that are changed at once: each is read and answered whole.
const MOST_AT_ONCE: usize = 100;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct DashboardsQuery {
    /// Only those that have this chart on a tile of their latest version.
    #[param(nullable = false)]
    chart_uuid: Option<String>,
    /// Only the word `false` leaves out those in private spaces that the caller was not let into.
    #[param(nullable = false)]
    include_private: Option<String>,
}

impl DashboardsQuery {
    /// Whether a dashboard is asked for.
    fn wants(&self, contents: &Contents<'_>, row: &Content) -> bool {
        let shows = |chart: &str| {
            let chart = ContentId::parse(chart);
            chart.is_some_and(|chart| row.shown.charts.contains(&chart))
        };
        let charts = self.chart_uuid.as_deref().is_none_or(shows);
        let private = self.include_private.as_deref() != Some("false");
        charts && (private || is_open(contents, row))
    }
}

/// Whether something lies in a public space, or one that the caller or a group of theirs was let into.
fn is_open(contents: &Contents<'_>, row: &Content) -> bool {
    contents.space_of(row).is_some_and(|space| {
        let own = contents.spaces.own(space);
        let let_in = own.is_some_and(|own| own.has_direct_access);
        let_in || !contents.spaces.tree.root_of(space).is_private
    })
}

/// Lists the dashboards of a project that the caller may see, by name.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/dashboards", operation_id = "getDashboards", tag = "Projects",
               params(("projectUuid" = String, Path), DashboardsQuery), responses((status = 200, body = Ok<Vec<DashboardItem>>)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_dashboards(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<DashboardsQuery>,
) -> Result<Reply<Vec<DashboardItem>>> {
    project.require(Action::View, Subject::Project)?;
    let contents = Contents::read(&app, &project).await?;
    let dashboards = contents
        .seen()
        .filter(|row| row.what == ContentKind::Dashboard);
    let mut rows: Vec<&Content> = dashboards
        .filter(|row| query.wants(&contents, row))
        .collect();
    rows.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));

    let facts = Facts::read(&app, project.id(), &rows).await?;
    let items = rows
        .iter()
        .filter_map(|row| facts.dashboard(&contents, row));
    Ok(Reply(items.collect()))
}

/// What is changed of one of several dashboards; a description that is not sent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateMultipleDashboards)]
pub(crate) struct UpdateOne {
    uuid: String,
    name: String,
    description: Option<String>,
    space_uuid: String,
}

impl UpdateOne {
    fn id(&self) -> Result<ContentId> {
        ContentId::parse(&self.uuid).ok_or(Error::NotFound(Kind::Dashboard))
    }

    /// The head as it is to be. Both its space and the one that it is moved to have to allow it.
    fn apply(&self, contents: &Contents<'_>, old: &Content) -> Result<Content> {
        contents.require(Action::Update, old)?;
        let space = contents.spaces.named(&self.space_uuid)?;
        let spaces = &contents.spaces;
        spaces.require(Action::Update, Subject::Dashboard, space)?;
        let description = match &self.description {
            Some(text) => content_description(Some(text.as_str()))?,
            None => old.description.clone(),
        };
        Ok(Content {
            name: content_name(&self.name)?,
            description,
            space: Some(space.id),
            ..old.clone()
        })
    }
}

/// The heads that a list names, in its order. They are read one by one, as the index does not have all of them.
async fn heads(app: &App, contents: &Contents<'_>, body: &[UpdateOne]) -> Result<Vec<Content>> {
    let kind = ContentKind::Dashboard;
    let ids = body.iter().map(UpdateOne::id);
    let ids: Vec<ContentId> = ids.collect::<Result<_>>()?;
    let wanted: Vec<_> = ids.iter().map(|id| (kind, *id)).collect();
    let found = app.store.contents(&wanted).await?.into_iter();
    let mut found: BTreeMap<ContentId, Content> = found
        .filter(|head| head.project == contents.spaces.project.id())
        .map(|head| (head.id, head))
        .collect();
    let heads = ids.iter().map(|id| found.remove(id));
    let heads: Option<Vec<Content>> = heads.collect();
    heads.ok_or(Error::NotFound(Kind::Dashboard))
}

/// Changes the heads that a list names; answers them as they are afterwards. Nothing is written before all is found right.
async fn change(app: &App, contents: &Contents<'_>, body: &[UpdateOne]) -> Result<Vec<Content>> {
    for _ in 0..TRIES {
        let old = heads(app, contents, body).await?;
        let (mut edits, mut heads) = (Vec::new(), Vec::new());
        for (one, old) in body.iter().zip(old) {
            let new = one.apply(contents, &old)?;
            if new == old {
                heads.push(old);
                continue;
            }
            let edit = Edit::change(&old, new);
            heads.push(edit.result());
            edits.push(edit);
        }
        match edit_all(app, &edits).await {
            Err(Error::Changed(_)) => {}
            done => return done.map(|()| heads),
        }
    }
    Err(Error::Changed(Kind::Dashboard))
}

/// Renames and moves up to a hundred dashboards of a project. Nothing is written when one of them is not there or may not be
/// changed; a failure of the table may leave a part, and to send all again is safe.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/dashboards", operation_id = "updateDashboards", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = Vec<UpdateOne>,
               responses((status = 200, body = Ok<Vec<DashboardView>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_dashboards(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<Vec<UpdateOne>>,
) -> Result<Reply<Vec<DashboardView>>> {
    project.require(Action::View, Subject::Project)?;
    let named: BTreeSet<&str> = body.iter().map(|one| one.uuid.as_str()).collect();
    if named.len() < body.len() || body.len() > MOST_AT_ONCE {
        return Err(Error::invalid(
            "At most 100 dashboards are changed at once, each of them once",
        ));
    }
    let contents = Contents::read(&app, &project).await?;
    let heads = change(&app, &contents, &body).await?;

    let rows: Vec<&Content> = heads.iter().collect();
    let facts = Facts::read(&app, project.id(), &rows).await?;
    let versions = app.store.latest_of(&rows).await?.into_iter();
    let mut bodies: BTreeMap<_, _> = versions.map(|one| (one.of, one.body)).collect();
    let views = rows.into_iter().filter_map(|head| {
        let body = bodies.remove(&head.id)?;
        let body = body.unpack_json::<DashboardBody>();
        Some(body.and_then(|body| DashboardView::new(&contents, head, body, &facts)))
    });
    Ok(Reply(views.collect::<Result<_>>()?))
}
