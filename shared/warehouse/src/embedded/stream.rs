//! The engine as a warehouse: answers that come in pieces, and what tables there are.

use std::time::Duration;

use async_trait::async_trait;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot};

use super::engine::{self, DATABASE, Engine};
use super::json;
use crate::{Column, Result, Row, RowStream, Statement, Table, Warehouse};

/// Pieces that wait for their reader: one at hand and one on the way.
const AHEAD: usize = 2;
/// Rows of a piece: as values of an answer they take several times the memory that they take in the engine.
const PIECE: usize = 512;

type Columns = oneshot::Sender<Result<Vec<Column>>>;
type Pieces = mpsc::Sender<Result<Vec<Row>>>;

#[async_trait]
impl Warehouse for Engine {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let (columns, known) = oneshot::channel();
        let (pieces, coming) = mpsc::channel(AHEAD);
        let (context, sql) = (self.context().clone(), statement.sql.clone());
        let (memory, time) = (self.limits().memory, statement.time);
        let guard = self.spawn(answer(context, sql, memory, time, columns, pieces))?;
        let ended = || crate::Error::Engine("the query ended without an answer".to_owned());
        let columns = in_time(time, known).await?.map_err(|_| ended())??;
        // The guard lives as long as the stream: who drops it stops the query.
        let state = Some((coming, guard));
        let rows = futures_util::stream::unfold(state, move |state| async move {
            let (mut coming, guard) = state?;
            let piece = in_time(time, coming.recv()).await;
            match piece {
                Ok(piece) => Some((piece?, Some((coming, guard)))),
                Err(late) => Some((Err(late), None)),
            }
        });
        Ok(RowStream::new(columns, rows))
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        let mut tables = Vec::new();
        let Some(catalog) = self.context().catalog(DATABASE) else {
            return Ok(tables);
        };
        for schema in catalog.schema_names() {
            let names = catalog.schema(&schema).map(|one| one.table_names());
            tables.extend(names.into_iter().flatten().map(|name| Table {
                database: DATABASE.to_owned(),
                schema: schema.clone(),
                name,
                partition: None,
            }));
        }
        tables.sort();
        Ok(tables)
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        let catalog = self.context().catalog(database.unwrap_or(DATABASE));
        let schema = catalog.and_then(|one| one.schema(schema.unwrap_or("public")));
        let Some(schema) = schema else {
            return Ok(Vec::new());
        };
        let memory = self.limits().memory;
        let failed = |error: DataFusionError| engine::query_failed(&error, memory);
        let found = schema.table(table).await.map_err(failed)?;
        Ok(found.map_or_else(Vec::new, |table| engine::columns(&table.schema())))
    }
}

/// A query ends itself when its time is over, unless it never waits; then nobody is to wait for it either.
async fn in_time<T>(time: Duration, step: impl Future<Output = T>) -> Result<T> {
    let late = |_| crate::Error::Time(time);
    let limit = time.saturating_add(engine::PAUSE);
    tokio::time::timeout(limit, step).await.map_err(late)
}

/// Sends the columns, then the rows, until there are none, nobody waits, or time is over.
async fn answer(
    context: SessionContext,
    sql: String,
    memory: usize,
    time: Duration,
    columns: Columns,
    pieces: Pieces,
) {
    let mut columns = Some(columns);
    let work = send(&context, &sql, memory, &mut columns, &pieces);
    let failed = match tokio::time::timeout(time, work).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.into(),
        Err(_) => crate::Error::Time(time),
    };
    match columns {
        Some(columns) => drop(columns.send(Err(failed))),
        None => drop(pieces.send(Err(failed)).await),
    }
}

async fn send(
    context: &SessionContext,
    sql: &str,
    memory: usize,
    columns: &mut Option<Columns>,
    pieces: &Pieces,
) -> super::Result<()> {
    let plan = engine::plan(context, sql, memory).await?;
    let failed = |error: DataFusionError| engine::query_failed(&error, memory);
    let frame = context.execute_logical_plan(plan).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    // An answer whose first piece fails has failed as a whole.
    let mut first = stream.next().await.transpose().map_err(failed)?;
    let known = engine::columns(&stream.schema());
    if let Some(columns) = columns.take()
        && columns.send(Ok(known)).is_err()
    {
        return Ok(());
    }
    while let Some(batch) = first.take() {
        if engine::size_of(&batch) > memory {
            return Err(super::Error::Memory(memory));
        }
        for offset in (0..batch.num_rows()).step_by(PIECE) {
            let length = PIECE.min(batch.num_rows() - offset);
            let mut rows = Vec::with_capacity(length);
            json::append(&batch.slice(offset, length), &mut rows)?;
            if pieces.send(Ok(rows)).await.is_err() {
                return Ok(());
            }
        }
        first = stream.next().await.transpose().map_err(failed)?;
    }
    Ok(())
}
