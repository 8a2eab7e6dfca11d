//! What comes into a space or a dashboard while that is deleted.
//!
//! Two calls are crossed: the second one is made whole when the first has read everything, and has written nothing yet.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use app::{
    domain::id::ProjectId,
    store::embedded::{Fault, Faults},
};
use axum::http::Method;
use serde_json::{Value, json};
use testing::{Answer, TestApp};
use tokio::{runtime, task::JoinSet};

use crate::{
    code::document,
    made::{Made, chart_path, definition, made, names, text, with},
    restore::{deleted, restore},
};

pub(crate) type Request = (Method, String, Value);

pub(crate) async fn answered(app: &TestApp, cookie: &str, (method, path, body): Request) -> Answer {
    let actor = app.anonymous().with_cookie(cookie);
    actor.call(method, &path).json(&body).await
}

/// Makes a call whole, while the caller's own waits.
pub(crate) fn meanwhile(app: &TestApp, cookie: &str, request: Request) -> Answer {
    aside(answered(app, cookie, request))
}

/// Waits for a call on another thread.
pub(crate) fn aside(call: impl Future<Output = Answer> + Send) -> Answer {
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let own = runtime::Builder::new_current_thread().enable_all().build();
            own.unwrap().block_on(call)
        });
        thread.join().unwrap()
    })
}

/// What two calls of Ana's are answered, of which the second comes before the first one's first transaction.
pub(crate) async fn crossed(
    app: &Arc<TestApp>,
    made: &Made<'_>,
    (method, path, body): Request,
    second: Request,
) -> (Answer, Answer) {
    let (inside, cookie) = (app.clone(), made.ana.cookie().unwrap());
    let answer = Arc::new(Mutex::new(None));
    let (open, told) = (Mutex::new(Some(second)), answer.clone());
    let faults: Faults = Arc::new(move |operation: &str| {
        if operation == "TransactWriteItems" {
            let request = open.lock().unwrap().take();
            if let Some(request) = request {
                let came = meanwhile(&inside, &cookie, request);
                *told.lock().unwrap() = Some(came);
            }
        }
        None
    });
    let call = made.ana.call(method, &path).json(&body);
    let first = app.behind(faults).send(call).await;
    let second = answer.lock().unwrap().take();
    (first, second.unwrap())
}

/// The last part of a path.
fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn deletion(path: String) -> Request {
    (Method::DELETE, path, json!({}))
}

pub(crate) fn space_path(made: &Made<'_>, space: &str) -> String {
    format!("{}/spaces/{space}", made.path)
}

pub(crate) fn moving(made: &Made<'_>, kind: &str, id: &str, space: &str) -> Request {
    let item = json!({ "contentType": kind, "uuid": id });
    let action = json!({ "type": "move", "targetSpaceUuid": space });
    let path = format!("/api/v2/content/{}/move", id_of(&made.path));
    (
        Method::POST,
        path,
        json!({ "item": item, "action": action }),
    )
}

/// A document of a chart in a space that it names by its path.
pub(crate) fn upload(made: &Made<'_>, slug: &str, space: &str) -> Request {
    let mut body = document(slug, json!({ "type": "table" }));
    body["spaceSlug"] = json!(space);
    let path = format!("{}/charts/{slug}/code", made.path);
    (Method::POST, path, body)
}

/// How something comes into a space: as a new chart, dashboard or SQL chart, and by being moved there in two ways.
fn coming(made: &Made<'_>, space: &str, moved: &str) -> [Request; 5] {
    let chart = with(definition(), json!({ "name": "Late", "spaceUuid": space }));
    let board = json!({ "name": "Late", "tiles": [], "tabs": [], "spaceUuid": space });
    let sql = json!({
        "name": "Late", "sql": "SELECT 1", "limit": 1, "spaceUuid": space,
        "config": { "type": "table", "metadata": { "version": 1 } },
    });
    let patched = json!({ "spaceUuid": space });
    [
        (Method::POST, made.saved(), chart),
        (Method::POST, format!("{}/dashboards", made.path), board),
        (Method::POST, format!("{}/sqlRunner/saved", made.path), sql),
        (Method::PATCH, format!("/api/v1/saved/{moved}"), patched),
        moving(made, "chart", moved, space),
    ]
}

/// The path of a new dashboard.
async fn board(made: &Made<'_>, space: &str) -> String {
    let body = json!({ "name": "Board", "tiles": [], "tabs": [], "spaceUuid": space });
    let path = format!("{}/dashboards", made.path);
    let board = made.ana.post(&path).json(&body).await.json();
    format!("/api/v1/dashboards/{}", text(&board["results"]["uuid"]))
}

/// A new chart within a dashboard.
fn within(made: &Made<'_>, board: &str) -> Request {
    let own = json!({ "name": "Own", "dashboardUuid": id_of(board) });
    (Method::POST, made.saved(), with(definition(), own))
}

#[tokio::test]
async fn what_comes_into_a_space_while_that_is_deleted_goes_with_it_and_can_be_restored() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let moved = made.chart("Moved").await;
    for at in 0..5 {
        let gone = made.space("Gone", false).await;
        let mut requests = coming(&made, &gone, id_of(&moved)).into_iter();
        let request = requests.nth(at).unwrap();
        let delete = deletion(space_path(&made, &gone));
        let (went, came) = crossed(&app, &made, delete, request).await;
        went.ok();
        assert!(came.status.is_success(), "{at}: {came}");

        let list = deleted(&made).await;
        assert_eq!(names(&list).len(), 1, "{at}: {list}");
        assert_eq!(list[0]["spaceUuid"], Value::Null, "{at}");
        let path = restore(&made, &text(&list[0]["uuid"]));
        let into = json!({ "spaceUuid": made.space });
        let back = made.ana.post(&path).json(&into).await.ok();
        assert_eq!(back["spaceUuid"], json!(made.space), "{at}");
        assert_eq!(deleted(&made).await, json!([]), "{at}");
    }
}

#[tokio::test]
async fn nothing_comes_into_a_space_that_was_just_deleted() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let moved = made.chart("Moved").await;
    for at in 0..5 {
        let gone = made.space("Gone", false).await;
        let mut requests = coming(&made, &gone, id_of(&moved)).into_iter();
        let request = requests.nth(at).unwrap();
        let delete = deletion(space_path(&made, &gone));
        let (came, went) = crossed(&app, &made, request, delete).await;
        went.ok();
        assert_eq!(came.refusal(), "404 NotFoundError", "{at}: {came}");
    }
    // What was to be moved is where it was, and there is nothing else.
    let read = made.ana.get(&moved).await.ok();
    assert_eq!(read["spaceUuid"], json!(made.space));
    let charts = made.ana.get(&format!("{}/charts", made.path)).await.ok();
    assert_eq!(names(&charts), ["Moved"]);
    let boards = format!("{}/dashboards", made.path);
    assert_eq!(made.ana.get(&boards).await.ok(), json!([]));
    assert_eq!(deleted(&made).await, json!([]));
}

#[tokio::test]
async fn what_is_restored_into_a_space_while_that_is_deleted_is_not_lost() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let into = json!({ "spaceUuid": made.space });
    for first in ["restore", "delete"] {
        let gone = made.space("Gone", false).await;
        let chart = chart_path(&made.chart_in("Revenue", &gone).await);
        made.ana.delete(&chart).await.ok();
        let path = restore(&made, &chart);
        let back = (Method::POST, path.clone(), json!({}));
        let delete = deletion(space_path(&made, &gone));
        if first == "restore" {
            let (back, went) = crossed(&app, &made, back, delete).await;
            went.ok();
            assert_eq!(back.refusal(), "404 NotFoundError");
        } else {
            let (went, back) = crossed(&app, &made, delete, back).await;
            went.ok();
            back.ok();
        }
        let list = deleted(&made).await;
        assert_eq!(names(&list), ["Revenue"], "{first}");
        assert_eq!(list[0]["spaceUuid"], Value::Null, "{first}");
        made.ana.post(&path).json(&into).await.ok();
        let read = made.ana.get(&chart).await.ok();
        assert_eq!(read["spaceUuid"], json!(made.space), "{first}");
    }
}

#[tokio::test]
async fn a_chart_that_is_made_within_a_dashboard_while_that_is_deleted_comes_back_with_it() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let gone = made.space("Gone", false).await;
    let into = json!({ "spaceUuid": made.space });
    for (space, deletes_space) in [(&made.space, false), (&gone, true)] {
        let board = board(&made, space).await;
        let delete = match deletes_space {
            true => deletion(space_path(&made, space)),
            false => deletion(board.clone()),
        };
        let (went, own) = crossed(&app, &made, delete, within(&made, &board)).await;
        went.ok();
        let own = chart_path(&own.ok());
        assert_eq!(made.ana.get(&own).await.refusal(), "404 NotFoundError");
        assert_eq!(names(&deleted(&made).await), ["Board"]);

        let path = restore(&made, &board);
        made.ana.post(&path).json(&into).await.ok();
        let read = made.ana.get(&own).await.ok();
        assert_eq!(read["dashboardUuid"], json!(id_of(&board)));
        assert_eq!(read["spaceUuid"], json!(made.space));
    }
}

#[tokio::test]
async fn nothing_is_made_within_a_dashboard_that_was_just_deleted() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    for by_document in [false, true] {
        let board = board(&made, &made.space).await;
        let request = match by_document {
            true => {
                let (method, path, mut body) = upload(&made, "own", "public");
                body["dashboardSlug"] = json!("board");
                (method, path, body)
            }
            false => within(&made, &board),
        };
        let (came, went) = crossed(&app, &made, request, deletion(board)).await;
        went.ok();
        assert_eq!(came.refusal(), "404 NotFoundError", "{came}");
        let project = ProjectId::parse(id_of(&made.path)).unwrap();
        let index = app.app.store.index(project).await.unwrap();
        assert_eq!(index.live().count(), 0);
        assert!(index.deleted().all(|row| row.name == "Board"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_comes_first_nothing_is_lost_with_a_space() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let project = ProjectId::parse(id_of(&made.path)).unwrap();
    for round in 0..12 {
        let gone = made.space("Gone", false).await;
        let moved = made.chart(&format!("Moved {round}")).await;
        let mut tasks = JoinSet::new();
        let delete = deletion(space_path(&made, &gone));
        for request in coming(&made, &gone, id_of(&moved))
            .into_iter()
            .chain([delete])
        {
            let (app, cookie) = (app.clone(), made.ana.cookie().unwrap());
            tasks.spawn(async move {
                let deletes = request.0 == Method::DELETE;
                (deletes, answered(&app, &cookie, request).await)
            });
        }
        let store = &app.app.store;
        let answers = tasks.join_all().await;
        let index = store.index(project).await.unwrap();
        let tree = store.spaces(project).await.unwrap();
        let kept = index.live().chain(index.deleted());
        let kept: BTreeSet<String> = kept.map(|row| row.id.to_string()).collect();
        for (deletes, answer) in answers {
            if deletes || answer.status.is_success() {
                assert!(answer.status.is_success(), "{round}: {answer}");
                let results = answer.json()["results"].clone();
                let ids = [&results["uuid"], &results["savedSqlUuid"]];
                let id = ids.into_iter().find_map(|id| id.as_str());
                assert!(id.is_none_or(|id| kept.contains(id)), "{round}: {answer}");
            } else {
                // What was made may be gone already when it is to be shown.
                let known = ["404 NotFoundError", "403 ForbiddenError"];
                assert!(
                    known.contains(&answer.refusal().as_str()),
                    "{round}: {answer}"
                );
            }
        }
        for row in index.live() {
            let space = index.space_of(row).and_then(|space| tree.get(space));
            assert!(space.is_some(), "{round}: {row:?}");
        }
    }
}

#[tokio::test]
async fn what_comes_into_a_space_between_two_reads_of_its_deletion_is_not_lost() {
    let app = Arc::new(TestApp::new(local::api()).await);
    let made = made(&app).await;
    let cookie = made.ana.cookie().unwrap();
    // The last query before the first transaction reads the spaces.
    let queries = Arc::new(AtomicUsize::new(0));
    let (counted, written) = (queries.clone(), AtomicBool::new(false));
    let faults: Faults = Arc::new(move |operation: &str| {
        let over = written.fetch_or(operation == "TransactWriteItems", Ordering::Relaxed);
        let counts = !over && operation == "Query";
        counted.fetch_add(usize::from(counts), Ordering::Relaxed);
        None
    });
    let empty = space_path(&made, &made.space("Empty", false).await);
    let deleting = made.ana.delete(&empty);
    app.behind(faults).send(deleting).await.ok();
    let last = queries.load(Ordering::Relaxed);
    assert!(last > 0);

    // It has to be asked again, and meanwhile there is something new.
    let gone = made.space("Gone", false).await;
    let mut requests = coming(&made, &gone, "").into_iter();
    let open = Mutex::new(requests.next());
    let (inside, number) = (app.clone(), AtomicUsize::new(0));
    let faults: Faults = Arc::new(move |operation: &str| {
        if operation != "Query" {
            return None;
        }
        let number = number.fetch_add(1, Ordering::Relaxed) + 1;
        if number == last {
            return Some(Fault::Throttled);
        }
        let request = open.lock().unwrap().take_if(|_| number > last);
        if let Some(request) = request {
            let came = meanwhile(&inside, &cookie, request);
            assert_eq!(came.status, 200, "{came}");
        }
        None
    });
    let deleting = made.ana.delete(&space_path(&made, &gone));
    app.behind(faults).send(deleting).await.ok();
    assert_eq!(names(&deleted(&made).await), ["Late"]);
}
