//! Rows in a file: one JSON array per row, then where every so-manieth row begins.

use app::{
    App, Result,
    files::{FileName, Upload},
};
use warehouse::{Row, RowStream};

use crate::export::Written;

/// Rows between two entries of the index.
pub(crate) const STEP: u64 = 500;
/// Rows that are kept of an answer at most: more than any client asks for.
pub(crate) const MOST_ROWS: u64 = 20_000_000;
/// Bytes that are kept of an answer at most.
const MOST_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Bytes that are handed on at once.
const PIECE: usize = 1 << 18;

/// Writes an answer to a file, in constant memory.
///
/// # Errors
/// What stopped the query; then there is no file.
pub(crate) async fn keep(
    app: &App,
    name: &FileName,
    mut rows: RowStream,
    most: u64,
) -> Result<Written> {
    let mut keeping = Keeping::begin(app, name).await?;
    'all: while let Some(batch) = rows.next().await {
        for row in batch? {
            if keeping.kept.rows == most || keeping.kept.bytes >= MOST_BYTES {
                keeping.kept.truncated = true;
                break 'all;
            }
            keeping.add(&row).await?;
        }
    }
    keeping.finish().await
}

/// Writes rows that are all there to a file.
///
/// # Errors
/// `Unavailable` when it cannot be written; then there is no file.
pub(crate) async fn keep_all(app: &App, name: &FileName, rows: &[Row]) -> Result<Written> {
    let mut keeping = Keeping::begin(app, name).await?;
    for row in rows {
        keeping.add(row).await?;
    }
    keeping.finish().await
}

/// A file of rows that is being written.
struct Keeping {
    file: Upload,
    kept: Written,
    index: Vec<u8>,
    buffer: Vec<u8>,
}

impl Keeping {
    async fn begin(app: &App, name: &FileName) -> Result<Self> {
        Ok(Self {
            file: app.files.create(name).await?,
            kept: Written::default(),
            index: Vec::new(),
            buffer: Vec::with_capacity(PIECE + (1 << 12)),
        })
    }

    async fn add(&mut self, row: &Row) -> Result<()> {
        if self.kept.rows.is_multiple_of(STEP) {
            self.index.extend_from_slice(&self.kept.bytes.to_le_bytes());
        }
        self.kept.bytes += append(row, &mut self.buffer)?;
        self.kept.rows += 1;
        if self.buffer.len() >= PIECE {
            self.file.write(&self.buffer).await?;
            self.buffer.clear();
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Written> {
        self.buffer.extend_from_slice(&self.index);
        self.file.write(&self.buffer).await?;
        self.file.finish().await?;
        Ok(self.kept)
    }
}

/// Adds a row; how many bytes it has.
fn append(row: &Row, buffer: &mut Vec<u8>) -> Result<u64> {
    let before = buffer.len();
    let written = serde_json::to_writer(&mut *buffer, row);
    written.map_err(|error| app::Error::Internal(error.into()))?;
    buffer.push(b'\n');
    Ok((buffer.len() - before) as u64)
}
