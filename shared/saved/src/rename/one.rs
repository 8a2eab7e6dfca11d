//! Renaming in one chart.

use std::collections::BTreeMap;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::Action,
        content::{ChartBody, Content},
        id::WorkId,
    },
};
use semantic::{MetricQuery, query::CustomDimension};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Rename, RenameType, begin, chart_of, differ, names::Names, on_chart};
use crate::{
    find::Place,
    validate::fields::{Sketch, field_id},
};

/// What is to be renamed in a chart: a field by its whole id, or its explore.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiRenameChartBody)]
pub struct RenameChart {
    pub from: String,
    pub to: String,
    #[serde(rename = "type")]
    pub kind: RenameType,
    /// Everywhere else, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fix_all: Option<bool>,
}

/// An explore of the project that can be asked.
async fn explore_of(app: &App, project: &InProject, name: &str) -> Result<Sketch> {
    let found = app.store.explore(project.id(), name).await?;
    let found = found.filter(|(entry, _)| !entry.is_error);
    let (_, body) = found.ok_or(Error::NotFound(Kind::Explore))?;
    Sketch::read(&body.text)
}

/// The ids of the fields of a chart's explore, by table: what a name can be changed to.
///
/// # Errors
/// `NotFound` when the chart, or its explore, is not there or cannot be asked; `Forbidden` when the caller may not view the
/// chart.
pub async fn fields(
    app: &App,
    project: &InProject,
    chart: &str,
) -> Result<BTreeMap<String, Vec<String>>> {
    let head = chart_of(app, project, chart).await?;
    let place = Place::of(app, project, &head).await?;
    place.require(Action::View)?;
    let explore = head.shown.explore.as_deref().unwrap_or_default();
    Ok(explore_of(app, project, explore).await?.ids())
}

/// Renames in one chart, and answers it as it is then; with `fixAll` also begins to rename everywhere else, once for a key.
///
/// # Errors
/// `Invalid` for names that are the same, and for a field of another table where all are to be renamed; `NotFound` for a
/// chart, a field or an explore that is not there; `NotImplemented` for what is the chart's own; `Forbidden` when the
/// caller may not change the chart; `Changed` when it is not at the named revision.
pub async fn rename(
    app: &App,
    project: &InProject,
    chart: &str,
    asked: &RenameChart,
    (if_match, key): (Option<u64>, Option<&str>),
) -> Result<(Content, Option<WorkId>)> {
    differ(&asked.from, &asked.to)?;
    let head = chart_of(app, project, chart).await?;
    let place = Place::of(app, project, &head).await?;
    place.require(Action::Update)?;
    let (names, everywhere) = match asked.kind {
        RenameType::Model => of_model(app, project, &head, asked).await?,
        RenameType::Field => of_field(app, project, &head, asked).await?,
    };
    let head = on_chart(app, project.user.id, &names, &head, if_match).await?;
    let work = match everywhere {
        Some(rename) => Some(begin(app, project, &rename, key).await?),
        None => None,
    };
    Ok((head, work))
}

async fn of_model(
    app: &App,
    project: &InProject,
    head: &Content,
    asked: &RenameChart,
) -> Result<(Names, Option<Rename>)> {
    let (from, to) = (asked.from.as_str(), asked.to.as_str());
    let new = explore_of(app, project, to).await?;
    let others = [from, head.shown.explore.as_deref().unwrap_or_default()];
    let mut sketches = vec![new];
    for other in others {
        match explore_of(app, project, other).await {
            Err(Error::NotFound(_) | Error::Invalid(_)) => {}
            found => sketches.push(found?),
        }
    }
    let sketches: Vec<&Sketch> = sketches.iter().collect();
    let explore = head.shown.explore.as_deref().unwrap_or_default();
    let names = Names::model_in(explore, &sketches, (from, to)).unwrap_or_default();
    let all = (asked.fix_all == Some(true)).then(|| Rename {
        from: from.to_owned(),
        to: to.to_owned(),
        kind: RenameType::Model,
        model: None,
        dry_run: None,
    });
    Ok((names, all))
}

/// Whether something is the query's own: a calculation, a metric or a dimension of it.
fn brings(query: &MetricQuery, id: &str) -> bool {
    let metrics = query.additional_metrics.iter().flatten();
    let dimensions = query.custom_dimensions.iter().flatten();
    let mut calculations = query.table_calculations.iter();
    calculations.any(|one| one.name == id)
        || dimensions.map(CustomDimension::id).any(|own| own == id)
        || metrics
            .map(|one| field_id(&one.table, &one.name))
            .any(|own| own == id)
}

/// In one chart, any field of its explore can take the place of one: whoever asks has chosen it. Everywhere, only a field of
/// the same table can.
async fn of_field(
    app: &App,
    project: &InProject,
    head: &Content,
    asked: &RenameChart,
) -> Result<(Names, Option<Rename>)> {
    let body: ChartBody = app.store.latest(head).await?.body.unpack_json()?;
    if brings(&body.metric_query, &asked.to) {
        return Err(Error::NotImplemented(
            "A field cannot be renamed to one that the chart brings itself",
        ));
    }
    let explore = explore_of(app, project, &body.table_name).await?;
    let (table, field) = explore
        .field(&asked.to)
        .ok_or(Error::NotFound(Kind::Field))?;
    let rest = |table: &str| asked.from.strip_prefix(table)?.strip_prefix('_');
    let of_same = rest(table).map(|old| (table, old));
    // Where it was: a field that is there yet, else one of the new field's table, else of the table that its id begins with.
    let others = explore.models().map(|(alias, _)| alias);
    let longest = || {
        others
            .filter_map(|alias| Some((alias, rest(alias)?)))
            .max_by_key(|(alias, _)| alias.len())
    };
    let old = explore.field(&asked.from).or(of_same).or_else(longest);
    let names = Names::of_ids(
        (asked.from.as_str(), old),
        (asked.to.as_str(), (table, field)),
    );
    if asked.fix_all != Some(true) {
        return Ok((names, None));
    }
    let (_, from) = old.filter(|(old, _)| *old == table).ok_or_else(|| {
        Error::invalid("Everywhere, a field is only renamed to one of the same table")
    })?;
    let all = Rename {
        from: from.to_owned(),
        to: field.to_owned(),
        kind: RenameType::Field,
        model: Some(explore.model_of(table).unwrap_or(table).to_owned()),
        dry_run: None,
    };
    Ok((names, Some(all)))
}
