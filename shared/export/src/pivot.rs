//! Rows, turned: the values of some columns become columns.

use std::collections::HashMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use warehouse::Row;

use crate::error::{Error, Result};
use crate::plan::{ColumnPlan, Plan, Role};

/// How rows are turned, in the wire's own shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Turn {
    /// Names of the dimensions whose values become columns.
    pub pivot_dimensions: Vec<String>,
    /// A row per metric instead of a column.
    pub metrics_as_rows: bool,
    /// Sums at the end of every row, of the metrics that may be summed.
    pub row_totals: bool,
    /// Names of the metrics that are left out.
    pub hidden_metric_field_ids: Vec<String>,
    /// More columns of values than that are an error; 60 unless said otherwise. Not on the wire.
    #[serde(skip)]
    pub max_columns: usize,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            pivot_dimensions: Vec::new(),
            metrics_as_rows: false,
            row_totals: false,
            hidden_metric_field_ids: Vec::new(),
            max_columns: 60,
        }
    }
}

/// A turned table. Keeps its rows, so their number should be limited ([`Limit`](crate::Limit)).
///
/// Rows and columns are in the order in which the answer has them first. Of rows with the same dimensions the last counts; those
/// that are hidden are dimensions, too. One that rows are turned by is written even if it is hidden.
pub struct Pivot {
    pub(crate) bom: bool,
    pub(crate) turn: Turn,
    /// The dimensions that stay rows.
    pub(crate) down: Vec<ColumnPlan>,
    /// The dimensions that tell rows apart and are not written.
    apart: Vec<ColumnPlan>,
    /// The dimensions that become columns.
    pub(crate) across: Vec<ColumnPlan>,
    pub(crate) metrics: Vec<ColumnPlan>,
    pub(crate) rows: Keys,
    pub(crate) columns: Keys,
    /// The values of the metrics, by row and column.
    cells: HashMap<(usize, usize), Vec<Value>>,
}

/// Combinations of values, numbered as they come.
#[derive(Default)]
pub(crate) struct Keys {
    numbers: HashMap<String, usize>,
    pub(crate) all: Vec<Vec<Value>>,
}

impl Keys {
    fn number<'c>(
        &mut self,
        columns: impl Iterator<Item = &'c ColumnPlan> + Clone,
        row: &Row,
    ) -> usize {
        let values = || columns.clone().map(|column| column.value(row));
        let mut key = String::new();
        for value in values() {
            // JSON has no line ends outside of texts, and escapes them there. Writing to a string cannot fail.
            let _ = writeln!(key, "{value}");
        }
        let next = self.all.len();
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.all.push(values().cloned().collect());
        }
        number
    }
}

impl Pivot {
    /// An empty table. What is neither a metric nor turned stays a row.
    ///
    /// # Errors
    /// Nothing to turn, or by what the plan does not have.
    pub fn new(plan: Plan, turn: Turn) -> Result<Self> {
        let bom = plan.bom;
        let (mut down, mut metrics): (Vec<_>, Vec<_>) = plan
            .columns
            .into_iter()
            .partition(|column| column.role == Role::Dimension);
        metrics.retain(|metric| !turn.hidden_metric_field_ids.contains(&metric.name));
        let mut apart = plan.hidden;
        apart.retain(|column| column.role == Role::Dimension);
        let across = take([&mut down, &mut apart], &turn.pivot_dimensions)?;
        if metrics.is_empty() || across.is_empty() {
            return Err(Error::NothingToTurn);
        }
        Ok(Self {
            bom,
            turn,
            down,
            apart,
            across,
            metrics,
            rows: Keys::default(),
            columns: Keys::default(),
            cells: HashMap::new(),
        })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// The table has more columns than it may have.
    pub fn push(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            let down = self.rows.number(self.down.iter().chain(&self.apart), row);
            let across = self.columns.number(self.across.iter(), row);
            let width = self.columns.all.len() * self.metrics_per_column().len();
            if width > self.turn.max_columns {
                return Err(Error::TooManyColumns(self.turn.max_columns));
            }
            let values = self.metrics.iter().map(|metric| metric.value(row).clone());
            self.cells.insert((down, across), values.collect());
        }
        Ok(())
    }

    /// The metrics that have a column each below every combination; one stands for all if they are rows.
    pub(crate) fn metrics_per_column(&self) -> &[ColumnPlan] {
        match self.turn.metrics_as_rows {
            true => self.metrics.get(..1).unwrap_or_default(),
            false => &self.metrics,
        }
    }

    /// The value of a metric by its number; `null` where the answer has none.
    pub(crate) fn value(&self, row: usize, column: usize, metric: usize) -> &Value {
        let values = self.cells.get(&(row, column));
        values
            .and_then(|values| values.get(metric))
            .unwrap_or(&Value::Null)
    }
}

/// Takes the columns of these names out of others, in the order of the names; a name that is there twice counts once.
fn take(mut from: [&mut Vec<ColumnPlan>; 2], names: &[String]) -> Result<Vec<ColumnPlan>> {
    let mut taken: Vec<ColumnPlan> = Vec::new();
    for name in names {
        if taken.iter().any(|column| column.name == *name) {
            continue;
        }
        let found = from.iter_mut().find_map(|columns| {
            let at = columns.iter().position(|column| column.name == *name)?;
            Some(columns.remove(at))
        });
        taken.push(found.ok_or_else(|| Error::UnknownColumn(name.clone()))?);
    }
    Ok(taken)
}
