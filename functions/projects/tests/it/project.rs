use app::domain::access::ProjectRole;
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{Shop, query};

const ANA: &str = "ana@acme.com";

fn path(id: &Value) -> String {
    format!("/api/v1/projects/{}", id.as_str().unwrap())
}

#[tokio::test]
async fn a_project_is_shown_without_its_secrets() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@acme.com").await;
    let sent = json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "v1.8",
        "dbtConnection": {
            "type": "github", "authorization_method": "installation_id", "installation_id": "42", "personal_access_token": "s3cret",
            "repository": "acme/dbt", "branch": "main", "project_sub_path": "/", "host_domain": "github.com",
            "environment": [{ "key": "DBT_PASSWORD", "value": "s3cret" }],
        },
        "warehouseConnection": {
            "type": "snowflake", "account": "acme", "user": "s3cret", "privateKey": "s3cret", "token": "s3cret", "database": "d",
            "warehouse": "w", "schema": "s", "override": "true", "threads": "4", "startOfWeek": 0,
        },
    });
    let made = ana.post("/api/v1/org/projects").json(&sent).await.ok();
    let path = path(&made["project"]["projectUuid"]);
    let shown = ana.get(&path).await;
    assert_eq!(shown.ok(), made["project"]);
    assert!(!shown.text.contains("s3cret"));
    // The id of the installation is for those who may change the connection.
    assert_eq!(shown.ok()["dbtConnection"]["installation_id"], "42");
    assert_snapshot!(vic.get(&path).await, @r#"
    200 {
      "results": {
        "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "dbtConnection": {
          "authorization_method": "installation_id",
          "branch": "main",
          "environment": [
            {
              "key": "DBT_PASSWORD",
              "value": ""
            }
          ],
          "host_domain": "github.com",
          "project_sub_path": "/",
          "repository": "acme/dbt",
          "type": "github"
        },
        "dbtVersion": "v1.8",
        "name": "Sales",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "projectUuid": "0f9ecacf-4e97-46ec-becb-cdfbf053922d",
        "schedulerTimezone": "UTC",
        "type": "DEFAULT",
        "warehouseConnection": {
          "account": "acme",
          "authenticationType": "private_key",
          "database": "d",
          "override": true,
          "schema": "s",
          "startOfWeek": 0,
          "threads": 4,
          "type": "snowflake",
          "warehouse": "w"
        }
      },
      "status": "ok"
    }
    "#);
    let token = ana.by_token().await;
    assert_eq!(token.get(&path).await.ok(), made["project"]);
}

#[tokio::test]
async fn who_has_no_role_in_a_project_does_not_read_it() {
    let app = TestApp::new(local::api()).await;
    app.admin(ANA, "Acme").await;
    let mia = app.in_role("mia@acme.com", "member").await;
    let sales = app.project(ANA, "Sales").await;
    let path = format!("/api/v1/projects/{}", sales.id);
    assert_snapshot!(mia.get(&path).await, @r#"
    403 {
      "error": {
        "data": {},
        "message": "You are not allowed to do this",
        "name": "ForbiddenError",
        "statusCode": 403
      },
      "status": "error"
    }
    "#);
    let eve = app.user("eve@x.com").await;
    assert_eq!(eve.get(&path).await.refusal(), "403 ForbiddenError");
    let nobody = app.anonymous().get(&path).await;
    assert_eq!(nobody.refusal(), "401 AuthorizationError");
    app.grant(&sales, "mia@acme.com", ProjectRole::Viewer).await;
    // One that nothing is known of beside its name.
    assert_snapshot!(mia.get(&path).await, @r#"
    200 {
      "results": {
        "createdByUserUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "dbtConnection": {
          "type": "none"
        },
        "dbtVersion": "latest",
        "name": "Sales",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170",
        "projectUuid": "6dd8be71-867a-4d93-baf8-b8c80f9ecacf",
        "schedulerTimezone": "UTC",
        "type": "DEFAULT"
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn the_author_of_a_project_who_goes_is_named_no_more() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let bob = app.in_role("bob@acme.com", "admin").await;
    let sales = app.project("bob@acme.com", "Sales").await;
    bob.delete("/api/v1/user/me").await.ok();
    let shown = ana
        .get(&format!("/api/v1/projects/{}", sales.id))
        .await
        .ok();
    assert_eq!(shown["createdByUserUuid"], Value::Null);
    let listed = ana.get("/api/v1/org/projects").await.ok();
    assert_eq!(listed[0]["createdByUserUuid"], Value::Null);
}

#[tokio::test]
async fn a_project_tells_its_list_of_pins_from_the_first_pin_on() {
    let app = TestApp::new(local::api()).await;
    let shop = Shop::new(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let fields = query("orders", &["orders_id"]);
    let chart = shop.chart("Chart", &shop.space, fields).await;
    let board = shop.dashboard("Board", &shop.space, &[chart], &[]).await;
    let shown = shop.ana.get(&shop.path).await.ok();
    assert_eq!(shown.get("pinnedListUuid"), None);

    let pins = [
        format!("/api/v1/saved/{chart}/pinning"),
        format!("/api/v1/dashboards/{board}/pinning"),
        format!("{}/spaces/{}/pinning", shop.path, shop.space),
    ];
    let first = shop.ana.patch(&pins[0]).await.ok();
    let list = first["pinnedListUuid"].clone();
    assert!(list.is_string(), "{first}");
    for who in [&shop.ana, &vic] {
        let shown = who.get(&shop.path).await.ok();
        assert_eq!(shown["pinnedListUuid"], list);
    }
    for pin in &pins[1..] {
        let pinned = shop.ana.patch(pin).await.ok();
        assert_eq!(pinned["pinnedListUuid"], list, "{pin}");
    }
    let list_id = list.as_str().unwrap();
    let items = format!("{}/pinned-lists/{list_id}/items", shop.path);
    let items = vic.get(&items).await.ok();
    assert_eq!(items.as_array().map(Vec::len), Some(3));
    // The list stays, whatever is on it.
    for pin in &pins {
        shop.ana.patch(pin).await.ok();
    }
    let shown = shop.ana.get(&shop.path).await.ok();
    assert_eq!(shown["pinnedListUuid"], list);
}
