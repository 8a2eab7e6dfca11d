//! The tables of an explore → the explore, with every field compiled.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::filter_grammar;
use super::find::{Alias, Field, Kind};
use super::plan::{Outcome, Plan};
use super::sql::{Compiler, Fault, stable_id};
use crate::explore::{
    Dimension, Explore, ExploreOrError, FieldFilter, FieldTarget, InlineError, InlineErrorType,
    Join, Metric, Table,
};

/// How many warnings are told.
const MOST_WARNINGS: usize = 50;

/// An explore in the making.
pub(super) struct Assembly<'a> {
    plan: &'a Plan<'a>,
    aliases: &'a [Alias<'a>],
    compiler: Compiler<'a>,
    errors: Vec<InlineError>,
    warnings: Vec<String>,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, aliases: &'a [Alias<'a>]) -> Self {
        Self {
            plan,
            aliases,
            compiler: Compiler::new(plan.settings, aliases),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Compiles it.
    pub(super) fn explore(mut self) -> Outcome {
        let plan = self.plan;
        let joins = self.joins();
        let wheres: Vec<Option<String>> = (0..self.aliases.len())
            .map(|table| self.sql_where(table))
            .collect();
        for table in 0..self.aliases.len() {
            self.compile_fields(table);
        }
        self.sort_faults();
        if !self.errors.is_empty() {
            return plan.error(self.errors);
        }
        let mut ids = self.can_clash().then(HashSet::new);
        let mut tables = IndexMap::with_capacity(self.aliases.len());
        for (at, sql_where) in wheres.into_iter().enumerate() {
            if let Some((name, table)) = self.table(at, sql_where, &mut ids) {
                tables.insert(name, table);
            }
        }
        if !self.errors.is_empty() {
            return plan.error(self.errors);
        }
        self.warnings.truncate(MOST_WARNINGS);
        let base = plan.base;
        Outcome {
            explore: ExploreOrError::Explore(Box::new(Explore {
                name: plan.name().to_owned(),
                label: plan.label(),
                tags: base.tags.clone(),
                group_label: plan.group_label(),
                base_table: plan.model.to_owned(),
                joined_tables: joins,
                tables,
                target_database: plan.settings.dialect,
                warehouse: base.warehouse.clone(),
                databricks_compute: base.databricks_compute.clone(),
                yml_path: base.yml_path.clone(),
                sql_path: base.sql_path.clone(),
                explore_type: None,
                spotlight: Some(base.spotlight.clone()),
            })),
            warnings: self.warnings,
        }
    }

    fn joins(&mut self) -> Vec<Join> {
        let mut joins = Vec::with_capacity(self.aliases.len());
        for (at, join) in self.plan.joins().iter().enumerate() {
            let table = at + 1;
            let Some(alias) = self.aliases.get(table) else {
                continue;
            };
            let about = format!("The join of \"{}\"", alias.name);
            match self.compiler.condition(table, &join.sql_on, &about) {
                Ok(sql) => joins.push(Join {
                    table: alias.name.clone(),
                    sql_on: join.sql_on.clone(),
                    join_type: join.join_type,
                    tables_references: Some(self.compiler.aliases(&sql.tables)),
                    compiled_sql_on: sql.text,
                    hidden: join.hidden,
                    always: join.always,
                    relationship: join.relationship,
                }),
                Err(message) => self.errors.push(compile_error(message)),
            }
        }
        joins
    }

    fn sql_where(&mut self, table: usize) -> Option<String> {
        let alias = self.aliases.get(table)?;
        let sql = alias.table.uncompiled_sql_where.as_deref()?;
        let about = format!("The `sql_filter` of \"{}\"", alias.name);
        match self.compiler.condition(table, sql, &about) {
            Ok(sql) => Some(sql.text),
            Err(message) => {
                self.errors.push(compile_error(message));
                None
            }
        }
    }

    /// Compiles the fields that are seen. What they refer to is compiled with them.
    fn compile_fields(&mut self, table: usize) {
        let Some(alias) = self.aliases.get(table) else {
            return;
        };
        for (index, (key, dimension)) in alias.built.dimensions.iter().enumerate() {
            if alias.sees_dimension(key, dimension) {
                self.compiler.field(Field {
                    table,
                    kind: Kind::Dimension,
                    index,
                });
            }
        }
        for (index, key) in alias.built.metrics.keys().enumerate() {
            if alias.sees(key) {
                self.compiler.field(Field {
                    table,
                    kind: Kind::Metric,
                    index,
                });
            }
        }
    }

    /// Broken fields of the base table are errors; those of joined ones are left out.
    fn sort_faults(&mut self) {
        for (field, fault) in &self.compiler.faults {
            let own_reason = match fault {
                Fault::Says(_) => true,
                Fault::Needs(other) => other.table != field.table,
            };
            if !own_reason {
                continue;
            }
            let message = match fault {
                Fault::Says(message) => message.clone(),
                Fault::Needs(_) => format!(
                    "{}: {}",
                    self.compiler.describe(*field),
                    self.compiler.explain(fault)
                ),
            };
            if field.table == 0 {
                if self.errors.len() < 20 {
                    self.errors.push(compile_error(message));
                }
            } else {
                self.warnings.push(format!("Left out: {message}"));
            }
        }
        let doubts = self
            .compiler
            .doubts
            .iter()
            .filter(|(field, _)| field.table == 0);
        self.warnings.extend(doubts.map(|(_, doubt)| doubt.clone()));
        for alias in self.aliases.iter().skip(1) {
            for name in &alias.built.broken {
                if alias.sees(name) {
                    let (table, model) = (&alias.name, alias.model);
                    self.warnings.push(format!(
                        "Left out: \"{table}.{name}\", which is broken in the model \"{model}\""
                    ));
                }
            }
        }
    }

    fn table(
        &mut self,
        at: usize,
        sql_where: Option<String>,
        ids: &mut Option<HashSet<String>>,
    ) -> Option<(String, Table)> {
        let alias = self.aliases.get(at)?;
        let mut dimensions = IndexMap::with_capacity(alias.built.dimensions.len());
        for (index, (key, dimension)) in alias.built.dimensions.iter().enumerate() {
            let field = Field {
                table: at,
                kind: Kind::Dimension,
                index,
            };
            let Some(sql) = self.compiler.take(field) else {
                continue;
            };
            let compiled = Dimension {
                table: alias.name.clone(),
                table_label: alias.label.clone(),
                compiled_sql: sql.text,
                hidden: dimension.hidden || alias.hidden || !alias.sees_dimension(key, dimension),
                tables_references: Some(self.compiler.aliases(&sql.tables)),
                tables_required_attributes: self.compiler.required(&sql.tables),
                ..dimension.clone()
            };
            if self.is_new(ids, at, &dimension.name) {
                dimensions.insert(key.clone(), compiled);
            }
        }
        let mut metrics = IndexMap::with_capacity(alias.built.metrics.len());
        for (index, (key, draft)) in alias.built.metrics.iter().enumerate() {
            let field = Field {
                table: at,
                kind: Kind::Metric,
                index,
            };
            let Some(sql) = self.compiler.take(field) else {
                continue;
            };
            let compiled = Metric {
                table: alias.name.clone(),
                table_label: alias.label.clone(),
                compiled_sql: sql.text,
                filters: sql.filters,
                hidden: draft.metric.hidden || alias.hidden || !alias.sees(key),
                tables_references: Some(self.compiler.aliases(&sql.tables)),
                tables_required_attributes: self.compiler.required(&sql.tables),
                ..draft.metric.clone()
            };
            if self.is_new(ids, at, &draft.metric.name) {
                metrics.insert(key.clone(), compiled);
            }
        }
        let further = self.plan.further.filter(|_| at == 0);
        let table = Table {
            name: alias.name.clone(),
            label: alias.label.clone(),
            original_name: (at > 0).then(|| alias.model.to_owned()),
            description: further
                .and_then(|further| further.description.clone())
                .or_else(|| alias.table.description.clone()),
            sql_where,
            required_filters: self.filters(at),
            hidden: alias.hidden.then_some(true),
            dimensions,
            metrics,
            ..alias.table.clone()
        };
        Some((alias.name.clone(), table))
    }

    /// Whether two fields could have the same id at all: where names are not what they are listed as, or the name of one table
    /// begins like another's.
    fn can_clash(&self) -> bool {
        let begins = |one: &Alias<'_>| {
            let mut others = self.aliases.iter().filter(|other| other.name != one.name);
            others.any(|other| other.name.starts_with(&one.name))
        };
        self.aliases
            .iter()
            .any(|alias| alias.built.renamed || begins(alias))
    }

    /// Whether no other field of the explore has the id of this one.
    fn is_new(&mut self, ids: &mut Option<HashSet<String>>, table: usize, name: &str) -> bool {
        let (Some(ids), Some(alias)) = (ids, self.aliases.get(table)) else {
            return true;
        };
        let mut id = String::with_capacity(alias.name.len() + name.len() + 1);
        id.push_str(&alias.name);
        id.push('_');
        match name.contains('.') {
            true => id.push_str(&name.replace('.', "__")),
            false => id.push_str(name),
        }
        if ids.contains(&id) {
            let message = format!("Two fields have the id \"{id}\"");
            if table == 0 {
                self.errors.push(compile_error(message));
            } else {
                self.warnings
                    .push(format!("Left out: {message}; one of \"{}\"", alias.name));
            }
            return false;
        }
        ids.insert(id)
    }

    /// The required and default filters of a table.
    fn filters(&mut self, at: usize) -> Vec<FieldFilter> {
        let Some(alias) = self.aliases.get(at) else {
            return Vec::new();
        };
        let mut filters = Vec::with_capacity(alias.built.filters.len());
        for filter in &alias.built.filters {
            let reference = match &filter.table {
                Some(table) => format!("{table}.{}", filter.field),
                None => filter.field.clone(),
            };
            let found =
                self.compiler
                    .find(at, filter.table.as_deref(), &filter.field, Kind::Dimension);
            let field_type = match found {
                Ok(field) => self.compiler.field_type(field),
                Err(reason) => {
                    if at == 0 {
                        self.warnings
                            .push(format!("The filter on \"{reference}\": {reason}"));
                    }
                    None
                }
            };
            match filter_grammar::parse(&filter.value, field_type) {
                Ok(parsed) => {
                    if let Some(warning) = parsed.warning.filter(|_| at == 0) {
                        self.warnings
                            .push(format!("The filter on \"{reference}\": {warning}"));
                    }
                    filters.push(FieldFilter {
                        id: stable_id(&[alias.model, "", &reference]),
                        target: FieldTarget {
                            field_ref: filter.field.clone(),
                            table_name: filter.table.clone(),
                            rest: IndexMap::new(),
                        },
                        operator: parsed.operator,
                        values: Some(parsed.values),
                        settings: parsed.settings,
                        disabled: None,
                        required: Some(filter.required),
                        rest: IndexMap::new(),
                    });
                }
                Err(message) => {
                    let message = format!("The filter on \"{reference}\": {message}");
                    if at == 0 {
                        self.errors.push(compile_error(message));
                    } else {
                        self.warnings.push(message);
                    }
                }
            }
        }
        filters
    }
}

pub(super) fn compile_error(message: String) -> InlineError {
    InlineError {
        error_type: InlineErrorType::NoDimensionsFound,
        message,
    }
}
