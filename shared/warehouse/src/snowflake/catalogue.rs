//! Tables and columns, from `INFORMATION_SCHEMA`: <https://docs.snowflake.com/en/sql-reference/info-schema>.

use std::time::Duration;

use serde_json::Value;

use super::{Snowflake, stored, value::kind};
use crate::{Column, Error, Result, Row, Statement, Table};

/// How long the catalogue may take.
const TIME: Duration = Duration::from_secs(60);
/// More tables than anybody looks through; the address may be anybody's, and must not fill the memory.
const MOST: usize = 200_000;

/// All tables and views of the connection's database.
pub(super) async fn tables(snowflake: &Snowflake) -> Result<Vec<Table>> {
    let sql = format!(
        "SELECT table_catalog, table_schema, table_name FROM {}.INFORMATION_SCHEMA.TABLES \
         WHERE table_schema <> 'INFORMATION_SCHEMA' ORDER BY table_schema, table_name",
        quoted(&snowflake.settings.database)
    );
    let rows = ask(snowflake, sql, &[]).await?;
    let rows = rows.into_iter().filter_map(|row| {
        let [database, schema, name] = texts(&row)?;
        Some(Table {
            database: database.to_owned(),
            schema: schema.to_owned(),
            name: name.to_owned(),
            partition: None,
        })
    });
    Ok(rows.collect())
}

/// A table's columns; its name is matched without regard to case (reference §10), exactly first.
pub(super) async fn fields(
    snowflake: &Snowflake,
    database: Option<&str>,
    schema: Option<&str>,
    table: &str,
) -> Result<Vec<Column>> {
    let settings = &snowflake.settings;
    let database = database.map_or_else(|| settings.database.clone(), stored);
    let schema = schema.unwrap_or(&settings.schema);
    let sql = format!(
        "SELECT column_name, data_type, numeric_scale FROM {}.INFORMATION_SCHEMA.COLUMNS \
         WHERE UPPER(table_schema) = UPPER(?) AND UPPER(table_name) = UPPER(?) \
         QUALIFY DENSE_RANK() OVER (ORDER BY IFF(table_schema = ?, 0, 1), IFF(table_name = ?, 0, 1), \
         table_schema, table_name) = 1 ORDER BY ordinal_position",
        quoted(&database)
    );
    let rows = ask(snowflake, sql, &[schema, table, schema, table]).await?;
    Ok(rows.iter().filter_map(column).collect())
}

fn column(row: &Row) -> Option<Column> {
    let [name, data_type, _] = row.as_slice() else {
        return None;
    };
    let scale = row.get(2).and_then(Value::as_i64);
    Some(Column {
        name: name.as_str()?.to_owned(),
        r#type: kind(data_type.as_str()?, scale),
    })
}

async fn ask(snowflake: &Snowflake, sql: String, bindings: &[&str]) -> Result<Vec<Row>> {
    let statement = Statement::new(sql, TIME);
    let mut stream = snowflake.run(&statement, bindings).await?;
    let mut rows = Vec::new();
    while let Some(batch) = stream.next().await {
        rows.append(&mut batch?);
        if rows.len() > MOST {
            let message = "the catalogue of Snowflake is too large to be listed";
            return Err(Error::Connection(message.to_owned()));
        }
    }
    Ok(rows)
}

fn texts(row: &Row) -> Option<[&str; 3]> {
    match row.as_slice() {
        [Value::String(a), Value::String(b), Value::String(c)] => Some([a, b, c]),
        _ => None,
    }
}

/// A name in SQL, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
