//! dbt's manifest.json: the parts of it that are read. Code, documentation and macros are skipped while reading.

use std::fmt;
use std::io::Read;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::dialect::Dialect;

/// Why a file is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is no JSON, or not of a manifest's shape.
    #[error("The manifest cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Nothing in it says that dbt wrote it.
    #[error("This is no manifest of dbt: `metadata.dbt_schema_version` is missing")]
    Unversioned,
    /// dbt before 1.3.
    #[error("The manifest is of version {0}; versions from 7 (dbt 1.3) on can be read")]
    TooOld(u32),
}

/// A manifest, reduced to what explores are made of.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub adapter: Option<String>,
    pub generated_at: Option<DateTime<Utc>>,
    /// By unique id, in the manifest's order; a model that cannot be read is there as the reason.
    pub models: IndexMap<String, Result<Node, BrokenNode>>,
    /// Metrics of dbt itself; none from version 10 on.
    pub metrics: IndexMap<String, LegacyMetric>,
}

/// A model that is not of a model's shape.
#[derive(Debug)]
pub(super) struct BrokenNode {
    pub name: String,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Node {
    pub name: String,
    #[serde(default)]
    pub alias: Option<String>,
    #[serde(default)]
    pub database: Option<String>,
    #[serde(default)]
    pub schema: Option<String>,
    #[serde(default)]
    pub relation_name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Option<OneOrMany>,
    #[serde(default)]
    pub config: Option<Config>,
    #[serde(default)]
    pub meta: Option<Box<RawValue>>,
    #[serde(default)]
    pub columns: Option<IndexMap<String, Column>>,
    #[serde(default)]
    pub depends_on: Option<DependsOn>,
    #[serde(default)]
    pub patch_path: Option<String>,
    #[serde(default)]
    pub path: Option<String>,
    #[serde(default)]
    pub version: Option<serde_json::Value>,
    #[serde(default)]
    pub latest_version: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub materialized: Option<String>,
    #[serde(default)]
    pub tags: Option<OneOrMany>,
    #[serde(default)]
    pub meta: Option<Box<RawValue>>,
    #[serde(default)]
    pub snowflake_warehouse: Option<String>,
    #[serde(default)]
    pub databricks_compute: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Column {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub data_type: Option<String>,
    /// Whether the name has to be quoted.
    #[serde(default)]
    pub quote: Option<bool>,
    #[serde(default)]
    pub meta: Option<Box<RawValue>>,
    #[serde(default)]
    pub config: Option<ColumnConfig>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ColumnConfig {
    #[serde(default)]
    pub meta: Option<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct DependsOn {
    #[serde(default)]
    pub nodes: Option<Vec<String>>,
}

/// A metric of dbt before 1.6.
#[derive(Debug, Deserialize)]
pub(super) struct LegacyMetric {
    pub name: String,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub calculation_method: Option<String>,
    #[serde(default)]
    pub expression: Option<String>,
    #[serde(default)]
    pub filters: Option<Vec<LegacyFilter>>,
    #[serde(default)]
    pub meta: Option<Box<RawValue>>,
    #[serde(default)]
    pub config: Option<ColumnConfig>,
    #[serde(default)]
    pub depends_on: Option<DependsOn>,
    /// The metrics that a derived one is computed from.
    #[serde(default)]
    pub metrics: Option<Vec<Vec<String>>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LegacyFilter {
    pub field: String,
    pub operator: String,
    pub value: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn to_vec(&self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one.clone()],
            Self::Many(many) => many.clone(),
        }
    }
}

impl Node {
    /// Whether there is a table or a view to query.
    fn is_queryable(&self) -> bool {
        let materialized = self
            .config
            .as_ref()
            .and_then(|config| config.materialized.as_deref());
        !matches!(materialized, None | Some("ephemeral"))
    }
}

impl Manifest {
    pub(super) fn from_slice(json: &[u8]) -> Result<Self, ManifestError> {
        File::check(serde_json::from_slice(json)?)
    }

    pub(super) fn from_reader(json: impl Read) -> Result<Self, ManifestError> {
        File::check(serde_json::from_reader(json)?)
    }

    /// The warehouse that dbt ran on.
    pub(super) fn dialect(&self) -> Option<Dialect> {
        let adapter = self.adapter.as_deref()?;
        match adapter {
            "spark" => Some(Dialect::Databricks),
            _ => Dialect::ALL
                .into_iter()
                .find(|dialect| dialect.name() == adapter),
        }
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    nodes: Models,
    #[serde(default)]
    metrics: Metrics,
}

impl File {
    fn check(self) -> Result<Manifest, ManifestError> {
        let version = self
            .metadata
            .dbt_schema_version
            .as_deref()
            .and_then(version);
        match version {
            None => return Err(ManifestError::Unversioned),
            Some(old @ ..7) => return Err(ManifestError::TooOld(old)),
            Some(_) => {}
        }
        // From version 10 on, dbt's metrics are of another kind.
        let metrics = if version.is_some_and(|version| version <= 9) {
            self.metrics.0
        } else {
            IndexMap::new()
        };
        Ok(Manifest {
            adapter: self.metadata.adapter_type,
            generated_at: self.metadata.generated_at.and_then(|at| at.parse().ok()),
            models: self.nodes.0,
            metrics,
        })
    }
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    dbt_schema_version: Option<String>,
    #[serde(default)]
    adapter_type: Option<String>,
    #[serde(default)]
    generated_at: Option<String>,
}

/// `https://schemas.getdbt.com/dbt/manifest/v11.json` → 11.
fn version(address: &str) -> Option<u32> {
    let (_, file) = address.rsplit_once("/manifest/v")?;
    file.strip_suffix(".json")?.parse().ok()
}

/// The models among the nodes. One node at a time is looked at as a whole, so that a bad one is only that.
#[derive(Default)]
struct Models(IndexMap<String, Result<Node, BrokenNode>>);

/// What tells a model from a test.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    resource_type: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

impl<'de> Deserialize<'de> for Models {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut models = IndexMap::new();
        each(deserializer, |id: String, json| {
            let head: Head = match serde_json::from_str(json.get()) {
                Ok(head) => head,
                Err(_) => return,
            };
            if head.resource_type.as_deref() != Some("model") {
                return;
            }
            match serde_json::from_str::<Node>(json.get()) {
                Ok(node) if node.is_queryable() => {
                    models.insert(id, Ok(node));
                }
                Ok(_) => {}
                Err(reason) => {
                    let short = || id.rsplit('.').next().unwrap_or_default().to_owned();
                    let broken = BrokenNode {
                        name: head.name.unwrap_or_else(short),
                        reason: reason.to_string(),
                    };
                    models.insert(id, Err(broken));
                }
            }
        })?;
        Ok(Self(models))
    }
}

/// Metrics that can be read; others are of a kind that no explore has.
#[derive(Default)]
struct Metrics(IndexMap<String, LegacyMetric>);

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut metrics = IndexMap::new();
        each(deserializer, |id, json| {
            if let Ok(metric) = serde_json::from_str(json.get()) {
                metrics.insert(id, metric);
            }
        })?;
        Ok(Self(metrics))
    }
}

/// Calls a function with each entry of an object, and none for null.
fn each<'de, D: Deserializer<'de>>(
    deserializer: D,
    take: impl FnMut(String, Box<RawValue>),
) -> Result<(), D::Error> {
    struct Entries<F>(F);
    impl<'de, F: FnMut(String, Box<RawValue>)> Visitor<'de> for Entries<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E: de::Error>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            // An empty list stands for an empty object in some writers.
            match list.next_element::<IgnoredAny>()? {
                None => Ok(()),
                Some(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &self)),
            }
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                (self.0)(key, value);
            }
            Ok(())
        }
    }
    deserializer.deserialize_any(Entries(take))
}
