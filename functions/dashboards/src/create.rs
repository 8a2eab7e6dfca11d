//! New dashboards.

use app::{
    App, Created, Error, IdempotencyKey, InProject, Json, Kind, Ok, Query, Result,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{
            Content, ContentKind, DashboardBody, Shown, Tab, content_description, content_name,
        },
        id::{ContentId, SpaceId},
        packed::Packed,
        slug::slug_of,
        space::Space,
    },
    http::etag,
    store::NewContent,
};
use axum::extract::State;
use saved::{
    Contents,
    dashboard::{DashboardView, Definition, ShownConfig, ShownFilters},
    once,
    tile::SentTile,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::{
    dashboards::{Tagged, seen},
    duplicate::{DuplicateDashboard, duplicate},
};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct NewDashboardQuery {
    /// The dashboard that the new one is a copy of.
    #[param(nullable = false)]
    duplicate_from: Option<String>,
}

/// A dashboard to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateDashboard {
    name: String,
    description: Option<String>,
    tiles: Vec<SentTile>,
    tabs: Vec<Tab>,
    filters: Option<ShownFilters>,
    config: Option<ShownConfig>,
    /// Without one, it lies in the first root space in which the caller may make dashboards.
    space_uuid: Option<String>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    rest: Map<String, Value>,
}

/// A dashboard, or the name of a copy.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NewDashboard {
    Create(Box<CreateDashboard>),
    Duplicate(DuplicateDashboard),
}

/// Where a new dashboard goes.
fn space<'a>(contents: &'a Contents<'_>, named: Option<&str>) -> Result<&'a Space> {
    let spaces = &contents.spaces;
    let may = |action: Action, space: &Space| spaces.may(action, Subject::Dashboard, space);
    if let Some(named) = named {
        let space = spaces.named(named)?;
        spaces.require(Action::Create, Subject::Dashboard, space)?;
        return Ok(space);
    }
    let mut roots = spaces.tree.by_path();
    roots.retain(|space| space.parent.is_none() && may(Action::View, space));
    roots.sort_by_key(|space| (space.created_at, space.id));
    if roots.is_empty() {
        return Err(Error::NotFound(Kind::Space));
    }
    let found = roots.into_iter().find(|space| may(Action::Create, space));
    found.ok_or(NOT_ALLOWED)
}

/// A head that is written with its first version, under the slug of its name.
pub(crate) fn new_head(
    app: &App,
    project: &InProject,
    (what, name, description): (ContentKind, String, Option<String>),
    shown: Shown,
) -> Content {
    let now = app.clock.now();
    Content {
        id: ContentId::new(&app.random),
        what,
        project: project.id(),
        organization: project.organization(),
        slug: slug_of(&name, &app.random),
        name,
        description,
        space: None,
        dashboard: None,
        rev: 0,
        latest: 0,
        created_at: now,
        created_by: Some(project.user.id),
        updated_at: now,
        updated_by: Some(project.user.id),
        deleted_at: None,
        tiled: shown.charts.clone(),
        shown,
    }
}

impl CreateDashboard {
    async fn create(
        self,
        app: &App,
        contents: &Contents<'_>,
        client_key: Option<&str>,
    ) -> Result<Content> {
        let space: SpaceId = space(contents, self.space_uuid.as_deref())?.id;
        let name = content_name(&self.name)?;
        let description = content_description(self.description.as_deref())?;
        let definition = Definition {
            tiles: self.tiles,
            tabs: self.tabs,
            filters: self.filters,
            config: self.config,
            rest: self.rest,
        };
        let (body, shown): (DashboardBody, Shown) = definition.read(app, &contents.index)?;
        let named = (ContentKind::Dashboard, name, description);
        let head = new_head(app, contents.spaces.project, named, shown);
        let new = NewContent {
            head: Content {
                space: Some(space),
                ..head
            },
            body: Packed::pack_version(&body)?,
            any_slug: true,
        };
        let kept = app.config.deleted_content;
        let store = &app.store;
        store
            .create_content(new, client_key, kept, app.clock.now())
            .await
    }
}

/// Makes a dashboard, or with `duplicateFrom` a copy of one, in the same space and with copies of the charts within it.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/dashboards", operation_id = "createDashboard", tag = "Projects",
               params(("projectUuid" = String, Path), NewDashboardQuery), request_body = NewDashboard,
               responses((status = 201, body = Ok<DashboardView>)),
               extensions(("x-tier" = json!("mission")), ("x-saves" = json!(true))))]
pub(crate) async fn create_dashboard(
    State(app): State<App>,
    project: InProject,
    Query(query): Query<NewDashboardQuery>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<NewDashboard>,
) -> Result<Tagged<Created<DashboardView>>> {
    project.require(Action::View, Subject::Project)?;
    let once = (ContentKind::Dashboard, key.as_deref());
    let earlier = once::made_before(&app, &project, once).await?;
    let contents = Contents::read(&app, &project).await?;
    let made = match (earlier, query.duplicate_from, body) {
        (Some(earlier), ..) => {
            contents.require(Action::View, &earlier)?;
            earlier
        }
        (None, None, NewDashboard::Create(new)) => {
            let made = new.create(&app, &contents, key.as_deref()).await;
            once::made(&app, &project, once, made).await?
        }
        (None, Some(source), NewDashboard::Duplicate(copy)) => {
            let made = duplicate(&app, &project, (&source, copy), key.as_deref()).await;
            once::made(&app, &project, once, made).await?
        }
        _ => {
            return Err(Error::invalid(
                "\"duplicateFrom\" goes with \"dashboardName\" and \"dashboardDesc\", and a dashboard without it",
            ));
        }
    };
    // Copies of charts are in no index that was read before.
    let contents = Contents::read(&app, &project).await?;
    let view = seen(&app, &contents, &made).await?;
    Ok((etag(made.rev), Created(view)))
}
