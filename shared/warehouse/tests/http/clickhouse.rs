use std::{sync::Arc, time::Duration};

use axum::response::Response;
use serde_json::json;
use warehouse::{Credentials, Error, Hosts, Statement, Table, Type, Warehouse, Warehouses};

use crate::server::{
    self, Answer, Asked, Server, closed_port, connection_error, ok, rows, statement, status,
};

fn connect(port: u16) -> Arc<dyn Warehouse> {
    connect_to("127.0.0.1", port, false, Hosts::Any).unwrap()
}

fn connect_to(
    host: &str,
    port: u16,
    secure: bool,
    hosts: Hosts,
) -> Result<Arc<dyn Warehouse>, Error> {
    let credentials: Credentials = serde_json::from_value(json!({
        "type": "clickhouse", "host": host, "port": port, "user": "ada", "password": "pass-word",
        "schema": "shop", "secure": secure,
    }))
    .unwrap();
    Warehouses::new(hosts).connect("project", &credentials)
}

/// A part of the address's query.
fn setting(asked: &Asked, name: &str) -> Option<String> {
    let (_, query) = asked.line.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn is_kill(asked: &Asked) -> bool {
    asked.body.starts_with("KILL QUERY")
}

const HEAD: &str = "[\"n\"]\n[\"UInt8\"]\n";

#[tokio::test]
async fn lines_are_rows_wherever_pieces_end() {
    let text = "[\"n\",\"s\"]\n[\"UInt64\",\"Nullable(String)\"]\n[\"18446744073709551615\",\"a\\nb\"]\n[\"0\",null]\n";
    for at in [0, 3, 10, 11, 40, 60, text.len() - 1] {
        let (one, two) = text.split_at(at);
        let parts = vec![one.to_owned(), two.to_owned()];
        let server = Server::start(move |_, _, _| server::pieces(parts.clone())).await;
        let found = rows(&*connect(server.port), "SELECT n, s FROM t")
            .await
            .unwrap();
        assert_eq!(
            server::columns(&found),
            [("n", Type::Integer), ("s", Type::Text)]
        );
        assert_eq!(
            found.rows,
            [[json!(u64::MAX), json!("a\nb")], [json!(0), json!(null)]]
        );
        assert_eq!(server.lines().len(), 1, "it was not killed");
    }
}

#[tokio::test]
async fn the_login_is_in_headers_and_settings_are_in_the_address() {
    let server = Server::start(|_, _, _| ok(HEAD)).await;
    let mut tagged = statement("SELECT 1;");
    tagged.tags = vec![("query_context", "explore".to_owned())];
    let connection = connect(server.port);
    let stream = connection.stream(&tagged).await.unwrap();
    stream.collect().await.unwrap();
    connection.stream(&tagged).await.unwrap();
    let asked = server.asked();
    let (first, second) = (&asked[0], &asked[1]);
    assert_eq!(first.body, "SELECT 1");
    assert_eq!(first.header("x-clickhouse-user"), Some("ada"));
    assert_eq!(first.header("x-clickhouse-key"), Some("pass-word"));
    assert!(!first.line.contains("pass-word"));
    let wanted = [
        ("default_format", "JSONCompactEachRowWithNamesAndTypes"),
        ("readonly", "2"),
        ("max_execution_time", "21"),
        ("session_timezone", "UTC"),
        ("date_time_output_format", "iso"),
        ("output_format_json_quote_64bit_integers", "1"),
        ("output_format_json_quote_decimals", "1"),
        ("log_comment", "{\"query_context\":\"explore\"}"),
        ("database", "shop"),
    ];
    for (name, value) in wanted {
        assert_eq!(setting(first, name).as_deref(), Some(value), "{name}");
    }
    assert_ne!(setting(first, "query_id"), setting(second, "query_id"));
}

#[tokio::test]
async fn values_are_what_their_types_say() {
    let cases = [
        ("Bool", json!(true), Type::Boolean, json!(true)),
        (
            "Int64",
            json!("-9223372036854775808"),
            Type::Integer,
            json!(i64::MIN),
        ),
        ("UInt32", json!(7), Type::Integer, json!(7)),
        (
            "UInt256",
            json!("123456789012345678901234567890"),
            Type::Decimal,
            json!("123456789012345678901234567890"),
        ),
        (
            "Decimal(38, 2)",
            json!("12.50"),
            Type::Decimal,
            json!("12.50"),
        ),
        ("Float64", json!("nan"), Type::Double, json!("NaN")),
        ("Float64", json!("-inf"), Type::Double, json!("-Infinity")),
        ("Nullable(Float32)", json!(0.1), Type::Double, json!(0.1)),
        ("LowCardinality(String)", json!("a"), Type::Text, json!("a")),
        ("Date", json!("2024-02-29"), Type::Date, json!("2024-02-29")),
        (
            "DateTime",
            json!("2024-02-29T12:00:00Z"),
            Type::Timestamp,
            json!("2024-02-29T12:00:00Z"),
        ),
        (
            "DateTime64(3, 'UTC')",
            json!("2024-02-29T12:00:00.500Z"),
            Type::Timestamp,
            json!("2024-02-29T12:00:00.5Z"),
        ),
        ("Array(UInt64)", json!(["1"]), Type::Json, json!([1])),
        (
            "Map(String, Int64)",
            json!({"a": "1"}),
            Type::Json,
            json!({"a": 1}),
        ),
        (
            "Tuple(a Int64, b String)",
            json!({"a": "1", "b": "1"}),
            Type::Json,
            json!({"a": 1, "b": "1"}),
        ),
        ("UUID", json!("x"), Type::Text, json!("x")),
    ];
    let names = vec!["c"; cases.len()];
    let types: Vec<_> = cases.iter().map(|one| one.0).collect();
    let values: Vec<_> = cases.iter().map(|one| one.1.clone()).collect();
    let body = format!("{}\n{}\n{}\n", json!(names), json!(types), json!(values));
    let server = Server::start(move |_, _, _| ok(body.clone())).await;
    let found = rows(&*connect(server.port), "SELECT 1").await.unwrap();
    for (at, (name, _, of, value)) in cases.iter().enumerate() {
        assert_eq!(found.columns[at].r#type, *of, "{name}");
        assert_eq!(found.rows[0][at], *value, "{name}");
    }
}

#[tokio::test]
async fn an_error_before_rows_says_where() {
    let text = "Code: 62. DB::Exception: Syntax error: failed at position 10 ('FORM') (line 2, col 1): FORM t. Expected one of: x. (SYNTAX_ERROR) (version 25.3.1.1 (official build))\n";
    for code in [400, 404, 500] {
        let server = Server::start(move |_, _, _| status(code, text)).await;
        let error = rows(&*connect(server.port), "SELECT 1\nFORM t").await;
        let Err(Error::Query {
            message,
            line,
            character,
        }) = error
        else {
            panic!("{error:?}");
        };
        assert!(message.starts_with("Syntax error: failed"), "{message}");
        assert!(!message.contains("version"), "{message}");
        assert_eq!((line, character), (Some(2), Some(1)));
        assert_eq!(
            server.lines().len(),
            1,
            "it was neither killed nor sent again"
        );
    }
}

fn tagged(body: String, cut: bool) -> Response {
    let mut response = match cut {
        true => server::broken(body),
        false => ok(body),
    };
    let tag = "pu1fnufh98abcdef".parse().unwrap();
    response
        .headers_mut()
        .insert("X-ClickHouse-Exception-Tag", tag);
    response
}

#[tokio::test]
async fn an_exception_among_rows_is_an_error_and_no_row() {
    let text =
        "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 24.1.1)";
    let plain = format!("{HEAD}[1]\n{text}\n");
    let marked = format!("{HEAD}[1]\n__exception__\n{text}\n");
    let within = format!("{HEAD}[1]\n[{text}");
    let before = format!("{text}\n");
    let block = format!(
        "{HEAD}[1]\n\r\n__exception__\r\npu1fnufh98abcdef\r\n{text}\n99 pu1fnufh98abcdef\r\n__exception__\r\n"
    );
    let whole = |body: String| -> Arc<dyn Fn() -> Response + Send + Sync> {
        Arc::new(move || ok(body.clone()))
    };
    let cut = plain.trim_end().to_owned();
    let answers: Vec<Arc<dyn Fn() -> Response + Send + Sync>> = vec![
        Arc::new(move || server::broken(cut.clone())),
        whole(plain),
        whole(marked),
        whole(within),
        whole(before),
        Arc::new({
            let block = block.clone();
            move || tagged(block.clone(), false)
        }),
        Arc::new(move || tagged(block.clone(), true)),
    ];
    for answer in answers {
        let server = Server::start(move |_, _, _| answer()).await;
        let error = rows(&*connect(server.port), "SELECT n FROM t").await;
        let wanted = "Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)";
        assert_eq!(error, Err(Error::query(wanted)));
    }
}

#[tokio::test]
async fn rows_before_an_exception_come_and_text_that_looks_like_one_is_a_row() {
    let server = Server::start(|_, before, _| match before {
        0 => ok("[\"s\"]\n[\"String\"]\n[\"Code: 1. DB::Exception: \\n__exception__\"]\n"),
        _ => server::pieces(vec![
            format!("{HEAD}[1]\n"),
            "Code: 395. DB::Exception: Value passed to throwIf".to_owned(),
        ]),
    })
    .await;
    let connection = connect(server.port);
    let found = rows(&*connection, "SELECT s").await.unwrap();
    assert_eq!(
        found.rows,
        [[json!("Code: 1. DB::Exception: \n__exception__")]]
    );
    let mut stream = connection.stream(&statement("SELECT n")).await.unwrap();
    let mut all = Vec::new();
    let error = loop {
        match stream.next().await.expect("an error") {
            Ok(mut rows) => all.append(&mut rows),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::query("Value passed to throwIf"));
    assert!(all.is_empty() || all == [[json!(1)]], "{all:?}");
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_code_in_a_header_is_an_error_whatever_the_status() {
    let server = Server::start(|_, _, _| {
        let mut response =
            ok("Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE) (version 25)");
        response
            .headers_mut()
            .insert("X-ClickHouse-Exception-Code", "60".parse().unwrap());
        response
    })
    .await;
    let error = rows(&*connect(server.port), "SELECT 1").await;
    assert_eq!(error, Err(Error::query("Unknown table. (UNKNOWN_TABLE)")));
}

#[tokio::test]
async fn a_wrong_login_is_named_without_the_password_and_a_missing_privilege_is_not_one() {
    let wrong = [
        (
            403,
            "Code: 516. DB::Exception: ada: Authentication failed: password pass-word is incorrect",
        ),
        (500, "Code: 193. DB::Exception: Wrong password for user ada"),
        (401, "pass-word"),
    ];
    for (code, text) in wrong {
        let server = Server::start(move |_, _, _| status(code, text)).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains("does not accept the login"), "{message}");
        assert!(!message.contains("pass-word"), "{message}");
    }
    let text = "Code: 497. DB::Exception: ada: Not enough privileges. (ACCESS_DENIED)";
    let server = Server::start(move |_, _, _| status(403, text)).await;
    let error = rows(&*connect(server.port), "SELECT 1").await;
    let wanted = "ada: Not enough privileges. (ACCESS_DENIED)";
    assert_eq!(error, Err(Error::query(wanted)));
}

#[tokio::test]
async fn a_user_that_may_set_nothing_is_told_what_it_needs() {
    let text =
        "Code: 164. DB::Exception: Cannot modify 'readonly' setting in readonly mode. (READONLY)";
    let server = Server::start(move |_, _, _| status(500, text)).await;
    let message = connection_error(&*connect(server.port)).await;
    assert!(message.contains("needs readonly = 2"), "{message}");
}

#[tokio::test]
async fn a_password_that_no_header_can_have_is_an_error() {
    let (_kept, port) = closed_port();
    let credentials: Credentials = serde_json::from_value(json!({
        "type": "clickhouse", "host": "127.0.0.1", "port": port, "user": "ada",
        "password": "pass\nword", "schema": "", "secure": false,
    }))
    .unwrap();
    let connection = Warehouses::new(Hosts::Any)
        .connect("project", &credentials)
        .unwrap();
    let message = connection_error(&*connection).await;
    assert!(message.contains("these credentials"), "{message}");
    assert!(!message.contains("word"), "{message}");
}

#[tokio::test]
async fn a_query_that_is_dropped_is_killed_by_its_id() {
    let mut server = Server::start(|asked, _, _| match is_kill(asked) {
        true => ok(""),
        false => server::then_nothing(format!("{HEAD}[1]\n")),
    })
    .await;
    let connection = connect(server.port);
    let mut stream = connection.stream(&statement("SELECT n")).await.unwrap();
    assert_eq!(stream.next().await, Some(Ok(vec![vec![json!(1)]])));
    drop(stream);
    let kill = server.sees(is_kill).await;
    let id = setting(&server.asked()[0], "query_id").unwrap();
    assert_eq!(
        kill.body,
        format!("KILL QUERY WHERE query_id = '{id}' ASYNC")
    );
    assert_eq!(kill.header("x-clickhouse-user"), Some("ada"));
}

#[tokio::test]
async fn a_query_over_its_time_is_given_up_and_killed() {
    let mut server = Server::start(|asked, _, _| match is_kill(asked) {
        true => ok(""),
        false => server::hang(),
    })
    .await;
    let time = Duration::from_millis(300);
    let connection = connect(server.port);
    let error = connection.stream(&Statement::new("SELECT 1", time)).await;
    assert_eq!(error.map(|_| ()), Err(Error::Time(time)));
    server.sees(is_kill).await;
}

#[tokio::test]
async fn the_servers_own_time_limit_is_this_one() {
    let text = "Code: 159. DB::Exception: Timeout exceeded: elapsed 21 seconds. (TIMEOUT_EXCEEDED)";
    for body in [text.to_owned(), format!("{HEAD}[1]\n{text}")] {
        let code = if body.starts_with("Code") { 500 } else { 200 };
        let server = Server::start(move |_, _, _| status(code, &body)).await;
        let error = rows(&*connect(server.port), "SELECT 1").await;
        assert_eq!(error, Err(Error::Time(Duration::from_secs(20))));
    }
}

#[tokio::test]
async fn bodies_that_are_none_of_clickhouse_are_named() {
    let cases: Vec<(Answer, &str)> = vec![
        (server::html, "web page"),
        (
            || ok("[\"n\"]\n[\"UInt8\"]\n[1"),
            "broke off within its answer",
        ),
        (|| ok("[\"n\"]\n[\"UInt8\"]\n[1]\n<html>"), "web page"),
        (
            || ok("[\"n\"]\n[\"UInt8\",\"Int8\"]\n"),
            "more names than types",
        ),
        (|| ok("{\"a\":1}\n"), "not of its protocol"),
        (
            || server::broken("[\"n\"]\n[\"UInt8\"]\n[1]\n"),
            "broke off the connection",
        ),
        (|| server::endless("[\"", "a"), "more than 64 MB at once"),
        (|| status(502, "<html>"), "status 502"),
        (|| status(307, ""), "status 307"),
    ];
    for (answer, wanted) in cases {
        let server = Server::start(move |_, _, _| answer()).await;
        let message = connection_error(&*connect(server.port)).await;
        assert!(message.contains(wanted), "{message}, not {wanted}");
    }
}

#[tokio::test]
async fn rows_that_do_not_fit_their_columns_are_errors() {
    for row in ["[1,2]\n", "[]\n", "[\"x\"]\n", "[[1]]\n", "[-1.5]\n"] {
        let server = Server::start(move |_, _, _| ok(format!("{HEAD}{row}"))).await;
        let error = rows(&*connect(server.port), "SELECT 1").await;
        assert!(matches!(error, Err(Error::Engine(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_query_with_a_format_of_its_own_is_refused() {
    let server = Server::start(|_, _, _| {
        let mut response = ok("1\n");
        let format = "TabSeparated".parse().unwrap();
        response.headers_mut().insert("X-ClickHouse-Format", format);
        response
    })
    .await;
    let error = rows(&*connect(server.port), "SELECT 1 FORMAT TabSeparated").await;
    assert_eq!(
        error,
        Err(Error::query("a query must not say its own FORMAT"))
    );
    let written = rows(&*connect(server.port), "INSERT INTO t SELECT 1").await;
    assert!(matches!(written, Err(Error::Refused(_))), "{written:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_and_one_inside_are_errors() {
    let (_kept, port) = closed_port();
    let message = connection_error(&*connect(port)).await;
    assert!(message.contains("cannot be reached"), "{message}");
    let number = connect_to("127.0.0.1", port, true, Hosts::Public);
    assert!(matches!(number.map(|_| ()), Err(Error::Connection(_))));
    let named = connect_to("localhost", port, true, Hosts::Public).unwrap();
    let message = connection_error(&*named).await;
    assert!(message.contains("not a public address"), "{message}");
    let server = Server::start(|_, _, _| ok(HEAD)).await;
    let tls = connect_to("127.0.0.1", server.port, true, Hosts::Any).unwrap();
    let message = connection_error(&*tls).await;
    assert!(message.contains("cannot be reached"), "{message}");
}

#[tokio::test]
async fn the_catalogue_is_asked_with_parameters() {
    let two = |rows: &'static str| format!("[\"a\",\"b\"]\n[\"String\",\"String\"]\n{rows}");
    let body = two("[\"id\",\"UInt64\"]\n[\"tags\",\"Array(String)\"]\n");
    let server = Server::start(move |_, _, _| ok(body.clone())).await;
    let fields = connect(server.port)
        .fields(None, None, "it's\ta\\b")
        .await
        .unwrap();
    let types: Vec<_> = fields
        .iter()
        .map(|one| (one.name.as_str(), one.r#type))
        .collect();
    assert_eq!(types, [("id", Type::Integer), ("tags", Type::Json)]);
    let asked = &server.asked()[0];
    assert_eq!(setting(asked, "param_schema").as_deref(), Some("shop"));
    assert_eq!(
        setting(asked, "param_table").as_deref(),
        Some("it's\\ta\\\\b")
    );
    assert!(asked.body.contains("table = {table:String}"));

    let body = two("[\"shop\",\"orders\"]\n");
    let server = Server::start(move |_, _, _| ok(body.clone())).await;
    let wanted = Table {
        database: "shop".to_owned(),
        schema: "shop".to_owned(),
        name: "orders".to_owned(),
        partition: None,
    };
    assert_eq!(connect(server.port).tables().await.unwrap(), [wanted]);
}

#[tokio::test]
async fn the_test_of_a_connection_runs_a_query() {
    let server = Server::start(|asked, _, _| {
        assert_eq!(asked.body, "SELECT 1");
        ok(format!("{HEAD}[1]\n"))
    })
    .await;
    assert_eq!(connect(server.port).test().await, Ok(()));
    assert_eq!(server.lines().len(), 1);
}
