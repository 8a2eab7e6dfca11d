//! Reading rows that are kept: from anywhere, without reading what is before.

use std::sync::Arc;

use app::{
    App, Error, Result,
    domain::query::Outcome,
    files::{FileName, PIECE},
};
use futures_util::stream::{self, BoxStream, StreamExt};
use warehouse::{Column, Row};

use crate::{keep::STEP, show::RawRow};

/// A file of up to so many bytes is read as a whole: one read instead of two.
const SMALL: u64 = 256 * 1024;
/// Bytes of the rows of a page at most: Lambda carries no larger answers.
const LARGEST_PAGE: usize = 6 * 1024 * 1024;

/// The columns of an answer.
///
/// # Errors
/// `Internal` when they are not what was written.
pub fn columns(outcome: &Outcome) -> Result<Vec<Column>> {
    serde_json::from_value(outcome.columns.clone()).map_err(|error| damaged(error.into()))
}

/// The file of an answer.
pub(crate) fn file(outcome: &Outcome) -> Result<FileName> {
    serde_json::from_value(outcome.file.clone().into()).map_err(|error| damaged(error.into()))
}

fn damaged(error: anyhow::Error) -> Error {
    Error::Internal(error.context("kept rows cannot be read"))
}

/// Rows from one on, at most so many.
///
/// # Errors
/// `AnswerTooLarge` when nobody could carry them, `Expired` when they are gone, `Unavailable` when they cannot be read.
pub async fn rows(app: &App, outcome: &Outcome, from: u64, count: u64) -> Result<Vec<Row>> {
    let count = count.min(outcome.rows.saturating_sub(from));
    let mut found = Vec::new();
    if count == 0 {
        return Ok(found);
    }
    let name = file(outcome)?;
    let (mut at, ends, mut skip) = place(app, outcome, &name, (from, count)).await?;
    let (mut line, mut bytes) = (Vec::new(), 0);
    while at < ends {
        let piece = app.files.read(&name, at, PIECE.min(ends - at)).await?;
        if piece.is_empty() {
            return Err(damaged(cut_off()));
        }
        at += piece.len() as u64;
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let whole = part.ends_with(b"\n");
            if skip > 0 {
                skip -= u64::from(whole);
                continue;
            }
            bytes += part.len();
            if bytes > LARGEST_PAGE {
                return Err(Error::AnswerTooLarge);
            }
            line.extend_from_slice(part);
            if whole {
                found.push(row(&line)?);
                line.clear();
            }
            if found.len() as u64 == count {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

fn row(line: &[u8]) -> Result<Row> {
    serde_json::from_slice(line).map_err(|error| damaged(error.into()))
}

fn cut_off() -> anyhow::Error {
    std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()
}

/// Where to read for some rows: from and to which byte, and how many rows before them are in it.
async fn place(
    app: &App,
    outcome: &Outcome,
    name: &FileName,
    (from, count): (u64, u64),
) -> Result<(u64, u64, u64)> {
    if outcome.bytes <= SMALL {
        return Ok((0, outcome.bytes, from));
    }
    let (first, last) = (from / STEP, (from + count).div_ceil(STEP));
    let index = outcome.bytes + first * 8;
    let index = app.files.read(name, index, (last - first + 1) * 8).await?;
    let (begins, ends) = between(&index, (last - first) as usize, outcome.bytes);
    Ok((begins, ends, from % STEP))
}

/// Where rows begin and end by the entries of an index; the last rows end where all do.
fn between(index: &[u8], last: usize, all: u64) -> (u64, u64) {
    let entry = |at: usize| {
        let bytes = index.get(at * 8..at * 8 + 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    (entry(0).unwrap_or(0), entry(last).unwrap_or(all))
}

/// Reads kept rows from the first to the last, some at a time.
pub struct Reader {
    name: FileName,
    at: u64,
    ends: u64,
    rest: Vec<u8>,
}

impl Reader {
    /// A reader of an answer's rows.
    ///
    /// # Errors
    /// `Internal` when the outcome names no file.
    pub fn new(outcome: &Outcome) -> Result<Self> {
        Ok(Self {
            name: file(outcome)?,
            at: 0,
            ends: outcome.bytes,
            rest: Vec::new(),
        })
    }

    /// The next rows; nothing at the end.
    ///
    /// # Errors
    /// `Expired` when they are gone, `Unavailable` when they cannot be read.
    pub async fn next(&mut self, app: &App) -> Result<Option<Vec<Row>>> {
        while self.at < self.ends {
            let most = PIECE.min(self.ends - self.at);
            let bytes = app.files.read(&self.name, self.at, most).await?;
            if bytes.is_empty() {
                return Err(damaged(cut_off()));
            }
            self.at += bytes.len() as u64;
            self.rest.extend_from_slice(&bytes);
            let Some(last) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
                continue;
            };
            let after = self.rest.split_off(last + 1);
            let whole = std::mem::replace(&mut self.rest, after);
            let lines = whole
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty());
            return lines.map(row).collect::<Result<Vec<Row>>>().map(Some);
        }
        Ok(None)
    }
}

/// All rows of an answer as JSON lines, raw, some at a time: nobody has all of them in memory.
///
/// # Errors
/// `Expired` when they are gone, `Unavailable` when they cannot be read; the stream's own, when that happens on the way.
pub async fn lines(app: &App, outcome: &Outcome) -> Result<BoxStream<'static, Result<String>>> {
    let columns: Arc<[Column]> = columns(outcome)?.into();
    let mut reader = Reader::new(outcome)?;
    let (app, first) = (app.clone(), reader.next(app).await?);
    let lines = stream::try_unfold((reader, first), move |(mut reader, first)| {
        let (app, columns) = (app.clone(), columns.clone());
        async move {
            // Read when they are wanted: whoever reads slowly has no more of them in memory than these.
            let rows = match first {
                Some(rows) => Some(rows),
                None => reader.next(&app).await?,
            };
            let Some(rows) = rows else { return Ok(None) };
            Ok::<_, Error>(Some((written(&columns, &rows)?, (reader, None))))
        }
    });
    Ok(lines.boxed())
}

/// Rows as JSON lines, raw.
fn written(columns: &[Column], rows: &[Row]) -> Result<String> {
    let mut text = String::new();
    for row in rows {
        let line = serde_json::to_string(&RawRow { columns, row });
        text.push_str(&line.map_err(|error| Error::Internal(error.into()))?);
        text.push('\n');
    }
    Ok(text)
}
