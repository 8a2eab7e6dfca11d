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
    made::{Made, definition, made, names, text, with},
    places::meanwhile,
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
