//! Changing several charts at once.

use std::collections::BTreeSet;

use app::{
    App, Error, InProject, Json, Kind, Ok, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, content_description, content_name},
        id::ContentId,
    },
    store::Edit,
};
use axum::extract::State;
use saved::{
    Contents,
    list::{ChartItem, Facts},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{TRIES, charts::present};

/// So many are one transaction: a head and, at worst, every part of the index.
const MOST: usize = 40;

/// What of a chart has no versions, of one of several.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateMultipleSavedChart {
    uuid: String,
    name: String,
    /// What is absent stays; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    space_uuid: String,
}

/// Renames, describes and moves up to 40 charts at once, all of them or none: for those who may change each where it is, and
/// make charts where it goes. Answers them as lists show them.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/saved", operation_id = "updateSavedCharts", tag = "Charts",
               params(("projectUuid" = String, Path)), request_body = Vec<UpdateMultipleSavedChart>,
               responses((status = 200, body = Ok<Vec<ChartItem>>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn update_saved_charts(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<Vec<UpdateMultipleSavedChart>>,
) -> Result<Reply<Vec<ChartItem>>> {
    project.require(Action::View, Subject::Project)?;
    let ids = ids(&body)?;
    for _ in 0..TRIES {
        let contents = Contents::read(&app, &project).await?;
        let edits = ids.iter().zip(&body);
        let edits = edits.map(|(id, one)| one.edit(&contents, *id));
        let edits: Vec<Edit> = edits
            .filter_map(|edit| edit.transpose())
            .collect::<Result<_>>()?;
        match written(&app, &project, &edits).await {
            Err(Error::Changed(_)) => {}
            done => {
                done?;
                return items(&app, &project, &ids).await.map(Reply);
            }
        }
    }
    Err(Error::Changed(Kind::Chart))
}

/// The charts, each once.
fn ids(body: &[UpdateMultipleSavedChart]) -> Result<Vec<ContentId>> {
    if body.len() > MOST {
        return Err(Error::invalid("At most 40 charts are changed at once"));
    }
    let mut seen = BTreeSet::new();
    let id = |one: &UpdateMultipleSavedChart| {
        let id = ContentId::parse(&one.uuid).ok_or(Error::NotFound(Kind::Chart))?;
        if seen.insert(id) {
            Ok(id)
        } else {
            Err(Error::invalid(format!("The chart {id} is named twice")))
        }
    };
    body.iter().map(id).collect()
}

impl UpdateMultipleSavedChart {
    /// The change of a chart, if it is one. A chart of a dashboard that is told to lie where it does stays with that.
    fn edit(&self, contents: &Contents<'_>, id: ContentId) -> Result<Option<Edit>> {
        let head = contents.find(ContentKind::Chart, id)?;
        contents.require(Action::Update, head)?;
        let mut new = Content {
            name: content_name(&self.name)?,
            ..head.clone()
        };
        if let Some(description) = &self.description {
            new.description = content_description(description.as_deref())?;
        }
        let space = contents.spaces.named(&self.space_uuid)?;
        if contents.index.space_of(head) != Some(space.id) {
            contents
                .spaces
                .require(Action::Create, Subject::SavedChart, space)?;
            (new.space, new.dashboard) = (Some(space.id), None);
        }
        Ok((new != *head).then(|| Edit::change(head, new)))
    }
}

async fn written(app: &App, project: &InProject, edits: &[Edit]) -> Result<()> {
    if edits.is_empty() {
        return Ok(());
    }
    let (kept, now) = (app.config.deleted_content, app.clock.now());
    app.store.edit_content(project.id(), edits, kept, now).await
}

/// Charts as lists show them, in this order.
async fn items(app: &App, project: &InProject, ids: &[ContentId]) -> Result<Vec<ChartItem>> {
    let contents = Contents::read(app, project).await?;
    let rows = ids.iter();
    let rows = rows.filter_map(|id| contents.index.get(ContentKind::Chart, *id));
    let rows: Vec<&Content> = rows.collect();
    let facts = Facts::read(app, project.id(), &rows).await?;
    let items = rows.into_iter();
    Ok(items
        .filter_map(|row| facts.chart(&contents, row))
        .collect())
}
