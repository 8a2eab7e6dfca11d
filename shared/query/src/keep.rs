//! Rows in a file: one JSON array per row, then where every so-manieth row begins.

use app::{App, Result, files::FileName};
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
    let mut file = app.files.create(name).await?;
    let (mut kept, mut index, mut buffer) = (
        Written::default(),
        Vec::new(),
        Vec::with_capacity(PIECE + (1 << 12)),
    );
    'all: while let Some(batch) = rows.next().await {
        for row in batch? {
            if kept.rows == most || kept.bytes >= MOST_BYTES {
                kept.truncated = true;
                break 'all;
            }
            if kept.rows.is_multiple_of(STEP) {
                index.extend_from_slice(&kept.bytes.to_le_bytes());
            }
            kept.bytes += append(&row, &mut buffer)?;
            kept.rows += 1;
            if buffer.len() >= PIECE {
                file.write(&buffer).await?;
                buffer.clear();
            }
        }
    }
    buffer.extend_from_slice(&index);
    file.write(&buffer).await?;
    file.finish().await?;
    Ok(kept)
}

/// Adds a row; how many bytes it has.
fn append(row: &Row, buffer: &mut Vec<u8>) -> Result<u64> {
    let before = buffer.len();
    let written = serde_json::to_writer(&mut *buffer, row);
    written.map_err(|error| app::Error::Internal(error.into()))?;
    buffer.push(b'\n');
    Ok((buffer.len() - before) as u64)
}
