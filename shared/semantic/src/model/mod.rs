//! From a dbt project to explores: the manifest, the `lightdash` meta of its models, and the warehouse's column types in;
//! explores and explore errors out. No other tool is needed.
//!
//! One broken model is one explore error. Its further explores go with it; explores that only join it lose its broken fields, or,
//! where the table itself cannot be said, are errors too. Nothing in a manifest makes the others fail.
//!
//! Errors are of the two types that clients know: `METADATA_PARSE_ERROR` where something is written wrong (an unknown type, a
//! missing `sql_on`, a name given twice), `NO_DIMENSIONS_FOUND` where it is written right and cannot be compiled (no columns,
//! unknown references, circles).
//!
//! The same input gives the same output, byte by byte: ids of filters are derived, not drawn.

mod catalog;
mod dimension;
mod explore;
mod fields;
mod filter_grammar;
mod find;
mod friendly;
mod joins;
mod lineage;
mod manifest;
mod meta;
mod metric;
mod plan;
mod settings;
mod sql;
mod table;
mod value;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Read;
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::dialect::Dialect;
use crate::explore::{ExploreError, ExploreOrError, InlineError, InlineErrorType};

pub use catalog::Catalog;
pub use friendly::friendly;
pub use manifest::ManifestError;
pub use plan::Outcome;
pub use settings::{Category, ProjectSettings, SpotlightSettings};

use lineage::Lineage;
use manifest::{BrokenNode, LegacyMetric, Manifest, Node};
use plan::{Joined, Plan};
use table::{Built, Context};

/// The explores of a manifest, and what kept other models from becoming explores, in the order of the models.
///
/// All of them at once: [`Project::explores`] gives one after the other, which takes little memory.
pub fn explores(
    manifest: &[u8],
    catalog: Option<&Catalog>,
    settings: &ProjectSettings,
) -> Result<Vec<ExploreOrError>, ManifestError> {
    let project = Project::from_slice(manifest)?;
    let outcomes = project.explores(catalog, settings);
    Ok(outcomes.map(|outcome| outcome.explore).collect())
}

/// A manifest that was read.
#[derive(Debug)]
pub struct Project {
    manifest: Manifest,
    lineage: Lineage,
    /// The position of each model by name.
    names: HashMap<String, usize>,
    /// Names that several models have.
    repeated: HashSet<String>,
}

impl Project {
    /// Reads a manifest that is in memory.
    pub fn from_slice(json: &[u8]) -> Result<Self, ManifestError> {
        Manifest::from_slice(json).map(Self::new)
    }

    /// Reads a manifest piece by piece; what of it is not needed is not kept. The reader should be buffered.
    pub fn from_reader(json: impl Read) -> Result<Self, ManifestError> {
        Manifest::from_reader(json).map(Self::new)
    }

    /// The warehouse that dbt ran on, if it is one that SQL can be written for.
    pub fn dialect(&self) -> Option<Dialect> {
        self.manifest.dialect()
    }

    /// When dbt wrote the manifest: a `now` that is the same whenever the manifest is.
    pub fn generated_at(&self) -> Option<DateTime<Utc>> {
        self.manifest.generated_at
    }

    /// How many models there are.
    pub fn models(&self) -> usize {
        self.names.len()
    }

    /// The explores of each model, one after the other.
    pub fn explores<'a>(
        &'a self,
        catalog: Option<&'a Catalog>,
        settings: &'a ProjectSettings,
    ) -> Explores<'a> {
        Explores {
            project: self,
            catalog,
            settings,
            legacy: self.legacy(),
            names: HashSet::new(),
            cache: HashMap::new(),
            next: 0,
            ready: VecDeque::new(),
        }
    }

    fn new(manifest: Manifest) -> Self {
        let lineage = Lineage::new(&manifest);
        let mut names: HashMap<String, usize> = HashMap::with_capacity(manifest.models.len());
        let mut repeated = HashSet::new();
        let mut latest = HashSet::new();
        for (at, model) in manifest.models.values().enumerate() {
            let (name, is_latest) = match model {
                Ok(node) => {
                    let version = node.version.as_ref().filter(|version| !version.is_null());
                    (
                        &node.name,
                        version.is_some() && version == node.latest_version.as_ref(),
                    )
                }
                Err(broken) => (&broken.name, false),
            };
            // Of the versions of a model the latest counts; of other namesakes the last.
            let known = names.contains_key(name);
            if known {
                repeated.insert(name.clone());
            }
            if is_latest || !latest.contains(name) {
                names.insert(name.clone(), at);
            }
            if is_latest {
                latest.insert(name.clone());
            }
        }
        Self {
            manifest,
            lineage,
            names,
            repeated,
        }
    }

    fn model(&self, at: usize) -> Option<&Result<Node, BrokenNode>> {
        self.manifest.models.get_index(at).map(|(_, model)| model)
    }

    /// dbt's own metrics by the position of their model.
    fn legacy(&self) -> HashMap<usize, Vec<&LegacyMetric>> {
        let mut by_model: HashMap<usize, Vec<&LegacyMetric>> = HashMap::new();
        for metric in self.manifest.metrics.values() {
            if let Some(model) = self.model_of(metric, 0) {
                by_model.entry(model).or_default().push(metric);
            }
        }
        by_model
    }

    /// The first model that a metric depends on, also through other metrics.
    fn model_of(&self, metric: &LegacyMetric, depth: usize) -> Option<usize> {
        let nodes = metric.depends_on.as_ref()?.nodes.as_deref()?;
        let direct = nodes
            .iter()
            .find_map(|id| self.manifest.models.get_index_of(id));
        direct.or_else(|| {
            let first = nodes.iter().find_map(|id| self.manifest.metrics.get(id))?;
            (depth < 20)
                .then(|| self.model_of(first, depth + 1))
                .flatten()
        })
    }
}

/// The explores of a project, one after the other.
pub struct Explores<'a> {
    project: &'a Project,
    catalog: Option<&'a Catalog>,
    settings: &'a ProjectSettings,
    legacy: HashMap<usize, Vec<&'a LegacyMetric>>,
    /// Of further explores so far.
    names: HashSet<String>,
    /// Models that were read; emptied when it is full.
    cache: HashMap<usize, Rc<Built>>,
    next: usize,
    ready: VecDeque<Outcome>,
}

/// How many models are kept for those that join them.
const CACHED: usize = 512;

impl Iterator for Explores<'_> {
    type Item = Outcome;

    fn next(&mut self) -> Option<Outcome> {
        loop {
            if let Some(outcome) = self.ready.pop_front() {
                return Some(outcome);
            }
            let at = self.next;
            let model = self.project.model(at)?;
            self.next += 1;
            let name = match model {
                Ok(node) => &node.name,
                Err(broken) => &broken.name,
            };
            if self.project.names.get(name) != Some(&at) {
                continue;
            }
            match model {
                Ok(node) => self.compile(at, node),
                Err(broken) => self.ready.push_back(unreadable(broken)),
            }
        }
    }
}

impl<'a> Explores<'a> {
    fn compile(&mut self, at: usize, node: &Node) {
        let base = self.built(at, node);
        let mut plan = Plan {
            settings: self.settings,
            model: &node.name,
            base: &base,
            further: None,
        };
        if !base.problems.told().is_empty() {
            let outcome = plan.error(base.problems.told().to_vec());
            self.ready.push_back(outcome);
            return;
        }
        let mut outcome = plan.compile(&mut |name| self.joined(name));
        outcome.warnings.splice(..0, base.warnings.iter().cloned());
        if self.project.repeated.contains(&node.name) {
            outcome
                .warnings
                .push(format!("Several models are called \"{}\"", node.name));
        }
        let first = self.ready.len();
        self.ready.push_back(outcome);
        for further in &base.explores {
            let name = &further.name;
            if self.project.names.contains_key(name) || !self.names.insert(name.clone()) {
                let message =
                    format!("Left out: the explore \"{name}\", since another one has that name");
                if let Some(outcome) = self.ready.get_mut(first) {
                    outcome.warnings.push(message);
                }
                continue;
            }
            plan.further = Some(further);
            let outcome = plan.compile(&mut |name| self.joined(name));
            self.ready.push_back(outcome);
        }
    }

    fn joined(&mut self, name: &str) -> Joined {
        let Some(at) = self.project.names.get(name) else {
            return Joined::Missing;
        };
        let project: &'a Project = self.project;
        match project.model(*at) {
            Some(Ok(node)) => Joined::Built(self.built(*at, node)),
            Some(Err(_)) | None => Joined::Broken,
        }
    }

    fn built(&mut self, at: usize, node: &Node) -> Rc<Built> {
        if let Some(built) = self.cache.get(&at) {
            return Rc::clone(built);
        }
        let context = Context {
            settings: self.settings,
            catalog: self.catalog,
            legacy: self.legacy.get(&at).cloned().unwrap_or_default(),
        };
        let mut built = context.build(node);
        if let Some(table) = &mut built.table {
            table.lineage_graph = Some(self.project.lineage.of(at));
        }
        if self.cache.len() >= CACHED {
            self.cache.clear();
        }
        let built = Rc::new(built);
        self.cache.insert(at, Rc::clone(&built));
        built
    }
}

/// A model that is not of a model's shape.
fn unreadable(broken: &BrokenNode) -> Outcome {
    Outcome {
        explore: ExploreOrError::Error(Box::new(ExploreError {
            name: broken.name.clone(),
            label: friendly(&broken.name),
            group_label: None,
            tags: Some(Vec::new()),
            base_table: None,
            tables: None,
            errors: vec![InlineError {
                error_type: InlineErrorType::MetadataParseError,
                message: format!(
                    "The model \"{}\" cannot be read: {}",
                    broken.name, broken.reason
                ),
            }],
        })),
        warnings: Vec::new(),
    }
}
