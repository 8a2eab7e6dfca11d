//! Lists and rights in organisations of any size: what they read of the table, and how long that takes.
//!
//! Here the product runs in this process, over a table in memory whose calls are counted: time without a network, and
//! read units as DynamoDB counts them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use app::{
    App, Timestamp,
    clock::Clock,
    config::Config,
    domain::{
        access::{ProjectKind, ProjectRole, Role},
        email::EmailAddress,
        group::Group,
        id::{GroupId, OrganizationId, ProjectId, UserId},
        organization::{Counts, Member, Organization},
        project::{Project, ProjectSummary},
        user::User,
    },
    http::Stack,
    random::Random,
    store::{
        Store,
        embedded::{Embedded, Meter},
        keys::{self, Key},
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
};
use http::header;
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::figures::{Samples, row, table as markdown};

const SIZES: [usize; 3] = [100, 10_000, 100_000];
const GROUPS: usize = 1_000;
const PROJECTS: usize = 5_000;
/// Whoever is in more groups than a batch takes has the project's own list read.
const MANY_GROUPS: usize = 200;
/// How long one row is measured, and how often at least.
const ROW: Duration = Duration::from_millis(1500);
const LEAST: usize = 5;

/// An organisation of some size.
struct Place {
    stack: Stack,
    app: App,
    meter: Arc<Meter>,
    random: Random,
    now: Timestamp,
    organization: OrganizationId,
    groups: Vec<GroupId>,
    projects: Vec<ProjectId>,
    items: Vec<Value>,
    table: Embedded,
    _folder: TempDir,
}

/// Measures everything.
pub(crate) fn table() -> Result<String> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = vec![row([
        "Request",
        "Members",
        "Calls",
        "Items read",
        "Read units",
        "p50",
        "max",
    ])];
    for size in SIZES {
        runtime.block_on(lists(size, &mut rows))?;
    }
    let mut text = markdown(
        &format!("An organization with {GROUPS} groups and {PROJECTS} projects"),
        &rows,
    );
    let mut rows = vec![row([
        "Request, by somebody",
        "Calls",
        "Items read",
        "Read units",
        "p50",
        "max",
    ])];
    runtime.block_on(rights(&mut rows))?;
    text.push('\n');
    text.push_str(&markdown("What a request costs by itself", &rows));
    Ok(text)
}

async fn lists(size: usize, rows: &mut Vec<Vec<String>>) -> Result<()> {
    let mut place = Place::new(size, GROUPS, PROJECTS).await?;
    let admin = place.person(Role::Admin, 0, 0);
    place.store()?;
    let cookie = place.session(&admin).await?;
    let last = size.div_ceil(10);
    let users = |query: &str| format!("/api/v1/org/users?{query}");
    let paths = [
        ("members, first page of 10", users("page=1&pageSize=10")),
        (
            "members, first page of 10, with groups",
            users("page=1&pageSize=10&includeGroups=10"),
        ),
        (
            "members, middle page of 10",
            users(&format!("page={}&pageSize=10", last.div_ceil(2))),
        ),
        (
            "members, last page of 10",
            users(&format!("page={last}&pageSize=10")),
        ),
        (
            "members, search by part of a name, page of 10",
            users("page=1&pageSize=10&searchQuery=ember00007"),
        ),
        (
            "groups, first page of 10, with members",
            "/api/v1/org/groups?page=1&pageSize=10&includeMembers=1".to_owned(),
        ),
        (
            "groups, search, page of 10",
            "/api/v1/org/groups?page=1&pageSize=10&searchQuery=oup0007".to_owned(),
        ),
        ("projects, all", "/api/v1/org/projects".to_owned()),
    ];
    for (what, path) in paths {
        let measured = place.measure(&path, &cookie).await?;
        let [calls, items, units, p50, max] = measured;
        let members = size.to_string();
        rows.push(row([what, &members, &calls, &items, &units, &p50, &max]));
    }
    Ok(())
}

/// The cost of session, user and rights: the same request by people with more and more, in organisations with more and
/// more.
async fn rights(rows: &mut Vec<Vec<String>>) -> Result<()> {
    for (groups, projects) in [(0, 1), (GROUPS, PROJECTS)] {
        let mut place = Place::new(100, groups.max(MANY_GROUPS), projects).await?;
        let mut people = Vec::new();
        for of in [0, 3, MANY_GROUPS] {
            people.push((of, place.person(Role::Member, of, 3)));
        }
        place.store()?;
        let project = place.projects.first().context("a project")?.to_string();
        for (of, person) in people {
            let cookie = place.session(&person).await?;
            let path = format!("/api/v1/projects/{project}/user/{}", person.id);
            let [calls, items, units, p50, max] = place.measure(&path, &cookie).await?;
            let what = format!(
                "`GET /projects/…/user/…`, in {of} groups; {} groups and {projects} projects in all",
                groups.max(MANY_GROUPS)
            );
            rows.push(row([&what, &calls, &items, &units, &p50, &max]));
        }
    }
    let mut place = Place::new(100, GROUPS, PROJECTS).await?;
    let person = place.person(Role::Member, 3, 3);
    place.store()?;
    let cookie = place.session(&person).await?;
    for (what, path) in [
        ("`GET /user`, in 3 groups and 3 projects", "/api/v1/user"),
        (
            "`GET /org/projects`, the 3 that a member has a role in, of 5000",
            "/api/v1/org/projects",
        ),
    ] {
        let [calls, items, units, p50, max] = place.measure(path, &cookie).await?;
        rows.push(row([what, &calls, &items, &units, &p50, &max]));
    }
    Ok(())
}

impl Place {
    async fn new(members: usize, groups: usize, projects: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (outbox, key) = (path("outbox"), path("key"));
        let config = Config::from_variables(|name| match name {
            "ZERODASH_OUTBOX" => Some(outbox.clone()),
            "ZERODASH_KEY_FILE" => Some(key.clone()),
            _ => None,
        })
        .map_err(anyhow::Error::msg)?;
        let random = Random::seeded(1);
        let table = Embedded::in_memory().map_err(told)?;
        let meter = Arc::new(Meter::default());
        let client = table.metered(meter.clone()).client();
        let store = Store::new(client, &config.table, random.clone());
        store.create_table().await.map_err(told)?;
        let clock = Clock::System;
        let now = clock.now();
        let app = App::with(config, store, clock, random.clone());
        let app = app.await.map_err(told)?;
        let mut place = Self {
            stack: Stack::new(local::api(), app.clone()),
            app,
            meter,
            organization: OrganizationId::new(&random),
            groups: (0..groups).map(|_| GroupId::new(&random)).collect(),
            projects: (0..projects).map(|_| ProjectId::new(&random)).collect(),
            items: Vec::new(),
            random,
            now,
            table,
            _folder: folder,
        };
        place.fill(members)?;
        Ok(place)
    }

    fn put(&mut self, key: &Key, kind: &str, value: &impl Serialize) -> Result<()> {
        let item: serde_dynamo::Item = serde_dynamo::to_item(value)?;
        let mut item = serde_json::to_value(item)?;
        item["pk"] = json!({ "S": key.pk });
        item["sk"] = json!({ "S": key.sk });
        item["kind"] = json!({ "S": kind });
        self.items.push(item);
        Ok(())
    }

    fn fill(&mut self, members: usize) -> Result<()> {
        let organization = self.organization;
        let own = Organization::new(organization, "Acme".into(), self.now);
        self.put(&keys::organization(organization), "organization", &own)?;
        let counts = Counts {
            members: members as u64,
            projects: self.projects.len() as u64,
        };
        self.put(&keys::counts(organization), "counts", &counts)?;
        // A member is in one group, so a group has its share of them.
        let each = members as u64 / self.groups.len().max(1) as u64;
        for (at, id) in self.groups.clone().into_iter().enumerate() {
            let group = Group {
                id,
                organization,
                name: format!("Group{at:05}"),
                created_at: self.now,
                created_by: None,
                updated_at: self.now,
                updated_by: None,
                members: each,
                deleted_at: None,
            };
            self.put(&keys::group(id), "group", &group)?;
            self.put(&keys::group_row(organization, id), "group row", &group)?;
        }
        let author = UserId::new(&self.random);
        for (at, id) in self.projects.clone().into_iter().enumerate() {
            let (name, kind) = (format!("Project {at}"), ProjectKind::Default);
            let mut project = Project::new(id, organization, name, kind, (author, self.now));
            project.created_by = None;
            self.put(&keys::project(id), "project", &project)?;
            let summary = ProjectSummary::of(&project);
            self.put(
                &keys::project_row(organization, id),
                "project row",
                &summary,
            )?;
        }
        for at in 0..members.saturating_sub(1) {
            let group = self.groups.get(at % self.groups.len().max(1)).copied();
            let user = self.user(&format!("member{at:06}"), Role::Viewer, group)?;
            self.member(&user)?;
        }
        Ok(())
    }

    fn user(
        &self,
        name: &str,
        role: Role,
        groups: impl IntoIterator<Item = GroupId>,
    ) -> Result<User> {
        let email = EmailAddress::parse(&format!("{name}@example.com")).context("an address")?;
        let id = UserId::new(&self.random);
        let mut user = User::new(id, email, name.to_owned(), "Example".into(), self.now);
        user.email_verified = true;
        user.organization = Some(self.organization);
        user.role = Some(role);
        user.groups = groups.into_iter().collect();
        Ok(user)
    }

    fn member(&mut self, user: &User) -> Result<()> {
        let row = keys::member(self.organization, &user.email, user.id);
        self.put(&row, "member", &Member::of(user))?;
        self.put(&keys::user(user.id), "user", user)?;
        for group in user.groups.clone() {
            let entry = json!({ "user": user.id });
            self.put(&keys::group_member(group, user.id), "group member", &entry)?;
        }
        Ok(())
    }

    /// One more member, in some groups, with a role of their own in some projects.
    fn person(&mut self, role: Role, groups: usize, projects: usize) -> User {
        let name = format!("person-{groups}-{projects}");
        let of: Vec<_> = self.groups.iter().take(groups).copied().collect();
        let made = self.user(&name, role, of).and_then(|user| {
            self.member(&user)?;
            for project in self
                .projects
                .iter()
                .take(projects)
                .copied()
                .collect::<Vec<_>>()
            {
                let grant =
                    json!({ "project": project, "user": user.id, "role": ProjectRole::Viewer });
                self.put(
                    &keys::project_member(project, user.id),
                    "project member",
                    &grant,
                )?;
                self.put(
                    &keys::granted_project(user.id, project),
                    "granted project",
                    &grant,
                )?;
            }
            Ok(user)
        });
        #[expect(clippy::expect_used, reason = "names and ids of our own")]
        made.expect("a person")
    }

    /// Writes what was collected into the table.
    fn store(&mut self) -> Result<()> {
        let items = std::mem::take(&mut self.items);
        let table = self.app.config.table.clone();
        for chunk in items.chunks(10_000) {
            let chunk = serde_json::from_value(Value::Array(chunk.to_vec()))?;
            self.table
                .database()
                .import_items(&table, chunk, dynoxide::ImportOptions::default())
                .map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        Ok(())
    }

    async fn session(&self, user: &User) -> Result<String> {
        let (token, session) = self.app.new_session(user);
        let begun = self.app.store.begin_session((&token, &session), None);
        begun.await.map_err(told)?;
        Ok(format!("connect.sid={}", token.cookie_value()))
    }

    /// Calls, items, read units of one request, and the time that it takes.
    async fn measure(&self, path: &str, cookie: &str) -> Result<[String; 5]> {
        let meter = &self.meter;
        for counter in [&meter.calls, &meter.items, &meter.milliunits] {
            counter.store(0, Ordering::Relaxed);
        }
        self.ask(path, cookie).await?;
        let [calls, items, units] = [&meter.calls, &meter.items, &meter.milliunits]
            .map(|counter| counter.load(Ordering::Relaxed));
        let begun = Instant::now();
        let mut times = Vec::new();
        while begun.elapsed() < ROW || times.len() < LEAST {
            times.push(self.ask(path, cookie).await?);
        }
        let times = Samples::of_times(&times);
        Ok([
            calls.to_string(),
            items.to_string(),
            format!("{:.1}", units as f64 / 1000.0),
            format!("{:.2} ms", times.p50()),
            format!("{:.2} ms", times.max()),
        ])
    }

    async fn ask(&self, path: &str, cookie: &str) -> Result<Duration> {
        let request = Request::builder().uri(path).header(header::COOKIE, cookie);
        let request = request.body(Body::empty())?;
        let sent = Instant::now();
        let response = self.stack.answer(request).await;
        let took = sent.elapsed();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await?;
        ensure!(
            status.is_success(),
            "{path}: {status} {}",
            String::from_utf8_lossy(&body)
        );
        Ok(took)
    }
}

fn told(error: app::Error) -> anyhow::Error {
    anyhow::anyhow!(error.cause())
}
