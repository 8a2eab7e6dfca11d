//! What was deleted, and bringing it back: charts, SQL charts and dashboards alike.

use std::{cmp::Reverse, collections::BTreeMap};

use app::{
    App, Error, InProject, Json, Kind, Ok, Path, Reply, Result, Timestamp,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
        id::{ContentId, SpaceId},
        slug::{next_slug, valid_slug},
    },
    store::{Edit, Slug},
};
use axum::extract::State;
use saved::{Contents, contents::subject, edit::edit_all};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::TRIES;

/// What something is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RestorableContentType)]
pub(crate) enum Type {
    Chart,
    SqlChart,
    Dashboard,
}

impl From<ContentKind> for Type {
    fn from(what: ContentKind) -> Self {
        match what {
            ContentKind::Chart => Type::Chart,
            ContentKind::SqlChart => Type::SqlChart,
            ContentKind::Dashboard => Type::Dashboard,
        }
    }
}

/// Something that was deleted and can be restored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedContent {
    uuid: ContentId,
    content_type: Type,
    name: String,
    slug: String,
    /// Where it lay; null when that is gone.
    #[schema(required)]
    space_uuid: Option<SpaceId>,
    #[schema(required)]
    space_name: Option<String>,
    /// The dashboard that a chart belonged to.
    #[schema(required)]
    dashboard_uuid: Option<ContentId>,
    deleted_at: Timestamp,
    /// From then on it is gone for good.
    restorable_until: Timestamp,
}

/// Whether a chart belongs to a dashboard and was deleted with it: also when that took several tries.
fn is_own(dashboard: &Content, chart: &Content) -> bool {
    let together = chart.deleted_at == dashboard.deleted_at;
    let shown = dashboard.shown.charts.contains(&chart.id);
    chart.dashboard == Some(dashboard.id) && (together || shown)
}

/// Whether it goes with a dashboard that was deleted with it: to restore that restores it.
fn goes_with(contents: &Contents<'_>, row: &Content) -> bool {
    let mut dashboards = contents.index.deleted();
    dashboards.any(|dashboard| is_own(dashboard, row))
}

/// Whether the caller may do this to something deleted. Where the place is gone that said who may, it is for admins of the
/// project: whoever made it may have been put out since.
fn may(contents: &Contents<'_>, action: Action, row: &Content) -> bool {
    if contents.space_of(row).is_some() {
        return contents.may(action, row);
    }
    let project = contents.spaces.project;
    project.may(Action::Manage, Subject::Project, &project.object())
}

/// Lists what can be restored, what was deleted last first: of what the caller might see.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/deleted", operation_id = "listDeletedContent", tag = "Content",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<DeletedContent>>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn list_deleted_content(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Vec<DeletedContent>>> {
    project.require(Action::View, Subject::Project)?;
    let contents = Contents::read(&app, &project).await?;
    let (kept, now) = (app.config.deleted_content, app.clock.now());
    let rows = contents.index.deleted().filter(|row| {
        !row.is_over(kept, now) && may(&contents, Action::View, row) && !goes_with(&contents, row)
    });
    let items = rows.filter_map(|row| {
        let (deleted_at, space) = (row.deleted_at?, contents.space_of(row));
        Some(DeletedContent {
            uuid: row.id,
            content_type: row.what.into(),
            name: row.name.clone(),
            slug: row.slug.clone(),
            space_uuid: space.map(|space| space.id),
            space_name: space.map(|space| space.name.clone()),
            dashboard_uuid: row.dashboard,
            deleted_at,
            restorable_until: deleted_at + kept,
        })
    });
    let mut items: Vec<_> = items.collect();
    items.sort_by_key(|item| (Reverse(item.deleted_at), item.uuid));
    Ok(Reply(items))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct DeletedPath {
    content_uuid: String,
}

/// How something comes back, where not as it was.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestoreContent {
    /// The space that it comes back to; needed where its own is gone.
    space_uuid: Option<String>,
    /// The slug that it comes back under; needed where its own was taken.
    slug: Option<String>,
}

/// Something that was restored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestoredContent {
    uuid: ContentId,
    content_type: Type,
    name: String,
    slug: String,
    #[schema(required)]
    space_uuid: Option<SpaceId>,
    #[schema(required)]
    dashboard_uuid: Option<ContentId>,
    /// Charts of a dashboard's own that came back under another slug, as somebody took theirs; absent where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    renamed: Vec<RenamedChart>,
}

/// A chart that was restored under another slug.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenamedChart {
    uuid: ContentId,
    name: String,
    slug: String,
    former_slug: String,
}

impl RestoredContent {
    fn new(head: &Content) -> Self {
        Self {
            uuid: head.id,
            content_type: head.what.into(),
            name: head.name.clone(),
            slug: head.slug.clone(),
            space_uuid: head.space,
            dashboard_uuid: head.dashboard,
            renamed: Vec::new(),
        }
    }
}

/// Notes which charts come back under another slug with the last of some edits. What an earlier try noted stays, unless it is
/// tried again.
fn note_renamed(renamed: &mut BTreeMap<ContentId, RenamedChart>, edits: &[Edit]) {
    let Some((_, own)) = edits.split_last() else {
        return;
    };
    for Edit { old, new, .. } in own {
        renamed.remove(&new.id);
        if let Some(old) = old.as_ref().filter(|old| old.slug != new.slug) {
            let chart = RenamedChart {
                uuid: new.id,
                name: new.name.clone(),
                slug: new.slug.clone(),
                former_slug: old.slug.clone(),
            };
            renamed.insert(new.id, chart);
        }
    }
}

/// Restores something with all of its versions, to where it lay: for those who might change it there. A dashboard comes back
/// with the charts of its own that were deleted with it, and tells which of them have another slug. What is there already stays as
/// it is.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/deleted/{contentUuid}/restore", operation_id = "restoreContent",
               tag = "Content", params(("projectUuid" = String, Path), DeletedPath), request_body = RestoreContent,
               responses((status = 200, body = Ok<RestoredContent>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn restore_content(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<DeletedPath>,
    Json(body): Json<RestoreContent>,
) -> Result<Reply<RestoredContent>> {
    project.require(Action::View, Subject::Project)?;
    let mut renamed = BTreeMap::new();
    for _ in 0..TRIES {
        let contents = Contents::read(&app, &project).await?;
        let row = named(&app, &contents, &path.content_uuid)?;
        if !may(&contents, Action::Update, row) {
            return Err(NOT_ALLOWED);
        }
        if row.deleted_at.is_none() {
            return Ok(Reply(RestoredContent::new(row)));
        }
        let edits = body.edits(&app, &contents, row).await?;
        note_renamed(&mut renamed, &edits);
        match edit_all(&app, &edits).await {
            Err(Error::Changed(_)) => {}
            // Somebody else was restoring it.
            Err(error @ Error::Exists(_)) => {
                let head = app.store.content(row.what, row.id).await?;
                return head.map_or(Err(error), |head| Ok(Reply(RestoredContent::new(&head))));
            }
            done => {
                done?;
                let made = edits.last().map(|edit| &edit.new);
                return Ok(Reply(RestoredContent {
                    renamed: renamed.into_values().collect(),
                    ..RestoredContent::new(made.unwrap_or(row))
                }));
            }
        }
    }
    Err(Error::Changed(Kind::Deleted))
}

/// What a path names, deleted or restored already.
fn named<'a>(app: &App, contents: &'a Contents<'_>, id: &str) -> Result<&'a Content> {
    let missing = || Error::NotFound(Kind::Deleted);
    let id = ContentId::parse(id).ok_or_else(missing)?;
    let (kept, now) = (app.config.deleted_content, app.clock.now());
    let mut rows = contents.index.deleted().chain(contents.index.live());
    let found = rows.find(|row| row.id == id && !row.is_over(kept, now));
    found.ok_or_else(missing)
}

/// A chart of a dashboard's own, which comes back with it: under another slug, where its own was taken meanwhile.
fn back_with(app: &App, contents: &Contents<'_>, chart: &Content) -> Edit {
    let mut tries = 0;
    let slug = loop {
        let slug = next_slug(&chart.slug, tries, &app.random);
        if contents.index.by_slug(chart.what, &slug).is_none() {
            break slug;
        }
        tries += 1;
    };
    let new = Content {
        slug,
        deleted_at: None,
        ..chart.clone()
    };
    Edit {
        slug: Slug::Claimed,
        ..Edit::change(chart, new)
    }
}

/// Something deleted that comes back as this. Whose slug was taken meanwhile does not.
fn back(contents: &Contents<'_>, old: &Content, new: Content) -> Result<Edit> {
    if contents.index.by_slug(new.what, &new.slug).is_some() {
        return Err(Error::Exists(new.what.named()));
    }
    let new = Content {
        deleted_at: None,
        ..new
    };
    Ok(Edit {
        slug: Slug::Claimed,
        ..Edit::change(old, new)
    })
}

impl RestoreContent {
    /// What comes back: the charts of a dashboard first, so that it may be repeated until that is there as well.
    async fn edits(&self, app: &App, contents: &Contents<'_>, row: &Content) -> Result<Vec<Edit>> {
        let new = self.placed(contents, row)?;
        let slug = self.slug.as_deref().map(valid_slug).transpose()?;
        let head = app.store.content_or_deleted(row.what, row.id).await?;
        let head = head.ok_or(Error::NotFound(Kind::Deleted))?;
        let new = Content {
            slug: slug.unwrap_or(&head.slug).to_owned(),
            space: new.0,
            dashboard: new.1,
            ..head.clone()
        };
        let own = contents.index.deleted().filter(|chart| is_own(row, chart));
        let own: Vec<_> = own.map(|chart| (chart.what, chart.id)).collect();
        let mut edits = Vec::new();
        for (what, id) in own {
            let chart = app.store.content_or_deleted(what, id).await?;
            edits.extend(chart.map(|chart| back_with(app, contents, &chart)));
        }
        edits.push(back(contents, &head, new)?);
        Ok(edits)
    }

    /// The space or the dashboard that it comes back to.
    fn placed(
        &self,
        contents: &Contents<'_>,
        row: &Content,
    ) -> Result<(Option<SpaceId>, Option<ContentId>)> {
        if let Some(named) = &self.space_uuid {
            let space = contents.spaces.named(named)?;
            contents
                .spaces
                .require(Action::Create, subject(row.what), space)?;
            return Ok((Some(space.id), None));
        }
        if contents.space_of(row).is_none() {
            return Err(Error::invalid(
                "Where it lay is gone: name another space in \"spaceUuid\"",
            ));
        }
        Ok((row.space, row.dashboard))
    }
}
