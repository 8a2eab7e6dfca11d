use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use app::{
    auth::NOT_ALLOWED,
    domain::{content::ContentKind, id::SpaceId, project::Project},
    store::{
        SpaceMove,
        embedded::{Fault, Faults},
    },
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

use crate::given::{
    ANA, EVA, NOBODYS, VIC, chart, chart_on, dashboard, head, inside, installation, now, public,
    space, stored, text,
};

async fn moved(actor: &Actor<'_>, project: &Project, item: Value, target: Value) -> Answer {
    let action = json!({ "type": "move", "targetSpaceUuid": target });
    let body = json!({ "item": item, "action": action });
    let path = format!("/api/v2/content/{}/move", project.id);
    actor.post(&path).json(&body).await
}

async fn all_moved(
    actor: &Actor<'_>,
    project: &Project,
    items: Vec<Value>,
    target: Value,
) -> Answer {
    let action = json!({ "type": "move", "targetSpaceUuid": target });
    let body = json!({ "content": items, "action": action });
    let path = format!("/api/v2/content/bulk-action/{}/move", project.id);
    actor.post(&path).json(&body).await
}

fn a_space(id: SpaceId) -> Value {
    json!({ "contentType": "space", "uuid": id })
}

fn a_chart(id: impl ToString) -> Value {
    json!({ "contentType": "chart", "source": "dbt_explore", "uuid": id.to_string() })
}

fn a_dashboard(id: impl ToString) -> Value {
    json!({ "contentType": "dashboard", "uuid": id.to_string() })
}

/// A space as the list has it.
async fn seen(actor: &Actor<'_>, project: &Project, id: SpaceId) -> Value {
    let path = format!("/api/v1/projects/{}/spaces", project.id);
    let all = actor.get(&path).await.ok();
    let mut all = all.as_array().unwrap().iter();
    let found = all.find(|one| one["uuid"] == id.to_string());
    found.unwrap().clone()
}

#[tokio::test]
async fn everything_goes_where_it_is_sent() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let (from, to) = (
        public(&ana, &project, "From").await,
        public(&ana, &project, "To").await,
    );
    let board = dashboard(&app, &project, "Board", from).await;
    let own = chart_on(&app, &board, "Own").await;
    let sql = head(&app, &project, ContentKind::SqlChart, ("Sql", from)).await;
    let sql = stored(&app, sql).await;

    assert_snapshot!(moved(&ana, &project, a_chart(own.id), json!(to)).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    // It leaves its dashboard.
    let own = now(&app, &own).await;
    assert_eq!((own.space, own.dashboard), (Some(to), None));
    moved(&ana, &project, a_dashboard(board.id), json!(to))
        .await
        .ok();
    assert_eq!(now(&app, &board).await.space, Some(to));
    let item = json!({ "contentType": "chart", "source": "sql", "uuid": sql.id });
    moved(&ana, &project, item, json!(to)).await.ok();
    assert_eq!(now(&app, &sql).await.space, Some(to));

    // Twice is once.
    let before = app.items();
    let item = json!({ "contentType": "chart", "uuid": sql.id });
    moved(&ana, &project, item, json!(to)).await.ok();
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn what_is_not_there_cannot_be_moved_nor_moved_into() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let zoe = app.admin("zoe@other.com", "Other").await;
    let project = app.project(ANA, "Sales").await;
    let theirs = app.project("zoe@other.com", "Theirs").await;
    let (home, away) = (
        public(&ana, &project, "Home").await,
        public(&zoe, &theirs, "Away").await,
    );
    let found = chart(&app, &project, "Chart", home).await;
    let board = dashboard(&app, &project, "Board", home).await;
    let nested = inside(&ana, &project, ("Nested", home)).await;
    let before = app.items();

    let items = [a_chart(found.id), a_dashboard(board.id), a_space(nested)];
    for item in &items {
        for target in [json!(NOBODYS), json!("x"), json!(away)] {
            let reply = moved(&ana, &project, item.clone(), target).await;
            assert_eq!(reply.refusal(), "404 NotFoundError", "{item}");
        }
        // Of another organisation, in a project of one's own.
        let reply = moved(&zoe, &theirs, item.clone(), json!(away)).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{item}");
        let reply = moved(&zoe, &project, item.clone(), json!(home)).await;
        assert_eq!(reply.refusal(), "404 NotExistsError", "{item}");
    }
    for kind in ["chart", "dashboard", "space"] {
        let item = json!({ "contentType": kind, "uuid": NOBODYS });
        let reply = moved(&ana, &project, item, json!(home)).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{kind}");
    }
    // A chart is no SQL chart.
    let item = json!({ "contentType": "chart", "source": "sql", "uuid": found.id });
    let reply = moved(&ana, &project, item, json!(home)).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
    for item in &items[..2] {
        let reply = moved(&ana, &project, item.clone(), Value::Null).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{item}");
    }
    let path = format!("/api/v2/content/{}/move", project.id);
    for action in [
        json!({ "type": "delete", "targetSpaceUuid": home }),
        json!({ "type": "move" }),
    ] {
        let body = json!({ "item": items[0], "action": action });
        let reply = ana.post(&path).json(&body).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{action}");
    }
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn both_places_are_asked() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let eva = app.in_role(EVA, "editor").await;
    let vic = app.viewer(VIC).await;
    let project = app.project(ANA, "Sales").await;
    let (open, also) = (
        public(&ana, &project, "Open").await,
        public(&ana, &project, "Also").await,
    );
    let closed = space(&ana, &project, json!({ "name": "Closed" })).await;
    let here = chart(&app, &project, "Here", open).await;
    let there = dashboard(&app, &project, "There", closed).await;
    let nested = inside(&ana, &project, ("Nested", open)).await;

    for (item, target) in [
        (a_chart(here.id), closed),
        (a_dashboard(there.id), open),
        (a_space(nested), closed),
        (a_space(closed), open),
    ] {
        let reply = moved(&eva, &project, item.clone(), json!(target)).await;
        assert_eq!(reply.refusal(), "403 ForbiddenError", "{item}");
    }
    let reply = moved(&vic, &project, a_chart(here.id), json!(also)).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    // One that may not is enough.
    let before = app.items();
    let items = vec![a_chart(here.id), a_dashboard(there.id)];
    let reply = all_moved(&eva, &project, items, json!(also)).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    assert_eq!(before, app.items());
    moved(&eva, &project, a_chart(here.id), json!(also))
        .await
        .ok();
    moved(&eva, &project, a_space(nested), json!(also))
        .await
        .ok();
}

#[tokio::test]
async fn a_space_takes_along_what_lies_in_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let root = public(&ana, &project, "The Root").await;
    let child = inside(&ana, &project, ("Child", root)).await;
    let deep = inside(&ana, &project, ("Deep", child)).await;
    let other = public(&ana, &project, "Other").await;

    moved(&ana, &project, a_space(child), json!(other))
        .await
        .ok();
    assert_eq!(seen(&ana, &project, child).await["path"], "other.child");
    let moved_deep = seen(&ana, &project, deep).await;
    assert_eq!(moved_deep["path"], "other.child.deep");
    moved(&ana, &project, a_space(other), json!(root))
        .await
        .ok();
    assert_eq!(
        seen(&ana, &project, deep).await["path"],
        "the_root.other.child.deep"
    );
    for (item, target) in [
        (child, json!(child)),
        (other, json!(deep)),
        (root, json!(deep)),
        (child, json!(other)),
        (root, Value::Null),
    ] {
        let reply = moved(&ana, &project, a_space(item), target.clone()).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{item} {target}");
    }
    moved(&ana, &project, a_space(child), Value::Null)
        .await
        .ok();
    assert_eq!(seen(&ana, &project, deep).await["path"], "child.deep");
    assert_eq!(
        seen(&ana, &project, child).await["parentSpaceUuid"],
        Value::Null
    );
    // What is made in it afterwards lies there, too.
    let late = inside(&ana, &project, ("Late", deep)).await;
    assert_eq!(seen(&ana, &project, late).await["path"], "child.deep.late");
}

#[tokio::test]
async fn a_space_is_called_the_same_where_it_comes() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    // Two of one name, made by documents: the paths are what these say, and the slugs are two.
    for (slug, path) in [("one", "a/q-1"), ("two", "b/q-1")] {
        let query = json!({
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 1,
            "tableCalculations": [],
        });
        let body = json!({
            "name": "Chart", "tableName": "orders", "slug": slug, "spaceSlug": path, "version": 1,
            "updatedAt": "2026-01-01T00:00:00.000Z", "metricQuery": query, "chartConfig": { "type": "table" },
            "tableConfig": { "columnOrder": [] },
        });
        let path = format!("/api/v1/projects/{}/charts/{slug}/code", project.id);
        ana.post(&path).json(&body).await.ok();
    }
    let spaces = app.app.store.spaces(project.id).await.unwrap();
    let second = spaces.at_path("b.q_1").unwrap();
    assert_eq!(second.slug, "b-q-1");
    let other = public(&ana, &project, "Other").await;
    moved(&ana, &project, a_space(second.id), json!(other))
        .await
        .ok();
    let there = seen(&ana, &project, second.id).await;
    assert_eq!(there["path"], "other.q_1");
    assert_eq!(there["slug"], "b-q-1");
    moved(&ana, &project, a_space(second.id), Value::Null)
        .await
        .ok();
    assert_eq!(seen(&ana, &project, second.id).await["path"], "q_1");
}

#[tokio::test]
async fn a_space_that_becomes_a_root_stays_as_closed_as_it_was() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer(VIC).await;
    let eva = app.in_role(EVA, "editor").await;
    let project = app.project(ANA, "Sales").await;
    let secret = space(&ana, &project, json!({ "name": "Secret" })).await;
    let nested = inside(&ana, &project, ("Nested", secret)).await;
    let share = format!("/api/v1/projects/{}/spaces/{secret}/share", project.id);
    let user = app.account(EVA).await.id;
    let body = json!({ "userUuid": user, "spaceRole": "editor" });
    ana.post(&share).json(&body).await.ok();

    moved(&ana, &project, a_space(nested), Value::Null)
        .await
        .ok();
    let path = format!("/api/v1/projects/{}/spaces/{nested}", project.id);
    assert_eq!(vic.get(&path).await.refusal(), "403 ForbiddenError");
    eva.get(&path).await.ok();
    let root = seen(&ana, &project, nested).await;
    assert_eq!(root["isPrivate"], true);
    assert_eq!(root["access"].as_array().unwrap().len(), 2);
    // Every entry has its mirror, from which it is removed when somebody leaves.
    let mirrors = app.items().into_keys();
    let tail = format!("SPACE#{}#{nested}", project.id);
    let mirrors = mirrors.filter(|(pk, sk)| pk.starts_with("GRANTS#") && *sk == tail);
    assert_eq!(mirrors.count(), 2);

    // Within an open one it is open, and closed again when it leaves.
    let open = public(&ana, &project, "Open").await;
    moved(&ana, &project, a_space(nested), json!(open))
        .await
        .ok();
    vic.get(&path).await.ok();
}

#[tokio::test]
async fn two_moves_at_once_make_no_circle() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let (one, other) = (
        public(&ana, &project, "One").await,
        public(&ana, &project, "Other").await,
    );
    let below = inside(&ana, &project, ("Below", other)).await;
    let store = &app.app.store;
    // Both have read the same tree.
    let tree = store.spaces(project.id).await.unwrap();
    let moved = |space, target| SpaceMove {
        organization: project.organization,
        tree: &tree,
        space: tree.get(space).unwrap(),
        target: tree.get(target),
    };
    let now = app.app.clock.now();
    store.move_space(moved(one, below), now).await.unwrap();
    let second = store.move_space(moved(other, one), now).await;
    assert!(matches!(second, Err(app::Error::Changed(_))), "{second:?}");
    assert_eq!(seen(&ana, &project, one).await["path"], "other.below.one");
    let reply = self::moved(&ana, &project, a_space(other), json!(one)).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn a_bulk_move_goes_on_where_it_stopped() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let (from, to) = (
        public(&ana, &project, "From").await,
        public(&ana, &project, "To").await,
    );
    let nested = inside(&ana, &project, ("Nested", from)).await;
    let mut charts = Vec::new();
    for at in 0..60 {
        charts.push(chart(&app, &project, &format!("Chart {at}"), from).await);
    }
    let mut items: Vec<_> = charts.iter().map(|chart| a_chart(chart.id)).collect();
    items.push(a_space(nested));
    // Named twice, moved once.
    items.push(a_chart(charts[0].id));
    all_moved(&ana, &project, items.clone(), json!(to))
        .await
        .ok();
    for chart in &charts {
        assert_eq!(now(&app, chart).await.space, Some(to));
    }
    assert_eq!(seen(&ana, &project, nested).await["path"], "to.nested");
    let before = app.items();
    all_moved(&ana, &project, items, json!(to)).await.ok();
    assert_eq!(before, app.items());

    all_moved(&ana, &project, vec![], json!(to)).await.ok();
    let many = vec![a_chart(NOBODYS); 501];
    let reply = all_moved(&ana, &project, many, json!(to)).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn everything_that_may_not_be_moved_is_named_before_anything_is() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let eva = app.in_role(EVA, "editor").await;
    let project = app.project(ANA, "Sales").await;
    let (open, to) = (
        public(&ana, &project, "Open").await,
        public(&ana, &project, "To").await,
    );
    let closed = space(&ana, &project, json!({ "name": "Closed" })).await;
    let around = public(&ana, &project, "Around").await;
    let inner = inside(&ana, &project, ("Inner", around)).await;
    let fine = chart(&app, &project, "Fine", open).await;
    let hidden = dashboard(&app, &project, "Hidden", closed).await;
    let no_sql = json!({ "contentType": "chart", "source": "sql", "uuid": fine.id });
    let with = |mut item: Value, message: &str| {
        item["message"] = json!(message);
        item
    };
    let not_allowed = NOT_ALLOWED.to_string();
    let before = app.items();

    let items = vec![
        a_dashboard(hidden.id),
        a_chart(fine.id),
        no_sql.clone(),
        a_space(closed),
        a_dashboard("x"),
        // Named twice, told once.
        a_dashboard("x"),
    ];
    let reply = all_moved(&eva, &project, items, json!(to)).await;
    // What is not there comes before what may not be done.
    assert_eq!(reply.refusal(), "404 NotFoundError");
    let expected = json!({ "errors": [
        with(a_dashboard(hidden.id), &not_allowed),
        with(no_sql, "SQL chart not found"),
        with(a_space(closed), &not_allowed),
        with(a_dashboard("x"), "Dashboard not found"),
    ] });
    assert_eq!(reply.json()["error"]["data"], expected);

    let items = vec![a_chart(fine.id), a_space(around)];
    let reply = all_moved(&ana, &project, items, json!(inner)).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    let into_itself = "A space cannot be moved into itself, or into what lies in it";
    let expected = json!({ "errors": [with(a_space(around), into_itself)] });
    assert_eq!(reply.json()["error"]["data"], expected);
    assert_eq!(before, app.items());
}

#[tokio::test]
async fn an_error_halfway_tells_what_was_moved_and_what_was_not() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let (from, to) = (
        public(&ana, &project, "From").await,
        public(&ana, &project, "To").await,
    );
    let nested = inside(&ana, &project, ("Nested", from)).await;
    let mut items = vec![a_space(nested)];
    let mut charts = Vec::new();
    for at in 0..60 {
        let chart = chart(&app, &project, &format!("Chart {at}"), from).await;
        items.push(a_chart(chart.id));
        charts.push(chart);
    }
    let action = json!({ "type": "move", "targetSpaceUuid": to });
    let body = json!({ "content": items, "action": action });
    let path = format!("/api/v2/content/bulk-action/{}/move", project.id);

    let written = AtomicUsize::new(0);
    let faults: Faults = Arc::new(move |name| {
        let fails = name == "TransactWriteItems" && written.fetch_add(1, Ordering::Relaxed) >= 1;
        fails.then_some(Fault::Failed)
    });
    let reply = app.behind(faults).send(ana.post(&path).json(&body)).await;
    assert_eq!(reply.refusal(), "503 UnexpectedServerError");
    assert!(reply.header("retry-after").is_some());
    let (mut moved, mut open) = (Vec::new(), vec![a_space(nested)]);
    for chart in &charts {
        match now(&app, chart).await.space == Some(to) {
            true => moved.push(a_chart(chart.id)),
            false => open.push(a_chart(chart.id)),
        }
    }
    assert_eq!((moved.len(), open.len()), (50, 11));
    let expected = json!({ "moved": moved, "notMoved": open });
    assert_eq!(reply.json()["error"]["data"], expected);

    all_moved(&ana, &project, items, json!(to)).await.ok();
    for chart in &charts {
        assert_eq!(now(&app, chart).await.space, Some(to));
    }
    assert_eq!(seen(&ana, &project, nested).await["path"], "to.nested");
}

#[tokio::test]
async fn more_than_a_transaction_takes_is_not_moved_by_half() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let root = public(&ana, &project, "Root").await;
    let other = public(&ana, &project, "Other").await;
    let mut fits = None;
    for at in 0..95 {
        let last = inside(&ana, &project, (&format!("Space {at}"), root)).await;
        fits = Some(last);
    }
    moved(&ana, &project, a_space(root), json!(other))
        .await
        .ok();
    let last = seen(&ana, &project, fits.unwrap()).await;
    assert_eq!(text(&last["path"]), "other.root.space_94");
    inside(&ana, &project, ("One more", root)).await;
    inside(&ana, &project, ("And more", root)).await;
    let found = chart(&app, &project, "Chart", root).await;
    let target = public(&ana, &project, "Target").await;
    let before = app.items();
    let reply = moved(&ana, &project, a_space(root), Value::Null).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    // Nor is what fits, with it.
    let items = vec![a_chart(found.id), a_space(root)];
    let reply = all_moved(&ana, &project, items, json!(target)).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    let data = reply.json()["error"]["data"].clone();
    assert_eq!(data["errors"][0]["uuid"], root.to_string());
    assert_eq!(data["moved"], Value::Null);
    assert_eq!(before, app.items());
}
