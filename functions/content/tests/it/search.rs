use app::{
    domain::{
        content::{Content, ContentKind, Shown},
        id::{ContentId, WorkId},
        validation::{ErrorType, Finding, Source},
    },
    store::Run,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::given::{
    ANA, NOBODYS, VIC, chart, chart_on, dashboard, head, names, public, space, stored,
};

const CUT: &str = "zerodash-search-truncated";

/// An explore of one table; its dimension `secret` is for those whose attribute `level` is `high`.
fn explore(name: &str) -> Value {
    let field = |kind: &str, of: &str, name: &str, label: &str| {
        json!({
            "fieldType": kind, "type": of, "name": name, "label": label, "table": "orders", "tableLabel": "Orders",
            "sql": "${TABLE}.x", "compiledSql": "x", "hidden": false, "tablesReferences": ["orders"],
        })
    };
    let mut secret = field("dimension", "string", "secret", "Order secret");
    secret["requiredAttributes"] = json!({ "level": "high" });
    let mut gone = field("dimension", "string", "gone", "Order gone");
    gone["hidden"] = json!(true);
    json!({
        "name": name, "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "db", "schema": "s", "sqlTable": "orders", "description": "All of them",
            "lineageGraph": {},
            "dimensions": { "status": field("dimension", "string", "status", "Order status"), "secret": secret, "gone": gone },
            "metrics": { "total": field("metric", "sum", "total", "Order total") },
        } },
    })
}

#[tokio::test]
async fn every_kind_is_found() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let orders = public(&ana, &project, "Orders").await;
    chart(&app, &project, "Orders by month", orders).await;
    let sql = head(&app, &project, ContentKind::SqlChart, ("Order SQL", orders)).await;
    stored(&app, sql).await;
    let board = head(&app, &project, ContentKind::Dashboard, ("Board", orders)).await;
    let board = Content {
        description: Some("All orders".into()),
        shown: Shown {
            tabs: vec![
                ("t1".into(), "My Order tab".into()),
                ("t2".into(), "x".into()),
            ],
            ..Shown::default()
        },
        ..board
    };
    stored(&app, board).await;
    let explores = format!("/api/v1/projects/{}/explores", project.id);
    let broken = json!({
        "name": "order_errors", "label": "Broken", "errors": [{ "type": "NO_DIMENSIONS_FOUND", "message": "No columns" }],
    });
    let deployed = json!([explore("orders"), broken]);
    ana.put(&explores).json(&deployed).await.ok();

    let search = format!("/api/v1/projects/{}/search", project.id);
    let reply = ana.get(&format!("{search}/ORDER")).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "dashboardTabs": [
          {
            "dashboardName": "Board",
            "dashboardUuid": "1d3c66c0-d0b5-4b7f-aa5d-42f71b46ffba",
            "name": "My Order tab",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "uuid": "t1"
          }
        ],
        "dashboards": [
          {
            "description": "All orders",
            "name": "Board",
            "search_rank": 0.125,
            "slug": "board",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "uuid": "1d3c66c0-d0b5-4b7f-aa5d-42f71b46ffba",
            "validationErrors": []
          }
        ],
        "fields": [
          {
            "explore": "orders",
            "exploreLabel": "Orders",
            "fieldType": "dimension",
            "label": "Order status",
            "name": "status",
            "regexMatchCount": 1,
            "table": "orders",
            "tableLabel": "Orders",
            "type": "string"
          },
          {
            "explore": "orders",
            "exploreLabel": "Orders",
            "fieldType": "metric",
            "label": "Order total",
            "name": "total",
            "regexMatchCount": 1,
            "table": "orders",
            "tableLabel": "Orders",
            "type": "sum"
          }
        ],
        "pages": [],
        "savedCharts": [
          {
            "chartType": "table",
            "name": "Orders by month",
            "search_rank": 0.5,
            "slug": "orders-by-month",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "uuid": "d12e4dff-951d-4ece-89f5-49d4ac4ec3c2",
            "validationErrors": []
          }
        ],
        "spaces": [
          {
            "name": "Orders",
            "search_rank": 0.5,
            "slug": "orders",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "validationErrors": []
          }
        ],
        "sqlCharts": [
          {
            "chartType": "table",
            "name": "Order SQL",
            "search_rank": 1.0,
            "slug": "order-sql",
            "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "uuid": "31321b8a-9c80-4c14-a8cc-29b4320f9037",
            "validationErrors": []
          }
        ],
        "tables": [
          {
            "description": "All of them",
            "explore": "orders",
            "exploreLabel": "Orders",
            "label": "Orders",
            "name": "orders",
            "regexMatchCount": 1
          },
          {
            "explore": "order_errors",
            "exploreLabel": "Broken",
            "validationErrors": []
          }
        ]
      },
      "status": "ok"
    }
    "#);
    assert_eq!(reply.header(CUT), None);
    let found = reply.ok();
    assert_eq!(names(&found["fields"]), ["status", "total"]);

    for (kind, list) in [
        ("space", "spaces"),
        ("dashboard", "dashboards"),
        ("chart", "savedCharts"),
        ("saved_chart", "savedCharts"),
        ("sql_chart", "sqlCharts"),
        ("table", "tables"),
        ("field", "fields"),
        ("dashboard_tab", "dashboardTabs"),
    ] {
        let found = ana.get(&format!("{search}/order?type={kind}")).await.ok();
        for (name, value) in found.as_object().unwrap() {
            let empty = value.as_array().unwrap().is_empty();
            assert_eq!(empty, name != list, "{kind}: {name}");
        }
    }
    let pages = ana.get(&format!("{search}/activity?type=page")).await.ok();
    assert_eq!(names(&pages["pages"]), ["User activity"]);
    for nothing in ["%20", "%25", "zzz"] {
        let found = ana.get(&format!("{search}/{nothing}")).await.ok();
        for (name, value) in found.as_object().unwrap() {
            assert_eq!(*value, json!([]), "{nothing}: {name}");
        }
    }
    let reply = ana.get(&format!("{search}/order?type=tile")).await;
    assert_eq!(reply.refusal(), "422 ValidateError");
}

/// An explore with other labels than its base table's, and a field that is labelled.
fn labelled(name: &str, labels: (&str, &str), field: &str) -> Value {
    let mut one = explore(name);
    one["label"] = json!(labels.0);
    one["tables"]["orders"]["label"] = json!(labels.1);
    one["tables"]["orders"]["dimensions"]["status"]["label"] = json!(field);
    one
}

#[tokio::test]
async fn large_projects_are_searched_where_the_words_are_and_tables_are_found_everywhere() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let explores = format!("/api/v1/projects/{}/explores", project.id);
    let mut deployed: Vec<Value> = (0..201)
        .map(|at| {
            let label = format!("Herd {at:03}");
            labelled(
                &format!("herd_{at:03}"),
                (label.as_str(), label.as_str()),
                "Cattle",
            )
        })
        .collect();
    // Behind all others by label.
    deployed.push(labelled("zebra", ("Zebra", "A stripe"), "Stripes"));
    let mut gone = labelled("zoo", ("Zoo", "A hidden stripe"), "Cages");
    gone["tables"]["orders"]["hidden"] = json!(true);
    deployed.push(gone);
    ana.put(&explores).json(&json!(deployed)).await.ok();

    let search = format!("/api/v1/projects/{}/search", project.id);
    let found = ana.get(&format!("{search}/stripe")).await;
    assert_eq!(found.header(CUT), Some("true"));
    let found = found.ok();
    let table = json!({
        "name": "orders", "label": "A stripe", "description": "All of them", "explore": "zebra", "exploreLabel": "Zebra",
        "regexMatchCount": 1,
    });
    assert_eq!(found["tables"], json!([table]));
    assert_eq!(found["fields"][0]["label"], "Stripes");
    assert_eq!(found["fields"][0]["explore"], "zebra");
    // All have the one word, so that it is not read; it comes first by the label of its table.
    let found = ana.get(&format!("{search}/them")).await.ok();
    assert_eq!(found["tables"][0], table);
    assert_eq!(found["tables"].as_array().unwrap().len(), 10);
    let found = ana.get(&format!("{search}/cattle")).await;
    assert_eq!(found.header(CUT), Some("true"));
    let found = found.ok();
    assert_eq!(found["tables"], json!([]));
    assert_eq!(found["fields"].as_array().unwrap().len(), 10);
    let found = ana.get(&format!("{search}/stripes?type=table")).await.ok();
    assert_eq!(found["tables"], json!([]));
}

#[tokio::test]
async fn attributes_hide_explores_that_could_not_be_compiled() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let broken = json!({
        "name": "order_errors", "label": "Broken", "errors": [{ "type": "NO_DIMENSIONS_FOUND", "message": "No columns" }],
        "baseTable": "order_errors", "tables": { "order_errors": { "requiredAttributes": { "level": "high" } } },
    });
    let explores = format!("/api/v1/projects/{}/explores", project.id);
    ana.put(&explores).json(&json!([broken])).await.ok();
    let search = format!("/api/v1/projects/{}/search/order", project.id);
    assert_eq!(ana.get(&search).await.ok()["tables"], json!([]));

    let level = json!({ "name": "level", "attributeDefault": "high", "users": [], "groups": [] });
    ana.post("/api/v1/org/attributes").json(&level).await;
    let found = ana.get(&search).await.ok();
    assert_eq!(found["tables"][0]["explore"], "order_errors");
}

#[tokio::test]
async fn what_somebody_may_not_see_takes_no_place_from_what_they_may() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer(VIC).await;
    let project = app.project(ANA, "Sales").await;
    let open = public(&ana, &project, "Open").await;
    let closed = space(&ana, &project, json!({ "name": "Closed" })).await;
    for at in 0..12 {
        chart(&app, &project, &format!("Order {at:02}"), closed).await;
    }
    chart(&app, &project, "Orders", open).await;
    let board = dashboard(&app, &project, "Board", open).await;
    let mut shown = board.clone();
    let own = chart_on(&app, &board, "Order of a dashboard").await;
    shown.shown.charts.insert(own.id);
    let (now, kept) = (app.app.clock.now(), app.app.config.deleted_content);
    let edit = app::store::Edit::change(&board, shown);
    let store = &app.app.store;
    store
        .edit_content(project.id, &[edit], kept, now)
        .await
        .unwrap();

    let path = format!("/api/v1/projects/{}/search/order", project.id);
    let all = ana.get(&path).await;
    assert_eq!(all.header(CUT), Some("true"));
    assert_eq!(all.ok()["savedCharts"].as_array().unwrap().len(), 10);
    let seen = vic.get(&path).await;
    assert_eq!(seen.header(CUT), None);
    // A whole word before the beginning of one.
    let seen = seen.ok();
    assert_eq!(
        names(&seen["savedCharts"]),
        ["Order of a dashboard", "Orders"]
    );
    assert_eq!(seen["savedCharts"][0]["spaceUuid"], open.to_string());
    // Who may not explore finds no fields, and no pages of the organisation.
    let pages = format!("/api/v1/projects/{}/search/user", project.id);
    assert_eq!(vic.get(&pages).await.ok()["pages"], json!([]));
}

#[tokio::test]
async fn days_and_authors_narrow_it_down() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let open = public(&ana, &project, "Order space").await;
    chart(&app, &project, "Order one", open).await;
    app.wait(2 * 24 * 60);
    let login = json!({ "email": ANA, "password": testing::PASSWORD });
    ana.post("/api/v1/login").json(&login).await.ok();
    chart(&app, &project, "Order two", open).await;

    let search = format!("/api/v1/projects/{}/search/order", project.id);
    for (query, charts) in [
        ("fromDate=2026-01-31&toDate=2026-01-31", vec!["Order one"]),
        ("fromDate=2026-02-01", vec!["Order two"]),
        ("toDate=2026-02-02", vec!["Order one", "Order two"]),
        ("fromDate=2026-02-02T01:00:00Z", vec!["Order two"]),
        ("fromDate=", vec!["Order one", "Order two"]),
    ] {
        let found = ana.get(&format!("{search}?{query}")).await.ok();
        assert_eq!(names(&found["savedCharts"]), charts, "{query}");
    }
    let id = app.account(ANA).await.id.to_string();
    for (user, count) in [(id.as_str(), 2), (NOBODYS, 0)] {
        let found = ana.get(&format!("{search}?createdByUuid={user}")).await;
        let found = found.ok();
        assert_eq!(found["savedCharts"].as_array().unwrap().len(), count);
        let spaces = found["spaces"].as_array().unwrap().len();
        assert_eq!(spaces, count.min(1), "{user}");
    }
    for bad in [
        "fromDate=2026-02-30",
        "fromDate=yesterday",
        "toDate=2026-02-03",
        "fromDate=2026-02-02&toDate=2026-02-01",
        "createdByUuid=x",
    ] {
        let reply = ana.get(&format!("{search}?{bad}")).await;
        assert_eq!(reply.refusal(), "400 ParameterError", "{bad}");
        // Where nothing has a date, nobody minds.
        ana.get(&format!("{search}?{bad}&type=field")).await.ok();
    }
}

#[tokio::test]
async fn what_a_validation_found_is_told_beside_what_it_found_it_in() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let open = public(&ana, &project, "Open").await;
    let one = chart(&app, &project, "Order one", open).await;
    let board = dashboard(&app, &project, "Order board", open).await;
    let broken = json!({
        "name": "order_errors", "label": "Broken", "errors": [{ "type": "METADATA_PARSE_ERROR", "message": "No join" }],
    });
    let explores = format!("/api/v1/projects/{}/explores", project.id);
    ana.put(&explores).json(&json!([broken])).await.ok();

    let finding = |id: u64, source: Source, content: Option<ContentId>, name: &str| Finding {
        id,
        source,
        error_type: ErrorType::Dimension,
        error: format!("Error {id}"),
        content,
        name: name.to_owned(),
        field: None,
        chart: None,
        required: None,
    };
    let tile = Finding {
        chart: Some((one.id, "Order one".to_owned())),
        ..finding(3, Source::Dashboard, Some(board.id), "Order board")
    };
    let found = [
        finding(1, Source::Chart, Some(one.id), "Order one"),
        finding(2, Source::Chart, Some(one.id), "Order one"),
        tile,
        finding(4, Source::Table, None, "order_errors"),
    ];
    let (store, now) = (&app.app.store, app.app.clock.now());
    let run = Run {
        id: WorkId::new(&app.app.random),
        begun_at: now,
        at: now,
        whole: true,
    };
    store.put_findings(project.id, run, &found).await.unwrap();
    store.dismiss(project.id, 2).await.unwrap();

    let path = format!("/api/v1/projects/{}/search/order", project.id);
    let told = ana.get(&path).await.ok();
    for (list, id, error) in [
        ("savedCharts", 1, "Error 1"),
        ("dashboards", 3, "A chart is broken on this dashboard."),
        ("tables", 4, "Error 4"),
    ] {
        let errors = told[list][0]["validationErrors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{list}");
        assert_eq!(errors[0]["validationId"], id, "{list}");
        assert_eq!(errors[0]["error"], error, "{list}");
    }
}
