//! Checking a project's content against its explores (reference 17).
//!
//! | Step | File |
//! |---|---|
//! | explores, as far as they are looked at | `fields.rs` |
//! | which of them there are | `explores.rs` |
//! | what is wrong with a chart, a dashboard, an explore | `charts.rs`, `dashboards.rs`, `tables.rs` |
//! | how the caller sees it | `results.rs` |
//!
//! A run reads the index, the versions of all charts and dashboards, one in memory at a time, and of the explores those that
//! these name. It keeps what the result needs: what the explores have, which charts and filters are on dashboards, the findings.
//! SQL charts, underlying values and filters of schedules are not looked at.

mod charts;
mod dashboards;
pub(crate) mod explores;
pub mod fields;
pub mod results;
mod tables;

use std::collections::BTreeSet;

use app::{
    App, InProject, Result,
    domain::{
        access::ProjectKind,
        content::{ChartBody, Content, ContentKind, DashboardBody, Index},
        id::{ContentId, WorkId},
        packed::Packed,
        validation::{Finding, Source, Target, number_of},
        work::{KEPT, Work, WorkKind},
    },
    store::Run,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{once, work::Came};
use charts::{Fault, own_ids};
use dashboards::{Boards, Charts};
use explores::Explores;
use fields::Sketch;

/// What a piece of work takes of explores, packed; more of them lies beside it.
const INLINE: usize = 250 * 1024;

/// What a validation was begun with.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Input {
    /// None is all.
    targets: BTreeSet<Target>,
    explores: Option<Given>,
}

/// The explores of whoever asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Given {
    Here(Vec<Sketch>),
    /// Kept under an id of their own.
    Beside(WorkId),
}

/// Begins a validation: against the project's explores, whose result is the project's list, or against given ones, whose
/// result goes with the work. A request that comes again with its key begins no other one.
///
/// # Errors
/// `NotExists` when the project is gone; `Invalid` for more explores than one validation takes.
pub async fn begin(
    app: &App,
    project: &InProject,
    targets: BTreeSet<Target>,
    explores: Option<Vec<Sketch>>,
    key: Option<&str>,
) -> Result<WorkId> {
    if let Some(earlier) = once::before(app, project, key).await? {
        return Ok(earlier);
    }
    let explores = match explores {
        Some(explores) => Some(keep(app, explores).await?),
        None => None,
    };
    let input = Input { targets, explores };
    once::begin(app, project, WorkKind::Validate, &input, key).await
}

async fn keep(app: &App, explores: Vec<Sketch>) -> Result<Given> {
    let packed = Packed::pack_json(&explores)?;
    if packed.0.len() <= INLINE {
        return Ok(Given::Here(explores));
    }
    let id = WorkId::new(&app.random);
    let until = app.clock.now() + KEPT;
    app.store.put_beside(id, &packed, until).await?;
    Ok(Given::Beside(id))
}

/// Begins the validation that follows a deploy; of a preview there is none, nor where there is nothing that could be wrong
/// and nothing was.
///
/// # Errors
/// As [`begin`].
pub async fn begin_after_deploy(app: &App, project: &InProject) -> Result<()> {
    if project.access.project.kind_of == ProjectKind::Preview {
        return Ok(());
    }
    let id = project.id();
    let (index, entries, last) = tokio::try_join!(
        app.store.index(id),
        app.store.explores(id),
        app.store.validation(id)
    )?;
    let broken = entries.iter().any(|entry| entry.is_error);
    if broken || last.run.is_some() || index.live().next().is_some() {
        begin(app, project, BTreeSet::new(), None, None).await?;
    }
    Ok(())
}

/// Does a validation. May be repeated.
///
/// # Errors
/// `Invalid` for more findings than are kept; `Unavailable` when the table does not answer.
pub(crate) async fn run(app: &App, work: &Work) -> Came {
    let input: Input = work.input.unpack_json()?;
    let all = |target| input.targets.is_empty() || input.targets.contains(&target);
    let targets = [Target::Charts, Target::Dashboards, Target::Tables].map(all);
    let given = match input.explores {
        None => None,
        Some(Given::Here(explores)) => Some(explores),
        Some(Given::Beside(id)) => Some(beside(app, id).await?),
    };
    let bound = given.is_some();
    app.store.note_progress(work.id, &json!({})).await?;
    let findings = find(app, work, given, targets).await?;
    if bound {
        let packed = Packed::pack_json(&findings)?;
        let until = work.expires_at;
        app.store.put_beside(work.id, &packed, until).await?;
        return Ok(json!({}));
    }
    let run = Run {
        id: work.id,
        begun_at: work.created_at,
        at: app.clock.now(),
        whole: targets.iter().all(|target| *target),
    };
    app.store.put_findings(work.project, run, &findings).await?;
    Ok(json!({}))
}

async fn beside(app: &App, id: WorkId) -> Result<Vec<Sketch>> {
    let kept = app.store.beside(id).await?;
    let gone = || app::Error::invalid("The explores of this validation are gone");
    kept.ok_or_else(gone)?.unpack_json()
}

async fn find(
    app: &App,
    work: &Work,
    given: Option<Vec<Sketch>>,
    [charts, dashboards, tables]: [bool; 3],
) -> Result<Vec<Finding>> {
    let index = app.store.index(work.project).await?;
    let mut boards = Boards::default();
    if dashboards {
        let rows = of_kind(&index, ContentKind::Dashboard);
        each_latest(app, &rows, |row, body: DashboardBody| {
            boards.add(row, &body, &index);
        })
        .await?;
    }
    let explores = match given {
        Some(given) => Explores::given(given),
        None => {
            let names = named(&index, &boards);
            Explores::stored(app, work.project, &names, tables).await?
        }
    };
    let mut found = Vec::new();
    if tables {
        let selection = app.store.table_selection(work.project).await?;
        found.extend(tables::check(&explores, &selection));
    }
    if charts || dashboards {
        let charts = check_charts(app, &index, &explores, &boards.tiled, &mut found).await?;
        found.extend(boards.check(&index, &explores, &charts));
    }
    found.sort_by(|a, b| (a.source, &a.name, a.content).cmp(&(b.source, &b.name, b.content)));
    Ok(found)
}

/// The explores that charts and filters of dashboards name.
fn named(index: &Index, boards: &Boards<'_>) -> BTreeSet<String> {
    let charts = index.live().filter_map(|row| row.shown.explore.clone());
    charts.chain(boards.named.iter().cloned()).collect()
}

fn of_kind(index: &Index, what: ContentKind) -> Vec<&Content> {
    let rows = index.live().filter(|row| row.what == what);
    rows.filter(|row| !index.is_orphan(row)).collect()
}

/// Hands over the latest versions of some rows, in their order, one at a time; what is gone meanwhile is left out.
pub(crate) async fn each_latest<'a, T: serde::de::DeserializeOwned>(
    app: &App,
    rows: &[&'a Content],
    mut each: impl FnMut(&'a Content, T),
) -> Result<()> {
    app.store
        .each_latest(rows, |row, version| {
            each(row, version.body.unpack_json()?);
            Ok(())
        })
        .await
}

/// What is wrong with charts; answers which of them are broken, and what those on dashboards bring themselves. With given
/// explores only the charts of those that can be asked are held against them: others may be left out on purpose.
async fn check_charts(
    app: &App,
    index: &Index,
    explores: &Explores,
    tiled: &BTreeSet<ContentId>,
    found: &mut Vec<Finding>,
) -> Result<Charts> {
    let is_judged = |row: &Content| {
        let explore = row.shown.explore.as_deref();
        !explores.are_given || explore.is_some_and(|explore| explores.fields(explore).is_some())
    };
    let mut rows = of_kind(index, ContentKind::Chart);
    rows.retain(|row| is_judged(row) || tiled.contains(&row.id));
    let mut charts = Charts::default();
    each_latest(app, &rows, |row, body: ChartBody| {
        if tiled.contains(&row.id) {
            charts.own.insert(row.id, own_ids(&body.metric_query));
        }
        if !is_judged(row) {
            return;
        }
        let fields = explores.fields(&body.table_name);
        for fault in charts::check(&body, fields) {
            charts.broken.insert(row.id, row.name.clone());
            found.push(of_chart(row, fault));
        }
    })
    .await?;
    Ok(charts)
}

fn of_chart(row: &Content, fault: Fault) -> Finding {
    let id = row.id.to_string();
    // Two errors of one type and field differ in their first words.
    let texts: [&str; 4] = ["chart", &id, fault.kind.name(), &fault.error];
    Finding {
        id: number_of(&texts),
        source: Source::Chart,
        error_type: fault.kind,
        error: fault.error,
        content: Some(row.id),
        name: row.name.clone(),
        field: Some(fault.field),
        chart: None,
        required: None,
    }
}
