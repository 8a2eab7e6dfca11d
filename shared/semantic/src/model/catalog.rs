//! The columns of the warehouse and what their types are to an explore.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::dialect::Dialect;
use crate::explore::DimensionType;

/// The columns of the warehouse and their types.
///
/// It is read from `{database: {schema: {table: {column: type}}}}`, or from dbt's own catalog.json.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// By database, schema and table.
    tables: HashMap<String, IndexMap<String, DimensionType>>,
    /// Their names by the same in lower case.
    folded: HashMap<String, String>,
}

/// The columns of one table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    columns: &'a IndexMap<String, DimensionType>,
    any_case: bool,
}

impl Catalog {
    /// The columns of a table; on Snowflake names in any case.
    pub(super) fn columns(
        &self,
        dialect: Dialect,
        database: &str,
        schema: &str,
        table: &str,
    ) -> Option<Columns<'_>> {
        let name = key(database, schema, table);
        let any_case = dialect == Dialect::Snowflake;
        let exact = self.tables.get(&name);
        let folded = || self.tables.get(self.folded.get(&name.to_lowercase())?);
        let columns = exact.or_else(|| any_case.then(folded).flatten())?;
        Some(Columns { columns, any_case })
    }

    fn add(&mut self, name: String, columns: IndexMap<String, DimensionType>) {
        self.folded.insert(name.to_lowercase(), name.clone());
        self.tables.insert(name, columns);
    }
}

impl Columns<'_> {
    pub(super) fn get(&self, column: &str) -> Option<DimensionType> {
        let exact = self.columns.get(column);
        let folded = || {
            let mut columns = self.columns.iter();
            columns
                .find(|(name, _)| name.eq_ignore_ascii_case(column))
                .map(|(_, found)| found)
        };
        exact
            .or_else(|| self.any_case.then(folded).flatten())
            .copied()
    }
}

fn key(database: &str, schema: &str, table: &str) -> String {
    format!("{database}\0{schema}\0{table}")
}

impl<'de> Deserialize<'de> for Catalog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Tables = IndexMap<String, IndexMap<String, IndexMap<String, Value>>>;
        #[derive(Deserialize)]
        struct Dbt {
            nodes: IndexMap<String, Described>,
            #[serde(default)]
            sources: IndexMap<String, Described>,
        }
        #[derive(Deserialize)]
        struct Described {
            metadata: Metadata,
            columns: IndexMap<String, DbtColumn>,
        }
        #[derive(Deserialize)]
        struct Metadata {
            #[serde(default)]
            database: Option<String>,
            schema: String,
            name: String,
        }
        #[derive(Deserialize)]
        struct DbtColumn {
            #[serde(rename = "type")]
            column_type: String,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum File {
            Dbt(Dbt),
            Tables(IndexMap<String, Tables>),
        }
        let mut catalog = Self::default();
        match File::deserialize(deserializer)? {
            File::Dbt(dbt) => {
                for table in dbt.nodes.into_values().chain(dbt.sources.into_values()) {
                    let Metadata {
                        database,
                        schema,
                        name,
                    } = table.metadata;
                    let columns = table.columns.into_iter();
                    catalog.add(
                        key(&database.unwrap_or_default(), &schema, &name),
                        columns
                            .map(|(name, column)| (name, native_type(&column.column_type)))
                            .collect(),
                    );
                }
            }
            File::Tables(databases) => {
                for (database, schemas) in databases {
                    for (schema, tables) in schemas {
                        for (table, columns) in tables {
                            let typed = columns.into_iter().filter_map(|(name, native)| {
                                Some((name, native_type(native.as_str()?)))
                            });
                            catalog.add(key(&database, &schema, &table), typed.collect());
                        }
                    }
                }
            }
        }
        Ok(catalog)
    }
}

/// What a warehouse's type is to an explore; what is none of them is text.
pub(super) fn native_type(native: &str) -> DimensionType {
    let lower = native.trim().to_ascii_lowercase();
    // ClickHouse wraps.
    let mut name = lower.as_str();
    for wrapper in ["nullable(", "lowcardinality("] {
        while let Some(inner) = name.strip_prefix(wrapper) {
            name = inner;
        }
    }
    let word = name
        .split(['(', ')', '<', ' ', ','])
        .next()
        .unwrap_or_default();
    match word {
        "bool" | "boolean" => DimensionType::Boolean,
        "date" | "date32" => DimensionType::Date,
        _ if word.starts_with("timestamp") || word.starts_with("datetime") => {
            DimensionType::Timestamp
        }
        "number" | "numeric" | "decimal" | "dec" | "bignumeric" | "bigdecimal" | "real"
        | "double" | "money" | "smallint" | "bigint" | "tinyint" | "mediumint" | "byteint"
        | "hugeint" | "uhugeint" | "utinyint" | "usmallint" | "uinteger" | "ubigint"
        | "integer" | "serial" | "bigserial" | "smallserial" | "long" | "short" | "byte"
        | "fixed" => DimensionType::Number,
        _ => {
            let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
            match bare {
                "int" | "uint" | "float" | "decimal" => DimensionType::Number,
                _ => DimensionType::String,
            }
        }
    }
}
