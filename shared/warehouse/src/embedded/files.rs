//! Tables of files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use super::{Error, Result};

/// Lines of a CSV file that are read for the types of its columns.
const LINES: usize = 10_000;

pub(super) struct File {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// The files of a folder that can be tables, in the order of their names.
pub(super) fn of(folder: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| wrong(folder, &error))? {
        let entry = entry.map_err(|error| wrong(folder, &error))?;
        // What a link leads to may lie elsewhere.
        if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            continue;
        }
        let path = entry.path();
        if let (Some(name), Some(_)) = (
            path.file_stem().and_then(|name| name.to_str()),
            format(&path),
        ) {
            files.push(File {
                name: name.to_owned(),
                path,
            });
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

pub(super) async fn table(context: &SessionContext, path: &Path) -> Result<Arc<dyn TableProvider>> {
    let failed = |error: DataFusionError| wrong(path, &error.strip_backtrace());
    let format = format(path).ok_or_else(|| wrong(path, &"neither CSV nor Parquet"))?;
    let path_text = path.canonicalize().map_err(|error| wrong(path, &error))?;
    let path_text = path_text
        .to_str()
        .ok_or_else(|| wrong(path, &"its name is not Unicode"))?;
    let url = ListingTableUrl::parse(path_text).map_err(failed)?;
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let options = ListingOptions::new(format).with_file_extension(extension);
    let schema = options
        .infer_schema(&context.state(), &url)
        .await
        .map_err(failed)?;
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| as_postgres_has_it(field))
        .collect();
    let config = ListingTableConfig::new(url)
        .with_listing_options(options)
        .with_schema(Arc::new(Schema::new(fields)));
    Ok(Arc::new(ListingTable::try_new(config).map_err(failed)?))
}

fn format(path: &Path) -> Option<Arc<dyn FileFormat>> {
    match path.extension()?.to_str()? {
        "csv" => Some(Arc::new(
            CsvFormat::default()
                .with_has_header(true)
                .with_schema_infer_max_rec(LINES),
        )),
        "parquet" => Some(Arc::new(ParquetFormat::default())),
        _ => None,
    }
}

/// Timestamps of microseconds reach from year 1 to 9999; those of nanoseconds, which the reader prefers, end in 2262.
fn as_postgres_has_it(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Timestamp(_, zone) => DataType::Timestamp(
            TimeUnit::Microsecond,
            zone.as_ref().map(|_| Arc::from("UTC")),
        ),
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        other => other.clone(),
    };
    Field::new(field.name(), data_type, true)
}

fn wrong(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::File {
        file: path.display().to_string(),
        reason: reason.to_string(),
    }
}
