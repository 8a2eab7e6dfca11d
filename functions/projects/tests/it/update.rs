use serde_json::{Value, json};
use testing::{Actor, TestApp};

const ANA: &str = "ana@acme.com";

fn postgres(change: Value) -> Value {
    let mut fields = json!({ "type": "postgres", "host": "db.acme.com", "port": 5432, "dbname": "d", "schema": "s" });
    for (name, value) in change.as_object().unwrap() {
        fields[name.as_str()] = value.clone();
    }
    fields
}

/// Ana's project over PostgreSQL, and its path.
async fn connected(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let body = json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "v1.8", "dbtConnection": { "type": "none" },
        "warehouseConnection": postgres(json!({ "user": "u", "password": "hunter2" })),
    });
    let made = ana.post("/api/v1/org/projects").json(&body).await.ok();
    let id = made["project"]["projectUuid"].as_str().unwrap().to_owned();
    (ana, format!("/api/v1/projects/{id}"))
}

fn change(warehouse: Value) -> Value {
    json!({ "dbtConnection": { "type": "none" }, "warehouseConnection": warehouse })
}

/// What is sealed of the warehouse of the only project that has one.
async fn sealed(app: &TestApp, path: &str) -> Value {
    let id = path
        .rsplit('/')
        .next()
        .and_then(app::domain::id::ProjectId::parse)
        .unwrap();
    let warehouse = app.app.store.connections(id).await.unwrap().0.unwrap();
    let opened = app::connect::open(&app.app, id, &warehouse.sealed)
        .await
        .unwrap();
    serde_json::from_slice(&opened).unwrap()
}

#[tokio::test]
async fn a_project_is_set_again_and_keeps_the_secrets_that_are_left_out() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = connected(&app).await;
    let warehouse = postgres(json!({ "dbname": "e", "requireUserCredentials": true }));
    let body = json!({
        "name": " Revenue ", "dbtVersion": "v1.9", "dbtConnection": { "type": "none", "target": "prod" },
        "warehouseConnection": warehouse,
    });
    let begun = ana.patch(&path).json(&body).await;
    assert!(!begun.text.contains("hunter2"));
    let job = format!("/api/v1/jobs/{}", begun.ok()["jobUuid"].as_str().unwrap());
    let job = ana.get(&job).await.ok();
    assert_eq!(job["jobStatus"], "DONE");
    assert_eq!(
        job["jobResults"]["projectUuid"],
        path.rsplit('/').next().unwrap()
    );

    let shown = ana.get(&path).await.ok();
    assert_eq!(shown["name"], "Revenue");
    assert_eq!(shown["dbtVersion"], "v1.9");
    assert_eq!(shown["dbtConnection"]["target"], "prod");
    assert_eq!(shown["warehouseConnection"], warehouse);
    let listed = ana.get("/api/v1/org/projects").await.ok();
    assert_eq!(listed[0]["name"], "Revenue");
    assert_eq!(listed[0]["requireUserCredentials"], true);
    let kept = sealed(&app, &path).await;
    assert_eq!(
        (&kept["password"], &kept["dbname"]),
        (&json!("hunter2"), &json!("e"))
    );
}

#[tokio::test]
async fn a_password_does_not_go_to_another_host() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = connected(&app).await;
    let before = app.items();
    for elsewhere in [
        postgres(json!({ "host": "evil.example" })),
        postgres(json!({ "port": 6543 })),
        postgres(json!({ "sslmode": "disable" })),
        postgres(json!({ "useSshTunnel": true, "sshTunnelHost": "evil.example" })),
        postgres(json!({ "type": "redshift" })),
        postgres(json!({ "port": "hunter2" })),
        json!({ "type": "oracle" }),
        json!({}),
    ] {
        let refused = ana.patch(&path).json(&change(elsewhere.clone())).await;
        assert_eq!(refused.refusal(), "400 ParameterError", "{elsewhere}");
        assert!(!refused.text.contains("hunter2"));
    }
    for wrong in [
        json!({}),
        json!([]),
        change(json!("x")),
        json!({ "name": 1 }),
    ] {
        let refused = ana.patch(&path).json(&wrong).await;
        assert_eq!(refused.refusal(), "422 ValidateError", "{wrong}");
    }
    let mut nameless = change(postgres(json!({})));
    nameless["name"] = json!(" ");
    assert_eq!(
        ana.patch(&path).json(&nameless).await.refusal(),
        "400 ParameterError"
    );
    assert_eq!(app.items(), before);
    let other = postgres(json!({ "host": "new.acme.com", "user": "a", "password": "b" }));
    ana.patch(&path).json(&change(other)).await.ok();
    assert_eq!(sealed(&app, &path).await["password"], "b");
}

#[tokio::test]
async fn a_password_of_snowflake_is_refused_as_no_query_could_sign_in_with_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = connected(&app).await;
    let snowflake = |name: &str, secret: &str| {
        let mut sent = json!({
            "type": "snowflake", "account": "acme", "database": "d", "warehouse": "w", "schema": "s", "user": "u",
        });
        sent[name] = json!(secret);
        sent
    };
    let before = app.items();
    let refused = ana
        .patch(&path)
        .json(&change(snowflake("password", "hunter2")));
    let refused = refused.await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    assert!(refused.text.contains("privateKey"), "{refused}");
    assert!(!refused.text.contains("hunter2"), "{refused}");
    let made = json!({
        "name": "Snow", "type": "DEFAULT", "dbtVersion": "v1.8", "dbtConnection": { "type": "none" },
        "warehouseConnection": snowflake("password", "hunter2"),
    });
    let refused = ana.post("/api/v1/org/projects").json(&made).await;
    assert_eq!(refused.refusal(), "400 ParameterError");
    assert_eq!(app.items(), before);
    let by_key = change(snowflake("privateKey", "k"));
    ana.patch(&path).json(&by_key).await.ok();
    assert_eq!(sealed(&app, &path).await["privateKey"], "k");
}

#[tokio::test]
async fn a_dbt_project_that_would_be_compiled_here_is_saved_and_the_job_says_so() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = connected(&app).await;
    let body = json!({
        "dbtConnection": {
            "type": "gitlab", "repository": "acme/dbt", "branch": "main", "project_sub_path": "/", "personal_access_token": "t",
        },
        "warehouseConnection": postgres(json!({})),
    });
    let begun = ana.patch(&path).json(&body).await.ok();
    let job = ana
        .get(&format!(
            "/api/v1/jobs/{}",
            begun["jobUuid"].as_str().unwrap()
        ))
        .await
        .ok();
    assert_eq!(job["jobStatus"], "ERROR");
    let said = job["steps"][0]["stepError"].as_str().unwrap();
    assert!(said.starts_with("The settings are saved."), "{said}");
    assert_eq!(ana.get(&path).await.ok()["dbtConnection"]["type"], "gitlab");
}

#[tokio::test]
async fn the_same_request_twice_is_one_change_and_two_at_once_are_one_after_the_other() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = connected(&app).await;
    let body = change(postgres(json!({})));
    let send = || {
        ana.patch(&path)
            .json(&body)
            .header("idempotency-key", "once")
    };
    assert_eq!(send().await.ok(), send().await.ok());

    let set = |name: &str| {
        ana.patch(&path)
            .json(&change(postgres(json!({ "dbname": name }))))
    };
    let (one, other) = (set("e"), set("f"));
    let (one, other) = tokio::join!(one, other);
    for reply in [one, other] {
        assert!(matches!(reply.status.as_u16(), 200 | 409), "{}", reply.text);
    }
    assert_eq!(sealed(&app, &path).await["password"], "hunter2");
}
