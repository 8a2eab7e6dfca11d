//! The engine: its tables, its limits, and how a query runs in it.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{MemorySchemaProvider, TableProvider};
use datafusion::common::TableReference;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

use super::columns::{TextAsNumber, TextIsNoNumber};
use super::doubles::ExactDoubles;
use super::files::{File, WithBroken};
use super::repeats::CountRepeats;
use super::stop::{Abandoned, Spinners, Stop};
use super::{Error, Result, coercion, functions, json, operators, statement};
use crate::{Column, Rows};

/// The name of the database that the tables are in, where SQL names one.
pub(super) const DATABASE: &str = "postgres";
/// Plans are walked by recursion, and a filter of a thousand values is a deep one. Only addresses are reserved.
const STACK: usize = 64 * 1024 * 1024;
/// How long a query that is stopped may go on. It ends behind its next batch; one that never has one keeps its thread.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// What is said of a query where the engine would speak of itself.
const UNKNOWN: &str = "the query has something that the engine cannot do";
const OUTER: &str =
    "the engine cannot run a subquery that uses columns of the query around it in this way";

/// What one query may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of memory, shared by the queries that run at the same time; the answer counts too.
    pub memory: usize,
    /// Bytes of temporary files for what does not fit into memory.
    pub spill: u64,
    pub time: Duration,
}

impl Default for Limits {
    /// 256 MB and 25 seconds, so that a query ends before the 30 seconds of an HTTP API do, and 400 MB of the 512 that a
    /// function has below `/tmp`.
    fn default() -> Self {
        Self {
            memory: 256 * 1024 * 1024,
            spill: 400 * 1024 * 1024,
            time: Duration::from_secs(25),
        }
    }
}

/// A database in the process. It has the tables that were registered, and reads nothing else.
///
/// Queries run on threads of the engine's own, so that a large one does not hold up the caller's.
pub struct Engine {
    context: SessionContext,
    limits: Limits,
    runtime: Option<Runtime>,
    stuck: Arc<AtomicBool>,
    spinners: Spinners,
}

impl Engine {
    /// An engine without tables, with the default limits.
    ///
    /// # Errors
    /// [`Error::Engine`] when the system gives no threads.
    pub fn new() -> Result<Self> {
        Self::with_limits(Limits::default())
    }

    /// An engine without tables.
    ///
    /// # Errors
    /// [`Error::Engine`] when the system gives no threads.
    pub fn with_limits(limits: Limits) -> Result<Self> {
        let threads = 2;
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_stack_size(STACK)
            .thread_name("embedded-engine")
            .enable_all()
            .build()
            .map_err(|error| Error::Engine(error.to_string()))?;
        Ok(Self {
            context: context(&limits)?,
            limits,
            runtime: Some(runtime),
            stuck: Arc::default(),
            spinners: Spinners::default(),
        })
    }

    /// An engine without tables, which counts its queries that go on after they were stopped with those of others.
    pub(super) fn with_spinners(spinners: &Spinners) -> Result<Self> {
        let mut engine = Self::new()?;
        engine.spinners = spinners.clone();
        Ok(engine)
    }

    /// Makes a table of batches in memory, instead of one that has that name.
    ///
    /// # Errors
    /// [`Error::Engine`] when a batch does not have this schema.
    pub fn table(
        &self,
        schema: &str,
        name: &str,
        columns: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<()> {
        let table = MemTable::try_new(columns, vec![batches]).map_err(engine_failed)?;
        self.register(schema, name, Arc::new(table))
    }

    /// Makes a table of every `.csv`, `.parquet`, `.json`, `.jsonl` and `.ndjson` file of a folder, named like the file, and
    /// answers their names. Other files are passed over. In a CSV file the first line names the columns, and their types are
    /// those that all of its first 10,000 lines have; a column without values is text. A JSON file has objects, one after the other or in one array; its columns
    /// are their fields by name, of the types that all of them have. A file that cannot be read fails the queries that name
    /// its table, and no others.
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be read; [`Error::Connection`], [`Error::Engine`] and [`Error::Time`] when a file
    /// was not read for a reason that is not its own.
    pub async fn folder(&self, schema: &str, folder: &std::path::Path) -> Result<Vec<String>> {
        self.files(schema, super::files::of(folder)?).await
    }

    /// Makes tables of files, and answers their names.
    pub(super) async fn files(&self, schema: &str, files: Vec<File>) -> Result<Vec<String>> {
        let (mut names, mut broken) = (Vec::new(), HashMap::new());
        for file in files {
            let (context, name) = (self.context.clone(), file.name.clone());
            // Also while stopped queries go on: the table is to be there when they have ended.
            let reads = self.start(async move { super::files::table(&context, &file).await })?;
            let error = match self.ended(reads).await? {
                Ok(Ok(table)) => {
                    self.register(schema, &name, table)?;
                    names.push(name);
                    continue;
                }
                Ok(Err(error @ Error::File { .. })) => error,
                // A reader that panics does so at what is in the file.
                Err(failed) if failed.is_panic() => Error::Engine(failed.to_string()),
                // It is not the file that is wrong.
                Ok(Err(error)) => return Err(error),
                Err(failed) => return Err(Error::Engine(failed.to_string())),
            };
            broken.insert(name, crate::Error::from(error).to_string());
        }
        self.register_broken(schema, broken)?;
        Ok(names)
    }

    /// Runs one `SELECT` in PostgreSQL's dialect; the session's zone is UTC.
    ///
    /// # Errors
    /// [`Error::Refused`] for anything that is not one statement that only reads, [`Error::Query`] when the query is
    /// wrong, [`Error::Memory`] and [`Error::Time`] at the limits.
    pub async fn query(&self, sql: &str) -> Result<Rows> {
        let (context, sql, memory) = (self.context.clone(), sql.to_owned(), self.limits.memory);
        self.run(async move { answer(&context, &sql, memory).await })
            .await
    }

    /// On the engine's own threads, for as long as the limits allow, and no longer than somebody waits for it.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let running = self.spawn(work)?;
        let failed = |failed: JoinError| Error::Engine(failed.to_string());
        self.ended(running).await?.map_err(failed)?
    }

    /// What became of work, if it ends in time.
    async fn ended<T>(&self, mut running: Abandoned<T>) -> Result<Result<T, JoinError>> {
        let late = |_| Error::Time(self.limits.time);
        let ended = tokio::time::timeout(self.limits.time, &mut running.task).await;
        ended.map_err(late)
    }

    /// A query on the engine's own threads, until what this answers is dropped.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Abandoned<T>> {
        self.spinners.has_room()?;
        self.start(work)
    }

    /// The same, however many stopped queries go on.
    fn start<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Abandoned<T>> {
        let runtime = self.runtime.as_ref();
        let runtime = runtime.ok_or_else(|| Error::Engine("it has stopped".to_owned()))?;
        let stop = Stop::default();
        Ok(Abandoned {
            task: runtime.spawn(stop.clone().within(work)),
            stop,
            stuck: self.stuck.clone(),
            spinners: self.spinners.clone(),
        })
    }

    /// Whether a query was stopped and goes on all the same. Its thread is lost, so another engine is to take over.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(super) fn mark_stuck(&self) {
        self.stuck.store(true, Ordering::Relaxed);
    }

    pub(super) fn context(&self) -> &SessionContext {
        &self.context
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn register_broken(&self, schema: &str, broken: HashMap<String, String>) -> Result<()> {
        let catalog = self.context.catalog(DATABASE);
        let (Some(catalog), false) = (catalog, broken.is_empty()) else {
            return Ok(());
        };
        let tables = catalog
            .schema(schema)
            .unwrap_or_else(|| Arc::new(MemorySchemaProvider::new()));
        catalog
            .register_schema(schema, Arc::new(WithBroken { tables, broken }))
            .map_err(engine_failed)?;
        Ok(())
    }

    fn register(&self, schema: &str, name: &str, table: Arc<dyn TableProvider>) -> Result<()> {
        let catalog = self
            .context
            .catalog(DATABASE)
            .ok_or_else(|| Error::Engine("it has no database".to_owned()))?;
        if catalog.schema(schema).is_none() {
            catalog
                .register_schema(schema, Arc::new(MemorySchemaProvider::new()))
                .map_err(engine_failed)?;
        }
        let name = TableReference::full(DATABASE, schema, name);
        self.context
            .deregister_table(name.clone())
            .map_err(engine_failed)?;
        self.context
            .register_table(name, table)
            .map_err(engine_failed)?;
        Ok(())
    }
}

impl Drop for Engine {
    /// Does not wait for queries: dropping must be possible where nothing may block.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn context(limits: &Limits) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(DATABASE, "public")
        .with_create_default_catalog_and_schema(true)
        .with_information_schema(false)
        // Rows come in the order of the tables where none is asked for, and two queries share two cores.
        .with_target_partitions(1)
        // What a function makes of one batch is not counted while it does, so batches are small.
        .with_batch_size(1024);
    let options = config.options_mut();
    options.execution.time_zone = Some("UTC".to_owned());
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    // It asks for the same metadata of columns in both plans; see `columns.rs` for what is in it.
    options.execution.skip_physical_aggregate_schema_check = true;

    let most = NonZeroUsize::MIN.saturating_add(4);
    let pool = TrackConsumersPool::new(FairSpillPool::new(limits.memory), most);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_max_temp_directory_size(limits.spill)
        .build_arc()
        .map_err(engine_failed)?;

    let mut analyzers = coercion::rules();
    analyzers.insert(0, Arc::new(TextIsNoNumber));
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_analyzer_rules(analyzers)
        .with_physical_optimizer_rules(rules());
    let planners = state.expr_planners().get_or_insert_default();
    planners.insert(0, Arc::new(operators::PostgresOperators));
    planners.insert(0, Arc::new(TextAsNumber));
    let mut context = SessionContext::new_with_state(state.build());
    functions::register(&mut context).map_err(engine_failed)?;
    context.add_analyzer_rule(Arc::new(ExactDoubles));
    // It takes the sum of sums for a sum, whose type is another one in PostgreSQL.
    context.remove_optimizer_rule("single_distinct_aggregation_to_group_by");
    Ok(context)
}

/// The engine's own, but for the one that moves filters of a plan: below a join whose sides it has exchanged, it finds columns by
/// their names, and a filter of one table is applied to another one's column. And one that counts what they do not.
fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    rules.retain(|rule| !rule.name().starts_with("FilterPushdown"));
    rules.push(Arc::new(CountRepeats));
    rules
}

async fn answer(context: &SessionContext, sql: &str, memory: usize) -> Result<Rows> {
    let plan = plan(context, sql, memory).await?;
    let failed = |error: DataFusionError| query_failed(&error, memory);
    let frame = context.execute_logical_plan(plan).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    let columns = columns(&stream.schema());
    let (mut rows, mut size) = (Vec::new(), 0usize);
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(failed)?;
        size = size.saturating_add(size_of(&batch));
        if size > memory {
            return Err(Error::Memory(memory));
        }
        json::append(&batch, &mut rows)?;
    }
    Ok(Rows { columns, rows })
}

/// Bytes of the values of a batch. Batches that are pieces of a larger one share its memory; each counts for itself.
pub(super) fn size_of(batch: &RecordBatch) -> usize {
    let sizes = batch.columns().iter().map(|column| {
        let whole = || column.get_array_memory_size();
        match column.data_type() {
            DataType::Utf8View | DataType::BinaryView => whole(),
            _ => {
                let size = column.to_data().get_slice_memory_size();
                size.unwrap_or_else(|_| whole())
            }
        }
    });
    sizes.fold(0, usize::saturating_add)
}

/// What a statement does, if all it does is reading.
pub(super) async fn plan(
    context: &SessionContext,
    sql: &str,
    memory: usize,
) -> Result<LogicalPlan> {
    let statement = statement::read(sql)?;
    let plan = context
        .state()
        .statement_to_plan(statement)
        .await
        .map_err(|error| query_failed(&error, memory))?;
    // A second look at what `statement` lets through: by what the plan does, not by how it was written.
    let reads = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    reads
        .verify_plan(&plan)
        .map_err(|_| Error::Refused(statement::ONLY_READS.to_owned()))?;
    Ok(plan)
}

pub(super) fn columns(schema: &Schema) -> Vec<Column> {
    let column = |field: &Arc<Field>| Column {
        name: field.name().clone(),
        r#type: json::type_of(field.data_type()),
    };
    schema.fields().iter().map(column).collect()
}

pub(super) fn query_failed(error: &DataFusionError, memory: usize) -> Error {
    if let Some(error) = super::unreachable(error) {
        return error;
    }
    let root = error.find_root();
    let said = root.message();
    // No room for spilling has no kind of its own by the time it is here, and a join that found none says otherwise.
    let no_room = ["max_temp_directory_size", "produced no data to spill"];
    match root {
        DataFusionError::ResourcesExhausted(_) => Error::Memory(memory),
        _ if no_room.iter().any(|text| said.contains(text)) => Error::Memory(memory),
        _ if said.contains("OuterReferenceColumn(") => Error::Query(OUTER.to_owned()),
        DataFusionError::Internal(_) => Error::Query(UNKNOWN.to_owned()),
        _ if said.contains("DataFusion's code") => Error::Query(UNKNOWN.to_owned()),
        _ => Error::Query(root.strip_backtrace()),
    }
}

pub(super) fn engine_failed(error: DataFusionError) -> Error {
    Error::Engine(error.strip_backtrace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_query_that_goes_on_after_it_was_stopped_marks_the_engine() {
        let engine = Engine::new().unwrap();
        let waits = engine.spawn(std::future::pending::<()>()).unwrap();
        drop(waits);
        tokio::time::sleep(PAUSE + Duration::from_millis(500)).await;
        assert!(!engine.is_stuck());

        let (started, runs) = tokio::sync::oneshot::channel();
        let never_waits = async move {
            started.send(()).unwrap();
            std::thread::sleep(PAUSE * 3);
        };
        let never_waits = engine.spawn(never_waits).unwrap();
        runs.await.unwrap();
        drop(never_waits);
        tokio::time::sleep(PAUSE + Duration::from_millis(500)).await;
        assert!(engine.is_stuck());
    }

    #[tokio::test]
    async fn a_file_is_not_wrong_when_the_engine_fails() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("good.csv"), "id\n1\n").unwrap();
        std::fs::write(folder.path().join("bad.parquet"), "none").unwrap();
        let mut engine = Engine::new().unwrap();
        let names = engine.folder("shop", folder.path()).await.unwrap();
        assert_eq!(names, ["good"]);
        let bad = engine.query("SELECT * FROM shop.bad").await.unwrap_err();
        assert!(bad.to_string().contains("bad.parquet"), "{bad}");

        engine.runtime.take().unwrap().shutdown_background();
        let failed = engine.folder("shop", folder.path()).await;
        assert!(matches!(failed, Err(Error::Engine(_))), "{failed:?}");
    }

    #[test]
    fn what_the_engine_says_of_itself_is_not_passed_on() {
        let said = |error: DataFusionError| query_failed(&error, 1024 * 1024).to_string();
        let internal = || DataFusionError::Internal("Function 'substr'".to_owned());
        assert_eq!(said(internal()), UNKNOWN);
        assert_eq!(said(internal().context("type_coercion")), UNKNOWN);
        let quoted = DataFusionError::Plan(internal().to_string());
        assert_eq!(said(quoted), UNKNOWN);
        let lacking = DataFusionError::NotImplemented("LATERAL".to_owned());
        assert!(said(lacking).ends_with("LATERAL"));
        let outer = "no logical expression OuterReferenceColumn(Field { name: \"a\" })";
        assert_eq!(
            said(DataFusionError::NotImplemented(outer.to_owned())),
            OUTER
        );
        let left = DataFusionError::Internal("Left side produced no data to spill".to_owned());
        assert!(matches!(query_failed(&left, 1), Error::Memory(1)));
        let of_the_query = DataFusionError::Plan("no such table".to_owned());
        assert!(said(of_the_query).ends_with("no such table"));
    }
}
