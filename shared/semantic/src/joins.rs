//! Which joins a query needs, in which order, and which rows they multiply.

use crate::attributes::{Mode, substitute};
use crate::conditions::Required;
use crate::error::{Errors, Reason, Refused};
use crate::explore::{Dimension, Join, JoinType, Relationship, Table};
use crate::reference::{Piece, pieces};
use crate::scope::{Scope, Tables};

/// A needed join with the tables that its condition names.
pub(crate) struct Needed<'a> {
    pub join: &'a Join,
    /// Without its own.
    pub others: Tables<'a>,
}

/// The tables that a text's references name; with the condition compiled only, what the explore says.
fn references<'a>(scope: &Scope<'a>, own: &'a str, sql: &'a str) -> Tables<'a> {
    let mut tables = Tables::default();
    for piece in pieces(sql) {
        if let Piece::Field { table, field } = piece {
            match scope.dimension_of(own, table, field) {
                Some(dimension) => tables.extend(scope.tables_of(dimension).0),
                None => {
                    if let Some((key, _)) = table.and_then(|table| scope.table(table)) {
                        tables.add(key);
                    }
                }
            }
        }
    }
    tables
}

fn others<'a>(scope: &Scope<'a>, join: &'a Join) -> Tables<'a> {
    let mut tables = references(scope, &join.table, &join.sql_on);
    for name in join.tables_references.iter().flatten() {
        tables.add(scope.table(name).map_or(name.as_str(), |(key, _)| key));
    }
    tables.0.retain(|table| *table != join.table);
    tables
}

/// The tables that a table's row filter names besides its own.
pub(crate) fn filter_tables<'a>(scope: &Scope<'a>, key: &'a str, table: &'a Table) -> Tables<'a> {
    let sql = table.uncompiled_sql_where.as_deref().unwrap_or_default();
    let mut tables = references(scope, key, sql);
    tables.0.retain(|table| *table != key);
    tables
}

/// The joins that a query needs: those of the tables that its fields name, those that always are (also for whoever may not see their fields: an inner join may be there to leave rows out), and those whose tables are
/// named by the conditions, row filters and required filters of others; each after the joins that its condition needs.
pub(crate) fn needed<'a>(
    scope: &Scope<'a>,
    required: &Required,
    tables: &mut Tables<'a>,
    errors: &mut Errors,
) -> Vec<Needed<'a>> {
    let explore = scope.explore;
    let base = explore.base_table.as_str();
    tables.0.retain(|table| *table != base);
    let joins = &explore.joined_tables;
    for join in joins {
        if join.always == Some(true) {
            tables.add(&join.table);
        }
    }
    if let Some(table) = explore.tables.get(base) {
        tables.extend(filter_tables(scope, base, table).0);
    }
    tables.extend(required.tables(scope, base).0);
    let mut found: Vec<Needed<'a>> = Vec::with_capacity(tables.0.len());
    let mut at = 0;
    while let Some(&table) = tables.0.get(at) {
        at += 1;
        if table == base {
            continue;
        }
        match joins.iter().find(|join| join.table == table) {
            Some(join) => {
                let others = others(scope, join);
                tables.extend(others.0.iter().copied());
                if let Some(joined) = explore.tables.get(table) {
                    tables.extend(filter_tables(scope, table, joined).0);
                }
                tables.extend(required.tables(scope, table).0);
                found.push(Needed { join, others });
            }
            None => errors.add(
                Reason::Compile,
                "exploreName",
                format!(
                    "The explore \"{}\" names the table \"{table}\" and does not join it",
                    explore.name
                ),
            ),
        }
    }
    order(scope, found, errors)
}

/// As declared, except where a condition names a table that is joined later.
fn order<'a>(
    scope: &Scope<'a>,
    mut found: Vec<Needed<'a>>,
    errors: &mut Errors,
) -> Vec<Needed<'a>> {
    let explore = scope.explore;
    let declared = |one: &Needed<'_>| {
        explore
            .joined_tables
            .iter()
            .position(|join| join.table == one.join.table)
    };
    found.sort_by_key(declared);
    let mut there = Tables(vec![explore.base_table.as_str()]);
    let mut ordered = Vec::with_capacity(found.len());
    while !found.is_empty() {
        let next = found
            .iter()
            .position(|one| one.others.0.iter().all(|table| there.contains(table)));
        let Some(next) = next else {
            if errors.is_empty() {
                let names: Vec<_> = found.iter().map(|one| one.join.table.as_str()).collect();
                errors.add(
                    Reason::Compile,
                    "exploreName",
                    format!("The joins of {} need each other", names.join(", ")),
                );
            }
            return ordered;
        };
        let one = found.remove(next);
        there.add(&one.join.table);
        ordered.push(one);
    }
    ordered
}

/// FROM with its joins. Row filters of joined tables, and filters that their models require, hold before they are joined, so that an
/// outer join keeps its other side.
pub(crate) fn from<'a>(
    scope: &Scope<'a>,
    joins: &[Needed<'a>],
    required: &Required,
    errors: &mut Errors,
) -> (String, Option<String>) {
    let explore = scope.explore;
    let base = explore.base_table.as_str();
    let conditions = |one: &Needed<'a>| required.before_joined(scope, &one.join.table, errors);
    let conditions: Vec<Vec<String>> = joins.iter().map(conditions).collect();
    let mut add = |result: Result<(String, bool), Refused>| {
        result.unwrap_or_else(|refused| {
            errors.refused("exploreName", refused);
            Default::default()
        })
    };
    let Some(table) = explore.tables.get(base) else {
        errors.add(
            Reason::Compile,
            "exploreName",
            format!("The explore \"{}\" has no base table", explore.name),
        );
        return Default::default();
    };
    let (source, _) = add(substitute(scope, &table.sql_table, Mode::Raw));
    let mut sql = format!("FROM {source} AS {}", scope.quote(base));
    for (one, mut conditions) in joins.iter().zip(conditions) {
        let join = one.join;
        let Some(table) = explore.tables.get(&join.table) else {
            continue;
        };
        let alias = scope.quote(&join.table);
        let (mut source, _) = add(substitute(scope, &table.sql_table, Mode::Raw));
        let (on, replaced) = add(substitute(scope, &join.compiled_sql_on, Mode::Quoted));
        let mut on = if replaced { format!("({on})") } else { on };
        if let Some(filter) = &table.sql_where {
            let (filter, _) = add(substitute(scope, filter, Mode::Quoted));
            if filter_tables(scope, &join.table, table).0.is_empty() {
                conditions.insert(0, format!("({filter})"));
            } else if matches!(join.join_type, Some(JoinType::Right | JoinType::Full)) {
                // A condition of the join keeps no row of the side that stays whole from being seen.
                let message = format!(
                    "The row filter of \"{}\" names other tables, which a right or full join cannot keep to",
                    join.table
                );
                add(Err(message.into()));
            } else {
                on = format!("({on}) AND ({filter})");
            }
        }
        if !conditions.is_empty() {
            let conditions = conditions.join(" AND ");
            source = format!("(SELECT * FROM {source} AS {alias} WHERE {conditions})");
        }
        let word = match join.join_type.unwrap_or(JoinType::Left) {
            JoinType::Inner => "INNER JOIN",
            JoinType::Left => "LEFT OUTER JOIN",
            JoinType::Right => "RIGHT OUTER JOIN",
            JoinType::Full => "FULL OUTER JOIN",
        };
        sql.push_str(&format!("\n{word} {source} AS {alias}\n  ON {on}"));
    }
    let filter = table
        .sql_where
        .as_ref()
        .map(|filter| add(substitute(scope, filter, Mode::Quoted)).0);
    (sql, filter.map(|filter| format!("({filter})")))
}

/// Whether a row of the result may lack a row of a table: an outer join may have found none.
pub(crate) fn may_lack(scope: &Scope<'_>, joins: &[Needed<'_>], table: &str) -> bool {
    let own = joins.iter().position(|one| one.join.table == table);
    if own.is_none() && table != scope.explore.base_table {
        return false;
    }
    let kind = |one: &Needed<'_>| one.join.join_type.unwrap_or(JoinType::Left);
    let found = own.and_then(|at| joins.get(at)).map(kind);
    let later = joins.iter().skip(own.map_or(0, |at| at + 1)).map(kind);
    matches!(found, Some(JoinType::Left | JoinType::Full))
        || later
            .into_iter()
            .any(|kind| matches!(kind, JoinType::Right | JoinType::Full))
}

/// One row of all of `of` meets at most one row of `one`.
struct Dependency<'a> {
    of: Vec<&'a str>,
    one: &'a str,
}

/// Which rows determine which others in the joined rows.
pub(crate) struct Dependencies<'a> {
    known: Vec<Dependency<'a>>,
    present: Vec<&'a str>,
    /// Joins of which nothing is known.
    pub undeclared: Vec<&'a str>,
}

impl<'a> Dependencies<'a> {
    /// From what the joins declare, or else from primary keys: a join that compares the whole key of a table meets at most one
    /// row of it.
    pub(crate) fn of(scope: &Scope<'a>, joins: &[Needed<'a>]) -> Self {
        let mut all = Self {
            known: Vec::with_capacity(joins.len()),
            present: vec![scope.explore.base_table.as_str()],
            undeclared: Vec::new(),
        };
        for one in joins {
            let own = one.join.table.as_str();
            all.present.push(own);
            let to_own = Dependency {
                of: one.others.0.clone(),
                one: own,
            };
            match one.join.relationship {
                Some(Relationship::ManyToOne) => all.known.push(to_own),
                Some(Relationship::OneToMany) => all.determined_by(scope, one),
                Some(Relationship::OneToOne) => {
                    all.determined_by(scope, one);
                    all.known.push(to_own);
                }
                None => {
                    let equal = Equalities::of(scope, one.join);
                    let mut found = false;
                    if equal.covers(scope, own) {
                        all.known.push(to_own);
                        found = true;
                    }
                    if let [other] = one.others.0.as_slice()
                        && equal.covers(scope, other)
                    {
                        all.known.push(Dependency {
                            of: vec![own],
                            one: other,
                        });
                        found = true;
                    }
                    if !found {
                        all.undeclared.push(own);
                    }
                }
            }
        }
        all
    }

    /// What a row of the many side determines: the one other table of the condition. Of several nobody says which is meant:
    /// whichever it is, that which all the others determine is determined, and so is a table whose whole key is compared.
    fn determined_by(&mut self, scope: &Scope<'a>, join: &Needed<'a>) {
        let own = join.join.table.as_str();
        let others = &join.others.0;
        let equal = Equalities::of(scope, join.join);
        let sure = |one: &str| {
            others.iter().all(|other| self.determine(&[*other], &[one]))
                || equal.compares(scope, one, own)
        };
        let found: Vec<&str> = others.iter().copied().filter(|one| sure(one)).collect();
        let of = || vec![own];
        self.known
            .extend(found.into_iter().map(|one| Dependency { of: of(), one }));
    }

    /// Whether rows of these tables determine the rows of all others: then no join counts them twice.
    pub(crate) fn cover(&self, tables: &[&str]) -> bool {
        let closure = self.closure(tables);
        self.present.iter().all(|table| closure.contains(table))
    }

    /// Whether rows of one table determine rows of these.
    pub(crate) fn determine(&self, from: &[&str], tables: &[&str]) -> bool {
        let closure = self.closure(from);
        tables.iter().all(|table| closure.contains(table))
    }

    fn closure<'b>(&'b self, tables: &[&'b str]) -> Vec<&'b str> {
        let mut reached: Vec<&str> = tables.to_vec();
        loop {
            let before = reached.len();
            for dependency in &self.known {
                if !reached.contains(&dependency.one)
                    && dependency.of.iter().all(|table| reached.contains(table))
                {
                    reached.push(dependency.one);
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }
}

/// The columns of two tables that a condition compares, if it is nothing but comparisons joined by AND.
struct Equalities<'a>(Vec<[(&'a str, &'a str); 2]>);

impl<'a> Equalities<'a> {
    fn of(scope: &Scope<'a>, join: &'a Join) -> Self {
        let mut columns = Vec::new();
        let own = join.table.as_str();
        for part in split_and(&join.sql_on) {
            let Some((left, right)) = part.split_once('=') else {
                return Self(Vec::new());
            };
            let sides = (
                column(scope, own, left.trim()),
                column(scope, own, right.trim()),
            );
            let (Some(left), Some(right)) = sides else {
                // A comparison with something else only leaves fewer rows.
                continue;
            };
            if left.0 != right.0 {
                columns.push([left, right]);
            }
        }
        Self(columns)
    }

    /// Whether the whole primary key of a table is among the columns.
    fn covers(&self, scope: &Scope<'_>, table: &str) -> bool {
        self.has_key(scope, table, |_| true)
    }

    /// The same, each column compared with one of another given table.
    fn compares(&self, scope: &Scope<'_>, table: &str, with: &str) -> bool {
        self.has_key(scope, table, |other| other == with)
    }

    fn has_key(&self, scope: &Scope<'_>, table: &str, with: impl Fn(&str) -> bool) -> bool {
        let is = |side: &(&str, &str), column: &str| side.0 == table && side.1 == column;
        let key = scope
            .explore
            .tables
            .get(table)
            .and_then(|table| table.primary_key.as_deref());
        key.is_some_and(|key| {
            !key.is_empty()
                && key.iter().all(|column| {
                    self.0.iter().any(|[left, right]| {
                        (is(left, column) && with(right.0)) || (is(right, column) && with(left.0))
                    })
                })
        })
    }
}

/// The conditions that AND joins; nothing, if there is anything else than words, references, comparisons and AND.
fn split_and(sql: &str) -> Vec<&str> {
    let upper = sql.to_ascii_uppercase();
    let odd = |c: char| !(c.is_ascii_alphanumeric() || " \t\n\r${}._=\"`".contains(c));
    let word = |one: &str| {
        matches!(
            one,
            "OR" | "NOT" | "CASE" | "IS" | "LIKE" | "BETWEEN" | "IN"
        )
    };
    if sql.contains(odd) || upper.split_whitespace().any(word) {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in upper.match_indices("AND") {
        let bounded = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        let bytes = upper.as_bytes();
        if bounded(at.checked_sub(1).and_then(|at| bytes.get(at))) && bounded(bytes.get(at + 3)) {
            parts.push(sql.get(from..at).unwrap_or_default());
            from = at + 3;
        }
    }
    parts.push(sql.get(from..).unwrap_or_default());
    parts
}

/// The table and the column that one side of a comparison is.
fn column<'a>(scope: &Scope<'a>, own: &'a str, side: &'a str) -> Option<(&'a str, &'a str)> {
    let mut all = pieces(side);
    let first = all.next()?;
    match (first, all.next(), all.next()) {
        (Piece::Field { table, field }, None, None) => {
            let dimension = scope.dimension_of(own, table, field)?;
            let (key, _) = scope.table(&dimension.table)?;
            Some((key, plain_column(dimension)?))
        }
        (Piece::Table, Some(Piece::Text(rest)), None) => {
            Some((own, rest.strip_prefix('.')?.trim()))
        }
        _ => None,
    }
}

/// The column that a dimension is, if it is nothing else.
fn plain_column(dimension: &Dimension) -> Option<&str> {
    let mut all = pieces(dimension.sql.trim());
    match (all.next(), all.next(), all.next()) {
        (Some(Piece::Table), Some(Piece::Text(rest)), None) => {
            let name = rest.strip_prefix('.')?;
            let name = name
                .strip_prefix(['"', '`'])
                .and_then(|name| name.strip_suffix(['"', '`']))
                .unwrap_or(name);
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            name.chars().all(plain).then_some(name)
        }
        _ => None,
    }
}
