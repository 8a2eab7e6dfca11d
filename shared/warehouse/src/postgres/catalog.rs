//! What tables there are.

use serde_json::Value;

use super::Postgres;
use crate::{Error, Result, Row, Table};

/// Those that the login may use; materialised views are not in the standard's catalogue
/// (<https://www.postgresql.org/docs/current/infoschema-tables.html>).
const TABLES: &str = "\
SELECT table_catalog, table_schema, table_name FROM information_schema.tables
WHERE table_schema <> 'information_schema' AND left(table_schema, 3) <> 'pg_'
UNION ALL
SELECT current_database(), n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1, 2, 3";

/// External tables, too (<https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLES.html>).
const REDSHIFT_TABLES: &str = "\
SELECT table_catalog, table_schema, table_name FROM svv_tables
WHERE table_schema <> 'information_schema' AND left(table_schema, 3) <> 'pg_'
ORDER BY 1, 2, 3";

impl Postgres {
    pub(super) fn tables_sql(&self) -> &'static str {
        if self.redshift {
            REDSHIFT_TABLES
        } else {
            TABLES
        }
    }
}

/// A statement whose columns are the table's: the same types as those of queries, for whatever can be queried.
pub(super) fn fields_sql(database: Option<&str>, schema: &str, table: &str) -> String {
    let names = [database, Some(schema), Some(table)].into_iter().flatten();
    let names: Vec<_> = names.map(quoted).collect();
    format!("SELECT * FROM {} LIMIT 0", names.join("."))
}

/// A name as it is, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table from a row of its three names.
///
/// # Errors
/// `Engine` when the row is another.
pub(super) fn table(row: Row) -> Result<Table> {
    let names: Vec<String> = row
        .into_iter()
        .filter_map(|value| match value {
            Value::String(name) => Some(name),
            _ => None,
        })
        .collect();
    let Ok([database, schema, name]) = <[String; 3]>::try_from(names) else {
        return Err(Error::Engine("the catalogue is not readable".to_owned()));
    };
    Ok(Table {
        database,
        schema,
        name,
        partition: None,
    })
}
