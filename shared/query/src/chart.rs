//! Saved charts that are asked: which version, with what laid over it, by whoever may see the chart. Its SQL was looked at when it
//! was saved, so that who may explore nothing may still run it.

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        content::{ChartBody, Content, ContentKind},
        id::ContentId,
    },
};
use semantic::{Explore, MetricQuery};

use crate::{
    Question,
    answer::tags,
    question::{How, MOST_ROWS},
    run::Tags,
};

/// The limit that means no limit, as clients write it (reference 13 §2).
const UNLIMITED: f64 = 2_147_483_647.0;

/// A version of a chart, by its id; the latest one where none is named.
///
/// # Errors
/// `NotFound` when there is no such version of this chart.
pub async fn body(app: &App, head: &Content, version: Option<&str>) -> Result<ChartBody> {
    let missing = || Error::NotFound(Kind::Version);
    let number = match version {
        None => head.latest,
        Some(version) => {
            let version = ContentId::parse(version).ok_or_else(missing)?;
            head.id.number_of(version).ok_or_else(missing)?
        }
    };
    let found = app.store.version(ContentKind::Chart, head.id, number).await;
    found?.ok_or_else(missing)?.body.unpack_json()
}

/// Asks a chart; `change` says what is laid over its query for the explore as it is now, and tells what of that it wants to keep.
///
/// # Errors
/// As [`Question::ask_of`], and what `change` says.
pub async fn ask<T: Default>(
    app: &App,
    project: &InProject,
    chart: &ChartBody,
    how: How,
    change: impl FnOnce(&mut MetricQuery, &Explore) -> Result<T>,
) -> Result<(Question, T)> {
    let how = How { saved: true, ..how };
    let mut told = T::default();
    let asking = Question::ask_of(app, project, &chart.table_name, how, |explore| {
        let mut query = chart.metric_query.clone();
        told = change(&mut query, explore)?;
        Ok(query)
    });
    let question = asking.await?;
    Ok((question, told))
}

/// How a chart is asked whose rows come in one piece.
///
/// # Errors
/// `Invalid` for one that has more of them.
pub fn in_one_piece(chart: &ChartBody) -> Result<How> {
    if chart.metric_query.limit > f64::from(MOST_ROWS) {
        return Err(Error::invalid(format!(
            "A chart has at most {MOST_ROWS} rows here; larger results are read page by page, by POST /api/v2/projects/{{projectUuid}}/query/chart"
        )));
    }
    Ok(How {
        row_limit: Some(MOST_ROWS),
        ..How::default()
    })
}

/// The number of rows that a caller wants of a chart: `None` is silence, `Some(None)` all of them.
pub fn limited(query: &mut MetricQuery, limit: Option<Option<f64>>) {
    if let Some(limit) = limit {
        query.limit = limit.unwrap_or(UNLIMITED);
    }
}

/// The tags of a chart that is asked for this, on a dashboard or by itself.
///
/// # Errors
/// As [`tags`].
pub fn tagged(
    question: &Question,
    context: &str,
    chart: ContentId,
    dashboard: Option<ContentId>,
) -> Result<Tags> {
    Ok(Tags {
        chart: Some(chart),
        dashboard,
        ..tags(question, context)?
    })
}

/// Where a cartesian chart's first axis is.
pub fn x_field(chart: &ChartBody) -> Option<String> {
    let config = Some(&chart.chart_config).filter(|config| config["type"] == "cartesian");
    let field = config?["config"]["layout"]["xField"].as_str();
    field.map(str::to_owned)
}
