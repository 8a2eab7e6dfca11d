use std::{sync::Arc, time::Duration};

use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::Notify;
use warehouse::{Credentials, Error, Hosts, Statement, Table, Type, Warehouse, Warehouses};

use crate::server::{self, Answer, Asked, Server, connection_error, ok, rows, statement, status};

const PATH: &str = "/sql/1.0/warehouses/abc123";
const STATEMENTS: &str = "/api/2.0/sql/statements";

fn connect(port: u16) -> Arc<dyn Warehouse> {
    let host = format!("http://127.0.0.1:{port}");
    connect_to(&host, PATH, Some("main"), Hosts::Any).unwrap()
}

fn connect_to(
    host: &str,
    path: &str,
    catalog: Option<&str>,
    hosts: Hosts,
) -> Result<Arc<dyn Warehouse>, Error> {
    let credentials: Credentials = serde_json::from_value(json!({
        "type": "databricks", "serverHostName": host, "httpPath": path, "catalog": catalog,
        "database": "shop", "personalAccessToken": "to-ken",
    }))
    .unwrap();
    Warehouses::new(hosts).connect("project", &credentials)
}

fn state(state: &str) -> Response {
    ok(json!({"statement_id": "01-ab", "status": {"state": state}}).to_string())
}

fn failed(message: &str) -> Response {
    let error = json!({"error_code": "BAD_REQUEST", "message": message});
    ok(json!({"statement_id": "01-ab", "status": {"state": "FAILED", "error": error}}).to_string())
}

/// A statement that has succeeded, with these columns, whose rows are behind these links.
fn succeeded(columns: &[(&str, &str)], links: Value) -> Response {
    let columns: Vec<_> = columns
        .iter()
        .map(|(name, of)| json!({"name": name, "type_text": of, "type_name": "STRING"}))
        .collect();
    let answer = json!({
        "statement_id": "01-ab", "status": {"state": "SUCCEEDED"},
        "manifest": {"format": "JSON_ARRAY", "schema": {"columns": columns}, "truncated": false},
        "result": {"external_links": links},
    });
    ok(answer.to_string())
}

/// A server that answers any statement with one link, and the link with this.
async fn behind_a_link(columns: &'static [(&str, &str)], body: fn() -> Response) -> Server {
    Server::start(move |asked, _, here| match asked.line.as_str() {
        "GET /store/0?sig=secret" => body(),
        _ => {
            let link = format!("{here}/store/0?sig=secret");
            succeeded(columns, json!([{"chunk_index": 0, "external_link": link}]))
        }
    })
    .await
}

#[tokio::test]
async fn links_are_followed_from_chunk_to_chunk_and_never_get_the_token() {
    let server = Server::start(|asked: &Asked, _, here: &str| {
        let link = |n: u32| format!("{here}/store/{n}?sig=secret");
        let next = format!("{STATEMENTS}/01-ab/result/chunks/2?row_offset=2");
        match asked.line.split_once(' ').unwrap().1 {
            "/store/0?sig=secret" => server::pieces(vec![
                "[[\"1\",\"a".to_owned(),
                "\\\"]\"],".to_owned(),
                "[\"2\",null]]".to_owned(),
            ]),
            "/store/1?sig=secret" => ok("[]"),
            "/store/2?sig=secret" => ok("[[\"9223372036854775807\",\"\"]]"),
            "/api/2.0/sql/statements/01-ab/result/chunks/3" => ok("{}"),
            path if path == next => ok(json!({"next_chunk_internal_link": format!("{STATEMENTS}/01-ab/result/chunks/3"), "external_links": [
                {"chunk_index": 2, "external_link": link(2), "http_headers": {"x-key": "k"}},
            ]})
            .to_string()),
            _ => succeeded(
                &[("n", "BIGINT"), ("s", "STRING")],
                json!([
                    {"chunk_index": 0, "external_link": link(0)},
                    {"chunk_index": 1, "external_link": link(1), "next_chunk_internal_link": next},
                ]),
            ),
        }
    })
    .await;
    let found = rows(&*connect(server.port), "SELECT n, s FROM t")
        .await
        .unwrap();
    assert_eq!(
        server::columns(&found),
        [("n", Type::Integer), ("s", Type::Text)]
    );
    assert_eq!(
        found.rows,
        [
            [json!(1), json!("a\"]")],
            [json!(2), json!(null)],
            [json!(i64::MAX), json!("")],
        ]
    );
    let asked = server.asked();
    let lines: Vec<_> = asked.iter().map(|one| one.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "POST /api/2.0/sql/statements",
            "GET /store/0?sig=secret",
            "GET /store/1?sig=secret",
            "GET /api/2.0/sql/statements/01-ab/result/chunks/2?row_offset=2",
            "GET /store/2?sig=secret",
            "GET /api/2.0/sql/statements/01-ab/result/chunks/3",
        ]
    );
    for one in &asked {
        let token = (!one.line.contains("/store/")).then_some("Bearer to-ken");
        assert_eq!(one.header("authorization"), token, "{}", one.line);
    }
    assert_eq!(asked[4].header("x-key"), Some("k"));
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(
        body,
        json!({
            "statement": "SELECT n, s FROM t", "warehouse_id": "abc123", "catalog": "main",
            "schema": "shop", "disposition": "EXTERNAL_LINKS", "format": "JSON_ARRAY",
            "wait_timeout": "10s", "on_wait_timeout": "CONTINUE",
        })
    );
}

#[tokio::test]
async fn a_statement_is_asked_for_until_it_has_ended() {
    let server = Server::start(|_, before, _| match before {
        0 => state("PENDING"),
        1 => status(503, "starting"),
        2 => state("RUNNING"),
        3 => status(429, "slow down"),
        _ => succeeded(&[("n", "INT")], json!([])),
    })
    .await;
    let found = rows(&*connect(server.port), "SELECT 1").await.unwrap();
    assert_eq!(server::columns(&found), [("n", Type::Integer)]);
    assert!(found.rows.is_empty());
    let lines = server.lines();
    assert_eq!(lines.len(), 5);
    assert!(
        lines
            .iter()
            .skip(1)
            .all(|line| line == "GET /api/2.0/sql/statements/01-ab"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn values_are_what_their_types_say() {
    const COLUMNS: &[(&str, &str)] = &[
        ("a", "BOOLEAN"),
        ("b", "DECIMAL(38,2)"),
        ("c", "DOUBLE"),
        ("d", "DATE"),
        ("e", "TIMESTAMP"),
        ("f", "TIMESTAMP_NTZ"),
        ("g", "ARRAY<INT>"),
        ("h", "STRUCT<a: INT>"),
        ("i", "INTERVAL DAY"),
        ("j", "TINYINT"),
    ];
    let server = behind_a_link(COLUMNS, || {
        ok(json!([
            [
                "true",
                "123456789012345678901234567890123456.50",
                "1.0E10",
                "2024-02-29",
                "2024-02-29T12:00:00.500Z",
                "2024-02-29T12:00:00.000",
                "[1,null]",
                "{\"a\":1}",
                "1",
                "-1"
            ],
            [null, null, "NaN", null, null, null, null, null, null, null],
        ])
        .to_string())
    })
    .await;
    let found = rows(&*connect(server.port), "SELECT 1").await.unwrap();
    let types: Vec<_> = found.columns.iter().map(|one| one.r#type).collect();
    assert_eq!(
        types,
        [
            Type::Boolean,
            Type::Decimal,
            Type::Double,
            Type::Date,
            Type::Timestamp,
            Type::Timestamp,
            Type::Json,
            Type::Json,
            Type::Text,
            Type::Integer,
        ]
    );
    assert_eq!(
        Value::from(found.rows[0].clone()),
        json!([
            true,
            "123456789012345678901234567890123456.50",
            1e10,
            "2024-02-29",
            "2024-02-29T12:00:00.5Z",
            "2024-02-29T12:00:00Z",
            [1, null],
            {"a": 1},
            "1",
            -1
        ])
    );
    assert_eq!(found.rows[1][2], json!("NaN"));
}

#[tokio::test]
async fn a_failed_statement_says_why_and_where() {
    let server = Server::start(|_, before, _| match before {
        0 => state("PENDING"),
        _ => failed(
            "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'. SQLSTATE: 42601 (line 1, pos 9)",
        ),
    })
    .await;
    let error = rows(&*connect(server.port), "SELECT 1 FORM t").await;
    assert_eq!(
        error,
        Err(Error::Query {
            message:
                "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'. SQLSTATE: 42601 (line 1, pos 9)"
                    .to_owned(),
            line: Some(1),
            character: Some(10),
        })
    );
    for (of, wanted) in [
        ("CANCELED", "cancelled"),
        ("CLOSED", "no longer"),
        ("FAILED", "failed"),
    ] {
        let server = Server::start(move |_, _, _| state(of)).await;
        let error = rows(&*connect(server.port), "SELECT 1").await.unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let server = Server::start(|_, _, _| {
        status(
            400,
            &json!({"error_code": "BAD_REQUEST", "message": "abc123 is not a warehouse"})
                .to_string(),
        )
    })
    .await;
    let error = rows(&*connect(server.port), "SELECT 1").await;
    assert_eq!(error, Err(Error::query("abc123 is not a warehouse")));
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_no_answer() {
    let server = Server::start(|_, _, _| {
        ok(json!({"statement_id": "01-ab", "status": {"state": "SUCCEEDED"}, "manifest": {"truncated": true}})
            .to_string())
    })
    .await;
    let error = rows(&*connect(server.port), "SELECT 1").await;
    assert_eq!(error, Err(Error::query("Databricks cut the answer off")));
}

#[tokio::test]
async fn an_answer_with_fewer_rows_than_it_says_is_an_error() {
    for (total, link) in [(2, true), (1, false)] {
        let server = Server::start(move |asked: &Asked, _, here: &str| {
            if asked.line == "GET /store/0" {
                return ok("[[\"1\"]]");
            }
            let links = match link {
                true => json!([{"external_link": format!("{here}/store/0")}]),
                false => json!([]),
            };
            ok(json!({
                "statement_id": "01-ab", "status": {"state": "SUCCEEDED"},
                "manifest": {"schema": {"columns": [{"name": "n", "type_name": "INT"}]}, "total_row_count": total},
                "result": {"external_links": links},
            })
            .to_string())
        })
        .await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains("broke off"), "{message}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_named_without_it() {
    for wrong in [401, 403] {
        let server = Server::start(move |_, _, _| status(wrong, "to-ken is wrong")).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains("personal access token"), "{message}");
        assert!(!message.contains("to-ken"), "{message}");
    }
}

#[tokio::test]
async fn a_dropped_statement_is_cancelled() {
    let mut server = Server::start(|_, _, _| state("RUNNING")).await;
    let connection = connect(server.port);
    let one = statement("SELECT 1");
    tokio::select! {
        _ = connection.stream(&one) => panic!("it never ends"),
        _ = server.sees(|asked| asked.line.starts_with("GET")) => {}
    }
    let cancel = server.sees(|asked| asked.line.ends_with("/cancel")).await;
    assert_eq!(cancel.line, "POST /api/2.0/sql/statements/01-ab/cancel");
    assert_eq!(cancel.header("authorization"), Some("Bearer to-ken"));
}

#[tokio::test]
async fn a_statement_dropped_before_its_id_is_known_is_cancelled_once_it_is() {
    let gate = Arc::new(Notify::new());
    let held = gate.clone();
    let mut server = Server::start(move |_, _, _| {
        let answer = json!({"statement_id": "01-ab", "status": {"state": "RUNNING"}});
        server::after(held.clone(), answer.to_string())
    })
    .await;
    let connection = connect(server.port);
    let one = statement("SELECT 1");
    tokio::select! {
        _ = connection.stream(&one) => panic!("it was not answered"),
        _ = server.sees(|asked| asked.line.starts_with("POST")) => {}
    }
    gate.notify_one();
    let next = server.sees(|_| true).await;
    assert_eq!(next.line, "POST /api/2.0/sql/statements/01-ab/cancel");
}

#[tokio::test]
async fn a_statement_over_its_time_is_given_up_and_cancelled() {
    let mut server = Server::start(|_, _, _| state("PENDING")).await;
    let time = Duration::from_millis(300);
    let connection = connect(server.port);
    let error = connection.stream(&Statement::new("SELECT 1", time)).await;
    assert_eq!(error.map(|_| ()), Err(Error::Time(time)));
    server
        .sees(|asked| asked.line == "POST /api/2.0/sql/statements/01-ab/cancel")
        .await;
    let body: Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    assert_eq!(body["wait_timeout"], "0s");
}

#[tokio::test]
async fn a_storage_that_hangs_ends_with_the_time() {
    let server = behind_a_link(&[("n", "INT")], || {
        server::then_nothing("[[\"1\"],".to_owned())
    })
    .await;
    let time = Duration::from_millis(300);
    let connection = connect(server.port);
    let one = Statement::new("SELECT 1", time);
    let mut stream = connection.stream(&one).await.unwrap();
    assert_eq!(stream.next().await, Some(Ok(vec![vec![json!(1)]])));
    assert_eq!(stream.next().await, Some(Err(Error::Time(time))));
}

#[tokio::test]
async fn bodies_that_are_none_of_the_api_are_named() {
    let cases: Vec<(Answer, &str)> = vec![
        (server::html, "web page"),
        (
            || ok("{\"statement_id\": \"01"),
            "broke off within its answer",
        ),
        (|| ok("{}"), "not of its protocol"),
        (
            || ok(r#"{"statement_id":"../../x","status":{"state":"RUNNING"}}"#),
            "not of its protocol",
        ),
        (
            || server::broken("{\"statement_id\":"),
            "broke off the connection",
        ),
        (|| status(302, ""), "status 302"),
    ];
    for (answer, wanted) in cases {
        let server = Server::start(move |_, _, _| answer()).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains(wanted), "{message}");
    }
}

#[tokio::test]
async fn bodies_of_the_storage_that_are_no_rows_are_named_without_their_link() {
    let cases: Vec<(Answer, &str)> = vec![
        (server::html, "not of its protocol"),
        (|| ok("[[\"1\"],[\"2\""), "broke off within its answer"),
        (|| ok(""), "broke off within its answer"),
        (|| ok("[[1,]]"), "not of its protocol"),
        (|| server::broken("[[\"1\"],"), "broke off the connection"),
        (|| server::endless("[[\"", "a"), "more than 64 MB at once"),
        (|| status(403, "<Error>expired</Error>"), "status 403"),
    ];
    for (body, wanted) in cases {
        let server = behind_a_link(&[("n", "INT")], body).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains(wanted), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
    for body in [
        || ok("[[\"1\",\"2\"]]"),
        || ok("[[\"x\"]]"),
        || ok("[[[\"1\"]]]"),
    ] {
        let server = behind_a_link(&[("n", "INT")], body).await;
        let error = rows(&*connect(server.port), "SELECT 1").await;
        assert!(matches!(error, Err(Error::Engine(_))), "{error:?}");
    }
}

#[tokio::test]
async fn chunks_outside_of_the_api_are_refused() {
    let other = Server::start(|_, _, _| ok("{}")).await;
    for next in [
        format!("http://127.0.0.1:{}{STATEMENTS}/1", other.port),
        "/api/2.0/secrets/get".to_owned(),
        format!("{STATEMENTS}/../../clusters"),
        "//example.com/x".to_owned(),
    ] {
        let server = Server::start(move |_, _, here| {
            let link = format!("{here}/store/0");
            succeeded(
                &[("n", "INT")],
                json!([{"external_link": link, "next_chunk_internal_link": next}]),
            )
        })
        .await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains("outside of its API"), "{message}");
        assert_eq!(server.lines().len(), 1);
    }
    assert!(other.lines().is_empty());
}

#[tokio::test]
async fn an_address_must_be_public_https_and_of_a_sql_warehouse() {
    let (_kept, port) = server::closed_port();
    let refused = |host: &str, path: &str, hosts| match connect_to(host, path, None, hosts) {
        Err(Error::Connection(message)) => message,
        other => panic!("{:?}", other.map(|_| ())),
    };
    refused(&format!("127.0.0.1:{port}"), PATH, Hosts::Public);
    let plain = refused("http://dbc.cloud.databricks.com", PATH, Hosts::Public);
    assert!(plain.contains("https only"), "{plain}");
    for path in [
        "",
        "/sql/protocolv1/o/0/0123-456",
        "/sql/1.0/warehouses/",
        "/sql/1.0/warehouses/a/b",
        "/sql/1.0/warehouses/a%2f",
    ] {
        let message = refused("dbc.cloud.databricks.com", path, Hosts::Public);
        assert!(message.contains("/sql/1.0/warehouses/<id>"), "{message}");
    }
    for host in [
        "dbc.cloud.databricks.com",
        "https://dbc.cloud.databricks.com/",
    ] {
        assert!(connect_to(host, "sql/1.0/warehouses/abc", None, Hosts::Public).is_ok());
    }
    let named = connect_to(&format!("localhost:{port}"), PATH, None, Hosts::Public).unwrap();
    let message = connection_error(&*named).await;
    assert!(message.contains("not a public address"), "{message}");
    let message = connection_error(&*connect(port)).await;
    assert!(message.contains("cannot be reached"), "{message}");
    let server = Server::start(|_, _, _| ok("{}")).await;
    let host = format!("127.0.0.1:{}", server.port);
    let tls = connect_to(&host, PATH, None, Hosts::Any).unwrap();
    let message = connection_error(&*tls).await;
    assert!(message.contains("cannot be reached"), "{message}");
}

#[tokio::test]
async fn tags_are_a_comment_at_the_end_and_only_reading_is_sent() {
    let server = Server::start(|_, _, _| succeeded(&[("n", "INT")], json!([]))).await;
    let connection = connect(server.port);
    let mut tagged = statement("SELECT 1;");
    tagged.tags = vec![("project_uuid", "p".to_owned())];
    connection.stream(&tagged).await.unwrap();
    let body: Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    assert_eq!(body["statement"], "SELECT 1\n-- {\"project_uuid\":\"p\"}");
    for sql in [
        "DROP TABLE t",
        "SELECT 1; SELECT 2",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    ] {
        let error = rows(&*connection, sql).await;
        assert!(matches!(error, Err(Error::Refused(_))), "{error:?}");
    }
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn the_catalogue_is_that_of_the_connection() {
    const NAMES: &[(&str, &str)] = &[("c", "STRING"), ("s", "STRING"), ("t", "STRING")];
    let sql_of = |server: &Server| {
        let body: Value = serde_json::from_str(&server.asked()[0].body).unwrap();
        body["statement"].as_str().unwrap().to_owned()
    };
    let table = |database: &str| Table {
        database: database.to_owned(),
        schema: "shop".to_owned(),
        name: "orders".to_owned(),
        partition: None,
    };
    let server = behind_a_link(NAMES, || ok(r#"[["main","shop","orders"]]"#)).await;
    assert_eq!(
        connect(server.port).tables().await.unwrap(),
        [table("main")]
    );
    let sql = sql_of(&server);
    assert!(sql.contains("`main`.information_schema.tables"), "{sql}");

    let server = behind_a_link(NAMES, || ok(r#"[["shop","orders","false"]]"#)).await;
    let host = format!("http://127.0.0.1:{}", server.port);
    let hive = connect_to(&host, PATH, Some("hive_metastore"), Hosts::Any).unwrap();
    assert_eq!(hive.tables().await.unwrap(), [table("hive_metastore")]);
    assert_eq!(sql_of(&server), "SHOW TABLES IN `hive_metastore`.`shop`");

    let server = Server::start(|_, _, _| succeeded(&[("n", "DECIMAL(1,0)")], json!([]))).await;
    let fields = connect(server.port).fields(None, Some("a`b"), "t").await;
    let fields = fields.unwrap();
    assert_eq!(
        (fields[0].name.as_str(), fields[0].r#type),
        ("n", Type::Decimal)
    );
    assert_eq!(sql_of(&server), "SELECT * FROM `main`.`a``b`.`t` LIMIT 0");

    let server = Server::start(|_, _, _| failed("[TABLE_OR_VIEW_NOT_FOUND] no")).await;
    let fields = connect(server.port).fields(None, None, "t").await;
    assert_eq!(fields, Ok(Vec::new()));
}
