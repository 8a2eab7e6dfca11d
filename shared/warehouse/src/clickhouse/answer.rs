//! Lines of JSON to rows, and what is no row: an exception in the middle of an answer whose status was already sent.

use std::time::Duration;

use reqwest::Response;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{MESSAGE, types::Kind};
use crate::{Column, Error, MOST, Result, Row, remote::Remote, values};

/// The first line has the names, the second the types
/// (<https://clickhouse.com/docs/interfaces/formats/JSONCompactEachRowWithNamesAndTypes>).
pub(super) const FORMAT: &str = "JSONCompactEachRowWithNamesAndTypes";
/// Codes of exceptions (<https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>): the ones for a login
/// that is wrong are all [`NO_LOGIN`] here.
pub(super) const NO_LOGIN: u32 = 516;
const LOGIN: [u32; 5] = [192, 193, 194, NO_LOGIN, 519];
pub(super) const READ_ONLY: u32 = 164;
const TOO_SLOW: u32 = 159;
/// What begins an exception from version 25.11 on; before, its text follows the rows as it is.
const MARK: &str = "__exception__";

/// An answer as it comes.
pub(super) struct Lines {
    remote: Remote,
    response: Response,
    sql: String,
    names: Vec<String>,
    kinds: Vec<Kind>,
    buffer: Vec<u8>,
    /// So many bytes of the buffer are known to have no end of a line.
    searched: usize,
    over: bool,
}

impl Lines {
    /// Reads until the columns are known.
    pub(super) async fn of(remote: Remote, response: Response, sql: String) -> Result<Self> {
        let format = response.headers().get("X-ClickHouse-Format");
        if format.is_some_and(|format| format.as_bytes() != FORMAT.as_bytes()) {
            return Err(Error::query("a query must not say its own FORMAT"));
        }
        let mut lines = Self {
            remote,
            response,
            sql,
            names: Vec::new(),
            kinds: Vec::new(),
            buffer: Vec::new(),
            searched: 0,
            over: false,
        };
        lines.names = lines.header().await?;
        let types = lines.header().await?;
        lines.kinds = types.iter().map(|name| Kind::of(name)).collect();
        if lines.names.len() != lines.kinds.len() {
            return Err(lines.remote.failed("answered with more names than types"));
        }
        Ok(lines)
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        let pairs = self.names.iter().zip(&self.kinds);
        let columns = pairs.map(|(name, kind)| Column {
            name: name.clone(),
            r#type: kind.simple(),
        });
        columns.collect()
    }

    /// Whether the query has ended at the server.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    async fn header(&mut self) -> Result<Vec<String>> {
        let line = loop {
            if let Some(line) = self.take(|new| new.iter().position(is_end)) {
                break line;
            }
            if !self.more().await? {
                // An answer without columns has no line at all.
                if self.buffer.is_empty() {
                    return Ok(Vec::new());
                }
                break std::mem::take(&mut self.buffer);
            }
        };
        match serde_json::from_slice(&line) {
            Ok(names) => Ok(names),
            Err(_) => Err(self.no_row(line).await),
        }
    }

    /// The next rows; nothing at the end.
    pub(super) async fn next_rows(&mut self) -> Result<Option<Vec<Row>>> {
        loop {
            if let Some(lines) = self.take(|new| new.iter().rposition(is_end)) {
                return self.rows(&lines).await.map(Some);
            }
            match self.more().await {
                Ok(true) => {}
                Ok(false) if self.buffer.is_empty() => return Ok(None),
                Ok(false) => return Err(self.no_row(Vec::new()).await),
                Err(error) => {
                    let rest = std::mem::take(&mut self.buffer);
                    return Err(self.said(&rest).unwrap_or(error));
                }
            }
        }
    }

    /// What is up to the end of a line that this finds.
    fn take(&mut self, find: impl Fn(&[u8]) -> Option<usize>) -> Option<Vec<u8>> {
        let new = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(end) = find(new) else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = self.searched + end;
        self.searched = 0;
        Some(self.buffer.drain(..=end).collect())
    }

    /// The rows of whole lines.
    async fn rows(&mut self, lines: &[u8]) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut at = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            match serde_json::from_slice::<Vec<&RawValue>>(line) {
                Ok(row) => rows.push(self.row(&row)?),
                Err(_) => {
                    return Err(self
                        .no_row(lines.get(at..).unwrap_or_default().to_vec())
                        .await);
                }
            }
            at += line.len();
        }
        Ok(rows)
    }

    fn row(&self, row: &[&RawValue]) -> Result<Row> {
        let types: Vec<_> = self.kinds.iter().map(Kind::simple).collect();
        let mut row = values::row(row, &types)?;
        for (value, kind) in row.iter_mut().zip(&self.kinds) {
            if !matches!(kind, Kind::Plain(_)) {
                kind.within(value);
            }
        }
        Ok(row)
    }

    /// Whether there was more.
    async fn more(&mut self) -> Result<bool> {
        let Some(piece) = self.remote.piece(&mut self.response).await? else {
            self.over = true;
            return Ok(false);
        };
        self.buffer.extend_from_slice(piece.as_ref());
        if self.buffer.len() > MOST {
            return Err(self.remote.too_large());
        }
        Ok(true)
    }

    /// What a line says that is no row, with as much of what follows as a message may have.
    async fn no_row(&mut self, mut text: Vec<u8>) -> Error {
        text.append(&mut self.buffer);
        let mut cut = None;
        while text.len() < MESSAGE {
            match self.remote.piece(&mut self.response).await {
                Ok(Some(piece)) => text.extend_from_slice(piece.as_ref()),
                Ok(None) => break,
                // The server closes the connection after an exception, in the middle of its answer.
                Err(error) => {
                    cut = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = self.said(&text) {
            return error;
        }
        cut.unwrap_or_else(|| match self.remote.read::<Vec<IgnoredAny>>(&text) {
            Err(error) => error,
            Ok(_) => self.remote.failed("broke off within its answer"),
        })
    }

    /// The exception that a text is, with which the query has ended.
    fn said(&mut self, text: &[u8]) -> Option<Error> {
        let tag = self.response.headers().get("X-ClickHouse-Exception-Tag");
        let tag = tag.and_then(|tag| tag.to_str().ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        let (_, error) = exception(between(&text, tag), &self.sql)?;
        self.over = true;
        Some(error)
    }
}

fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}

/// The message of an exception block: mark, tag, message, and then its length, the tag and the mark again
/// (<https://github.com/ClickHouse/ClickHouse/pull/88818>).
fn between<'a>(text: &'a str, tag: &str) -> &'a str {
    let Some((_, block)) = text.split_once(MARK) else {
        return text;
    };
    let block = block.split_once(MARK).map_or(block, |(block, _)| block);
    let block = block.trim();
    if tag.is_empty() {
        return block;
    }
    let block = block.strip_prefix(tag).unwrap_or(block);
    let block = block.strip_suffix(tag).unwrap_or(block).trim();
    block.trim_end_matches(|c: char| c.is_ascii_digit()).trim()
}

/// The code and the error in `Code: 62. DB::Exception: Syntax error: … (SYNTAX_ERROR) (version 25.3.1.1)`.
pub(super) fn exception(text: &str, sql: &str) -> Option<(u32, Error)> {
    let (_, rest) = text.split_once("Code: ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let (code, rest) = rest.split_at(digits);
    let code = code.parse().ok()?;
    let (_, message) = rest.split_once("DB::Exception: ")?;
    let message = message
        .rsplit_once(" (version ")
        .map_or(message, |(message, _)| message);
    let error = match failed_at(message) {
        Some(at) => Error::query_at(message.trim(), sql, at),
        None => Error::query(message.trim()),
    };
    let code = if LOGIN.contains(&code) {
        NO_LOGIN
    } else {
        code
    };
    if code == TOO_SLOW {
        return Some((code, Error::Time(Duration::ZERO)));
    }
    Some((code, error))
}

/// `failed at position 8`, from 1, in bytes.
fn failed_at(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("failed at position ")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..end)?.parse::<usize>().ok()?.checked_sub(1)
}

/// The server's own time limit is this one.
pub(super) fn timed_out(error: Error, time: Duration) -> Error {
    match error {
        Error::Time(_) => Error::Time(time),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_read_from_its_text() {
        let text = "Code: 62. DB::Exception: Syntax error: failed at position 10 ('FORM'): FORM t. (SYNTAX_ERROR) (version 25.3.1.1 (official build))\n";
        let (code, error) = exception(text, "SELECT 1\nFORM t").unwrap();
        assert_eq!(code, 62);
        assert_eq!(
            error,
            Error::Query {
                message: "Syntax error: failed at position 10 ('FORM'): FORM t. (SYNTAX_ERROR)"
                    .to_owned(),
                line: Some(2),
                character: Some(1),
            }
        );
        assert!(exception("Code: x", "").is_none());
        assert!(exception("<html>", "").is_none());
        let slow = exception("Code: 159. DB::Exception: Timeout exceeded", "").unwrap();
        assert_eq!(slow.1, Error::Time(Duration::ZERO));
    }

    #[test]
    fn the_message_of_an_exception_block_is_what_its_tags_enclose() {
        let block = "\r\n__exception__\r\nabcd\r\nCode: 241. DB::Exception: Memory\n36 abcd\r\n__exception__\r\n";
        assert_eq!(between(block, "abcd"), "Code: 241. DB::Exception: Memory");
        assert_eq!(between("__exception__\nCode: 1. x", ""), "Code: 1. x");
        assert_eq!(between("Code: 1. x", "abcd"), "Code: 1. x");
    }
}
