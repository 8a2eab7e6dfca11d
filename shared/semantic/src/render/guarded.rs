//! Aggregations whose rows joins would count several times.

use std::fmt::Write;

use super::{Renderer, group_by};
use crate::attributes::{Mode, substitute};
use crate::explore::Table;
use crate::metric;
use crate::plan::Guard;

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
    /// Aggregations over rows made distinct by key, each group of them by itself, joined on the dimensions.
    pub(super) fn guarded(&self, ctes: &mut Vec<(String, String)>) -> String {
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
}

/// Tables and the columns of their keys, in order.
fn key_columns<'g>(guard: &'g Guard<'_>) -> impl Iterator<Item = (&'g str, &'g str)> {
    guard
        .keys
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(|column| (*table, column.as_str())))
}
