//! Charts and dashboards: as code one after another, a large dashboard, a project's content checked, and lists of many.

mod counted;
mod documents;

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{
    figures::{Samples, row, table as markdown},
    http::{Connection, Request},
    process::{Binaries, Stack, folder},
    warm,
};

use counted::requests;
use documents::{Sent, charts, dashboard, dashboards, explore, project};

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
