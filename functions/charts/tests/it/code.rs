use std::collections::BTreeSet;

use app::domain::{access::ProjectRole, content::Content, id::SpaceId, project::Project};
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

pub(crate) const ANA: &str = "ana@example.com";
pub(crate) const BOB: &str = "bob@example.com";

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A chart as a document, drawn in some way.
pub(crate) fn document(slug: &str, config: Value) -> Value {
    json!({
        "name": format!("Chart {slug}"), "description": "What it says", "tableName": "orders", "slug": slug,
        "spaceSlug": "sales/this-year", "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_total"],
            "filters": { "dimensions": { "id": "g", "and": [{
                "id": "r", "operator": "equals", "values": ["a", 1.0], "target": { "fieldId": "orders_status" },
            }] } },
            "sorts": [{ "fieldId": "orders_total", "descending": true }], "limit": 500,
            "tableCalculations": [{ "name": "double", "displayName": "Double", "sql": "${orders.total} * 2" }],
        },
        "chartConfig": config, "tableConfig": { "columnOrder": ["orders_status", "orders_total"] },
    })
}

fn series(kinds: &[&str]) -> Value {
    let series: Vec<_> = kinds
        .iter()
        .map(|kind| json!({ "type": kind, "name": format!("A {kind}"), "markLine": { "data": [{ "name": "Goal", "yAxis": "1" }] } }))
        .collect();
    json!({ "type": "cartesian", "config": {
        "layout": { "xField": "orders_status", "yField": ["orders_total"] },
        "eChartsConfig": { "series": series, "xAxis": [{ "name": "Status" }], "yAxis": [{ "name": "Total", "min": 0.5 }] },
    } })
}

/// A document of every kind of chart.
fn every_kind() -> Vec<Value> {
    let configs = [
        ("line", series(&["line"])),
        ("bar", series(&["bar"])),
        ("area", series(&["area"])),
        ("scatter", series(&["scatter"])),
        ("mixed", series(&["bar", "line"])),
        (
            "table",
            json!({ "type": "table", "config": { "columns": { "orders_status": { "name": "State" } }, "showTableNames": true } }),
        ),
        (
            "big-number",
            json!({ "type": "big_number", "config": { "label": "Total", "comparisonLabel": "Before" } }),
        ),
        (
            "pie",
            json!({ "type": "pie", "config": { "groupLabelOverrides": { "a": "A" }, "isDonut": true } }),
        ),
        (
            "funnel",
            json!({ "type": "funnel", "config": { "labelOverrides": { "a": "A" }, "dataInput": "row" } }),
        ),
        (
            "custom",
            json!({ "type": "custom", "config": { "spec": { "mark": "bar", "deep": [{ "a": null, "b": 1.5 }] } } }),
        ),
        ("nothing", json!({ "type": "table" })),
    ];
    let mut all: Vec<_> = configs
        .into_iter()
        .map(|(slug, config)| document(slug, config))
        .collect();
    all[0]["pivotConfig"] = json!({ "columns": ["orders_status"] });
    all
}

pub(crate) fn of(project: &Project, rest: &str) -> String {
    format!("/api/v1/projects/{}{rest}", project.id)
}

pub(crate) async fn upload(actor: &Actor<'_>, project: &Project, body: &Value) -> Answer {
    let path = of(project, &format!("/charts/{}/code", text(&body["slug"])));
    actor.post(&path).json(body).await
}

async fn uploaded(actor: &Actor<'_>, project: &Project, body: &Value) -> Value {
    upload(actor, project, body).await.ok()
}

pub(crate) async fn download(actor: &Actor<'_>, project: &Project, query: &str) -> Value {
    let path = of(project, &format!("/charts/code{query}"));
    actor.get(&path).await.ok()
}

async fn heads(app: &TestApp, project: &Project) -> Vec<Content> {
    let index = app.app.store.index(project.id).await.unwrap();
    let mut heads: Vec<_> = index.live().cloned().collect();
    heads.sort_by(|a, b| a.slug.cmp(&b.slug));
    heads
}

fn action(changes: &Value) -> String {
    text(&changes["charts"][0]["action"])
}

async fn setting(app: &TestApp) -> (Actor<'_>, Project) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    (ana, project)
}

#[tokio::test]
async fn what_is_downloaded_and_uploaded_again_changes_nothing() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    for body in every_kind() {
        assert_eq!(action(&uploaded(&ana, &project, &body).await), "create");
    }
    let before = heads(&app, &project).await;
    let items = app.items();
    app.wait(60);
    let found = download(&ana, &project, "").await;
    assert_eq!(found["total"], 11);
    assert_eq!(found["offset"], 11);
    for mut body in found["charts"].as_array().unwrap().clone() {
        // A file may be newer, and says so.
        body["updatedAt"] = json!("2030-01-01T00:00:00.000Z");
        let changes = uploaded(&ana, &project, &body).await;
        assert_eq!(action(&changes), "no changes", "{body}");
        assert!(
            changes["spaces"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["action"] == "no changes")
        );
    }
    assert_eq!(heads(&app, &project).await, before);
    assert_eq!(app.items().len(), items.len());
}

#[tokio::test]
async fn a_download_arrives_in_an_empty_project() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    for body in every_kind() {
        uploaded(&ana, &project, &body).await;
    }
    let other = app.project(ANA, "Other").await;
    let sent = download(&ana, &project, "").await;
    for body in sent["charts"].as_array().unwrap() {
        uploaded(&ana, &other, body).await;
    }
    let mut here = sent["charts"].clone();
    let mut there = download(&ana, &other, "").await["charts"].clone();
    for list in [&mut here, &mut there] {
        for chart in list.as_array_mut().unwrap() {
            chart.as_object_mut().unwrap().remove("updatedAt");
        }
    }
    assert_eq!(here, there);
}

#[tokio::test]
async fn a_change_of_content_counts_whatever_its_time_says() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    uploaded(&ana, &project, &body).await;
    body["updatedAt"] = json!("1999-01-01T00:00:00.000Z");
    body["metricQuery"]["limit"] = json!(7);
    assert_eq!(action(&uploaded(&ana, &project, &body).await), "update");
    assert_eq!(heads(&app, &project).await[0].latest, 2);
    assert_eq!(action(&uploaded(&ana, &project, &body).await), "no changes");

    body["name"] = json!("Another");
    let changes = uploaded(&ana, &project, &body).await;
    assert_eq!(changes["charts"][0]["data"]["name"], "Another");
    // A name is no part of a version.
    assert_eq!(heads(&app, &project).await[0].latest, 2);
    body["force"] = json!(true);
    assert_eq!(action(&uploaded(&ana, &project, &body).await), "update");
    assert_eq!(heads(&app, &project).await[0].latest, 3);
}

#[tokio::test]
async fn a_dry_run_tells_and_writes_nothing() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    body["dashboardSlug"] = json!("board");
    let before = app.items();
    let path = of(&project, "/charts/a/code?dryRun=true");
    let changes = ana.post(&path).json(&body).await.ok();
    assert_eq!(action(&changes), "create");
    let actions = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| text(&one["action"])).collect()
    };
    assert_eq!(actions(&changes["spaces"]), ["create", "create"]);
    assert_eq!(actions(&changes["dashboards"]), ["create"]);
    let nowhere = json!({ "places": [], "placesCut": false });
    assert_eq!(changes["charts"][0]["difference"], nowhere);
    assert_eq!(app.items(), before);

    uploaded(&ana, &project, &body).await;
    let before = app.items();
    let changes = ana.post(&path).json(&body).await.ok();
    assert_eq!(action(&changes), "no changes");
    assert_eq!(changes["charts"][0]["difference"], nowhere);
    body["name"] = json!("B");
    body["metricQuery"]["limit"] = json!(7);
    body["metricQuery"]["filters"]["dimensions"]["and"][0]["values"] = json!(["a", "b", 1]);
    body["dashboardSlug"] = Value::Null;
    body["spaceSlug"] = json!("elsewhere");
    body["pivotConfig"] = json!({ "columns": ["orders_status"] });
    let changes = ana.post(&path).json(&body).await.ok();
    assert_eq!(action(&changes), "update");
    assert_eq!(changes["charts"][0]["data"]["name"], "B");
    let expected = json!({ "placesCut": false, "places": [
        { "path": "/dashboardSlug", "before": "board" },
        { "path": "/metricQuery/filters/dimensions/and/0/values/1", "after": "b" },
        { "path": "/metricQuery/limit", "before": 500, "after": 7 },
        { "path": "/name", "before": "Chart a", "after": "B" },
        { "path": "/pivotConfig", "after": { "columns": ["orders_status"] } },
        { "path": "/spaceSlug", "before": "sales/this-year", "after": "elsewhere" },
    ] });
    assert_eq!(changes["charts"][0]["difference"], expected);
    assert_eq!(app.items(), before);
    // What is done does not tell it.
    let changes = uploaded(&ana, &project, &body).await;
    assert_eq!(changes["charts"][0].get("difference"), None);
}

#[tokio::test]
async fn spaces_are_made_where_their_path_says() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    for (slug, space) in [
        ("a", "one/q-1"),
        ("b", "two/q-1"),
        ("c", "q-1"),
        ("d", "two/q-1"),
    ] {
        let mut body = document(slug, json!({ "type": "table" }));
        body["spaceSlug"] = json!(space);
        let changes = uploaded(&ana, &project, &body).await;
        let data = &changes["charts"][0]["data"];
        assert_eq!(data["spaceSlug"], space);
        assert_eq!(data["spacePath"], space.replace('-', "_").replace('/', "."));
        assert_eq!(data["spaceName"], "Q 1");
        assert_eq!(data["oldUuid"], data["uuid"]);
    }
    let spaces = app.app.store.spaces(project.id).await.unwrap();
    let paths: Vec<_> = spaces
        .by_path()
        .iter()
        .map(|space| space.path.clone())
        .collect();
    assert_eq!(paths, ["one", "one.q_1", "q_1", "two", "two.q_1"]);
    let slugs: BTreeSet<_> = spaces
        .by_path()
        .iter()
        .map(|space| space.slug.clone())
        .collect();
    assert_eq!(slugs.len(), 5);
    assert!(spaces.by_path().iter().all(|space| space.is_private));

    let mut body = document("e", json!({ "type": "table" }));
    body["spaceSlug"] = json!("open");
    body["publicSpaceCreate"] = json!(true);
    let changes = uploaded(&ana, &project, &body).await;
    assert_eq!(changes["spaces"][0]["data"]["isPrivate"], false);
    body["spaceSlug"] = json!("none");
    body["skipSpaceCreate"] = json!(true);
    assert_eq!(
        upload(&ana, &project, &body).await.refusal(),
        "404 NotFoundError"
    );
}

#[tokio::test]
async fn a_document_moves_its_chart() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    uploaded(&ana, &project, &body).await;
    body["spaceSlug"] = json!("elsewhere");
    let changes = uploaded(&ana, &project, &body).await;
    assert_eq!(action(&changes), "update");
    assert_eq!(changes["spaces"][0]["action"], "create");
    assert_eq!(changes["charts"][0]["data"]["spaceSlug"], "elsewhere");
    assert_eq!(heads(&app, &project).await[0].latest, 1);
}

#[tokio::test]
async fn a_chart_of_a_dashboard_lies_where_that_does() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    body["dashboardSlug"] = json!("this-board");
    let changes = uploaded(&ana, &project, &body).await;
    assert_eq!(changes["dashboards"][0]["data"]["name"], "This board");
    assert_eq!(changes["dashboards"][0]["data"]["slug"], "this-board");
    assert_eq!(changes["charts"][0]["data"]["dashboardName"], "This board");

    let mut second = document("b", json!({ "type": "table" }));
    second["dashboardSlug"] = json!("this-board");
    second["spaceSlug"] = json!("nowhere");
    let changes = uploaded(&ana, &project, &second).await;
    assert_eq!(changes["charts"][0]["data"]["spaceSlug"], "sales/this-year");
    assert_eq!(changes["dashboards"], json!([]));
    let spaces = app.app.store.spaces(project.id).await.unwrap();
    assert!(spaces.at_path("nowhere").is_none());

    let found = download(&ana, &project, "?ids=a").await;
    assert_eq!(found["charts"][0]["dashboardSlug"], "this-board");
    let again = uploaded(&ana, &project, &found["charts"][0]).await;
    assert_eq!(action(&again), "no changes");
}

#[tokio::test]
async fn a_chart_whose_document_names_no_dashboard_any_more_goes_into_a_space() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    body["dashboardSlug"] = json!("board");
    uploaded(&ana, &project, &body).await;
    assert!(heads(&app, &project).await[0].dashboard.is_some());
    body.as_object_mut().unwrap().remove("dashboardSlug");
    body["spaceSlug"] = json!("elsewhere");
    let changes = uploaded(&ana, &project, &body).await;
    assert_eq!(action(&changes), "update");
    let data = &changes["charts"][0]["data"];
    assert_eq!(data["dashboardUuid"], Value::Null);
    assert_eq!(data["spaceSlug"], "elsewhere");
    let head = heads(&app, &project).await[0].clone();
    assert_eq!((head.dashboard, head.latest), (None, 1));
    assert_eq!(action(&uploaded(&ana, &project, &body).await), "no changes");
}

#[tokio::test]
async fn a_path_that_two_spaces_have_is_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    uploaded(&ana, &project, &body).await;
    let spaces = app.app.store.spaces(project.id).await.unwrap();
    let sales = spaces.at_path("sales").unwrap().id;
    // Paths were not claimed always.
    let key = (format!("PROJECT#{}", project.id), format!("SPACE#{sales}"));
    let mut twin = app.items()[&key].clone();
    let id = SpaceId::new(&app.app.random).to_string();
    twin["sk"] = json!({ "S": format!("SPACE#{id}") });
    twin["id"] = json!({ "S": id });
    twin["slug"] = json!({ "S": "twin" });
    app.put_item(&twin);
    // What can be told apart is.
    assert_eq!(action(&uploaded(&ana, &project, &body).await), "no changes");
    body["slug"] = json!("b");
    for path in ["sales", "sales/new"] {
        body["spaceSlug"] = json!(path);
        let reply = upload(&ana, &project, &body).await;
        assert_eq!(reply.refusal(), "409 AlreadyExistsError", "{path}");
    }
}

#[tokio::test]
async fn two_uploads_of_one_slug_make_one_chart() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let a = document("a", json!({ "type": "table" }));
    let mut b = a.clone();
    b["name"] = json!("Another");
    let (one, two) = tokio::join!(upload(&ana, &project, &a), upload(&ana, &project, &b));
    let actions: BTreeSet<_> = [one.ok(), two.ok()].iter().map(action).collect();
    assert!(
        actions.contains("create") && actions.len() == 2,
        "{actions:?}"
    );
    assert_eq!(heads(&app, &project).await.len(), 1);
    let spaces = app.app.store.spaces(project.id).await.unwrap();
    assert_eq!(spaces.len(), 2);
}

#[tokio::test]
async fn lists_are_pages_by_slug() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    for number in 0..103 {
        let body = document(&format!("c-{number:03}"), json!({ "type": "table" }));
        uploaded(&ana, &project, &body).await;
    }
    let first = download(&ana, &project, "").await;
    assert_eq!(first["charts"].as_array().unwrap().len(), 100);
    assert_eq!(
        (&first["offset"], &first["total"]),
        (&json!(100), &json!(103))
    );
    let second = download(&ana, &project, "?offset=100&languageMap=true").await;
    assert_eq!(second["charts"][0]["slug"], "c-100");
    assert_eq!(second["offset"], 103);
    assert_eq!(second["languageMap"].as_array().unwrap().len(), 3);
    let past = download(&ana, &project, "?offset=500").await;
    assert_eq!(
        (&past["offset"], &past["charts"]),
        (&json!(103), &json!([]))
    );

    // What is missing is told of the whole selection, and ids of other projects name nothing here.
    let id = heads(&app, &project).await[0].id.to_string().to_uppercase();
    let other = app.project(ANA, "Other").await;
    let found = download(&ana, &project, &format!("?ids={id}&ids=c-001&ids=no-such")).await;
    assert_eq!(found["missingIds"], json!(["no-such"]));
    assert_eq!(found["total"], 2);
    let none = download(&ana, &other, &format!("?ids={id}")).await;
    assert_eq!(
        none,
        json!({ "charts": [], "missingIds": [id], "total": 0, "offset": 0 })
    );
}

#[tokio::test]
async fn words_are_told_by_slug() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    for body in every_kind() {
        uploaded(&ana, &project, &body).await;
    }
    let found = download(
        &ana,
        &project,
        "?ids=bar&ids=table&ids=pie&languageMap=true",
    )
    .await;
    let words = &found["languageMap"];
    assert_eq!(
        words[0]["chart"]["bar"],
        json!({
            "name": "Chart bar", "description": "What it says", "chartConfig": { "type": "cartesian", "config": { "eChartsConfig": {
                "series": [{ "name": "A bar", "markLine": { "data": [{ "name": "Goal" }] } }],
                "xAxis": [{ "name": "Status" }], "yAxis": [{ "name": "Total" }],
            } } },
        })
    );
    assert_eq!(
        words[1]["chart"]["pie"]["chartConfig"]["config"],
        json!({ "groupLabelOverrides": { "a": "A" } })
    );
    assert_eq!(
        words[2]["chart"]["table"]["chartConfig"]["config"],
        json!({ "columns": { "orders_status": { "name": "State" } } })
    );
}

#[tokio::test]
async fn documents_against_the_rules_are_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let good = document("a", json!({ "type": "table" }));
    let before = app.items();
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let path = of(&project, "/charts/a/code");
    for body in [
        with("slug", json!("b")),
        with("name", json!(" ")),
        with("description", json!("x".repeat(5_001))),
        with("tableName", json!("")),
        with("spaceSlug", json!("")),
        with("spaceSlug", json!("a//b")),
        with("spaceSlug", json!("é")),
        with("spaceSlug", json!(vec!["a"; 21].join("/"))),
        with("dashboardSlug", json!("a/b")),
    ] {
        let reply = ana.post(&path).json(&body).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{body}");
    }
    for slug in ["a%2Fb", "%C3%A9", "a.b", "..%2Fa", "a%20b"] {
        let path = of(&project, &format!("/charts/{slug}/code"));
        let reply = ana.post(&path).json(&good).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{slug}");
    }
    for body in [
        with("metricQuery", json!("x")),
        with("chartConfig", json!({ "type": "nonsense" })),
        json!({}),
    ] {
        let reply = ana.post(&path).json(&body).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{body}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn documents_are_for_developers_and_what_they_may_edit() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let body = document("a", json!({ "type": "table" }));
    uploaded(&ana, &project, &body).await;
    let bob = app.in_role(BOB, "member").await;
    app.grant(&project, BOB, ProjectRole::Editor).await;
    assert_eq!(
        upload(&bob, &project, &body).await.refusal(),
        "403 ForbiddenError"
    );
    let list = bob.get(&of(&project, "/charts/code")).await;
    assert_eq!(list.refusal(), "403 ForbiddenError");

    let eve = "eve@example.com";
    let bob = app.in_role(eve, "member").await;
    app.grant(&project, eve, ProjectRole::Developer).await;
    // The space is Ana's own.
    assert_eq!(
        download(&bob, &project, "?ids=a").await["missingIds"],
        json!(["a"])
    );
    assert_eq!(
        upload(&bob, &project, &body).await.refusal(),
        "403 ForbiddenError"
    );
    let mut new = document("b", json!({ "type": "table" }));
    assert_eq!(
        upload(&bob, &project, &new).await.refusal(),
        "403 ForbiddenError"
    );
    new["spaceSlug"] = json!("sales/other");
    assert_eq!(
        upload(&bob, &project, &new).await.refusal(),
        "403 ForbiddenError"
    );
    new["spaceSlug"] = json!("bobs");
    assert_eq!(action(&uploaded(&bob, &project, &new).await), "create");
    let nobodys = "/api/v1/projects/00000000-0000-4000-8000-000000000000/charts/code";
    assert_eq!(ana.get(nobodys).await.refusal(), "404 NotExistsError");
}

/// What nothing has is refused in the same words.
#[tokio::test]
async fn a_slug_that_the_caller_may_not_see_is_refused_like_one_that_nothing_has() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut own = document("a", json!({ "type": "table" }));
    own["dashboardSlug"] = json!("board");
    uploaded(&ana, &project, &own).await;
    let dev = app.in_role(BOB, "developer").await;
    let before = app.items();
    let sent = |slug: &str, dashboard: Option<&str>, space: &str, skip: bool| {
        let mut body = document(slug, json!({ "type": "table" }));
        body["spaceSlug"] = json!(space);
        body["skipSpaceCreate"] = json!(skip);
        if let Some(dashboard) = dashboard {
            body["dashboardSlug"] = json!(dashboard);
        }
        body
    };
    let mut refused = Vec::new();
    for body in [
        sent("b", None, "none", true),
        sent("b", None, "sales", true),
        sent("b", None, "sales/this-year", true),
        sent("a", None, "none", true),
        sent("b", Some("none"), "none", true),
        sent("b", Some("board"), "none", true),
    ] {
        let reply = upload(&dev, &project, &body).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{body}");
        refused.push(reply.json());
    }
    refused.dedup();
    assert_eq!(refused.len(), 1, "{refused:?}");

    // Where one would be made, none can be.
    for (body, refusal) in [
        (sent("a", None, "bobs", false), "404 NotFoundError"),
        (sent("b", Some("board"), "bobs", false), "404 NotFoundError"),
        (
            sent("b", None, "sales/this-year", false),
            "403 ForbiddenError",
        ),
    ] {
        let reply = upload(&dev, &project, &body).await;
        assert_eq!(reply.refusal(), refusal, "{body}");
    }
    assert_eq!(app.items(), before);

    // Who may see it is told that they may not change it.
    let spaces = app.app.store.spaces(project.id).await.unwrap();
    let sales = spaces.at_path("sales").unwrap().id;
    let user = app.account(BOB).await.id;
    let share = of(&project, &format!("/spaces/{sales}/share"));
    let body = json!({ "userUuid": user, "spaceRole": "viewer" });
    ana.post(&share).json(&body).await.ok();
    for body in [
        sent("a", None, "bobs", false),
        sent("b", Some("board"), "bobs", false),
        sent("b", None, "sales/this-year", true),
    ] {
        let reply = upload(&dev, &project, &body).await;
        assert_eq!(reply.refusal(), "403 ForbiddenError", "{body}");
    }
}
