use app::domain::{access::ProjectRole, explore_set::Entry};
use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{TestApp, noise};

use crate::given::{ANA, broken, explore, names};

#[tokio::test]
async fn explores_are_read_as_they_come() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let sent = json!([explore("orders", "a")]);
    let packed = ana.put(&path).header("content-encoding", "gzip");
    assert_eq!(packed.json(&sent).await.refusal(), "415 ParameterError");
    let plain = ana.put(&path).header("content-encoding", "identity");
    plain.json(&sent).await.ok();
}

#[tokio::test]
async fn what_is_deployed_is_listed_by_label_and_read_as_it_came() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    assert_eq!(ana.get(&path).await.ok(), json!([]));

    let orders = explore("orders", "a");
    let sent = json!([orders, broken("lost"), explore("customers", "b")]);
    assert_snapshot!(ana.put(&path).json(&sent).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_snapshot!(ana.get(&path).await, @r#"
    200 {
      "results": [
        {
          "databaseName": "db",
          "description": "All customers",
          "label": "customers b",
          "name": "customers",
          "schemaName": "s",
          "tags": [
            "b"
          ],
          "type": "default"
        },
        {
          "errors": [
            {
              "message": "No columns",
              "type": "NO_DIMENSIONS_FOUND"
            }
          ],
          "groupLabel": "Broken",
          "label": "lost",
          "name": "lost",
          "tags": [
            "core"
          ]
        },
        {
          "databaseName": "db",
          "description": "All orders",
          "label": "orders a",
          "name": "orders",
          "schemaName": "s",
          "tags": [
            "a"
          ],
          "type": "default"
        }
      ],
      "status": "ok"
    }
    "#);
    assert_eq!(ana.get(&format!("{path}/orders")).await.ok(), orders);
    assert_eq!(
        ana.get(&format!("{path}/lost")).await.refusal(),
        "404 NotExistsError"
    );
    assert_eq!(
        ana.get(&format!("{path}/none")).await.refusal(),
        "404 NotExistsError"
    );
}

#[tokio::test]
async fn another_deploy_takes_the_place_of_the_whole_and_the_last_of_a_name_counts() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let first = json!([explore("orders", "a"), explore("customers", "a")]);
    ana.put(&path).json(&first).await;
    let second = json!([
        explore("orders", "b"),
        explore("items", "b"),
        explore("orders", "c")
    ]);
    ana.put(&path).json(&second).await;
    assert_eq!(names(&ana.get(&path).await.ok()), ["items", "orders"]);
    let read = ana.get(&format!("{path}/orders")).await.ok();
    assert_eq!(read["label"], "orders c");
}

#[tokio::test]
async fn virtual_explores_stay_and_win() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let mut view = explore("view", "v");
    view["type"] = json!("virtual");
    ana.put(&path).json(&json!([view])).await;
    // Nothing but what stays.
    ana.put(&path).json(&json!([])).await.ok();
    let second = json!([explore("view", "x"), explore("orders", "x")]);
    ana.put(&path).json(&second).await.ok();
    assert_eq!(names(&ana.get(&path).await.ok()), ["orders", "view"]);
    assert_eq!(
        ana.get(&format!("{path}/view")).await.ok()["label"],
        "view v"
    );
}

#[tokio::test]
async fn what_is_unchanged_is_not_written_again() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let sent: Vec<Value> = (0..20).map(|at| explore(&format!("e{at}"), "a")).collect();
    ana.put(&path).json(&json!(sent)).await.ok();
    let before = app.items();
    ana.put(&path).json(&json!(sent)).await.ok();
    assert_eq!(app.items(), before);

    let mut changed = sent.clone();
    changed[7] = explore("e7", "b");
    ana.put(&path).json(&json!(changed)).await.ok();
    let after = app.items();
    let new = |prefix: &str| {
        let added = after.keys().filter(|key| !before.contains_key(*key));
        added.filter(|(pk, _)| pk.starts_with(prefix)).count()
    };
    assert_eq!((new("BODY#"), new("SHARD#")), (1, 1));
}

#[tokio::test]
async fn a_deploy_that_cannot_be_read_changes_nothing_and_says_all_that_is_wrong() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    ana.put(&path)
        .json(&json!([explore("orders", "a")]))
        .await
        .ok();
    let before = app.items();

    let mut baseless = explore("a", "a");
    baseless["baseTable"] = json!("b");
    let mut joined = explore("b", "a");
    joined["joinedTables"] = json!([{"table": "nothing", "sqlOn": "", "compiledSqlOn": ""}]);
    let mut dialect = explore("c", "a");
    dialect["targetDatabase"] = json!("oracle");
    let mut nameless = explore("d", "a");
    nameless["name"] = json!(" ");
    let sent = json!([explore("fine", "a"), baseless, joined, dialect, nameless, 7, {"name": "e", "errors": "none"}]);
    let refused = ana.put(&path).json(&sent).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    let told: Value = serde_json::from_str(&refused.text).unwrap();
    let places: Vec<_> = told["error"]["data"].as_object().unwrap().keys().collect();
    assert_eq!(
        places,
        [
            "body[1]", "body[2]", "body[3]", "body[4]", "body[5]", "body[6]"
        ]
    );
    assert_eq!(
        told["error"]["data"]["body[1]"]["message"],
        "its base table \"b\" is not among its tables"
    );
    for (sent, refusal) in [
        (json!({}), "422 ValidateError"),
        (json!("explores"), "422 ValidateError"),
        (json!(null), "422 ValidateError"),
        (json!([]), "400 ParameterError"),
        (json!([{}]), "400 ParameterError"),
        (json!([[]]), "400 ParameterError"),
        (
            json!([{"name": "x", "tables": {}, "baseTable": "x", "targetDatabase": "postgres"}]),
            "400 ParameterError",
        ),
        (
            json!([{"name": "x".repeat(501), "errors": []}]),
            "400 ParameterError",
        ),
        (
            json!([{"name": "a\nb", "errors": []}]),
            "400 ParameterError",
        ),
    ] {
        assert_eq!(
            ana.put(&path).json(&sent).await.refusal(),
            refusal,
            "{sent}"
        );
    }
    assert_eq!(
        ana.put(&path).body("application/json", "[").await.refusal(),
        "400 ParameterError"
    );
    assert_eq!(ana.put(&path).await.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_deploy_may_be_large() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    // Text that does not compress: one body in several items.
    let mut large = explore("large", "a");
    large["tables"]["large"]["groupDetails"] = json!({ "noise": noise(1_500_000) });
    ana.put(&path).json(&json!([large])).await.ok();
    assert!(ana.get(&format!("{path}/large")).await.ok() == large);
    let items = app.items();
    let parts = items
        .keys()
        .filter(|(_, sk)| sk.starts_with("PART#"))
        .count();
    assert!(parts >= 2, "{parts}");
}

#[tokio::test]
async fn attributes_hide_explores_tables_and_fields() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@acme.com").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let mut secret = explore("secret", "a");
    secret["tables"]["secret"]["requiredAttributes"] = json!({"team": ["sales", "ops"]});
    let mut orders = explore("orders", "a");
    orders["tables"]["orders"]["dimensions"]["status"]["requiredAttributes"] =
        json!({"team": "sales"});
    orders["tables"]["people"] = secret["tables"]["secret"].clone();
    orders["joinedTables"] = json!([{"table": "people", "sqlOn": "", "compiledSqlOn": "true", "tablesReferences": ["people"]}]);
    orders["tables"]["orders"]["metrics"]["total"]["tablesReferences"] =
        json!(["orders", "people"]);
    orders["unfilteredTables"] = json!({"people": {}});
    ana.put(&path).json(&json!([secret, orders])).await.ok();

    assert_eq!(names(&vic.get(&path).await.ok()), ["orders"]);
    assert_eq!(
        vic.get(&format!("{path}/secret")).await.refusal(),
        "401 AuthorizationError"
    );
    let shown = vic.get(&format!("{path}/orders")).await.ok();
    assert_eq!(shown["joinedTables"], json!([]));
    assert_eq!(shown["tables"]["people"], Value::Null);
    assert_eq!(shown["tables"]["orders"]["dimensions"], json!({}));
    assert_eq!(shown["tables"]["orders"]["metrics"], json!({}));
    assert_eq!(shown["unfilteredTables"], Value::Null);

    let id = app.account("vic@acme.com").await.id;
    let attribute = json!({"name": "team", "attributeDefault": null, "users": [{"userUuid": id, "value": "ops"}], "groups": []});
    ana.post("/api/v1/org/attributes").json(&attribute).await;
    assert_eq!(names(&vic.get(&path).await.ok()), ["orders", "secret"]);
    let shown = vic.get(&format!("{path}/orders")).await.ok();
    assert_eq!(shown["tables"]["people"]["name"], "secret");
    assert_eq!(shown["tables"]["orders"]["dimensions"], json!({}));
    assert_eq!(
        shown["tables"]["orders"]["metrics"]["total"]["name"],
        "total"
    );
}

#[tokio::test]
async fn attributes_hide_explores_that_could_not_be_compiled() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let vic = app.viewer("vic@acme.com").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let guarded = json!({ "requiredAttributes": { "team": ["sales", "ops"] }, "dimensions": {} });
    let with = |name: &str, base: Option<&str>, tables: Value| {
        let mut error = broken(name);
        error["baseTable"] = json!(base);
        error["tables"] = tables;
        error
    };
    let sent = json!([
        with("base", Some("base"), json!({ "base": guarded })),
        with(
            "further",
            Some("base"),
            json!({ "base": guarded, "further": {} })
        ),
        with("named", None, json!({ "named": guarded })),
        with("other", None, json!({ "base": guarded })),
        // What is joined alone hides no explore.
        with(
            "joins",
            Some("joins"),
            json!({ "joins": {}, "base": guarded })
        ),
        with("open", None, json!(null)),
    ]);
    ana.put(&path).json(&sent).await.ok();
    for who in [&ana, &vic] {
        assert_eq!(names(&who.get(&path).await.ok()), ["joins", "open"]);
        // As one that there is not.
        let read = who.get(&format!("{path}/base")).await;
        assert_eq!(read.refusal(), "404 NotExistsError");
    }

    let id = app.account("vic@acme.com").await.id;
    let attribute = json!({"name": "team", "attributeDefault": null, "users": [{"userUuid": id, "value": "ops"}], "groups": []});
    ana.post("/api/v1/org/attributes").json(&attribute).await;
    assert_eq!(names(&ana.get(&path).await.ok()), ["joins", "open"]);
    let shown = vic.get(&path).await.ok();
    assert_eq!(
        names(&shown),
        ["base", "further", "joins", "named", "open", "other"]
    );
    assert_eq!(
        shown[0],
        json!({
            "name": "base", "label": "base", "tags": ["core"], "groupLabel": "Broken",
            "errors": [{ "type": "NO_DIMENSIONS_FOUND", "message": "No columns" }],
        })
    );

    // Requirements that cannot be read are not taken for none.
    let odd = json!({ "odd": { "requiredAttributes": { "team": 3 } } });
    let refused = ana.put(&path).json(&json!([with("odd", None, odd)])).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
}

#[tokio::test]
async fn deploying_is_for_developers_and_reading_for_viewers() {
    let app = TestApp::new(local::api()).await;
    app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let dev = app.in_role("dev@acme.com", "developer").await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let guest = app.in_role("gus@acme.com", "member").await;
    let sent = json!([explore("orders", "a")]);
    assert_eq!(
        ed.put(&path).json(&sent).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(guest.get(&path).await.refusal(), "403 ForbiddenError");
    dev.put(&path).json(&sent).await.ok();
    assert_eq!(names(&ed.get(&path).await.ok()), ["orders"]);
    app.grant(&project, "gus@acme.com", ProjectRole::Viewer)
        .await;
    assert_eq!(names(&guest.get(&path).await.ok()), ["orders"]);
    assert_eq!(
        app.anonymous()
            .put(&path)
            .body("application/json", "[")
            .await
            .refusal(),
        "401 AuthorizationError"
    );
}

#[tokio::test]
async fn what_readers_could_not_read_is_refused() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    let good = explore("orders", "a").to_string();
    let with = |junk: &str| {
        format!(
            "[{}]",
            good.replacen('{', &format!("{{\"junk\":{junk},"), 1)
        )
    };
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let long = format!("\"{}\"", "L".repeat(70_000));
    let refused = [
        with("\"\\ud800\""),
        with("1e999"),
        with(&deep),
        // A list of such labels would be larger than anything that reads it.
        format!("[{}]", good.replace("\"orders a\"", &long)),
        "[[]]".to_owned(),
    ];
    for body in refused {
        let answer = ana.put(&path).body("application/json", body).await;
        assert_eq!(answer.refusal(), "400 ParameterError", "{answer}");
    }
    assert_eq!(ana.get(&path).await.ok(), json!([]));
    // What is odd but can be read stays.
    let answer = ana
        .put(&path)
        .body("application/json", with("\"\\u00e9\""))
        .await;
    answer.ok();
    assert_eq!(names(&ana.get(&path).await.ok()), ["orders"]);
}

/// Packed, such a list would fit into an item a hundred times; unpacked, nobody could read it, nor put another in its place.
#[tokio::test]
async fn a_list_that_nobody_could_read_is_refused_and_the_old_one_stays() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}/explores", project.id);
    ana.put(&path)
        .json(&json!([explore("orders", "a")]))
        .await
        .ok();
    // All of them in one part of the list.
    let same_part = (0..).map(|number| format!("lost_{number}"));
    let same_part = same_part.filter(|name| Entry::shard(name) == 7).take(300);
    let lost = |name| json!({ "name": name, "label": "L".repeat(30_000), "errors": [] });
    let list: Vec<Value> = same_part.map(lost).collect();
    let answer = ana.put(&path).json(&json!(list)).await;
    assert_eq!(answer.refusal(), "400 ParameterError");
    assert_eq!(names(&ana.get(&path).await.ok()), ["orders"]);
    // Half of it can be read.
    ana.put(&path).json(&json!(list[..100])).await.ok();
    assert_eq!(names(&ana.get(&path).await.ok()).len(), 100);
}
