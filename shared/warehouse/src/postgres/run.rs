//! A statement that runs, and its rows.

use std::pin::Pin;

use futures_util::{StreamExt, stream};
use tokio_postgres::{SimpleColumn, SimpleQueryMessage, SimpleQueryRow, SimpleQueryStream};

use super::{
    errors::{self, Asked},
    session::Session,
    types::Read,
};
use crate::{Column, Error, Result, Row, RowStream, Type};

/// A batch is full with so many rows, or so many bytes of them.
const ROWS: usize = 1000;
const BYTES: usize = 1024 * 1024;

/// Runs a statement on a session that is set.
///
/// # Errors
/// As [`crate::Warehouse::stream`].
pub(super) async fn run(mut session: Session, asked: Asked) -> Result<RowStream> {
    session.running = true;
    let prepared = prepare(&mut session, &asked).await?;
    // Redshift has it, too: https://docs.aws.amazon.com/redshift/latest/dg/r_BEGIN.html.
    let begun = asked
        .in_time(session.client.batch_execute("BEGIN READ ONLY"))
        .await?;
    begun.map_err(|error| session.stopped(&asked, &error))?;
    let rows = asked
        .in_time(session.client.simple_query_raw(&asked.sql))
        .await?;
    let mut running = Running {
        rows: Box::pin(rows.map_err(|error| session.stopped(&asked, &error))?),
        reads: Vec::new(),
        session,
        asked,
    };
    let Some(SimpleQueryMessage::RowDescription(described)) = running.next().await? else {
        return Err(without_rows());
    };
    running.reads = reads(prepared, &described);
    let columns = described
        .iter()
        .zip(&running.reads)
        .map(|(column, read)| Column {
            name: column.name().to_owned(),
            r#type: read.r#type(),
        });
    Ok(RowStream::new(columns.collect(), running.batches()))
}

fn without_rows() -> Error {
    Error::Refused("only statements that answer with rows are run".to_owned())
}

/// The names and types of a statement's columns; nothing if their types could not be looked up. Outside the transaction,
/// which would be over when a look-up fails.
async fn prepare(session: &mut Session, asked: &Asked) -> Result<Option<Vec<(String, Read)>>> {
    let prepared = asked.in_time(session.client.prepare(&asked.sql)).await?;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        // If the statement itself was wrong, running it says so again.
        Err(error) if errors::is_look_up(&error) => return Ok(None),
        Err(error) => return Err(session.stopped(asked, &error)),
    };
    if prepared.columns().is_empty() {
        session.running = false;
        return Err(without_rows());
    }
    let columns = prepared.columns().iter();
    let named = columns.map(|column| (column.name().to_owned(), Read::of(column.type_())));
    Ok(Some(named.collect()))
}

/// How each column is read. A table that changed since the statement was prepared is read as text.
fn reads(prepared: Option<Vec<(String, Read)>>, described: &[SimpleColumn]) -> Vec<Read> {
    let prepared = prepared.unwrap_or_default();
    let names = prepared.iter().map(|(name, _)| name.as_str());
    if names.eq(described.iter().map(SimpleColumn::name)) {
        prepared.into_iter().map(|(_, read)| read).collect()
    } else {
        vec![Read::Plain(Type::Text); described.len()]
    }
}

impl Session {
    /// What stopped a statement; there is nothing left to cancel.
    fn stopped(&mut self, asked: &Asked, error: &tokio_postgres::Error) -> Error {
        self.running = false;
        asked.error(error, self.excess())
    }
}

/// A statement whose rows come. Dropping it drops the session, which cancels.
struct Running {
    rows: Pin<Box<SimpleQueryStream>>,
    reads: Vec<Read>,
    session: Session,
    asked: Asked,
}

impl Running {
    async fn next(&mut self) -> Result<Option<SimpleQueryMessage>> {
        let next = self.asked.in_time(self.rows.next()).await?;
        let Some(next) = next else {
            self.session.running = false;
            return Ok(None);
        };
        next.map(Some)
            .map_err(|error| self.session.stopped(&self.asked, &error))
    }

    fn batches(self) -> impl stream::Stream<Item = Result<Vec<Row>>> {
        stream::try_unfold(Some(self), |running| async move {
            match running {
                Some(running) => running.batch().await,
                None => Ok(None),
            }
        })
    }

    /// The next rows, and what is left of it.
    async fn batch(mut self) -> Result<Option<(Vec<Row>, Option<Self>)>> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        while let Some(message) = self.next().await? {
            let SimpleQueryMessage::Row(row) = message else {
                continue;
            };
            rows.push(self.row(&row, &mut bytes)?);
            if rows.len() >= ROWS || bytes >= BYTES {
                return Ok(Some((rows, Some(self))));
            }
        }
        Ok((!rows.is_empty()).then_some((rows, None)))
    }

    fn row(&self, row: &SimpleQueryRow, bytes: &mut usize) -> Result<Row> {
        let values = self.reads.iter().enumerate().map(|(number, read)| {
            let text = row
                .try_get(number)
                .map_err(|error| Error::Engine(error.to_string()))?;
            *bytes += text.map_or(0, str::len);
            Ok(text.map_or(serde_json::Value::Null, |text| read.value(text)))
        });
        values.collect()
    }
}
