//! The semantic layer at scale: from a dbt manifest to stored explores on the local stack, and what reading and compiling
//! cost in projects of any size.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    sync::{
        Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use semantic::{
    Dialect,
    explore::ExploreOrError,
    model::{Project, ProjectSettings, SpotlightSettings},
};
use serde_json::{Value, json};

use crate::{
    figures::{Samples, megabytes, milliseconds, row, table as markdown},
    http::{Connection, Request},
    process::{Binaries, Stack, folder, own_peak, reset_own_peak},
    synthetic::write_synthetic_manifest,
    warm,
};

/// How many models there are, unless somebody asks for another number.
pub(crate) const MODELS: usize = 10_000;
/// With fewer there is nothing to compare.
pub(crate) const FEWEST: usize = 100;
/// A batch is about this large: a function takes 6 MB.
const BATCH: usize = 4 * 1024 * 1024;
/// How many batches are on their way at once.
const UPLOADS: usize = 2;
/// How many explores differ in the last deploy.
const CHANGED: usize = 10;
/// As many explores as a small project has.
const SMALL: usize = 22;
/// The explore that is asked for is in a project of any size.
const ASKED: &str = "model_00009";

/// A stack with somebody who may deploy.
struct Place<'a> {
    stack: &'a Stack,
    cookie: String,
}

/// What one deploy took.
struct Deployed {
    read: Duration,
    compile: Duration,
    batches: Samples,
    bytes: usize,
    finalize: Duration,
    list: Duration,
    total: Duration,
    /// What the server worked.
    server: Duration,
    /// Most of the memory: of this process, of the server.
    peaks: [u64; 2],
}

/// Deploys a manifest of so many models three times, then asks projects of several sizes.
pub(crate) fn tables(binaries: &Binaries, models: usize) -> Result<String> {
    let data = folder()?;
    let manifest = data.path().join("manifest.json");
    let mut out = BufWriter::new(File::create(&manifest)?);
    write_synthetic_manifest(models, &mut out)?;
    out.flush()?;
    let size = megabytes(manifest.metadata()?.len());

    let stack = Stack::start(binaries, &data.path().join("data"))?;
    let cookie = stack.register_with_organization("deploy@example.com")?;
    let place = Place {
        stack: &stack,
        cookie,
    };
    let large = place.project()?;
    let runs = [0, 0, CHANGED].map(|changed| place.deploy(&large, &manifest, models, changed));
    let [first, same, changed] = runs;
    let title = format!("From a manifest of {models} models ({size:.0} MB) to explores");
    let mut text = markdown(&title, &split(&[first?, same?, changed?]));
    text.push('\n');
    text.push_str(&place.reading(&manifest, &large, models)?);
    Ok(text)
}

/// Steps as rows, deploys as columns.
fn split(runs: &[Deployed; 3]) -> Vec<Vec<String>> {
    let line = |name: &str, aim: &str, cell: &dyn Fn(&Deployed) -> String| {
        let [first, same, changed] = runs.each_ref().map(cell);
        row([name, &first, &same, &changed, aim])
    };
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let size = |bytes: u64| format!("{:.0} MB", megabytes(bytes));
    let changed = format!("{CHANGED} changed");
    vec![
        row(["Step", "First deploy", "The same again", &changed, "Aim"]),
        line("read the manifest", "", &|run| seconds(run.read)),
        line("compile, and write as JSON", "", &|run| {
            seconds(run.compile)
        }),
        line(
            &format!("a batch, p50 ({UPLOADS} at once, beside compiling)"),
            "",
            &|run| format!("{:.0} ms", run.batches.p50()),
        ),
        line("a batch, max", "", &|run| {
            format!("{:.0} ms", run.batches.max())
        }),
        line("batches", "", &|run| {
            format!(
                "{} of {}",
                run.batches.len(),
                size(run.bytes as u64 / run.batches.len().max(1) as u64)
            )
        }),
        line("finalize", "", &|run| {
            format!("{:.0} ms", milliseconds(run.finalize))
        }),
        line("the first list", "", &|run| {
            format!("{:.0} ms", milliseconds(run.list))
        }),
        line("in all", "< 10 s", &|run| seconds(run.total)),
        line("time of the server on a core", "", &|run| {
            seconds(run.server)
        }),
        line("memory at most, compiler", "", &|run| size(run.peaks[0])),
        line("memory at most, server so far", "", &|run| {
            size(run.peaks[1])
        }),
        line("memory at most, both", "< 1000 MB", &|run| {
            size(run.peaks.iter().sum())
        }),
    ]
}

impl Place<'_> {
    /// A new project: the first part of its addresses.
    fn project(&self) -> Result<String> {
        let body = json!({
            "name": "Shop", "type": "DEFAULT", "dbtVersion": "v1.8", "dbtConnection": { "type": "none" },
            "warehouseConnection": { "type": "postgres", "host": "127.0.0.1", "user": "u", "password": "p", "port": 5432,
                                     "dbname": "d", "schema": "s" },
        });
        let request = Request::new("POST", "/api/v1/org/projects", &self.cookie, Some(&body));
        let answer = self.ask(&request)?;
        let id = answer["project"]["projectUuid"].as_str();
        Ok(format!("projects/{}", id.context("no project")?))
    }

    /// What is answered, without the envelope.
    fn ask(&self, request: &Request) -> Result<Value> {
        let answer = Connection::open(self.stack.gateway)?.ask(request)?;
        let mut answer: Value = serde_json::from_slice(&answer.body)?;
        Ok(answer["results"].take())
    }

    /// From the manifest to explores that are listed: its first `models`, of which the first `changed` are not as they were.
    fn deploy(
        &self,
        project: &str,
        manifest: &Path,
        models: usize,
        changed: usize,
    ) -> Result<Deployed> {
        reset_own_peak();
        let worked = self.stack.process.cpu()?;
        let begun = Instant::now();
        let project_read = Project::from_slice(&std::fs::read(manifest)?)?;
        let read = begun.elapsed();

        let start = Request::new(
            "POST",
            &format!("/api/v2/{project}/deploy"),
            &self.cookie,
            None,
        );
        let session = self.ask(&start)?;
        let session = session["deploySessionUuid"]
            .as_str()
            .context("no session")?;
        let path = format!("/api/v2/{project}/deploy/{session}");
        let (send, batches) = sync_channel(1);
        let batches = Mutex::new(batches);
        let (compile, sent) = thread::scope(|scope| {
            let uploads: Vec<_> = (0..UPLOADS)
                .map(|_| scope.spawn(|| self.upload(&path, &batches)))
                .collect();
            let compile = compile(&project_read, models, changed, send);
            let sent = uploads
                .into_iter()
                .map(|upload| upload.join().ok().context("an upload panicked")?);
            Ok::<_, anyhow::Error>((compile?, sent.collect::<Result<Vec<_>>>()?.concat()))
        })?;
        let finalizing = Instant::now();
        self.ask(&Request::new(
            "POST",
            &format!("{path}/finalize"),
            &self.cookie,
            None,
        ))?;
        let finalize = finalizing.elapsed();
        let listing = Instant::now();
        let list = self.ask(&Request::get(
            &format!("/api/v1/{project}/explores"),
            &self.cookie,
        ))?;
        ensure!(
            list.as_array().map(Vec::len) == Some(models),
            "not all explores are listed"
        );
        let (times, bytes): (Vec<_>, Vec<_>) = sent.into_iter().unzip();
        Ok(Deployed {
            read,
            compile,
            batches: Samples::of_times(&times),
            bytes: bytes.into_iter().sum(),
            finalize,
            list: listing.elapsed(),
            total: begun.elapsed(),
            server: self.stack.process.cpu()?.saturating_sub(worked),
            peaks: [own_peak()?, self.stack.process.peak()?],
        })
    }

    /// Sends what comes: the time and the size of each batch.
    fn upload(
        &self,
        path: &str,
        batches: &Mutex<Receiver<Vec<u8>>>,
    ) -> Result<Vec<(Duration, usize)>> {
        let mut connection = Connection::open(self.stack.gateway)?;
        let path = format!("{path}/batch");
        let mut sent = Vec::new();
        loop {
            let next = batches.lock().ok().and_then(|batches| batches.recv().ok());
            let Some(batch) = next else {
                return Ok(sent);
            };
            let request = Request::of_json("POST", &path, &self.cookie, &batch);
            let size = batch.len();
            drop(batch);
            let begun = Instant::now();
            connection.ask(&request)?;
            sent.push((begun.elapsed(), size));
        }
    }

    /// Lists, explores and queries in projects of several sizes.
    fn reading(&self, manifest: &Path, large: &str, models: usize) -> Result<String> {
        let mut rows = vec![row([
            "Request",
            "Explores in the project",
            "Connections",
            "p50",
            "p99",
            "Per second",
            "Aim",
        ])];
        let place = |size: usize| {
            if size == models {
                return Ok(large.to_owned());
            }
            let project = self.project()?;
            self.deploy(&project, manifest, size, 0).map(|_| project)
        };
        for (size, aim) in [(SMALL, "p50 ≤ 2 ms"), (models.div_ceil(2), "p50 < 50 ms")] {
            let list = format!("/api/v1/{}/explores", place(size)?);
            rows.push(self.measure(
                "`GET explores`",
                &Request::get(&list, &self.cookie),
                (size, 1),
                aim,
            )?);
        }
        for size in [10, models / 10, models] {
            let explore = format!("/api/v1/{}/explores/{ASKED}", place(size)?);
            let query = Request::new(
                "POST",
                &format!("{explore}/compileQuery"),
                &self.cookie,
                Some(&query()),
            );
            let explore = Request::get(&explore, &self.cookie);
            rows.push(self.measure("`GET explore`", &explore, (size, 1), "p50 ≤ 1.3 ms")?);
            for (connections, aim) in [(1, "p50 ≤ 1.7 ms"), (16, "")] {
                rows.push(self.measure("`POST compileQuery`", &query, (size, connections), aim)?);
            }
        }
        Ok(markdown("Explores, through the local gateway", &rows))
    }

    fn measure(
        &self,
        name: &str,
        request: &Request,
        (size, connections): (usize, usize),
        aim: &str,
    ) -> Result<Vec<String>> {
        let (times, rate) = warm::run(self.stack, &vec![request.clone(); connections])?;
        Ok(row([
            name,
            &size.to_string(),
            &connections.to_string(),
            &format!("{:.2} ms", times.p50()),
            &format!("{:.2} ms", times.quantile(0.99)),
            &format!("{rate:.0}"),
            aim,
        ]))
    }
}

/// Compiles, and hands over batch after batch: the time that this took without waiting for uploads.
fn compile(
    project: &Project,
    models: usize,
    changed: usize,
    send: SyncSender<Vec<u8>>,
) -> Result<Duration> {
    let settings = ProjectSettings {
        dialect: Dialect::Postgres,
        start_of_week: None,
        spotlight: SpotlightSettings::default(),
        now: project.generated_at().context("no time")?,
    };
    let (mut begun, mut took) = (Instant::now(), Duration::ZERO);
    let (mut batch, mut number) = (Vec::new(), 0);
    for (at, outcome) in project.explores(None, &settings).take(models).enumerate() {
        let mut compiled = outcome.explore;
        let ExploreOrError::Explore(explore) = &mut compiled else {
            anyhow::bail!("{} cannot be compiled", compiled.name());
        };
        if at < changed {
            explore.label.push_str(" (changed)");
        }
        batch.extend_from_slice(if batch.is_empty() {
            b"{\"explores\":["
        } else {
            b","
        });
        compiled.write_json(&mut batch)?;
        if batch.len() >= BATCH || at + 1 == models {
            write!(batch, "],\"batchNumber\":{number}}}")?;
            number += 1;
            took += begun.elapsed();
            send.send(std::mem::replace(
                &mut batch,
                Vec::with_capacity(BATCH + BATCH / 8),
            ))?;
            begun = Instant::now();
        }
    }
    Ok(took)
}

/// Three dimensions, three metrics, two joins, four filters.
fn query() -> Value {
    let rule = |field: &str, operator: &str, values: Value| json!({ "id": field, "target": { "fieldId": field }, "operator": operator, "values": values });
    json!({
        "exploreName": ASKED,
        "dimensions": ["model_00009_status", "model_00004_country", "hub_channel"],
        "metrics": ["model_00009_rows", "model_00009_total", "model_00009_mean"],
        "filters": { "dimensions": { "id": "all", "and": [
            rule("model_00009_created_at", "inThePast", json!([90])),
            rule("model_00009_quantity", "greaterThan", json!([10])),
            rule("model_00004_city", "equals", json!(["Lima", "Oslo"])),
            rule("hub_campaign", "include", json!(["spring"])),
        ] } },
        "sorts": [{ "fieldId": "model_00009_total", "descending": true }],
        "limit": 500, "tableCalculations": [],
    })
}
