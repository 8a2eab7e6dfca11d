use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::TestApp;

use crate::{
    given::explore,
    shop::{open, open_with, orders},
};

fn search(changes: &Value) -> Value {
    let mut body = json!({ "table": "orders", "search": "E", "limit": 50 });
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[tokio::test]
async fn values_are_found_in_whatever_case_and_in_order() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let path = format!("/api/v1/projects/{project}/field/orders_status/search");
    assert_snapshot!(vic.post(&path).json(&search(&json!({}))).await, @r#"
    200 {
      "results": {
        "cached": false,
        "refreshedAt": "2026-01-31T09:30:00.000Z",
        "results": [
          "completed",
          "returned"
        ],
        "search": "E"
      },
      "status": "ok"
    }
    "#);
    let found = async |changes: Value| {
        ana.post(&path).json(&search(&changes)).await.ok()["results"].clone()
    };
    assert_eq!(
        found(json!({ "search": "" })).await,
        json!(["=1+1", "completed", "returned"])
    );
    assert_eq!(
        found(json!({ "search": "", "limit": 1 })).await,
        json!(["=1+1"])
    );
    // Wildcards and quotes are letters.
    assert_eq!(found(json!({ "search": "%" })).await, json!([]));
    assert_eq!(found(json!({ "search": "_" })).await, json!([]));
    assert_eq!(found(json!({ "search": "' OR 1=1 --" })).await, json!([]));
    // Rules that hold beside it; those of fields that are not there do not count.
    let beside = json!({ "search": "", "filters": { "id": "g", "and": [
        { "id": "a", "target": { "fieldId": "orders_owner" }, "operator": "equals", "values": ["bob"] },
        { "id": "b", "target": { "fieldId": "people_name" }, "operator": "equals", "values": ["x"] }] } });
    assert_eq!(found(beside).await, json!(["completed"]));
    let owner = |name: &str| json!({ "id": name, "target": { "fieldId": "orders_owner" }, "operator": "equals", "values": [name] });
    let other = json!({ "id": "x", "target": { "fieldId": "people_name" }, "operator": "equals", "values": ["x"] });
    let nested = json!({ "search": "", "filters": { "id": "g", "or": [{ "id": "h", "and": [owner("bob"), other] }] } });
    assert_eq!(found(nested).await, json!(["completed"]));
}

#[tokio::test]
async fn only_what_the_searcher_may_see_is_found() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open_with(&app, &orders(true), &json!({})).await;
    let vic = app.viewer("vic@acme.com").await;
    let path = format!("/api/v1/projects/{project}/field/orders_owner/search");
    let body = search(&json!({ "search": "" }));
    assert_eq!(
        vic.post(&path).json(&body).await.refusal(),
        "403 ForbiddenError"
    );
    let id = app.account("vic@acme.com").await.id;
    let attribute = json!({ "name": "owner", "attributeDefault": null, "users": [{ "userUuid": id, "value": "bob" }], "groups": [] });
    let made = ana.post("/api/v1/org/attributes").json(&attribute).await;
    assert_eq!(made.status, 201, "{made}");
    assert_eq!(
        vic.post(&path).json(&body).await.ok()["results"],
        json!(["bob"])
    );
}

#[tokio::test]
async fn what_cannot_be_searched_is_refused() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let eve = app.admin("eve@other.com", "Other").await;
    let field = |name: &str| format!("/api/v1/projects/{project}/field/{name}/search");
    for (who, name, changes, refusal) in [
        (&eve, "orders_status", json!({}), "404 NotExistsError"),
        (&ana, "orders_none", json!({}), "404 NotExistsError"),
        (&ana, "orders_count", json!({}), "400 ParameterError"),
        (
            &ana,
            "orders_status",
            json!({ "table": "none" }),
            "404 NotExistsError",
        ),
        (
            &ana,
            "orders_status",
            json!({ "limit": 5001 }),
            "400 ParameterError",
        ),
        (
            &ana,
            "orders_status",
            json!({ "limit": 0 }),
            "400 ParameterError",
        ),
        (
            &ana,
            "orders_status",
            json!({ "search": 1 }),
            "422 ValidateError",
        ),
    ] {
        let answer = who.post(&field(name)).json(&search(&changes)).await;
        assert_eq!(answer.refusal(), refusal, "{name} {changes}");
    }
    // A number is searched by its digits.
    let numbers = ana
        .post(&field("orders_order_id"))
        .json(&search(&json!({ "search": "" })))
        .await;
    assert_eq!(numbers.ok()["results"], json!([1, 2, 3, 4, 5]));
    let digits = ana
        .post(&field("orders_order_id"))
        .json(&search(&json!({ "search": "4" })))
        .await;
    assert_eq!(digits.ok()["results"], json!([4]));
}

/// An explore that joins the orders under another name.
fn wide() -> Value {
    let mut wide = explore("wide", "a");
    let mut first = wide["tables"]["wide"].clone();
    (first["name"], first["originalName"]) = (json!("first_order"), json!("orders"));
    wide["tables"]["first_order"] = first;
    wide["joinedTables"] = json!([{
        "table": "first_order", "sqlOn": "", "compiledSqlOn": "true", "tablesReferences": ["first_order"],
    }]);
    wide
}

#[tokio::test]
async fn an_alias_stands_for_the_model_that_is_joined_under_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let list = format!("/api/v1/projects/{project}/explores");
    ana.put(&list)
        .json(&json!([orders(false), wide()]))
        .await
        .ok();
    let field = |name: &str| format!("/api/v1/projects/{project}/field/{name}/search");
    let path = field("first_order_status");
    let all = search(&json!({ "table": "first_order", "search": "" }));
    assert_eq!(
        vic.post(&path).json(&all).await.ok()["results"],
        json!(["=1+1", "completed", "returned"])
    );
    let bobs = search(
        &json!({ "table": "first_order", "search": "", "filters": { "id": "g", "and": [
        { "id": "a", "target": { "fieldId": "first_order_owner" }, "operator": "equals", "values": ["bob"] }] } }),
    );
    assert_eq!(
        vic.post(&path).json(&bobs).await.ok()["results"],
        json!(["completed"])
    );
    let none = field("first_order_none");
    assert_eq!(
        vic.post(&none).json(&all).await.refusal(),
        "404 NotExistsError"
    );
}

#[tokio::test]
async fn an_alias_of_what_the_caller_may_not_see_is_unknown() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let list = format!("/api/v1/projects/{project}/explores");
    let path = format!("/api/v1/projects/{project}/field/first_order_status/search");
    let all = search(&json!({ "table": "first_order", "search": "" }));
    for table in ["first_order", "wide"] {
        let mut wide = wide();
        wide["tables"][table]["requiredAttributes"] = json!({ "team": "sales" });
        ana.put(&list)
            .json(&json!([orders(false), wide]))
            .await
            .ok();
        let answer = ana.post(&path).json(&all).await;
        assert_eq!(answer.refusal(), "404 NotExistsError", "{table}");
    }
    ana.put(&list)
        .json(&json!([orders(false), wide()]))
        .await
        .ok();
    ana.post(&path).json(&all).await.ok();
}
