//! Which models a model comes from, and which come from it.

use std::collections::{HashMap, HashSet, VecDeque};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::manifest::Manifest;

/// How many models one model's lineage has at most: the nearest.
const MOST: usize = 1_000;

/// Models and the models that they select from, by their position among the models of the manifest.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    names: Vec<String>,
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

impl Lineage {
    pub(super) fn new(manifest: &Manifest) -> Self {
        let positions: HashMap<&str, usize> = manifest
            .models
            .keys()
            .enumerate()
            .map(|(at, id)| (id.as_str(), at))
            .collect();
        let mut lineage = Self {
            children: vec![Vec::new(); positions.len()],
            ..Self::default()
        };
        for (at, model) in manifest.models.values().enumerate() {
            let (name, depends_on) = match model {
                Ok(node) => (&node.name, node.depends_on.as_ref()),
                Err(broken) => (&broken.name, None),
            };
            let ids = depends_on.and_then(|depends_on| depends_on.nodes.as_deref());
            let mut parents = Vec::new();
            for id in ids.unwrap_or_default() {
                if let Some(parent) = positions.get(id.as_str())
                    && !parents.contains(parent)
                {
                    parents.push(*parent);
                    if let Some(children) = lineage.children.get_mut(*parent) {
                        children.push(at);
                    }
                }
            }
            lineage.names.push(name.clone());
            lineage.parents.push(parents);
        }
        lineage
    }

    /// Each ancestor and descendant, and the model itself, with the models that it selects from.
    pub(super) fn of(&self, model: usize) -> IndexMap<String, Value> {
        let mut graph = IndexMap::new();
        for steps in [&self.parents, &self.children] {
            let mut seen = HashSet::from([model]);
            let mut next = VecDeque::from([model]);
            while let Some(at) = next.pop_front() {
                if graph.len() >= MOST {
                    break;
                }
                if let Some(name) = self.names.get(at) {
                    graph
                        .entry(name.clone())
                        .or_insert_with(|| self.parents(at));
                }
                let further = steps.get(at).into_iter().flatten().copied();
                next.extend(further.filter(|one| seen.len() <= MOST && seen.insert(*one)));
            }
        }
        graph
    }

    fn parents(&self, at: usize) -> Value {
        let names = self.parents.get(at).into_iter().flatten();
        let names = names.filter_map(|parent| self.names.get(*parent));
        names
            .map(|name| json!({ "type": "model", "name": name }))
            .collect()
    }
}
