//! Several CSV files in one archive, each under a name of its own.

use std::{collections::BTreeSet, io::Write};

use ::export::sanitise;
use app::{
    App, Error, Result,
    files::{FileName, PIECE},
};
use serde_json::Value;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::export::send;

/// The list of what is in the archive, and of what is not.
const LIST: &str = "manifest.json";

/// An archive that is being made, on the disk.
pub(crate) struct Archive {
    writer: ZipWriter<std::fs::File>,
    /// Names in small letters: some file systems know no others.
    names: BTreeSet<String>,
}

fn failed(error: impl Into<anyhow::Error>) -> Error {
    Error::Unavailable(error.into().context("writing an archive"))
}

/// A name that none of these have: the wanted one, or that with a number.
fn free(names: &BTreeSet<String>, wanted: &str) -> String {
    let wanted = sanitise(wanted);
    let mut name = format!("{wanted}.csv");
    let mut number = 2;
    while names.contains(&name.to_lowercase()) {
        name = format!("{wanted} ({number}).csv");
        number += 1;
    }
    name
}

impl Archive {
    /// An empty one.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full.
    pub(crate) fn new() -> Result<Self> {
        let file = tempfile::tempfile().map_err(failed)?;
        Ok(Self {
            writer: ZipWriter::new(file),
            names: BTreeSet::new(),
        })
    }

    /// Puts a file in; answers its name there.
    ///
    /// # Errors
    /// `Expired` when the file is gone, `Unavailable` when it cannot be read or written.
    pub(crate) async fn add(
        &mut self,
        app: &App,
        wanted: &str,
        (file, bytes): (&FileName, u64),
    ) -> Result<String> {
        let name = free(&self.names, wanted);
        self.names.insert(name.to_lowercase());
        let options = SimpleFileOptions::default();
        self.writer.start_file(&*name, options).map_err(failed)?;
        let mut at = 0;
        while at < bytes {
            let piece = app.files.read(file, at, PIECE.min(bytes - at)).await?;
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            self.writer.write_all(&piece).map_err(failed)?;
        }
        Ok(name)
    }

    /// Writes the list, and sends the archive; answers how many bytes it has.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be written.
    pub(crate) async fn finish(mut self, app: &App, list: &Value, name: &FileName) -> Result<u64> {
        let options = SimpleFileOptions::default();
        self.writer.start_file(LIST, options).map_err(failed)?;
        let text = format!("{list:#}\n");
        self.writer.write_all(text.as_bytes()).map_err(failed)?;
        let file = self.writer.finish().map_err(failed)?;
        send(app, name, file).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        let mut given = Vec::new();
        for wanted in ["Sales", "sales", "Sales (2)", "a/b", "a:b", "", ".."] {
            let name = free(&names, wanted);
            names.insert(name.to_lowercase());
            given.push(name);
        }
        assert_eq!(
            given,
            [
                "Sales.csv",
                "sales (2).csv",
                "Sales (2) (2).csv",
                "a_b.csv",
                "a_b (2).csv",
                "download.csv",
                "download (2).csv",
            ]
        );
    }
}
