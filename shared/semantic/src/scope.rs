//! An explore as one query sees it: finding fields by id and by reference, and putting references into SQL.

use indexmap::IndexMap;

use crate::access::{self, Hidden};
use crate::dialect::Dialect;
use crate::error::{Errors, Reason};
use crate::explore::{Dimension, Explore, Metric, Table};
use crate::filter::{self, FieldType, Rule};
use crate::interval::TimeInterval;
use crate::literal;
use crate::options::Options;
use crate::reference::{Piece, pieces};
use crate::size::{Budget, FIELD, TOO_LONG};
use crate::time::TimeContext;

/// Aliases of tables, each once, in the order of their mention.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tables<'a>(pub Vec<&'a str>);

impl<'a> Tables<'a> {
    pub(crate) fn add(&mut self, table: &'a str) -> bool {
        let new = !self.contains(table);
        if new {
            self.0.push(table);
        }
        new
    }

    pub(crate) fn extend(&mut self, tables: impl IntoIterator<Item = &'a str>) {
        for table in tables {
            self.add(table);
        }
    }

    pub(crate) fn contains(&self, table: &str) -> bool {
        self.0.contains(&table)
    }
}

/// SQL with the tables that it names.
#[derive(Debug, Clone)]
pub(crate) struct Sql<'a> {
    pub text: String,
    pub tables: Tables<'a>,
}

/// What every stage of the compiler needs.
pub(crate) struct Scope<'a> {
    pub explore: &'a Explore,
    pub options: &'a Options,
    pub dialect: Dialect,
    pub hidden: Hidden,
    pub time: TimeContext,
    /// How much longer the SQL may get.
    size: Budget,
}

/// A field that was found, or that the user may not see.
pub(crate) enum Found<T> {
    Yes(T),
    Hidden,
    No,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(explore: &'a Explore, options: &'a Options) -> Self {
        Self {
            explore,
            options,
            dialect: explore.target_database,
            hidden: access::hidden(explore, &options.attributes),
            time: TimeContext {
                now: options.now,
                timezone: options.timezone,
                start_of_week: options.start_of_week,
            },
            size: Budget::new(),
        }
    }

    pub(crate) fn quote(&self, name: &str) -> String {
        literal::identifier(self.dialect, name)
    }

    /// The dimension with an id: `<table>_<name>`, where a point of the name is `__`.
    pub(crate) fn dimension(&self, id: &str) -> Found<&'a Dimension> {
        self.field(id, |table| &table.dimensions)
    }

    /// The metric with an id.
    pub(crate) fn metric(&self, id: &str) -> Found<&'a Metric> {
        self.field(id, |table| &table.metrics)
    }

    fn field<T: Named>(&self, id: &str, fields: Fields<'a, T>) -> Found<&'a T> {
        let mut hidden = false;
        for (key, table) in &self.explore.tables {
            let rest = id
                .strip_prefix(key.as_str())
                .and_then(|rest| rest.strip_prefix('_'));
            let Some((name, field)) = rest.and_then(|rest| with_id(fields(table), rest)) else {
                continue;
            };
            if self.hides(key, name) {
                hidden = true;
            } else {
                return Found::Yes(field);
            }
        }
        if hidden { Found::Hidden } else { Found::No }
    }

    /// Takes of what the SQL of the query may still grow by; the error is a sentence.
    pub(crate) fn grow(&self, bytes: usize) -> Result<(), String> {
        if self.size.take(bytes) {
            Ok(())
        } else {
            Err(TOO_LONG.to_owned())
        }
    }

    /// Whether SQL of one field may get so long; the error is a sentence.
    pub(crate) fn fits(&self, bytes: usize) -> Result<(), String> {
        if bytes > FIELD {
            // Whatever follows is not worth the time.
            self.size.take(usize::MAX);
        }
        self.grow(0)
    }

    /// The ids of all metrics, or of all dimensions, that the user may see.
    fn visible(&self, metrics: bool) -> Vec<String> {
        let ids = |(key, table): (&String, &'a Table)| {
            let dimensions = table
                .dimensions
                .iter()
                .map(|(own, field)| (own, &field.name));
            let names: Vec<_> = if metrics {
                let all = table.metrics.iter();
                all.map(|(own, field)| (own, &field.name)).collect()
            } else {
                dimensions.collect()
            };
            let seen = names.into_iter().filter(|(own, _)| !self.hides(key, own));
            seen.map(|(_, name)| field_id(key, name))
                .collect::<Vec<_>>()
        };
        self.explore.tables.iter().flat_map(ids).collect()
    }

    /// Says that a field does not exist, and which one may have been meant.
    pub(crate) fn unknown(&self, errors: &mut Errors, path: &str, what: &str, id: &str) {
        let hint = errors.hint(id, || self.visible(what == "metric"));
        errors.hinted(
            Reason::FieldReference,
            path,
            format!(
                "The explore \"{}\" has no {what} \"{id}\"",
                self.explore.name
            ),
            hint,
        );
    }

    /// A table by alias, or by the name of its model.
    pub(crate) fn table(&self, name: &str) -> Option<(&'a str, &'a Table)> {
        table(self.explore, name)
    }

    /// The dimension that a reference in a table means.
    pub(crate) fn dimension_of(
        &self,
        own: &'a str,
        table: Option<&str>,
        field: &str,
    ) -> Option<&'a Dimension> {
        let (_, table) = self.table(table.unwrap_or(own))?;
        named(&table.dimensions, field).map(|(_, dimension)| dimension)
    }

    /// The metric that a reference in a table means.
    pub(crate) fn metric_of(
        &self,
        own: &'a str,
        table: Option<&str>,
        field: &str,
    ) -> Option<&'a Metric> {
        let (_, table) = self.table(table.unwrap_or(own))?;
        named(&table.metrics, field).map(|(_, metric)| metric)
    }

    /// The tables that a dimension's SQL names.
    pub(crate) fn tables_of(&self, field: &'a Dimension) -> Tables<'a> {
        self.known(&field.table, field.tables_references.as_deref())
    }

    /// References as aliases; without any, the table itself.
    pub(crate) fn known(&self, own: &'a str, references: Option<&'a [String]>) -> Tables<'a> {
        let mut tables = Tables::default();
        for name in references.unwrap_or_default() {
            tables.add(self.table(name).map_or(name.as_str(), |(key, _)| key));
        }
        if tables.0.is_empty() {
            tables.add(self.table(own).map_or(own, |(key, _)| key));
        }
        tables
    }

    /// Puts the SQL of dimensions for references to them; the error is a sentence.
    pub(crate) fn expand(&self, own: &'a str, sql: &'a str) -> Result<Sql<'a>, String> {
        let mut out = Sql {
            text: String::with_capacity(sql.len() + 32),
            tables: Tables::default(),
        };
        out.tables.add(self.table(own).map_or(own, |(key, _)| key));
        for piece in pieces(sql) {
            match piece {
                Piece::Text(text) => out.text.push_str(text),
                Piece::Attribute { whole, .. } | Piece::Email { whole } => {
                    out.text.push_str(whole);
                }
                Piece::Table => literal::push_identifier(
                    &mut out.text,
                    self.dialect.syntax(),
                    self.dialect,
                    own,
                ),
                Piece::Field { table, field } => {
                    let found = self.dimension_of(own, table, field).ok_or_else(|| {
                        format!(
                            "No dimension is called \"{}\"",
                            reference_text(own, table, field)
                        )
                    })?;
                    self.fits(out.text.len() + found.compiled_sql.len())?;
                    out.text.push('(');
                    out.text.push_str(&found.compiled_sql);
                    out.text.push(')');
                    out.tables.extend(self.tables_of(found).0);
                }
                Piece::Bad(text) => return Err(format!("\"${{{text}}}\" is not a reference")),
            }
        }
        Ok(out)
    }

    /// The SQL of a rule on a field.
    pub(crate) fn rule(
        &self,
        field: &str,
        field_type: FieldType,
        rule: &Rule<'_>,
    ) -> Result<String, String> {
        let sql = filter::rule_sql(self.dialect, field, field_type, rule, &self.time)?;
        self.grow(sql.len())?;
        Ok(sql)
    }

    /// An interval of a dimension.
    pub(crate) fn interval(&self, base: &Dimension, interval: TimeInterval) -> String {
        self.dialect.interval(
            &base.compiled_sql,
            interval,
            base.dimension_type,
            self.options.start_of_week,
        )
    }
}

/// Dimensions, or metrics.
pub(crate) trait Named {
    fn name(&self) -> &str;
}

impl Named for Dimension {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Metric {
    fn name(&self) -> &str {
        &self.name
    }
}

type Fields<'a, T> = fn(&'a Table) -> &'a IndexMap<String, T>;

/// The field with the id of a table's field, without the table.
fn with_id<'a, T: Named>(
    fields: &'a IndexMap<String, T>,
    rest: &str,
) -> Option<(&'a String, &'a T)> {
    let exact = fields.get_key_value(rest);
    let by_name = |(_, field): &(&String, &T)| is_named(field.name(), rest);
    exact
        .filter(by_name)
        .or_else(|| fields.iter().find(by_name))
        .or(exact)
}

/// The field that a reference calls so.
pub(crate) fn named<'a, T: Named>(
    fields: &'a IndexMap<String, T>,
    name: &str,
) -> Option<(&'a String, &'a T)> {
    fields
        .get_key_value(name)
        .or_else(|| fields.iter().find(|(_, one)| one.name() == name))
        .or_else(|| {
            fields
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
        })
}

/// A table by alias, or by the name of its model.
pub(crate) fn table<'a>(explore: &'a Explore, name: &str) -> Option<(&'a str, &'a Table)> {
    let tables = &explore.tables;
    tables
        .get_key_value(name)
        .or_else(|| {
            tables.iter().find(|(_, table)| {
                table.name == name || table.original_name.as_deref() == Some(name)
            })
        })
        .map(|(key, table)| (key.as_str(), table))
}

/// `orders_status`
pub(crate) fn field_id(table: &str, name: &str) -> String {
    format!("{table}_{}", name.replace('.', "__"))
}

fn is_named(name: &str, rest: &str) -> bool {
    name == rest || (name.contains('.') && name.replace('.', "__") == rest)
}

fn reference_text(own: &str, table: Option<&str>, field: &str) -> String {
    format!("{}.{field}", table.unwrap_or(own))
}
