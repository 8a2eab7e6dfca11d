//! Tables of files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use super::columns::without_values;
use super::{Error, Result, records};

/// Lines of a CSV file that are read for the types of its columns.
const LINES: usize = 10_000;

/// A file that can be a table.
pub(super) struct File {
    /// The table's.
    pub(super) name: String,
    path: PathBuf,
    /// Where it is, if it is in no folder.
    url: Option<ListingTableUrl>,
}

/// A file, if its name says that it can be a table.
pub(super) fn file(path: PathBuf, url: Option<ListingTableUrl>) -> Option<File> {
    format(&path)?;
    let name = path.file_stem()?.to_str()?.to_owned();
    Some(File { name, path, url })
}

/// The files of a folder that can be tables, in the order of their names.
pub(super) fn of(folder: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| wrong(folder, &error))? {
        let entry = entry.map_err(|error| wrong(folder, &error))?;
        // What a link leads to may lie elsewhere, and a folder or a pipe is no table.
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        files.extend(file(entry.path(), None));
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

pub(super) async fn table(context: &SessionContext, file: &File) -> Result<Arc<dyn TableProvider>> {
    let path = file.path.as_path();
    let failed = |error: DataFusionError| {
        super::unreachable(&error).unwrap_or_else(|| wrong(path, &error.strip_backtrace()))
    };
    let format = format(path).ok_or_else(|| wrong(path, &"neither CSV nor JSON nor Parquet"))?;
    let url = match &file.url {
        Some(url) => url.clone(),
        None => ListingTableUrl::parse(real(path)?).map_err(failed)?,
    };
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let options =
        |format: Arc<dyn FileFormat>| ListingOptions::new(format).with_file_extension(extension);
    let (options, schema) = match format {
        Format::Json => {
            let store = context.runtime_env().object_store(&url).map_err(failed)?;
            let (format, schema) =
                records::read(store.as_ref(), url.prefix())
                    .await
                    .map_err(|reason| {
                        super::unreachable(reason.as_ref()).unwrap_or_else(|| wrong(path, &reason))
                    })?;
            (options(Arc::new(format)), schema)
        }
        Format::Other(format) => {
            let options = options(format);
            let schema = options
                .infer_schema(&context.state(), &url)
                .await
                .map_err(failed)?;
            let fields = schema.fields().iter().map(as_postgres_has_it);
            let fields: Vec<_> = fields.collect();
            (options, Schema::new(fields))
        }
    };
    let config = ListingTableConfig::new(url)
        .with_listing_options(options)
        .with_schema(Arc::new(schema));
    Ok(Arc::new(ListingTable::try_new(config).map_err(failed)?))
}

/// The path without links.
fn real(path: &Path) -> Result<String> {
    let real = path.canonicalize().map_err(|error| wrong(path, &error))?;
    let text = real.to_str().map(str::to_owned);
    text.ok_or_else(|| wrong(path, &"its name is not Unicode"))
}

enum Format {
    /// Read in a way that only the file tells.
    Json,
    Other(Arc<dyn FileFormat>),
}

fn format(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "csv" => Some(Format::Other(Arc::new(
            CsvFormat::default()
                .with_has_header(true)
                .with_schema_infer_max_rec(LINES),
        ))),
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        "parquet" => Some(Format::Other(Arc::new(ParquetFormat::default()))),
        _ => None,
    }
}

/// Timestamps of microseconds reach from year 1 to 9999; those of nanoseconds, which the reader prefers, end in 2262.
fn as_postgres_has_it(field: &Arc<Field>) -> Field {
    let data_type = match field.data_type() {
        DataType::Timestamp(_, zone) => DataType::Timestamp(
            TimeUnit::Microsecond,
            zone.as_ref().map(|_| Arc::from("UTC")),
        ),
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        other => other.clone(),
    };
    let known = Field::new(field.name(), data_type, true);
    if field.data_type().is_null() {
        without_values(known)
    } else {
        known
    }
}

fn wrong(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::File {
        file: path.display().to_string(),
        reason: without_folder(path, reason.to_string()),
    }
}

/// Where the file lies is nobody's business; readers say it with and without the first slash.
fn without_folder(path: &Path, mut reason: String) -> String {
    let real = path.canonicalize().unwrap_or_default();
    for folder in [path.parent(), real.parent()].into_iter().flatten() {
        let folder = format!("{}/", folder.display());
        let bare = folder.trim_start_matches('/');
        if !bare.is_empty() {
            reason = reason.replace(&folder, "").replace(bare, "");
        }
    }
    reason
}

/// The tables of a schema, some of whose files cannot be read. Who asks for one of those is told why.
#[derive(Debug)]
pub(super) struct WithBroken {
    pub(super) tables: Arc<dyn SchemaProvider>,
    /// The reasons, by the names that the tables would have.
    pub(super) broken: HashMap<String, String>,
}

#[async_trait]
impl SchemaProvider for WithBroken {
    fn table_names(&self) -> Vec<String> {
        self.tables.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let found = self.tables.table(name).await?;
        match self.broken.get(name) {
            Some(reason) if found.is_none() => Err(DataFusionError::Execution(reason.clone())),
            _ => Ok(found),
        }
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        self.tables.register_table(name, table)
    }

    fn deregister_table(
        &self,
        name: &str,
    ) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        self.tables.deregister_table(name)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.table_exist(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_do_not_tell_where_a_file_lies() {
        let path = Path::new("/not/there/a.csv");
        for reason in ["/not/there/a.csv is broken", "not/there/a.csv is broken"] {
            assert_eq!(without_folder(path, reason.to_owned()), "a.csv is broken");
        }
    }
}
