//! JSON lines: an object per row, values as answers have them raw.

use std::io::Write;

use warehouse::{Column, Raw, Row, Type};

use crate::error::Result;

/// Writes a row as `{"column":value,…}` and `\n`, in constant memory.
pub struct JsonlWriter<W: Write> {
    out: W,
    /// `"column":` of every column, and its type.
    keys: Vec<(String, Type)>,
    line: Vec<u8>,
}

impl<W: Write> JsonlWriter<W> {
    /// A file of these columns. Of two columns with one name most readers would see the last: [`warehouse::RowStream`] has none.
    pub fn new(out: W, columns: &[Column]) -> Self {
        let key = |column: &Column| {
            let name = serde_json::Value::from(column.name.as_str());
            (format!("{name}:"), column.r#type)
        };
        Self {
            out,
            keys: columns.iter().map(key).collect(),
            line: Vec::new(),
        }
    }

    /// Writes rows, down to the writer. A row that is too short ends with `null`s.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_rows(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            self.line.clear();
            for (at, (key, kind)) in self.keys.iter().enumerate() {
                self.line.push(if at == 0 { b'{' } else { b',' });
                self.line.extend_from_slice(key.as_bytes());
                match row.get(at) {
                    Some(value) => serde_json::to_writer(&mut self.line, &Raw(value, *kind))
                        .map_err(std::io::Error::from)?,
                    None => self.line.extend_from_slice(b"null"),
                }
            }
            let end: &[u8] = if self.keys.is_empty() {
                b"{}\n"
            } else {
                b"}\n"
            };
            self.line.extend_from_slice(end);
            self.out.write_all(&self.line)?;
        }
        Ok(())
    }

    /// What is written to, for callers that empty it between rows.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Ends the file and hands back what it was written to.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}
