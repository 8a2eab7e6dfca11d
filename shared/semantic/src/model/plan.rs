//! Which tables an explore is made of.

use std::collections::HashSet;
use std::rc::Rc;

use indexmap::IndexMap;

use super::explore::{Assembly, compile_error};
use super::find::Alias;
use super::friendly::friendly;
use super::joins::{ExploreMeta, JoinMeta};
use super::settings::ProjectSettings;
use super::table::Built;
use crate::explore::{ExploreError, ExploreOrError, InlineError, PartialTable};

/// How many joins an explore may have: each brings all fields of its model once more.
const MOST_JOINS: usize = 500;

/// An explore, and what was left out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub explore: ExploreOrError,
    /// Sentences: fields of joined models that are broken, filters on unknown fields.
    pub warnings: Vec<String>,
}

/// A model that is joined: as it was read, or why it cannot be.
pub(super) enum Joined {
    Built(Rc<Built>),
    Broken,
    Missing,
}

/// One explore to be made: of a model, or a further one of it.
pub(super) struct Plan<'a> {
    pub settings: &'a ProjectSettings,
    pub model: &'a str,
    pub base: &'a Built,
    pub further: Option<&'a ExploreMeta>,
}

impl Plan<'_> {
    pub(super) fn name(&self) -> &str {
        self.further.map_or(self.model, |further| &further.name)
    }

    pub(super) fn label(&self) -> String {
        match self.further {
            None => self.base.label.clone(),
            Some(further) => further
                .label
                .clone()
                .unwrap_or_else(|| friendly(&further.name)),
        }
    }

    pub(super) fn group_label(&self) -> Option<String> {
        let own = self.further.and_then(|further| further.group_label.clone());
        own.or_else(|| self.base.group_label.clone())
    }

    pub(super) fn joins(&self) -> &[JoinMeta] {
        self.further
            .map_or(&self.base.joins, |further| &further.joins)
    }

    /// The explore as an error. Whom it is not for is kept, since its texts are not for them either.
    pub(super) fn error(&self, errors: Vec<InlineError>) -> Outcome {
        let required = self.base.required_attributes.clone();
        let tables = required.map(|required| {
            let table = PartialTable {
                required_attributes: Some(required),
            };
            IndexMap::from([(self.model.to_owned(), table)])
        });
        Outcome {
            explore: ExploreOrError::Error(Box::new(ExploreError {
                name: self.name().to_owned(),
                label: self.label(),
                group_label: self.group_label(),
                tags: Some(self.base.tags.clone()),
                base_table: tables.is_some().then(|| self.model.to_owned()),
                tables,
                errors,
            })),
            warnings: Vec::new(),
        }
    }

    /// Compiles the explore, with the models that it joins.
    pub(super) fn compile(&self, find: &mut dyn FnMut(&str) -> Joined) -> Outcome {
        if self.joins().len() > MOST_JOINS {
            return self.refuse(format!(
                "The explore \"{}\" has more than {MOST_JOINS} joins",
                self.name()
            ));
        }
        let mut joined = Vec::with_capacity(self.joins().len());
        for join in self.joins() {
            match find(&join.model) {
                Joined::Built(built) if built.table.is_some() => joined.push(built),
                Joined::Built(_) | Joined::Broken => {
                    return self.refuse(format!(
                        "The model \"{}\", which \"{}\" joins, is broken",
                        join.model,
                        self.name()
                    ));
                }
                Joined::Missing => {
                    return self.refuse(format!(
                        "There is no model \"{}\" that \"{}\" could join",
                        join.model,
                        self.name()
                    ));
                }
            }
        }
        let aliases = match self.aliases(&joined) {
            Ok(aliases) => aliases,
            Err(message) => return self.refuse(message),
        };
        Assembly::new(self, &aliases).explore()
    }

    fn refuse(&self, message: String) -> Outcome {
        self.error(vec![compile_error(message)])
    }

    /// The tables of the explore: the base, then the joined ones.
    fn aliases<'b>(&'b self, joined: &'b [Rc<Built>]) -> Result<Vec<Alias<'b>>, String> {
        let table = self.base.table.as_ref().ok_or("The model has no table")?;
        let mut names = HashSet::from([self.model]);
        let mut aliases = vec![Alias {
            name: self.model.to_owned(),
            model: self.model,
            label: self.base.label.clone(),
            hidden: false,
            fields: None,
            built: self.base,
            table,
        }];
        for (join, built) in self.joins().iter().zip(joined) {
            let name = join.alias.as_deref().unwrap_or(&join.model);
            if !names.insert(name) {
                return Err(format!(
                    "The explore \"{}\" has two tables called \"{name}\"; give one of the joins an `alias`",
                    self.name()
                ));
            }
            let table = built.table.as_ref().ok_or("A joined model has no table")?;
            let label = join
                .label
                .clone()
                .or_else(|| join.alias.as_deref().map(friendly));
            aliases.push(Alias {
                name: name.to_owned(),
                model: &join.model,
                label: label.unwrap_or_else(|| built.label.clone()),
                hidden: join.hidden == Some(true),
                fields: join.fields.as_deref(),
                built,
                table,
            });
        }
        Ok(aliases)
    }
}
