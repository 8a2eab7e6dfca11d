//! What charts and dashboards read of the table.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
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
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    TILES, UPLOADED,
    documents::{charts, dashboard, explore, project},
};
use crate::{
    figures::{milliseconds, row, table as markdown},
    process::{PASSWORD, folder},
};

/// The product in this process, over a table whose calls are counted.
struct Counted {
    stack: InProcess,
    meter: Arc<Meter>,
    cookie: String,
    _folder: TempDir,
}

/// How many calls to the table some requests make, in a project with a few charts and one with many.
pub(super) fn requests() -> Result<String> {
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
