//! What joins, windows and `unnest` repeat is counted against the engine's memory.
//!
//! Each of them copies a text once for each row that it comes into, and the engine counts what they gather, but not the
//! batches that they make of it: one text of 1 MB that meets the rows of a batch is 1 GB. So their inputs are watched for the
//! widest row, and the room that a batch of such rows needs is reserved before there is one. A window over all rows makes one
//! batch of all of them, which is reserved too. The value of a subquery is copied for each row as well.
//!
//! A join may also go on for long, whether it makes rows or not. So a query that was stopped ends here, and one that was not lets
//! others run. What rows come from is watched for the same reason.

mod count;
mod watch;

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    replace_children_if_necessary,
};
use futures_util::{StreamExt, stream};

use self::count::{Count, Repeats};
use self::watch::Watched;
use super::stop::Stop;

/// Has the inputs and the output of each step that repeats rows counted, and each that rows come from watched. It is to be the
/// last rule: others look for the steps.
#[derive(Debug)]
pub(super) struct CountRepeats;

impl PhysicalOptimizerRule for CountRepeats {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let done = plan.transform_up(|step| match Repeats::of(&step) {
            Some(repeats) => Ok(Transformed::yes(counted(step, repeats)?)),
            None if Watched::fits(&step) => Ok(Transformed::yes(watched(step))),
            None => Ok(Transformed::no(step)),
        })?;
        Ok(done.data)
    }

    fn name(&self) -> &str {
        "count_repeats"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn counted(step: Arc<dyn ExecutionPlan>, repeats: Repeats) -> Result<Arc<dyn ExecutionPlan>> {
    let count = Arc::new(Count::new(repeats));
    let counted = |input: &Arc<dyn ExecutionPlan>, place| -> Arc<dyn ExecutionPlan> {
        Arc::new(Counted {
            input: Arc::clone(input),
            place,
            count: Arc::clone(&count),
        })
    };
    let inputs = step.children().into_iter().enumerate();
    let inputs: Vec<_> = inputs
        .map(|(side, input)| counted(input, Place::Input(side)))
        .collect();
    let step = replace_children_if_necessary(step, inputs)?;
    Ok(counted(&step, Place::Output))
}

fn watched(step: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    Arc::new(Watched::new(step))
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Input(usize),
    Output,
}

/// The rows of an input or of the output of a step that repeats them, which are counted on their way.
#[derive(Debug)]
struct Counted {
    input: Arc<dyn ExecutionPlan>,
    place: Place,
    count: Arc<Count>,
}

impl DisplayAs for Counted {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for Counted {
    fn name(&self) -> &str {
        "Counted"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([input]) = <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) else {
            return internal_err!("{} has one input", self.name());
        };
        Ok(Arc::new(Self {
            input,
            place: self.place,
            count: Arc::clone(&self.count),
        }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.count.begin(&context);
        let stop = Stop::here();
        let input = make_cooperative(self.input.execute(partition, context)?);
        let (schema, count) = (input.schema(), Arc::clone(&self.count));
        let counted: SendableRecordBatchStream = match self.place {
            Place::Input(side) => {
                let sizes = Arc::clone(&count);
                let pieces =
                    input.flat_map(move |batch| stream::iter(pieces(batch, sizes.rows(side))));
                let counted =
                    pieces.then(move |piece| taken(Arc::clone(&count), stop.clone(), side, piece));
                Box::pin(RecordBatchStreamAdapter::new(schema, counted))
            }
            // What is reserved stays so until the output has ended; the inputs end before.
            Place::Output => {
                let counted = input.map(move |batch: Result<RecordBatch>| {
                    let batch = batch?;
                    stop.check()?;
                    count.gives(&batch)?;
                    Ok(batch)
                });
                Box::pin(RecordBatchStreamAdapter::new(schema, counted))
            }
        };
        Ok(counted)
    }
}

/// A piece of an input, as soon as the step may have it.
async fn taken(
    count: Arc<Count>,
    stop: Stop,
    side: usize,
    piece: Result<RecordBatch>,
) -> Result<RecordBatch> {
    let piece = piece?;
    if count.is_slow(side) {
        tokio::task::yield_now().await;
    }
    stop.check()?;
    count.takes(side, &piece)?;
    Ok(piece)
}

/// A batch in pieces of so many rows, which share its memory. What is joined with each row of a batch makes as many.
fn pieces(batch: Result<RecordBatch>, rows: usize) -> Vec<Result<RecordBatch>> {
    let batch = match batch {
        Ok(batch) => batch,
        Err(error) => return vec![Err(error)],
    };
    let starts = (0..batch.num_rows()).step_by(rows);
    starts
        .map(|start| Ok(batch.slice(start, rows.min(batch.num_rows() - start))))
        .collect()
}
