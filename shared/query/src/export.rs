//! Files of rows: CSV, spreadsheets and JSON lines, from the warehouse as they come or from rows that are kept.

use ::export::{
    CsvWriter, File, Interval, Item, JsonlWriter, Limit, Limits, Options, Pivot, Plan, Role, Show,
    Turn, XlsxWriter, content_disposition, sanitise,
};
use app::{
    App, Error, Result,
    domain::{
        id::ProjectId,
        query::{Outcome, Query},
    },
    files::{FileName, Link, Upload},
};
use semantic::format::Format;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use warehouse::{Column, Row, RowStream, Type};

use crate::{
    Asked,
    page::{self, Reader},
    question::MOST_CELLS,
};

/// How long a link to a file leads there (reference 13 §13; the bucket keeps files as long).
pub const LINK: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// The header that says whether rows were left out, beside the answer that does.
pub const TRUNCATED: &str = "x-truncated";

/// Where rows come from.
pub enum Source {
    Warehouse(RowStream),
    Kept(Reader),
}

impl Source {
    /// The next rows; nothing at the end.
    async fn next(&mut self, app: &App) -> Result<Option<Vec<Row>>> {
        match self {
            Self::Warehouse(rows) => Ok(rows.next().await.transpose()?),
            Self::Kept(reader) => reader.next(app).await,
        }
    }
}

/// What a file is to be.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Wanted {
    #[serde(flatten)]
    pub options: Options,
    pub pivot_config: Option<Turn>,
    /// The name that the file gets where it is saved, with a time.
    pub name: Option<String>,
    /// The name that the file gets where it is saved, as it is.
    pub saved_as: Option<String>,
    /// Whether CSV begins with a byte-order mark; it does unless switched off.
    pub byte_order_mark: Option<bool>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    pub rows: u64,
    pub bytes: u64,
    pub truncated: bool,
}

/// A file that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    file: FileName,
    kind: File,
    bytes: u64,
    /// The name that it gets where it is saved.
    saved: String,
    pub(crate) truncated: bool,
}

impl Made {
    /// A link to it.
    ///
    /// # Errors
    /// As [`link`].
    pub(crate) async fn link(&self, app: &App, project: ProjectId) -> Result<String> {
        let (file, called) = ((&self.file, self.bytes), (self.kind, self.saved.as_str()));
        link(app, project, file, called).await
    }
}

/// A value as its field says.
struct Shows(Format);

impl Show for Shows {
    fn write(&self, value: &Value, out: &mut String) {
        self.0.write(value, out);
    }

    fn expression(&self) -> Option<String> {
        self.0.expression().filter(|one| !divides(one))
    }

    fn only_text(&self) -> bool {
        self.0.expression().is_some_and(|one| divides(&one))
    }
}

/// Whether a number format has a unit of a power of 1024, by which no spreadsheet divides.
fn divides(expression: &str) -> bool {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    units.iter().any(|unit| expression.contains(unit))
}

/// What a file's columns are.
pub fn plan(columns: &[Column], fields: &Map<String, Value>, options: &Options) -> Plan {
    // Columns that only a sort or a filter needed are nobody's, where the fields are known.
    let item = |name: &str| match fields.get(name) {
        Some(field) => Some(item(name, field)),
        None => fields.is_empty().then(|| Item::new(name)),
    };
    ::export::plan(columns, item, options)
}

/// What the columns are of a file that somebody wants.
///
/// # Errors
/// `Invalid` when they are all hidden.
pub(crate) fn wanted_plan(
    columns: &[Column],
    fields: &Map<String, Value>,
    wanted: &Wanted,
) -> Result<Plan> {
    let mut plan = plan(columns, fields, &wanted.options);
    if plan.columns().is_empty() && !wanted.options.hidden_fields.is_empty() {
        return Err(Error::invalid("Every column is hidden"));
    }
    plan.bom = wanted.byte_order_mark.unwrap_or(true);
    Ok(plan)
}

fn item(name: &str, field: &Value) -> Item {
    let text = |key: &str| field.get(key).and_then(Value::as_str);
    let label = text("label").or(text("displayName")).or(text("name"));
    let metric = text("fieldType") == Some("metric");
    let calculation = text("displayName").is_some();
    // Dimensions of somebody's own SQL have their type beside the word `sql`.
    let kind = text("dimensionType").or(text("type"));
    Item {
        label: label
            .filter(|label| !label.is_empty())
            .unwrap_or(name)
            .to_owned(),
        table_label: text("tableLabel").map(str::to_owned),
        kind: match kind {
            Some("date") => Some(Type::Date),
            Some("timestamp") => Some(Type::Timestamp),
            _ => None,
        },
        interval: text("timeInterval").and_then(Interval::named),
        role: if metric || calculation {
            let adds = matches!(kind, Some("count" | "sum" | "sum_distinct"));
            Role::Value {
                sums: metric && adds && !is_percent(field),
            }
        } else {
            Role::Dimension
        },
        show: Some(Box::new(Shows(Format::of_item(field)))),
    }
}

/// Whether a field is shown as percents, whose sum means nothing.
fn is_percent(field: &Value) -> bool {
    let places = ["/format", "/format/type", "/formatOptions/type"];
    let mut formats = places.iter().filter_map(|place| field.pointer(place));
    formats.any(|format| format.as_str() == Some("percent"))
}

fn failed(error: ::export::Error) -> Error {
    match error {
        ::export::Error::TooManyColumns(_)
        | ::export::Error::NothingToTurn
        | ::export::Error::UnknownColumn(_) => Error::invalid(error.to_string()),
        error => Error::Unavailable(anyhow::Error::new(error).context("writing a file")),
    }
}

/// Writes rows as CSV, in constant memory.
///
/// # Errors
/// What stopped the query, `Unavailable` when the file cannot be written; then there is none.
pub async fn csv(
    app: &App,
    name: &FileName,
    plan: Plan,
    source: &mut Source,
    most: Option<u64>,
) -> Result<Written> {
    let mut limit = limit(most);
    let (mut file, mut written) = (app.files.create(name).await?, Written::default());
    let mut writer = CsvWriter::new(Vec::new(), plan).map_err(failed)?;
    while let Some(rows) = source.next(app).await? {
        let rows = limit.take(&rows);
        writer.write_rows(rows).map_err(failed)?;
        written.rows += rows.len() as u64;
        written.bytes += hand_on(&mut file, writer.get_mut()).await?;
        if limit.truncated() {
            break;
        }
    }
    written.bytes += hand_on(&mut file, writer.get_mut()).await?;
    file.finish().await?;
    written.truncated = limit.truncated();
    Ok(written)
}

fn limit(most: Option<u64>) -> Limit {
    let most = most.and_then(|most| usize::try_from(most).ok());
    Limit::rows(most.unwrap_or(usize::MAX))
}

async fn hand_on(file: &mut Upload, buffer: &mut Vec<u8>) -> Result<u64> {
    file.write(buffer).await?;
    let bytes = buffer.len() as u64;
    buffer.clear();
    Ok(bytes)
}

/// Writes rows as JSON lines: one object per row, raw.
///
/// # Errors
/// As [`csv`].
pub async fn jsonl(
    app: &App,
    name: &FileName,
    columns: &[Column],
    source: &mut Source,
) -> Result<Written> {
    let (mut file, mut written) = (app.files.create(name).await?, Written::default());
    let mut writer = JsonlWriter::new(Vec::new(), columns);
    while let Some(rows) = source.next(app).await? {
        writer.write_rows(&rows).map_err(failed)?;
        written.rows += rows.len() as u64;
        written.bytes += hand_on(&mut file, writer.get_mut()).await?;
    }
    file.finish().await?;
    Ok(written)
}

/// Writes rows as a spreadsheet, a million at most.
///
/// # Errors
/// As [`csv`].
pub async fn xlsx(app: &App, name: &FileName, plan: Plan, source: &mut Source) -> Result<Written> {
    let mut writer =
        XlsxWriter::new(&std::env::temp_dir(), plan, Limits::default()).map_err(failed)?;
    while let Some(rows) = source.next(app).await? {
        writer.write_rows(&rows).map_err(failed)?;
    }
    let mut whole = tempfile::tempfile().map_err(|error| Error::Unavailable(error.into()))?;
    let written = writer.finish(&mut whole).map_err(failed)?;
    let bytes = send(app, name, whole).await?;
    Ok(Written {
        rows: written.rows,
        bytes,
        truncated: written.truncated,
    })
}

/// Sends a file from the disk.
pub(crate) async fn send(app: &App, name: &FileName, mut from: std::fs::File) -> Result<u64> {
    use std::io::{Read, Seek};
    let unreadable = |error: std::io::Error| Error::Unavailable(error.into());
    from.rewind().map_err(unreadable)?;
    let (mut file, mut sent) = (app.files.create(name).await?, 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = from.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        file.write(buffer.get(..read).unwrap_or_default()).await?;
        sent += read as u64;
    }
    file.finish().await?;
    Ok(sent)
}

/// Writes turned rows, as many as have 100,000 cells, and so many at most.
///
/// # Errors
/// `Invalid` when there is nothing to turn, or there would be too many columns.
pub async fn turned(
    app: &App,
    name: &FileName,
    pivot: (Plan, Turn),
    source: &mut Source,
    kind: File,
    most: Option<u64>,
) -> Result<Written> {
    let (plan, turn) = pivot;
    let fit = u64::from(MOST_CELLS) / plan.columns().len().max(1) as u64;
    let mut limit = limit(Some(most.unwrap_or(fit).min(fit)));
    let mut pivot = Pivot::new(plan, turn).map_err(failed)?;
    let mut written = Written::default();
    while let Some(rows) = source.next(app).await? {
        let rows = limit.take(&rows);
        pivot.push(rows).map_err(failed)?;
        written.rows += rows.len() as u64;
        if limit.truncated() {
            break;
        }
    }
    written.truncated = limit.truncated();
    let mut bytes = Vec::new();
    if kind == File::Xlsx {
        let sheet = pivot
            .xlsx(&std::env::temp_dir(), &mut bytes)
            .map_err(failed)?;
        written.truncated |= sheet.truncated;
    } else {
        bytes = pivot.csv(bytes).map_err(failed)?;
    }
    let mut file = app.files.create(name).await?;
    written.bytes = hand_on(&mut file, &mut bytes).await?;
    file.finish().await?;
    Ok(written)
}

/// A file of a query's kept rows: a link to it, and whether rows were left out.
///
/// # Errors
/// As the ways to write one, and as [`crate::job::rows`] when the rows are not there.
pub async fn file_of(
    app: &App,
    query: &Query,
    wanted: &Wanted,
    kind: File,
) -> Result<(String, bool)> {
    let made = make(app, query, wanted, kind).await?;
    let link = made.link(app, query.project).await?;
    Ok((link, made.truncated))
}

/// Makes a file of a query's kept rows.
///
/// # Errors
/// As [`file_of`].
pub(crate) async fn make(app: &App, query: &Query, wanted: &Wanted, kind: File) -> Result<Made> {
    let outcome = crate::job::rows(app, query).await?;
    let asked: Asked = query.asked.unpack_json()?;
    let columns = page::columns(outcome)?;
    let mut source = Source::Kept(Reader::new(outcome)?);
    // Another file each time: a link is to what it was made for.
    let tag = app.random.url_safe::<18>();
    let name = FileName::export(query.project, query.id, &tag, kind.extension());
    // Lines of JSON have every column.
    let plan = || wanted_plan(&columns, &asked.fields, wanted);
    let written = match (kind, &wanted.pivot_config) {
        (File::Csv | File::Xlsx, Some(turn)) => {
            turned(app, &name, (plan()?, turn.clone()), &mut source, kind, None).await?
        }
        (File::Csv, None) => csv(app, &name, plan()?, &mut source, None).await?,
        (File::Xlsx, None) => xlsx(app, &name, plan()?, &mut source).await?,
        _ => jsonl(app, &name, &columns, &mut source).await?,
    };
    let truncated = written.truncated || outcome.truncated;
    Ok(Made {
        file: name,
        kind,
        bytes: written.bytes,
        saved: called(app, &asked, wanted, (kind, truncated)),
        truncated,
    })
}

/// Characters of a name that somebody wishes for a file: it goes into links and headers.
const LONGEST_NAME: usize = 200;

/// What a file is called where it is saved: as wished, else by its name or its explore, and the time.
fn called(app: &App, asked: &Asked, wanted: &Wanted, (kind, truncated): (File, bool)) -> String {
    if let Some(wish) = &wanted.saved_as {
        let ending = format!(".{}", kind.extension());
        let name = sanitise(wish.strip_suffix(&ending).unwrap_or(wish));
        let mut name: String = name.chars().take(LONGEST_NAME).collect();
        while name.contains("..") {
            name = name.replace("..", ".");
        }
        return name + &ending;
    }
    let explore = asked.tags.explore.as_deref();
    let named = wanted.name.as_deref().filter(|name| !name.is_empty());
    let name = named.or(explore).unwrap_or("results");
    kind.name(name, truncated, app.clock.now().into())
}

/// A link to a file of a project, of so many bytes, that is saved under a name.
///
/// # Errors
/// `Unavailable` when it cannot be signed.
pub async fn link(
    app: &App,
    project: ProjectId,
    (file, bytes): (&FileName, u64),
    (kind, saved): (File, &str),
) -> Result<String> {
    let link = Link {
        project,
        file: file.clone(),
        disposition: content_disposition(saved),
        media_type: kind.content_type().to_owned(),
        bytes,
    };
    app.files.link(&link, LINK, app.clock.now()).await
}

/// The link to the file that a CSV job made.
///
/// # Errors
/// As [`link`].
pub async fn link_of_job(app: &App, query: &Query, outcome: &Outcome) -> Result<String> {
    let asked: Asked = query.asked.unpack_json()?;
    let wanted: Wanted = serde_json::from_value(asked.csv.clone()).unwrap_or_default();
    let saved = called(app, &asked, &wanted, (File::Csv, outcome.truncated));
    let file = page::file(outcome)?;
    let file = (&file, outcome.bytes);
    link(app, query.project, file, (File::Csv, &saved)).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_counts_and_sums_that_are_no_percents_have_totals() {
        let metric = |kind: &str, more: &Value| {
            let mut field = json!({ "fieldType": "metric", "type": kind, "label": "M" });
            for (key, value) in more.as_object().unwrap() {
                field[key] = value.clone();
            }
            item("m", &field).role
        };
        for kind in ["count", "sum", "sum_distinct"] {
            assert_eq!(metric(kind, &json!({})), Role::Value { sums: true });
        }
        for kind in ["average", "count_distinct", "number", "percentile"] {
            assert_eq!(metric(kind, &json!({})), Role::Value { sums: false });
        }
        for format in [
            json!({ "format": "percent" }),
            json!({ "format": { "type": "percent" } }),
            json!({ "formatOptions": { "type": "percent" } }),
        ] {
            assert_eq!(metric("sum", &format), Role::Value { sums: false });
        }
        let calculation = json!({ "name": "c", "displayName": "Rank", "sql": "RANK()" });
        assert_eq!(item("c", &calculation).role, Role::Value { sums: false });
    }

    #[test]
    fn dimensions_of_sql_are_of_their_own_type() {
        let own = json!({ "id": "d", "name": "D", "type": "sql", "dimensionType": "date" });
        assert_eq!(item("d", &own).kind, Some(Type::Date));
        let field = json!({ "fieldType": "dimension", "type": "timestamp" });
        assert_eq!(item("d", &field).kind, Some(Type::Timestamp));
    }

    #[test]
    fn units_of_powers_of_1024_are_text_in_spreadsheets() {
        let shows = |options: Value| {
            let field = json!({ "fieldType": "metric", "type": "sum", "formatOptions": options });
            Shows(Format::of_item(&field))
        };
        let binary = shows(json!({ "type": "bytes_iec", "compact": "MiB" }));
        assert_eq!((binary.expression(), binary.only_text()), (None, true));
        let decimal = shows(json!({ "type": "bytes_si", "compact": "MB" }));
        assert!(decimal.expression().is_some() && !decimal.only_text());
    }
}
