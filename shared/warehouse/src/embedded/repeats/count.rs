//! How wide rows are, and what a step may make of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{JoinType, exec_err, internal_err};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PiecewiseMergeJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::scalar_subquery::ScalarSubqueryExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};

use super::super::engine::size_of;
use super::super::functions::size::{Size, size};

/// Bytes of a value that is no text and no list, at most but for rare decimals.
const NUMBER: usize = 16;
/// Bytes that a step may make without a reservation, as others do: a sort before it may hold all that there is.
const FREE: usize = 4 << 20;
/// Bytes of where a text or an item of a list begins.
const OFFSET: usize = 8;
/// Bytes of a text that a subquery gives as one value: there will be one for each row of a batch, as of constants.
const VALUE: usize = 64 << 10;
/// Pairs of rows that a join looks at in a moment.
const PAIRS: usize = 1 << 22;

/// How a step repeats rows.
#[derive(Debug)]
pub(super) enum Repeats {
    /// A join: each row of one side as often as there are rows of the other. It is to look at so many pairs of them between
    /// two pieces of an input, if it need not make a row of any.
    Rows { pairs: usize },
    /// As often as the lists of these columns have items. If lists are in lists, all of a batch is made at once.
    Lists { columns: Vec<usize>, nested: bool },
    /// Values of one row, in others: so many texts or lists and so many other columns, behind those of the input.
    Values {
        inputs: usize,
        long: usize,
        other: usize,
    },
    /// Values of subqueries, which are all inputs but the first, in each row of a batch.
    Subqueries,
}

impl Repeats {
    pub(super) fn of(step: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        if let Some(unnest) = step.downcast_ref::<UnnestExec>() {
            let lists = unnest.list_column_indices();
            return Some(Self::Lists {
                columns: lists
                    .iter()
                    .map(|list| list.index_in_input_schema)
                    .collect(),
                nested: lists.iter().any(|list| list.depth > 1),
            });
        }
        if step.is::<WindowAggExec>() || step.is::<BoundedWindowAggExec>() {
            let children = step.children();
            let inputs = children.first()?.schema().fields().len();
            let schema = step.schema();
            let made = schema.fields().iter().skip(inputs);
            let long = made.filter(|field| is_long(field.data_type())).count();
            return Some(Self::Values {
                inputs,
                long,
                other: schema.fields().len().saturating_sub(inputs + long),
            });
        }
        if step.is::<ScalarSubqueryExec>() {
            return Some(Self::Subqueries);
        }
        if let Some(join) = step.downcast_ref::<HashJoinExec>() {
            let makes_rows = join.filter().is_none()
                && matches!(
                    join.join_type(),
                    JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full
                );
            let pairs = if makes_rows { usize::MAX } else { PAIRS };
            return Some(Self::Rows { pairs });
        }
        if step.is::<NestedLoopJoinExec>() {
            return Some(Self::Rows { pairs: PAIRS });
        }
        let is_join = step.is::<CrossJoinExec>()
            || step.is::<SortMergeJoinExec>()
            || step.is::<PiecewiseMergeJoinExec>();
        is_join.then_some(Self::Rows { pairs: usize::MAX })
    }
}

/// Whether a value may be long, and is copied where its row is repeated.
fn is_long(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
            | DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..)
    )
}

fn weight(size: Size) -> usize {
    let offsets = size.parts.saturating_mul(OFFSET);
    size.bytes.saturating_add(offsets)
}

/// # Errors
/// That a text of the batch is longer than one value of a subquery may be.
fn refuse_long(batch: &RecordBatch) -> Result<()> {
    let mut columns = batch.columns().iter();
    let too_long = columns.any(|column| {
        let is_text = is_long(column.data_type()) && !column.data_type().is_nested();
        is_text && (0..batch.num_rows()).any(|row| size(column, row..row + 1).bytes > VALUE)
    });
    if too_long {
        return exec_err!(
            "a subquery that gives one value may make a text of {} KB",
            VALUE / 1024
        );
    }
    Ok(())
}

/// What is known of the rows of a step.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) repeats: Repeats,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Rows of a batch that the step makes.
    batch: usize,
    reservation: Option<MemoryReservation>,
    sides: Vec<Widths>,
    /// Rows that went in and did not come out, and their bytes.
    held: (usize, usize),
}

/// What is known of the rows of an input.
#[derive(Clone, Copy, Debug, Default)]
struct Widths {
    /// Bytes of the widest row.
    widest: usize,
    /// Bytes of all that becomes of one row, at most.
    largest: usize,
    /// How many there are; where lists become rows, so many of those.
    rows: usize,
}

impl Widths {
    fn with(self, other: Self) -> Self {
        Self {
            widest: self.widest.max(other.widest),
            largest: self.largest.max(other.largest),
            rows: self.rows.saturating_add(other.rows),
        }
    }
}

impl Count {
    pub(super) fn new(repeats: Repeats) -> Self {
        Self {
            repeats,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Knows the memory from then on; once for all inputs and the output.
    pub(super) fn begin(&self, context: &TaskContext) {
        let mut state = self.state();
        state.batch = context.session_config().batch_size().max(1);
        state.reservation.get_or_insert_with(|| {
            MemoryConsumer::new("repeated rows").register(context.memory_pool())
        });
    }

    /// Rows of a batch that is given to the step.
    pub(super) fn rows(&self, side: usize) -> usize {
        let state = self.state();
        let most = match self.repeats {
            Repeats::Lists { nested: true, .. } => 1,
            Repeats::Rows { pairs } => {
                let sides = state.sides.iter().enumerate();
                let others = sides.filter(|(at, _)| *at != side);
                let rows = others.fold(0_usize, |sum, (_, other)| sum.saturating_add(other.rows));
                pairs / rows.max(1)
            }
            Repeats::Lists { .. } | Repeats::Values { .. } | Repeats::Subqueries => state.batch,
        };
        most.min(state.batch).max(1)
    }

    /// Whether the step joins fewer rows at once than there are in a batch, as they are so many pairs.
    pub(super) fn is_slow(&self, side: usize) -> bool {
        let is_join = matches!(self.repeats, Repeats::Rows { .. });
        is_join && self.rows(side) < self.state().batch
    }

    /// Reserves what the step may make of these rows and those before.
    ///
    /// # Errors
    /// That there is no such room, or that a subquery gives a longer text than it may.
    pub(super) fn takes(&self, side: usize, batch: &RecordBatch) -> Result<()> {
        if matches!(self.repeats, Repeats::Subqueries) {
            if side == 0 {
                return Ok(());
            }
            refuse_long(batch)?;
        }
        let widths = self.widths(batch);
        let mut state = self.state();
        if state.sides.len() <= side {
            state.sides.resize(side + 1, Widths::default());
        }
        if let Some(before) = state.sides.get_mut(side) {
            *before = before.with(widths);
        }
        if matches!(self.repeats, Repeats::Values { .. }) {
            state.held.0 = state.held.0.saturating_add(batch.num_rows());
            state.held.1 = state.held.1.saturating_add(size_of(batch));
        }
        let needed = self.needed(&state);
        let Some(reservation) = &state.reservation else {
            return internal_err!("a step counts before it has begun");
        };
        if needed <= reservation.size().max(FREE) {
            return Ok(());
        }
        reservation.try_resize(needed)
    }

    /// Rows that came out are not held any more.
    pub(super) fn gives(&self, batch: &RecordBatch) -> Result<()> {
        let Repeats::Values { inputs, .. } = self.repeats else {
            return Ok(());
        };
        let inputs: Vec<_> = (0..inputs).collect();
        let bytes = size_of(&batch.project(&inputs)?);
        let mut state = self.state();
        let rows = state.held.0.saturating_sub(batch.num_rows());
        state.held = match rows {
            // The same rows count a little otherwise in batches of other lengths, which must not add up.
            0 => (0, 0),
            rows => (rows, state.held.1.saturating_sub(bytes)),
        };
        Ok(())
    }

    fn widths(&self, batch: &RecordBatch) -> Widths {
        let lists: &[usize] = match &self.repeats {
            Repeats::Lists { columns, .. } => columns,
            Repeats::Rows { .. } | Repeats::Values { .. } | Repeats::Subqueries => &[],
        };
        let columns = batch.columns().iter().enumerate();
        let long: Vec<_> = columns
            .filter(|(_, column)| is_long(column.data_type()))
            .collect();
        let short = (batch.num_columns() - long.len()).saturating_mul(NUMBER);
        let of_row = |row: usize| {
            let (mut width, mut items, mut parts) = (short, 0_usize, 1);
            for &(at, column) in &long {
                let size = size(column, row..row + 1);
                if lists.contains(&at) {
                    items = items.saturating_add(weight(size));
                    parts = size.parts.max(parts);
                } else {
                    width = width.saturating_add(weight(size));
                }
            }
            Widths {
                widest: width,
                largest: width.saturating_mul(parts).saturating_add(items),
                rows: parts,
            }
        };
        let rows = (0..batch.num_rows()).map(of_row);
        rows.fold(Widths::default(), Widths::with)
    }

    fn needed(&self, state: &State) -> usize {
        let sides = state.sides.iter();
        let widest = sides
            .clone()
            .fold(0_usize, |sum, side| sum.saturating_add(side.widest));
        match self.repeats {
            Repeats::Rows { .. } | Repeats::Lists { .. } => {
                let rows = sides.clone().map(|side| side.rows);
                let each_with_each = rows.clone().fold(1, usize::saturating_mul);
                // Those of an outer join that meet no others are there as well.
                let alone = rows.fold(0, usize::saturating_add);
                let most = each_with_each.max(alone).min(state.batch);
                let largest = sides.map(|side| side.largest).max().unwrap_or(0);
                widest.saturating_mul(most).max(largest)
            }
            Repeats::Subqueries => widest.saturating_mul(state.batch),
            Repeats::Values { long, other, .. } => {
                let (rows, bytes) = state.held;
                // What is held is put into one batch; values are held one by one before they are a column.
                let values = long.saturating_mul(widest).saturating_mul(2);
                let row = values.saturating_add(other.saturating_mul(NUMBER));
                bytes
                    .saturating_mul(2)
                    .saturating_add(row.saturating_mul(rows))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{ArrayRef, Int64Array};

    use super::*;

    #[test]
    fn a_join_takes_the_fewer_rows_at_once_the_more_they_meet() {
        let context = TaskContext::default();
        let whole = context.session_config().batch_size();
        let numbers = |count: i64| -> RecordBatch {
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
            RecordBatch::try_from_iter([("n", column)]).unwrap()
        };
        for (pairs, met, rows) in [
            (10_000, 1, whole),
            (10_000, 1_000, 10),
            (10_000, 20_000, 1),
            (usize::MAX, 20_000, whole),
        ] {
            let count = Count::new(Repeats::Rows { pairs });
            count.begin(&context);
            count.takes(0, &numbers(met)).unwrap();
            assert_eq!(count.rows(1), rows);
            assert_eq!(count.is_slow(1), rows < whole);
            assert_eq!(count.rows(0), whole);
        }
    }
}
