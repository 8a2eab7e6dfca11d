#![expect(
    clippy::unwrap_used,
    reason = "what a helper does not find fails its test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use app::{
    domain::{
        access::ProjectRole,
        content::ContentKind,
        id::{ContentId, ProjectId, SpaceId, WorkId},
        work::WorkStatus,
    },
    store::{
        Store,
        embedded::{Fault, Faults},
    },
};
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

const ANA: &str = "ana@acme.com";
const BOB: &str = "bob@acme.com";
const PROJECTS: &str = "/api/v1/org/projects";
const SECRETS: [&str; 3] = ["s3cret-password", "s3cret-token", "s3cret-variable"];

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn explore(name: &str) -> Value {
    let dimension = json!({
        "fieldType": "dimension", "type": "string", "name": "status", "label": "Status", "table": name, "tableLabel": "Orders",
        "sql": "${TABLE}.status", "compiledSql": format!("\"{name}\".status"), "hidden": false,
    });
    json!({
        "name": name, "label": "Orders", "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": "postgres",
        "tables": { name: {
            "name": name, "label": "Orders", "database": "d", "schema": "s", "sqlTable": name, "lineageGraph": {},
            "dimensions": { "status": dimension }, "metrics": {},
        } },
    })
}

fn chart(name: &str, explore: &str) -> Value {
    json!({
        "name": name, "description": "about it", "tableName": explore,
        "metricQuery": {
            "exploreName": explore, "dimensions": [format!("{explore}_status")], "metrics": [], "filters": {}, "sorts": [],
            "limit": 500, "tableCalculations": [],
        },
        "chartConfig": { "type": "table", "config": { "showTableNames": true } },
        "tableConfig": { "columnOrder": [] },
    })
}

/// A project on GitHub over PostgreSQL.
fn project() -> Value {
    json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "v1.9",
        "dbtConnection": {
            "type": "github", "authorization_method": "personal_access_token", "personal_access_token": SECRETS[1],
            "repository": "acme/dbt", "branch": "main", "project_sub_path": "/",
            "environment": [{ "key": "A", "value": SECRETS[2] }, { "key": "B", "value": "b" }],
        },
        "warehouseConnection": {
            "type": "postgres", "host": "embedded", "port": 5432, "user": "u", "password": SECRETS[0], "dbname": "postgres",
            "schema": "s",
        },
    })
}

/// A project of Ana's and what she saved in it.
struct Shop<'a> {
    ana: Actor<'a>,
    id: ProjectId,
    /// Of spaces, charts and the like, by their names.
    ids: BTreeMap<&'static str, String>,
}

impl Shop<'_> {
    fn path(&self, rest: &str) -> String {
        of(self.id, rest)
    }

    async fn preview(&self) -> Answer {
        let body = json!({ "name": "Preview", "copyContent": true });
        self.ana
            .post(&self.path("/createPreview"))
            .json(&body)
            .await
    }
}

fn of(project: ProjectId, rest: &str) -> String {
    format!("/api/v1/projects/{project}{rest}")
}

fn id_of(answer: &Answer) -> ProjectId {
    ProjectId::parse(answer.ok()["projectUuid"].as_str().unwrap()).unwrap()
}

/// What was made, and has an id under that name.
fn made(answer: &Answer, name: &str) -> String {
    assert!(answer.status.is_success(), "{answer}");
    text(&answer.json()["results"][name])
}

async fn empty(app: &TestApp) -> Shop<'_> {
    let ana = app.admin(ANA, "Acme").await;
    let made = ana.post(PROJECTS).json(&project()).await.ok();
    let id = ProjectId::parse(made["project"]["projectUuid"].as_str().unwrap()).unwrap();
    let explores = json!([explore("orders"), explore("customers")]);
    ana.put(&of(id, "/explores")).json(&explores).await.ok();
    let ids = BTreeMap::new();
    Shop { ana, id, ids }
}

/// Spaces in spaces, a private one that Bob is let into, charts of every kind, and a dashboard with every kind of tile.
async fn laden(app: &TestApp) -> Shop<'_> {
    let mut shop = empty(app).await;
    app.in_role(BOB, "member").await;
    let head = app.app.store.project(shop.id).await.unwrap().unwrap();
    app.grant(&head, BOB, ProjectRole::Viewer).await;
    let group = app.group(ANA, "Group", &[BOB]).await;
    let bob = app.account(BOB).await.id;
    let (ana, id) = (&shop.ana, shop.id);

    let spaces = of(id, "/spaces");
    let space = async |body: Value| made(&ana.post(&spaces).json(&body).await, "uuid");
    let public = space(json!({ "name": "Open", "isPrivate": false })).await;
    let below = space(json!({ "name": "Below it", "parentSpaceUuid": public })).await;
    let private = json!({ "name": "Closed", "access": [{ "userUuid": bob, "role": "editor" }] });
    let private = space(private).await;
    let shared = json!({ "groupUuid": group.id, "spaceRole": "viewer" });
    let share = format!("{spaces}/{private}/group/share");
    let shared = ana.post(&share).json(&shared).await;
    assert!(shared.status.is_success(), "{shared}");

    let saved = of(id, "/saved");
    let save = async |mut body: Value, place: (&str, &str)| {
        body[place.0] = json!(place.1);
        made(&ana.post(&saved).json(&body).await, "uuid")
    };
    let plain = save(chart("Plain", "orders"), ("spaceUuid", below.as_str())).await;
    let version = chart("", "customers");
    let versions = format!("/api/v1/saved/{plain}/version");
    ana.post(&versions).json(&version).await.ok();
    let hidden = save(chart("Hidden", "orders"), ("spaceUuid", private.as_str())).await;
    let gone = save(chart("Gone", "orders"), ("spaceUuid", public.as_str())).await;
    let sql = json!({
        "name": "By SQL", "description": "d", "sql": "SELECT 1 AS one", "limit": 10, "spaceUuid": public,
        "config": { "type": "table", "metadata": { "version": 1 }, "columns": {} },
    });
    let sql = ana.post(&of(id, "/sqlRunner/saved")).json(&sql).await;
    let sql = made(&sql, "savedSqlUuid");

    let board = json!({ "name": "Board", "tiles": [], "tabs": [], "spaceUuid": public });
    let board = ana.post(&of(id, "/dashboards")).json(&board).await;
    let board = made(&board, "uuid");
    let own = save(chart("Own", "orders"), ("dashboardUuid", board.as_str())).await;
    let tile = |id: &str, kind: &str, properties: Value| json!({ "uuid": id, "type": kind, "x": 0, "y": 0, "w": 6, "h": 3, "tabUuid": "t", "properties": properties });
    let filter = json!({
        "id": "f", "label": "Status", "operator": "equals", "values": ["done"],
        "target": { "fieldId": "orders_status", "tableName": "orders" },
        "tileTargets": { "1": { "fieldId": "orders_status", "tableName": "orders" } },
    });
    let content = json!({
        "name": "Board", "tabs": [{ "uuid": "t", "name": "First", "order": 0 }],
        "filters": { "dimensions": [filter], "metrics": [], "tableCalculations": [] },
        "config": { "isDateZoomDisabled": true },
        "tiles": [
            tile("1", "saved_chart", json!({ "savedChartUuid": plain, "title": "One" })),
            tile("2", "saved_chart", json!({ "savedChartUuid": own })),
            tile("3", "sql_chart", json!({ "savedSqlUuid": sql })),
            tile("4", "saved_chart", json!({ "savedChartUuid": gone })),
            tile("5", "markdown", json!({ "title": "M", "content": "hello" })),
            tile("6", "loom", json!({ "title": "L", "url": "https://loom.com/x" })),
        ],
    });
    let path = format!("/api/v1/dashboards/{board}");
    ana.patch(&path).json(&content).await.ok();
    let deleted = ana.delete(&format!("/api/v1/saved/{gone}")).await;
    assert!(deleted.status.is_success(), "{deleted}");
    shop.ids = BTreeMap::from([
        ("Open", public),
        ("Below it", below),
        ("Closed", private),
        ("Plain", plain),
        ("Hidden", hidden),
        ("Gone", gone),
        ("By SQL", sql),
        ("Board", board),
        ("Own", own),
    ]);
    shop
}

/// The id of the copy of what is saved.
fn copy(preview: ProjectId, source: &str) -> ContentId {
    ContentId::derived(preview, ContentId::parse(source).unwrap())
}

#[tokio::test]
async fn a_preview_has_what_is_saved_in_its_project() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    let made = shop.preview().await;
    let preview = id_of(&made);
    let content = WorkId::parse(made.ok()["contentJobId"].as_str().unwrap()).unwrap();
    app.work(worker::run).await;
    let now = app.app.clock.now();
    let work = app.app.store.work(content, now).await.unwrap().unwrap();
    assert_eq!(work.status, WorkStatus::Completed);
    let told: Value = work.details.unwrap().unpack_json().unwrap();
    // The one that every project begins with, too.
    assert_eq!(told, json!({ "explores": 2, "spaces": 4, "contents": 5 }));

    // Spaces, with who was let in.
    let spaces = app.app.store.spaces(preview).await.unwrap();
    let sources = app.app.store.spaces(shop.id).await.unwrap();
    assert_eq!(spaces.len(), sources.len());
    for source in sources.by_path() {
        let there = spaces.get(SpaceId::derived(preview, source.id)).unwrap();
        let parent = source.parent;
        assert_eq!(there.parent, parent.map(|id| SpaceId::derived(preview, id)));
        assert_eq!(
            (&there.name, &there.slug, &there.path, there.is_private),
            (&source.name, &source.slug, &source.path, source.is_private)
        );
        assert_eq!(
            (&there.users, &there.groups),
            (&source.users, &source.groups)
        );
    }
    assert!(spaces.by_path().iter().any(|one| one.groups.len() == 1));

    // Charts as they are now, and only so.
    let index = app.app.store.index(preview).await.unwrap();
    let names: BTreeSet<_> = index.live().map(|row| row.name.as_str()).collect();
    assert_eq!(
        names,
        BTreeSet::from(["Board", "By SQL", "Hidden", "Own", "Plain"])
    );
    assert_eq!(index.deleted().count(), 0);
    for (what, name) in [
        (ContentKind::Chart, "Plain"),
        (ContentKind::Chart, "Hidden"),
        (ContentKind::Chart, "Own"),
        (ContentKind::SqlChart, "By SQL"),
    ] {
        let source = ContentId::parse(&shop.ids[name]).unwrap();
        let source = app.app.store.content(what, source).await.unwrap().unwrap();
        let there = index.get(what, copy(preview, &shop.ids[name])).unwrap();
        assert_eq!((there.latest, there.rev), (1, 1), "{name}");
        assert_eq!(
            (&there.slug, &there.description, &there.shown),
            (&source.slug, &source.description, &source.shown)
        );
        assert_eq!(there.updated_at, source.updated_at);
    }
    let path = format!("/api/v1/saved/{}", copy(preview, &shop.ids["Plain"]));
    let shown = shop.ana.get(&path).await.ok();
    assert_eq!(shown["projectUuid"], json!(preview));
    assert_eq!(shown["tableName"], "customers");
    assert_eq!(shown["spaceName"], "Below it");

    // The dashboard looks at the copies.
    let path = |id: &dyn std::fmt::Display| format!("/api/v1/dashboards/{id}");
    let board = shop.ana.get(&path(&shop.ids["Board"])).await.ok();
    let there = shop
        .ana
        .get(&path(&copy(preview, &shop.ids["Board"])))
        .await;
    let there = there.ok();
    for same in ["name", "slug", "tabs", "filters", "config", "spaceName"] {
        assert_eq!(there[same], board[same], "{same}");
    }
    let tiles = there["tiles"].as_array().unwrap();
    let uuids: Vec<_> = tiles.iter().map(|tile| text(&tile["uuid"])).collect();
    assert_eq!(uuids, ["1", "2", "3", "4", "5", "6"]);
    for (at, field, name) in [
        (0, "savedChartUuid", "Plain"),
        (1, "savedChartUuid", "Own"),
        (2, "savedSqlUuid", "By SQL"),
    ] {
        let expected = json!(copy(preview, &shop.ids[name]));
        assert_eq!(tiles[at]["properties"][field], expected, "{name}");
    }
    assert_eq!(tiles[1]["properties"]["belongsToDashboard"], true);
    assert_eq!(tiles[3]["properties"]["savedChartUuid"], Value::Null);
    for at in [4, 5] {
        assert_eq!(tiles[at], board["tiles"][at]);
    }

    // What is asked has explores.
    let explores = shop.ana.get(&of(preview, "/explores")).await.ok();
    assert_eq!(explores, shop.ana.get(&shop.path("/explores")).await.ok());
    let one = shop.ana.get(&of(preview, "/explores/orders")).await.ok();
    assert_eq!(one["baseTable"], "orders");
}

#[tokio::test]
async fn the_copies_and_what_they_are_copies_of_go_their_own_ways() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    let preview = id_of(&shop.preview().await);
    app.work(worker::run).await;
    let path = |id: &dyn std::fmt::Display| format!("/api/v1/saved/{id}");
    let (source, there) = (&shop.ids["Plain"], copy(preview, &shop.ids["Plain"]));
    let body = json!({ "name": "Another name" });
    shop.ana.patch(&path(&there)).json(&body).await.ok();
    assert_eq!(shop.ana.get(&path(source)).await.ok()["name"], "Plain");
    let deleted = shop.ana.delete(&path(source)).await;
    assert!(deleted.status.is_success(), "{deleted}");
    let found = shop.ana.get(&path(&there)).await.ok();
    assert_eq!(found["name"], "Another name");
    // A space that somebody was let into is one of theirs in the preview, too.
    let bob = app.account(BOB).await.id;
    let closed = SpaceId::parse(&shop.ids["Closed"]).unwrap();
    let closed = SpaceId::derived(preview, closed);
    let mirror = format!("SPACE#{preview}#{closed}");
    assert!(app.items().contains_key(&(format!("GRANTS#{bob}"), mirror)));
}

#[tokio::test]
async fn a_deleted_preview_leaves_nothing() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    // Jobs come and go.
    let keys = || {
        let keys = app.items().into_keys();
        let lasting = |(pk, _): &(String, String)| !pk.starts_with("JOB#");
        keys.filter(lasting).collect::<BTreeSet<_>>()
    };
    let before = keys();
    let preview = id_of(&shop.preview().await);
    app.work(worker::run).await;
    let path = of(preview, "/spotlight/table/config");
    let columns = json!({ "columnConfig": [{ "column": "label", "isVisible": true }] });
    assert_eq!(shop.ana.post(&path).json(&columns).await.status, 201);
    assert!(keys().len() > before.len() + 25);

    let path = format!("{PROJECTS}/{preview}");
    shop.ana.delete(&path).await.ok();
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    assert_eq!(keys(), before);
}

#[tokio::test]
async fn a_preview_that_is_deleted_before_its_content_comes_gets_none() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    let preview = id_of(&shop.preview().await);
    shop.ana.delete(&format!("{PROJECTS}/{preview}")).await.ok();
    app.work(worker::run).await;
    app.wait(2);
    app.work(worker::run).await;
    let left = app.items().into_keys();
    let left = left.filter(|(pk, sk)| {
        let id = preview.to_string();
        pk.contains(&id) || sk.contains(&id)
    });
    assert_eq!(left.collect::<Vec<_>>(), []);
    let copies = copy(preview, &shop.ids["Plain"]);
    let found = app.app.store.content(ContentKind::Chart, copies).await;
    assert!(found.unwrap().is_none());
}

/// What a preview has, without the marks of who wrote it when.
fn contents(app: &TestApp) -> BTreeMap<(String, String), Value> {
    let lasting = [
        "content",
        "version",
        "content slug",
        "space",
        "space slug",
        "space path",
        "granted space",
        "group space",
        "explore",
        "explore shard",
    ];
    let mut items = app.items();
    items.retain(|_, item| lasting.contains(&item["kind"]["S"].as_str().unwrap_or_default()));
    for item in items.values_mut() {
        let item = item.as_object_mut().unwrap();
        item.retain(|name, _| !matches!(name.as_str(), "w" | "writtenAt" | "rev"));
    }
    items
}

/// The worker dies at any call: the next one goes on, and in the end everything is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_killed_at_any_call_is_finished_by_the_next_worker() {
    let raw = TestApp::new(local::api()).await;
    let shop = laden(&raw).await;
    shop.preview().await.ok();
    let reference = raw.fork().await;
    reference.work(worker::run).await;
    let expected = contents(&reference);
    assert!(expected.len() > contents(&raw).len() + 15);

    let mut at = 0;
    loop {
        let app = raw.fork().await;
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let faults: Faults = Arc::new(move |_| {
            (counted.fetch_add(1, Ordering::Relaxed) >= at).then_some(Fault::TimedOut)
        });
        let table = app.table.with_faults(faults);
        let random = app.app.random.clone();
        let store = Store::new(table.client(), &app.app.config.table, random);
        let dying = app.app.over(store);
        for job in app.app.store.late_open_jobs().await.unwrap() {
            let _ = worker::run(&dying, job).await;
        }
        // Until its lease is over.
        app.wait(6);
        app.work(worker::run).await;
        assert_eq!(contents(&app), expected, "at {at}");
        if calls.load(Ordering::Relaxed) <= at {
            assert!(at > 15, "only {at} calls");
            return;
        }
        at += 1;
    }
}

/// Lets the copy go on in a preview where the copy of a space is deleted as soon as it is there.
async fn copied_without(app: &TestApp, preview: ProjectId, space: SpaceId) {
    let (store, ana) = (app.app.store.clone(), app.account(ANA).await);
    let deleted = AtomicBool::new(false);
    let faults: Faults = Arc::new(move |name| {
        if name == "TransactWriteItems" && !deleted.load(Ordering::Relaxed) {
            let (store, ana) = (store.clone(), ana.clone());
            // The copy itself waits meanwhile.
            let deletion = std::thread::spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                runtime.enable_all().build().unwrap().block_on(async {
                    let spaces = store.spaces(preview).await.unwrap();
                    let found = spaces.get(space).filter(|_| spaces.len() == 4);
                    if let Some(space) = found {
                        store.delete_spaces(&[space], &ana).await.unwrap();
                    }
                    found.is_some()
                })
            });
            deleted.store(deletion.join().unwrap(), Ordering::Relaxed);
        }
        None
    });
    let table = app.table.with_faults(faults);
    let random = app.app.random.clone();
    let store = Store::new(table.client(), &app.app.config.table, random);
    let copying = app.app.over(store);
    for job in app.app.store.late_open_jobs().await.unwrap() {
        worker::run(&copying, job).await.unwrap();
    }
    app.work(worker::run).await;
}

#[tokio::test]
async fn what_cannot_be_copied_is_told_to_whoever_may_see_it() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let hidden = json!({ "kind": "chart", "name": "Hidden", "reason": "Space not found" });
    let masked =
        json!({ "kind": "chart", "name": "Private content", "reason": "It could not be copied" });
    for (by, other, expected) in [(&shop.ana, &dev, hidden), (&dev, &shop.ana, masked)] {
        let body = json!({ "name": "Preview", "copyContent": true });
        let made = by.post(&shop.path("/createPreview")).json(&body).await;
        let preview = id_of(&made);
        let closed = SpaceId::parse(&shop.ids["Closed"]).unwrap();
        copied_without(&app, preview, SpaceId::derived(preview, closed)).await;

        let job = text(&made.ok()["contentJobId"]);
        let status = format!("/api/v1/schedulers/job/{job}/status");
        let told = by.get(&status).await.ok();
        assert_eq!(told["status"], "completed");
        assert_eq!(told["details"]["contents"], 4);
        assert_eq!(told["details"]["notCopied"], json!([expected]));
        assert_eq!(told["details"]["notCopiedCut"], false);
        // The names are not everybody's.
        let others = other.get(&status).await.json();
        assert_eq!(others["results"]["details"]["notCopied"], Value::Null);

        // The rest is there.
        let index = app.app.store.index(preview).await.unwrap();
        let names: BTreeSet<_> = index.live().map(|row| row.name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["Board", "By SQL", "Own", "Plain"]));
    }
}

#[tokio::test]
async fn a_name_that_somebody_takes_meanwhile_stays_theirs() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    let begun = shop.preview().await;
    let preview = id_of(&begun);
    let space = json!({ "name": "Open", "isPrivate": false });
    let spaces = of(preview, "/spaces");
    let space = made(&shop.ana.post(&spaces).json(&space).await, "uuid");
    let deployed = json!([explore("orders")]);
    let explores = of(preview, "/explores");
    shop.ana.put(&explores).json(&deployed).await.ok();
    let mut body = chart("Plain", "orders");
    body["spaceUuid"] = json!(space);
    let own = shop.ana.post(&of(preview, "/saved")).json(&body).await.ok();
    app.work(worker::run).await;

    let index = app.app.store.index(preview).await.unwrap();
    let there = copy(preview, &shop.ids["Plain"]);
    let there = index.get(ContentKind::Chart, there).unwrap();
    assert_eq!(text(&own["slug"]), "plain");
    assert_eq!(there.slug, "plain-1");
    // Whoever waits for the copy is told which have another slug.
    let job = text(&begun.ok()["contentJobId"]);
    let status = format!("/api/v1/schedulers/job/{job}/status");
    let told = shop.ana.get(&status).await.ok();
    let open = SpaceId::parse(&shop.ids["Open"]).unwrap();
    let renamed = json!([
        { "contentType": "space", "uuid": SpaceId::derived(preview, open) },
        { "contentType": "chart", "uuid": there.id },
    ]);
    assert_eq!(told["details"]["renamed"], renamed);
    let spaces = app.app.store.spaces(preview).await.unwrap();
    let of_name = |name: &str| {
        let all = spaces.by_path().into_iter();
        all.filter(|one| one.name == name).collect::<Vec<_>>()
    };
    assert_eq!(of_name("Open").len(), 2);
    // What lies in the copy has its path from there.
    let [below] = of_name("Below it")[..] else {
        panic!("one of that name");
    };
    let parent = spaces.get(below.parent.unwrap()).unwrap();
    assert_eq!(below.path, format!("{}.below_it", parent.path));
    // What somebody deployed is theirs, too.
    let listed = shop.ana.get(&explores).await.ok();
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn virtual_views_come_also_where_somebody_deployed_already() {
    let app = TestApp::new(local::api()).await;
    let shop = empty(&app).await;
    let mut view = explore("view");
    view["type"] = json!("virtual");
    let both = json!([explore("orders"), view]);
    shop.ana.put(&shop.path("/explores")).json(&both).await.ok();
    let preview = id_of(&shop.preview().await);
    let explores = of(preview, "/explores");
    let deployed = json!([explore("others")]);
    shop.ana.put(&explores).json(&deployed).await.ok();
    app.work(worker::run).await;
    let listed = shop.ana.get(&explores).await.ok();
    let names = listed.as_array().unwrap().iter();
    let names: BTreeSet<_> = names.map(|one| text(&one["name"])).collect();
    assert_eq!(
        names,
        BTreeSet::from(["others".to_owned(), "view".to_owned()])
    );
}

/// What of a connection is sealed.
async fn opened(app: &TestApp, project: ProjectId) -> (Value, Value) {
    let (warehouse, dbt) = app.app.store.connections(project).await.unwrap();
    let id = project.to_string();
    let context = [("project", id.as_str())];
    let mut found = Vec::new();
    for sealed in [warehouse.unwrap().sealed, dbt.unwrap().sealed] {
        let opened = app.app.seal.open(&sealed, &context).await.unwrap();
        found.push(serde_json::from_slice(&opened).unwrap());
    }
    let dbt = found.pop().unwrap();
    (found.pop().unwrap(), dbt)
}

#[tokio::test]
async fn a_preview_has_the_connections_of_its_project_and_nobody_reads_their_secrets() {
    let app = TestApp::new(local::api()).await;
    let shop = empty(&app).await;
    let made = shop.preview().await;
    let preview = id_of(&made);
    assert_eq!(opened(&app, preview).await, opened(&app, shop.id).await);
    let shown = shop.ana.get(&of(preview, "")).await.ok();
    assert_eq!(shown["upstreamProjectUuid"], json!(shop.id));
    assert_eq!(
        (&shown["type"], &shown["name"]),
        (&json!("PREVIEW"), &json!("Preview"))
    );
    assert_eq!(shown["dbtVersion"], "v1.9");
    for secret in SECRETS {
        assert!(!made.text.contains(secret) && !shown.to_string().contains(secret));
        assert!(!format!("{:?}", app.items()).contains(secret));
    }
    // There is no dbt here, and the job says so; what is saved comes by another one.
    let job = format!("/api/v1/jobs/{}", text(&made.ok()["compileJobUuid"]));
    let job = shop.ana.get(&job).await.ok();
    assert_eq!(job["jobStatus"], "ERROR");
    assert_eq!(job["projectUuid"], json!(preview));
    let why = text(&job["steps"][0]["stepError"]);
    assert!(why.contains("lightdash deploy"), "{why}");
}

#[tokio::test]
async fn a_preview_may_have_another_schema_branch_and_environment() {
    let app = TestApp::new(local::api()).await;
    let shop = empty(&app).await;
    let body = json!({
        "name": "Preview", "copyContent": true,
        "warehouseConnectionOverrides": { "schema": "pr_7" },
        "dbtConnectionOverrides": {
            "branch": "feature", "environment": [{ "key": "A", "value": "" }, { "key": "C", "value": "c" }],
        },
    });
    let path = shop.path("/createPreview");
    let preview = id_of(&shop.ana.post(&path).json(&body).await);
    let (warehouse, dbt) = opened(&app, preview).await;
    let (mut known, mut known_dbt) = opened(&app, shop.id).await;
    known["schema"] = json!("pr_7");
    assert_eq!(warehouse, known);
    known_dbt["branch"] = json!("feature");
    known_dbt["environment"] =
        json!([{ "key": "A", "value": SECRETS[2] }, { "key": "C", "value": "c" }]);
    assert_eq!(dbt, known_dbt);
    let shown = shop.ana.get(&of(preview, "")).await.ok();
    assert_eq!(shown["warehouseConnection"]["schema"], "pr_7");
    assert_eq!(shown["dbtConnection"]["branch"], "feature");

    // What is compiled elsewhere has no branch, and nothing to be told of.
    let mut plain = project();
    plain["dbtConnection"] = json!({ "type": "none" });
    let made = shop.ana.post(PROJECTS).json(&plain).await.ok();
    let id = ProjectId::parse(made["project"]["projectUuid"].as_str().unwrap()).unwrap();
    let made = shop.ana.post(&of(id, "/createPreview")).json(&body).await;
    let (_, dbt) = opened(&app, id_of(&made)).await;
    assert_eq!(dbt.get("branch"), None);
    let job = format!("/api/v1/jobs/{}", text(&made.ok()["compileJobUuid"]));
    assert_eq!(shop.ana.get(&job).await.ok()["jobStatus"], "DONE");

    let before = app.items();
    for (field, overrides) in [
        (
            "warehouseConnectionOverrides",
            json!({ "schema": "x".repeat(256) }),
        ),
        ("warehouseConnectionOverrides", json!({ "schema": "a\nb" })),
        ("dbtConnectionOverrides", json!({ "branch": "a\nb" })),
    ] {
        let body = json!({ "name": "P", "copyContent": true, field: overrides });
        let refused = shop.ana.post(&path).json(&body).await;
        assert_eq!(refused.refusal(), "400 ParameterError", "{field}");
    }
    for body in [
        json!({ "name": "P" }),
        json!({ "copyContent": true }),
        json!({ "name": "P", "copyContent": "yes" }),
        json!({ "name": "P", "copyContent": true, "warehouseConnectionOverrides": { "schema": 1 } }),
    ] {
        let refused = shop.ana.post(&path).json(&body).await;
        assert_eq!(refused.refusal(), "422 ValidateError", "{body}");
    }
    let body = json!({ "name": " ", "copyContent": true });
    let refused = shop.ana.post(&path).json(&body).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn who_may_make_a_preview_and_of_what() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let shop = empty(&app).await;
    let head = app.app.store.project(shop.id).await.unwrap().unwrap();
    let own = app.in_role("own@acme.com", "member").await;
    app.grant(&head, "own@acme.com", ProjectRole::Developer)
        .await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let editor = app.in_role("ed@acme.com", "editor").await;
    let guest = app.in_role("gus@acme.com", "member").await;
    let oda = app.admin("oda@other.example", "Other").await;
    let path = shop.path("/createPreview");
    let body = |copies: bool| json!({ "name": "P", "copyContent": copies });
    for (who, copies, expected) in [
        (&own, true, "200 (no error)"),
        (&own, false, "403 ForbiddenError"),
        (&dev, true, "200 (no error)"),
        (&dev, false, "200 (no error)"),
        (&editor, true, "403 ForbiddenError"),
        (&editor, false, "403 ForbiddenError"),
        (&guest, true, "403 ForbiddenError"),
        (&guest, false, "403 ForbiddenError"),
        (&oda, true, "404 NotExistsError"),
        (&oda, false, "404 NotExistsError"),
    ] {
        let reply = who.post(&path).json(&body(copies)).await;
        assert_eq!(reply.refusal(), expected, "{copies}: {reply}");
    }
    // Whoever makes one is in it by their role in the upstream.
    let made = own.post(&path).json(&body(true)).await;
    let preview = id_of(&made);
    let shown = own.get(&of(preview, "")).await.ok();
    assert_eq!(shown["type"], "PREVIEW");

    let again = dev.post(&of(preview, "/createPreview"));
    let again = again.json(&body(true)).await;
    assert_eq!(again.refusal(), "403 ForbiddenError");
    let bare = app.project(ANA, "Bare").await.id;
    let reply = dev
        .post(&of(bare, "/createPreview"))
        .json(&body(true))
        .await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    for missing in ["00000000-0000-4000-8000-000000000000", "x"] {
        let path = format!("/api/v1/projects/{missing}/createPreview");
        let reply = dev.post(&path).json(&body(true)).await;
        assert_eq!(reply.refusal(), "404 NotExistsError");
    }
}

#[tokio::test]
async fn without_content_a_preview_is_of_nothing_and_has_only_the_connections() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    let body = json!({ "name": "Alone", "copyContent": false });
    let made = shop.ana.post(&shop.path("/createPreview"));
    let made = made.json(&body).await;
    assert_eq!(made.ok().get("contentJobId"), None);
    let preview = id_of(&made);
    app.work(worker::run).await;
    assert_eq!(opened(&app, preview).await, opened(&app, shop.id).await);
    let shown = shop.ana.get(&of(preview, "")).await.ok();
    assert_eq!(shown["upstreamProjectUuid"], Value::Null);
    assert!(app.app.store.spaces(preview).await.unwrap().is_empty());
    let members = app.app.store.project_members(preview).await.unwrap();
    assert_eq!(members, []);
    let explores = shop.ana.get(&of(preview, "/explores")).await.ok();
    assert_eq!(explores, json!([]));
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_preview_that_the_first_one_made() {
    let app = TestApp::new(local::api()).await;
    let shop = empty(&app).await;
    let body = json!({ "name": "P", "copyContent": true });
    let again = async |path: &str| {
        let call = shop.ana.post(path).json(&body);
        call.header("idempotency-key", "once").await.ok()
    };
    let path = shop.path("/createPreview");
    let first = again(&path).await;
    let before = app.items();
    assert_eq!(again(&path).await, first);
    assert_eq!(app.items(), before);
    // The same key for another project is another request.
    let other = shop.ana.post(PROJECTS).json(&project()).await.ok();
    let other = ProjectId::parse(other["project"]["projectUuid"].as_str().unwrap()).unwrap();
    assert_ne!(again(&of(other, "/createPreview")).await, first);
}

#[tokio::test]
async fn a_preview_of_the_command_line_has_what_is_saved_too() {
    let app = TestApp::new(local::api()).await;
    let shop = laden(&app).await;
    let make = async |copies: Option<bool>| {
        let mut body = project();
        body["type"] = json!("PREVIEW");
        body["upstreamProjectUuid"] = json!(shop.id);
        if let Some(copies) = copies {
            body["copyContent"] = json!(copies);
        }
        let made = shop.ana.post(PROJECTS).json(&body).await.ok();
        let id = ProjectId::parse(made["project"]["projectUuid"].as_str().unwrap()).unwrap();
        (id, made["hasContentCopy"] == true)
    };
    let (with, tells_with) = make(None).await;
    let (without, tells_without) = make(Some(false)).await;
    app.work(worker::run).await;
    assert_eq!((tells_with, tells_without), (true, false));
    let count = async |id| app.app.store.index(id).await.unwrap().live().count();
    assert_eq!((count(with).await, count(without).await), (5, 0));
}
