//! Rows that answer the next who asks the same, and nobody else.

use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::shop::{by_status, every_order, open, open_with, orders, queries, raw};

const ONE_HOUR: [(&str, &str); 1] = [("ZERODASH_RESULTS_CACHE_SECONDS", "3600")];

/// Asks, and answers what was said of the rows, and the rows.
async fn asked(who: &Actor<'_>, project: &str, body: &Value) -> (Value, Value) {
    let path = format!("{}/metric-query", queries(project));
    let asked = who.post(&path).json(body).await.ok();
    let id = asked["queryUuid"].as_str().unwrap();
    let page = who.get(&format!("{}/{id}", queries(project))).await.ok();
    (asked["cacheMetadata"].clone(), page)
}

#[tokio::test]
async fn without_the_setting_every_query_is_asked() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let body = json!({ "query": by_status() });
    for _ in 0..2 {
        let (said, _) = asked(&ana, &project, &body).await;
        assert_eq!(said, json!({ "cacheHit": false }));
    }
    assert_eq!(app.warehouse.asked().len(), 2);
}

#[tokio::test]
async fn rows_are_found_until_they_are_old_or_not_wanted() {
    let app = TestApp::with(local::api(), &ONE_HOUR).await;
    let (ana, project) = open(&app).await;
    let body = json!({ "query": by_status() });
    let (said, first) = asked(&ana, &project, &body).await;
    assert_eq!(said, json!({ "cacheHit": false }));
    app.wait(30);
    let (said, second) = asked(&ana, &project, &body).await;
    assert_eq!(said["cacheHit"], true);
    assert_eq!(said["cacheUpdatedTime"], "2026-01-31T09:30:00.000Z");
    assert_eq!(first["rows"], second["rows"]);
    assert_eq!(second["initialQueryExecutionMs"], 0);
    assert_eq!(app.warehouse.asked().len(), 1);
    let mut fresh = body.clone();
    fresh["invalidateCache"] = json!(true);
    let (said, _) = asked(&ana, &project, &fresh).await;
    assert_eq!(said["cacheHit"], false);
    assert_eq!(app.warehouse.asked().len(), 2);
    // What was asked anew answers the next.
    app.wait(45);
    let (said, _) = asked(&ana, &project, &body).await;
    assert_eq!(said["cacheUpdatedTime"], "2026-01-31T10:00:00.000Z");
    app.wait(16);
    let (said, _) = asked(&ana, &project, &body).await;
    assert_eq!(said["cacheHit"], false);
    assert_eq!(app.warehouse.asked().len(), 3);
}

#[tokio::test]
async fn another_zone_or_another_number_of_rows_is_another_question() {
    let app = TestApp::with(local::api(), &ONE_HOUR).await;
    let (ana, project) = open(&app).await;
    let mut query = by_status();
    asked(&ana, &project, &json!({ "query": query })).await;
    query["limit"] = json!(1);
    let (said, page) = asked(&ana, &project, &json!({ "query": query })).await;
    assert_eq!(
        (&said["cacheHit"], &page["totalResults"]),
        (&json!(false), &json!(1))
    );
    query["filters"] = json!({ "dimensions": { "id": "g", "and": [
        { "id": "r", "target": { "fieldId": "orders_ordered_at" }, "operator": "inTheCurrent", "values": [1], "settings": { "unitOfTime": "days" } }] } });
    for zone in ["UTC", "Asia/Tokyo"] {
        query["timezone"] = json!(zone);
        let (said, _) = asked(&ana, &project, &json!({ "query": query })).await;
        assert_eq!(said["cacheHit"], false, "{zone}");
    }
}

#[tokio::test]
async fn rows_that_attributes_choose_are_never_for_somebody_else() {
    let app = TestApp::with(local::api(), &ONE_HOUR).await;
    let (ana, project) = open_with(&app, &orders(true), &json!({})).await;
    let bob = app.in_role("bob@acme.com", "interactive_viewer").await;
    let cat = app.in_role("cat@acme.com", "interactive_viewer").await;
    let dan = app.in_role("dan@acme.com", "interactive_viewer").await;
    let (bob_id, cat_id) = (
        app.account("bob@acme.com").await.id,
        app.account("cat@acme.com").await.id,
    );
    let ana_id = app.account("ana@acme.com").await.id;
    let attribute = json!({ "name": "owner", "attributeDefault": null, "users": [
        { "userUuid": ana_id, "value": "ana" }, { "userUuid": bob_id, "value": "bob" }, { "userUuid": cat_id, "value": "bob" }], "groups": [] });
    let made = ana.post("/api/v1/org/attributes").json(&attribute).await;
    assert_eq!(made.status, 201, "{made}");
    let body = json!({ "query": every_order() });
    let ids = ["orders_order_id", "orders_owner"];
    let (said, page) = asked(&ana, &project, &body).await;
    assert_eq!(said["cacheHit"], false);
    let anas = json!([[1, "ana"], [3, "ana"], [5, "ana"]]);
    assert_eq!(json!(raw(&page["rows"], &ids)), anas);
    let (said, page) = asked(&bob, &project, &body).await;
    assert_eq!(said["cacheHit"], false);
    let bobs = json!([[2, "bob"], [4, "bob"]]);
    assert_eq!(json!(raw(&page["rows"], &ids)), bobs);
    // Whoever may see the same finds the same.
    let (said, page) = asked(&cat, &project, &body).await;
    assert_eq!(said["cacheHit"], true);
    assert_eq!(json!(raw(&page["rows"], &ids)), bobs);
    let path = format!("{}/metric-query", queries(&project));
    assert_eq!(
        dan.post(&path).json(&body).await.refusal(),
        "403 ForbiddenError"
    );
    // A value that changes is another question at once.
    let listed = ana.get("/api/v1/org/attributes").await.ok();
    let id = listed[0]["uuid"].as_str().unwrap();
    let attribute = json!({ "name": "owner", "attributeDefault": null, "users": [{ "userUuid": cat_id, "value": "ana" }], "groups": [] });
    ana.put(&format!("/api/v1/org/attributes/{id}"))
        .json(&attribute)
        .await;
    let (said, page) = asked(&cat, &project, &body).await;
    assert_eq!(json!(raw(&page["rows"], &ids)), anas);
    assert_eq!(said["cacheHit"], true);
}

#[tokio::test]
async fn rows_that_a_login_of_ones_own_saw_are_never_for_somebody_else() {
    let app = TestApp::with(local::api(), &ONE_HOUR).await;
    let own = json!({ "requireUserCredentials": true });
    let (ana, project) = open_with(&app, &orders(false), &own).await;
    let bob = app.in_role("bob@acme.com", "interactive_viewer").await;
    let body = json!({ "query": by_status() });
    let path = format!("{}/metric-query", queries(&project));
    assert_eq!(
        ana.post(&path).json(&body).await.refusal(),
        "404 NotFoundError"
    );
    for who in [&ana, &bob] {
        let login = json!({ "name": "mine", "credentials": { "type": "postgres", "user": "same", "password": "pass-word-1" } });
        who.post("/api/v1/user/warehouseCredentials")
            .json(&login)
            .await
            .ok();
        let (said, _) = asked(who, &project, &body).await;
        assert_eq!(said["cacheHit"], false);
        let (said, _) = asked(who, &project, &body).await;
        assert_eq!(said["cacheHit"], true);
    }
    assert_eq!(app.warehouse.asked().len(), 2);
}
