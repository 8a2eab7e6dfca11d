//! The order of the rows.

use std::fmt::Write;

use super::Renderer;
use crate::literal;
use crate::query::Sort;
use crate::select::SortBy;
use crate::time::{DAYS, MONTHS};

impl Renderer<'_, '_> {
    pub(super) fn sorts_by_name(&self) -> bool {
        self.query.sorts.iter().any(|sort| {
            let groups = &self.plan.selection.groups;
            groups
                .iter()
                .any(|group| group.id == sort.field_id && group.sort != SortBy::Value)
        })
    }

    pub(super) fn order(&self) -> String {
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
