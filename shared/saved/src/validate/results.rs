//! What a validation found, as the caller sees it (reference 17 §4, §5).

use std::collections::BTreeMap;

use app::{
    App, Error, InProject, Kind, Result, Timestamp, attributes,
    domain::{
        access::{Action, Role},
        content::{ChartKind, Content, ContentKind, Views},
        id::{ContentId, ProjectId, SpaceId, WorkId},
        validation::{ErrorType, Finding, Source},
        work::{WorkKind, WorkStatus},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{contents::Contents, people::Names};

/// The name of what the caller may not see, and what is said of it.
pub(crate) const PRIVATE: &str = "Private content";
pub(crate) const PRIVATE_ERROR: &str = "Something is wrong with private content";

/// What every entry has; all there is of one about an explore. Its source is said around it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ValidationErrorTableResponse)]
pub struct OfTable {
    pub validation_id: u64,
    pub created_at: Timestamp,
    pub project_uuid: ProjectId,
    pub error: String,
    pub error_type: ErrorType,
    pub name: String,
}

/// What else is told of content that the caller may see.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ValidationErrorContent)]
pub struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_updated_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_updated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub space_uuid: Option<SpaceId>,
}

/// What is wrong with a chart. What the caller may not see has no ids, and another text.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ValidationErrorChartResponse)]
pub struct OfChart {
    #[serde(flatten)]
    pub found: OfTable,
    #[serde(flatten)]
    pub about: About,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chart_uuid: Option<ContentId>,
    pub chart_views: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chart_kind: Option<ChartKind>,
}

/// What is wrong with a dashboard. What the caller may not see has no ids, and another text.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ValidationErrorDashboardResponse)]
pub struct OfDashboard {
    #[serde(flatten)]
    pub found: OfTable,
    #[serde(flatten)]
    pub about: About,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dashboard_uuid: Option<ContentId>,
    pub dashboard_views: u64,
    /// The chart that is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chart_name: Option<String>,
}

/// One thing that is wrong, by its `source`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "source", rename_all = "lowercase")]
#[schema(as = ValidationResponse)]
pub enum Shown {
    Chart(OfChart),
    Dashboard(OfDashboard),
    Table(OfTable),
}

/// What a project's last validation found and nobody dismissed: explores first, then charts, then dashboards, each by name.
/// Nothing of explores that the caller's attributes hide.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn of_project(app: &App, project: &InProject) -> Result<Vec<Shown>> {
    let (head, mut findings) = app.store.findings(project.id()).await?;
    findings.retain(|one| !head.dismissed.contains(&one.id));
    match head.found_at {
        Some(at) => shown(app, project, findings, at).await,
        None => Ok(Vec::new()),
    }
}

/// What a validation of the project found that brought its explores; nothing before it is over. One that brought none is
/// the project's, as long as it is the last one.
///
/// # Errors
/// `NotFound` when the project had no such validation lately.
pub async fn of_work(app: &App, project: &InProject, id: &str) -> Result<Vec<Shown>> {
    let missing = || Error::NotFound(Kind::Job);
    let id = WorkId::parse(id).ok_or_else(missing)?;
    let work = app.store.work(id, app.clock.now()).await?;
    let mine = work.filter(|work| work.project == project.id() && work.what == WorkKind::Validate);
    let work = mine.ok_or_else(missing)?;
    if work.status != WorkStatus::Completed {
        return Ok(Vec::new());
    }
    if let Some(kept) = app.store.beside(id).await? {
        return shown(app, project, kept.unpack_json()?, work.created_at).await;
    }
    match app.store.validation(project.id()).await?.run {
        Some(last) if last == id => of_project(app, project).await,
        _ => Ok(Vec::new()),
    }
}

/// What is known beside the findings.
struct Facts<'a> {
    contents: Contents<'a>,
    names: Names,
    views: BTreeMap<ContentId, Views>,
    at: Timestamp,
}

async fn shown(
    app: &App,
    project: &InProject,
    mut findings: Vec<Finding>,
    at: Timestamp,
) -> Result<Vec<Shown>> {
    if findings.iter().any(|one| one.required.is_some()) {
        let attributes = attributes::of_caller(app, project).await?;
        findings.retain(|one| {
            let required = one.required.as_ref();
            required.is_none_or(|required| attributes.satisfy(required))
        });
    }
    let contents = Contents::read(app, project).await?;
    let rows: BTreeMap<ContentId, Content> = findings
        .iter()
        .filter_map(|one| row_of(&contents, one))
        .map(|row| (row.id, row.clone()))
        .collect();
    let wanted: Vec<_> = rows.values().map(|row| (row.what, row.id)).collect();
    let (names, views) = tokio::try_join!(Names::of(app, rows.values()), app.store.views(&wanted))?;
    let ids = wanted.into_iter().map(|(_, id)| id);
    let facts = Facts {
        names,
        views: ids.zip(views).collect(),
        at,
        contents,
    };
    Ok(findings
        .into_iter()
        .filter_map(|one| facts.show(project, one))
        .collect())
}

fn kind_of(source: Source) -> Option<ContentKind> {
    match source {
        Source::Table => None,
        Source::Chart => Some(ContentKind::Chart),
        Source::Dashboard => Some(ContentKind::Dashboard),
    }
}

/// The chart or dashboard, unless it is gone.
fn row_of<'a>(contents: &'a Contents<'_>, finding: &Finding) -> Option<&'a Content> {
    contents
        .index
        .get(kind_of(finding.source)?, finding.content?)
}

/// Whether the caller is told what something is: what they may view, and admins everything.
pub(crate) fn sees(contents: &Contents<'_>, row: &Content) -> bool {
    contents.spaces.project.role() == Role::Admin || contents.may(Action::View, row)
}

impl Facts<'_> {
    /// A finding as the caller sees it; none of what is gone, nor where the chart that is broken is.
    fn show(&self, project: &InProject, finding: Finding) -> Option<Shown> {
        if finding.source == Source::Table {
            let (name, error) = (finding.name.clone(), finding.error.clone());
            let found = self.found(project.id(), &finding, name, error);
            return Some(Shown::Table(found));
        }
        let row = row_of(&self.contents, &finding)?;
        if let Some((chart, _)) = &finding.chart {
            self.contents.index.get(ContentKind::Chart, *chart)?;
        }
        let shown = if finding.source == Source::Chart {
            Shown::Chart(self.chart(row, &finding))
        } else {
            Shown::Dashboard(self.dashboard(row, &finding))
        };
        Some(shown)
    }

    fn found(&self, project: ProjectId, finding: &Finding, name: String, error: String) -> OfTable {
        OfTable {
            validation_id: finding.id,
            created_at: self.at,
            project_uuid: project,
            error,
            error_type: finding.error_type,
            name,
        }
    }

    /// Name, text, and the rest where the caller may see it.
    fn words<'r>(
        &self,
        row: &'r Content,
        finding: &Finding,
    ) -> (String, String, Option<&'r Content>) {
        if sees(&self.contents, row) {
            (row.name.clone(), finding.error.clone(), Some(row))
        } else {
            (PRIVATE.to_owned(), PRIVATE_ERROR.to_owned(), None)
        }
    }

    fn about(&self, seen: Option<&Content>, finding: &Finding) -> About {
        seen.map_or_else(About::default, |row| About {
            field_name: finding.field.clone(),
            last_updated_by: self.names.full(row.updated_by),
            last_updated_at: Some(row.updated_at),
            space_uuid: self.contents.index.space_of(row),
        })
    }

    fn views(&self, seen: Option<&Content>) -> u64 {
        let found = seen.and_then(|row| self.views.get(&row.id));
        found.map_or(0, |views| views.views)
    }

    fn chart(&self, row: &Content, finding: &Finding) -> OfChart {
        let (name, error, seen) = self.words(row, finding);
        OfChart {
            found: self.found(row.project, finding, name, error),
            about: self.about(seen, finding),
            chart_uuid: seen.map(|row| row.id),
            chart_views: self.views(seen),
            chart_kind: seen.map(|row| row.shown.chart_kind.unwrap_or(ChartKind::VerticalBar)),
        }
    }

    fn dashboard(&self, row: &Content, finding: &Finding) -> OfDashboard {
        let (name, mut error, seen) = self.words(row, finding);
        let mut chart_name = None;
        if let (Some((id, name)), Some(_)) = (&finding.chart, seen) {
            // The chart on a dashboard may lie where the caller does not get.
            let chart = self.contents.index.get(ContentKind::Chart, *id);
            if chart.is_some_and(|chart| sees(&self.contents, chart)) {
                chart_name = Some(name.clone());
            } else {
                chart_name = Some(PRIVATE.to_owned());
                error = "A chart is broken on this dashboard.".to_owned();
            }
        }
        OfDashboard {
            found: self.found(row.project, finding, name, error),
            about: self.about(seen, finding),
            dashboard_uuid: seen.map(|row| row.id),
            dashboard_views: self.views(seen),
            chart_name,
        }
    }
}
