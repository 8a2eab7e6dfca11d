use app::domain::content::{Content, ContentKind};
use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::given::{
    ANA, NOBODYS, VIC, chart, chart_on, dashboard, head, inside, installation, names, public,
    space, stored,
};

const CONTENT: &str = "/api/v2/content";
const ALL: &str = "contentTypes=chart&contentTypes=dashboard&contentTypes=space";

#[tokio::test]
async fn spaces_come_before_dashboards_and_dashboards_before_charts() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let shared = public(&ana, &project, "Shared").await;
    chart(&app, &project, "Alpha", shared).await;
    let board = dashboard(&app, &project, "Beta", shared).await;
    chart_on(&app, &board, "Hidden").await;
    app.wait(1);
    let sql = head(&app, &project, ContentKind::SqlChart, ("Gamma", shared)).await;
    stored(&app, sql).await;

    let reply = ana.get(&format!("{CONTENT}?{ALL}")).await;
    assert_eq!(
        names(&reply.ok()["data"]),
        ["Shared", "Beta", "Gamma", "Alpha"]
    );
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "data": [
          {
            "access": [
              "54743dc5-e24d-4a41-bb15-9584c1226df6"
            ],
            "chartCount": 2,
            "contentType": "space",
            "createdAt": "2026-01-31T09:30:00.000Z",
            "createdBy": {
              "firstName": "ana",
              "lastName": "Test",
              "uuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "dashboardCount": 1,
            "description": null,
            "firstViewedAt": null,
            "isPrivate": false,
            "lastUpdatedAt": "2026-01-31T09:30:00.000Z",
            "lastUpdatedBy": null,
            "name": "Shared",
            "organization": {
              "name": "Acme",
              "uuid": "b656ab30-9d77-4428-a650-b29d7e674170"
            },
            "parentSpaceUuid": null,
            "path": "shared",
            "pinnedList": null,
            "project": {
              "name": "Sales",
              "uuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
            },
            "slug": "shared",
            "space": {
              "name": "Shared",
              "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51"
            },
            "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
            "views": 0
          },
          {
            "contentType": "dashboard",
            "createdAt": "2026-01-31T09:30:00.000Z",
            "createdBy": {
              "firstName": "ana",
              "lastName": "Test",
              "uuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "description": null,
            "firstViewedAt": null,
            "lastUpdatedAt": "2026-01-31T09:30:00.000Z",
            "lastUpdatedBy": {
              "firstName": "ana",
              "lastName": "Test",
              "uuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "name": "Beta",
            "organization": {
              "name": "Acme",
              "uuid": "b656ab30-9d77-4428-a650-b29d7e674170"
            },
            "pinnedList": null,
            "project": {
              "name": "Sales",
              "uuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
            },
            "slug": "beta",
            "space": {
              "name": "Shared",
              "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51"
            },
            "uuid": "31321b8a-9c80-4c14-a8cc-29b4320f9037",
            "views": 0
          },
          {
            "chartKind": "table",
            "contentType": "chart",
            "createdAt": "2026-01-31T09:31:00.000Z",
            "createdBy": {
              "firstName": "ana",
              "lastName": "Test",
              "uuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "dashboard": null,
            "description": null,
            "firstViewedAt": null,
            "lastUpdatedAt": "2026-01-31T09:31:00.000Z",
            "lastUpdatedBy": {
              "firstName": "ana",
              "lastName": "Test",
              "uuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "name": "Gamma",
            "organization": {
              "name": "Acme",
              "uuid": "b656ab30-9d77-4428-a650-b29d7e674170"
            },
            "pinnedList": null,
            "project": {
              "name": "Sales",
              "uuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
            },
            "slug": "gamma",
            "source": "sql",
            "space": {
              "name": "Shared",
              "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51"
            },
            "uuid": "f053922d-9e2d-451d-aa0c-1b97dd80c67f",
            "views": 0
          },
          {
            "chartKind": "table",
            "contentType": "chart",
            "createdAt": "2026-01-31T09:30:00.000Z",
            "createdBy": {
              "firstName": "ana",
              "lastName": "Test",
              "uuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "dashboard": null,
            "description": null,
            "firstViewedAt": null,
            "lastUpdatedAt": "2026-01-31T09:30:00.000Z",
            "lastUpdatedBy": {
              "firstName": "ana",
              "lastName": "Test",
              "uuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "name": "Alpha",
            "organization": {
              "name": "Acme",
              "uuid": "b656ab30-9d77-4428-a650-b29d7e674170"
            },
            "pinnedList": null,
            "project": {
              "name": "Sales",
              "uuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686"
            },
            "slug": "alpha",
            "source": "dbt_explore",
            "space": {
              "name": "Shared",
              "uuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51"
            },
            "uuid": "d12e4dff-951d-4ece-89f5-49d4ac4ec3c2",
            "views": 0
          }
        ],
        "pagination": {
          "page": 1,
          "pageSize": 10,
          "totalPageCount": 1,
          "totalResults": 4
        }
      },
      "status": "ok"
    }
    "#);

    // Spaces only when they are asked for.
    let few = ana.get(CONTENT).await.ok();
    assert_eq!(names(&few["data"]), ["Beta", "Gamma", "Alpha"]);
    let by_name = format!("{CONTENT}?{ALL}&sortBy=name&sortDirection=asc");
    let sorted = ana.get(&by_name).await.ok();
    assert_eq!(names(&sorted["data"]), ["Shared", "Beta", "Alpha", "Gamma"]);
    assert_eq!(sorted["data"][2]["source"], "dbt_explore");
    assert_eq!(sorted["data"][3]["source"], "sql");
    assert_eq!(sorted["data"][0]["chartCount"], 2);
    assert_eq!(sorted["data"][0]["dashboardCount"], 1);
    let found = ana.get(&format!("{CONTENT}?search=ALPH")).await.ok();
    assert_eq!(names(&found["data"]), ["Alpha"]);
}

#[tokio::test]
async fn a_page_is_cut_out_of_the_whole_list() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let shared = public(&ana, &project, "Shared").await;
    for at in 0..12 {
        chart(&app, &project, &format!("Chart {at:02}"), shared).await;
    }
    let sorted = "sortBy=name&sortDirection=asc";
    let first = ana.get(&format!("{CONTENT}?{sorted}")).await.ok();
    assert_eq!(
        first["pagination"],
        json!({ "page": 1, "pageSize": 10, "totalPageCount": 2, "totalResults": 12 })
    );
    let path = format!("{CONTENT}?{sorted}&page=3&pageSize=5");
    let last = ana.get(&path).await.ok();
    assert_eq!(names(&last["data"]), ["Chart 10", "Chart 11"]);
    let past = ana.get(&format!("{CONTENT}?page=9")).await.ok();
    assert_eq!(past["data"], json!([]));
    for bad in ["page=0", "page=-1", "pageSize=0", "pageSize=0.5"] {
        let reply = ana.get(&format!("{CONTENT}?{bad}")).await;
        assert_eq!(reply.refusal(), "422 PaginationError", "{bad}");
    }
    for bad in [
        "page=x",
        "contentTypes=tile",
        "sortBy=size",
        "sortDirection=up",
    ] {
        let reply = ana.get(&format!("{CONTENT}?{bad}")).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{bad}");
    }
}

#[tokio::test]
async fn of_spaces_the_roots_are_listed_or_what_lies_in_one() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let root = public(&ana, &project, "Root").await;
    let child = inside(&ana, &project, ("Child", root)).await;
    inside(&ana, &project, ("Grandchild", child)).await;
    chart(&app, &project, "Above", root).await;
    chart(&app, &project, "Below", child).await;

    let roots = ana.get(&format!("{CONTENT}?contentTypes=space")).await;
    assert_eq!(names(&roots.ok()["data"]), ["Root"]);
    for parameter in ["spaceUuids", "parentSpaceUuid"] {
        let path = format!("{CONTENT}?{ALL}&{parameter}={root}");
        let found = ana.get(&path).await.ok();
        assert_eq!(names(&found["data"]), ["Child", "Above"], "{parameter}");
        let path = format!("{CONTENT}?{ALL}&{parameter}={NOBODYS}");
        assert_eq!(ana.get(&path).await.ok()["data"], json!([]), "{parameter}");
        let path = format!("{CONTENT}?{ALL}&{parameter}=x");
        assert_eq!(ana.get(&path).await.ok()["data"], json!([]), "{parameter}");
    }
    let both = format!("{CONTENT}?spaceUuids={root}&spaceUuids={child}");
    let both = ana.get(&format!("{both}&sortBy=space_name")).await.ok();
    assert_eq!(names(&both["data"]), ["Above", "Below"]);
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_see() {
    let app = installation().await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer(VIC).await;
    let max = app.in_role("max@example.com", "member").await;
    let zoe = app.admin("zoe@other.com", "Other").await;
    let new = app.verified("new@elsewhere.com").await;
    let (sales, more) = (
        app.project(ANA, "Sales").await,
        app.project(ANA, "More").await,
    );
    let shared = public(&ana, &sales, "Shared").await;
    let secret = space(&ana, &sales, json!({ "name": "Secret" })).await;
    let other = public(&ana, &more, "Other").await;
    chart(&app, &sales, "Open", shared).await;
    chart(&app, &sales, "Closed", secret).await;
    chart(&app, &more, "Elsewhere", other).await;

    let path = format!("{CONTENT}?{ALL}&sortBy=name&sortDirection=asc");
    let seen = vic.get(&path).await.ok();
    assert_eq!(
        names(&seen["data"]),
        ["Other", "Shared", "Elsewhere", "Open"]
    );
    let one = format!("{path}&projectUuids={}", sales.id);
    assert_eq!(
        names(&ana.get(&one).await.ok()["data"]),
        ["Secret", "Shared", "Closed", "Open"]
    );
    for (stranger, path) in [(&max, &path), (&zoe, &path), (&zoe, &one)] {
        assert_eq!(stranger.get(path).await.ok()["data"], json!([]));
    }
    assert_eq!(new.get(&path).await.refusal(), "404 NotExistsError");

    app.grant(
        &sales,
        "max@example.com",
        app::domain::access::ProjectRole::Viewer,
    )
    .await;
    let seen = max.get(&path).await.ok();
    assert_eq!(names(&seen["data"]), ["Shared", "Open"]);
}

#[tokio::test]
async fn what_was_deleted_is_not_listed() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let shared = public(&ana, &project, "Shared").await;
    let gone: Content = chart(&app, &project, "Gone", shared).await;
    let now = app.app.clock.now();
    let edit = app::store::Edit::delete(&gone, now);
    let kept = app.app.config.deleted_content;
    let store = &app.app.store;
    store
        .edit_content(project.id, &[edit], kept, now)
        .await
        .unwrap();
    assert_eq!(ana.get(CONTENT).await.ok()["data"], json!([]));
}
