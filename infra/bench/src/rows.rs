//! Asking: what a query costs beside its engine, rows to CSV in constant memory, and many who ask at once.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use app::{
    App,
    clock::Clock,
    config::Config,
    domain::id::{ProjectId, QueryId},
    files::FileName,
    random::Random,
    store::{Store, embedded::Embedded},
};
use query::export::{Source, csv, plan};
use serde_json::{Map, Value, json};
use warehouse::{Statement, Warehouse};

use crate::{
    figures::{Samples, megabytes, milliseconds, row, table as markdown},
    http::{Connection, Request},
    process::{Binaries, PASSWORD, Stack, folder, own_peak, reset_own_peak},
};

/// Rows of the table that is asked.
const ROWS: usize = 5_000;
/// Its columns, and their types in an explore.
const COLUMNS: [(&str, &str); 10] = [
    ("id", "number"),
    ("name", "string"),
    ("note", "string"),
    ("day", "date"),
    ("at", "timestamp"),
    ("amount", "number"),
    ("ratio", "number"),
    ("active", "boolean"),
    ("count", "number"),
    ("region", "string"),
];
/// How often each query is asked.
const TIMES: usize = 60;
/// How many rows become files.
const FILES: [usize; 3] = [10_000, 1_000_000, 10_000_000];
/// Who asks at once, and how much each.
const USERS: usize = 10;
const EACH: usize = 5;

/// Every table.
pub(crate) fn tables(binaries: &Binaries) -> Result<String> {
    let mut text = files()?;
    let data = folder()?;
    let stack = Stack::start(binaries, data.path())?;
    let place = Place::new(&stack, data.path())?;
    text.push('\n');
    text.push_str(&place.overhead()?);
    text.push('\n');
    text.push_str(&place.crowd()?);
    Ok(text)
}

fn told(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::Error::msg(error.to_string())
}

/// The table as a CSV file.
fn write(folder: &Path, rows: usize) -> Result<()> {
    fs::create_dir_all(folder)?;
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let mut text = names.join(",") + "\n";
    for at in 0..rows {
        writeln!(
            text,
            "{at},name {at},\"a note, with a comma\",2024-{:02}-{:02},2024-01-15 10:{:02}:00,{}.{:02},{},{},{},{}",
            at % 12 + 1,
            at % 28 + 1,
            at % 60,
            at % 9_000,
            at % 100,
            at as f64 / 7.0,
            at % 3 == 0,
            at * 31 % 1_000,
            ["north", "south", "east", "west"][at % 4],
        )?;
    }
    fs::write(folder.join("wide.csv"), text)?;
    Ok(())
}

// Rows to files -------------------------------------------------------------------------------------------------------------

/// From the embedded engine to a CSV file in a folder, formatted.
fn files() -> Result<String> {
    let data = folder()?;
    write(&data.path().join("bench"), 3_200)?;
    let engines = warehouse::embedded::projects(data.path().to_owned());
    let engine = engines("bench").map_err(told)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let app = runtime.block_on(app(data.path()))?;
    let mut rows = vec![row([
        "Rows",
        "Engine alone",
        "To a CSV file",
        "CSV",
        "Rows a second",
        "Memory at most",
        "File",
    ])];
    for count in FILES {
        let list = |of: &str, name: &str| format!("{of}.{name}");
        let columns: Vec<String> = COLUMNS
            .iter()
            .enumerate()
            .map(|(at, (name, _))| list(if at % 2 == 0 { "a" } else { "b" }, name))
            .collect();
        let sql = format!(
            "SELECT {} FROM jaffle.wide AS a CROSS JOIN jaffle.wide AS b LIMIT {count}",
            columns.join(", ")
        );
        let alone = runtime.block_on(drained(&*engine, &sql, count))?;
        reset_own_peak();
        let begun = Instant::now();
        let bytes = runtime.block_on(file(&app, &*engine, &sql, count))?;
        let took = begun.elapsed();
        rows.push(row([
            &count.to_string(),
            &format!("{:.2} s", alone.as_secs_f64()),
            &format!("{:.2} s", took.as_secs_f64()),
            &format!("{:.2} s", took.saturating_sub(alone).as_secs_f64()),
            &format!("{:.0}", count as f64 / took.as_secs_f64()),
            &format!("{:.0} MB", megabytes(own_peak()?)),
            &format!("{:.0} MB", megabytes(bytes)),
        ]));
    }
    rows.push(row(["*aim*", "", "", "", "> 300000", "< 150 MB", ""]));
    Ok(markdown(
        "Rows (10 columns, formatted) from the embedded engine to a CSV file",
        &rows,
    ))
}

async fn app(data: &Path) -> Result<App> {
    let path = |name: &str| data.join(name).to_string_lossy().into_owned();
    let own = [
        ("ZERODASH_OUTBOX", path("outbox")),
        ("ZERODASH_KEY_FILE", path("key")),
        ("ZERODASH_FILES", path("files")),
    ];
    let variable = |name: &str| {
        let found = own.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.clone())
    };
    let config = Config::from_variables(variable).map_err(anyhow::Error::msg)?;
    let random = Random::seeded(1);
    let table = Embedded::in_memory().map_err(told)?;
    let store = Store::new(table.client(), &config.table, random.clone());
    App::with(config, store, Clock::System, random)
        .await
        .map_err(told)
}

async fn drained(engine: &dyn Warehouse, sql: &str, count: usize) -> Result<Duration> {
    let begun = Instant::now();
    let statement = Statement::new(sql, Duration::from_secs(300));
    let mut stream = engine.stream(&statement).await.map_err(told)?;
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch.map_err(told)?.len();
    }
    ensure!(rows == count, "{rows} rows came instead of {count}");
    Ok(begun.elapsed())
}

async fn file(app: &App, engine: &dyn Warehouse, sql: &str, count: usize) -> Result<u64> {
    let statement = Statement::new(sql, Duration::from_secs(300));
    let stream = engine.stream(&statement).await.map_err(told)?;
    let plan = plan(&stream.columns, &fields(), &export::Options::default());
    let name = FileName::rows(ProjectId::new(&app.random), QueryId::new(&app.random), 0);
    let mut source = Source::Warehouse(stream);
    let written = csv(app, &name, plan, &mut source, None)
        .await
        .map_err(told)?;
    ensure!(written.rows == count as u64, "rows are missing");
    Ok(written.bytes)
}

/// What is known of the columns.
fn fields() -> Map<String, Value> {
    let field = |(name, kind): (&str, &str)| {
        let mut field = json!({ "name": name, "label": name, "type": kind, "fieldType": "dimension", "tableLabel": "Wide" });
        if name == "amount" {
            field["format"] = json!("usd");
        }
        (name.to_owned(), field)
    };
    COLUMNS.into_iter().map(field).collect()
}

// Through the gateway -------------------------------------------------------------------------------------------------------

/// A stack with a project that can be asked.
struct Place<'a> {
    stack: &'a Stack,
    cookie: String,
    project: String,
    tables: PathBuf,
}

impl<'a> Place<'a> {
    fn new(stack: &'a Stack, data: &Path) -> Result<Self> {
        let cookie = stack.register_with_organization("rows@example.com")?;
        let mut place = Self {
            stack,
            cookie,
            project: String::new(),
            tables: PathBuf::new(),
        };
        let body = json!({
            "name": "Rows", "type": "DEFAULT", "dbtVersion": "v1.8", "dbtConnection": { "type": "none" },
            "warehouseConnection": { "type": "postgres", "host": warehouse::EMBEDDED, "user": "", "password": "", "port": 5432,
                                     "dbname": "postgres", "schema": "jaffle" },
        });
        let made = place.ask("POST", "/api/v1/org/projects", Some(&body))?;
        let id = made["project"]["projectUuid"].as_str();
        id.context("no project")?.clone_into(&mut place.project);
        place.tables = data.join("warehouse").join(&place.project);
        write(&place.tables, ROWS)?;
        let path = format!("/api/v1/projects/{}/explores", place.project);
        place.ask("PUT", &path, Some(&json!([explore()])))?;
        Ok(place)
    }

    /// What is answered, without the envelope.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut connection = Connection::open(self.stack.gateway)?;
        answer(
            &mut connection,
            &Request::new(method, path, &self.cookie, body),
        )
    }

    /// What queries cost beside the engine's own time.
    fn overhead(&self) -> Result<String> {
        let engines =
            warehouse::embedded::projects(self.tables.parent().context("a folder")?.into());
        let engine = engines(&self.project).map_err(told)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let path = format!(
            "/api/v1/projects/{}/explores/wide/compileQuery",
            self.project
        );
        let sql = self.ask("POST", &path, Some(&query()))?;
        let sql = sql.as_str().context("no SQL")?;
        let mut rows = vec![row(["What", "p50", "max", "Aim"])];
        let mut connection = Connection::open(self.stack.gateway)?;
        let mut line = |name: &str, aim: &str, ask: &mut dyn FnMut() -> Result<()>| {
            ask()?;
            let mut times = Vec::new();
            for _ in 0..TIMES {
                let begun = Instant::now();
                ask()?;
                times.push(begun.elapsed());
            }
            let samples = Samples::of_times(&times);
            let (p50, max) = (samples.p50(), samples.max());
            rows.push(row([
                name,
                &format!("{p50:.1} ms"),
                &format!("{max:.1} ms"),
                aim,
            ]));
            Ok::<_, anyhow::Error>(p50)
        };
        let alone = line("the engine alone, in a process of its own", "", &mut || {
            runtime.block_on(drained(&*engine, sql, ROWS)).map(|_| ())
        })?;
        let queries = format!("/api/v2/projects/{}/query", self.project);
        let body = json!({ "query": query() });
        let begin = Request::new(
            "POST",
            &format!("{queries}/metric-query"),
            &self.cookie,
            Some(&body),
        );
        let asked = line(
            "asked, and the first page of 500 rows read",
            "",
            &mut || {
                let begun = answer(&mut connection, &begin)?;
                let id = begun["queryUuid"].as_str().context("no query")?;
                let page = Request::get(&format!("{queries}/{id}"), &self.cookie);
                let page = answer(&mut connection, &page)?;
                ensure!(page["status"] == "ready", "not ready: {page}");
                Ok(())
            },
        )?;
        let path = format!("/api/v1/projects/{}/explores/wide/runQuery", self.project);
        let run = Request::new("POST", &path, &self.cookie, Some(&query()));
        line("all rows in one answer", "", &mut || {
            connection.ask(&run).map(|_| ())
        })?;
        let overhead = format!("{:.1} ms", asked - alone);
        rows.push(row([
            "asked and read, less the engine",
            &overhead,
            "",
            "< 10 ms",
        ]));
        Ok(markdown(
            "A query of 10 columns × 5000 rows, through the local gateway",
            &rows,
        ))
    }

    /// Many who ask at once.
    fn crowd(&self) -> Result<String> {
        let mut cookies = vec![self.cookie.clone()];
        for at in 1..USERS {
            cookies.push(self.join(at)?);
        }
        let path = format!("/api/v1/projects/{}/explores/wide/runQuery", self.project);
        let began = Instant::now();
        let times = thread::scope(|scope| {
            let all: Vec<_> = cookies
                .iter()
                .flat_map(|cookie| (0..EACH).map(move |_| cookie))
                .map(|cookie| {
                    let run = Request::new("POST", &path, cookie, Some(&query()));
                    scope.spawn(move || {
                        let mut connection = Connection::open(self.stack.gateway)?;
                        let found = answer(&mut connection, &run)?;
                        let rows = found["rows"].as_array().map_or(0, Vec::len);
                        ensure!(rows == ROWS, "{rows} rows");
                        Ok(began.elapsed())
                    })
                })
                .collect();
            all.into_iter()
                .map(|one| one.join().ok().context("a client panicked")?)
                .collect::<Result<Vec<Duration>>>()
        })?;
        // How long each user waited for their last.
        let last: Vec<Duration> = times
            .chunks(EACH)
            .filter_map(|own| own.iter().max().copied())
            .collect();
        let (each, users) = (Samples::of_times(&times), Samples::of_times(&last));
        let first = last.iter().min().copied().unwrap_or_default();
        let rows = [
            row(["What", "Figure"]),
            row(["answers, each with all 5000 rows", &times.len().to_string()]),
            row(["an answer, p50", &format!("{:.0} ms", each.p50())]),
            row(["an answer, max", &format!("{:.0} ms", each.max())]),
            row([
                "the last answer of a user: soonest, latest",
                &format!("{:.0} ms, {:.0} ms", milliseconds(first), users.max()),
            ]),
            row([
                "memory of the process at most",
                &format!("{:.0} MB", megabytes(self.stack.process.peak()?)),
            ]),
        ];
        Ok(markdown(
            &format!("{USERS} users who ask {EACH} queries each at the same moment"),
            &rows,
        ))
    }

    /// One more member: the session's cookie.
    fn join(&self, at: usize) -> Result<String> {
        let invited = json!({ "email": format!("rows{at}@example.com"), "role": "editor" });
        let link = self.ask("POST", "/api/v1/invite-links", Some(&invited))?;
        let body = json!({ "inviteCode": link["inviteCode"], "firstName": "A", "lastName": "B", "password": PASSWORD });
        let request = Request::new("POST", "/api/v1/user", "", Some(&body));
        let answer = Connection::open(self.stack.gateway)?.ask(&request)?;
        let cookie = answer.header("set-cookie").context("no session came")?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }
}

fn answer(connection: &mut Connection, request: &Request) -> Result<Value> {
    let answer = connection.ask(request)?;
    let mut answer: Value = serde_json::from_slice(&answer.body)?;
    Ok(answer["results"].take())
}

/// All columns of all rows.
fn query() -> Value {
    let dimensions: Vec<String> = COLUMNS
        .iter()
        .map(|(name, _)| format!("wide_{name}"))
        .collect();
    json!({
        "exploreName": "wide", "dimensions": dimensions, "metrics": [], "filters": {}, "sorts": [], "limit": ROWS,
        "tableCalculations": [],
    })
}

fn explore() -> Value {
    let dimension = |(name, kind): (&str, &str)| {
        let field = json!({
            "fieldType": "dimension", "type": kind, "name": name, "label": name, "table": "wide", "tableLabel": "Wide",
            "sql": format!("${{TABLE}}.{name}"), "compiledSql": format!("\"wide\".{name}"), "hidden": false,
            "tablesReferences": ["wide"],
        });
        (name.to_owned(), field)
    };
    let dimensions: Map<String, Value> = COLUMNS.into_iter().map(dimension).collect();
    json!({
        "name": "wide", "label": "Wide", "tags": [], "baseTable": "wide", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "wide": {
            "name": "wide", "label": "Wide", "database": "postgres", "schema": "jaffle",
            "sqlTable": "\"postgres\".\"jaffle\".\"wide\"", "lineageGraph": {}, "dimensions": dimensions, "metrics": {},
        } },
    })
}
