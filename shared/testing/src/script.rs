//! A warehouse that answers as a test says: late, half, huge, or not at all. What nothing was said of goes to the engine behind it,
//! if there is one.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{StreamExt, stream};
use warehouse::{Column, Embedded, Error, Result, Row, RowStream, Statement, Table, Warehouse};

/// How a warehouse answers one statement.
#[derive(Debug, Clone)]
pub enum Says {
    /// These batches of rows, one after the other.
    Rows(Vec<Column>, Vec<Vec<Row>>),
    /// These rows; then it breaks off.
    Breaks(Vec<Column>, Vec<Row>, Error),
    Refuses(Error),
    /// Nothing in the time that the statement has.
    TooLate,
    /// Nothing, ever.
    Nothing,
}

/// What is said of coming statements, and what was asked. Clones are the same warehouse.
#[derive(Clone, Default)]
pub struct Script(Arc<Inner>);

#[derive(Default)]
struct Inner {
    says: Mutex<VecDeque<Says>>,
    always: Mutex<Option<Says>>,
    asked: Mutex<Vec<Statement>>,
    behind: Mutex<Option<Embedded>>,
    stopped: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Script {
    /// Says how the next statement is answered of which nothing was said yet.
    pub fn say(&self, says: Says) {
        locked(&self.0.says).push_back(says);
    }

    /// Says how every statement is answered of which nothing else was said; tables are then none, or refused as well.
    pub fn always(&self, says: Says) {
        *locked(&self.0.always) = Some(says);
    }

    /// Puts an engine behind the script.
    pub fn behind(&self, engine: Embedded) {
        *locked(&self.0.behind) = Some(engine);
    }

    /// Every statement so far.
    pub fn asked(&self) -> Vec<Statement> {
        locked(&self.0.asked).clone()
    }

    /// How many statements that would never have been answered were given up.
    pub fn stopped(&self) -> usize {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// Warehouses for projects whose host is `embedded`.
    pub(crate) fn engines(&self) -> Embedded {
        let script = self.clone();
        Arc::new(move |project| {
            Ok(Arc::new(Scripted {
                script: script.clone(),
                project: project.to_owned(),
            }))
        })
    }
}

/// The warehouse of one project.
struct Scripted {
    script: Script,
    project: String,
}

impl Scripted {
    fn always(&self) -> Option<Says> {
        locked(&self.script.0.always).clone()
    }

    fn behind(&self) -> Result<Arc<dyn Warehouse>> {
        let behind = locked(&self.script.0.behind).clone();
        behind.ok_or(Error::Unavailable("Anything that the test does not say"))?(&self.project)
    }
}

/// Counts that somebody stopped waiting.
struct Waiting(Script);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.stopped.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Warehouse for Scripted {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        locked(&self.script.0.asked).push(statement.clone());
        let says = locked(&self.script.0.says).pop_front();
        match says.or_else(|| self.always()) {
            None => self.behind()?.stream(statement).await,
            Some(Says::Rows(columns, batches)) => {
                Ok(RowStream::new(columns, stream::iter(batches).map(Ok)))
            }
            Some(Says::Breaks(columns, rows, error)) => Ok(RowStream::new(
                columns,
                stream::iter([Ok(rows), Err(error)]),
            )),
            Some(Says::Refuses(error)) => Err(error),
            Some(Says::TooLate) => Err(Error::Time(statement.time)),
            Some(Says::Nothing) => {
                let _waiting = Waiting(self.script.clone());
                std::future::pending().await
            }
        }
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        match self.always() {
            Some(Says::Refuses(error)) => Err(error),
            Some(_) => Ok(Vec::new()),
            None => self.behind()?.tables().await,
        }
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        if let Some(Says::Rows(columns, _)) = self.always() {
            return Ok(columns);
        }
        self.behind()?.fields(database, schema, table).await
    }
}
