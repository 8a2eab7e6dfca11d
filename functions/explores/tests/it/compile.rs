use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::given::{ANA, broken, explore, query};

async fn deployed<'a>(app: &'a TestApp, explores: Value) -> (Actor<'a>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    ana.put(&path).json(&explores).await.ok();
    (ana, path)
}

#[tokio::test]
async fn a_query_is_compiled_for_whoever_sees_the_project() {
    let app = TestApp::new(local::api()).await;
    let (_, path) = deployed(&app, json!([explore("orders", "a")])).await;
    let vic = app.viewer("vic@acme.com").await;
    let compiled = vic
        .post(&format!("{path}/orders/compileQuery"))
        .json(&query("orders"));
    assert_snapshot!(compiled.await, @r#"
    200 {
      "results": "SELECT\n  \"orders\".status AS \"orders_status\",\n  SUM(\"orders\".amount) AS \"orders_total\"\nFROM \"db\".\"s\".\"a\" AS \"orders\"\nGROUP BY 1\nLIMIT 500",
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn current_clients_get_an_object_where_they_ask_for_it() {
    let app = TestApp::with(local::api(), &[("ZERODASH_COMPATIBILITY", "latest")]).await;
    let (ana, path) = deployed(&app, json!([explore("orders", "a")])).await;
    let compiled = ana
        .post(&format!("{path}/orders/compileQuery"))
        .json(&query("orders"))
        .await;
    let compiled = compiled.ok();
    assert!(compiled["query"].as_str().unwrap().starts_with("SELECT\n"));
    assert_eq!(compiled["parameterReferences"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told_whole() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = deployed(&app, json!([explore("orders", "a"), broken("lost")])).await;
    let path = format!("{path}/orders/compileQuery");
    let mut wrong = query("orders");
    wrong["dimensions"] = json!(["orders_statu"]);
    wrong["filters"] = json!({"dimensions": {"id": "1", "and": [
        {"id": "2", "target": {"fieldId": "orders_status"}, "operator": "greaterThan", "values": [1]}]}});
    assert_snapshot!(ana.post(&path).json(&wrong).await, @r#"
    400 {
      "error": {
        "data": {
          "errors": [
            {
              "hint": "did you mean \"orders_status\"?",
              "message": "The explore \"orders\" has no dimension \"orders_statu\"",
              "path": "dimensions[0]"
            },
            {
              "message": "\"orders_status\": The operator \"greaterThan\" is not for fields of type string",
              "path": "filters.dimensions.and[0]"
            }
          ]
        },
        "message": "The explore \"orders\" has no dimension \"orders_statu\" (did you mean \"orders_status\"?); \"orders_status\": The operator \"greaterThan\" is not for fields of type string",
        "name": "FieldReferenceError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    let ask = |changes: Value| {
        let mut asked = query("orders");
        for (key, value) in changes.as_object().unwrap() {
            asked[key] = value.clone();
        }
        ana.post(&path).json(&asked)
    };
    for (changes, refusal) in [
        (json!({"limit": -1}), "400 CompileError"),
        (json!({"limit": 1e300}), "400 CompileError"),
        (json!({"limit": "many"}), "422 ValidateError"),
        (
            json!({"filters": {"dimensions": {"and": [{"operator": "like", "target": {"fieldId": "x"}}]}}}),
            "422 ValidateError",
        ),
        (json!({"filters": 7}), "422 ValidateError"),
        (json!({"timezone": "Mars/Olympus"}), "400 ParameterError"),
        (
            json!({"sorts": [{"fieldId": "orders_other", "descending": true}]}),
            "400 FieldReferenceError",
        ),
        (
            json!({"tableCalculations": [{"name": "x", "displayName": "x", "sql": "1; DROP TABLE a"}]}),
            "400 CompileError",
        ),
        (
            json!({"additionalMetrics": [{"table": "nothing", "name": "x", "type": "sum", "sql": "1"}]}),
            "400 FieldReferenceError",
        ),
    ] {
        assert_eq!(ask(changes.clone()).await.refusal(), refusal, "{changes}");
    }
    // Unknown fields are nobody's business, and the explore of the path counts.
    ask(json!({"future": 1, "exploreName": "other", "timezone": "Europe/Berlin"}))
        .await
        .ok();
    let elsewhere = path.replace("orders", "lost");
    assert_eq!(
        ana.post(&elsewhere).json(&query("lost")).await.refusal(),
        "404 NotExistsError"
    );
}

#[tokio::test]
async fn custom_sql_is_for_those_who_may_write_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = deployed(&app, json!([explore("orders", "a")])).await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let path = format!("{path}/orders/compileQuery");
    let mut sql = query("orders");
    sql["dimensions"] = json!(["own"]);
    sql["customDimensions"] = json!([{"id": "own", "name": "Own", "table": "orders", "type": "sql", "sql": "${orders.status} || 'x'", "dimensionType": "string"}]);
    assert_eq!(
        ed.post(&path).json(&sql).await.refusal(),
        "403 CustomSqlQueryForbiddenError"
    );
    ana.post(&path).json(&sql).await.ok();
    let mut nested = query("orders");
    nested["tableCalculations"] =
        json!([{"name": "x", "displayName": "x", "sql": "(SELECT max(usename) FROM pg_user)"}]);
    assert_eq!(
        ed.post(&path).json(&nested).await.refusal(),
        "400 CompileError"
    );
    ana.post(&path).json(&nested).await.ok();
}

#[tokio::test]
async fn a_row_filter_takes_the_values_of_who_asks() {
    let app = TestApp::new(local::api()).await;
    let mut orders = explore("orders", "a");
    let filter =
        "${TABLE}.team IN (${lightdash.attributes.team}) OR ${TABLE}.owner = ${ld.user.email}";
    orders["tables"]["orders"]["uncompiledSqlWhere"] = json!(filter);
    orders["tables"]["orders"]["sqlWhere"] = json!(filter.replace("${TABLE}", "\"orders\""));
    let (ana, path) = deployed(&app, json!([orders])).await;
    let vic = app.viewer("vic@acme.com").await;
    let path = format!("{path}/orders/compileQuery");
    assert_eq!(
        vic.post(&path).json(&query("orders")).await.refusal(),
        "403 ForbiddenError"
    );
    let id = app.account("vic@acme.com").await.id;
    let group = app.group(ANA, "Sales", &["vic@acme.com"]).await.id;
    let attribute = json!({"name": "team", "attributeDefault": "none", "users": [{"userUuid": id, "value": "o'ps"}], "groups": [{"groupUuid": group, "value": "sales"}]});
    ana.post("/api/v1/org/attributes").json(&attribute).await;
    let sql = vic.post(&path).json(&query("orders")).await.ok();
    let expected =
        "WHERE (\"orders\".team IN ('o''ps', 'sales') OR \"orders\".owner = 'vic@acme.com')";
    assert!(sql.as_str().unwrap().contains(expected), "{sql}");
    let sql = ana.post(&path).json(&query("orders")).await.ok();
    assert!(sql.as_str().unwrap().contains("team IN ('none')"), "{sql}");
}

#[tokio::test]
async fn weeks_start_where_the_connection_says() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let made = json!({
        "name": "Jaffle", "type": "DEFAULT", "dbtVersion": "v1.9", "dbtConnection": {"type": "none"},
        "warehouseConnection": {"type": "postgres", "host": "h", "port": 5432, "user": "u", "password": "p", "dbname": "d", "schema": "s", "startOfWeek": 6},
    });
    let made = ana.post("/api/v1/org/projects").json(&made).await.ok();
    let project = made["project"]["projectUuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/projects/{project}/explores");
    let mut orders = explore("orders", "a");
    orders["tables"]["orders"]["dimensions"]["status"]["type"] = json!("date");
    ana.put(&path).json(&json!([orders])).await.ok();
    let mut weekly = query("orders");
    weekly["dimensions"] = json!(["orders_status_week"]);
    let sql = ana
        .post(&format!("{path}/orders/compileQuery"))
        .json(&weekly)
        .await
        .ok();
    let expected =
        "(DATE_TRUNC('WEEK', (\"orders\".status - interval '6 days')) + interval '6 days')";
    assert!(sql.as_str().unwrap().contains(expected), "{sql}");
}
