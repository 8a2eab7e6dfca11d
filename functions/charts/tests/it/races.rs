//! What others do between two requests to the table of one call.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use app::store::embedded::Faults;
use axum::http::Method;
use serde_json::{Value, json};
use testing::{Answer, Call, TestApp};

use crate::{
    made::{ANA, Made, definition, made, names, text, with},
    places::{Request, aside, meanwhile},
};

/// What a call is answered when a thing comes into a space that is made between the call's reading of the spaces and what it reads
/// by another operation.
async fn overtaken(
    app: &Arc<TestApp>,
    made: &Made<'_>,
    (thing, read): (&str, &'static str),
    call: Call<'_>,
) -> Value {
    let (inside, cookie) = (app.clone(), made.ana.cookie().unwrap());
    let spaces = format!("{}/spaces", made.path);
    let open = Mutex::new(Some(thing.to_owned()));
    let queried = AtomicBool::new(false);
    let faults: Faults = Arc::new(move |operation: &str| {
        let known = queried.fetch_or(operation == "Query", Ordering::Relaxed);
        let now = known && operation == read;
        let thing = open.lock().unwrap().take_if(|_| now);
        if let Some(thing) = thing {
            let body = json!({ "name": "New", "isPrivate": false });
            let space = meanwhile(&inside, &cookie, (Method::POST, spaces.clone(), body)).ok();
            let place = json!({ "spaceUuid": space["uuid"] });
            meanwhile(&inside, &cookie, (Method::PATCH, thing, place)).ok();
        }
        None
    });
    app.behind(faults).send(call).await.ok()
}

#[tokio::test]
async fn what_comes_into_a_new_space_while_a_list_is_read_is_in_the_list() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let chart = made.chart("Revenue").await;
    let list = made.ana.get(&format!("{}/charts", made.path));
    let found = overtaken(&app, &made, (&chart, "BatchGetItem"), list).await;
    assert_eq!(names(&found), ["Revenue"]);
    assert_eq!(found[0]["spaceName"], "New");
}

#[tokio::test]
async fn a_chart_is_read_whose_dashboard_comes_into_a_new_space() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let board = json!({ "name": "Board", "tiles": [], "tabs": [], "spaceUuid": made.space });
    let path = format!("{}/dashboards", made.path);
    let board = made.ana.post(&path).json(&board).await.json();
    let board = text(&board["results"]["uuid"]);
    let own = with(
        definition(),
        json!({ "name": "Own", "dashboardUuid": board }),
    );
    let own = made.ana.post(&made.saved()).json(&own).await.ok();

    let board = format!("/api/v1/dashboards/{board}");
    let call = made.ana.get(&crate::made::chart_path(&own));
    let found = overtaken(&app, &made, (&board, "GetItem"), call).await;
    assert_eq!(found["spaceName"], "New");
}

/// What an edit of a chart is answered when others are first with each of its first writes, and how often it writes.
async fn outrun(
    app: &Arc<TestApp>,
    made: &Made<'_>,
    (chart, others): (&str, usize),
    call: Call<'_>,
) -> (Answer, usize) {
    let (inside, cookie, path) = (app.clone(), made.ana.cookie().unwrap(), chart.to_owned());
    let written = Arc::new(AtomicUsize::new(0));
    let counted = written.clone();
    let faults: Faults = Arc::new(move |operation: &str| {
        if operation == "TransactWriteItems" {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            if number < others {
                let name = json!({ "name": format!("Name {number}") });
                meanwhile(&inside, &cookie, (Method::PATCH, path.clone(), name)).ok();
            }
        }
        None
    });
    let answer = app.behind(faults).send(call).await;
    (answer, written.load(Ordering::Relaxed))
}

#[tokio::test]
async fn an_edit_without_a_revision_is_applied_however_many_are_first() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let chart = made.chart("Revenue").await;
    let edit = json!({ "description": "By month" });
    let call = made.ana.patch(&chart).json(&edit);
    let (answer, writes) = outrun(&app, &made, (&chart, 20), call).await;
    let edited = answer.ok();
    assert_eq!(
        (&edited["name"], &edited["description"]),
        (&json!("Name 19"), &json!("By month"))
    );
    assert_eq!(writes, 21);
}

#[tokio::test]
async fn an_edit_of_a_revision_that_is_over_is_refused_at_once() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let chart = made.chart("Revenue").await;
    let read = made.ana.get(&chart).await;
    let rev = read.header("etag").unwrap();
    let edit = json!({ "description": "By month" });
    let call = made.ana.patch(&chart).json(&edit).header("if-match", rev);
    let (answer, writes) = outrun(&app, &made, (&chart, 1), call).await;
    assert_eq!(answer.refusal(), "409 AlreadyProcessingError");
    assert_eq!(writes, 1);
}

/// A request of Ana's with a key.
async fn keyed(app: &TestApp, cookie: &str, (method, path, body): Request) -> Answer {
    let actor = app.anonymous().with_cookie(cookie);
    let call = actor.call(method, &path).json(&body);
    call.header("idempotency-key", "once").await
}

/// What a request with a key is answered, and the same one that comes before the first one's first transaction.
async fn twice(app: &Arc<TestApp>, made: &Made<'_>, request: Request) -> (Answer, Answer) {
    let (inside, cookie) = (app.clone(), made.ana.cookie().unwrap());
    let answer = Arc::new(Mutex::new(None));
    let (open, told) = (Mutex::new(Some(request.clone())), answer.clone());
    let faults: Faults = Arc::new(move |operation: &str| {
        let now = operation == "TransactWriteItems";
        let request = open.lock().unwrap().take_if(|_| now);
        if let Some(request) = request {
            *told.lock().unwrap() = Some(aside(keyed(&inside, &cookie, request)));
        }
        None
    });
    let (method, path, body) = request;
    let call = made.ana.call(method, &path).json(&body);
    let call = call.header("idempotency-key", "once");
    let first = app.behind(faults).send(call).await;
    let second = answer.lock().unwrap().take();
    (first, second.unwrap())
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_make_one_thing() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let space = &made.space;
    let chart = with(definition(), json!({ "name": "Once", "spaceUuid": space }));
    let source = text(&made.chart_in("Source", space).await["uuid"]);
    let copy = json!({ "chartName": "Copy", "chartDesc": "" });
    let board = json!({ "name": "Once", "tiles": [], "tabs": [], "spaceUuid": space });
    let sql = json!({
        "name": "Once", "sql": "SELECT 1", "limit": 1, "spaceUuid": space,
        "config": { "type": "table", "metadata": { "version": 1 } },
    });
    let nested = json!({ "name": "Once", "parentSpaceUuid": space });
    let requests = [
        ("uuid", "/saved".to_owned(), chart),
        ("uuid", format!("/saved?duplicateFrom={source}"), copy),
        ("uuid", "/dashboards".to_owned(), board),
        ("savedSqlUuid", "/sqlRunner/saved".to_owned(), sql),
        ("uuid", "/spaces".to_owned(), json!({ "name": "Once" })),
        ("uuid", "/spaces".to_owned(), nested),
        ("jobId", "/validate".to_owned(), json!({})),
    ];
    for (id, path, body) in requests {
        let request = (Method::POST, format!("{}{path}", made.path), body);
        let (first, second) = twice(&app, &made, request).await;
        assert!(second.status.is_success(), "{path}: {second}");
        assert_eq!(first.status, second.status, "{path}: {first}");
        let made = [&first, &second].map(|answer| text(&answer.json()["results"][id]));
        assert_eq!(made[0], made[1], "{path}");
    }
}

/// Makes something twice at once with one key, and answers it: both requests are answered with the same.
async fn once(app: &Arc<TestApp>, made: &Made<'_>, request: Request) -> Value {
    let path = request.1.clone();
    let (first, second) = twice(app, made, request).await;
    assert!(second.status.is_success(), "{path}: {second}");
    assert_eq!(first.status, second.status, "{path}: {first}");
    assert_eq!(first.text, second.text, "{path}");
    first.json()["results"].clone()
}

/// How many items of a kind there are.
fn count(app: &TestApp, kind: &str) -> usize {
    let items = app.items();
    items
        .values()
        .filter(|item| item["kind"]["S"] == kind)
        .count()
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_are_both_told_what_the_first_one_made() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let ana = app.account(ANA).await.id;
    let tile = json!({
        "uuid": "a", "type": "markdown", "x": 0, "y": 0, "w": 12, "h": 4,
        "properties": { "title": "A", "content": "a" },
    });
    let board = json!({ "name": "Board", "tiles": [tile], "tabs": [], "spaceUuid": made.space });
    let boards = format!("{}/dashboards", made.path);
    let board = made.ana.post(&boards).json(&board).await.json();
    let board = text(&board["results"]["uuid"]);
    let comment = json!({ "text": "Once", "textHtml": "<p>Once</p>", "mentions": [] });
    let login = json!({
        "name": "Mine", "credentials": { "type": "postgres", "user": "reader", "password": "s3cret" },
    });
    let requests = [
        (
            "comment",
            format!("/api/v1/comments/dashboards/{board}/a"),
            comment,
        ),
        (
            "palette",
            "/api/v1/org/color-palettes".to_owned(),
            json!({ "name": "Sea", "colors": vec!["#123"; 20] }),
        ),
        (
            "attribute",
            "/api/v1/org/attributes".to_owned(),
            json!({ "name": "region", "attributeDefault": null, "users": [], "groups": [] }),
        ),
        (
            "group",
            "/api/v1/org/groups".to_owned(),
            json!({ "name": "Sales", "members": [{ "userUuid": ana }] }),
        ),
        ("ssh key", "/api/v1/ssh/key-pairs".to_owned(), json!({})),
        (
            "share link",
            "/api/v1/share".to_owned(),
            json!({ "path": "/a", "params": "" }),
        ),
        (
            "warehouse credentials",
            "/api/v1/user/warehouseCredentials".to_owned(),
            login,
        ),
        ("compile job", format!("{}/refresh", made.path), json!({})),
    ];
    for (kind, path, body) in requests {
        let known = count(&app, kind);
        once(&app, &made, (Method::POST, path, body)).await;
        assert_eq!(count(&app, kind), known + 1, "{kind}");
    }

    let tags = format!("{}/tags", made.path);
    let tag = json!({ "name": "Once", "color": "#123" });
    once(&app, &made, (Method::POST, tags.clone(), tag)).await;
    assert_eq!(names(&made.ana.get(&tags).await.ok()), ["Once"]);
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_make_and_change_one_project() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let warehouse = json!({
        "type": "postgres", "host": "db.acme.com", "port": 5432, "dbname": "d", "schema": "s",
        "user": "u", "password": "hunter2",
    });
    let project = json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "v1.8", "dbtConnection": { "type": "none" },
        "warehouseConnection": warehouse,
    });
    let projects = "/api/v1/org/projects".to_owned();
    let known = count(&app, "project");
    let project = once(&app, &made, (Method::POST, projects, project)).await;
    let path = format!(
        "/api/v1/projects/{}",
        text(&project["project"]["projectUuid"])
    );
    let preview = json!({ "name": "P", "copyContent": true });
    let request = (Method::POST, format!("{path}/createPreview"), preview);
    once(&app, &made, request).await;
    assert_eq!(count(&app, "project"), known + 2);

    let change = json!({ "dbtConnection": { "type": "none" }, "warehouseConnection": warehouse });
    let jobs = count(&app, "compile job");
    once(&app, &made, (Method::PATCH, path.clone(), change)).await;
    assert_eq!(count(&app, "compile job"), jobs + 1);

    let group = app.group(ANA, "Sales", &[]).await.id;
    let project = path.rsplit('/').next().unwrap();
    let grant = format!("/api/v1/groups/{group}/projects/{project}");
    once(
        &app,
        &made,
        (Method::POST, grant, json!({ "role": "editor" })),
    )
    .await;
}
