use app::domain::{
    content::{Content, ContentKind, DashboardBody, SqlChartBody},
    project::Project,
};
use serde_json::{Value, json};
use testing::{Actor, Answer, TestApp};

pub(crate) const ANA: &str = "ana@example.com";
pub(crate) const BOB: &str = "bob@example.com";

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn of(project: &Project, rest: &str) -> String {
    format!("/api/v1/projects/{}{rest}", project.id)
}

pub(crate) fn chart(slug: &str) -> Value {
    json!({
        "name": format!("Chart {slug}"), "tableName": "orders", "slug": slug, "spaceSlug": "sales", "version": 1,
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_total"], "filters": {}, "sorts": [],
            "limit": 500, "tableCalculations": [],
        },
        "chartConfig": { "type": "table" }, "tableConfig": { "columnOrder": [] },
    })
}

pub(crate) async fn upload_chart(actor: &Actor<'_>, project: &Project, body: &Value) {
    let path = of(project, &format!("/charts/{}/code", text(&body["slug"])));
    actor.post(&path).json(body).await.ok();
}

/// An SQL chart in the space of the charts.
async fn sql_chart(app: &TestApp, project: &Project, slug: &str) -> Content {
    let spaces = app.app.store.spaces(project.id).await.unwrap();
    let head = Content {
        slug: slug.to_owned(),
        space: Some(spaces.at_path("sales").unwrap().id),
        ..app
            .head(ANA, project.id, ContentKind::SqlChart, "By SQL")
            .await
    };
    let body = SqlChartBody {
        sql: "SELECT 1".to_owned(),
        limit: 10,
        config: json!({ "type": "table" }),
    };
    app.stored(head, &body).await
}

fn rule(id: Option<&str>, targets: Value) -> Value {
    let mut rule = json!({
        "operator": "equals", "values": ["a"], "target": { "fieldId": "orders_status", "tableName": "orders" },
        "label": "Status", "tileTargets": targets,
    });
    if let Some(id) = id {
        rule["id"] = json!(id);
    }
    rule
}

/// Every kind of tile, one chart twice, tabs, filters and options.
fn board() -> Value {
    let target = json!({ "fieldId": "orders_status", "tableName": "orders" });
    let tile = |kind: &str, y: u32, properties: Value| json!({ "type": kind, "x": 0, "y": y, "w": 12, "h": 4.5, "tabUuid": "t2", "properties": properties });
    let mut tiles = vec![
        tile(
            "saved_chart",
            0,
            json!({ "chartSlug": "a", "title": "First", "hideTitle": true }),
        ),
        tile("saved_chart", 5, json!({ "chartSlug": "a" })),
        tile("saved_chart", 10, json!({ "chartSlug": "b", "title": "" })),
        tile(
            "sql_chart",
            15,
            json!({ "chartSlug": "s", "hideTitle": false }),
        ),
        tile(
            "markdown",
            20,
            json!({ "title": "Read", "content": "# A & B\n> quoted <b>x</b>" }),
        ),
        tile(
            "loom",
            25,
            json!({ "title": "Watch", "url": "https://loom.example/x" }),
        ),
    ];
    tiles[0]["tileSlug"] = json!("a-1");
    tiles[1]["tileSlug"] = json!("a-2");
    json!({
        "name": "Board", "description": "Of sales", "slug": "board", "spaceSlug": "sales", "version": 1,
        "updatedAt": "2026-01-01T00:00:00.000Z", "tiles": tiles,
        "tabs": [{ "uuid": "t1", "name": "One", "order": 0 }, { "uuid": "t2", "name": "Two", "order": 1 }],
        "filters": {
            "dimensions": [rule(Some("f1"), json!({ "a-1": target, "a-2": false, "b": target, "s": false }))],
            "metrics": [rule(Some("f2"), json!({ "b": target }))], "tableCalculations": [],
        },
        "config": { "isDateZoomDisabled": true },
    })
}

pub(crate) async fn upload(actor: &Actor<'_>, project: &Project, body: &Value) -> Answer {
    let path = of(
        project,
        &format!("/dashboards/{}/code", text(&body["slug"])),
    );
    actor.post(&path).json(body).await
}

pub(crate) async fn download(actor: &Actor<'_>, project: &Project, query: &str) -> Value {
    let path = of(project, &format!("/dashboards/code{query}"));
    actor.get(&path).await.ok()
}

fn action(changes: &Value) -> String {
    text(&changes["dashboards"][0]["action"])
}

/// The stored dashboard with its latest version.
pub(crate) async fn stored(
    app: &TestApp,
    project: &Project,
    slug: &str,
) -> (Content, DashboardBody) {
    let index = app.app.store.index(project.id).await.unwrap();
    let row = index.by_slug(ContentKind::Dashboard, slug).unwrap().clone();
    let version = app.app.store.latest(&row).await.unwrap();
    (row, version.body.unpack_json().unwrap())
}

/// Two charts, an SQL chart and a dashboard in a project.
pub(crate) async fn filled(app: &TestApp, ana: &Actor<'_>, project: &Project) {
    for slug in ["a", "b"] {
        upload_chart(ana, project, &chart(slug)).await;
    }
    sql_chart(app, project, "s").await;
    let made = upload(ana, project, &board()).await.ok();
    assert_eq!(action(&made), "create");
}

async fn setting(app: &TestApp) -> (Actor<'_>, Project) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    filled(app, &ana, &project).await;
    (ana, project)
}

fn ids(body: &DashboardBody) -> Vec<String> {
    body.tiles.iter().map(|tile| tile.uuid.clone()).collect()
}

#[tokio::test]
async fn what_is_downloaded_and_uploaded_again_changes_nothing() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let before = stored(&app, &project, "board").await;
    app.wait(60);
    let found = download(&ana, &project, "").await;
    let mut body = found["dashboards"][0].clone();
    let slugs: Vec<_> = body["tiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tile| tile["tileSlug"].clone())
        .collect();
    assert_eq!(json!(slugs), json!(["a-1", "a-2", "b", "s", null, null]));
    for field in [
        "tabs",
        "config",
        "filters",
        "name",
        "description",
        "spaceSlug",
        "slug",
    ] {
        assert_eq!(body[field], board()[field], "{field}");
    }
    assert!(body["tiles"][0].get("uuid").is_none());
    body["updatedAt"] = json!("2030-01-01T00:00:00.000Z");
    assert_eq!(
        action(&upload(&ana, &project, &body).await.ok()),
        "no changes"
    );
    // Also as it was written first, with less in it.
    assert_eq!(
        action(&upload(&ana, &project, &board()).await.ok()),
        "no changes"
    );
    assert_eq!(stored(&app, &project, "board").await, before);
}

#[tokio::test]
async fn a_download_arrives_in_an_empty_project() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let other = app.project(ANA, "Other").await;
    let charts = ana.get(&of(&project, "/charts/code")).await.ok();
    for body in charts["charts"].as_array().unwrap() {
        upload_chart(&ana, &other, body).await;
    }
    let mut here = download(&ana, &project, "").await["dashboards"][0].clone();
    let reply = upload(&ana, &other, &here).await;
    assert_eq!(
        reply.refusal(),
        "404 NotFoundError",
        "SQL charts are no part of it"
    );
    sql_chart(&app, &other, "s").await;
    assert_eq!(action(&upload(&ana, &other, &here).await.ok()), "create");
    let mut there = download(&ana, &other, "").await["dashboards"][0].clone();
    for document in [&mut here, &mut there] {
        document.as_object_mut().unwrap().remove("updatedAt");
    }
    assert_eq!(here, there);
}

#[tokio::test]
async fn tiles_keep_their_ids_and_filters_their_targets() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let (_, before) = stored(&app, &project, "board").await;
    let mut body = download(&ana, &project, "").await["dashboards"][0].clone();
    // The first goes, one moves, the text is written anew, and one comes.
    let tiles = body["tiles"].as_array_mut().unwrap();
    tiles.remove(0);
    tiles[1]["x"] = json!(7);
    tiles[3]["properties"]["content"] = json!("New");
    tiles.push(json!({ "type": "saved_chart", "x": 0, "y": 90, "w": 1, "h": 1, "properties": { "chartSlug": "b" } }));
    body["filters"]["dimensions"][0]
        .as_object_mut()
        .unwrap()
        .remove("id");
    assert_eq!(action(&upload(&ana, &project, &body).await.ok()), "update");
    let (head, after) = stored(&app, &project, "board").await;
    assert_eq!(head.latest, 2);
    assert_eq!(ids(&after)[..5], ids(&before)[1..]);
    assert!(!ids(&before).contains(&ids(&after)[5]));
    let targets = after.filters.dimensions[0]["tileTargets"]
        .as_object()
        .unwrap();
    let (second, third) = (&after.tiles[0].uuid, &after.tiles[1].uuid);
    assert_eq!(targets[second], json!(false));
    assert_eq!(targets[third]["fieldId"], "orders_status");
    assert_eq!(targets.len(), 3);
    // A rule without an id has one, and the same one the next time.
    assert!(after.filters.dimensions[0]["id"].is_string());
    assert_eq!(
        action(&upload(&ana, &project, &body).await.ok()),
        "no changes"
    );
}

#[tokio::test]
async fn rules_without_ids_do_not_change_a_dashboard() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = download(&ana, &project, "").await["dashboards"][0].clone();
    body["filters"]["dimensions"][0]
        .as_object_mut()
        .unwrap()
        .remove("id");
    body.as_object_mut().unwrap().remove("config");
    assert_eq!(
        action(&upload(&ana, &project, &body).await.ok()),
        "no changes"
    );
}

#[tokio::test]
async fn a_tile_whose_chart_is_gone_stays() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let index = app.app.store.index(project.id).await.unwrap();
    let chart = index.by_slug(ContentKind::Chart, "b").unwrap();
    let now = app.app.clock.now();
    let edit = app::store::Edit::delete(chart, now);
    let kept = app.app.config.deleted_content;
    app.app
        .store
        .edit_content(project.id, &[edit], kept, now)
        .await
        .unwrap();
    let mut body = download(&ana, &project, "").await["dashboards"][0].clone();
    assert_eq!(body["tiles"][2]["properties"]["chartSlug"], Value::Null);
    assert_eq!(
        action(&upload(&ana, &project, &body).await.ok()),
        "no changes"
    );
    // It shows the chart once that is restored, whatever else is changed.
    body["tiles"][0]["x"] = json!(3);
    assert_eq!(action(&upload(&ana, &project, &body).await.ok()), "update");
    let (head, after) = stored(&app, &project, "board").await;
    let shown = Some((ContentKind::Chart, chart.id));
    assert_eq!(after.tiles[2].face.shows(), shown);
    assert!(head.shown.charts.contains(&chart.id));
    // One that is there can be taken off.
    body["tiles"][0]["properties"]["chartSlug"] = Value::Null;
    assert_eq!(action(&upload(&ana, &project, &body).await.ok()), "update");
    let (_, after) = stored(&app, &project, "board").await;
    assert_eq!(after.tiles[0].face.shows(), None);
    assert_eq!(after.tiles[2].face.shows(), shown);
}

#[tokio::test]
async fn a_document_from_before_its_tiles_were_put_in_order_keeps_their_ids() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    for slug in ["aa", "aa-1"] {
        upload_chart(&ana, &project, &chart(slug)).await;
    }
    let tile = |slug: &str, y: u32| json!({ "type": "saved_chart", "x": 0, "y": y, "w": 1, "h": 1, "tabUuid": "t2", "properties": { "chartSlug": slug } });
    let mut body = board();
    body["slug"] = json!("turned");
    body["tiles"] = json!([tile("aa", 0), tile("aa", 1), tile("aa-1", 2)]);
    body["filters"] = json!({ "dimensions": [], "metrics": [], "tableCalculations": [] });
    upload(&ana, &project, &body).await.ok();
    let (_, before) = stored(&app, &project, "turned").await;
    let stale = download(&ana, &project, "?ids=turned").await["dashboards"][0].clone();
    for (at, slug) in ["aa-1", "aa-2", "aa-1-2"].into_iter().enumerate() {
        assert_eq!(stale["tiles"][at]["tileSlug"], slug);
    }
    // In another order, the tile of another chart has that slug.
    let mut turned = stale.clone();
    turned["tiles"].as_array_mut().unwrap().rotate_right(1);
    assert_eq!(
        action(&upload(&ana, &project, &turned).await.ok()),
        "update"
    );
    assert_eq!(action(&upload(&ana, &project, &stale).await.ok()), "update");
    let (head, after) = stored(&app, &project, "turned").await;
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(head.latest, 3);
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_force_writes_again() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let before = app.items();
    let mut body = board();
    body["name"] = json!("Another");
    body["spaceSlug"] = json!("elsewhere/deep");
    let path = of(&project, "/dashboards/board/code?dryRun=true");
    let changes = ana.post(&path).json(&body).await.ok();
    assert_eq!(action(&changes), "update");
    assert_eq!(
        changes["dashboards"][0]["data"]["spacePath"],
        "elsewhere.deep"
    );
    assert_eq!(app.items(), before);
    let path = of(&project, "/dashboards/board/code?force=true");
    assert_eq!(action(&ana.post(&path).json(&board()).await.ok()), "update");
    assert_eq!(stored(&app, &project, "board").await.0.latest, 2);
}

#[tokio::test]
async fn a_dry_run_tells_where_the_document_changes() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let path = of(&project, "/dashboards/board/code?dryRun=true");
    let dry = async |body: &Value| ana.post(&path).json(body).await.ok()["dashboards"][0].clone();
    let same = dry(&board()).await;
    assert_eq!(same["action"], "no changes");
    let nowhere = json!({ "places": [], "placesCut": false });
    assert_eq!(same["difference"], nowhere);

    let mut body = board();
    body["name"] = json!("Another");
    body["tiles"][2]["properties"]["title"] = json!("Second");
    body["tiles"][4]["y"] = json!(21);
    body["config"] = json!({ "isDateZoomDisabled": false });
    let changes = dry(&body).await;
    let expected = json!({ "placesCut": false, "places": [
        { "path": "/config/isDateZoomDisabled", "before": true, "after": false },
        { "path": "/name", "before": "Board", "after": "Another" },
        { "path": "/tiles/2/properties/title", "before": "", "after": "Second" },
        { "path": "/tiles/4/y", "before": 20, "after": 21 },
    ] });
    assert_eq!(changes["difference"], expected);
    assert_eq!(changes["missingCharts"], json!([]));
    let done = upload(&ana, &project, &body).await.ok();
    assert_eq!(done["dashboards"][0].get("difference"), None);
    assert_eq!(done["dashboards"][0].get("missingCharts"), None);
}

#[tokio::test]
async fn a_dry_run_tells_which_charts_are_to_be_there_first() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let before = app.items();
    let mut body = board();
    body["tiles"][5]["type"] = json!("saved_chart");
    body["tiles"][5]["properties"] = json!({ "chartSlug": "not-yet" });
    let path = of(&project, "/dashboards/board/code?dryRun=true");
    let changes = ana.post(&path).json(&body).await.ok()["dashboards"][0].clone();
    assert_eq!(changes["action"], "update");
    assert_eq!(changes["missingCharts"], json!(["not-yet"]));
    let places = changes["difference"]["places"].as_array().unwrap().iter();
    let mut named = places.filter(|one| one["path"] == "/tiles/5/properties/chartSlug");
    assert_eq!(named.next().unwrap()["after"], "not-yet");

    body["slug"] = json!("other");
    let path = of(&project, "/dashboards/other/code?dryRun=true");
    let changes = ana.post(&path).json(&body).await.ok()["dashboards"][0].clone();
    assert_eq!(changes["action"], "create");
    assert_eq!(changes["missingCharts"], json!(["not-yet"]));
    assert_eq!(app.items(), before);
    // Uploaded, it has to be there.
    let refused = upload(&ana, &project, &body).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn documents_against_the_rules_are_refused() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let before = app.items();
    let path = of(&project, "/dashboards/board/code");
    let with = |pointer: &str, value: Value| {
        let mut body = board();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, refusal) in [
        (with("/slug", json!("other")), "400 ParameterError"),
        (with("/tiles/0/properties", json!({})), "400 ParameterError"),
        (with("/tiles/0/tabUuid", json!("t9")), "400 ParameterError"),
        (with("/tabs/1/uuid", json!("t1")), "400 ParameterError"),
        (
            with("/filters/dimensions/0", json!({})),
            "400 ParameterError",
        ),
        (
            with("/tiles/5/properties/url", json!("javascript:x")),
            "400 ParameterError",
        ),
        (
            with("/tiles/0/properties/chartSlug", json!("none")),
            "404 NotFoundError",
        ),
        // An SQL chart is none of an explore.
        (
            with("/tiles/0/properties/chartSlug", json!("s")),
            "404 NotFoundError",
        ),
        (
            with("/tiles/0/type", json!("nonsense")),
            "422 ValidateError",
        ),
        (with("/tiles", json!("x")), "422 ValidateError"),
    ] {
        let reply = ana.post(&path).json(&body).await;
        assert_eq!(reply.refusal(), refusal, "{body}");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn two_uploads_of_one_slug_make_one_dashboard() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let mut body = board();
    body["slug"] = json!("fresh");
    let (one, two) = tokio::join!(upload(&ana, &project, &body), upload(&ana, &project, &body));
    let mut actions = [action(&one.ok()), action(&two.ok())];
    actions.sort();
    assert_eq!(actions, ["create", "no changes"]);
    assert_eq!(stored(&app, &project, "fresh").await.0.latest, 1);
}

#[tokio::test]
async fn lists_tell_words_and_what_is_missing() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = setting(&app).await;
    let found = download(&ana, &project, "?ids=board&ids=none&languageMap=true").await;
    assert_eq!(found["missingIds"], json!(["none"]));
    assert_eq!((&found["total"], &found["offset"]), (&json!(1), &json!(1)));
    let words = &found["languageMap"][0]["dashboard"]["board"];
    assert_eq!(
        words["tiles"][0],
        json!({ "type": "saved_chart", "properties": { "title": "First", "chartName": "Chart a" } })
    );
    assert_eq!(
        words["tiles"][5],
        json!({ "type": "loom", "properties": { "title": "Watch" } })
    );
    let bob = app.in_role(BOB, "editor").await;
    let path = of(&project, "/dashboards/code");
    assert_eq!(bob.get(&path).await.refusal(), "403 ForbiddenError");
    assert_eq!(
        upload(&bob, &project, &board()).await.refusal(),
        "403 ForbiddenError"
    );
}

/// A dashboard in a public space with a chart that everybody sees, and two tiles of one that only Ana does.
async fn half_hidden(ana: &Actor<'_>, project: &Project) {
    let (mut open, mut secret) = (chart("open"), chart("secret"));
    open["spaceSlug"] = json!("public");
    secret["spaceSlug"] = json!("private");
    let path = of(project, "/charts/open/code?publicSpaceCreate=true");
    ana.post(&path).json(&open).await.ok();
    upload_chart(ana, project, &secret).await;
    let target = json!({ "fieldId": "orders_status", "tableName": "orders" });
    let tile = |slug: &str, y: u32| json!({ "type": "saved_chart", "x": 0, "y": y, "w": 1, "h": 1, "properties": { "chartSlug": slug } });
    let board = json!({
        "name": "Half", "slug": "half", "spaceSlug": "public", "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z",
        "tiles": [tile("open", 0), tile("secret", 1), tile("secret", 2)], "tabs": [],
        "filters": {
            "dimensions": [rule(Some("f1"), json!({ "open": target, "secret-1": target, "secret-2": false }))],
            "metrics": [], "tableCalculations": [],
        },
    });
    assert_eq!(action(&upload(ana, project, &board).await.ok()), "create");
}

#[tokio::test]
async fn who_may_not_see_a_chart_learns_no_name_of_it_and_takes_it_off_no_tile() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    half_hidden(&ana, &project).await;
    let dev = app.in_role(BOB, "developer").await;
    let (_, before) = stored(&app, &project, "half").await;
    let own = download(&ana, &project, "").await["dashboards"][0].clone();
    assert_eq!(own["tiles"][1]["tileSlug"], "secret-1");
    assert!(own["tiles"][1].get("uuid").is_none());

    let found = download(&dev, &project, "?languageMap=true").await;
    assert!(!found.to_string().contains("secret"), "{found}");
    let mut body = found["dashboards"][0].clone();
    assert_eq!(body["tiles"][0]["properties"]["chartSlug"], "open");
    let hidden = &body["tiles"][1];
    assert_eq!(hidden["uuid"], json!(before.tiles[1].uuid));
    assert_eq!(hidden["properties"], json!({}));
    // Whoever uploads it: it changes nothing, and a tile that is moved keeps its chart and its filters.
    for actor in [&dev, &ana] {
        let reply = upload(actor, &project, &body).await.ok();
        assert_eq!(action(&reply), "no changes");
    }
    body["tiles"][1]["x"] = json!(3);
    let reply = upload(&dev, &project, &body).await.ok();
    assert_eq!(action(&reply), "update");
    assert!(!reply.to_string().contains("secret"), "{reply}");
    let (_, after) = stored(&app, &project, "half").await;
    assert!((after.tiles[1].x - 3.0).abs() < f64::EPSILON);
    for (old, new) in before.tiles.iter().zip(&after.tiles) {
        assert_eq!((&old.uuid, &old.face), (&new.uuid, &new.face));
    }
    assert_eq!(after.filters, before.filters);
}

#[tokio::test]
async fn a_slug_that_the_caller_may_not_see_is_not_there() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    half_hidden(&ana, &project).await;
    let dev = app.in_role(BOB, "developer").await;
    let mut body = download(&dev, &project, "").await["dashboards"][0].clone();
    let before = app.items();
    let mut with = body.clone();
    let mut refused = Vec::new();
    for slug in ["secret", "none"] {
        with["tiles"][0]["properties"]["chartSlug"] = json!(slug);
        let reply = upload(&dev, &project, &with).await;
        assert_eq!(reply.refusal(), "404 NotFoundError");
        refused.push(reply.json());
    }
    assert_eq!(refused[0], refused[1]);
    // Elsewhere nobody knows the tiles, and which charts they had.
    body["slug"] = json!("copy");
    let reply = upload(&dev, &project, &body).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_dashboard_that_the_caller_may_not_see_is_refused_like_one_that_is_not_there() {
    let app = TestApp::new(local::api()).await;
    let (_, project) = setting(&app).await;
    let dev = app.in_role(BOB, "developer").await;
    let before = app.items();
    let sent = |slug: &str, space: &str, skip: bool| {
        json!({
            "name": "Board", "slug": slug, "spaceSlug": space, "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z",
            "tiles": [], "tabs": [], "filters": { "dimensions": [], "metrics": [], "tableCalculations": [] },
            "skipSpaceCreate": skip,
        })
    };
    let mut refused = Vec::new();
    for slug in ["board", "none"] {
        let reply = upload(&dev, &project, &sent(slug, "none", true)).await;
        assert_eq!(reply.refusal(), "404 NotFoundError", "{slug}");
        refused.push(reply.json());
    }
    assert_eq!(refused[0], refused[1]);
    let reply = upload(&dev, &project, &sent("board", "bobs", false)).await;
    assert_eq!(reply.refusal(), "404 NotFoundError");
    assert_eq!(app.items(), before);
    let made = upload(&dev, &project, &sent("none", "bobs", false)).await;
    assert_eq!(action(&made.ok()), "create");
}
