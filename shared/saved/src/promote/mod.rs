//! Copying charts and dashboards to the project that a preview is of (reference 21 §5). Things go by their slugs there, spaces
//! by their paths. What is the same already is not written; what failed halfway goes on when it is asked for again.

pub mod changes;
mod dashboard;
mod plan;
mod spaces;
mod write;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind},
    },
};

use crate::{
    code::{TRIES, lost},
    contents::Contents,
    find::Found,
};
use changes::{Changes, PromotedChart, PromotedDashboard};
use plan::{Plan, Planner};

/// The project that a preview is of.
///
/// # Errors
/// `NotFound` when there is none, or it is gone.
async fn upstream(app: &App, project: &InProject) -> Result<InProject> {
    let missing = || Error::NotFound(Kind::Project);
    let id = project.access.project.upstream.ok_or_else(missing)?;
    let found = InProject::find(app, project.user.clone(), id).await;
    found.map_err(|error| match error {
        Error::NotExists(_) => missing(),
        error => error,
    })
}

/// What a promotion would change; nothing is written.
///
/// # Errors
/// `Forbidden` when the caller may not see it, or something on it, or the other project, or what any of it is there; `NotFound`
/// when there is no other project; `Exists` when two spaces there have the same path.
pub async fn diff(app: &App, found: &Found) -> Result<Changes> {
    let (source, to) = tokio::try_join!(
        Contents::read(app, &found.project),
        upstream(app, &found.project)
    )?;
    source.require(Action::View, row_of(&source, &found.head)?)?;
    to.require(Action::View, Subject::Project)?;
    let mut planner = Planner::read(app, &source, &to, false).await?;
    let plan = planner.plan(&found.head).await?;
    planner.told(plan).await
}

/// Copies a chart. Answers the copy.
///
/// # Errors
/// `Invalid` for one that belongs to a dashboard; otherwise as [`diff`], and `Forbidden` when the caller may not change what is
/// to be changed.
pub async fn promote_chart(app: &App, found: &Found) -> Result<PromotedChart> {
    if found.head.dashboard.is_some() {
        return Err(Error::invalid(
            "A chart that belongs to a dashboard is promoted with the dashboard",
        ));
    }
    let changes = promote(app, found).await?;
    let chart = changes.charts.into_iter().next();
    Ok(chart.ok_or(Error::NotFound(Kind::Chart))?.data)
}

/// Copies a dashboard with the charts and SQL charts on it. Answers the copy.
///
/// # Errors
/// As [`promote_chart`]; `CustomSql` when the caller may not change the SQL of what is there.
pub async fn promote_dashboard(app: &App, found: &Found) -> Result<PromotedDashboard> {
    let changes = promote(app, found).await?;
    let dashboard = changes.dashboards.into_iter().next();
    Ok(dashboard.ok_or(Error::NotFound(Kind::Dashboard))?.data)
}

async fn promote(app: &App, found: &Found) -> Result<Changes> {
    for _ in 1..TRIES {
        match attempt(app, found).await {
            Err(error) if lost(&error) => {}
            done => return done,
        }
    }
    attempt(app, found).await
}

async fn attempt(app: &App, found: &Found) -> Result<Changes> {
    let (source, to) = tokio::try_join!(
        Contents::read(app, &found.project),
        upstream(app, &found.project)
    )?;
    source.require(Action::View, row_of(&source, &found.head)?)?;
    to.require(Action::View, Subject::Project)?;
    let mut planner = Planner::read(app, &source, &to, true).await?;
    let plan: Plan = planner.plan(&found.head).await?;
    planner.carry_out(&plan).await?;
    planner.told(plan).await
}

/// What is to be promoted, as the index has it now.
fn row_of<'a>(source: &'a Contents<'_>, head: &Content) -> Result<&'a Content> {
    let what = match head.what {
        ContentKind::Dashboard => ContentKind::Dashboard,
        ContentKind::Chart | ContentKind::SqlChart => ContentKind::Chart,
    };
    source.find(what, head.id)
}
