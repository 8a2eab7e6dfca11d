//! Running a statement.

use std::time::{Duration, Instant};

use app::{
    App, Error, Result,
    domain::{id::ContentId, job::Whose, query::WAITED},
};
use serde_json::Value;
use warehouse::{Rows, Statement, Turn};

use crate::{Asker, Login};

/// Bytes of values that are held for one answer at most: several times what Lambda could carry.
pub(crate) const LARGEST: usize = 32 * 1024 * 1024;

/// Who asks for what, as warehouses are told (reference 13 §15).
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tags {
    pub context: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explore: Option<String>,
    /// The saved chart, and the dashboard that it is looked at on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<ContentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<ContentId>,
}

impl Tags {
    /// The tags of a statement.
    pub fn of(&self, asker: Asker) -> Vec<(&'static str, String)> {
        let mut tags = vec![
            ("organization_uuid", asker.organization.to_string()),
            ("project_uuid", asker.project.to_string()),
            ("user_uuid", asker.user.to_string()),
            ("query_context", self.context.clone()),
        ];
        tags.extend(self.explore.clone().map(|name| ("explore_name", name)));
        tags.extend(self.chart.map(|id| ("chart_uuid", id.to_string())));
        tags.extend(self.dashboard.map(|id| ("dashboard_uuid", id.to_string())));
        tags
    }
}

/// Waits until it is the asker's turn in this process; it ends with the value.
pub(crate) async fn turn(app: &App, asker: Asker) -> Result<Turn> {
    let who = Whose {
        user: asker.user,
        project: asker.project,
    };
    let turn = app.warehouses.turns.wait(&who.to_string()).await;
    turn.ok_or_else(|| Error::Unavailable(anyhow::anyhow!("the process is stopping")))
}

/// A statement whose rows are awaited.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub sql: &'a str,
    pub tags: &'a Tags,
    /// Rows that are read at most; then the statement is stopped.
    pub most: Option<usize>,
}

/// The rows of a statement, while its caller waits; and how long that took.
///
/// # Errors
/// `Warehouse` for whatever stopped it; a time-out names the way for queries that take long; `AnswerTooLarge` for more than fits
/// into an answer.
pub async fn collect(
    app: &App,
    asker: Asker,
    login: &Login,
    run: Run<'_>,
) -> Result<(Rows, Duration)> {
    let begun = Instant::now();
    let statement = Statement {
        sql: run.sql.to_owned(),
        tags: run.tags.of(asker),
        time: WAITED,
    };
    let work = async {
        let _turn = turn(app, asker).await?;
        let mut answer = login.warehouse.stream(&statement).await?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(batch) = answer.next().await {
            let mut batch = batch?;
            bytes += batch.iter().flatten().map(size).sum::<usize>();
            if bytes > LARGEST {
                return Err(Error::AnswerTooLarge);
            }
            rows.append(&mut batch);
            if run.most.is_some_and(|most| rows.len() >= most) {
                break;
            }
        }
        rows.truncate(run.most.unwrap_or(usize::MAX));
        let columns = answer.columns;
        Ok::<_, Error>(Rows { columns, rows })
    };
    match tokio::time::timeout(WAITED, work).await {
        Ok(Err(Error::Warehouse(warehouse::Error::Time(_)))) | Err(_) => Err(too_long()),
        Ok(rows) => Ok((rows?, begun.elapsed())),
    }
}

/// About how many bytes a value has as JSON.
pub(crate) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(all) => all.iter().map(size).sum(),
        Value::Object(all) => all.iter().map(|(name, one)| name.len() + size(one)).sum(),
        _ => 5,
    }
}

pub(crate) fn too_long() -> Error {
    Error::Timeout(format!(
        "The warehouse did not answer within {} seconds. Queries that take longer are asked by POST /api/v2/projects/{{projectUuid}}/query/metric-query, and polled",
        WAITED.as_secs()
    ))
}
