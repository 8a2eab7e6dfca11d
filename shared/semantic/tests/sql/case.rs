//! A case: a model, a query, and what they become.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use semantic::model::{ProjectSettings, SpotlightSettings, explores};
use semantic::pivot::{Pivot, pivot};
use semantic::totals::{subtotals, total};
use semantic::{Dialect, Explore, ExploreOrError, MetricQuery, Options, compile};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(crate) struct Case {
    pub name: String,
    pub folder: PathBuf,
    models: Vec<Value>,
    query: MetricQuery,
    given: Given,
    /// In the order of the dialects.
    done: [OnceLock<Statements>; Dialect::ALL.len()],
}

/// Titles and SQL.
type Statements = Result<Vec<(String, String)>, String>;

/// What a query is asked with.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Given {
    options: GivenOptions,
    /// Also the query of the grand total.
    total: bool,
    /// Also those of the subtotals.
    subtotals: Option<GivenSubtotals>,
    /// Also the rows turned.
    pivot: Option<Pivot>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct GivenOptions {
    now: Option<String>,
    timezone: Option<String>,
    start_of_week: Option<u8>,
    email: Option<String>,
    attributes: std::collections::BTreeMap<String, Vec<String>>,
    row_limit: Option<u32>,
    custom_sql: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct GivenSubtotals {
    order: Vec<String>,
    pivoted: Vec<String>,
    limit: u32,
}

/// All cases, by name.
pub(crate) fn all() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(read_all);
    &CASES
}

fn read_all() -> Vec<Case> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let shop = models(&cases.join("shop.json"));
    let entries = std::fs::read_dir(&cases).expect("the cases");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a case").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| read(folder, &shop))
        .collect()
}

fn json_of(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

fn models(path: &Path) -> Vec<Value> {
    serde_json::from_value(json_of(path)).expect("a list of models")
}

fn read(folder: PathBuf, shop: &[Value]) -> Case {
    let own = folder.join("model.json");
    let asked = json_of(&folder.join("query.json"));
    let broken = |error| panic!("{folder:?}: {error}");
    let given = serde_json::from_value(asked.clone()).unwrap_or_else(broken);
    let query = serde_json::from_value(asked).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    Case {
        name: folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        models: if own.exists() {
            models(&own)
        } else {
            shop.to_vec()
        },
        folder,
        query,
        given,
        done: Default::default(),
    }
}

impl Case {
    fn options(&self) -> Options {
        let given = &self.given.options;
        let now = given.now.as_deref().unwrap_or("2026-03-12T15:30:00Z");
        let mut options = Options::new(now.parse().expect("an instant"));
        if let Some(zone) = &given.timezone {
            options.timezone = zone.parse().expect("a zone");
        }
        options.start_of_week = given.start_of_week;
        options.attributes.email.clone_from(&given.email);
        options.attributes.values.clone_from(&given.attributes);
        options.row_limit = given.row_limit;
        options.custom_sql = given.custom_sql;
        options
    }

    /// The explore that the query asks.
    fn explore(&self, dialect: Dialect) -> Result<Explore, String> {
        let settings = ProjectSettings {
            dialect,
            start_of_week: self.given.options.start_of_week,
            spotlight: SpotlightSettings::default(),
            now: self.options().now,
        };
        let manifest = manifest(&self.models).to_string();
        let found =
            explores(manifest.as_bytes(), None, &settings).map_err(|error| error.to_string())?;
        for one in found {
            match one {
                ExploreOrError::Error(error) => return Err(format!("{error:?}")),
                ExploreOrError::Explore(explore) if explore.name == self.query.explore_name => {
                    return Ok(*explore);
                }
                ExploreOrError::Explore(_) => {}
            }
        }
        Err(format!("no explore {}", self.query.explore_name))
    }

    /// What it becomes; warnings are comments before the SQL.
    pub(crate) fn statements(&self, dialect: Dialect) -> &Statements {
        let at = Dialect::ALL.iter().position(|one| *one == dialect);
        let done = at.and_then(|at| self.done.get(at)).expect("a dialect");
        done.get_or_init(|| self.compile(dialect))
    }

    fn compile(&self, dialect: Dialect) -> Statements {
        let explore = self.explore(dialect)?;
        let options = self.options();
        let sql = |query: &MetricQuery| {
            let compiled =
                compile(&explore, query, &options).map_err(|errors| errors.to_string())?;
            let warnings = compiled.warnings.iter();
            let lines: String = warnings
                .map(|one| format!("-- {}\n", one.message))
                .collect();
            Ok::<_, String>(lines + &compiled.sql)
        };
        let own = sql(&self.query)?;
        let mut found = vec![("query".to_owned(), own.clone())];
        if self.given.total {
            found.push(("total".to_owned(), sql(&total(&self.query))?));
        }
        if let Some(given) = &self.given.subtotals {
            for (key, query) in subtotals(&self.query, &given.order, &given.pivoted, given.limit) {
                found.push((format!("subtotals of {key}"), sql(&query)?));
            }
        }
        if let Some(turned) = &self.given.pivot {
            let turned = pivot(dialect, &own, turned, None).map_err(|errors| errors.to_string())?;
            found.push(("pivot".to_owned(), turned));
        }
        Ok(found)
    }

    /// All of it for PostgreSQL, then of each other dialect what differs.
    pub(crate) fn text(&self) -> String {
        let written = |dialect: Dialect| match self.statements(dialect) {
            Ok(statements) if statements.len() == 1 => {
                statements.iter().map(|(_, sql)| sql.as_str()).collect()
            }
            Ok(statements) => {
                let titled = statements
                    .iter()
                    .map(|(title, sql)| format!("{title}:\n{sql}"));
                titled.collect::<Vec<_>>().join("\n\n")
            }
            Err(error) => format!("ERROR {error}"),
        };
        let full = written(Dialect::Postgres);
        let mut text = full.clone();
        let mut seen: Vec<(Dialect, String)> = vec![(Dialect::Postgres, String::new())];
        for dialect in Dialect::ALL.into_iter().skip(1) {
            let changes = changes(&full, &written(dialect));
            let name = dialect.name();
            match seen.iter().find(|(_, one)| *one == changes) {
                Some((same, _)) => {
                    let _ = write!(text, "\n\n{name}: as {}", same.name());
                }
                None => {
                    let _ = write!(text, "\n\n{name}:{changes}");
                    seen.push((dialect, changes));
                }
            }
        }
        text
    }
}

/// The lines that are not the same, with their numbers; everything, if there are more or fewer.
fn changes(full: &str, other: &str) -> String {
    let quoted = |line: &str| line.replace('`', "\"");
    if full.lines().count() != other.lines().count() {
        return format!("\n{other}");
    }
    let pairs = full.lines().zip(other.lines()).enumerate();
    pairs
        .filter(|(_, (line, other))| quoted(line) != quoted(other))
        .map(|(at, (_, other))| format!("\n{:>4} {other}", at + 1))
        .collect()
}

/// The manifest that dbt would write.
fn manifest(models: &[Value]) -> Value {
    let nodes: Map<String, Value> = models
        .iter()
        .enumerate()
        .map(|(at, model)| {
            let name = model["name"].as_str().expect("a name");
            (format!("model.shop.{at:02}.{name}"), node(name, model))
        })
        .collect();
    json!({
        "metadata": { "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json" },
        "nodes": nodes,
    })
}

fn node(name: &str, model: &Value) -> Value {
    let columns: Map<String, Value> = model["columns"]
        .as_object()
        .expect("columns")
        .iter()
        .map(|(column, given)| {
            let mut given = match given {
                Value::String(text) => json!({ "meta": { "dimension": { "type": text } } }),
                other => other.clone(),
            };
            given["name"] = json!(column);
            (column.clone(), given)
        })
        .collect();
    json!({
        "resource_type": "model",
        "name": name,
        "database": "db",
        "schema": "shop",
        // The same for all: it goes into the SQL as it is.
        "relation_name": format!("shop.{name}"),
        "config": { "materialized": "table" },
        "meta": model.get("meta").cloned().unwrap_or_else(|| json!({})),
        "columns": columns,
        "depends_on": { "nodes": [] },
    })
}
