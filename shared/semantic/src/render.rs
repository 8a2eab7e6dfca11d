//! A plan → SQL text.

use std::fmt::Write;

use crate::attributes::{Mode, substitute};
use crate::explore::Table;
use crate::literal;
use crate::metric;
use crate::plan::{Guard, Plan};
use crate::query::{MetricQuery, Sort};
use crate::scope::Scope;
use crate::select::SortBy;
use crate::size::Budget;
use crate::time::{DAYS, MONTHS};

/// More rows than there are. No engine moves a filter to before a limit.
const FENCE: &str = "\nLIMIT 2147483647";

/// The whole statement; nothing, if it gets too long.
pub(crate) fn render(
    scope: &Scope<'_>,
    plan: &Plan<'_>,
    query: &MetricQuery,
    limit: u32,
) -> Option<String> {
    let size = Budget::new();
    let renderer = Renderer {
        scope,
        plan,
        query,
        size: &size,
    };
    let sql = renderer.statement(limit);
    (!size.is_over()).then_some(sql)
}

struct Renderer<'a, 'b> {
    scope: &'a Scope<'b>,
    plan: &'a Plan<'b>,
    query: &'a MetricQuery,
    /// Once it is used up, what is written no longer matters and stays short.
    size: &'a Budget,
}

/// Names that only the inner expressions see; made distinct from what the query calls its columns.
struct Inner {
    prefix: String,
}

impl Inner {
    fn key(&self, at: usize) -> String {
        format!("{}key_{at}", self.prefix)
    }

    fn value(&self, leaf: usize) -> String {
        format!("{}value_{leaf}", self.prefix)
    }
}

impl Renderer<'_, '_> {
    fn statement(&self, limit: u32) -> String {
        let mut ctes = self.bounds();
        let guarded = !self.plan.groups.is_empty();
        let outer = guarded
            || !self.plan.calculations.is_empty()
            || self.plan.metric_filter.is_some()
            || self.plan.metrics.iter().any(|metric| !metric.shown)
            || self
                .plan
                .selection
                .groups
                .iter()
                .any(|group| group.order.is_some())
            || self.sorts_by_name();
        let mut sql = String::with_capacity(512);
        let body = if guarded {
            self.guarded(&mut ctes)
        } else {
            self.plain()
        };
        if outer {
            let fence = if self.plan.fenced { FENCE } else { "" };
            ctes.push(("metrics".to_owned(), body + fence));
            let filter = self.plan.metric_filter.as_deref();
            let last = match &self.plan.calculation_filter {
                None => self.over("metrics", filter, true),
                Some(of_calculations) => {
                    let inner = self.over("metrics", filter, false);
                    ctes.push(("table_calculations".to_owned(), inner));
                    self.over_calculations(of_calculations)
                }
            };
            self.push_ctes(&mut sql, &ctes);
            sql.push_str(&last);
        } else {
            self.push_ctes(&mut sql, &ctes);
            sql.push_str(&body);
        }
        sql.push_str(&self.order());
        let _ = write!(sql, "\nLIMIT {limit}");
        sql
    }

    fn push_ctes(&self, sql: &mut String, ctes: &[(String, String)]) {
        for (at, (name, body)) in ctes.iter().enumerate() {
            let before = if at == 0 { "WITH " } else { ",\n" };
            let _ = write!(sql, "{before}{name} AS (\n{body}\n)");
        }
        if !ctes.is_empty() {
            sql.push('\n');
        }
    }

    /// The least and greatest values of ranges, within the same rows as the query.
    fn bounds(&self) -> Vec<(String, String)> {
        let around = self.plan.from.len() + self.plan.filter.len();
        let bounds = self.plan.selection.bounds.iter();
        bounds
            .take_while(|one| self.size.take(one.name.len() + one.select.len() + around))
            .map(|one| {
                let name = self.scope.quote(&one.name);
                (
                    name,
                    format!("{}\n{}{}", one.select, self.plan.from, self.filter()),
                )
            })
            .collect()
    }

    fn filter(&self) -> String {
        match self.plan.filter.as_str() {
            "" => String::new(),
            filter => format!("\nWHERE {filter}"),
        }
    }

    /// FROM, with the bounds of ranges, and WHERE.
    fn source(&self) -> String {
        let bounds = &self.plan.selection.bounds;
        let names: usize = bounds.iter().map(|one| one.name.len()).sum();
        if !self
            .size
            .take(self.plan.from.len() + self.plan.filter.len() + names)
        {
            return String::new();
        }
        let mut sql = self.plan.from.clone();
        for one in bounds {
            let _ = write!(sql, "\nCROSS JOIN {}", self.scope.quote(&one.name));
        }
        sql.push_str(&self.filter());
        sql
    }

    /// The columns that rows are grouped by: SQL and name.
    fn dimensions(&self) -> Vec<(&str, &str)> {
        let mut columns = Vec::new();
        for group in &self.plan.selection.groups {
            columns.push((group.sql.as_str(), group.id.as_str()));
        }
        for group in &self.plan.selection.groups {
            if let Some((id, sql)) = &group.order {
                columns.push((sql, id));
            }
        }
        columns
    }

    fn plain(&self) -> String {
        let dimensions = self.dimensions();
        let mut list = self.list();
        for (sql, id) in &dimensions {
            list.add(sql, &self.scope.quote(id));
        }
        for column in &self.plan.metrics {
            let sql = metric::write(&column.parts, |at| self.leaf(at).to_owned());
            list.add(&sql, &self.scope.quote(&column.id));
        }
        format!(
            "SELECT\n{}\n{}{}",
            list.0,
            self.source(),
            group_by(dimensions.len())
        )
    }

    fn list(&self) -> List<'_> {
        List(String::new(), self.size)
    }

    fn leaf(&self, at: usize) -> &str {
        self.plan.leaves.get(at).map_or("NULL", |leaf| &leaf.sql)
    }

    /// Aggregations over rows made distinct by key, each group of them by itself, joined on the dimensions.
    fn guarded(&self, ctes: &mut Vec<(String, String)>) -> String {
        let dimensions = self.dimensions();
        let inner = self.inner(&dimensions);
        let mut parts: Vec<String> = Vec::new();
        let open: Vec<usize> = self.leaves_of(None);
        if !open.is_empty() {
            let mut list = self.list();
            for (sql, id) in &dimensions {
                list.add(sql, &self.scope.quote(id));
            }
            for at in &open {
                list.add(self.leaf(*at), &self.scope.quote(&inner.value(*at)));
            }
            let body = format!(
                "SELECT\n{}\n{}{}",
                list.0,
                self.source(),
                group_by(dimensions.len())
            );
            ctes.push(("cte_unaffected".to_owned(), body));
            parts.push("cte_unaffected".to_owned());
        }
        for (at, guard) in self.plan.groups.iter().enumerate() {
            if self.size.is_over() {
                break;
            }
            let (keys, metrics) = (format!("cte_keys_{at}"), format!("cte_metrics_{at}"));
            let leaves = self.leaves_of(Some(at));
            ctes.push((
                keys.clone(),
                self.distinct(guard, &leaves, &dimensions, &inner),
            ));
            let body = if guard.opaque {
                self.joined_again(guard, &keys, &leaves, &dimensions, &inner)
            } else {
                self.over_values(&keys, &leaves, &dimensions, &inner)
            };
            ctes.push((metrics.clone(), body));
            parts.push(metrics);
        }
        self.join_parts(&parts, &dimensions, &inner)
    }

    /// The leaves that belong to a group, or to none.
    fn leaves_of(&self, group: Option<usize>) -> Vec<usize> {
        let guarded = self.plan.guarded.iter().enumerate();
        guarded
            .filter(|(_, one)| **one == group)
            .map(|(at, _)| at)
            .collect()
    }

    fn inner(&self, dimensions: &[(&str, &str)]) -> Inner {
        let mut prefix = "zd_".to_owned();
        while dimensions.iter().any(|(_, id)| id.starts_with(&prefix)) {
            prefix.insert(0, 'x');
        }
        Inner { prefix }
    }

    /// Dimensions, keys and, unless they are joined again, what is aggregated: each once.
    fn distinct(
        &self,
        guard: &Guard<'_>,
        leaves: &[usize],
        dimensions: &[(&str, &str)],
        inner: &Inner,
    ) -> String {
        let mut list = self.list();
        for (sql, id) in dimensions {
            list.add(sql, &self.scope.quote(id));
        }
        for (at, (table, column)) in key_columns(guard).enumerate() {
            let column = metric::column(self.scope, table, column);
            list.add(&column, &self.scope.quote(&inner.key(at)));
        }
        if !guard.opaque {
            for at in leaves {
                list.add(self.argument(*at), &self.scope.quote(&inner.value(*at)));
            }
        }
        format!("SELECT DISTINCT\n{}\n{}", list.0, self.source())
    }

    /// What is aggregated.
    fn argument(&self, leaf: usize) -> &str {
        let leaf = self.plan.leaves.get(leaf);
        let argument = leaf.and_then(|leaf| leaf.argument.as_ref());
        argument.map_or("NULL", |argument| &argument.text)
    }

    fn over_values(
        &self,
        keys: &str,
        leaves: &[usize],
        dimensions: &[(&str, &str)],
        inner: &Inner,
    ) -> String {
        let mut list = self.list();
        for (_, id) in dimensions {
            let column = self.scope.quote(id);
            list.add(&column, &column);
        }
        for at in leaves {
            let column = self.scope.quote(&inner.value(*at));
            let sql = self.plan.leaves.get(*at).map_or_else(
                || "NULL".to_owned(),
                |leaf| {
                    let definition = leaf.definition;
                    self.scope.dialect.aggregate(
                        definition.metric_type,
                        &column,
                        definition.percentile,
                    )
                },
            );
            list.add(&sql, &column);
        }
        format!(
            "SELECT\n{}\nFROM {keys}{}",
            list.0,
            group_by(dimensions.len())
        )
    }

    fn joined_again(
        &self,
        guard: &Guard<'_>,
        keys: &str,
        leaves: &[usize],
        dimensions: &[(&str, &str)],
        inner: &Inner,
    ) -> String {
        let mut list = self.list();
        for (_, id) in dimensions {
            let column = self.scope.quote(id);
            list.add(&format!("{keys}.{column}"), &column);
        }
        for at in leaves {
            list.add(self.leaf(*at), &self.scope.quote(&inner.value(*at)));
        }
        let mut from = format!("FROM {keys}");
        let mut at = 0;
        for (table, columns) in &guard.keys {
            let source = self
                .scope
                .explore
                .tables
                .get(*table)
                .map(|found| self.filtered(table, found));
            let mut on = Vec::with_capacity(columns.len());
            for name in *columns {
                on.push(format!(
                    "{keys}.{} = {}",
                    self.scope.quote(&inner.key(at)),
                    metric::column(self.scope, table, name)
                ));
                at += 1;
            }
            let _ = write!(
                from,
                "\nLEFT OUTER JOIN {} AS {}\n  ON {}",
                source.unwrap_or_default(),
                self.scope.quote(table),
                on.join(" AND ")
            );
        }
        format!("SELECT\n{}\n{from}{}", list.0, group_by(dimensions.len()))
    }

    /// A table with the rows that its filter leaves. Filters that name other tables do not come here.
    fn filtered(&self, name: &str, table: &Table) -> String {
        let source = self.table(table);
        let Some(filter) = &table.sql_where else {
            return source;
        };
        let filter = substitute(self.scope, filter, Mode::Quoted)
            .map_or_else(|_| "1 = 0".to_owned(), |(sql, _)| sql);
        let alias = self.scope.quote(name);
        format!("(SELECT * FROM {source} AS {alias} WHERE ({filter}))")
    }

    /// The table itself; that its placeholders can be replaced was seen before.
    fn table(&self, table: &Table) -> String {
        substitute(self.scope, &table.sql_table, Mode::Raw)
            .map_or_else(|_| String::new(), |(sql, _)| sql)
    }

    fn join_parts(&self, parts: &[String], dimensions: &[(&str, &str)], inner: &Inner) -> String {
        let first = parts.first().map_or("", String::as_str);
        let mut list = self.list();
        for (_, id) in dimensions {
            let column = self.scope.quote(id);
            list.add(&format!("{first}.{column}"), &column);
        }
        let offset = usize::from(!self.leaves_of(None).is_empty());
        let part_of = |leaf: usize| match self.plan.guarded.get(leaf) {
            Some(Some(group)) => parts.get(group + offset).map_or(first, String::as_str),
            _ => first,
        };
        for column in &self.plan.metrics {
            let sql = metric::write(&column.parts, |at| {
                format!("{}.{}", part_of(at), self.scope.quote(&inner.value(at)))
            });
            list.add(&sql, &self.scope.quote(&column.id));
        }
        let mut from = format!("FROM {first}");
        for part in parts.iter().skip(1) {
            if dimensions.is_empty() {
                let _ = write!(from, "\nCROSS JOIN {part}");
                continue;
            }
            let equal = self.scope.dialect.syntax().null_safe_equal;
            let on: Vec<String> = dimensions
                .iter()
                .take_while(|(_, id)| self.size.take(4 * id.len()))
                .map(|(_, id)| {
                    let column = self.scope.quote(id);
                    equal(&format!("{first}.{column}"), &format!("{part}.{column}"))
                })
                .collect();
            let _ = write!(from, "\nINNER JOIN {part}\n  ON {}", on.join(" AND "));
        }
        format!("SELECT\n{}\n{from}", list.0)
    }

    /// The columns of the result over an expression that has more; the last statement leaves out what only helps.
    fn over(&self, source: &str, filter: Option<&str>, last: bool) -> String {
        let mut list = self.list();
        for column in self.shown() {
            list.name(&self.scope.quote(column));
        }
        if !last {
            let orders = self.plan.selection.groups.iter();
            for (id, _) in orders.filter_map(|group| group.order.as_ref()) {
                list.name(&self.scope.quote(id));
            }
        }
        for calculation in &self.plan.calculations {
            list.add(&calculation.sql, &self.scope.quote(calculation.name));
        }
        let filter = filter.map(|filter| format!("\nWHERE {filter}"));
        format!(
            "SELECT\n{}\nFROM {source}{}",
            list.0,
            filter.unwrap_or_default()
        )
    }

    fn over_calculations(&self, filter: &str) -> String {
        let mut list = self.list();
        for column in self.shown() {
            list.name(&self.scope.quote(column));
        }
        for calculation in &self.plan.calculations {
            list.name(&self.scope.quote(calculation.name));
        }
        format!(
            "SELECT\n{}\nFROM table_calculations\nWHERE {filter}",
            list.0
        )
    }

    fn shown(&self) -> impl Iterator<Item = &str> {
        let groups = self.plan.selection.groups.iter();
        let metrics = self.plan.metrics.iter().filter(|metric| metric.shown);
        groups
            .map(|group| group.id.as_str())
            .chain(metrics.map(|metric| metric.id.as_str()))
    }

    fn sorts_by_name(&self) -> bool {
        self.query.sorts.iter().any(|sort| {
            let groups = &self.plan.selection.groups;
            groups
                .iter()
                .any(|group| group.id == sort.field_id && group.sort != SortBy::Value)
        })
    }

    fn order(&self) -> String {
        let mut sql = String::new();
        for (at, sort) in self.query.sorts.iter().enumerate() {
            let one = self.sort(sort);
            if !self.size.take(one.len()) {
                break;
            }
            sql.push_str(if at == 0 { "\nORDER BY " } else { ", " });
            sql.push_str(&one);
        }
        sql
    }

    fn sort(&self, sort: &Sort) -> String {
        let group = self
            .plan
            .selection
            .groups
            .iter()
            .find(|group| group.id == sort.field_id);
        let column = match group.and_then(|group| group.order.as_ref()) {
            Some((order, _)) => self.scope.quote(order),
            None => self.scope.quote(&sort.field_id),
        };
        let mut sql = match group.map(|group| group.sort) {
            Some(SortBy::Days) => self.calendar(&column, &self.days(), sort),
            Some(SortBy::Months) => self.calendar(&column, &MONTHS, sort),
            _ => column,
        };
        if sort.descending {
            sql.push_str(" DESC");
        }
        match sort.nulls_first {
            Some(true) => sql.push_str(" NULLS FIRST"),
            Some(false) => sql.push_str(" NULLS LAST"),
            None => {}
        }
        sql
    }

    /// From the first day of the week; Sunday, where nobody says which that is.
    fn days(&self) -> [&'static str; 7] {
        let mut days = DAYS;
        let first = self.scope.options.start_of_week.unwrap_or(6);
        days.rotate_left(usize::from(first % 7));
        days
    }

    /// What is no name comes before all names, unless the sort says where nulls come.
    fn calendar(&self, column: &str, names: &[&str], sort: &Sort) -> String {
        let mut sql = "(CASE".to_owned();
        for (at, name) in names.iter().enumerate() {
            let name = literal::string(self.scope.dialect, name);
            let _ = write!(sql, "\n    WHEN {column} = {name} THEN {}", at + 1);
        }
        sql.push_str(match sort.nulls_first {
            None => "\n    ELSE 0\n  END)",
            Some(_) => "\n  END)",
        });
        sql
    }
}

/// A select list.
struct List<'a>(String, &'a Budget);

impl List<'_> {
    fn add(&mut self, sql: &str, name: &str) {
        if !self.1.take(sql.len() + name.len()) {
            return;
        }
        self.separate();
        self.0.push_str(sql);
        if sql != name {
            self.0.push_str(" AS ");
            self.0.push_str(name);
        }
    }

    fn name(&mut self, name: &str) {
        self.add(name, name);
    }

    fn separate(&mut self) {
        self.0
            .push_str(if self.0.is_empty() { "  " } else { ",\n  " });
    }
}

fn group_by(count: usize) -> String {
    if count == 0 {
        return String::new();
    }
    let mut sql = "\nGROUP BY 1".to_owned();
    for at in 2..=count {
        let _ = write!(sql, ",{at}");
    }
    sql
}

/// Tables and the columns of their keys, in order.
fn key_columns<'g>(guard: &'g Guard<'_>) -> impl Iterator<Item = (&'g str, &'g str)> {
    guard
        .keys
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(|column| (*table, column.as_str())))
}
