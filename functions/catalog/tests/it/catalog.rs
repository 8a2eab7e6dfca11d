use serde_json::{Value, json};
use testing::{Actor, TestApp};

const ANA: &str = "ana@acme.com";
const VIC: &str = "vic@acme.com";

fn field(kind: &str, of: &str, table: &str, name: &str, label: &str) -> Value {
    json!({
        "fieldType": kind, "type": of, "name": name, "label": label, "table": table, "tableLabel": table,
        "sql": "${TABLE}.x", "compiledSql": "x", "hidden": false,
    })
}

fn with(mut value: Value, name: &str, more: Value) -> Value {
    value[name] = more;
    value
}

fn table(name: &str, dimensions: &Value, metrics: &Value) -> Value {
    json!({
        "name": name, "label": name, "database": "db", "schema": "shop", "sqlTable": format!("db.shop.{name}"),
        "description": format!("All {name}"), "lineageGraph": {}, "dimensions": dimensions, "metrics": metrics,
    })
}

/// Orders with the people who made them.
fn orders() -> Value {
    let dimension = |of, name, label| field("dimension", of, "orders", name, label);
    let metric = |name, label| field("metric", "sum", "orders", name, label);
    let secret = json!({ "team": "ops" });
    let hidden = json!({ "visibility": "hide" });
    let money = json!({ "visibility": "show", "categories": ["money", "unknown"] });
    let dimensions = json!({
        "status": dimension("string", "status", "Status"),
        "day": with(dimension("date", "day", "Day"), "isIntervalBase", json!(true)),
        "day_month": dimension("date", "day_month", "Day month"),
        "gone": with(dimension("string", "gone", "Gone"), "hidden", json!(true)),
        "cost": with(dimension("number", "cost", "Cost"), "requiredAttributes", secret),
    });
    let metrics = json!({
        "total": with(metric("total", "Total revenue"), "spotlight", money),
        "count": metric("count", "Order count"),
        "internal": with(metric("internal", "Internal"), "spotlight", hidden),
        "gone": with(metric("gone", "Gone"), "hidden", json!(true)),
    });
    let name = field("dimension", "string", "people", "name", "Revenue owner");
    json!({
        "name": "orders", "label": "Orders", "tags": ["core"], "baseTable": "orders", "targetDatabase": "postgres",
        "joinedTables": [{ "table": "people", "sqlOn": "true", "compiledSqlOn": "true" }],
        "tables": {
            "orders": table("orders", &dimensions, &metrics), "people": table("people", &json!({ "name": name }), &json!({})),
        },
    })
}

fn without_metrics(name: &str) -> Value {
    let dimensions = json!({ "id": field("dimension", "number", name, "id", "Id") });
    let gone = with(
        field("metric", "count", name, "gone", "Gone"),
        "hidden",
        json!(true),
    );
    json!({
        "name": name, "label": name, "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": "postgres",
        "tables": { name: table(name, &dimensions, &json!({ "gone": gone })) },
    })
}

fn broken(name: &str, kind: &str) -> Value {
    json!({ "name": name, "label": name, "errors": [{ "type": kind, "message": "It is broken" }] })
}

/// Ana, and the path of a project with these explores.
async fn deployed<'a>(app: &'a TestApp, explores: &Value) -> (Actor<'a>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let path = format!("/api/v1/projects/{}", app.project(ANA, "Shop").await.id);
    let list = format!("{path}/explores");
    ana.put(&list).json(explores).await.ok();
    (ana, path)
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_project_tells_whether_it_has_metrics() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = deployed(
        &app,
        &json!([
            without_metrics("items"),
            broken("b", "METADATA_PARSE_ERROR")
        ]),
    )
    .await;
    let vic = app.viewer(VIC).await;
    let has = format!("{path}/dataCatalog/metrics/has");
    assert_eq!(vic.get(&has).await.ok(), json!(false));
    let explores = json!([without_metrics("items"), orders()]);
    ana.put(&format!("{path}/explores"))
        .json(&explores)
        .await
        .ok();
    assert_eq!(vic.get(&has).await.ok(), json!(true));
    let mem = app.in_role("mem@acme.com", "member").await;
    assert_eq!(mem.get(&has).await.refusal(), "403 ForbiddenError");
}

#[tokio::test]
async fn tables_are_listed_by_where_they_are() {
    let app = TestApp::new(local::api()).await;
    let explores = json!([
        orders(),
        without_metrics("items"),
        broken("b", "METADATA_PARSE_ERROR")
    ]);
    let (ana, path) = deployed(&app, &explores).await;
    let place = |name: &str| json!({ "description": format!("All {name}"), "sqlTable": format!("db.shop.{name}") });
    assert_eq!(
        ana.get(&format!("{path}/catalog")).await.ok(),
        json!({ "db": { "shop": { "items": place("items"), "orders": place("orders"), "people": place("people") } } })
    );
}

#[tokio::test]
async fn tables_and_fields_are_listed() {
    let app = TestApp::new(local::api()).await;
    let explores = json!([
        orders(),
        without_metrics("items"),
        broken("bad", "METADATA_PARSE_ERROR"),
        broken("empty", "NO_DIMENSIONS_FOUND"),
    ]);
    let (ana, path) = deployed(&app, &explores).await;
    let catalog = format!("{path}/dataCatalog");
    let tables = ana.get(&catalog).await.ok();
    assert_eq!(names(&tables), ["orders", "bad", "items"]);
    assert_eq!(
        tables[0],
        json!({
            "catalogSearchUuid": "", "name": "orders", "label": "Orders", "description": "All orders", "type": "table",
            "tags": ["core"], "categories": [], "icon": null,
        })
    );
    assert_eq!(tables[1]["errors"][0]["message"], "It is broken");

    let fields = format!("{catalog}?type=field");
    let listed = ana.get(&fields).await.ok();
    // Of joined tables as well; dates beside their intervals.
    let mut found = names(&listed);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "count",
            "day",
            "day_month",
            "id",
            "internal",
            "name",
            "status",
            "total"
        ]
    );
    let named = |name: &str| {
        let mut listed = listed.as_array().unwrap().iter();
        listed.find(|one| one["name"] == name).unwrap()
    };
    assert_eq!(
        *named("status"),
        json!({
            "catalogSearchUuid": "", "name": "status", "label": "Status", "type": "field", "fieldType": "dimension",
            "basicType": "string", "tableName": "orders", "tableLabel": "orders", "tags": [], "categories": [], "icon": null,
        })
    );
    assert_eq!(named("total")["basicType"], "number");
    assert_eq!(named("name")["tableName"], "people");

    let chosen = json!({ "tableSelection": { "type": "WITH_NAMES", "value": ["items"] } });
    let tables = format!("{path}/tablesConfiguration");
    ana.patch(&tables).json(&chosen).await.ok();
    let found = ana.get(&catalog).await.ok();
    assert_eq!(names(&found), ["bad", "items"]);
    assert_eq!(ana.get(&fields).await.ok(), listed);
    let found = ana.get(&format!("{catalog}?search=revenue")).await.ok();
    assert_eq!(found, json!([]));
}

#[tokio::test]
async fn searches_find_tables_and_their_own_fields() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = deployed(&app, &json!([orders(), without_metrics("items")])).await;
    let search = async |query: &str| {
        let path = format!("{path}/dataCatalog?search={query}");
        ana.get(&path).await.ok()
    };
    // The field of a joined table is found with an explore of its own alone.
    let found = search("REV").await;
    assert_eq!(names(&found), ["total"]);
    assert_eq!(found[0]["chartUsage"], 0);
    let id = found[0]["catalogSearchUuid"].clone();
    assert_eq!(id.as_str().unwrap().len(), 36);
    assert_eq!(names(&search("order").await), ["count", "orders"]);
    assert_eq!(names(&search("order%20count").await), ["count"]);
    assert_eq!(names(&search("order&type=table").await), ["orders"]);
    assert_eq!(names(&search("order&type=field").await), ["count"]);
    assert_eq!(names(&search("day").await), ["day_month"]);
    assert_eq!(search("day&filter=metrics").await, json!([]));
    assert_eq!(names(&search("day&filter=dimensions").await), ["day_month"]);
    assert_eq!(search("gone").await, json!([]));
    // The same after a deploy.
    ana.put(&format!("{path}/explores"))
        .json(&json!([orders()]))
        .await
        .ok();
    assert_eq!(search("rev").await[0]["catalogSearchUuid"], id);
}

#[tokio::test]
async fn what_attributes_hide_is_in_no_list() {
    let app = TestApp::new(local::api()).await;
    let mut closed = without_metrics("closed");
    closed["tables"]["closed"]["requiredAttributes"] = json!({ "team": "ops" });
    let (ana, path) = deployed(&app, &json!([orders(), closed])).await;
    let vic = app.viewer(VIC).await;
    let catalog = format!("{path}/dataCatalog");
    assert_eq!(names(&vic.get(&catalog).await.ok()), ["orders"]);
    let search = format!("{catalog}?search=cost");
    assert_eq!(vic.get(&search).await.ok(), json!([]));
    let places = format!("{path}/catalog");
    let found = vic.get(&places).await.ok();
    assert_eq!(found["db"]["shop"]["closed"], Value::Null);

    let id = app.account(VIC).await.id;
    let attribute = json!({
        "name": "team", "attributeDefault": null, "users": [{ "userUuid": id, "value": "ops" }], "groups": [],
    });
    ana.post("/api/v1/org/attributes").json(&attribute).await;
    assert_eq!(names(&vic.get(&catalog).await.ok()), ["orders", "closed"]);
    let found = vic.get(&search).await.ok();
    assert_eq!(found[0]["requiredAttributes"], json!({ "team": "ops" }));
    let found = vic.get(&places).await.ok();
    assert_eq!(found["db"]["shop"]["closed"]["description"], "All closed");
}

#[tokio::test]
async fn metrics_are_listed_searched_sorted_and_paged() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = deployed(&app, &json!([orders(), without_metrics("items")])).await;
    let tags = json!([{ "name": "Money", "color": "gray", "yamlReference": "money" }]);
    ana.put(&format!("{path}/tags/yaml")).json(&tags).await.ok();
    let spaces = format!("{path}/spaces");
    let space = json!({ "name": "Public", "isPrivate": false });
    let space = ana.post(&spaces).json(&space).await.ok();
    let chart = json!({
        "name": "Chart", "spaceUuid": space["uuid"], "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": [], "metrics": ["orders_count"], "filters": {}, "sorts": [], "limit": 500,
            "tableCalculations": [],
        },
        "chartConfig": { "type": "table", "config": {} }, "tableConfig": { "columnOrder": [] },
    });
    ana.post(&format!("{path}/saved")).json(&chart).await.ok();

    let metrics = format!("{path}/dataCatalog/metrics");
    let list = async |query: &str| ana.get(&format!("{metrics}?{query}")).await.ok();
    // What is not to be shown is not there.
    let all = list("").await;
    assert_eq!(names(&all["data"]), ["count", "total"]);
    assert_eq!(all["pagination"], Value::Null);
    assert_eq!(all["data"][0]["chartUsage"], 1);
    let money = all["data"][1]["categories"][0].clone();
    assert_eq!(
        (&money["name"], &money["yamlReference"]),
        (&json!("Money"), &json!("money"))
    );
    for (query, found) in [
        ("order=desc", vec!["total", "count"]),
        ("sort=name&order=desc", vec!["total", "count"]),
        ("sort=chartUsage", vec!["total", "count"]),
        ("search=rev", vec!["total"]),
        ("search=nothing", vec![]),
        ("page=2&pageSize=1", vec!["total"]),
        ("categories=__uncategorized__", vec!["count"]),
    ] {
        assert_eq!(names(&list(query).await["data"]), found, "{query}");
    }
    let one = format!("categories={}", money["tagUuid"].as_str().unwrap());
    assert_eq!(names(&list(&one).await["data"]), ["total"]);
    let both = format!("{one}&categories=__uncategorized__");
    assert_eq!(names(&list(&both).await["data"]), ["count", "total"]);
    assert_eq!(
        list("page=2&pageSize=1").await["pagination"],
        json!({ "page": 2, "pageSize": 1, "totalPageCount": 2, "totalResults": 2 })
    );
    for (bad, refusal) in [
        ("sort=tags", "400 ParameterError"),
        ("categories=x", "400 ParameterError"),
        ("page=-1&pageSize=1", "422 PaginationError"),
        ("order=up", "422 ValidateError"),
    ] {
        let reply = ana.get(&format!("{metrics}?{bad}")).await;
        assert_eq!(reply.refusal(), refusal, "{bad}");
    }
}
