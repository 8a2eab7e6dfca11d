//! Fields with references → SQL without them, in one explore. Each field is compiled once, whoever refers to it; circles are
//! found, not walked.

use std::rc::Rc;

use chrono_tz::Tz;
use indexmap::IndexMap;

use super::filter_grammar;
use super::find::{Alias, Field, Kind};
use super::settings::ProjectSettings;
use super::table::Built;
use crate::explore::{FieldFilter, FieldTarget};
use crate::filter::{FieldType, Rule, rule_sql};
use crate::literal;
use crate::reference::{Piece, pieces};
use crate::time::TimeContext;

/// How deep references may be nested.
pub(super) const DEEPEST: usize = 100;
/// How long the SQL of one field may become, in bytes.
const LONGEST: usize = 200_000;
/// How long the SQL of all fields of an explore may become together.
const LONGEST_EXPLORE: usize = 20_000_000;

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
    pub tables: &'a [Alias<'a>],
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
                rest: IndexMap::new(),
            },
            operator: parsed.operator,
            values: Some(parsed.values),
            settings: parsed.settings,
            disabled: None,
            required: None,
            rest: IndexMap::new(),
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
