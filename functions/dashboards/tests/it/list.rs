use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::given::{BOB, Given, NOBODYS, at, installation, markdown, text, tile, with};

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| text(&one["name"])).collect()
}

fn named(name: &str, space: &str) -> Value {
    json!({ "name": name, "tiles": [], "tabs": [], "spaceUuid": space })
}

#[tokio::test]
async fn the_list_has_what_the_caller_may_see() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let private = given.space("Private", true).await;
    let chart = given.chart("Revenue", &given.space).await;
    let mut open = named("Open", &given.space);
    open["tiles"] = json!([tile("a", chart), markdown("b")]);
    given.made(&open).await;
    given.made(&named("Hidden", &private)).await;
    let path = given.dashboards();

    let viewer = app.viewer(BOB).await;
    assert_snapshot!(viewer.get(&path).await, @r#"
    200 {
      "results": [
        {
          "firstViewedAt": null,
          "name": "Open",
          "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
          "pinnedListOrder": null,
          "pinnedListUuid": null,
          "projectUuid": "ee8383a4-e685-4acd-ba22-effaf4ed8686",
          "slug": "open",
          "spaceUuid": "89f5dba4-56eb-4b0a-8ac2-57cb1f194d51",
          "tileTypes": [
            "saved_chart",
            "markdown"
          ],
          "updatedAt": "2026-01-31T09:30:00.000Z",
          "updatedByUser": {
            "firstName": "ana",
            "lastName": "Test",
            "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6"
          },
          "uuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
          "validationErrors": [],
          "views": 0
        }
      ],
      "status": "ok"
    }
    "#);
    assert_eq!(names(&given.ana.get(&path).await.ok()), ["Hidden", "Open"]);
    let of_chart = format!("{path}?chartUuid={chart}");
    assert_eq!(names(&given.ana.get(&of_chart).await.ok()), ["Open"]);
    let of_none = format!("{path}?chartUuid=none");
    assert_eq!(given.ana.get(&of_none).await.ok(), json!([]));

    // Another admin sees private spaces too, and leaves them out where they were not let in.
    let admin = app.in_role("eda@example.com", "admin").await;
    assert_eq!(names(&admin.get(&path).await.ok()), ["Hidden", "Open"]);
    let open = format!("{path}?includePrivate=false");
    assert_eq!(names(&admin.get(&open).await.ok()), ["Open"]);
    assert_eq!(names(&given.ana.get(&open).await.ok()), ["Hidden", "Open"]);

    let unknown = format!("/api/v1/projects/{NOBODYS}/dashboards");
    assert_eq!(
        given.ana.get(&unknown).await.refusal(),
        "404 NotExistsError"
    );
    let member = app.in_role("mia@example.com", "member").await;
    assert_eq!(member.get(&path).await.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn several_are_changed_at_once_or_none() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let private = given.space("Private", true).await;
    let one = given.made(&named("One", &given.space)).await;
    let two = given.made(&named("Two", &given.space)).await;
    let hidden = given.made(&named("Hidden", &private)).await;
    let path = given.dashboards();
    let update = |dashboard: &Value, name: &str, space: &str| json!({ "uuid": dashboard["uuid"], "name": name, "spaceUuid": space });
    let editor = app.in_role(BOB, "editor").await;
    let before = app.items();
    for (refusal, body) in [
        (
            "403 ForbiddenError",
            json!([
                update(&one, "1", &given.space),
                update(&hidden, "3", &given.space)
            ]),
        ),
        ("403 ForbiddenError", json!([update(&one, "1", &private)])),
        ("404 NotFoundError", json!([update(&one, "1", NOBODYS)])),
        (
            "404 NotFoundError",
            json!([update(&one, "1", &given.space), { "uuid": NOBODYS, "name": "x", "spaceUuid": given.space }]),
        ),
        (
            "400 ParameterError",
            json!([
                update(&one, "1", &given.space),
                update(&one, "2", &given.space)
            ]),
        ),
        (
            "400 ParameterError",
            json!([update(&one, "\n", &given.space)]),
        ),
        ("422 ValidateError", json!([{ "uuid": one["uuid"] }])),
    ] {
        let refused = editor.patch(&path).json(&body).await;
        assert_eq!(refused.refusal(), refusal, "{body}");
    }
    assert_eq!(app.items(), before);

    let both = json!([
        update(&two, "Zwei", &private),
        update(&one, "Eins", &given.space)
    ]);
    let changed = given.ana.patch(&path).json(&both).await.ok();
    assert_eq!(names(&changed), ["Zwei", "Eins"]);
    assert_eq!(changed[0]["spaceUuid"], json!(private));
    assert_eq!(changed[0]["slug"], two["slug"]);
    assert_eq!(
        given.ana.patch(&path).json(&json!([])).await.ok(),
        json!([])
    );
}

#[tokio::test]
async fn what_versions_had_is_still_known_after_several_were_changed() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([]))).await;
    let chart = given.chart_within("Own", &made).await;
    let path = at(&made);
    let save = |tiles: Value| given.ana.patch(&path).json(&json!({ "tiles": tiles }));
    save(json!([tile("a", chart)])).await.ok();
    save(json!([])).await.ok();
    let body = json!([{ "uuid": made["uuid"], "name": "Renamed", "spaceUuid": given.space }]);
    given.ana.patch(&given.dashboards()).json(&body).await.ok();
    app.wait(61);
    save(json!([markdown("b")])).await.ok();
    assert!(given.has_chart(chart).await);
}
