//! One request, which asks the warehouse up to three times.

use app::{App, Error, InProject, Result, domain::query::WAITED};
use query::{
    Asker, Login, Question,
    answer::run,
    kept::Place,
    login::Overrides,
    question::How,
    run::{Tags, collect},
};
use semantic::{Explore, MetricQuery};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use warehouse::{Row, Rows};

/// Whoever asks, with a way into the warehouse.
pub(crate) struct Asking<'a> {
    app: &'a App,
    project: &'a InProject,
    explore: &'a Explore,
    asker: Asker,
    login: Login,
    /// When its caller has waited long enough, whatever it has asked by then.
    ends: Instant,
}

/// What came, and what its columns are.
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    pub(crate) fields: Map<String, Value>,
}

impl<'a> Asking<'a> {
    /// Counts the request against the limits, once, and connects.
    ///
    /// # Errors
    /// `TooMany` at the limits; `NotFound` and `Warehouse` when there is no way into the warehouse.
    pub(crate) async fn begin(
        app: &'a App,
        project: &'a InProject,
        explore: &'a Explore,
    ) -> Result<Self> {
        let asker = Asker::from(project);
        query::asked::count(app, asker, app.clock.now()).await?;
        let login = Login::of(app, asker, &Overrides::of(explore)).await?;
        Ok(Self {
            app,
            project,
            explore,
            asker,
            login,
            ends: Instant::now() + WAITED,
        })
    }

    /// The rows of a query, as many as it has room for: those that another one left, or the warehouse's.
    ///
    /// # Errors
    /// `Compile` with everything that is wrong with it, `Warehouse` for whatever stopped it, `Timeout`.
    pub(crate) async fn rows(&self, query: MetricQuery) -> Result<Answer> {
        let name = &self.explore.name;
        let question = Question::ask(self.app, self.project, name, query, How::default()).await?;
        let tags = Tags {
            context: "metricsExplorer".to_owned(),
            explore: Some(name.clone()),
            ..Tags::default()
        };
        let place = Place::of(self.app, (self.asker, &self.login), &question, &tags)?;
        let rows = match self.in_time(find(place.as_ref())).await? {
            Some(found) => found,
            None => {
                let asked_at = self.app.clock.now();
                let asked = collect(self.app, self.asker, &self.login, run(&question, &tags));
                let (rows, took) = self.in_time(asked).await?;
                if let Some(place) = &place {
                    place.keep(&rows, (asked_at, took)).await;
                }
                rows
            }
        };
        Ok(Answer {
            rows: rows.rows,
            fields: question.fields,
        })
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T>>) -> Result<T> {
        let answer = timeout_at(self.ends, asked).await;
        answer.unwrap_or_else(|_| Err(too_long()))
    }
}

/// The rows that another query left, where any are kept.
async fn find(place: Option<&Place<'_>>) -> Result<Option<Rows>> {
    let found = match place {
        Some(place) => place.find().await?,
        None => None,
    };
    Ok(found.map(|(rows, _)| rows))
}

fn too_long() -> Error {
    Error::Timeout(format!(
        "The warehouse did not answer within {} seconds; choose fewer days",
        WAITED.as_secs()
    ))
}
