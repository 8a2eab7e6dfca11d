use std::{sync::Arc, time::Duration};

use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::Notify;
use warehouse::{Credentials, Error, Hosts, Statement, Table, Type, Warehouse, Warehouses};

use crate::server::{self, Answer, Asked, Server, connection_error, ok, rows, statement, status};

fn connect(port: u16) -> Arc<dyn Warehouse> {
    connect_to("127.0.0.1", port, "http", Hosts::Any).unwrap()
}

fn connect_to(
    host: &str,
    port: u16,
    scheme: &str,
    hosts: Hosts,
) -> Result<Arc<dyn Warehouse>, Error> {
    let credentials: Credentials = serde_json::from_value(json!({
        "type": "trino", "host": host, "port": port, "user": "ada", "password": "pass-word",
        "dbname": "lake", "schema": "shop", "http_scheme": scheme,
    }))
    .unwrap();
    Warehouses::new(hosts).connect("project", &credentials)
}

/// Pages one after the other; each but the last leads to the next.
fn pages(pages: Vec<Value>) -> impl Fn(&Asked, usize, &str) -> Response + Clone + Send + Sync {
    move |asked, _, here| {
        let at = match asked.line.rsplit_once("/page/") {
            Some((_, at)) => at.parse().unwrap(),
            None => 0usize,
        };
        let mut page = pages[at].clone();
        if at + 1 < pages.len() && page.get("error").is_none() {
            page["nextUri"] = json!(format!("{here}/v1/statement/page/{}", at + 1));
        }
        ok(page.to_string())
    }
}

fn one_number() -> Value {
    json!([{"name": "n", "type": "bigint"}])
}

#[tokio::test]
async fn pages_are_followed_until_there_is_no_next_one() {
    let server = Server::start(pages(vec![
        json!({"stats": {"state": "QUEUED"}}),
        json!({"stats": {"state": "RUNNING"}, "columns": one_number()}),
        json!({"columns": one_number(), "data": [[1], [2]]}),
        json!({"columns": one_number()}),
        json!({"columns": one_number(), "data": [[3]]}),
        json!({"columns": one_number(), "stats": {"state": "FINISHED"}}),
    ]))
    .await;
    let found = rows(&*connect(server.port), "SELECT n FROM t;")
        .await
        .unwrap();
    assert_eq!(server::columns(&found), [("n", Type::Integer)]);
    assert_eq!(found.rows, [[json!(1)], [json!(2)], [json!(3)]]);

    let asked = server.asked();
    assert_eq!(asked.len(), 6);
    assert_eq!(
        (asked[0].line.as_str(), asked[0].body.as_str()),
        ("POST /v1/statement", "SELECT n FROM t")
    );
    let headers = [
        ("x-trino-user", "ada"),
        ("x-trino-catalog", "lake"),
        ("x-trino-schema", "shop"),
        ("x-trino-time-zone", "UTC"),
        ("x-trino-source", "zerodash"),
        ("x-trino-client-capabilities", "PARAMETRIC_DATETIME"),
        ("authorization", "Basic YWRhOnBhc3Mtd29yZA=="),
    ];
    for (name, value) in headers {
        assert_eq!(asked[0].header(name), Some(value), "{name}");
    }
    assert_eq!(
        asked[5].header("authorization"),
        Some("Basic YWRhOnBhc3Mtd29yZA==")
    );
}

#[tokio::test]
async fn values_are_what_their_types_say() {
    let cases = [
        ("boolean", json!(true), Type::Boolean, json!(true)),
        ("bigint", json!(i64::MIN), Type::Integer, json!(i64::MIN)),
        ("double", json!("NaN"), Type::Double, json!("NaN")),
        ("real", json!("-Infinity"), Type::Double, json!("-Infinity")),
        ("double", json!(0.1), Type::Double, json!(0.1)),
        (
            "decimal(38,2)",
            json!("123456789012345678901234567890123456.50"),
            Type::Decimal,
            json!("123456789012345678901234567890123456.50"),
        ),
        ("date", json!("2024-02-29"), Type::Date, json!("2024-02-29")),
        (
            "timestamp(6)",
            json!("2024-02-29 12:00:00.500000"),
            Type::Timestamp,
            json!("2024-02-29T12:00:00.5Z"),
        ),
        (
            "timestamp(0) with time zone",
            json!("2024-07-01 12:00:00 Europe/Berlin"),
            Type::Timestamp,
            json!("2024-07-01T10:00:00Z"),
        ),
        ("varchar(3)", json!("a\"b"), Type::Text, json!("a\"b")),
        (
            "time(3)",
            json!("12:00:00.000"),
            Type::Text,
            json!("12:00:00.000"),
        ),
        (
            "array(bigint)",
            json!([1, null]),
            Type::Json,
            json!([1, null]),
        ),
        (
            "map(varchar, double)",
            json!({"a": 1.5}),
            Type::Json,
            json!({"a": 1.5}),
        ),
        ("row(a bigint)", json!([1]), Type::Json, json!([1])),
        ("json", json!("{\"a\":[1]}"), Type::Json, json!({"a": [1]})),
    ];
    let columns: Vec<_> = cases
        .iter()
        .map(|one| json!({"name": "c", "type": one.0}))
        .collect();
    let row: Vec<_> = cases.iter().map(|one| one.1.clone()).collect();
    let nulls = vec![Value::Null; cases.len()];
    let server = Server::start(pages(vec![
        json!({"columns": columns, "data": [row, nulls]}),
    ]))
    .await;
    let found = rows(&*connect(server.port), "SELECT 1").await.unwrap();
    for (at, (name, _, of, value)) in cases.iter().enumerate() {
        assert_eq!(found.columns[at].r#type, *of, "{name}");
        assert_eq!(found.rows[0][at], *value, "{name}");
    }
    assert_eq!(found.rows[1], nulls);
}

#[tokio::test]
async fn an_error_has_its_place_and_ends_the_query() {
    let server = Server::start(pages(vec![
        json!({}),
        json!({"error": {
            "message": "line 2:8: Column 'x' cannot be resolved", "errorName": "COLUMN_NOT_FOUND",
            "errorLocation": {"lineNumber": 2, "columnNumber": 8},
        }}),
    ]))
    .await;
    let error = rows(&*connect(server.port), "SELECT\n       x").await;
    assert_eq!(
        error,
        Err(Error::Query {
            message: "line 2:8: Column 'x' cannot be resolved".to_owned(),
            line: Some(2),
            character: Some(8),
        })
    );
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn an_error_after_rows_is_an_error() {
    let server = Server::start(pages(vec![
        json!({"columns": one_number(), "data": [[1]]}),
        json!({"error": {"message": "Division by zero"}}),
    ]))
    .await;
    let connection = connect(server.port);
    let mut stream = connection.stream(&statement("SELECT 1/x")).await.unwrap();
    assert_eq!(stream.next().await, Some(Ok(vec![vec![json!(1)]])));
    assert_eq!(
        stream.next().await,
        Some(Err(Error::query("Division by zero")))
    );
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn what_a_gateway_says_is_tried_again_and_nothing_else_is() {
    let server = Server::start(|_, before, _| match before {
        0 => status(503, "busy"),
        1 => status(502, "busy"),
        2 => status(504, "busy"),
        _ => ok(json!({"columns": one_number(), "data": [[1]]}).to_string()),
    })
    .await;
    let found = rows(&*connect(server.port), "SELECT 1").await.unwrap();
    assert_eq!(found.rows, [[json!(1)]]);
    assert_eq!(server.lines().len(), 4);

    let server = Server::start(|_, _, _| status(500, "secret stack")).await;
    let message = connection_error(&*connect(server.port)).await;
    assert_eq!(message, "Trino answered with status 500");
    assert_eq!(server.lines().len(), 1);

    let server = Server::start(|_, _, _| status(503, "busy")).await;
    let message = connection_error(&*connect(server.port)).await;
    assert_eq!(message, "Trino answered with status 503");
    assert_eq!(server.lines().len(), 6);
}

#[tokio::test]
async fn a_wrong_login_is_named_without_the_password() {
    for wrong in [401, 403] {
        let server = Server::start(move |_, _, _| status(wrong, "pass-word is wrong")).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains("does not accept the login"), "{message}");
        assert!(!message.contains("pass-word"), "{message}");
    }
}

#[tokio::test]
async fn a_dropped_answer_is_cancelled_at_its_next_page() {
    let mut server = Server::start(pages(vec![
        json!({"columns": one_number(), "data": [[1]]}),
        json!({"columns": one_number(), "data": [[2]]}),
        json!({"columns": one_number(), "data": [[3]]}),
    ]))
    .await;
    let connection = connect(server.port);
    let mut stream = connection.stream(&statement("SELECT n")).await.unwrap();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let cancel = server.sees(|asked| asked.line.starts_with("DELETE")).await;
    assert_eq!(cancel.line, "DELETE /v1/statement/page/2");
    assert!(cancel.header("authorization").is_some());
    assert!(
        !server
            .lines()
            .contains(&"GET /v1/statement/page/2".to_owned())
    );
}

#[tokio::test]
async fn an_answer_that_was_read_to_its_end_is_not_cancelled() {
    let server = Server::start(pages(vec![
        json!({"columns": one_number(), "data": [[1]]}),
        json!({"columns": one_number()}),
    ]))
    .await;
    let connection = connect(server.port);
    rows(&*connection, "SELECT 1").await.unwrap();
    // Had it been cancelled, that would have come before what follows it.
    rows(&*connection, "SELECT 2").await.unwrap();
    let lines = server.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("DELETE")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_query_over_its_time_is_given_up_and_cancelled() {
    let mut server = Server::start(|asked, _, here| {
        if asked.line.starts_with("POST") {
            return ok(json!({"nextUri": format!("{here}/v1/statement/page/1")}).to_string());
        }
        if asked.line.starts_with("DELETE") {
            return status(204, "");
        }
        server::hang()
    })
    .await;
    let time = Duration::from_millis(300);
    let connection = connect(server.port);
    let error = connection.stream(&Statement::new("SELECT 1", time)).await;
    assert_eq!(error.map(|_| ()), Err(Error::Time(time)));
    server
        .sees(|asked| asked.line == "DELETE /v1/statement/page/1")
        .await;
}

#[tokio::test]
async fn a_query_dropped_before_its_first_answer_is_cancelled_once_that_comes() {
    let gate = Arc::new(Notify::new());
    let held = gate.clone();
    let mut server = Server::start(move |_, _, here| {
        let next = json!({"nextUri": format!("{here}/v1/statement/page/1")});
        server::after(held.clone(), next.to_string())
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
    assert_eq!(next.line, "DELETE /v1/statement/page/1");
}

#[tokio::test]
async fn the_next_page_on_another_server_is_refused() {
    let other = Server::start(|_, _, _| ok("{}")).await;
    let port = other.port;
    for next in [
        format!("http://127.0.0.1:{port}/v1/statement/page/1"),
        "http://example.com/v1/statement/page/1".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//127.0.0.2/x".to_owned(),
        "http://ada@[::1/".to_owned(),
    ] {
        let answer = json!({"nextUri": next, "columns": one_number()}).to_string();
        let server = Server::start(move |_, _, _| ok(answer.clone())).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains("on another server"), "{message}");
        assert_eq!(server.lines().len(), 1);
    }
    assert!(other.lines().is_empty());
}

#[tokio::test]
async fn bodies_that_are_none_of_trinos_are_named() {
    let cases: Vec<(Answer, &str)> = vec![
        (server::html, "web page"),
        (|| ok("{\"columns\": [{\"na"), "broke off within its answer"),
        (|| ok("[]"), "not of its protocol"),
        (|| ok("{\"data\": 5}"), "not of its protocol"),
        (
            || server::broken("{\"columns\":"),
            "broke off the connection",
        ),
        (
            || server::endless("{\"x\":\"", "a"),
            "more than 64 MB at once",
        ),
    ];
    for (answer, wanted) in cases {
        let server = Server::start(move |_, _, _| answer()).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.starts_with("Trino "), "{message}");
        assert!(message.contains(wanted), "{message}");
    }
}

#[tokio::test]
async fn rows_that_do_not_fit_their_columns_are_errors() {
    for data in [
        json!([[1, 2]]),
        json!([[]]),
        json!([["x"]]),
        json!([[1.5]]),
        json!([[[1]]]),
        json!([[18_446_744_073_709_551_615u64], [true]]),
    ] {
        let page = json!({"columns": one_number(), "data": data});
        let server = Server::start(pages(vec![page])).await;
        let error = rows(&*connect(server.port), "SELECT 1").await;
        assert!(matches!(error, Err(Error::Engine(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let (_kept, port) = server::closed_port();
    let message = connection_error(&*connect(port)).await;
    assert!(message.contains("cannot be reached"), "{message}");
    assert!(message.contains("refused"), "{message}");

    // A server that does not speak TLS.
    let server = Server::start(|_, _, _| ok("{}")).await;
    let https = connect_to("127.0.0.1", server.port, "https", Hosts::Any).unwrap();
    let message = connection_error(&*https).await;
    assert!(message.contains("cannot be reached"), "{message}");
}

#[tokio::test]
async fn addresses_inside_are_refused_where_only_public_ones_are_allowed() {
    let server = Server::start(|_, _, _| ok("{}")).await;
    let number = connect_to("127.0.0.1", server.port, "http", Hosts::Public);
    assert!(matches!(number.map(|_| ()), Err(Error::Connection(_))));
    let named = connect_to("localhost", server.port, "http", Hosts::Public).unwrap();
    let message = connection_error(&*named).await;
    assert!(message.contains("not a public address"), "{message}");
    assert!(server.lines().is_empty());
    let scheme = connect_to("127.0.0.1", server.port, "ftp", Hosts::Any);
    assert!(matches!(scheme.map(|_| ()), Err(Error::Connection(_))));
}

#[tokio::test]
async fn tags_are_a_comment_at_the_end_and_only_reading_is_sent() {
    let server = Server::start(pages(vec![json!({"columns": one_number()})])).await;
    let connection = connect(server.port);
    let mut tagged = statement("SELECT 1 -- one");
    tagged.tags = vec![("query_context", "ex\nplore".to_owned())];
    connection.stream(&tagged).await.unwrap();
    assert_eq!(
        server.asked()[0].body,
        "SELECT 1 -- one\n-- {\"query_context\":\"ex\\nplore\"}"
    );
    for sql in ["DROP TABLE t", "SELECT 1; SELECT 2", "CALL p()"] {
        let error = rows(&*connection, sql).await;
        assert!(matches!(error, Err(Error::Refused(_))), "{error:?}");
    }
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn the_catalogue_is_asked_with_names_and_texts_in_quotes() {
    let columns = json!([{"name": "a", "type": "varchar"}, {"name": "b", "type": "varchar"}]);
    let page = json!({"columns": columns, "data": [["id", "bigint"], ["at", "timestamp(3) with time zone"]]});
    let server = Server::start(pages(vec![page])).await;
    let fields = connect(server.port)
        .fields(Some("la\"ke"), None, "It's")
        .await
        .unwrap();
    let types: Vec<_> = fields
        .iter()
        .map(|one| (one.name.as_str(), one.r#type))
        .collect();
    assert_eq!(types, [("id", Type::Integer), ("at", Type::Timestamp)]);
    let sql = server.asked()[0].body.clone();
    assert!(
        sql.contains("FROM \"la\"\"ke\".information_schema.columns"),
        "{sql}"
    );
    assert!(
        sql.contains("table_schema = 'shop' AND table_name = 'it''s'"),
        "{sql}"
    );

    let column = |name: &str| json!({"name": name, "type": "varchar"});
    let columns = json!([column("a"), column("b"), column("c")]);
    let server = Server::start(pages(vec![
        json!({"columns": columns, "data": [["lake", "shop", "orders"]]}),
    ]))
    .await;
    let tables = connect(server.port).tables().await.unwrap();
    let wanted = Table {
        database: "lake".to_owned(),
        schema: "shop".to_owned(),
        name: "orders".to_owned(),
        partition: None,
    };
    assert_eq!(tables, [wanted]);
}

#[tokio::test]
async fn pages_are_fetched_when_somebody_asks_for_them() {
    let server = Server::start(pages(vec![
        json!({"columns": one_number(), "data": [[1]]}),
        json!({"columns": one_number(), "data": [[2]]}),
    ]))
    .await;
    let connection = connect(server.port);
    let mut stream = connection.stream(&statement("SELECT n")).await.unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(server.lines(), ["POST /v1/statement"]);
    assert_eq!(stream.next().await, Some(Ok(vec![vec![json!(2)]])));
    assert_eq!(stream.next().await, None);
}
