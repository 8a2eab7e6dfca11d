//! Where a query that was stopped ends, if no join or window is in it: behind each batch of what rows come from.
//!
//! What is asked of each row may take long, and the engine lets others run after 128 batches only. So there is a moment for them
//! after each batch, in which a task that nobody waits for ends too, and the query is not given the batch if it was stopped.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::EvaluationType;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
};
use futures_util::StreamExt;

use super::super::stop::Stop;

/// The rows of a step that are watched for the end of their query.
#[derive(Debug)]
pub(super) struct Watched {
    input: Arc<dyn ExecutionPlan>,
}

impl Watched {
    pub(super) fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        Self { input }
    }

    /// Whether rows come from this step: from nowhere else, from tasks of its own, or once it has read all that it gets.
    pub(super) fn fits(step: &Arc<dyn ExecutionPlan>) -> bool {
        step.children().is_empty()
            || step.properties().evaluation_type == EvaluationType::Eager
            || step.is::<AggregateExec>()
            || step.is::<SortExec>()
    }
}

impl DisplayAs for Watched {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for Watched {
    fn name(&self) -> &str {
        "Watched"
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
        Ok(Arc::new(Self { input }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let stop = Stop::here();
        let input = self.input.execute(partition, context)?;
        let schema = input.schema();
        let watched = input.then(move |batch| passed(stop.clone(), batch));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, watched)))
    }
}

/// A batch, unless its query was stopped.
async fn passed(stop: Stop, batch: Result<RecordBatch>) -> Result<RecordBatch> {
    tokio::task::yield_now().await;
    stop.check()?;
    batch
}

#[cfg(test)]
mod tests {
    use super::super::super::engine::{self, Engine};
    use super::*;

    async fn begun(sql: &str, stop: &Stop) -> SendableRecordBatchStream {
        let engine = Engine::new().unwrap();
        let context = engine.context();
        let begun = async {
            let plan = engine::plan(context, sql, engine.limits().memory).await;
            let frame = context.execute_logical_plan(plan.unwrap()).await.unwrap();
            frame.execute_stream().await.unwrap()
        };
        stop.clone().within(begun).await
    }

    async fn is_stopped(sql: &str, rows: &mut SendableRecordBatchStream) {
        let said = rows.next().await.unwrap().unwrap_err().to_string();
        assert!(said.contains("the query was stopped"), "{sql}: {said}");
    }

    #[tokio::test]
    async fn a_query_that_only_reads_rows_ends_when_it_is_stopped() {
        for sql in [
            "SELECT value FROM generate_series(1, 5000)",
            "SELECT value FROM generate_series(1, 5000) WHERE value % 7 = 9",
            "SELECT SUM(value % 7) FROM generate_series(1, 5000)",
        ] {
            let stop = Stop::default();
            let mut rows = begun(sql, &stop).await;
            stop.set();
            is_stopped(sql, &mut rows).await;
        }
    }

    #[tokio::test]
    async fn a_query_that_has_read_its_rows_ends_too() {
        for sql in [
            "SELECT value FROM generate_series(1, 5000) ORDER BY value % 7",
            "SELECT COUNT(*) FROM generate_series(1, 5000) GROUP BY value % 4999",
        ] {
            let stop = Stop::default();
            let mut rows = begun(sql, &stop).await;
            assert!(rows.next().await.unwrap().is_ok(), "{sql}");
            stop.set();
            is_stopped(sql, &mut rows).await;
        }
    }

    #[tokio::test]
    async fn others_run_after_each_batch() {
        let sql = "SELECT SUM(value % 7) FROM generate_series(1, 5000)";
        let mut rows = begun(sql, &Stop::default()).await;
        let mut sum = std::pin::pin!(rows.next());
        let mut moments = 0;
        let counted = std::future::poll_fn(|context| {
            let polled = sum.as_mut().poll(context);
            moments += usize::from(polled.is_pending());
            polled
        });
        assert!(counted.await.unwrap().is_ok());
        // There are five batches.
        assert!(moments >= 5, "{moments}");
    }
}
