use std::collections::BTreeSet;

use app::domain::project::Project;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use app::domain::{
    id::{ContentId, PinnedListId},
    pins::{LAST, MOST_PINS, Pinnable, Pins},
};

use crate::given::{
    ANA, EVA, NOBODYS, VIC, chart, chart_on, dashboard, names, public, space, text,
};

fn items(project: &Project, list: &str) -> String {
    format!("/api/v1/projects/{}/pinned-lists/{list}/items", project.id)
}

/// Pins things as they are pinned one by one; answers the list.
async fn pinned(app: &TestApp, project: &Project, things: &[(String, Pinnable)]) -> String {
    let store = &app.app.store;
    let found = store.pins(project.id).await.unwrap();
    let mut pins = found.unwrap_or_else(|| Pins::new(PinnedListId::new(&app.app.random)));
    let things = things.iter().cloned();
    pins.orders
        .extend(things.map(|(id, kind)| (id, (kind, LAST))));
    store.put_pins(project.id, &pins).await.unwrap();
    pins.id.to_string()
}

async fn pin_space(actor: &Actor<'_>, project: &Project, space: impl ToString) -> Value {
    let space = space.to_string();
    let path = format!("/api/v1/projects/{}/spaces/{space}/pinning", project.id);
    actor.patch(&path).await.ok()
}

fn all_names(list: &Value) -> Vec<String> {
    let data = list.as_array().unwrap().iter();
    names(&data.map(|one| one["data"].clone()).collect())
}

#[tokio::test]
async fn a_full_list_has_room_again_for_what_is_gone() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let open = public(&ana, &project, "Open").await;
    let chart = async |name: &str| {
        let query = json!({
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 1,
            "tableCalculations": [],
        });
        let place = (project.id.to_string(), open.to_string());
        let place = (place.0.as_str(), place.1.as_str());
        let body = json!({ "metricQuery": query });
        app.chart(ANA, place, name, &body).await
    };
    let (there, deleted, new) = (chart("A").await, chart("B").await, chart("C").await);
    ana.delete(&format!("/api/v1/saved/{deleted}")).await.ok();
    let mut things = vec![
        (there.clone(), Pinnable::Chart),
        (deleted.clone(), Pinnable::Chart),
        (open.to_string(), Pinnable::Space),
    ];
    while things.len() < MOST_PINS {
        let gone = ContentId::new(&app.app.random).to_string();
        things.push((gone, Pinnable::Dashboard));
    }
    pinned(&app, &project, &things).await;
    let pinning = format!("/api/v1/saved/{new}/pinning");
    let pin = ana.patch(&pinning).await.ok();
    assert_eq!(pin["isPinned"], true);
    // What can be restored comes back with its pin.
    let pins = app.app.store.pins(project.id).await.unwrap().unwrap();
    let left: BTreeSet<_> = pins.orders.into_keys().collect();
    let expected = [there, deleted, new, open.to_string()];
    assert_eq!(left, BTreeSet::from(expected));
}

#[tokio::test]
async fn pins_are_shown_kind_by_kind_in_their_order() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer(VIC).await;
    let project = app.project(ANA, "Sales").await;
    let open = public(&ana, &project, "Open").await;
    let closed = space(&ana, &project, json!({ "name": "Closed" })).await;
    let (a, b) = (
        chart(&app, &project, "A", open).await,
        chart(&app, &project, "B", open).await,
    );
    let secret = chart(&app, &project, "Secret", closed).await;
    let board = dashboard(&app, &project, "Board", open).await;
    let own = chart_on(&app, &board, "Own").await;
    pin_space(&ana, &project, open).await;
    let list = pin_space(&ana, &project, closed).await;
    let list = text(&list["pinnedListUuid"]);
    let things = [
        (a.id.to_string(), Pinnable::Chart),
        (b.id.to_string(), Pinnable::Chart),
        (secret.id.to_string(), Pinnable::Chart),
        (own.id.to_string(), Pinnable::Chart),
        (NOBODYS.to_owned(), Pinnable::Chart),
        (board.id.to_string(), Pinnable::Dashboard),
    ];
    assert_eq!(pinned(&app, &project, &things).await, list);

    let path = items(&project, &list);
    let all = ana.get(&path).await;
    let expected = ["Closed", "Open", "Board", "A", "B", "Secret"];
    assert_eq!(all_names(&all.ok()), expected);
    let seen = vic.get(&path).await;
    assert_eq!(all_names(&seen.ok()), ["Open", "Board", "A", "B"]);
    assert_snapshot!(seen, @r#"
    200 {
      "results": [
        {
          "data": {
            "access": [
              "54743dc5-e24d-4a41-bb15-9584c1226df6"
            ],
            "accessListLength": 1,
            "chartCount": 2,
            "dashboardCount": 1,
            "isPrivate": false,
            "name": "Open",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "parentSpaceUuid": null,
            "path": "open",
            "pinnedListOrder": 100,
            "pinnedListUuid": "982e3e9b-2164-441e-9bd3-6468016b9d11",
            "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
            "uuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525"
          },
          "type": "space"
        },
        {
          "data": {
            "firstViewedAt": null,
            "name": "Board",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "pinnedListOrder": 100,
            "pinnedListUuid": "982e3e9b-2164-441e-9bd3-6468016b9d11",
            "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
            "slug": "board",
            "spaceUuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525",
            "tileTypes": [],
            "updatedAt": "2026-01-31T09:30:00.000Z",
            "updatedByUser": {
              "firstName": "ana",
              "lastName": "Test",
              "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "uuid": "2ce00d82-0d4c-4751-9764-196f4b3cc3c0",
            "validationErrors": [],
            "views": 0
          },
          "type": "dashboard"
        },
        {
          "data": {
            "chartKind": "table",
            "dashboardName": null,
            "dashboardUuid": null,
            "firstViewedAt": null,
            "name": "A",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "pinnedListOrder": 100,
            "pinnedListUuid": "982e3e9b-2164-441e-9bd3-6468016b9d11",
            "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
            "slug": "a",
            "source": "dbt_explore",
            "spaceName": "Open",
            "spaceUuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525",
            "updatedAt": "2026-01-31T09:30:00.000Z",
            "updatedByUser": {
              "firstName": "ana",
              "lastName": "Test",
              "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "uuid": "211bfcd8-5632-47cf-bdac-4695f5a8add9",
            "validationErrors": [],
            "views": 0
          },
          "type": "chart"
        },
        {
          "data": {
            "chartKind": "table",
            "dashboardName": null,
            "dashboardUuid": null,
            "firstViewedAt": null,
            "name": "B",
            "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
            "pinnedListOrder": 100,
            "pinnedListUuid": "982e3e9b-2164-441e-9bd3-6468016b9d11",
            "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
            "slug": "b",
            "source": "dbt_explore",
            "spaceName": "Open",
            "spaceUuid": "b4e5d91e-d84f-40ca-bdf0-830b0e2af525",
            "updatedAt": "2026-01-31T09:30:00.000Z",
            "updatedByUser": {
              "firstName": "ana",
              "lastName": "Test",
              "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
            },
            "uuid": "f96efc08-72d1-4d01-a051-d5398c3f4870",
            "validationErrors": [],
            "views": 0
          },
          "type": "chart"
        }
      ],
      "status": "ok"
    }
    "#);

    let order = format!("{path}/order");
    let one = |kind: &str, uuid: String, at: Value| json!({ "type": kind, "data": { "uuid": uuid, "pinnedListOrder": at } });
    let body = json!([
        one("chart", b.id.to_string(), json!(0)),
        one("space", open.to_string(), json!(1)),
        one("chart", NOBODYS.to_owned(), json!(-5)),
        // A dashboard is no chart.
        one("chart", board.id.to_string(), json!(7)),
    ]);
    let sorted = ana.patch(&order).json(&body).await.ok();
    let expected = ["Open", "Closed", "Board", "B", "A", "Secret"];
    assert_eq!(all_names(&sorted), expected);
    assert_eq!(sorted[2]["data"]["pinnedListOrder"], 100);
    let before = app.items();
    assert_eq!(ana.patch(&order).json(&body).await.ok(), sorted);
    assert_eq!(before, app.items());
    let body = json!([one("chart", b.id.to_string(), Value::Null)]);
    let back = ana.patch(&order).json(&body).await.ok();
    assert_eq!(all_names(&back)[3..], ["A", "B", "Secret"]);
}

#[tokio::test]
async fn a_list_belongs_to_its_project() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let eva = app.in_role(EVA, "editor").await;
    let vic = app.viewer(VIC).await;
    let (sales, more) = (
        app.project(ANA, "Sales").await,
        app.project(ANA, "More").await,
    );
    let open = public(&ana, &sales, "Open").await;
    let list = pin_space(&eva, &sales, open).await;
    let list = text(&list["pinnedListUuid"]);

    for list in [list.as_str(), NOBODYS, "x"] {
        let path = items(&more, list);
        assert_eq!(ana.get(&path).await.ok(), json!([]), "{list}");
        let reply = ana.patch(&format!("{path}/order")).json(&json!([])).await;
        assert_eq!(reply.refusal(), "403 ForbiddenError", "{list}");
    }
    let order = format!("{}/order", items(&sales, &list));
    let reply = vic.patch(&order).json(&json!([])).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    eva.patch(&order).json(&json!([])).await.ok();
    for bad in [
        json!([1]),
        json!([{ "type": "tile", "data": { "uuid": "x", "pinnedListOrder": 1 } }]),
    ] {
        let reply = eva.patch(&order).json(&bad).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{bad}");
    }
}
