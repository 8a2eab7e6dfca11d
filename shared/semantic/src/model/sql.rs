//! Fields with references → SQL without them, in one explore. Each field is compiled once, whoever refers to it; circles are
//! found, not walked.

use std::rc::Rc;

use chrono_tz::Tz;

use super::filter_grammar;
use super::settings::ProjectSettings;
use super::table::Built;
use crate::error::closest;
use crate::explore::{Dimension, FieldFilter, FieldTarget, OneOrMany, RequiredAttributes, Table};
use crate::filter::{FieldType, Rule, rule_sql};
use crate::literal;
use crate::reference::{Piece, pieces};
use crate::time::TimeContext;

/// How deep references may be nested.
const DEEPEST: usize = 100;
/// How long the SQL of one field may become, in bytes.
const LONGEST: usize = 200_000;
/// How long the SQL of all fields of an explore may become together.
const LONGEST_EXPLORE: usize = 20_000_000;
/// How many suggestions are looked for.
const MOST_HINTS: usize = 20;

/// A model as one explore sees it.
pub(super) struct Alias<'a> {
    /// The alias, where there is one.
    pub name: String,
    pub model: &'a str,
    pub label: String,
    pub hidden: bool,
    /// The only fields that are seen.
    pub fields: Option<&'a [String]>,
    pub built: &'a Built,
    pub table: &'a Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dimension,
    Metric,
}

/// A field by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub table: usize,
    pub kind: Kind,
    pub index: usize,
}

/// What a field becomes.
#[derive(Debug, Default)]
pub(super) struct Sql {
    pub text: String,
    /// The tables that it names, by position.
    pub tables: Vec<usize>,
    /// Of a metric.
    pub filters: Vec<FieldFilter>,
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    New,
    Busy,
    Done(Rc<Sql>),
    Broken,
}

/// Why something cannot be compiled.
#[derive(Debug)]
pub(super) enum Fault {
    Says(String),
    /// It needs a field that cannot be compiled.
    Needs(Field),
}

/// The compiler of one explore.
pub(super) struct Compiler<'a> {
    settings: &'a ProjectSettings,
    time: TimeContext,
    tables: &'a [Alias<'a>],
    dimensions: Vec<Vec<State>>,
    metrics: Vec<Vec<State>>,
    /// The fields that are being compiled, each for the one before.
    path: Vec<Field>,
    /// The condition that is being compiled, when no field is.
    about: String,
    /// In the order in which they were found.
    pub faults: Vec<(Field, Fault)>,
    /// What may be meant otherwise.
    pub doubts: Vec<(Field, String)>,
    length: usize,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(settings: &'a ProjectSettings, tables: &'a [Alias<'a>]) -> Self {
        let states = |count: fn(&Built) -> usize| {
            let counts = tables.iter().map(|table| count(table.built));
            counts.map(|count| vec![State::New; count]).collect()
        };
        Self {
            settings,
            time: TimeContext {
                now: settings.now,
                timezone: Tz::UTC,
                start_of_week: settings.start_of_week,
            },
            tables,
            dimensions: states(|built| built.dimensions.len()),
            metrics: states(|built| built.metrics.len()),
            path: Vec::new(),
            about: String::new(),
            faults: Vec::new(),
            doubts: Vec::new(),
            length: 0,
        }
    }

    /// The SQL of a field; none if it cannot be compiled, and then `faults` says why.
    pub(super) fn field(&mut self, field: Field) -> Option<Rc<Sql>> {
        match self.state(field) {
            Some(State::New) => {}
            Some(State::Done(sql)) => return Some(Rc::clone(sql)),
            Some(State::Busy | State::Broken) | None => return None,
        }
        if let Some(state) = self.state_mut(field) {
            *state = State::Busy;
        }
        self.path.push(field);
        let result = if self.path.len() > DEEPEST {
            Err(Fault::Says(format!(
                "{} is more than {DEEPEST} references deep",
                self.describe(field)
            )))
        } else {
            match field.kind {
                Kind::Dimension => self.dimension(field),
                Kind::Metric => self.metric(field),
            }
        };
        self.path.pop();
        let (state, sql) = match result {
            Ok(sql) => {
                self.length += sql.text.len();
                let sql = Rc::new(sql);
                (State::Done(Rc::clone(&sql)), Some(sql))
            }
            Err(fault) => {
                self.faults.push((field, fault));
                (State::Broken, None)
            }
        };
        if let Some(place) = self.state_mut(field) {
            *place = state;
        }
        sql
    }

    /// Takes what a field became out of the compiler.
    pub(super) fn take(&mut self, field: Field) -> Option<Sql> {
        match std::mem::take(self.state_mut(field)?) {
            State::Done(sql) => Rc::into_inner(sql),
            State::New | State::Busy | State::Broken => None,
        }
    }

    /// A condition of a table: references are to dimensions. `about` names it in messages: `The join of "customers"`.
    pub(super) fn condition(
        &mut self,
        table: usize,
        sql: &str,
        about: &str,
    ) -> Result<Sql, String> {
        about.clone_into(&mut self.about);
        let mut out = Sql::default();
        match self.render(table, sql, Kind::Dimension, &mut out) {
            Ok(()) => Ok(out),
            Err(Fault::Says(message)) => Err(message),
            Err(fault) => Err(format!("{about}: {}", self.explain(&fault))),
        }
    }

    /// In the words of the user: `metric "n" of "orders"`.
    pub(super) fn describe(&self, field: Field) -> String {
        let kind = match field.kind {
            Kind::Dimension => "dimension",
            Kind::Metric => "metric",
        };
        format!("The {kind} \"{}\"", self.name(field))
    }

    /// Why something is broken, from what it needs down to the reason.
    pub(super) fn explain(&self, fault: &Fault) -> String {
        let mut fault = fault;
        let mut named = None;
        for _ in 0..DEEPEST {
            match fault {
                Fault::Says(message) => {
                    return match named {
                        None => message.clone(),
                        Some(field) => format!("it needs \"{}\": {message}", self.name(field)),
                    };
                }
                Fault::Needs(field) => {
                    named = named.or(Some(*field));
                    match self.faults.iter().find(|(one, _)| one == field) {
                        Some((_, next)) => fault = next,
                        None => break,
                    }
                }
            }
        }
        match named {
            Some(field) => format!("it needs \"{}\", which is broken", self.name(field)),
            None => "it is broken".to_owned(),
        }
    }

    /// `orders.status`
    fn name(&self, field: Field) -> String {
        let Some(alias) = self.tables.get(field.table) else {
            return String::new();
        };
        let key = match field.kind {
            Kind::Dimension => alias
                .built
                .dimensions
                .get_index(field.index)
                .map(|(key, _)| key),
            Kind::Metric => alias
                .built
                .metrics
                .get_index(field.index)
                .map(|(key, _)| key),
        };
        format!(
            "{}.{}",
            alias.name,
            key.map(String::as_str).unwrap_or_default()
        )
    }

    fn state(&self, field: Field) -> Option<&State> {
        let states = match field.kind {
            Kind::Dimension => &self.dimensions,
            Kind::Metric => &self.metrics,
        };
        states.get(field.table)?.get(field.index)
    }

    fn state_mut(&mut self, field: Field) -> Option<&mut State> {
        let states = match field.kind {
            Kind::Dimension => &mut self.dimensions,
            Kind::Metric => &mut self.metrics,
        };
        states.get_mut(field.table)?.get_mut(field.index)
    }

    fn dimension(&mut self, field: Field) -> Result<Sql, Fault> {
        let found = self.tables.get(field.table).and_then(|alias| {
            alias
                .built
                .dimensions
                .get_index(field.index)
                .map(|(_, dimension)| dimension)
        });
        let dimension = found.ok_or_else(|| Fault::Says(String::new()))?;
        let mut out = Sql {
            tables: vec![field.table],
            ..Sql::default()
        };
        self.render(field.table, &dimension.sql, Kind::Dimension, &mut out)?;
        Ok(out)
    }

    fn metric(&mut self, field: Field) -> Result<Sql, Fault> {
        let found = self.tables.get(field.table).and_then(|alias| {
            let (_, draft) = alias.built.metrics.get_index(field.index)?;
            Some((alias.model, draft))
        });
        let (model, draft) = found.ok_or_else(|| Fault::Says(String::new()))?;
        let metric = &draft.metric;
        let mut out = Sql {
            tables: vec![field.table],
            ..Sql::default()
        };
        if !metric.metric_type.is_aggregate() {
            self.render(field.table, &metric.sql, Kind::Metric, &mut out)?;
        } else {
            self.render(field.table, &metric.sql, Kind::Dimension, &mut out)?;
            let mut conditions = Vec::with_capacity(draft.filters.len());
            for (at, (reference, value)) in draft.filters.iter().enumerate() {
                let (filter, sql) = self.filter(field, reference, value, &mut out)?;
                let id = stable_id(&[model, &metric.name, &at.to_string(), reference]);
                out.filters.push(FieldFilter { id, ..filter });
                conditions.push(sql);
            }
            if !conditions.is_empty() {
                let all = conditions.join(" AND ");
                out.text = format!("CASE WHEN ({all}) THEN ({}) ELSE NULL END", out.text);
            }
            let dialect = self.settings.dialect;
            out.text = dialect.aggregate(metric.metric_type, &out.text, metric.percentile);
        }
        for shown in metric.show_underlying_values.iter().flatten() {
            let (table, name) = match shown.split_once('.') {
                Some((table, name)) => (Some(table), name),
                None => (None, shown.as_str()),
            };
            self.find(field.table, table, name, Kind::Dimension)
                .map_err(|message| {
                    Fault::Says(format!(
                        "{} shows an underlying value that is none: {message}",
                        self.describe(field)
                    ))
                })?;
        }
        self.check(&out)?;
        Ok(out)
    }

    /// A filter of a metric, and its condition.
    fn filter(
        &mut self,
        metric: Field,
        reference: &str,
        value: &serde_json::Value,
        out: &mut Sql,
    ) -> Result<(FieldFilter, String), Fault> {
        let (table, name) = match reference.split_once('.') {
            Some((table, name)) => (Some(table), name),
            None => (None, reference),
        };
        let says = |this: &Self, message: String| {
            Fault::Says(format!(
                "{} has a filter on \"{reference}\": {message}",
                this.describe(metric)
            ))
        };
        let field = self
            .find_in_any_case(metric.table, table, name)
            .map_err(|message| says(self, message))?;
        let sql = self.needed(metric, field)?;
        let parsed = filter_grammar::parse(value, self.field_type(field))
            .map_err(|message| says(self, message))?;
        if let Some(warning) = parsed.warning {
            let subject = self.describe(metric);
            let doubt = format!("{subject} has a filter on \"{reference}\": {warning}");
            self.doubts.push((metric, doubt));
        }
        let rule = Rule {
            operator: parsed.operator,
            values: &parsed.values,
            settings: parsed.settings.as_ref(),
        };
        let field_type = self.field_type(field).unwrap_or(FieldType::String);
        let condition = rule_sql(
            self.settings.dialect,
            &sql.text,
            field_type,
            &rule,
            &self.time,
        )
        .map_err(|message| says(self, message))?;
        add_tables(&mut out.tables, &sql.tables);
        let filter = FieldFilter {
            id: String::new(),
            target: FieldTarget {
                field_ref: reference.to_owned(),
                table_name: None,
            },
            operator: parsed.operator,
            values: Some(parsed.values),
            settings: parsed.settings,
            disabled: None,
            required: None,
        };
        Ok((filter, condition))
    }

    /// Puts the SQL of what is referred to in place of the references, each in parentheses.
    fn render(&mut self, table: usize, sql: &str, kind: Kind, out: &mut Sql) -> Result<(), Fault> {
        for piece in pieces(sql) {
            match piece {
                Piece::Text(text) => out.text.push_str(text),
                Piece::Attribute { whole, .. } | Piece::Email { whole } => out.text.push_str(whole),
                Piece::Table => {
                    let Some(alias) = self.tables.get(table) else {
                        continue;
                    };
                    let dialect = self.settings.dialect;
                    let syntax = dialect.syntax();
                    literal::push_identifier(&mut out.text, syntax, dialect, &alias.name);
                    if !out.tables.contains(&table) {
                        out.tables.push(table);
                    }
                }
                Piece::Bad(reference) => {
                    return Err(Fault::Says(format!(
                        "{}has the reference ${{{reference}}}, which is neither a field nor a field of a table",
                        self.subject()
                    )));
                }
                Piece::Field { table: of, field } => {
                    let found = self.find(table, of, field, kind).map_err(|message| {
                        Fault::Says(format!("{}has a reference: {message}", self.subject()))
                    })?;
                    let sub = match self.path.last() {
                        Some(own) => self.needed(*own, found)?,
                        None => self.field(found).ok_or(Fault::Needs(found))?,
                    };
                    add_tables(&mut out.tables, &sub.tables);
                    out.text.push('(');
                    out.text.push_str(&sub.text);
                    out.text.push(')');
                }
            }
            self.check(out)?;
        }
        Ok(())
    }

    /// The SQL of a field that another one refers to.
    fn needed(&mut self, own: Field, field: Field) -> Result<Rc<Sql>, Fault> {
        if own == field {
            return Err(Fault::Says(format!(
                "{} refers to itself",
                self.describe(own)
            )));
        }
        if let Some(at) = self.path.iter().position(|one| *one == field) {
            let circle = self
                .path
                .get(at..)
                .unwrap_or_default()
                .iter()
                .chain([&field]);
            let names: Vec<String> = circle.map(|one| self.name(*one)).collect();
            return Err(Fault::Says(format!(
                "{} is defined by itself: {}",
                self.describe(field),
                names.join(" → ")
            )));
        }
        self.field(field).ok_or(Fault::Needs(field))
    }

    /// What is being compiled, at the start of a sentence.
    fn subject(&self) -> String {
        match self.path.last() {
            Some(field) => format!("{} ", self.describe(*field)),
            None => format!("{} ", self.about),
        }
    }

    fn check(&self, out: &Sql) -> Result<(), Fault> {
        if out.text.len() > LONGEST {
            let subject = self.subject();
            return Err(Fault::Says(format!(
                "{subject}has more than {LONGEST} bytes of SQL"
            )));
        }
        if self.length + out.text.len() > LONGEST_EXPLORE {
            return Err(Fault::Says(format!(
                "The explore has more than {LONGEST_EXPLORE} bytes of SQL"
            )));
        }
        Ok(())
    }

    /// A table by its alias, or by the name of its model.
    pub(super) fn table(&self, name: &str) -> Option<usize> {
        let by_alias = self.tables.iter().position(|alias| alias.name == name);
        by_alias.or_else(|| self.tables.iter().position(|alias| alias.model == name))
    }

    /// A field by reference; the error is the rest of a sentence.
    pub(super) fn find(
        &self,
        own: usize,
        table: Option<&str>,
        name: &str,
        kind: Kind,
    ) -> Result<Field, String> {
        let at = match table {
            None => own,
            Some(table) => self.table(table).ok_or_else(|| self.no_table(table))?,
        };
        let missing = || self.no_field(at, name, kind);
        let built = self.tables.get(at).ok_or_else(missing)?.built;
        let index = match kind {
            Kind::Dimension => built.dimensions.get_index_of(name).or_else(|| {
                built
                    .dimensions
                    .values()
                    .position(|dimension| dimension.name == name)
            }),
            Kind::Metric => built.metrics.get_index_of(name),
        };
        Ok(Field {
            table: at,
            kind,
            index: index.ok_or_else(missing)?,
        })
    }

    /// A dimension for a filter.
    fn find_in_any_case(
        &self,
        own: usize,
        table: Option<&str>,
        name: &str,
    ) -> Result<Field, String> {
        self.find(own, table, name, Kind::Dimension)
            .or_else(|message| {
                let at = table.map_or(Some(own), |table| self.table(table));
                let built = at.and_then(|at| Some(self.tables.get(at)?.built));
                let same = |key: &String| key.eq_ignore_ascii_case(name);
                let index = built.and_then(|built| built.dimensions.keys().position(same));
                match (at, index) {
                    (Some(table), Some(index)) => Ok(Field {
                        table,
                        kind: Kind::Dimension,
                        index,
                    }),
                    _ => Err(message),
                }
            })
    }

    /// What the values of a dimension are.
    pub(super) fn field_type(&self, field: Field) -> Option<FieldType> {
        let built = self.tables.get(field.table)?.built;
        let (_, dimension): (_, &Dimension) = built.dimensions.get_index(field.index)?;
        Some(dimension.dimension_type.into())
    }

    /// The required attributes of tables, by alias.
    pub(super) fn required(
        &self,
        tables: &[usize],
    ) -> Option<indexmap::IndexMap<String, RequiredAttributes>> {
        let required: indexmap::IndexMap<String, indexmap::IndexMap<String, OneOrMany>> = tables
            .iter()
            .filter_map(|table| {
                let alias = self.tables.get(*table)?;
                let required = alias.table.required_attributes.clone()?;
                Some((alias.name.clone(), required))
            })
            .collect();
        (!required.is_empty()).then_some(required)
    }

    /// The aliases of tables.
    pub(super) fn aliases(&self, tables: &[usize]) -> Vec<String> {
        let aliases = tables.iter().filter_map(|table| self.tables.get(*table));
        aliases.map(|alias| alias.name.clone()).collect()
    }

    fn no_table(&self, name: &str) -> String {
        let names = self.tables.iter().map(|alias| alias.name.as_str());
        format!("no table \"{name}\" is joined{}", self.hint(name, names))
    }

    fn no_field(&self, table: usize, name: &str, kind: Kind) -> String {
        let Some(alias) = self.tables.get(table) else {
            return String::new();
        };
        let built = alias.built;
        if built.broken.contains(name) {
            return format!("\"{}.{name}\" is broken itself", alias.name);
        }
        let (what, other, is_other) = match kind {
            Kind::Dimension => ("dimension", "metric", built.metrics.contains_key(name)),
            Kind::Metric => ("metric", "dimension", built.dimensions.contains_key(name)),
        };
        if is_other {
            return format!(
                "\"{}.{name}\" is a {other}, and only a {what} can stand there",
                alias.name
            );
        }
        let hint = match kind {
            Kind::Dimension => self.hint(name, built.dimensions.keys().map(String::as_str)),
            Kind::Metric => self.hint(name, built.metrics.keys().map(String::as_str)),
        };
        format!("\"{}\" has no {what} \"{name}\"{hint}", alias.name)
    }

    fn hint<'n>(&self, name: &str, among: impl Iterator<Item = &'n str>) -> String {
        let looked_for = self.faults.len() < MOST_HINTS;
        match looked_for.then(|| closest(name, among)).flatten() {
            Some(close) => format!("; did you mean \"{close}\"?"),
            None => String::new(),
        }
    }
}

fn add_tables(tables: &mut Vec<usize>, more: &[usize]) {
    for table in more {
        if !tables.contains(table) {
            tables.push(*table);
        }
    }
}

/// An id in the form of a uuid that is the same whenever the parts are.
pub(super) fn stable_id(parts: &[&str]) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for part in parts {
        // A byte that no text has ends each part.
        for byte in part.bytes().chain([0xff]) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    let bits = (hash & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let mut out = String::with_capacity(36);
    for (at, c) in hex.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(c);
    }
    out
}
