//! JSON files: records one after the other, on lines of their own or not, or one array of records.
//!
//! All of a file is read for the types of its columns, before it is read for a query: where a column has integers only, the
//! engine's reader makes a `1` of the `1.5` that comes later.

use datafusion::arrow::datatypes::{Fields, Schema};
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::object_store::{ObjectStore, ObjectStoreExt, path::Path};
use futures_util::StreamExt;
use serde_json::{Deserializer, Map, Value};

use super::kinds::{self, Kinds};

/// Bytes of a file. Each query reads all of it.
const LARGEST: u64 = 256 << 20;
/// Bytes of one record.
const LONGEST: usize = 4 << 20;

/// Why no table can be made of a file.
type Reason = Box<dyn std::error::Error + Send + Sync>;

/// How a file is read, and its columns in the order of their names.
///
/// # Errors
/// What is wrong with it, and in which record.
pub(super) async fn read(
    store: &dyn ObjectStore,
    file: &Path,
) -> Result<(JsonFormat, Schema), Reason> {
    let found = store.get(file).await?;
    if found.meta.size > LARGEST {
        let largest = LARGEST >> 20;
        return Err(format!("a JSON file may have {largest} MB; Parquet may have more").into());
    }
    let mut chunks = found.into_stream();
    let mut records = Records::default();
    while let Some(chunk) = chunks.next().await {
        records.add(&chunk?)?;
    }
    let (is_array, fields) = records.end()?;
    let format = JsonFormat::default().with_newline_delimited(!is_array);
    Ok((format, Schema::new(fields)))
}

/// Where in a file the next letter is.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Start,
    /// Behind a record that is in no array.
    Between,
    /// Behind `[`.
    First,
    /// Behind a record of an array.
    Behind,
    /// Behind a comma of it.
    Next,
    /// Behind `]`.
    End,
}

struct Records {
    /// What is not read yet: a record whose end is missing.
    rest: Vec<u8>,
    /// How much there is to be before the rest is tried again, as that begins at its start.
    wanted: usize,
    place: Place,
    count: usize,
    kinds: Kinds,
    /// For fields that were not seen yet.
    room: usize,
}

impl Default for Records {
    fn default() -> Self {
        Self {
            rest: Vec::new(),
            wanted: 0,
            place: Place::Start,
            count: 0,
            kinds: Kinds::new(),
            room: kinds::MOST,
        }
    }
}

impl Records {
    fn add(&mut self, chunk: &[u8]) -> Result<(), String> {
        self.rest.extend_from_slice(chunk);
        if self.rest.len() < self.wanted {
            return Ok(());
        }
        self.take(false)?;
        if self.rest.len() > LONGEST {
            let (number, longest) = (self.count + 1, LONGEST >> 20);
            return Err(format!("record {number} has more than {longest} MB"));
        }
        self.wanted = self.rest.len() * 2;
        Ok(())
    }

    /// Whether they are an array, and their fields.
    fn end(mut self) -> Result<(bool, Fields), String> {
        self.take(true)?;
        let is_array = match self.place {
            Place::Start | Place::Between => false,
            Place::End => true,
            Place::First | Place::Behind | Place::Next => {
                return Err("the array has no end".to_owned());
            }
        };
        if self.kinds.is_empty() {
            return Err("no record has a field, so it has no columns".to_owned());
        }
        Ok((is_array, kinds::columns(&self.kinds)))
    }

    /// Takes in the records that are whole.
    fn take(&mut self, is_last: bool) -> Result<(), String> {
        let bytes = std::mem::take(&mut self.rest);
        let mut rest = bytes.trim_ascii_start();
        while let Some((first, behind)) = rest.split_first() {
            let (place, behind) = match (self.place, first) {
                (Place::Start, b'[') => (Place::First, behind),
                (Place::First | Place::Behind, b']') => (Place::End, behind),
                (Place::Behind, b',') => (Place::Next, behind),
                (Place::Behind, _) => {
                    return Err(format!("no comma follows record {}", self.count));
                }
                (Place::End, _) => return Err("something follows the array".to_owned()),
                (Place::Start | Place::Between, _) => match self.record(rest, is_last)? {
                    Some(behind) => (Place::Between, behind),
                    None => break,
                },
                (Place::First | Place::Next, _) => match self.record(rest, is_last)? {
                    Some(behind) => (Place::Behind, behind),
                    None => break,
                },
            };
            self.place = place;
            rest = behind.trim_ascii_start();
        }
        self.rest = rest.to_vec();
        Ok(())
    }

    /// Takes in the record that these bytes begin with, and answers what is behind it; nothing, if its end is missing.
    fn record<'b>(&mut self, bytes: &'b [u8], is_last: bool) -> Result<Option<&'b [u8]>, String> {
        let number = self.count + 1;
        let wrong = |error: &str| format!("record {number}: {error}");
        let mut records = Deserializer::from_slice(bytes).into_iter::<Map<String, Value>>();
        let record = match records.next() {
            Some(Ok(record)) => record,
            Some(Err(error)) if is_last || !error.is_eof() => {
                return Err(wrong(&error.to_string()));
            }
            Some(Err(_)) | None => return Ok(None),
        };
        kinds::see(&mut self.kinds, &record, &mut self.room)
            .map_err(|error| wrong(error.trim_start_matches('.')))?;
        self.count = number;
        Ok(bytes.get(records.byte_offset()..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is an array, how many records it has, and their fields.
    type Read = (bool, usize, Vec<String>);

    /// In one piece, and in pieces of a few letters.
    fn read(text: &str) -> Result<Read, String> {
        let whole = in_pieces(text, text.len().max(1));
        for size in [1, 2, 7] {
            assert_eq!(in_pieces(text, size), whole, "{text}");
        }
        whole
    }

    fn in_pieces(text: &str, size: usize) -> Result<Read, String> {
        let mut records = Records::default();
        for chunk in text.as_bytes().chunks(size) {
            records.add(chunk)?;
        }
        records.take(true)?;
        let count = records.count;
        let (is_array, fields) = records.end()?;
        let fields = fields
            .iter()
            .map(|field| format!("{} {}", field.name(), field.data_type()))
            .collect();
        Ok((is_array, count, fields))
    }

    #[test]
    fn records_follow_each_other_or_are_an_array() {
        for (text, is_array) in [
            ("{\"b\": 1}\n{\"a\": \"x, ] é \\u00e9 \\\"\"}\n", false),
            ("\r\n{\"b\":1}\r\n\r\n{\"a\":\"x\"}", false),
            ("{\n  \"b\": 1\n}{\n  \"a\": \"x\"\n}", false),
            ("[{\"b\":1},{\"a\":\"x\"}]", true),
            (" [\n  {\n    \"b\": 1\n  },\n  {\"a\": \"]\"}\n]\n", true),
        ] {
            let fields = ["a Utf8", "b Int64"].map(str::to_owned).to_vec();
            assert_eq!(read(text), Ok((is_array, 2, fields)), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_record() {
        for (text, error) in [
            ("", "no record has a field"),
            ("[]", "no record has a field"),
            ("{}\n{}", "no record has a field"),
            ("{\"a\": 1}\n{\"a\": ", "record 2: EOF"),
            ("{\"a\": 1}\nnot", "record 2: "),
            ("{\"a\": 1}\n7", "record 2: invalid type"),
            (
                "{\"a\": 1}\n{\"a\": \"x\"}",
                "record 2: a is text, and a number",
            ),
            ("[{\"a\": 1}", "the array has no end"),
            ("[{\"a\": 1},", "the array has no end"),
            ("[{\"a\": 1},]", "record 2: "),
            ("[{\"a\": 1} {\"a\": 2}]", "no comma follows record 1"),
            ("[{\"a\": 1}]{\"a\": 2}", "something follows the array"),
            ("[1, 2]", "record 1: invalid type"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(error), "{text}: {said}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert!(read(&deep).unwrap_err().contains("recursion limit"));
    }

    #[test]
    fn a_long_record_is_refused_and_not_read_again_and_again() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(2 * LONGEST));
        let mut records = Records::default();
        let added = long
            .as_bytes()
            .chunks(8192)
            .try_for_each(|chunk| records.add(chunk));
        assert_eq!(added, Err("record 1 has more than 4 MB".to_owned()));
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(LONGEST / 2));
        let mut records = Records::default();
        let added = long
            .as_bytes()
            .chunks(8192)
            .try_for_each(|chunk| records.add(chunk));
        assert_eq!((added, records.end().is_ok()), (Ok(()), true));
    }
}
