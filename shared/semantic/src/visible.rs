//! What a query itself may name: what its user may see. Fields of the explore may name the rest, as whoever deployed it wanted.

use std::collections::HashSet;

use crate::error::{Reason, Refused};
use crate::explore::Dimension;
use crate::guard::{self, Trust};
use crate::reference::{Piece, pieces};
use crate::scope::{Scope, field_id, named};

impl<'a> Scope<'a> {
    /// Whether the user may not see a field, by the keys of its table and in it.
    pub(crate) fn hides(&self, table: &str, field: &str) -> bool {
        let hidden = &self.hidden;
        !hidden.is_empty()
            && (hidden.tables.contains(table)
                || hidden
                    .fields
                    .contains(&(table.to_owned(), field.to_owned())))
    }

    /// What is said of a field that the user's attributes hide.
    pub(crate) fn not_allowed(&self, id: &str) -> Refused {
        Refused {
            reason: Reason::Hidden,
            message: format!("You are not allowed to see the field \"{id}\""),
        }
    }

    /// What a query refers to, if its user may see it: whether it is there.
    pub(crate) fn may_name(
        &self,
        own: &str,
        table: Option<&str>,
        field: &str,
    ) -> Result<bool, Refused> {
        let Some((key, found)) = self.table(table.unwrap_or(own)) else {
            return Ok(false);
        };
        let names = [
            named(&found.dimensions, field).map(|(name, _)| name),
            named(&found.metrics, field).map(|(name, _)| name),
        ];
        let hidden = names.iter().flatten().any(|name| self.hides(key, name));
        if hidden || self.hidden.tables.contains(key) {
            return Err(self.not_allowed(&field_id(key, field)));
        }
        Ok(names.iter().any(Option::is_some))
    }

    /// Whether an expression of a query, that stands in a table with these dimensions, may be written.
    pub(crate) fn may_write(
        &self,
        own: &str,
        sql: &str,
        dimensions: &HashSet<&str>,
    ) -> Result<(), Refused> {
        self.may_refer(own, sql)?;
        let is_own = |sql: &str| dimensions.contains(sql);
        let trust = match self.options.custom_sql {
            true => Trust::Any,
            false => Trust::References(&is_own),
        };
        guard::expression(self.dialect, sql, trust)
    }

    /// Whether every reference of SQL is to what is visible. Where one is to nothing, the SQL is wrong, and not looked at any
    /// further.
    fn may_refer(&self, own: &str, sql: &str) -> Result<(), Refused> {
        if self.hidden.is_empty() {
            return Ok(());
        }
        for piece in pieces(sql) {
            if let Piece::Field { table, field } = piece
                && !self.may_name(own, table, field)?
            {
                break;
            }
        }
        Ok(())
    }

    /// The SQL of the dimensions of a table that the user may see: as good as their names.
    pub(crate) fn own_sql(&self, own: &str) -> HashSet<&'a str> {
        let table = self.explore.tables.get(own);
        let dimensions = table.into_iter().flat_map(|table| &table.dimensions);
        let seen = dimensions.filter(|(name, dimension)| {
            // The SQL of an interval is that of the date, which may be hidden.
            let is_whole = dimension.time_interval.is_none() || self.hidden.is_empty();
            is_whole && !self.hides(own, name)
        });
        seen.map(|(_, dimension)| dimension.sql.trim()).collect()
    }

    /// The dimension of which another one is an interval; itself, if it is none. An error, if the user may not see it.
    pub(crate) fn interval_base(&self, field: &'a Dimension) -> Result<&'a Dimension, Refused> {
        let Some(name) = field.time_interval_base_dimension_name.as_deref() else {
            return Ok(field);
        };
        self.may_name(&field.table, None, name)?;
        Ok(self.dimension_of(&field.table, None, name).unwrap_or(field))
    }
}
