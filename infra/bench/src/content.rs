//! Charts and dashboards: as code one after another, a large dashboard, a project's content checked, and lists of many.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use app::{
    App,
    clock::Clock,
    config::Config,
    http::Stack as InProcess,
    random::Random,
    store::{
        Store,
        embedded::{Embedded, Meter},
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::Request as HttpRequest,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::{
    figures::{Samples, milliseconds, row, table as markdown},
    http::{Connection, Request},
    process::{Binaries, PASSWORD, Stack, folder},
    warm,
};

/// What a large team keeps in git: a known system uploads it in two seconds.
const UPLOADED: (usize, usize) = (178, 39);
/// Tiles of a large dashboard.
const TILES: usize = 50;
/// Explores, charts and dashboards of the project that is checked.
const CHECKED: (usize, usize, usize) = (1_000, 2_000, 200);
/// Charts in the lists.
const LISTED: usize = 10_000;
/// How often something is done that takes a while.
const TIMES: usize = 5;
/// How many connections fill a project.
const FILLERS: usize = 4;
/// Fields of an explore: dimensions and metrics.
const FIELDS: (usize, usize) = (10, 4);
/// A check that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every table.
pub(crate) fn tables(binaries: &Binaries) -> Result<String> {
    let data = folder()?;
    let stack = Stack::start(binaries, data.path())?;
    let place = Place {
        cookie: stack.register_with_organization("content@example.com")?,
        stack: &stack,
    };
    let mut rows = vec![row(["What", "p50", "p99", "Aim"])];
    place.as_code(&mut rows)?;
    place.large_dashboard(&mut rows)?;
    place.checked_and_listed(&mut rows)?;
    let title = "Charts and dashboards, through the local gateway";
    let mut text = markdown(title, &rows);
    text.push('\n');
    text.push_str(&requests()?);
    Ok(text)
}

// Documents -----------------------------------------------------------------------------------------------------------------

fn explore(at: usize) -> Value {
    let name = format!("model_{at:05}");
    let field = |kind: &str, of: &str, field: String| {
        let body = json!({
            "fieldType": kind, "type": of, "name": field, "label": field, "table": name, "tableLabel": name,
            "sql": format!("${{TABLE}}.{field}"), "compiledSql": format!("\"{name}\".{field}"), "hidden": false,
        });
        (field, body)
    };
    let dimensions = (0..FIELDS.0).map(|at| field("dimension", "string", format!("field_{at}")));
    let metrics = (0..FIELDS.1).map(|at| field("metric", "count", format!("metric_{at}")));
    let (dimensions, metrics): (Map<_, _>, Map<_, _>) = (dimensions.collect(), metrics.collect());
    json!({
        "name": name, "label": name, "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": "postgres",
        "tables": { &name: {
            "name": name, "label": name, "database": "d", "schema": "s", "sqlTable": name, "lineageGraph": {},
            "dimensions": dimensions, "metrics": metrics,
        } },
    })
}

fn chart_slug(at: usize) -> String {
    format!("chart-{at:05}")
}

/// A chart as code, over one of so many explores.
fn chart(at: usize, explores: usize) -> Value {
    let table = format!("model_{:05}", at % explores.max(1));
    let id = |field: &str| format!("{table}_{field}");
    let query = json!({
        "exploreName": table, "dimensions": [id("field_0"), id("field_1")], "metrics": [id("metric_0"), id("metric_1")],
        "filters": { "dimensions": { "id": "root", "and": [{
            "id": "one", "target": { "fieldId": id("field_2") }, "operator": "equals", "values": ["a", "b"],
        }] } },
        "sorts": [{ "fieldId": id("metric_0"), "descending": true }], "limit": 500, "tableCalculations": [],
    });
    let series = json!([{ "type": "bar", "encode": { "xRef": { "field": id("field_0") }, "yRef": { "field": id("metric_0") } } }]);
    json!({
        "name": format!("Chart {at}"), "description": "What there is of each", "slug": chart_slug(at), "spaceSlug": "shared",
        "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z", "tableName": table, "metricQuery": query,
        "chartConfig": { "type": "cartesian", "config": {
            "layout": { "xField": id("field_0"), "yField": [id("metric_0")] }, "eChartsConfig": { "series": series },
        } },
        "tableConfig": { "columnOrder": [id("field_0"), id("field_1"), id("metric_0"), id("metric_1")] },
    })
}

/// A dashboard as code, with charts from that one on.
fn dashboard(slug: &str, first: usize, tiles: usize) -> Value {
    let tile = |at: usize| {
        let chart = chart_slug(first + at);
        json!({
            "type": "saved_chart", "x": at % 3 * 12, "y": at / 3 * 6, "w": 12, "h": 6, "tileSlug": chart,
            "properties": { "title": "", "hideTitle": false, "chartSlug": chart, "chartName": chart },
        })
    };
    let tiles: Vec<Value> = (0..tiles).map(tile).collect();
    json!({
        "name": slug, "slug": slug, "spaceSlug": "shared", "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z", "tabs": [],
        "tiles": tiles, "filters": { "dimensions": [], "metrics": [], "tableCalculations": [] },
    })
}

fn project() -> Value {
    json!({
        "name": "Shop", "type": "DEFAULT", "dbtVersion": "v1.8", "dbtConnection": { "type": "none" },
        "warehouseConnection": { "type": "postgres", "host": "127.0.0.1", "user": "u", "password": "p", "port": 5432,
                                 "dbname": "d", "schema": "s" },
    })
}

/// A path and what is sent there.
type Sent = (String, Value);

fn charts(project: &str, range: std::ops::Range<usize>, explores: usize) -> Vec<Sent> {
    let path = |at| format!("/api/v1/{project}/charts/{}/code", chart_slug(at));
    range.map(|at| (path(at), chart(at, explores))).collect()
}

/// Dashboards of ten tiles.
fn dashboards(project: &str, count: usize, charts: usize) -> Vec<Sent> {
    let slug = |at: usize| format!("dashboard-{at:04}");
    let one = |at: usize| {
        let path = format!("/api/v1/{project}/dashboards/{}/code", slug(at));
        let first = at * 7 % charts.saturating_sub(10).max(1);
        (path, dashboard(&slug(at), first, 10))
    };
    (0..count).map(one).collect()
}

// Through the gateway -------------------------------------------------------------------------------------------------------

/// A stack with somebody who may do everything.
struct Place<'a> {
    stack: &'a Stack,
    cookie: String,
}

impl Place<'_> {
    /// A new project with so many explores: the first part of its addresses.
    fn project(&self, explores: usize) -> Result<String> {
        let mut connection = Connection::open(self.stack.gateway)?;
        let made = self.post("/api/v1/org/projects", &project());
        let made = answer(&mut connection, &made)?;
        let id = made["project"]["projectUuid"].as_str();
        let path = format!("projects/{}", id.context("no project")?);
        let body: Vec<Value> = (0..explores).map(explore).collect();
        let explores = format!("/api/v1/{path}/explores");
        let deploy = Request::new("PUT", &explores, &self.cookie, Some(&json!(body)));
        connection.ask(&deploy)?;
        Ok(path)
    }

    fn post(&self, path: &str, body: &Value) -> Request {
        Request::new("POST", path, &self.cookie, Some(body))
    }

    fn get(&self, path: &str) -> Request {
        Request::get(path, &self.cookie)
    }

    /// Sends everything, one after another, over one connection.
    fn send(&self, all: &[Request]) -> Result<Duration> {
        let mut connection = Connection::open(self.stack.gateway)?;
        let begun = Instant::now();
        for request in all {
            connection.ask(request)?;
        }
        Ok(begun.elapsed())
    }

    fn requests(&self, all: Vec<Sent>) -> Vec<Request> {
        let all = all.into_iter();
        all.map(|(path, body)| self.post(&path, &body)).collect()
    }

    /// Sends everything over several connections.
    fn fill(&self, all: Vec<Sent>) -> Result<()> {
        let requests = self.requests(all);
        let share = requests.len().div_ceil(FILLERS).max(1);
        thread::scope(|scope| {
            let busy: Vec<_> = requests
                .chunks(share)
                .map(|own| scope.spawn(move || self.send(own)))
                .collect();
            busy.into_iter().try_for_each(|one| {
                let sent = one.join().ok().context("a connection panicked")?;
                sent.map(|_| ())
            })
        })
    }

    /// Uploads into an empty project, uploads again, and downloads.
    fn as_code(&self, rows: &mut Vec<Vec<String>>) -> Result<()> {
        let (charts_of, dashboards_of) = UPLOADED;
        let (mut first, mut again, mut down) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let project = self.project(100)?;
            let mut all = charts(&project, 0..charts_of, 100);
            all.extend(dashboards(&project, dashboards_of, charts_of));
            let all = self.requests(all);
            first.push(self.send(&all)?);
            again.push(self.send(&all)?);
            let begun = Instant::now();
            let found = [
                self.download(&project, "charts")?,
                self.download(&project, "dashboards")?,
            ];
            down.push(begun.elapsed());
            ensure!(found == [charts_of, dashboards_of], "{found:?} came");
        }
        let what = format!("{charts_of} charts and {dashboards_of} dashboards as code");
        let name = format!("upload {what}, one after another");
        rows.push(times(&name, &first, "< 1000 ms"));
        rows.push(times("the same again, which changes nothing", &again, ""));
        rows.push(times("download them, all pages", &down, "< 300 ms"));
        Ok(())
    }

    /// Reads page after page, and answers how many came.
    fn download(&self, project: &str, kind: &str) -> Result<usize> {
        let mut connection = Connection::open(self.stack.gateway)?;
        let (mut offset, mut count) = (0, 0);
        loop {
            let path = format!("/api/v1/{project}/{kind}/code?offset={offset}");
            let page = answer(&mut connection, &self.get(&path))?;
            count += page[kind].as_array().map_or(0, Vec::len);
            let (next, total) = (&page["offset"], &page["total"]);
            let (next, total) = (next.as_f64().context("no offset")?, total.as_f64());
            ensure!(next > offset as f64, "the offset stays {offset}");
            offset = next as u64;
            if next >= total.context("no total")? {
                return Ok(count);
            }
        }
    }

    fn large_dashboard(&self, rows: &mut Vec<Vec<String>>) -> Result<()> {
        let project = self.project(100)?;
        self.fill(charts(&project, 0..TILES, 100))?;
        let path = format!("/api/v1/{project}/dashboards/large/code");
        self.send(&[self.post(&path, &dashboard("large", 0, TILES))])?;
        let mut connection = Connection::open(self.stack.gateway)?;
        let list = self.get(&format!("/api/v1/{project}/dashboards"));
        let list = answer(&mut connection, &list)?;
        let id = list[0]["uuid"].as_str().context("no dashboard")?;
        let name = format!("open a dashboard of {TILES} tiles");
        rows.push(self.measured(&name, &format!("/api/v1/dashboards/{id}"))?);
        Ok(())
    }

    /// A request, again and again.
    fn measured(&self, name: &str, path: &str) -> Result<Vec<String>> {
        let (samples, _) = warm::run(self.stack, &[self.get(path)])?;
        Ok(line(name, &samples, ""))
    }

    fn checked_and_listed(&self, rows: &mut Vec<Vec<String>>) -> Result<()> {
        let (explores, charts_of, dashboards_of) = CHECKED;
        let project = self.project(explores)?;
        self.fill(charts(&project, 0..charts_of, explores))?;
        self.fill(dashboards(&project, dashboards_of, charts_of))?;
        let mut took = Vec::new();
        for _ in 0..TIMES {
            took.push(self.check(&project)?);
        }
        let name = format!(
            "check a project of {explores} explores, {charts_of} charts and {dashboards_of} dashboards"
        );
        rows.push(times(&name, &took, "< 2000 ms"));

        self.fill(charts(&project, charts_of..LISTED, explores))?;
        let id = project.trim_start_matches("projects/");
        let list =
            format!("/api/v2/content?projectUuids={id}&contentTypes=chart&page=1&pageSize=25");
        let name = format!("a page of 25 of {LISTED} charts");
        rows.push(self.measured(&name, &list)?);
        let last = format!(
            "/api/v2/content?projectUuids={id}&contentTypes=chart&page={}&pageSize=25",
            LISTED / 25
        );
        rows.push(self.measured("the last page of them", &last)?);
        let search = format!("/api/v1/{project}/search/Chart%207");
        rows.push(self.measured("search among them", &search)?);
        Ok(())
    }

    /// Begins a check, and waits until it is done.
    fn check(&self, project: &str) -> Result<Duration> {
        let mut connection = Connection::open(self.stack.gateway)?;
        let begun = Instant::now();
        let begin = self.post(&format!("/api/v1/{project}/validate"), &json!({}));
        let job = answer(&mut connection, &begin)?;
        let job = job["jobId"].as_str().context("no job")?;
        let poll = self.get(&format!("/api/v1/schedulers/job/{job}/status"));
        loop {
            let state = answer(&mut connection, &poll)?;
            match state["status"].as_str() {
                Some("completed") => return Ok(begun.elapsed()),
                Some("error") => anyhow::bail!("the check failed: {state}"),
                _ => {}
            }
            ensure!(begun.elapsed() < PATIENCE, "the check does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn answer(connection: &mut Connection, request: &Request) -> Result<Value> {
    let answer = connection.ask(request)?;
    let mut answer: Value = serde_json::from_slice(&answer.body)?;
    Ok(answer["results"].take())
}

fn times(name: &str, times: &[Duration], aim: &str) -> Vec<String> {
    line(name, &Samples::of_times(times), aim)
}

fn line(name: &str, samples: &Samples, aim: &str) -> Vec<String> {
    let [p50, p99] = [samples.p50(), samples.quantile(0.99)].map(|ms| format!("{ms:.1} ms"));
    row([name, &p50, &p99, aim])
}

// What it reads of the table ------------------------------------------------------------------------------------------------

/// The product in this process, over a table whose calls are counted.
struct Counted {
    stack: InProcess,
    meter: Arc<Meter>,
    cookie: String,
    _folder: TempDir,
}

/// How many calls to the table some requests make, in a project with a few charts and one with many.
fn requests() -> Result<String> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = vec![row([
        "Request",
        "Charts",
        "Calls",
        "Items read",
        "Read units",
        "Time",
    ])];
    for (charts_of, tiles) in [(TILES, 1), (TILES, TILES), (UPLOADED.0 * 5, TILES)] {
        runtime.block_on(counted(charts_of, tiles, &mut rows))?;
    }
    Ok(markdown(
        "What charts and dashboards read of the table",
        &rows,
    ))
}

async fn counted(charts_of: usize, tiles: usize, rows: &mut Vec<Vec<String>>) -> Result<()> {
    let mut place = Counted::new().await?;
    let made = place
        .ask("POST", "/api/v1/org/projects", Some(&project()))
        .await?;
    let id = made["project"]["projectUuid"]
        .as_str()
        .context("no project")?;
    let project = format!("projects/{id}");
    let explores: Vec<Value> = (0..100).map(explore).collect();
    let list = format!("/api/v1/{project}/explores");
    place.ask("PUT", &list, Some(&json!(explores))).await?;
    for (path, body) in charts(&project, 0..charts_of, 100) {
        place.ask("POST", &path, Some(&body)).await?;
    }
    let path = format!("/api/v1/{project}/dashboards/large/code");
    let body = dashboard("large", 0, tiles);
    place.ask("POST", &path, Some(&body)).await?;
    let list = format!("/api/v1/{project}/dashboards");
    let found = place.ask("GET", &list, None).await?;
    let dashboard = found[0]["uuid"].as_str().context("no dashboard")?;
    let list = format!("/api/v1/{project}/charts");
    let found = place.ask("GET", &list, None).await?;
    let chart = found[0]["uuid"].as_str().context("no chart")?;
    for (name, path) in [
        (
            format!("open a dashboard of {tiles} tiles"),
            format!("/api/v1/dashboards/{dashboard}"),
        ),
        ("open a chart".to_owned(), format!("/api/v1/saved/{chart}")),
        (
            "a page of 25 charts".to_owned(),
            format!("/api/v2/content?projectUuids={id}&contentTypes=chart&page=1&pageSize=25"),
        ),
    ] {
        let [calls, items, units, time] = place.measure(&path).await?;
        rows.push(row([
            &name,
            &charts_of.to_string(),
            &calls,
            &items,
            &units,
            &time,
        ]));
    }
    Ok(())
}

fn told(error: app::Error) -> anyhow::Error {
    anyhow::anyhow!(error.cause())
}

impl Counted {
    async fn new() -> Result<Self> {
        let folder = folder()?;
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let own = [
            ("ZERODASH_OUTBOX", path("outbox")),
            ("ZERODASH_KEY_FILE", path("key")),
            ("ZERODASH_FILES", path("files")),
            ("ZERODASH_LIMIT_FACTOR", "100000".to_owned()),
        ];
        let config = Config::from_variables(|name| {
            let found = own.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.clone())
        });
        let config = config.map_err(anyhow::Error::msg)?;
        let random = Random::seeded(1);
        let table = Embedded::in_memory().map_err(told)?;
        let meter = Arc::new(Meter::default());
        let client = table.metered(meter.clone()).client();
        let store = Store::new(client, &config.table, random.clone());
        store.create_table().await.map_err(told)?;
        let app = App::with(config, store, Clock::System, random).await;
        let mut place = Self {
            stack: InProcess::new(local::api(), app.map_err(told)?),
            meter,
            cookie: String::new(),
            _folder: folder,
        };
        let account = json!({ "email": "c@example.com", "firstName": "C", "lastName": "D", "password": PASSWORD });
        place.ask("POST", "/api/v1/user", Some(&account)).await?;
        let organization = json!({ "name": "Bench" });
        place.ask("PUT", "/api/v1/org", Some(&organization)).await?;
        Ok(place)
    }

    /// What is answered, without the envelope; the session's cookie is kept.
    async fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let request = HttpRequest::builder().method(method).uri(path);
        let request = request.header("cookie", self.cookie.as_str());
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))?,
            None => request.body(Body::empty())?,
        };
        let response = self.stack.answer(request).await;
        let cookie = response.headers().get("set-cookie");
        if let Some(cookie) = cookie.and_then(|cookie| cookie.to_str().ok()) {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await?;
        let text = String::from_utf8_lossy(&bytes);
        ensure!(status.is_success(), "{method} {path}: {status} {text}");
        let mut answer: Value = serde_json::from_slice(&bytes)?;
        Ok(answer["results"].take())
    }

    /// Calls, items and read units of a request, and the time that it takes.
    async fn measure(&mut self, path: &str) -> Result<[String; 4]> {
        // The first one finds nothing in the process.
        self.ask("GET", path, None).await?;
        let meter = self.meter.clone();
        for counter in [&meter.calls, &meter.items, &meter.milliunits] {
            counter.store(0, Ordering::Relaxed);
        }
        let begun = Instant::now();
        self.ask("GET", path, None).await?;
        let took = begun.elapsed();
        let [calls, items, units] = [&meter.calls, &meter.items, &meter.milliunits]
            .map(|counter| counter.load(Ordering::Relaxed));
        Ok([
            calls.to_string(),
            items.to_string(),
            format!("{:.1}", units as f64 / 1000.0),
            format!("{:.2} ms", milliseconds(took)),
        ])
    }
}
