//! A plan → SQL text.

mod guarded;
mod order;

use std::fmt::Write;

use crate::metric;
use crate::plan::Plan;
use crate::query::MetricQuery;
use crate::scope::Scope;
use crate::size::Budget;

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
